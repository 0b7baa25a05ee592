"""The summary of the plan book: tables by district and by year with totals, a chart, the list of communities.

Money is in 万元 (10,000 CNY), areas in square metres. A figure that no ledger
entry knows is a dash, not a nought; how many communities lack it stands below.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from exports.book_blocks import BarChart
from exports.plan import NO_DISTRICT, NO_YEAR
from exports.sheet.faces import HEI, SONG
from exports.sheet.page import TEXT_WIDTH, Block, Heading, PageBreak, Paragraph, Space
from exports.sheet.profile import text_of
from exports.sheet.table import SHADE, Cell, Number, Table
from exports.sheet.typography import TextStyle
from fieldsurvey.model.districts import district_code
from fieldsurvey.model.schema import Value

Row = Mapping[str, Value]
_HEAD = TextStyle(HEI, 9.5, 13.2, align="centre")
_NAME = TextStyle(SONG, 9.5, 13.2)
_CENTRE = TextStyle(SONG, 9.5, 13.2, align="centre")
_FIGURE = TextStyle(SONG, 9.5, 13.2, align="right")
_SUM_NAME = TextStyle(HEI, 9.5, 13.2)
_SUM = TextStyle(HEI, 9.5, 13.2, align="right")
_NOTE = TextStyle(SONG, 8.6, 12.4, colour=(0.25, 0.25, 0.25), align="justify")
UNKNOWN = "—"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of the ledger that is summed.

    Attributes:
        title: Head of its column.
        column: Column of the community.
        decimals: Decimal places printed.
    """

    title: str
    column: str
    decimals: int = 0

    @property
    def name(self) -> str:
        """Title without unit."""
        return self.title.partition("\n")[0]

    def total(self, rows: Sequence[Row]) -> float | None:
        """Return the sum of what is known; None if nothing is."""
        known = [value for row in rows if isinstance(value := row.get(self.column), int | float)]
        return sum(known) if known else None

    def printed(self, value: float | None) -> str:
        """Return a figure with separators."""
        return UNKNOWN if value is None else f"{value:,.{self.decimals}f}"


INVESTMENT = Measure("总投资\n（万元）", "est_investment", 2)
MEASURES = (
    Measure("楼栋数", "building_count"),
    Measure("户数", "household_count"),
    Measure("建筑面积\n（㎡）", "gfa"),
    Measure("加装电梯\n（台）", "lift_request"),
    INVESTMENT,
)
COLUMNS = ("code", "name", "district", "subdistrict", "plan_year", *(measure.column for measure in MEASURES))


def district_of(row: Row) -> str:
    """Return the district as printed."""
    return text_of(row["district"]) or NO_DISTRICT


def year_of(row: Row) -> str:
    """Return the plan year as printed."""
    return f"{row['plan_year']}年" if isinstance(row["plan_year"], int) else NO_YEAR


def grouped(rows: Sequence[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    """Return rows by key: districts by their code, then other keys by text, what is undecided last."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return dict(sorted(found.items(), key=lambda pair: _rank(pair[0])))


def _rank(key: str) -> tuple[bool, str, str]:
    return key in {NO_DISTRICT, NO_YEAR}, district_code(key), key


def summary(rows: Sequence[Row]) -> list[Block]:
    """Return the blocks of the summary chapter; no rows, no tables."""
    if not rows:
        return [Paragraph("项目中没有小区。", _NOTE)]
    by_district, by_year = grouped(rows, district_of), grouped(rows, year_of)
    return [
        Heading("（一）按区县汇总"),
        sums_table("区（县、市）", by_district, rows),
        Space(10),
        Heading("（二）按年度汇总"),
        sums_table("年度", by_year, rows),
        Space(10),
        *_chart("图1　各区县改造总投资（万元）", by_district),
        PageBreak(),
        Heading("（三）各区县分年度小区数和总投资（万元）"),
        cross_table(rows),
        Space(10),
        *_chart("图2　各年度改造总投资（万元）", by_year),
        Paragraph(_lacking(rows), _NOTE),
    ]


def _chart(title: str, groups: Mapping[str, Sequence[Row]]) -> list[Block]:
    totals = [(name, INVESTMENT.total(rows)) for name, rows in groups.items()]
    bars = [(name, total, INVESTMENT.printed(total)) for name, total in totals if total is not None]
    return [BarChart(title, bars), Space(10)] if bars else []


def _lacking(rows: Sequence[Row]) -> str:
    counts = [(measure.name, sum(row.get(measure.column) is None for row in rows)) for measure in MEASURES]
    told = "；".join(f"{title}未登记的小区{count}个" for title, count in counts if count)
    text = "注：数据取自小区台账，按已登记的数字求和，“—”表示均未登记。"
    return text + (f"其中：{told}。" if told else "")


def sums_table(first: str, groups: Mapping[str, Sequence[Row]], every: Sequence[Row]) -> Table:
    """Return a table with one line for each group and a total."""
    fixed = (86.0, 52.0, 52.0, 56.0, 74.0, 58.0)
    widths = (*fixed, TEXT_WIDTH - sum(fixed))
    head = _heads([first, "小区数", *(measure.title for measure in MEASURES)])
    body = [_sums(name, rows, _NAME, _FIGURE) for name, rows in groups.items()]
    return Table(widths, (head, *body, _sums("合计", every, _SUM_NAME, _SUM, is_total=True)), head=1, min_height=21)


def _heads(titles: Iterable[str]) -> tuple[Cell, ...]:
    return tuple(Cell(Paragraph(title, _HEAD), header="Column", fill=SHADE, pad_x=1.5) for title in titles)


def _sums(
    name: str, rows: Sequence[Row], name_style: TextStyle, figure: TextStyle, *, is_total: bool = False
) -> tuple[Cell, ...]:
    fill = SHADE if is_total else None
    texts = [f"{len(rows):,}", *(measure.printed(measure.total(rows)) for measure in MEASURES)]
    return (
        Cell(Paragraph(name, name_style), header="Row", fill=fill),
        *(Cell(Number(text, figure), fill=fill) for text in texts),
    )


def cross_table(rows: Sequence[Row]) -> Table:
    """Return districts by years: number of communities and money in one cell each, with totals both ways."""
    years = [*grouped(rows, year_of)]
    name_width = 86.0
    column = (TEXT_WIDTH - name_width) / (len(years) + 1)
    head = _heads(["区（县、市）", *years, "合计"])
    body = [_cross_row(name, members, years, _FIGURE) for name, members in grouped(rows, district_of).items()]
    total = _cross_row("合计", rows, years, _SUM)
    return Table((name_width, *[column] * (len(years) + 1)), (head, *body, total), head=1, min_height=32)


def _cross_row(name: str, rows: Sequence[Row], years: Sequence[str], style: TextStyle) -> tuple[Cell, ...]:
    by_year = grouped(rows, year_of)
    cells = [Cell(_pair(by_year.get(year, []), style)) for year in years]
    title = _SUM_NAME if style is _SUM else _NAME
    return Cell(Paragraph(name, title), header="Row"), *cells, Cell(_pair(rows, _SUM))


def _pair(rows: Sequence[Row], style: TextStyle) -> Block:
    if not rows:
        return Number(UNKNOWN, style)
    return Paragraph(f"{len(rows)}个\n{INVESTMENT.printed(INVESTMENT.total(rows))}", style)


def chapter_table(rows: Sequence[Row], first_pages: Mapping[str, int]) -> Table:
    """Return the list of a district's communities with year, households, money and page of the book.

    Args:
        rows: Communities in order.
        first_pages: Page by uid.
    """
    widths = (28.0, 66.0, 0.0, 56.0, 48.0, 66.0, 36.0)
    widths = (*widths[:2], TEXT_WIDTH - sum(widths), *widths[3:])
    head = _heads(["序号", "小区编码", "小区名称", "计划年度", "户数", "投资（万元）", "页码"])
    households = next(measure for measure in MEASURES if measure.column == "household_count")
    body = [
        (
            Cell(Number(str(number), _CENTRE), pad_x=2),
            Cell(Number(text_of(row["code"]) or UNKNOWN, _CENTRE), pad_x=2),
            Cell(Paragraph(text_of(row["name"]) or UNKNOWN, _NAME), header="Row"),
            Cell(Number(year_of(row), _CENTRE), pad_x=2),
            Cell(Number(households.printed(households.total([row])), _FIGURE)),
            Cell(Number(INVESTMENT.printed(INVESTMENT.total([row])), _FIGURE)),
            Cell(Number(str(first_pages.get(str(row["uid"]), 0)), _CENTRE), pad_x=2),
        )
        for number, row in enumerate(rows, 1)
    ]
    total: tuple[Cell | None, ...] = (
        Cell(Paragraph("小计", _SUM_NAME), columns=3, header="Row", fill=SHADE),
        None,
        None,
        Cell(Number(f"{len(rows)}个", _SUM), fill=SHADE),
        Cell(Number(households.printed(households.total(rows)), _SUM), fill=SHADE),
        Cell(Number(INVESTMENT.printed(INVESTMENT.total(rows)), _SUM), fill=SHADE),
        Cell(Paragraph("", _SUM), fill=SHADE),
    )
    return Table(widths, (head, *body, total), head=1, min_height=20)
