"""One run of the rules from the command line: findings brought up to date, and told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldsurvey.assess.rules import decisions, engine, telling
from fieldsurvey.assess.rules.catalogue import BY_ID
from fieldsurvey.assess.rules.decisions import Decision
from fieldsurvey.assess.rules.ruleset import RuleSet
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _, labelled
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.finding import Finding, Result
from fieldsurvey.store import Store


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of a project or of one community.

    Attributes:
        rules: The rule set in force.
        findings: By rule, worst first.
        sums: Counts of every rule.
        codes: uid -> code of each community.
        decided: Decisions by key of the finding.
        crs: Reference system of the places.
    """

    rules: RuleSet
    findings: Sequence[Finding]
    sums: Sequence[telling.Sum]
    codes: Mapping[str, str]
    decided: Mapping[str, Decision]
    crs: str

    def as_json(self) -> dict[str, Any]:
        """Return all of it as data."""
        return {
            "rule_set": self.rules.version,
            "crs": self.crs,
            "rules": telling.sums_as_json(self.sums),
            "findings": [telling.as_json(one, self.rules, self.codes, self.decided) for one in self.findings],
        }

    def as_text(self) -> str:
        """Return one line for each rule, and one for each finding that does not comply."""
        lines = [_("Rule set {version}").format(version=self.rules.version)]
        for one in self.sums:
            counts = _(", ").join(f"{_(telling.RESULTS[r])} {n}" for r, n in one.counts.items() if n)
            lines.append(labelled(f"{one.rule} {BY_ID[one.rule].label}", counts or _("nothing to test: needs review")))
        if silent := telling.unrecorded(self.findings):
            text = _("{n} thresholds cannot be tested, their input is not recorded in this project: {ids}")
            lines.append(text.format(n=len(silent), ids=_(", ").join(silent)))
        for found in self.findings:
            if found.result is Result.FAIL:
                cited = self.rules[found.threshold].citation
                code = self.codes.get(found.community, "—")
                lines.append(
                    f"{code} {found.rule} {telling.sentence(found, self.rules)}{f' ({cited})' if cited else ''}"
                )
        return "\n".join(lines)


def run(store: Store, code: str | None, rule_set: Path | None, control: JobControl) -> Report:
    """Take a rule file if one is given, bring the findings up to date, and return them.

    Raises:
        InputRefused: If the rule file is wrong, or no community has the code; nothing is changed then.
        JobCancelled: If the user stopped it.
    """
    codes = {str(row["uid"]): str(row["code"] or "") for row in store.select("community", ["code"])}
    chosen = next((uid for uid, own in codes.items() if own == code), None)
    if code is not None and chosen is None:
        raise InputRefused(_("There is no community with the code {code} in this project.").format(code=code))
    if rule_set is not None:
        decisions.take_rules(store, rule_set)
    engine.update(store, control)
    return Report(
        decisions.rules_in_force(store),
        store.findings(chosen),
        telling.sums(store.tallies(chosen)),
        codes,
        decisions.decisions(store),
        store.crs,
    )
