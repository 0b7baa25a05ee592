"""What the office settles when a project begins: the years of the plan, and the price base."""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Value
from fieldsurvey.plan.days import checked_day
from fieldsurvey.plan.tables import install_tables
from fieldsurvey.store import Store

_COLUMNS = {"item_code", "name", "unit", "unit_price"}
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class PriceBase:
    """Where prices come from.

    Attributes:
        file: CSV with item_code, name, unit, unit_price, and price_source if there is one; None: no prices yet.
        region: Region they hold for.
        month: Month they are of, such as 2026-01; empty if that is not known.
    """

    file: Path | None = None
    region: str = ""
    month: str = ""


def begin_plan(store: Store, years: Iterable[int], prices: PriceBase) -> int:
    """Write the years of the plan and the prices, one durable step; return how many prices that is.

    Raises:
        InputRefused: If the file cannot be read, lacks a column, or a price is no number; nothing is written then.
    """
    rows = _read(prices) if prices.file is not None else []
    with store.transaction():
        install_tables(store)
        for year in years:
            store.create_record("plan_limit", {"year": year})
        for row in rows:
            store.create_record("price", row)
    return len(rows)


def _read(prices: PriceBase) -> list[Mapping[str, Value]]:
    file = prices.file
    if file is None:
        return []
    if prices.month and not _MONTH.fullmatch(prices.month):
        raise InputRefused(_("{month} is no month. Example: 2026-01.").format(month=prices.month))
    try:
        text = file.read_bytes()
    except OSError as error:
        raise InputRefused(_("{file} cannot be read: {why}.").format(file=file.name, why=error.strerror)) from error
    lines = _decoded(text).splitlines()
    reader = csv.DictReader(lines)
    if missing := _COLUMNS - set(reader.fieldnames or ()):
        told = _("{file} lacks the columns {columns}. The sample project has a file of prices to begin with.")
        raise InputRefused(told.format(file=file.name, columns="、".join(sorted(missing))))
    return [_price(prices, number, row) for number, row in enumerate(reader, 2)]


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def _price(prices: PriceBase, number: int, row: Mapping[str, str | None]) -> Mapping[str, Value]:
    text = (row["unit_price"] or "").strip()
    try:
        price = float(text)
    except ValueError:
        price = -1.0
    if not 0 <= price < 1e12 or not (row["item_code"] or "").strip():
        file = prices.file.name if prices.file else ""
        told = _("{file}, line {line}: “{value}” is no price. Correct the line and try again.")
        raise InputRefused(told.format(file=file, line=number, value=text))
    kept = ("item_code", "name", "unit", "tax_basis", "price_source", "valid_until")
    if until := (row.get("valid_until") or "").strip():
        checked_day(until)
    values: dict[str, Value] = {name: (row.get(name) or "").strip() or None for name in kept}
    return {**values, "unit_price": price, "region": prices.region or None, "base_month": prices.month or None}
