"""Who pays for what: every row and every column adds up to the cent, and no fund pays more than it has."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fieldsurvey.plan.money import LACKING, paid, shared
from fieldsurvey.plan.problem import Candidate, Choice, Fund, Problem, Purpose

BASE, IMPROVE, LIFT = Purpose("base"), Purpose("improve"), Purpose("improve", "I14")


def candidate(uid: str, base: float, improve: float = 0.0, lift: float = 0.0) -> Candidate:
    costs = {BASE: base, IMPROVE: improve, LIFT: lift}
    return Candidate(uid, uid, "下陆区", "", 100, (1, 1, 1), {k: v for k, v in costs.items() if v}, 50.0)


def problem(candidates: list[Candidate], *funds: Fund) -> Problem:
    return Problem((2026, 2027), tuple(candidates), funds)


def test_money_with_conditions_is_spent_first_and_what_is_lacking_is_told() -> None:
    central = Fund("c", "中央", "central_fin", {2026: 60.0}, frozenset({"base"}))
    city = Fund("m", "市级", "city", {2026: 30.0})
    asked = problem([candidate("a", 80.0, 20.0)], central, city)
    money = paid(asked, [Choice("a", 2026, 2)])
    assert money.shares["a"] == {"c": Decimal(60), "m": Decimal(30), LACKING: Decimal(10)}
    assert money.lacking == {2026: Decimal(10), 2027: Decimal(0)}


def test_what_arrives_later_pays_nothing_earlier_and_what_is_left_is_carried_over() -> None:
    fund = Fund("m", "市级", "city", {2026: 50.0, 2027: 50.0})
    asked = problem([candidate("a", 60.0), candidate("b", 40.0)], fund)
    early = paid(asked, [Choice("a", 2026, 1), Choice("b", 2026, 1)])
    late = paid(asked, [Choice("a", 2027, 1), Choice("b", 2026, 1)])
    assert (early.lacking[2026], late.lacking[2026], late.lacking[2027]) == (Decimal(50), Decimal(0), Decimal(0))
    assert late.arrived["m", 2027] == 100


def test_a_level_pays_only_for_its_classes() -> None:
    asked = problem([candidate("a", 60.0, 20.0, 5.0)], Fund("m", "市级", "city", {2026: 500.0}))
    assert paid(asked, [Choice("a", 2026, 1)]).shares["a"] == {"m": Decimal(60)}


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=8), st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_rows_and_columns_add_up(rows: list[int], weights: list[int]) -> None:
    total = sum(rows)
    columns = {str(n): total * weight // sum(weights) for n, weight in enumerate(weights)}
    columns["0"] += total - sum(columns.values())
    found = shared({str(n): row for n, row in enumerate(rows)}, columns)
    assert [sum(found[str(n)].values()) for n in range(len(rows))] == rows
    assert {key: sum(cells[key] for cells in found.values()) for key in columns} == columns
    assert all(value >= 0 for cells in found.values() for value in cells.values())


@given(
    st.lists(st.tuples(st.integers(1, 99_999), st.integers(0, 9_999), st.booleans()), min_size=1, max_size=6),
    st.lists(st.integers(0, 200_000), min_size=4, max_size=4),
)
def test_every_community_is_paid_to_the_cent_and_no_fund_is_overdrawn(
    works: list[tuple[int, int, bool]], amounts: list[int]
) -> None:
    candidates = [candidate(str(n), base / 100, improve / 100) for n, (base, improve, _late) in enumerate(works)]
    central = Fund("c", "中央", "central_fin", {2026: amounts[0] / 100, 2027: amounts[1] / 100}, frozenset({"base"}))
    city = Fund("m", "市级", "city", {2026: amounts[2] / 100, 2027: amounts[3] / 100})
    asked = problem(candidates, central, city)
    choices = [Choice(str(n), 2027 if late else 2026, 2) for n, (_b, _i, late) in enumerate(works)]
    money = paid(asked, choices)
    for one in candidates:
        assert sum(money.shares[one.uid].values()) == Decimal(str(round(one.cost(2), 2)))
    for fund in ("c", "m"):
        for year in (2026, 2027):
            used = sum((money.spent.get((fund, y), Decimal(0)) for y in (2026, 2027) if y <= year), Decimal(0))
            assert used <= money.arrived[fund, year]
    told = sum((row.get(LACKING, Decimal(0)) for row in money.shares.values()), Decimal(0))
    assert told == sum(money.lacking.values())
