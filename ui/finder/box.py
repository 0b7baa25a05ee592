"""The box over the window: a line to type in, and what fits, under headings. All of it by keyboard."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import _
from ui.finder.entry import Found, Group

_ROOM = (720, 520)  # px
_TOP = 64  # px below the upper edge of the window
_ENTRY = Qt.ItemDataRole.UserRole
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}


class FinderBox(QDialog):
    """Asks for words and shows what fits; Enter takes the marked line.

    Signals:
        typed: (text) other words are asked for.
    """

    typed = Signal(str)

    def __init__(self, name: str, title: str, hint: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setModal(True)
        self.resize(*_ROOM)
        self._over = parent
        self._shown_for = ""
        self._is_waiting = False  # Enter was pressed before the answer came
        self.line = QLineEdit()
        self.line.setObjectName(f"{name}_line")
        self.line.setAccessibleName(title)
        self.line.setPlaceholderText(hint)
        self.line.setClearButtonEnabled(True)
        self.line.setMinimumHeight(44)
        self.line.textChanged.connect(self.typed)
        self.line.installEventFilter(self)
        self.list = QTreeWidget()
        self.list.setObjectName(f"{name}_list")
        self.list.setAccessibleName(_("What fits"))
        self.list.setColumnCount(3)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setIndentation(0)
        self.list.setUniformRowHeights(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        header.resizeSection(0, _ROOM[0] * 45 // 100)
        self.list.itemClicked.connect(self._clicked)
        self.told = QLabel()
        self.told.setObjectName(f"{name}_told")
        self.told.setProperty("role", "hint")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 8)
        for widget in (self.line, self.list, self.told):
            layout.addWidget(widget, 1 if widget is self.list else 0)

    def ask(self, text: str = "") -> None:
        """Come up over the window, with words in the line that the next key replaces."""
        window = self._over.window()
        width, height = min(_ROOM[0], window.width() - 32), min(_ROOM[1], window.height() - 2 * _TOP)
        self.resize(width, height)
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - width) // 2, corner.y() + _TOP)
        self._is_waiting, self._shown_for = False, "\n"
        self.list.clear()
        self.line.setText(text)
        self.line.selectAll()
        self.line.setFocus()
        self.open()
        self.typed.emit(self.line.text())

    def show_groups(self, text: str, groups: Sequence[Group]) -> None:
        """Show what fits to some words; an answer to words that are no longer asked for is left aside."""
        if text != self.line.text():
            return
        self._shown_for = text
        self.list.clear()
        for group in groups:
            self._add_heading(group.heading)
            for entry in group.entries:
                item = QTreeWidgetItem([entry.title, entry.detail, entry.keys])
                item.setData(0, _ENTRY, entry)
                item.setToolTip(0, entry.title)
                item.setToolTip(1, entry.detail)
                item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.list.addTopLevelItem(item)
        self._mark(0, 1)
        if self._is_waiting:
            self._is_waiting = False
            self._take()

    def _add_heading(self, text: str) -> None:
        item = QTreeWidgetItem([text])
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        font = self.list.font()
        font.setBold(True)
        item.setFont(0, font)
        self.list.addTopLevelItem(item)
        item.setFirstColumnSpanned(True)

    def say(self, text: str) -> None:
        """Show a sentence below the list."""
        self.told.setText(text)

    @property
    def entries(self) -> list[Found]:
        """What is listed, from above."""
        items = (self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount()))
        return [found for item in items if item is not None and (found := item.data(0, _ENTRY)) is not None]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows move in the list while the words are typed."""
        if watched is self.line and event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = Qt.Key(event.key())
            if key in _STEPS:
                self._move(_STEPS[key])
                return True
            if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self._take()
                return True
        return super().eventFilter(watched, event)

    def _move(self, by: int) -> None:
        """Mark a line further down or up, past headings; from the last line to the first and back."""
        rows = [row for row in range(self.list.topLevelItemCount()) if self._entry(row) is not None]
        if not rows:
            return
        now = self.list.indexOfTopLevelItem(self.list.currentItem())
        at = rows.index(now) if now in rows else -1
        single = abs(by) == 1
        wanted = (at + by) % len(rows) if single else max(0, min(len(rows) - 1, at + by))
        self._mark(rows[wanted], 1)

    def _mark(self, row: int, step: int) -> None:
        while 0 <= row < self.list.topLevelItemCount():
            item = self.list.topLevelItem(row)
            if self._entry(row) is not None and item is not None:
                self.list.setCurrentItem(item)
                self.line.setAccessibleDescription(f"{item.text(0)} {item.text(1)}")
                return
            row += step

    def _entry(self, row: int) -> Found | None:
        item = self.list.topLevelItem(row)
        found = item.data(0, _ENTRY) if item is not None else None
        return found if isinstance(found, Found) else None

    def _take(self) -> None:
        if self._shown_for != self.line.text():
            self._is_waiting = True
            return
        entry = self._entry(self.list.indexOfTopLevelItem(self.list.currentItem()))
        if entry is not None:
            self.accept()
            entry.run()

    @Slot(QTreeWidgetItem)
    def _clicked(self, item: QTreeWidgetItem) -> None:
        if isinstance(item.data(0, _ENTRY), Found):
            self.list.setCurrentItem(item)
            self._take()
