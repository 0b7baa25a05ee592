"""R10 and R11: what lies near drinking water, and how far apart the manholes are."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import shapely

from fieldsurvey.assess.rules.inputs import Layer
from fieldsurvey.assess.rules.site import Site, Tests

_TANK, _SEPTIC = ("水池", "水箱"), ("化粪池",)
_FAR = 100.0  # m around a tank
_CM = 100
_STEPS = ((600, "T-D7.600"), (1000, "T-D7.1000"), (1500, "T-D7.1500"), (np.inf, "T-D7.2000"))


def check_tanks(site: Site) -> None:
    """R10: drinking-water tanks away from septic tanks: from survey points, and as the form f04 says."""
    points, manholes, forms = site.inputs["f19_pipe_point"], site.inputs["manhole"], site.inputs["f04_water"]
    septic = np.concatenate(
        [points.geoms[_named(points, "appurtenance", _SEPTIC)], manholes.geoms[_named(manholes, "kind", _SEPTIC)]]
    )
    tanks = site.wanted(points, _named(points, "appurtenance", _TANK))
    metres = np.full(len(tanks), np.inf)
    septic = septic[~shapely.is_missing(septic)]
    if len(septic) and len(tanks):
        pairs, near = shapely.STRtree(septic).query_nearest(
            points.geoms[tanks], max_distance=_FAR, return_distance=True, all_matches=False
        )
        metres[pairs[0]] = near
    doubts = [
        "no_geometry" if not ok else ("no_layer" if np.isinf(m) else "")
        for ok, m in zip(points.drawn[tanks], metres, strict=True)
    ]
    accuracy = site.rules.accuracy("f19_pipe_point", "manhole")
    site.judge("T-W6", points, Tests(tanks, metres, accuracy=accuracy, doubts=doubts))
    said = site.wanted(forms, np.array([value == "yes" for value in forms.text("secondary")], dtype=bool))
    distance = forms.number("tank_septic_dist")[said]
    places = _community_places(site, forms, said)
    doubts = ["no_count" if np.isnan(value) else "" for value in distance]
    site.judge("T-W6", forms, Tests(said, distance, doubts=doubts, place=lambda n: places[n]))
    _tell_unasked(site)


def _tell_unasked(site: Site) -> None:
    """Where nobody has said whether there is a tank, the rule is open."""
    communities = site.inputs["community"]
    known = set(site.inputs["f04_water"].communities) | set(site.inputs["f19_pipe_point"].communities)
    rows = site.wanted(communities, np.array([str(uid) not in known for uid in communities.uids], dtype=bool))
    site.judge("T-W6", communities, Tests(rows, np.full(len(rows), np.nan), doubts=["no_record"] * len(rows)))


def _named(layer: Layer, column: str, words: Sequence[str]) -> np.ndarray:
    return np.array([any(word in text for word in words) for text in layer.text(column)], dtype=bool)


def _community_places(site: Site, layer: Layer, rows: np.ndarray) -> list[shapely.Geometry | None]:
    communities = site.inputs["community"]
    found = [communities.find(str(layer.communities[row])) for row in rows]
    return [communities.geoms[n] if n >= 0 else None for n in found]


def check_manholes(site: Site) -> None:
    """R11: the distance along the drain from one manhole, junction or end to the next.

    A drain that goes on in another one without a manhole counts on. Pipes
    smaller than the table begins with are judged by its first row.
    """
    drains = site.inputs["drain_line"]
    worst = spacing(drains, site.inputs["manhole"], site.rules.value("R11.snap"))
    wanted = set(site.wanted(drains).tolist())
    rows = [row for row in sorted(worst) if row in wanted]
    groups: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        groups[_threshold(worst[row][1])].append(row)
    limits = [site.rules.value(name) for _dn, name in _STEPS]
    accuracy = site.rules.accuracy("manhole", "manhole")
    for threshold, members in groups.items():
        pick = np.array(members, dtype=np.intp)
        metres = np.array([worst[row][0] for row in members])
        open_ones = [np.isnan(worst[row][1]) and limits[0] < worst[row][0] <= limits[-1] for row in members]
        doubts = ["no_diameter" if is_open else "" for is_open in open_ones]
        if not site.inputs.exists("manhole"):
            doubts = ["no_layer"] * len(members)
        site.judge(threshold, drains, Tests(pick, metres, accuracy=accuracy, at_least=False, doubts=doubts))


def _threshold(diameter: float) -> str:
    return next((name for most, name in _STEPS if diameter <= most), "T-D7.600")


def spacing(drains: Layer, manholes: Layer, snap: float) -> dict[int, tuple[float, float]]:
    """Return for each row of the drains its longest stretch without a manhole in m, and the smallest diameter on it.

    A stretch that runs through several drains belongs to the one that holds
    most of it.

    Args:
        drains: Drain lines with diameter_mm and pipe_class.
        manholes: Points with kind; one of another class of drain is not on this one.
        snap: Farthest a manhole may be from its drain, m.
    """
    parts, owner = shapely.get_parts(drains.geoms, return_index=True)
    if not len(parts):
        return {}
    stops = _stops(parts, owner, drains, manholes, snap)
    graph: dict[tuple[int, int], list[int]] = defaultdict(list)
    pieces: list[tuple[float, int, tuple[tuple[int, int], tuple[int, int]]]] = []
    has_manhole: set[tuple[int, int]] = set()
    for line, found in enumerate(stops):
        found.sort(key=lambda stop: stop[0])
        for (a, one, is_first), (b, other, is_second) in pairwise(found):
            has_manhole |= {node for node, there in ((one, is_first), (other, is_second)) if there}
            if one != other:
                graph[one].append(len(pieces))
                graph[other].append(len(pieces))
                pieces.append((b - a, int(owner[line]), (one, other)))
    return _longest(pieces, _chains(pieces, graph, has_manhole), drains)


def _stops(
    parts: np.ndarray, owner: np.ndarray, drains: Layer, manholes: Layer, snap: float
) -> list[list[tuple[float, tuple[int, int], bool]]]:
    """Return for each line what is on it: distance along it in m, node, and whether it is a manhole."""
    lengths = shapely.length(parts)
    tips = [
        np.round(shapely.get_coordinates(shapely.get_point(parts, end)) * _CM).astype(np.int64).tolist()
        for end in (0, -1)
    ]
    stops: list[list[tuple[float, tuple[int, int], bool]]] = [
        [(0.0, (a[0], a[1]), False), (float(length), (b[0], b[1]), False)]
        for length, a, b in zip(lengths, *tips, strict=True)
    ]
    points = np.flatnonzero(manholes.drawn)
    line, at = shapely.STRtree(manholes.geoms[points]).query(parts, predicate="dwithin", distance=snap)
    classes, kinds = drains.text("pipe_class"), manholes.text("kind")
    along = shapely.line_locate_point(parts[line], manholes.geoms[points[at]])
    for number, row, metres in zip(line.tolist(), points[at].tolist(), along.tolist(), strict=True):
        mine, theirs = classes[owner[number]], kinds[row]
        if mine and theirs and theirs != mine and theirs in _CLASSES:
            continue
        _put(stops[number], metres, float(lengths[number]), (-1, row), snap)
    return stops


_CLASSES = frozenset({"雨水", "污水", "雨污合流"})


def _put(
    stops: list[tuple[float, tuple[int, int], bool]], metres: float, length: float, node: tuple[int, int], snap: float
) -> None:
    """Put a manhole on a line: at an end it is that end, so that the next line meets it there."""
    for n, end in ((0, 0.0), (1, length)):
        if abs(metres - end) <= snap:
            stops[n] = (end, stops[n][1], True)
            return
    stops.append((metres, node, True))


def _chains(
    pieces: list[tuple[float, int, tuple[tuple[int, int], tuple[int, int]]]],
    graph: dict[tuple[int, int], list[int]],
    has_manhole: set[tuple[int, int]],
) -> list[int]:
    """Return the chain of each piece: pieces that meet two at a place without a manhole are one stretch."""
    chain = list(range(len(pieces)))

    def root(n: int) -> int:
        while chain[n] != n:
            chain[n] = chain[chain[n]]
            n = chain[n]
        return n

    for node, met in graph.items():
        if len(met) == 2 and node not in has_manhole:
            chain[root(met[0])] = root(met[1])
    return [root(n) for n in range(len(pieces))]


def _longest(
    pieces: list[tuple[float, int, tuple[tuple[int, int], tuple[int, int]]]], chain: list[int], drains: Layer
) -> dict[int, tuple[float, float]]:
    sizes = drains.number("diameter_mm")
    members: dict[int, list[int]] = defaultdict(list)
    for n, number in enumerate(chain):
        members[number].append(n)
    found: dict[int, tuple[float, float]] = {}
    for group in members.values():
        lengths: dict[int, float] = defaultdict(float)
        for n in group:
            lengths[pieces[n][1]] += pieces[n][0]
        row = max(lengths, key=lambda r: (lengths[r], str(drains.uids[r])))
        total = sum(lengths.values())
        size = float(min(sizes[r] for r in lengths)) if not np.isnan([sizes[r] for r in lengths]).any() else np.nan
        if total > found.get(row, (-1.0, 0.0))[0]:
            found[row] = (total, size)
    return found
