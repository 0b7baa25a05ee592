"""What the rules read: the layers of a project as arrays, each feature in its part.

A part is the unit of recomputing: a community with all that belongs to it, or
a tile of the street side. All geometry is in the project CRS, in metres.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from fieldsurvey.assess.rules.answer_tests import ANSWER_FORMS, BROUGHT_TESTS, AnswerTest, columns_of
from fieldsurvey.assess.rules.answer_tests import columns as answer_columns
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store

Objects = npt.NDArray[np.object_]
Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
Box = tuple[float, float, float, float]
TILE = 1000.0  # m, edge of a tile of the street side

_OWN: Mapping[str, tuple[str, ...]] = {
    "community": ("household_count", "building_count", "resident_count", "gfa", "parking_count", "geom"),
    "building": ("community_uid", "kind", "floors", "height", "household_count", "geom"),
    "stairwell": ("community_uid", "building_uid", "geom"),
    "water_line": ("community_uid", "pipe_class", "diameter_mm", "geom"),
    "drain_line": ("community_uid", "pipe_class", "diameter_mm", "invert_up", "invert_down", "geom"),
    "gas_line": ("community_uid", "pipe_class", "diameter_mm", "geom"),
    "power_line": ("community_uid", "pipe_class", "material", "depth", "geom"),
    "hydrant": ("community_uid", "state", "geom"),
    "manhole": ("community_uid", "kind", "geom"),
    "transformer": ("community_uid", "capacity_kva"),
    "gate": ("community_uid", "geom"),
    "internal_road": ("community_uid", "road_class", "width", "geom"),
    "road": ("road_class", "width", "geom"),
    "parking": ("community_uid", "geom"),
    "green": ("community_uid", "kind", "geom"),
    "pole": ("community_uid", "geom"),
    "f01_community": ("community_uid", "building_count", "household_count", "gfa_res"),
    "f02_building": ("community_uid", "subject_uid", "households", "gfa"),
    "f03_stairwell": ("community_uid", "subject_uid", "households"),
    "f04_water": ("community_uid", "secondary", "tank_septic_dist", "pressure_main"),
    "f06_power": ("community_uid", "transformer_kva"),
    "f09_fire": ("community_uid", "turnaround"),
    "f11_elevator": ("community_uid", "subject_uid", "existing_lift"),
    "f12_parking": ("community_uid", "bays_total", "exits"),
    "f13_illegal": ("community_uid", "area", "q_status", "geom"),
    "f16_services": ("community_uid", "kind", "geom"),
    "f18_willingness": ("community_uid", "subject_uid", "status", "area"),
    "f19_pipe_point": ("community_uid", "appurtenance", "geom"),
    "f23_plan_item": ("community_uid", "item_code", "start_plan", "finish_plan"),
    # layers that a project may bring; `layers/io/own.py` names their tables
    "layer_waste_point": ("geom",),
    "layer_water_intake": ("geom",),
    "layer_rescue_ground": ("geom",),
    "layer_parking_bay": ("geom",),
}
# The columns that the rules look at; tables without a place are read whole.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    **_OWN,
    **{form: tuple(dict.fromkeys((*_OWN.get(form, ()), *answer_columns(form)))) for form in ANSWER_FORMS},
}
WHOLE = frozenset(name for name in COLUMNS if "geom" not in COLUMNS[name]) | {
    "community",
    "f16_services",
    "f19_pipe_point",
}


@dataclass
class Layer:
    """One table.

    Attributes:
        table: Its name.
        uids: uid of each row, shape (n,).
        geoms: shapely geometry or None, mended where it was wrong, shape (n,).
        sound: False where the geometry was wrong, shape (n,).
        parts: Part of each row, shape (n,).
        communities: uid of the community or "", shape (n,).
        values: Column -> values, shape (n,).
    """

    table: str
    uids: Objects
    geoms: Objects
    sound: Flags
    parts: Objects
    communities: Objects
    values: Mapping[str, Objects]
    _tree: shapely.STRtree | None = field(default=None, repr=False)
    _places: dict[str, int] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.uids)

    @property
    def tree(self) -> shapely.STRtree:
        """Spatial index of the geometries; rows without one are never found."""
        if self._tree is None:
            self._tree = shapely.STRtree(self.geoms)
        return self._tree

    @property
    def drawn(self) -> Flags:
        """True where there is a geometry that is not empty."""
        drawn: Flags = ~(shapely.is_missing(self.geoms) | shapely.is_empty(self.geoms))
        return drawn

    def number(self, column: str) -> Numbers:
        """Return a column as numbers; NaN where it is blank or no number."""
        return np.array([v if isinstance(v, int | float) else np.nan for v in self.values[column]], dtype=float)

    def text(self, column: str) -> list[str]:
        """Return a column as text; empty where it is blank."""
        return ["" if v is None else str(v) for v in self.values[column]]

    def find(self, uid: str) -> int:
        """Return the row of a uid; -1 if there is none."""
        if len(self._places) != len(self.uids):
            self._places = {str(u): n for n, u in enumerate(self.uids)}
        return self._places.get(uid, -1)

    def facts(self, row: int) -> tuple[Any, ...]:
        """Return what a result about a row depends on, for its hash."""
        shape = self.geoms[row]
        return (
            self.uids[row],
            shapely.to_wkb(shape) if shape is not None else b"",
            *(v[row] for v in self.values.values()),
        )


def make_layer(table: str, rows: Sequence[Mapping[str, Value]], columns: Sequence[str] | None = None) -> Layer:
    """Return the layer of rows as the store hands them out; geometry is WKB.

    Args:
        table: Its table.
        rows: Column -> value.
        columns: What the rows hold; None: what the agreed tests read.
    """
    names = [name for name in columns or COLUMNS[table] if name not in {"geom", "community_uid"}]
    raw = np.array([row.get("geom") for row in rows] or [None], dtype=object)[: len(rows)]
    geoms = shapely.from_wkb(raw, on_invalid="ignore")
    sound = shapely.is_valid(geoms) | shapely.is_missing(raw) if len(rows) else np.zeros(0, bool)
    sound |= np.array([value is None for value in raw], dtype=bool)
    wrong = np.flatnonzero(~sound)
    geoms[wrong] = shapely.make_valid(geoms[wrong])
    uids = _objects(str(row["uid"]) for row in rows)
    own = table == "community"
    communities = uids if own else _objects(str(row.get("community_uid") or "") for row in rows)
    values = {name: _objects(row.get(name) for row in rows) for name in names}
    return Layer(table, uids, geoms, sound, part_names(communities, shapely.bounds(geoms)), communities, values)


def _objects(values: Iterable[Any]) -> Objects:
    listed = list(values)
    found = np.empty(len(listed), dtype=object)
    found[:] = listed
    return found


def part_names(communities: Objects, bounds: Numbers) -> Objects:
    """Return the part of each feature: its community, else the tile its box begins in.

    Args:
        communities: uid or "", shape (n,).
        bounds: minx, miny, maxx, maxy in m, NaN without geometry, shape (n, 4).
    """
    parts = communities.copy()
    for row in np.flatnonzero(communities == ""):
        x, y = bounds[row, :2]
        parts[row] = "" if np.isnan(x) else f"t{int(x // TILE)}_{int(y // TILE)}"
    return parts


class Inputs:
    """The layers a run looks at, read when they are first asked for.

    Attributes:
        box: Only features that touch it are here; None: all.
    """

    def __init__(
        self, store: Store | None = None, box: Box | None = None, layers: Mapping[str, Layer] | None = None
    ) -> None:
        self._store, self.box = store, box
        self._layers: dict[str, Layer] = dict(layers or {})
        self._exists: dict[str, bool] = {}
        self._brought: dict[str, str] | None = None

    def __getitem__(self, table: str) -> Layer:
        """Return a layer; an empty one if the project has no such table."""
        if table not in self._layers:
            self._layers[table] = self._read(table)
        return self._layers[table]

    def exists(self, table: str) -> bool:
        """Say whether the project has any row of a table, here or elsewhere."""
        if table not in self._exists:
            stored = self._store is not None and table in self._store.tables() and self._store.count(table) > 0
            self._exists[table] = stored or len(self[table]) > 0
        return self._exists[table]

    @property
    def brought(self) -> Mapping[str, str]:
        """Threshold -> the table of this project that answers it, for those whose input no agreed form has."""
        if self._brought is None:
            known = {name: set(layer.values) for name, layer in self._layers.items()}
            self._brought = sources(known if self._store is None else _columns_in(self._store))
        return self._brought

    def source(self, test: AnswerTest) -> str:
        """Return the table that answers a test of brought.csv; empty if the project has none."""
        return self.brought.get(test.threshold, "")

    def lacking(self, names: Iterable[str]) -> list[str]:
        """Return those of some inputs, named table.column, that the project has no column or layer for."""
        return [name for name in names if not self.has(*name.split(".", 1))]

    def has(self, table: str, column: str) -> bool:
        """Say whether the project has a column; layers made by hand have those that hold a value."""
        if self._store is None:
            return any(value is not None for value in self[table].values.get(column, self[table].geoms))
        known = self._store.tables().get(table)
        return known is not None and (column == "geom" or any(one.name == column for one in known.columns))

    def read(self, tables: Iterable[str]) -> None:
        """Read layers now: in the thread that owns the store."""
        for table in tables:
            self.exists(table)
            _ = self[table]

    def _read(self, table: str) -> Layer:
        known = self._store.tables() if self._store is not None else {}
        if self._store is None or table not in known:
            return make_layer(table, [])
        have = {column.name for column in known[table].columns} | {"geom"}
        wanted = columns_in(table, self.brought)
        names = [name for name in wanted if name in have]
        box = None if table in WHOLE or table not in COLUMNS else self.box
        return make_layer(table, self._store.select(table, names, bbox=box), wanted)


def _columns_in(store: Store) -> dict[str, set[str]]:
    return {
        name: {column.name for column in table.columns}
        for name, table in store.tables().items()
        if any(column.name == "community_uid" for column in table.columns)
    }


def sources(tables: Mapping[str, set[str]]) -> dict[str, str]:
    """Return threshold -> table for the tests of brought.csv that some table can answer.

    Args:
        tables: Name -> columns of each table whose rows belong to a community. The form that the test names goes
            before others.
    """
    found = {}
    for test in BROUGHT_TESTS:
        fits = [name for name in sorted(tables) if tables[name].issuperset(test.fields)]
        if fits:
            found[test.threshold] = test.form if test.form in fits else fits[0]
    return found


def columns_in(table: str, brought: Mapping[str, str]) -> tuple[str, ...]:
    """Return the columns that the rules read of a table, those among them that only this project has."""
    own = columns_of(test for test in BROUGHT_TESTS if brought.get(test.threshold) == table)
    base = COLUMNS.get(table, ("community_uid",))
    return base if own == columns_of(()) else tuple(dict.fromkeys((*base, *own)))
