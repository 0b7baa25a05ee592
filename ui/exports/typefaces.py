"""The office's own typefaces for the papers: 仿宋 and 小标宋 are on its machines, and may not come with a program."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from ui.exports.file_line import file_line, with_chooser
from ui.jobs import JobRunner
from ui.remembered import Remembered
from ui.widgets import titled


class TypefacesPanel(QWidget):
    """Choose typefaces; a file that cannot be used is told at once, and what was before stays."""

    def __init__(self, runner: JobRunner, remembered: Remembered, parent: QWidget | None = None) -> None:
        """Show what is chosen.

        Args:
            runner: Where files are read: the thread that also draws, so that no paper changes its face half way.
            remembered: Where the choice is kept.
            parent: Qt parent.
        """
        super().__init__(parent)
        self.setObjectName("typefaces_panel")
        self._runner, self._remembered = runner, remembered
        now = remembered.now
        self.body = file_line("typeface_body", _("Text (仿宋)"), now.body_font)
        self.title = file_line("typeface_title", _("Title (小标宋)"), now.title_font)
        self.told = QLabel()
        self.told.setObjectName("typefaces_told")
        self.told.setWordWrap(True)
        rows, kinds = QFormLayout(), _("Typefaces (*.ttf)")
        rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        rows.addRow(_("Text (仿宋)"), with_chooser(self.body, kinds, "typeface_choose_body"))
        rows.addRow(_("Title (小标宋)"), with_chooser(self.title, kinds, "typeface_choose_title"))
        hint = _("Blank: the typefaces of the program. A character that a chosen one lacks comes from ours.")
        layout = QVBoxLayout(self)
        layout.addWidget(titled(_("Typefaces of this office")))
        layout.addWidget(titled(hint, "hint"))
        layout.addLayout(rows)
        layout.addWidget(self.told)
        layout.addStretch(1)
        for line in (self.body, self.title):
            line.editingFinished.connect(self._choose)

    @Slot()
    def _choose(self) -> None:
        body, title = self.body.text().strip(), self.title.text().strip()
        now = self._remembered.now
        if (body, title) == (now.body_font, now.title_font) or not self._runner.is_open:
            return
        job = self._runner.start(partial(_used, body, title))
        job.succeeded.connect(partial(self._chosen, body, title))
        job.failed.connect(self._failed)

    def _chosen(self, body: str, title: str, _nothing: object) -> None:
        self._remembered.change(body_font=body, title_font=title)
        self.told.setText(_("✓ Papers are set in these typefaces from now on."))

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self.told.setText(f"⚠ {error}")


def _used(body: str, title: str, _control: JobControl) -> None:
    """Read the files, and set in them from now on."""
    from exports.sheet.faces import SONG, SONG_BOLD, read_office_face
    from exports.sheet.typography import choose_faces

    for name, file in ((SONG, body), (SONG_BOLD, title)):
        if file:
            read_office_face(name, Path(file))
    choose_faces(body, title)
