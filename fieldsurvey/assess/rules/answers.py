"""F02 to F15: what was answered in the survey forms, against the thresholds of domain page 3.1 to 3.16.

Judged is the newest finished record of each subject. A question that arises
and is not answered needs review; it is never a pass.
"""

import re
from datetime import date

import numpy as np

from fieldsurvey.assess.rules.answer_tests import ANSWER_TESTS, AT_LEAST, AnswerTest
from fieldsurvey.assess.rules.inputs import Indices, Layer
from fieldsurvey.assess.rules.site import Site, Tests

_DWELLING = "住宅"
_COPPER, _ALUMINIUM = ("铜", "Cu", "BV", "copper"), ("铝", "Al", "BLV", "aluminium")
_SECTION = re.compile(r"(\d+(?:\.\d+)?)\s*(?:mm|平方|㎡|m²)")
_UNKNOWN = frozenset({"", "unknown", "unsurveyed", "untested", "nocctv", "not_assessed"})


def check_answers(site: Site, form: str) -> None:
    """Judge the answers of one form."""
    layer = site.inputs[form]
    rows = newest(layer, site.wanted(layer))
    for test in ANSWER_TESTS:
        if test.form == form:
            judge_answers(site, test, layer, rows)


def judge_answers(site: Site, test: AnswerTest, layer: Layer, rows: Indices) -> None:
    """Judge what records answer to one test.

    Args:
        site: What is judged.
        test: The test.
        layer: Table that holds its fields.
        rows: The newest record of each subject.
    """
    asked = np.array([row for row in rows.tolist() if arises(test, layer, row)], dtype=np.intp)
    storeys = np.full(len(asked), np.inf)
    if test.storeys is not None:
        highest = highest_of(site.inputs["building"], test.storeys)
        storeys = np.array([highest.get(str(layer.communities[row]), np.nan) for row in asked.tolist()], dtype=float)
        asked, storeys = asked[~(storeys <= test.storeys)], storeys[~(storeys <= test.storeys)]
    measured = np.array([value_of(test, layer, row) for row in asked.tolist()], dtype=float)
    doubts = [_doubt(value, floors) for value, floors in zip(measured, storeys, strict=True)]
    if test.kind == "copper":  # two readings of GB 55038-2025 7.4.3: between them nothing is certain
        is_between = (measured >= site.rules.value("T-E4.least")) & (measured < site.rules.value("T-E4"))
        doubts = np.where(is_between, "two_readings", doubts).tolist()
    site.judge(test.threshold, layer, Tests(asked, measured, at_least=test.kind in AT_LEAST, doubts=doubts))


def _doubt(value: float, storeys: float) -> str:
    """Return why an answer is open; what is in order is so whether the question arises or not."""
    if np.isnan(value):
        return "no_answer"
    return "no_storeys" if np.isnan(storeys) and value else ""


def highest_of(houses: Layer, enough: float) -> dict[str, float]:
    """Return the storeys of the highest house of each community; NaN where an unknown one may be above enough."""
    found: dict[str, float] = {}
    unknown = set()
    for community, storeys, kind in zip(houses.communities, houses.number("floors"), houses.text("kind"), strict=True):
        if not kind or _DWELLING in kind:
            found[str(community)] = np.fmax(found.get(str(community), -np.inf), storeys)
            if np.isnan(storeys):
                unknown.add(str(community))
    return {uid: np.nan if uid in unknown and most <= enough else float(most) for uid, most in found.items()}


def newest(layer: Layer, rows: Indices) -> Indices:
    """Return the newest finished record of each subject."""
    found: dict[str, int] = {}
    for row in rows.tolist():
        if layer.values["status"][row] != "draft":
            found[str(layer.values["subject_uid"][row] or layer.uids[row])] = row
    return np.array(sorted(found.values()), dtype=np.intp)


def arises(test: AnswerTest, layer: Layer, row: int) -> bool:
    """Say whether the question of a test arises in a record; where that is not known, it does."""
    if not test.control:
        return True
    answer = layer.values[test.control][row]
    if answer is None or answer in _UNKNOWN:
        return True
    return str(answer) in test.wanted if test.wanted else isinstance(answer, int | float) and answer > 0


def value_of(test: AnswerTest, layer: Layer, row: int) -> float:
    """Return what is compared with the threshold; NaN where the answer is missing."""
    answers = [layer.values[name][row] for name in test.fields]
    if test.kind == "codes":
        known = [str(answer).split() for answer in answers if answer is not None and str(answer) not in _UNKNOWN]
        bad = sum(code in test.codes for codes in known for code in codes)
        return float(bad) if bad or len(known) == len(answers) else np.nan
    if test.kind == "copper":
        return _copper(str(answers[0] or ""))
    if test.kind in {"age", "days"}:
        return _since(test.kind, answers[0], str(layer.values["survey_date"][row] or ""))
    numbers = [float(answer) if isinstance(answer, int | float) else np.nan for answer in answers]
    if test.kind == "share":
        return 100 * numbers[0] / numbers[1] if numbers[1] > 0 else np.nan
    return numbers[0]


def _copper(words: str) -> float:
    """Return the cross-section in mm² of a cable described in words: 0 for aluminium, NaN where it is not told."""
    size = _SECTION.search(words)
    if any(mark in words for mark in _ALUMINIUM):
        return 0.0
    return float(size.group(1)) if size and any(mark in words for mark in _COPPER) else np.nan


def _since(kind: str, answer: object, day: str) -> float:
    """Return years from a year, or days from a date, to the day of survey."""
    try:
        surveyed = date.fromisoformat(day[:10])
        if kind == "days":
            return float((surveyed - date.fromisoformat(str(answer)[:10])).days)
    except ValueError:
        return np.nan
    return float(surveyed.year - answer) if isinstance(answer, int | float) else np.nan
