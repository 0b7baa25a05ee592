"""Where lifts can be added, stairwell by stairwell: the first judgement (初判) with its reasons."""

from collections.abc import Sequence
from html import escape
from typing import cast

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QLineEdit, QProgressBar, QSplitter, QVBoxLayout

from fieldsurvey.assess.lift import RESULT_WORDS, LiftJudgement, LiftResult, lift_totals, lifts
from fieldsurvey.assess.lift_checks import Outcome
from fieldsurvey.assess.parameters import parameters
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.store import Store
from survey_forms.records import Subject
from ui import shown
from ui.fitting import BreakingRow, Columns
from ui.jobs import Job, JobRunner
from ui.plan import words
from ui.plan.charts import Bar, BarChart
from ui.plan.page import Page
from ui.plan.tables import Head, RowsView
from ui.project.holder import StoreHolder
from ui.widgets import Reading, button, titled

MARKS = {
    LiftResult.FEASIBLE: ("✓", "#2C7BB6"),
    LiftResult.CONDITIONAL: ("◐", "#8FC6DE"),
    LiftResult.NEEDS_STUDY: ("?", "#F2C14E"),
    LiftResult.NOT_FEASIBLE: ("✕", "#A3122A"),
}
_OUTCOMES = {Outcome.OK: "✓", Outcome.CONDITION: "◐", Outcome.OPEN: "?", Outcome.NO: "✕"}
_FORM = "f11_elevator"
_SEARCH, _PROGRESS = 180, 220  # px


class LiftsPage(Page):
    """The list of stairwells.

    Signals:
        record_wanted: (Subject) the lift form of a stairwell is to be opened.
    """

    record_wanted = Signal(object)

    def __init__(self, runner: JobRunner, holder: StoreHolder) -> None:
        super().__init__("plan_lifts", runner, holder)
        self._found: dict[str, LiftJudgement] = {}
        self._names: dict[str, str] = {}
        self.search, self.choice = QLineEdit(), QComboBox()
        self.search.setPlaceholderText(_("Find a community or building"))
        self.search.setAccessibleName(_("Find a community or building"))
        self.choice.setAccessibleName(_("Which stairwells"))
        self.choice.addItem(_("all stairwells"), "")
        for result, (mark, _colour) in MARKS.items():
            self.choice.addItem(f"{mark} {_(RESULT_WORDS[result])}", str(result))
        self.progress = QProgressBar()
        self.again = button("lift_again", _("Judge again"), self.read)
        self.chart = BarChart("lift_chart", 110)
        self.table = RowsView(
            "lift_table",
            _("Stairwells"),
            (
                Head(_("Result"), 118), Head(_("Community"), 150), Head(_("Building"), 74), Head(_("Stairwell"), 66),
                Head(_("Storeys"), 56, "{:.0f}"), Head(_("Free space (m)"), 104), Head(_("Reason"), 0),
            ),
        )  # fmt: skip
        self.detail = Reading()
        self.detail.setObjectName("lift_detail")
        self.detail.setAccessibleName(_("All about the chosen stairwell"))
        self.form = button("lift_form", _("Open the lift form"), self._open_form)
        self._lay_out()
        self.table.chosen.connect(self._show_one)
        self.table.opened.connect(self._open_form)
        self.choice.currentIndexChanged.connect(self._fill)
        self.search.textChanged.connect(self.table.narrow)

    def _lay_out(self) -> None:
        top = BreakingRow()
        hint = titled(_("A first judgement: the opinion of the departments decides."), "hint")
        hint.setWordWrap(False)  # it goes into the next line as a whole
        self.search.setMinimumWidth(_SEARCH)
        self.progress.setMinimumWidth(_PROGRESS)
        top.add(self.search, self.choice, self.again, self.progress, hint)
        side = QSplitter(Qt.Orientation.Vertical)
        for part in (self.chart, self.detail, self.form):
            side.addWidget(part)
        both = Columns("lift_columns", ((_("Stairwells"), self.table, 360), (_("Details"), side, 280)), (860, 380))
        layout = QVBoxLayout(self)
        layout.addWidget(top)
        layout.addWidget(self.message)
        layout.addWidget(both, 1)
        self.progress.hide()

    def load(self, store: Store, control: JobControl) -> object:
        """Judge all stairwells."""
        names = {str(row["uid"]): str(row["name"] or "") for row in store.select("community", ["name"])}
        return lifts(store, control=control), names, parameters(store)["lift.pot"]

    def read(self) -> Job:
        """Judge beside the window; progress is shown."""
        job = super().read()
        self.progress.show()
        self.progress.setRange(0, 0)
        self.again.setEnabled(False)
        job.progressed.connect(self._tell_progress)
        for signal in (job.succeeded, job.failed, job.cancelled):
            signal.connect(self._ended)
        return job

    @Slot(object)
    def _tell_progress(self, progress: object) -> None:
        now = cast("Progress", progress)
        self.progress.setRange(0, now.total or 0)
        self.progress.setValue(now.done)
        self.progress.setFormat(now.note)

    @Slot()
    def _ended(self) -> None:
        self.progress.hide()
        self.again.setEnabled(True)

    def show_loaded(self, found: object) -> None:
        """Show the judgements and how many are in each class."""
        judged, self._names, pot = cast("tuple[Sequence[LiftJudgement], dict[str, str], float]", found)
        self._found = {one.stairwell: one for one in judged}
        counts, subsidy = lift_totals(judged)
        bars = [
            Bar(f"{mark} {_(RESULT_WORDS[result])}", float(counts[result]), shown.number(counts[result]), colour)
            for result, (mark, colour) in MARKS.items()
        ]
        text = _("Stairwells; subsidy {need} of {pot} a year").format(need=words.wan(subsidy), pot=words.wan(pot))
        self.chart.show_bars(text, bars)
        self._fill()

    @Slot()
    def _fill(self) -> None:
        wanted = str(self.choice.currentData() or "")
        order = list(MARKS)
        chosen = [one for one in self._found.values() if wanted in {"", str(one.result)}]
        chosen.sort(key=lambda one: order.index(one.result))
        self.table.show_rows([(one.stairwell, self._cells(one)) for one in chosen])

    def _cells(self, one: LiftJudgement) -> list[str | float | int | None]:
        space = None if one.width_m is None or one.depth_m is None else f"{one.width_m:.1f} × {one.depth_m:.1f}"
        result = f"{MARKS[one.result][0]} {_(RESULT_WORDS[one.result])}"
        name = self._names.get(one.community, "")
        return [result, name, one.building, one.unit, one.floors, space, one.reasons[0] if one.reasons else ""]

    @Slot(str)
    def _show_one(self, uid: str) -> None:
        one = self._found.get(uid)
        if one is None:
            self.detail.clear()
            return
        head = f"{self._names.get(one.community, '')} {one.building} {one.unit}"
        lines = [f"<h3>{escape(head)}</h3>", f"<p><b>{escape(_(RESULT_WORDS[one.result]))}</b></p>"]
        lines += [
            f"<p>{_OUTCOMES[check.outcome]} {escape(check.text)} ({escape(check.id)})</p>" for check in one.checks
        ]
        self.detail.setHtml("".join(lines))

    @Slot()
    def _open_form(self) -> None:
        one = self._found.get(self.table.key())
        if one is not None:
            self.record_wanted.emit(Subject(_FORM, one.community, one.stairwell))
