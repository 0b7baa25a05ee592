"""The work of the person at this laptop, in order, and kept so while records and the position change."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np
import shapely
from PySide6.QtCore import QObject, Signal, Slot

from fieldsurvey.assess import CommunityProgress
from fieldsurvey.assess.assignments import Assignment, assignments
from fieldsurvey.assess.daily import NextUp, Place, distance, in_order, next_up
from fieldsurvey.assess.review.remarks import Returned, returned_for
from fieldsurvey.i18n import _, language
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from fieldsurvey.sync import diary
from fieldsurvey.sync.diary import Entry
from layers.raw_types import Floats
from survey_forms.definitions import title
from survey_forms.records import Subject
from ui.project.describe import stairwell_names
from ui.project.overview import Overview

if TYPE_CHECKING:
    from ui.main_window import MainWindow

_FINE = 2.0  # m: outlines are drawn small
_STEP = 20.0  # m on foot after which distances are told anew
Outline = Sequence[Floats]  # of each part, shape (k, 2)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the day needs from the project file besides the overview.

    Attributes:
        drawn: State of the communities that the outlines are of.
        outlines: Community -> its rings, m in the project CRS.
        middles: Community -> its middle.
        assigned: What is assigned to anyone.
        last_sync: The last exchange that came to its end.
        returned: What came back from the review.
    """

    drawn: bytes = b""
    outlines: Mapping[str, Outline] = field(default_factory=dict)
    middles: Mapping[str, Place] = field(default_factory=dict)
    assigned: Sequence[Assignment] = ()
    last_sync: Entry | None = None
    returned: Sequence[Returned] = ()


def read(store: Store, before: Reading) -> Reading:
    """Read what the day needs; outlines only if a community is another one. Runs in the store thread."""
    outlines, middles, drawn = before.outlines, before.middles, store.row_print("community")
    if drawn != before.drawn:
        outlines, middles = _outlines(store)
    return Reading(drawn, outlines, middles, assignments(store), diary.last_ok(store), returned_for(store))


def _outlines(store: Store) -> tuple[dict[str, Outline], dict[str, Place]]:
    rows = [row for row in store.select("community", ["geom"]) if isinstance(row["geom"], bytes)]
    shapes = shapely.simplify(shapely.from_wkb([row["geom"] for row in rows]), _FINE)
    parts, owners = shapely.get_parts(shapes, return_index=True)
    rings = shapely.get_exterior_ring(parts)
    points, ring_of = shapely.get_coordinates(rings, return_index=True)
    ends = np.cumsum(np.bincount(ring_of, minlength=len(rings))).tolist()
    outlines: dict[str, list[Floats]] = {}
    for owner, first, last in zip(owners.tolist(), [0, *ends[:-1]], ends, strict=True):
        if last > first:
            outlines.setdefault(str(rows[owner]["uid"]), []).append(points[first:last])
    middles = shapely.get_coordinates(shapely.centroid(shapes[~shapely.is_empty(shapes)]))
    uids = [str(row["uid"]) for row, is_empty in zip(rows, shapely.is_empty(shapes), strict=True) if not is_empty]
    return dict(outlines), dict(zip(uids, map(tuple, middles.tolist()), strict=True))


class Agenda(QObject):
    """What is to be done, in order.

    Signals:
        changed: () the order, or anything it is told by, is another one.
    """

    changed = Signal()

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self.reading = Reading()
        self.here: Place | None = None
        self.ordered: list[CommunityProgress] = []
        self.next: NextUp | None = None
        self.only_mine = True
        self._who = ("", "")
        self._names: Mapping[str, str] = {}  # of the buildings and units of the community that comes next
        window.project.opened.connect(self._begin)
        window.project.changed.connect(self.refresh)
        window.map_side.positioning.moved.connect(self._moved)
        window.remembered.changed.connect(self._look_who)

    @Slot()
    def _begin(self) -> None:
        self.reading, self.ordered, self.next, self._names = Reading(), [], None, {}
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Read anew."""
        before, holder = self.reading, self._window.holder
        if self._window.project.current is None:
            return

        def work(_control: JobControl) -> Reading | None:
            return read(holder.store, before) if holder.is_open else None

        self._window.store_runner.start(work, quick=True).succeeded.connect(self._was_read)

    @Slot(object)
    def _was_read(self, result: object) -> None:
        if result is not None:
            self.reading = cast("Reading", result)
            self._order()

    @Slot(float, float)
    def _moved(self, east: float, north: float) -> None:
        if self.here is None or math.dist(self.here, (east, north)) >= _STEP:
            self.here = (east, north)
            self._order()

    @Slot()
    def _look_who(self) -> None:
        who = (self._window.settings.login, self._window.settings.name)
        if who != self._who:
            self._who = who
            self._order()

    # --- the order -----------------------------------------------------------------------------------------------

    @property
    def now(self) -> Overview | None:
        """The open project."""
        return self._window.project.current

    @property
    def mine(self) -> dict[str, Assignment]:
        """Community -> its assignment, of those of the person at this laptop."""
        settings = self._window.settings
        return {one.community: one for one in self.reading.assigned if one.is_for(settings.login, settings.name)}

    def show_only_mine(self, on: bool) -> None:
        """List only what is assigned to the person here, or everything."""
        self.only_mine = on
        self._order()

    def _order(self) -> None:
        """Put the communities in order, in the store thread: a province has twenty thousand."""
        now, here, places = self.now, self.here, self.reading.middles
        dates = {uid: one.until for uid, one in self.mine.items()}
        is_all = not (self.only_mine and dates)
        if now is None or not self._window.store_runner.is_open:
            return
        progress = now.progress

        def work(_control: JobControl) -> tuple[Overview, list[CommunityProgress], NextUp | None]:
            chosen = [one for uid, one in progress.items() if is_all or uid in dates]
            ordered = in_order(chosen, places, here, dates)
            return now, ordered, next_up(ordered, places, here)

        self._window.store_runner.start(work, quick=True).succeeded.connect(self._was_ordered)

    @Slot(object)
    def _was_ordered(self, result: object) -> None:
        now, ordered, up = cast("tuple[Overview, list[CommunityProgress], NextUp | None]", result)
        if self.now is None or now.path != self.now.path:  # another project was opened meanwhile
            return
        self.ordered = ordered
        before, self.next = self.next, up
        if self.next is not None and (before is None or before.community != self.next.community):
            self._names = {}
            self._name_inside(self.next.community)
        self.changed.emit()

    def _name_inside(self, community: str) -> None:
        holder = self._window.holder

        def work(_control: JobControl) -> Mapping[str, str]:
            return stairwell_names(holder.store, community) if holder.is_open else {}

        self._window.store_runner.start(work, quick=True).succeeded.connect(self._named)

    @Slot(object)
    def _named(self, names: Mapping[str, str]) -> None:
        self._names = names
        self.changed.emit()

    # --- in words ------------------------------------------------------------------------------------------------

    def far(self, uid: str) -> str:
        """Return how far a community is, in words; empty without a position."""
        return far_text(distance(self.here, self.reading.middles.get(uid)))

    def next_text(self) -> str:
        """Return what is to be done next, in one line; empty if nothing is left."""
        up, now = self.next, self.now
        if up is None or now is None or up.community not in now.communities:
            return ""
        name = str(now.communities[up.community]["name"] or "")
        form = title(up.form_id, language()) or up.form_id
        return " · ".join(filter(None, (name, self._names.get(up.subject, ""), form, far_text(up.distance))))

    def next_subject(self) -> Subject | None:
        """Return the form that is to be filled in next."""
        up = self.next
        return None if up is None else Subject(up.form_id, up.community, up.subject)


def far_text(metres: float | None) -> str:
    """Return a distance as people say it.

    >>> far_text(None), far_text(42.4), far_text(1260.0)
    ('', '42 m', '1.3 km')
    """
    if metres is None:
        return ""
    return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.1f} km"


def together(texts: Iterable[str]) -> str:
    """Return words one after another, as the language does it."""
    return ("、" if language().startswith("zh") else ", ").join(texts)


def last_sync_text(entry: Entry | None, moment: str) -> str:
    """Return when this laptop was last in touch with the office."""
    return _("Never synced") if entry is None else _("Last synced {when}").format(when=moment)
