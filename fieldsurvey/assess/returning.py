"""Sending a finding back to the field: the decision, and the form record that says it returned to its surveyor."""

from dataclasses import dataclass

from fieldsurvey.assess.review.people import denial
from fieldsurvey.assess.review.remarks import Pin
from fieldsurvey.assess.review.steps import take
from fieldsurvey.assess.rules.catalogue import BY_ID
from fieldsurvey.assess.rules.decisions import Choice, decide
from fieldsurvey.i18n import _
from fieldsurvey.model.finding import Finding
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.review import Step, state_of
from fieldsurvey.model.role import Person
from fieldsurvey.model.schema import TableKind
from fieldsurvey.store import Store


@dataclass(frozen=True, slots=True)
class SentBack:
    """What came of sending a finding back.

    Attributes:
        record: The form record that returned with it; empty: none.
        why_not: Why none did, in one sentence; empty where one did.
    """

    record: str = ""
    why_not: str = ""


def send_back(store: Store, person: Person, finding: Finding, reason: str) -> SentBack:
    """Send a finding back, and the form record with it. One durable step.

    Where there is no such record, where it is not submitted, or where the
    person may not, the decision alone stands and the list of what came back
    does not name it; that is said.

    Args:
        store: The project.
        person: Who decides.
        finding: The finding.
        reason: What should be looked at; the remark that the surveyor reads.

    Raises:
        InputRefused: If no reason is given.
    """
    with store.transaction():
        decide(store, finding, Choice.RETURNED, reason)
        record = record_of(store, finding)
        row = store.get(record) if record else None
        if row is None:
            return SentBack(why_not=_("No form record belongs to this finding: only the finding is sent back."))
        area = scope_of(str(row.values.get("community_uid") or ""))
        why_not = denial(store, person, state_of(row.values["status"]), Step.RETURN, area=area, reason=reason)
        if why_not:
            only = _("Only the finding is sent back, its form record stays where it is.")
            return SentBack(why_not=f"{why_not} {only}")
        take(store, person, record, Step.RETURN, remarks=[Pin(reason.strip(), place=finding.place or None)])
    return SentBack(record)


def record_of(store: Store, finding: Finding) -> str:
    """Return the form record in which the field corrects a finding: of the feature itself, else of its community."""
    tables = store.tables()
    if finding.table in tables and tables[finding.table].kind is TableKind.FORM:
        return finding.subject
    form = BY_ID[finding.rule].form if finding.rule in BY_ID else ""
    if form not in tables or not finding.community:
        return ""
    rows = store.select(form, ["subject_uid", "community_uid"], where={"community_uid": finding.community})
    own = [row for row in rows if row["subject_uid"] == finding.subject]
    whole = [row for row in rows if row["subject_uid"] == finding.community]
    return str((own or whole)[-1]["uid"]) if own or whole else ""
