"""The layers of a project or of a hand-over file, as the checks want them: arrays side by side."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo import crs
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store

if TYPE_CHECKING:
    from layers.io.raw import RawLayer

Geometries = npt.NDArray[np.object_]
CHECKED = (
    "district", "community", "building", "stairwell", "water_line", "drain_line", "gas_line", "power_line", "hydrant",
    "road",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Attributes:
        table: Table of the project that it is, or would become.
        uids: Records; of a file, "table:number".
        numbers: What people call the features: their number in the source, or their place in the file from 1.
        geometries: shapely geometries in a metric system, None for none, shape (n,).
        columns: Column -> values, one per feature; "community_uid" and "building_uid" refer to `uids`.
    """

    table: str
    uids: Sequence[str]
    numbers: Sequence[str]
    geometries: Geometries
    columns: Mapping[str, Sequence[object]]

    def __len__(self) -> int:
        return len(self.uids)

    def column(self, name: str) -> Sequence[object]:
        """Return the values of a column; Nones if the layer has none of that name."""
        return self.columns.get(name) or [None] * len(self)

    def drawn(self) -> npt.NDArray[np.int64]:
        """Return the indexes of the features that have a geometry."""
        return np.flatnonzero(~(shapely.is_missing(self.geometries) | shapely.is_empty(self.geometries)))

    def rows_of(self) -> dict[str, int]:
        """Return uid -> index."""
        return {uid: index for index, uid in enumerate(self.uids)}


Dataset = Mapping[str, Layer]


def from_store(store: Store, tables: Iterable[str] = CHECKED) -> dict[str, Layer]:
    """Return the layers of a project that have rows. Runs in the thread of the store."""
    known = store.tables()
    found = {}
    for table in tables:
        if table in known and (rows := store.select(table)):
            found[table] = from_rows(table, rows)
    return found


def from_rows(table: str, rows: Sequence[Mapping[str, Value]]) -> Layer:
    """Return rows of a project as a layer."""
    geometries = np.asarray(shapely.from_wkb([row["geom"] for row in rows]), object)
    columns = {name: [row[name] for row in rows] for name in rows[0] if name not in {"uid", "geom"}}
    numbers = [str(row.get("source_id") or row.get("code") or index) for index, row in enumerate(rows, 1)]
    return Layer(table, [str(row["uid"]) for row in rows], numbers, geometries, columns)


def from_file(path: Path) -> dict[str, Layer]:
    """Return the layers of a hand-over file as they are, unrepaired.

    Raises:
        InputRefused: If the file cannot be read, or its coordinates are degrees.
    """
    from layers.io.readers import read_raw
    from layers.io.report import FileReport

    with tempfile.TemporaryDirectory(prefix="fieldsurvey-") as folder:
        raws = read_raw(path, Path(folder), FileReport(path), None)
    found: dict[str, Layer] = {}
    for raw in raws:
        if raw.geometries is None:
            continue
        if raw.crs and crs.is_geographic(raw.crs):
            text = _("{file} is in degrees; distances cannot be checked. Import it into a project, and check that.")
            raise InputRefused(text.format(file=path.name))
        layer = _mapped(raw.name, {**raw.fields, **_as_written(path, raw)}, raw.geometries)
        if layer is not None:
            found[layer.table] = layer
    return found


def _as_written(path: Path, raw: "RawLayer") -> dict[str, list[object]]:
    """Return the columns of names of a GeoPackage untouched: reading for an import trims them."""
    from layers.io.mapping import FIELD_ALIASES

    fields = [field for field in raw.fields if field.lower() in FIELD_ALIASES["name"]]
    if path.suffix.lower() != ".gpkg" or not fields:
        return {}
    import pyogrio

    _meta, _fids, _geometry, columns = pyogrio.raw.read(path, layer=raw.name, columns=fields, read_geometry=False)
    return {name: [text or None for text in values] for name, values in zip(_meta["fields"], columns, strict=True)}


def _mapped(name: str, fields: Mapping[str, list[object]], geometries: Geometries) -> Layer | None:
    from layers.io import clean
    from layers.io.mapping import BUILDING_KEY, COMMUNITY_KEY, propose

    mapping = propose(name, fields, clean.kind_of(geometries))
    if mapping.table not in CHECKED:
        return None
    columns = {column: fields[field] for field, column in mapping.fields.items()}
    numbers = [
        str(number or index) for index, number in enumerate(columns.get("source_id") or [None] * len(geometries), 1)
    ]
    for key, column, table in (
        (COMMUNITY_KEY, "community_uid", "community"),
        (BUILDING_KEY, "building_uid", "building"),
    ):
        if key in columns:  # 0 stands for "none" in hand-over tables
            columns[column] = [
                f"{table}:{value}" if value not in {None, "", 0, "0"} else None for value in columns.pop(key)
            ]
    flat = np.asarray(shapely.force_2d(geometries), object)
    return Layer(mapping.table, [f"{mapping.table}:{number}" for number in numbers], numbers, flat, columns)
