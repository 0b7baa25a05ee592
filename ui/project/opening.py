"""Ways to a project: new, from a file, the sample, from the office or a stick."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from ui.jobs import JobRunner
from ui.project.receive import ReceiveDialog
from ui.project.session import ProjectSession
from ui.project.start import StartPage
from ui.remembered import Remembered


class ProjectOpening(QObject):
    """Opens what the person chose, and says on the start page how it goes.

    Signals:
        start_wanted: () the start page should be seen.
    """

    start_wanted = Signal()

    def __init__(
        self, start: StartPage, project: ProjectSession, runner: JobRunner, remembered: Remembered, window: QWidget
    ) -> None:
        super().__init__(window)
        self._start, self._project, self._runner, self._remembered = start, project, runner, remembered
        self._window = window
        start.new_wanted.connect(self.new_project)
        start.open_wanted.connect(self.choose_project)
        start.sample_wanted.connect(self.open_sample)
        start.recent_wanted.connect(self._open_recent)
        start.receive_wanted.connect(self.receive_project)
        project.failed.connect(self._failed)

    def open_project(self, path: Path) -> None:
        """Open a project file."""
        self._start.say(_("Opening {file} …").format(file=path.name))
        self._project.open(path)

    @Slot(str)
    def _open_recent(self, path: str) -> None:
        self.open_project(Path(path))

    @Slot()
    def choose_project(self) -> None:
        """Ask for a project file."""
        name, _filter = QFileDialog.getOpenFileName(self._window, _("Open project …"), "", "GeoPackage (*.gpkg)")
        if name:
            self.open_project(Path(name))

    @Slot()
    def new_project(self) -> None:
        """Ask for a name and make a project."""
        name, _filter = QFileDialog.getSaveFileName(
            self._window, _("New project …"), _("survey") + ".gpkg", "GeoPackage (*.gpkg)"
        )
        if name:
            self.make_project(Path(name))

    def make_project(self, path: Path) -> None:
        """Make a project and open it; then ask for the hand-over files."""
        from fieldsurvey.projects import new_project

        self._project.make(lambda _control: new_project(path))

    @Slot()
    def open_sample(self) -> None:
        """Open the sample project, building it the first time."""
        from fieldsurvey.paths import user_data
        from fieldsurvey.projects import sample_project

        path = user_data() / _("Sample project Huangshi.gpkg")
        if path.exists():
            self.open_project(path)
            return

        def make(control: JobControl) -> Store:
            return sample_project(path, control)

        self._start.say(_("Building the sample project, once, about 20 seconds …"))
        self._start.progress.setRange(0, 0)
        self._start.progress.show()
        self._project.make(make)

    @Slot()
    def receive_project(self) -> None:
        """Ask where a project comes from, and bring it to this laptop."""
        now = self._remembered.now
        found = ReceiveDialog.ask(now.hub, now.token, self._runner, self._window)
        if found is not None:
            self.take_project(*found)

    def take_project(self, target: str, token: str, path: Path) -> None:
        """Bring a project from a hub, folder or package to this laptop, and open it."""
        from fieldsurvey.sync.session import clone

        def make(control: JobControl) -> Store:
            clone(target, path, token=token, control=control)
            return Store.open(path)

        self._remembered.change(hub=target, token=token)
        self.start_wanted.emit()
        stopped = _("Stopped. What came is kept: receive into the same file again and it goes on from there.")
        self._start.watch(self._project.make(make), _("Receiving the project …"), stopped)

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._start.progress.hide()
        if not isinstance(error, FieldSurveyError):
            raise error
        self._start.say(str(error), wrong=True)
        self.start_wanted.emit()
