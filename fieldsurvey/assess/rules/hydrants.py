"""R1 to R3: what hydrants reach, how far apart they are, and where they stand."""

import numpy as np
import shapely

from fieldsurvey.assess.rules import network
from fieldsurvey.assess.rules.inputs import Flags, Inputs, Layer, Numbers
from fieldsurvey.assess.rules.site import Site, Tests, nearest, worst_of
from fieldsurvey.model.finding import Tally

WORKING, UNKNOWN = frozenset({"完好", "ok"}), frozenset({"", "未测试", "untested"})
_FAR = 500.0  # m: what is farther is told as "not found"


def homes(buildings: Layer) -> Flags:
    """Return which buildings people live in; a building of unknown kind counts, so that it is not forgotten."""
    kinds = buildings.text("kind")
    lived_in = np.nan_to_num(buildings.number("household_count")) > 0
    found: Flags = lived_in | np.array(["住宅" in kind or not kind for kind in kinds], dtype=bool)
    return found


def check_cover(site: Site) -> None:
    """R1: every home at least partly inside the protection radius of a working hydrant."""
    buildings, hydrants = site.inputs["building"], site.inputs["hydrant"]
    rows = site.wanted(buildings, homes(buildings))
    states = hydrants.text("state")
    works = np.array([state in WORKING for state in states], dtype=bool)
    unknown = np.array([state in UNKNOWN for state in states], dtype=bool)
    found, metres = nearest(buildings, hydrants, rows, works)
    _other, doubtful = nearest(buildings, hydrants, rows, unknown)
    metres[metres > _FAR] = np.inf
    radius = site.rules.value("T-F9")
    doubts = ["no_state" if a > radius >= b else "" for a, b in zip(metres, doubtful, strict=True)]
    if not site.inputs.exists("hydrant"):
        doubts = ["no_layer"] * len(rows)
    doubts = [d if ok else "no_geometry" for d, ok in zip(doubts, buildings.drawn[rows], strict=True)]
    found[np.isinf(metres)] = -1
    accuracy = site.rules.accuracy("building", "hydrant")
    failed = len(site.findings)
    site.judge(
        "T-F9",
        buildings,
        Tests(rows, metres, others=found, other=hydrants, accuracy=accuracy, at_least=False, doubts=doubts),
    )
    open_ones = {finding.subject for finding in site.findings[failed:]}
    for row, number in zip(
        rows.tolist(), np.nan_to_num(buildings.number("household_count")[rows]).tolist(), strict=True
    ):
        _count_households(
            site.tallies["R1", str(buildings.parts[row])], int(number), str(buildings.uids[row]) not in open_ones
        )


def _count_households(tally: Tally, households: int, is_covered: bool) -> None:
    of, covered = tally.households
    tally.households = (of + households, covered + households * is_covered)


def roads(inputs: Inputs) -> tuple[np.ndarray, Numbers]:
    """Return the centre lines of streets and internal roads, and their widths in m (NaN: not known)."""
    streets, internal = inputs["road"], inputs["internal_road"]
    return np.concatenate([streets.geoms, internal.geoms]), np.concatenate(
        [streets.number("width"), internal.number("width")]
    )


def check_spacing(site: Site) -> None:
    """R2: the nearest other hydrant along the roads within the spacing."""
    hydrants = site.inputs["hydrant"]
    lines, _widths = roads(site.inputs)
    snap, limit = site.rules.value("R2.snap"), site.rules.value("R2.search")
    graph = network.build(lines, hydrants.geoms, snap)
    metres, to = network.nearest_others(graph, graph.stops, limit)
    rows = site.wanted(hydrants)
    doubts = ["" if graph.stops[row] != -1 else ("no_road" if hydrants.drawn[row] else "no_geometry") for row in rows]
    values = np.where([bool(doubt) for doubt in doubts], np.nan, metres[rows]) if len(rows) else metres[rows]
    others = np.array(to, dtype=np.intp)[rows] if len(rows) else rows
    accuracy = site.rules.accuracy("hydrant", "hydrant")
    site.judge(
        "T-F8",
        hydrants,
        Tests(rows, values, others=others, other=hydrants, accuracy=accuracy, at_least=False, doubts=doubts),
    )


def check_place(site: Site) -> None:
    """R3: between kerb and wall. A hydrant in the carriageway has a negative distance to the kerb."""
    hydrants, buildings = site.inputs["hydrant"], site.inputs["building"]
    rows = site.wanted(hydrants, hydrants.drawn)
    kerb, doubts = _kerbs(site, hydrants, rows)
    accuracy = site.rules.accuracy("hydrant", "road")
    for threshold, at_least in (("T-F10.kerb_min", True), ("T-F10.kerb_max", False)):
        site.judge(threshold, hydrants, Tests(rows, kerb, accuracy=accuracy, at_least=at_least, doubts=doubts))
    found, metres = nearest(hydrants, buildings, rows)
    far = metres > site.rules.value("R2.snap")
    metres[far], found[far] = np.inf, -1
    accuracy = site.rules.accuracy("hydrant", "building")
    doubts = [] if site.inputs.exists("building") else ["no_layer"] * len(rows)
    tests = Tests(rows, metres, others=found, other=buildings, accuracy=accuracy, doubts=doubts)
    site.judge("T-F10.wall", hydrants, tests)


def _kerbs(site: Site, hydrants: Layer, rows: np.ndarray) -> tuple[Numbers, list[str]]:
    """Return the distance to the nearest road edge in m, and why it is not known."""
    lines, widths = roads(site.inputs)
    kerb, doubts = np.full(len(rows), np.nan), ["no_road"] * len(rows)
    if not len(lines) or not len(rows):
        return kerb, doubts
    one, road = shapely.STRtree(lines).query(
        hydrants.geoms[rows], predicate="dwithin", distance=site.rules.value("R2.snap")
    )
    edge = shapely.distance(hydrants.geoms[rows[one]], lines[road]) - widths[road] / 2
    order = np.where(np.isnan(edge), np.inf, np.abs(edge))
    for pair in worst_of(one, order, road).tolist():
        kerb[one[pair]] = edge[pair]
        doubts[one[pair]] = "no_width" if np.isnan(edge[pair]) else ""
    return kerb, doubts
