"""Choosing from lists: to search, to tick, on the map, in order of preference."""

import math

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import _
from survey_forms import Choice, Question
from ui.forms.base import Digits, Editor, NoWheel
from ui.forms.places import Position, map_button, read_line
from ui.widgets import Completer

_CODE = Qt.ItemDataRole.UserRole
_ROW_PX = 34


class ComboEditor(Editor):
    """Many choices as a list that can be searched by typing."""

    def __init__(self, _question: Question) -> None:
        self.box = QComboBox()
        super().__init__(self.box, self.box)
        self.box.setEditable(True)
        self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.box.installEventFilter(NoWheel(self.box))
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        completer = Completer(self.box.model(), self.box)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.box.setCompleter(completer)
        self.box.activated.connect(self._activated)
        line = self.box.lineEdit()
        if line is not None:
            line.editingFinished.connect(self._typed)
            self.box.installEventFilter(Digits(line, self))
        self._value = ""

    def set_choices(self, choices: list[Choice]) -> None:
        """Show the choices, blank first."""
        have = [(self.box.itemData(i), self.box.itemText(i)) for i in range(self.box.count())]
        if have == [("", ""), *((choice.value, choice.label) for choice in choices)]:
            return
        self.box.clear()
        self.box.addItem("", "")
        for choice in choices:
            self.box.addItem(choice.label, choice.value)
            if image := choice.media.get("image"):
                self.box.setItemIcon(self.box.count() - 1, QIcon(image))
        self.show_text(self._value)

    def _activated(self, index: int) -> None:
        self._set(str(self.box.itemData(index) or ""))

    def _typed(self) -> None:
        """Take what was typed if it names a choice; else show the last choice again."""
        index = self.box.findText(self.box.currentText(), Qt.MatchFlag.MatchFixedString)
        if index >= 0:
            self._set(str(self.box.itemData(index) or ""))
        self.show_text(self._value)

    def _set(self, value: str) -> None:
        if value != self._value:
            self._value = value
            self.edited.emit(value)

    def pick(self, number: int) -> bool:
        """Choose by a digit key while nothing is being typed, unless labels begin with the digit."""
        is_word = any(self.box.itemText(row).startswith(str(number)) for row in range(self.box.count()))
        if self.box.currentText() or is_word or not 0 < number < self.box.count():
            return False
        self._activated(number)
        self.show_text(self._value)
        return True

    def show_text(self, text: str) -> None:
        """Show the chosen one."""
        self._value = text
        self.box.setCurrentIndex(max(self.box.findData(text), 0))


class MapChoiceEditor(ComboEditor):
    """A list whose choices lie on the map: the nearest to a picked place is taken.

    Signals:
        wanted: () the person wants to choose on the map.
    """

    wanted = Signal()

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self._places: dict[str, Position] = {}
        button = map_button()
        button.clicked.connect(self.wanted)
        self.widget = QWidget()
        line = QHBoxLayout(self.widget)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.box, 1)
        line.addWidget(button)

    def set_choices(self, choices: list[Choice]) -> None:
        """Show the choices, and remember where they lie."""
        super().set_choices(choices)
        found = {choice.value: read_line(choice.geometry) for choice in choices if choice.geometry}
        self._places = {code: _middle(positions) for code, positions in found.items() if positions}

    def offered(self) -> list[tuple[Position, str]]:
        """Return where the choices lie, and their labels."""
        return [(place, self.box.itemText(self.box.findData(code))) for code, place in self._places.items()]

    def put(self, positions: list[Position]) -> None:
        """Choose what lies nearest to a place that was picked on the map."""
        if not self._places:
            return
        east, north = positions[0]
        shrink = math.cos(math.radians(north))  # a degree of longitude is shorter than one of latitude
        nearest = min(
            self._places,
            key=lambda code: math.hypot((self._places[code][0] - east) * shrink, self._places[code][1] - north),
        )
        self._set(nearest)
        self.show_text(nearest)


def _middle(positions: list[Position]) -> Position:
    longitudes, latitudes = zip(*positions, strict=True)
    return sum(longitudes) / len(positions), sum(latitudes) / len(positions)


class ListChecksEditor(Editor):
    """Many choices to tick, in a list that a word narrows down."""

    def __init__(self, _question: Question) -> None:
        box = QWidget()
        self.search = QLineEdit()
        super().__init__(box, self.search)
        self.list = QListWidget()
        self.list.setFixedHeight(5 * _ROW_PX)
        self.search.setPlaceholderText(_("Type to narrow the list"))
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.search)
        layout.addWidget(self.list)
        self.search.textEdited.connect(self._narrow)
        Digits(self.search, self)
        self.list.itemChanged.connect(self._changed)
        self._value = ""
        self._is_ticking = False
        self._waiting: list[Choice] = []
        self._refill = QTimer(self.list, singleShot=True, interval=0)
        self._refill.setObjectName("choices_refill")
        self._refill.timeout.connect(lambda: self.set_choices(self._waiting))

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]

    @Slot(str)
    def _narrow(self, text: str) -> None:
        for item in self._items():
            item.setHidden(text.casefold() not in item.text().casefold())

    def _changed(self) -> None:
        ticked = (item for item in self._items() if item.checkState() is Qt.CheckState.Checked)
        self._value = " ".join(str(item.data(_CODE)) for item in ticked)
        self._is_ticking = True
        self.edited.emit(self._value)
        self._is_ticking = False

    def pick(self, number: int) -> bool:
        """Tick or untick by a digit key, unless labels begin with the digit."""
        items = self._items()
        is_word = any(item.text().startswith(str(number)) for item in items)
        if is_word or not 0 < number <= len(items) or not self.list.isEnabled():
            return False
        is_on = items[number - 1].checkState() is Qt.CheckState.Checked
        items[number - 1].setCheckState(Qt.CheckState.Unchecked if is_on else Qt.CheckState.Checked)
        return True

    def set_choices(self, choices: list[Choice]) -> None:
        """Show the choices."""
        if [(str(i.data(_CODE)), i.text()) for i in self._items()] == [(c.value, c.label) for c in choices]:
            return
        if self._is_ticking:  # the answer itself decides what else may be chosen: not while Qt ticks an entry
            self._waiting = choices
            self._refill.start()
            return
        self.list.blockSignals(True)
        self.list.clear()
        for choice in choices:
            item = QListWidgetItem(choice.label, self.list)
            item.setData(_CODE, choice.value)
        self.list.blockSignals(False)
        self.show_text(self._value)

    def show_text(self, text: str) -> None:
        """Tick the chosen ones."""
        self._value = text
        chosen = set(text.split())
        self.list.blockSignals(True)
        for item in self._items():
            item.setCheckState(Qt.CheckState.Checked if item.data(_CODE) in chosen else Qt.CheckState.Unchecked)
        self.list.blockSignals(False)

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid choosing."""
        self.list.setEnabled(not readonly)


class RankEditor(Editor):
    """An order of preference: dragged, or moved with two buttons; no answer until it is touched."""

    def __init__(self, _question: Question) -> None:
        box = QWidget()
        self.list = QListWidget()
        super().__init__(box, self.list)
        self.list.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        self.list.model().rowsMoved.connect(self._moved)
        layout = QHBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list, 1)
        column = QVBoxLayout()
        for name, mark, by, words in (("up", "↑", -1, _("Move up")), ("down", "↓", 1, _("Move down"))):
            button = QToolButton()
            button.setObjectName(f"rank_{name}")
            button.setText(mark)
            button.setMinimumSize(36, 36)
            button.setToolTip(words)
            button.setAccessibleName(words)
            button.clicked.connect(lambda _checked=False, by=by: self.move(by))
            column.addWidget(button)
        column.addStretch(1)
        layout.addLayout(column)
        self._value = ""

    def set_choices(self, choices: list[Choice]) -> None:
        """Show the choices in the order of the answer, those without a place last."""
        have = {str(self.list.item(i).data(_CODE)): self.list.item(i).text() for i in range(self.list.count())}
        if have == {choice.value: choice.label for choice in choices}:
            return
        order = {code: at for at, code in enumerate(self._value.split())}
        self.list.clear()
        for choice in sorted(choices, key=lambda choice: order.get(choice.value, len(order))):
            item = QListWidgetItem(choice.label, self.list)
            item.setData(_CODE, choice.value)
        self.list.setFixedHeight(min(max(len(choices), 2), 7) * (_ROW_PX + 4) + 6)

    def move(self, by: int) -> None:
        """Move the marked choice up or down."""
        row = max(self.list.currentRow(), 0)
        if 0 <= row + by < self.list.count():
            item = self.list.takeItem(row)
            self.list.insertItem(row + by, item)
            self.list.setCurrentRow(row + by)
        self._moved()

    def _moved(self) -> None:
        self._value = " ".join(str(self.list.item(row).data(_CODE)) for row in range(self.list.count()))
        self.edited.emit(self._value)

    def show_text(self, text: str) -> None:
        """Show the choices in the order of an answer."""
        if text == self._value:
            return
        self._value = text
        choices = [self.list.item(row) for row in range(self.list.count())]
        shown = [Choice(str(item.data(_CODE)), item.text()) for item in choices]
        self.list.clear()
        self.set_choices(shown)
