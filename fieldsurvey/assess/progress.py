"""How far the survey of each community is, from its records."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from operator import itemgetter

from fieldsurvey.assess.needed import BESIDE, NEEDED, OWN_FORMS, NeededForm, Parts, own_forms
from fieldsurvey.assess.records import rows_in
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.review import ReviewState, community_state
from fieldsurvey.model.review_tables import COMMUNITY_REVIEW
from fieldsurvey.model.schema import TableKind, Value
from fieldsurvey.store import Changes, Store

_Row = dict[str, Value]


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
        is_returned: Whether anything of it came back from the review.
    """

    uid: str
    state: State
    done: int
    total: int
    condition: str
    forms: Mapping[str, FormProgress]
    beside: Mapping[str, FormProgress] = field(default_factory=dict)
    is_returned: bool = False


def community_progress(store: Store, communities: Iterable[str] | None = None) -> dict[str, CommunityProgress]:
    """Return the progress of the named communities, or of all."""
    wanted = None if communities is None else list(communities)
    is_few = wanted is not None and len(wanted) <= _FEW
    return ProgressReading(store, only=wanted if is_few else None).all(wanted)


class _Forms(Mapping[str, FormProgress]):
    """The forms of one community, worked out when somebody looks: in a whole city, few are looked at."""

    __slots__ = ("_found", "_make")

    def __init__(self, make: Callable[[], dict[str, FormProgress]]) -> None:
        self._make = make
        self._found: dict[str, FormProgress] | None = None

    def _all(self) -> dict[str, FormProgress]:
        if self._found is None:
            self._found = self._make()
        return self._found

    def __getitem__(self, form_id: str) -> FormProgress:
        return self._all()[form_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


class ProgressReading:
    """What progress is told by, as read from a project; edits are taken over without reading the rest again.

    What it has told does not change with later edits, and may be looked at
    from another thread.
    """

    def __init__(self, store: Store, control: JobControl | None = None, only: Collection[str] | None = None) -> None:
        """Read everything, letting others in between the tables, or what concerns a few communities."""
        breathe = control.breathe if control else lambda: None
        self._installed = installed = _installed(store)
        self._forms = [form for form in NEEDED if form.form_id in installed]
        self._others = [form for form in (*BESIDE, *own_forms(store)) if form.form_id in installed]
        self._disputed = store.disputed()
        self._records: dict[str, dict[str, list[_Row]]] = {}
        for form in (*self._forms, *self._others):
            self._records[form.form_id] = _by_community(_records(store, form.form_id, self._disputed, only))
            breathe()
        self._reviews = _reviews(store, self._disputed)
        self._buildings, self._stairwells = _parts(store, breathe, only)
        self._rules = sorted({form.column for form in self._forms if form.column})
        self._communities = {str(row["uid"]): row for row in store.select("community", self._rules)}

    def all(self, communities: Iterable[str] | None = None) -> dict[str, CommunityProgress]:
        """Return the progress of the named communities, or of all, in drawing order."""
        wanted = None if communities is None else set(communities)
        return {uid: self.of(uid) for uid in self._communities if wanted is None or uid in wanted}

    def of(self, uid: str) -> CommunityProgress:
        """Return the progress of one community."""
        recorded = {form_id: rows for form_id, of_form in self._records.items() if (rows := of_form.get(uid))}
        place = _Place(self._communities[uid], self._buildings.get(uid, _NONE), self._stairwells.get(uid, _NONE))
        forms = _Forms(partial(_progress, self._forms, place, recorded))
        asked = [form for form in self._forms if place.subjects(form)]
        states, done, seen = [State.NOT_STARTED] * bool(asked), 0, set[str]()
        if any(form.form_id in recorded for form in self._forms):
            parts = [forms[form.form_id] for form in asked]
            states, done = [part.state for part in parts], sum(part.done == len(part.needed) for part in parts)
            mine = (row for form in self._forms for row in recorded.get(form.form_id, ()))
            seen = {str(row.get("overall_cond") or "") for row in mine}
        beside = _Forms(partial(_progress, self._others, place, recorded))
        state = _with_review(_least(states), self._reviews.get(uid))
        touched = [(forms if form_id in forms else beside)[form_id] for form_id in recorded]
        return CommunityProgress(
            uid,
            state,
            done,
            len(asked),
            next((code for code in CONDITIONS if code in seen), ""),
            forms,
            beside,
            state is State.RETURNED or any(State.RETURNED in form.states.values() for form in touched),
        )

    def take(self, store: Store, changes: Changes) -> set[str] | None:
        """Take over what a transaction changed; return the communities that may stand otherwise now.

        None: it cannot be told from the records that changed. Everything is to be read anew.
        """
        is_far = not changes.uids or len(changes.uids) > _MOST or changes.tables & _READ_WHOLE
        if is_far or _installed(store) != self._installed:
            return None
        disputed = store.disputed()
        judged_anew = disputed ^ self._disputed
        self._disputed = disputed
        found = self._take_communities(store, changes) if "community" in changes.tables else set()
        if found is None:
            return None
        for form_id in self._records:
            written = changes.uids if form_id in changes.tables else frozenset()
            found |= self._take_records(store, form_id, judged_anew | written)
        reviews = _reviews(store, disputed)
        found |= {uid for uid, _status in reviews.items() ^ self._reviews.items()}
        self._reviews = reviews
        return found & self._communities.keys()

    def _take_communities(self, store: Store, changes: Changes) -> set[str] | None:
        """Take over what is known of communities; None if there are others than before."""
        found = set()
        for uid in changes.uids:
            rows = store.select("community", self._rules, where={"uid": uid})
            if bool(rows) != (uid in self._communities):
                return None
            if rows:
                self._communities[uid] = rows[0]
                found.add(uid)
        return found

    def _take_records(self, store: Store, form_id: str, uids: frozenset[str]) -> set[str]:
        """Take over records of a form, wherever they were and are; return the communities."""
        if not uids:
            return set()
        of_form = self._records[form_id]
        known = {str(row["uid"]): community for community, rows in of_form.items() for row in rows}
        touched: set[str] = set()
        for uid in uids:
            now = _records(store, form_id, self._disputed, uid=uid)
            before, after = known.get(uid), str(now[0]["community_uid"]) if now else None
            if before is not None and before != after:
                of_form[before] = [row for row in of_form[before] if row["uid"] != uid]
            if after is not None and before == after:
                of_form[after] = [now[0] if row["uid"] == uid else row for row in of_form[after]]
            elif after is not None:
                of_form[after] = [*of_form.get(after, ()), now[0]]
            touched |= {community for community in (before, after) if community is not None}
        return touched


@dataclass(frozen=True, slots=True)
class _Place:
    """A community, and the parts of it that forms may be about."""

    community: _Row
    buildings: Parts
    stairwells: Parts

    def subjects(self, form: NeededForm) -> tuple[str, ...]:
        """Return what a record of the form may be about, in drawing order."""
        if not form.wants(self.community):
            return ()
        if form.per == "community":
            return (str(self.community["uid"]),)
        return (self.buildings if form.per == "building" else self.stairwells).from_storey(form.min_floors)


def _progress(
    forms: Iterable[NeededForm], place: _Place, recorded: Mapping[str, Sequence[_Row]]
) -> dict[str, FormProgress]:
    return {form.form_id: _form_progress(form, place.subjects(form), recorded.get(form.form_id, ())) for form in forms}


_NONE = Parts()
_FEW = 20  # communities that are read by themselves
_MOST = 200  # records of a transaction beyond which everything is read
_READ_WHOLE = frozenset({"building", "stairwell", OWN_FORMS})


def _parts(
    store: Store, breathe: Callable[[], None], only: Collection[str] | None
) -> tuple[dict[str, Parts], dict[str, Parts]]:
    """Return the buildings and the stairwells of each community."""
    floors: dict[Value, int] = {}
    found: list[dict[str, Parts]] = []
    for table, column in (("building", "floors"), ("stairwell", "building_uid")):
        grouped: dict[Value, tuple[list[str], list[int]]] = defaultdict(lambda: ([], []))
        names = ("uid", "community_uid", column)
        every = (
            store.each(table, names) if only is None else map(itemgetter(*names), rows_in(store, table, names, only))
        )
        for uid, community, value in every:
            storeys = int(value or 0) if table == "building" else floors.get(value, 0)
            floors[uid] = storeys
            uids, those = grouped[community]
            uids.append(str(uid))
            those.append(storeys)
        found.append(
            {str(community): Parts(" ".join(a), tuple(b)) for community, (a, b) in grouped.items() if community}
        )
        breathe()
    return found[0], found[1]


def _installed(store: Store) -> set[str]:
    return {table.name for table in store.tables().values() if table.kind is TableKind.FORM}


def _records(
    store: Store, form_id: str, disputed: frozenset[str], only: Collection[str] | None = None, uid: str = ""
) -> list[_Row]:
    """Return the records of a form in order of entry, those in a few communities, or the one that is named."""
    columns = [column.name for column in store.tables()[form_id].columns]
    wanted = [c for c in ("community_uid", "subject_uid", "status", "overall_cond") if c in columns]
    rows = store.select(form_id, wanted, where={"uid": uid}) if uid else rows_in(store, form_id, wanted, only)
    for row in rows:  # while a conflict is open nobody has reviewed what will stand
        if row["uid"] in disputed and row["status"] in {State.REVIEWED, State.APPROVED}:
            row["status"] = str(State.COMPLETE)
    return rows


def _reviews(store: Store, disputed: frozenset[str]) -> dict[str, str]:
    """Return the status of each community's own review; none while a conflict of it is open."""
    if COMMUNITY_REVIEW.name not in store.tables():
        return {}
    rows = store.select(COMMUNITY_REVIEW.name, ["community_uid", "status"])
    return {str(row["community_uid"]): str(row["status"] or "") for row in rows if row["uid"] not in disputed}


def _by_community(rows: Iterable[_Row]) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = {}
    for row in rows:
        found.setdefault(str(row["community_uid"]), []).append(row)
    return found


def _form_progress(form: NeededForm, needed: tuple[str, ...], rows: Sequence[_Row]) -> FormProgress:
    newest = {str(row["subject_uid"]): row for row in rows}  # rows come in order of entry: the last one stands
    states = {subject: State(str(row["status"] or State.DRAFT)) for subject, row in newest.items()}
    seen = [states.get(uid, State.NOT_STARTED) for uid in needed] or list(states.values())
    return FormProgress(
        form.form_id,
        _least(seen),
        needed,
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
