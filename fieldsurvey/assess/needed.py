"""Which forms a community needs: the rule of domain page section 6, as data.

A form is asked once for the community, or once for each of its stairwells,
and only where the assets say that its subject exists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fieldsurvey.model.schema import Value

LIFT_MIN_FLOORS = 4  # "each stairwell >= 4 storeys without lift", domain page section 6


@dataclass(frozen=True, slots=True)
class NeededForm:
    """One form and the assets that call for it.

    Attributes:
        form_id: Name of the form and of its table.
        per: Table whose rows are the subjects: community or stairwell.
        column: Column of the community that decides; empty: always asked.
        unless: Values of that column that make the form unnecessary.
        min_floors: Storeys of the building from which a stairwell counts; 0: all.
    """

    form_id: str
    per: str = "community"
    column: str = ""
    unless: tuple[str, ...] = ()
    min_floors: int = 0

    def wants(self, community: Mapping[str, Value]) -> bool:
        """Say whether the community as a whole calls for the form; unknown counts as yes."""
        return not self.column or community.get(self.column) not in self.unless


NEEDED: tuple[NeededForm, ...] = (
    NeededForm("f01_community"),
    NeededForm("f04_water"),
    NeededForm("f06_power"),
    NeededForm("f07_gas", column="gas", unless=("瓶装气", "无", "全电")),
    NeededForm("f09_fire"),
    NeededForm("f11_elevator", per="stairwell", min_floors=LIFT_MIN_FLOORS),
)


def subjects(
    form: NeededForm,
    community: Mapping[str, Value],
    stairwells: Sequence[Mapping[str, Value]],
    floors: Mapping[Value, int],
) -> list[str]:
    """Return the uids that need a record of the form, in drawing order.

    Args:
        form: The rule.
        community: Row of the community, with uid.
        stairwells: Rows of its stairwells, with uid and building_uid.
        floors: Storeys above ground by building uid; a building that is not in it has none known.
    """
    if not form.wants(community):
        return []
    if form.per == "community":
        return [str(community["uid"])]
    return [str(row["uid"]) for row in stairwells if floors.get(row["building_uid"], 0) >= form.min_floors]
