"""From draft to approved: the states of a record or a community, who may take which step, and why not.

draft -> submitted -> returned or reviewed -> approved (locked) -> superseded,
which opens an approved record for a new revision. `complete` is the stored
word for submitted. Pure: no store, no clock.
"""

from collections.abc import Mapping
from enum import StrEnum

from fieldsurvey.i18n import N_, _
from fieldsurvey.model.role import ROLE_WORDS, Person, Role


class ReviewState(StrEnum):
    """Where a record or a community stands in the review."""

    DRAFT = "draft"
    RETURNED = "returned"
    SUPERSEDED = "superseded"
    SUBMITTED = "complete"
    REVIEWED = "reviewed"
    APPROVED = "approved"


class Step(StrEnum):
    """What a person does with a record or a community."""

    KEEP = "keep"
    SUBMIT = "submit"
    ACCEPT = "accept"
    RETURN = "return"
    APPROVE = "approve"
    SUPERSEDE = "supersede"


_S = ReviewState
LOCKED = _S.APPROVED
STEPS: Mapping[tuple[ReviewState, Step], ReviewState] = {
    **{(state, Step.SUBMIT): _S.SUBMITTED for state in _S if state is not LOCKED},
    **{(state, Step.KEEP): _S.DRAFT for state in (_S.DRAFT, _S.SUBMITTED, _S.REVIEWED)},
    (_S.RETURNED, Step.KEEP): _S.RETURNED,  # it stays on the list of what came back until it is submitted again
    (_S.SUPERSEDED, Step.KEEP): _S.SUPERSEDED,
    (_S.SUBMITTED, Step.ACCEPT): _S.REVIEWED,
    (_S.SUBMITTED, Step.RETURN): _S.RETURNED,
    (_S.REVIEWED, Step.RETURN): _S.RETURNED,
    (_S.REVIEWED, Step.APPROVE): _S.APPROVED,
    (_S.APPROVED, Step.SUPERSEDE): _S.SUPERSEDED,
}
NEEDS: Mapping[Step, Role] = {
    Step.KEEP: Role.SURVEYOR,
    Step.SUBMIT: Role.SURVEYOR,
    Step.ACCEPT: Role.REVIEWER,
    Step.RETURN: Role.REVIEWER,
    Step.APPROVE: Role.APPROVER,
    Step.SUPERSEDE: Role.APPROVER,
}
WITH_REASON = frozenset({Step.RETURN, Step.SUPERSEDE})
# The least role that may write a state: what the hub looks at again. A surveyor who undoes his own submitting writes
# "returned" or "superseded" once more; that nobody opens what is approved is judged by what the edit saw.
WRITES: Mapping[ReviewState, Role] = {_S.REVIEWED: Role.REVIEWER, _S.APPROVED: Role.APPROVER}
STATE_WORDS: Mapping[ReviewState, str] = {
    _S.DRAFT: N_("draft"),
    _S.RETURNED: N_("returned"),
    _S.SUPERSEDED: N_("open for revision"),
    _S.SUBMITTED: N_("submitted"),
    _S.REVIEWED: N_("reviewed"),
    _S.APPROVED: N_("approved"),
}
STEP_WORDS: Mapping[Step, str] = {
    Step.KEEP: N_("save as draft"),
    Step.SUBMIT: N_("submit"),
    Step.ACCEPT: N_("accept"),
    Step.RETURN: N_("return"),
    Step.APPROVE: N_("approve"),
    Step.SUPERSEDE: N_("open for revision by a new version"),
}


def state_of(status: object) -> ReviewState:
    """Return the state that a stored status stands for; unknown or none: draft."""
    return ReviewState(str(status)) if status in set(ReviewState) else ReviewState.DRAFT


def next_state(state: ReviewState, step: Step) -> ReviewState | None:
    """Return the state after a step; None if the step does not fit the state.

    >>> str(next_state(ReviewState.SUBMITTED, Step.ACCEPT)), next_state(ReviewState.DRAFT, Step.APPROVE)
    ('reviewed', None)
    """
    return STEPS.get((state, step))


def refusal(person: Person, state: ReviewState, step: Step, area: int, reason: str = "") -> str:
    """Return why a person may not take a step, in one sentence; empty if he may.

    Args:
        person: Who.
        state: Where the record or community stands.
        step: What is wanted.
        area: Area of the record (model.identity.scope_of); 0: everybody's.
        reason: The remark that goes with it.
    """
    word = _(STEP_WORDS[step])
    if not person.role.covers(NEEDS[step]):
        text = _("To {step}, the role {needed} is needed; {name} is {role}. Ask the office to change that.")
        name, role = person.name or _("whoever works here"), _(ROLE_WORDS[person.role])
        return text.format(step=word, needed=_(ROLE_WORDS[NEEDS[step]]), name=name, role=role)
    if area and not person.works_in(area):
        return _("This community is not among those of {name}: nothing was changed.").format(name=person.name)
    if next_state(state, step) is None:
        if state is LOCKED:
            return locked_sentence()
        return _("What is in the state “{state}” cannot be taken to: {step}.").format(
            state=_(STATE_WORDS[state]), step=word
        )
    if step in WITH_REASON and not reason.strip():
        return _("Please say why: the other side must know what to do.")
    return ""


def locked_sentence() -> str:
    """Return what to tell somebody who changes what was approved."""
    return _("This was approved and is locked. To change it, an approver opens it for revision in Review first.")


def may_write(role: Role, status: object) -> bool:
    """Say whether a role may write a status into a record."""
    return status not in set(ReviewState) or role.covers(WRITES.get(ReviewState(str(status)), Role.SURVEYOR))


def community_state(stored: object, of_records: ReviewState | None) -> ReviewState | None:
    """Return where a community stands: its own step, where it was taken, else what its records come to.

    Args:
        stored: Status of its own review; None without one.
        of_records: The least advanced state of its needed records; None before any was begun.

    A community is approved only by its own step: approved records alone make it reviewed.
    """
    own = state_of(stored) if stored else None
    if own in {LOCKED, ReviewState.RETURNED, ReviewState.SUPERSEDED}:
        return own
    return ReviewState.REVIEWED if of_records is LOCKED else of_records
