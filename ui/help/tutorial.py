"""Ten minutes on the sample project: each step says what to do, and sees by itself when it is done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QVBoxLayout

from fieldsurvey.i18n import N_, _
from ui.widgets import button, titled

if TYPE_CHECKING:
    from ui.main_window import MainWindow

_LOOK_MS = 400
_WIDTH = 380  # px


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        text: What to do.
        is_done: Says, of the window, whether it was done.
    """

    text: str
    is_done: "Callable[[MainWindow], bool]"


def _is_sample(window: "MainWindow") -> bool:
    return window.project.current is not None and bool(window.project.current.communities)


def _is_open(window: "MainWindow") -> bool:
    return window.form.current is not None


def _has_answer(window: "MainWindow") -> bool:
    session = window.form_panel.session
    return _is_open(window) and session is not None and session.progress()[0] > 0


def _is_at(name: str, window: "MainWindow") -> bool:
    return window.workspaces.current == name


def _is_on_map(window: "MainWindow") -> bool:
    return _is_at("map", window) and bool(window.forms.uid)


def _is_searching(window: "MainWindow") -> bool:
    return window.finder.search.isVisible()


def _is_closed(window: "MainWindow") -> bool:
    return not _is_open(window)


STEPS: Sequence[Step] = (
    Step(
        N_("Open the sample project: a city with 214 communities. The first time it takes about 20 seconds."),
        _is_sample,
    ),
    Step(
        N_("Go to the map (Ctrl+2). Type the initials of a community in the search line, for example tjl, then Enter."),
        _is_on_map,
    ),
    Step(N_("Its forms are on the right. Open one, for example the water supply."), _is_open),
    Step(
        N_("Answer some questions. A wrong value is told at once; all you type is on the disk within a second."),
        _has_answer,
    ),
    Step(
        N_("Save it as a draft, or complete it, then close the form (Esc)."),
        _is_closed,
    ),
    Step(
        N_("Press Ctrl+F and look for a word of an answer, an address or a building."),
        _is_searching,
    ),
    Step(
        N_("Press Ctrl+1: your day. What came back is first; F2 opens the next thing to do."),
        partial(_is_at, "today"),
    ),
    Step(
        N_("Show the plan: what each community costs, and why it is in or out."),
        partial(_is_at, "plan"),
    ),
    Step(
        N_("Show the export: the assessment sheet, as it is printed and signed."),
        partial(_is_at, "export"),
    ),
    Step(
        N_("Show the sync: what would go to the office and what would come."),
        partial(_is_at, "sync"),
    ),
)


class Tutorial(QDialog):
    """Stays in the corner while one does what it says.

    Signals:
        ended: () the last step was done, or it was closed.
    """

    ended = Signal()

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window, Qt.WindowType.Tool)
        self.setObjectName("tutorial")
        self.setWindowTitle(_("Tutorial"))
        self.setFixedWidth(_WIDTH)
        self._window = window
        self.at = 0
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.setObjectName("tutorial_look")
        self._look.timeout.connect(self._see)
        self.head, self.text = titled("", "heading"), titled("", "title")
        self.text.setObjectName("tutorial_text")
        self.bar = QProgressBar()
        self.bar.setRange(0, len(STEPS))
        self.bar.setAccessibleName(_("Tutorial"))
        self.bar.setTextVisible(False)
        row = QHBoxLayout()
        self.on = button("tutorial_next", _("Skip this step"), self.next)
        row.addWidget(self.on)
        row.addWidget(button("tutorial_close", _("Close"), self.reject))
        layout = QVBoxLayout(self)
        for widget in (self.head, self.text, self.bar):
            layout.addWidget(widget)
        layout.addLayout(row)
        self.finished.connect(self._look.stop)
        self._show()

    def begin(self) -> None:
        """Come up in the lower right corner and look on."""
        self.adjustSize()
        corner = self._window.mapToGlobal(self._window.rect().bottomRight())
        self.move(corner.x() - self.width() - 24, corner.y() - self.height() - 64)
        self._look.start()
        self.show()

    @Slot()
    def _see(self) -> None:
        if self.at < len(STEPS) and STEPS[self.at].is_done(self._window):
            self.next()

    @Slot()
    def next(self) -> None:
        """Go to the next step."""
        self.at += 1
        self._show()

    def _show(self) -> None:
        self.bar.setValue(self.at)
        if self.at >= len(STEPS):
            self._look.stop()
            self.head.setText(_("Done"))
            self.text.setText(_("That is the whole job. F1 opens the manual at the page that fits."))
            self.on.hide()
        else:
            self.head.setText(_("Step {n} of {total}").format(n=self.at + 1, total=len(STEPS)))
            self.text.setText(_(STEPS[self.at].text))
