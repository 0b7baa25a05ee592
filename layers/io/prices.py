"""Prices from a workbook: one row per item, recognised by the words of its heads; all of it or nothing."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.plan.numbers import PriceRow

# Column of the price table -> words that its head may contain; the first that fits counts.
_HEADS: Mapping[str, tuple[str, ...]] = {
    "item_code": ("代码", "编码", "item_code", "code"),
    "unit_price": ("单价", "价格", "unit_price", "price"),
    "unit": ("单位", "unit"),
    "name": ("项目", "名称", "name", "item"),
    "region": ("地区", "区域", "region"),
    "valid_until": ("有效", "valid"),
    "base_month": ("基准期", "月份", "期", "month"),
    "tax_basis": ("税", "tax"),
    "price_source": ("来源", "依据", "source"),
}
_NEEDED = ("item_code", "unit", "unit_price")
_WAN = re.compile("万元")
_LOOKED_AT = 20  # rows in which the head may be


def read_prices(path: Path) -> list[PriceRow]:
    """Return the prices of the first sheet of a workbook.

    Raises:
        InputRefused: Naming file and row, if it is no workbook, a head is missing, or a price is no number.
    """
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
        rows = [list(row) for row in book.active.iter_rows(values_only=True)]
        book.close()
    except (OSError, KeyError, ValueError, EOFError) as error:
        raise InputRefused(_("{file} is no workbook that can be read (.xlsx).").format(file=path.name)) from error
    except Exception as error:  # openpyxl lets errors of zip and XML through, each of its own kind
        if type(error).__module__.split(".")[0] not in {"zipfile", "openpyxl", "xml", "lxml"}:
            raise
        raise InputRefused(_("{file} is no workbook that can be read (.xlsx).").format(file=path.name)) from error
    at, heads = _head(path, rows)
    if any(_WAN.search(str(cell or "")) for cell in rows[at]):
        raise InputRefused(
            _("{file}: the prices are in 万元; prices are taken in 元, please convert them.").format(file=path.name)
        )
    found = [
        _row(path, number, row, heads)
        for number, row in enumerate(rows[at + 1 :], start=at + 2)
        if any(cell not in {None, ""} for cell in row)
    ]
    if not found:
        raise InputRefused(_("{file}: there is no price in it.").format(file=path.name))
    return found


def _head(path: Path, rows: Sequence[Sequence[Any]]) -> tuple[int, dict[str, int]]:
    best: tuple[int, dict[str, int]] = (0, {})
    for at, row in enumerate(rows[:_LOOKED_AT]):
        heads = _named(row)
        if len(heads) > len(best[1]):
            best = at, heads
    missing = [name for name in _NEEDED if name not in best[1]]
    if missing:
        text = _("{file}: the column {column} is missing; item code, unit and unit price are needed.")
        raise InputRefused(text.format(file=path.name, column=_HEADS[missing[0]][0]))
    return best


def _named(row: Sequence[Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    taken: set[int] = set()
    for name, words in _HEADS.items():
        for index, cell in enumerate(row):
            text = str(cell or "").strip().lower()
            if index not in taken and any(word in text for word in words):
                found[name] = index
                taken.add(index)
                break
    return found


def _row(path: Path, number: int, row: Sequence[Any], heads: Mapping[str, int]) -> PriceRow:
    texts = {name: _text(row[index]) if index < len(row) else "" for name, index in heads.items()}
    try:
        price = float(texts["unit_price"].replace(",", "").replace("，", ""))
    except ValueError as error:
        text = _("{file}, row {row}: “{text}” is no price.")
        raise InputRefused(text.format(file=path.name, row=number, text=texts["unit_price"] or "—")) from error
    if not texts["unit"]:
        raise InputRefused(_("{file}, row {row}: the unit is missing.").format(file=path.name, row=number))
    details = {name: text for name, text in texts.items() if name not in _NEEDED}
    return PriceRow(texts["item_code"].upper(), texts["unit"], price, details)


def _text(cell: object) -> str:
    if isinstance(cell, datetime | date):
        return cell.isoformat()[:10]
    return "" if cell is None else str(cell).strip()
