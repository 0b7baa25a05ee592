"""三年计划表 and 年度计划表: the plan tables of domain page 4.4 as a workbook to print and to go on with.

They show the version of the plan that counts; without one, the plan years of
the ledger. What the project does not know stays blank for the office.
Money is in 万元 (10,000 CNY), areas in square metres.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exports.plan_cells import put
from exports.plan_progress import add_progress
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.plan_tables import POOL_STATES
from fieldsurvey.model.schema import Value
from fieldsurvey.plan.rows import PlanRow, plan_rows

if TYPE_CHECKING:
    from fieldsurvey.store import Store

Row = Mapping[str, Value]
TITLE = "老旧小区改造三年计划表"
NO_YEAR = "未定年度"
NO_DISTRICT = "未定区县"


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
_SOURCES = {
    "central_inv": "中央预算内", "central_fin": "中央财政", "prov": "省", "city": "市", "dist": "区", "bond": "专项债",
    "utility": "专营单位", "social": "社会资本", "resident": "居民", "other": "其他", "lacking": "待落实",
}  # fmt: skip
_YEAR_COLUMN, _STATE_COLUMN = PlanColumn("年度", 7, "year", pattern="0"), PlanColumn("储备状态", 8, "pool_state")
_CLUSTER = PlanColumn("片区", 8, "cluster")
COLUMNS: tuple[PlanColumn, ...] = (
    PlanColumn("序号", 5.5, pattern="0"),
    _YEAR_COLUMN,
    PlanColumn("项目名称", 22, "project"),
    PlanColumn("区（县、市）", 11, "district"),
    PlanColumn("街道", 12, "subdistrict"),
    PlanColumn("社区", 16, "neighbourhood"),
    PlanColumn("小区名称", 18, "name"),
    _CLUSTER,
    PlanColumn("建成年份", 7, "built_year", pattern="0"),
    PlanColumn("栋数", 6.5, "building_count", is_summed=True, pattern=_COUNT),
    PlanColumn("户数", 8, "household_count", is_summed=True, pattern=_COUNT),
    PlanColumn("建筑面积（㎡）", 12, "gfa", is_summed=True, pattern=_AREA),
    PlanColumn("基础类", 12, "base", group="改造内容"),
    PlanColumn("完善类", 12, "improve", group="改造内容"),
    PlanColumn("提升类", 12, "upgrade", group="改造内容"),
    PlanColumn("加装电梯（台）", 8, "lifts", is_summed=True, pattern=_COUNT),
    PlanColumn("新增停车位", 8, "bays", is_summed=True, pattern=_COUNT),
    PlanColumn("养老托育设施", 9, "care", is_summed=True, pattern=_COUNT),
    PlanColumn("总投资（万元）", 12, "total", is_summed=True, pattern=_MONEY),
    *(
        PlanColumn(title, 10, name, is_summed=True, pattern=_MONEY, group="其中：资金来源（万元）")
        for name, title in _SOURCES.items()
    ),
    PlanColumn("居民同意率", 8, "consent", pattern="0.0%"),
    PlanColumn("长效管理机制", 10, "longterm"),
    PlanColumn("开工时间", 11, "start"),
    PlanColumn("完工时间", 11, "finish"),
    _STATE_COLUMN,
    PlanColumn("责任单位", 12, "duty_unit"),
    PlanColumn("备注", 20, "reason"),
)
# The plan of one year lacks what only tells the years apart.
ANNUAL: tuple[PlanColumn, ...] = tuple(
    column for column in COLUMNS if column not in {_YEAR_COLUMN, _STATE_COLUMN, _CLUSTER}
)
_AGREED = {"yes": "已达成", "no": "未达成"}
_HEAD_ROW, _UNIT_ROW = 3, 2
_FIRST_BODY_ROW = _HEAD_ROW + 2
_LABEL = "项目名称"  # subtotals say what they are in the column of the project's name
_NAME = "小区名称"


def plan_table(store: "Store", out_xlsx: Path, control: JobControl | None = None) -> None:
    """Write the plan that counts: the three years on one sheet, a sheet for each year, progress and money.

    Both are grouped by district with subtotals and totals; the first by year
    before that. Sums are sums of the rounded rows, so they reconcile to 0.01 万元.

    Args:
        store: The project; read in this thread.
        out_xlsx: Where to write; replaced when the new file is whole.
        control: Progress and cancel.

    Raises:
        InputRefused: If a fund, a price or a parameter of the project makes no sense.
        OSError: If the file cannot be written.
        JobCancelled: If the user stopped; nothing is written.
    """
    from openpyxl import Workbook

    control = control or JobControl()
    rows = [_row(row) for row in plan_rows(store)]
    book = Workbook()
    sheet = book.active
    sheet.title = "三年计划"
    _write_sheet(sheet, TITLE, COLUMNS, rows, control)
    for year in sorted({row["year"] for row in rows if isinstance(row["year"], int)}):
        own = [row for row in rows if row["year"] == year]
        _write_sheet(book.create_sheet(f"{year}年度计划"), f"{year}年度老旧小区改造计划表", ANNUAL, own, control)
    add_progress(book, store)
    partial = out_xlsx.with_name(f".{out_xlsx.name}.{os.getpid()}.part")
    try:
        book.save(partial)
        partial.replace(out_xlsx)
    finally:
        partial.unlink(missing_ok=True)


def _row(row: PlanRow) -> Row:
    """Return a row by the names of the columns."""
    name = row.community["name"]
    project = row.project or (f"{name}改造项目" if isinstance(name, str) else None)
    own: dict[str, Value] = {
        **row.community,
        "year": row.year, "project": project, "cluster": row.community["neighbourhood"],
        "lifts": row.lifts, "bays": row.bays, "care": row.care,
        "total": None if row.total_wan is None else float(row.total_wan),
        "consent": row.consent, "longterm": _AGREED.get(row.longterm), "start": row.start or None,
        "finish": row.finish or None, "duty_unit": row.duty_unit or None,
        "reason": " ".join(filter(None, (row.reason, *dict.fromkeys(row.warnings)))) or None,
        "pool_state": POOL_STATES[row.pool_state][0] if row.pool_state else None,
    }  # fmt: skip
    works: dict[str, Value] = {name: "、".join(items) or "√" for name, items in row.works.items()}
    money: dict[str, Value] = {name: float(amount) for name, amount in row.sources_wan.items() if amount}
    return own | works | money


def _write_sheet(
    sheet: Any,  # noqa: ANN401 - openpyxl is untyped
    title: str,
    columns: Sequence[PlanColumn],
    rows: Sequence[Row],
    control: JobControl,
) -> None:
    _write_head(sheet, title, columns)
    _write_body(sheet, columns, rows, control)
    _set_up_page(sheet, columns)


def _index(columns: Sequence[PlanColumn], title: str) -> int:
    """Return the number of a column, from 1."""
    return next(number for number, column in enumerate(columns, 1) if column.title == title)


def _write_head(sheet: Any, title: str, columns: Sequence[PlanColumn]) -> None:  # noqa: ANN401 - openpyxl is untyped
    from openpyxl.utils import get_column_letter

    last = len(columns)
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=last)
    put(sheet, 1, 1, title, "title")
    sheet.merge_cells(start_row=_UNIT_ROW, end_row=_UNIT_ROW, start_column=1, end_column=last)
    put(sheet, _UNIT_ROW, 1, "金额单位：万元；空白栏由有关单位填写", "note")
    for index, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(index)].width = column.width
        for row in (_HEAD_ROW, _HEAD_ROW + 1):
            put(sheet, row, index, "", "head")
    for group, members in groupby(enumerate(columns, 1), key=lambda pair: pair[1].group or pair[1].title):
        indexes = [index for index, _column in members]
        is_group = bool(columns[indexes[0] - 1].group)
        sheet.cell(_HEAD_ROW, indexes[0]).value = group
        if is_group:
            for index in indexes:
                sheet.cell(_HEAD_ROW + 1, index).value = columns[index - 1].title
        sheet.merge_cells(
            start_row=_HEAD_ROW,
            end_row=_HEAD_ROW if is_group else _HEAD_ROW + 1,
            start_column=indexes[0],
            end_column=indexes[-1],
        )


def _write_body(
    sheet: Any,  # noqa: ANN401 - see above
    columns: Sequence[PlanColumn],
    rows: Sequence[Row],
    control: JobControl,
) -> None:
    at, number = _FIRST_BODY_ROW, 0
    for year, of_year in _grouped(rows, _year):
        for district, members in _grouped(of_year, lambda row: str(row["district"] or NO_DISTRICT)):
            for row in members:
                number += 1
                control.step(number - 1, len(rows), _("Plan table"))
                _write_row(sheet, columns, at, number, row)
                at += 1
            _write_sum(sheet, columns, at, f"{year}　{district}　小计", members)
            at += 1
        _write_sum(sheet, columns, at, f"{year}　合计", of_year)
        at += 1
    _write_sum(sheet, columns, at, "总计", rows)


def _year(row: Row) -> str:
    year = row["year"]
    return f"{year}年" if isinstance(year, int) else NO_YEAR


def _grouped(rows: Sequence[Row], key: Callable[[Row], str]) -> Iterable[tuple[str, list[Row]]]:
    return ((name, list(members)) for name, members in groupby(rows, key=key))


def _write_row(sheet: Any, columns: Sequence[PlanColumn], at: int, number: int, row: Row) -> None:  # noqa: ANN401
    for index, column in enumerate(columns, 1):
        value = number if index == 1 else row.get(column.source)
        put(sheet, at, index, value, "figure" if column.pattern else "text", column.pattern)


def _write_sum(sheet: Any, columns: Sequence[PlanColumn], at: int, label: str, rows: Sequence[Row]) -> None:  # noqa: ANN401
    """Write a line of sums as numbers: they must hold in any program that opens the file."""
    for index, column in enumerate(columns, 1):
        known = [row.get(column.source) for row in rows] if column.is_summed else []
        figures = [value for value in known if isinstance(value, int | float)]
        put(sheet, at, index, round(sum(figures), 2) if figures else None, "sum", column.pattern)
    sheet.cell(at, _index(columns, _LABEL)).value = label
    sheet.cell(at, _index(columns, _NAME)).value = f"{len(rows)}个小区"


def _set_up_page(sheet: Any, columns: Sequence[PlanColumn]) -> None:  # noqa: ANN401 - see above
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.freeze_panes = sheet.cell(_FIRST_BODY_ROW, _index(columns, _LABEL) + 1)
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
