"""A few choices to be seen at once: buttons in columns, in one line, with pictures, or as a row of a table."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QGridLayout, QLabel, QRadioButton, QWidget

from survey_forms import Choice, Kind, Question
from ui.forms.base import Editor

_IN_A_LINE = frozenset({"likert", "label", "list-nolabel", "list", "horizontal"})
_PICTURE_PX = 96
_GAP_PX = 8


def columns(appearance: str) -> int:
    """Return how many choices stand beside each other; 0: all in one line.

    >>> columns(""), columns("columns-5"), columns("likert"), columns("columns")
    (2, 5, 0, 3)
    """
    words = appearance.split()
    if _IN_A_LINE & set(words):
        return 0
    for word in words:
        number = word.rpartition("-")[2]
        if word.startswith(("columns-", "compact-")) and number.isdigit():
            return min(int(number) or 1, 10)
    return 3 if {"columns", "columns-pack", "compact", "no-buttons", "quickcompact"} & set(words) else 2


class Grid(QWidget):
    """Cells in as many columns as are wanted and have room; a table's row keeps all of them beside each other."""

    def __init__(self, wanted: int, *, is_table: bool) -> None:
        super().__init__()
        self._wanted, self._is_table = wanted, is_table
        self._cells: list[QWidget] = []
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(_GAP_PX)

    def put(self, cells: list[QWidget]) -> None:
        """Show other cells."""
        for cell in self._cells:
            cell.deleteLater()
        self._cells, self._columns = cells, 0
        self._arrange()

    def _fitting(self) -> int:
        wanted = self._wanted or len(self._cells) or 1
        if self._is_table:
            return wanted
        widest = max((cell.sizeHint().width() for cell in self._cells), default=1) + _GAP_PX
        return max(1, min(wanted, (self.width() + _GAP_PX) // widest))

    def _arrange(self) -> None:
        fitting = self._fitting()
        if fitting == self._columns:
            return
        for column in range(max(self._columns, fitting)):
            self._grid.setColumnStretch(column, 1 if column < fitting else 0)
        self._columns = fitting
        for number, cell in enumerate(self._cells):
            self._grid.addWidget(cell, number // fitting, number % fitting)
            cell.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the width there is."""
        super().resizeEvent(event)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        """Let the panel be narrow: the columns give way."""
        widest = max((cell.minimumSizeHint().width() for cell in self._cells), default=0)
        hint = super().minimumSizeHint()
        return hint if self._is_table else QSize(min(widest, hint.width()), hint.height())


class GridEditor(Editor):
    """One or several choices as buttons. Clicking the chosen one again clears it; several are codes with blanks."""

    def __init__(self, question: Question) -> None:
        words = question.appearance.split()
        self._has_labels = "list-nolabel" not in words
        grid = Grid(columns(question.appearance), is_table=not self._has_labels)
        super().__init__(grid, grid)
        self._grid = grid
        self._is_quick = bool({"quick", "quickcompact"} & set(words))
        self._is_bare = "no-buttons" in words
        self._several = question.kind is Kind.SELECT_MULTIPLE
        self._buttons: dict[str, QAbstractButton] = {}
        self._shown: list[Choice] = []
        self._value = ""

    def set_choices(self, choices: list[Choice]) -> None:
        """Show the choices."""
        if choices == self._shown:
            return
        self._shown = choices
        self._buttons = {choice.value: self._button(choice) for choice in choices}
        self._grid.put(list(self._buttons.values()))
        self.focus = next(iter(self._buttons.values()), self.widget)
        self.show_text(self._value)

    def _button(self, choice: Choice) -> QAbstractButton:
        text = choice.label if self._has_labels else ""
        button = QCheckBox(text, self._grid) if self._several else QRadioButton(text, self._grid)
        button.setObjectName(choice.value)
        button.setAutoExclusive(False)
        button.setAccessibleName(choice.label)
        button.setToolTip("" if self._has_labels else choice.label)
        if image := choice.media.get("image"):
            button.setIcon(QIcon(image))
            button.setIconSize(QSize(_PICTURE_PX, _PICTURE_PX))
        if self._is_bare:
            button.setProperty("role", "bare")
        button.clicked.connect(self._clicked)
        return button

    def pick(self, number: int) -> bool:
        """Choose by a digit key; the digit of a chosen one takes it back."""
        buttons = list(self._buttons.values())
        if not 0 < number <= len(buttons) or not self.widget.isEnabled():
            return False
        buttons[number - 1].setFocus(Qt.FocusReason.TabFocusReason)
        buttons[number - 1].click()
        return True

    def choose(self, code: str) -> None:
        """Choose a code, or take it back if it is chosen."""
        if code in self._buttons and self.widget.isEnabled():
            self._buttons[code].click()

    @property
    def chosen(self) -> set[str]:
        """The codes that are chosen."""
        return set(self._value.split()) if self._several else {self._value} - {""}

    def _clicked(self) -> None:
        clicked = self.sender()
        if self._several:
            value = " ".join(code for code, button in self._buttons.items() if button.isChecked())
        else:
            value = clicked.objectName() if isinstance(clicked, QAbstractButton) and clicked.isChecked() else ""
        self.show_text(value)
        self.edited.emit(value)
        if self._is_quick and value:
            self.finished.emit()

    def show_text(self, text: str) -> None:
        """Mark the chosen ones."""
        self._value = text
        chosen = self.chosen
        for code, button in self._buttons.items():
            if button.isChecked() != (code in chosen):
                button.setChecked(code in chosen)

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid choosing."""
        self.widget.setEnabled(not readonly)


class TableHead(Editor):
    """The labels above the columns of a table of choices; no answer."""

    def __init__(self, _question: Question) -> None:
        grid = Grid(0, is_table=True)
        super().__init__(grid, grid)
        self._grid = grid
        self._shown: list[str] = []

    def set_choices(self, choices: list[Choice]) -> None:
        """Show the labels."""
        texts = [choice.label for choice in choices]
        if texts == self._shown:
            return
        self._shown = texts
        labels: list[QWidget] = []
        for text in texts:
            label = QLabel(text, self._grid)
            label.setWordWrap(True)
            label.setProperty("role", "hint")
            labels.append(label)
        self._grid.put(labels)
