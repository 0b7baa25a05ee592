"""R16 and R17: what the office's own tables say against each other."""

from collections import defaultdict
from datetime import date

import numpy as np

from fieldsurvey.assess.rules.hydrants import homes
from fieldsurvey.assess.rules.inputs import Layer, Numbers
from fieldsurvey.assess.rules.ratios import latest
from fieldsurvey.assess.rules.site import Site, Tests

UNDERGROUND, SURFACE = frozenset({"B01", "B03", "B05", "B07", "B09"}), frozenset({"B08", "I02"})


def check_order(site: Site) -> None:
    """R16: in one community, works below the ground end before roads and greening begin.

    Measured are the days by which they overlap. Source: the city's rule
    先地下后地上 (domain page 2.5).
    """
    communities, items = site.inputs["community"], site.inputs["f23_plan_item"]
    rows = site.wanted(communities)
    days, doubts, tested = [], [], []
    works = _works(items)
    for n, row in enumerate(rows.tolist()):
        below, above = works.get(str(communities.uids[row]), ([], []))
        if not below or not above:
            continue
        ends, starts = [end for _start, end in below], [start for start, _end in above]
        known_ends, known_starts = [d for d in ends if d], [d for d in starts if d]
        overlap = float((max(known_ends) - min(known_starts)).days) if known_ends and known_starts else np.nan
        lacking = len(known_ends) < len(ends) or len(known_starts) < len(starts)
        tested.append(n)
        days.append(np.fmax(overlap, 0.0) if known_ends and known_starts else np.nan)
        doubts.append("no_dates" if lacking and not overlap > 0 else "")
    tests = Tests(rows[tested], np.array(days, dtype=float), at_least=False, doubts=doubts)
    site.judge("R16.order", communities, tests)


def _works(
    items: Layer,
) -> dict[str, tuple[list[tuple[date | None, date | None]], list[tuple[date | None, date | None]]]]:
    """Return the planned start and end of underground and of surface works, by community."""
    found: dict[str, tuple[list[tuple[date | None, date | None]], list[tuple[date | None, date | None]]]] = defaultdict(
        lambda: ([], [])
    )
    codes, starts, ends = (items.text(column) for column in ("item_code", "start_plan", "finish_plan"))
    for n, code in enumerate(codes):
        dates = (_date(starts[n]), _date(ends[n]))
        if code in UNDERGROUND:
            found[str(items.communities[n])][0].append(dates)
        elif code in SURFACE:
            found[str(items.communities[n])][1].append(dates)
    return found


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def check_totals(site: Site) -> None:
    """R17: buildings, households and area agree between ledger, map, f01, f02 and f03.

    A form that is filled in for a part of its subjects only says nothing
    about the whole and is left out.
    """
    communities = site.inputs["community"]
    rows = site.wanted(communities)
    drawn, lived_in = _drawn(site, communities)
    f01, f02, f03 = (site.inputs[name] for name in ("f01_community", "f02_building", "f03_stairwell"))
    nothing = np.full(len(communities), np.nan)
    records, whole02 = _per_subject(f02, communities, drawn)
    stairs, _none = _per_subject(site.inputs["stairwell"], communities, nothing, "uid")
    _records, whole03 = _per_subject(f03, communities, stairs)
    compared = {
        "R17.buildings": {
            "ledger": communities.number("building_count"), "map": drawn,
            "f01": latest(f01, "building_count", communities, nothing), "f02": np.where(whole02, records, np.nan),
        },
        "R17.households": {
            "ledger": communities.number("household_count"), "map": lived_in,
            "f01": latest(f01, "household_count", communities, nothing),
            "f02": _sums(f02, "households", communities, whole02),
            "f03": _sums(f03, "households", communities, whole03),
        },
        "R17.area": {
            "ledger": communities.number("gfa"), "f01": latest(f01, "gfa_res", communities, nothing),
            "f02": _sums(f02, "gfa", communities, whole02),
        },
    }  # fmt: skip
    for threshold, sources in compared.items():
        _compare(site, communities, rows, threshold, {name: values[rows] for name, values in sources.items()})


def _compare(site: Site, communities: Layer, rows: np.ndarray, threshold: str, sources: dict[str, Numbers]) -> None:
    table = np.stack(list(sources.values()))
    known = ~np.isnan(table)
    most = np.where(known, table, -np.inf).max(axis=0)
    least = np.where(known, table, np.inf).min(axis=0)
    gap = np.where(known.sum(axis=0) >= 2, most - least, np.nan)
    if site.rules[threshold].unit == "%":
        gap = 100 * gap / np.where(most > 0, most, np.nan)
    notes = [
        " · ".join(f"{name} {table[k, n]:.10g}" for k, name in enumerate(sources) if known[k, n])
        for n in range(len(rows))
    ]
    doubts = ["no_record" if np.isnan(value) else "" for value in gap]
    site.judge(threshold, communities, Tests(rows, gap, at_least=False, doubts=doubts, notes=notes))


def _drawn(site: Site, communities: Layer) -> tuple[Numbers, Numbers]:
    """Return residential buildings and their households by community, as drawn; NaN where a number is missing."""
    buildings = site.inputs["building"]
    count, people = np.zeros(len(communities)), np.zeros(len(communities))
    numbers = buildings.number("household_count")
    for row in np.flatnonzero(homes(buildings)).tolist():
        place = communities.find(str(buildings.communities[row]))
        if place >= 0:
            count[place] += 1
            people[place] += numbers[row]
    return np.where(count > 0, count, np.nan), np.where(count > 0, people, np.nan)


def _per_subject(
    forms: Layer, communities: Layer, needed: Numbers, column: str = "subject_uid"
) -> tuple[Numbers, np.ndarray]:
    """Return how many subjects have a record in each community, and whether those are all that are needed."""
    seen: dict[int, set[str]] = defaultdict(set)
    subjects = forms.uids if column == "uid" else forms.values[column]
    for row in range(len(forms)):
        seen[communities.find(str(forms.communities[row]))].add(str(subjects[row]))
    count = np.array([float(len(seen[n])) for n in range(len(communities))])
    return np.where(count > 0, count, np.nan), (count > 0) & (count >= np.nan_to_num(needed, nan=np.inf))


def _sums(forms: Layer, column: str, communities: Layer, whole: np.ndarray) -> Numbers:
    last: dict[tuple[int, str], float] = {}
    for row, value in enumerate(forms.number(column)):
        last[communities.find(str(forms.communities[row])), str(forms.values["subject_uid"][row])] = value
    total = np.zeros(len(communities))
    for (place, _subject), value in last.items():
        if place >= 0:
            total[place] += value
    return np.where(whole, total, np.nan)
