"""The review of the sample project: records in every state, remarks with what came back, and who surveys where.

Only communities whose survey has begun are touched: those that are surveyed
wait for the review as a whole, and no number of the plan rests on the others.
Days are fixed, people are invented.
"""

from collections.abc import Iterator
from itertools import islice

from fieldsurvey.assess.assignments import assign
from fieldsurvey.assess.review import steps
from fieldsurvey.assess.review.remarks import Pin
from fieldsurvey.i18n import N_, _
from fieldsurvey.model.review import Step
from fieldsurvey.model.role import Person, Role
from fieldsurvey.store import Store
from survey_forms import sample

KEPT, RETURNED, REVIEWED, APPROVED = 6, 5, 8, 4  # records put back to draft, returned, reviewed, approved
ASSIGNED_UNTIL = "2026-12-31"
_EACH = 5  # communities assigned to each surveyor
_SURVEYORS = (("liu", N_("Surveyor Liu")), ("zhou", N_("Surveyor Zhou")))
_REMARKS = {
    "f01_community": ("household_count", N_("Households differ from the ledger. Please count again on site.")),
    "f04_water": ("main_material", N_("The photo shows ductile iron, not what is recorded. Please look again.")),
}
_ELSE = ("", N_("The photos do not show what is recorded. Please look again."))


def fill_review(store: Store) -> None:
    """Take steps of the review with records of begun communities, and assign communities; one durable step."""
    reviewer, approver = Person(_("Reviewer Li"), Role.REVIEWER), Person(_("Approver Chen"), Role.APPROVER)
    records = _records(store)
    with store.transaction():
        for uid, _form in islice(records, KEPT):
            steps.take(store, reviewer, uid, Step.KEEP)
        for uid, form in islice(records, RETURNED):
            field, text = _REMARKS.get(form, _ELSE)
            steps.take(store, reviewer, uid, Step.RETURN, remarks=[Pin(text=_(text), field=field)])
        for number, (uid, _form) in enumerate(islice(records, REVIEWED + APPROVED)):
            steps.take(store, reviewer, uid, Step.ACCEPT)
            if number >= REVIEWED:
                steps.take(store, approver, uid, Step.APPROVE)
        _assign(store)


def _records(store: Store) -> Iterator[tuple[str, str]]:
    """Yield uid and form of the submitted records of begun communities, community by community."""
    tables = [name for name in store.tables() if name in sample.first_forms()]
    for community in sample.begun_communities(store)[sample.COMPLETE :]:
        for form in tables:
            rows = store.select(form, where={"community_uid": community["uid"], "status": "complete"})
            yield from ((str(row["uid"]), form) for row in rows)


def _assign(store: Store) -> None:
    begun = [str(row["uid"]) for row in sample.begun_communities(store)[sample.COMPLETE :]]
    for number, (login, name) in enumerate(_SURVEYORS):
        mine = begun[number * _EACH : (number + 1) * _EACH]
        assign(store, mine, login, _(name), since="2026-11-01", until=ASSIGNED_UNTIL)
