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

    def shape(self, n: int) -> shapely.Geometry:
        """Return the box as a polygon in the project CRS; the foot of the stair where there is none."""
        foot, along, outward = self.walls.foot[n], self.walls.along[n], self.walls.outward[n]
        if self.width[n] <= 0 or self.depth[n] <= 0:
            return shapely.Point(foot)
        a, b, d = self.start[n], self.start[n] + self.width[n], self.depth[n]
        return shapely.Polygon([foot + u * along + v * outward for u, v in ((a, 0), (b, 0), (b, d), (a, d))])


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
    accuracy = site.rules.accuracy("building")
    for threshold, values in (("T-L11.width", boxes.width), ("T-L11.depth", boxes.depth)):
        tests = Tests(rows, values, accuracy=accuracy, doubts=doubts, notes=notes, place=boxes.shape)
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
    found = np.array([largest_box(row.tolist(), *needs) for row in np.maximum(free, 0.0)]).reshape(-1, 3)
    return Boxes(found[:, 1], found[:, 2], found[:, 0] - half, walls)


def walls_of(stairs: Objects, buildings: Layer, houses: Indices) -> Walls:
    """Return the wall of its building that is nearest to each stairwell."""
    n = len(stairs)
    foot, along, outward = np.zeros((n, 2)), np.tile([1.0, 0.0], (n, 1)), np.tile([0.0, 1.0], (n, 1))
    left, right, found = np.zeros(n), np.zeros(n), np.zeros(n, dtype=bool)
    points = np.column_stack([shapely.get_x(stairs), shapely.get_y(stairs)])
    for k in range(n):
        house = buildings.geoms[houses[k]] if houses[k] >= 0 else None
        if house is None or house.is_empty:
            continue
        a, b = _sides(house)
        side = b - a
        size = (side**2).sum(axis=1)
        t = np.clip(((points[k] - a) * side).sum(axis=1) / np.where(size > 0, size, 1), 0, 1)
        near = np.hypot(*(a + side * t[:, None] - points[k]).T)
        best = int(np.argmin(np.where(size > 0, near, np.inf)))
        length = float(np.sqrt(size[best]))
        along[k] = side[best] / length
        foot[k] = a[best] + side[best] * t[best]
        outward[k] = (along[k, 1], -along[k, 0])  # rings run counter-clockwise: outside is to the right
        left[k], right[k], found[k] = t[best] * length, (1 - t[best]) * length, True
    return Walls(foot, along, outward, left, right, found)


def _sides(house: shapely.Geometry) -> tuple[Numbers, Numbers]:
    """Return the sides of the outer rings of a house, counter-clockwise."""
    parts = shapely.get_parts(shapely.orient_polygons(house))
    rings = [shapely.get_coordinates(shapely.get_exterior_ring(part)) for part in parts if part.geom_type == "Polygon"]
    if not rings:
        return np.zeros((1, 2)), np.zeros((1, 2))
    return np.concatenate([ring[:-1] for ring in rings]), np.concatenate([ring[1:] for ring in rings])


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
        blocks = shapely.buffer(layer.geoms, reach, cap_style="flat" if layer is lanes else "round")
        one, other = _met(near, blocks)
        found.append((shapely.intersection(near[one], blocks[other]), usable[one], 0.0))
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


def largest_box(free: list[float], width: float, depth: float) -> tuple[float, float, float]:
    """Return start, width and depth in m of the largest box below a row of columns: of those that fit, if any does.

    Args:
        free: Free depth of each column of 0.1 m, m.
        width: Least width of a box that fits, m.
        depth: Least depth of a box that fits, m.

    >>> largest_box([0, 2, 2, 1], 0.2, 1.5)
    (0.1, 0.2, 2)
    """
    best = (False, 0.0, 0, 0, 0.0)
    open_ones: list[tuple[int, float]] = []
    for column, height in enumerate([*free, 0.0]):
        start = column
        while open_ones and open_ones[-1][1] >= height:
            start, tall = open_ones.pop()
            cells = column - start
            fits = cells * _CELL >= width - 1e-9 and tall >= depth
            best = max(best, (fits, cells * tall, -start, cells, tall))
        open_ones.append((start, height))
    _fits, _area, start, cells, tall = best
    return round(-start * _CELL, 3), round(cells * _CELL, 3), tall
