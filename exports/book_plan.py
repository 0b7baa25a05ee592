"""The part of the book's summary on the plan's works, its money, governance and willingness. Only sums."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exports import plan_told as told
from exports.book_blocks import BarChart
from exports.plan_progress import INDICATOR_NAMES
from exports.plan_told import PlanFigures, Told
from exports.sheet.faces import HEI, SONG
from exports.sheet.page import TEXT_WIDTH, Block, Heading, PageBreak, Paragraph, Space
from exports.sheet.table import SHADE, Cell, Number, Table
from exports.sheet.typography import TextStyle
from fieldsurvey.errors import InputRefused

if TYPE_CHECKING:
    from fieldsurvey.plan.progress import Indicator
    from fieldsurvey.store import Store

_HEAD = TextStyle(HEI, 9, 12.6, align="centre")
_NAME, _SUM_NAME = TextStyle(SONG, 9, 12.6), TextStyle(HEI, 9, 12.6)
_FIGURE, _SUM = TextStyle(SONG, 9, 12.6, align="right"), TextStyle(HEI, 9, 12.6, align="right")
_NOTE = TextStyle(SONG, 8.6, 12.4, colour=(0.25, 0.25, 0.25), align="justify")
_FIRST = {3: 150.0, 4: 168.0}  # pt, the column that names a line, by the number of the others; others: _NARROW
_NARROW = 84.0


def plan_blocks(store: "Store") -> list[Block]:
    """Return the blocks that follow the summary by districts and years; none where there is nothing to tell."""
    try:
        found = told.figures_of(store)
    except InputRefused as error:
        return [PageBreak(), Heading("（四）计划实施"), Paragraph(f"未汇总：{error}", _NOTE)]
    parts = [_works(found), _money(found), _shares(found)]
    blocks: list[Block] = []
    for part in filter(None, parts):
        blocks += [PageBreak(), *part]
    return blocks


def _works(found: PlanFigures) -> list[Block]:
    if not found.now.rows:
        return []
    figures = "；".join(f"{name}{value}" for name, value in told.headline(found.now).items())
    return [
        Heading("（四）计划实施进度"),
        Paragraph(f"{figures}。", _NOTE),
        Space(4),
        *_table(told.states(found.now)),
        *_table(told.rates(found.now)),
        Heading("（五）住建部统计口径"),
        *_table(told.city_counters(found.now)),
    ]


def _money(found: PlanFigures) -> list[Block]:
    if not found.funds:
        return []
    charts = [BarChart(f"{year}资金（万元）", stages) for year, stages in told.by_year(found.funds).items()]
    return [
        Heading("（六）资金台账（万元）"),
        *_table(told.money(found.funds)),
        *(block for chart in charts for block in (chart, Space(8))),
    ]


def _shares(found: PlanFigures) -> list[Block]:
    blocks: list[Block] = []
    for title, known, note in (
        ("（七）治理指标", found.now.governance, told.GOVERNANCE),
        ("（八）居民意愿", found.now.willingness, told.PRIVATE),
    ):
        if any(one.whole for one in known):
            blocks += [Heading(title), *_table(told.indicators("", known, note)), _chart(known), Space(10)]
    return blocks


def _chart(known: "Sequence[Indicator]") -> BarChart:
    bars = [
        (INDICATOR_NAMES[one.name], 100 * (one.share or 0.0), told.share(one.part, one.whole))
        for one in known
        if one.share is not None
    ]
    return BarChart("比例（%）", bars)


def _table(one: Told) -> list[Block]:
    others = len(one.heads) - 1
    first = _FIRST.get(others, _NARROW)
    widths = (first, *[(TEXT_WIDTH - first) / others] * others)
    head = tuple(
        Cell(Paragraph(title.replace("（万元）", "\n（万元）"), _HEAD), header="Column", fill=SHADE)
        for title in one.heads
    )
    lines = [_line(cells, _NAME, _FIGURE, is_total=False) for cells in one.lines]
    total = [_line(one.total, _SUM_NAME, _SUM, is_total=True)] if one.total else []
    note: list[Block] = [Space(3), Paragraph(f"注：{one.note}", _NOTE)] if one.note else []
    return [Table(widths, (head, *lines, *total), head=1, min_height=20), *note, Space(10)]


def _line(cells: Sequence[str], name: TextStyle, figure: TextStyle, *, is_total: bool) -> tuple[Cell, ...]:
    fill = SHADE if is_total else None
    figures = (Cell(Number(text, figure), fill=fill, pad_x=3) for text in cells[1:])
    return Cell(Paragraph(cells[0], name), header="Row", fill=fill), *figures
