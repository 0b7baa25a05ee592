"""R12: the largest free box on the outer wall of a stairwell, where a lift could stand (初判)."""

from dataclasses import dataclass

import numpy as np
import shapely

from fieldsurvey.assess.rules.inputs import Indices, Inputs, Layer, Numbers, Objects
from fieldsurvey.assess.rules.ruleset import RuleSet
from fieldsurvey.assess.rules.site import Site, Tests

_CELL = (
    0.1  # m: columns along the wall in which the free depth is taken; the box errs by less than one, on the safe side
)
_POLE = 0.3  # m around a pole
_SHAFT = 2.6  # m, the deepest shaft that makers name (T-L11); with the corridor, what is looked at
_SLACK = 0.001  # m: what rounding may make of a distance
_WALL = 0.05  # m before the wall that belong to it: survey noise of the own outline


@dataclass(frozen=True, slots=True)
class Walls:
    """The wall of each stairwell, as a frame: along the wall and outward. Shape (n,) or (n, 2), m.

    Attributes:
        foot: Where the stair axis meets the wall.
        along, outward: Unit vectors.
        left, right: How far the wall goes from the foot, m, >= 0.
        found: False where the building has no outline.
    """

    foot: Numbers
    along: Numbers
    outward: Numbers
    left: Numbers
    right: Numbers
    found: np.ndarray

    def rectangles(self, rows: Indices, start: Numbers, width: Numbers, depth: Numbers) -> Objects:
        """Return rectangles on the walls of some rows, from `start` along the wall and `depth` outward, m."""
        end, no = start + width, np.zeros(len(rows))
        corners = [
            self.foot[rows] + u[:, None] * self.along[rows] + v[:, None] * self.outward[rows]
            for u, v in ((start, no), (end, no), (end, depth), (start, depth), (start, no))
        ]
        return shapely.polygons(np.stack(corners, axis=1)) if len(rows) else np.zeros(0, dtype=object)


@dataclass(frozen=True, slots=True)
class Boxes:
    """The largest free box at each stairwell, m, shape (n,).

    Attributes:
        width, depth: Size along the wall and away from it.
        start: Its left end along the wall, from the stair axis.
        walls: The frames.
    """

    width: Numbers
    depth: Numbers
    start: Numbers
    walls: Walls

    def shapes(self) -> Objects:
        """Return the boxes as polygons in the project CRS; the foot of the stair where there is none. Shape (n,)."""
        made: Objects = np.asarray(shapely.points(self.walls.foot), dtype=object)
        there = np.flatnonzero((self.width > 0) & (self.depth > 0))
        made[there] = self.walls.rectangles(there, self.start[there], self.width[there], self.depth[there])
        return made


def check_lift(site: Site) -> None:
    """R12: width and depth of the largest free box at every stairwell of a house high enough and without a lift."""
    stairs, buildings = site.inputs["stairwell"], site.inputs["building"]
    rows = site.wanted(stairs, stairs.drawn)
    houses = np.array([buildings.find(str(stairs.values["building_uid"][row] or "")) for row in rows], dtype=np.intp)
    floors = (
        np.where(houses >= 0, buildings.number("floors")[houses], np.nan)
        if len(buildings)
        else np.full(len(rows), np.nan)
    )
    lifted = _has_lift(site.inputs)
    asked = ~(floors < site.rules.value("T-L1")) & np.array(
        [str(stairs.uids[row]) not in lifted for row in rows], dtype=bool
    )
    rows, houses, floors = rows[asked], houses[asked], floors[asked]
    boxes = lift_boxes(site.inputs, site.rules, rows, houses)
    lacking = [
        "no_building" if h < 0 else ("no_storeys" if np.isnan(f) else "") for h, f in zip(houses, floors, strict=True)
    ]
    doubts = [why or ("" if ok else "no_geometry") for why, ok in zip(lacking, boxes.walls.found, strict=True)]
    notes = [f"{w:.1f} × {d:.1f} m" for w, d in zip(boxes.width, boxes.depth, strict=True)]
    accuracy, shapes = site.rules.accuracy("building"), boxes.shapes()
    for threshold, values in (("T-L11.width", boxes.width), ("T-L11.depth", boxes.depth)):
        tests = Tests(rows, values, accuracy=accuracy, doubts=doubts, notes=notes, place=shapes.__getitem__)
        site.judge(threshold, stairs, tests)


def _has_lift(inputs: Inputs) -> set[str]:
    forms = inputs["f11_elevator"]
    answers = zip(forms.values["subject_uid"], forms.values["existing_lift"], strict=True)
    return {str(uid) for uid, answer in answers if answer == "yes"}


def lift_boxes(inputs: Inputs, rules: RuleSet, rows: Indices, houses: Indices) -> Boxes:
    """Return the largest free box on the wall of stairwells.

    Kept free are: the other parts of the own house, 6 m before the house
    opposite (T-L8), 1 m around gas pipes (T-L7), the lane that must be left
    of a road (T-L6), poles. Other pipes can be diverted and do not count.

    Args:
        inputs: The layers.
        rules: The thresholds.
        rows: Stairwells, shape (n,).
        houses: Row of the building of each, -1 where it is not known, shape (n,).
    """
    walls = walls_of(inputs["stairwell"].geoms[rows], inputs["building"], houses)
    half, deep = rules.value("R12.window"), rules.value("T-L10") + _SHAFT
    cells = round(2 * half / _CELL)
    free = np.full((len(rows), cells), deep)
    edges: Numbers = np.linspace(-half, half, cells + 1)
    middle = (edges[:-1] + edges[1:]) / 2
    free[(middle[None, :] < -walls.left[:, None]) | (middle[None, :] > walls.right[:, None])] = 0.0
    free[~walls.found] = 0.0
    for shapes, owner, back in _keep_free(inputs, rules, walls, half, deep, houses):
        _lower(free, shapes, owner, walls, edges, back)
    needs = rules.value("T-L11.width"), rules.value("T-L11.depth")
    start, width, depth = largest_boxes(np.maximum(free, 0.0), *needs)
    return Boxes(width, depth, start - half, walls)


def walls_of(stairs: Objects, buildings: Layer, houses: Indices) -> Walls:
    """Return the wall of its building that is nearest to each stairwell."""
    n = len(stairs)
    foot, along, outward = np.zeros((n, 2)), np.tile([1.0, 0.0], (n, 1)), np.tile([0.0, 1.0], (n, 1))
    left, right, found = np.zeros(n), np.zeros(n), np.zeros(n, dtype=bool)
    known = np.flatnonzero(houses >= 0)
    points = np.column_stack([shapely.get_x(stairs), shapely.get_y(stairs)])[known]
    own, at = np.unique(houses[known], return_inverse=True)
    a, b, counts = _sides(buildings.geoms[own])
    number = np.repeat(np.arange(len(known)), counts[at])  # the stairwell of each pair of it and a side of its house
    first = np.cumsum(counts) - counts
    within = np.arange(len(number)) - np.repeat(np.cumsum(counts[at]) - counts[at], counts[at])
    sides = first[at][number] + within
    a, b = a[sides], b[sides]
    side = b - a
    size = (side**2).sum(axis=1)
    t = np.clip(((points[number] - a) * side).sum(axis=1) / np.where(size > 0, size, 1), 0, 1)
    near = np.where(size > 0, np.hypot(*(a + side * t[:, None] - points[number]).T), np.inf)
    order = np.lexsort((within, near, number))
    who, place = np.unique(number[order], return_index=True)
    best = order[place]
    who, best = who[size[best] > 0], best[size[best] > 0]
    row, length = known[who], np.sqrt(size[best])
    along[row] = side[best] / length[:, None]
    foot[row] = a[best] + side[best] * t[best][:, None]
    outward[row] = np.column_stack([along[row, 1], -along[row, 0]])  # rings run counter-clockwise: outside is right
    left[row], right[row], found[row] = t[best] * length, (1 - t[best]) * length, True
    return Walls(foot, along, outward, left, right, found)


def _sides(houses: Objects) -> tuple[Numbers, Numbers, Indices]:
    """Return the sides of the outer rings of houses, counter-clockwise, house after house, and how many each has."""
    parts, owner = shapely.get_parts(shapely.orient_polygons(houses), return_index=True)
    areal = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    xy, ring = shapely.get_coordinates(shapely.get_exterior_ring(parts[areal]), return_index=True)
    same = ring[1:] == ring[:-1]
    counts = np.bincount(owner[areal][ring[1:][same]], minlength=len(houses)).astype(np.intp)
    return xy[:-1][same], xy[1:][same], counts


def _keep_free(
    inputs: Inputs, rules: RuleSet, walls: Walls, half: float, deep: float, houses: Indices
) -> list[tuple[Objects, Indices, float]]:
    """Return obstacles as (shapes inside the window of a stairwell, that stairwell, m to be kept before them)."""
    gap = rules.value("T-L8")
    found = []
    buildings, lanes, gas, poles = (inputs[name] for name in ("building", "internal_road", "gas_line", "pole"))
    windows, usable = _windows(walls, half, deep + gap)
    one, other = _met(windows, buildings.geoms)
    is_own = other == houses[usable[one]]
    found.append((shapely.intersection(windows[one], buildings.geoms[other])[~is_own], usable[one[~is_own]], gap))
    near, usable = _windows(walls, half, deep)
    one, other = _met(near, buildings.geoms)
    own = other == houses[usable[one]]
    found.append((shapely.intersection(near[one[own]], buildings.geoms[other[own]]), usable[one[own]], 0.0))
    lane = np.minimum(np.nan_to_num(lanes.number("width"), nan=rules.value("T-L6")), rules.value("T-L6")) / 2
    for layer, reach in ((lanes, lane), (gas, rules.value("T-L7")), (poles, _POLE)):
        some = _within(near, layer, float(np.max(reach, initial=0.0)))
        width = reach[some] if isinstance(reach, np.ndarray) else reach
        blocks = shapely.buffer(layer.geoms[some], width, cap_style="flat" if layer is lanes else "round")
        one, other = _met(near, blocks)
        found.append((shapely.intersection(near[one], blocks[other]), usable[one], 0.0))
    return found


def _within(windows: Objects, layer: Layer, reach: float) -> Indices:
    """Return the features of a layer that may reach into a window, once each: only they are worth a buffer."""
    if not len(windows) or not len(layer):
        return np.zeros(0, dtype=np.intp)
    found: Indices = np.unique(layer.tree.query(windows, predicate="dwithin", distance=reach + _SLACK)[1])
    return found


def _met(windows: Objects, shapes: Objects) -> tuple[Indices, Indices]:
    if not len(windows) or not len(shapes):
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    one, other = shapely.STRtree(shapes).query(windows, predicate="intersects")
    return one, other


def _windows(walls: Walls, half: float, deep: float) -> tuple[Objects, Indices]:
    usable = np.flatnonzero(walls.found)
    corners = [
        walls.foot[usable] + u * walls.along[usable] + v * walls.outward[usable]
        for u, v in ((-half, _WALL), (half, _WALL), (half, deep), (-half, deep), (-half, _WALL))
    ]
    return (shapely.polygons(np.stack(corners, axis=1)) if len(usable) else np.zeros(0, object)), usable


def _lower(free: Numbers, shapes: Objects, owner: Indices, walls: Walls, edges: Numbers, back: float) -> None:
    """Lower the free depth of each column to what lies in it, less what must be kept before it."""
    parts, number = shapely.get_parts(shapes, return_index=True)
    number = owner[number]
    xy, at = shapely.get_coordinates(parts, return_index=True)
    if not len(xy):
        return
    stair = number[at]
    offset = xy - walls.foot[stair]
    u = (offset * walls.along[stair]).sum(axis=1)
    v = (offset * walls.outward[stair]).sum(axis=1)
    same = at[1:] == at[:-1]
    u0, v0, u1, v1, k = u[:-1][same], v[:-1][same], u[1:][same], v[1:][same], stair[1:][same]
    swap = u0 > u1
    u0, u1, v0, v1 = np.where(swap, u1, u0), np.where(swap, u0, u1), np.where(swap, v1, v0), np.where(swap, v0, v1)
    slope = np.where(u1 > u0, (v1 - v0) / np.maximum(u1 - u0, 1e-12), 0.0)
    tiny = 1e-7
    for cell in range(len(edges) - 1):
        a, b = edges[cell], edges[cell + 1]
        inside = (u1 > a + tiny) & (u0 < b - tiny)  # an edge that only touches a column belongs to the next one
        at_a = v0 + slope * (np.maximum(a, u0) - u0)
        at_b = v0 + slope * (np.minimum(b, u1) - u0)
        low = np.where(u1 - u0 < tiny, np.minimum(v0, v1), np.minimum(at_a, at_b)) - back
        np.minimum.at(free[:, cell], k[inside], low[inside])


def largest_boxes(free: Numbers, width: float, depth: float) -> tuple[Numbers, Numbers, Numbers]:
    """Return start, width and depth in m of the largest box below each row of columns: of those that fit, if any does.

    Of boxes of one size the one that starts first counts, of those the widest.

    Args:
        free: Free depth of the columns of 0.1 m, m, >= 0, shape (n, columns).
        width: Least width of a box that fits, m.
        depth: Least depth of a box that fits, m.

    >>> [values.tolist() for values in largest_boxes(np.array([[0.0, 2, 2, 1]]), 0.2, 1.5)]
    [[0.1], [0.2], [2.0]]
    """
    n, columns = free.shape
    rows = np.arange(n)
    fits, area = np.zeros(n, dtype=bool), np.full(n, -1.0)
    start, cells, tall = np.zeros(n, dtype=np.intp), np.zeros(n, dtype=np.intp), np.zeros(n)
    for first in range(columns):
        low = np.minimum.accumulate(free[:, first:], axis=1)
        wide = np.arange(1, columns - first + 1)
        sizes = wide * low
        fit = (wide * _CELL >= width - 1e-9) & (low >= depth)
        some = np.asarray(fit.any(axis=1))
        wanted = np.where(fit == some[:, None], sizes, -1.0)
        last = wanted.shape[1] - 1 - np.argmax(wanted[:, ::-1], axis=1)
        size = wanted[rows, last]
        better = (some & ~fits) | ((some == fits) & (size > area))
        fits, area = np.where(better, some, fits), np.where(better, size, area)
        start, cells = np.where(better, first, start), np.where(better, wide[last], cells)
        tall = np.where(better, low[rows, last], tall)
    return np.round(start * _CELL, 3), np.round(cells * _CELL, 3), tall
