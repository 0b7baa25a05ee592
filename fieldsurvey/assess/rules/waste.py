"""M20: from every home to a waste drop-off point on foot, and no drop-off point under a window (T-R8)."""

import numpy as np
import shapely

from fieldsurvey.assess.rules import network
from fieldsurvey.assess.rules.brought import tell_not_recorded
from fieldsurvey.assess.rules.hydrants import homes, roads
from fieldsurvey.assess.rules.inputs import Indices, Numbers
from fieldsurvey.assess.rules.site import Site, Tests, nearest

POINTS = "layer_waste_point"
_SNAP = 60.0  # m from a house or a point to the road in front of it


def check_waste(site: Site) -> None:
    """M20: what is too far in a straight line is too far; what is near in it, the way on foot decides."""
    if not site.inputs.exists(POINTS):
        for threshold in ("T-R8.walk", "T-R8.window"):
            tell_not_recorded(site, threshold)
        return
    buildings, points = site.inputs["building"], site.inputs[POINTS]
    rows = site.wanted(buildings, homes(buildings) & buildings.drawn)
    found, straight = nearest(buildings, points, rows)
    limit, walked = site.rules.value("T-R8.walk"), _walked(site, rows)
    far = straight > limit
    metres = np.where(far | np.isinf(walked), straight, walked)
    doubts = [
        "no_path" if unknown and not beyond else "" for unknown, beyond in zip(np.isinf(walked), far, strict=True)
    ]
    accuracy = site.rules.accuracy("building", POINTS)
    tests = Tests(rows, metres, others=found, other=points, accuracy=accuracy, at_least=False, doubts=doubts)
    site.judge("T-R8.walk", buildings, tests)
    near = Tests(rows, straight, others=found, other=points, accuracy=accuracy)
    site.judge("T-R8.window", buildings, near)


def _walked(site: Site, rows: Indices) -> Numbers:
    """Return the way from each house to the nearest point along the roads, m; infinite where none is known."""
    buildings, points = site.inputs["building"], site.inputs[POINTS]
    lines, _widths = roads(site.inputs)
    doors = shapely.centroid(buildings.geoms[rows])
    graph = network.build(lines, np.concatenate([doors, points.geoms]), _SNAP)
    if not len(lines):
        return np.full(len(rows), np.inf)
    stops, goals = graph.stops[: len(rows)], [stop for stop in graph.stops[len(rows) :] if stop != -1]
    metres, _owner = network.spread(graph, goals, 10 * site.rules.value("T-R8.walk"))
    return np.array([metres.get(stop, np.inf) if stop != -1 else np.inf for stop in stops], dtype=float)
