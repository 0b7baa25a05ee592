"""The side-car of a project: columns of every layer, built by a child process.

`python -m layers.sidecar PROJECT FOLDER` prints one JSON line per step. The
folder is named by the project's change counter, so a stale one is never used;
it appears under its name only when it is complete.
"""

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.model.schema import Table, TableKind, Value
from fieldsurvey.paths import user_cache
from fieldsurvey.store import Store
from layers import columns
from layers.columns import BLOCK, Batch, Columns
from layers.raw_types import Ints
from layers.style import BY_TABLE, INNER
from layers.viewport import Box

FORMAT = 4  # raised when the arrays change
_NOT_BUILT = -1  # the counter of what was read straight from the file
_SMALL = 30_000  # features that are read as a whole before there is a side-car
_MOST_DIRECT = 20_000  # features of one layer and view
_TOGETHER = 10_000  # rows that are read in one go


@dataclass(frozen=True, slots=True)
class Patch:
    """What was edited in one layer since its columns were built.

    Attributes:
        hidden: Indexes of features that are no longer as the columns say, ascending.
        added: The edited features as they are now; None if all are gone.
    """

    hidden: Ints
    added: Columns | None


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The layers of one state of a project.

    Attributes:
        counter: Change counter of the project it stands for.
        layers: Table -> columns; empty tables are left out.
        patches: Table -> what was edited since.
    """

    counter: int
    layers: dict[str, Columns]
    patches: Mapping[str, Patch] = field(default_factory=dict)

    def extent(self) -> tuple[float, float, float, float] | None:
        """Return minx, miny, maxx, maxy of the communities, else of everything, in the project CRS."""
        chosen = list(self._whole("community")) or [part for table in self.tables() for part in self._whole(table)]
        boxes = [_extent(layer) for layer in chosen]
        if not boxes:
            return None
        low, high = np.min([b[:2] for b in boxes], axis=0), np.max([b[2:] for b in boxes], axis=0)
        return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))

    def tables(self) -> list[str]:
        """Return the tables that have features."""
        added = [table for table, patch in self.patches.items() if patch.added is not None and table not in self.layers]
        return [*self.layers, *added]

    def _whole(self, table: str) -> Iterator[Columns]:
        if table in self.layers:
            yield self.layers[table]
        patch = self.patches.get(table)
        if patch is not None and patch.added is not None:
            yield patch.added

    def parts(self, table: str, box: tuple[float, float, float, float]) -> Iterator[tuple[Columns, Ints]]:
        """Yield columns, and the indexes of their features that touch a box (m) and are as the project has them."""
        patch = self.patches.get(table)
        for part in self._whole(table):
            index = part.visible(box)
            if patch is not None and part is not patch.added and len(patch.hidden):
                index = index[~np.isin(index, patch.hidden)]
            yield part, index

    def in_blocks_of(self, table: str, index: Ints) -> Ints:
        """Return all features, as the project has them, of the blocks that some of the columns' features lie in."""
        every = self.layers[table].of_blocks(np.unique(index // BLOCK))
        patch = self.patches.get(table)
        return every if patch is None or not len(patch.hidden) else every[~np.isin(every, patch.hidden)]

    def find(self, table: str, uid: str) -> tuple[Columns, int] | None:
        """Return where one feature is, None if it is not on the map."""
        patch = self.patches.get(table)
        for part in reversed(list(self._whole(table))):
            for number in np.flatnonzero(part.uids == uid.encode()).tolist():
                if patch is None or part is patch.added or number not in patch.hidden:
                    return part, int(number)
        return None

    def box_of(self, table: str, uid: str) -> Box | None:
        """Return the box of one feature in m of the project's system, None if it is not on the map."""
        found = self.find(table, uid)
        if found is None:
            return None
        west, south, east, north = _in_metres(found[0], found[1]).tolist()
        return west, south, east, north

    def changed_box(self, before: "Sidecar") -> tuple[float, float, float, float] | None:
        """Return the box (m) in which this state differs from another of the same columns; None if that is not known.

        An empty box, low above high, says that nothing differs.
        """
        if before.layers is not self.layers:
            return None
        boxes = [np.array([[np.inf, np.inf, -np.inf, -np.inf]])]
        for table in {*self.patches, *before.patches}:
            one, other = (state.patches.get(table, _UNTOUCHED) for state in (before, self))
            base = self.layers.get(table)
            if base is not None:
                boxes.append(_in_metres(base, np.setxor1d(one.hidden, other.hidden)))
            boxes += [_in_metres(part.added, ...) for part in (one, other) if part.added is not None]
        all_boxes = np.concatenate(boxes)
        low, high = all_boxes[:, :2].min(axis=0), all_boxes[:, 2:].max(axis=0)
        return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))

    def patched(self, store: Store, uids: Iterable[str]) -> "Sidecar":
        """Return this side-car with records as they are in the project now; runs in the thread of the store.

        Args:
            store: The project.
            uids: Every record that was written since the columns were built.
        """
        tables = drawn_tables(store)
        changed = np.array(sorted(uids), "S32")
        rows: dict[str, list[dict[str, Value]]] = {}
        for uid in uids:
            row = store.get(uid)
            if row is not None:
                rows.setdefault(row.table, []).append({"uid": uid, **row.values})
        patches: dict[str, Patch] = {}
        for table in tables:
            base = self.layers.get(table.name)
            hidden = np.flatnonzero(np.isin(base.uids, changed)) if base is not None else np.empty(0, np.int64)
            added = _columns(table.name, rows.get(table.name, ()))
            if len(hidden) or added is not None:
                patches[table.name] = Patch(hidden, added)
        return Sidecar(store.change_counter(table.name for table in tables), self.layers, patches)


_UNTOUCHED = Patch(np.empty(0, np.int64), None)


def _in_metres(layer: Columns, index: Any) -> Any:  # noqa: ANN401 - indexes or all; an array of boxes
    return layer.boxes[index] / 1e3 + np.array([*layer.origin, *layer.origin])


def _extent(layer: Columns) -> tuple[float, float, float, float]:
    east, north = layer.origin
    low, high = layer.boxes[:, :2].min(axis=0) / 1e3, layer.boxes[:, 2:].max(axis=0) / 1e3
    return (float(low[0]) + east, float(low[1]) + north, float(high[0]) + east, float(high[1]) + north)


_OURS = re.compile(r"\d+-\d+(\.\d+\.part)?")


def folder_for(project: Path, counter: int) -> Path:
    """Return where the side-car of a state of a project belongs."""
    key = hashlib.sha256(str(project.absolute()).encode()).hexdigest()[:16]
    return user_cache() / "sidecar" / key / f"{FORMAT}-{counter}"


def opened(folder: Path) -> Sidecar | None:
    """Return the side-car in a folder, or None if it is not there or incomplete. Not for the GUI thread."""
    try:
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
        layers = {name: columns.load(folder / name) for name in meta["layers"]}
    except (OSError, ValueError, KeyError):
        return None
    return Sidecar(int(meta["counter"]), layers)


def build(project: Path, folder: Path, control: JobControl | None = None) -> None:
    """Build the side-car of a project into a folder; older ones of the same project are removed.

    Raises:
        FieldSurveyError: If the project cannot be read.
        JobCancelled: If the user stopped it.
    """
    control = control or JobControl()
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")  # two windows may build the same at once
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    with Store.open(project, read_only=True) as store:
        tables = drawn_tables(store)
        counter = store.change_counter(t.name for t in tables)
        rows = _Counted(control, sum(store.count(table.name) for table in tables))
        names = [table.name for table in tables if _build_layer(store, table.name, part, rows)]
    (part / "meta.json").write_text(json.dumps({"counter": counter, "layers": names}), "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    for old in folder.parent.iterdir():
        if old != folder and _OURS.fullmatch(old.name):
            shutil.rmtree(old, ignore_errors=True)


def drawn_tables(store: Store) -> list[Table]:
    """Return the tables that the map draws from the side-car."""
    return [table for table in store.tables().values() if table.kind is TableKind.ASSET and table.geometry]


def direct(store: Store, box: tuple[float, float, float, float] | None = None, scale: float = 0.0) -> Sidecar:
    """Return what one view needs, read through the R-tree of the file: the map until the side-car is built.

    Args:
        store: The project; this runs in its thread.
        box: The view in m; None: it is not known yet, so only what gives the extent is read.
        scale: Scale denominator of the view; layers that are not drawn at it are not read.
    """
    tables = [table.name for table in drawn_tables(store)]
    is_small = sum(store.count(table) for table in tables) <= _SMALL
    layers: dict[str, Columns] = {}
    for table in tables:
        style = BY_TABLE.get(table)
        if is_small or table == "community":
            found = _columns(table, _rows(store, table))
        elif box is not None and (style is None or scale <= style.farthest):
            found = _columns(table, _rows(store, table, box))
        else:
            continue
        if found is not None:
            layers[table] = found
    return Sidecar(_NOT_BUILT, layers)


class _Counted:
    """Rows that were read of all that there are."""

    def __init__(self, control: JobControl, total: int) -> None:
        self._control, self._total, self._done = control, total, 0
        control.step(0, total, "")

    def add(self, rows: int) -> None:
        """Tell that some more were read.

        Raises:
            JobCancelled: If the user stopped it.
        """
        self._done += rows
        self._control.step(min(self._done, self._total), self._total, "")


def _build_layer(store: Store, table: str, folder: Path, rows: _Counted) -> bool:
    built = columns.gathered(table, _batches(store, table, rows))
    if built is None:
        return False
    columns.save(built, folder / table)
    return True


def _batches(store: Store, table: str, rows: _Counted) -> Iterator[Batch]:
    """Yield a layer some rows at a time: it may be larger than the memory."""
    wanted = _wanted(store, table)
    numbers = store.order_of(table)
    for first in range(0, len(numbers), _TOGETHER):
        chosen = numbers[first : first + _TOGETHER]
        uids = [str(row[0]) for row in store.window(table, chosen, []) if row is not None]
        yield _batch(table, store.row_values(table, uids, wanted))
        rows.add(len(chosen))


def _wanted(store: Store, table: str) -> list[str]:
    """Return the columns that are read of a layer."""
    known = {column.name for column in store.tables()[table].columns}
    return [*(name for name in ("name", _class_column(table)) if name in known), "geom"]


def _class_column(table: str) -> str:
    """Return the column that a layer has its classes from; empty: it has none."""
    style = BY_TABLE.get(table)
    column = style.class_column if style else ""
    return "community_uid" if column == INNER else column


def _rows(store: Store, table: str, box: tuple[float, float, float, float] | None = None) -> list[dict[str, Value]]:
    return store.select(table, _wanted(store, table), bbox=box, limit=_MOST_DIRECT if box else None)


def _columns(table: str, rows: Sequence[Mapping[str, Value]]) -> Columns | None:
    return columns.gathered(table, [_batch(table, rows)])


def _batch(table: str, rows: Sequence[Mapping[str, Value]]) -> Batch:
    """Return the features of some rows; those without geometry are left out."""
    rows = [row for row in rows if row["geom"] is not None]
    geometries = np.asarray(shapely.from_wkb([row["geom"] for row in rows]), object)
    kept = ~shapely.is_empty(geometries) if rows else np.empty(0, bool)
    rows = [row for row, keep in zip(rows, kept, strict=True) if keep]
    column = _class_column(table)
    klass = [_class_of(table, row.get(column)) for row in rows]
    labels = [str(row.get("name") or "") for row in rows]
    return Batch(geometries[kept], [str(row["uid"]) for row in rows], klass, labels)


def _class_of(table: str, value: Value) -> int:
    """Return 0 for any other value, else 1 + its place among the style's classes; of a network, 1 in a community."""
    style = BY_TABLE.get(table)
    if style is None or value is None:
        return 0
    if style.class_column == INNER:
        return int(bool(value))
    return list(style.by_kind).index(str(value)) + 1 if value in style.by_kind else 0


def main(arguments: Sequence[str]) -> int:
    """Build as a child process, reporting progress as JSON lines."""

    def report(progress: Progress) -> None:
        sys.stdout.write(json.dumps({"done": progress.done, "total": progress.total}) + "\n")
        sys.stdout.flush()

    build(Path(arguments[0]), Path(arguments[1]), JobControl(report))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
