"""Thresholds that no agreed form answers: taken from what a project brings itself, else told as not recorded.

brought.csv names the question. It is looked for in the form of its room, then
in every other table of the project that has a column of that name and says
which community a row belongs to. Without it, the threshold needs review in
every community: one finding each, counted apart from what was tested.
"""

from collections.abc import Mapping
from functools import cache

import numpy as np

from fieldsurvey.assess.rules.answer_tests import BROUGHT_TESTS, AnswerTest
from fieldsurvey.assess.rules.answers import judge_answers, newest
from fieldsurvey.assess.rules.inputs import Indices
from fieldsurvey.assess.rules.ruleset import default_rules
from fieldsurvey.assess.rules.site import Site, Tests
from fieldsurvey.model.finding import NOT_RECORDED


@cache
def tests_by_rule() -> Mapping[str, tuple[AnswerTest, ...]]:
    """Return the tests of brought.csv by the rule that their threshold belongs to."""
    found: dict[str, list[AnswerTest]] = {}
    for test in BROUGHT_TESTS:
        found.setdefault(default_rules()[test.threshold].rule, []).append(test)
    return {rule: tuple(tests) for rule, tests in found.items()}


def check_brought(site: Site, rule: str) -> None:
    """Judge the thresholds of a rule whose inputs are in no agreed form."""
    for test in tests_by_rule().get(rule, ()):
        table = site.inputs.source(test)
        if table:
            _judge(site, test, table)
        else:
            tell_not_recorded(site, test.threshold)


def _judge(site: Site, test: AnswerTest, table: str) -> None:
    """Judge the records of a table, and tell the communities that have none."""
    layer = site.inputs[table]
    judge_answers(site, test, layer, newest(layer, site.wanted(layer)))
    communities, said = site.inputs["community"], set(layer.communities)
    rows = site.wanted(communities, np.array([uid not in said for uid in communities.uids], dtype=bool))
    site.judge(test.threshold, communities, _open(rows, "no_record"))


def tell_not_recorded(site: Site, threshold: str, rows: Indices | None = None) -> None:
    """Tell for each wanted community (or those of some rows) that the input of a threshold is not recorded."""
    communities = site.inputs["community"]
    rows = site.wanted(communities) if rows is None else rows
    inputs = site.rules[threshold].inputs
    site.judge(threshold, communities, _open(rows, NOT_RECORDED, " ".join(site.inputs.lacking(inputs) or inputs)))


def _open(rows: Indices, reason: str, note: str = "") -> Tests:
    """Return tests without an answer; they stand nowhere on the map."""
    n = len(rows)
    return Tests(rows, np.full(n, np.nan), doubts=[reason] * n, notes=[note] * n, place=lambda _n: None)
