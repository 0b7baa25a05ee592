"""Cells of the plan workbook: one look for all its sheets."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from fieldsurvey.model.schema import Value

_FORMULA_STARTS = ("=", "+", "-", "@", "\t")  # what spreadsheet programs take for a formula


def put(sheet: Any, row: int, column: int, value: Value, style: str, pattern: str = "") -> None:  # noqa: ANN401
    """Write a cell in one of the styles of the plan tables; text never becomes a formula."""
    cell = sheet.cell(row, column)
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        cell.value, cell.data_type = value, "s"
        cell.quotePrefix = True
    else:
        cell.value = value
    font, alignment, fill, border = _styles()[style]
    cell.font, cell.alignment, cell.border = font, alignment, border
    if fill is not None:
        cell.fill = fill
    if pattern:
        cell.number_format = pattern


@cache
def _styles() -> Mapping[str, tuple[Any, Any, Any, Any]]:
    """Return font, alignment, fill and border by use."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    side = Side(style="thin", color="888888")
    grid = Border(left=side, right=side, top=side, bottom=side)
    middle = Alignment(horizontal="center", vertical="center", wrap_text=True)
    right = Alignment(horizontal="right", vertical="center")
    shade, light = PatternFill("solid", fgColor="E4EAF1"), PatternFill("solid", fgColor="F3F5F8")
    plain, bold = Font(name="宋体", size=10), Font(name="黑体", size=10, bold=True)
    return {
        "title": (Font(name="方正小标宋简体", size=20), middle, None, Border()),
        "note": (plain, right, None, Border()),
        "head": (bold, middle, shade, grid),
        "text": (plain, Alignment(vertical="center", wrap_text=True), None, grid),
        "figure": (plain, right, None, grid),
        "sum": (bold, right, light, grid),
    }
