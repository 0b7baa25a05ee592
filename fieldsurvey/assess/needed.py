"""Which forms apply to a community, and which of them it needs: needed.csv, read here.

A form is asked for the community, or for each of its buildings or stairwells,
and only where the assets say that its subject exists. The required forms
decide whether a survey is complete; the others may be filled in beside them.
Source: domain page section 6, "which forms per community".
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store

REQUIRED, OPTIONAL, OFFICE = "required", "optional", "office"
_TABLE = Path(__file__).with_name("needed.csv")


@dataclass(frozen=True, slots=True)
class NeededForm:
    """One form and the assets that call for it.

    Attributes:
        form_id: Name of the form and of its table.
        per: Table whose rows are the subjects: community, building or stairwell.
        column: Column of the community that decides; empty: always asked.
        unless: Values of that column that make the form unnecessary.
        min_floors: Storeys of the building from which a stairwell counts; 0: all.
        need: REQUIRED, OPTIONAL, or OFFICE for a form that is not filled in outside.
        many: Whether a subject may have several records, such as one per defect.
        title: Its title, where it is a form that people brought into the project.
    """

    form_id: str
    per: str = "community"
    column: str = ""
    unless: tuple[str, ...] = ()
    min_floors: int = 0
    need: str = REQUIRED
    many: bool = False
    title: str = ""

    def wants(self, community: Mapping[str, Value]) -> bool:
        """Say whether the community as a whole calls for the form; unknown counts as yes."""
        return not self.column or community.get(self.column) not in self.unless


@dataclass(frozen=True, slots=True)
class Parts:
    """The buildings or the stairwells of a community, packed: a province has a million.

    Attributes:
        uids: In drawing order, a space between them.
        floors: Storeys above ground of each, of a stairwell those of its building; 0: not known.
    """

    uids: str = ""
    floors: tuple[int, ...] = ()

    def from_storey(self, least: int) -> tuple[str, ...]:
        """Return the uids of those with so many storeys or more."""
        uids = self.uids.split()
        if least <= 0:
            return tuple(uids)
        return tuple(uid for uid, floors in zip(uids, self.floors, strict=True) if floors >= least)


def _read() -> tuple[NeededForm, ...]:
    with _TABLE.open(encoding="utf-8", newline="") as source:
        return tuple(
            NeededForm(
                row["form_id"],
                row["per"],
                row["column"],
                tuple(filter(None, row["unless"].split(";"))),
                int(row["min_floors"] or 0),
                row["need"],
                row["many"] == "yes",
            )
            for row in csv.DictReader(source)
        )


FORMS: tuple[NeededForm, ...] = _read()
NEEDED: tuple[NeededForm, ...] = tuple(form for form in FORMS if form.need == REQUIRED)
BESIDE: tuple[NeededForm, ...] = tuple(form for form in FORMS if form.need == OPTIONAL)
OWN_FORMS = "survey_form"  # the table that lists the forms people brought into a project


def own_forms(store: Store) -> list[NeededForm]:
    """Return the forms that people brought into a project, in the order they came; they are optional."""
    if OWN_FORMS not in store.tables():
        return []
    newest = {
        str(row["form_table"]): row for row in store.select(OWN_FORMS, ["form_table", "per", "title"], order="added_at")
    }
    return [
        NeededForm(table, str(row["per"]), need=OPTIONAL, title=str(row["title"] or ""))
        for table, row in newest.items()
    ]


def subjects(
    form: NeededForm,
    community: Mapping[str, Value],
    stairwells: Sequence[Mapping[str, Value]],
    floors: Mapping[Value, int],
    buildings: Sequence[Mapping[str, Value]] = (),
) -> list[str]:
    """Return the uids that a record of the form may be about, in drawing order.

    Args:
        form: The rule.
        community: Row of the community, with uid.
        stairwells: Rows of its stairwells, with uid and building_uid.
        floors: Storeys above ground by building uid; a building that is not in it has none known.
        buildings: Rows of its buildings, with uid.
    """
    if not form.wants(community):
        return []
    if form.per == "community":
        return [str(community["uid"])]
    if form.per == "building":
        return [str(row["uid"]) for row in buildings if floors.get(row["uid"], 0) >= form.min_floors]
    return [str(row["uid"]) for row in stairwells if floors.get(row["building_uid"], 0) >= form.min_floors]
