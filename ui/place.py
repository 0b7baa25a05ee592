"""Where the person was: after a power cut or a crash the same project opens there; a new day begins with Today."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from fieldsurvey.clock import today
from survey_forms.records import Subject
from ui.project.overview import Overview

if TYPE_CHECKING:
    from ui.main_window import MainWindow

_PARTS = 6  # project, workspace, community, form, subject, record


class Place(QObject):
    """Remembers workspace, community and form with every step, and goes back there when the project opens again."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._is_day_new, self._landed = False, ""
        self._project = ""  # the one whose place is remembered now; empty until it was gone back to
        self._awaited = ""  # the community that is shown large once there is a map
        window.project.opened.connect(self._go_back)
        window.project.map_ready.connect(self._arrive)
        window.project.closed.connect(self._leave)
        window.workspaces.shown.connect(self._note)
        window.community_chosen.connect(self._note)
        window.form.opened.connect(self._note)
        window.form.closed.connect(self._note)
        window.today.agenda.changed.connect(self._begin_day)

    @Slot(object)
    def _go_back(self, now: Overview) -> None:
        settings = self._window.settings
        place = settings.place
        self._project = str(now.path)
        self._is_day_new = settings.place_day != today().isoformat() or place[:1] != (self._project,)
        self._return(now, place)
        self._landed = self._window.workspaces.current

    def _return(self, now: Overview, place: Sequence[str]) -> None:
        if len(place) != _PARTS or place[0] != self._project or not now.communities:
            return
        _project, workspace, community, form, subject, record = place
        if community in now.communities:
            self._window.locate_community(community)
            self._awaited = "" if self._window.canvas.sidecar is not None else community
            if form:
                self._window.open_form(Subject(form, community, subject, record))
        if workspace in self._window.workspaces.names:
            self._window.show_workspace(workspace)

    @Slot()
    def _arrive(self) -> None:
        awaited, self._awaited = self._awaited, ""
        if awaited:
            self._window.canvas.zoom_to(awaited)

    @Slot()
    def _begin_day(self) -> None:
        """Begin a new day with what is assigned to the person, unless they have gone elsewhere by themselves."""
        window = self._window
        if not self._is_day_new or not window.today.agenda.reading.drawn:  # not read yet
            return
        self._is_day_new = False
        if window.today.agenda.mine and window.workspaces.current == self._landed:
            window.show_workspace("today")

    @Slot()
    def _leave(self) -> None:
        self._project = self._awaited = ""

    @Slot()
    def _note(self) -> None:
        if not self._project:
            return
        window, form = self._window, self._window.form.current
        subject = (form.form_id, form.subject_uid, form.record_uid) if form else ("", "", "")
        place = (self._project, window.workspaces.current, window.forms.uid, *subject)
        window.remembered.change(place=place, place_day=today().isoformat())
