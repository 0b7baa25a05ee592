"""进度表 and 资金台账: the sheets beside the plan tables, with the numbers that the window draws, and a chart.

Source: domain page 4.4 (progress sheet), 1.6 (counters), 2.2 (governance).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from exports.plan_cells import put
from fieldsurvey.model.plan_tables import FUND_SOURCES, POOL_STATES
from fieldsurvey.plan.ledger import fund_lines
from fieldsurvey.plan.progress import CITY, COUNTERS, Indicator, Progress, Standing, progress

if TYPE_CHECKING:
    from fieldsurvey.store import Store

COUNTER_NAMES: Mapping[str, str] = {
    "pipes": "改造管网（km）", "lifts": "加装电梯（台）", "energy": "节能改造（㎡）", "bays": "新增停车位（个）",
    "ev": "汽车充电桩（个）", "ebike": "电动自行车充电口（口）", "care": "养老托育设施（处）",
    "leisure": "文体休闲场地（㎡）",
}  # fmt: skip
INDICATOR_NAMES: Mapping[str, str] = {
    "Party cover of property firms": "物业企业党组织覆盖率",
    "firms without members that have an instructor": "无党员物业企业派驻党建指导员",
    "owners' committee formed": "小区业委会组建完成率",
    "Party cover of owners' committees": "业委会党组织覆盖率",
    "property service cover": "物业服务覆盖率",
    "all five basic services": "基本“五有”服务到位",
    "households asked": "已调查户占比",
    "households that took part": "参与率",
    "of them in favour": "同意率",
}
_HEAD_ROW = 3
_RATE, _MONEY, _COUNT = "0.0%", "#,##0.00", "#,##0.###"


def add_progress(book: Any, store: "Store") -> None:  # noqa: ANN401 - openpyxl is untyped
    """Add the sheets of progress and of the money to the workbook of the plan.

    Raises:
        InputRefused: If a fund, a price or a parameter of the project makes no sense.
    """
    now = progress(store)
    if now.rows:
        _write_progress(book.create_sheet("进度"), now)
    _write_indicators(book.create_sheet("治理与意愿"), [*now.governance, *now.willingness])
    if funds := fund_lines(store):
        rows: list[list[Any]] = [
            [fund.year, fund.name, FUND_SOURCES.get(fund.source, (fund.source,))[0], fund.planned, fund.received,
             fund.committed, fund.paid]
            for fund in funds
        ]  # fmt: skip
        sums = [round(sum(row[column] for row in rows), 2) for column in range(3, 7)]
        heads = ["年度", "资金名称", "资金来源", "计划", "已到位", "已承诺", "已支付"]
        patterns = ["0", "", "", *[_MONEY] * 4]
        _write_table(
            book.create_sheet("资金台账"), "资金台账（万元）", heads, [*rows, ["合计", None, None, *sums]], patterns
        )


def _write_progress(sheet: Any, now: Progress) -> None:  # noqa: ANN401 - see above
    counted = [f"{name}{kind}" for name in COUNTER_NAMES.values() for kind in ("计划", "完成")]
    heads = [
        "区（县、市）", "小区数", "户数", *(zh for zh, _en in POOL_STATES.values()), "开工率", "完工率",
        "计划投资（万元）", "完成投资（万元）", "投资完成率", *counted,
    ]  # fmt: skip
    patterns = [
        "", "0", "0", *["0"] * len(POOL_STATES), _RATE, _RATE, _MONEY, _MONEY, _RATE, *[_COUNT] * len(counted),
    ]  # fmt: skip
    rows = [_progress_row(one) for one in (*now.standings[1:], now.standings[0])]
    paid = "" if not now.received_wan else f"；全市资金支付率 {now.paid_wan / now.received_wan:.1%}"
    _write_table(sheet, f"老旧小区改造进度表{paid}", heads, rows, patterns)
    _draw(sheet, heads, len(rows))


def _progress_row(one: Standing) -> list[Any]:
    counters = [value for name in COUNTERS for value in (one.planned.get(name, 0.0), one.done.get(name, 0.0))]
    return [
        "全市" if one.district == CITY else one.district, one.communities, one.households,
        *(one.states.get(state, 0) for state in POOL_STATES), _share(one.started, one.communities),
        _share(one.finished, one.communities), one.investment_wan, one.finished_wan,
        _share(one.finished_wan, one.investment_wan), *counters,
    ]  # fmt: skip


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _draw(sheet: Any, heads: Sequence[str], rows: int) -> None:  # noqa: ANN401 - see above
    """Draw the states of the project pool by district as stacked bars."""
    from openpyxl.chart import BarChart, Reference

    chart = BarChart()
    chart.type, chart.grouping, chart.overlap = "bar", "stacked", 100
    chart.title, chart.height, chart.width = "项目库状态（小区数）", 9, 20
    first = heads.index("储备") + 1
    last_district = _HEAD_ROW + rows - 1  # without the line of the whole city
    data = Reference(
        sheet, min_col=first, max_col=first + len(POOL_STATES) - 1, min_row=_HEAD_ROW, max_row=last_district
    )
    chart.add_data(data, titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=_HEAD_ROW + 1, max_row=last_district))
    sheet.add_chart(chart, f"A{_HEAD_ROW + rows + 3}")


def _write_indicators(sheet: Any, told: Sequence[Indicator]) -> None:  # noqa: ANN401 - see above
    rows = [[INDICATOR_NAMES[one.name], one.share, one.part, one.whole, one.missing] for one in told]
    heads = ["指标", "比例", "分子", "分母", "未调查小区数"]
    _write_table(sheet, "治理指标与居民意愿（仅汇总数，不含个人信息）", heads, rows, ["", "0.00%", "0", "0", "0"])


def _write_table(
    sheet: Any,  # noqa: ANN401 - see above
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[Any]],
    patterns: Sequence[str],
) -> None:
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    put(sheet, 1, 1, title, "title")
    sheet.cell(1, 1).alignment = Alignment(horizontal="left", vertical="center")
    for index, head in enumerate(heads, 1):
        put(sheet, _HEAD_ROW, index, head, "head")
        sheet.column_dimensions[get_column_letter(index)].width = max(9.0, 1.9 * min(len(head), 12))
    for number, row in enumerate(rows, _HEAD_ROW + 1):
        for index, (value, pattern) in enumerate(zip(row, patterns, strict=True), 1):
            put(sheet, number, index, value, "figure" if pattern else "text", pattern)
    sheet.row_dimensions[1].height, sheet.row_dimensions[_HEAD_ROW].height = 30, 34
    sheet.freeze_panes = sheet.cell(_HEAD_ROW + 1, 2)
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A3
