"""Estimates and condition grades against numbers worked out by hand."""

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsurvey.assess.condition import GRADES, building_grade, combined
from fieldsurvey.assess.cost import Line, amount_wan, benchmarks, compared, estimate, estimates
from fieldsurvey.assess.parameters import shipped
from fieldsurvey.errors import InputRefused
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from tests.builders import add_community

NUMBERS = {key: parameter.value for key, parameter in shipped().items()}
ROAD: dict[str, Value] = {
    "item_code": "B08",
    "quantity": 1234.5,
    "unit": "㎡",
    "unit_price": 301.8,
    "reno_class": "base",
}


@pytest.fixture
def store(office_store: Store) -> Store:
    return office_store


def plan(store: Store, uid: str, **changes: Value) -> str:
    return store.create_record("f23_plan_item", {"community_uid": uid, "subject_uid": uid, **ROAD, **changes})


@pytest.mark.parametrize(
    ("quantity", "price", "amount"),
    [(1234.5, 301.8, "37.26"), (1, 50, "0.01"), (1, 49.99, "0.00"), (3, 350, "0.11"), (0.1, 1_005_000, "10.05")],
)
def test_amounts_are_rounded_half_up_as_written(quantity: float, price: float, amount: str) -> None:
    assert amount_wan(quantity, price) == Decimal(amount)


def test_fees_and_reserve_are_those_of_the_approved_estimate() -> None:
    works = Line("u", "B08", "base", "city", 1, "项", 74_060_000, Decimal("7406.00"))
    found = estimate([works], NUMBERS)
    assert (found.works_wan, found.fees_wan) == (Decimal(7406), Decimal("668.76"))
    assert found.reserve_wan == Decimal("242.24")  # 3 % of 8074.76
    assert abs(found.total_wan - 8318) <= 1
    assert found.per_household_wan(2254) == pytest.approx(3.69, abs=0.005)
    assert found.per_sqm_yuan(223_104) == pytest.approx(373, abs=0.5)
    assert found.per_household_wan(0) is None


@pytest.mark.parametrize(
    ("valid_until", "day", "is_told"),
    [
        ("2026-03-31", date(2026, 3, 31), False),
        ("2026-03-31", date(2026, 4, 1), True),
        (None, date(2099, 1, 1), False),
        ("2026年", date(2026, 1, 1), True),  # no day: nobody can say that it still holds
    ],
)
@pytest.mark.parametrize("own", [301.8, None])
def test_an_expired_price_stays_in_the_total_and_is_told(
    store: Store, valid_until: str | None, day: date, is_told: bool, own: float | None
) -> None:
    uid = add_community(store)
    plan(store, uid, unit_price=own)
    store.create_record("price", {"item_code": "B08", "unit": "㎡", "unit_price": 301.8, "valid_until": valid_until})
    made = estimates(store, day)[uid]
    assert (str(made.works_wan), made.problems, len(made.warnings)) == ("37.26", (), int(is_told))
    if is_told:
        told = f"条目 B08 所用单价 301.80 元的有效期至 {valid_until}，已过期，请录入现行单价。"
        assert made.warnings == (told,)


def test_a_price_that_one_row_still_holds_is_not_expired(store: Store) -> None:
    uid = add_community(store)
    plan(store, uid)
    for until in ("2020-12-31", "2030-12-31"):
        store.create_record("price", {"item_code": "B08", "unit": "㎡", "unit_price": 301.8, "valid_until": until})
    store.create_record("price", {"item_code": "B08", "unit": "㎡", "unit_price": 9.0, "valid_until": "2020-12-31"})
    assert estimates(store, date(2026, 1, 1))[uid].warnings == ()
    assert len(estimates(store, date(2031, 1, 1))[uid].warnings) == 1


def test_every_amount_traces_to_its_record(store: Store) -> None:
    uid = add_community(store)
    road, lift = plan(store, uid), plan(store, uid, item_code="I14", quantity=2, unit="台", unit_price=500_000)
    found = estimates(store)[uid]
    assert {line.uid: str(line.amount_wan) for line in found.lines} == {road: "37.26", lift: "100.00"}
    assert found.works_wan == Decimal("137.26")
    assert found.problems == ()


def test_the_newest_price_of_the_same_unit_is_taken(store: Store) -> None:
    uid = add_community(store)
    plan(store, uid, quantity=10_000, unit_price=None)
    for month, price in (("2026-06", 320.0), ("2026-01", 300.0)):
        store.create_record("price", {"item_code": "B08", "unit": "㎡", "unit_price": price, "base_month": month})
    (line,) = estimates(store)[uid].lines
    assert (line.price_yuan, line.amount_wan) == (320, Decimal("320.00"))
    assert line.price_uid


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"unit_price": -1.0}, "不能小于 0"),
        ({"unit_price": None}, "没有单价"),
        ({"unit_price": None, "item_code": "B15", "unit": "亩"}, "亩.*㎡"),
        ({"quantity": 0.0}, "工程量"),
        ({"reno_class": None}, "改造类别"),
        ({"quantity": 1e30}, "过大"),
    ],
)
def test_what_cannot_be_priced_is_a_sentence_and_in_no_total(
    store: Store, changes: dict[str, Value], told: str
) -> None:
    uid = add_community(store)
    plan(store, uid)
    plan(store, uid, **changes)
    store.create_record("price", {"item_code": "B15", "unit": "㎡", "unit_price": 194.71})
    found = estimates(store)[uid]
    assert found.works_wan == Decimal("37.26")
    (problem,) = found.problems
    assert re.search(told, problem)


@pytest.mark.parametrize("price", [-0.01, None])
def test_a_price_table_with_a_wrong_price_is_refused(store: Store, price: float | None) -> None:
    plan(store, add_community(store))
    store.create_record("price", {"item_code": "B08", "name": "道路", "unit": "㎡", "unit_price": price})
    with pytest.raises(InputRefused, match="B08 道路"):
        estimates(store)


def test_benchmarks_hold_the_citys_own_plan() -> None:
    assert {one.id: one.per_household_wan for one in benchmarks()}["huangshi_2021"] == pytest.approx(
        283_900 / 105_056, abs=0.005
    )
    by_id = {one.id: (household, sqm) for one, household, sqm in compared(5.40, 373)}
    household, sqm = by_id["huangshi_2021"]
    assert household == pytest.approx(2.0)
    assert sqm is None
    assert by_id["county_2026"][1] == pytest.approx(1.0)


# --- condition grades --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("main", "minor", "finishes", "services", "grade"),
    [
        (["good"], ["good"], ["basic"], ["basic"], "good"),
        (["good"], ["good"], ["basic", "basic"], ["basic"], "basic"),
        (["basic"], ["good"], ["general"], ["general"], "basic"),
        (["basic"], ["general"], ["general"], ["good"], "basic"),
        (["basic"], ["general"], ["general"], ["general"], "general"),
        (["basic"], ["general", "general"], ["good"], ["good"], "general"),
        (["general"], ["good"], ["good"], ["good"], "general"),
        (["general"], ["severe"], ["severe"], ["good"], "general"),
        (["severe"], ["good"], ["good"], ["good"], "severe"),
        (["good"], ["good"], ["severe"], ["good"], "general"),
        (["good"], ["good"], ["good"], ["danger"], "danger"),
        (["unsurveyed"], ["good"], ["good"], ["danger"], "danger"),
        (["good"], ["good"], ["unsurveyed"], ["good"], "unsurveyed"),
        (["severe"], [], ["unsurveyed"], [""], "severe"),
        ([], [], ["good"], ["good"], "unsurveyed"),
    ],
)
def test_grades_combine(
    main: list[str], minor: list[str], finishes: list[str], services: list[str], grade: str
) -> None:
    assert combined(main, minor, finishes, services) == grade


def test_what_the_surveyor_decided_stands() -> None:
    assert building_grade("severe", "good", "good", "basic") == "basic"
    assert building_grade("severe", "good", "good", "unsurveyed") == "severe"
    assert building_grade("good", "good", "") == "unsurveyed"


_GRADE = st.sampled_from(GRADES)
_PARTS = st.lists(_GRADE, min_size=1, max_size=4)


@given(_PARTS, _PARTS, _PARTS, _PARTS, st.integers(0, 3), st.integers(0, 3), _GRADE)
def test_a_worse_part_never_makes_a_better_house(
    main: list[str], minor: list[str], finishes: list[str], services: list[str], which: int, at: int, grade: str
) -> None:
    before = combined(main, minor, finishes, services)
    parts = [list(main), list(minor), list(finishes), list(services)]
    part = parts[which]
    at %= len(part)
    part[at] = max(part[at], grade, key=GRADES.index)
    assert GRADES.index(combined(*parts)) >= GRADES.index(before)
