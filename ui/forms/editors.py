"""Which widget a question gets.

No spin boxes and no wheel: a wheel over a form must never change an answer,
and blank must always be possible. A text that cannot be read as its kind is
kept and told, not thrown away.
"""

import unicodedata
from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, QRegularExpression, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QRegularExpressionValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QWidget,
)

from fieldsurvey.i18n import _
from survey_forms import Kind, Question
from survey_forms.calendars import calendar_of
from ui import shown
from ui.forms.base import Editor, Words
from ui.forms.choosing import ComboEditor, ListChecksEditor, MapChoiceEditor, RankEditor
from ui.forms.files import FileEditor, RecordingEditor
from ui.forms.grids import GridEditor, TableHead
from ui.forms.places import PlaceEditor
from ui.forms.ranges import BearingEditor, CounterEditor, PickerEditor, SliderEditor, StarsEditor, steps
from ui.forms.times import CalendarDateEditor, DateEditor, TimeEditor
from ui.photos.editor import PhotoEditor
from ui.widgets import Writing

RADIO_AT_MOST = 6  # choices; more make a list
CHECKS_AT_MOST = 20
_IN_SIGHT = frozenset(
    {"likert", "list-nolabel", "list", "quick", "columns", "columns-pack", "horizontal", "no-buttons"}
)
_NUMBERS = frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.RANGE})
_NUMBER_TEXT = r"[-－+＋]?[0-9０-９]*[.．。,，]?[0-9０-９]*"


class LineEditor(Editor):
    """A line of text; numbers too, since a person may pause in the middle of one."""

    def __init__(self, question: Question) -> None:
        self.line = QLineEdit()
        super().__init__(self.line, self.line)
        words = question.appearance.split()
        if question.kind in _NUMBERS or "numbers" in words:
            self.line.setInputMethodHints(Qt.InputMethodHint.ImhFormattedNumbersOnly)
            self.line.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._is_number_text = question.kind is Kind.TEXT and "numbers" in words
        if self._is_number_text:
            self.line.setValidator(QRegularExpressionValidator(QRegularExpression(_NUMBER_TEXT), self.line))
        if {"masked", "hidden-answer"} & set(words):
            self.line.setEchoMode(QLineEdit.EchoMode.Password)
        if "url" in words:
            self._add_link()
        self._has_groups = "thousands-sep" in words
        if self._has_groups:
            self.line.installEventFilter(self)
        self._value = ""
        self.line.textEdited.connect(self._typed)

    def _typed(self, text: str) -> None:
        self._value = unicodedata.normalize("NFKC", text) if self._is_number_text else text
        self.edited.emit(self._value)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Show thousands apart while the cursor is elsewhere; while it is here, a comma is a decimal mark."""
        if event.type() is QEvent.Type.FocusIn:
            self.line.setText(self._value)
        elif event.type() is QEvent.Type.FocusOut:
            self.line.setText(grouped(self._value))
        return False

    def _add_link(self) -> None:
        self.widget = QWidget()
        line = QHBoxLayout(self.widget)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.line, 1)
        button = QToolButton()
        button.setText(_("Open"))
        button.setToolTip(_("Open this address"))
        button.setMinimumHeight(36)
        button.clicked.connect(self.open_link)
        line.addWidget(button)

    def open_link(self) -> None:
        """Open the address in the browser; only addresses of the web."""
        url = QUrl.fromUserInput(self.line.text().strip())
        if url.scheme() in {"http", "https"}:
            QDesktopServices.openUrl(url)

    def show_text(self, text: str) -> None:
        """Show an answer, leaving the cursor alone if it is shown already."""
        self._value = text
        shown = grouped(text) if self._has_groups and not self.line.hasFocus() else text
        if self.line.text() != shown:
            self.line.setText(shown)

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid editing; the text stays readable."""
        self.line.setReadOnly(readonly)


class TextEditor(Editor):
    """Several lines of text."""

    def __init__(self, _question: Question) -> None:
        self.area = Writing()
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


class AcknowledgeEditor(Editor):
    """One box to tick."""

    def __init__(self, _question: Question) -> None:
        self.box = QCheckBox(_("Confirmed"))
        super().__init__(self.box, self.box)
        self.box.setMinimumHeight(36)
        self.box.clicked.connect(self._clicked)

    def _clicked(self, checked: bool) -> None:
        self.edited.emit("OK" if checked else "")

    def pick(self, number: int) -> bool:
        """Tick with the key 1."""
        if number == 1:
            self.box.click()
        return number == 1

    def show_text(self, text: str) -> None:
        """Show whether it is ticked."""
        self.box.setChecked(text == "OK")


Builder = Callable[[Question], Editor]
_BUILDERS: Mapping[Kind, Builder] = {
    Kind.RANK: RankEditor,
    Kind.DATE: DateEditor,
    Kind.TIME: TimeEditor,
    Kind.DATETIME: TimeEditor,
    Kind.NOTE: NoteEditor,
    Kind.ACKNOWLEDGE: AcknowledgeEditor,
    Kind.GEOPOINT: PlaceEditor,
    Kind.GEOTRACE: PlaceEditor,
    Kind.GEOSHAPE: PlaceEditor,
    Kind.IMAGE: PhotoEditor,
    Kind.AUDIO: RecordingEditor,
    Kind.VIDEO: RecordingEditor,
    Kind.FILE: FileEditor,
}


_SPECIAL: tuple[tuple[Kind, str, Builder], ...] = (
    (Kind.INTEGER, "counter", CounterEditor),
    (Kind.DECIMAL, "bearing", BearingEditor),
)


def _builder(question: Question, choices: int) -> Builder:
    looks = set(question.appearance.split())
    if question.kind in {Kind.SELECT_ONE, Kind.SELECT_MULTIPLE}:
        return _choice_builder(question, looks, choices)
    if question.kind is Kind.RANGE and steps(question):
        return StarsEditor if "rating" in looks else PickerEditor if "picker" in looks else SliderEditor
    if question.kind is Kind.DATE and calendar_of(question.appearance):
        return CalendarDateEditor
    if question.kind is Kind.TEXT and _is_long_text(question, looks):
        return TextEditor
    special = next((built for kind, look, built in _SPECIAL if kind is question.kind and look in looks), None)
    return special or _BUILDERS.get(question.kind, LineEditor)


def _choice_builder(question: Question, looks: set[str], choices: int) -> Builder:
    if "label" in looks:
        return TableHead
    if "image-map" in looks:
        from ui.forms.imagemap import ImageMapEditor

        return ImageMapEditor
    is_one = question.kind is Kind.SELECT_ONE
    if is_one and "map" in looks:
        return MapChoiceEditor
    is_in_sight = bool(looks & _IN_SIGHT) or "columns-" in question.appearance
    is_long = choices > (RADIO_AT_MOST if is_one else CHECKS_AT_MOST) and not is_in_sight
    if is_long or looks & {"minimal", "autocomplete", "search", "map"}:
        return ComboEditor if is_one else ListChecksEditor
    return GridEditor


def grouped(text: str) -> str:
    """Return a number with its thousands apart; anything else as it is.

    >>> grouped("1234567.5"), grouped("-1234"), grouped("12"), grouped("12..")
    ('1,234,567.5', '-1,234', '12', '12..')
    """
    whole, mark, rest = text.partition(".")
    if not whole.lstrip("-").isdecimal() or (rest and not rest.isdecimal()):
        return text
    return f"{shown.number(int(whole))}{mark}{rest}"


def _is_long_text(question: Question, looks: set[str]) -> bool:
    return "multiline" in looks or "rows" in question.parameters or question.name == "remarks"


def build_editor(question: Question, words: Words) -> Editor:
    """Return a new editor, named for tests and labelled for screen readers."""
    editor = _builder(question, len(words.choices))(question)
    editor.set_choices(words.choices)
    editor.widget.setObjectName(question.name)
    for widget in {editor.widget, editor.focus}:
        widget.setAccessibleName(words.label)
    return editor
