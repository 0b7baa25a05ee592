"""Who works on this laptop, and with which rights: what the hub said last, else what the laptop is set to."""

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
