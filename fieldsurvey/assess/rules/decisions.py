"""What engineers decide: other thresholds, and what becomes of findings. All of it is revisions with history."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from fieldsurvey.assess.rules.ruleset import RuleSet, default_rules, read_rules
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.finding import Finding
from fieldsurvey.model.office import FINDING_DECISION, RULE_CHANGE
from fieldsurvey.model.schema import Table, Value
from fieldsurvey.store import Store


class Choice(StrEnum):
    """What becomes of a finding."""

    ACCEPTED = "accepted"
    OVERRIDDEN = "overridden"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on one finding.

    Attributes:
        choice: What was decided.
        reason: Why; never empty for an overridden or returned one.
        inputs: Hash of what the finding was computed from when it was decided.
    """

    choice: Choice
    reason: str
    inputs: str

    def holds(self, finding: Finding) -> bool:
        """Say whether the finding still rests on the data it was decided on; else it is open again."""
        return self.inputs == finding.inputs


@dataclass(frozen=True, slots=True)
class RuleEdit:
    """One line of the change log of the rule set.

    Attributes:
        rule_id: The threshold.
        at_ms: The author's clock, milliseconds since 1970.
        actor: Name of the person.
        value, enforce: What was set; None: left as it was.
        old_value, old_enforce: What it was.
        note: Why.
    """

    rule_id: str
    at_ms: int
    actor: str
    value: float | None
    enforce: str | None
    old_value: float | None
    old_enforce: str | None
    note: str


# --- the rule set ------------------------------------------------------------------------------------------------


def rules_in_force(store: Store) -> RuleSet:
    """Return the shipped rule set with the changes of this project; a change of an unknown rule is left out."""
    rules = default_rules()
    if RULE_CHANGE.name not in store.tables():
        return rules
    for row in store.select(RULE_CHANGE.name):
        key, value, enforce = str(row["rule_id"]), row["value"], row["enforce"]
        if key in rules.thresholds:
            rules = rules.changed(
                key, float(value) if isinstance(value, int | float) else None, str(enforce or "") or None
            )
    return rules


def change_rule(store: Store, key: str, note: str, value: float | None = None, enforce: str | None = None) -> None:
    """Set a threshold or its weight for this project.

    Raises:
        InputRefused: If there is no such rule, the value makes no sense, or no reason is given.
    """
    if not note.strip():
        raise InputRefused(_("Please give the reason for changing {id}.").format(id=key))
    rules_in_force(store).changed(key, value, enforce)
    changes: dict[str, Value] = {"rule_id": key, "note": note.strip()}
    changes |= {} if value is None else {"value": value}
    changes |= {} if enforce is None else {"enforce": enforce}
    with store.transaction():
        _write(store, RULE_CHANGE, _uid("rule", key), changes)


def take_rules(store: Store, path: Path) -> int:
    """Take the numbers of a rule file into the project; return how many changed.

    Raises:
        InputRefused: If the file is wrong anywhere; nothing is changed then.
    """
    wanted, now = read_rules(path), rules_in_force(store)
    changed = 0
    with store.transaction():
        for key, threshold in wanted.thresholds.items():
            value = threshold.value if threshold.value != now.value(key) else None
            enforce = threshold.enforce if threshold.enforce != now[key].enforce else None
            if value is not None or enforce is not None:
                change_rule(store, key, path.name, value, enforce)
                changed += 1
    return changed


def change_log(store: Store) -> list[RuleEdit]:
    """Return all changes of the rule set, newest first."""
    if RULE_CHANGE.name not in store.tables():
        return []
    found = []
    shipped = default_rules()
    for row in store.select(RULE_CHANGE.name, ["rule_id"]):
        key = str(row["rule_id"])
        was = shipped.thresholds.get(key)
        value, enforce = (was.value, was.enforce) if was else (None, None)
        for entry in store.history(str(row["uid"])):
            new_value, new_enforce = entry.values.get("value"), entry.values.get("enforce")
            number = float(new_value) if isinstance(new_value, int | float) else None
            weight = str(new_enforce) if new_enforce else None
            note = str(entry.values.get("note") or "")
            found.append(RuleEdit(key, entry.at_ms, entry.actor, number, weight, value, enforce, note))
            value, enforce = value if number is None else number, weight or enforce
    return sorted(found, key=lambda edit: edit.at_ms)[::-1]  # of one moment: the later first


# --- findings ----------------------------------------------------------------------------------------------------


def decisions(store: Store) -> Mapping[str, Decision]:
    """Return what was decided, by the key of the finding."""
    if FINDING_DECISION.name not in store.tables():
        return {}
    rows = store.select(FINDING_DECISION.name, ["decision", "reason", "inputs"])
    return {
        str(row["uid"]): Decision(Choice(str(row["decision"])), str(row["reason"] or ""), str(row["inputs"] or ""))
        for row in rows
        if row["decision"] in set(Choice)
    }


def decide(store: Store, finding: Finding, choice: Choice, reason: str = "") -> None:
    """Accept a finding, override it, or send it back to the field. One revision, with history.

    Raises:
        InputRefused: If an override or a return has no reason.
    """
    if choice is not Choice.ACCEPTED and not reason.strip():
        raise InputRefused(_("Please give a reason: others must understand the decision later."))
    values: dict[str, Value] = {
        "community_uid": finding.community or None,
        "rule_id": finding.threshold,
        "subject_uid": finding.subject,
        "decision": str(choice),
        "reason": reason.strip(),
        "inputs": finding.inputs,
    }
    with store.transaction():
        _write(store, FINDING_DECISION, finding.key, values)


def install(store: Store) -> None:
    """Make the tables of decisions in a project that has none."""
    for table in (RULE_CHANGE, FINDING_DECISION):
        if table.name not in store.tables():
            store.add_table(table)


def _write(store: Store, table: Table, uid: str, values: Mapping[str, Value]) -> None:
    install(store)
    now = store.get(uid)
    if now is None:
        store.create_record(table.name, values, uid=uid)
        return
    changes = {name: value for name, value in values.items() if now.values.get(name) != value}
    if changes:
        store.save(uid, changes, now.token)


def _uid(kind: str, key: str) -> str:
    """Return the uid of what is decided about one thing: the same on every computer, so that rivals meet."""
    return hashlib.sha256(f"{kind}|{key}".encode()).hexdigest()[:32]
