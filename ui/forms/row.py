"""One row of a form: label, editor, unit, hint, and what is wrong."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from survey_forms import Question
from survey_forms.session import asks
from ui.forms.base import Editor, Words
from ui.forms.editors import NoteEditor, build_editor
from ui.forms.media import MediaLabel

_TABLE = frozenset({"label", "list-nolabel"})
_LABEL_SHARE, _CHOICES_SHARE = 2, 3


class Row(QWidget):
    """A question on the screen.

    Signals:
        edited: (path, text) the person changed the answer.
    """

    edited = Signal(str, str)

    def __init__(self, path: str, question: Question, words: Words) -> None:
        super().__init__()
        self.path, self.question = path, question
        self._is_readonly = False
        self._media: MediaLabel | None = None
        self._media_shown: Mapping[str, str] = {}
        self._is_table_row = bool(_TABLE & set(question.appearance.split()))
        self.setObjectName(f"row_{question.name}")
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.hint = QLabel(words.hint)
        self.hint.setWordWrap(True)
        self.hint.setProperty("role", "hint")
        self.guidance = QLabel()
        self.guidance.setWordWrap(True)
        self.guidance.setProperty("role", "hint")
        self.guidance.hide()
        self.more = QToolButton()
        self.more.setText("?")
        self.more.setCheckable(True)
        self.more.setToolTip(_("More about this question"))
        self.more.setAccessibleName(_("More about this question"))
        self.more.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.more.toggled.connect(self.guidance.setVisible)
        self.error = QLabel()
        self.error.setObjectName(f"error_{question.name}")
        self.error.setWordWrap(True)
        self.error.setProperty("role", "error")
        self.remark = QLabel()
        self.remark.setObjectName(f"remark_at_{question.name}")
        self.remark.setWordWrap(True)
        self.remark.setProperty("role", "error")
        self.remark.hide()
        self.editor: Editor = build_editor(question, words)
        self.editor.edited.connect(self._edited)
        self._lay_out()
        self.set_words(words, required=False)
        self.set_error("")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 8)
        layout.setSpacing(3)
        head = QHBoxLayout()
        head.addWidget(self.label, 1)
        head.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        line = QHBoxLayout()
        line.setSpacing(6)
        if self._is_table_row:
            layout.setContentsMargins(0, 2, 0, 2)
            line.addLayout(head, _LABEL_SHARE)
            line.addWidget(self.editor.widget, _CHOICES_SHARE)
        else:
            layout.addLayout(head)
            line.addWidget(self.editor.widget, 1)
        self.label.setHidden(isinstance(self.editor, NoteEditor))
        if self.question.bind.unit:
            unit = QLabel(self.question.bind.unit)
            unit.setMinimumWidth(44)
            line.addWidget(unit)
        layout.addLayout(line)
        layout.addWidget(self.hint)
        layout.addWidget(self.guidance)
        layout.addWidget(self.error)
        layout.addWidget(self.remark)
        self.label.setBuddy(self.editor.focus)

    def _edited(self, text: str) -> None:
        self.edited.emit(self.path, text)

    def set_words(self, words: Words, *, required: bool) -> None:
        """Show label, hint and choices, in whatever language they come."""
        star = ' <span style="color:#C5221F">*</span>' if required else ""
        self.label.setText(words.label + star)
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.hint.setText(words.hint)
        self.hint.setVisible(bool(words.hint))
        self.more.setVisible(bool(words.guidance))
        self.guidance.setText(words.guidance)
        self.editor.set_choices(words.choices)
        if isinstance(self.editor, NoteEditor):
            self.editor.label.setText(words.label)
        if words.media != self._media_shown:
            self._show_media(words)

    def _show_media(self, words: Words) -> None:
        """Show the files of the label, which differ by language."""
        self._media_shown = words.media
        if self._media is not None:
            self._media.deleteLater()
            self._media = None
        left = {kind: place for kind, place in words.media.items() if kind != "image"}
        media = left if self.editor.show_media(words.media) else words.media
        layout = self.layout()
        if media and isinstance(layout, QVBoxLayout):
            self._media = MediaLabel(media, words.label)
            layout.insertWidget(1, self._media)

    def set_error(self, text: str) -> None:
        """Show what is wrong, or nothing."""
        self.error.setText(f"⚠ {text}" if text else "")
        self.error.setVisible(bool(text))

    def set_remark(self, text: str) -> None:
        """Show what the review said about the answer, or nothing."""
        self.remark.setText(text)
        self.remark.setVisible(bool(text))

    def stops(self) -> list[QWidget]:
        """Return where Tab stops in this row: once for choices, which arrows and digits then choose among."""
        focus = self.editor.focus
        return [focus] if focus.isEnabled() and self.takes_focus() else []

    def focus(self) -> None:
        """Put the cursor into the editor."""
        self.editor.focus.setFocus(Qt.FocusReason.TabFocusReason)

    def takes_focus(self) -> bool:
        """Say whether there is something to fill in."""
        is_asked = asks(self.question) and not self._is_readonly
        return is_asked and not self.isHidden()

    def set_readonly(self, *, readonly: bool) -> None:
        """Let the answer be changed, or only read; the cursor passes over what is only read."""
        self._is_readonly = readonly
        self.editor.set_readonly(readonly)
