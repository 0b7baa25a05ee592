"""The checks against a city with 59 known errors, against the clean one, and the repairs in a project."""

import csv
from pathlib import Path

import pytest
import shapely
import shapely.affinity

from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from layers.topology.check import check, mend
from layers.topology.data import from_file, from_store
from layers.topology.findings import Finding, Rule
from layers.topology.run import check_path
from tests.builders import add_community, make_project, square
from tests.conftest import SHARED

CITY = SHARED / "data" / "city"
TABLES = {
    "communities": "community", "buildings": "building", "water_lines": "water_line", "drain_lines": "drain_line",
    "hydrants": "hydrant", "stairwells": "stairwell",
}  # fmt: skip


def test_the_clean_city_gives_at_most_five_false_alarms() -> None:
    assert len(check(from_file(CITY / "city_x1.gpkg"))) <= 5


def test_at_least_57_of_59_planted_errors_are_found() -> None:
    found = {(f.rule.value, f.table, f.number) for f in check(from_file(CITY / "city_x1_defects.gpkg"))}
    with (CITY / "city_x1_defects.truth.csv").open(encoding="utf-8-sig") as file:
        planted = [(row["rule"], TABLES[row["layer"]], row["id"]) for row in csv.DictReader(file)]
    assert len(planted) == 59
    assert sum(error in found for error in planted) >= 57


def _line(*corners: tuple[float, float]) -> bytes:
    return bytes(shapely.to_wkb(shapely.MultiLineString([corners])))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return make_project(tmp_path / "p.gpkg")


def _check(store: Store) -> list[Finding]:
    return check(from_store(store), year=2026)


def test_safe_repairs_are_one_step_that_undo_takes_back(store: Store) -> None:
    with store:
        uid = add_community(store, " 枫叶山　")
        first = store.create_record("water_line", {"geom": _line((600_000, 3_340_000), (600_050, 3_340_000))})
        store.create_record("water_line", {"geom": _line((600_050.4, 3_340_000), (600_090, 3_340_000))})
        dot = store.create_record("water_line", {"geom": _line((600_010, 3_340_010), (600_010, 3_340_010))})
        findings = _check(store)
        assert {Rule.BLANK_IN_NAME, Rule.DANGLE, Rule.ZERO_LENGTH} == {f.rule for f in findings}
        assert mend(store, findings) == 4
        assert store.select("community", ["name"])[0]["name"] == "枫叶山"
        assert store.get(dot) is None
        store.undo()
        assert store.get(dot) is not None
        assert store.select("community", ["name"], where={"uid": uid})[0]["name"] == " 枫叶山　"
        assert store.get(first) is not None


def test_a_joined_pipe_is_joined_for_good(store: Store) -> None:
    with store:
        store.create_record("gas_line", {"geom": _line((600_000, 3_340_000), (600_050, 3_340_000))})
        store.create_record("gas_line", {"geom": _line((600_050.4, 3_340_000), (600_090, 3_340_000))})
        one = [f for f in _check(store) if f.rule is Rule.DANGLE][:1]
        mend(store, one)
        assert not _check(store)


def test_a_bow_tie_is_mended_into_its_two_halves(store: Store) -> None:
    bow = shapely.MultiPolygon([shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])])
    moved = shapely.affinity.translate(bow, 600_000, 3_340_000)
    with store:
        uid = add_community(store, geom=bytes(shapely.to_wkb(moved)))
        findings = [f for f in _check(store) if f.rule is Rule.SELF_INTERSECTION]
        mend(store, findings)
        row = store.get(uid)
        assert row is not None
        area = shapely.from_wkb(row.values["geom"])
        assert area.is_valid
        assert area.area == pytest.approx(5000)


def test_a_sliver_between_two_communities_is_a_gap(store: Store) -> None:
    ring = shapely.box(600_000, 3_340_000, 600_200, 3_340_100)
    sliver = shapely.box(600_100, 3_340_010, 600_100.5, 3_340_090)
    left = shapely.box(600_000, 3_340_000, 600_100, 3_340_100)
    right = shapely.difference(shapely.difference(ring, left), sliver)
    with store:
        add_community(store, "甲", geom=bytes(shapely.to_wkb(shapely.MultiPolygon([left]))))
        add_community(store, "乙", geom=bytes(shapely.to_wkb(shapely.MultiPolygon([right]))))
        findings = _check(store)
        assert [f.rule for f in findings] == [Rule.GAP]
        assert mend(store, findings) == 1
        assert _check(store) == []


def test_a_sliver_that_two_communities_share_is_cut_and_a_wide_overlap_is_not(store: Store) -> None:
    with store:
        add_community(store, "甲", geom=bytes(shapely.to_wkb(shapely.box(600_000, 3_340_000, 600_100, 3_340_100))))
        add_community(store, "乙", geom=bytes(shapely.to_wkb(shapely.box(600_099, 3_340_000, 600_150, 3_340_100))))
        findings = _check(store)
        assert {f.rule for f in findings} == {Rule.OVERLAP}
        assert mend(store, findings) == 1
        assert _check(store) == []
        add_community(store, "丙", geom=bytes(shapely.to_wkb(shapely.box(599_960, 3_340_000, 600_020, 3_340_100))))
        assert [f.fix for f in _check(store)] == [None, None]


def test_a_house_that_lies_whole_in_another_community_is_given_to_it(store: Store) -> None:
    with store:
        wrong = add_community(store, "甲", geom=square(600_000))
        right = add_community(store, "乙", geom=square(600_200))
        house = store.create_record("building", {"geom": square(600_250, 3_340_050, 20), "community_uid": wrong})
        findings = [f for f in _check(store) if f.rule is Rule.OUTSIDE_COMMUNITY]
        assert mend(store, findings) == 1
        row = store.get(house)
        assert row is not None
        assert row.values["community_uid"] == right
        assert Rule.OUTSIDE_COMMUNITY not in {f.rule for f in _check(store)}


def test_a_project_and_a_file_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        add_community(store)
        store.create_record("building", {"name": "1", "geom": square(side=1)})
    findings, _mended = check_path(path, JobControl())
    assert [f.rule for f in findings] == [Rule.TINY]
