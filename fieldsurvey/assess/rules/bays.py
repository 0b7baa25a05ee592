"""M26: size of parking bays and exits of the car park (T-P3, T-P7)."""

import numpy as np
import shapely

from fieldsurvey.assess.rules.brought import tell_not_recorded
from fieldsurvey.assess.rules.inputs import Numbers, Objects
from fieldsurvey.assess.rules.ratios import latest
from fieldsurvey.assess.rules.site import Site, Tests

BAYS = "layer_parking_bay"


def check_bays(site: Site) -> None:
    """M26: the rectangle of each bay that is drawn, and the exits that the form names, by the number of bays."""
    bays = site.inputs[BAYS]
    if site.inputs.exists(BAYS):
        rows = site.wanted(bays, bays.drawn)
        wide, long = sides(bays.geoms[rows])
        accuracy = site.rules.accuracy(BAYS, BAYS)
        for threshold, metres in (("T-P3.wide", wide), ("T-P3.long", long)):
            site.judge(threshold, bays, Tests(rows, metres, accuracy=accuracy))
    else:
        for threshold in ("T-P3.long", "T-P3.wide"):
            tell_not_recorded(site, threshold)
    _judge_exits(site)


def sides(areas: Objects) -> tuple[Numbers, Numbers]:
    """Return the short and the long side of the smallest rectangle around each area, m."""
    boxes = shapely.minimum_rotated_rectangle(areas)
    edges = np.zeros((len(areas), 2))
    for n, box in enumerate(boxes):
        corners = shapely.get_coordinates(box)
        if len(corners) == 5:
            edges[n] = np.hypot(*np.diff(corners[:3], axis=0).T)
    return edges.min(axis=1), edges.max(axis=1)


def _judge_exits(site: Site) -> None:
    communities, forms = site.inputs["community"], site.inputs["f12_parking"]
    if not site.inputs.has("f12_parking", "exits"):
        tell_not_recorded(site, "T-P7")
        return
    nothing = np.full(len(communities), np.nan)
    bays, exits = (latest(forms, column, communities, nothing) for column in ("bays_total", "exits"))
    rows = site.wanted(communities)
    required: Numbers = np.full(len(rows), site.rules.value("T-P7"))
    for threshold in ("T-P7.two", "T-P7.three"):
        required += bays[rows] > site.rules.value(threshold)
    required[np.isnan(bays[rows])] = np.nan
    doubts = [
        "no_answer" if np.isnan(count) or np.isnan(need) else ""
        for count, need in zip(exits[rows], required, strict=True)
    ]
    site.judge("T-P7", communities, Tests(rows, exits[rows], required, doubts=doubts))
