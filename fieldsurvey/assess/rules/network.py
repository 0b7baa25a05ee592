"""Roads as a graph: distances that a fire engine or a person really goes."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely

from fieldsurvey.assess.rules.inputs import Numbers, Objects

_CM = 100  # vertices that agree to the centimetre are one node
_TOUCH = 0.1  # m: a road that ends this near to another is joined to it
Node = tuple[int, int]


@dataclass
class Network:
    """A graph of lines.

    Attributes:
        edges: Node -> [(node, length in m, number of the line)].
        stops: Node of each point that was put on it, -1 where no line is near enough.
        first: The first node number of a place (not of a point) by its coordinates in cm.
    """

    edges: dict[int, list[tuple[int, float, int]]] = field(default_factory=lambda: defaultdict(list))
    stops: list[int] = field(default_factory=list)
    first: dict[Node, int] = field(default_factory=dict)

    def node(self, east: float, north: float) -> int:
        """Return the number of the node at a place in m, made if need be."""
        return self.first.setdefault((round(east * _CM), round(north * _CM)), len(self.first))


def build(lines: Objects, points: Objects | None = None, snap: float = 0.0) -> Network:
    """Return the graph of lines, joined where they share a vertex or one ends on another.

    Args:
        lines: (Multi)LineStrings or None, m, shape (n,).
        points: Points to be put on the nearest line, shape (m,).
        snap: Farthest a point may be from its line, m.
    """
    parts, owners = shapely.get_parts(lines, return_index=True)
    found = Network()
    stops: list[list[tuple[float, int]]] = [[] for _part in parts]
    if len(parts):
        _add_vertices(found, parts, stops)
        tree = shapely.STRtree(parts)
        _add_touches(found, parts, tree, stops)
        _add_points(found, parts, tree, stops, points if points is not None else np.zeros(0, object), snap)
    elif points is not None:
        found.stops = [-1] * len(points)
    for number, line in enumerate(stops):
        _link(found, sorted(line), int(owners[number]))
    return found


def _add_vertices(found: Network, parts: Objects, stops: list[list[tuple[float, int]]]) -> None:
    xy, at = shapely.get_coordinates(parts, return_index=True)
    steps = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
    starts = np.flatnonzero(np.diff(at, prepend=-1))
    ends = np.append(starts[1:], len(at)) - 1
    steps[starts] = 0.0
    along = np.cumsum(steps)
    along -= along[starts][at]
    cm = np.round(xy * _CM).astype(np.int64)
    places = list(map(tuple, cm.tolist()))
    shared = Counter(place for place, _line in {(p, int(n)) for p, n in zip(places, at, strict=True)})
    is_end = np.zeros(len(at), dtype=bool)
    is_end[starts] = is_end[ends] = True
    for number, place in enumerate(places):
        if is_end[number] or shared[place] > 1:
            node = found.first.setdefault(place, len(found.first))
            stops[at[number]].append((float(along[number]), node))


def _add_touches(found: Network, parts: Objects, tree: shapely.STRtree, stops: list[list[tuple[float, int]]]) -> None:
    for end in (0, -1):
        tips = shapely.get_point(parts, end)
        one, other = tree.query(tips, predicate="dwithin", distance=_TOUCH)
        keep = one != other
        one, other = one[keep], other[keep]
        along = shapely.line_locate_point(parts[other], tips[one])
        for tip, line, metres in zip(one.tolist(), other.tolist(), along.tolist(), strict=True):
            node = found.node(*shapely.get_coordinates(tips[tip])[0])
            if all(known != node for _metres, known in stops[line]):
                stops[line].append((metres, node))


def _add_points(
    found: Network,
    parts: Objects,
    tree: shapely.STRtree,
    stops: list[list[tuple[float, int]]],
    points: Objects,
    snap: float,
) -> None:
    found.stops = [-1] * len(points)
    usable = np.flatnonzero(~(shapely.is_missing(points) | shapely.is_empty(points)))
    if not len(usable):
        return
    pairs = tree.query_nearest(points[usable], max_distance=max(snap, 1e-9), all_matches=False)
    rows = usable[pairs[0]]
    along = shapely.line_locate_point(parts[pairs[1]], points[rows])
    for number, (row, line, metres) in enumerate(zip(rows.tolist(), pairs[1].tolist(), along.tolist(), strict=True)):
        node = -2 - number  # its own, beside the nodes of places
        found.stops[row] = node
        stops[line].append((metres, node))


def _link(found: Network, line: list[tuple[float, int]], owner: int) -> None:
    for (a, one), (b, other) in pairwise(line):
        if one != other:
            found.edges[one].append((other, b - a, owner))
            found.edges[other].append((one, b - a, owner))


def spread(network: Network, sources: Iterable[int], limit: float) -> tuple[dict[int, float], dict[int, int]]:
    """Return for each node within reach the distance in m to the nearest source, and which source that is.

    Args:
        network: The graph.
        sources: Nodes.
        limit: Farthest distance looked at, m.

    Source: Dijkstra, A note on two problems in connexion with graphs, Numerische Mathematik 1 (1959), with several
        sources at once.
    """
    metres = dict.fromkeys(sources, 0.0)
    owner = {node: node for node in metres}
    heap = [(0.0, node) for node in sorted(metres)]
    heapq.heapify(heap)
    while heap:
        so_far, node = heapq.heappop(heap)
        if so_far > metres[node]:
            continue
        for other, length, _line in network.edges.get(node, ()):
            total = so_far + length
            if total <= limit and total < metres.get(other, np.inf):
                metres[other], owner[other] = total, owner[node]
                heapq.heappush(heap, (total, other))
    return metres, owner


def nearest_others(network: Network, stops: Sequence[int], limit: float) -> tuple[Numbers, list[int]]:
    """Return for each stop the distance in m along the graph to the nearest other stop, and its number.

    Beyond the limit the distance is infinite and the number -1. One spread
    from all stops is enough: on the way to the nearest other stop, the nodes
    change their owner on one edge, and no shorter way leads over such an edge.

    Args:
        network: The graph.
        stops: Nodes, negative and distinct; -1 for a point that is on no line.
        limit: Farthest distance looked at, m.
    """
    number = {node: n for n, node in enumerate(stops) if node != -1}
    metres, owner = spread(network, number, limit)
    best = np.full(len(stops), np.inf)
    to = [-1] * len(stops)
    for node, so_far in metres.items():
        for other, length, _line in network.edges.get(node, ()):
            if owner.get(other, owner[node]) == owner[node]:
                continue
            total, mine = round(so_far + length + metres[other], 6), number[owner[node]]
            theirs = number[owner[other]]
            if total <= limit and (total, theirs) < (best[mine], to[mine] if to[mine] >= 0 else theirs + 1):
                best[mine], to[mine] = total, theirs
    return best, to
