"""The rail and the workspaces: one is seen at a time, and one that was never opened costs nothing."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from ui import icon
from ui.fitting import Room
from ui.project.overview import Overview

_BUTTON = (60, 56)  # px
_LOW = (56, 44)  # px, the same in a low window
_SMALL = (44, 30)  # px where it is too low for words: the icon says it, and its tip
_BESIDE = 10  # px: what a button keeps free beside its word, bold where it is chosen
_GAP = 6  # px between buttons
_LEAST_GAP = 1
_MOST_KEYS = 9  # Ctrl+1 to Ctrl+9


class Workspaces(QWidget):
    """A button for each workspace, and the workspaces.

    Signals:
        shown: (name) another workspace is seen.
    """

    shown = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self._made: dict[str, QWidget] = {}
        self._makers: dict[str, tuple[Callable[[], QWidget], QWidget]] = {}  # with what keeps the place
        self._buttons = QButtonGroup(self)
        self._now: Overview | None = None
        self.pages = QStackedWidget()
        rail = QWidget()
        rail.setObjectName("rail")
        self._rail = QVBoxLayout(rail)
        self._rail.setContentsMargins(2, 8, 2, 8)
        self._rail.addStretch(1)
        self._rail_box = rail
        self._rail_room = Room(rail)
        self._rail_room.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._rail_room)
        row.addWidget(self.pages, 1)

    @property
    def names(self) -> list[str]:
        """The names of the workspaces, from above."""
        return list(self._names)

    @property
    def current(self) -> str:
        """The name of the one that is seen."""
        return self._names[self.pages.currentIndex()]

    def add(self, name: str, word: str, page: QWidget | Callable[[], QWidget]) -> None:
        """Add a workspace below the others.

        Args:
            name: What the program calls it.
            word: What stands on its button.
            page: The workspace, or what makes it when it is first seen. If it
                has a method `show_project`, that is called with the Overview
                of the project whenever it changes.
        """
        number = len(self._names)
        self._names.append(name)
        if isinstance(page, QWidget):
            self._made[name] = page
            self.pages.addWidget(Room(page))
        else:
            empty = QWidget()
            self._makers[name] = (page, empty)
            self.pages.addWidget(empty)
        button = QToolButton()
        button.setObjectName(f"rail_{name}")
        button.setText(word)
        button.setToolTip(word)
        button.setAccessibleName(word)
        if number < _MOST_KEYS:
            button.setShortcut(QKeySequence(f"Ctrl+{number + 1}"))
            button.setToolTip(f"{word} (Ctrl+{number + 1})")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        if icon.exists(name):
            icon.wear(button, name)
        button.setCheckable(True)
        button.setMinimumSize(*_BUTTON)
        button.clicked.connect(partial(self._clicked, name))
        self._buttons.addButton(button, number)
        self._rail.insertWidget(number, button)

    def _clicked(self, name: str, _checked: bool = False) -> None:
        self.show_workspace(name)

    @property
    def waiting(self) -> list[str]:
        """The names of those that nobody has seen."""
        return list(self._makers)

    def is_made(self, name: str) -> bool:
        """Say whether anybody has seen a workspace."""
        return name in self._made

    def page(self, name: str) -> QWidget:
        """Return a workspace, made now if it was never seen."""
        if (waiting := self._makers.pop(name, None)) is not None:
            maker, empty = waiting
            number, is_seen = self.pages.indexOf(empty), self.pages.currentWidget() is empty
            self._made[name] = made = maker()
            self.pages.insertWidget(number, Room(made))
            self.pages.removeWidget(empty)
            empty.deleteLater()
            if is_seen:
                self.pages.setCurrentIndex(number)
            _tell(made, self._now)
        return self._made[name]

    def show_workspace(self, name: str) -> None:
        """Show a workspace."""
        self.page(name)
        self.pages.setCurrentIndex(self._names.index(name))
        self._buttons.button(self._names.index(name)).setChecked(True)
        self.shown.emit(name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make the rail low, or leave its words out, where the window is too low for them."""
        super().resizeEvent(event)
        self._fit_rail()

    def _fit_rail(self) -> None:
        buttons, rail = self._buttons.buttons(), self._rail_box
        room = self.height() // max(len(buttons), 1)
        size, gap = (_BUTTON, _GAP) if room >= _BUTTON[1] + _GAP + 2 else (_LOW, _LEAST_GAP)
        if room < size[1] + gap:
            size = _SMALL
        widest = max(self.fontMetrics().horizontalAdvance(button.text()) for button in buttons) + _BESIDE
        if rail.property("size") != f"{size} {widest}":
            rail.setProperty("size", f"{size} {widest}")
            rail.setProperty("low", size is not _BUTTON)
            self._rail.setSpacing(gap)
            self._rail.setContentsMargins(2, 2 if gap == _LEAST_GAP else 8, 2, 0)
            icon_only, both = Qt.ToolButtonStyle.ToolButtonIconOnly, Qt.ToolButtonStyle.ToolButtonTextUnderIcon
            for button in buttons:
                if isinstance(button, QToolButton):
                    button.setToolButtonStyle(icon_only if size is _SMALL else both)
                button.style().unpolish(button)
                button.style().polish(button)
                button.setMinimumSize(max(size[0], widest if size is not _SMALL else 0), size[1])
        self._rail.activate()
        bar = self._rail_room.verticalScrollBar().sizeHint().width()
        is_too_high = rail.minimumSizeHint().height() > self.height()
        self._rail_room.setFixedWidth(rail.minimumSizeHint().width() + (bar if is_too_high else 0))

    def set_rail_seen(self, *, seen: bool) -> None:
        """Show the rail, or leave its room to the workspace."""
        self._rail_room.setVisible(seen)

    def show_project(self, now: Overview) -> None:
        """Tell every workspace that was made how the project stands."""
        self._now = now
        for page in self._made.values():
            _tell(page, now)


def _tell(page: QWidget, now: Overview | None) -> None:
    show = getattr(page, "show_project", None)
    if now is not None and show is not None:
        show(now)
