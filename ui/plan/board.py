"""The plan board: years as columns, communities as cards; moved by hand, by key, or by the optimiser."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QInputDialog,
    QProgressBar,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.plan import versions
from fieldsurvey.plan.board import compared
from fieldsurvey.plan.money import Money
from fieldsurvey.plan.problem import Candidate
from fieldsurvey.plan.versions import Placement, VersionState
from fieldsurvey.store import Store
from ui import shown
from ui.fitting import BreakingRow, Columns
from ui.jobs import JobRunner
from ui.plan import words
from ui.plan.columns import Column
from ui.plan.filling import Filled, fill, year_of
from ui.plan.loading import LEDGER, Desk, load, lock, move, with_version
from ui.plan.solving import Solver
from ui.project.holder import StoreHolder
from ui.widgets import Reading, button, titled

_VERSION, _WIDE_VERSION = 220, 420  # px: the name of a version
_COLUMN, _SIDE, _WIDE_SIDE = 232, 220, 310  # px: a year, least and usual width of the details


class PlanBoard(QWidget):
    """The board of one version.

    Signals:
        shown: (Desk) another state of the plan is shown.
    """

    shown = Signal(object)

    def __init__(self, store_runner: JobRunner, work_runner: JobRunner, holder: StoreHolder) -> None:
        super().__init__()
        self.setObjectName("plan_board")
        self._store_runner, self._work_runner, self._holder = store_runner, work_runner, holder
        self.desk: Desk | None = None
        self.money = Money()
        self.columns: list[Column] = []
        self._uid = ""
        self._comparison = ""  # told beside the board until another card is chosen
        self._focus: int | None = None  # number of the column that the keyboard goes to with a moved card
        self.solver = Solver(store_runner, work_runner, holder, self)
        self._make_parts()
        self._lay_out()
        self.solver.progressed.connect(self._tell_progress)
        self.solver.found.connect(self.show_version)
        self.solver.impossible.connect(self._tell_conflicts)
        self.solver.failed.connect(self.tell)
        self.solver.ended.connect(partial(self._set_running, running=False))

    # --- the parts -----------------------------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.version = QComboBox()
        self.version.setObjectName("plan_version")
        self.version.setAccessibleName(_("Version of the plan"))
        self.version.setMinimumContentsLength(14)
        self.version.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.version.setMaximumWidth(_WIDE_VERSION)
        self.version.activated.connect(self._choose_version)
        self.new = button("plan_new", _("New version"), self.make_version)
        self.submit = button("plan_submit", _("Submit"), partial(self._step, versions.submit))
        self.approve = button("plan_approve", _("Approve"), partial(self._step, versions.approve))
        self.withdraw = button("plan_withdraw", _("Withdraw"), partial(self._step, versions.withdraw))
        self.compare = button("plan_compare", _("Compare …"), self.compare_versions)
        self.best = button("plan_best", _("Find the best plan"), self.find_best)
        self.best.setProperty("role", "primary")
        self.stop = button("plan_stop", _("Stop"), self.solver.cancel)
        self.progress = QProgressBar()
        self.total, self.message = titled("", "heading"), titled("", "error")
        self.total.setObjectName("plan_total")
        self.message.setObjectName("plan_message")
        self.level = QComboBox()
        self.level.setObjectName("plan_level")
        self.level.setAccessibleName(_("Level of works"))
        for number, text in words.LEVELS.items():
            self.level.addItem(_(text), number)
        self.level.activated.connect(self._change_level)
        self.is_locked = QCheckBox(_("Locked by hand (L)"))
        self.is_locked.setObjectName("plan_locked")
        self.is_locked.clicked.connect(self._change_lock)
        self.detail = Reading()
        self.detail.setObjectName("plan_detail")
        self.detail.setAccessibleName(_("The chosen community and the result"))

    def _lay_out(self) -> None:
        top = BreakingRow()
        self.version.setMinimumWidth(_VERSION)
        for widget in (
            self.version, self.new, self.submit, self.withdraw, self.approve, self.compare, self.best, self.progress,
            self.stop,
        ):  # fmt: skip
            top.add(widget)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (self.level, self.is_locked, self.detail):
            column.addWidget(part, 1 if part is self.detail else 0)
        self._places = QSplitter(Qt.Orientation.Horizontal)
        self._places.setObjectName("plan_columns")
        self._parts = Columns(
            "plan_parts", ((_("Years"), self._places, 0), (_("Details"), side, _SIDE)), (4 * _COLUMN, _WIDE_SIDE)
        )
        hint = titled(_("Drag a card to another year, or move it with Alt+← and Alt+→; L locks it."), "hint")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(top)
        line = QHBoxLayout()
        line.addWidget(self.total, 1)
        line.addWidget(hint, 1)
        hint.setAlignment(Qt.AlignmentFlag.AlignRight)
        layout.addLayout(line)
        layout.addWidget(self.message)
        layout.addWidget(self._parts, 1)
        for hidden in (self.message, self.progress, self.stop):
            hidden.hide()

    def _make_columns(self, years: Sequence[int]) -> None:
        if [column.year for column in self.columns] == [None, *years]:
            return
        for column in self.columns:
            column.setParent(None)
            column.deleteLater()
        self.columns = [Column(year) for year in (None, *years)]
        for number, column in enumerate(self.columns):
            self._places.insertWidget(number, column)
            column.list.dropped.connect(partial(self._move, column.year))
            column.list.shifted.connect(partial(self._shift, number))
            column.list.lock_wanted.connect(partial(self._toggle_lock, column))
            column.list.chosen.connect(self._choose)
        self._places.setSizes([_COLUMN] * len(self.columns))

    # --- reading -------------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read everything: communities, scores, money, versions."""
        version = self.desk.version if self.desk is not None else None
        if self.desk is None:
            self.total.setText(_("Reading the communities …"))
        self._start(lambda control: fill(load(self._holder.store, version, control)) if self._holder.is_open else None)

    @Slot(str)
    def show_version(self, version: str) -> None:
        """Show a version as it is now."""
        desk = self.desk
        if desk is not None and self._store_runner.is_open:
            self._start(lambda _control: fill(with_version(self._holder.store, desk, version)), quick=True)

    def _start(self, work: Callable[[JobControl], object], *, quick: bool = False) -> None:
        job = self._store_runner.start(work, quick=quick)
        job.succeeded.connect(self._show)
        job.failed.connect(self.tell)

    def _write(self, change: Callable[[Store, str], str]) -> None:
        """Change the plan in the store thread, then show it; the change is on the disk before it is shown."""
        desk = self.desk
        if desk is None:
            return
        self.message.hide()

        def work(_control: JobControl) -> Filled:
            store = self._holder.store
            return fill(with_version(store, desk, change(store, desk.version)))

        self._start(work, quick=True)

    @Slot(object)
    def _show(self, result: object) -> None:
        if result is None:
            return
        filled = cast("Filled", result)
        self.desk = desk = filled.desk
        self.money = filled.money
        self._make_columns(desk.years)
        self._list_versions(desk)
        self._fill(filled)
        self.shown.emit(desk)

    def _list_versions(self, desk: Desk) -> None:
        self.version.clear()
        for one in desk.versions:
            self.version.addItem(words.version_name(one), one.uid)
        if not desk.versions:
            self.version.addItem(_("Plan years of the ledger"), LEDGER)
        self.version.setCurrentIndex(max(0, self.version.findData(desk.version)))
        state = desk.shown.state if desk.shown else None
        self.submit.setEnabled(state is VersionState.DRAFT)
        self.withdraw.setVisible(state is VersionState.SUBMITTED)
        self.approve.setVisible(state is VersionState.SUBMITTED)
        self.compare.setEnabled(len(desk.versions) > 1)

    def _fill(self, filled: Filled) -> None:
        """Put the cards into their columns and the sums above them."""
        for column in self.columns:
            now = next((one for one in filled.sums if one.year == column.year), None)
            lacking = float(filled.money.lacking.get(column.year or 0, 0))
            column.show_cards(filled.cards.get(column.year, ()), now, lacking)
        whole = filled.sums[-1]
        self.total.setText(
            _("{n} communities · {households:,} households · CNY {money} bn · {served:,} need-weighted").format(
                n=whole.communities,
                households=whole.households,
                money=shown.money(whole.cost_wan),
                served=whole.served,
            )
        )
        self._go_to(self._uid)
        if self._focus is not None:
            self.columns[self._focus].list.setFocus()
            self._focus = None
        self._tell_detail()

    # --- moving --------------------------------------------------------------------------------------------------

    def _move(self, year: int | None, uids: Sequence[str]) -> None:
        """Put communities into a year by hand."""
        desk = self.desk
        if desk is None or not uids:
            return
        barred = [uid for uid in uids if uid in desk.question.excluded]
        if barred and year is not None:
            name = str(desk.rows[barred[0]]["name"])
            text = _("{name} cannot be put into the plan: {why}")
            self.tell_text(text.format(name=name, why=desk.question.excluded[barred[0]]))
            return
        levels = {uid: self._level_of(uid) for uid in uids}
        self._uid = uids[0]
        self._write(lambda store, version: move(store, version, uids, year, levels))

    def _level_of(self, uid: str) -> int:
        """Return how far the works of a community go: as now, else as far as they can."""
        desk = cast("Desk", self.desk)
        placed = desk.placed.get(uid)
        if placed is not None and placed.level > 0:
            return placed.level
        candidate: Candidate = desk.question.everybody[uid]
        return max(candidate.levels())

    def _shift(self, number: int, step: int) -> None:
        """Move the chosen cards of a column one column on or back; the keyboard goes with them."""
        target = number + step
        if 0 <= target < len(self.columns):
            uids = self.columns[number].list.uids()
            self._focus = target
            self._move(self.columns[target].year, uids)

    def _toggle_lock(self, column: Column) -> None:
        desk, uids = self.desk, column.list.uids()
        if desk is not None and uids:
            placed = desk.placed.get(uids[0])
            is_locked = not (placed is not None and placed.is_locked)
            self._write(lambda store, version: lock(store, version, uids, is_locked=is_locked))

    @Slot(bool)
    def _change_lock(self, is_locked: bool) -> None:
        uid = self._uid
        if uid:
            self._write(lambda store, version: lock(store, version, [uid], is_locked=is_locked))

    @Slot(int)
    def _change_level(self, _row: int) -> None:
        desk, uid = self.desk, self._uid
        if desk is not None and uid:
            year, level = year_of(desk.placed.get(uid)), int(self.level.currentData())
            self._write(lambda store, version: move(store, version, [uid], year, {uid: level}))

    @Slot(str)
    def _choose(self, uid: str) -> None:
        self._uid, self._comparison = uid, ""
        self._tell_detail()

    def _go_to(self, uid: str) -> None:
        """Make a card the current one, wherever it is now."""
        for column in self.columns:
            column.list.blockSignals(True)
            if not column.list.choose(uid):
                column.list.clearSelection()
            column.list.blockSignals(False)

    def _tell_detail(self) -> None:
        desk = self.desk
        if desk is None:
            return
        known = self._uid in desk.question.everybody
        placed = desk.placed.get(self._uid)
        is_in = placed is not None and placed.is_in
        self.level.setEnabled(known and is_in and desk.is_open)
        self.is_locked.setEnabled(known and desk.is_open)
        self.is_locked.setChecked(placed is not None and placed.is_locked)
        if placed is not None and is_in:
            self.level.setCurrentIndex(max(0, self.level.findData(placed.level)))
        parts = [self._comparison] if self._comparison else []
        parts += [words.story(desk, self._uid, self.money)] if known else []
        if desk.shown is not None:
            parts.append(words.locked(desk.shown, desk.approved_by, desk.drifted))
        self.detail.setHtml("<hr>".join(filter(None, [*parts, words.result(desk)])))

    # --- versions ------------------------------------------------------------------------------------------------

    @Slot(int)
    def _choose_version(self, row: int) -> None:
        self.message.hide()
        self.show_version(str(self.version.itemData(row)))

    @Slot()
    def make_version(self) -> None:
        """Make a draft from what is shown."""
        name, is_sure = QInputDialog.getText(self, _("New version"), _("Name of the version"))
        if is_sure:
            self._write(
                lambda store, version: (
                    versions.new_version(store, name.strip(), version)
                    if version
                    else versions.from_ledger(store, name.strip())
                )
            )

    def _step(self, step: Callable[[Store, str], None]) -> None:
        """Submit, withdraw or approve the version that is shown."""

        def change(store: Store, version: str) -> str:
            step(store, version)
            return version

        self._write(change)

    @Slot()
    def compare_versions(self) -> None:
        """Ask for another version, and tell how it differs from the one that is shown."""
        desk = self.desk
        if desk is None or desk.shown is None:
            return
        others = [one for one in desk.versions if one.uid != desk.version]
        names = [f"{number}. {words.version_name(one)}" for number, one in enumerate(others, start=1)]
        name, is_sure = QInputDialog.getItem(self, _("Compare …"), _("Compare with"), names, 0, editable=False)
        if is_sure:
            self.compare_with(others[names.index(name)].uid)

    def compare_with(self, other: str) -> None:
        """Tell how the version that is shown differs from another one."""
        job = self._store_runner.start(lambda _c: (other, versions.placements(self._holder.store, other)), quick=True)
        job.succeeded.connect(self._tell_comparison)
        job.failed.connect(self.tell)

    @Slot(object)
    def _tell_comparison(self, result: object) -> None:
        desk = self.desk
        other, before = cast("tuple[str, dict[str, Placement]]", result)
        if desk is None or desk.shown is None:
            return
        found = compared(desk.question.problem, desk.question.everybody, before, desk.placed)
        names = {one.uid: words.version_name(one) for one in desk.versions}
        self._comparison = words.comparison(desk, found, names.get(other, ""), names[desk.version])
        self._tell_detail()

    # --- the optimiser -------------------------------------------------------------------------------------------

    @Slot()
    def find_best(self) -> None:
        """Find the best plan in the background; the locked choices of the version that is shown hold."""
        if self.desk is not None and not self.solver.is_running:
            self.message.hide()
            self._set_running(running=True)
            self.solver.start(self.desk.version)

    def _set_running(self, *, running: bool) -> None:
        self.best.setHidden(running)
        for widget in (self.progress, self.stop):
            widget.setVisible(running)
        self.progress.setRange(0, 0)

    @Slot(object)
    def _tell_progress(self, progress: object) -> None:
        now = cast("Progress", progress)
        self.progress.setRange(0, now.total or 0)
        self.progress.setValue(now.done)
        self.progress.setFormat(now.note)

    @Slot(object)
    def _tell_conflicts(self, sentences: object) -> None:
        lines = cast("Sequence[str]", sentences)
        self.tell_text("\n".join([_("No plan can meet all demands. These cannot hold together:"), *lines]))

    @Slot(object)
    def tell(self, error: Exception) -> None:
        """Tell what went wrong; what is shown stays as it is in the project."""
        if not isinstance(error, FieldSurveyError):
            raise error
        self.tell_text(str(error))

    def tell_text(self, text: str) -> None:
        """Show a sentence above the board."""
        self.message.setText(f"⚠ {text}")
        self.message.show()
