"""M24 and M25: power by the size of the dwellings (T-E1), head at the main by storeys (T-W10)."""

from collections import defaultdict

import numpy as np

from fieldsurvey.assess.rules.answers import highest_of, newest
from fieldsurvey.assess.rules.inputs import Numbers
from fieldsurvey.assess.rules.ratios import capacity_of, latest
from fieldsurvey.assess.rules.ruleset import RuleSet
from fieldsurvey.assess.rules.site import Site, Tests
from fieldsurvey.model.finding import NOT_RECORDED

_METRES = 101.97  # m of water for 1 MPa, at 1 000 kg/m³ and standard gravity


def check_load(site: Site) -> None:
    """M24: transformer capacity against the load of the dwellings whose floor area residents gave.

    Required is the mean load by class × demand factor ÷ power factor. Only the
    mean of a community is kept: no area of a dwelling leaves the record.
    """
    communities, forms = site.inputs["community"], site.inputs["f18_willingness"]
    rows = site.wanted(communities)
    homes = communities.number("household_count")[rows]
    each = capacity_of(site)[rows] / np.where(homes > 0, homes, np.nan)
    loads: dict[str, list[float]] = defaultdict(list)
    for row in newest(forms, np.arange(len(forms))).tolist():
        area = forms.values["area"][row]
        if isinstance(area, int | float) and area > 0:
            loads[str(forms.communities[row])].append(load_of(float(area), site.rules))
    known = [loads.get(str(communities.uids[row]), []) for row in rows]
    factor = site.rules.value("T-E1.demand") / site.rules.value("T-E1.cos")
    required = np.array([factor * float(np.mean(one)) if one else np.nan for one in known])
    asked = 100 * np.array([len(one) for one in known]) / np.where(homes > 0, homes, np.nan)
    few = ~(asked >= site.rules.value("T-E1.asked"))
    doubts = [
        "few_areas" if lacking else ("no_count" if np.isnan(value) else "")
        for lacking, value in zip(few, each, strict=True)
    ]
    site.judge("T-E1", communities, Tests(rows, each, required, doubts=doubts))


def load_of(area: float, rules: RuleSet) -> float:
    """Return the load of a dwelling by its floor area in m², kW. Source: GB/T 36040-2018 section 6."""
    for most in (60, 90, 140):
        if area <= most:
            return rules.value(f"T-E1.{most}")
    return rules.value("T-E1.140") + (area - 140) * rules.value("T-E1.more") / 1000


def check_head(site: Site) -> None:
    """M25: the head at the main against what the highest house needs; boosted supply is not asked.

    Recorded is the pressure at the worst outlet. At the main it is at least
    that and the height between them: enough there is enough. Below it nothing
    is certain, unless the project records the pressure at the main itself
    (`f04_water.pressure_main`).
    """
    communities, forms = site.inputs["community"], site.inputs["f04_water"]
    boosted = {str(c) for c, said in zip(forms.communities, forms.values["secondary"], strict=True) if said == "yes"}
    rows = site.wanted(communities, np.array([str(uid) not in boosted for uid in communities.uids], dtype=bool))
    highest = highest_of(site.inputs["building"], np.inf)
    storeys = np.array([highest.get(str(communities.uids[row]), np.nan) for row in rows], dtype=float)
    nothing = np.full(len(communities), np.nan)
    lifted = np.maximum(storeys - 1, 0) * site.rules.value("T-W10.storey")
    at_least = latest(forms, "pressure_top", communities, nothing)[rows] * _METRES + lifted
    at_main = latest(forms, "pressure_main", communities, nothing)[rows] * _METRES
    required = head_for(storeys, site.rules)
    head = np.where(np.isnan(at_main), at_least, at_main)
    unknown = "no_main_pressure" if site.inputs.has("f04_water", "pressure_main") else NOT_RECORDED
    open_ones = np.isnan(at_main) & ~(at_least >= required)
    doubts = [
        "no_storeys" if np.isnan(need) else (unknown if doubt else "")
        for need, doubt in zip(required, open_ones, strict=True)
    ]
    notes = ["f04_water.pressure_main" if doubt == NOT_RECORDED else "" for doubt in doubts]
    site.judge("T-W10", communities, Tests(rows, head, required, doubts=doubts, notes=notes))


def head_for(storeys: Numbers, rules: RuleSet) -> Numbers:
    """Return the head at the main for houses of so many storeys, m; NaN for an unknown number."""
    more = rules.value("T-W10.second") + (storeys - 2) * rules.value("T-W10.more")
    found: Numbers = np.where(storeys <= 1, rules.value("T-W10.first"), more)
    found[np.isnan(storeys)] = np.nan
    return found
