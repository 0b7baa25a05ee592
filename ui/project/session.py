"""The open project as the window sees it: everything about it is asked and told here."""

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeGuard, cast

from PySide6.QtCore import QObject, QProcess, QTimer, Signal, Slot

from fieldsurvey import priority
from fieldsurvey.errors import StoreError
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Changes, Store, backup
from fieldsurvey.store.backup import Backup
from layers import sidecar
from layers.sidecar import Sidecar
from layers.viewport import Box
from ui.jobs import Job, JobRunner
from ui.project.holder import StoreHolder
from ui.project.overview import Overview, OverviewReader, map_counter

_log = logging.getLogger(__name__)
_FOLD_MS = 4_000  # after so long without an edit the side-car is built anew; until then edits lie over the old one
_MOST_PATCHED = 2_000  # records beyond which a new side-car is quicker
_IDLE_MS = 500  # after so long without a save the write-ahead log is folded into the file


class ProjectSession(QObject):
    """Opens, watches and closes the project of the window.

    Signals:
        opened: (Overview) a project is open.
        changed: (Overview) something in it changed.
        map_ready: (Sidecar) the map of the newest state.
        map_building: (int, int) rows of the map that are put in order, and all of them; equal: it is done.
        closed: () no project is open.
        failed: (Exception) it could not be opened.
        backed_up: (Backup) a copy was made that has not been verified yet.
        backup_failed: (Exception) it could not be made.
        upgraded: (Path) the project is of an older version; a copy of it as it was lies here.
    """

    opened = Signal(object)
    changed = Signal(object)
    map_ready = Signal(object)
    map_building = Signal(int, int)
    closed = Signal()
    failed = Signal(object)
    backed_up = Signal(object)
    backup_failed = Signal(object)
    upgraded = Signal(object)
    _committed = Signal()

    def __init__(self, runner: JobRunner, holder: StoreHolder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner, self._holder = runner, holder
        self._builder: QProcess | None = None
        self._shown_counter = -1
        self._base: Sidecar | None = None  # as built, without the edits since
        self._edited: set[str] = set()  # records written since; belongs to the store thread
        self._reader = OverviewReader()  # belongs to the store thread
        self._is_bulk = False  # something was written that is not told record by record; as above
        self._view: tuple[Box, float] | None = None
        self._is_read_queued = False
        self._is_looked_for = False  # the side-car is being looked for: until then the view reads nothing itself
        self.current: Overview | None = None
        self._is_closed = False
        self._kept: Path | None = None  # copy of an older version
        self._idle = QTimer(self)
        self._idle.setObjectName("checkpoint")
        self._idle.setSingleShot(True)
        self._idle.setInterval(_IDLE_MS)
        self._idle.timeout.connect(self._checkpoint)
        self._committed.connect(self.refresh)
        self._fold = QTimer(self, singleShot=True, interval=_FOLD_MS)
        self._fold.setObjectName("fold_map")
        self._fold.timeout.connect(self._build_map)

    def open(self, path: Path) -> None:
        """Open a project file."""
        self._start(lambda: Store.open(path))

    def make(self, make: Callable[[JobControl], Store]) -> Job:
        """Open the project that a function makes, in the store thread."""

        def work(control: JobControl) -> Overview:
            return self._take(make(control))

        return self._watch(self._runner.start(work))

    def _start(self, opener: Callable[[], Store]) -> Job:
        def work(_control: JobControl) -> Overview:
            return self._take(opener())

        return self._watch(self._runner.start(work))

    def _take(self, store: Store) -> Overview:
        from fieldsurvey.projects import install_forms

        install_forms(store)
        self._holder.put(store)
        self._kept = store.kept_before_upgrade
        store.subscribe(self._heard)
        self._reader = OverviewReader()
        return self._reader.first(store)

    def _watch(self, job: Job) -> Job:
        job.succeeded.connect(self._was_opened)
        job.failed.connect(self.failed)
        return job

    def _heard(self, changes: Changes) -> None:
        """Pass a commit on from the store thread."""
        self._reader.heard(changes)
        self._edited |= changes.uids
        self._is_bulk |= not changes.uids
        self._committed.emit()

    @Slot(object)
    def _was_opened(self, result: object) -> None:
        if self._is_closed:
            return
        self._shown_counter, self._base, self._view = -1, None, None
        self.current = cast("Overview", result)
        self._bring_map(self.current)
        self.opened.emit(self.current)
        if self._kept is not None:
            self.upgraded.emit(self._kept)
        if not self.current.is_whole:
            self.refresh()

    def is_map_current(self) -> bool:
        """Say whether the map that was handed out is that of the newest state."""
        return self.current is not None and self.current.map_counter == self._shown_counter

    @Slot()
    def refresh(self) -> None:
        """Read the project again; many commits in a row are read once."""
        if self.current is None or self._is_read_queued:
            return
        self._is_read_queued = True
        self._runner.start(self._read_again, quick=True, lets_in=True).succeeded.connect(self._was_read)

    def _read_again(self, control: JobControl) -> tuple[Overview, Sidecar | None] | None:
        """Read what the window shows, and lay the edits over the map. Runs in the store thread."""
        self._is_read_queued = False  # what is committed from now on needs another reading
        if not self._holder.is_open:
            return None
        store, base = self._holder.store, self._base
        now = self._reader.again(store, control)
        if now is None:
            return None
        is_far = self._is_bulk or len(self._edited) > _MOST_PATCHED
        if base is None or is_far or now.map_counter == self._shown_counter:
            return now, None
        return now, base.patched(store, self._edited)

    @Slot(object)
    def _was_read(self, result: object) -> None:
        if result is None or self.current is None:  # closed in the meantime
            return
        self.current, patched = cast("tuple[Overview, Sidecar | None]", result)
        self._idle.start()
        self.changed.emit(self.current)
        if patched is not None:
            self._shown_counter = patched.counter
            self.map_ready.emit(patched)
            self._fold.start()
        elif self._base is None or self.current.map_counter != self._shown_counter:
            self._bring_map(self.current)

    @Slot()
    def _checkpoint(self) -> None:
        def work(_control: JobControl) -> Backup | None:
            if not self._holder.is_open:
                return None
            self._holder.store.checkpoint()
            return backup.when_due(self._holder.store)

        job = self._runner.start(work)
        job.succeeded.connect(self._was_backed_up)
        job.failed.connect(self.backup_failed)

    @Slot(object)
    def _was_backed_up(self, made: object) -> None:
        if made is not None and self.current is not None:
            self.backed_up.emit(made)

    # --- the map -------------------------------------------------------------------------------------------------

    def _bring_map(self, now: Overview) -> None:
        """Show the side-car of the newest state; while a child process builds one, what the view needs."""
        self._is_looked_for = True
        self._open_built(now).succeeded.connect(self._was_looked_for)

    def _open_built(self, now: Overview) -> Job:
        """Open the side-car of a state, in the store thread: hundreds of arrays are mapped."""
        folder = sidecar.folder_for(now.path, now.map_counter)
        return self._runner.start(lambda _control: sidecar.opened(folder), quick=True)

    def _is_newest(self, found: object) -> TypeGuard[Sidecar]:
        return isinstance(found, Sidecar) and self.current is not None and found.counter == self.current.map_counter

    @Slot(object)
    def _was_looked_for(self, found: object) -> None:
        self._is_looked_for = False
        if self.current is None:  # closed in the meantime
            return
        if self._is_newest(found):
            self._show_built(found)
            return
        if self._base is None:
            self._read_direct()
        self._build_map()

    def _show_built(self, found: Sidecar) -> None:
        def begin_anew(_control: JobControl) -> None:
            if self._holder.is_open and map_counter(self._holder.store) == found.counter:
                self._edited.clear()
                self._is_bulk = False

        self._base, self._shown_counter = found, found.counter
        self._runner.start(begin_anew, quick=True)
        self.map_ready.emit(found)

    @Slot(object, float)
    def look_at(self, box: Box, scale: float) -> None:
        """Take note of the view; without a side-car, what it needs is read from the file."""
        self._view = (box, scale)
        if self._base is None and self.current is not None and not self._is_looked_for:
            self._read_direct()

    def _read_direct(self) -> None:
        box, scale = self._view or (None, 0.0)

        def work(_control: JobControl) -> Sidecar | None:
            return sidecar.direct(self._holder.store, box, scale) if self._holder.is_open else None

        self._runner.start(work, quick=True).succeeded.connect(self._was_read_direct)

    @Slot(object)
    def _was_read_direct(self, found: object) -> None:
        if found is not None and self._base is None and self.current is not None and not self._is_closed:
            self.map_ready.emit(found)

    @Slot()
    def _build_map(self) -> None:
        now = self.current
        if now is None or self._builder is not None or (self._base and self._base.counter == now.map_counter):
            return
        builder = QProcess(self)
        builder.started.connect(self._let_go_first)
        builder.finished.connect(self._was_built)
        builder.readyReadStandardOutput.connect(self._read_progress)
        builder.setProgram(sys.executable)
        folder = sidecar.folder_for(now.path, now.map_counter)
        builder.setArguments(["-m", "layers.sidecar", str(now.path), str(folder)])
        self._builder = builder
        builder.start()

    @Slot()
    def _let_go_first(self) -> None:
        if self._builder is not None:
            priority.lower(self._builder.processId())

    @Slot()
    def _read_progress(self) -> None:
        """Tell how far the map is, by the last whole line that its builder has written."""
        if self._builder is None:
            return
        line = b""
        while self._builder.canReadLine():  # what of a line is still to come stays for the next time
            line = bytes(self._builder.readLine().data())
        if line:
            told = json.loads(line)
            self.map_building.emit(told["done"], told["total"])

    @Slot()
    def _was_built(self) -> None:
        self.map_building.emit(0, 0)
        builder, self._builder = self._builder, None
        if builder is not None and builder.exitCode() == 0 and self.current is not None:
            self._open_built(self.current).succeeded.connect(self._built_was_opened)
        if builder is not None:
            builder.deleteLater()

    @Slot(object)
    def _built_was_opened(self, found: object) -> None:
        if self.current is None:  # closed in the meantime
            return
        if self._is_newest(found):
            self._show_built(found)
        elif self._base is None:
            self._build_map()
        else:  # edited meanwhile: the edits lie over the old one until there is rest
            self._fold.start()

    def close(self) -> None:
        """Close the project for good; call before the runner is closed."""
        self._idle.stop()
        self._fold.stop()
        if self._builder is not None:
            self._builder.finished.disconnect(self._was_built)
            self._builder.readyReadStandardOutput.disconnect(self._read_progress)
            self._builder.kill()
            self._builder.waitForFinished(2000)
            self._builder = None
        self.current, self._is_closed = None, True
        self._runner.start(lambda _control: self._close_store())
        self.closed.emit()

    def _close_store(self) -> None:
        """Close the file, a copy of its last state beside it. Runs in the store thread."""
        try:
            if self._holder.is_open:
                backup.when_due(self._holder.store, every_ms=0)
        except StoreError as error:  # a full disk must not keep the project from being closed
            _log.warning("no backup at close: %s", error)
        self._holder.close()
