"""The review workspace: rules at the left, their findings in the middle, the place on the map, and a decision."""

from collections.abc import Callable
from typing import cast

import shapely
from PySide6.QtCore import QItemSelectionModel, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHeaderView,
    QInputDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QSplitter,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.assess.returning import send_back
from fieldsurvey.assess.review.people import person_here
from fieldsurvey.assess.rules import telling
from fieldsurvey.assess.rules.catalogue import BY_ID
from fieldsurvey.assess.rules.decisions import Choice, change_rule, decide, take_rules
from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.model.finding import Finding
from fieldsurvey.store import Store
from layers.sidecar import Sidecar
from layers.viewport import fitted
from ui import shown
from ui.fitting import BreakingRow, Columns
from ui.jobs import Job, JobRunner
from ui.map.canvas import MapCanvas
from ui.project.holder import StoreHolder
from ui.project.overview import Overview
from ui.project.session import ProjectSession
from ui.review.groups import GroupsView
from ui.review.loading import CHOICES, OPEN, UNRECORDED, Desk, check, follow, load, redecided, story
from ui.review.marks import FindingMarks
from ui.review.model import MARKS, FindingsModel
from ui.review.records.panel import RecordReview
from ui.review.rules_view import RulesView
from ui.widgets import CommunityChoice, button, titled

_FOLLOW_MS = 1500  # after the last change of the project the findings are brought up to date
_RULE = Qt.ItemDataRole.UserRole
_AROUND = 40.0  # m shown around a place


class ReviewPanel(QWidget):
    """The review workspace.

    Signals:
        shown: (Finding) a finding was chosen.
    """

    shown = Signal(object)

    def __init__(self, project: ProjectSession, runner: JobRunner, work: JobRunner, holder: StoreHolder) -> None:
        super().__init__()
        self.setObjectName("review")
        self._runner, self._holder, self._names = runner, holder, dict[str, str]()
        self._job: Job | None = None
        self._row_after: int | None = None  # where the list goes on once a decision is kept
        self._on_map: FindingMarks | None = None
        self._map: Sidecar | None = None  # to be shown once somebody looks
        self._is_read = False
        self.records = RecordReview(runner, work, holder)
        self._make_parts()
        self._lay_out()
        self._follow = QTimer(self, singleShot=True, interval=_FOLLOW_MS)
        self._follow.setObjectName("follow_rules")
        self._follow.timeout.connect(self._bring_up_to_date)
        project.opened.connect(self._was_opened)
        project.changed.connect(self.show_project)
        project.map_ready.connect(self.take_map)
        project.closed.connect(self.close_map)

    # --- the parts -----------------------------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.model = FindingsModel(self)
        self.rules = QListWidget()
        self.rules.setObjectName("rule_list")
        self.rules.setAccessibleName(_("Rules"))
        self.rules.currentRowChanged.connect(self._filter)
        self.table = QTableView()
        self.table.setObjectName("finding_table")
        self.table.setAccessibleName(_("Findings"))
        self.table.setModel(self.model)
        self.table.setAlternatingRowColors(True)
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.table.verticalHeader().setDefaultSectionSize(36)
        self.table.verticalHeader().hide()
        for column, width in enumerate((44, 96, 172, 88, 76, 86)):
            self.table.setColumnWidth(column, width)
        self.table.horizontalHeader().setSectionResizeMode(6, QHeaderView.ResizeMode.Stretch)
        self.table.selectionModel().currentRowChanged.connect(self._choose)
        self.community, self.result, self.decision = CommunityChoice(), QComboBox(), QComboBox()
        self.result.setAccessibleName(_("Result"))
        self.decision.setAccessibleName(_("Decision"))
        self.result.addItem(_("all results"), "")
        for result, (mark, _colour) in MARKS.items():
            self.result.addItem(f"{mark} {_(telling.RESULTS[result])}", str(result))
        self.decision.addItem(_("all decisions"), "")
        self.decision.addItem(_("open"), OPEN)
        for choice, word in CHOICES.items():
            self.decision.addItem(_(word), str(choice))
        for box in (self.community, self.result, self.decision):
            box.currentIndexChanged.connect(self._filter)
        self.canvas = MapCanvas()
        self.canvas.setObjectName("review_map")
        self.marks = FindingMarks(self.canvas)
        self.groups = GroupsView()
        self.groups.opened.connect(self.show_group)
        self.rules_view = RulesView()
        self.rules_view.change_wanted.connect(self._change_rule)
        self.rules_view.file_chosen.connect(self._take_file)

    def _lay_out(self) -> None:
        self.run = button("run_rules", _("Check now"), self.check_now)
        self.run.setProperty("role", "primary")
        self.stop = button("stop_rules", _("Stop"), self._stop)
        self.progress, self.status, self.message = QProgressBar(), titled("", "hint"), titled("", "error")
        top = BreakingRow()
        top.add(self.run, self.stop, self.community, self.result, self.decision)
        for widget in (self.stop, self.progress, self.message):
            widget.hide()
        right = QSplitter(Qt.Orientation.Vertical)
        right.addWidget(self.canvas)
        right.addWidget(self._detail())
        right.setStretchFactor(0, 1)
        parts = ((_("Rules"), self.rules, 200), (_("Findings"), self.table, 420), (_("Place"), right, 300))
        columns = Columns("finding_columns", parts, (210, 650, 420))
        queue = QWidget()
        column = QVBoxLayout(queue)
        column.addWidget(top)
        for told in (self.progress, self.status, self.message):
            column.addWidget(told)
        column.addWidget(columns, 1)
        for key, slot in (("1", self.accept), ("2", self.send_back), ("3", self.override), ("N", self.next)):
            QShortcut(QKeySequence(key), queue, slot, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.tabs = tabs = QTabWidget()
        tabs.setObjectName("review_tabs")
        tabs.addTab(self.records, _("Records"))
        tabs.addTab(queue, _("Findings"))
        tabs.addTab(self.groups, _("In groups"))
        tabs.addTab(self.rules_view, _("Rule set"))
        self._queue = queue
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(tabs)

    def _detail(self) -> QWidget:
        detail = QWidget()
        column = QVBoxLayout(detail)
        self.headline, self.source, self.told = titled("", "heading"), titled("", "hint"), QLabel()
        self.told.setWordWrap(True)
        row = BreakingRow()
        for name, text, slot in (
            ("accept", _("Accept (1)"), self.accept),
            ("return", _("Back to the field (2)"), self.send_back),
            ("override", _("Override (3)"), self.override),
            ("next", _("Next (N)"), self.next),
        ):
            row.add(button(f"finding_{name}", text, slot))
        for widget in (self.headline, self.source, self.told):
            column.addWidget(widget)
        column.addStretch(1)
        column.addWidget(row)
        return detail

    # --- the project ---------------------------------------------------------------------------------------------

    @Slot(object)
    def _was_opened(self, now: Overview) -> None:
        self.canvas.clear_project()
        self.records.clear()
        self._map, self._is_read = None, False
        self.show_project(now)
        self._catch_up()

    @Slot(object)
    def take_map(self, sidecar: object) -> None:
        """Show places on the map of a state of the project, once somebody looks."""
        self._map = cast("Sidecar", sidecar)
        self.records.take_map(self._map)
        self._catch_up()

    def showEvent(self, event: QShowEvent) -> None:
        """Read what was left unread while nobody looked: opening a project must not wait for it."""
        super().showEvent(event)
        self._catch_up()
        self._follow.start()

    def _catch_up(self) -> None:
        if not self.isVisible():
            return
        if self._map is not None:
            self.canvas.show_project(self._map)
            self._map = None
        self._read()

    def _read(self) -> None:
        if not self._is_read:
            self._is_read = True
            self._start(lambda _control: load(self._holder.store), self._show_desk)

    @Slot(object)
    def show_project(self, now: Overview) -> None:
        """Take the names of the communities; what changed is checked when the work rests."""
        if not self.community.is_offering(now.communities):
            names = {uid: str(row.get("name") or row.get("code") or "") for uid, row in now.communities.items()}
            self._names = names = dict(sorted(names.items(), key=lambda item: item[1]))
            self.community.blockSignals(True)
            self.community.offer(now.communities, names, _("all communities"))
            self.community.blockSignals(False)
        self._follow.start()
        self.records.project_changed()

    def show_on(self, canvas: MapCanvas, is_shown: bool) -> None:
        """Show the findings of the list on another map too, or no longer."""
        if self._on_map is None:
            self._on_map = FindingMarks(canvas)
        self._on_map.setVisible(is_shown)
        if is_shown:
            self._read()
        self._filter()

    @Slot()
    def close_map(self) -> None:
        """Stop the timer and the map of this panel; for good."""
        self._follow.stop()
        self.canvas.close_renderer()
        self.records.close_map()

    @Slot()
    def _bring_up_to_date(self) -> None:
        if self._job is None and self.isVisible():
            self._start(lambda control: follow(self._holder.store, control), self._show_desk)

    @Slot()
    def check_now(self) -> None:
        """Run the rules: all at first, afterwards only what changed."""
        if self._job is None:
            self._watch(self._start(lambda control: check(self._holder.store, control), self._show_desk))

    def _watch(self, job: Job) -> None:
        self._job = job
        job.progressed.connect(self._tell_progress)
        for signal in (job.succeeded, job.failed, job.cancelled):
            signal.connect(self._ended)
        self._set_running(running=True)

    def _start(self, work: Callable[[JobControl], object], then: Callable[[object], None] | None = None) -> Job:
        job = self._runner.start(self._holder.if_open(lambda _store, control: work(control)))
        if then is not None:
            job.succeeded.connect(then)
        job.failed.connect(self._failed)
        return job

    @Slot()
    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    @Slot(object)
    def _tell_progress(self, progress: object) -> None:
        now = cast("Progress", progress)
        self.progress.setRange(0, now.total or 0)
        self.progress.setValue(now.done)
        self.progress.setFormat(f"{now.note} {now.done}/{now.total}")

    @Slot()
    def _ended(self) -> None:
        self._job = None
        self._set_running(running=False)

    def _set_running(self, *, running: bool) -> None:
        self.run.setEnabled(not running)
        for widget in (self.stop, self.progress):
            widget.setVisible(running)
        self.status.setHidden(running)

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self._row_after = None
        self._tell(str(error))
        self.rules_view.say(str(error))

    def _tell(self, sentence: str) -> None:
        self.message.setText(f"⚠ {sentence}")
        self.message.show()

    # --- the list ------------------------------------------------------------------------------------------------

    @Slot(object)
    def _show_desk(self, result: object) -> None:
        if result is None:
            return
        desk, before = cast("Desk", result), self._current()
        self.message.hide()
        self.model.show_desk(desk, self._names)
        self.groups.show_desk(desk, self.model.community)
        self.rules_view.show_rules(desk.rules, desk.log)
        self._list_rules(desk)
        self._filter()
        if self._row_after is not None:
            self._go_to(min(self._row_after, self.model.rowCount() - 1))
        elif before is not None:
            self._go_to(self.model.row_of(before.key))
        self._row_after = None

    @Slot(str, str)
    def show_group(self, rule: str, community: str) -> None:
        """Show the findings of a rule and a community (empty: of all)."""
        self.tabs.setCurrentWidget(self._queue)
        self.community.choose(community)
        rows = [row for row in range(self.rules.count()) if self.rules.item(row).data(_RULE) == rule]
        self.rules.setCurrentRow(rows[0] if rows else 0)

    def _list_rules(self, desk: Desk) -> None:
        chosen = max(self.rules.currentRow(), 0)
        self.rules.blockSignals(True)
        self.rules.clear()
        self._add_rule("", _("All rules"), _("{n} findings").format(n=shown.number(desk.recorded)))
        for one in desk.sums:
            words = [f"{MARKS[r][0]} {shown.number(one.counts[r])}" for r in MARKS if one.counts.get(r)]
            nothing = _("? nothing to test") if desk.was_run else _("not checked yet")
            told = "  ".join(words) or (f"✓ {shown.number(one.tested)}" if one.tested else nothing)
            self._add_rule(one.rule, f"{one.rule} {BY_ID[one.rule].label}", told)
        if silent := telling.unrecorded(desk.findings):
            told = _("{n} thresholds, not counted").format(n=shown.number(len(silent)))
            self._add_rule(UNRECORDED, _("Not recorded in this project"), told)
        self.rules.setCurrentRow(chosen)
        self.rules.blockSignals(False)

    def _add_rule(self, rule: str, name: str, told: str) -> None:
        item = QListWidgetItem(f"{name}\n{told}")
        item.setData(Qt.ItemDataRole.UserRole, rule)
        self.rules.addItem(item)

    @Slot()
    def _filter(self) -> None:
        desk, row = self.model.desk, self.rules.currentRow()
        if desk is None:
            return
        rule = str(self.rules.item(row).data(Qt.ItemDataRole.UserRole)) if row >= 0 else ""
        community, result = self.community.uid, str(self.result.currentData() or "")
        self.model.filter(rule, community, result, str(self.decision.currentData() or ""))
        rows = self.model.rows
        for marks in filter(None, (self.marks, self._on_map)):
            marks.show_findings(desk, rows)
        self.status.setText(self._told_status(desk))
        self._go_to(0)
        if not len(rows):
            self._show_finding(None)

    def _told_status(self, desk: Desk) -> str:
        if not desk.was_run:
            return _("The rules have not been run yet. Press “Check now”; the first time takes about 20 seconds.")
        return _("{n} findings shown").format(n=shown.number(len(self.model.rows)))

    def _go_to(self, row: int) -> None:
        if 0 <= row < self.model.rowCount():
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.table.selectionModel().setCurrentIndex(self.model.index(row, 0), flags)
            self.table.scrollTo(self.model.index(row, 0))

    def _current(self) -> Finding | None:
        return self.model.finding(self.table.currentIndex().row())

    @Slot()
    def _choose(self) -> None:
        self._show_finding(self._current())

    def _show_finding(self, finding: Finding | None) -> None:
        self.marks.choose(finding)
        if finding is None or self.model.desk is None:
            for label in (self.headline, self.source, self.told):
                label.clear()
            return
        rules = self.model.desk.rules
        self.headline.setText(telling.sentence(finding, rules))
        cited = rules[finding.threshold].citation
        self.source.setText(_("Basis: {source}").format(source=cited) if cited else _("Basis: not checked, not cited"))
        self.told.clear()
        self._show_place(finding)
        self._start(lambda _control: (finding.key, story(self._holder.store, finding)), self._tell_story)
        self.shown.emit(finding)

    def _show_place(self, finding: Finding) -> None:
        if finding.place:
            west, south, east, north = shapely.from_wkb(finding.place).bounds
            box = (west - _AROUND, south - _AROUND, east + _AROUND, north + _AROUND)
            self.canvas.show_view(fitted(box, self.canvas.width(), self.canvas.height()))

    @Slot(object)
    def _tell_story(self, result: object) -> None:
        key, lines = cast("tuple[str, list[str]]", result or ("", []))
        now = self._current()
        if now is not None and now.key == key:
            self.told.setText("\n".join(lines))

    # --- decisions -----------------------------------------------------------------------------------------------

    @Slot()
    def next(self) -> None:
        """Go to the next finding."""
        self._go_to(self.table.currentIndex().row() + 1)

    @Slot()
    def accept(self) -> None:
        """Accept the finding as it is."""
        self._decide(Choice.ACCEPTED, "")

    @Slot()
    def send_back(self) -> None:
        """Send the finding back to the field, with a remark."""
        self._ask(Choice.RETURNED, _("Back to the field"), _("What should be looked at?"))

    @Slot()
    def override(self) -> None:
        """Say that the finding does not stand, and why."""
        self._ask(Choice.OVERRIDDEN, _("Override"), _("Why does this finding not stand?"))

    def _ask(self, choice: Choice, title: str, question: str) -> None:
        if self._current() is not None:
            reason, is_sure = QInputDialog.getText(self, title, question)
            if is_sure:
                self._decide(choice, reason)

    def _decide(self, choice: Choice, reason: str) -> None:
        finding, desk = self._current(), self.model.desk
        if finding is None or desk is None:
            return
        self._row_after = self.table.currentIndex().row() + (not self.decision.currentData())
        role = self.records.local_role

        def work(_control: JobControl) -> tuple[Desk, str]:
            store, why_not = self._holder.store, ""
            if choice is Choice.RETURNED:
                why_not = send_back(store, person_here(store, role), finding, reason).why_not
            else:
                decide(store, finding, choice, reason)
            return redecided(store, desk), why_not

        self._start(work, self._show_decided)

    @Slot(object)
    def _show_decided(self, result: object) -> None:
        desk, why_not = cast("tuple[Desk, str]", result)
        self._show_desk(desk)
        if why_not:
            self._tell(why_not)

    @Slot(str, object, object, str)
    def _change_rule(self, key: str, value: object, weight: object, reason: str) -> None:
        number = float(value) if isinstance(value, int | float) else None
        self._change(lambda store: change_rule(store, key, reason, number, str(weight) if weight else None))

    @Slot(object)
    def _take_file(self, path: object) -> None:
        self._change(lambda store: take_rules(store, path))  # type: ignore[arg-type]

    def _change(self, change: Callable[[Store], object]) -> None:
        """Change the rules, then check by the new ones if they were run before."""

        def work(control: JobControl) -> Desk:
            change(self._holder.store)
            return follow(self._holder.store, control) or load(self._holder.store)

        if self._job is None:
            self._watch(self._start(work, self._show_desk))
