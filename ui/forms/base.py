"""What all editors of a form have in common."""

from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QWidget

from survey_forms import Choice


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


@dataclass(frozen=True, slots=True)
class Words:
    """What a row says."""

    label: str = ""
    hint: str = ""
    choices: list[Choice] = field(default_factory=list)
    guidance: str = ""
