"""R13 and R15: shares of a community: green, parking, power."""

import numpy as np
import shapely

from fieldsurvey.assess.rules.inputs import Layer, Numbers
from fieldsurvey.assess.rules.site import Site, Tests

_CENTRAL = ("中心", "集中", "central")


def check_green_and_parking(site: Site) -> None:
    """R13: green over site area, central green per resident, bays per household."""
    communities, greens = site.inputs["community"], site.inputs["green"]
    rows = site.wanted(communities)
    no_greens = not site.inputs.exists("green")
    areas = shapely.area(communities.geoms[rows])
    everything = np.ones(len(greens), dtype=bool)
    share = 100 * green_within(communities, rows, greens, everything) / np.where(areas > 0, areas, np.nan)
    doubts = ["no_layer" if no_greens else ("no_geometry" if np.isnan(value) else "") for value in share]
    site.judge("T-R5", communities, Tests(rows, share, doubts=doubts))
    central = np.array([any(word in kind for word in _CENTRAL) for kind in greens.text("kind")], dtype=bool)
    people = communities.number("resident_count")[rows]
    each = green_within(communities, rows, greens, central) / np.where(people > 0, people, np.nan)
    doubts = ["no_layer" if no_greens else ("no_count" if np.isnan(value) else "") for value in each]
    site.judge("T-R4", communities, Tests(rows, each, doubts=doubts))
    bays = latest(site.inputs["f12_parking"], "bays_total", communities, communities.number("parking_count"))[rows]
    homes = communities.number("household_count")[rows]
    ratio = bays / np.where(homes > 0, homes, np.nan)
    doubts = ["no_count" if np.isnan(value) else "" for value in ratio]
    site.judge("T-P2", communities, Tests(rows, ratio, doubts=doubts))


def green_within(communities: Layer, rows: np.ndarray, greens: Layer, chosen: np.ndarray) -> Numbers:
    """Return the area of the chosen greens inside each community, m²; greens that overlap count once."""
    found = np.zeros(len(rows))
    usable = np.flatnonzero(chosen & greens.drawn)
    if not len(usable) or not len(rows):
        return found
    one, green = shapely.STRtree(greens.geoms[usable]).query(communities.geoms[rows], predicate="intersects")
    pieces = shapely.intersection(communities.geoms[rows[one]], greens.geoms[usable[green]])
    for n in np.unique(one).tolist():
        found[n] = shapely.area(shapely.union_all(pieces[one == n]))
    return found


def latest(forms: Layer, column: str, communities: Layer, otherwise: Numbers) -> Numbers:
    """Return for each community what the last record of a form says, else another number."""
    found = otherwise.copy()
    for row, value in enumerate(forms.number(column)):
        place = communities.find(str(forms.communities[row]))
        if place >= 0 and not np.isnan(value):
            found[place] = value
    return found


def check_power(site: Site) -> None:
    """R15: transformer capacity over households, from the form f06, else from the transformers drawn."""
    communities = site.inputs["community"]
    rows = site.wanted(communities)
    capacity = capacity_of(site)[rows]
    homes = communities.number("household_count")[rows]
    each = capacity / np.where(homes > 0, homes, np.nan)
    doubts = ["no_count" if np.isnan(value) else "" for value in each]
    site.judge("T-E2.red", communities, Tests(rows, each, doubts=doubts))
    above = np.flatnonzero(each >= site.rules.value("T-E2.red"))
    site.judge("T-E2.amber", communities, Tests(rows[above], each[above]))


def capacity_of(site: Site) -> Numbers:
    """Return the transformer capacity of each community, kVA: as the form f06 says, else of those drawn; NaN: none."""
    communities, transformers = site.inputs["community"], site.inputs["transformer"]
    drawn = np.full(len(communities), np.nan)
    for row, value in enumerate(transformers.number("capacity_kva")):
        place = communities.find(str(transformers.communities[row]))
        if place >= 0:
            drawn[place] = value if np.isnan(drawn[place]) else drawn[place] + value
    return latest(site.inputs["f06_power"], "transformer_kva", communities, drawn)
