"""The day in the window: its workspace, and the next thing to do in the corner, always in sight."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QToolButton

from fieldsurvey.i18n import _
from ui.today.agenda import Agenda
from ui.today.page import TodayPage

if TYPE_CHECKING:
    from ui.main_window import MainWindow

_ROOM = 460  # px


class _Corner(QToolButton):
    """A button of one size whatever stands on it, since a menu bar asks only when its own size changes."""

    def __init__(self) -> None:
        super().__init__()
        self._told = ""

    def tell(self, text: str) -> None:
        """Show a text, shortened in the middle where it does not fit."""
        self._told = text
        self._fit()

    def sizeHint(self) -> QSize:
        """Return room for a name, a form and a distance, and no more than the menus leave."""
        bar = self.parentWidget()
        return QSize(_ROOM if bar is None else min(_ROOM, bar.width() * 2 // 5), 36)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the text to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.sizeHint().width() - 42
        self.setText(self.fontMetrics().elidedText(self._told, Qt.TextElideMode.ElideMiddle, room))


class TodayDesk(QObject):
    """Puts the day into the window."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self.agenda = Agenda(window)
        self.agenda.changed.connect(self._show)
        self.corner = _Corner()
        self.corner.setObjectName("next_up")
        self.corner.setAccessibleName(_("Next thing to do"))
        self.corner.clicked.connect(self.open_next)
        self.corner.hide()
        window.menuBar().setCornerWidget(self.corner, Qt.Corner.TopRightCorner)

    def make_page(self) -> TodayPage:
        """Return the workspace."""
        page = TodayPage(self._window, self.agenda)
        page.community_wanted.connect(self._open_community)
        page.next_wanted.connect(self.open_next)
        page.sync_wanted.connect(partial(self._window.show_workspace, "sync"))
        return page

    @Slot(str)
    def _open_community(self, uid: str) -> None:
        self._window.show_workspace("map")
        self._window.open_community(uid)

    @Slot()
    def open_next(self) -> None:
        """Open the form that is to be filled in next."""
        subject = self.agenda.next_subject()
        if subject is not None:
            self._window.open_record(subject)

    @Slot()
    def _show(self) -> None:
        text = self.agenda.next_text()
        told = _("Next: {what}").format(what=text)
        self.corner.tell(told)
        self.corner.setToolTip(f"{told} (F2)")
        self.corner.setVisible(bool(text))
