"""The records that stand: the newest one of each subject, by community."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from fieldsurvey.assess.needed import FORMS
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store

Record = dict[str, Value]
_MANY = frozenset(form.form_id for form in FORMS if form.many)


def standing(store: Store, form_id: str, columns: Iterable[str]) -> dict[str, list[Record]]:
    """Return the records of a form that stand, by community, in order of entry.

    Of a subject that was surveyed again the newest record stands; of a form
    with many records per subject all do. A form that the project lacks has
    none, and a column that its version of the form lacks is left out.
    """
    table = store.tables().get(form_id)
    if table is None:
        return {}
    known = {column.name for column in table.columns}
    wanted = sorted(({"community_uid", "subject_uid"} | set(columns)) & known)
    found: dict[str, dict[object, Record]] = defaultdict(dict)
    for row in store.select(form_id, wanted):
        subject = row["uid"] if form_id in _MANY else (row["subject_uid"] or row["uid"])
        found[str(row["community_uid"])][subject] = row
    return {community: list(rows.values()) for community, rows in found.items()}


def rows_in(store: Store, table: str, columns: Sequence[str], only: Collection[str] | None) -> list[Record]:
    """Return rows of a table, in drawing order, or those in a few communities."""
    if only is None:
        return store.select(table, columns)
    return [row for uid in only for row in store.select(table, columns, where={"community_uid": uid})]


def number(value: Value) -> float | None:
    """Return a value as a number; None if it is none."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def codes(value: Value) -> list[str]:
    """Return the chosen codes of a choice, one or many."""
    return value.split() if isinstance(value, str) else []
