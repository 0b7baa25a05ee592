"""How far the survey of each community is, from its records."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from fieldsurvey.assess.needed import BESIDE, NEEDED, NeededForm, own_forms, subjects
from fieldsurvey.model.review import ReviewState, community_state
from fieldsurvey.model.review_tables import COMMUNITY_REVIEW
from fieldsurvey.model.schema import TableKind, Value
from fieldsurvey.store import Store


class State(StrEnum):
    """State of a record, a form or a community, in the order of the work; COMPLETE is what was submitted."""

    NOT_STARTED = "not_started"
    DRAFT = "draft"
    RETURNED = "returned"
    SUPERSEDED = "superseded"
    COMPLETE = "complete"
    REVIEWED = "reviewed"
    APPROVED = "approved"


_ORDER = list(State)
# Worst first: a danger anywhere is what an engineer must see (domain page 3.0, "danger override").
CONDITIONS = ("danger", "none", "severe", "general", "basic", "good", "unsurveyed")


@dataclass(frozen=True, slots=True)
class FormProgress:
    """One form in one community.

    Attributes:
        form_id: Name of the form.
        state: The least advanced state among the needed subjects.
        needed: Uids that call for a record.
        records: Uid of the newest record by subject uid.
        states: State by subject uid, for subjects with a record.
        per: What its records are about: community, building or stairwell.
        many: Whether a subject may have several records.
        title: Its title, where it is a form that people brought into the project.
        entries: (uid, subject, state) of every record, in order of entry, of such a form; else empty.
    """

    form_id: str
    state: State
    needed: tuple[str, ...]
    records: Mapping[str, str]
    states: Mapping[str, State]
    per: str = "community"
    many: bool = False
    title: str = ""
    entries: tuple[tuple[str, str, State], ...] = ()

    @property
    def done(self) -> int:
        """How many needed subjects have a complete record."""
        return sum(_is_done(self.states.get(uid, State.NOT_STARTED)) for uid in self.needed)


@dataclass(frozen=True, slots=True)
class CommunityProgress:
    """One community.

    Attributes:
        uid: The community.
        state: Not started without any record; draft until every needed form is complete; approved, returned or
            superseded by its own review.
        done: Forms finished, counted as forms.
        total: Forms needed.
        condition: Worst overall condition recorded (a code of cond5), empty if none.
        forms: By form id, in the order of NEEDED.
        beside: Forms that apply and may be filled in, but decide nothing.
    """

    uid: str
    state: State
    done: int
    total: int
    condition: str
    forms: Mapping[str, FormProgress]
    beside: Mapping[str, FormProgress] = field(default_factory=dict)


def community_progress(store: Store, communities: Iterable[str] | None = None) -> dict[str, CommunityProgress]:
    """Return the progress of the named communities, or of all."""
    wanted = None if communities is None else set(communities)
    installed = {table.name for table in store.tables().values() if table.kind is TableKind.FORM}
    forms = [form for form in NEEDED if form.form_id in installed]
    others = [form for form in (*BESIDE, *own_forms(store)) if form.form_id in installed]
    disputed = store.disputed()
    records = {form.form_id: _records(store, form.form_id, disputed) for form in (*forms, *others)}
    reviews = _reviews(store, disputed)
    stairwells = _by_community(store.select("stairwell", ["community_uid", "building_uid"]))
    rows_of_buildings = store.select("building", ["community_uid", "floors"])
    floors = {row["uid"]: int(row["floors"] or 0) for row in rows_of_buildings}
    buildings = _by_community(rows_of_buildings)
    rules = sorted({form.column for form in forms if form.column})
    found: dict[str, CommunityProgress] = {}
    for row in store.select("community", rules):
        uid = str(row["uid"])
        if wanted is None or uid in wanted:
            parts, beside = (
                [
                    _form_progress(
                        form,
                        subjects(form, row, stairwells[uid], floors, buildings[uid]),
                        records[form.form_id][uid],
                    )
                    for form in group
                ]
                for group in (forms, others)
            )
            rows = [r for form in forms for r in records[form.form_id][uid]]
            made = _community(uid, parts, rows, reviews.get(uid))
            found[uid] = replace(made, beside={part.form_id: part for part in beside})
    return found


def _records(store: Store, form_id: str, disputed: frozenset[str]) -> dict[str, list[dict[str, Value]]]:
    columns = [column.name for column in store.tables()[form_id].columns]
    wanted = [c for c in ("community_uid", "subject_uid", "status", "overall_cond") if c in columns]
    rows = store.select(form_id, wanted)
    for row in rows:  # while a conflict is open nobody has reviewed what will stand
        if row["uid"] in disputed and row["status"] in {State.REVIEWED, State.APPROVED}:
            row["status"] = str(State.COMPLETE)
    return _by_community(rows)


def _reviews(store: Store, disputed: frozenset[str]) -> dict[str, str]:
    """Return the status of each community's own review; none while a conflict of it is open."""
    if COMMUNITY_REVIEW.name not in store.tables():
        return {}
    rows = store.select(COMMUNITY_REVIEW.name, ["community_uid", "status"])
    return {str(row["community_uid"]): str(row["status"] or "") for row in rows if row["uid"] not in disputed}


def _by_community(rows: Iterable[dict[str, Value]]) -> dict[str, list[dict[str, Value]]]:
    found: dict[str, list[dict[str, Value]]] = defaultdict(list)
    for row in rows:
        found[str(row["community_uid"])].append(row)
    return found


def _form_progress(form: NeededForm, needed: list[str], rows: list[dict[str, Value]]) -> FormProgress:
    newest = {str(row["subject_uid"]): row for row in rows}  # rows come in order of entry: the last one stands
    states = {subject: State(str(row["status"] or State.DRAFT)) for subject, row in newest.items()}
    seen = [states.get(uid, State.NOT_STARTED) for uid in needed] or list(states.values())
    return FormProgress(
        form.form_id,
        _least(seen),
        tuple(needed),
        {subject: str(row["uid"]) for subject, row in newest.items()},
        states,
        form.per,
        form.many,
        form.title,
        tuple(map(_entry, rows)) if form.many else (),
    )


def _entry(row: dict[str, Value]) -> tuple[str, str, State]:
    return str(row["uid"]), str(row["subject_uid"]), State(str(row["status"] or State.DRAFT))


def _least(states: list[State]) -> State:
    """Return the least advanced state, but DRAFT once anything was begun."""
    if not states:
        return State.NOT_STARTED
    least = min(states, key=_ORDER.index)
    begun = any(state is not State.NOT_STARTED for state in states)
    return State.DRAFT if least is State.NOT_STARTED and begun else least


def _with_review(of_records: State, review: str | None) -> State:
    """Return the state of a community: by its own review where that says more than its records do."""
    derived = None if of_records is State.NOT_STARTED else ReviewState(str(of_records))
    found = community_state(review, derived)
    return State.NOT_STARTED if found is None else State(str(found))


def _is_done(state: State) -> bool:
    return _ORDER.index(state) >= _ORDER.index(State.COMPLETE)


def _community(
    uid: str, parts: list[FormProgress], rows: list[dict[str, Value]], review: str | None
) -> CommunityProgress:
    asked = [part for part in parts if part.needed]
    recorded = {str(row.get("overall_cond") or "") for row in rows}
    return CommunityProgress(
        uid,
        _with_review(_least([part.state for part in asked]), review),
        sum(part.done == len(part.needed) for part in asked),
        len(asked),
        next((code for code in CONDITIONS if code in recorded), ""),
        {part.form_id: part for part in parts},
    )
