"""What a person decides on an import: repairs that can be undone, features that are there, recipes, reports."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from fieldsurvey.store import Store
from layers.io import recipe
from layers.io.importer import Options, inspect, run, run_each
from layers.io.mapping import LayerMapping
from layers.io.matching import Known
from layers.io.report import save
from tests.builders import add_community, make_project

_BOW_TIE = "POLYGON ((600000 3340000, 600100 3340100, 600100 3340000, 600000 3340100, 600000 3340000))"
_SQUARE = "POLYGON ((600200 3340000, 600300 3340000, 600300 3340100, 600200 3340100, 600200 3340000))"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "p.gpkg") as found:
        yield found


def _buildings(path: Path) -> Path:
    path.write_text(f'编号,楼栋号,层数,wkt\n1,1栋,6,"{_BOW_TIE}"\n2,2栋,7,"{_SQUARE}"\n', "utf-8")
    return path


def _valid(store: Store) -> list[bool]:
    return [bool(shapely.from_wkb(row["geom"]).is_valid) for row in store.select("building", order="source_id")]


def test_a_repair_is_counted_and_can_be_undone_alone(store: Store, tmp_path: Path) -> None:
    (report,) = run(store, [_buildings(tmp_path / "楼栋.csv")])
    assert [warning.code for warning in report.warnings if warning.code == "repaired"] == ["repaired"]
    assert _valid(store) == [True, True]
    assert len(store.undo()) == 1
    assert store.count("building") == 2
    assert _valid(store) == [False, True]
    store.redo()
    assert _valid(store) == [True, True]


def test_areas_are_kept_as_drawn_if_a_person_says_so(store: Store, tmp_path: Path) -> None:
    (report,) = run(store, [_buildings(tmp_path / "楼栋.csv")], repair=False)
    assert "not_repaired" in {warning.code for warning in report.warnings}
    assert _valid(store) == [False, True]


@pytest.mark.parametrize(
    ("rule", "count", "floors"), [(Known.FILL, 2, 7), (Known.SKIP, 2, 7), (Known.UPDATE, 2, 9), (Known.INSERT, 4, 7)]
)
def test_features_that_are_there_follow_the_rule(
    store: Store, tmp_path: Path, rule: Known, count: int, floors: int
) -> None:
    file = _buildings(tmp_path / "楼栋.csv")
    run(store, [file])
    file.write_text(file.read_text("utf-8").replace("2栋,7", "2栋,9"), "utf-8")
    run(store, [file], known=rule)
    assert store.count("building") == count
    assert store.select("building", where={"source_id": "2"})[0]["floors"] == floors


def test_a_feature_exported_by_us_is_found_by_its_uid_wherever_it_was_moved(store: Store, tmp_path: Path) -> None:
    run(store, [_buildings(tmp_path / "楼栋.csv")])
    uid = str(store.select("building", where={"source_id": "2"})[0]["uid"])
    moved = _SQUARE.replace("6002", "6009").replace("6003", "6010")
    file = tmp_path / "楼栋面.csv"
    file.write_text(f'uid,楼栋号,wkt\n{uid},2栋甲,"{moved}"\n', "utf-8")
    run(store, [file], known=Known.UPDATE)
    row = store.get(uid)
    assert row is not None
    assert store.count("building") == 2
    assert row.values["name"] == "2栋甲"
    assert isinstance(row.values["geom"], bytes)
    assert shapely.from_wkb(row.values["geom"]).bounds[0] == 600_900


def test_a_recipe_fits_next_quarters_file_by_its_columns(store: Store, tmp_path: Path) -> None:
    old, new = tmp_path / "一季度.csv", tmp_path / "二季度.csv"
    old.write_text("no,经度,纬度,what\n1,115.04,30.2,坏\n", "utf-8")
    new.write_text("no,经度,纬度,what\n2,115.05,30.2,好\n", "utf-8")
    (layer,) = inspect(old).layers
    assert layer.mapping.table == ""
    saved = tmp_path / "供水公司.json"
    recipe.save({layer.name: LayerMapping("hydrant", {"no": "source_id", "what": "state"})}, saved)
    run(store, [new], mapping=saved)
    assert store.select("hydrant", ["source_id", "state"])[0]["state"] == "好"


def test_each_file_may_have_decisions_of_its_own(store: Store, tmp_path: Path) -> None:
    first, second = tmp_path / "消火栓a.csv", tmp_path / "消火栓b.csv"
    first.write_text('编号,wkt\n1,"POINT (600000 3340000)"\n', "utf-8")
    second.write_text('编号,wkt\n2,"POINT (38600100 3340000)"\n', "utf-8")
    run_each(store, [(first, Options(crs="EPSG:4547")), (second, Options(crs="EPSG:4526"))])
    places = [shapely.from_wkb(row["geom"]).x for row in store.select("hydrant", order="source_id")]
    assert places == pytest.approx([600_000, 600_100], abs=0.001)


def test_the_report_file_tells_the_evidence(store: Store, tmp_path: Path) -> None:
    reports = run(store, [_buildings(tmp_path / "楼栋.csv")], dry_run=True)
    save(reports, tmp_path / "r.txt")
    save(reports, tmp_path / "r.json")
    text = (tmp_path / "r.txt").read_text("utf-8-sig")
    assert "EPSG:4547" in text
    assert reports[0].crs_how in text
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))[0]["status"] == "imported_with_warning"


def test_communities_that_overlap_are_told(store: Store, tmp_path: Path) -> None:
    add_community(store, "别处", code="Z", geom=None)
    file = tmp_path / "小区.csv"
    other = _SQUARE.replace("600200", "600250")
    file.write_text(f'小区编码,小区名称,wkt\nA,甲,"{_SQUARE}"\nB,乙,"{other}"\n', "utf-8")
    (report,) = run(store, [file], dry_run=True)
    assert "overlap" in {warning.code for warning in report.warnings}
