"""Sync in the window: where to, what will go and come, one button; and the conflicts that wait for a person."""

from datetime import datetime
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import Progress
from fieldsurvey.settings import Settings
from ui.jobs import Job, JobRunner
from ui.project.holder import StoreHolder
from ui.project.session import Overview
from ui.sync.conflicts import ConflictDesk
from ui.widgets import button, titled

if TYPE_CHECKING:
    from fieldsurvey.sync.session import SyncResult


class SyncPanel(QWidget):
    """The sync workspace.

    Signals:
        synced: () an exchange ended well, or a conflict was decided.
        target_changed: (target, token) to be remembered.
        form_wanted: (Subject) a form is to be opened, to put right what breaks its rules.
    """

    synced = Signal()
    target_changed = Signal(str, str)
    form_wanted = Signal(object)

    def __init__(
        self, runner: JobRunner, holder: StoreHolder, remembered: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("sync_panel")
        self._runner, self._holder = runner, holder
        self._job: Job | None = None
        outer = QHBoxLayout(self)
        outer.addLayout(self._left(remembered), 2)
        self.desk = ConflictDesk(runner, holder)
        self.desk.decided.connect(self.synced)
        self.desk.form_wanted.connect(self.form_wanted)
        outer.addWidget(self.desk, 3)

    def _left(self, remembered: Settings) -> QVBoxLayout:
        left = QVBoxLayout()
        left.addWidget(titled(_("Sync")))
        form = QFormLayout()
        self.target = QLineEdit(remembered.hub)
        self.target.setObjectName("sync_target")
        self.target.setPlaceholderText("http://192.168.1.10:8765")
        self.token = QLineEdit(remembered.token)
        self.token.setObjectName("sync_token")
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        form.addRow(_("Hub, folder or package"), self.target)
        form.addRow(_("Token"), self.token)
        left.addLayout(form)
        self.browse = button("sync_browse", _("Choose a folder or USB stick …"), self._browse)
        self.look = button("sync_look", _("What will go and come?"), self._look)
        self.go = button("sync_go", _("Sync now"), self._sync)
        self.go.setProperty("role", "primary")
        self.progress = QProgressBar()
        self.progress.hide()
        self.stop = button("sync_stop", _("Cancel"), self._cancel)
        self.stop.hide()
        self.message = QLabel()
        self.message.setObjectName("sync_message")
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for widget in (self.browse, self.look, self.go, self.progress, self.stop, self.message):
            left.addWidget(widget)
        left.addStretch(1)
        return left

    # --- exchange ------------------------------------------------------------------------------------------------

    @Slot()
    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, _("Choose a folder or USB stick …"))
        if folder:
            self.target.setText(folder)

    def _where(self) -> tuple[str, str]:
        target, token = self.target.text().strip(), self.token.text().strip()
        self.target_changed.emit(target, token)
        return target, token

    @Slot()
    def _look(self) -> None:
        target, token = self._where()
        from fieldsurvey.sync.session import preview

        self._start(lambda _control: preview(self._holder.store, target, token=token))

    @Slot()
    def _sync(self) -> None:
        target, token = self._where()
        from fieldsurvey.sync.session import sync

        self._start(lambda control: sync(self._holder.store, target, token=token, control=control))

    def _start(self, work: object) -> None:
        self.progress.setRange(0, 0)
        self.progress.show()
        self.stop.show()
        self.go.setEnabled(False)
        self.message.setText(_("Connecting …"))
        self._job = self._runner.start(work)  # type: ignore[arg-type]
        self._job.progressed.connect(self._progressed)
        self._job.succeeded.connect(self._done)
        self._job.failed.connect(self._failed)
        self._job.cancelled.connect(self._cancelled)

    @Slot()
    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    @Slot(object)
    def _progressed(self, progress: Progress) -> None:
        self.progress.setRange(0, progress.total or 0)
        self.progress.setValue(progress.done)
        self.message.setText(progress.note)

    @Slot(object)
    def _done(self, result: object) -> None:
        self._idle()
        from fieldsurvey.sync.session import Preview

        if isinstance(result, Preview):
            text = _("Will go: {out} edits, {photos_out} photos. Will come: {back} edits, {photos_back} photos.")
            self.message.setText(
                text.format(
                    out=result.to_send,
                    photos_out=result.blobs_to_send,
                    back=result.to_receive,
                    photos_back=result.blobs_to_receive,
                )
            )
            return
        self._tell(cast("SyncResult", result))
        self.synced.emit()

    def _tell(self, result: "SyncResult") -> None:
        at = datetime.now().astimezone().strftime("%H:%M:%S")
        text = _("{time} done. Sent {sent} edits and {out} photos, received {received} edits and {back} photos.")
        lines = [
            text.format(
                time=at, sent=result.sent, out=result.blobs_sent, received=result.received, back=result.blobs_received
            )
        ]
        if result.conflicts:
            lines.append(_("{n} conflicts wait for a decision.").format(n=result.conflicts))
        self.message.setText("\n".join([*lines, *result.damaged]))

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._idle()
        if not isinstance(error, FieldSurveyError):
            raise error
        self.message.setText(f"⚠ {error}")

    @Slot()
    def _cancelled(self) -> None:
        self._idle()
        self.message.setText(_("Stopped. What was finished before is kept."))

    def _idle(self) -> None:
        self.progress.hide()
        self.stop.hide()
        self.go.setEnabled(True)

    def show_project(self, now: Overview) -> None:
        """Show the conflicts of a project."""
        self.desk.show_project(now)
