"""Progress, money, governance and willingness as tables of texts: the same in the report and in the plan book.

Sources: domain page 4.4 (rates), 1.6 (the ministry's counters), 2.2 (governance indicators).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exports.plan_progress import COUNTER_NAMES, INDICATOR_NAMES
from fieldsurvey.model.plan_tables import FUND_SOURCES, POOL_STATES
from fieldsurvey.plan.ledger import FundLine, fund_lines
from fieldsurvey.plan.progress import CITY, Indicator, Progress, Standing, progress

if TYPE_CHECKING:
    from fieldsurvey.store import Store

NONE = "—"
DISTRICT = "区（县、市）"
STAGES = {"planned": "计划", "received": "已到位", "committed": "已承诺", "paid": "已支付"}
STATE_NAMES = tuple(zh for zh, _en in POOL_STATES.values())
GOVERNANCE = "依据治理与物业管理调查表，同一物业企业只计一次。"
PRIVATE = "依据居民改造意愿入户调查表，只列汇总数，不含个人信息。"


@dataclass(frozen=True, slots=True)
class Told:
    """One table.

    Attributes:
        title: What it is.
        heads: Of its columns; the first names the line.
        lines: Texts.
        total: The last line; empty: none.
        note: What must be known to read it.
    """

    title: str
    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """What the plan's numbers are told from.

    Attributes:
        now: Progress, governance and willingness.
        funds: The ledger.
    """

    now: Progress
    funds: Sequence[FundLine]


def figures_of(store: "Store") -> PlanFigures:
    """Read what is told.

    Raises:
        InputRefused: If a fund, a price or a parameter of the project makes no sense.
    """
    return PlanFigures(progress(store), fund_lines(store))


def headline(now: Progress) -> dict[str, str]:
    """Return the figures of the whole city, by name."""
    city = now.standings[0]
    return {
        "计划小区": f"{city.communities:,}个",
        "计划户数": f"{city.households:,}户",
        "计划投资": f"{city.investment_wan / 10_000:,.2f}亿元",
        "开工率": share(city.started, city.communities),
        "完工率": share(city.finished, city.communities),
        "投资完成率": share(city.finished_wan, city.investment_wan),
        "资金支付率": share(now.paid_wan, now.received_wan),
    }


def states(now: Progress) -> Told:
    """Return how many communities stand where in the project pool."""

    def line(one: Standing) -> tuple[str, ...]:
        return _name(one), f"{one.communities:,}", *(f"{one.states.get(state, 0):,}" for state in POOL_STATES)

    return _by_district("项目库状态（小区数）", ("小区数", *STATE_NAMES), map(line, now.standings))


def rates(now: Progress) -> Told:
    """Return rates and money by district."""

    def line(one: Standing) -> tuple[str, ...]:
        return (
            _name(one), f"{one.households:,}", share(one.started, one.communities),
            share(one.finished, one.communities), f"{one.investment_wan:,.2f}", f"{one.finished_wan:,.2f}",
            share(one.finished_wan, one.investment_wan),
        )  # fmt: skip

    heads = ("户数", "开工率", "完工率", "计划投资（万元）", "完成投资（万元）", "投资完成率")
    return _by_district("开工、完工和投资", heads, map(line, now.standings))


def counters(now: Progress) -> Told:
    """Return the ministry's counters by district: done and planned."""

    def line(one: Standing) -> tuple[str, ...]:
        pairs = ((one.done.get(name, 0.0), one.planned.get(name, 0.0)) for name in COUNTER_NAMES)
        return _name(one), *(f"{_figure(done)}／{_figure(planned)}" if planned else NONE for done, planned in pairs)

    note = "按已编制的改造计划条目统计，尚无条目的小区不计；完成数为已完工小区的条目。"
    told = _by_district("住建部统计口径（完成／计划）", tuple(COUNTER_NAMES.values()), map(line, now.standings))
    return Told(told.title, told.heads, told.lines, told.total, note)


def city_counters(now: Progress) -> Told:
    """Return the ministry's counters of the whole city, one in each line."""
    city = now.standings[0]
    lines = tuple(
        (zh, _figure(planned), _figure(city.done.get(name, 0.0)), share(city.done.get(name, 0.0), planned))
        for name, zh in COUNTER_NAMES.items()
        if (planned := city.planned.get(name, 0.0))
    )
    return Told("住建部统计口径", ("项目", "计划", "完成", "完成率"), lines, (), counters(now).note)


def money(funds: Sequence[FundLine]) -> Told:
    """Return the ledger by source."""
    order = [*FUND_SOURCES, *sorted({one.source for one in funds} - set(FUND_SOURCES))]
    by_source = {name: [one for one in funds if one.source == name] for name in order}
    lines = tuple(_fund(FUND_SOURCES.get(name, (name,))[0], own) for name, own in by_source.items() if own)
    heads = ("资金来源", "计划", "已到位", "已承诺", "已支付", "到位率", "支付率")
    return Told("资金台账（万元）", heads, lines, _fund("合计", funds))


def by_year(funds: Sequence[FundLine]) -> dict[str, list[tuple[str, float, str]]]:
    """Return the stages of the money for each year: word, 万元, as printed."""
    years = {f"{one.year}年" if one.year else "未定年度": one.year for one in funds}
    return {word: _stages([one for one in funds if one.year == year]) for word, year in years.items()}


def indicators(title: str, found: Sequence[Indicator], note: str) -> Told:
    """Return shares with the numbers behind them."""
    lines = tuple(
        (INDICATOR_NAMES[one.name], share(one.part, one.whole), f"{one.part:,}", f"{one.whole:,}", f"{one.missing:,}")
        for one in found
    )
    return Told(title, ("指标", "比例", "分子", "分母", "未调查小区数"), lines, (), note)


def share(part: float, whole: float) -> str:
    """Return a share in percent; a dash where there is nothing to share."""
    return f"{part / whole:.2%}" if whole else NONE


def _by_district(title: str, heads: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> Told:
    city, *districts = lines
    return Told(title, (DISTRICT, *heads), tuple(districts), city)


def _name(one: Standing) -> str:
    return "全市" if one.district == CITY else one.district


def _figure(value: float) -> str:
    return f"{round(value, 2):,.10g}"


def _stages(funds: Sequence[FundLine]) -> list[tuple[str, float, str]]:
    sums = ((word, _summed(funds, kind)) for kind, word in STAGES.items())
    return [(word, value, f"{value:,.2f}") for word, value in sums]


def _summed(funds: Iterable[FundLine], kind: str) -> float:
    return round(sum(float(getattr(one, kind)) for one in funds), 2)


def _fund(name: str, funds: Sequence[FundLine]) -> tuple[str, ...]:
    planned, received, committed, paid = (_summed(funds, kind) for kind in STAGES)
    told = (f"{value:,.2f}" for value in (planned, received, committed, paid))
    return name, *told, share(received, planned), share(paid, received)
