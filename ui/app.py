"""The composition root: builds the application and its window."""

import sys
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from fieldsurvey import settings as settings_
from fieldsurvey.i18n import _, language, set_language
from fieldsurvey.incident import take_fatal
from fieldsurvey.log import start_log
from ui import theme
from ui.crash import CrashDesk
from ui.main_window import MainWindow


def application() -> QApplication:
    """Return the one application object, made on first use."""
    found = QApplication.instance()
    app = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("FieldSurvey")
    return app


def build(project: Path | None = None) -> MainWindow:
    """Return the main window, dressed and in the user's language, opening a project if one is named."""
    app = application()
    remembered, trouble = settings_.load()
    _choose_language(app, remembered.language)
    theme.apply(app, remembered.theme, theme.load_font(), touch=remembered.touch)
    window = MainWindow(remembered)
    window.canvas.set_theme(remembered.theme)
    if trouble:
        window.start.say(trouble, wrong=True)
    if project is not None:
        window.opening.open_project(project)
    return window


def _choose_language(app: QApplication, wanted: str) -> None:
    """Use the language of the settings unless the environment names one."""
    import os

    set_language(os.environ.get("FIELDSURVEY_LANG", wanted))
    QLocale.setDefault(QLocale(language()))
    translator = QTranslator(app)
    if translator.load(
        QLocale(language()), "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    ):
        app.installTranslator(translator)


def run(project: Path | None) -> int:
    """Open the window and stay until it is closed; return the exit code."""
    start_log()
    app = application()
    fault = take_fatal()
    window = build(project)
    CrashDesk(window).install()
    if fault is not None:
        text = _("The program ended unexpectedly last time. What was saved is there. The report lies in {file}.")
        window.tell_trouble(text.format(file=fault))
    window.show()
    return app.exec()


__all__ = ["application", "build", "run"]
