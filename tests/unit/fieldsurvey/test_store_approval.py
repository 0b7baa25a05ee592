"""An approval says exactly what it approved; fields that belong together merge as one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldsurvey.errors import InputRefused
from fieldsurvey.model.schema import Column, ColumnType, GeometryType, Table, TableKind, Value
from fieldsurvey.store import Store
from tests.builders import add_community, exchange, make_laptops, point


@pytest.fixture
def laptops(tmp_path: Path) -> Iterator[list[Store]]:
    stores = make_laptops(tmp_path)
    yield stores
    for store in stores:
        store.close()


def _value(store: Store, uid: str, field: str) -> object:
    row = store.get(uid)
    assert row is not None
    return row.values[field]


def test_an_approval_is_known_everywhere_and_names_its_author(laptops: list[Store]) -> None:
    office, laptop = laptops
    office.set_actor("wang", "王工")
    uid = add_community(office)
    office.approve(uid)
    exchange(office, laptop)
    laptop.add_actors(office.actors())
    found = laptop.approval(uid)
    assert found is not None
    assert (found.actor, found.origin) == ("王工", office.origin)


def test_a_late_edit_from_elsewhere_ends_the_approval_by_itself(laptops: list[Store]) -> None:
    office, laptop = laptops
    uid = add_community(office)
    exchange(office, laptop)
    laptop.save(uid, {"household_count": 9})
    office.approve(uid)
    exchange(office, laptop)
    assert office.approval(uid) is None
    assert laptop.approval(uid) is None
    assert office.conflicts() == []


def test_an_edit_after_the_approval_ends_it_and_a_new_approval_holds(laptops: list[Store]) -> None:
    office, _laptop = laptops
    uid = add_community(office)
    office.approve(uid)
    office.save(uid, {"household_count": 9})
    assert office.approval(uid) is None
    office.approve(uid)
    assert office.approval(uid) is not None


def test_a_record_with_an_open_conflict_cannot_be_approved(laptops: list[Store]) -> None:
    office, laptop = laptops
    uid = add_community(office)
    exchange(office, laptop)
    office.save(uid, {"household_count": 1})
    laptop.save(uid, {"household_count": 2})
    exchange(office, laptop)
    with pytest.raises(InputRefused, match="冲突"):
        office.approve(uid)


def test_what_changed_while_somebody_read_it_is_not_approved(laptops: list[Store]) -> None:
    office, _laptop = laptops
    uid = add_community(office)
    seen = office.get(uid)
    assert seen is not None
    office.save(uid, {"household_count": 9})
    with pytest.raises(InputRefused, match="重新查看"):
        office.approve(uid, seen.token)


def test_a_deleted_record_cannot_be_approved(laptops: list[Store]) -> None:
    office, _laptop = laptops
    uid = add_community(office)
    office.delete(uid)
    with pytest.raises(InputRefused):
        office.approve(uid)


# --- merge groups ---------------------------------------------------------------------------------------------------

_LIFTS = Table(
    "lifts", TableKind.FORM, "电梯", "Lifts",
    (
        Column("has_lift", ColumnType.TEXT, "有电梯", "Has lift", group="lift"),
        Column("lift_count", ColumnType.INTEGER, "台数", "Lifts", group="lift"),
        Column("accuracy", ColumnType.REAL, "精度", "Accuracy", group="geom"),
        Column("remark", ColumnType.TEXT, "备注", "Remark"),
    ),
    GeometryType.POINT,
)  # fmt: skip


def _with_lifts(stores: list[Store]) -> str:
    for store in stores:
        store.add_table(_LIFTS)
    values: dict[str, Value] = {"has_lift": "yes", "lift_count": 2, "accuracy": 3.0, "geom": point(), "remark": "a"}
    uid = stores[0].create_record("lifts", values)
    exchange(*stores)
    return uid


def test_answers_that_belong_together_are_one_conflict_not_a_mixture(laptops: list[Store]) -> None:
    """One says there is no lift, the other counts a third: never "no lift, 3 lifts"."""
    one, other = laptops
    uid = _with_lifts(laptops)
    one.save(uid, {"has_lift": "no"})
    other.save(uid, {"lift_count": 3})
    exchange(one, other)
    for store in laptops:
        assert {c.field for c in store.conflicts()} == {"has_lift", "lift_count"}
        assert (_value(store, uid, "has_lift"), _value(store, uid, "lift_count")) in {("no", 2), ("yes", 3)}


def test_choosing_one_answer_of_a_group_brings_its_partner(laptops: list[Store]) -> None:
    one, other = laptops
    uid = _with_lifts(laptops)
    one.save(uid, {"has_lift": "no", "lift_count": 0})
    other.save(uid, {"lift_count": 3})
    exchange(one, other)
    one.resolve(uid, {"has_lift": "no"})
    exchange(one, other)
    assert other.conflicts() == []
    assert (_value(other, uid, "has_lift"), _value(other, uid, "lift_count")) == ("no", 0)


def test_accuracy_goes_with_the_geometry_it_was_measured_with(laptops: list[Store]) -> None:
    one, other = laptops
    uid = _with_lifts(laptops)
    one.save(uid, {"geom": point(600_001.0), "accuracy": 1.0})
    other.save(uid, {"geom": point(600_002.0)})
    exchange(one, other)
    assert {c.field for c in one.conflicts()} == {"geom", "accuracy"}


def test_other_fields_still_merge_one_by_one(laptops: list[Store]) -> None:
    one, other = laptops
    uid = _with_lifts(laptops)
    one.save(uid, {"has_lift": "no"})
    other.save(uid, {"remark": "b"})
    exchange(one, other)
    assert one.conflicts() == []
    assert (_value(one, uid, "has_lift"), _value(one, uid, "remark")) == ("no", "b")


def test_the_partner_of_an_imported_answer_keeps_its_imported_value(laptops: list[Store]) -> None:
    one, _other = laptops
    one.import_rows("community", [{"name": "甲", "district": "黄石港区", "address": "湖滨路1号"}], source="x.csv")
    uid = str(one.select("community")[0]["uid"])
    one.save(uid, {"address": "湖滨路2号"})
    entry = one.history(uid)[-1]
    assert dict(entry.values) == {
        "address": "湖滨路2号", "district": "黄石港区", "subdistrict": None, "neighbourhood": None,
    }  # fmt: skip
    assert entry.old["address"] == "湖滨路1号"


def test_the_groups_of_the_default_tables_are_declared() -> None:
    from fieldsurvey.model.assets import COMMUNITY
    from survey_forms import default_forms, form_tables, load_form

    address = {"district", "subdistrict", "neighbourhood", "address"}
    assert COMMUNITY.groups()["address"] == address
    main = form_tables(load_form(default_forms()["f01_community"]))[0].groups()
    assert main["address"] == address
    assert main["geom"] == {"geom", "gps"}
