"""M23: high-rise homes: rescue ground, spacing, and wider stairs in tall houses (T-F6, T-F13, T-F15)."""

from collections import Counter

import numpy as np
import shapely

from fieldsurvey.assess.rules.answers import newest
from fieldsurvey.assess.rules.hydrants import homes
from fieldsurvey.assess.rules.inputs import Flags, Layer, Numbers
from fieldsurvey.assess.rules.lanes import long_sides
from fieldsurvey.assess.rules.site import Site, Tests, worst_of
from fieldsurvey.model.finding import NOT_RECORDED

GROUNDS = "layer_rescue_ground"
_JOINED = 0.05  # m: houses nearer than that are one block


def check_highrise(site: Site) -> None:
    """M23: what is asked of houses above 27 m, and of stairs in those above 18 m."""
    buildings = site.inputs["building"]
    heights = _heights(site, buildings)
    tall = homes(buildings) & (heights > site.rules.value("T-F6.height"))
    _judge_grounds(site, tall, homes(buildings) & np.isnan(heights))
    _judge_spacing(site, tall, heights)
    _judge_stairs(site, heights)


def _heights(site: Site, buildings: Layer) -> Numbers:
    """Return the height of houses in m, from the storeys where none is recorded; NaN where neither is known."""
    recorded = buildings.number("height")
    return np.where(recorded > 0, recorded, buildings.number("floors") * site.rules.value("T-F6.storey"))


def _judge_grounds(site: Site, tall: Flags, unknown: Flags) -> None:
    """One test for each community: how many high-rises have no rescue ground beside a long side."""
    buildings, communities = site.inputs["building"], site.inputs["community"]
    rows = np.flatnonzero(tall & buildings.drawn)
    grounds = site.inputs[GROUNDS]
    middles, owner = long_sides(buildings.geoms[rows])
    reach = site.rules.value("T-F6.reach")
    one, _ground = grounds.tree.query(middles, predicate="dwithin", distance=reach)
    lacking = np.ones(len(rows), dtype=bool)
    lacking[owner[one]] = False
    count = Counter(str(buildings.communities[row]) for row in rows[lacking])
    doubtful = {str(buildings.communities[row]) for row in np.flatnonzero(unknown)}
    chosen = site.wanted(communities)
    names = [str(communities.uids[row]) for row in chosen]
    measured = np.array([float(count[name]) for name in names])
    is_drawn = site.inputs.exists(GROUNDS)
    doubts = [
        NOT_RECORDED if count[name] and not is_drawn else ("no_storeys" if name in doubtful and not count[name] else "")
        for name in names
    ]
    notes = [GROUNDS if doubt == NOT_RECORDED else "" for doubt in doubts]
    site.judge("T-F6", communities, Tests(chosen, measured, at_least=False, doubts=doubts, notes=notes))


def _judge_spacing(site: Site, tall: Flags, heights: Numbers) -> None:
    """The nearest other house of every high-rise; houses that join are one block, sheds of one storey do not count."""
    buildings = site.inputs["building"]
    rows = site.wanted(buildings, tall & buildings.drawn)
    others = np.flatnonzero(buildings.drawn & ~(buildings.number("floors") <= 1))
    if not len(rows) or not len(others):
        return
    far = site.rules.value("T-F15.both")
    one, found = shapely.STRtree(buildings.geoms[others]).query(
        buildings.geoms[rows], predicate="dwithin", distance=far
    )
    found = others[found]
    metres = shapely.distance(buildings.geoms[rows[one]], buildings.geoms[found])
    keep = metres > _JOINED
    one, found, metres = one[keep], found[keep], metres[keep]
    is_tall = heights[found] > site.rules.value("T-F6.height")
    accuracy = site.rules.accuracy("building", "building")
    for threshold, mask in (("T-F15.both", is_tall), ("T-F15.high", ~is_tall)):
        pick = np.flatnonzero(mask)
        worst = pick[worst_of(one[pick], metres[pick], found[pick])] if len(pick) else pick
        near = np.full(len(rows), np.inf)
        against = np.full(len(rows), -1, dtype=np.intp)
        near[one[worst]], against[one[worst]] = metres[worst], found[worst]
        site.judge(threshold, buildings, Tests(rows, near, others=against, other=buildings, accuracy=accuracy))


def _judge_stairs(site: Site, heights: Numbers) -> None:
    """The stairs that are recorded in houses above 18 m; of unknown height they need review."""
    forms, stairs, buildings = site.inputs["f03_stairwell"], site.inputs["stairwell"], site.inputs["building"]
    rows = newest(forms, site.wanted(forms))
    houses = [_house(forms, stairs, buildings, row) for row in rows.tolist()]
    height = np.array([heights[house] if house >= 0 else np.nan for house in houses], dtype=float)
    asked = ~(height <= site.rules.value("T-F13.height"))
    rows, height = rows[asked], height[asked]
    width = forms.number("flight_width")[rows]
    limit = site.rules.value("T-F13.tall")
    doubts = [
        "no_answer" if np.isnan(w) else ("no_storeys" if np.isnan(h) and w < limit else "")
        for w, h in zip(width, height, strict=True)
    ]
    site.judge("T-F13.tall", forms, Tests(rows, width, doubts=doubts))


def _house(forms: Layer, stairs: Layer, buildings: Layer, row: int) -> int:
    """Return the row of the house that a record of a stairwell belongs to; -1 where it is not known."""
    stair = stairs.find(str(forms.values["subject_uid"][row]))
    return buildings.find(str(stairs.values["building_uid"][stair])) if stair >= 0 else -1
