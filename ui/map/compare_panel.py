"""Beside the map: which earlier state is laid beside the newest."""

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QDateTime, Signal, Slot
from PySide6.QtWidgets import QDateTimeEdit, QFileDialog, QHBoxLayout, QListWidget, QProgressBar, QVBoxLayout, QWidget

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.paths import media_folder, user_cache
from layers.earlier import Earlier, Moment, moments, other_project, prepared
from ui import shown
from ui.jobs import Job
from ui.map.swipe import Swipe
from ui.widgets import button, titled

if TYPE_CHECKING:
    from ui.map.workspace import MapWorkspace


class ComparePanel(QWidget):
    """Chooses the earlier state: the end of a round or of a day, any moment, or another project file.

    Signals:
        failed: (Exception) it could not be shown.
    """

    failed = Signal(object)

    def __init__(self, workspace: "MapWorkspace", swipe: Swipe) -> None:
        super().__init__()
        self._workspace, self.swipe = workspace, swipe
        self._moments: list[Moment] = []
        self._job: Job | None = None
        self.list = QListWidget()
        self.list.setObjectName("moments")
        self.list.setAccessibleName(_("Earlier states"))
        self.list.setWordWrap(True)
        self.list.itemActivated.connect(self._compare_chosen)
        self.when = QDateTimeEdit(QDateTime.currentDateTime())
        self.when.setObjectName("compare_when")
        self.when.setAccessibleName(_("Moment"))
        self.when.setDisplayFormat("yyyy-MM-dd HH:mm")
        self.when.setCalendarPopup(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName(_("Working out the earlier state"))
        self.compare_button = button("compare_start", _("Compare"), self._compare_chosen)
        self.compare_button.setProperty("role", "primary")
        self.stop_button = button("compare_stop", _("End the comparison"), self.stop)
        column = QVBoxLayout(self)
        column.addWidget(titled(_("Compare with earlier"), "heading"))
        column.addWidget(titled(_("Left of the line: as it was then. Drag the line, or move it with ← and →."), "hint"))
        column.addWidget(self.list, 1)
        column.addWidget(self.compare_button)
        row = QHBoxLayout()
        row.addWidget(self.when, 1)
        row.addWidget(button("compare_moment", _("This moment"), self._compare_moment))
        column.addLayout(row)
        column.addWidget(button("compare_file", _("An earlier round (file) …"), self._ask_file))
        for widget in (self.bar, self.stop_button):
            column.addWidget(widget)
        swipe.changed.connect(self._show_state)
        self._show_state()

    def read(self) -> None:
        """Read the moments of the open project."""
        self._workspace.run(lambda _control: moments(self._workspace.holder.store), self._fill)

    @Slot(object)
    def _fill(self, found: object) -> None:
        self._moments = cast("list[Moment]", found or [])
        self.list.clear()
        self.list.addItems([moment.name for moment in self._moments])
        self.list.setCurrentRow(min(1, len(self._moments) - 1))

    @Slot()
    def _show_state(self) -> None:
        is_busy = self._job is not None
        self.bar.setVisible(is_busy)
        self.stop_button.setText(_("Cancel") if is_busy else _("End the comparison"))
        self.stop_button.setVisible(is_busy or self.swipe.is_on)
        self.compare_button.setEnabled(bool(self._moments) and not is_busy)

    @Slot()
    def _compare_chosen(self) -> None:
        if 0 <= self.list.currentRow() < len(self._moments):
            self.compare(self._moments[self.list.currentRow()])

    @Slot()
    def _compare_moment(self) -> None:
        when = self.when.dateTime()
        self.compare(Moment(shown.moment(when.toMSecsSinceEpoch()), when.toMSecsSinceEpoch()))

    @Slot()
    def _ask_file(self) -> None:
        name, _filter = QFileDialog.getOpenFileName(self, _("An earlier round (file) …"), "", "GeoPackage (*.gpkg)")
        if name:
            self.compare_file(Path(name))

    def compare(self, moment: Moment) -> None:
        """Work out the project at a moment, then show it beside the newest state."""
        place = user_cache() / "earlier"
        place.mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=place))
        copy = folder / "then.gpkg"
        holder = self._workspace.holder

        def copied(control: JobControl) -> Path | None:
            control.step(0, None, "")
            if not holder.is_open:
                return None
            holder.store.copy_to(copy)
            return media_folder(holder.store.path)

        drop = partial(shutil.rmtree, folder, ignore_errors=True)
        job = self._workspace.store_runner.start(copied)
        job.succeeded.connect(partial(self._was_copied, copy, moment, drop))
        self._watch(job, drop)

    def _was_copied(self, copy: Path, moment: Moment, drop: Callable[[], None], media: object) -> None:
        if media is None or not self._workspace.work_runner.is_open:
            self._ended(drop)
            return
        self._prepare(lambda control: prepared(copy, cast("Path", media), moment, control), drop)

    def compare_file(self, path: Path) -> None:
        """Show another project file beside the newest state: a backup, or the round before."""
        own, target = self._workspace.path, self._workspace.crs
        if own is not None and path.resolve() == own.resolve():
            self.failed.emit(InputRefused(_("This file is the open project. Choose a moment above, or another file.")))
            return

        def work(control: JobControl) -> Earlier:
            other = other_project(path, target)
            return prepared(other, media_folder(other), Moment(path.stem, 0), control)

        self._prepare(work, lambda: None)

    def _prepare(self, work: Callable[[JobControl], Earlier], drop: Callable[[], None]) -> None:
        job = self._workspace.work_runner.start(work)
        job.succeeded.connect(partial(self._show, drop))
        self._watch(job, drop)

    def _watch(self, job: Job, drop: Callable[[], None]) -> None:
        self._job = job
        job.failed.connect(self.failed)
        job.failed.connect(partial(self._ended, drop))
        job.cancelled.connect(partial(self._ended, drop))
        self._show_state()

    def _ended(self, drop: Callable[[], None], _error: object = None) -> None:
        self._job = None
        drop()
        self._show_state()

    def _show(self, drop: Callable[[], None], earlier: object) -> None:
        self._job = None
        self.swipe.show(cast("Earlier", earlier), drop)
        self._show_state()

    @Slot()
    def stop(self) -> None:
        """Stop what runs, or end the comparison."""
        if self._job is not None:
            self._job.cancel()
        else:
            self.swipe.stop()
