"""Remarks: pinned to a question, a place on the map or a whole record, and answered by those who surveyed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fieldsurvey.clock import iso_utc, now_millis
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.review import ReviewState, Step
from fieldsurvey.model.review_tables import COMMUNITY_REVIEW, REMARK, REVIEW_STEP, REVIEW_TABLES
from fieldsurvey.model.role import Person
from fieldsurvey.model.schema import TableKind, Value
from fieldsurvey.store import Store

_SETTLING = {str(Step.ACCEPT), str(Step.APPROVE)}


@dataclass(frozen=True, slots=True)
class Pin:
    """A remark before it is kept.

    Attributes:
        text: What is to be done.
        field: Column of the question it is about; empty: the whole record.
        place: WKB of a point in the project CRS; None without a place.
    """

    text: str
    field: str = ""
    place: bytes | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One remark or answer.

    Attributes:
        uid: Its record.
        field: Column of the question it is about; empty: the whole record.
        text: What was said.
        person: Who said it.
        at: When, ISO 8601 in UTC.
        place: WKB of a point in the project CRS; None without a place.
    """

    uid: str
    field: str
    text: str
    person: str
    at: str
    place: bytes | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A remark with its answers, oldest first.

    Attributes:
        record_uid: The record, or the community, it is about.
        remark: What the reviewer said.
        answers: What was said to it.
        is_open: Whether nobody has accepted the record since.
    """

    record_uid: str
    remark: Message
    answers: Sequence[Message] = ()
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Returned:
    """A record or a community that came back from the review.

    Attributes:
        record_uid: The record; for a community its own uid.
        form_id: Its form; empty for a community.
        community_uid: The community.
        subject_uid: What the form is about.
        threads: The open remarks, oldest first.
        at: When it came back, ISO 8601 in UTC; empty where that is not known.
    """

    record_uid: str
    form_id: str
    community_uid: str
    subject_uid: str
    threads: Sequence[Thread]
    at: str = ""


def install(store: Store) -> None:
    """Make the tables of the review in a project that has none."""
    for table in REVIEW_TABLES:
        if table.name not in store.tables():
            store.add_table(table)


def pin(store: Store, person: Person, community: str, record: str, form_id: str, remark: Pin, thread: str = "") -> str:
    """Keep a remark, or an answer to one; return its uid.

    Raises:
        InputRefused: If it says nothing.
    """
    if not remark.text.strip():
        raise InputRefused(_("The remark is empty: please say what should be looked at."))
    install(store)
    values: dict[str, Value] = {
        "community_uid": community,
        "record_uid": record,
        "form_id": form_id,
        "field": remark.field,
        "text": remark.text.strip(),
        "thread": thread or None,
        "person": person.name,
        "role": str(person.role),
        "at": iso_utc(now_millis()),
    }
    return store.create_record(REMARK.name, values | ({"geom": remark.place} if remark.place else {}))


def answer(store: Store, person: Person, thread: Thread, text: str) -> str:
    """Answer a remark; return the uid of the answer.

    Raises:
        InputRefused: If the answer says nothing, or the remark is gone.
    """
    row = store.get(thread.remark.uid)
    if row is None:
        raise InputRefused(_("This remark is not in the project (any more)."))
    community, form_id = str(row.values["community_uid"]), str(row.values["form_id"] or "")
    note = Pin(text, thread.remark.field)
    return pin(store, person, community, thread.record_uid, form_id, note, thread.remark.uid)


def threads_of(store: Store, record: str) -> list[Thread]:
    """Return the remarks on a record or a community, oldest first."""
    return threads(store, {"record_uid": record}).get(record, [])


def threads(store: Store, where: Mapping[str, Value] | None = None) -> dict[str, list[Thread]]:
    """Return remarks with their answers by record, oldest first.

    Args:
        store: The project.
        where: Column -> value that the remarks must have.
    """
    if REMARK.name not in store.tables():
        return {}
    rows = sorted(store.select(REMARK.name, where=where), key=lambda row: str(row["at"]))  # of one moment: as written
    answers: dict[str, list[Message]] = {}
    for row in rows:
        if row["thread"]:
            answers.setdefault(str(row["thread"]), []).append(_message(row))
    settled = _settled(store, where)
    found: dict[str, list[Thread]] = {}
    for row in rows:
        if not row["thread"]:
            record, uid = str(row["record_uid"]), str(row["uid"])
            is_open = settled.get(record, "") <= str(row["at"])
            found.setdefault(record, []).append(Thread(record, _message(row), answers.get(uid, ()), is_open))
    return found


def _message(row: Mapping[str, Value]) -> Message:
    place = row.get("geom")
    return Message(
        str(row["uid"]),
        str(row["field"] or ""),
        str(row["text"] or ""),
        str(row["person"] or ""),
        str(row["at"] or ""),
        place if isinstance(place, bytes) else None,
    )


def _settled(store: Store, where: Mapping[str, Value] | None) -> dict[str, str]:
    """Return when each record was last accepted or approved."""
    found: dict[str, str] = {}
    if REVIEW_STEP.name in store.tables():
        for row in store.select(REVIEW_STEP.name, ["record_uid", "step", "at"], where=where):
            if row["step"] in _SETTLING:
                record = str(row["record_uid"])
                found[record] = max(found.get(record, ""), str(row["at"]))
    return found


def returned_for(store: Store, communities: Iterable[str] | None = None) -> list[Returned]:
    """Return what came back from the review and waits for those who survey, the newest first.

    Args:
        store: The project.
        communities: Only these; None: all that this laptop holds.
    """
    wanted = None if communities is None else set(communities)
    known, returned_at = threads(store), _returned_at(store)
    found = []
    for record, form_id, community, subject in _returned_rows(store):
        if wanted is None or community in wanted:
            still_open = [thread for thread in known.get(record, ()) if thread.is_open]
            found.append(Returned(record, form_id, community, subject, still_open, returned_at.get(record, "")))
    return sorted(found, key=lambda one: one.at, reverse=True)


def _returned_rows(store: Store) -> Iterable[tuple[str, str, str, str]]:
    """Yield record, form, community and subject of what stands as returned; communities first."""
    status = {"status": str(ReviewState.RETURNED)}
    if COMMUNITY_REVIEW.name in store.tables():
        for row in store.select(COMMUNITY_REVIEW.name, ["community_uid"], where=status):
            community = str(row["community_uid"])
            yield community, "", community, community
    for table in store.tables().values():
        if table.kind is TableKind.FORM:
            for row in store.select(table.name, ["community_uid", "subject_uid"], where=status):
                community = str(row["community_uid"])
                yield str(row["uid"]), table.name, community, str(row["subject_uid"] or community)


def _returned_at(store: Store) -> dict[str, str]:
    found: dict[str, str] = {}
    if REVIEW_STEP.name in store.tables():
        for row in store.select(REVIEW_STEP.name, ["record_uid", "at"], where={"step": str(Step.RETURN)}):
            record = str(row["record_uid"])
            found[record] = max(found.get(record, ""), str(row["at"]))
    return found
