"""R4 to R6: whether a fire engine gets through, along the houses, and back out."""

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import shapely

from fieldsurvey.assess.rules import network
from fieldsurvey.assess.rules.hydrants import homes
from fieldsurvey.assess.rules.inputs import Indices, Layer, Numbers, Objects
from fieldsurvey.assess.rules.site import Site, Tests, worst_of

_OPEN = 10.0  # m looked at to each side of a lane whose width is not recorded
_AHEAD = 0.05  # m before and behind a sample, for the direction of the lane
_FAR = 60.0  # m: a lane farther from a house serves another one
DEAD_END_REACH = 500.0  # m of road followed from a dead end


def check_width(site: Site) -> None:
    """R4: the narrowest place of every internal road, sampled across it.

    The clear width at a sample is what is free of buildings and parking on
    both sides of the centre line, at most the recorded width.
    """
    lanes = site.inputs["internal_road"]
    rows = site.wanted(lanes, lanes.drawn)
    widths = lanes.number("width")[rows]
    sections, owner = cross_sections(
        lanes.geoms[rows], np.where(np.isnan(widths), _OPEN, widths / 2), site.rules.value("R4.step")
    )
    clear, free = clear_widths(sections, obstacles(site))
    worst = worst_of(owner, clear) if len(owner) else np.zeros(0, dtype=np.intp)
    tested = owner[worst]
    limit = site.rules.value("T-F1")
    doubts = [
        "no_width" if np.isnan(widths[n]) and clear[w] >= limit else "" for n, w in zip(tested, worst, strict=True)
    ]
    accuracy = site.rules.accuracy("road", "building")
    tests = Tests(rows[tested], clear[worst], accuracy=accuracy, doubts=doubts, place=lambda n: free[worst[n]])
    site.judge("T-F1", lanes, tests)


def obstacles(site: Site) -> Objects:
    """Return what narrows a lane: buildings, unauthorised ones among them, and parking areas."""
    layers = [site.inputs[table] for table in ("building", "parking")]
    return np.concatenate([layer.geoms[layer.drawn] for layer in layers])


def cross_sections(lanes: Objects, half: Numbers, step: float) -> tuple[Numbers, Indices]:
    """Return sections across lanes: x, y of centre, left end and right end, m, shape (k, 3, 2), and lane of each.

    Args:
        lanes: Centre lines, shape (n,).
        half: Half length of a section, m, shape (n,).
        step: Distance between samples along a lane, m; both its ends are sampled too.
    """
    parts, owner = shapely.get_parts(lanes, return_index=True)
    lengths = shapely.length(parts)
    counts = np.floor(lengths / step).astype(int) + 1
    number = np.repeat(np.arange(len(parts)), counts)
    along = (np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)) * step
    number, along = np.concatenate([number, np.arange(len(parts))]), np.concatenate([along, lengths])
    line, length = parts[number], lengths[number]
    centre = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    before = shapely.get_coordinates(shapely.line_interpolate_point(line, np.maximum(along - _AHEAD, 0)))
    after = shapely.get_coordinates(shapely.line_interpolate_point(line, np.minimum(along + _AHEAD, length)))
    way = after - before
    size = np.hypot(way[:, 0], way[:, 1])
    usable = size > 0  # a line without length has no direction
    across = np.stack([-way[:, 1], way[:, 0]], axis=1)[usable] / size[usable, None]
    centre, lane = centre[usable], owner[number[usable]]
    reach = across * half[lane][:, None]
    return np.stack([centre, centre + reach, centre - reach], axis=1), lane


def clear_widths(sections: Numbers, blocks: Objects) -> tuple[Numbers, Objects]:
    """Return the clear width of each section in m, and the free stretch as a line.

    Args:
        sections: From cross_sections, shape (k, 3, 2).
        blocks: Obstacles, polygons.
    """
    centre = shapely.points(sections[:, 0])
    tree = shapely.STRtree(blocks)
    sides = []
    for side in (1, 2):
        rays = shapely.linestrings(np.stack([sections[:, 0], sections[:, side]], axis=1))
        free = shapely.length(rays)
        hit, block = tree.query(rays, predicate="intersects")
        distance = shapely.distance(centre[hit], shapely.intersection(rays[hit], blocks[block]))
        np.minimum.at(free, hit, distance)
        whole = np.maximum(shapely.length(rays), 1e-9)
        sides.append((free, sections[:, 0] + (sections[:, side] - sections[:, 0]) * (free / whole)[:, None]))
    (left, a), (right, b) = sides
    return left + right, shapely.linestrings(np.stack([a, b], axis=1))


def check_reach(site: Site) -> None:
    """R5: a lane of the full width beside the middle of a long side of every home."""
    buildings = site.inputs["building"]
    rows = site.wanted(buildings, homes(buildings) & buildings.drawn)
    metres = np.full(len(rows), np.inf)
    doubts = [""] * len(rows)
    least = site.rules.value("T-F1")
    middles, owner = long_sides(buildings.geoms[rows])
    unknown = np.full(len(rows), np.inf)
    for table in ("road", "internal_road"):
        lanes = site.inputs[table]
        widths = lanes.number("width")
        for usable, into in ((widths >= least, metres), (np.isnan(widths), unknown)):
            _nearest_edges(middles, owner, lanes, usable, np.nan_to_num(widths, nan=least), into)
    reach = site.rules.value("T-F7.reach")
    doubts = ["no_width" if a > reach >= b else "" for a, b in zip(metres, unknown, strict=True)]
    if not (site.inputs.exists("road") or site.inputs.exists("internal_road")):
        doubts = ["no_layer"] * len(rows)
    accuracy = site.rules.accuracy("building", "road")
    site.judge("T-F7.reach", buildings, Tests(rows, metres, accuracy=accuracy, at_least=False, doubts=doubts))


def long_sides(houses: Objects) -> tuple[Objects, Indices]:
    """Return the middles of both long sides of the smallest rectangle around each house, and its number."""
    boxes = shapely.minimum_rotated_rectangle(houses)
    rings = shapely.get_exterior_ring(boxes)
    solid = np.flatnonzero(shapely.get_num_coordinates(rings) == 5)
    corners = shapely.get_coordinates(rings[solid]).reshape(-1, 5, 2)
    sides = np.hypot(*np.moveaxis(np.diff(corners, axis=1), 2, 0))
    first = np.where(sides[:, 0] >= sides[:, 1], 0, 1)
    pick = np.arange(len(solid))
    middles = [(corners[pick, first + k] + corners[pick, first + k + 1]) / 2 for k in (0, 2)]
    return shapely.points(np.concatenate(middles)), np.concatenate([solid, solid])


def _nearest_edges(
    points: Objects, owner: Indices, lanes: Layer, usable: np.ndarray, widths: Numbers, into: Numbers
) -> None:
    """Lower `into` to the distance from each owner's points to the edge of the nearest usable lane, m."""
    chosen = np.flatnonzero(usable & lanes.drawn)
    if not len(chosen) or not len(points):
        return
    tree = shapely.STRtree(lanes.geoms[chosen])
    one, lane = tree.query(points, predicate="dwithin", distance=_FAR)
    metres = shapely.distance(points[one], lanes.geoms[chosen[lane]]) - widths[chosen[lane]] / 2
    np.minimum.at(into, owner[one], np.maximum(metres, 0.0))


def check_dead_ends(site: Site) -> None:
    """R6: from every loose end of an internal road back to the first junction or street."""
    inner = site.inputs["internal_road"]
    rows, metres, said, place = worst_dead_ends(site)
    limit = site.rules.value("T-F3")
    doubts = [
        "no_turnaround" if m > limit and s not in {"yes", "no"} else "" for m, s in zip(metres, said, strict=True)
    ]
    required = np.where([s == "yes" for s in said], np.inf, limit)  # with a turnaround, any length will do
    tests = Tests(
        rows, metres, required, accuracy=site.rules.accuracy("road"), at_least=False, doubts=doubts, place=place
    )
    site.judge("T-F3", inner, tests)


def worst_dead_ends(site: Site) -> tuple[Indices, Numbers, list[str], Callable[[int], shapely.Geometry]]:
    """Return the longest dead end of each wanted internal road that has one.

    Its row, its length in m, what the form f09 says of a turnaround in its
    community (yes, no or empty), and what gives its end by its number.
    """
    inner, streets, forms = site.inputs["internal_road"], site.inputs["road"], site.inputs["f09_fire"]
    graph = network.build(np.concatenate([inner.geoms, streets.geoms]))
    ends = dead_ends(graph, len(inner))
    columns = zip(*ends, strict=True) if ends else ((), (), ())
    rows, metres, nodes = (
        np.array(column, dtype=kind) for column, kind in zip(columns, (np.intp, float, int), strict=True)
    )
    worst = worst_of(rows, -metres)
    worst = worst[np.isin(rows[worst], site.wanted(inner))]
    rows, metres, nodes = rows[worst], metres[worst], nodes[worst]
    turning = {str(c): str(t or "") for c, t in zip(forms.communities, forms.values["turnaround"], strict=True)}
    said = [turning.get(str(inner.communities[row]), "") for row in rows]
    spots = {number: place for place, number in graph.first.items()}
    return rows, metres, said, lambda n: shapely.Point(np.array(spots[int(nodes[n])]) / 100)


def dead_ends(graph: network.Network, inner: int) -> list[tuple[int, float, int]]:
    """Return row, length in m and end node of every dead end among the first `inner` lines of a graph."""
    lines: dict[int, set[int]] = defaultdict(set)
    for node, edges in graph.edges.items():
        lines[node] = {line for _other, _length, line in edges}
    found = []
    for node, edges in graph.edges.items():
        if len(edges) == 1 and edges[0][2] < inner:
            found.append((edges[0][2], _followed(graph, node, lines, inner), node))
    return found


def _followed(graph: network.Network, start: int, lines: dict[int, set[int]], inner: int) -> float:
    """Return the length from a loose end to the first junction, street or other loose end, m."""
    metres, before, now = 0.0, -1, start
    while metres < DEAD_END_REACH:
        onward = [edge for edge in graph.edges[now] if edge[0] != before]
        if len(onward) != 1 or (now != start and len(graph.edges[now]) != 2):
            break
        before, (now, length, _line) = now, onward[0]
        metres += length
        if any(line >= inner for line in lines[now]):
            break
    return min(metres, DEAD_END_REACH)
