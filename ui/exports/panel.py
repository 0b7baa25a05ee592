"""Sheets and tables for others: what, where to, and a preview."""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import Signal, Slot
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPdfWidgets import QPdfView
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl, Progress
from ui.jobs import Job, JobRunner
from ui.project.holder import StoreHolder
from ui.project.session import Overview
from ui.widgets import button


class ExportPanel(QWidget):
    """The export workspace.

    Signals:
        exported: (list of files) something was written.
    """

    exported = Signal(object)

    def __init__(self, runner: JobRunner, holder: StoreHolder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("export_panel")
        self._runner, self._holder = runner, holder
        self._job: Job | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="fieldsurvey-preview-")
        self._document = QPdfDocument(self)
        self._lay_out()

    def _lay_out(self) -> None:
        outer = QHBoxLayout(self)
        left = QVBoxLayout()
        title = QLabel(_("Assessment sheets"))
        title.setProperty("role", "title")
        left.addWidget(title)
        self.community = QComboBox()
        self.community.setObjectName("export_community")
        self.community.setAccessibleName(_("Community"))
        left.addWidget(self.community)
        self.preview = button("export_preview", _("Preview"), self._preview)
        self.one = button("export_one", _("Save this sheet …"), self._save_one)
        self.all = button("export_all", _("Save the sheets of all communities …"), self._save_all)
        self.plan = button("export_plan", _("Save the three-year plan (Excel) …"), self._save_plan)
        for each in (self.preview, self.one, self.all):
            left.addWidget(each)
        left.addSpacing(16)
        heading = QLabel(_("Three-year plan"))
        heading.setProperty("role", "heading")
        left.addWidget(heading)
        left.addWidget(self.plan)
        self.progress = QProgressBar()
        self.progress.hide()
        self.stop = button("export_stop", _("Cancel"), self._cancel)
        self.stop.hide()
        self.message = QLabel()
        self.message.setObjectName("export_message")
        self.message.setWordWrap(True)
        for widget in (self.progress, self.stop, self.message):
            left.addWidget(widget)
        left.addStretch(1)
        self.view = QPdfView(self)
        self.view.setObjectName("export_view")
        self.view.setAccessibleName(_("Preview"))
        self.view.setPageMode(QPdfView.PageMode.MultiPage)
        self.view.setZoomMode(QPdfView.ZoomMode.FitToWidth)
        self.view.setDocument(self._document)
        outer.addLayout(left, 2)
        outer.addWidget(self.view, 5)

    def show_project(self, now: Overview) -> None:
        """Offer the communities of a project."""
        chosen = self.community.currentData()
        self.community.clear()
        for uid, row in now.communities.items():
            self.community.addItem(" ".join(str(row[name] or "") for name in ("name", "code")), (uid, row["code"]))
        self.community.setCurrentIndex(max(self.community.findData(chosen), 0))

    @Slot(str)
    def show_sheet(self, uid: str) -> None:
        """Choose a community and preview its sheet."""
        for index in range(self.community.count()):
            if self.community.itemData(index)[0] == uid:
                self.community.setCurrentIndex(index)
        self._preview()

    def _code(self) -> str:
        data = self.community.currentData()
        return str(data[1] or "") if data else ""

    # --- work ----------------------------------------------------------------------------------------------------

    @Slot()
    def _preview(self) -> None:
        if self.community.count():
            self.export_sheets([self._code()], Path(self._folder.name), preview=True)

    @Slot()
    def _save_one(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, _("Folder for the sheets"))
        if folder:
            self.export_sheets([self._code()], Path(folder))

    @Slot()
    def _save_all(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, _("Folder for the sheets"))
        if folder:
            self.export_sheets(None, Path(folder))

    @Slot()
    def _save_plan(self) -> None:
        name, _filter = QFileDialog.getSaveFileName(self, _("Save the three-year plan (Excel) …"), "", "Excel (*.xlsx)")
        if name:
            self.export_plan(Path(name))

    def export_plan(self, target: Path) -> None:
        """Write the plan table."""

        def work(control: JobControl) -> list[Path]:
            import exports

            exports.plan_table(self._holder.store, target, control)
            return [target]

        self._run(work, preview=False)

    def export_sheets(self, codes: Sequence[str] | None, folder: Path, *, preview: bool = False) -> None:
        """Write the sheets of the named communities, or of all, into a folder."""

        def work(control: JobControl) -> list[Path]:
            import exports

            return exports.sheets(self._holder.store, codes, folder, None, control)

        self._run(work, preview=preview)

    def _run(self, work: object, *, preview: bool) -> None:
        self.progress.setRange(0, 0)
        self.progress.show()
        self.stop.show()
        self.message.clear()
        self._job = self._runner.start(work)  # type: ignore[arg-type]
        self._job.progressed.connect(self._progressed)
        self._job.succeeded.connect(partial(self._done, preview))
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

    def _done(self, preview: bool, result: object) -> None:
        self._idle()
        files = cast("list[Path]", result)
        if preview and files:
            self._document.load(str(files[0]))
            self.message.setText(_("{n} pages").format(n=self._document.pageCount()))
            return
        self.message.setText(
            _("{n} files written to {folder}").format(n=len(files), folder=files[0].parent if files else "—")
        )
        self.exported.emit(files)

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

    def close_document(self) -> None:
        """Let go of the preview file."""
        self._document.close()
        self._folder.cleanup()
