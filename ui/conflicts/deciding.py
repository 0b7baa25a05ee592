"""Below the columns: both texts, a value typed anew, one rule for the like, and the way back."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from fieldsurvey.assess.conflicts import Side
from fieldsurvey.i18n import _
from ui.widgets import button


class Deciding(QWidget):
    """What can be done besides keeping one side.

    Signals:
        both_wanted: () both texts are to stand.
        typed: (text) another value is to stand.
        like_wanted: (Side) all conflicts like this one are to be decided by one rule.
        undo_wanted: () the last decision is to be taken back.
    """

    both_wanted = Signal()
    typed = Signal(str)
    like_wanted = Signal(object)
    undo_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.both = button("conflict_both", _("Both texts (B)"), self.both_wanted)
        self.line = QLineEdit()
        self.line.setObjectName("conflict_typed")
        self.line.setAccessibleName(_("Another value"))
        self.line.setPlaceholderText(_("Another value … (T)"))
        self.line.setMinimumHeight(36)
        self.line.returnPressed.connect(self._typed)
        self.box = QComboBox()
        self.box.setObjectName("conflict_choice")
        self.box.setAccessibleName(_("Another value"))
        self.box.setMinimumHeight(36)
        self.editor = QStackedWidget()
        self.editor.addWidget(self.line)
        self.editor.addWidget(self.box)
        self.editor.setMaximumHeight(40)
        self.use = button("conflict_use_typed", _("Use this value"), self._typed)
        self.undo = button("conflict_undo", _("Take the last decision back (U)"), self.undo_wanted)
        self.like = QLabel()
        self.like.setObjectName("conflict_like")
        self.rules = {
            Side.MINE: button("like_mine", _("all mine"), lambda: self.like_wanted.emit(Side.MINE)),
            Side.THEIRS: button("like_theirs", _("all theirs"), lambda: self.like_wanted.emit(Side.THEIRS)),
            Side.NEWEST: button("like_newest", _("all the newest"), lambda: self.like_wanted.emit(Side.NEWEST)),
        }
        first, second = QHBoxLayout(), QHBoxLayout()
        for each in (self.both, self.editor, self.use):
            first.addWidget(each, 1 if each is self.editor else 0)
        second.addWidget(self.like, 1)
        for rule in self.rules.values():
            second.addWidget(rule)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(first)
        column.addLayout(second)

    def offer(self, *, joins: bool, types: bool, choices: Mapping[str, str], like: int) -> None:
        """Offer what fits a conflict.

        Args:
            joins: Whether both texts can stand.
            types: Whether a value can be typed.
            choices: Code -> label where the field has choices.
            like: How many conflicts are like this one, itself counted.
        """
        self.both.setVisible(joins)
        for part in (self.editor, self.use):
            part.setVisible(types)
        self.editor.setCurrentWidget(self.box if choices else self.line)
        self.line.clear()
        self.box.clear()
        for code, label in choices.items():
            self.box.addItem(label, code)
        self.like.setText(_("{n} conflicts like this one:").format(n=like))
        for rule in (self.like, *self.rules.values()):
            rule.setVisible(like > 1)

    def start_typing(self) -> None:
        """Put the cursor into the editor."""
        if not self.editor.isHidden():
            self.editor.currentWidget().setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot()
    def _typed(self) -> None:
        is_choice = self.editor.currentWidget() is self.box
        self.typed.emit(str(self.box.currentData() or "") if is_choice else self.line.text())
