"""Who pays for what: the money of a plan shared out to its communities, to the cent, and what is lacking.

The funds are asked together (a small linear programme), the result is shared
among the communities of one purpose in the proportion of their costs, and
rounded so that the rows and the columns both add up: a table of it reconciles
to 0.01 万元. Money with conditions is spent before money without.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from fieldsurvey.jobs import JobControl
from fieldsurvey.plan.problem import CLASS_ORDER, Choice, Fund, Problem, Purpose
from fieldsurvey.plan.program import INFINITY, Program

LACKING = ""  # stands in place of a fund where the money does not reach
_CENTS = 100
_STRICT_FIRST = 1e-4  # worth of a condition: it only orders what is spent first
Payers = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Money:
    """How a plan is paid, 万元.

    Attributes:
        shares: uid -> key of the fund (LACKING: nobody) -> amount; each row adds up to the cost of the community.
        lacking: Year -> what no fund pays.
        spent: (key of the fund, year) -> amount.
        arrived: (key of the fund, year) -> what has arrived by then, carried over.
    """

    shares: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    lacking: Mapping[int, Decimal] = field(default_factory=dict)
    spent: Mapping[tuple[str, int], Decimal] = field(default_factory=dict)
    arrived: Mapping[tuple[str, int], Decimal] = field(default_factory=dict)


def paid(problem: Problem, choices: Iterable[Choice]) -> Money:
    """Return how a plan is paid.

    Args:
        problem: Candidates and funds; choices of unknown communities are left out.
        choices: What is done when; a year beyond those of the problem is paid from what is carried over.
    """
    choices = list(choices)
    problem = replace(problem, years=tuple(sorted({*problem.years, *(choice.year for choice in choices)})))
    costs = _costs(problem, choices)
    sums: dict[tuple[Payers, int], int] = defaultdict(int)
    for (payers, year, _uid), cents in costs.items():
        sums[payers, year] += cents
    arrived = {(f.key, y): _arrived(f, y, problem.years) for f in problem.funds for y in problem.years}
    payments = _payments(problem, sums, arrived)
    shares: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (payers, year), columns in payments.items():
        rows = {uid: cents for (own, when, uid), cents in costs.items() if (own, when) == (payers, year)}
        for uid, row in shared(rows, columns).items():
            for fund, cents in row.items():
                shares[uid][fund] += cents
    return Money(
        {uid: {fund: _wan(cents) for fund, cents in row.items() if cents} for uid, row in shares.items()},
        _lacking(problem.years, payments),
        _spent(payments),
        {key: _wan(cents) for key, cents in arrived.items()},
    )


def shared(rows: Mapping[str, int], columns: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return whole cells whose rows and columns add up as given, as near to proportion as whole numbers allow.

    Args:
        rows: What each row adds up to.
        columns: What each column adds up to; the same in all.

    >>> shared({"a": 1, "b": 2}, {"x": 2, "y": 1})
    {'a': {'x': 1, 'y': 0}, 'b': {'x': 1, 'y': 1}}
    """
    left = dict(columns)
    found = {}
    for name, total in rows.items():
        whole = sum(left.values())
        exact = {column: total * rest / whole if whole else 0.0 for column, rest in left.items()}
        cells = {column: min(int(value), left[column]) for column, value in exact.items()}
        missing = total - sum(cells.values())
        for column in sorted(left, key=lambda column: cells[column] - exact[column]):
            if missing <= 0:
                break
            added = min(1, left[column] - cells[column], missing)
            cells[column] += added
            missing -= added
        for column in left:
            left[column] -= cells[column]
        found[name] = cells
    return found


def _costs(problem: Problem, choices: Iterable[Choice]) -> dict[tuple[Payers, int, str], int]:
    """Return the cost in cents by who may pay it, year and community."""
    by_uid = {candidate.uid: candidate for candidate in problem.candidates}
    found: dict[tuple[Payers, int, str], int] = defaultdict(int)
    for choice in sorted(choices, key=lambda choice: choice.uid):
        candidate = by_uid.get(choice.uid)
        if candidate is None:
            continue
        for purpose, amount in candidate.costs.items():
            if purpose.reno_class in CLASS_ORDER[: choice.level]:
                found[_payers(problem.funds, purpose, candidate.district), choice.year, choice.uid] += _cents(amount)
    return found


def _payers(funds: Sequence[Fund], purpose: Purpose, district: str) -> Payers:
    return tuple(fund.key for fund in funds if fund.may_pay(purpose, district))


def _payments(
    problem: Problem, sums: Mapping[tuple[Payers, int], int], arrived: Mapping[tuple[str, int], int]
) -> dict[tuple[Payers, int], dict[str, int]]:
    """Return what each fund pays of each sum, and what nobody pays, in cents."""
    program, strict = Program(), {fund.key: _strictness(fund) for fund in problem.funds}
    for payers, year in sums:
        for key in payers:
            program.variable(("pay", key, payers, year), 1.0 + _STRICT_FIRST * strict[key], upper=INFINITY, whole=False)
        terms = [(("pay", key, payers, year), 1.0) for key in payers]
        program.row(("sum", payers, year), terms, 0.0, float(sums[payers, year]))
    for (key, year), limit in arrived.items():
        terms = [(("pay", key, p, y), 1.0) for p, y in sums if key in p and y <= year]
        if terms:
            program.row(("fund", key, year), terms, 0.0, float(limit))
    values = program.solve(JobControl(), whole=False).values if any(payers for payers, _year in sums) else {}
    left = dict(arrived)
    found: dict[tuple[Payers, int], dict[str, int]] = {}
    for payers, year in sorted(sums, key=lambda entry: entry[1]):
        exact = {key: values.get(("pay", key, payers, year), 0.0) for key in payers}
        found[payers, year] = _whole(exact, sums[payers, year], left, year)
    return found


def _whole(exact: Mapping[str, float], total: int, left: dict[tuple[str, int], int], year: int) -> dict[str, int]:
    """Return the payments in whole cents, none above what is left of its fund; the rest is lacking."""
    found: dict[str, int] = {}
    for key, value in exact.items():
        reach = min(rest for (name, when), rest in left.items() if name == key and when >= year)
        cents = max(0, min(round(value), reach, total - sum(found.values())))
        if cents:
            found[key] = cents
    short = total - sum(found.values())
    for key in exact:  # cents that rounding left over
        reach = min(rest for (name, when), rest in left.items() if name == key and when >= year) - found.get(key, 0)
        added = max(0, min(short, reach, len(exact)))
        if added:
            found[key] = found.get(key, 0) + added
            short -= added
    for key, cents in found.items():
        for entry in left:
            if entry[0] == key and entry[1] >= year:
                left[entry] -= cents
    return {**found, LACKING: short} if short else found


def _strictness(fund: Fund) -> int:
    return bool(fund.items) * 4 + bool(fund.district) * 2 + bool(fund.classes) * (len(CLASS_ORDER) - len(fund.classes))


def _arrived(fund: Fund, year: int, years: tuple[int, ...]) -> int:
    """Return what has arrived by a year; what came before the plan begins counts in its first year."""
    return sum(_cents(amount) for when, amount in fund.by_year.items() if when <= year or when < years[0])


def _lacking(years: Iterable[int], payments: Mapping[tuple[Payers, int], Mapping[str, int]]) -> dict[int, Decimal]:
    found = dict.fromkeys(years, 0)
    for (_payers_of, year), columns in payments.items():
        found[year] += columns.get(LACKING, 0)
    return {year: _wan(cents) for year, cents in found.items()}


def _spent(payments: Mapping[tuple[Payers, int], Mapping[str, int]]) -> dict[tuple[str, int], Decimal]:
    found: dict[tuple[str, int], int] = defaultdict(int)
    for (_payers_of, year), columns in payments.items():
        for key, cents in columns.items():
            if key != LACKING:
                found[key, year] += cents
    return {key: _wan(cents) for key, cents in found.items()}


def _cents(amount: float) -> int:
    return round(amount * _CENTS)


def _wan(cents: int) -> Decimal:
    return Decimal(cents) / _CENTS
