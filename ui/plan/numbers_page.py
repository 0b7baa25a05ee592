"""The numbers behind everything: parameters and prices; changed with a reason, all changes kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QInputDialog, QLineEdit, QListWidget, QVBoxLayout

from fieldsurvey.assess.cost import is_valid
from fieldsurvey.assess.items import items
from fieldsurvey.assess.parameters import parameters, shipped
from fieldsurvey.clock import today
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import N_, _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.plan_tables import PRICE
from fieldsurvey.model.schema import Value
from fieldsurvey.plan.numbers import (
    LimitRow,
    NumberEdit,
    change_limit,
    change_parameter,
    change_price,
    limits,
    parameter_log,
    price_log,
    take_prices,
)
from fieldsurvey.store import Store
from layers.io.prices import read_prices
from ui import shown
from ui.jobs import JobRunner
from ui.plan.page import Page
from ui.plan.tables import Head, RowsView
from ui.project.holder import StoreHolder
from ui.widgets import button, titled

_MARKS = {
    "V": N_("V, original text"),
    "S": N_("S, secondary source"),
    "C": N_("C, computed"),
    "P": N_("P, own proposal"),
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the page shows.

    Attributes:
        values: Parameters in force.
        prices: Rows of the price table.
        log: Changes of parameters and prices, newest first.
        limits: What can be carried out in each year.
    """

    values: Mapping[str, float]
    prices: Sequence[Mapping[str, Value]]
    log: Sequence[NumberEdit]
    limits: Sequence[LimitRow]


class NumbersPage(Page):
    """Parameters and prices as tables."""

    def __init__(self, runner: JobRunner, holder: StoreHolder) -> None:
        super().__init__("plan_numbers", runner, holder)
        self.numbers: Numbers | None = None
        self.kind, self.search = QComboBox(), QLineEdit()
        self.kind.setAccessibleName(_("Which numbers"))
        self.kind.addItem(_("Parameters: weights, gates, rates"), "parameters")
        self.kind.addItem(_("Unit prices"), "prices")
        self.kind.addItem(_("Yearly limits"), "limits")
        self.search.setPlaceholderText(_("Find a number"))
        self.search.setAccessibleName(_("Find a number"))
        self.parameters = RowsView(
            "parameter_table",
            _("Parameters: weights, gates, rates"),
            (
                Head(_("Name"), 0), Head(_("In force"), 100, "{:,.10g}"), Head(_("Unit"), 84),
                Head(_("As shipped"), 100, "{:,.10g}"),
                Head(_("At least"), 80, "{:,.10g}"), Head(_("At most"), 90, "{:,.10g}"), Head(_("Certainty"), 150),
            ),
        )  # fmt: skip
        self.prices = RowsView(
            "price_table",
            _("Unit prices"),
            (
                Head(_("Code"), 60), Head(_("Item"), 190), Head(_("Class"), 110), Head(_("Unit"), 60),
                Head(_("Price (yuan)"), 104, "{:,.2f}"), Head(_("Region"), 84), Head(_("Base month"), 90),
                Head(_("Valid until"), 110), Head(_("Source of the price"), 0),
            ),
        )  # fmt: skip
        self.limits = RowsView(
            "limit_table",
            _("Yearly limits"),
            (
                Head(_("Year"), 90), Head(_("Households at most"), 170, "{:,.0f}"),
                Head(_("Investment at most (10,000 yuan)"), 250, "{:,.2f}"), Head(_("Reason"), 0),
            ),
        )  # fmt: skip
        self._tables = {"parameters": self.parameters, "prices": self.prices, "limits": self.limits}
        self.log = QListWidget()
        self.log.setObjectName("number_log")
        self.log.setAccessibleName(_("Changes of the numbers"))
        self.log.setMaximumHeight(130)
        self._lay_out()
        self.kind.currentIndexChanged.connect(self._choose)
        for table in self._tables.values():
            self.search.textChanged.connect(table.narrow)
        self.limits.opened.connect(self._edit_limit)
        self.parameters.opened.connect(self._edit_parameter)
        self.prices.opened.connect(self._edit_price)
        self._choose()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        hint = titled(_("Press Enter on a row to change it; you will be asked for the reason."), "hint")
        self.take = button("price_import", _("Import prices (.xlsx) …"), self._choose_file)
        for widget, stretch in ((self.kind, 0), (self.search, 1), (hint, 1), (self.take, 0)):
            top.addWidget(widget, stretch)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.message)
        for table in self._tables.values():
            layout.addWidget(table, 1)
        layout.addWidget(titled(_("Changes of the numbers"), "heading"))
        layout.addWidget(self.log)

    @Slot()
    def _choose(self) -> None:
        for name, table in self._tables.items():
            table.setVisible(name == self.kind.currentData())

    def load(self, store: Store, _control: JobControl) -> object:
        """Read the numbers in force."""
        prices = store.select(PRICE.name) if PRICE.name in store.tables() else []
        log = sorted([*parameter_log(store), *price_log(store)], key=lambda edit: -edit.at_ms)
        return Numbers(parameters(store), prices, log, limits(store))

    def show_loaded(self, found: object) -> None:
        """Show them."""
        self.numbers = now = cast("Numbers", found)
        self.parameters.show_rows(
            [
                (key, [one.label, now.values[key], one.unit, one.value, one.low, one.high, _(_MARKS[one.mark])])
                for key, one in shipped().items()
            ]
        )
        self.prices.show_rows([(str(row["uid"]), _price_cells(row)) for row in now.prices])
        self.limits.show_rows(
            [(str(one.year), [str(one.year), one.households, one.investment_wan, one.note]) for one in now.limits]
        )
        self.log.clear()
        self.log.addItems([_told(edit) for edit in now.log] or [_("No number was changed in this project.")])

    @Slot(str)
    def _edit_parameter(self, key: str) -> None:
        now, one = cast("Numbers", self.numbers), shipped()[key]
        value, is_sure = QInputDialog.getDouble(
            self, _("Change a number"), f"{one.label} {one.unit}", now.values[key], one.low, one.high, 4
        )
        if is_sure:
            note, is_sure = QInputDialog.getText(self, _("Change a number"), _("Reason for the change"))
        if is_sure:
            self.write(lambda store: change_parameter(store, key, value, note))

    @Slot(str)
    def _edit_price(self, uid: str) -> None:
        row = next(row for row in cast("Numbers", self.numbers).prices if row["uid"] == uid)
        price = row["unit_price"]
        value, is_sure = QInputDialog.getDouble(
            self, _("Change a number"), " ".join(str(row[name] or "") for name in ("item_code", "name")),
            float(price) if isinstance(price, int | float) else 0.0, 0.0, 1e8, 2,
        )  # fmt: skip
        if is_sure:
            source, is_sure = QInputDialog.getText(self, _("Change a number"), _("Source of the price"))
        if is_sure:
            self.write(lambda store: change_price(store, uid, value, source))

    @Slot(str)
    def _edit_limit(self, key: str) -> None:
        """Ask for both limits of a year; 0 means none."""
        now = next(one for one in cast("Numbers", self.numbers).limits if str(one.year) == key)
        title = _("Limits of {year} (0: none)").format(year=key)
        homes, is_sure = QInputDialog.getInt(self, title, _("Households at most"), now.households or 0, 0, 10_000_000)
        if is_sure:
            label, known = _("Investment at most (10,000 yuan)"), now.investment_wan or 0.0
            money, is_sure = QInputDialog.getDouble(self, title, label, known, 0.0, 1e9, 2)
        if is_sure:
            note, is_sure = QInputDialog.getText(self, title, _("Reason for the change"))
        if is_sure:
            self.write(lambda store: change_limit(store, now.year, homes or None, money or None, note))

    @Slot()
    def _choose_file(self) -> None:
        name, _filter = QFileDialog.getOpenFileName(self, _("Import prices (.xlsx) …"), "", "Excel (*.xlsx)")
        if name:
            self.take_file(Path(name))

    def take_file(self, path: Path) -> None:
        """Take the prices of a workbook, all or none."""
        self.kind.setCurrentIndex(self.kind.findData("prices"))
        self.write(lambda store: _take(store, path))


def _take(store: Store, path: Path) -> int:
    if path.suffix.lower() != ".xlsx":
        raise InputRefused(_("{file} is no workbook that can be read (.xlsx).").format(file=path.name))
    return take_prices(store, read_prices(path), path.name)


def _price_cells(row: Mapping[str, Value]) -> list[str | float | int | None]:
    code, price = str(row["item_code"] or ""), row["unit_price"]
    item = items().get(code)
    until = str(row["valid_until"] or "")
    told = until if not until or is_valid(until, today()) else _("⚠ {day}, expired").format(day=until)
    texts = [str(row["region"] or ""), str(row["base_month"] or ""), told, str(row["price_source"] or "")]
    amount = price if isinstance(price, int | float) else None
    return [code, str(row["name"] or ""), item.label if item else "", str(row["unit"] or ""), amount, *texts]


def _told(edit: NumberEdit) -> str:
    at = shown.moment(edit.at_ms)
    old, new = ("—" if value is None else f"{value:.10g}" for value in (edit.old, edit.new))
    return f"{at}  {edit.actor}  {edit.what}  {old} → {new}  {edit.note}"
