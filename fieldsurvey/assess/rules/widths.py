"""M21 and M22: widths of roads by their class, exits of a community (T-R1, T-R3), long dead ends (T-R2)."""

from collections import Counter

import numpy as np

from fieldsurvey.assess.rules.brought import tell_not_recorded
from fieldsurvey.assess.rules.lanes import worst_dead_ends
from fieldsurvey.assess.rules.site import Site, Tests

# The first word that is in the class of a road decides.
_LANES = (
    ("双车道", "T-R1.double"), ("单车道", "T-R1.single"), ("人行", "T-R1.foot"), ("步行", "T-R1.foot"),
)  # fmt: skip
_RANKS = (("主路", "T-R3.main"), ("宅间", "T-R3.others"), ("宅前", "T-R3.others"), ("组团", "T-R3.others"))


def check_widths(site: Site) -> None:
    """M21: each internal road against the width of its class, and the exits of each community.

    Where no road of a community tells its lanes, T-R1 is told as not recorded.
    """
    lanes, communities = site.inputs["internal_road"], site.inputs["community"]
    classes = lanes.text("road_class")
    for words in (_LANES, _RANKS):
        names = [next((name for word, name in words if word in text), "") for text in classes]
        _judge_classes(site, names)
    told = {str(c) for c, text in zip(lanes.communities, classes, strict=True) if any(w in text for w, _n in _LANES)}
    silent = {str(uid) for uid in lanes.communities} - told
    rows = site.wanted(communities, np.array([str(uid) in silent for uid in communities.uids], dtype=bool))
    tell_not_recorded(site, "T-R1.single", rows)
    _judge_exits(site)


def _judge_classes(site: Site, names: list[str]) -> None:
    lanes = site.inputs["internal_road"]
    widths, accuracy = lanes.number("width"), site.rules.accuracy("road")
    for threshold in sorted(set(names) - {""}):
        rows = site.wanted(lanes, np.array([name == threshold for name in names], dtype=bool))
        doubts = ["no_width" if np.isnan(width) else "" for width in widths[rows]]
        site.judge(threshold, lanes, Tests(rows, widths[rows], accuracy=accuracy, doubts=doubts))


def _judge_exits(site: Site) -> None:
    """A gate that is not drawn may be there: enough gates pass, too few need review."""
    communities, gates = site.inputs["community"], site.inputs["gate"]
    rows = site.wanted(communities)
    known = Counter(str(uid) for uid in gates.communities)
    counts = np.array([float(known[str(communities.uids[row])]) or np.nan for row in rows])
    least = site.rules.value("T-R3.exits")
    doubts = ["" if count >= least else "maybe_more" for count in counts]
    site.judge("T-R3.exits", communities, Tests(rows, counts, doubts=doubts))


def check_long_dead_ends(site: Site) -> None:
    """M22: a dead end above the limit has a turnaround, and one that is large enough."""
    rows, metres, said, place = worst_dead_ends(site)
    limit = site.rules.value("T-R2.dead_end")
    doubts = [_doubt(words) if length > limit else "" for words, length in zip(said, metres, strict=True)]
    accuracy = site.rules.accuracy("road")
    tests = Tests(rows, metres, accuracy=accuracy, at_least=False, doubts=doubts, place=place)
    site.judge("T-R2.dead_end", site.inputs["internal_road"], tests)


def _doubt(turnaround: str) -> str:
    """Return why a long dead end is open: only where it is said that there is no turnaround it fails."""
    return {"no": "", "yes": "no_turnaround_size"}.get(turnaround, "no_turnaround")
