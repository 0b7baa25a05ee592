"""What an import did, for reading: per file the layers in the user's words, and what a person should know."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from layers.io.report import FileReport, Status, save
from ui import shown
from ui.project.import_cards import plain
from ui.widgets import Reading, button, titled

MARKS = {Status.IMPORTED: "✓", Status.WITH_WARNING: "⚠", Status.REFUSED: "✕"}
_COLUMNS = 3  # layers side by side, so that a whole city fits without scrolling


class ImportReport(QWidget):
    """The result page of the import workspace.

    Signals:
        map_wanted: () the person wants to see it on the map.
    """

    map_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("import_report")
        self._reports: list[FileReport] = []
        self.title = titled("")
        self.text = Reading()
        self.text.setObjectName("import_report_text")
        self.text.setAccessibleName(_("What was imported"))
        self.show_map = button("import_show_map", _("Show on the map"), self.map_wanted)
        self.show_map.setProperty("role", "primary")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.title)
        layout.addWidget(self.text, 1)
        foot = QHBoxLayout()
        foot.addWidget(button("import_report_save", _("Save the report …"), self._save))
        foot.addStretch(1)
        foot.addWidget(self.show_map)
        layout.addLayout(foot)

    @Slot()
    def _save(self) -> None:
        name, _filter = QFileDialog.getSaveFileName(
            self, _("Save the report …"), _("import report") + ".txt", f"{_('Reports')} (*.txt *.json)"
        )
        if name:
            self.save(Path(name))

    def save(self, path: Path) -> None:
        """Write the reports that are shown into a file; what goes wrong is told in the title."""
        try:
            save(self._reports, path)
        except FieldSurveyError as error:
            self.title.setText(f"⚠ {error}")

    def show_reports(self, reports: Sequence[FileReport]) -> None:
        """Show the reports of an import."""
        self._reports = list(reports)
        rows = sum(sum(report.layers.values()) for report in reports)
        self.title.setText(
            _("Imported: {files} files, {rows} features").format(files=len(reports), rows=shown.number(rows))
        )
        self.text.setHtml("".join(_file(report) for report in reports))


def _file(report: FileReport) -> str:
    cells = [
        f"<td>{escape(report.labels.get(name, name))}</td><td align=right><b>{shown.number(n)}</b></td>"
        for name, n in report.layers.items()
    ]
    lines = [cells[start : start + _COLUMNS] for start in range(0, len(cells), _COLUMNS)]
    table = "".join(f"<tr>{'<td width=24></td>'.join(line)}</tr>" for line in lines)
    notes = "".join(
        f"<p style='margin:2px 0 2px 16px'>⚠ {escape(plain(warning.message))}</p>" for warning in report.warnings
    )
    notes += "".join(f"<p style='margin:2px 0 2px 16px'>· {escape(plain(note.message))}</p>" for note in report.notes)
    error = f"<p style='margin-left:16px'>✕ {escape(report.error)}</p>" if report.error else ""
    head = f"<p style='margin-top:10px'><b>{MARKS[report.status]} {escape(report.file.name)}</b></p>"
    return f"{head}<table cellpadding=3 style='margin-left:16px'>{table}</table>{notes}{error}"
