"""Quantities from records and geometry: exact numbers, what goes before what, and where each comes from."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
import shapely

from fieldsurvey.assess.cost import estimates
from fieldsurvey.assess.items import items
from fieldsurvey.assess.quantities import ITEM, enter, measures, quantities
from fieldsurvey.model.schema import Value
from fieldsurvey.plan.tables import install_tables
from fieldsurvey.store import Store
from tests.builders import add_community, make_project, square


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with make_project(tmp_path_factory.mktemp("quantities") / "p.gpkg", forms=True) as made:
        yield made


def line(metres: float) -> bytes:
    return bytes(shapely.to_wkb(shapely.MultiLineString([[(0, 0), (metres, 0)]])))


def told(store: Store, uid: str) -> dict[str, tuple[float, str]]:
    return {one.item_code: (one.amount, one.unit) for one in quantities(store, uid)}


def test_every_row_of_the_table_names_an_item_its_unit_and_a_column_that_exists(store: Store) -> None:
    for measure in measures():
        assert measure.unit in items()[measure.item_code].units
        known = {column.name for column in store.tables()[measure.table].columns}
        asked = {measure.column, measure.where.replace("!", "=").partition("=")[0]} - {""}
        assert asked <= known


def test_lengths_areas_and_counts_are_those_of_the_map(store: Store) -> None:
    uid, other = add_community(store, lift_request=3), add_community(store, "乙小区")
    pipes = (("镀锌钢管", 12.34, uid), ("镀锌钢管", 10.0, uid), ("PE", 99.0, uid), ("镀锌钢管", 500.0, other))
    for material, metres, community in pipes:
        store.create_record("water_line", {"community_uid": community, "material": material, "geom": line(metres)})
    rows: list[tuple[str, dict[str, Value]]] = [
        ("internal_road", {"community_uid": uid, "width": 3.5, "geom": line(20.0)}),
        ("internal_road", {"community_uid": uid, "geom": line(20.0)}),  # of unknown width: no area
        ("building", {"community_uid": uid, "kind": "住宅", "geom": square(0, 0, 10)}),
        ("hydrant", {"community_uid": uid, "state": "完好"}),
        ("hydrant", {"community_uid": uid, "state": "损坏"}),
    ]
    for table, values in rows:
        store.create_record(table, values)
    assert told(store, uid) == {
        "B01": (22.3, "m"), "B08": (70.0, "㎡"), "B11": (1.0, "个"), "B15": (100.0, "㎡"), "I14": (3.0, "台"),
    }  # fmt: skip


def test_what_was_recorded_goes_before_what_is_drawn_and_the_newest_record_counts(store: Store) -> None:
    uid = add_community(store)
    store.create_record("water_line", {"community_uid": uid, "material": "镀锌钢管", "geom": line(50.0)})
    record: dict[str, Value] = {"community_uid": uid, "subject_uid": uid, "main_material": "cement"}
    store.create_record("f04_water", {**record, "main_length": 80.0})
    newest = store.create_record("f04_water", {**record, "main_length": 90.0})
    (one,) = quantities(store, uid)
    assert (one.amount, one.uids) == (90.0, (newest,))
    store.save(newest, {"main_material": "pe"})
    assert told(store, uid) == {"B01": (50.0, "m")}


def test_what_is_entered_is_priced_traced_and_not_offered_again(store: Store) -> None:
    install_tables(store)
    uid = add_community(store, plan_year=2026)
    store.create_record("water_line", {"community_uid": uid, "material": "灰口铸铁", "geom": line(50.0)})
    store.create_record("price", {"item_code": "B01", "name": "给水管", "unit": "m", "unit_price": 400.0})
    assert enter(store, uid, quantities(store, uid)) == 1
    (row,) = store.select(ITEM)
    assert (row["status"], row["quantity"], row["item_scope"]) == ("draft", 50.0, "图上：应更换材质的给水管，取自 1 条")
    (made,) = estimates(store)[uid].lines
    assert (made.uid, made.amount_wan) == (row["uid"], Decimal("2.00"))
    assert quantities(store, uid) == []
