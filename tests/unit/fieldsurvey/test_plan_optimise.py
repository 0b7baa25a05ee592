"""The optimiser against complete enumeration, its proofs, its sentences and its refusals."""

import itertools
import random

import pytest

from fieldsurvey.errors import JobCancelled
from fieldsurvey.jobs import JobControl
from fieldsurvey.plan.optimise import cost_of_locks, optimise
from fieldsurvey.plan.problem import (
    CLASS_ORDER,
    Candidate,
    Fund,
    Lock,
    Plan,
    Problem,
    Purpose,
    Status,
    YearLimit,
    objective_of,
)

YEARS = (2026, 2027)


def make(
    name: str,
    households: int,
    costs: tuple[float, ...],
    *,
    district: str = "下陆区",
    cluster: str = "",
    urgent: bool = False,
    values: tuple[int, ...] | None = None,
) -> Candidate:
    purposes = {Purpose(CLASS_ORDER[index]): cost for index, cost in enumerate(costs) if cost}
    values = values or (round(households * 0.6), round(households * 0.25), round(households * 0.15))
    return Candidate(name, name, district, cluster, households, values, purposes, 50.0, urgent)


def money(*amounts: float, key: str = "city", classes: frozenset[str] = frozenset(), district: str = "") -> Fund:
    return Fund(key, key, "city", dict(zip(YEARS, amounts, strict=False)), classes, frozenset(), district)


def payable(problem: Problem, choice: dict[str, tuple[int, int]]) -> bool:
    """Say whether the money reaches: a small flow, by trying every order of the funds (two funds at most)."""
    return any(paid_in_order(problem, choice, order) for order in itertools.permutations(problem.funds))


def paid_in_order(problem: Problem, choice: dict[str, tuple[int, int]], order: tuple[Fund, ...]) -> bool:
    by_uid = {candidate.uid: candidate for candidate in problem.candidates}
    left = {fund.key: 0.0 for fund in problem.funds}
    for year in problem.years:
        for fund in problem.funds:
            left[fund.key] += fund.by_year.get(year, 0.0)
        now = [(by_uid[uid], level) for uid, (when, level) in choice.items() if when == year]
        if not all(paid(candidate, level, order, left) for candidate, level in now):
            return False
    return True


def paid(candidate: Candidate, level: int, order: tuple[Fund, ...], left: dict[str, float]) -> bool:
    for purpose, amount in candidate.costs.items():
        if purpose.reno_class in CLASS_ORDER[:level]:
            open_amount = amount
            for fund in order:
                if fund.may_pay(purpose, candidate.district):
                    part = min(left[fund.key], open_amount)
                    left[fund.key] -= part
                    open_amount -= part
            if open_amount >= 1e-9:
                return False
    return True


def brute_force(problem: Problem) -> int:
    options = [(0, 0), *((year, level) for year in problem.years for level in (1, 2, 3))]
    best = 0
    for picks in itertools.product(options, repeat=len(problem.candidates)):
        choice = {c.uid: pick for c, pick in zip(problem.candidates, picks, strict=True) if pick[1]}
        for year, limit in problem.limits.items():
            here = [c for c in problem.candidates if choice.get(c.uid, (0, 0))[0] == year]
            if limit.households is not None and sum(c.households for c in here) > limit.households:
                break
        else:
            worth = objective_of(problem, {uid: level for uid, (_year, level) in choice.items()})
            if worth > best and payable(problem, choice):
                best = worth
    return best


@pytest.mark.parametrize("seed", range(12))
def test_the_plan_is_as_good_as_the_best_of_all(seed: int) -> None:
    rng = random.Random(seed)
    candidates = tuple(
        make(
            f"c{index}",
            rng.randint(80, 900),
            (rng.randint(50, 400), rng.randint(20, 150), rng.randint(0, 80)),
            cluster=rng.choice(["", "east"]),
        )
        for index in range(4)
    )
    funds = (
        money(rng.randint(100, 500), rng.randint(100, 500)),
        money(rng.randint(50, 200), 0, key="central", classes=frozenset({"base"})),
    )
    limits = {year: YearLimit(households=rng.randint(500, 1500)) for year in YEARS}
    problem = Problem(YEARS, candidates, funds, limits, cluster_bonus=0.1)
    plan = optimise(problem)
    assert plan.status is Status.OPTIMAL
    assert plan.gap == 0
    assert plan.objective == brute_force(problem)
    assert plan.objective == objective_of(problem, {choice.uid: choice.level for choice in plan.choices})
    hold_limits(problem, plan)


def hold_limits(problem: Problem, plan: Plan) -> None:
    """No fund pays what it has not or may not, everything is paid, no year is fuller than it may be."""
    by_uid = {candidate.uid: candidate for candidate in problem.candidates}
    for fund in problem.funds:
        for year in problem.years:
            paid = sum(a for (key, when, _purpose), a in plan.payments.items() if key == fund.key and when <= year)
            assert paid <= sum(amount for when, amount in fund.by_year.items() if when <= year) + 1e-6
        for key, _year, purpose in plan.payments:
            assert key != fund.key or not fund.classes or purpose.reno_class in fund.classes
    for year in problem.years:
        here = [choice for choice in plan.choices if choice.year == year]
        cost = sum(by_uid[choice.uid].cost(choice.level) for choice in here)
        assert cost == pytest.approx(sum(a for (_key, when, _p), a in plan.payments.items() if when == year))
        limit = problem.limits.get(year, YearLimit())
        assert limit.households is None or sum(by_uid[c.uid].households for c in here) <= limit.households


def test_urgent_communities_come_before_better_ones_and_in_the_first_year() -> None:
    urgent = make("urgent", 100, (100.0,), urgent=True)
    rich = make("rich", 900, (100.0,))
    plan = optimise(Problem(YEARS, (rich, urgent), (money(100, 0),)))
    assert [(choice.uid, choice.year) for choice in plan.choices] == [("urgent", 2026)]
    later = optimise(Problem(YEARS, (rich, urgent), (money(100, 100),)))
    assert {choice.uid: choice.year for choice in later.choices} == {"urgent": 2026, "rich": 2027}


def test_money_that_is_left_is_carried_over_but_never_spent_early() -> None:
    late = make("late", 100, (150.0,))
    plan = optimise(Problem(YEARS, (late,), (money(100, 100),)))
    assert [choice.year for choice in plan.choices] == [2027]


def test_a_fund_pays_only_for_its_classes_items_and_district() -> None:
    lift = Candidate(
        "a", "a", "下陆区", "", 100, (60, 40, 0), {Purpose("base"): 10.0, Purpose("improve", "I14"): 50.0}, 50
    )
    base_only = money(100, 0, classes=frozenset({"base"}))
    assert [choice.level for choice in optimise(Problem(YEARS, (lift,), (base_only,))).choices] == [1]
    pot = Fund("lift", "lift", "city", {2026: 50.0}, items=frozenset({"I14"}))
    assert [choice.level for choice in optimise(Problem(YEARS, (lift,), (base_only, pot))).choices] == [2]
    elsewhere = money(100, 0, district="铁山区")
    assert optimise(Problem(YEARS, (lift,), (elsewhere,))).choices == ()


def test_locked_choices_hold_and_their_price_is_told() -> None:
    good, poor = make("good", 900, (100.0,)), make("poor", 100, (100.0,))
    problem = Problem(YEARS, (good, poor), (money(100, 0),), locks={"poor": Lock(year=2027, level=1)})
    plan = optimise(problem)
    assert [(choice.uid, choice.year) for choice in plan.choices] == [("poor", 2027)]
    assert cost_of_locks(problem, plan) == {"poor": 540 - 60}
    out = optimise(Problem(YEARS, (good, poor), (money(200, 0),), locks={"good": Lock(level=0)}))
    assert [choice.uid for choice in out.choices] == ["poor"]


def test_demands_that_cannot_hold_together_are_named_and_no_others() -> None:
    candidates = tuple(make(f"小区{index}", 100, (100.0,)) for index in range(4))
    locks = {"小区0": Lock(level=1), "小区1": Lock(level=1), "小区2": Lock(level=0)}
    plan = optimise(Problem(YEARS, candidates, (money(150, 0),), locks=locks))
    assert plan.status is Status.INFEASIBLE
    assert len(plan.conflicts) == 3
    assert "小区0" in plan.conflicts[0]
    assert "小区1" in plan.conflicts[1]
    assert plan.conflicts[2] == "city：到 2027 年共 150.00 万元"


def test_a_hundred_demands_are_told_in_a_few_lines_with_the_limit_they_break() -> None:
    candidates = tuple(make(f"小区{index}", 100, (100.0,)) for index in range(20))
    locks = {candidate.uid: Lock(level=1) for candidate in candidates}
    limits = {year: YearLimit(households=999) for year in YEARS}
    plan = optimise(Problem(YEARS, candidates, (money(9e9, 0),), limits, locks=locks))
    assert len(plan.conflicts) == 10
    assert plan.conflicts[-2:] == ("另有同类要求 12 项", "各年合计最多改造 1,998 户")


def test_each_district_gets_its_least_share() -> None:
    near = [make(f"near{index}", 100, (50.0,)) for index in range(4)]
    far = [make(f"far{index}", 100, (100.0,), district="阳新县") for index in range(4)]
    free = optimise(Problem(YEARS, (*near, *far), (money(200, 0),)))
    assert not [choice for choice in free.choices if choice.uid.startswith("far")]
    fair = optimise(Problem(YEARS, (*near, *far), (money(200, 0),), floor=0.5))
    assert len([choice for choice in fair.choices if choice.uid.startswith("far")]) == 1


def test_one_more_million_is_worth_what_the_next_community_gains() -> None:
    candidates = tuple(make(f"c{index}", 100 * (index + 1), (100.0,)) for index in range(5))
    plan = optimise(Problem(YEARS, candidates, (money(250, 0),)))
    assert plan.worth["city"] == pytest.approx(300 * 0.6 / 100)  # the third best is the one that is half in
    assert plan.surplus["c4"] > 0 > plan.surplus["c0"]
    assert "city" in optimise(Problem(YEARS, candidates, (money(300, 0),))).binding[0]


def test_no_candidates_and_no_money_are_an_empty_plan() -> None:
    assert optimise(Problem(YEARS, (), ())).choices == ()
    assert optimise(Problem(YEARS, (make("a", 100, (1.0,)),), ())).choices == ()


def test_it_can_be_stopped() -> None:
    control = JobControl()
    control.cancel()
    with pytest.raises(JobCancelled):
        optimise(Problem(YEARS, (make("a", 100, (1.0,)),), (money(1, 1),)), control)
