"""R7 to R9: pipes beside buildings, pipes beside pipes, structures over pipes. All distances are horizontal."""

import hashlib
from collections import defaultdict
from collections.abc import Callable

import numpy as np
import shapely

from fieldsurvey.assess.rules import pipes
from fieldsurvey.assess.rules.inputs import Flags, Indices, Layer, Numbers, Objects
from fieldsurvey.assess.rules.site import Site, Tests, worst_of
from fieldsurvey.model.finding import Finding, Result

UNAUTHORISED = "搭建"  # kind of building that R9 looks at instead of R7
_REMOVED = frozenset({"removed"})


def check_buildings(site: Site) -> None:
    """R7: every buried pipe against the nearest building that it does not enter.

    A pipe that ends at the wall, within R7.entry, is the connection of that
    building; one that runs past or through it is not.
    """
    buildings = site.inputs["building"]
    standing = np.array([kind != UNAUTHORISED for kind in buildings.text("kind")], dtype=bool) & buildings.drawn
    for table in pipes.PIPES:
        layer = site.inputs[table]
        rows = site.wanted(layer, pipes.buried(layer))
        spans = [pipes.TO_BUILDING[table](layer, row) for row in rows.tolist()]
        reach = _reach(site, spans)
        entry = site.rules.value("R7.entry")
        found, metres = nearest_not_entered(layer.geoms, rows, buildings.geoms, standing, reach, entry)
        accuracy = site.rules.accuracy(table, "building")
        _judge_spans(site, layer, rows, spans, metres, buildings, found, accuracy, has_others="building")


def nearest_not_entered(
    lines: Objects, rows: Indices, houses: Objects, standing: Flags, reach: float, entry: float
) -> tuple[Indices, Numbers]:
    """Return for each row the nearest house it does not end at, and its distance in m (none: -1, infinite).

    Args:
        lines: Pipes, shape (n,).
        rows: The ones asked for, shape (k,).
        houses: Polygons, shape (m,).
        standing: Which houses count, shape (m,).
        reach: Farthest distance looked at, m.
        entry: An end this near to a house is an entry, m.
    """
    found, best = np.full(len(rows), -1, dtype=np.intp), np.full(len(rows), np.inf)
    chosen = np.flatnonzero(standing)
    if not len(chosen) or not len(rows):
        return found, best
    tree = shapely.STRtree(houses[chosen])
    one, house = tree.query(lines[rows], predicate="dwithin", distance=reach)
    tips, owner = pipes.ends(lines[rows])
    tip, entered = tree.query(tips, predicate="dwithin", distance=entry)
    enters = np.unique(owner[tip] * len(chosen) + entered)
    keep = ~np.isin(one * len(chosen) + house, enters)
    one, house = one[keep], chosen[house[keep]]
    metres = shapely.distance(lines[rows[one]], houses[house])
    for pair in worst_of(one, metres, house).tolist():
        found[one[pair]], best[one[pair]] = house[pair], metres[pair]
    return found, best


def check_pipes(site: Site) -> None:
    """R8: water, gas and cables against the nearest drain beside them.

    Lines that cross are no parallel runs: their vertical distance would
    decide, and the levels are not in the layers. They are counted per part
    and left to a person.
    """
    drains = site.inputs["drain_line"]
    for table, span_of in pipes.TO_DRAIN.items():
        layer = site.inputs[table]
        rows = site.wanted(layer, pipes.buried(layer))
        spans = [span_of(layer, row) for row in rows.tolist()]
        found, metres, crossings = nearest_beside(layer.geoms, rows, drains.geoms, drains.drawn, _reach(site, spans))
        accuracy = site.rules.accuracy(table, "drain_line")
        _judge_spans(site, layer, rows, spans, metres, drains, found, accuracy, has_others="drain_line")
        _tell_crossings(site, layer, rows, spans, drains, crossings)


def nearest_beside(
    lines: Objects, rows: Indices, others: Objects, usable: Flags, reach: float
) -> tuple[Indices, Numbers, tuple[Indices, Indices]]:
    """Return for each row the nearest other line that it does not cross, its distance in m, and the crossing pairs.

    Args:
        lines: Pipes, shape (n,).
        rows: The ones asked for, shape (k,).
        others: Pipes of another class, shape (m,).
        usable: Which of them count, shape (m,).
        reach: Farthest distance looked at, m.
    """
    found, best = np.full(len(rows), -1, dtype=np.intp), np.full(len(rows), np.inf)
    chosen = np.flatnonzero(usable)
    nothing = np.zeros(0, dtype=np.intp)
    if not len(chosen) or not len(rows):
        return found, best, (nothing, nothing)
    one, other = shapely.STRtree(others[chosen]).query(lines[rows], predicate="dwithin", distance=reach)
    other = chosen[other]
    metres = shapely.distance(lines[rows[one]], others[other])
    beside = metres > 0
    crossings = (one[~beside], other[~beside])
    one, other, metres = one[beside], other[beside], metres[beside]
    for pair in worst_of(one, metres, other).tolist():
        found[one[pair]], best[one[pair]] = other[pair], metres[pair]
    return found, best, crossings


def _reach(site: Site, spans: list[pipes.Span]) -> float:
    """Return how far apart things may be for any of the spans to matter, m: a margin for the accuracy is in it."""
    values = {site.rules.value(name) for span in spans for name in (span.low, span.high)}
    return max(values, default=0.0) + 1.0


def _judge_spans(
    site: Site,
    layer: Layer,
    rows: Indices,
    spans: list[pipes.Span],
    metres: Numbers,
    others: Layer,
    found: Indices,
    accuracy: float,
    *,
    has_others: str,
) -> None:
    """Judge each row by its threshold; between the mildest and the strictest of an open span, it needs review."""
    low = np.array([site.rules.value(span.low) for span in spans])
    groups: dict[str, list[int]] = defaultdict(list)
    doubts = []
    for n, span in enumerate(spans):
        fails = metres[n] < low[n] - accuracy
        groups[span.low if fails else span.high].append(n)
        is_open = span.reason and not fails and metres[n] < site.rules.value(span.high) + accuracy
        doubts.append(span.reason if is_open else "")
    if not site.inputs.exists(has_others):
        doubts = ["no_layer"] * len(rows)
    doubts = [doubt if ok else "no_geometry" for doubt, ok in zip(doubts, layer.drawn[rows], strict=True)]
    for threshold, members in groups.items():
        pick = np.array(members, dtype=np.intp)
        tests = Tests(
            rows[pick], metres[pick], others=found[pick], other=others, accuracy=accuracy,
            doubts=[doubts[n] for n in members], place=_between(layer, rows[pick], others, found[pick]),
        )  # fmt: skip
        site.judge(threshold, layer, tests)


def _between(layer: Layer, rows: Indices, others: Layer, found: Indices) -> Callable[[int], shapely.Geometry | None]:
    def place(n: int) -> shapely.Geometry | None:
        own = layer.geoms[rows[n]]
        return own if found[n] < 0 else shapely.shortest_line(own, others.geoms[found[n]])

    return place


def _tell_crossings(
    site: Site, layer: Layer, rows: Indices, spans: list[pipes.Span], drains: Layer, pairs: tuple[Indices, Indices]
) -> None:
    groups: dict[str, list[int]] = defaultdict(list)
    for n, one in enumerate(pairs[0].tolist()):
        groups[str(layer.parts[rows[one]])].append(n)
    for part, members in groups.items():
        one, other = rows[pairs[0][members]], pairs[1][members]
        threshold = spans[int(pairs[0][members[0]])].high
        places = shapely.centroid(shapely.intersection(layer.geoms[one], drains.geoms[other]))
        facts = repr(sorted((str(layer.uids[a]), str(drains.uids[b])) for a, b in zip(one, other, strict=True)))
        community = str(layer.communities[one[0]])
        site.findings.append(
            Finding(
                "R8",
                threshold,
                layer.table,
                f"{layer.table}:{part}",
                "drain_line",
                community,
                part,
                Result.REVIEW,
                None,
                site.rules.value(threshold),
                True,
                "crossing",
                bytes(shapely.to_wkb(shapely.multipoints(places))),
                hashlib.sha256(facts.encode()).hexdigest(),
                str(len(members)),
            )
        )
        counts = site.tallies["R8", part].counts
        counts[Result.REVIEW] = counts.get(Result.REVIEW, 0) + 1


def check_built_over(site: Site) -> None:
    """R9: unauthorised structures over pipes: none within the strip of a gas pipe, none on another pipe."""
    _drawn_structures(site)
    _noted_structures(site)


def _drawn_structures(site: Site) -> None:
    buildings = site.inputs["building"]
    odd = np.array([kind == UNAUTHORISED for kind in buildings.text("kind")], dtype=bool)
    rows = site.wanted(buildings, odd & buildings.drawn)
    gas = site.inputs["gas_line"]
    strip = site.rules.value("T-G7.gas")
    found, metres = _nearest_pipe(buildings.geoms[rows], gas, strip + 1.0)
    accuracy = site.rules.accuracy("building", "gas_line")
    doubts = _unless_layer(site, "gas_line", len(rows))
    site.judge("T-G7.gas", buildings, Tests(rows, metres, others=found, other=gas, accuracy=accuracy, doubts=doubts))
    lengths = _pipe_under(site, buildings.geoms[rows])
    doubts = _unless_layer(site, "drain_line", len(rows))
    site.judge("T-G7.other", buildings, Tests(rows, lengths, at_least=False, doubts=doubts))


def _nearest_pipe(shapes: Objects, layer: Layer, reach: float) -> tuple[Indices, Numbers]:
    found, metres = np.full(len(shapes), -1, dtype=np.intp), np.full(len(shapes), np.inf)
    if len(layer) and len(shapes):
        pairs, distance = layer.tree.query_nearest(shapes, max_distance=reach, return_distance=True, all_matches=False)
        found[pairs[0]], metres[pairs[0]] = pairs[1], distance
    return found, metres


def _pipe_under(site: Site, shapes: Objects) -> Numbers:
    """Return the length of water pipes and drains under each structure, m."""
    total = np.zeros(len(shapes))
    for name in ("water_line", "drain_line"):
        layer = site.inputs[name]
        if len(layer) and len(shapes):
            one, pipe = layer.tree.query(shapes, predicate="intersects")
            np.add.at(total, one, shapely.length(shapely.intersection(shapes[one], layer.geoms[pipe])))
    return total


def _noted_structures(site: Site) -> None:
    """Structures of the form f13 are points: inside the strip they fail, and near it their outline is needed."""
    noted = site.inputs["f13_illegal"]
    gas = site.inputs["gas_line"]
    standing = np.array([status not in _REMOVED for status in noted.text("q_status")], dtype=bool)
    rows = site.wanted(noted, standing)
    strip = site.rules.value("T-G7.gas")
    radius = np.sqrt(np.nan_to_num(noted.number("area")[rows]) / np.pi)
    drawn = noted.drawn[rows]
    metres = np.full(len(rows), np.nan)
    found = np.full(len(rows), -1, dtype=np.intp)
    if drawn.any():
        found[drawn], metres[drawn] = _nearest_pipe(noted.geoms[rows[drawn]], gas, strip + float(radius.max()) + 1.0)
    doubts = [
        "no_geometry" if not ok else ("not_drawn" if m >= strip > m - r else "")
        for ok, m, r in zip(drawn, metres, radius, strict=True)
    ]
    accuracy = site.rules.accuracy("f13_illegal", "gas_line")
    site.judge("T-G7.gas", noted, Tests(rows, metres, others=found, other=gas, accuracy=accuracy, doubts=doubts))


def _unless_layer(site: Site, table: str, n: int) -> list[str]:
    return [""] * n if site.inputs.exists(table) else ["no_layer"] * n
