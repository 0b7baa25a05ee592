"""What the optimiser is asked and what it answers, as plain values.

Money is in 万元 (10,000 CNY). A level n means the first n classes of CLASSES:
basic works first, then improvement, then upgrading (domain page 2.5, 先民生后提升);
one community is worked on once, in one year (no street is dug up twice).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fieldsurvey.model.plan_tables import CLASSES

CLASS_ORDER = tuple(CLASSES)
LEVELS = range(1, len(CLASS_ORDER) + 1)


@dataclass(frozen=True, slots=True, order=True)
class Purpose:
    """What a sum is spent on: a class of works, and the item where a fund asks for it."""

    reno_class: str
    item: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A community that may enter the plan.

    Attributes:
        uid: The community.
        name: Name and district as they are told to people.
        district: District, for fairness and for funds of districts.
        cluster: Communities of one cluster (片区) are better done together; empty: none.
        households: Households.
        values: What each class of works is worth, in need-weighted households, whole numbers.
        costs: Cost by purpose.
        priority: Score, 0-100; decides who comes first.
        is_urgent: On the urgent list.
    """

    uid: str
    name: str
    district: str
    cluster: str
    households: int
    values: tuple[int, ...]
    costs: Mapping[Purpose, float]
    priority: float
    is_urgent: bool = False

    def value(self, level: int) -> int:
        """Return what the first classes are worth."""
        return sum(self.values[:level])

    def cost(self, level: int) -> float:
        """Return the cost of the first classes."""
        return sum(amount for purpose, amount in self.costs.items() if purpose.reno_class in CLASS_ORDER[:level])

    def levels(self) -> list[int]:
        """Return the levels that differ: a class without works adds none."""
        used = {purpose.reno_class for purpose, amount in self.costs.items() if amount > 0}
        return [level for level in LEVELS if CLASS_ORDER[level - 1] in used] or [1]


@dataclass(frozen=True, slots=True)
class Fund:
    """Money with its conditions.

    Attributes:
        key: Identity.
        name: As told to people.
        source: Code of FUND_SOURCES.
        by_year: Amount that arrives in each year; what is left is carried over.
        classes: Classes it may pay for; empty: all.
        items: Items it may pay for; empty: all.
        district: District it must be spent in; empty: anywhere.
    """

    key: str
    name: str
    source: str
    by_year: Mapping[int, float]
    classes: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    district: str = ""

    def may_pay(self, purpose: Purpose, district: str) -> bool:
        """Say whether the fund may pay for a purpose in a district."""
        return (
            (not self.classes or purpose.reno_class in self.classes)
            and (not self.items or purpose.item in self.items)
            and self.district in ("", district)
        )


@dataclass(frozen=True, slots=True)
class YearLimit:
    """What can be carried out in one year; None: no limit."""

    households: int | None = None
    investment: float | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """A choice made by hand.

    Attributes:
        year: The year, or None for any.
        level: The level, or None for any; 0: not in the plan.
    """

    year: int | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything the plan is computed from.

    Attributes:
        years: The years, ascending.
        candidates: Communities that passed the gates.
        funds: The money.
        limits: By year.
        locks: By uid of a candidate.
        floor: Each district gets at least this share of what its share of the households would bring it, 0-1.
        cluster_bonus: Added worth of a cluster that is done as a whole, as a share of its basic worth.
    """

    years: tuple[int, ...]
    candidates: tuple[Candidate, ...]
    funds: tuple[Fund, ...]
    limits: Mapping[int, YearLimit] = field(default_factory=dict)
    locks: Mapping[str, Lock] = field(default_factory=dict)
    floor: float = 0.0
    cluster_bonus: float = 0.0

    def clusters(self) -> dict[str, list[Candidate]]:
        """Return the clusters of two and more candidates."""
        found: dict[str, list[Candidate]] = {}
        for candidate in self.candidates:
            if candidate.cluster:
                found.setdefault(candidate.cluster, []).append(candidate)
        return {name: members for name, members in found.items() if len(members) > 1}

    def bonus(self, members: list[Candidate]) -> int:
        """Return the added worth of a cluster done as a whole."""
        return round(self.cluster_bonus * sum(member.values[0] for member in members))


class Status(StrEnum):
    """How an answer stands."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"  # the time was over before the proof
    INFEASIBLE = "infeasible"


@dataclass(frozen=True, slots=True)
class Choice:
    """A community in the plan: when, and how far."""

    uid: str
    year: int
    level: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer.

    Attributes:
        status: Proven best, best found, or impossible.
        choices: The communities in the plan.
        objective: Need-weighted households served, bonus included.
        bound: No plan can serve more.
        schedule_gap: Proven distance of the order of years from the best order, 0-1.
        payments: 万元 by fund, year and purpose.
        worth: Need-weighted households that one more 万元 of each fund would serve, by key of the fund.
        surplus: By uid of a candidate, how much more its best level is worth than its money would serve elsewhere.
        binding: Sentences on what limits the plan.
        conflicts: If impossible: the demands that cannot hold together.
    """

    status: Status
    choices: tuple[Choice, ...] = ()
    objective: int = 0
    bound: int = 0
    schedule_gap: float = 0.0
    payments: Mapping[tuple[str, int, Purpose], float] = field(default_factory=dict)
    worth: Mapping[str, float] = field(default_factory=dict)
    surplus: Mapping[str, float] = field(default_factory=dict)
    binding: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()

    @property
    def gap(self) -> float:
        """Proven distance from the best possible, as a share; 0: nothing better exists."""
        return max(0.0, (self.bound - self.objective) / self.objective) if self.objective else 0.0


def objective_of(problem: Problem, choices: Mapping[str, int]) -> int:
    """Return what a choice of levels is worth, bonus included."""
    by_uid = {candidate.uid: candidate for candidate in problem.candidates}
    worth = sum(by_uid[uid].value(level) for uid, level in choices.items())
    whole = [members for members in problem.clusters().values() if all(m.uid in choices for m in members)]
    return worth + sum(problem.bonus(members) for members in whole)
