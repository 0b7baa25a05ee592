"""Files as answers: a sound, a film, any other file; chosen or recorded, kept with the project."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from survey_forms import Kind, Question
from ui.forms.base import Editor

_BUTTON_PX = 36
_RECORDED_ONLY = frozenset({"new", "new-front", "selfie"})  # Source: XLSForm reference, appearances of audio and video


class FileEditor(Editor):
    """A file that the project keeps.

    Signals:
        wanted: () the person asks for a file.
        opened: (hash) the person wants to see or hear the file.
    """

    wanted = Signal()
    opened = Signal(str)

    def __init__(self, question: Question) -> None:
        box = QWidget()
        self.button = QToolButton()
        super().__init__(box, self.button)
        self.kind = question.kind
        self._value = ""
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        self.line = QHBoxLayout()
        column.addLayout(self.line)
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.facts.setProperty("role", "hint")
        column.addWidget(self.facts)
        self.add(self.button, "", self.wanted)
        self.open = self.add(QToolButton(), self._open_words(), self._open)
        self.remove = self.add(QToolButton(), "✕", self._clear)
        self.remove.setAccessibleName(_("Clear the answer"))
        self.remove.setToolTip(_("Clear the answer"))
        self.line.addStretch(1)
        self.show_text("")

    def add(self, button: QToolButton, text: str, slot: object, at: int = -1) -> QToolButton:
        """Put a button into the line."""
        button.setText(text)
        button.setMinimumSize(_BUTTON_PX, _BUTTON_PX)
        button.clicked.connect(slot)
        self.line.insertWidget(at, button)
        return button

    def _open_words(self) -> str:
        return {Kind.AUDIO: "▶ " + _("Listen"), Kind.VIDEO: "▶ " + _("Watch")}.get(self.kind, _("Open"))

    @Slot()
    def _open(self) -> None:
        self.opened.emit(self._value)

    @Slot()
    def _clear(self) -> None:
        self.show_text("")
        self.edited.emit("")

    def show_facts(self, text: str) -> None:
        """Say what file it is."""
        self.facts.setText(text)
        self.facts.setVisible(bool(text))

    def show_text(self, text: str) -> None:
        """Show what can be done; what file it is comes later."""
        if text != self._value or not text:
            self.show_facts("")
        self._value = text
        self.button.setText(_("Another file …") if text else _("Choose file …"))
        self.open.setHidden(not text)
        self.remove.setHidden(not text)

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid another file; the one that is there can still be opened."""
        self.button.setEnabled(not readonly)
        self.remove.setEnabled(not readonly)


class RecordingEditor(FileEditor):
    """A sound or film: recorded here, or a file.

    Signals:
        record_wanted: () the person wants to record.
    """

    record_wanted = Signal()

    def __init__(self, question: Question) -> None:
        self.record = QToolButton()
        self._looks = set(question.appearance.split())
        super().__init__(question)
        self.add(self.record, "● " + self._record_words(), self.record_wanted, 0)
        is_from_elsewhere = question.parameters.get("quality") == "external"
        self.button.setHidden(bool(self._looks & _RECORDED_ONLY))
        self.record.setHidden(is_from_elsewhere)
        self.focus = self.button if is_from_elsewhere else self.record

    def _record_words(self) -> str:
        return _("Record sound") if self.kind is Kind.AUDIO else _("Record film")

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid another recording."""
        super().set_readonly(readonly)
        self.record.setEnabled(not readonly)
