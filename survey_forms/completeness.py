"""What is still wrong with the forms of one community that were begun and are not complete."""

from collections.abc import Iterable
from dataclasses import dataclass

from fieldsurvey.assess.needed import FORMS
from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.store import Store
from survey_forms.records import DRAFT, Subject, open_form

_MANY = frozenset(form.form_id for form in FORMS if form.many)


@dataclass(frozen=True, slots=True)
class Standing:
    """A form that was begun.

    Attributes:
        subject: Which form, about what.
        problems: How many questions stand against completing it.
        first: Path of the first of them, empty if there is none.
        answered: Questions answered.
        asked: Questions asked now.
        unsaved: Whether it holds answers that are only in the journal.
    """

    subject: Subject
    problems: int
    first: str
    answered: int
    asked: int
    unsaved: bool


def standings(store: Store, community: str, form_ids: Iterable[str]) -> list[Standing]:
    """Return how every form of a community that was begun and is not complete stands.

    Each is opened as a person would open it, so it runs beside the window; a
    form that cannot be opened has no standing.
    """
    tables = store.tables()
    begun = [subject for form_id in form_ids if form_id in tables for subject in _begun(store, form_id, community)]
    found = []
    for subject in dict.fromkeys(begun):
        try:
            opened = open_form(store, subject)
        except FieldSurveyError:
            continue
        problems = opened.session.problems()
        answered, asked = opened.session.progress()
        first = problems[0].path if problems else ""
        found.append(Standing(subject, len(problems), first, answered, asked, opened.restored_ms is not None))
    return found


def _begun(store: Store, form_id: str, community: str) -> Iterable[Subject]:
    """Yield what has a draft record or an entry in the journal."""
    rows = store.select(form_id, ["subject_uid", "status"], where={"community_uid": community})
    known = {community, *(str(row["subject_uid"]) for row in rows), *_assets(store, community)}
    for key in store.drafts():
        name, _colon, rest = key.partition(":")
        subject, _colon, record = rest.partition(":")
        if name == form_id and subject in known:
            yield Subject(form_id, community, subject, record)
    for row in rows:
        if row["status"] in {None, DRAFT, "returned"}:
            subject = str(row["subject_uid"])
            yield Subject(form_id, community, subject, str(row["uid"]) if form_id in _MANY else "")


def _assets(store: Store, community: str) -> Iterable[str]:
    """Yield the buildings and stairwells of a community."""
    for table in ("building", "stairwell"):
        yield from (str(row["uid"]) for row in store.select(table, [], where={"community_uid": community}))
