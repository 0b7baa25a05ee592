"""The export workspace: what, of which community, for whom; a preview beside it; progress and a summary in place."""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import Qt, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from exports.products import BY_KEY, Choice, Product, Written
from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl, Progress
from ui import shown
from ui.exports.choices import Choices, as_primary
from ui.exports.preview import Preview
from ui.exports.signing import SignPanel
from ui.exports.typefaces import TypefacesPanel
from ui.fitting import Columns
from ui.jobs import Job, JobRunner
from ui.project.holder import StoreHolder
from ui.project.overview import Overview
from ui.remembered import Remembered
from ui.widgets import button, titled

_PAUSE_MS = 400  # after the last choice, before it is looked at
_TOLD = 8  # sentences of a summary that are shown


class ExportPanel(QWidget):
    """The export workspace.

    Signals:
        exported: (list of files) something was written.
    """

    exported = Signal(object)

    def __init__(
        self,
        runner: JobRunner,
        holder: StoreHolder,
        work_runner: JobRunner,
        remembered: Remembered,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("export_panel")
        self._runner, self._holder = runner, holder
        self._job: Job | None = None
        self._written: Path | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="fieldsurvey-preview-")
        self._looking: Job | None = None
        self._looks = 0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE_MS)
        self._soon.timeout.connect(self._look)
        self.choices = Choices()
        self.signing = SignPanel(work_runner, remembered)
        self.typefaces = TypefacesPanel(runner, remembered)
        self._lay_out()
        self.choices.changed.connect(self._product_changed)
        self.choices.altered.connect(self._altered)
        self._product_changed()

    def _lay_out(self) -> None:
        self.preview = button("export_preview", _("Preview"), self._preview)
        self.save = as_primary(button("export_save", _("Export …"), self._save))
        self.progress = QProgressBar()
        self.progress.setAccessibleName(_("Progress"))
        self.stop = button("export_stop", _("Cancel"), self._cancel)
        self.message = QLabel()
        self.message.setObjectName("export_message")
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.open_folder = button("export_open_folder", _("Open the folder"), self._open_folder)
        left = QVBoxLayout()
        left.addWidget(titled(_("Export")))
        left.addWidget(self.choices)
        buttons = QHBoxLayout()
        buttons.addWidget(self.preview)
        buttons.addWidget(self.save)
        left.addLayout(buttons)
        for widget in (self.progress, self.stop, self.message, self.open_folder):
            left.addWidget(widget)
        for widget in (self.progress, self.stop, self.open_folder):
            widget.hide()
        left.addStretch(1)
        inside = QWidget()
        inside.setLayout(left)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setProperty("role", "room")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it has the focus, and scrolls it
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.pages = Preview()
        self.view = self.pages.view
        self.tabs = QTabWidget()
        self.tabs.setObjectName("export_tabs")
        self.tabs.addTab(self.pages, _("Preview"))
        self.tabs.addTab(self.signing, _("Sign and check"))
        self.tabs.addTab(self.typefaces, _("Typefaces"))
        outer = QHBoxLayout(self)
        parts = ((_("Export"), scroll, 330), (_("Preview"), self.tabs, 300))
        outer.addWidget(Columns("export_parts", parts, (420, 840)))

    def show_project(self, now: Overview) -> None:
        """Offer the communities of a project."""
        self.choices.show_project(now)

    @Slot(str)
    def show_sheet(self, uid: str) -> None:
        """Choose a community and preview its sheet."""
        self.choices.choose("sheets", uid)
        self._preview()

    # --- a look at what is chosen --------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Look at what is chosen."""
        super().showEvent(event)
        self._altered()

    @Slot()
    def _altered(self) -> None:
        """Look again, as soon as the person stops choosing."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self.pages.say(self._lacking() or _("The sheet is being made …"))
        self._soon.start()

    def _lacking(self) -> str:
        """Return what the person has to do to see something; empty if it is shown without."""
        chosen = self.choices
        if not chosen.product.has_preview:
            return _("{what}: press “Export …” to write it.").format(what=_(chosen.product.title))
        if chosen.community.count() < 2:
            return _("There is no community yet. Import or draw one, then its sheet is shown here.")
        if not chosen.community.uid:
            return _("All communities: “Export …” writes a file for each. Choose one to see it here.")
        if "template" in chosen.product.asks and not chosen.choice().template:
            return _("Choose the template, then a sheet made from it is shown here.")
        return "" if "many" in chosen.product.asks else _("Press “Preview” to see it here.")

    @Slot()
    def _look(self) -> None:
        """Make the one sheet that is chosen and show it; it takes less than a second."""
        if not self.isVisible() or self._lacking() or not self.save.isEnabled():
            return
        product, choice, target = self.choices.product, self.choices.choice(), self._place(self.choices.product)

        def work(control: JobControl) -> Written:
            return product.make(self._holder.store, choice, target, control)

        job = self._looking = self._runner.start(work)
        job.succeeded.connect(partial(self._looked, job))
        job.failed.connect(partial(self._not_looked, job))

    def _place(self, product: Product) -> Path:
        """Return a place for a preview where none was before: the last one may be open."""
        self._looks += 1
        return Path(self._folder.name) / f"{self._looks}{product.suffix}"

    def _looked(self, job: Job, result: object) -> None:
        if self._looking is job:
            written = cast("Written", result)
            if written.files:
                self.pages.show_file(written.files[0])
            else:
                self.pages.say("\n".join([_("There is nothing to show."), *_shortened(written.told)]))

    def _not_looked(self, job: Job, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        if self._looking is job:
            self.pages.say(f"⚠ {error}")

    # --- work ----------------------------------------------------------------------------------------------------

    @Slot()
    def _product_changed(self) -> None:
        self.preview.setVisible(self.choices.product.has_preview)
        if self.save.isEnabled():
            self.message.clear()

    @Slot()
    def _preview(self) -> None:
        """Make what is chosen, of the one community, in a folder of our own."""
        if not self.choices.community.uid:
            self.message.setText(_("For a preview please choose one community."))
            return
        product = self.choices.product
        self.run(product, self.choices.choice(), self._place(product), is_preview=True)

    @Slot()
    def _save(self) -> None:
        product, choice = self.choices.product, self.choices.choice()
        target = self._target(product, choice)
        if target is not None:
            self.run(product, choice, target)

    def _target(self, product: Product, choice: Choice) -> Path | None:
        title = _(product.title)
        if not product.suffix:
            name = QFileDialog.getExistingDirectory(self, _("Folder for: {what}").format(what=title))
            return Path(name) if name else None
        community = f"_{self.choices.code}" if choice.codes and "one" in product.asks else ""
        name, _filter = QFileDialog.getSaveFileName(
            self, title, f"{title}{community}{product.suffix}", f"*{product.suffix}"
        )
        return Path(name) if name else None

    def export_sheets(self, codes: Sequence[str] | None, folder: Path) -> None:
        """Write the assessment sheets of the named communities, or of all, into a folder."""
        self.run(BY_KEY["sheets"], Choice(None if codes is None else tuple(codes), is_internal=True), folder)

    def run(self, product: Product, choice: Choice, target: Path, *, is_preview: bool = False) -> None:
        """Make a product; progress and summary are shown in place."""

        def work(control: JobControl) -> Written:
            return product.make(self._holder.store, choice, target, control)

        self.progress.setRange(0, 0)
        for widget in (self.progress, self.stop):
            widget.show()
        self.open_folder.hide()
        self.message.clear()
        self.save.setEnabled(False)
        self.preview.setEnabled(False)
        self._job = self._runner.start(work)
        self._job.progressed.connect(self._progressed)
        self._job.succeeded.connect(partial(self._done, is_preview))
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

    def _done(self, is_preview: bool, result: object) -> None:
        self._idle()
        written = cast("Written", result)
        if is_preview:
            self._show(written)
            return
        place = written.files[0].parent if written.files else Path()
        lines = [
            _("{n} files written to {folder}").format(n=len(written.files), folder=place if written.files else "—")
        ]
        size = sum(file.stat().st_size for file in written.files if file.exists())
        lines.append(_("{names}, {size}").format(names=_names(written.files), size=shown.size(size)))
        self.message.setText("\n".join([*lines, *_shortened(written.told)]))
        self._written = place if written.files else None
        self.open_folder.setVisible(bool(written.files))
        if written.files and written.files[0].suffix == ".pdf":
            self.signing.offer(written.files[0])
        self.exported.emit(list(written.files))

    def _show(self, written: Written) -> None:
        if not written.files:
            self.message.setText("\n".join([_("There is nothing to show."), *_shortened(written.told)]))
            return
        self.tabs.setCurrentWidget(self.pages)
        self.pages.show_file(written.files[0])
        lines = [_("{n} pages").format(n=self.pages.document.pageCount())]
        if len(written.files) > 1:
            lines.append(_("The first of {n} documents is shown.").format(n=len(written.files)))
        self.message.setText("\n".join([*lines, *_shortened(written.told)]))

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
        self.save.setEnabled(True)
        self.preview.setEnabled(True)

    @Slot()
    def _open_folder(self) -> None:
        if self._written is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written)))

    def close_document(self) -> None:
        """Let go of the preview file."""
        self._soon.stop()
        self.pages.document.close()
        self._folder.cleanup()


def _names(files: Sequence[Path]) -> str:
    names = [file.name for file in files[:2]]
    return "、".join(names) + (" …" if len(files) > 2 else "")


def _shortened(told: Sequence[str]) -> list[str]:
    """Return the first sentences, and how many there are besides."""
    more = [_("… and {n} more").format(n=len(told) - _TOLD)] if len(told) > _TOLD else []
    return [*told[:_TOLD], *more]
