"""Hand-over files as departments write them: read right, reported honestly, never half."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from fieldsurvey import samples
from fieldsurvey.assess import totals
from fieldsurvey.errors import InputRefused
from fieldsurvey.store import Store
from layers.io.importer import inspect, run
from layers.io.report import Status
from tests.builders import add_community, make_project


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "p.gpkg") as found:
        yield found


@pytest.fixture(scope="module")
def handover(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import zipfile

    folder = tmp_path_factory.mktemp("handover")
    with zipfile.ZipFile(Path(samples.__file__).parent / "handover.zip") as archive:
        archive.extractall(folder)
    return folder


def _codes(store: Store, *files: Path, **options: object) -> list[set[str]]:
    reports = run(store, list(files), **options)  # type: ignore[arg-type]
    return [{warning.code for warning in report.warnings} for report in reports]


def test_the_whole_city_comes_in_with_its_totals(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        (report,) = run(store, [samples.city()])
        assert report.layers["building"] == 6241
        assert sum(report.layers.values()) == 90_244  # the sum that the generator of the city states
        found = totals(store)
    assert (found.communities, found.households, found.investment_wan) == (214, 105_056, 283_900.0)


def test_a_gbk_shapefile_of_zone_38_without_prj_lands_in_its_place(store: Store, handover: Path) -> None:
    (codes,) = _codes(store, handover / "小区边界_38带" / "小区边界.shp")
    assert codes == {"crs_guessed"}
    (row,) = store.select("community", where={"code": "LJ8600001"})
    assert row["name"] == "工农花园"
    assert isinstance(row["geom"], bytes)
    assert shapely.from_wkb(row["geom"]).bounds[0] == pytest.approx(594_704, abs=200)


def test_a_shapefile_may_have_brackets_in_its_name(store: Store, handover: Path, tmp_path: Path) -> None:
    """As a browser names what it loads down a second time."""
    for part in (handover / "小区边界_38带").glob("小区边界.*"):
        shutil.copy(part, tmp_path / f"小区边界[1]{part.suffix}")
    (codes,) = _codes(store, tmp_path / "小区边界[1].shp")
    assert codes == {"crs_guessed"}
    assert store.select("community", ["code"], where={"code": "LJ8600001"})


def test_the_ledger_fills_in_what_the_boundaries_lack(store: Store, handover: Path) -> None:
    run(store, [handover / "小区边界_38带" / "小区边界.shp", handover / "老旧小区台账_模拟.xlsx"])
    found = totals(store)
    assert (found.communities, found.households, found.investment_wan) == (214, 105_056, 283_900.0)


def test_the_ledger_alone_reads_numbers_with_units_and_skips_totals(store: Store, handover: Path) -> None:
    (report,) = run(store, [handover / "老旧小区台账_模拟.xlsx"])
    assert report.layers == {"community": 214}
    assert "totals_skipped" in {warning.code for warning in report.warnings}
    assert totals(store).households == 105_056


def test_degrees_minutes_seconds_become_points(store: Store, handover: Path) -> None:
    run(store, [handover / "消防栓_模拟_GBK.csv"])
    (row,) = store.select("hydrant", where={"source_id": "XHS00001"})
    assert isinstance(row["geom"], bytes)
    place = shapely.from_wkb(row["geom"])
    assert (place.x, place.y) == pytest.approx((586_330.451, 3_343_718.106), abs=0.02)


def test_a_surveyors_x_is_north(store: Store, handover: Path) -> None:
    (codes,) = _codes(store, handover / "变压器_测量坐标_XY.csv")
    assert "x_is_north" in codes
    (row,) = store.select("transformer", where={"source_id": "B1"})
    assert isinstance(row["geom"], bytes)
    assert shapely.from_wkb(row["geom"]).coords[0] == pytest.approx((594_751.375, 3_331_580.477))


def test_shifted_web_map_positions_are_corrected_and_told(store: Store, handover: Path) -> None:
    run(store, [handover / "小区边界_38带" / "小区边界.shp", handover / "楼栋" / "楼栋面.shp"])
    (codes,) = _codes(store, handover / "单元门_百度BD09.geojson")
    assert "shifted_datum" in codes
    linked = store.select("stairwell", ["community_uid", "building_uid"])
    assert len(linked) == 2618
    assert all(row["community_uid"] for row in linked)
    assert sum(row["building_uid"] is not None for row in linked) / len(linked) > 0.95


def test_the_same_file_again_adds_nothing(store: Store, handover: Path) -> None:
    file = handover / "消防栓_模拟_GBK.csv"
    run(store, [file])
    (codes,) = _codes(store, file)
    assert "already_there" in codes
    assert store.count("hydrant") == 2216


def test_a_dry_run_writes_nothing(store: Store, handover: Path) -> None:
    (report,) = run(store, [handover / "消防栓_模拟_GBK.csv"], dry_run=True)
    assert report.layers == {"hydrant": 2216}
    assert store.count("hydrant") == 0


def test_one_bad_file_does_not_stop_the_others(store: Store, handover: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.xlsx"
    bad.write_text("<html>login</html>")
    reports = run(store, [bad, handover / "老旧小区台账_模拟.xlsx"])
    assert [report.status for report in reports] == [Status.REFUSED, Status.WITH_WARNING]
    assert "Excel" in reports[0].error


def test_an_unknown_layer_is_kept_as_a_layer_of_its_own(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "古树.geojson"
    feature = {
        "type": "Feature",
        "properties": {"树种": "樟"},
        "geometry": {"type": "Point", "coordinates": [115.04, 30.2]},
    }
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    run(store, [file])
    assert store.select("layer_gu_shu", ["shu_zhong"])[0]["shu_zhong"] == "樟"


def test_files_of_one_name_with_other_geometry_get_layers_of_their_own(store: Store, tmp_path: Path) -> None:
    shapes = {
        "甲": {"type": "Polygon", "coordinates": [[[115.0, 30.2], [115.1, 30.2], [115.1, 30.3], [115.0, 30.2]]]},
        "乙": {"type": "Point", "coordinates": [115.02, 30.21]},
        "丙": {"type": "Point", "coordinates": [115.03, 30.22]},
    }
    files = []
    for folder, shape in shapes.items():
        (tmp_path / folder).mkdir()
        files.append(tmp_path / folder / "古迹.geojson")
        feature = {"type": "Feature", "properties": {"名号": folder}, "geometry": shape}
        files[-1].write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    for _time in range(2):
        reports = run(store, files)
        assert [list(report.layers) for report in reports] == [
            ["layer_gu_ji"],
            ["layer_gu_ji_dian"],
            ["layer_gu_ji_dian"],
        ]
    assert store.count("layer_gu_ji") == 1
    assert store.count("layer_gu_ji_dian") == 2
    assert store.tables()["layer_gu_ji_dian"].label == "古迹_点"


def test_a_mapping_decides_over_the_proposal(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text("no,经度,纬度,what\n1,115.04,30.2,坏\n", "utf-8")
    mapping = {"points": {"table": "hydrant", "fields": {"no": "source_id", "what": "state"}}}
    run(store, [file], mapping=mapping)
    assert store.select("hydrant", ["source_id", "state"])[0]["state"] == "坏"


def test_a_wrong_mapping_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="nowhere"):
        run(store, [tmp_path / "x.csv"], mapping={"x": {"table": "nowhere", "fields": {}}})


def test_impossible_coordinates_are_left_out_and_told(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "消火栓.csv"
    file.write_text("编号,wkt\n1,POINT (600000 3340000)\n2,POINT (1e300 1)\n", "utf-8")
    (codes,) = _codes(store, file)
    assert "bad_coordinates" in codes
    assert store.count("hydrant") == 1


def test_the_open_project_is_not_imported_into_itself(store: Store) -> None:
    (report,) = run(store, [store.path])
    assert report.status is Status.REFUSED


def test_inspecting_tells_reasons_before_anything_is_written(handover: Path) -> None:
    found = inspect(handover / "小区边界_38带" / "小区边界.shp")
    assert found.report.crs == "EPSG:4526"
    assert found.report.encoding == "GB18030"
    assert found.layers[0].mapping.table == "community"
    assert found.layers[0].mapping.fields["小区编码"] == "code"


def test_json_report_has_the_agreed_shape(store: Store, handover: Path) -> None:
    (report,) = run(store, [handover / "消防栓_模拟_GBK.csv"], dry_run=True)
    found = report.as_json()
    assert {"file", "status", "layers", "crs", "encoding", "warnings", "error"} <= set(found)
    assert found["layers"] == [{"name": "hydrant", "count": 2216}]


def test_a_ledger_row_for_a_known_community_keeps_what_differs(store: Store, tmp_path: Path) -> None:
    uid = add_community(store, "甲小区", district="下陆区", household_count=100)
    file = tmp_path / "台账.csv"
    file.write_text("县市区,小区名称,户数,楼栋数\n下陆,甲小区,120户,5\n", "utf-8")
    (codes,) = _codes(store, file)
    row = store.get(uid)
    assert row is not None
    assert "differs" in codes
    assert (row.values["household_count"], row.values["building_count"]) == (100, 5)


def test_the_city_on_top_of_the_handover_counts_nothing_twice(store: Store, handover: Path) -> None:
    names = ("小区边界_38带/小区边界.shp", "楼栋/楼栋面.shp", "单元门_百度BD09.geojson", "消防栓_模拟_GBK.csv")
    run(store, [*(handover / name for name in names), samples.city()])
    with make_project(store.path.with_name("city.gpkg")) as alone:
        run(alone, [samples.city()])
        for table in ("community", "building", "stairwell", "hydrant"):
            assert store.count(table) == alone.count(table), table
