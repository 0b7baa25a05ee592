"""When the program itself fails: keep what is typed, write a report, go on or start again at the same place."""

import faulthandler
import logging
import sys
import threading
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from PySide6.QtCore import QObject, QProcess, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox, QPushButton

from fieldsurvey.i18n import _
from fieldsurvey.incident import fatal_file, write_report

if TYPE_CHECKING:
    from ui.main_window import MainWindow

_log = logging.getLogger(__name__)


class CrashDesk(QObject):
    """Takes what nobody caught. The same failure is told once; a failing paint must not fill the screen.

    Signals:
        _came: (error) from any thread.
    """

    _came = Signal(object)

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._seen: Counter[str] = Counter()
        self._box: QMessageBox | None = None
        self._fatal: TextIO | None = None
        self._came.connect(self._tell)

    def install(self) -> None:
        """Take every exception of this process that nobody catches, and the faults of its libraries."""
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook
        try:
            self._fatal = fatal_file().open("w", encoding="utf-8")
            faulthandler.enable(self._fatal)
        except OSError:
            _log.info("no file for faults of libraries")

    @staticmethod
    def uninstall() -> None:
        """Leave to Python what nobody catches: there is no window any more that could tell it."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        faulthandler.disable()  # its file goes with the desk, and another one may get its number

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        _log.critical("unexpected error", exc_info=(kind, error, trace))
        self._came.emit(error)

    def _thread_hook(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            _log.critical("unexpected error in a thread", exc_info=arguments.exc_value)
            self._came.emit(arguments.exc_value)

    @Slot(object)
    def _tell(self, error: BaseException) -> None:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = (
            f"{type(error).__name__} {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else repr(error)
        )
        self._seen[where] += 1
        if self._seen[where] > 1 or self._box is not None:
            return
        self._keep_typed()
        try:
            report: Path | None = write_report(error)
        except OSError:  # the disk is full: the log has it, and the person must hear of it all the same
            report = None
        self._show(report)

    def _keep_typed(self) -> None:
        try:
            self._window.form.flush()
        except Exception:  # noqa: BLE001 - the second failure must not hide the first
            _log.exception("what is typed could not be kept once more; the journal has it up to the last key")

    def _show(self, report: Path | None) -> None:
        box = QMessageBox(QMessageBox.Icon.Warning, _("Renovation survey"), _sentence(report), parent=self._window)
        box.setObjectName("crash")
        again = _button(box, "crash_again", _("Start again at this place"), QMessageBox.ButtonRole.AcceptRole)
        _button(box, "crash_on", _("Go on"), QMessageBox.ButtonRole.RejectRole)
        if report is not None:
            show = _button(box, "crash_report", _("Show the report"), QMessageBox.ButtonRole.HelpRole)
            show.clicked.disconnect()  # it must not close the dialog
            show.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(report))))
        again.clicked.connect(self.start_again)
        box.setDefaultButton(again)
        box.finished.connect(self._closed)
        self._box = box
        box.open()

    @Slot()
    def _closed(self) -> None:
        if self._box is not None:
            self._box.deleteLater()
            self._box = None

    @Slot()
    def start_again(self) -> None:
        """Close, and start the program anew; it opens the same project at the same place."""
        now = self._window.project.current
        project = [str(now.path)] if now is not None else []
        self._window.close()
        QProcess.startDetached(sys.executable, ["-m", "fieldsurvey", *project])


def _button(box: QMessageBox, name: str, text: str, role: QMessageBox.ButtonRole) -> QPushButton:
    made = box.addButton(text, role)
    made.setObjectName(name)
    made.setMinimumHeight(40)
    return made


def _sentence(report: Path | None) -> str:
    text = _("Something in the program went wrong. What you saved and typed is kept.")
    if report is not None:
        text += "\n" + _("A report without personal data lies in {file}. Please send it to the office.").format(
            file=report
        )
    return text
