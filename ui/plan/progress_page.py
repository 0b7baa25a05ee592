"""Money and progress: the ledger of the funds, states of the project pool, rates, counters, governance, the works."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QInputDialog,
    QScrollArea,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.assess.items import items
from fieldsurvey.clock import now_millis
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.plan_tables import CLASSES, FUND_SOURCES, POOL_STATES
from fieldsurvey.plan.ledger import KINDS, FundLine, enter, fund_lines
from fieldsurvey.plan.numbers import add_fund, change_fund
from fieldsurvey.plan.progress import CITY, COUNTERS, Indicator, Progress, Standing, progress
from fieldsurvey.plan.versions import set_pool_state, standing_version
from fieldsurvey.plan.works import Work, works
from fieldsurvey.store import Store
from ui import shown
from ui.jobs import JobRunner
from ui.plan import words
from ui.plan.charts import Bar, BarChart
from ui.plan.gantt import Gantt
from ui.plan.page import Page
from ui.plan.tables import Head, RowsView
from ui.project.holder import StoreHolder
from ui.widgets import button, titled

_MOST_WRONG = 3  # sentences about dates that are told above the works
_DATED = ("started", "finished", "accepted")
Found = tuple[Sequence[FundLine], Progress, Mapping[str, Sequence[Work]], str]


class ProgressPage(Page):
    """Money and progress of the version that counts."""

    def __init__(self, runner: JobRunner, holder: StoreHolder) -> None:
        super().__init__("plan_progress", runner, holder)
        self._funds: Mapping[str, FundLine] = {}
        self._progress: Progress | None = None
        self._version = ""
        self._make_tables()
        self.charts = [
            BarChart(f"progress_chart_{name}", 190) for name in ("states", "rates", "counters", "people", "homes")
        ]
        self.money_chart = BarChart("money_chart", 150)
        self.gantt = Gantt()
        self._works: list[tuple[int, str, Work]] = []  # year, name of the community, work
        self.year = QComboBox()
        self.year.setAccessibleName(_("Year"))
        self.year.currentIndexChanged.connect(self._show_works)
        self.district = QComboBox()
        self.district.setAccessibleName(_("District"))
        self.district.currentIndexChanged.connect(self._show_charts)
        tabs = QTabWidget()
        tabs.setObjectName("progress_tabs")
        tabs.addTab(self._money_side(), _("Money"))
        tabs.addTab(self._progress_side(), _("Progress"))
        tabs.addTab(self._works_side(), _("Works in time"))
        self.tabs = tabs
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addWidget(tabs, 1)

    def _make_tables(self) -> None:
        self.funds = RowsView(
            "fund_table",
            _("Funds"),
            (
                Head(_("Year"), 60), Head(_("Fund"), 0), Head(_("Source of the money"), 150), Head(_("Bound to"), 120),
                *(Head(_(text), 104, "{:,.2f}") for text in (_("Planned"), *map(_, KINDS.values()))),
            ),
        )  # fmt: skip
        self.states = RowsView(
            "pool_table",
            _("State in the project pool"),
            (
                Head(_("Year"), 60), Head(_("District"), 84), Head(_("Community"), 0), Head(_("State"), 70),
                Head(_("Started"), 100), Head(_("Finished"), 100),
            ),
        )  # fmt: skip
        self.states.opened.connect(self.change_state)
        self.funds.opened.connect(self.enter_money)

    def _money_side(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        line = QHBoxLayout()
        hint = titled(_("10,000 yuan. Press Enter on a fund to enter what was received, committed or paid."), "hint")
        line.addWidget(hint, 1)
        line.addWidget(button("fund_add", _("New fund …"), self.add_money))
        line.addWidget(button("fund_change", _("Change the amount …"), self.change_money))
        line.addWidget(button("fund_enter", _("Enter money …"), self.enter_money))
        column.addLayout(line)
        column.addWidget(self.money_chart)
        column.addWidget(self.funds, 1)
        return side

    def _progress_side(self) -> QWidget:
        left, right = QWidget(), QWidget()
        column = QVBoxLayout(left)
        line = QHBoxLayout()
        line.addWidget(titled(_("Press Enter on a community to say how far it is."), "hint"), 1)
        line.addWidget(button("pool_change", _("Change the state …"), self.change_state))
        column.addLayout(line)
        column.addWidget(self.states, 1)
        charts = QVBoxLayout(right)
        charts.addWidget(self.district)
        for chart in self.charts:
            charts.addWidget(chart)
        charts.addStretch(1)
        both = QSplitter(Qt.Orientation.Horizontal)
        both.addWidget(left)
        both.addWidget(_scrolled(right))
        both.setSizes([600, 620])
        return both

    def _works_side(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        text = _("Dotted: below the ground; green: closes the surface; blue: other works; ⚠: order or dates are wrong.")
        line = QHBoxLayout()
        line.addWidget(titled(text, "hint"), 1)
        line.addWidget(self.year)
        column.addLayout(line)
        self.wrong = titled("", "error")
        column.addWidget(self.wrong)
        column.addWidget(_scrolled(self.gantt), 1)
        return side

    # --- reading -------------------------------------------------------------------------------------------------

    def load(self, store: Store, _control: JobControl) -> object:
        """Read money, progress and works."""
        version = standing_version(store)
        return fund_lines(store), progress(store), works(store), version.uid if version is not None else ""

    def show_loaded(self, found: object) -> None:
        """Show them."""
        funds, now, dated, self._version = cast("Found", found)
        self._funds, self._progress = {fund.uid: fund for fund in funds}, now
        self.funds.show_rows([(fund.uid, _fund_cells(fund)) for fund in funds])
        self.states.show_rows(
            [
                (row.uid, [
                    str(row.year), str(row.community["district"] or ""), str(row.community["name"] or ""),
                    words.in_language(POOL_STATES[row.pool_state or "reserve"]), row.start, row.finish,
                ])
                for row in now.rows
            ]
        )  # fmt: skip
        self.money_chart.show_bars(_("Received, committed and paid (10,000 yuan)"), _money_bars(funds))
        self._list_works(now, dated)
        self._list_districts(now)
        self._show_charts()

    def _list_works(self, now: Progress, dated: Mapping[str, Sequence[Work]]) -> None:
        """Take the works of the communities in the plan, by year and community, and offer their years."""
        self._works = [
            (row.year or 0, str(row.community["name"] or ""), work)
            for row in now.rows
            for work in dated.get(row.uid, ())
        ]
        chosen = self.year.currentData()
        self.year.blockSignals(True)
        self.year.clear()
        self.year.addItem(_("All years"), None)
        for year in sorted({year for year, _name, _work in self._works}):
            self.year.addItem(str(year), year)
        self.year.setCurrentIndex(max(0, self.year.findData(chosen)))
        self.year.blockSignals(False)
        self._show_works()

    @Slot()
    def _show_works(self) -> None:
        chosen = self.year.currentData()
        shown = [(name, work) for year, name, work in self._works if chosen in {None, year}]
        self.gantt.show_works(shown)
        wrong = [f"{name} {work.code}：{work.problem}" for name, work in shown if work.problem]
        self.wrong.setText("\n".join(f"⚠ {text}" for text in wrong[:_MOST_WRONG]))
        self.wrong.setVisible(bool(wrong))

    def _list_districts(self, now: Progress) -> None:
        chosen = self.district.currentData()
        self.district.blockSignals(True)
        self.district.clear()
        for one in now.standings:
            self.district.addItem(_("Whole city") if one.district == CITY else one.district, one.district)
        self.district.setCurrentIndex(max(0, self.district.findData(chosen)))
        self.district.blockSignals(False)

    @Slot()
    def _show_charts(self) -> None:
        now, at = self._progress, self.district.currentIndex()
        if now is None or at < 0:
            return
        one = now.standings[at]
        states, rates, counters, people, homes = self.charts
        whole = float(max(1, one.communities))
        bars = [
            Bar(words.in_language(name), float(one.states.get(state, 0)), f"{one.states.get(state, 0)}")
            for state, name in POOL_STATES.items()
        ]
        states.show_bars(_("Project pool (communities)"), bars, whole)
        rates.show_bars(_("Rates"), _rates(one, now), 1.0)
        counters.show_bars(_("Counters: finished of planned"), [_counter(one, name) for name in COUNTERS], 1.0)
        title = _("Governance (whole city; {n} communities not surveyed)").format(n=now.governance[0].missing)
        people.show_bars(title, [_indicator(each) for each in now.governance], 1.0)
        title = _("Residents (whole city; {n} communities not asked)").format(n=now.willingness[0].missing)
        homes.show_bars(title, [_indicator(each) for each in now.willingness], 1.0)

    # --- writing -------------------------------------------------------------------------------------------------

    @Slot()
    def enter_money(self, _key: str = "") -> None:
        """Ask what was received, committed or paid of the chosen fund, and enter it."""
        fund = self._funds.get(self.funds.key())
        if fund is None:
            return
        kinds = {_(text): kind for kind, text in KINDS.items()}
        title = f"{fund.year or ''} {fund.name}"
        kind, is_sure = QInputDialog.getItem(self, title, _("What happened"), list(kinds), 0, editable=False)
        if is_sure:
            amount, is_sure = QInputDialog.getDouble(self, title, _("Amount (10,000 yuan)"), 0.0, 0.0, 1e9, 2)
        if is_sure:
            day, is_sure = QInputDialog.getText(self, title, _("Day"), text=_today())
        if is_sure:
            self.write(lambda store: enter(store, fund.uid, kinds[kind], amount, day))

    @Slot()
    def change_money(self) -> None:
        """Ask how much the chosen fund is to bring, and why."""
        fund = self._funds.get(self.funds.key())
        if fund is None:
            return
        title, label = f"{fund.year or ''} {fund.name}", _("Amount (10,000 yuan)")
        amount, is_sure = QInputDialog.getDouble(self, title, label, fund.planned, 0.0, 1e9, 2)
        if is_sure:
            note, is_sure = QInputDialog.getText(self, title, _("Reason for the change"))
        if is_sure:
            self.write(lambda store: change_fund(store, fund.uid, amount, note))

    @Slot()
    def add_money(self) -> None:
        """Ask for a new fund: name, source, year, amount."""
        title, year = _("New fund …"), int(_today()[:4])
        sources = {words.in_language(pair): source for source, pair in FUND_SOURCES.items()}
        name, is_sure = QInputDialog.getText(self, title, _("Name"))
        if is_sure:
            word, is_sure = QInputDialog.getItem(
                self, title, _("Source of the money"), list(sources), 0, editable=False
            )
        if is_sure:
            year, is_sure = QInputDialog.getInt(self, title, _("Year"), year, 2000, 2100)
        if is_sure:
            amount, is_sure = QInputDialog.getDouble(self, title, _("Amount (10,000 yuan)"), 0.0, 0.0, 1e9, 2)
        if is_sure:
            self.write(lambda store: add_fund(store, name, sources[word], year, amount))

    @Slot()
    def change_state(self, _key: str = "") -> None:
        """Ask how far the works of the chosen community are, and keep it."""
        uid, version = self.states.key(), self._version
        if not uid or not version:
            self.message.setText("⚠ " + _("Make a version of the plan on the board first."))
            self.message.show()
            return
        choices = {words.in_language(name): state for state, name in POOL_STATES.items()}
        title, day = _("Change the state …"), ""
        word, is_sure = QInputDialog.getItem(self, title, _("State"), list(choices), 0, editable=False)
        if is_sure and choices[word] in _DATED:
            day, is_sure = QInputDialog.getText(self, title, _("Day"), text=_today())
        if is_sure:
            self.write(lambda store: set_pool_state(store, version, uid, choices[word], day))


def _scrolled(inner: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(inner)
    return area


def _today() -> str:
    return datetime.fromtimestamp(now_millis() / 1000, UTC).astimezone().date().isoformat()


def _fund_cells(fund: FundLine) -> list[str | float | int | None]:
    source = words.in_language(FUND_SOURCES[fund.source]) if fund.source in FUND_SOURCES else fund.source
    bound = _(", ").join(_bound(word) for word in fund.purpose.split())
    sums = [fund.planned, fund.received, fund.committed, fund.paid]
    return ["" if fund.year is None else str(fund.year), fund.name, source, bound, *sums]


def _bound(word: str) -> str:
    """Return a class, an item or a district in words."""
    if word in CLASSES:
        return words.in_language(CLASSES[word])
    return f"{word} {items()[word].label}" if word in items() else word


def _money_bars(funds: Sequence[FundLine]) -> list[Bar]:
    planned = sum(fund.planned for fund in funds)
    sums = (
        (_("Planned"), planned, "#6A6259"),
        (_("received"), sum(fund.received for fund in funds), "#2C7BB6"),
        (_("committed"), sum(fund.committed for fund in funds), "#C79A1B"),
        (_("paid"), sum(fund.paid for fund in funds), "#2E8B57"),
    )
    return [Bar(name, amount, shown.fixed(amount, 2), colour) for name, amount, colour in sums]


def _rates(one: Standing, now: Progress) -> list[Bar]:
    """Return the four rates of domain page 4.4; the payments are those of the whole city."""
    whole, money = one.communities, one.investment_wan
    pairs = (
        (_("started"), one.started, whole),
        (_("finished"), one.finished, whole),
        (_("investment finished"), one.finished_wan, money),
        (_("paid of received (city)"), now.paid_wan, now.received_wan),
    )
    return [
        Bar(name, part / of if of else None, f"{part / of:.1%}" if of else _("not known")) for name, part, of in pairs
    ]


def _counter(one: Standing, name: str) -> Bar:
    text, unit, _codes, _units, _factor = COUNTERS[name]
    planned, done = one.planned.get(name, 0.0), one.done.get(name, 0.0)
    return Bar(_(text), done / planned if planned else None, f"{shown.number(done)} / {shown.number(planned, unit)}")


def _indicator(one: Indicator) -> Bar:
    told = _("not known") if one.share is None else f"{one.share:.2%}"
    return Bar(_(one.name), one.share, f"{told} ({one.part}/{one.whole})")
