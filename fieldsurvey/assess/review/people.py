"""Who works on this laptop, and with which rights: what the hub said last, else what the laptop is set to."""

from fieldsurvey.i18n import _
from fieldsurvey.model.review import NEEDS, ReviewState, Step, refusal
from fieldsurvey.model.review_tables import REVIEW_STEP
from fieldsurvey.model.revision import load
from fieldsurvey.model.role import Person, Role
from fieldsurvey.store import Store

RIGHTS = "review.rights"  # setting: role and areas of the account, as the hub told them last


def person_here(store: Store, local: str = "") -> Person:
    """Return who works here.

    Args:
        store: The project.
        local: Role that this laptop is set to; it counts only where no hub has told one.
    """
    name, told = store.actor[2], store.setting(RIGHTS)
    if told:
        role, areas = load(told)
        return Person(name, Role(role), None if areas is None else frozenset(areas), is_known=True)
    return Person(name, Role(local) if local in set(Role) else Role.SURVEYOR)


def denial(store: Store, person: Person, state: ReviewState, step: Step, *, area: int = 0, reason: str = "") -> str:
    """Return why a person may not take a step, and where a right is missing, who has it; empty if he may.

    Args:
        store: The project: its steps say who has acted with which role.
        person: Who.
        state: Where the record or community stands.
        step: What is wanted.
        area: Area of the record; 0: everybody's.
        reason: The remark that goes with it.
    """
    told = refusal(person, state, step, area, reason)
    if not told or person.role.covers(NEEDS[step]):
        return told
    if names := _acted_as(store, NEEDS[step]):
        return " ".join([told, _("In this project it was used by {names}.").format(names=_(", ").join(names))])
    if person.is_known:
        return " ".join([told, _("The administrator of the hub gives it to an account.")])
    return " ".join([told, _("On this laptop it is set in Review under “My role …”.")])


def _acted_as(store: Store, role: Role) -> list[str]:
    """Return the people who have taken a step of the review with that role or a higher one, by name."""
    if REVIEW_STEP.name not in store.tables():
        return []
    rows = store.select(REVIEW_STEP.name, ["person", "role"])
    return sorted(
        {str(r["person"]) for r in rows if r["person"] and r["role"] in set(Role) and Role(r["role"]).covers(role)}
    )
