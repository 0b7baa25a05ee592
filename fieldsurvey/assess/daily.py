"""What was done on a day, from the history, and what is to be done next."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from fieldsurvey.assess.progress import CommunityProgress, State
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.revision import Kind, Revision
from fieldsurvey.model.schema import Table, TableKind
from fieldsurvey.store import Store

_OPEN = (State.RETURNED, State.DRAFT, State.NOT_STARTED)  # in the order of the work
_REACHED = frozenset({str(State.COMPLETE)})
_BEGUN = frozenset({str(State.DRAFT), ""})  # others are the steps of a reviewer
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class CommunityDay:
    """What was done in one community on a day.

    Attributes:
        uid: The community; empty for what lies in the street.
        name: Its name.
        completed: Form -> how many records were completed.
        begun: Form -> how many records were filled in and are not complete.
        photos: Photos taken in.
        features: Features of the map drawn, changed or deleted.
        first_ms, last_ms: First and last edit, by the clock of this laptop.
    """

    uid: str
    name: str
    completed: Mapping[str, int]
    begun: Mapping[str, int]
    photos: int
    features: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class DayReport:
    """A day of one laptop.

    Attributes:
        day: The day.
        person: Who works here.
        project: Name of the project.
        communities: What was done where, in the order of the work.
        unsent: Edits that no hub has confirmed.
    """

    day: date
    person: str
    project: str
    communities: Sequence[CommunityDay]
    unsent: int

    @property
    def completed(self) -> int:
        """Records completed."""
        return sum(sum(one.completed.values()) for one in self.communities)

    @property
    def photos(self) -> int:
        """Photos taken in."""
        return sum(one.photos for one in self.communities)


def day_report(store: Store, day: date) -> DayReport:
    """Return what was done on this laptop on a day of its clock."""
    begin = datetime.combine(day, time()).astimezone()
    until = datetime.combine(day + timedelta(days=1), time()).astimezone()
    revisions = store.own_revisions(round(begin.timestamp() * 1000), round(until.timestamp() * 1000))
    names = {
        scope_of(str(r["uid"])): (str(r["uid"]), str(r["name"] or "")) for r in store.select("community", ["name"])
    }
    tables = store.tables()
    found: dict[int, list[Revision]] = {}
    for revision in revisions:
        table = tables.get(revision.table)
        if table is not None and revision.kind is not Kind.IMPORT and table.kind is not TableKind.OFFICE:
            area = scope_of(revision.uid) if revision.table == "community" else revision.scope
            found.setdefault(area, []).append(revision)
    days = [_community_day(*names.get(scope, ("", "")), each, tables) for scope, each in found.items()]
    return DayReport(day, store.actor[2], store.name, sorted(days, key=lambda one: one.first_ms), store.unsent())


def _community_day(uid: str, name: str, revisions: Sequence[Revision], tables: Mapping[str, Table]) -> CommunityDay:
    status: dict[tuple[str, str], str] = {}
    photos, features = set(), set()
    for revision in revisions:
        kind = tables[revision.table].kind
        if revision.table == "photo":
            photos.add(revision.uid)
        elif kind is TableKind.ASSET:
            features.add(revision.uid)
        elif kind is TableKind.FORM:
            told = str(revision.fields().get("status") or "") if revision.patch else ""
            status[revision.table, revision.uid] = told or status.get((revision.table, revision.uid), "")
    completed = _counted(tables[table].label for (table, _uid), told in status.items() if told in _REACHED)
    begun = _counted(tables[table].label for (table, _uid), told in status.items() if told in _BEGUN)
    times = [revision.at_ms for revision in revisions]
    return CommunityDay(uid, name, completed, begun, len(photos), len(features), min(times), max(times))


def _counted(labels: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for label in labels:
        found[label] = found.get(label, 0) + 1
    return found


# --- what comes next ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NextUp:
    """The next thing to do.

    Attributes:
        community: The community.
        form_id: The form.
        subject: What it is about.
        state: Its state: returned ones come first.
        distance: How far away the community is, m; None without a position.
    """

    community: str
    form_id: str
    subject: str
    state: State
    distance: float | None = None


def distance(here: Place | None, there: Place | None) -> float | None:
    """Return the way as the crow flies, m; None if one end is not known."""
    return None if here is None or there is None else math.hypot(here[0] - there[0], here[1] - there[1])


def in_order(
    progress: Iterable[CommunityProgress], places: Mapping[str, Place], here: Place | None, dates: Mapping[str, str]
) -> list[CommunityProgress]:
    """Return communities in the order of the work: returned, begun, then by last day and by distance; done ones last.

    Args:
        progress: The communities.
        places: Community -> its middle, m in the project CRS.
        here: Where the surveyor is.
        dates: Community -> last day of its assignment, ISO 8601.
    """

    def key(one: CommunityProgress) -> tuple[int, str, float]:
        far = distance(here, places.get(one.uid))
        return _rank(one), dates.get(one.uid) or "9", math.inf if far is None else far

    return sorted(progress, key=key)


def _rank(one: CommunityProgress) -> int:
    if one.is_returned:
        return 0
    if one.state is State.DRAFT:
        return 1
    return 2 if one.state is State.NOT_STARTED else 3


def next_up(ordered: Sequence[CommunityProgress], places: Mapping[str, Place], here: Place | None) -> NextUp | None:
    """Return the first form to fill in of the first community that has one; what came back before what is new.

    Args:
        ordered: Communities in the order of the work.
        places: Community -> its middle, m in the project CRS.
        here: Where the surveyor is.
    """
    for one in ordered:
        for wanted in _OPEN:
            for form in one.forms.values():
                for subject in form.needed:
                    if form.states.get(subject, State.NOT_STARTED) is wanted:
                        far = distance(here, places.get(one.uid))
                        return NextUp(one.uid, form.form_id, subject, wanted, far)
    return None


def left(one: CommunityProgress) -> list[str]:
    """Return the forms of a community that are not finished, in the order of the forms."""
    return [form.form_id for form in one.forms.values() if form.needed and form.done < len(form.needed)]
