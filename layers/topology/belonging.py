"""Checks of what must lie in, on or beside something else."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from fieldsurvey.i18n import _
from layers.topology import values
from layers.topology.data import Dataset, Geometries, Layer
from layers.topology.findings import Finding, Fix, Rule, found

_STICKS_OUT = 0.2  # of a building's area: more than eaves and a careless border explain
_OFF_BUILDING = 1.0  # m between a stairwell and its building: twice the drawing precision at 1:500, and an eave
_ON_WALL = 0.5  # m: drawing precision at 1:500
_STREET = 20.0  # ㎡ of a street inside a community
_CITY_EDGE = 100.0  # m: precision of the default district boundary (data manifest, section 1)


def check(data: Dataset) -> Iterator[Finding]:
    """Yield what lies where it does not belong, and references that lead nowhere."""
    community, building = data.get("community"), data.get("building")
    if community is not None:
        yield from _districts(data, community)
        if "road" in data:
            yield from _on_streets(community, data["road"])
        for name in ("building", "stairwell", "hydrant"):
            if name in data:
                yield from _broken(data[name], "community_uid", community)
    if community is not None and building is not None:
        yield from _outside(building, community)
        yield from _strangers(building, community)
    if building is not None and "stairwell" in data:
        yield from _broken(data["stairwell"], "building_uid", building)
        yield from _off(data["stairwell"], building)


def _broken(layer: Layer, column: str, target: Layer) -> Iterator[Finding]:
    known = set(target.uids)
    for index, uid in enumerate(layer.column(column)):
        if uid and uid not in known:
            text = _("{number} refers to {uid}, which is not in the project.")
            yield found(Rule.BROKEN_REFERENCE, layer, index, text.format(number=layer.numbers[index], uid=uid))


def _pairs(layer: Layer, column: str, target: Layer) -> Iterator[tuple[int, int]]:
    """Yield the indexes of features and of what they refer to, both drawn."""
    rows, drawn, there = target.rows_of(), set(layer.drawn().tolist()), set(target.drawn().tolist())
    for index, uid in enumerate(layer.column(column)):
        other = rows.get(str(uid)) if uid else None
        if other is not None and index in drawn and other in there:
            yield index, other


def _outside(building: Layer, community: Layer) -> Iterator[Finding]:
    pairs = list(_pairs(building, "community_uid", community))
    if not pairs:
        return
    one, other = np.array(pairs).T
    whole = shapely.make_valid(community.geometries)
    houses = shapely.make_valid(building.geometries[one])
    share = shapely.area(shapely.difference(houses, whole[other])) / np.maximum(shapely.area(houses), 1e-9)
    for at, (index, parent, out) in enumerate(zip(one.tolist(), other.tolist(), share.tolist(), strict=True)):
        if out > _STICKS_OUT and not _is_dubious(community, parent):
            text = _("{number} lies {share:.0%} outside its community {name}.").format(
                number=building.numbers[index], share=out, name=community.column("name")[parent] or ""
            )
            fix = _fix_owner(houses[at], community, whole, parent)
            yield found(Rule.OUTSIDE_COMMUNITY, building, index, text, fix=fix)


def _fix_owner(house: shapely.Geometry, community: Layer, areas: Geometries, parent: int) -> Fix | None:
    """Return the community that holds a house as good as whole, if there is exactly one; else a person decides."""
    near = np.flatnonzero(shapely.intersects(areas, house))
    inside = shapely.area(shapely.intersection(areas[near], house)) > (1 - _STICKS_OUT) * house.area
    holders = [n for n in near[inside].tolist() if n != parent]
    return Fix({"community_uid": community.uids[holders[0]]}) if len(holders) == 1 else None


def _is_dubious(community: Layer, index: int) -> bool:
    """Say whether the outline of a community is wrong itself; its buildings are not to blame then."""
    return not shapely.is_valid(community.geometries[index])


def _strangers(building: Layer, community: Layer) -> Iterator[Finding]:
    """Yield communities whose border takes in a part of a building that belongs elsewhere."""
    owners, rows = building.column("community_uid"), community.rows_of()
    drawn, areas = building.drawn(), shapely.make_valid(community.geometries)
    houses = shapely.make_valid(building.geometries[drawn])
    house, area = shapely.STRtree(areas).query(houses, predicate="intersects")
    foreign = np.array([rows.get(str(owners[drawn[h]])) != a for h, a in zip(house, area, strict=True)], bool)
    house, area = house[foreign], area[foreign]
    shared = shapely.area(shapely.intersection(houses[house], areas[area]))
    worst: dict[int, tuple[float, int]] = {}
    for h, a, common in zip(house.tolist(), area.tolist(), shared.tolist(), strict=True):
        is_cut = 1.0 < common < 0.9 * houses[h].area  # one wholly inside is only wrongly assigned
        if is_cut and common > worst.get(a, (0.0, 0))[0]:
            worst[a] = (common, h)
    for a, (common, h) in worst.items():
        if not _is_dubious(community, a):
            text = _("The border of {number} cuts through {other}, which is not its own, by {area:.1f} ㎡.").format(
                number=community.numbers[a], other=building.numbers[drawn[h]], area=common
            )
            yield found(Rule.OVERLAP, community, a, text, at=houses[h])


def _on_streets(community: Layer, road: Layer) -> Iterator[Finding]:
    """Yield communities that reach into a street; an outline of the recorded area is right, and the street wrong."""
    suspects = [i for i in community.drawn().tolist() if i in values.wrong_areas(community)]
    widths = [width if isinstance(width, int | float) else 0.0 for width in road.column("width")]
    surfaces = shapely.buffer(road.geometries, np.array(widths, float) / 2, cap_style="flat")
    areas = shapely.make_valid(community.geometries[suspects])
    one, other = shapely.STRtree(surfaces).query(areas, predicate="intersects")
    shared = shapely.area(shapely.intersection(areas[one], surfaces[other]))
    for a in np.unique(one[shared > _STREET]).tolist():
        worst = int(other[one == a][np.argmax(shared[one == a])])
        name = road.column("name")[worst] or road.numbers[worst]
        text = _("{number} reaches {area:.0f} ㎡ into the street {name}.")
        words = text.format(number=community.numbers[suspects[a]], area=shared[one == a].max(), name=name)
        yield found(Rule.OVERLAP, community, suspects[a], words, at=shapely.intersection(areas[a], surfaces[worst]))


def _off(stairwell: Layer, building: Layer) -> Iterator[Finding]:
    """Yield stairwells that stand far from the wall of their building.

    How far is far follows from the layer: where doors are drawn on the wall,
    one that is half a metre inside is out of place; where they are drawn in
    the middle of the house, only those outside are.
    """
    pairs = list(_pairs(stairwell, "building_uid", building))
    if not pairs:
        return
    one, other = np.array(pairs).T
    doors, houses = stairwell.geometries[one], building.geometries[other]
    to_wall = shapely.distance(doors, shapely.boundary(houses))
    is_on_wall = float(np.median(to_wall)) < _ON_WALL / 5
    gaps = np.where(to_wall > _ON_WALL, to_wall, 0.0) if is_on_wall else shapely.distance(doors, houses)
    for index, gap in zip(one.tolist(), gaps.tolist(), strict=True):
        if gap > (_ON_WALL if is_on_wall else _OFF_BUILDING):
            text = _("The stairwell {number} stands {distance:.1f} m from the wall of its building.")
            yield found(Rule.OFF_BUILDING, stairwell, index, text.format(number=stairwell.numbers[index], distance=gap))


def _districts(data: Dataset, community: Layer) -> Iterator[Finding]:
    district = data.get("district")
    if district is None:
        return
    names = [str(name or "") for name in district.column("name")]
    areas = shapely.make_valid(district.geometries)
    city = shapely.buffer(shapely.union_all(areas), _CITY_EDGE)
    for index in community.drawn().tolist():
        spot = shapely.point_on_surface(shapely.make_valid(community.geometries[index]))
        if not city.contains(spot):
            text = _("{number} lies outside the city.").format(number=community.numbers[index])
            yield found(Rule.OUTSIDE_CITY, community, index, text)
            continue
        yield from _in_district(community, index, spot, areas, names)


def _in_district(community: Layer, index: int, spot: shapely.Point, areas: Any, names: list[str]) -> Iterator[Finding]:  # noqa: ANN401 - an array of geometries
    told = str(community.column("district")[index] or "")
    near = [name for name, area in zip(names, areas, strict=True) if shapely.distance(area, spot) <= _CITY_EDGE]
    if told and told in names and told not in near:
        text = _("{number} is said to be in {told}, and lies in {real}.")
        words = text.format(number=community.numbers[index], told=told, real="、".join(near))
        yield found(Rule.WRONG_DISTRICT, community, index, words)
