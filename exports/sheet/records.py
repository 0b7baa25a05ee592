"""The records of one community, ready to be read for a sheet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exports.sheet.answers import Answers, ReadsLabels
from exports.sheet.systems import SYSTEMS
from fieldsurvey.model.schema import TableKind, Value

if TYPE_CHECKING:
    from fieldsurvey.store import Store


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a form.

    Attributes:
        uid: The record.
        form_id: Its form.
        title: Short name of the system, for captions.
        status: draft, complete, returned, reviewed or approved.
        saved_at: Moment of the last save, ISO 8601 UTC.
        day: Day of the survey, ISO 8601.
        surveyor: Who surveyed.
        answers: The answers.
        photos: Rows of the photo repeat.
    """

    uid: str
    form_id: str
    title: str
    status: str
    saved_at: str
    day: str
    surveyor: str
    answers: Answers
    photos: tuple[Answers, ...]


def records_of(store: "Store", community_uid: str, forms: ReadsLabels) -> list[Record]:
    """Return all records of a community, by form, oldest first within a form."""
    tables = store.tables()
    form_ids = sorted(name for name, table in tables.items() if table.kind is TableKind.FORM)
    return [
        _record(store, form_id, row, forms, has_photos=f"{form_id}__photos" in tables)
        for form_id in form_ids
        for row in store.select(form_id, where={"community_uid": community_uid})
    ]


def _record(store: "Store", form_id: str, row: Mapping[str, Value], forms: ReadsLabels, *, has_photos: bool) -> Record:
    labels = forms.labels(form_id)
    answers = Answers(row, labels)
    photos: list[dict[str, Value]] = []
    if has_photos:
        photos = store.select(f"{form_id}__photos", where={"parent_uid": row["uid"]}, order="ordinal")
    return Record(
        uid=str(row["uid"]),
        form_id=form_id,
        title=_short_title(form_id, forms),
        status=str(row["status"] or "draft"),
        saved_at=str(row["saved_at"] or ""),
        day=answers.words("survey_date")[:10],
        surveyor=answers.words("surveyor"),
        answers=answers,
        photos=tuple(Answers(photo, labels) for photo in photos),
    )


def _short_title(form_id: str, forms: ReadsLabels) -> str:
    short = next((system.name for system in SYSTEMS if system.form_id == form_id), "")
    return short or forms.title(form_id).removesuffix("调查表").removesuffix("情况表") or form_id
