"""三年计划表: the three-year plan table of domain page 4.4 as a workbook to print and to go on with.

Filled in is what the project knows; the rest stays blank for the office.
Money is in 万元 (10,000 CNY), areas in square metres.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Value

if TYPE_CHECKING:
    from fieldsurvey.store import Store

Row = Mapping[str, Value]
TITLE = "老旧小区改造三年计划表"
NO_YEAR = "未定年度"
NO_DISTRICT = "未定区县"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t")  # what spreadsheet programs take for a formula


@dataclass(frozen=True, slots=True)
class PlanColumn:
    """One column.

    Attributes:
        title: Heading.
        width: Width in characters.
        source: Column of the community; empty: for the office to fill in.
        is_summed: True if subtotals and totals are made.
        pattern: Number format; empty for text.
        group: Heading above several columns.
    """

    title: str
    width: float
    source: str = ""
    is_summed: bool = False
    pattern: str = ""
    group: str = ""


_MONEY, _COUNT, _AREA = "#,##0.00", "#,##0", "#,##0"
_SOURCES = ("中央预算内", "中央财政", "省", "市", "区", "专项债", "专营单位", "社会资本", "居民")
COLUMNS: tuple[PlanColumn, ...] = (
    PlanColumn("序号", 5.5, pattern="0"),
    PlanColumn("年度", 7, "plan_year", pattern="0"),
    PlanColumn("项目名称", 22),
    PlanColumn("区（县、市）", 11, "district"),
    PlanColumn("街道", 12, "subdistrict"),
    PlanColumn("社区", 16, "neighbourhood"),
    PlanColumn("小区名称", 18, "name"),
    PlanColumn("片区", 8),
    PlanColumn("建成年份", 7, "built_year", pattern="0"),
    PlanColumn("栋数", 6.5, "building_count", is_summed=True, pattern=_COUNT),
    PlanColumn("户数", 8, "household_count", is_summed=True, pattern=_COUNT),
    PlanColumn("建筑面积（㎡）", 12, "gfa", is_summed=True, pattern=_AREA),
    PlanColumn("基础类", 8, group="改造内容"),
    PlanColumn("完善类", 8, group="改造内容"),
    PlanColumn("提升类", 8, group="改造内容"),
    PlanColumn("加装电梯（台）", 8, "lift_request", is_summed=True, pattern=_COUNT),
    PlanColumn("新增停车位", 8, is_summed=True, pattern=_COUNT),
    PlanColumn("养老托育设施", 9),
    PlanColumn("总投资（万元）", 12, "est_investment", is_summed=True, pattern=_MONEY),
    *(PlanColumn(name, 9, is_summed=True, pattern=_MONEY, group="其中：资金来源（万元）") for name in _SOURCES),
    PlanColumn("居民同意率", 8, pattern="0.0%"),
    PlanColumn("长效管理机制", 10),
    PlanColumn("开工时间", 10, pattern="yyyy-mm"),
    PlanColumn("完工时间", 10, pattern="yyyy-mm"),
    PlanColumn("储备状态", 8),
    PlanColumn("责任单位", 12),
    PlanColumn("备注", 14),
)
_HEAD_ROW, _UNIT_ROW = 3, 2
_FIRST_BODY_ROW = _HEAD_ROW + 2
_LABEL_COLUMN = 3  # subtotals say what they are in the column of the project's name


def plan_table(store: "Store", out_xlsx: Path, control: JobControl | None = None) -> None:
    """Write the three-year plan of the project, grouped by year and district, with subtotals and totals.

    Args:
        store: The project; read in this thread.
        out_xlsx: Where to write; replaced when the new file is whole.
        control: Progress and cancel.

    Raises:
        OSError: If the file cannot be written.
        JobCancelled: If the user stopped; nothing is written.
    """
    from openpyxl import Workbook

    control = control or JobControl()
    sources = [column.source for column in COLUMNS if column.source]
    rows = sorted(store.select("community", [*sources, "code"]), key=_order)
    book = Workbook()
    sheet = book.active
    sheet.title = "三年计划"
    _write_head(sheet)
    _write_body(sheet, rows, control)
    _set_up_page(sheet)
    partial = out_xlsx.with_name(f".{out_xlsx.name}.{os.getpid()}.part")
    try:
        book.save(partial)
        partial.replace(out_xlsx)
    finally:
        partial.unlink(missing_ok=True)


def _order(row: Row) -> tuple[bool, str, str, str]:
    """Return the sorting key: year (unknown last), district, code."""
    return row["plan_year"] is None, str(row["plan_year"] or ""), str(row["district"] or ""), str(row["code"] or "")


def _write_head(sheet: Any) -> None:  # noqa: ANN401 - openpyxl is untyped
    from openpyxl.utils import get_column_letter

    last = len(COLUMNS)
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=last)
    _put(sheet, 1, 1, TITLE, "title")
    sheet.merge_cells(start_row=_UNIT_ROW, end_row=_UNIT_ROW, start_column=1, end_column=last)
    _put(sheet, _UNIT_ROW, 1, "金额单位：万元；空白栏由有关单位填写", "note")
    for index, column in enumerate(COLUMNS, 1):
        sheet.column_dimensions[get_column_letter(index)].width = column.width
        for row in (_HEAD_ROW, _HEAD_ROW + 1):
            _put(sheet, row, index, "", "head")
    for group, members in groupby(enumerate(COLUMNS, 1), key=lambda pair: pair[1].group or pair[1].title):
        indexes = [index for index, _column in members]
        is_group = bool(COLUMNS[indexes[0] - 1].group)
        sheet.cell(_HEAD_ROW, indexes[0]).value = group
        if is_group:
            for index in indexes:
                sheet.cell(_HEAD_ROW + 1, index).value = COLUMNS[index - 1].title
        sheet.merge_cells(
            start_row=_HEAD_ROW,
            end_row=_HEAD_ROW if is_group else _HEAD_ROW + 1,
            start_column=indexes[0],
            end_column=indexes[-1],
        )


def _write_body(sheet: Any, rows: Sequence[Row], control: JobControl) -> None:  # noqa: ANN401 - see above
    at, number = _FIRST_BODY_ROW, 0
    for year, of_year in _grouped(rows, _year):
        for district, members in _grouped(of_year, lambda row: str(row["district"] or NO_DISTRICT)):
            for row in members:
                number += 1
                control.step(number - 1, len(rows), _("Plan table"))
                _write_row(sheet, at, number, row)
                at += 1
            _write_sum(sheet, at, f"{year}　{district}　小计", members)
            at += 1
        _write_sum(sheet, at, f"{year}　合计", of_year)
        at += 1
    _write_sum(sheet, at, "总计", rows)


def _year(row: Row) -> str:
    year = row["plan_year"]
    return f"{year}年" if isinstance(year, int) else NO_YEAR


def _grouped(rows: Sequence[Row], key: Callable[[Row], str]) -> Iterable[tuple[str, list[Row]]]:
    return ((name, list(members)) for name, members in groupby(rows, key=key))


def _write_row(sheet: Any, at: int, number: int, row: Row) -> None:  # noqa: ANN401 - see above
    for index, column in enumerate(COLUMNS, 1):
        value = number if index == 1 else row.get(column.source) if column.source else None
        if index == _LABEL_COLUMN:
            name = row["name"]
            value = f"{name}改造项目" if isinstance(name, str) else None
        _put(sheet, at, index, value, "figure" if column.pattern else "text", column.pattern)


def _write_sum(sheet: Any, at: int, label: str, rows: Sequence[Row]) -> None:  # noqa: ANN401 - see above
    """Write a line of sums as numbers: they must hold in any program that opens the file."""
    for index, column in enumerate(COLUMNS, 1):
        known = [row[column.source] for row in rows if column.source] if column.is_summed else []
        figures = [value for value in known if isinstance(value, int | float)]
        _put(sheet, at, index, round(sum(figures), 2) if figures else None, "sum", column.pattern)
    sheet.cell(at, _LABEL_COLUMN).value = label
    sheet.cell(at, _LABEL_COLUMN + 4).value = f"{len(rows)}个小区"


def _put(sheet: Any, row: int, column: int, value: Value, style: str, pattern: str = "") -> None:  # noqa: ANN401
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


def _set_up_page(sheet: Any) -> None:  # noqa: ANN401 - see above
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.freeze_panes = sheet.cell(_FIRST_BODY_ROW, _LABEL_COLUMN + 1)
    sheet.row_dimensions[1].height = 34
    sheet.row_dimensions[_HEAD_ROW].height = 20
    sheet.row_dimensions[_HEAD_ROW + 1].height = 32
    sheet.print_title_rows = f"{_HEAD_ROW}:{_HEAD_ROW + 1}"
    setup = sheet.page_setup
    setup.orientation, setup.paperSize = "landscape", sheet.PAPERSIZE_A3
    setup.fitToWidth, setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top, sheet.page_margins.bottom = 0.6, 0.6
    sheet.print_options.horizontalCentered = True
    sheet.oddFooter.center.text = "第 &P 页　共 &N 页"


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
