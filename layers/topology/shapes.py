"""Checks of single geometries and of areas against each other."""

from collections.abc import Iterator

import numpy as np
import shapely

from fieldsurvey.i18n import _
from layers.topology.data import Dataset, Layer
from layers.topology.findings import Finding, Fix, Rule, found

_AREAS = ("community", "building")
_LINES = ("water_line", "drain_line", "gas_line", "power_line")
_POINTS = ("hydrant",)
_LEAST_AREA = {"community": 200.0, "building": 5.0}  # ㎡: below, a slip of the hand and not a thing
_LEAST_OVERLAP = 0.5  # ㎡: drawing precision of a common border at 1:500
_SAME_SHARE = 0.9  # of the union: two outlines of one thing
_SAME_PLACE = 0.5  # m: two hydrants cannot stand so close (GB 50974 wants them up to 120 m apart)
_LEAST_LENGTH = 0.02  # m
_LEAST_HOLE = 1.0  # ㎡
_LITTLE = 0.02  # share of an area that a repair may change
_SLIVER = 2.0  # m: a gap narrower than this between two communities was not meant


def check(data: Dataset) -> Iterator[Finding]:
    """Yield what is wrong with shapes."""
    for names, checks in (
        ((*_AREAS, *_LINES, *_POINTS, "stairwell"), (_missing,)),
        (_AREAS, (_crossed, _small, _doubled)),
        (("community",), (_holes, _gaps)),
        (_LINES, (_short,)),
        (_POINTS, (_same_place,)),
    ):
        for name in names:
            if name in data:
                for one in checks:
                    yield from one(data[name])


def _missing(layer: Layer) -> Iterator[Finding]:
    gone = shapely.is_missing(layer.geometries) | shapely.is_empty(layer.geometries)
    for index in np.flatnonzero(gone).tolist():
        text = _("{number} has no geometry. Draw it on the map.").format(number=layer.numbers[index])
        yield found(Rule.NULL_GEOMETRY, layer, index, text)


def _crossed(layer: Layer) -> Iterator[Finding]:
    drawn = layer.drawn()
    for index in drawn[~shapely.is_valid(layer.geometries[drawn])].tolist():
        geometry = layer.geometries[index]
        why = str(shapely.is_valid_reason(geometry)).split("[")[0]
        whole = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
        text = _("The outline of {number} crosses itself ({why}).").format(number=layer.numbers[index], why=why)
        box = shapely.bounds(geometry)
        middle = shapely.Point((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        yield found(Rule.SELF_INTERSECTION, layer, index, text, at=middle, fix=_fix_area(whole))


def _fix_area(geometry: shapely.Geometry) -> Fix | None:
    if geometry.is_empty or geometry.geom_type not in {"Polygon", "MultiPolygon"}:
        return None
    return Fix({"geom": bytes(shapely.to_wkb(shapely.multipolygons(shapely.get_parts(geometry))))})


def _small(layer: Layer) -> Iterator[Finding]:
    drawn = layer.drawn()
    size = shapely.area(layer.geometries[drawn])
    for index, area in zip(drawn.tolist(), size.tolist(), strict=True):
        if 0 < area < _LEAST_AREA[layer.table]:
            text = _("{number} has only {area:.2f} ㎡.").format(number=layer.numbers[index], area=area)
            yield found(Rule.TINY, layer, index, text)


def _doubled(layer: Layer) -> Iterator[Finding]:
    """Yield areas that lie over each other: the same thing drawn twice, or two that share ground."""
    drawn = layer.drawn()
    areas = shapely.make_valid(layer.geometries[drawn])
    one, other = shapely.STRtree(areas).query(areas, predicate="intersects")
    one, other = one[one < other], other[one < other]
    shared = shapely.area(shapely.intersection(areas[one], areas[other]))
    whole = shapely.area(areas[one]) + shapely.area(areas[other]) - shared
    for a, b, common, union in zip(
        drawn[one].tolist(), drawn[other].tolist(), shared.tolist(), whole.tolist(), strict=True
    ):
        if common > _SAME_SHARE * union:
            text = _("{number} lies over {other}: the same thing drawn twice.")
            yield found(Rule.DUPLICATE, layer, b, text.format(number=layer.numbers[b], other=layer.numbers[a]))
        elif common > _LEAST_OVERLAP:
            yield from _overlap(layer, a, b, common)


def _overlap(layer: Layer, a: int, b: int, common: float) -> Iterator[Finding]:
    text = _("{number} and {other} overlap by {area:.1f} ㎡.")
    at = shapely.intersection(shapely.make_valid(layer.geometries[a]), shapely.make_valid(layer.geometries[b]))
    larger = a if layer.geometries[a].area >= layer.geometries[b].area else b
    for one, other in ((a, b), (b, a)):
        words = text.format(number=layer.numbers[one], other=layer.numbers[other], area=common)
        fix = _fix_overlap(layer, one, other, at) if one == larger else None
        yield found(Rule.OVERLAP, layer, one, words, at=at, fix=fix)


def _fix_overlap(layer: Layer, one: int, other: int, shared: shapely.Geometry) -> Fix | None:
    """Return the larger area without a sliver that it shares with another; a wide overlap is for a person to decide."""
    if layer.table != "community" or not shapely.buffer(shared, -_SLIVER / 2).is_empty:
        return None
    left = shapely.difference(shapely.make_valid(layer.geometries[one]), shapely.make_valid(layer.geometries[other]))
    return _fix_area(left) if left.area > (1 - _LITTLE) * layer.geometries[one].area else None


def _holes(layer: Layer) -> Iterator[Finding]:
    for index in layer.drawn().tolist():
        for part in shapely.get_parts(layer.geometries[index]):
            for ring in part.interiors:
                size = shapely.Polygon(ring).area
                if size >= _LEAST_HOLE:
                    text = _("{number} has a hole of {area:.0f} ㎡.").format(number=layer.numbers[index], area=size)
                    yield found(Rule.HOLE, layer, index, text, at=shapely.Polygon(ring))


def _gaps(layer: Layer) -> Iterator[Finding]:
    """Yield slivers that two communities enclose: narrower than a lane, bounded all round."""
    drawn = layer.drawn()
    areas = layer.geometries[drawn][shapely.is_valid(layer.geometries[drawn])]
    for part in shapely.get_parts(shapely.union_all(areas)):
        for ring in part.interiors:
            gap = shapely.Polygon(ring)
            if gap.area > 0 and shapely.buffer(gap, -_SLIVER / 2).is_empty:
                near = drawn[shapely.distance(layer.geometries[drawn], gap) < 1e-6]
                if len(near) > 1:  # one alone has a hole, which is another rule
                    text = _("A gap of {area:.1f} ㎡ lies between {number} and {other}.")
                    names = {"number": layer.numbers[near[0]], "other": layer.numbers[near[1]]}
                    fix = _fix_gap(layer.geometries[near[0]], gap)
                    yield found(Rule.GAP, layer, int(near[0]), text.format(area=gap.area, **names), at=gap, fix=fix)


def _fix_gap(area: shapely.Geometry, gap: shapely.Geometry) -> Fix | None:
    """Return an area with the sliver beside it, if they are one piece then."""
    whole = shapely.union(area, gap)
    is_one = shapely.get_num_geometries(whole) <= shapely.get_num_geometries(area)
    return _fix_area(whole) if is_one and gap.area < _LITTLE * area.area else None


def _short(layer: Layer) -> Iterator[Finding]:
    drawn = layer.drawn()
    for index in drawn[shapely.length(layer.geometries[drawn]) < _LEAST_LENGTH].tolist():
        at = shapely.Point(shapely.get_coordinates(layer.geometries[index])[0])
        text = _("{number} has no length: it begins where it ends.").format(number=layer.numbers[index])
        yield found(Rule.ZERO_LENGTH, layer, index, text, at=at, fix=Fix({}, delete=True))


def _same_place(layer: Layer) -> Iterator[Finding]:
    drawn = layer.drawn()
    points = layer.geometries[drawn]
    one, other = shapely.STRtree(points).query(points, predicate="dwithin", distance=_SAME_PLACE)
    for a, b in zip(drawn[one].tolist(), drawn[other].tolist(), strict=True):
        if a < b:
            text = _("{number} stands {distance:.2f} m from {other}: the same thing drawn twice.").format(
                number=layer.numbers[b],
                other=layer.numbers[a],
                distance=shapely.distance(layer.geometries[a], layer.geometries[b]),
            )
            yield found(Rule.DUPLICATE, layer, b, text)
