"""What the map figure shows, from the asset tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from exports.sheet import wording
from exports.sheet.data import MapData, MapItem
from exports.sheet.map_figure import MAP_HEIGHT
from exports.sheet.map_frame import frame_for
from exports.sheet.map_style import LAYERS
from exports.sheet.page import TEXT_WIDTH
from fieldsurvey.model.schema import Value

if TYPE_CHECKING:
    from fieldsurvey.store import Store


@dataclass(frozen=True, slots=True)
class _Columns:
    """Columns of an asset table that the figure uses; empty: none."""

    label: str = ""
    kind: str = ""
    width: str = ""


_COLUMNS = {
    "building": _Columns(label="name", kind="kind"),
    "internal_road": _Columns(kind="road_class", width="width"),
    "road": _Columns(label="name", kind="road_class", width="width"),
    "drain_line": _Columns(kind="pipe_class"),
    "water_line": _Columns(kind="pipe_class"),
    "gas_line": _Columns(kind="pipe_class"),
    "power_line": _Columns(kind="pipe_class"),
    "hydrant": _Columns(kind="state"),
    "valve": _Columns(kind="kind"),
    "transformer": _Columns(kind="kind"),
    "gas_regulator": _Columns(kind="kind"),
    "gate": _Columns(kind="kind"),
    "green": _Columns(kind="kind"),
}
_HOUSE_WORDS = ("号楼", "栋", "幢", "#")


def map_of(store: "Store", community: Mapping[str, Value]) -> MapData:
    """Return what lies in the figure's view; empty if the community has no boundary.

    Args:
        store: The project.
        community: Row of the community with its geometry as WKB under "geom".
    """
    boundary = community.get("geom")
    crs = wording.CRS_LINES.get(store.crs, f"坐标系 {store.crs}")
    if not isinstance(boundary, bytes):
        return MapData(crs=crs)
    west, south, east, north = shapely.from_wkb(boundary).bounds
    bounds = (float(west), float(south), float(east), float(north))
    return MapData(boundary, _layers(store, bounds), crs, bounds)


def map_around(store: "Store", bounds: tuple[float, float, float, float]) -> MapData:
    """Return what lies in the view of a figure of that place, without a community's boundary.

    Args:
        store: The project.
        bounds: West, south, east, north in metres, project CRS.
    """
    return MapData(b"", _layers(store, bounds), wording.CRS_LINES.get(store.crs, f"坐标系 {store.crs}"), bounds)


def _layers(store: "Store", bounds: tuple[float, float, float, float]) -> dict[str, tuple[MapItem, ...]]:
    view = frame_for(bounds, TEXT_WIDTH, MAP_HEIGHT).view
    layers = {layer: _items(store, layer, view) for layer in LAYERS}
    return {layer: items for layer, items in layers.items() if items}


def _items(store: "Store", layer: str, view: tuple[float, float, float, float]) -> tuple[MapItem, ...]:
    columns = _COLUMNS.get(layer, _Columns())
    wanted = [name for name in (columns.label, columns.kind, columns.width) if name]
    rows = store.select(layer, ["geom", *wanted], bbox=view)
    if not columns.label and not columns.width:  # pipes: most of a map
        kind = columns.kind
        return tuple(
            MapItem(geom, "", str(row.get(kind) or "")) for row in rows if isinstance(geom := row["geom"], bytes)
        )
    return tuple(
        _item(row, geom, columns, is_house=layer == "building")
        for row in rows
        if isinstance(geom := row["geom"], bytes)
    )


def _item(row: Mapping[str, Value], geometry: bytes, columns: _Columns, *, is_house: bool) -> MapItem:
    width = row.get(columns.width)
    label = str(row.get(columns.label) or "")
    return MapItem(
        wkb=geometry,
        label=_house_number(label) if is_house else label,
        kind=str(row.get(columns.kind) or ""),
        width=float(width) if isinstance(width, int | float) else 0.0,
    )


def _house_number(name: str) -> str:
    """Return what is written into a building: its number without the word for building.

    >>> _house_number("12栋"), _house_number("门卫")
    ('12', '门卫')
    """
    for word in _HOUSE_WORDS:
        name = name.removesuffix(word)
    return name
