"""What editing does to geometry: split, merge, reshape, move, turn, offset. Pure: a geometry in, a geometry out."""

import re
from collections.abc import Sequence

import numpy as np
import shapely
import shapely.affinity
import shapely.ops

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo.measures import bearing, polar
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import GeometryType

World = tuple[float, float]
_TYPED = re.compile(r"^\s*(?P<one>[-+]?\d+(?:\.\d+)?)\s*(?P<mark>[<,，\s]\s*(?P<other>[-+]?\d+(?:\.\d+)?))?\s*$")


def from_corners(corners: Sequence[World], kind: GeometryType) -> shapely.Geometry:
    """Return the geometry that corners make.

    Raises:
        InputRefused: If the outline crosses itself or has no extent.
    """
    if kind is GeometryType.POINT:
        return shapely.Point(corners[0])
    if kind is GeometryType.MULTILINESTRING:
        return shapely.MultiLineString([list(corners)])
    area = shapely.Polygon(list(corners)) if len(corners) > 2 else shapely.Polygon()
    if not area.is_valid or area.area == 0:
        raise InputRefused(_("The outline crosses itself. Take corners back with Backspace and draw them in order."))
    return shapely.MultiPolygon([area])


def split(geometry: shapely.Geometry, cut: Sequence[World]) -> list[shapely.Geometry]:
    """Return the parts into which a line cuts a line or area, the largest first.

    Raises:
        InputRefused: If it does not cut it.
    """
    blade = shapely.LineString(list(cut))
    pieces: list[shapely.Geometry] = []
    for part in shapely.get_parts(geometry):
        pieces += list(shapely.ops.split(part, blade).geoms)
    if len(pieces) <= shapely.get_num_geometries(geometry):
        raise InputRefused(_("The line does not cut it. Begin and end outside."))
    return sorted((_multi(piece) for piece in pieces), key=lambda piece: -(piece.area or piece.length))


def merge(geometries: Sequence[shapely.Geometry]) -> shapely.Geometry:
    """Return lines or areas as one.

    Raises:
        InputRefused: If they do not touch.
    """
    whole = shapely.union_all(np.asarray(geometries, object))
    if whole.geom_type in {"LineString", "MultiLineString"}:
        whole = shapely.line_merge(whole)
    most = max(shapely.get_num_geometries(geometry) for geometry in geometries)
    if shapely.get_num_geometries(whole) > most:
        raise InputRefused(_("They do not touch. Only what touches can be merged."))
    return _multi(whole)


def reshape(geometry: shapely.Geometry, line: Sequence[World]) -> shapely.Geometry:
    """Return a line or area with a part of its course replaced by a drawn line that begins and ends on it.

    Raises:
        InputRefused: If the line does not cross it twice.
    """
    drawn = shapely.LineString(list(line))
    for number, part in enumerate(shapely.get_parts(geometry)):
        made = _reshaped_area(part, drawn) if part.geom_type == "Polygon" else _reshaped_line(part, drawn)
        if made is not None:
            parts = list(shapely.get_parts(geometry))
            parts[number] = made
            return _multi(shapely.union_all(parts) if part.geom_type == "Polygon" else shapely.MultiLineString(parts))
    raise InputRefused(_("The line must cross the outline twice: begin and end on the other side of it."))


def _reshaped_area(area: shapely.Geometry, drawn: shapely.Geometry) -> shapely.Geometry | None:
    """Add what the line encloses outside; of what it cuts off inside, the smaller part goes."""
    border = shapely.Polygon(area.exterior)
    faces = list(shapely.get_parts(shapely.polygonize([shapely.unary_union([area.exterior, drawn])])))
    faces = [face for whole in faces for face in shapely.get_parts(whole)]
    if len(faces) < 2:
        return None
    inner = [face for face in faces if border.contains(face.representative_point())]
    outer = [face for face in faces if not border.contains(face.representative_point())]
    kept = shapely.union_all([max(inner, key=lambda face: face.area), *outer])
    if kept.geom_type != "Polygon":
        return None
    for hole in area.interiors:
        kept = shapely.difference(kept, shapely.Polygon(hole))
    return kept


def _reshaped_line(part: shapely.Geometry, drawn: shapely.Geometry) -> shapely.Geometry | None:
    hits = [spot for spot in shapely.get_parts(shapely.intersection(part, drawn)) if spot.geom_type == "Point"]
    if len(hits) < 2:
        return None
    along = sorted(hits, key=lambda spot: shapely.line_locate_point(part, spot))
    first, last = along[0], along[-1]
    new = _between(drawn, first, last)
    head = shapely.ops.substring(part, 0, shapely.line_locate_point(part, first))
    tail = shapely.ops.substring(part, shapely.line_locate_point(part, last), part.length)
    corners = [*_corners(head), *new, *_corners(tail)]
    return shapely.LineString([corner for n, corner in enumerate(corners) if n == 0 or corner != corners[n - 1]])


def _between(line: shapely.Geometry, first: shapely.Geometry, last: shapely.Geometry) -> list[World]:
    a, b = shapely.line_locate_point(line, first), shapely.line_locate_point(line, last)
    corners = _corners(shapely.ops.substring(line, min(a, b), max(a, b)))
    return corners if a <= b else corners[::-1]


def _corners(geometry: shapely.Geometry) -> list[World]:
    return [(x, y) for x, y in shapely.get_coordinates(geometry).tolist()]


def moved(geometry: shapely.Geometry, begin: World, end: World) -> shapely.Geometry:
    """Return a geometry moved by the way from one place to another."""
    return shapely.affinity.translate(geometry, end[0] - begin[0], end[1] - begin[1])


def turned(geometry: shapely.Geometry, centre: World, degrees: float) -> shapely.Geometry:
    """Return a geometry turned about a place, clockwise in degrees, as bearings are."""
    return shapely.affinity.rotate(geometry, -degrees, origin=centre)


def offset(geometry: shapely.Geometry, distance: float) -> shapely.Geometry:
    """Return a line beside a line (m, positive to its left), or an area grown (positive) or shrunk.

    Raises:
        InputRefused: If nothing would be left.
    """
    if geometry.geom_type in {"LineString", "MultiLineString"}:
        parts = [shapely.offset_curve(part, distance, join_style="mitre") for part in shapely.get_parts(geometry)]
        made: shapely.Geometry = shapely.union_all([part for part in parts if not part.is_empty])
    else:
        made = shapely.buffer(geometry, distance, join_style="mitre")
    if made.is_empty:
        raise InputRefused(_("Nothing would be left at this distance. Type a smaller one."))
    return _multi(made)


def with_vertex(geometry: shapely.Geometry, old: World | None, new: World | None) -> shapely.Geometry:
    """Return a geometry with one vertex moved, put in, or taken out.

    Args:
        geometry: Any kind.
        old: The vertex; None puts `new` into the nearest edge.
        new: Where it goes; None takes it out.

    Raises:
        InputRefused: If too few would be left, or an outline would cross itself.
    """
    if geometry.geom_type == "Point":
        if new is None:
            raise InputRefused(_("A point has only one place. Delete the feature instead."))
        return shapely.Point(new)
    rings = [_changed(ring, old, new) for ring in _rings(geometry)] if old is not None else _put_in(geometry, new)
    return _rebuilt(geometry, rings)


def _rings(geometry: shapely.Geometry) -> list[list[World]]:
    parts = shapely.get_parts(geometry)
    rings = shapely.get_rings(parts) if geometry.geom_type in {"Polygon", "MultiPolygon"} else parts
    return [_corners(ring) for ring in rings]


def _is_at(one: World, other: World) -> bool:
    return abs(one[0] - other[0]) < 2e-3 and abs(one[1] - other[1]) < 2e-3


def _changed(ring: list[World], old: World, new: World | None) -> list[World]:
    if new is not None:
        return [new if _is_at(corner, old) else corner for corner in ring]
    closed = len(ring) > 2 and ring[0] == ring[-1]
    kept = [corner for corner in ring if not _is_at(corner, old)]
    return [*kept, kept[0]] if closed and kept and kept[0] != kept[-1] else kept


def _put_in(geometry: shapely.Geometry, new: World | None) -> list[list[World]]:
    rings = _rings(geometry)
    if new is None:
        return rings
    spot = shapely.Point(new)
    _gap, number, place = min(
        (shapely.distance(shapely.LineString(ring[i : i + 2]), spot), n, i)
        for n, ring in enumerate(rings)
        for i in range(len(ring) - 1)
    )
    rings[number] = [*rings[number][: place + 1], new, *rings[number][place + 1 :]]
    return rings


def _rebuilt(geometry: shapely.Geometry, rings: list[list[World]]) -> shapely.Geometry:
    is_area = geometry.geom_type in {"Polygon", "MultiPolygon"}
    if any(len(ring) < (4 if is_area else 2) for ring in rings):
        raise InputRefused(_("Too few corners would be left. Delete the feature instead."))
    if not is_area:
        return shapely.MultiLineString(rings)
    parts, place = [], 0
    for part in shapely.get_parts(geometry):
        holes = len(part.interiors)
        parts.append(shapely.Polygon(rings[place], rings[place + 1 : place + 1 + holes]))
        place += 1 + holes
    made = shapely.MultiPolygon(parts)
    if not made.is_valid:
        raise InputRefused(_("The outline would cross itself there."))
    return made


def _multi(geometry: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(geometry)
    if geometry.geom_type in {"LineString", "MultiLineString"}:
        return shapely.multilinestrings(parts)
    return shapely.multipolygons(parts) if geometry.geom_type in {"Polygon", "MultiPolygon"} else geometry


# --- numbers and directions while drawing --------------------------------------------------------------------------


def typed(text: str, last: World, heading: float) -> World | None:
    """Return the place that typed numbers stand for; None if they make no sense yet.

    "12.5" goes on in the heading of the pointer, "12.5<90" at a bearing, "3,4" by east and north.
    """
    match = _TYPED.match(text)
    if match is None:
        return None
    one = float(match["one"])
    if match["other"] is None:
        return polar(last, one, heading)
    other = float(match["other"])
    return polar(last, one, other) if "<" in match["mark"] else (last[0] + one, last[1] + other)


def along(last: World, pointer: World, edge: tuple[World, World], *, square: bool) -> World:
    """Return the place nearest to the pointer from which a side is parallel to an edge, or square to it."""
    degrees = bearing(*edge) + (90.0 if square else 0.0)
    angle = np.radians(degrees)
    way = np.array([np.sin(angle), np.cos(angle)])
    length = float(np.dot(np.array(pointer) - np.array(last), way))
    return polar(last, length, degrees)
