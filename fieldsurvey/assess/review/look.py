"""One record as a reviewer reads it: each answer beside the last round and beside what similar communities answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from fieldsurvey.assess.needed import FORMS
from fieldsurvey.assess.records import standing
from fieldsurvey.assess.review.checks import APART, Check, checks, photos_of, worst_first
from fieldsurvey.assess.review.queue import Item
from fieldsurvey.assess.review.remarks import Thread, threads_of
from fieldsurvey.assess.review.similar import LEAST, Usual, similar_to, usual
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.review_tables import REVIEW_STEP
from fieldsurvey.model.schema import Column, Table, Value
from fieldsurvey.store import Row, Store

_COMMUNITY = ("name", "built_year", "household_count")
_MANY = frozenset(form.form_id for form in FORMS if form.many)
_ROWS_OF = {"community": ("name",), "building": ("name",), "stairwell": ("unit",)}


@dataclass(frozen=True, slots=True)
class Line:
    """One answer.

    Attributes:
        column: The question's column.
        value: The answer.
        before: The answer before.
        usual: What others answered; None where too few did.
    """

    column: Column
    value: Value
    before: Value = None
    usual: Usual | None = None

    def is_changed(self, *, has_before: bool) -> bool:
        """Say whether the answer differs from the one before."""
        return has_before and self.value != self.before


@dataclass(frozen=True, slots=True)
class Look:
    """A record on the reviewer's screen.

    Attributes:
        item: Its place in the queue.
        row: The record as it was read; decisions rest on its token.
        table: Its table.
        lines: Its answers; a question that neither this nor the last round answered is left out.
        before: What the last round is called; empty without one.
        checks: What should be looked at.
        photos: Hashes of its photos.
        threads: Remarks on it.
        steps: Steps taken with it, oldest first.
        subject: Name of what it is about.
        place: WKB of the record, else of its subject, in the project CRS; None without a place.
    """

    item: Item
    row: Row
    table: Table
    lines: Sequence[Line]
    before: str
    checks: Sequence[Check]
    photos: Sequence[str]
    threads: Sequence[Thread]
    steps: Sequence[Mapping[str, Value]] = ()
    subject: str = ""
    place: bytes | None = field(default=None, repr=False)


def look(store: Store, item: Item) -> Look:
    """Read a record with everything that is beside it.

    Raises:
        InputRefused: If it is gone.
    """
    row = store.get(item.uid)
    if row is None:
        raise InputRefused(_("This record is not in the project (any more): {uid}").format(uid=item.uid))
    table = store.tables()[row.table]
    names = [column.name for column in table.columns if column.name not in APART]
    others = _usual(store, row, names)
    before, told = _before(store, row, names)
    copied_from = (before, told) if before else _neighbour(store, row, names)
    lines = [
        Line(table.column(name), row.values.get(name), before.get(name), others.get(name))
        for name in names
        if row.values.get(name) not in {None, ""} or before.get(name) not in {None, ""}
    ]
    found = worst_first(checks(store, row, others, *copied_from))
    subject, place = _subject(store, item)
    own = row.values.get("geom")
    return Look(
        item,
        row,
        table,
        lines,
        told if before else "",
        found,
        photos_of(store, row),
        threads_of(store, item.uid),
        steps_of(store, item.uid),
        subject,
        own if isinstance(own, bytes) else place,
    )


def steps_of(store: Store, uid: str) -> list[dict[str, Value]]:
    """Return the steps taken with a record or a community, oldest first."""
    if REVIEW_STEP.name not in store.tables():
        return []
    rows = store.select(REVIEW_STEP.name, where={"record_uid": uid})
    return sorted(rows, key=lambda row: str(row["at"]))


def _subject(store: Store, item: Item) -> tuple[str, bytes | None]:
    row = store.get(item.subject_uid)
    if row is None:
        return "", None
    words = [str(row.values[name]) for name in _ROWS_OF.get(row.table, ()) if row.values.get(name)]
    place = row.values.get("geom")
    return " ".join([store.tables()[row.table].label, *words]), place if isinstance(place, bytes) else None


def _usual(store: Store, row: Row, names: Sequence[str]) -> dict[str, Usual]:
    """Return what similar communities answered to each question, or all others where they are too few."""
    communities = store.select("community", _COMMUNITY)
    own = next((c for c in communities if c["uid"] == row.values["community_uid"]), None)
    if own is None:
        return {}
    rows = standing(store, row.table, names)
    alike = similar_to(own, communities)
    found = {}
    for name in names:
        answers = {uid: [r.get(name) for r in each] for uid, each in rows.items() if uid != own["uid"]}
        near = [value for uid in alike for value in answers.get(uid, ()) if value is not None]
        all_of_them = [value for each in answers.values() for value in each]
        told = usual(row.values.get(name), near if len(near) >= LEAST else all_of_them)
        if told is not None:
            found[name] = told
    return found


def _before(store: Store, row: Row, names: Sequence[str]) -> tuple[Mapping[str, Value], str]:
    """Return the answers of the round before: another record of the subject, else this one at the last decision."""
    where = {"subject_uid": row.values["subject_uid"]}
    rows = store.select(row.table, ["survey_date", *names] if _has(store, row, "survey_date") else names, where=where)
    earlier = list(takewhile(lambda other: other["uid"] != row.uid, rows))
    if earlier and row.table not in _MANY:
        day = str(earlier[-1].get("survey_date") or "")
        return earlier[-1], _("the round of {day}").format(day=day) if day else _("the last round")
    steps = [step for step in steps_of(store, row.uid) if step["step"] in {"return", "supersede", "approve"}]
    if not steps:
        return {}, ""
    return _as_decided(store, row, names), _("the last decision")


def _has(store: Store, row: Row, name: str) -> bool:
    return any(column.name == name for column in store.tables()[row.table].columns)


def _as_decided(store: Store, row: Row, names: Sequence[str]) -> dict[str, Value]:
    """Return the answers as they were when the record was last returned, superseded or approved."""
    values = {name: row.values.get(name) for name in names}
    for entry in reversed(store.history(row.uid)):
        if entry.values.get("status") in {"returned", "superseded", "approved"}:
            break
        values |= {name: value for name, value in entry.old.items() if name in values}
    return values


def _neighbour(store: Store, row: Row, names: Sequence[str]) -> tuple[Mapping[str, Value], str]:
    """Return another record of the form in the community that has most answers in common with this one."""
    rows = store.select(row.table, ["subject_uid", *names], where={"community_uid": row.values["community_uid"]})
    others = [other for other in rows if other["uid"] != row.uid]
    if not others:
        return {}, ""
    best = max(others, key=lambda other: sum(other[n] == row.values.get(n) for n in names))
    subject = store.get(str(best["subject_uid"] or ""))
    known = _ROWS_OF.get(subject.table, ()) if subject else ()
    words = [str(subject.values[name]) for name in known if subject and subject.values.get(name)]
    return best, " ".join(words) or _("another record of this community")


def label_of(table: Table, name: str) -> str:
    """Return what people call a column; the whole record for none."""
    return next((column.label for column in table.columns if column.name == name), _("whole record"))
