"""Choosing: radio buttons, check boxes, lists to search, order of preference."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QCompleter,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QRadioButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import _
from survey_forms import Choice, Question
from ui.forms.base import Editor, NoWheel

_CODE = Qt.ItemDataRole.UserRole
_ROW_PX = 34


def columns(appearance: str) -> int:
    """Return how many choices stand beside each other; 0: all in one line.

    >>> columns(""), columns("columns-5"), columns("likert"), columns("columns")
    (2, 5, 0, 3)
    """
    words = appearance.split()
    if {"likert", "label", "list-nolabel", "list", "horizontal"} & set(words):
        return 0
    for word in words:
        number = word.rpartition("-")[2]
        if word.startswith(("columns-", "compact-")) and number.isdigit():
            return min(int(number) or 1, 10)
    return 3 if {"columns", "columns-pack", "compact"} & set(words) else 2


def _click(buttons: Sequence[QAbstractButton], number: int) -> bool:
    if not 0 < number <= len(buttons) or not buttons[number - 1].isEnabled():
        return False
    buttons[number - 1].setFocus()
    buttons[number - 1].click()
    return True


class RadioEditor(Editor):
    """A few choices as radio buttons; clicking the chosen one again clears the answer."""

    def __init__(self, question: Question) -> None:
        box = QWidget()
        super().__init__(box, box)
        self._columns = columns(question.appearance)
        self._grid = QGridLayout(box)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._group = QButtonGroup(box)
        self._group.setExclusive(False)
        self._buttons: dict[str, QRadioButton] = {}
        self._value = ""

    def set_choices(self, choices: list[Choice]) -> None:
        """Show the choices in columns."""
        wanted = {choice.value: choice.label for choice in choices}
        if {value: button.text() for value, button in self._buttons.items()} == wanted:
            return
        for button in self._buttons.values():
            button.deleteLater()
        self._buttons = {}
        wide = self._columns or (len(choices) or 1)
        for index, choice in enumerate(choices):
            button = QRadioButton(choice.label)
            button.setObjectName(choice.value)
            button.setAutoExclusive(False)
            button.setMinimumHeight(32)
            button.clicked.connect(self._clicked)
            self._grid.addWidget(button, index // wide, index % wide)
            self._buttons[choice.value] = button
        if self._buttons:
            self.focus = next(iter(self._buttons.values()))
        self.show_text(self._value)

    def pick(self, number: int) -> bool:
        """Choose by a digit key; the digit of the chosen one clears the answer."""
        return _click(list(self._buttons.values()), number)

    def _clicked(self) -> None:
        button = self.sender()
        value = button.objectName() if isinstance(button, QRadioButton) and button.isChecked() else ""
        self.show_text(value)
        self.edited.emit(value)

    def show_text(self, text: str) -> None:
        """Mark the chosen one."""
        self._value = text
        for value, button in self._buttons.items():
            button.setChecked(value == text)

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid choosing."""
        self.widget.setEnabled(not readonly)


class ComboEditor(Editor):
    """Many choices as a list that can be searched by typing."""

    def __init__(self, _question: Question) -> None:
        self.box = QComboBox()
        super().__init__(self.box, self.box)
        self.box.setEditable(True)
        self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.box.installEventFilter(NoWheel(self.box))
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if (completer := self.box.completer()) is not None:
            completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.box.activated.connect(self._activated)
        line = self.box.lineEdit()
        if line is not None:
            line.editingFinished.connect(self._typed)
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
        """Choose by a digit key while nothing is being typed."""
        if self.box.currentText() or not 0 < number < self.box.count():
            return False
        self._activated(number)
        self.show_text(self._value)
        return True

    def show_text(self, text: str) -> None:
        """Show the chosen one."""
        self._value = text
        self.box.setCurrentIndex(max(self.box.findData(text), 0))


class ChecksEditor(Editor):
    """Several choices as check boxes; the answer is their codes with blanks between."""

    def __init__(self, question: Question) -> None:
        box = QWidget()
        super().__init__(box, box)
        self._columns = columns(question.appearance)
        self._grid = QGridLayout(box)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._boxes: dict[str, QCheckBox] = {}
        self._value = ""

    def set_choices(self, choices: list[Choice]) -> None:
        """Show the choices in columns."""
        wanted = {choice.value: choice.label for choice in choices}
        if {value: box.text() for value, box in self._boxes.items()} == wanted:
            return
        for box in self._boxes.values():
            box.deleteLater()
        self._boxes = {}
        wide = self._columns or (len(choices) or 1)
        for index, choice in enumerate(choices):
            box = QCheckBox(choice.label)
            box.setObjectName(choice.value)
            box.setMinimumHeight(32)
            box.clicked.connect(self._clicked)
            self._grid.addWidget(box, index // wide, index % wide)
            self._boxes[choice.value] = box
        if self._boxes:
            self.focus = next(iter(self._boxes.values()))
        self.show_text(self._value)

    def pick(self, number: int) -> bool:
        """Tick or untick by a digit key."""
        return _click(list(self._boxes.values()), number)

    def _clicked(self) -> None:
        self._value = " ".join(value for value, box in self._boxes.items() if box.isChecked())
        self.edited.emit(self._value)

    def show_text(self, text: str) -> None:
        """Mark the chosen ones."""
        self._value = text
        chosen = set(text.split())
        for value, box in self._boxes.items():
            box.setChecked(value in chosen)

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid choosing."""
        self.widget.setEnabled(not readonly)


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
        self.list.itemChanged.connect(self._changed)
        self._value = ""

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]

    @Slot(str)
    def _narrow(self, text: str) -> None:
        for item in self._items():
            item.setHidden(text.casefold() not in item.text().casefold())

    def _changed(self) -> None:
        ticked = (item for item in self._items() if item.checkState() is Qt.CheckState.Checked)
        self._value = " ".join(str(item.data(_CODE)) for item in ticked)
        self.edited.emit(self._value)

    def set_choices(self, choices: list[Choice]) -> None:
        """Show the choices."""
        if [(str(i.data(_CODE)), i.text()) for i in self._items()] == [(c.value, c.label) for c in choices]:
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
