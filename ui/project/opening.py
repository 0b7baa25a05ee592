"""Ways to a project: new, from a file, the sample, from the office or a stick."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from ui.jobs import JobRunner
from ui.project.beginning import begin
from ui.project.overview import Overview
from ui.project.receive import ReceiveDialog
from ui.project.recent import looked_up
from ui.project.rescue import Rescue
from ui.project.session import ProjectSession
from ui.project.start import StartPage
from ui.remembered import Remembered

if TYPE_CHECKING:
    from ui.project.handover import Handover


class ProjectOpening(QObject):
    """Opens what the person chose, and says on the start page how it goes.

    Signals:
        start_wanted: () the start page should be seen.
        handed_over: (Handover) a project was made; its files are to be looked into.
        told: (text) something was done, or left out, on the way.
    """

    start_wanted = Signal()
    handed_over = Signal(object)
    told = Signal(str)

    def __init__(
        self, start: StartPage, project: ProjectSession, runner: JobRunner, remembered: Remembered, window: QWidget
    ) -> None:
        super().__init__(window)
        self._start, self._project, self._runner, self._remembered = start, project, runner, remembered
        self._window = window
        self._left_out: list[str] = []
        start.new_wanted.connect(self.new_project)
        start.open_wanted.connect(self.choose_project)
        start.sample_wanted.connect(self.open_sample)
        start.recent_wanted.connect(self._open_recent)
        start.forget_wanted.connect(self.forget)
        start.handover_wanted.connect(self.ask_handover)
        self.rescue = Rescue(start, runner, window)
        self.rescue.open_wanted.connect(self.open_project)
        self.rescue.forget_wanted.connect(self.forget)
        self._wanted: Path | None = None  # the file that is being opened
        self._handover: Handover | None = None  # what the project that is being made begins with
        project.opened.connect(self._opened)
        project.upgraded.connect(self._tell_upgrade)
        self.look_up_recent()
        start.receive_wanted.connect(self.receive_project)
        project.failed.connect(self._failed)

    @Slot(object)
    def open_project(self, path: Path) -> None:
        """Open a project file."""
        self._wanted = path
        self._start.offer([])
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

    # --- from hand-over files ------------------------------------------------------------------------------------

    @Slot()
    def ask_handover(self) -> None:
        """Ask, page by page, what a new project begins with."""
        from ui.project.handover import HandoverWizard

        wizard = HandoverWizard(Path.home(), self._window)
        wizard.wanted.connect(self.hand_over)
        wizard.finished.connect(wizard.deleteLater)
        wizard.open()

    @Slot(object)
    def hand_over(self, handover: "Handover") -> None:
        """Make a project with what was handed over; its files are shown for import once it is open."""

        def make(control: JobControl) -> Store:
            store, left_out = begin(handover, control)
            self._left_out = left_out
            return store

        self._wanted, self._handover = None, handover
        self._start.offer([])
        self.start_wanted.emit()
        self._start.watch(self._project.make(make), _("Making the project …"), _("Stopped. Nothing was made."))

    @Slot(object)
    def _opened(self, now: Overview) -> None:
        self._start.offer([])
        handover, self._handover = self._handover, None
        if handover is not None and handover.path == now.path:
            self.handed_over.emit(handover)
            if self._left_out:
                self.told.emit(" ".join(self._left_out))

    @Slot(object)
    def _tell_upgrade(self, kept: Path) -> None:
        self.told.emit(
            _("The project was brought up to this version; as it was before, it lies in {file}.").format(file=kept)
        )

    # --- recent projects -----------------------------------------------------------------------------------------

    def look_up_recent(self) -> None:
        """Look, beside the window, how the recent projects stand, and show them."""
        paths = self._remembered.now.recent
        job = self._runner.start(lambda _control: looked_up(paths))
        job.succeeded.connect(self._start.show_recent)

    @Slot(str)
    def forget(self, path: str) -> None:
        """List a project no longer; its file stays."""
        self._remembered.change(recent=tuple(known for known in self._remembered.now.recent if known != path))
        self.look_up_recent()

    def make_project(self, path: Path) -> None:
        """Make a project and open it; then ask for the hand-over files."""
        from fieldsurvey.projects import new_project

        self._wanted = None
        self._start.offer([])
        self._project.make(lambda _control: new_project(path))

    @Slot()
    def open_sample(self) -> None:
        """Open the sample project, building it the first time."""
        from fieldsurvey.paths import user_data
        from fieldsurvey.projects import sample_project_beside

        path = user_data() / _("Sample project Huangshi.gpkg")
        if path.exists():
            self.open_project(path)
            return

        self._wanted = None

        def make(control: JobControl) -> Store:
            sample_project_beside(path, control)
            return Store.open(path)

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

        self._wanted = None
        self._start.offer([])

        def make(control: JobControl) -> Store:
            clone(target, path, token=token, control=control)
            return Store.open(path)

        self._remembered.change(hub=target, token=token)
        self.start_wanted.emit()
        stopped = _("Stopped. What came is kept: receive into the same file again and it goes on from there.")
        self._start.watch(self._project.make(make), _("Receiving the project …"), stopped)

    def close(self) -> None:
        """Stop what runs beside the window."""
        self.rescue.close()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._start.progress.hide()
        if not isinstance(error, FieldSurveyError):
            raise error
        self._start.say(str(error), wrong=True)
        self._handover = None
        if self._wanted is not None:
            self.rescue.offer(self._wanted, error)
        self.start_wanted.emit()
