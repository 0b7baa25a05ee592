"""The first workspace: the communities of the day as cards and on a map, the next thing to do, the report."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QListView, QVBoxLayout, QWidget

from fieldsurvey.assess import CommunityProgress
from fieldsurvey.assess.assignments import Assignment
from fieldsurvey.assess.daily import left
from fieldsurvey.assess.progress import State
from fieldsurvey.assess.review.remarks import Returned
from fieldsurvey.clock import today
from fieldsurvey.i18n import _, language
from survey_forms.definitions import title
from ui import shown
from ui.fitting import Columns
from ui.project.overview import Overview
from ui.today.agenda import Agenda, last_sync_text, together
from ui.today.assign import AssignDialog
from ui.today.cards import Card, CardModel, CardPainter
from ui.today.ground import Ground
from ui.today.minimap import MiniMap, Spot
from ui.today.report import ReportDialog
from ui.widgets import button, titled

if TYPE_CHECKING:
    from ui.main_window import MainWindow

_MOST = 500  # communities that are listed


class TodayPage(QWidget):
    """What a surveyor sees in the morning.

    Signals:
        community_wanted: (uid) a community is to be opened on the map.
        next_wanted: () the next thing to do is to be opened.
        sync_wanted: () the sync workspace is to be shown.
    """

    community_wanted = Signal(str)
    next_wanted = Signal()
    sync_wanted = Signal()

    def __init__(self, window: "MainWindow", agenda: Agenda) -> None:
        super().__init__()
        self.setObjectName("today")
        self._window, self._agenda = window, agenda
        self._is_stale = True  # it costs nothing while nobody sees it
        layout = QVBoxLayout(self)
        layout.addLayout(self._top())
        layout.addWidget(self._next())
        parts = ((_("Communities"), self._left(), 380), (_("Map"), self._right(), 280))
        layout.addWidget(Columns("today_columns", parts, (720, 520)), 1)
        agenda.changed.connect(self._show)

    # --- parts ---------------------------------------------------------------------------------------------------

    def _top(self) -> QHBoxLayout:
        self.head = titled("")
        self.head.setObjectName("today_head")
        self.mine = QCheckBox(_("Only mine"))
        self.mine.setObjectName("today_mine")
        self.mine.setChecked(self._agenda.only_mine)
        self.mine.toggled.connect(self._agenda.show_only_mine)
        row = QHBoxLayout()
        row.addWidget(self.head, 1)
        row.addWidget(self.mine)
        row.addWidget(button("today_report", _("Report of the day …"), self.show_report))
        row.addWidget(button("today_assign", _("Assign …"), self.show_assign))
        return row

    def _next(self) -> QWidget:
        self.next = button("today_next", "", self.next_wanted)
        self.next.setProperty("role", "primary")
        self.next.setMinimumHeight(48)
        return self.next

    def _left(self) -> QWidget:
        self.model = CardModel()
        self.cards = QListView()
        self.cards.setObjectName("today_cards")
        self.cards.setAccessibleName(_("Communities of the day"))
        self.cards.setModel(self.model)
        self.cards.setItemDelegate(CardPainter(self.cards))
        self.cards.setUniformItemSizes(True)
        self.cards.activated.connect(self._activated)
        self.cards.selectionModel().currentChanged.connect(self._current_changed)
        self.empty = titled("", "hint")
        self.empty.setObjectName("today_empty")
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.empty)
        column.addWidget(self.cards, 1)
        return side

    def _right(self) -> QWidget:
        self.map = MiniMap()
        self.map.picked.connect(self.choose)
        self.map.opened.connect(self.community_wanted)
        canvas = self._window.canvas
        ground = Ground(self._window.work_runner, lambda: canvas.sidecar, lambda: canvas.look, self)
        self.map.ground_wanted.connect(ground.want)
        ground.drawn.connect(self.map.show_ground)
        self._window.theme_changed.connect(self.map.forget_ground)
        self._window.project.map_ready.connect(self.map.forget_ground)
        self.sync = QLabel()
        self.sync.setObjectName("today_sync")
        self.sync.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.sync, 1)
        row.addWidget(button("today_to_sync", _("Sync …"), self.sync_wanted))
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(8, 0, 0, 0)
        column.addWidget(self.map, 1)
        column.addLayout(row)
        return side

    def showEvent(self, event: QShowEvent) -> None:
        """The arrows move among the cards from the beginning."""
        super().showEvent(event)
        if self._is_stale:
            self._show()
        self.cards.setFocus()

    # --- showing -------------------------------------------------------------------------------------------------

    @Slot()
    def _show(self) -> None:
        now, agenda = self._agenda.now, self._agenda
        self._is_stale = not self.isVisible()
        if now is None or self._is_stale:
            return
        mine, chosen = agenda.mine, self._current()
        self.mine.setVisible(bool(mine))
        returned: dict[str, list[Returned]] = {}
        for one in agenda.reading.returned:
            returned.setdefault(one.community_uid, []).append(one)
        first = agenda.ordered[:_MOST]
        cards = [self._card(now, one, mine.get(one.uid), returned.get(one.uid, [])) for one in first]
        self.model.show_cards(cards)
        self._show_map(now)
        self._tell(now, mine)
        text = agenda.next_text()
        self.next.setText(_("Next: {what}").format(what=text) if text else _("Nothing is left to do here."))
        self.next.setEnabled(bool(text))
        self.choose(chosen or (cards[0].uid if cards else ""))

    def _card(
        self, now: Overview, one: CommunityProgress, given: Assignment | None, returned: Sequence[Returned]
    ) -> Card:
        row = now.communities[one.uid]
        state = str(State.RETURNED if one.is_returned or returned else one.state)
        until = _("until {day}").format(day=given.until[5:]) if given and given.until else ""
        open_forms = tuple(left(one))
        late = given is not None and given.is_late(today()) and bool(open_forms)
        told = _said(returned) or _left_text(open_forms, language())
        return Card(
            one.uid, str(row["name"] or "—"), state, one.done, one.total, told, until, late, self._agenda.far(one.uid)
        )

    def _show_map(self, now: Overview) -> None:
        reading = self._agenda.reading
        spots = [
            Spot(
                card.uid,
                card.name,
                card.state,
                reading.outlines[card.uid],
                reading.middles[card.uid],
            )
            for card in self.model.cards
            if card.uid in reading.outlines and card.uid in now.communities
        ]
        self.map.show_spots(spots, self._agenda.here)

    def _tell(self, now: Overview, mine: dict[str, Assignment]) -> None:
        cards, listed = self._agenda.ordered, len(self.model.cards)
        done = sum(one.done >= one.total for one in cards)
        back = sum(card.state == State.RETURNED for card in self.model.cards)  # they come first
        day = shown.day(datetime.now().astimezone().date(), is_long=True)
        who = f"{day} {self._window.settings.name}".strip()
        text = _("{who} · {n} communities · {done} finished · {back} returned")
        self.head.setText(text.format(who=who, n=len(cards), done=done, back=back))
        if not now.communities:
            self.empty.setText(_("The project has no communities yet. Import the hand-over files first."))
        elif not mine:
            self.empty.setText(
                _("Nothing is assigned to you: all communities are listed.")
                if listed == len(cards)
                else _(
                    "Nothing is assigned to you: the first {n} are listed. Assign communities to list yours."
                ).format(n=shown.number(listed))
            )
        self.empty.setVisible(not mine)
        entry = self._agenda.reading.last_sync
        when = "" if entry is None else shown.short(entry.at_ms)
        unsent = _("{n} edits are not at the office yet.").format(n=now.unsent) if now.unsent else ""
        self.sync.setText(" · ".join(filter(None, (last_sync_text(entry, when), unsent))))

    # --- choosing ------------------------------------------------------------------------------------------------

    def _current(self) -> str:
        return str(self.cards.currentIndex().data(CardModel.UID) or "")

    @Slot(str)
    def choose(self, uid: str) -> None:
        """Mark a community on its card and on the map."""
        row = self.model.row_of(uid)
        if row >= 0:
            index = self.model.index(row)
            self.cards.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.cards.scrollTo(index)

    @Slot(QModelIndex)
    def _current_changed(self, index: QModelIndex) -> None:
        self.map.choose(str(index.data(CardModel.UID) or ""))

    @Slot(QModelIndex)
    def _activated(self, index: QModelIndex) -> None:
        self.community_wanted.emit(str(index.data(CardModel.UID)))

    # --- dialogs -------------------------------------------------------------------------------------------------

    @Slot()
    def show_report(self) -> None:
        """Show what was done today."""
        shown = ReportDialog(self._window)
        shown.finished.connect(shown.deleteLater)
        shown.open()

    @Slot()
    def show_assign(self) -> None:
        """Give communities to people."""
        now = self._agenda.now
        if now is not None:
            shown = AssignDialog(self._window, now, self._agenda.reading.assigned)
            shown.changed.connect(self._agenda.refresh)
            shown.finished.connect(shown.deleteLater)
            shown.open()


def _said(returned: Sequence[Returned]) -> str:
    """Return what the reviewer said, newest first."""
    texts = [thread.remark.text.rstrip("。.；; ") for one in returned for thread in one.threads]
    if not returned:
        return ""
    return _("{n} returned: {texts}").format(n=len(returned), texts=_("; ").join(texts) or "—")


@lru_cache(maxsize=1024)
def _left_text(open_forms: tuple[str, ...], spoken: str) -> str:
    """Return what is left in words; the same forms are left in most communities."""
    forms = [title(form_id, spoken) or form_id for form_id in open_forms]
    if not forms:
        return _("Everything is filled in.")
    return _("{n} left: {forms}").format(n=len(forms), forms=together(forms))
