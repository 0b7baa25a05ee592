"""What the review workspace reads and writes of a project. Everything here runs in the store thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely

from fieldsurvey.assess.rules import RuleSet, engine, telling
from fieldsurvey.assess.rules.catalogue import BY_ID
from fieldsurvey.assess.rules.decisions import Choice, Decision, RuleEdit, change_log, decisions, rules_in_force
from fieldsurvey.i18n import N_, _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.finding import Finding
from fieldsurvey.store import Store
from ui import shown

CHOICES: Mapping[Choice, str] = {
    Choice.ACCEPTED: N_("accepted"),
    Choice.OVERRIDDEN: N_("overridden"),
    Choice.RETURNED: N_("sent back"),
}
OPEN = "open"
UNRECORDED = "unrecorded"  # the group of tests whose input this project does not record: counted apart
_NAMES = ("name", "unit", "source_id", "code", "kind", "pipe_class", "road_class", "diameter_mm", "material")


@dataclass(frozen=True, slots=True)
class Desk:
    """All findings of a project, ready to be shown.

    Attributes:
        rules: The rule set in force.
        findings: By rule, worst first.
        spots: A point of each in m, NaN without a place, shape (n, 2).
        columns: What the list is filtered by, as text, shape (n,): rule (UNRECORDED: its input is not recorded),
            community, result, decision.
        decided: Decisions by key.
        sums: Counts of every rule.
        log: Changes of the rule set, newest first.
        was_run: Whether the rules were ever run.
    """

    rules: RuleSet
    findings: Sequence[Finding]
    spots: npt.NDArray[np.float64]
    columns: Mapping[str, npt.NDArray[np.str_]]
    decided: Mapping[str, Decision]
    sums: Sequence[telling.Sum]
    log: Sequence[RuleEdit]
    was_run: bool

    @property
    def recorded(self) -> int:
        """How many findings rest on something that the project records."""
        return int((self.columns["rule"] != UNRECORDED).sum())


def load(store: Store) -> Desk:
    """Read the findings of the last run."""
    findings = store.findings()
    places = np.array([finding.place or None for finding in findings] or [None], dtype=object)[: len(findings)]
    centres = shapely.centroid(shapely.from_wkb(places))
    spots = np.column_stack([shapely.get_x(centres), shapely.get_y(centres)]) if len(findings) else np.zeros((0, 2))
    decided = decisions(store)
    columns = {
        "rule": np.array([one.rule if one.is_recorded else UNRECORDED for one in findings], dtype=str),
        "community": np.array([finding.community for finding in findings], dtype=str),
        "result": np.array([str(finding.result) for finding in findings], dtype=str),
        "decision": _states(decided, findings),
    }
    was_run = store.rule_state("signature") is not None
    sums = telling.sums(store.tallies())
    return Desk(rules_in_force(store), findings, spots, columns, decided, sums, change_log(store), was_run)


def redecided(store: Store, desk: Desk) -> Desk:
    """Return the same findings with the decisions as they are now."""
    decided = decisions(store)
    return replace(desk, decided=decided, columns={**desk.columns, "decision": _states(decided, desk.findings)})


def _states(decided: Mapping[str, Decision], findings: Sequence[Finding]) -> npt.NDArray[np.str_]:
    return np.array([_state(decided, finding) for finding in findings], dtype=str)


def _state(decided: Mapping[str, Decision], finding: Finding) -> str:
    """Return the decision on a finding that holds for the data as they are now; OPEN without one."""
    made = decided.get(finding.key) if decided else None
    return str(made.choice) if made is not None and made.holds(finding) else OPEN


def check(store: Store, control: JobControl) -> Desk:
    """Bring the findings up to date and read them."""
    engine.update(store, control)
    return load(store)


def follow(store: Store, control: JobControl) -> Desk | None:
    """Bring the findings up to date if the rules were run before; None if they were not, or nothing changed."""
    if store.rule_state("signature") is None or not engine.update(store, control).judged:
        return None
    return load(store)


def story(store: Store, finding: Finding) -> list[str]:
    """Return what an engineer wants to know besides the numbers: the feature, its counterpart, earlier decisions."""
    lines = [_("Feature: {name}").format(name=row)] if (row := _named(store, finding.subject)) else []
    if finding.other and (row := _named(store, finding.other)):
        lines.append(_("Measured against: {name}").format(name=row))
    lines.append(_("To be corrected in: {form}").format(form=store.tables()[BY_ID[finding.rule].form].label))
    for entry in store.history(finding.key):
        if "decision" in entry.values or "reason" in entry.values:
            choice = entry.values.get("decision") or entry.old.get("decision")
            word = _(CHOICES[Choice(str(choice))]) if choice in set(Choice) else ""
            at = shown.moment(entry.at_ms)
            lines.append(f"{at} {entry.actor} {word} {entry.values.get('reason') or ''!s}".rstrip())
    return lines


def _named(store: Store, uid: str) -> str:
    row = store.get(uid)
    if row is None:
        return ""
    words = [str(row.values[name]) for name in _NAMES if row.values.get(name) not in {None, ""}]
    return " ".join([store.tables()[row.table].label, *words[:4]])
