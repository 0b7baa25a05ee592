"""The side-car of a project: columns of every layer, built by a child process.

`python -m layers.sidecar PROJECT FOLDER` prints one JSON line per step. The
folder is named by the project's change counter, so a stale one is never used;
it appears under its name only when it is complete.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.model.schema import Table, TableKind, Value
from fieldsurvey.paths import user_cache
from fieldsurvey.store import Store
from layers import columns
from layers.columns import Columns
from layers.style import BY_TABLE

FORMAT = 1  # raised when the arrays change


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The layers of one state of a project.

    Attributes:
        counter: Change counter of the project it was built from.
        layers: Table -> columns; empty tables are left out.
    """

    counter: int
    layers: dict[str, Columns]

    def extent(self) -> tuple[float, float, float, float] | None:
        """Return minx, miny, maxx, maxy of the communities, else of everything, in the project CRS."""
        chosen = [self.layers["community"]] if "community" in self.layers else list(self.layers.values())
        boxes = [_extent(layer) for layer in chosen]
        if not boxes:
            return None
        low, high = np.min([b[:2] for b in boxes], axis=0), np.max([b[2:] for b in boxes], axis=0)
        return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _extent(layer: Columns) -> tuple[float, float, float, float]:
    east, north = layer.origin
    low, high = layer.boxes[:, :2].min(axis=0) / 1e3, layer.boxes[:, 2:].max(axis=0) / 1e3
    return (float(low[0]) + east, float(low[1]) + north, float(high[0]) + east, float(high[1]) + north)


def folder_for(project: Path, counter: int) -> Path:
    """Return where the side-car of a state of a project belongs."""
    key = hashlib.sha256(str(project.absolute()).encode()).hexdigest()[:16]
    return user_cache() / "sidecar" / key / f"{FORMAT}-{counter}"


def opened(folder: Path) -> Sidecar | None:
    """Return the side-car in a folder, or None if it is not there or incomplete."""
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
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    with Store.open(project, read_only=True) as store:
        tables = drawn_tables(store)
        counter = store.change_counter(t.name for t in tables)
        names = [t.name for t in control.steps(tables, "") if _build_layer(store, t.name, part)]
    (part / "meta.json").write_text(json.dumps({"counter": counter, "layers": names}), "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    for old in folder.parent.iterdir():
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)


def drawn_tables(store: Store) -> list[Table]:
    """Return the tables that the map draws from the side-car."""
    return [table for table in store.tables().values() if table.kind is TableKind.ASSET and table.geometry]


def _build_layer(store: Store, table: str, folder: Path) -> bool:
    style = BY_TABLE.get(table)
    known = {column.name for column in store.tables()[table].columns}
    wanted = [name for name in ("name", style.class_column if style else "") if name in known]
    rows = [row for row in store.select(table, [*wanted, "geom"]) if row["geom"] is not None]
    geometries = shapely.from_wkb([row["geom"] for row in rows])
    kept = ~shapely.is_empty(geometries) if rows else np.empty(0, bool)
    rows = [row for row, keep in zip(rows, kept, strict=True) if keep]
    if not rows:
        return False
    classes = list(style.by_kind) if style else []
    klass = [_class_of(row.get(style.class_column) if style else None, classes) for row in rows]
    labels = [str(row.get("name") or "") for row in rows]
    built = columns.build(table, geometries[kept], [str(row["uid"]) for row in rows], klass, labels)
    columns.save(built, folder / table)
    return True


def _class_of(value: Value, classes: Sequence[str]) -> int:
    """Return 0 for any other value, else 1 + its place among the style's classes."""
    return classes.index(str(value)) + 1 if value in classes else 0


def main(arguments: Sequence[str]) -> int:
    """Build as a child process, reporting progress as JSON lines."""

    def report(progress: Progress) -> None:
        sys.stdout.write(json.dumps({"done": progress.done, "total": progress.total}) + "\n")
        sys.stdout.flush()

    build(Path(arguments[0]), Path(arguments[1]), JobControl(report))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
