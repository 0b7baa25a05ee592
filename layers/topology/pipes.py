"""Checks of pipe networks: what must join, fall, keep apart, and stay out of houses."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from fieldsurvey.i18n import _
from layers.topology.data import Dataset, Geometries, Layer
from layers.topology.findings import Finding, Fix, Rule, found

Indexes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Joint:
    """How far the end of a pipe may lie from the next one.

    Attributes:
        joined: m; up to here it counts as joined.
        near: m; beyond, it is a free end and not a slip.
        at_nodes: Pipes join at fittings only, so an end beside a node has missed it.
    """

    joined: float
    near: float
    at_nodes: bool = False


# Pressure pipes meet in a fitting. Drains end at the wall of a manhole (0.7 m across), drawn to its middle or not.
_JOINTS = {"water_line": _Joint(0.01, 1.0, True), "gas_line": _Joint(0.01, 1.0, True), "drain_line": _Joint(0.2, 0.6)}
_THROUGH = 5.0  # m inside a building: more than a service pipe needs to its riser
_RISE = 0.01  # m: levelling precision
_NODE = 100  # nodes are centimetres


def check(data: Dataset) -> Iterator[Finding]:
    """Yield what is wrong with pipes."""
    for name in ("water_line", "drain_line", "gas_line", "power_line"):
        layer = data.get(name)
        if layer is None:
            continue
        if name in _JOINTS:
            yield from _dangles(layer, _JOINTS[name])
        if "building" in data and name != "power_line":  # overhead lines pass over roofs
            yield from _through(layer, data["building"])
    if "drain_line" in data:
        yield from _rising(data["drain_line"])
        yield from _mixed(data["drain_line"])


def _ends(layer: Layer) -> tuple[Geometries, Indexes]:
    """Return the two end points of every line that has a length, and whose they are."""
    drawn = layer.drawn()
    drawn = drawn[shapely.length(layer.geometries[drawn]) > 0]
    merged = shapely.line_merge(layer.geometries[drawn])
    lines, owner = shapely.get_parts(merged, return_index=True)
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    return ends, np.concatenate([drawn[owner], drawn[owner]])


def _dangles(layer: Layer, joint: _Joint) -> Iterator[Finding]:
    ends, owner = _ends(layer)
    end, line = shapely.STRtree(layer.geometries).query(ends, predicate="dwithin", distance=joint.near)
    apart = owner[end] != line
    end, line = end[apart], line[apart]
    gaps = shapely.distance(ends[end], layer.geometries[line])
    nearest: dict[int, tuple[float, int]] = {}
    for e, other, gap in zip(end.tolist(), line.tolist(), gaps.tolist(), strict=True):
        if gap < nearest.get(e, (np.inf, -1))[0]:
            nearest[e] = (gap, other)
    if joint.at_nodes:
        nearest |= _beside_nodes(layer, joint, ends, owner, nearest)
    for e, (gap, other) in nearest.items():
        if gap > joint.joined:
            index = int(owner[e])
            text = _("{number} ends {distance:.2f} m before {other}.").format(
                number=layer.numbers[index], other=layer.numbers[other], distance=gap
            )
            fix = _joined(layer.geometries[index], ends[e], layer.geometries[other])
            yield found(Rule.DANGLE, layer, index, text, at=ends[e], fix=fix)


def _beside_nodes(
    layer: Layer, joint: _Joint, ends: Geometries, owner: Indexes, nearest: dict[int, tuple[float, int]]
) -> dict[int, tuple[float, int]]:
    """Return ends that lie on another pipe just beside the node where several others meet: they missed it."""
    corners, whose = shapely.get_coordinates(layer.geometries, return_index=True)
    spots, place = np.unique(np.round(corners * _NODE).astype(np.int64), axis=0, return_inverse=True)
    pairs = np.unique(np.column_stack([place.ravel(), whose]), axis=0)
    starts = np.searchsorted(pairs[:, 0], np.arange(len(spots) + 1))
    points = shapely.points(spots / _NODE)
    on_pipe = np.array([e for e, (gap, _other) in nearest.items() if gap <= joint.joined], np.int64)
    if not len(on_pipe):
        return {}
    index, node = shapely.STRtree(points).query(ends[on_pipe], predicate="dwithin", distance=joint.near)
    found_: dict[int, tuple[float, int]] = {}
    at_node: set[int] = set()
    for e, n in zip(on_pipe[index].tolist(), node.tolist(), strict=True):
        gap = float(shapely.distance(ends[e], points[n]))
        others = [int(line) for line in pairs[starts[n] : starts[n + 1], 1] if line != owner[e]]
        if others and gap <= joint.joined + 1.5 / _NODE:
            at_node.add(e)
        elif len(others) > 1 and gap < found_.get(e, (np.inf, -1))[0]:
            found_[e] = (gap, others[0])
    return {e: hit for e, hit in found_.items() if e not in at_node}


def _joined(line: shapely.Geometry, end: shapely.Point, other: shapely.Geometry) -> Fix:
    """Return the line with one end moved: to a vertex of the other line if one is as near, else onto the line."""
    corners = shapely.points(shapely.get_coordinates(other))
    on_line = shapely.get_point(shapely.shortest_line(other, end), 0)
    corner = corners[int(np.argmin(shapely.distance(corners, end)))]
    is_near = shapely.distance(corner, end) <= 1.2 * shapely.distance(on_line, end) + 0.05
    target = corner if is_near else on_line
    old, new = np.array([end.x, end.y]), np.array([target.x, target.y])

    def move(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.where((xy == old).all(axis=1)[:, None], new, xy)

    moved = shapely.transform(line, move)
    return Fix({"geom": bytes(shapely.to_wkb(shapely.multilinestrings(shapely.get_parts(moved))))})


def _through(layer: Layer, building: Layer) -> Iterator[Finding]:
    drawn = layer.drawn()
    houses = building.geometries
    line, house = shapely.STRtree(houses).query(layer.geometries[drawn], predicate="intersects")
    sound = shapely.is_valid(houses[house])
    line, house = line[sound], house[sound]
    inside = shapely.length(shapely.intersection(layer.geometries[drawn[line]], houses[house]))
    for index, other, length in zip(drawn[line].tolist(), house.tolist(), inside.tolist(), strict=True):
        if length > _THROUGH:
            text = _("{number} runs {length:.1f} m through building {other}.").format(
                number=layer.numbers[index], other=building.numbers[other], length=length
            )
            at = shapely.intersection(layer.geometries[index], houses[other])
            yield found(Rule.CROSSES_BUILDING, layer, index, text, at=at)


def _rising(layer: Layer) -> Iterator[Finding]:
    for index, (up, down) in enumerate(zip(layer.column("invert_up"), layer.column("invert_down"), strict=True)):
        if isinstance(up, float) and isinstance(down, float) and down > up + _RISE:
            text = _("{number} rises by {rise:.2f} m in the direction of flow.")
            yield found(Rule.RISING_DRAIN, layer, index, text.format(number=layer.numbers[index], rise=down - up))


def _mixed(layer: Layer) -> Iterator[Finding]:
    """Yield storm drains in a foul run, and foul ones in a storm run: at their ends they meet the other kind only."""
    kinds = [str(kind or "") for kind in layer.column("pipe_class")]
    corners, whose = shapely.get_coordinates(layer.geometries, return_index=True)
    nodes: dict[tuple[int, ...], set[int]] = {}
    for spot, index in zip(np.round(corners * _NODE).astype(np.int64).tolist(), whose.tolist(), strict=True):
        nodes.setdefault(tuple(spot), set()).add(index)
    ends, owner = _ends(layer)
    against: dict[int, Counter[bool]] = {}
    for spot, index in zip(
        np.round(shapely.get_coordinates(ends) * _NODE).astype(np.int64).tolist(), owner.tolist(), strict=True
    ):
        for other in nodes[tuple(spot)] - {index}:
            if {kinds[index], kinds[other]} <= {"污水", "雨水"}:
                against.setdefault(index, Counter())[kinds[other] != kinds[index]] += 1
    for index, counts in against.items():
        if counts[True] and not counts[False]:
            text = _("{number} is recorded as {kind}, and is joined to the other kind only.")
            words = text.format(number=layer.numbers[index], kind=kinds[index])
            yield found(Rule.MIXED_CONNECTION, layer, index, words)
