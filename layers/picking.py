"""What is under the pointer, and what lies in a box or polygon: straight from the columns, no index to build."""

import itertools
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import shapely

from layers.columns import Columns
from layers.raw_types import Floats
from layers.sidecar import Sidecar
from layers.viewport import Box


@dataclass(frozen=True, slots=True)
class Hit:
    """A feature that was found.

    Attributes:
        table: Its table.
        uid: The record.
        label: Its name on the map; may be empty.
        distance: m from the place asked for; 0 inside an area.
        area: ㎡ of its box; 0 for points.
    """

    table: str
    uid: str
    label: str
    distance: float
    area: float


def identify(
    sidecar: Sidecar,
    tables: Iterable[str],
    east: float,
    north: float,
    radius: float,
    hidden: Mapping[str, Collection[int]] = MappingProxyType({}),
) -> list[Hit]:
    """Return what lies at a place, the nearest first and of areas the smallest.

    Args:
        sidecar: The layers.
        tables: Those to look at.
        east: m in the project CRS.
        north: m.
        radius: How far away lines and points may be, m.
        hidden: Table -> classes of the columns that are not on the map.
    """
    box = (east - radius, north - radius, east + radius, north + radius)
    hits = [
        hit
        for table in tables
        for columns, index in sidecar.parts(table, box)
        for number in index.tolist()
        if not (table in hidden and columns.klass[number] in hidden[table])
        if (hit := _hit(columns, table, number, (east, north), radius)) is not None
    ]
    return sorted(hits, key=lambda hit: (hit.area > 0, hit.distance, hit.area))


def _hit(columns: Columns, table: str, number: int, place: tuple[float, float], radius: float) -> Hit | None:
    rings = rings_of(columns, number)
    spot = (place[0] - columns.origin[0]) * 1e3, (place[1] - columns.origin[1]) * 1e3
    is_area = columns.is_area
    if is_area and covers(columns, number, *place):
        distance = 0.0
    elif is_area:
        return None
    else:
        distance = min(_distance(ring, spot) for ring in rings) / 1e3
    if distance > radius:
        return None
    box = columns.boxes[number] / 1e3
    size = float((box[2] - box[0]) * (box[3] - box[1])) if is_area else 0.0
    return Hit(table, columns.uids[number].decode(), columns.label(number), distance, size)


def rings_of(columns: Columns, number: int) -> list[Floats]:
    """Return the rings, lines or points of one feature in millimetres, each of shape (k, 2)."""
    first, last = int(columns.features[number]), int(columns.features[number + 1])
    ends = columns.rings[first : last + 1].tolist()
    return [columns.xy[a:b].astype(float) for a, b in itertools.pairwise(ends)]


def covers(columns: Columns, number: int, east: float, north: float) -> bool:
    """Say whether an area covers a place in m of the project CRS."""
    spot = (east - columns.origin[0]) * 1e3, (north - columns.origin[1]) * 1e3
    return bool(sum(_crossings(ring, spot) for ring in rings_of(columns, number)) % 2)


def _crossings(ring: Floats, spot: tuple[float, float]) -> int:
    """Return how often a ray to the east crosses a ring; odd: inside."""
    above = ring[:, 1] > spot[1]
    crossings = 0
    for at in np.flatnonzero(above[:-1] != above[1:]).tolist():
        (x, y), (next_x, next_y) = ring[at].tolist(), ring[at + 1].tolist()
        crossings += spot[0] < (next_x - x) * (spot[1] - y) / (next_y - y) + x
    return crossings


def _distance(line: Floats, spot: tuple[float, float]) -> float:
    """Return the distance of a point to a line or single vertex, in the line's unit."""
    away = line - spot
    if len(line) == 1:
        return math.hypot(*away[0].tolist())
    step = away[1:] - away[:-1]
    length = np.maximum((step**2).sum(axis=1), 1e-9)
    share = np.clip(-(away[:-1] * step).sum(axis=1) / length, 0.0, 1.0)
    return float(np.sqrt(((away[:-1] + share[:, None] * step) ** 2).sum(axis=1).min()))


def inside(sidecar: Sidecar, tables: Iterable[str], area: shapely.Geometry) -> list[tuple[str, str]]:
    """Return table and uid of the features that touch an area in the project CRS."""
    box: Box = tuple(shapely.bounds(area).tolist())
    shapely.prepare(area)
    found: list[tuple[str, str]] = []
    for table in tables:
        for columns, index in sidecar.parts(table, box):
            shapes = np.array([geometry_of(columns, number) for number in index.tolist()], object)
            hits = index[shapely.intersects(area, shapes)] if len(index) else index
            found += [(table, uid.decode()) for uid in columns.uids[hits].tolist()]
    return found


def geometry_of(columns: Columns, number: int) -> shapely.Geometry:
    """Return one feature as a shapely geometry in the project CRS; exact to the millimetre of the columns."""
    rings = [ring / 1e3 + np.array(columns.origin) for ring in rings_of(columns, number)]
    if columns.is_area:
        return _area(rings)
    if len(rings) == 1 and len(rings[0]) == 1:
        return shapely.Point(rings[0][0])
    return shapely.multilinestrings([shapely.LineString(ring) for ring in rings])


def _area(rings: list[Floats]) -> shapely.Geometry:
    """Return an area from its rings, whatever of them are holes: each ring flips what it encloses."""
    area: shapely.Geometry = shapely.Polygon()
    for ring in rings:
        if len(ring) >= 4:
            area = shapely.symmetric_difference(area, shapely.make_valid(shapely.Polygon(ring)))
    return area
