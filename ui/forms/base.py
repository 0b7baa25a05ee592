"""What all editors of a form have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from survey_forms import Choice


class Editor(QObject):
    """A question's widget.

    Signals:
        edited: (text) the person changed the answer.
        finished: () the answer is whole; the cursor may go on.

    Attributes:
        widget: What stands in the row.
        focus: What takes the keyboard focus.
    """

    edited = Signal(str)
    finished = Signal()

    def __init__(self, widget: QWidget, focus: QWidget) -> None:
        super().__init__(widget)
        self.widget, self.focus = widget, focus

    def show_text(self, text: str) -> None:
        """Show an answer without emitting edited; a kind without an answer shows nothing."""

    def set_choices(self, choices: list[Choice]) -> None:
        """Show other choices; editors without choices ignore it."""

    def show_media(self, media: Mapping[str, str]) -> bool:
        """Use the files of the question's label, kind -> file; say whether the editor shows the picture itself."""
        del media
        return False

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid editing."""
        self.focus.setEnabled(not readonly)

    def pick(self, _number: int) -> bool:
        """Choose by a digit key, from 1; say whether there is such a choice."""
        return False


class NoWheel(QObject):
    """Keeps the wheel away from a widget, so that scrolling a form never changes an answer."""

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Pass the wheel on to the form's scroll area."""
        if isinstance(event, QWheelEvent):
            event.ignore()
            return True
        return False


class Digits(QObject):
    """Lets a digit choose while the line that searches a list is blank."""

    def __init__(self, line: QLineEdit, editor: Editor) -> None:
        super().__init__(line)
        self._line, self._editor = line, editor
        line.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Choose by a digit key."""
        if event.type() is not QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        is_ours = event.text() in set("123456789") and not self._line.text()
        return is_ours and self._editor.pick(int(event.text()))


@dataclass(frozen=True, slots=True)
class Words:
    """What a row says.

    Attributes:
        media: Files that go with the label: image, audio, video -> file.
    """

    label: str = ""
    hint: str = ""
    choices: list[Choice] = field(default_factory=list)
    guidance: str = ""
    media: Mapping[str, str] = field(default_factory=dict)
