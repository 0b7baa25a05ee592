"""What the conflict desk does with conflicts: keep one, both, type anew by the form's rules, many by one rule, undo."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldsurvey.assess.conflicts import (
    Case,
    Side,
    cases,
    decide_all,
    difference,
    keep,
    keep_both,
    like,
    read_value,
    type_anew,
)
from fieldsurvey.errors import InputRefused
from fieldsurvey.model.role import Person, Role
from fieldsurvey.projects import install_forms
from fieldsurvey.store import Store
from tests.builders import add_community, exchange, make_laptops, point, square

SURVEYOR, REVIEWER = Person("小李"), Person("王工", Role.REVIEWER)


@pytest.fixture
def laptops(tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    one, two = make_laptops(tmp_path)
    install_forms(one)
    for store, name in ((one, "小李"), (two, "王工")):
        store.set_actor(name, name)
    for definition in one.table_definitions():
        two.add_table_definition(definition)
    yield one, two
    one.close()
    two.close()


def _disagree(one: Store, two: Store, field: str, mine: object, theirs: object, count: int = 1) -> list[Case]:
    uids = []
    for number in range(count):
        community = add_community(one, f"小区{number}")
        values = {"community_uid": community, "subject_uid": community, "status": "complete", field: None}
        uids.append(one.create_record("f04_water", values))
    exchange(one, two)
    for uid in uids:
        one.save(uid, {field: mine})  # type: ignore[dict-item]
        time.sleep(0.003)  # noqa: TID251 - times are told in milliseconds, and the second is to be the newer
        two.save(uid, {field: theirs})  # type: ignore[dict-item]
    exchange(one, two)
    return [case for case in cases(one) if case.conflict.field == field]


def _value(store: Store, case: Case) -> object:
    row = store.get(case.conflict.uid)
    assert row is not None
    return row.values[case.conflict.field]


def test_another_number_must_be_one_and_keep_to_the_rules_of_the_form(laptops: tuple[Store, Store]) -> None:
    one, two = laptops
    (case,) = _disagree(one, two, "main_dn", 100, 150)
    with pytest.raises(InputRefused, match="数字"):
        type_anew(one, SURVEYOR, case, "一百")
    with pytest.raises(InputRefused, match="20 到 600"):
        type_anew(one, SURVEYOR, case, "9000")
    assert len(cases(one)) == 1
    type_anew(one, SURVEYOR, case, " 125 ")
    exchange(one, two)
    assert [_value(store, case) for store in laptops] == [125, 125]
    assert cases(two) == []


def test_numbers_and_choices_are_not_joined_as_texts(laptops: tuple[Store, Store]) -> None:
    one, two = laptops
    (case,) = _disagree(one, two, "main_dn", 100, 150)
    with pytest.raises(InputRefused):
        keep_both(one, SURVEYOR, case)
    (texts,) = _disagree(one, two, "remarks", "阀门锈蚀", "井盖缺失")
    keep_both(one, SURVEYOR, texts)
    assert _value(one, texts) == "阀门锈蚀 / 井盖缺失"


@pytest.mark.parametrize(("side", "stands"), [(Side.MINE, "shared"), (Side.THEIRS, "mixed"), (Side.NEWEST, "mixed")])
def test_the_like_are_decided_by_one_rule_and_taken_back_as_one_step(
    laptops: tuple[Store, Store], side: Side, stands: str
) -> None:
    one, two = laptops
    found = _disagree(one, two, "meter_mode", "shared", "mixed", count=3)
    _disagree(one, two, "main_dn", 100, 150)
    alike = like(found[1], cases(one))
    assert alike[0].key == found[1].key
    assert len(alike) == 3
    assert decide_all(one, SURVEYOR, alike, side) == 3
    assert {_value(one, case) for case in found} == {stands}
    assert [case.conflict.field for case in cases(one)] == ["main_dn"]
    one.take_back(one.last_own)
    again = [case for case in cases(one) if case.conflict.field == "meter_mode"]
    assert len(again) == 3
    assert {deed.version.origin for case in again for deed in case.deeds} == {one.origin, two.origin}
    exchange(one, two)
    assert two.conflict_count() == one.conflict_count()


def test_a_decision_of_another_laptop_is_not_taken_back_here(laptops: tuple[Store, Store]) -> None:
    one, two = laptops
    (case,) = _disagree(one, two, "main_dn", 100, 150)
    keep(one, SURVEYOR, case, case.deeds[0])
    exchange(one, two)
    with pytest.raises(InputRefused):
        two.take_back(one.last_own)


def test_a_state_of_the_review_is_chosen_only_by_who_may_give_it(laptops: tuple[Store, Store]) -> None:
    one, two = laptops
    (case,) = _disagree(one, two, "status", "draft", "reviewed")
    reviewed = next(deed for deed in case.deeds if deed.version.value == "reviewed")
    with pytest.raises(InputRefused, match="调查员"):
        keep(one, SURVEYOR, case, reviewed)
    keep(one, REVIEWER, case, reviewed)
    assert _value(one, case) == "reviewed"


def test_shapes_differ_by_corners_distance_and_area() -> None:
    found = difference(square(), square(side=110))
    assert found is not None
    assert (found.moved, round(found.farthest, 2), round(found.area), found.unit) == (3, 14.14, 2100, "㎡")
    moved = difference(point(), point(600_053.0, 3_340_054.0))
    assert moved is not None
    assert moved.farthest == pytest.approx(5.0)
    assert difference(None, square()) is None


def test_what_is_typed_becomes_a_value_of_the_column(laptops: tuple[Store, Store]) -> None:
    table = laptops[0].tables()["f04_water"]
    assert read_value(table, "main_dn", "") is None
    assert read_value(table, "main_length", "12.5") == 12.5
    assert read_value(table, "remarks", " 无 ") == "无"
