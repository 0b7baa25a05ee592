"""A monkey at the window: seeded random clicks, drags, keys and texts over everything that can be reached.

`python -m tests.faults.monkey --minutes 30 --seed 1` is the long run of
`make soak`. It works from a timer, so that it goes on inside every dialog. It
fails on an exception, on a line of the log that warns, on widgets that stay,
and on memory that grows.
"""

import argparse
import importlib
import logging
import os
import pkgutil
import random
import sys
import tempfile
import threading
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from pypinyin import lazy_pinyin
from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QEventLoop,
    QMessageLogContext,
    QPoint,
    Qt,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QAction, QKeyEvent, QPixmapCache, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMenu, QWidget
from shiboken6 import isValid

from exports.sheet.faces import HEI, HEI_BOLD, KAI, SONG, SONG_BOLD, face
from fieldsurvey.projects import sample_project
from ui.app import application, build
from ui.jobs import Job
from ui.main_window import MainWindow
from ui.memory import give_back

_STEP_MS = 5
_KEYS = (
    Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Space, Qt.Key.Key_Up,
    Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_Delete,
    Qt.Key.Key_Backspace, Qt.Key.Key_F1, Qt.Key.Key_F2, Qt.Key.Key_F5, Qt.Key.Key_F8, Qt.Key.Key_F11,
)  # fmt: skip
_MODIFIERS = (Qt.KeyboardModifier.NoModifier,) * 6 + (
    Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
)  # fmt: skip
_TEXTS = (
    "",
    "1986",
    "0.08",
    "枫叶山",
    "𬭚㙍䶮",
    "-1",
    "１２",
    "9" * 40,
    "'; --",
    "<b>x</b>",
    "2026-11-29",
    "e\u0301",
    "a b\tc",
)
_LETTERS = [code for code in range(Qt.Key.Key_0.value, Qt.Key.Key_Z.value + 1) if code != Qt.Key.Key_Q.value]
_DIALOG_STEPS = 60  # a dialog that the monkey does not leave by itself is closed
_MENU_STEPS = 8
# Read when they are first needed, 190 MiB in all: whoever comes to them first is no leak.
_READ_LATE = (
    "geopandas", "pyogrio", "reportlab.pdfgen.canvas", "highspy", "rasterio", "openpyxl", "ezdxf", "pyxform", "pikepdf",
    "pypinyin", "lxml.etree", "PySide6.QtMultimedia", "PySide6.QtPdf",
)  # fmt: skip
_PACKAGES = ("fieldsurvey", "layers", "survey_forms", "exports", "ui")
_GROWTH = 0.1  # of resident memory, and of widgets, after the warm-up
# What a platform without a screen, a camera without a driver, and QTest of a move that nobody wants, say of themselves.
_CANNOT = (
    "Mouse event",
    "This plugin does not support",
    "Couldn't load pipewire",
    "Couldn't resolve pipewire",
    "Using Qt multimedia",
)


@dataclass
class Report:
    """What a run showed.

    Attributes:
        steps: How much was done, by kind.
        errors: Exceptions and loud lines of the log, in words.
        widgets: Widgets alive after the warm-up, and at the end, by class.
        memory: Resident memory after the warm-up and at the end, MiB: the window at rest in the same place, and
            what is free given back.
    """

    steps: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    widgets: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    memory: tuple[float, float] = (0.0, 0.0)


class _Loud(logging.Handler):
    """Keeps the lines of the log that nobody should see."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        self._errors.append(f"{record.name}: {record.getMessage()}")


@contextmanager
def _listening(errors: list[str]) -> Iterator[None]:
    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        errors.append("".join(traceback.format_exception(kind, error, trace)))

    def tell_thread(arguments: threading.ExceptHookArgs) -> None:
        tell(arguments.exc_type, arguments.exc_value or RuntimeError(), arguments.exc_traceback)

    def tell_qt(kind: QtMsgType, _context: QMessageLogContext, text: str | None) -> None:
        if kind is not QtMsgType.QtDebugMsg and not str(text).startswith(_CANNOT):
            over = QApplication.activeModalWidget()
            errors.append(f"Qt: {text} ({over})\n" + "".join(traceback.format_stack(limit=4)))

    handler, hooks = _Loud(errors), (sys.excepthook, threading.excepthook)
    qInstallMessageHandler(tell_qt)
    logging.getLogger().addHandler(handler)
    sys.excepthook, threading.excepthook = tell, tell_thread
    try:
        yield
    finally:
        qInstallMessageHandler(None)
        sys.excepthook, threading.excepthook = hooks
        logging.getLogger().removeHandler(handler)


class Monkey:
    """Does one random thing after another, until its time is over."""

    def __init__(self, window: MainWindow, seed: int, report: Report) -> None:
        self._window, self._report = window, report
        self._rng = random.Random(seed)
        self._actions = [
            action
            for action in window.findChildren(QAction)
            if action.menu() is None and action.objectName().startswith("action_")
        ]
        self._in_dialog = 0
        self._in_menu = 0
        self.is_going = True

    def start(self) -> None:
        """Do one thing after another. Each is asked for before the one before: a step may open a dialog, and stay."""
        if self.is_going:
            QTimer.singleShot(_STEP_MS, self.start)
            self._act()

    def _act(self) -> None:
        popup, dialog = QApplication.activePopupWidget(), QApplication.activeModalWidget()
        if isinstance(popup, QMenu) and self._leave_menu(popup):
            return
        if popup is None:
            self._in_menu = 0
        if isinstance(dialog, QDialog) and self._leave_dialog(dialog):
            return
        if dialog is None:
            self._in_dialog = 0
        target = self._target(popup or dialog or self._window)
        kind = self._rng.choices(
            ("click", "key", "text", "drag", "wheel", "double", "action", "resize", "menu"),
            (40, 18, 10, 6, 6, 4, 8, 1, 2),
        )[0]
        self._report.steps[kind] += 1
        if target is not None or kind in {"action", "resize"}:
            getattr(self, f"_{kind}")(target)

    def _leave_menu(self, menu: QMenu) -> bool:
        self._in_menu += 1
        if self._in_menu > _MENU_STEPS:
            menu.close()
            return True
        return False

    def _leave_dialog(self, dialog: QDialog) -> bool:
        self._in_dialog += 1
        if isinstance(dialog, QFileDialog) or self._in_dialog > _DIALOG_STEPS:
            dialog.reject()
            return True
        return False

    def _target(self, top: QWidget) -> QWidget | None:
        """Return what lies at a random place, if it can be used.

        Not one of all children: what PySide hands out of Qt's own parts it keeps
        below whom it was asked of, when they are long gone.
        """
        found = top.childAt(self._spot(top)) or top
        return found if found.isEnabled() and found.width() > 1 and found.height() > 1 else None

    def _spot(self, widget: QWidget) -> QPoint:
        return QPoint(self._rng.randrange(widget.width()), self._rng.randrange(widget.height()))

    def _click(self, target: QWidget) -> None:
        button = Qt.MouseButton.RightButton if self._rng.random() < 0.05 else Qt.MouseButton.LeftButton
        QTest.mouseClick(target, button, pos=self._spot(target))

    def _double(self, target: QWidget) -> None:
        QTest.mouseDClick(target, Qt.MouseButton.LeftButton, pos=self._spot(target))

    def _drag(self, target: QWidget) -> None:
        QTest.mousePress(target, Qt.MouseButton.LeftButton, pos=self._spot(target))
        if isValid(target):  # what is pressed may be gone
            QTest.mouseMove(target, self._spot(target))
        if isValid(target):
            QTest.mouseRelease(target, Qt.MouseButton.LeftButton, pos=self._spot(target))

    def _wheel(self, target: QWidget) -> None:
        at = self._spot(target)
        turn = QPoint(0, self._rng.choice((-120, 120)))
        event = QWheelEvent(
            at.toPointF(), target.mapToGlobal(at).toPointF(), QPoint(), turn, Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QCoreApplication.sendEvent(target, event)

    def _focus(self) -> QWidget:
        """Return what has the focus, within what keys go to: with a dialog open, never the window below it."""
        top = QApplication.activePopupWidget() or QApplication.activeModalWidget() or self._window
        focus = QApplication.focusWidget()
        return focus if focus is not None and focus.window() is top.window() else top

    def _key(self, _target: QWidget) -> None:
        focus = self._focus()
        key, modifiers = self._rng.choice(_KEYS), self._rng.choice(_MODIFIERS)
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            key = Qt.Key(self._rng.choice(_LETTERS))
        if key is Qt.Key.Key_F4:
            return
        QTest.keyClick(focus, key, modifiers)

    def _text(self, _target: QWidget) -> None:
        focus = self._focus()
        for sign in self._rng.choice(_TEXTS):
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QCoreApplication.sendEvent(focus, QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, sign))

    def _action(self, _target: QWidget | None) -> None:
        if QApplication.activeModalWidget() is not None or QApplication.activePopupWidget() is not None:
            return
        found = [action for action in self._actions if isValid(action) and action.isEnabled()]
        if found:
            self._rng.choice(found).trigger()

    def _menu(self, target: QWidget) -> None:
        QTest.keyClick(target, Qt.Key.Key_Menu)

    def _resize(self, _target: QWidget | None) -> None:
        self._window.resize(self._rng.randrange(1000, 1600), self._rng.randrange(640, 1000))


def resident() -> float:
    """Return the resident memory of this process, MiB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _pause(seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def at_rest(window: MainWindow) -> tuple[Counter[str], float]:
    """Bring the window to rest in one place; return widgets alive by class, and resident memory in MiB.

    Two moments of a run are alike only so: else one has a form, a preview or a
    check of the rules open, and the other has not.
    """
    for dialog in QApplication.topLevelWidgets():
        if isinstance(dialog, QDialog) and dialog.isVisible():
            dialog.reject()
    window.form.close()
    for name in window.workspaces.waiting:  # they are made once, whoever comes first
        window.workspaces.page(name)
    window.show_workspace("map")
    window.resize(1366, 768)
    for _wait in range(600):
        _pause(0.1)
        if window.canvas.is_settled() and not window.findChildren(Job):
            break
    QPixmapCache.clear()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    window.collector.settle()
    give_back()
    return Counter(type(widget).__name__ for widget in QApplication.allWidgets()), resident()


def read_everything() -> None:
    """Read what the program reads only when it is needed: all its modules, large libraries, typefaces, a dictionary."""
    for name in _PACKAGES:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith((".__main__", ".build_fonts")):
                importlib.import_module(found.name)
    for name in _READ_LATE:
        importlib.import_module(name)
    for name in (SONG, SONG_BOLD, HEI, HEI_BOLD, KAI):
        face(name)
    lazy_pinyin("重庆路")


def run(project: Path, seconds: float, seed: int) -> Report:
    """Let the monkey loose on a project, and report."""
    report = Report()
    read_everything()
    with _listening(report.errors):
        window = _opened(project)
        found = [_loose(window, seed + part, share * seconds, report) for part, share in ((0, 1 / 3), (1, 2 / 3))]
        report.widgets, report.memory = (found[0][0], found[1][0]), (found[0][1], found[1][1])
        window.close()
        _pause(0.2)
    return report


def _loose(window: MainWindow, seed: int, seconds: float, report: Report) -> tuple[Counter[str], float]:
    monkey = Monkey(window, seed, report)
    monkey.start()
    _pause(seconds)
    monkey.is_going = False
    return at_rest(window)


def _opened(project: Path) -> MainWindow:
    window = build(project)
    window.resize(1366, 768)
    window.show()
    for action in window.findChildren(QAction, "action_quit"):
        action.setEnabled(False)
    for _wait in range(600):
        if window.project.current is not None and window.canvas.is_settled():
            break
        _pause(0.1)
    return window


def main() -> int:
    """Run and print; exit code 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FIELDSURVEY_HOME"] = folder
        os.environ.setdefault("FIELDSURVEY_LANG", "zh_CN")
        application()
        path = Path(folder) / "monkey.gpkg"
        sample_project(path).close()
        os.chdir(folder)
        report = run(path, chosen.minutes * 60, chosen.seed)
    steps = ", ".join(f"{kind} {count}" for kind, count in sorted(report.steps.items()))
    memory = " -> ".join(f"{size:.0f}" for size in report.memory)
    widgets = " -> ".join(str(found.total()) for found in report.widgets)
    more = ", ".join(f"{name} +{n}" for name, n in (report.widgets[1] - report.widgets[0]).most_common(6))
    sys.stdout.write(f"{steps}\nwidgets {widgets} ({more}), MiB {memory}\n")
    for number, (text, times) in enumerate(Counter(report.errors).most_common()):
        sys.stdout.write(f"--- {number + 1}: {times} times\n{text}\n")
    pairs = (report.memory, (report.widgets[0].total(), report.widgets[1].total()))
    grown = [after / before - 1 for before, after in pairs]
    sys.stdout.write(f"memory {grown[0]:+.1%}, widgets {grown[1]:+.1%}; at most {_GROWTH:.0%}\n")
    return bool(report.errors) or max(grown) > _GROWTH


if __name__ == "__main__":
    sys.exit(main())
