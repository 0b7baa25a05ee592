"""The ways on when a project cannot be opened: buttons under the one sentence that says what is wrong."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.store.ways_on import Way, copy_project, open_newest_backup, ways_on
from ui.jobs import JobRunner
from ui.project.start import StartPage

_WHOLE = 0  # exit code of the check


class Rescue(QObject):
    """Offers and does what helps.

    Signals:
        open_wanted: (Path) a project is to be opened.
        forget_wanted: (str) a project is not to be listed any more.
    """

    open_wanted = Signal(object)
    forget_wanted = Signal(str)

    def __init__(self, start: StartPage, runner: JobRunner, window: QWidget) -> None:
        super().__init__(window)
        self._start, self._runner, self._window = start, runner, window
        self._path = Path()
        self._check: QProcess | None = None
        self._deeds: dict[Way, tuple[str, Callable[[], object]]] = {
            Way.RETRY: (_("Try again"), self._retry),
            Way.COPY: (_("Open a copy …"), self._ask_copy),
            Way.REPAIR: (_("Check and repair"), self.repair),
            Way.BACKUP: (_("Open the newest backup"), self._restore),
            Way.FOLDER: (_("Show the folder"), self._show_folder),
            Way.FORGET: (_("Remove from the list"), self._forget),
        }

    def offer(self, path: Path, error: Exception) -> None:
        """Look, beside the window, for what helps against an error of opening, and offer it."""
        self._path = path
        job = self._runner.start(lambda _control: ways_on(path, error))
        job.succeeded.connect(self._show)

    @Slot(object)
    def _show(self, ways: list[Way]) -> None:
        self._start.offer([(str(way), *self._deeds[way]) for way in ways])

    @Slot()
    def _retry(self) -> None:
        self.open_wanted.emit(self._path)

    @Slot()
    def _forget(self) -> None:
        self._start.offer([])
        self._start.say("")
        self.forget_wanted.emit(str(self._path))

    @Slot()
    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._path.parent)))

    # --- a copy --------------------------------------------------------------------------------------------------

    @Slot()
    def _ask_copy(self) -> None:
        name, _filter = QFileDialog.getSaveFileName(
            self._window, _("Open a copy …"), str(Path.home() / self._path.name), "GeoPackage (*.gpkg)"
        )
        if name:
            self.copy_to(Path(name))

    def copy_to(self, target: Path) -> None:
        """Copy the project with its photos, and open the copy."""
        source = self._path

        def work(control: JobControl) -> Path:
            copy_project(source, target, control)
            return target

        job = self._runner.start(work)
        job.succeeded.connect(self.open_wanted)
        job.failed.connect(self._failed)
        self._start.offer([])
        self._start.watch(job, _("Copying the project …"), _("Stopped. Nothing was copied."))

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self._start.say(str(error), wrong=True)
        self.offer(self._path, error)

    # --- backup and repair ---------------------------------------------------------------------------------------

    @Slot()
    def _restore(self) -> None:
        path = self._path

        def work(_control: JobControl) -> Path:
            open_newest_backup(path)
            return path

        job = self._runner.start(work)
        job.succeeded.connect(self.open_wanted)
        job.failed.connect(self._failed)
        self._start.offer([])
        self._start.say(_("Putting the newest backup in its place; the file as it is now is kept beside it …"))

    @Slot()
    def repair(self) -> None:
        """Check and repair the project in a process of its own, then open it."""
        if self._check is not None:
            return
        self._start.offer([("stop_repair", _("Cancel"), self._stop)])
        self._start.say(_("Checking and repairing; a copy of the file as it is now is kept …"))
        self._start.progress.setRange(0, 0)
        self._start.progress.show()
        self._check = QProcess(self)
        self._check.finished.connect(self._repaired)
        arguments = ["-m", "fieldsurvey", "check", str(self._path), "--repair", "--json"]
        self._check.start(sys.executable, arguments)

    @Slot()
    def _stop(self) -> None:
        if self._check is not None:
            self._check.kill()

    @Slot(int, QProcess.ExitStatus)
    def _repaired(self, code: int, status: QProcess.ExitStatus) -> None:
        check, self._check = self._check, None
        self._start.progress.hide()
        self._start.offer([])
        if check is None:
            return
        left = _left_over(bytes(check.readAllStandardOutput().data()))
        check.deleteLater()
        if status is QProcess.ExitStatus.CrashExit:
            self._start.say(_("Stopped. The file is as it was."))
        elif code == _WHOLE:
            self.open_wanted.emit(self._path)
        elif left:
            text = _("{file} is repaired as far as it can be. What is left: {why} Try to open it.")
            self._start.say(text.format(file=self._path.name, why=left), wrong=True)
            self._show([Way.RETRY, Way.FOLDER])
        else:
            path = self._path
            job = self._runner.start(lambda _control: ways_on(path, FieldSurveyError()))
            job.succeeded.connect(self._show_unrepaired)

    @Slot(object)
    def _show_unrepaired(self, ways: list[Way]) -> None:
        if Way.BACKUP in ways:
            text = _("{file} could not be repaired. The newest backup is the way on.")
        else:
            text = _(
                "{file} could not be repaired, and no backup of it was found. "
                "Keep it, and receive the project from the office anew."
            )
        self._start.say(text.format(file=self._path.name), wrong=True)
        self._show([way for way in ways if way is not Way.REPAIR])

    def close(self) -> None:
        """Stop what runs; the window is closing."""
        if self._check is not None:
            self._check.finished.disconnect(self._repaired)
            self._check.kill()
            self._check.waitForFinished(2000)
            self._check = None


def _left_over(answer: bytes) -> str:
    """Return what the check could look into and not mend, its first sentence; empty if the file could not be read."""
    try:
        problems = json.loads(answer).get("problems") or []
    except ValueError:
        return ""
    return "" if not problems or problems[0]["code"] == "damaged" else str(problems[0]["message"])
