"""Answers carried over from another record: of the stairwell next door, or of the last round.

They fill blanks only, and each is marked until a person confirms or changes
it; what identifies a record, and what must be seen on the spot, is not carried.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fieldsurvey.model.schema import Value
from fieldsurvey.store import Row, Store
from survey_forms.form import Kind
from survey_forms.layout import layout_of
from survey_forms.records import COMPLETE, DRAFT, PREFILLED, Opened
from survey_forms.session import Session
from survey_forms.typed import text

_SEEN_ON_THE_SPOT = {
    Kind.IMAGE, Kind.AUDIO, Kind.VIDEO, Kind.FILE, Kind.GEOPOINT, Kind.GEOTRACE, Kind.GEOSHAPE, Kind.BARCODE,
    Kind.NOTE, Kind.CALCULATE, Kind.ACKNOWLEDGE, Kind.TIME, Kind.DATETIME,
}  # fmt: skip
_OF_THE_RECORD = frozenset({*PREFILLED, "survey_round", "survey_date", "surveyor", "remarks", "start", "end"})
_KEPT = {DRAFT, COMPLETE, "returned", "superseded", "reviewed", "approved"}


@dataclass(frozen=True, slots=True)
class Source:
    """The record that answers are carried over from: its row, and what it is about."""

    row: Row
    name: str


def source_for(store: Store, opened: Opened) -> Source | None:
    """Return the record to carry over from: the last round of the same subject, else the neighbour saved last.

    A neighbour is a record of the same form in the same community; one of the
    same building comes before the others.
    """
    subject = opened.subject
    own = opened.record.uid if opened.record else subject.record_uid
    columns = ["subject_uid", "saved_at", "status"]
    rows = [
        row
        for row in store.select(subject.form_id, columns, where={"community_uid": subject.community_uid})
        if row["uid"] != own and row["status"] in _KEPT
    ]
    if not rows:
        return None
    building = _building(store, subject.subject_uid)

    def nearness(row: Mapping[str, Value]) -> tuple[bool, bool, str]:
        other = str(row["subject_uid"])
        same_building = building is not None and _building(store, other) == building
        return other == subject.subject_uid, same_building, str(row["saved_at"] or "")

    best = max(rows, key=nearness)
    row = store.get(str(best["uid"]))
    return None if row is None else Source(row, _name(store, str(best["subject_uid"])))


def _building(store: Store, subject: str) -> str | None:
    row = store.get(subject)
    return str(row.values["building_uid"]) if row and row.values.get("building_uid") else None


def _name(store: Store, subject: str) -> str:
    row = store.get(subject)
    if row is None:
        return subject[:8]
    if building := _building(store, subject):
        return f"{_name(store, building)} {text(row.values.get('unit'))}".strip()
    return str(row.values.get("name") or row.values.get("code") or subject[:8])


def carry_over(session: Session, source: Source) -> int:
    """Fill the blanks of a form from another record of it; return how many answers were carried over."""
    layout, count = layout_of(session.form), 0
    for path in layout.direct(""):
        question, stored = session.question(path), text(source.row.values.get(layout.columns[path]))
        skipped = question.kind in _SEEN_ON_THE_SPOT or question.name in _OF_THE_RECORD or question.bind.calculate
        if not stored or skipped or session.value(path) or not session.relevant(path) or session.readonly(path):
            continue
        offered = {choice.value for choice in session.choices(path)}
        if offered and not set(stored.split()) <= offered:
            continue
        session.answer(path, stored)
        session.carried[path] = source.name
        count += 1
    return count
