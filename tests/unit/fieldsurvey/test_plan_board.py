"""The sums above the board: limits near and over, money carried over, and what differs between two versions."""

import pytest

from fieldsurvey.plan.board import Difference, Strain, choices_of, compared, strain, year_sums
from fieldsurvey.plan.problem import Candidate, Fund, Problem, Purpose, YearLimit
from fieldsurvey.plan.versions import Placement


def candidate(uid: str, households: int, cost: float) -> Candidate:
    return Candidate(uid, uid, "下陆区", "", households, (10, 5, 1), {Purpose("base"): cost}, 50.0)


EVERYBODY = {one.uid: one for one in (candidate("a", 100, 60.0), candidate("b", 50, 30.01), candidate("c", 10, 5.0))}
PROBLEM = Problem(
    (2026, 2027),
    tuple(EVERYBODY.values()),
    (Fund("m", "市级", "city", {2025: 20.0, 2026: 50.0, 2027: 40.0}),),
    {2026: YearLimit(120, 100.0)},
)


def placed(**years: int) -> dict[str, Placement]:
    return {uid: Placement(uid, uid, year or None, 1 if year else 0) for uid, year in years.items()}


@pytest.mark.parametrize(
    ("used", "limit", "expected"),
    [
        (90, 100, Strain.FINE), (90.1, 100, Strain.NEAR), (100, 100, Strain.NEAR), (100.01, 100, Strain.OVER),
        (5, None, Strain.FINE), (1, 0, Strain.OVER), (0, 0, Strain.FINE),
    ],
)  # fmt: skip
def test_amber_comes_before_red(used: float, limit: float | None, expected: Strain) -> None:
    assert strain(used, limit) is expected


def test_each_year_is_summed_beside_its_limits_and_money_is_carried_over() -> None:
    first, second, whole = year_sums(PROBLEM, EVERYBODY, choices_of(placed(a=2026, b=2027, c=0)))
    assert (first.communities, first.households, first.cost_wan, first.households_max) == (1, 100, 60.0, 120)
    assert (first.money_wan, second.money_wan) == (70.0, 50.0)
    assert (second.cost_wan, whole.cost_wan, whole.served, whole.money_wan) == (30.01, 90.01, 20, 110.0)


def test_two_versions_differ_by_what_moved_came_and_left() -> None:
    found = compared(PROBLEM, EVERYBODY, placed(a=2026, b=2026), placed(a=2027, c=2026))
    assert found.differences == (
        Difference("a", (2026, 1), (2027, 1)), Difference("b", (2026, 1), None), Difference("c", None, (2026, 1)),
    )  # fmt: skip
    assert (found.before.communities, found.after.cost_wan) == (2, 65.0)
