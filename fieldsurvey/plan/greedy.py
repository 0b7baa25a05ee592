"""Down the list by score, as offices do by hand: what the optimiser is measured against.

It is also the answer where no solver is installed, and then says that it is
not proven to be the best.
"""

from collections import defaultdict

from fieldsurvey.plan.problem import CLASS_ORDER, Candidate, Choice, Fund, Plan, Problem, Purpose, Status, objective_of


def greedy(problem: Problem) -> Plan:
    """Return the plan that takes communities by urgency and score, each as early and as far as the money reaches."""
    purse = _Purse(problem)
    chosen = []
    order = sorted(problem.candidates, key=lambda c: (c.uid not in problem.locks, not c.is_urgent, -c.priority, c.uid))
    for candidate in order:
        choice = _place(problem, purse, candidate)
        if choice is not None:
            chosen.append(choice)
    objective = objective_of(problem, {choice.uid: choice.level for choice in chosen})
    return Plan(Status.FEASIBLE, tuple(chosen), objective, sum(c.value(3) for c in problem.candidates))


def _place(problem: Problem, purse: "_Purse", candidate: Candidate) -> Choice | None:
    lock = problem.locks.get(candidate.uid)
    if lock is not None and lock.level == 0:
        return None
    levels = [lock.level] if lock and lock.level else sorted(candidate.levels(), reverse=True)
    years = [lock.year] if lock and lock.year else list(problem.years)
    for level in levels:
        for year in years:
            if purse.pay(candidate, year, level):
                return Choice(candidate.uid, year, level)
    return None


class _Purse:
    """What is left of money and capacity."""

    def __init__(self, problem: Problem) -> None:
        self._years = problem.years
        self._limits = problem.limits
        self._households: dict[int, int] = defaultdict(int)
        self._investment: dict[int, float] = defaultdict(float)
        # Money with more conditions is spent first: it fits fewer things.
        self._funds = sorted(
            problem.funds, key=lambda f: (not f.items, not f.district, not f.classes, len(f.classes), f.key)
        )
        self._left = {fund.key: dict(fund.by_year) for fund in self._funds}

    def pay(self, candidate: Candidate, year: int, level: int) -> bool:
        """Pay for a community if money and capacity reach; else change nothing."""
        cost = candidate.cost(level)
        if not self._has_capacity(candidate, year, cost):
            return False
        before = {key: dict(amounts) for key, amounts in self._left.items()}
        for purpose, amount in candidate.costs.items():
            if purpose.reno_class in CLASS_ORDER[:level] and not self._take(purpose, candidate.district, year, amount):
                self._left = before
                return False
        self._households[year] += candidate.households
        self._investment[year] += cost
        return True

    def _has_capacity(self, candidate: Candidate, year: int, cost: float) -> bool:
        limit = self._limits.get(year)
        if limit is None:
            return True
        fits = limit.households is None or self._households[year] + candidate.households <= limit.households
        return fits and (limit.investment is None or self._investment[year] + cost <= limit.investment)

    def _take(self, purpose: Purpose, district: str, year: int, amount: float) -> bool:
        for fund in self._funds:
            if amount > 0 and fund.may_pay(purpose, district):
                amount -= self._take_from(fund, year, amount)
        return amount <= 1e-9

    def _take_from(self, fund: Fund, year: int, amount: float) -> float:
        taken = 0.0
        for when in sorted(self._left[fund.key]):
            if when <= year or when < self._years[0]:
                part = min(self._left[fund.key][when], amount - taken)
                self._left[fund.key][when] -= part
                taken += part
        return taken
