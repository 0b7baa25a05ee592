"""The estimate of every community: plan items, their prices, fees and reserve, beside benchmarks.

Money is in 万元 (10,000 CNY), prices in 元, areas in ㎡; every number that
leaves this module says which in its name. Source: domain page 4.3: amount =
quantity × price ÷ 10 000, rounded to 0.01 万元; fees and reserve as rates.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

from fieldsurvey.assess.parameters import parameters
from fieldsurvey.assess.records import Record, number, standing
from fieldsurvey.clock import today
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _, language
from fieldsurvey.model.plan_tables import CLASSES, PRICE
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store

_TABLE = Path(__file__).with_name("benchmarks.csv")
_CENT = Decimal("0.01")
_YUAN_PER_WAN = 10_000
_MOST_YUAN = 1e15  # no city has as much: a slip of the keyboard
_COLUMNS = ("item_code", "item_scope", "quantity", "unit", "unit_price", "reno_class", "fund_src", "plan_year")


@dataclass(frozen=True, slots=True)
class Line:
    """One plan item with its amount.

    Attributes:
        uid: The record it comes from.
        item_code: Code of the catalogue, such as B01.
        reno_class: base, improve or upgrade.
        fund_src: Code of FUND_SOURCES.
        quantity: In `unit`.
        unit: m, ㎡, 户 and so on.
        price_yuan: Price of one unit, 元.
        amount_wan: 万元.
        price_uid: Row of the price table; empty if the item has its own price.
        year: Plan year; None: not given.
        expired: Day until which the price was valid, as the table has it; empty: it still is, or no day is given.
    """

    uid: str
    item_code: str
    reno_class: str
    fund_src: str
    quantity: float
    unit: str
    price_yuan: float
    amount_wan: Decimal
    price_uid: str = ""
    year: int | None = None
    expired: str = ""


@dataclass(frozen=True, slots=True)
class _Price:
    """A row of the price table: its uid, 元, and the last day it holds ("": not given)."""

    uid: str
    yuan: float
    valid_until: str = ""


_Prices = Mapping[str, Mapping[str, list[_Price]]]  # by item code and unit, the newest base month last


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the works of one community cost.

    Attributes:
        lines: The plan items that can be priced.
        works_wan, fees_wan, reserve_wan: The three parts of an estimate, 万元.
        problems: What is wrong with the other items, one sentence each.
    """

    lines: tuple[Line, ...]
    works_wan: Decimal
    fees_wan: Decimal
    reserve_wan: Decimal
    problems: tuple[str, ...] = ()

    @property
    def total_wan(self) -> Decimal:
        """Works, fees and reserve, 万元."""
        return self.works_wan + self.fees_wan + self.reserve_wan

    @property
    def expired(self) -> tuple[Line, ...]:
        """The lines whose price is past its validity; they are in the totals."""
        return tuple(line for line in self.lines if line.expired)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is told of each expired price, one sentence each."""
        text = _("The price of plan item {item}, {price:,.2f} yuan, was valid until {day}; please enter a current one.")
        return tuple(text.format(item=line.item_code, price=line.price_yuan, day=line.expired) for line in self.expired)

    def per_household_wan(self, households: float) -> float | None:
        """Return 万元 per household; None without households."""
        return float(self.total_wan) / households if households > 0 else None

    def per_sqm_yuan(self, area_sqm: float) -> float | None:
        """Return 元 per ㎡ of floor area; None without area."""
        return float(self.total_wan) * _YUAN_PER_WAN / area_sqm if area_sqm > 0 else None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What others paid; None: not known.

    Attributes:
        id: Stable name.
        total_wan: 万元.
        per_household_wan: 万元 per household.
        per_sqm_yuan: 元 per ㎡.
        per_community_wan: 万元 per community.
        mark: V read in the issuing body's text, C computed from such.
        zh, en: What it is, in two languages.
    """

    id: str
    total_wan: float | None
    per_household_wan: float | None
    per_sqm_yuan: float | None
    per_community_wan: float | None
    mark: str
    zh: str
    en: str

    @property
    def label(self) -> str:
        """What it is, in the user's language."""
        return self.zh if language().startswith("zh") else self.en


@cache
def benchmarks() -> tuple[Benchmark, ...]:
    """Return the benchmarks. Source: domain page 4.3."""
    with _TABLE.open(encoding="utf-8", newline="") as source:
        return tuple(_benchmark(row) for row in csv.DictReader(source))


def _benchmark(row: Mapping[str, str]) -> Benchmark:
    total, household, sqm, community = (
        float(row[name]) if row[name] else None for name in ("total_wan", "per_household", "per_sqm", "per_community")
    )
    return Benchmark(row["id"], total, household, sqm, community, row["mark"], row["zh"], row["en"])


def compared(
    per_household_wan: float | None, per_sqm_yuan: float | None
) -> list[tuple[Benchmark, float | None, float | None]]:
    """Return, for every benchmark, how many times its cost per household and per ㎡ ours are; None: not known."""
    return [
        (one, _ratio(per_household_wan, one.per_household_wan), _ratio(per_sqm_yuan, one.per_sqm_yuan))
        for one in benchmarks()
    ]


def amount_wan(quantity: float, price_yuan: float) -> Decimal:
    """Return quantity × price, 万元, rounded half up to 0.01 as written in decimals."""
    exact = Decimal(str(quantity)) * Decimal(str(price_yuan)) / _YUAN_PER_WAN
    return exact.quantize(_CENT, ROUND_HALF_UP)


def estimate(lines: Iterable[Line], numbers: Mapping[str, float], problems: Iterable[str] = ()) -> Estimate:
    """Return the estimate of some works.

    Args:
        lines: The works.
        numbers: The parameters: cost.fees on the works, cost.reserve on works and fees.
        problems: What could not be priced.
    """
    items = tuple(lines)
    works = sum((line.amount_wan for line in items), Decimal("0.00"))
    fees = _rate(works, numbers["cost.fees"])
    return Estimate(items, works, fees, _rate(works + fees, numbers["cost.reserve"]), tuple(problems))


def estimates(store: Store, on: date | None = None) -> dict[str, Estimate]:
    """Return the estimate of every community that has plan items.

    An item without its own price takes the newest one of the price table with
    the same code and unit. What cannot be priced is a problem of its community
    and in no total. An item whose own price stands in the table is priced by
    that row: it expires with it.

    Args:
        store: The project.
        on: Day on which prices must be valid; None: today.

    Raises:
        InputRefused: If a row of the price table makes no sense.
    """
    numbers, prices, on = parameters(store), _prices(store), on or today()
    found = {}
    for community, rows in standing(store, "f23_plan_item", _COLUMNS).items():
        lines, problems = [], []
        for row in rows:
            try:
                lines.append(_line(row, prices, on))
            except InputRefused as refused:
                problems.append(str(refused))
        found[community] = estimate(lines, numbers, problems)
    return found


def _line(row: Record, prices: _Prices, on: date) -> Line:
    code, unit = str(row.get("item_code") or ""), str(row.get("unit") or "").strip()
    said = {"item": f"{code} {_text(row.get('item_scope'))}".strip() or "—", "unit": unit or "—"}
    quantity, price, price_uid = number(row.get("quantity")), number(row.get("unit_price")), ""
    if quantity is None or quantity <= 0:
        raise InputRefused(_("Plan item {item} has no quantity above 0; please enter it.").format(**said))
    if row.get("reno_class") not in CLASSES:
        raise InputRefused(_("Plan item {item} has no class of works; please choose one.").format(**said))
    offered = prices.get(code, {})
    used = [one for one in offered.get(unit, ()) if one.yuan == price]
    if price is None:
        if unit not in offered and offered:
            text = _("Plan item {item} is measured in {unit}, its price in {units}; please use one unit.")
            raise InputRefused(text.format(**said, units=_(", ").join(sorted(offered))))
        if unit not in offered:
            text = _("Plan item {item} has no price, and the price table has none in {unit}; please enter one.")
            raise InputRefused(text.format(**said))
        used = offered[unit][-1:]
        price_uid, price = used[0].uid, used[0].yuan
    if price < 0:
        text = _("Plan item {item} has a price of {price:,.10g} yuan; a price cannot be below 0, please correct it.")
        raise InputRefused(text.format(**said, price=price))
    if quantity * price > _MOST_YUAN:
        raise InputRefused(
            _("Plan item {item}: quantity times price is beyond reason; please correct it.").format(**said)
        )
    year = number(row.get("plan_year"))
    return Line(
        str(row["uid"]), code, str(row["reno_class"]), str(row.get("fund_src") or ""), quantity, unit, price,
        amount_wan(quantity, price), price_uid, None if year is None else int(year), _expired(used, on),
    )  # fmt: skip


def _expired(used: Iterable[_Price], on: date) -> str:
    """Return until when the price of an item was valid; empty if a row with that price still is."""
    days = [one.valid_until for one in used]
    if not days or any(not day or is_valid(day, on) for day in days):
        return ""
    return max(days)


def is_valid(valid_until: str, on: date) -> bool:
    """Say whether a price is valid on a day; what is no day is not."""
    try:
        return date.fromisoformat(valid_until[:10]) >= on
    except ValueError:
        return False


def _prices(store: Store) -> dict[str, dict[str, list[_Price]]]:
    """Return the prices by item code and unit, the newest base month last."""
    found: dict[str, dict[str, list[_Price]]] = {}
    if PRICE.name not in store.tables():
        return found
    rows = store.select(PRICE.name, ["item_code", "name", "unit", "unit_price", "base_month", "valid_until"])
    for row in sorted(rows, key=lambda row: str(row["base_month"] or "")):
        price, code = number(row["unit_price"]), str(row["item_code"] or "")
        if price is None or price < 0:
            text = _("The price table has no valid price for {item}: {price}; please enter one of 0 or more.")
            shown = "—" if price is None else f"{price:,.10g}"
            raise InputRefused(text.format(item=f"{code} {_text(row['name'])}".strip() or "—", price=shown))
        made = _Price(str(row["uid"]), price, str(row["valid_until"] or ""))
        found.setdefault(code, {}).setdefault(str(row["unit"] or "").strip(), []).append(made)
    return found


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _rate(amount: Decimal, rate: float) -> Decimal:
    return (amount * Decimal(str(rate))).quantize(_CENT, ROUND_HALF_UP)


def _ratio(value: float | None, reference: float | None) -> float | None:
    return value / reference if value is not None and reference else None
