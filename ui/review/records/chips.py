"""The checks of a record as a row of chips: each says what it is about, and a press jumps to the place."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from fieldsurvey.assess.review.checks import KIND_WORDS, Check, Kind
from fieldsurvey.i18n import _, labelled
from ui.widgets import button

MARKS = {
    Kind.CONFLICT: "⇄",
    Kind.MISSING: "○",
    Kind.FINDING: "✕",
    Kind.FAR_VALUE: "⚠",
    Kind.NO_PHOTO: "▣",
    Kind.FAR_PLACE: "⌖",
    Kind.COPIED: "=",
}
_HEIGHT, _MOST = 36, 3  # px of one chip; chips seen without scrolling


class Chips(QScrollArea):
    """One chip per check, one below the other.

    Signals:
        chosen: (Check) its place is to be shown.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review_checks")
        self.setAccessibleName(_("Checks"))
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_checks(self, checks: Sequence[Check]) -> None:
        """Show other checks; none is said too."""
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        if not checks:
            nothing = QLabel(_("✓ The checks found nothing."))
            nothing.setMinimumHeight(_HEIGHT - 4)
            column.addWidget(nothing)
        for number, check in enumerate(checks):
            column.addWidget(self._chip(number, check))
        column.addStretch(1)
        self.setWidget(page)
        rows = min(max(len(checks), 1), _MOST)
        self.setFixedHeight(rows * (_HEIGHT + 4) + 4)

    def _chip(self, number: int, check: Check) -> QPushButton:
        text = f"{MARKS[check.kind]} {labelled(_(KIND_WORDS[check.kind]), check.told)}"
        chip = button(f"check_{number}", text, partial(self.chosen.emit, check))
        chip.setMinimumHeight(_HEIGHT)
        chip.setStyleSheet("QPushButton { text-align: left; padding: 2px 8px; }")
        chip.setToolTip(check.told)
        chip.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        return chip
