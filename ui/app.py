"""The composition root: builds the application and its window."""

import atexit
import functools
import gc
import os
import sys
from pathlib import Path

import shiboken6
from PySide6.QtCore import QLibraryInfo, QLocale, QObject, Qt, QTranslator, Slot
from PySide6.QtWidgets import QApplication

from fieldsurvey import settings as settings_
from fieldsurvey.i18n import _, language, set_language
from fieldsurvey.incident import take_fatal
from fieldsurvey.log import start_log
from ui import theme
from ui.crash import CrashDesk
from ui.main_window import MainWindow
from ui.memory import spare

_OWN_CLIPBOARDS = frozenset({"windows", "cocoa", "xcb", "wayland"})


def application() -> QApplication:
    """Return the one application object, made on first use."""
    spare()
    found = QApplication.instance()
    app = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("FieldSurvey")
    _end_clipboard_in_time()
    return app


@functools.cache
def _end_clipboard_in_time() -> None:
    """Have the clipboard emptied before Python ends, on platforms without a screen.

    Theirs is a static of Qt. It would destroy what was copied, an object with
    a Python side, after Python: a fault at the very end. Nobody else sees it.
    """
    if QApplication.platformName().split("-")[0] not in _OWN_CLIPBOARDS:
        atexit.register(lambda: QApplication.clipboard().clear())


def build(project: Path | None = None, language: str = "") -> MainWindow:
    """Return the main window, dressed and in the user's language, opening a project if one is named.

    Args:
        project: Project file.
        language: Language that was asked for just now; empty: as the environment or the settings say.
    """
    app = application()
    remembered, trouble = settings_.load()
    _choose_language(app, language or os.environ.get("FIELDSURVEY_LANG", remembered.language))
    theme.prepare(app, remembered.theme, theme.load_font())
    window = MainWindow(remembered)
    theme.dress(window, remembered.theme, touch=remembered.touch)
    window.canvas.set_theme(remembered.theme)
    if trouble:
        window.start.say(trouble, wrong=True)
    if project is not None:
        window.opening.open_project(project)
    return window


def _choose_language(app: QApplication, wanted: str) -> None:
    """Use a language for our texts, and for those of Qt."""
    set_language(wanted)
    QLocale.setDefault(QLocale(language()))
    for before in app.findChildren(QTranslator):
        app.removeTranslator(before)
        before.deleteLater()
    translator = QTranslator(app)
    if translator.load(
        QLocale(language()), "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    ):
        app.installTranslator(translator)


class Program(QObject):
    """Holds the one window there is, and puts another in its place when the language changes.

    Attributes:
        window: The window.
    """

    def __init__(self, project: Path | None = None) -> None:
        super().__init__()
        self.window = build(project)
        self._meet()

    def _meet(self) -> None:
        # the window is closed then: not from within its own menu
        self.window.language_chosen.connect(self.use_language, Qt.ConnectionType.QueuedConnection)
        CrashDesk(self.window).install()
        self.window.show()

    def end(self) -> None:
        """Close the window, if nobody has, and delete it with all that belongs to it.

        What is there when Python ends, PySide deletes one by one and in any
        order: a part may then look for another that is no more.
        """
        self.window.close()
        CrashDesk.uninstall()
        shiboken6.delete(self.window)

    @Slot(str)
    def use_language(self, language: str) -> None:
        """Close the window, as a person would, and open one in another language on the same project and place."""
        app, old = application(), self.window
        now, place, state = old.project.current, old.geometry(), old.windowState()
        app.setQuitOnLastWindowClosed(False)
        old.close()
        self.window = build(None if now is None else now.path, language)
        self.window.setGeometry(place)
        self.window.setWindowState(state)
        self._meet()
        app.setQuitOnLastWindowClosed(True)
        old.deleteLater()


def run(project: Path | None) -> int:
    """Open the window and stay until it is closed; return the exit code."""
    start_log()
    app = application()
    fault = take_fatal()
    program = Program(project)
    gc.freeze()  # what is there now stays, and need not be gone through for cycles
    if fault is not None:
        text = _("The program ended unexpectedly last time. What was saved is there. The report lies in {file}.")
        program.window.tell_trouble(text.format(file=fault))
    try:
        return app.exec()
    finally:  # the display is lost, the session ends: nobody closed the window, and its threads would wait for ever
        program.end()


__all__ = ["Program", "application", "build", "run"]
