"""A number out of a range: slider, list or stars; no answer until it is touched. And a counter."""

import unicodedata
from decimal import Decimal, InvalidOperation
from functools import partial

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDial,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSlider,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import _
from survey_forms import Choice, Question
from ui.forms.base import Editor, NoWheel

_MOST_STEPS = 1000
_MOST_STARS = 10


def steps(question: Question) -> list[str]:
    """Return the values a range offers, from its start to its end; empty if the form does not say them well.

    Source: XLSForm reference, "range": start, end and step with the defaults 0, 10 and 1.
    """
    given = question.parameters
    try:
        start, end, step = (Decimal(given.get(key, or_)) for key, or_ in (("start", "0"), ("end", "10"), ("step", "1")))
        count = int((end - start) / step) if step else -1
    except (InvalidOperation, ValueError, OverflowError):
        return []
    if not 0 < count <= _MOST_STEPS:
        return []
    return [format((start + step * index).normalize(), "f") for index in range(count + 1)]


class SliderEditor(Editor):
    """A slider with its value beside it; dim until there is an answer."""

    def __init__(self, question: Question) -> None:
        box = QWidget()
        looks = question.appearance.split()
        is_vertical = "vertical" in looks
        self.slider = QSlider(Qt.Orientation.Vertical if is_vertical else Qt.Orientation.Horizontal)
        super().__init__(box, self.slider)
        self._steps = steps(question)
        self.slider.setRange(0, len(self._steps) - 1)
        placeholder = question.parameters.get("odk:placeholder", "")
        self._resting = self._steps.index(placeholder) if placeholder in self._steps else 0
        self.slider.setValue(self._resting)
        self._ticks = TickLabels(self.slider, self._steps)
        self._labels: dict[str, str] = {}
        self.slider.setMinimumHeight(180 if is_vertical else 36)
        if "no-ticks" not in looks:
            self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
            self.slider.setTickInterval(_ticks(question, len(self._steps)))
        self.slider.installEventFilter(NoWheel(self.slider))
        self.slider.valueChanged.connect(self._moved)
        self.slider.sliderPressed.connect(self._moved)
        self.value = QLabel("—")
        self.value.setMinimumWidth(56)
        self.value.setWordWrap(True)
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout = QHBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        ends = [QLabel(self._steps[0]), QLabel(self._steps[-1])]
        if is_vertical:
            grid = QGridLayout()
            for row, part in enumerate((ends[1], self.slider, ends[0])):
                grid.addWidget(part, row, 0, Qt.AlignmentFlag.AlignHCenter)
            grid.addWidget(self._ticks, 1, 1)
            layout.addLayout(grid)
            layout.addStretch(1)
        else:
            middle = QVBoxLayout()
            middle.setSpacing(0)
            middle.addWidget(self.slider)
            middle.addWidget(self._ticks)
            layout.addWidget(ends[0])
            layout.addLayout(middle, 1)
            layout.addWidget(ends[1])
        layout.addWidget(self.value)
        layout.addWidget(_clear_button(self))

    def _moved(self) -> None:
        text = self._steps[self.slider.value()]
        self._tell(text)
        self.edited.emit(text)

    def _tell(self, text: str) -> None:
        label = self._labels.get(text, "")
        self.value.setText(f"{text} {label}" if label else text or "—")

    def set_choices(self, choices: list[Choice]) -> None:
        """Name the values that have labels."""
        self._labels = {choice.value: choice.label for choice in choices}
        self._ticks.show_labels(self._labels)

    def clear(self) -> None:
        """Take the answer away."""
        self.show_text("")
        self.edited.emit("")

    def show_text(self, text: str) -> None:
        """Show an answer; a dash if there is none."""
        self.slider.blockSignals(True)
        self.slider.setValue(self._steps.index(text) if text in self._steps else self._resting)
        self.slider.blockSignals(False)
        self._tell(text)


class TickLabels(QWidget):
    """Labels along a slider, each at its value; what has no room is left out, the ends first to stay."""

    def __init__(self, slider: QSlider, steps: list[str]) -> None:
        super().__init__()
        self._slider, self._steps = slider, steps
        self._labels: dict[int, str] = {}
        self.hide()

    def show_labels(self, labels: dict[str, str]) -> None:
        """Show labels by value."""
        places = {step: at for at, step in enumerate(self._steps)}
        self._labels = {places[value]: label for value, label in labels.items() if value in places}
        metrics = self.fontMetrics()
        if self._slider.orientation() is Qt.Orientation.Vertical:
            self.setFixedWidth(max((metrics.horizontalAdvance(text) for text in self._labels.values()), default=0) + 8)
        else:
            self.setFixedHeight(metrics.height() + 4)
        self.setVisible(bool(self._labels))
        self.update()

    def _spot(self, at: int, length: int) -> int:
        """Return where the handle stands at a value, in pixels from the left or the top."""
        handle = self._slider.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, None, self._slider)
        is_vertical = self._slider.orientation() is Qt.Orientation.Vertical
        place = QStyle.sliderPositionFromValue(
            0, len(self._steps) - 1, at, max(length - handle, 1), upsideDown=is_vertical
        )
        return place + handle // 2

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the labels."""
        painter = QPainter(self)
        metrics, is_vertical = self.fontMetrics(), self._slider.orientation() is Qt.Orientation.Vertical
        taken: list[QRect] = []
        ends = {0, len(self._steps) - 1}
        for at, text in sorted(self._labels.items(), key=lambda label: (label[0] not in ends, label[0])):
            wide, high = metrics.horizontalAdvance(text) + 4, metrics.height()
            if is_vertical:
                box = QRect(4, self._spot(at, self.height()) - high // 2, wide, high)
                box.moveTop(min(max(box.top(), 0), max(self.height() - high, 0)))
            else:
                box = QRect(self._spot(at, self.width()) - wide // 2, 0, wide, high)
                box.moveLeft(min(max(box.left(), 0), max(self.width() - wide, 0)))
            if not any(box.intersects(other) for other in taken):
                taken.append(box)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


class PickerEditor(Editor):
    """The values of a range as a list."""

    def __init__(self, question: Question) -> None:
        self.box = QComboBox()
        super().__init__(self.box, self.box)
        self.box.addItems(["", *steps(question)])
        self.box.installEventFilter(NoWheel(self.box))
        self.box.textActivated.connect(self.edited)

    def show_text(self, text: str) -> None:
        """Show an answer."""
        self.box.setCurrentIndex(max(self.box.findText(text), 0))


class StarsEditor(Editor):
    """A rating by stars; the last star again clears it."""

    def __init__(self, question: Question) -> None:
        box = QWidget()
        self._steps = steps(question)[-_MOST_STARS:]
        self._stars: list[QToolButton] = []
        layout = QHBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        for number, text in enumerate(self._steps, 1):
            star = QToolButton(box)
            star.setObjectName(f"star_{text}")
            star.setText("☆")
            star.setMinimumSize(40, 40)
            star.setAccessibleName(_("{n} of {total}").format(n=text, total=self._steps[-1]))
            star.clicked.connect(partial(self.pick, number))
            layout.addWidget(star)
            self._stars.append(star)
        layout.addStretch(1)
        super().__init__(box, self._stars[0])
        self._value = ""

    def pick(self, number: int, _checked: bool = False) -> bool:
        """Rate with a star, from 1."""
        if not 0 < number <= len(self._steps):
            return False
        text = self._steps[number - 1]
        self.show_text("" if text == self._value else text)
        self.edited.emit(self._value)
        return True

    def show_text(self, text: str) -> None:
        """Fill as many stars as the answer says."""
        self._value = text
        filled = self._steps.index(text) + 1 if text in self._steps else 0
        for number, star in enumerate(self._stars):
            star.setText("★" if number < filled else "☆")

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid rating."""
        self.widget.setEnabled(not readonly)


class CounterEditor(Editor):
    """A whole number with a button for one less and one more."""

    def __init__(self, _question: Question) -> None:
        box = QWidget()
        self.line = QLineEdit()
        super().__init__(box, self.line)
        layout = QHBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._button("−", -1, _("One less")))
        layout.addWidget(self.line, 1)
        layout.addWidget(self._button("+", 1, _("One more")))
        self.line.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.line.textEdited.connect(self.edited)

    def _button(self, mark: str, by: int, words: str) -> QToolButton:
        button = QToolButton()
        button.setText(mark)
        button.setMinimumSize(44, 36)
        button.setAccessibleName(words)
        button.clicked.connect(partial(self.count, by))
        return button

    def count(self, by: int, _checked: bool = False) -> None:
        """Add to the number; an answer that is none counts as 0."""
        text = self.line.text().strip()
        number = int(text) if text.lstrip("-").isdecimal() else 0
        self.line.setText(str(number + by))
        self.edited.emit(self.line.text())

    def show_text(self, text: str) -> None:
        """Show an answer."""
        if self.line.text() != text:
            self.line.setText(text)

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid counting."""
        self.widget.setEnabled(not readonly)


def _ticks(question: Question, count: int) -> int:
    """Return how many steps lie between two ticks."""
    given = question.parameters
    try:
        return max(1, round(float(given["odk:tick-interval"]) / float(given.get("step", "1"))))
    except (KeyError, ValueError, ZeroDivisionError, OverflowError):
        return max(1, count // 20)


class BearingEditor(Editor):
    """A direction in degrees clockwise from north: turned, or typed."""

    def __init__(self, _question: Question) -> None:
        box = QWidget()
        self.line = QLineEdit()
        super().__init__(box, self.line)
        self.dial = QDial()
        self.dial.setRange(0, 359)
        self.dial.setWrapping(True)
        self.dial.setNotchesVisible(True)
        self.dial.setFixedSize(88, 88)
        self.dial.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.dial.installEventFilter(NoWheel(self.dial))
        self.dial.valueChanged.connect(self._turned)
        self.line.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.line.textEdited.connect(self._typed)
        layout = QHBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.dial)
        layout.addWidget(self.line, 1)
        layout.addWidget(QLabel("°"))

    def _turned(self, value: int) -> None:
        degrees = str((value + 180) % 360)  # the dial has its zero at the bottom, north is up
        self.line.setText(degrees)
        self.edited.emit(degrees)

    def _typed(self, text: str) -> None:
        self._point(text)
        self.edited.emit(text)

    def _point(self, text: str) -> None:
        try:
            degrees = round(float(unicodedata.normalize("NFKC", text).replace(",", ".")))
        except (ValueError, OverflowError):
            return
        self.dial.blockSignals(True)
        self.dial.setValue((degrees + 180) % 360)
        self.dial.blockSignals(False)

    def show_text(self, text: str) -> None:
        """Show an answer."""
        if self.line.text() != text:
            self.line.setText(text)
        self._point(text)

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid changing it."""
        self.line.setReadOnly(readonly)
        self.dial.setEnabled(not readonly)


def _clear_button(editor: SliderEditor) -> QToolButton:
    button = QToolButton()
    button.setText("✕")
    button.setMinimumSize(36, 36)
    button.setAccessibleName(_("Clear the answer"))
    button.setToolTip(_("Clear the answer"))
    button.clicked.connect(editor.clear)
    return button
