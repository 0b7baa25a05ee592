"""The plan on the city's page: how far its works are, where the money is, governance and willingness. Only sums."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exports import plan_told as told
from exports.plan_progress import INDICATOR_NAMES
from exports.plan_told import PlanFigures, Told
from exports.report.html import Column, bars, cards, heading, note, stacked, table
from fieldsurvey.errors import InputRefused
from fieldsurvey.model.plan_tables import POOL_STATES
from fieldsurvey.plan.progress import Indicator

if TYPE_CHECKING:
    from fieldsurvey.store import Store

_STATE_COLOURS = ("#c9ced6", "#9ec5e0", "#5b9bd0", "#f2c14e", "#6fb07f", "#14713f")


def plan_sections(store: "Store") -> list[str]:
    """Return the sections of the plan as HTML; where a number makes no sense, a note that says which."""
    try:
        found = told.figures_of(store)
    except InputRefused as error:
        return [heading("计划实施进度"), note(f"未汇总：{error}")]
    return [
        *_progress(found),
        *_money(found),
        heading("治理指标"),
        *_indicators(found.now.governance, told.GOVERNANCE),
        heading("居民意愿"),
        *_indicators(found.now.willingness, told.PRIVATE),
    ]


def _progress(found: PlanFigures) -> list[str]:
    now = found.now
    if not now.rows:
        return [heading("计划实施进度"), note("尚未编制改造计划。")]
    parts = [(one.district, [float(one.states.get(state, 0)) for state in POOL_STATES]) for one in now.standings[1:]]
    counted = told.counters(now)
    return [
        heading("计划实施进度"),
        cards(told.headline(now)),
        stacked("项目库状态（小区数）", told.STATE_NAMES, parts, _STATE_COLOURS),
        _drawn(told.states(now)),
        _drawn(told.rates(now)),
        heading(counted.title, 3),
        _drawn(counted),
    ]


def _money(found: PlanFigures) -> list[str]:
    if not found.funds:
        return [heading("资金台账"), note("尚未登记资金。")]
    charts = [bars(f"{year}资金（万元）", stages) for year, stages in told.by_year(found.funds).items()]
    return [heading("资金台账（万元）"), _drawn(told.money(found.funds)), *charts]


def _indicators(found: Sequence[Indicator], basis: str) -> list[str]:
    known = [one for one in found if one.share is not None]
    if not known:
        return [note("尚无调查记录。")]
    shown = [(INDICATOR_NAMES[one.name], 100 * (one.share or 0.0), told.share(one.part, one.whole)) for one in known]
    return [bars("比例（%）", shown, "#3f8f5b", of=100.0), _drawn(told.indicators("", found, basis))]


def _drawn(one: Told) -> str:
    first, *others = one.heads
    columns = [Column(first), *(Column(name, is_number=True) for name in others)]
    return table(columns, one.lines, total=one.total or None) + (note(one.note) if one.note else "")
