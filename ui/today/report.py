"""The report of the day: what was done where, from the history; as text or PDF."""

import html
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QDate, Slot
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import (
    QApplication,
    QDateEdit,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
)

from fieldsurvey.assess.daily import CommunityDay, DayReport, day_report
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from ui import shown
from ui.printing import write_pdf
from ui.today.agenda import together
from ui.widgets import Reading, button, titled

if TYPE_CHECKING:
    from ui.main_window import MainWindow


def title_of(report: DayReport) -> str:
    """Return the headline of a report."""
    return _("Report of the day {day}").format(day=shown.day(report.day, is_long=True))


def summary_of(report: DayReport) -> str:
    """Return a report in one sentence."""
    text = _("{places} communities, {forms} records completed, {photos} photos; {unsent} edits not yet at the office.")
    places = sum(bool(one.uid) for one in report.communities)
    return text.format(places=places, forms=report.completed, photos=report.photos, unsent=report.unsent)


def lines_of(one: CommunityDay) -> list[str]:
    """Return what was done in one community, line by line."""
    lines = []
    if one.completed:
        lines.append(_("completed: {forms}").format(forms=_listed(one.completed)))
    if one.begun:
        lines.append(_("filled in, not complete: {forms}").format(forms=_listed(one.begun)))
    if one.photos:
        lines.append(_("{n} photos").format(n=one.photos))
    if one.features:
        lines.append(_("{n} features drawn or changed on the map").format(n=one.features))
    return lines


def _listed(counted: Mapping[str, int]) -> str:
    return together(f"{label} ×{n}" if n > 1 else label for label, n in counted.items())


def _head(one: CommunityDay) -> str:
    times = "-".join(shown.clock(ms, seconds=False) for ms in (one.first_ms, one.last_ms))
    return f"{one.name or _('Street side')} ({times})"


def as_text(report: DayReport) -> str:
    """Return a report as plain text, for a message."""
    who = _("{person}, project {project}").format(person=report.person or _("Name not given"), project=report.project)
    parts = [title_of(report), who, summary_of(report)]
    for number, one in enumerate(report.communities, 1):
        parts.append(f"{number}. {_head(one)}")
        parts += [f"   - {line}" for line in lines_of(one)]
    return "\n".join(parts) + "\n"


def as_html(report: DayReport) -> str:
    """Return a report as a page."""
    who = _("{person}, project {project}").format(person=report.person or _("Name not given"), project=report.project)
    parts = [f"<h2>{html.escape(title_of(report))}</h2>", f"<p>{html.escape(who)}</p>"]
    parts.append(f"<p><b>{html.escape(summary_of(report))}</b></p>")
    for number, one in enumerate(report.communities, 1):
        items = "".join(f"<li>{html.escape(line)}</li>" for line in lines_of(one))
        parts.append(f"<h4>{number}. {html.escape(_head(one))}</h4><ul>{items}</ul>")
    if not report.communities:
        parts.append(f"<p>{html.escape(_('Nothing was saved on this day.'))}</p>")
    return "".join(parts)


class ReportDialog(QDialog):
    """Shows the report of a day."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self.setObjectName("day_report")
        self.setWindowTitle(_("Report of the day"))
        self.resize(640, 560)
        self._window = window
        self.report: DayReport | None = None
        self.day = QDateEdit(QDate.currentDate())
        self.day.setObjectName("report_day")
        self.day.setCalendarPopup(True)
        self.day.setDisplayFormat("yyyy-MM-dd")
        self.day.setMaximumDate(QDate.currentDate())
        self.day.setMinimumHeight(40)
        self.day.setAccessibleName(_("Day"))
        self.day.dateChanged.connect(self._read)
        label = QLabel(_("Day"))
        label.setBuddy(self.day)
        self.page = Reading()
        self.page.setObjectName("report_page")
        self.page.setAccessibleName(_("Report of the day"))
        self.told = titled("", "hint")
        top, below = QHBoxLayout(), QHBoxLayout()
        top.addWidget(label)
        top.addWidget(self.day)
        top.addStretch(1)
        below.addStretch(1)
        for entry in (
            button("report_copy", _("Copy"), self._copy),
            button("report_text", _("Save as text …"), self._ask_text),
            button("report_pdf", _("Save as PDF …"), self._ask_pdf),
            button("report_close", _("Close"), self.accept),
        ):
            below.addWidget(entry)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.page, 1)
        layout.addWidget(self.told)
        layout.addLayout(below)
        self._read()

    @Slot()
    def _read(self) -> None:
        chosen, holder = self.day.date(), self._window.holder
        day = date(chosen.year(), chosen.month(), chosen.day())

        def work(_control: JobControl) -> DayReport | None:
            return day_report(holder.store, day) if holder.is_open else None

        self._window.store_runner.start(work, quick=True).succeeded.connect(self._show)

    @Slot(object)
    def _show(self, report: object) -> None:
        if report is not None:
            self.report = cast("DayReport", report)
            self.page.setHtml(as_html(self.report))

    @Slot()
    def _copy(self) -> None:
        if self.report is not None:
            QApplication.clipboard().setText(as_text(self.report))
            self.told.setText(_("Copied."))

    @Slot()
    def _ask_text(self) -> None:
        self._ask("txt", "Text (*.txt)")

    @Slot()
    def _ask_pdf(self) -> None:
        self._ask("pdf", "PDF (*.pdf)")

    def _ask(self, suffix: str, kinds: str) -> None:
        if self.report is None:
            return
        name, _filter = QFileDialog.getSaveFileName(self, _("Save as"), f"{title_of(self.report)}.{suffix}", kinds)
        if name:
            self.save(Path(name))

    def save(self, path: Path) -> None:
        """Write the report as text or PDF, as the ending says, and say so."""
        if self.report is None:
            return
        try:
            if path.suffix.lower() == ".pdf":
                document = QTextDocument(self)
                document.setDefaultFont(self.font())
                document.setHtml(as_html(self.report))
                write_pdf(document, path, title_of(self.report))
            else:
                path.write_text(as_text(self.report), "utf-8")
        except InputRefused as error:
            self.told.setText(str(error))
        except OSError as error:
            self.told.setText(_("{file} cannot be written: {why}.").format(file=path, why=error.strerror))
        else:
            self.told.setText(_("Saved: {file}").format(file=path))
