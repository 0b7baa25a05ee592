"""Which widget a question gets.

No spin boxes and no wheel: a wheel over a form must never change an answer,
and blank must always be possible. A text that cannot be read as its kind is
kept and told, not thrown away.
"""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import _
from survey_forms import Kind, Question
from ui.forms.base import Editor, Words
from ui.forms.choosing import ChecksEditor, ComboEditor, ListChecksEditor, RadioEditor, RankEditor
from ui.forms.places import LinesEditor, PointEditor
from ui.forms.ranges import CounterEditor, PickerEditor, SliderEditor, StarsEditor, steps
from ui.forms.times import DateEditor, TimeEditor

RADIO_AT_MOST = 6  # choices; more make a list
CHECKS_AT_MOST = 20
_IN_A_LINE = frozenset({"likert", "label", "list-nolabel", "list", "quick", "columns", "columns-pack", "horizontal"})


class LineEditor(Editor):
    """A line of text; numbers too, since a person may pause in the middle of one."""

    def __init__(self, question: Question) -> None:
        self.line = QLineEdit()
        super().__init__(self.line, self.line)
        if question.kind in {Kind.INTEGER, Kind.DECIMAL, Kind.RANGE}:
            self.line.setInputMethodHints(Qt.InputMethodHint.ImhFormattedNumbersOnly)
            self.line.setAlignment(Qt.AlignmentFlag.AlignRight)
        words = question.appearance.split()
        if "masked" in words:
            self.line.setEchoMode(QLineEdit.EchoMode.Password)
        if "url" in words:
            self._add_link()
        self.line.textEdited.connect(self.edited)

    def _add_link(self) -> None:
        action = self.line.addAction(
            self.line.style().standardIcon(QStyle.StandardPixmap.SP_DialogOpenButton),
            QLineEdit.ActionPosition.TrailingPosition,
        )
        action.setToolTip(_("Open this address"))
        action.triggered.connect(self.open_link)

    def open_link(self) -> None:
        """Open the address in the browser; only addresses of the web."""
        url = QUrl.fromUserInput(self.line.text().strip())
        if url.scheme() in {"http", "https"}:
            QDesktopServices.openUrl(url)

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


class FileEditor(Editor):
    """A sound, film or other file, kept with the project.

    Signals:
        wanted: () the person asks for a file.
    """

    wanted = Signal()

    def __init__(self, _question: Question) -> None:
        self.button = QToolButton()
        super().__init__(self.button, self.button)
        self.button.setMinimumHeight(36)
        self.button.clicked.connect(self.wanted)
        self.show_text("")

    def show_text(self, text: str) -> None:
        """Show whether there is a file."""
        self.button.setText(_("File kept; another file …") if text else _("Choose file …"))


Builder = Callable[[Question], Editor]
_BUILDERS: Mapping[Kind, Builder] = {
    Kind.RANK: RankEditor,
    Kind.DATE: DateEditor,
    Kind.TIME: TimeEditor,
    Kind.DATETIME: TimeEditor,
    Kind.NOTE: NoteEditor,
    Kind.ACKNOWLEDGE: AcknowledgeEditor,
    Kind.GEOPOINT: PointEditor,
    Kind.GEOTRACE: LinesEditor,
    Kind.GEOSHAPE: LinesEditor,
    Kind.IMAGE: PhotoEditor,
    Kind.AUDIO: FileEditor,
    Kind.VIDEO: FileEditor,
    Kind.FILE: FileEditor,
}


def _builder(question: Question, choices: int) -> Builder:
    looks = set(question.appearance.split())
    if question.kind is Kind.SELECT_ONE:
        is_long = choices > RADIO_AT_MOST and not looks & _IN_A_LINE and "columns-" not in question.appearance
        return ComboEditor if is_long or looks & {"minimal", "autocomplete", "search", "map"} else RadioEditor
    if question.kind is Kind.SELECT_MULTIPLE:
        is_long = choices > CHECKS_AT_MOST and not looks & _IN_A_LINE
        return ListChecksEditor if is_long or looks & {"minimal", "autocomplete", "search"} else ChecksEditor
    if question.kind is Kind.RANGE and steps(question):
        return StarsEditor if "rating" in looks else PickerEditor if "picker" in looks else SliderEditor
    if question.kind is Kind.INTEGER and "counter" in looks:
        return CounterEditor
    if question.kind is Kind.TEXT and _is_long_text(question, looks):
        return TextEditor
    return _BUILDERS.get(question.kind, LineEditor)


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
