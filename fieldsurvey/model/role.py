"""Who a person is in the survey, and where that holds."""

from dataclasses import dataclass
from enum import StrEnum

from fieldsurvey.i18n import N_


class Role(StrEnum):
    """What a person is in the survey; each may do what those before may."""

    SURVEYOR = "surveyor"
    REVIEWER = "reviewer"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"

    def covers(self, other: "Role") -> bool:
        """Say whether this role may do what the other may.

        >>> Role.APPROVER.covers(Role.REVIEWER), Role.SURVEYOR.covers(Role.REVIEWER)
        (True, False)
        """
        order = list(Role)
        return order.index(self) >= order.index(other)


ROLE_WORDS = {
    Role.SURVEYOR: N_("surveyor"),
    Role.REVIEWER: N_("reviewer"),
    Role.APPROVER: N_("approver"),
    Role.ADMINISTRATOR: N_("administrator"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Who works on a laptop, and with which rights.

    Attributes:
        name: Name as people say it.
        role: Role.
        areas: Areas in which the role holds; None: everywhere.
        is_known: Whether a hub said so; else it is what the laptop itself is set to.
    """

    name: str
    role: Role = Role.SURVEYOR
    areas: frozenset[int] | None = None
    is_known: bool = False

    def works_in(self, area: int) -> bool:
        """Say whether an area is one of this person's."""
        return self.areas is None or area in self.areas
