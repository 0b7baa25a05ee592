"""A version of the plan as the board shows it: sums of every year beside its limits, and two versions side by side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from fieldsurvey.plan.problem import Candidate, Choice, Problem, objective_of
from fieldsurvey.plan.versions import Placement

_NEAR = 0.9  # of a limit: from here on it is told as near


class Strain(StrEnum):
    """How near a limit is."""

    FINE = "fine"
    NEAR = "near"
    OVER = "over"


def strain(used: float, limit: float | None) -> Strain:
    """Return how near a sum is to its limit; without one it is fine."""
    if limit is None or used <= limit * _NEAR:
        return Strain.FINE
    return Strain.NEAR if used <= limit + 0.005 else Strain.OVER


@dataclass(frozen=True, slots=True)
class YearSum:
    """What is in one year of a version.

    Attributes:
        year: The year; 0: all years together.
        communities, households: Counts.
        cost_wan: 万元.
        served: Need-weighted households; of all years together with the bonus of whole clusters.
        households_max, investment_max: Limits; None: none.
        money_wan: Money that has arrived by then, less what earlier years cost; None: not known.
    """

    year: int
    communities: int = 0
    households: int = 0
    cost_wan: float = 0.0
    served: int = 0
    households_max: int | None = None
    investment_max: float | None = None
    money_wan: float | None = None


def choices_of(placed: Mapping[str, Placement]) -> list[Choice]:
    """Return what a version does when."""
    return [Choice(uid, one.year, one.level) for uid, one in placed.items() if one.is_in and one.year is not None]


def year_sums(problem: Problem, everybody: Mapping[str, Candidate], choices: Iterable[Choice]) -> list[YearSum]:
    """Return the sums of every year of the plan, then those of all together.

    Args:
        problem: Years, limits and funds.
        everybody: All communities by uid.
        choices: What is done when.
    """
    chosen = [choice for choice in choices if choice.uid in everybody]
    found, left = [], 0.0
    for year in problem.years:
        here = [choice for choice in chosen if choice.year == year]
        limit = problem.limits.get(year)
        left += sum(
            amount
            for fund in problem.funds
            for when, amount in fund.by_year.items()
            if when == year or (year == problem.years[0] and when < year)
        )
        made = _sum(year, everybody, here)
        found.append(
            YearSum(
                year, made.communities, made.households, made.cost_wan, made.served,
                limit.households if limit else None, limit.investment if limit else None,
                round(left, 2) if problem.funds else None,
            )
        )  # fmt: skip
        left -= made.cost_wan
    money = sum(amount for fund in problem.funds for amount in fund.by_year.values())
    whole = _sum(0, everybody, chosen)
    limit_wan = round(money, 2) if problem.funds else None
    served = objective_of(
        replace(problem, candidates=tuple(everybody.values())), {choice.uid: choice.level for choice in chosen}
    )
    return [
        *found,
        YearSum(0, whole.communities, whole.households, whole.cost_wan, served, money_wan=limit_wan),
    ]


def _sum(year: int, everybody: Mapping[str, Candidate], choices: Iterable[Choice]) -> YearSum:
    chosen = list(choices)
    cost = sum((Decimal(str(round(everybody[c.uid].cost(c.level), 2))) for c in chosen), Decimal(0))
    return YearSum(
        year,
        len(chosen),
        sum(everybody[choice.uid].households for choice in chosen),
        float(cost),
        sum(everybody[choice.uid].value(choice.level) for choice in chosen),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """A community that two versions treat differently.

    Attributes:
        uid: The community.
        before, after: Year and level in the first and the second version; None: not in it.
    """

    uid: str
    before: tuple[int, int] | None
    after: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the second version differs from the first.

    Attributes:
        differences: By community.
        before, after: Sums of all years.
    """

    differences: tuple[Difference, ...] = field(default=())
    before: YearSum = field(default_factory=lambda: YearSum(0))
    after: YearSum = field(default_factory=lambda: YearSum(0))


def compared(
    problem: Problem, everybody: Mapping[str, Candidate], one: Mapping[str, Placement], two: Mapping[str, Placement]
) -> Comparison:
    """Return how the second version differs from the first."""
    before, after = _places(one), _places(two)
    found = [
        Difference(uid, before.get(uid), after.get(uid))
        for uid in sorted(before.keys() | after.keys())
        if before.get(uid) != after.get(uid)
    ]
    sums = [year_sums(problem, everybody, choices_of(placed))[-1] for placed in (one, two)]
    return Comparison(tuple(found), *sums)


def _places(placed: Mapping[str, Placement]) -> dict[str, tuple[int, int]]:
    return {uid: (one.year, one.level) for uid, one in placed.items() if one.is_in and one.year is not None}
