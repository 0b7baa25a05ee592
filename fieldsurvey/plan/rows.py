"""The rows of the plan tables (年度计划表, 三年计划表): what a version says of every community in it.

Money is in 万元 and adds up: the sources of a row are its total, to the cent.
Source: domain page 4.4, columns from practice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from fieldsurvey.assess.items import items
from fieldsurvey.assess.readiness import Consent, consents
from fieldsurvey.assess.records import Record, number, standing
from fieldsurvey.model.plan_tables import POOL_STATES
from fieldsurvey.model.schema import Value
from fieldsurvey.plan import versions
from fieldsurvey.plan.board import choices_of
from fieldsurvey.plan.build import Question, question
from fieldsurvey.plan.money import LACKING, paid
from fieldsurvey.plan.problem import CLASS_ORDER
from fieldsurvey.plan.versions import Placement
from fieldsurvey.store import Store

# Column of the table -> codes of fund_src that it takes in.
SOURCES: Mapping[str, tuple[str, ...]] = {
    "central_inv": ("central_inv",),
    "central_fin": ("central_fin",),
    "prov": ("prov",),
    "city": ("city",),
    "dist": ("dist",),
    "bond": ("bond",),
    "utility": ("utility",),
    "social": ("social",),
    "resident": ("resident", "maint_fund", "hpf", "public_income"),
    "other": ("loan", "original", "other"),
    "lacking": (LACKING,),
}
_ITEMS = ("item_code", "quantity", "start_plan", "finish_plan", "duty_unit", "project_name")
_COLUMNS = (
    "code", "name", "district", "subdistrict", "neighbourhood", "built_year", "building_count", "household_count",
    "gfa", "lift_request", "est_investment",
)  # fmt: skip
_LIFT, _PARKING, _CARE = "I14", "I06", ("U05", "U06")
_LIFT_LEVEL = 2  # lifts are works of improvement


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One community in the plan.

    Attributes:
        uid: The community.
        community: Its row of the ledger.
        year: Plan year; None: not decided.
        level: How far the works go, 1 to 3; 0: not decided.
        total_wan: 万元; None: not known.
        sources_wan: By column of SOURCES; empty where no funds are entered.
        works: By class, the names of the items planned; without items the class alone.
        lifts, bays, care: Lifts, new parking bays, facilities of elder and child care; None: not planned in numbers.
        consent: Share of those who took part that agree, 0-1; None: not known.
        longterm: Whether the long-term management is agreed: yes, no or empty.
        start, finish: ISO dates; empty: not planned.
        pool_state: Code of POOL_STATES.
        duty_unit, project: As the items say.
        reason: Why it is in the plan.
        warnings: What is to be checked of its cost, one sentence each.
    """

    uid: str
    community: Mapping[str, Value]
    year: int | None
    level: int
    total_wan: Decimal | None
    sources_wan: Mapping[str, Decimal] = field(default_factory=dict)
    works: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lifts: float | None = None
    bays: float | None = None
    care: float | None = None
    consent: float | None = None
    longterm: str = ""
    start: str = ""
    finish: str = ""
    pool_state: str = ""
    duty_unit: str = ""
    project: str = ""
    reason: str = ""
    warnings: tuple[str, ...] = ()


def plan_rows(store: Store, version: str | None = None) -> list[PlanRow]:
    """Return the rows of a version, by year, district and code.

    Without any version they are those of the ledger: all communities, with
    the investment that stands there.

    Args:
        store: The project.
        version: The version; None: the one that counts, the newest approved, else the newest.

    Raises:
        InputRefused: If a fund, a price or a parameter makes no sense.
    """
    standing_one = versions.standing_version(store)
    if version is None and standing_one is not None:
        version = standing_one.uid
    communities = {str(row["uid"]): row for row in store.select("community", _COLUMNS, order="code")}
    facts = _Facts(store)
    if version is None:
        placed = versions.ledger(store)
        found = [_ledger_row(facts, uid, row, placed.get(uid)) for uid, row in communities.items()]
    else:
        found = _version_rows(store, facts, communities, versions.placements(store, version))
    return sorted(found, key=lambda row: (row.year is None, row.year or 0, str(row.community["district"] or "")))


def _version_rows(
    store: Store, facts: "_Facts", communities: Mapping[str, Mapping[str, Value]], placed: Mapping[str, Placement]
) -> list[PlanRow]:
    asked: Question = question(store)
    everybody = asked.everybody
    problem = replace(asked.problem, candidates=tuple(everybody.values()))
    shares = paid(problem, choices_of(placed)).shares if problem.funds else {}
    column = {code: name for name, codes in SOURCES.items() for code in codes}
    source = {fund.key: column[fund.source] for fund in problem.funds} | {LACKING: "lacking"}
    found = []
    for uid, one in placed.items():
        if not one.is_in or uid not in communities:
            continue
        money: dict[str, Decimal] = defaultdict(Decimal)
        for key, amount in shares.get(uid, {}).items():
            money[source[key]] += amount
        total = Decimal(str(round(everybody[uid].cost(one.level), 2)))
        made = facts.row(uid, communities[uid], one, total, money)
        found.append(replace(made, warnings=asked.warnings.get(uid, ())))
    return found


def _ledger_row(facts: "_Facts", uid: str, row: Mapping[str, Value], placed: Placement | None) -> PlanRow:
    invested = number(row["est_investment"])
    total = None if invested is None else Decimal(str(round(invested, 2)))
    return facts.row(uid, row, placed or Placement("", uid, None, 0), total, {})


class _Facts:
    """What records say beside the plan, read once."""

    def __init__(self, store: Store) -> None:
        self._items = standing(store, "f23_plan_item", _ITEMS)
        self._consents: Mapping[str, Consent] = consents(store)
        self._governance = standing(store, "f17_governance", ["longterm_agreed"])

    def row(
        self, uid: str, row: Mapping[str, Value], placed: Placement, total: Decimal | None, money: Mapping[str, Decimal]
    ) -> PlanRow:
        """Return the row of a community."""
        own: Sequence[Record] = self._items.get(uid, ())
        said = self._consents.get(uid)
        governance = self._governance.get(uid)
        lifts = _sum(own, (_LIFT,))
        wanted = number(row["lift_request"])
        return PlanRow(
            uid,
            row,
            placed.year,
            placed.level,
            total,
            money,
            _works(own, placed.level),
            wanted if lifts is None and placed.level >= _LIFT_LEVEL else lifts,
            _sum(own, (_PARKING,)),
            _sum(own, _CARE),
            None if said is None or said.share is None else said.share / 100,
            str(governance[-1].get("longterm_agreed") or "") if governance else "",
            placed.started_on or _first(own, "start_plan", earliest=True),
            placed.finished_on or _first(own, "finish_plan", earliest=False),
            placed.pool_state if placed.pool_state in POOL_STATES else "",
            _first(own, "duty_unit", earliest=True),
            _first(own, "project_name", earliest=True),
            placed.reason,
        )


def _works(own: Iterable[Record], level: int) -> dict[str, tuple[str, ...]]:
    """Return the names of the works by class; a class within the level without items has none."""
    found: dict[str, list[str]] = {name: [] for name in CLASS_ORDER[:level]}
    for row in own:
        item = items().get(str(row.get("item_code") or "").strip().upper())
        if item is not None and item.label not in found.setdefault(item.reno_class, []):
            found[item.reno_class].append(item.label)
    return {name: tuple(names) for name, names in found.items()}


def _sum(own: Iterable[Record], codes: Sequence[str]) -> float | None:
    known = [
        quantity
        for row in own
        if str(row.get("item_code") or "").strip().upper() in codes
        and (quantity := number(row.get("quantity"))) is not None
    ]
    return sum(known) if known else None


def _first(own: Iterable[Record], column: str, *, earliest: bool) -> str:
    known = sorted(str(row[column]) for row in own if row.get(column))
    return (known[0] if earliest else known[-1]) if known else ""
