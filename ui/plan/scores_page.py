"""Scores on the screen: parts, completeness, how firm the rank is, gates with reasons, estimate with its records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import cast

from PySide6.QtCore import QUrl, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from fieldsurvey.assess.cost import Estimate, compared, estimates
from fieldsurvey.assess.gates import Gate, GateState, barred_by, gates
from fieldsurvey.assess.items import items
from fieldsurvey.assess.parameters import parameters, shipped
from fieldsurvey.assess.quantities import Quantity, enter, quantities
from fieldsurvey.assess.records import number
from fieldsurvey.assess.score import NEED_PARTS, READY_PARTS, Score, ranks, scores, sensitivity
from fieldsurvey.i18n import N_, _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from survey_forms.records import Subject
from ui import shown
from ui.fitting import Columns, Room
from ui.jobs import JobRunner
from ui.plan import words
from ui.plan.cards import need_colour
from ui.plan.charts import Bar, BarChart
from ui.plan.page import Page
from ui.plan.quantities import QuantitiesDialog
from ui.plan.tables import Head, RowsView
from ui.project.holder import StoreHolder
from ui.widgets import Reading, button, titled

_MARKS = {GateState.PASS: "✓", GateState.FAIL: "✕", GateState.UNKNOWN: "?"}
_ALL, _URGENT, _BARRED = "all", "urgent", "barred"
_FILTERS = ((_ALL, N_("all communities")), (_URGENT, N_("urgent list")), (_BARRED, N_("kept out by a gate")))
_FORM = "f23_plan_item"
_MOST_SWINGS = 4


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the page shows.

    Attributes:
        rows: Communities by uid.
        scores, ranks, gates, estimates: By uid.
        swings: By uid, how far the rank goes when each weight changes: (part, before, after).
        weights: The parameters in force.
    """

    rows: Mapping[str, Mapping[str, Value]]
    scores: Mapping[str, Score]
    ranks: Mapping[str, int]
    gates: Mapping[str, Sequence[Gate]]
    estimates: Mapping[str, Estimate]
    swings: Mapping[str, Sequence[tuple[str, int, int]]]
    weights: Mapping[str, float]


def read_sheet(store: Store) -> Sheet:
    """Read the scores with all that explains them. Runs in the store thread."""
    scored, numbers = scores(store), parameters(store)
    columns = ["code", "name", "district", "household_count", "gfa", "est_investment"]
    rows = {str(row["uid"]): row for row in store.select("community", columns, order="code")}
    swings: dict[str, list[tuple[str, int, int]]] = {}
    for swing in sensitivity(scored, numbers):
        for uid, (before, after) in swing.ranks.items():
            swings.setdefault(uid, []).append((swing.part, before, after))
    return Sheet(rows, scored, ranks(scored, numbers), gates(store), estimates(store), swings, numbers)


class ScoresPage(Page):
    """The scores of all communities, and all about one.

    Signals:
        record_wanted: (Subject) a record of an estimate is to be opened.
    """

    record_wanted = Signal(object)

    def __init__(self, runner: JobRunner, holder: StoreHolder) -> None:
        super().__init__("plan_scores", runner, holder)
        self.sheet: Sheet | None = None
        self.search, self.choice = QLineEdit(), QComboBox()
        self.search.setPlaceholderText(_("Find a community"))
        self.search.setAccessibleName(_("Find a community"))
        self.choice.setAccessibleName(_("Which communities"))
        for key, text in _FILTERS:
            self.choice.addItem(_(text), key)
        self.table = RowsView(
            "score_table",
            _("Scores"),
            (
                Head(_("Rank"), 56, "{:.0f}"), Head(_("Community"), 0), Head(_("District"), 84),
                Head(_("Priority"), 70, "{:.1f}"), Head(_("Need"), 62, "{:.1f}"), Head(_("Readiness"), 76, "{:.1f}"),
                Head(_("Answered"), 76, "{:.0%}"), Head(_("Firm to"), 78), Head(_("Gates"), 116),
            ),
        )  # fmt: skip
        self.parts = BarChart("score_parts", 150)
        self.detail = Reading()
        self.detail.setObjectName("score_detail")
        self.detail.setAccessibleName(_("All about the chosen community"))
        self.detail.setOpenLinks(False)
        self._lay_out()
        self.table.chosen.connect(self._show_one)
        self.choice.currentIndexChanged.connect(self._fill)
        self.search.textChanged.connect(self.table.narrow)
        self.detail.anchorClicked.connect(self._follow)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        hint = _(
            "Priority = need and readiness, by the weights of the numbers. “Firm to”: how far the rank goes at ±20 %."
        )
        for widget, stretch in ((self.search, 1), (self.choice, 0), (titled(hint, "hint"), 2)):
            top.addWidget(widget, stretch)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(Room(self.parts), 3)
        column.addWidget(self.detail, 2)
        self.measure = button("score_measure", _("Quantities from records and map …"), self.measure_chosen)
        column.addWidget(self.measure)
        both = Columns("score_columns", ((_("Communities"), self.table, 360), (_("Details"), side, 280)), (780, 460))
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.message)
        layout.addWidget(both, 1)

    def load(self, store: Store, _control: JobControl) -> object:
        """Read the scores."""
        return read_sheet(store)

    def show_loaded(self, found: object) -> None:
        """Show them."""
        self.sheet = cast("Sheet", found)
        self._fill()

    @Slot()
    def _fill(self) -> None:
        sheet = self.sheet
        if sheet is None:
            return
        wanted = str(self.choice.currentData())
        chosen = [uid for uid in sheet.rows if self._is_wanted(sheet, uid, wanted)]
        chosen.sort(key=lambda uid: (sheet.ranks.get(uid, len(sheet.rows) + 1), str(sheet.rows[uid]["code"])))
        self.table.show_rows([(uid, _cells(sheet, uid)) for uid in chosen])

    @staticmethod
    def _is_wanted(sheet: Sheet, uid: str, wanted: str) -> bool:
        if wanted == _URGENT:
            return bool(sheet.scores[uid].urgent)
        return wanted != _BARRED or barred_by(sheet.gates[uid]) is not None

    @Slot(str)
    def _show_one(self, uid: str) -> None:
        sheet = self.sheet
        if sheet is None:
            return
        score = sheet.scores[uid]
        self.parts.show_bars(_("Parts of the score (weight)"), [_bar(sheet, score, part) for part in _parts()], 100.0)
        self.detail.setHtml(_story(sheet, uid))

    @Slot()
    def measure_chosen(self) -> None:
        """Offer what records and map say of the chosen community as plan items."""
        uid = self.table.key()
        if self.sheet is None or not uid:
            return
        job = self._runner.start(self._holder.if_open(lambda store, _control: (uid, quantities(store, uid))))
        job.succeeded.connect(self._offer)
        job.failed.connect(self.tell)

    @Slot(object)
    def _offer(self, found: object) -> None:
        if found is None or self.sheet is None:
            return
        uid, measured = cast("tuple[str, list[Quantity]]", found)
        dialog = QuantitiesDialog(self, str(self.sheet.rows[uid]["name"] or ""), measured)
        dialog.chosen.connect(lambda ticked: self.write(lambda store: enter(store, uid, ticked)))
        dialog.open()

    @Slot(QUrl)
    def _follow(self, url: QUrl) -> None:
        uid, _sign, record = url.path().partition("/")
        self.record_wanted.emit(Subject(_FORM, uid, uid, record))


def _parts() -> tuple[str, ...]:
    return (*NEED_PARTS, *READY_PARTS)


def _bar(sheet: Sheet, score: Score, part: str) -> Bar:
    points, weight = score.parts.get(part), sheet.weights[f"weight.{part}"]
    text = _("not known") if points is None else f"{points:.0f}"
    colour = need_colour(points or 0.0).name() if part in NEED_PARTS else "#2E8B57"
    return Bar(part_name(part), points, f"{text}  × {weight:g}", colour)


def part_name(part: str) -> str:
    """Return a part of the score in words: the label of its weight without the word weight."""
    label = shipped()[f"weight.{part}"].label
    return label.removesuffix("权重").removeprefix("Weight of ").removeprefix("the ")


def _cells(sheet: Sheet, uid: str) -> list[str | float | None]:
    score, row = sheet.scores[uid], sheet.rows[uid]
    swings = [abs(after - before) for _part, before, after in sheet.swings.get(uid, ())]
    told = "".join(_MARKS[gate.state] for gate in sheet.gates[uid])
    return [
        sheet.ranks.get(uid), ("!! " if score.urgent else "") + str(row["name"]), str(row["district"] or ""),
        score.priority, score.need, score.readiness, score.completeness,
        f"±{max(swings, default=0)}" if uid in sheet.ranks else None, told,
    ]  # fmt: skip


def _story(sheet: Sheet, uid: str) -> str:
    row, score = sheet.rows[uid], sheet.scores[uid]
    lines = [f"<h3>{escape(str(row['name']))}</h3>"]
    lines += [f"<p>⚠ {escape(sentence)}</p>" for sentence in score.urgent]
    barred = barred_by(sheet.gates[uid])
    into = (
        _("It may enter a plan.") if barred is None else _("It may not enter a plan: {why}").format(why=barred.reason)
    )
    lines.append(f"<p><b>{escape(into)}</b></p>")
    told = [(f"{_MARKS[gate.state]} {gate.id} {gate.title}", gate.reason) for gate in sheet.gates[uid]]
    lines += [f"<p>{escape(head)}<br>{escape(reason)}</p>" for head, reason in told]
    swings = sorted(sheet.swings.get(uid, ()), key=lambda swing: -abs(swing[2] - swing[1]))[:_MOST_SWINGS]
    rows = [(part_name(part), f"{before} → {after}") for part, before, after in swings]
    lines.append(words.table(_("Rank when one weight changes by 20 %"), rows))
    return "".join([*lines, _estimate(sheet, uid)])


def _estimate(sheet: Sheet, uid: str) -> str:
    row, made = sheet.rows[uid], sheet.estimates.get(uid)
    households, area = number(row["household_count"]) or 0.0, number(row["gfa"]) or 0.0
    if made is None:
        total = number(row["est_investment"])
        title = _("Investment of the ledger; no plan items are entered")
        return words.table(
            title, [(_("Together"), "—" if total is None else words.wan(total)), *_beside(total, households, area)]
        )
    lines = [words.table(_("Estimate"), [
        (_("Works"), words.wan(made.works_wan)), (_("Other fees"), words.wan(made.fees_wan)),
        (_("Reserve"), words.wan(made.reserve_wan)), (_("Together"), words.wan(made.total_wan)),
        *_beside(float(made.total_wan), households, area),
    ])]  # fmt: skip
    for line in made.lines:
        item = items().get(line.item_code)
        name = f"{line.item_code} {item.label if item else ''}"
        quantity = shown.number(line.quantity, line.unit, digits=4)
        text = f"{quantity} × {shown.fixed(line.price_yuan, 2)} = {words.wan(line.amount_wan)}"
        lines.append(f"<p><a href='record:{uid}/{line.uid}'>{escape(name)}</a><br>{escape(text)}</p>")
    lines += [f"<p>⚠ {escape(sentence)}</p>" for sentence in (*made.problems, *made.warnings)]
    return "".join(lines)


def _beside(total: float | None, households: float, area: float) -> list[tuple[str, str]]:
    """Return cost per household and per m² beside the benchmarks."""
    per_household = total / households if total is not None and households else None
    per_sqm = total * 10_000 / area if total is not None and area else None
    home = _("{wan:.2f} ×10,000 yuan per household")
    metre = _("{yuan:,.0f} yuan per m²")
    rows = [
        (_("Per household"), "—" if per_household is None else home.format(wan=per_household)),
        (_("Per m²"), "—" if per_sqm is None else metre.format(yuan=per_sqm)),
    ]
    for one, times, times_sqm in compared(per_household, per_sqm):
        told = [f"{value:.0%}" for value in (times, times_sqm) if value is not None]
        if told:
            rows.append((one.label, " / ".join(told)))
    return rows
