"""The estimate of every community: plan items, their prices, fees and reserve, beside benchmarks.

Money is in 万元 (10,000 CNY), prices in 元, areas in ㎡; every number that
leaves this module says which in its name. Source: domain page 4.3: amount =
quantity × price ÷ 10 000, rounded to 0.01 万元; fees and reserve as rates.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

from fieldsurvey.assess.parameters import parameters
from fieldsurvey.assess.records import Record, number, standing
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


def estimates(store: Store) -> dict[str, Estimate]:
    """Return the estimate of every community that has plan items.

    An item without its own price takes the newest one of the price table with
    the same code and unit. What cannot be priced is a problem of its community
    and in no total.

    Raises:
        InputRefused: If a row of the price table makes no sense.
    """
    numbers, prices = parameters(store), _prices(store)
    found = {}
    for community, rows in standing(store, "f23_plan_item", _COLUMNS).items():
        lines, problems = [], []
        for row in rows:
            try:
                lines.append(_line(row, prices))
            except InputRefused as refused:
                problems.append(str(refused))
        found[community] = estimate(lines, numbers, problems)
    return found


def _line(row: Record, prices: Mapping[str, Mapping[str, tuple[str, float]]]) -> Line:
    code, unit = str(row.get("item_code") or ""), str(row.get("unit") or "").strip()
    said = {"item": f"{code} {_text(row.get('item_scope'))}".strip() or "—", "unit": unit or "—"}
    quantity, price, price_uid = number(row.get("quantity")), number(row.get("unit_price")), ""
    if quantity is None or quantity <= 0:
        raise InputRefused(_("Plan item {item} has no quantity above 0; please enter it.").format(**said))
    if row.get("reno_class") not in CLASSES:
        raise InputRefused(_("Plan item {item} has no class of works; please choose one.").format(**said))
    if price is None:
        offered = prices.get(code, {})
        if unit not in offered and offered:
            text = _("Plan item {item} is measured in {unit}, its price in {units}; please use one unit.")
            raise InputRefused(text.format(**said, units=", ".join(sorted(offered))))
        if unit not in offered:
            text = _("Plan item {item} has no price, and the price table has none in {unit}; please enter one.")
            raise InputRefused(text.format(**said))
        price_uid, price = offered[unit]
    if price < 0:
        text = _("Plan item {item} has a price of {price:g} yuan; a price cannot be below 0, please correct it.")
        raise InputRefused(text.format(**said, price=price))
    if quantity * price > _MOST_YUAN:
        raise InputRefused(
            _("Plan item {item}: quantity times price is beyond reason; please correct it.").format(**said)
        )
    year = number(row.get("plan_year"))
    return Line(
        str(row["uid"]), code, str(row["reno_class"]), str(row.get("fund_src") or ""), quantity, unit, price,
        amount_wan(quantity, price), price_uid, None if year is None else int(year),
    )  # fmt: skip


def _prices(store: Store) -> dict[str, dict[str, tuple[str, float]]]:
    """Return (row, price in 元) by item code and unit; the newest base month counts."""
    found: dict[str, dict[str, tuple[str, float]]] = {}
    if PRICE.name not in store.tables():
        return found
    rows = store.select(PRICE.name, ["item_code", "name", "unit", "unit_price", "base_month"])
    for row in sorted(rows, key=lambda row: str(row["base_month"] or "")):
        price, code = number(row["unit_price"]), str(row["item_code"] or "")
        if price is None or price < 0:
            text = _("The price table has no valid price for {item}: {price}; please enter one of 0 or more.")
            shown = "—" if price is None else f"{price:g}"
            raise InputRefused(text.format(item=f"{code} {_text(row['name'])}".strip() or "—", price=shown))
        found.setdefault(code, {})[str(row["unit"] or "").strip()] = (str(row["uid"]), price)
    return found


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _rate(amount: Decimal, rate: float) -> Decimal:
    return (amount * Decimal(str(rate))).quantize(_CENT, ROUND_HALF_UP)


def _ratio(value: float | None, reference: float | None) -> float | None:
    return value / reference if value is not None and reference else None
