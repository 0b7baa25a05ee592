"""M18: places where a storm drain and a combined or foul one run into one another (T-D2)."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import shapely

from fieldsurvey.assess.rules.inputs import Layer
from fieldsurvey.assess.rules.site import Site, Tests

_STORM, _FOUL = "雨水", ("雨污合流", "污水", "合流")
_IN, _OUT, _UNKNOWN = 1, -1, 0  # how a pipe stands at a meeting place: it brings water, takes it away, or nobody knows


def check_links(site: Site) -> None:
    """M18: each storm drain: no place where its water runs into a foul drain, or theirs into it.

    Which way water runs says the pair of invert levels; where one that decides
    is missing or both are equal, the link needs review.
    """
    drains = site.inputs["drain_line"]
    classes = drains.text("pipe_class")
    storm = np.array([_STORM in name for name in classes], dtype=bool)
    foul = np.array(
        [not mine and any(word in name for word in _FOUL) for mine, name in zip(storm, classes, strict=True)]
    )
    rows = site.wanted(drains, storm & drains.drawn)
    if not len(rows):
        return
    links, open_ones, spots = _links(drains, rows, foul, site.rules.value("D2.snap"))
    counts = np.array([float(links.get(row, 0)) for row in rows.tolist()])
    doubts = ["no_levels" if open_ones.get(row) and not links.get(row) else "" for row in rows.tolist()]
    places = [spots.get(row) for row in rows.tolist()]
    site.judge("T-D2", drains, Tests(rows, counts, at_least=False, doubts=doubts, place=lambda n: places[n]))


def _links(
    drains: Layer, rows: np.ndarray, foul: np.ndarray, snap: float
) -> tuple[Mapping[int, int], Mapping[int, int], Mapping[int, shapely.Geometry]]:
    """Return for storm drains how many links are certain and how many open, and where the first one is."""
    others = np.flatnonzero(foul & drains.drawn)
    links: dict[int, int] = defaultdict(int)
    doubtful: dict[int, int] = defaultdict(int)
    spots: dict[int, shapely.Geometry] = {}
    mine, theirs = _ends(drains, rows), _ends(drains, others)
    if not len(theirs[0]):
        return links, doubtful, spots
    one, other = shapely.STRtree(theirs[0]).query(mine[0], predicate="dwithin", distance=snap)
    for a, b in sorted(zip(one.tolist(), other.tolist(), strict=True)):
        row, here, there = int(mine[1][a]), int(mine[2][a]), int(theirs[2][b])
        if here == there != _UNKNOWN:
            continue  # both bring their water here, or both take it away: neither runs into the other
        kind = doubtful if _UNKNOWN in {here, there} else links
        kind[row] += 1
        if kind is links or row not in spots:
            spots[row] = mine[0][a]
    return links, doubtful, spots


def _ends(drains: Layer, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the ends of drains: points, row of each, and whether water leaves (IN) or enters (OUT) the pipe there.

    A line is drawn from its upstream end to its downstream end; where the
    levels say the opposite, the levels decide.
    """
    fall = drains.number("invert_up")[rows] - drains.number("invert_down")[rows]
    way = np.where(fall > 0, _IN, np.where(fall < 0, _OUT, _UNKNOWN))
    parts, owner = shapely.get_parts(drains.geoms[rows], return_index=True)
    points = np.concatenate([shapely.get_point(parts, 0), shapely.get_point(parts, -1)])
    return points, np.concatenate([rows[owner]] * 2), np.concatenate([-way[owner], way[owner]])
