"""Small widgets that every room needs."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, Qt, SignalInstance
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QTextBrowser,
    QToolButton,
    QWidget,
)

from fieldsurvey.i18n import _
from ui import icon
from ui.links import ink

_LETTERS = range(12, 33, 2)  # px


def button(name: str, text: str, slot: Callable[..., Any] | SignalInstance | None = None) -> QPushButton:
    """Return a button that a gloved finger hits, named for tests."""
    made = QPushButton(text)
    made.setObjectName(name)
    made.setMinimumHeight(40)
    if slot is not None:
        made.clicked.connect(slot)
    return made


def titled(text: str, role: str = "title") -> QLabel:
    """Return a label in the role of a title, heading, hint or error."""
    label = QLabel(text)
    label.setProperty("role", role)
    label.setWordWrap(True)
    return label


def closable(title: QLabel, name: str, slot: Callable[..., Any] | SignalInstance) -> QHBoxLayout:
    """Return the head of a panel: its title, and a button that closes it."""
    close = QToolButton()
    close.setObjectName(name)
    icon.wear(close, "close")
    close.setToolTip(_("Close"))
    close.setAccessibleName(_("Close"))
    close.setMinimumSize(36, 36)
    close.clicked.connect(slot)
    head = QHBoxLayout()
    head.addWidget(title, 1)
    head.addWidget(close)
    return head


class Completer(QCompleter):
    """Words that complete what is typed, in a list dressed as the window is: Qt gives it no parent to take it from."""

    def splitPath(self, path: str) -> list[str]:
        """Dress the list, which is shown next, and return what it is searched for."""
        popup, sheet = self.popup(), self.widget().window().styleSheet()
        if popup is not None and popup.styleSheet() != sheet:
            popup.setStyleSheet(sheet)
        return super().splitPath(path)


class Reading(QTextBrowser):
    """Text to read. Ctrl and the wheel make its letters larger or smaller, within what can be read.

    Qt's own way of doing so reckons in points, takes letters measured in
    pixels for -1 of them, and makes a page unreadable that nothing brings back.
    """

    def changeEvent(self, event: QEvent) -> None:
        """Write the links in the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            ink(self.document(), self.palette().link().color())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Ctrl, change the size of the letters."""
        if not _turned_letters(self, event):
            super().wheelEvent(event)


class CommunityChoice(QComboBox):
    """A choice of one community or of all, filled in one go: a province has twenty thousand."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(_("Community"))
        self._offered: Mapping[str, object] = {}
        self._uids = [""]

    @property
    def uid(self) -> str:
        """The chosen community; empty: all."""
        return self._uids[max(self.currentIndex(), 0)]

    def offer(self, communities: Mapping[str, object], names: Mapping[str, str], everything: str) -> None:
        """Offer the communities of a project; what was chosen stays chosen.

        Args:
            communities: The same of them that is_offering() is asked for later.
            names: uid -> what it is called, in the order of the list.
            everything: What all together are called.
        """
        chosen = self.uid
        self._offered, self._uids = communities, ["", *names]
        self.clear()
        self.addItems([everything, *names.values()])
        self.choose(chosen)

    def is_offering(self, communities: Mapping[str, object]) -> bool:
        """Say whether these are on offer already."""
        return communities is self._offered

    def choose(self, uid: str) -> None:
        """Choose a community; one that is not there: all."""
        self.setCurrentIndex(self._uids.index(uid) if uid in self._offered else 0)


class Writing(QPlainTextEdit):
    """Lines to write in, whose letters Ctrl and the wheel change as those of `Reading`, and for the same reason."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Ctrl, change the size of the letters."""
        if not _turned_letters(self, event):
            super().wheelEvent(event)


def _turned_letters(page: QWidget, event: QWheelEvent) -> bool:
    """Change the size of the letters of a page if Ctrl is held; say whether it was."""
    if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        return False
    event.accept()
    if turned := event.angleDelta().y():
        size = page.fontInfo().pixelSize() + (2 if turned > 0 else -2)
        kind = "QTextBrowser" if isinstance(page, QTextBrowser) else "QPlainTextEdit"
        page.setStyleSheet(f"{kind} {{ font-size: {min(max(size, _LETTERS[0]), _LETTERS[-1])}px; }}")
    return True
