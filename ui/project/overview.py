"""What the window shows of a project, read in the store thread: after an edit only what it touched."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fieldsurvey.assess import CommunityProgress, Totals, totals
from fieldsurvey.assess.progress import ProgressReading, State
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Changes, Store
from layers import sidecar

_COLUMNS = (
    "code", "name", "district", "subdistrict", "address", "household_count", "est_investment", "plan_year",
    "building_count",
)  # fmt: skip
_AT_ONCE = 2_000  # communities beyond which the map does not wait for the progress of each


@dataclass(frozen=True, slots=True)
class Overview:
    """What the window shows of a project; what is as it was before is the same object.

    Attributes:
        path: The project file.
        name: Its name.
        crs: Its reference system.
        communities: uid -> row of each community, by code.
        progress: uid -> how far it is.
        states: uid -> its state.
        conditions: uid -> its overall condition.
        totals: Counts and money.
        conflicts: Open conflicts.
        unsent: Own edits that no hub has confirmed.
        last_saved_ms: When this laptop last saved.
        map_counter: State of what the map draws.
        is_whole: Whether the progress is known; else another overview follows at once.
    """

    path: Path
    name: str
    crs: str
    communities: Mapping[str, Mapping[str, Value]]
    progress: Mapping[str, CommunityProgress]
    states: Mapping[str, str]
    conditions: Mapping[str, str]
    totals: Totals
    conflicts: int
    unsent: int
    last_saved_ms: int | None
    map_counter: int
    is_whole: bool = True


def map_counter(store: Store) -> int:
    """Return a number that grows with every change of what the map draws."""
    return store.change_counter(table.name for table in sidecar.drawn_tables(store))


class OverviewReader:
    """Keeps what was read of one project. Belongs to the store thread."""

    def __init__(self) -> None:
        self._reading: ProgressReading | None = None
        self._progress: dict[str, CommunityProgress] = {}
        self._states: dict[str, str] = {}
        self._conditions: dict[str, str] = {}
        self._communities: dict[str, Mapping[str, Value]] = {}
        self._totals = Totals(0, 0, 0.0, 0)
        self._changes: list[Changes] = []  # since the last reading
        self._is_reading = False

    def heard(self, changes: Changes) -> None:
        """Take note of a commit."""
        self._changes.append(changes)

    def first(self, store: Store) -> Overview:
        """Return what there is to show when a project was opened: of a large one without the progress."""
        if store.count("community") <= _AT_ONCE:
            return self._read(store, JobControl())
        self._read_communities(store)
        blank = {uid: CommunityProgress(uid, State.NOT_STARTED, 0, 0, "", {}) for uid in self._communities}
        return self._told(store, blank, is_whole=False)

    def again(self, store: Store, control: JobControl) -> Overview | None:
        """Return what there is to show now, letting others in; None if an earlier call is at it, which tells all."""
        if self._is_reading:
            return None
        self._is_reading = True
        try:
            return self._read(store, control)
        except BaseException:
            self._reading = None  # what was noted is lost: next time everything is read
            raise
        finally:
            self._is_reading = False

    def _read(self, store: Store, control: JobControl) -> Overview:
        is_first = self._reading is None
        changes, self._changes = self._changes, []
        if is_first or any("community" in each.tables or not each.uids for each in changes):
            self._read_communities(store)
        touched = None if is_first else self._take(store, changes)
        if touched is None or self._reading is None:
            self._reading = ProgressReading(store, control)
            self._progress = self._reading.all()
        elif touched:
            self._progress = self._progress | {uid: self._reading.of(uid) for uid in touched}
        self._sum_up(touched)
        if self._changes:  # while others were let in
            return self._read(store, control)
        return self._told(store, self._progress, is_whole=True)

    def _sum_up(self, touched: set[str] | None) -> None:
        """Bring states and conditions up to date."""
        some = self._progress if touched is None else {uid: self._progress[uid] for uid in touched}
        states = {uid: str(one.state) for uid, one in some.items()}
        conditions = {uid: one.condition for uid, one in some.items()}
        if touched is None:
            self._states, self._conditions = states, conditions
        else:
            self._states = _with(self._states, states)
            self._conditions = _with(self._conditions, conditions)

    def _take(self, store: Store, changes: list[Changes]) -> set[str] | None:
        touched: set[str] = set()
        for each in changes:
            found = self._reading.take(store, each) if self._reading else None
            if found is None:
                return None
            touched |= found
        return touched

    def _read_communities(self, store: Store) -> None:
        rows = store.select("community", _COLUMNS, order="code")
        self._communities = {str(row["uid"]): row for row in rows}
        self._totals = totals(store)

    def _told(self, store: Store, progress: Mapping[str, CommunityProgress], *, is_whole: bool) -> Overview:
        return Overview(
            store.path,
            store.name,
            store.crs,
            self._communities,
            progress,
            self._states if is_whole else {uid: str(State.NOT_STARTED) for uid in progress},
            self._conditions if is_whole else dict.fromkeys(progress, ""),
            self._totals,
            store.conflict_count(),
            store.unsent(),
            store.last_saved_ms,
            map_counter(store),
            is_whole,
        )


def _with(before: dict[str, str], changed: Mapping[str, str]) -> dict[str, str]:
    """Return what changed over what was before: the very same where nothing did."""
    return before if all(before.get(uid) == value for uid, value in changed.items()) else {**before, **changed}
