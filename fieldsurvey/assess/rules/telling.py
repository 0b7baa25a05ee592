"""Findings in words and as data: for the command line, the review list and reports."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import shapely

from fieldsurvey.assess.rules.catalogue import BY_ID, RULES
from fieldsurvey.assess.rules.decisions import Decision
from fieldsurvey.assess.rules.ruleset import RuleSet
from fieldsurvey.assess.rules.services import KINDS
from fieldsurvey.i18n import N_, _
from fieldsurvey.model.finding import NOT_RECORDED, REASONS, Finding, Result, Tally

RESULTS: Mapping[Result, str] = {
    Result.PASS: N_("complies"),
    Result.FAIL: N_("does not comply"),
    Result.UNCERTAIN: N_("uncertain"),
    Result.REVIEW: N_("needs review"),
}
_SOURCES: Mapping[str, str] = {
    "ledger": N_("ledger"),
    "map": N_("map"),
}


@dataclass(frozen=True, slots=True)
class Sum:
    """All tests of one rule.

    Attributes:
        rule: Id of the rule.
        tested: How many tests were made.
        counts: Result -> how many.
        share: Part of the households that is covered, 0 … 1 (R1 only).
        unrecorded: Tests whose input nobody asks for in this project; not among those that were made.
    """

    rule: str
    tested: int
    counts: Mapping[Result, int]
    share: float | None
    unrecorded: int = 0

    @property
    def result(self) -> Result:
        """The worst result; a rule that nothing was tested by needs review."""
        order = (Result.FAIL, Result.REVIEW, Result.UNCERTAIN, Result.PASS)
        return next((result for result in order if self.counts.get(result)), Result.REVIEW)


def sums(tallies: Mapping[tuple[str, str], Tally]) -> list[Sum]:
    """Return the sum of the tests of every rule, in the order of the rules."""
    found = []
    for rule in RULES:
        mine = [tally for (name, _part), tally in tallies.items() if name == rule.id]
        counts = {result: sum(tally.counts.get(result, 0) for tally in mine) for result in Result}
        homes, covered = (sum(tally.households[k] for tally in mine) for k in (0, 1))
        silent = sum(tally.counts.get(NOT_RECORDED, 0) for tally in mine)
        found.append(Sum(rule.id, sum(counts.values()), counts, covered / homes if homes else None, silent))
    return found


def measured_words(finding: Finding, rules: RuleSet) -> str:
    """Return what was measured, with its unit; a dash where nothing could be."""
    if finding.measured is None:
        return "—"
    return f"{finding.measured:.10g} {rules[finding.threshold].unit}".strip()


def required_words(finding: Finding, rules: RuleSet) -> str:
    """Return what is required, with its unit."""
    return f"{'≥' if finding.at_least else '≤'} {finding.required:.10g} {rules[finding.threshold].unit}".strip()


def sentence(finding: Finding, rules: RuleSet) -> str:
    """Return what is wrong in one sentence: what, measured, required, why open."""
    parts = [rules[finding.threshold].label]
    if finding.measured is not None:
        parts.append(_("measured {measured}").format(measured=measured_words(finding, rules)))
    parts.append(_("required {required}").format(required=required_words(finding, rules)))
    if finding.reason:
        parts.append(_(REASONS[finding.reason]))
    if note := note_words(finding):
        parts.append(note)
    return _(", ").join(parts)


def unrecorded(findings: Iterable[Finding]) -> list[str]:
    """Return the thresholds whose input is not recorded, each once, in the order of their ids."""
    return sorted({finding.threshold for finding in findings if not finding.is_recorded})


def note_words(finding: Finding) -> str:
    """Return the words of the case: how many crossings, which services, which numbers, which inputs are lacking."""
    if finding.reason == "crossing":
        return _("{n} places").format(n=finding.note)
    if finding.rule == "R14":
        return _(", ").join(_(KINDS[kind]) for kind in finding.note.split() if kind in KINDS)
    if finding.rule == "R17":
        return " ".join(_(_SOURCES[word]) if word in _SOURCES else word for word in finding.note.split())
    return finding.note


def as_json(
    finding: Finding, rules: RuleSet, codes: Mapping[str, str], decided: Mapping[str, Decision]
) -> dict[str, object]:
    """Return a finding as data for outside programs.

    Args:
        finding: The finding.
        rules: The rule set it was made with.
        codes: uid -> code of each community.
        decided: Decisions by key of the finding.
    """
    limit, choice = rules[finding.threshold], decided.get(finding.key)
    place = shapely.from_wkb(finding.place) if finding.place else None
    return {
        "key": finding.key,
        "rule": finding.rule,
        "threshold": finding.threshold,
        "community": codes.get(finding.community, ""),
        "subject": {"table": finding.table, "uid": finding.subject},
        "against": finding.other,
        "result": str(finding.result),
        "reason": finding.reason,
        "enforce": limit.enforce,
        "applies_to": limit.applies_to,
        "measured": finding.measured,
        "required": finding.required,
        "comparison": ">=" if finding.at_least else "<=",
        "unit": limit.unit,
        "citation": limit.citation,
        "mark": limit.mark,
        "text": sentence(finding, rules),
        "place": None if place is None else shapely.geometry.mapping(place),
        "inputs": finding.inputs,
        "decision": None
        if choice is None
        else {"choice": str(choice.choice), "reason": choice.reason, "holds": choice.holds(finding)},
    }


def sums_as_json(found: Sequence[Sum]) -> list[dict[str, object]]:
    """Return the sums as data for outside programs."""
    return [
        {
            "rule": one.rule,
            "name": BY_ID[one.rule].label,
            "result": str(one.result),
            "tested": one.tested,
            **{str(result): one.counts.get(result, 0) for result in Result},
            NOT_RECORDED: one.unrecorded,
            "households_covered": None if one.share is None else round(one.share, 4),
        }
        for one in found
    ]
