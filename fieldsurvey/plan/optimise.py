"""The best three-year plan that the money allows, with its proof.

Two questions are asked one after the other, because only together they are
hard. What: the communities and levels that serve the most need-weighted
households, with the money of all years together. When: the years, urgent
ones and high priorities first, within the money that has arrived and the
capacity of each year. If the years admit the choice, it is the best plan of
all: the first question left nothing out. If they do not, both are asked
together. Values are whole need-weighted households, so a bound less than one
above the plan is the proof.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.plan.greedy import greedy
from fieldsurvey.plan.problem import CLASS_ORDER, Candidate, Choice, Fund, Plan, Problem, Purpose, Status, objective_of
from fieldsurvey.plan.program import INFINITY, Key, Program, Solution, is_on, whole_floor

_LESS_THAN_ONE = 0.999  # worths are whole numbers
_SCHEDULE_GAP = 1e-3  # of the order of years: what is done at all is proven apart
_URGENT_FIRST = 10.0  # an urgent community outweighs ten others of its size in the order of the years
_CORES = (40, 80, 160, 320, 640, 1280)
_BROKEN = 1e-6  # a variable further from 0 and 1 is taken in part
_MOST_TOLD = 8  # demands that are named one by one
_AT_LIMIT = 0.995  # a limit used to this share is told as binding


@dataclass(frozen=True, slots=True)
class _Group:
    """Purposes in a district that the same funds may pay for: they need no telling apart."""

    funds: tuple[str, ...]


def optimise(problem: Problem, control: JobControl | None = None, *, seconds: float = 60.0) -> Plan:
    """Return the best plan.

    Args:
        problem: What there is to choose from.
        control: Progress and cancel.
        seconds: Time for the proof; when it is over the best plan found is returned and says so.

    Raises:
        JobCancelled: If the user stopped it.
    """
    control = control or JobControl()
    end = time.monotonic() + seconds
    control.step(0, 3, _("Choosing communities"))
    what = _Model(problem, in_years=False)
    chosen, is_proven = what.best(control, seconds)
    if chosen.is_infeasible:
        return Plan(Status.INFEASIBLE, conflicts=what.conflicts(control))
    control.step(1, 3, _("Choosing years"))
    levels = what.levels(chosen)
    when = _Model(problem, in_years=True, levels=levels)
    scheduled = when.in_order(control, max(1.0, (end - time.monotonic()) / 2)) if levels else Solution()
    if levels and not scheduled.values and not scheduled.is_infeasible:
        return _placed_by_hand(problem, levels, chosen)
    if levels and not scheduled.values:
        when = _Model(problem, in_years=True)
        scheduled, is_proven = when.best(control, max(1.0, end - time.monotonic()))
        if scheduled.is_infeasible:
            return Plan(Status.INFEASIBLE, conflicts=when.conflicts(control))
        if not scheduled.values:
            return _placed_by_hand(problem, levels, chosen)
        levels = when.levels(scheduled)
        bound = min(chosen.bound, scheduled.bound)
    else:
        bound = chosen.bound
    control.step(2, 3, _("Explaining the plan"))
    objective = objective_of(problem, levels)
    plan = Plan(
        Status.OPTIMAL if is_proven else Status.FEASIBLE,
        when.choices(scheduled),
        objective,
        objective if is_proven else max(objective, whole_floor(bound)),
        _distance(scheduled),
        when.payments(scheduled),
    )
    return what.explained(plan, scheduled, when, control)


def _placed_by_hand(problem: Problem, levels: Mapping[str, int], chosen: Solution) -> Plan:
    """Return the chosen communities put into years one by one, or the greedy plan if that serves more."""
    candidates = tuple(candidate for candidate in problem.candidates if candidate.uid in levels)
    plans = [greedy(replace(problem, candidates=candidates)), greedy(problem)]
    best = max(plans, key=lambda plan: plan.objective)
    return replace(best, bound=max(best.objective, whole_floor(chosen.bound)))


def cost_of_locks(problem: Problem, plan: Plan, control: JobControl | None = None) -> dict[str, int]:
    """Return how many more need-weighted households could be served without each choice made by hand."""
    control = control or JobControl()
    found = {}
    for uid in control.steps(list(problem.locks), _("What each locked choice costs")):
        without = replace(problem, locks={key: lock for key, lock in problem.locks.items() if key != uid})
        best, _proven = _Model(without, in_years=False).best(control, 10.0)
        found[uid] = max(0, whole_floor(best.objective) - plan.objective) if best.values else 0
    return found


class _Model:
    """The programme of a problem, with all years together or one by one."""

    def __init__(self, problem: Problem, *, in_years: bool, levels: Mapping[str, int] | None = None) -> None:
        self._problem, self._in_years = problem, in_years
        self._years: tuple[int, ...] = problem.years if in_years else (problem.years[-1],)
        self._fixed = levels
        self._candidates = [c for c in problem.candidates if levels is None or c.uid in levels]
        self._program = Program()
        self._demands: dict[Key, str] = {}
        self._groups = self._paying_groups()
        self._add_choices()
        self._add_money()
        self._add_limits()
        self._add_clusters()
        if levels is None:
            self._add_floors()

    # --- variables and rows ---

    def _options(self, candidate: Candidate) -> list[tuple[int, int]]:
        """Return the years and levels a candidate may take."""
        lock = self._problem.locks.get(candidate.uid)
        levels = candidate.levels() if self._fixed is None else [self._fixed[candidate.uid]]
        if lock and lock.level:
            levels = [lock.level]
        years = (lock.year,) if self._in_years and lock and lock.year else self._years
        return [(year, level) for year in years for level in levels if year in self._years]

    def _add_choices(self) -> None:
        for candidate in self._candidates:
            options = self._options(candidate)
            for year, level in options:
                self._program.variable(("do", candidate.uid, year, level), candidate.value(level))
            lock = self._problem.locks.get(candidate.uid)
            is_out = lock is not None and lock.level == 0
            is_in = self._fixed is not None or (lock is not None and not is_out)
            row = ("once", candidate.uid)
            self._program.row(
                row, [(("do", candidate.uid, *option), 1.0) for option in options], float(is_in), float(not is_out)
            )
            if is_in and self._fixed is None:
                self._demands[row] = _("{name} must be in the plan").format(name=candidate.name)

    def _paying_groups(self) -> dict[tuple[str, Purpose], _Group]:
        found = {}
        for candidate in self._candidates:
            for purpose in candidate.costs:
                key = (candidate.district, purpose)
                if key not in found:
                    funds = (fund.key for fund in self._problem.funds if fund.may_pay(purpose, candidate.district))
                    found[key] = _Group(tuple(funds))
        return found

    def _add_money(self) -> None:
        """Every purpose is paid for, and no fund pays more than has arrived."""
        program, groups = self._program, sorted(set(self._groups.values()), key=lambda group: group.funds)
        payments = [(name, year, group) for group in groups for year in self._years for name in group.funds]
        for payment in payments:
            program.variable(("pay", *payment), upper=INFINITY, whole=False)
        spent = self._spending()
        for group in groups:
            for year in self._years:
                paid = [(("pay", name, year, group), -1.0) for name in group.funds]
                program.row(("spent", group, year), [*spent[group, year], *paid], 0.0, 0.0)
        for fund in self._problem.funds:
            for year in self._years:
                terms = [
                    (("pay", *payment), 1.0) for payment in payments if payment[0] == fund.key and payment[1] <= year
                ]
                program.row(("fund", fund.key, year), terms, 0.0, _arrived(fund, year, self._problem.years))

    def _spending(self) -> dict[tuple[_Group, int], list[tuple[Key, float]]]:
        spent: dict[tuple[_Group, int], list[tuple[Key, float]]] = defaultdict(list)
        for candidate in self._candidates:
            for year, level in self._options(candidate):
                for group, amount in self._by_group(candidate, level).items():
                    spent[group, year].append((("do", candidate.uid, year, level), amount))
        return spent

    def _by_group(self, candidate: Candidate, level: int) -> dict[_Group, float]:
        found: dict[_Group, float] = defaultdict(float)
        for purpose, amount in candidate.costs.items():
            if purpose.reno_class in _classes(level):
                found[self._groups[candidate.district, purpose]] += amount
        return found

    def _add_limits(self) -> None:
        limits = self._problem.limits
        households = {year: limit.households for year, limit in limits.items() if limit.households is not None}
        investment = {year: limit.investment for year, limit in limits.items() if limit.investment is not None}
        self._add_limit("households", households, lambda candidate, _level: float(candidate.households))
        self._add_limit("investment", investment, Candidate.cost)

    def _add_limit(self, name: str, by_year: Mapping[int, float], size: Callable[[Candidate, int], float]) -> None:
        if not self._in_years:
            is_whole = all(year in by_year for year in self._problem.years)
            by_year = {self._years[0]: sum(by_year[year] for year in self._problem.years)} if is_whole else {}
        terms: dict[int, list[tuple[Key, float]]] = defaultdict(list)
        for candidate in self._candidates:
            for year, level in self._options(candidate):
                terms[year].append((("do", candidate.uid, year, level), size(candidate, level)))
        for year in self._years:
            if year in by_year:
                self._program.row((name, year), terms[year], -INFINITY, float(by_year[year]))

    def _add_clusters(self) -> None:
        """A cluster counts as done when all its members are; in the schedule, when they are in one year."""
        here = {candidate.uid for candidate in self._candidates}
        for name, members in self._problem.clusters().items():
            bonus = self._problem.bonus(members)
            if not bonus or not here.issuperset(member.uid for member in members):
                continue
            for year in self._years if self._fixed is not None else (0,):
                key = ("cluster", name, year)
                self._program.variable(key, bonus, whole=False)  # its rows hold it at 0 or 1
                for member in members:
                    does = [
                        (("do", member.uid, y, level), -1.0) for y, level in self._options(member) if year in (0, y)
                    ]
                    self._program.row((*key, member.uid), [(key, 1.0), *does], -INFINITY, 0.0)

    def _add_floors(self) -> None:
        """Hold each district to its share of the households that are served."""
        if self._problem.floor <= 0:
            return
        households: dict[str, int] = defaultdict(int)
        for candidate in self._candidates:
            households[candidate.district] += candidate.households
        everyone = sum(households.values())
        for district, own in sorted(households.items()):
            share = self._problem.floor * own / everyone if everyone else 0.0
            terms = [
                (("do", c.uid, *option), c.households * ((c.district == district) - share))
                for c in self._candidates
                for option in self._options(c)
            ]
            row = ("floor", district)
            self._program.row(row, terms, 0.0, INFINITY)
            self._demands[row] = _("{district} must get its least share").format(district=district)

    # --- questions ---

    def best(self, control: JobControl, seconds: float) -> tuple[Solution, bool]:
        """Return the choice that serves most, urgent communities before all others."""
        urgent = {
            ("do", c.uid, *option): float(c.value(1))
            for c in self._candidates
            if c.is_urgent
            for option in self._options(c)
        }
        program = self._program
        if urgent:
            worth = self._worths()
            program.set_worth(urgent)
            first, _proven = self._search(control, seconds / 3)
            program.set_worth(worth)
            if not first.values:
                return first, False
            reached = float(whole_floor(first.objective))
            program.row(("urgent",), list(urgent.items()), reached, INFINITY)
        return self._search(control, seconds)

    def _search(self, control: JobControl, seconds: float) -> tuple[Solution, bool]:
        """Return the best solution, and whether it is proven.

        Nearly all communities are clearly in or clearly out; only those near
        the threshold are asked first (the core of Balas and Zemel, 1980). A
        solution that reaches the bound of the relaxed programme is the best;
        if none does, everything is asked, beginning from the best found.
        """
        end = time.monotonic() + seconds
        relaxed = self._program.solve(control, whole=False)
        if not relaxed.values:
            return relaxed, False
        margins, best = self._margins(relaxed), Solution()
        for size in _CORES:
            if size >= len(margins) or time.monotonic() > end - seconds / 2:
                break
            fixed = self._outside_core(relaxed, margins, size)
            found = self._program.solve(
                control, seconds=seconds / 8, absolute_gap=_LESS_THAN_ONE, fixed=fixed, start=best
            )
            best = max(best, found, key=lambda solution: solution.objective)
            if whole_floor(best.objective) >= whole_floor(relaxed.objective):
                return replace(best, bound=relaxed.objective), True
        left = max(1.0, end - time.monotonic())
        found = self._program.solve(control, seconds=left, absolute_gap=_LESS_THAN_ONE, start=best)
        best = max(found, best, key=lambda solution: solution.objective)
        return replace(best, bound=min(relaxed.objective, found.bound)), found.is_optimal

    def _margins(self, relaxed: Solution) -> dict[str, float]:
        """Return by uid how clear the relaxed programme is about a candidate: 0 where it takes a part of it."""
        found = {}
        for candidate in self._candidates:
            keys = [("do", candidate.uid, *option) for option in self._options(candidate)]
            is_broken = any(_BROKEN < relaxed.values[key] < 1 - _BROKEN for key in keys)
            nearest = sorted(abs(relaxed.reduced[key]) for key in keys)
            price = abs(relaxed.duals["once", candidate.uid])  # 0 for those that stay out
            others = [price, *nearest[1:]] if price else nearest
            found[candidate.uid] = 0.0 if is_broken else min(others)
        return found

    def _outside_core(self, relaxed: Solution, margins: Mapping[str, float], size: int) -> dict[Key, float]:
        """Return the values of the candidates that are clear, all but the least clear ones."""
        core = set(sorted(margins, key=margins.__getitem__)[:size])
        return {key: round(relaxed.values[key]) for key in self._program.names("do") if key[1] not in core}

    def in_order(self, control: JobControl, seconds: float) -> Solution:
        """Return the years: urgent and high priorities early, clusters in one year."""
        by_uid = {candidate.uid: candidate for candidate in self._candidates}
        last = self._years[-1]
        worth = self._worths()
        early = {
            key: (last - key[2]) * by_uid[key[1]].priority * by_uid[key[1]].households / 100
            * (_URGENT_FIRST if by_uid[key[1]].is_urgent else 1.0)
            for key in worth
            if key[0] == "do"
        }  # fmt: skip
        bonus = {key: float(amount) for key, amount in worth.items() if key[0] == "cluster"}
        self._program.set_worth({**early, **bonus})
        return self._program.solve(control, seconds=seconds, relative_gap=_SCHEDULE_GAP)

    def _worths(self) -> dict[Key, float]:
        found: dict[Key, float] = {}
        for candidate in self._candidates:
            for year, level in self._options(candidate):
                found["do", candidate.uid, year, level] = float(candidate.value(level))
        clusters = self._problem.clusters()
        for key in self._program.names("cluster"):
            found[key] = float(self._problem.bonus(clusters[key[1]]))
        return found

    def levels(self, solution: Solution) -> dict[str, int]:
        """Return the level of each community in the plan."""
        return {key[1]: key[3] for key in self._program.names("do") if is_on(solution.values[key])}

    def choices(self, solution: Solution) -> tuple[Choice, ...]:
        """Return what is done when."""
        on = (key for key in self._program.names("do") if solution.values and is_on(solution.values[key]))
        return tuple(Choice(key[1], key[2], key[3]) for key in on)

    def payments(self, solution: Solution) -> dict[tuple[str, int, Purpose], float]:
        """Return who pays what when, shared out among the purposes that the fund pays for in that year."""
        asked: dict[tuple[_Group, int], dict[Purpose, float]] = defaultdict(lambda: defaultdict(float))
        by_uid = {candidate.uid: candidate for candidate in self._candidates}
        for choice in self.choices(solution):
            candidate = by_uid[choice.uid]
            for purpose, amount in candidate.costs.items():
                if purpose.reno_class in _classes(choice.level):
                    asked[self._groups[candidate.district, purpose], choice.year][purpose] += amount
        found: dict[tuple[str, int, Purpose], float] = defaultdict(float)
        for key in self._program.names("pay"):
            amount = solution.values[key] if solution.values else 0.0
            wanted = asked[key[3], key[2]]
            whole = sum(wanted.values())
            if amount > 0 and whole > 0:
                for purpose, part in wanted.items():
                    found[key[1], key[2], purpose] += amount * part / whole
        return dict(found)

    def explained(self, plan: Plan, scheduled: Solution, when: "_Model", control: JobControl) -> Plan:
        """Return the plan with what more money would bring and what limits it."""
        relaxed = self._program.solve(control, whole=False)
        last = self._years[-1]
        worth = {fund.key: max(0.0, relaxed.duals.get(("fund", fund.key, last), 0.0)) for fund in self._problem.funds}
        surplus: dict[str, float] = {}
        for candidate in self._candidates:
            price = relaxed.duals.get(("once", candidate.uid), 0.0)
            reduced = (relaxed.reduced[("do", candidate.uid, *option)] for option in self._options(candidate))
            surplus[candidate.uid] = max(reduced) + max(0.0, price)
        return replace(plan, worth=worth, surplus=surplus, binding=when.limits_reached(scheduled))

    def limits_reached(self, solution: Solution) -> tuple[str, ...]:
        """Return sentences about the limits that are used up."""
        if not solution.values:
            return ()
        funds = {fund.key: fund.name for fund in self._problem.funds}
        found = []
        for key in self._program.rows("fund", "households", "investment"):
            if key[0] == "fund" and key[2] != self._years[-1]:
                continue  # what is left is carried over: only the end tells
            used, limit = self._program.activity(key, solution.values)
            if 0 < limit < INFINITY and used >= _AT_LIMIT * limit:
                found.append(_limit_sentence(key, funds))
        return tuple(found)

    def conflicts(self, control: JobControl) -> tuple[str, ...]:
        """Return a smallest set of demands and limits that cannot hold together.

        Source: deletion filter, Chinneck, Feasibility and infeasibility in optimization (2008), section 6.2.
        """
        limits = list(self._program.rows("fund", "households", "investment"))
        demands = self._needed(list(self._demands), control)
        kept = self._needed(limits, control)
        return (*_together([self._demands[row] for row in demands]), *map(self._limit_told, kept))

    def _needed(self, rows: list[Key], control: JobControl) -> list[Key]:
        """Take out the conditions without which it is still impossible, and return the others."""
        kept = []
        for row in control.steps(rows, _("Looking for what cannot hold together")):
            taken = self._program.take(row)
            if not self._program.solve(control, whole=False).is_infeasible:
                self._program.put(row, taken)
                kept.append(row)
        return kept

    def _limit_told(self, row: Key) -> str:
        """Return a limit with its number: what there is of a fund, or what can be done in a year."""
        upper = self._program.upper(row)
        if row[0] == "fund":
            name = next(fund.name for fund in self._problem.funds if fund.key == row[1])
            return _("{fund}: {amount:,.2f} ×10,000 yuan up to {year}").format(fund=name, amount=upper, year=row[2])
        when = _("year {year}").format(year=row[1]) if self._in_years else _("all years together")
        if row[0] == "households":
            return _("At most {n:,.0f} households in {when}").format(n=upper, when=when)
        return _("At most {amount:,.2f} ×10,000 yuan in {when}").format(amount=upper, when=when)


def _together(sentences: list[str]) -> list[str]:
    """Return the first sentences, and how many more there are like them: nobody reads a hundred."""
    if len(sentences) <= _MOST_TOLD:
        return sentences
    return [*sentences[:_MOST_TOLD], _("and {n} more demands like these").format(n=len(sentences) - _MOST_TOLD)]


def _classes(level: int) -> tuple[str, ...]:
    return CLASS_ORDER[:level]


def _arrived(fund: Fund, year: int, years: tuple[int, ...]) -> float:
    """Return what a fund has received by a year; what came before the plan begins counts in its first year."""
    return sum(amount for when, amount in fund.by_year.items() if when <= year or when < years[0])


def _limit_sentence(key: Key, funds: Mapping[str, str]) -> str:
    if key[0] == "fund":
        return _("{fund}: used up by {year}").format(fund=funds[key[1]], year=key[2])
    if key[0] == "households":
        return _("The households that can be worked on in {year}").format(year=key[1])
    return _("The investment that can be carried out in {year}").format(year=key[1])


def _distance(solution: Solution) -> float:
    if not solution.values or solution.objective <= 0:
        return 0.0
    return max(0.0, (solution.bound - solution.objective) / solution.objective)
