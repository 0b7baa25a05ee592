"""Where the person was: after a power cut, a crash or a night the same project opens at the same place."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from survey_forms.records import Subject
from ui.project.session import Overview

if TYPE_CHECKING:
    from ui.main_window import MainWindow

_PARTS = 6  # project, workspace, community, form, subject, record


class Place(QObject):
    """Remembers workspace, community and form with every step, and goes back there when the project opens again."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._project = ""  # the one whose place is remembered now; empty until it was gone back to
        window.project.opened.connect(self._go_back)
        window.project.closed.connect(self._leave)
        window.workspaces.shown.connect(self._note)
        window.community_chosen.connect(self._note)
        window.form.opened.connect(self._note)
        window.form.closed.connect(self._note)

    @Slot(object)
    def _go_back(self, now: Overview) -> None:
        place = self._window.settings.place
        self._project = str(now.path)
        if len(place) != _PARTS or place[0] != self._project or not now.communities:
            return
        _project, workspace, community, form, subject, record = place
        if community in now.communities:
            self._window.open_community(community)
            if form:
                self._window.open_form(Subject(form, community, subject, record))
        if workspace in self._window.workspaces.names:
            self._window.show_workspace(workspace)

    @Slot()
    def _leave(self) -> None:
        self._project = ""

    @Slot()
    def _note(self) -> None:
        if not self._project:
            return
        window, form = self._window, self._window.form.current
        subject = (form.form_id, form.subject_uid, form.record_uid) if form else ("", "", "")
        window.remembered.change(place=(self._project, window.workspaces.current, window.forms.uid, *subject))
