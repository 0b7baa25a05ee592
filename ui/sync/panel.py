"""Sync in the window: where to, what will go and come, one button; and beside it what waits for a person."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QTabWidget, QVBoxLayout, QWidget

from fieldsurvey.clock import now_millis
from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.settings import Settings
from ui import shown
from ui.fitting import Columns
from ui.jobs import Job, JobRunner
from ui.project.holder import StoreHolder
from ui.project.overview import Overview
from ui.sync.enrol import EnrolDialog
from ui.sync.held import HeldDesk
from ui.sync.lists import ExchangeLists
from ui.sync.standing import Standing, fill, standing, table
from ui.sync.target import SUFFIX, TargetBox
from ui.widgets import button, titled

if TYPE_CHECKING:
    from fieldsurvey.sync.session import Preview, SyncResult

_MOST_STEPS = 1 << 30  # a progress bar counts no further


class SyncPanel(QWidget):
    """The sync workspace.

    Signals:
        synced: () an exchange ended well.
        target_changed: (target, token) to be remembered.
        conflicts_wanted: () conflicts are to be decided.
    """

    synced = Signal()
    target_changed = Signal(str, str)
    conflicts_wanted = Signal()

    def __init__(
        self,
        runner: JobRunner,
        work: JobRunner,
        holder: StoreHolder,
        remembered: Settings,
        parent: QWidget | None = None,
    ) -> None:
        """Make the panel.

        Args:
            runner: The thread that owns the project file.
            work: The thread for what does not touch it.
            holder: The open project.
            remembered: Where was synced last.
            parent: Owner.
        """
        super().__init__(parent)
        self.setObjectName("sync_panel")
        self.setAcceptDrops(True)
        self._runner, self._work, self._holder = runner, work, holder
        self._job: Job | None = None
        outer = QHBoxLayout(self)
        left = QWidget()
        left.setLayout(self._left(remembered))
        parts = ((_("Exchange"), left, 380), (_("Held back and past"), self._right(), 300))
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(Columns("sync_parts", parts, (760, 510)))

    def _left(self, remembered: Settings) -> QVBoxLayout:
        left = QVBoxLayout()
        left.addWidget(titled(_("Sync")))
        self.state = titled("", "hint")
        self.state.setObjectName("sync_state")
        self.box = TargetBox("sync", remembered.hub, remembered.token)
        self.box.enrol_wanted.connect(self._enrol)
        self.target, self.token = self.box.target, self.box.token
        self.look = button("sync_look", _("What will go and come?"), self._look)
        self.go = button("sync_go", _("Sync now"), self._sync)
        self.go.setProperty("role", "primary")
        self.stop = button("sync_stop", _("Cancel"), self._cancel)
        self.stop.hide()
        self.progress = QProgressBar()
        self.progress.hide()
        self.message = QLabel()
        self.message.setObjectName("sync_message")
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.lists = ExchangeLists()
        row = QHBoxLayout()
        for widget in (self.look, self.go, self.stop):
            row.addWidget(widget)
        row.addStretch(1)
        self.conflicts = button("sync_conflicts", "", self.conflicts_wanted)
        self.conflicts.hide()
        left.addWidget(self.state)
        left.addWidget(self.conflicts)
        left.addWidget(self.box)
        left.addLayout(row)
        left.addWidget(self.progress)
        left.addWidget(self.message)
        left.addWidget(self.lists, 1)
        return left

    def _right(self) -> QTabWidget:
        self.tabs = QTabWidget()
        self.tabs.setObjectName("sync_tabs")
        self.held = HeldDesk(self._runner, self._holder, self._where)
        self.past = table("sync_past", _("Past exchanges"), (_("When"), _("With"), _("How it ended")))
        for widget, name in (
            (self.held, _("Held back")), (self.past, _("Past exchanges")),
        ):  # fmt: skip
            self.tabs.addTab(widget, name)
        return self.tabs

    # --- exchange ------------------------------------------------------------------------------------------------

    def _where(self) -> tuple[str, str]:
        target, token = self.box.value()
        self.target_changed.emit(target, token)
        return target, token

    @Slot()
    def _look(self) -> None:
        target, token = self._where()

        def work(control: JobControl) -> object:
            from fieldsurvey.sync.session import preview  # in the thread that has time for it

            return preview(self._holder.store, target, token=token, control=control)

        self._start(work)

    @Slot()
    def _sync(self) -> None:
        target, token = self._where()

        def work(control: JobControl) -> object:
            from fieldsurvey.sync.session import sync

            return sync(self._holder.store, target, token=token, control=control)

        self._start(work)

    def _start(self, work: Callable[[JobControl], object]) -> None:
        self.progress.setRange(0, 0)
        self.progress.show()
        self.stop.show()
        self.stop.setEnabled(True)
        for widget in (self.go, self.look, self.box):
            widget.setEnabled(False)
        self.message.setText(_("Connecting …"))
        self._job = self._runner.start(work)
        self._job.progressed.connect(self._progressed)
        self._job.succeeded.connect(self._done)
        self._job.failed.connect(self._failed)
        self._job.cancelled.connect(self._cancelled)

    @Slot()
    def _cancel(self) -> None:
        if self._job is not None:
            self.stop.setEnabled(False)
            self._job.cancel()

    @Slot(object)
    def _progressed(self, progress: Progress) -> None:
        total = progress.total or 0
        scale = max(1, -(-total // _MOST_STEPS))  # bytes of a large file
        self.progress.setRange(0, total // scale)
        self.progress.setValue(progress.done // scale)
        self.message.setText(progress.note)

    @Slot(object)
    def _done(self, result: object) -> None:
        self._idle()
        from fieldsurvey.sync.session import Preview

        if isinstance(result, Preview):
            self._show_coming(result)
            return
        self._tell(cast("SyncResult", result))
        self._read_standing()
        self.synced.emit()

    def _show_coming(self, found: "Preview") -> None:
        text = _("Will go: {out} edits, {photos_out} photos. Will come: {back} edits, {photos_back} photos.")
        self.message.setText(
            text.format(
                out=found.to_send,
                photos_out=len(found.going.photos),
                back=found.to_receive,
                photos_back=len(found.coming.photos),
            )
        )
        self.lists.show_coming(found.going, found.coming)

    def _tell(self, result: "SyncResult") -> None:
        at = shown.clock(now_millis())
        text = _("{time} done. Sent {sent} edits and {out} photos, received {received} edits and {back} photos.")
        lines = [
            text.format(
                time=at,
                sent=result.sent,
                out=len(result.gone.photos),
                received=result.received,
                back=len(result.come.photos),
            )
        ]
        if result.conflicts:
            lines.append(_("{n} conflicts wait for a decision.").format(n=result.conflicts))
        self.message.setText("\n".join([*lines, *result.damaged]))
        self.lists.show_done(result.gone, result.come)

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._idle()
        if not isinstance(error, FieldSurveyError):
            raise error
        self.message.setText(f"⚠ {error}")
        self._read_standing()

    @Slot()
    def _cancelled(self) -> None:
        self._idle()
        self.message.setText(_("Stopped. What was sent and received is kept; the next sync goes on from there."))
        self._read_standing()

    def _idle(self) -> None:
        self._job = None
        self.progress.hide()
        self.stop.hide()
        for widget in (self.go, self.look, self.box):
            widget.setEnabled(True)

    # --- around --------------------------------------------------------------------------------------------------

    @Slot(str)
    def _enrol(self, address: str) -> None:
        hub = EnrolDialog.ask(self._work, address, self)
        if hub:
            self.box.set_target(hub)
            self.box.refresh_known()
            self.target_changed.emit(hub, "")
            self.message.setText(_("This computer is known to {hub}.").format(hub=hub))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome a package or a folder."""
        if _dropped(event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take a package or a folder as the target, and show what is in it."""
        if path := _dropped(event.mimeData().urls()):
            self.box.set_target(path)
            self._look()

    def show_project(self, now: Overview) -> None:
        """Show how a project stands."""
        self.conflicts.setText(_("Decide conflicts ({n}) …").format(n=now.conflicts))
        self.conflicts.setVisible(now.conflicts > 0)
        self._read_standing()

    def _read_standing(self) -> None:
        self._runner.start(
            lambda _control: standing(self._holder.store) if self._holder.is_open else None, quick=True
        ).succeeded.connect(self._show_standing)

    @Slot(object)
    def _show_standing(self, result: object) -> None:
        if result is None:  # closed in the meantime
            return
        found = cast("Standing", result)
        self.state.setText(found.words)
        self.tabs.setTabText(0, _("Held back ({n})").format(n=len(found.held)))
        self.held.show_own(found.held)
        fill(self.past, found.past, _("None yet."))


def _dropped(urls: object) -> str:
    paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]  # type: ignore[attr-defined]
    fit = [path for path in paths if path.is_dir() or path.suffix == SUFFIX]
    return str(fit[0]) if fit else ""
