"""One widget per kind of question, and how to read, fill and watch it.

No spin boxes and no wheel: a wheel over a form must never change an answer,
and blank must always be possible. A text that cannot be read as its kind is
kept and told, not thrown away.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QDate, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QTextCharFormat, QWheelEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCalendarWidget,
    QCheckBox,
    QComboBox,
    QCompleter,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import _
from survey_forms import Choice, Kind, Question

RADIO_AT_MOST = 6  # choices; more make a list


class Editor(QObject):
    """A question's widget.

    Signals:
        edited: (text) the person changed the answer.

    Attributes:
        widget: What stands in the row.
        focus: What takes the keyboard focus.
    """

    edited = Signal(str)

    def __init__(self, widget: QWidget, focus: QWidget) -> None:
        super().__init__(widget)
        self.widget, self.focus = widget, focus

    def show_text(self, text: str) -> None:
        """Show an answer without emitting edited; a kind without an answer shows nothing."""

    def set_choices(self, choices: list[Choice]) -> None:
        """Show other choices; editors without choices ignore it."""

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid editing."""
        self.focus.setEnabled(not readonly)


class _NoWheel(QObject):
    """Keeps the wheel away from a widget, so that scrolling a form never changes an answer."""

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Pass the wheel on to the form's scroll area."""
        if isinstance(event, QWheelEvent):
            event.ignore()
            return True
        return False


class LineEditor(Editor):
    """A line of text; numbers too, since a person may pause in the middle of one."""

    def __init__(self, question: Question) -> None:
        self.line = QLineEdit()
        super().__init__(self.line, self.line)
        if question.kind in {Kind.INTEGER, Kind.DECIMAL, Kind.RANGE}:
            self.line.setInputMethodHints(Qt.InputMethodHint.ImhFormattedNumbersOnly)
            self.line.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.line.textEdited.connect(self.edited)

    def show_text(self, text: str) -> None:
        """Show an answer, leaving the cursor alone if it is shown already."""
        if self.line.text() != text:
            self.line.setText(text)

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid editing; the text stays readable."""
        self.line.setReadOnly(readonly)


class TextEditor(Editor):
    """Several lines of text."""

    def __init__(self, _question: Question) -> None:
        self.area = QPlainTextEdit()
        super().__init__(self.area, self.area)
        self.area.setTabChangesFocus(True)
        self.area.setFixedHeight(84)
        self.area.textChanged.connect(self._changed)

    def _changed(self) -> None:
        self.edited.emit(self.area.toPlainText())

    def show_text(self, text: str) -> None:
        """Show an answer."""
        if self.area.toPlainText() != text:
            self.area.blockSignals(True)
            self.area.setPlainText(text)
            self.area.blockSignals(False)


class RadioEditor(Editor):
    """A few choices as radio buttons; clicking the chosen one again clears the answer."""

    def __init__(self, _question: Question) -> None:
        box = QWidget()
        super().__init__(box, box)
        self._grid = QGridLayout(box)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._group = QButtonGroup(box)
        self._group.setExclusive(False)
        self._buttons: dict[str, QRadioButton] = {}
        self._value = ""

    def set_choices(self, choices: list[Choice]) -> None:
        """Show the choices in two columns."""
        wanted = {choice.value: choice.label for choice in choices}
        if {value: button.text() for value, button in self._buttons.items()} == wanted:
            return
        for button in self._buttons.values():
            button.deleteLater()
        self._buttons = {}
        for index, choice in enumerate(choices):
            button = QRadioButton(choice.label)
            button.setObjectName(choice.value)
            button.setAutoExclusive(False)
            button.setMinimumHeight(32)
            button.clicked.connect(self._clicked)
            self._grid.addWidget(button, index // 2, index % 2)
            self._buttons[choice.value] = button
        if self._buttons:
            self.focus = next(iter(self._buttons.values()))
        self.show_text(self._value)

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
        self.box.installEventFilter(_NoWheel(self.box))
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

    def show_text(self, text: str) -> None:
        """Show the chosen one."""
        self._value = text
        self.box.setCurrentIndex(max(self.box.findData(text), 0))


class ChecksEditor(Editor):
    """Several choices as check boxes; the answer is their codes with blanks between."""

    def __init__(self, _question: Question) -> None:
        box = QWidget()
        super().__init__(box, box)
        self._grid = QGridLayout(box)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._boxes: dict[str, QCheckBox] = {}
        self._value = ""

    def set_choices(self, choices: list[Choice]) -> None:
        """Show the choices in two columns."""
        wanted = {choice.value: choice.label for choice in choices}
        if {value: box.text() for value, box in self._boxes.items()} == wanted:
            return
        for box in self._boxes.values():
            box.deleteLater()
        self._boxes = {}
        for index, choice in enumerate(choices):
            box = QCheckBox(choice.label)
            box.setObjectName(choice.value)
            box.setMinimumHeight(32)
            box.clicked.connect(self._clicked)
            self._grid.addWidget(box, index // 2, index % 2)
            self._boxes[choice.value] = box
        if self._boxes:
            self.focus = next(iter(self._boxes.values()))
        self.show_text(self._value)

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


class DateEditor(Editor):
    """A date that can be typed or picked, and cleared."""

    def __init__(self, _question: Question) -> None:
        box = QWidget()
        self.line = QLineEdit()
        super().__init__(box, self.line)
        layout = QHBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        self.line.setPlaceholderText("2026-11-24")
        layout.addWidget(self.line, 1)
        self._button = QToolButton()
        self._button.setText("▾")
        self._button.setMinimumSize(36, 36)
        self._button.setAccessibleName(_("Choose a date"))
        self._button.clicked.connect(self._open)
        layout.addWidget(self._button)
        self.line.textEdited.connect(self.edited)
        self._calendar: QCalendarWidget | None = None

    def _open(self) -> None:
        if self._calendar is None:
            self._calendar = QCalendarWidget(self.widget)
            self._calendar.setWindowFlags(Qt.WindowType.Popup)
            self._calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
            plain = QTextCharFormat()
            self._calendar.setWeekdayTextFormat(Qt.DayOfWeek.Saturday, plain)
            self._calendar.setWeekdayTextFormat(Qt.DayOfWeek.Sunday, plain)
            self._calendar.clicked.connect(self._picked)
        date = QDate.fromString(self.line.text(), Qt.DateFormat.ISODate)
        self._calendar.setSelectedDate(date if date.isValid() else QDate.currentDate())
        self._calendar.move(self.widget.mapToGlobal(self.widget.rect().bottomLeft()))
        self._calendar.show()

    def _picked(self, date: QDate) -> None:
        text = date.toString(Qt.DateFormat.ISODate)
        self.line.setText(text)
        if self._calendar is not None:
            self._calendar.hide()
        self.edited.emit(text)

    def show_text(self, text: str) -> None:
        """Show an answer."""
        if self.line.text() != text:
            self.line.setText(text)


class NoteEditor(Editor):
    """Text to read; no answer."""

    def __init__(self, _question: Question) -> None:
        label = QLabel()
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.MarkdownText)
        super().__init__(label, label)
        self.label = label

    def show_text(self, text: str) -> None:
        """Nothing: a note has no answer."""


class PhotoEditor(Editor):
    """A photo: chosen or dropped; shown small.

    Signals:
        wanted: () the person asks for a file.
    """

    wanted = Signal()

    def __init__(self, _question: Question) -> None:
        box = QWidget()
        self.button = QToolButton()
        super().__init__(box, self.button)
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        self.picture = QLabel()
        self.picture.setObjectName("thumbnail")
        layout.addWidget(self.picture)
        self.button.setText(_("Choose photo …"))
        self.button.setMinimumHeight(36)
        self.button.clicked.connect(self.wanted)
        layout.addWidget(self.button)

    def show_text(self, text: str) -> None:
        """Show whether there is a photo; the picture itself comes later."""
        self.button.setText(_("Another photo …") if text else _("Choose photo …"))


Builder = Callable[[Question], Editor]
_BUILDERS: Mapping[Kind, Builder] = {
    Kind.SELECT_MULTIPLE: ChecksEditor,
    Kind.RANK: ChecksEditor,
    Kind.DATE: DateEditor,
    Kind.NOTE: NoteEditor,
    Kind.IMAGE: PhotoEditor,
}


@dataclass(frozen=True, slots=True)
class Words:
    """What a row says."""

    label: str = ""
    hint: str = ""
    choices: list[Choice] = field(default_factory=list)


def build_editor(question: Question, words: Words) -> Editor:
    """Return a new editor, named for tests and labelled for screen readers."""
    if question.kind is Kind.SELECT_ONE:
        many = len(words.choices) > RADIO_AT_MOST or "minimal" in question.appearance
        editor: Editor = ComboEditor(question) if many else RadioEditor(question)
    elif question.kind is Kind.TEXT and ("multiline" in question.appearance or question.name == "remarks"):
        editor = TextEditor(question)
    else:
        editor = _BUILDERS.get(question.kind, LineEditor)(question)
    editor.set_choices(words.choices)
    editor.widget.setObjectName(question.name)
    for widget in {editor.widget, editor.focus}:
        widget.setAccessibleName(words.label)
    return editor
