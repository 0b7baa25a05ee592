"""The gates N1 to N8, each with the facts that open, close or leave it open."""

import pytest

from fieldsurvey.assess.gates import Gate, barred_by, gates
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from tests.builders import add_community


@pytest.fixture
def store(office_store: Store) -> Store:
    return office_store


def fill(store: Store, form: str, uid: str, **values: Value) -> None:
    store.create_record(form, {"community_uid": uid, "subject_uid": uid, **values})


def gate(store: Store, uid: str, name: str) -> Gate:
    return next(found for found in gates(store)[uid] if found.id == name)


def state(store: Store, uid: str, name: str) -> str:
    return str(gate(store, uid, name).state)


@pytest.mark.parametrize(
    ("year", "block", "told"),
    [
        (2000, "none", "pass"),
        (1985, "none", "pass"),
        (1985, None, "unknown"),
        (None, "none", "unknown"),
        (1985, "d_grade", "fail"),
        (1985, "expropriation rebuild", "fail"),
        (2001, "none", "fail"),  # alone it would be more than 15 %
        (2006, "none", "fail"),
    ],
)
def test_n1_year_and_exclusions(store: Store, year: int | None, block: str | None, told: str) -> None:
    uid = add_community(store, household_count=100)
    fill(store, "f01_community", uid, built_year_last=year, elig_block=block)
    assert state(store, uid, "N1") == told


def test_n1_sees_exclusions_in_other_answers(store: Store) -> None:
    own, weak = add_community(store, "甲小区", built_year=1990), add_community(store, "乙小区", built_year=1990)
    fill(store, "f01_community", own, elig_block="none", tenure="self_built")
    fill(store, "f01_community", weak, elig_block="none", tenure="self_built commodity")
    assert [state(store, uid, "N1") for uid in (own, weak)] == ["fail", "pass"]
    fill(store, "f02_building", weak, safety_grade="d")
    assert "D" in gate(store, weak, "N1").reason


def test_n1_admits_later_built_ones_up_to_their_share(store: Store) -> None:
    old = add_community(store, "甲小区", household_count=850, built_year=1990)
    first = add_community(store, "乙小区", household_count=150, built_year=2001)
    second = add_community(store, "丙小区", household_count=1, built_year=2002)
    for uid in (old, first, second):
        fill(store, "f01_community", uid, elig_block="none")
    assert [state(store, uid, "N1") for uid in (old, first, second)] == ["pass", "pass", "fail"]  # 150 of 1000 are 15 %
    assert "15" in gate(store, second, "N1").reason


def test_n1_follows_the_settings_of_the_project(store: Store) -> None:
    uid = add_community(store, household_count=10)
    fill(store, "f01_community", uid, built_year_last=2004, elig_block="done")
    store.create_record("parameter", {"key": "gate.year_cutoff", "value": 2005})
    assert state(store, uid, "N1") == "fail"
    store.create_record("parameter", {"key": "gate.exclude.done", "value": 0})
    assert state(store, uid, "N1") == "pass"


@pytest.mark.parametrize(
    ("heritage", "trees", "item", "told"),
    [
        ("no", 0, None, "pass"),
        ("no", None, None, "unknown"),
        ("yes", 0, None, "unknown"),
        ("yes", 0, "B08", "pass"),
        ("no", 2, "I01", "unknown"),
    ],
)
def test_n2_what_is_worth_keeping(store: Store, heritage: str, trees: int | None, item: str | None, told: str) -> None:
    uid = add_community(store)
    fill(store, "f01_community", uid, heritage=heritage)
    fill(store, "f14_roads_env", uid, big_trees=trees)
    if item:
        fill(store, "f23_plan_item", uid, item_code=item)
    assert state(store, uid, "N2") == told


@pytest.mark.parametrize(
    ("funds", "limit", "told"),
    [(None, None, "unknown"), (99.99, None, "fail"), (100, None, "pass"), (100, 99, "fail"), (None, 99, "fail")],
)
def test_n3_money_and_capacity(store: Store, funds: float | None, limit: float | None, told: str) -> None:
    uid = add_community(store)
    assert state(store, uid, "N3") == "unknown"
    fill(store, "f23_plan_item", uid, plan_year=2027, quantity=1000, unit_price=1000)
    if funds is not None:
        store.create_record("fund", {"year": 2026, "amount": funds})
    if limit is not None:
        store.create_record("plan_limit", {"year": 2027, "investment_max": limit})
    assert state(store, uid, "N3") == told
    barring = barred_by(gates(store)[uid])  # the survey before the plan is lacking; money does not bar
    assert barring is not None
    assert barring.id == "N5"


def test_n4_utilities_are_named(store: Store) -> None:
    uid = add_community(store)
    assert state(store, uid, "N4") == "unknown"
    fill(store, "f23_plan_item", uid, item_code="B09", utility_unit="燃气公司")
    assert state(store, uid, "N4") == "pass"
    fill(store, "f23_plan_item", uid, item_code="B01")
    assert "B01" in gate(store, uid, "N4").reason
    assert state(store, uid, "N4") == "fail"


def test_n5_survey_before_plan_and_hazards_first(store: Store) -> None:
    uid = add_community(store, gas="管道气")
    assert state(store, uid, "N5") == "unknown"
    fill(store, "f23_plan_item", uid, item_code="B08")
    assert state(store, uid, "N5") == "fail"
    for form in ("f04_water", "f05_drainage", "f06_power", "f08_telecom", "f09_fire"):
        fill(store, form, uid)
    fill(store, "f07_gas", uid, gas_prob="none")
    assert state(store, uid, "N5") == "pass"
    fill(store, "f07_gas", uid, gas_prob="rust")
    assert "B09" in gate(store, uid, "N5").reason
    fill(store, "f23_plan_item", uid, item_code="B09")
    assert state(store, uid, "N5") == "pass"


@pytest.mark.parametrize(
    ("agree", "oppose", "told"),
    [(6, 2, "pass"), (5, 2, "fail"), (6, 3, "fail"), (8, 0, "pass"), (7, 0, "fail"), (6, 0, "unknown")],
)
def test_n6_two_thirds_take_part_and_three_quarters_agree(store: Store, agree: int, oppose: int, told: str) -> None:
    uid = add_community(store, household_count=12)
    assert state(store, uid, "N6") == "unknown"
    for answer in ["agree"] * agree + ["oppose"] * oppose + ["unreached"]:
        fill(store, "f18_willingness", uid, agree_reno=answer)
    assert state(store, uid, "N6") == told


@pytest.mark.parametrize(("answer", "told"), [("yes", "pass"), ("no", "fail"), ("unknown", "unknown")])
def test_n7_and_n8_come_from_governance(store: Store, answer: str, told: str) -> None:
    uid = add_community(store, subdistrict="某街道", neighbourhood="某社区")
    fill(store, "f17_governance", uid, longterm_agreed=answer, party_branch=answer)
    assert [state(store, uid, name) for name in ("N7", "N8")] == [told, told]
    barring = barred_by(gates(store)[uid])
    assert (barring.id if barring else "") == ("N7" if told == "fail" else "")


def test_nothing_recorded_passes_nothing(store: Store) -> None:
    uid = add_community(store)
    found = gates(store)[uid]
    assert [one.id for one in found] == [f"N{n}" for n in range(1, 9)]
    assert {str(one.state) for one in found} == {"unknown"}
    assert all(one.reason and one.title for one in found)
