"""Sync in the window: where to, what will go and come, one button; and the conflicts that wait for a person."""

from datetime import datetime
from functools import partial
from typing import cast

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.model.merge import DELETED, RULES
from fieldsurvey.model.schema import Value
from fieldsurvey.settings import Settings
from fieldsurvey.store import Conflict, Store, Version
from fieldsurvey.sync.session import Preview, SyncResult, preview, sync
from ui.jobs import Job, JobRunner
from ui.project.holder import StoreHolder
from ui.project.session import Overview
from ui.widgets import button, titled


class SyncPanel(QWidget):
    """The sync workspace.

    Signals:
        synced: () an exchange ended well, or a conflict was decided.
        target_changed: (target, token) to be remembered.
    """

    synced = Signal()
    target_changed = Signal(str, str)

    def __init__(
        self, runner: JobRunner, holder: StoreHolder, remembered: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("sync_panel")
        self._runner, self._holder = runner, holder
        self._job: Job | None = None
        outer = QHBoxLayout(self)
        outer.addLayout(self._left(remembered), 2)
        outer.addLayout(self._right(), 3)

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

    def _right(self) -> QVBoxLayout:
        right = QVBoxLayout()
        self.conflict_title = titled(_("Conflicts"))
        hint = titled(_("Two people changed the same field. Both values are kept until you choose."), "hint")
        self._area = QScrollArea()
        self._area.setObjectName("conflicts")
        self._area.setWidgetResizable(True)
        for widget in (self.conflict_title, hint, self._area):
            right.addWidget(widget, 1 if widget is self._area else 0)
        return right

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
        self._start(lambda _control: preview(self._holder.store, target, token=token))

    @Slot()
    def _sync(self) -> None:
        target, token = self._where()
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

    def _tell(self, result: SyncResult) -> None:
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

    # --- conflicts -----------------------------------------------------------------------------------------------

    def show_project(self, now: Overview) -> None:
        """Show the conflicts of a project."""
        self.conflict_title.setText(_("Conflicts ({n})").format(n=now.conflicts))
        job = self._runner.start(lambda _control: described_conflicts(self._holder.store), quick=True)
        job.succeeded.connect(self._show_conflicts)

    @Slot(object)
    def _show_conflicts(self, result: object) -> None:
        page = QWidget()
        layout = QVBoxLayout(page)
        for conflict, where, label in cast("list[tuple[Conflict, str, str]]", result):
            layout.addWidget(self._card(conflict, where, label))
        layout.addStretch(1)
        self._area.setWidget(page)

    def _card(self, conflict: Conflict, where: str, label: str) -> QFrame:
        card = QFrame()
        card.setObjectName(f"conflict_{conflict.field}")
        card.setFrameShape(QFrame.Shape.StyledPanel)
        column = QVBoxLayout(card)
        column.addWidget(titled(f"{where} · {label}", "heading"))
        for number, version in enumerate(conflict.versions):
            line = QHBoxLayout()
            line.addWidget(QLabel(_described(version, conflict.field)), 1)
            keep = button(f"keep_{conflict.field}_{number}", _("Keep this"))
            keep.clicked.connect(partial(self._keep, conflict, version))
            keep.setEnabled(conflict.field not in {DELETED, RULES})
            line.addWidget(keep)
            column.addLayout(line)
        return card

    def _keep(self, conflict: Conflict, version: Version) -> None:
        def work(_control: JobControl) -> None:
            self._holder.store.resolve(conflict.uid, {conflict.field: version.value})

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._kept)
        job.failed.connect(self._failed)

    @Slot()
    def _kept(self) -> None:
        self.synced.emit()


def described_conflicts(store: Store) -> list[tuple[Conflict, str, str]]:
    """Return conflicts with the name of the place and the label of the field. Runs in the store thread."""
    found = []
    for conflict in store.conflicts():
        table = store.tables()[conflict.table]
        row = store.get(conflict.uid)
        values = row.values if row else {}
        community = store.get(str(values.get("community_uid"))) if values.get("community_uid") else row
        name = str(community.values.get("name") or "") if community else ""
        known = {column.name: column.label for column in table.columns}
        known[DELETED] = _("deleted by one, changed by the other")
        known[RULES] = " ".join(conflict.sentences) or _("the edits of two people together break a rule of the form")
        label = known.get(conflict.field, conflict.field)
        found.append((conflict, f"{name} · {table.label}", label))
    return found


def _described(version: Version, field: str) -> str:
    at = datetime.fromtimestamp(version.at_ms / 1000).astimezone().strftime("%m-%d %H:%M")
    who = version.actor or _("laptop {n}").format(n=version.origin)
    return f"{who}, {at}" if field == RULES else f"{_shown(version.value)}\n{who}, {at}"


def _shown(value: Value) -> str:
    if value is None:
        return _("(blank)")
    return _("(geometry)") if isinstance(value, bytes) else str(value)
