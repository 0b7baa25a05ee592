"""From the project to the question of the optimiser: candidates with worth and cost, money, limits, locks."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median

from fieldsurvey.assess.cost import Estimate, estimates
from fieldsurvey.assess.gates import barred_by, gates
from fieldsurvey.assess.parameters import parameters
from fieldsurvey.assess.records import number
from fieldsurvey.assess.score import Score, scores
from fieldsurvey.clock import today
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.plan_tables import FUND_SOURCES
from fieldsurvey.model.schema import Value
from fieldsurvey.plan.problem import CLASS_ORDER, Candidate, Fund, Lock, Problem, Purpose, YearLimit
from fieldsurvey.plan.tables import install_tables
from fieldsurvey.store import Store

LIFT = "I14"
_CENT = Decimal("0.01")
Row = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Question:
    """The problem, and what a person should know of how it came about.

    Attributes:
        problem: For the optimiser.
        excluded: By uid, the sentence that keeps a community out.
        barred: The excluded ones with worth and cost, for those that are in a plan already.
        without_need: Communities whose need is not surveyed and stands for the middle of the others.
        problems: What is wrong with plan items; they are in no cost.
        warnings: By uid, what is to be checked of plan items that are in the cost: prices past their validity.
        scores: Those of every community, by uid.
    """

    problem: Problem
    excluded: Mapping[str, str] = field(default_factory=dict)
    without_need: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    barred: tuple[Candidate, ...] = ()
    warnings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scores: Mapping[str, Score] = field(default_factory=dict)

    @property
    def everybody(self) -> dict[str, Candidate]:
        """All communities by uid, the excluded ones too."""
        return {candidate.uid: candidate for candidate in (*self.problem.candidates, *self.barred)}


def question(store: Store, version: str | None = None, breathe: Callable[[], None] = lambda: None) -> Question:
    """Return what the plan of a project is computed from.

    Args:
        store: The project.
        version: Version whose choices made by hand hold; None: the newest.
        breathe: Called between the steps, as in scores().

    Raises:
        InputRefused: If a fund, a limit or a choice cannot be right.
    """
    install_tables(store)
    numbers, scored = parameters(store), scores(store, breathe)
    excluded = _excluded(store)
    communities = store.select("community", order="code")
    known = [score.need for score in scored.values() if score.need is not None]
    middle = median(known) if known else 50.0
    estimated = estimates(store)
    candidates: list[Candidate] = []
    barred: list[Candidate] = []
    without: list[str] = []
    for row in communities:
        uid = str(row["uid"])
        score = scored.get(uid)
        need = score.need if score is not None and score.need is not None else None
        if need is None and uid not in excluded:
            without.append(uid)
        costs = _costs(row, estimated.get(uid), numbers)
        made = _candidate(row, middle if need is None else need, score, costs, numbers)
        (barred if uid in excluded else candidates).append(made)
    funds = _funds(store)
    years = _years(store, funds, communities, int(numbers["plan.years"]))
    problem = Problem(
        years,
        tuple(candidates),
        funds,
        _limits(store),
        _locks(store, {candidate.uid for candidate in candidates}, years, version),
        numbers["plan.floor"],
        numbers["plan.cluster_bonus"],
    )
    problems = tuple(sentence for uid in sorted(estimated) for sentence in estimated[uid].problems)
    warnings = {uid: made.warnings for uid, made in estimated.items() if made.warnings}
    return Question(problem, excluded, tuple(without), problems, tuple(barred), warnings, scored)


def _excluded(store: Store) -> dict[str, str]:
    found = {}
    for uid, results in gates(store).items():
        failed = barred_by(results)
        if failed is not None:
            found[uid] = failed.reason
    return found


def _candidate(
    row: Row, need: float, score: Score | None, costs: Mapping[Purpose, float], numbers: Mapping[str, float]
) -> Candidate:
    households = int(_number(row["household_count"]))
    served = households * need / 100
    values = tuple(max(1, round(served * numbers[f"plan.class_value.{name}"])) for name in CLASS_ORDER)
    priority = score.priority if score is not None and score.priority is not None else need
    return Candidate(
        str(row["uid"]),
        _("{name} ({district})").format(name=row["name"], district=row["district"] or "-"),
        str(row["district"] or ""),
        str(row["neighbourhood"] or ""),
        households,
        values,
        costs,
        priority,
        bool(score and score.urgent),
    )


def _costs(row: Row, made: Estimate | None, numbers: Mapping[str, float]) -> dict[Purpose, float]:
    """Return the cost by purpose: of the estimate if there is one, else of the ledger, else by households."""
    found: dict[Purpose, float] = defaultdict(float)
    if made is not None and made.works_wan > 0:
        return _costs_of_items(made)
    total = _number(row["est_investment"]) or _number(row["household_count"]) * numbers["cost.household"]
    for name in CLASS_ORDER[1:]:
        found[Purpose(name)] = round(total * numbers[f"cost.share.{name}"], 2)
    found[Purpose("base")] = round(total - sum(found.values()), 2)  # the parts add up to the cent
    lifts = min(_number(row["lift_request"]) * numbers["cost.lift"], found[Purpose("improve")])
    if lifts:
        found[Purpose("improve", LIFT)] = round(lifts, 2)
        found[Purpose("improve")] = round(found[Purpose("improve")] - lifts, 2)
    return dict(found)


def _costs_of_items(made: Estimate) -> dict[Purpose, float]:
    """Return works with their part of fees and reserve by purpose; to the cent they add up to the estimate."""
    found: dict[Purpose, Decimal] = defaultdict(Decimal)
    for line in made.lines:
        item = LIFT if line.item_code.strip().upper() == LIFT else ""
        found[Purpose(line.reno_class, item)] += line.amount_wan * made.total_wan / made.works_wan
    costs = {purpose: amount.quantize(_CENT) for purpose, amount in found.items()}
    largest = max(costs, key=costs.__getitem__)
    costs[largest] += made.total_wan - sum(costs.values())
    return {purpose: float(amount) for purpose, amount in costs.items()}


# --- money, limits, locks ---------------------------------------------------------------------------------------------


def _funds(store: Store) -> tuple[Fund, ...]:
    """Return the funds: rows of one name and one set of conditions are one fund over the years."""
    by_year: dict[tuple[str, str, str, str, str], dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for row in store.select("fund"):
        name, year, amount = str(row["name"] or ""), row["year"], _number(row["amount"])
        if str(row["fund_src"] or "") not in FUND_SOURCES:
            text = _("Fund {name}: the source {source} is not in the list. Correct it in the table of funds.")
            raise InputRefused(text.format(name=name, source=row["fund_src"] or "-"))
        if amount < 0 or not isinstance(year, int):
            text = _(
                "Fund {name}: it needs a year, and an amount that is not negative. Correct it in the table of funds."
            )
            raise InputRefused(text.format(name=name))
        classes, items, district = (str(row[column] or "") for column in ("classes", "items", "district"))
        key = (name, str(row["fund_src"]), classes, items, district)
        by_year[key][year] += amount
    return tuple(
        Fund("|".join(key), key[0], key[1], dict(amounts), _words(key[2]), _words(key[3]), key[4])
        for key, amounts in sorted(by_year.items())
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(text.replace(";", " ").replace("，", " ").replace(",", " ").split())


def _years(store: Store, funds: Iterable[Fund], communities: Iterable[Row], count: int) -> tuple[int, ...]:
    """Return the years of the plan: those of the limits, else of the money, else of the ledger, else from now on."""
    limits = {row["year"] for row in store.select("plan_limit", ["year"])}
    money = {year for fund in funds for year in fund.by_year}
    ledger = {row["plan_year"] for row in communities}
    for found in (limits, money, ledger):
        years = sorted(year for year in found if isinstance(year, int))
        if years:
            return tuple(years[:count])
    this_year = today().year
    return tuple(range(this_year, this_year + count))


def _limits(store: Store) -> dict[int, YearLimit]:
    found = {}
    for row in store.select("plan_limit"):
        households, investment, year = row["households_max"], row["investment_max"], row["year"]
        if not isinstance(year, int) or _number(households) < 0 or _number(investment) < 0:
            raise InputRefused(_("A yearly limit needs a year and no negative number. Correct the table of limits."))
        found[year] = YearLimit(
            None if households is None else int(_number(households)),
            None if investment is None else _number(investment),
        )
    return found


def _locks(store: Store, candidates: set[str], years: Sequence[int], version: str | None) -> dict[str, Lock]:
    """Return the choices made by hand in a version of the plan."""
    if version is None:
        versions = store.select("plan_version", ["made_at"])
        version = str(max(versions, key=lambda row: str(row["made_at"] or ""))["uid"]) if versions else ""
    found = {}
    for row in store.select("plan_choice", where={"version_uid": version}):
        uid, year = str(row["community_uid"]), row["year"]
        if row["locked"] and uid in candidates:
            level = None if row["level"] is None else int(_number(row["level"]))
            found[uid] = Lock(year if isinstance(year, int) and year in years else None, level)
    return found


def _number(value: Value) -> float:
    return number(value) or 0.0
