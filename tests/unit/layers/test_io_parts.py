"""Files as they come out of mail, archives and other programs: renamed, stated wrongly, or made to no standard."""

import io
import json
import shutil
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyogrio import raw

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo import crs
from fieldsurvey.jobs import JobControl
from fieldsurvey.store.library import sqlite3
from layers.io import audit, gdal_words
from layers.io.child import _system
from layers.io.importer import run
from layers.io.raw import RawLayer
from layers.io.readers import Request, read
from layers.io.report import FileReport
from tests.builders import make_project

EAST, NORTH = 600_146.644, 3_342_741.451  # 115.04, 30.20 in EPSG:4547, domain page 5.1
_HERE = pytest.approx((EAST, NORTH), abs=0.01)
_PRJ = (
    'PROJCS["CGCS2000_3_Degree_GK_CM_114E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
    'SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",{east}],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",{meridian}],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],'
    'UNIT["Meter",1.0]]'
)
_NAME = [("名称", "C", 20)]
_POINT = {"type": "Point", "coordinates": [115.04, 30.2]}
_FEATURE = {"type": "Feature", "properties": {"名称": "枫叶山"}, "geometry": _POINT}
Field = tuple[str | bytes, str, int]


def _read(file: Path) -> tuple[list[RawLayer], FileReport]:
    report = FileReport(file)
    folder = file.parent / f"{file.name}-unpacked"
    folder.mkdir()
    return read(Request(file, "EPSG:4547"), folder, report, JobControl()), report


def _place(layer: RawLayer, row: int = 0) -> tuple[float, float]:
    assert layer.geometries is not None
    point = shapely.centroid(layer.geometries[row])
    return (float(point.x), float(point.y))


def _codes(report: FileReport) -> set[str]:
    return {told.code for told in [*report.warnings, *report.notes]}


def _dbf(fields: Sequence[Field], rows: Sequence[Sequence[str]], encoding: str, driver: int) -> bytes:
    size = 1 + sum(width for _name, _kind, width in fields)
    out = struct.pack("<BBBBIHH16xBB2x", 3, 124, 5, 1, len(rows), 33 + 32 * len(fields), size, 0, driver)
    for name, kind, width in fields:
        label = name if isinstance(name, bytes) else name.encode(encoding)
        out += label[:11].ljust(11, b"\0") + kind.encode() + bytes(4) + bytes([width, 0]) + bytes(14)
    out += b"\r"
    for row in rows:
        cells = [value.encode(encoding)[:width] for value, (_n, _k, width) in zip(row, fields, strict=True)]
        out += b" " + b"".join(cell.ljust(width) for cell, (_n, _k, width) in zip(cells, fields, strict=True))
    return out + b"\x1a"


def _shapefile(
    folder: Path,
    *,
    fields: Sequence[Field] = _NAME,
    rows: Sequence[Sequence[str]] = (("枫叶山",),),
    encoding: str = "gbk",
    driver: int = 0,
    x: float = EAST,
    prj: str = _PRJ.format(east=500_000, meridian=114),
) -> Path:
    """Write a shapefile of points at one place, by hand: no library writes what offices have."""
    shapes = [struct.pack("<idd", 1, x, NORTH) for _row in rows]
    box = struct.pack("<ii8d", 1000, 1, x, NORTH, x, NORTH, 0, 0, 0, 0)
    heads = [struct.pack(">i20xi", 9994, (100 + each * len(rows)) // 2) + box for each in (28, 8)]
    body = b"".join(struct.pack(">ii", number + 1, 10) + shape for number, shape in enumerate(shapes))
    index = b"".join(struct.pack(">ii", (100 + number * 28) // 2, 10) for number in range(len(rows)))
    parts = {".shp": heads[0] + body, ".shx": heads[1] + index, ".dbf": _dbf(fields, rows, encoding, driver)}
    for suffix, data in {**parts, ".prj": prj.encode()}.items():
        (folder / f"a{suffix}").write_bytes(data)
    return folder / "a.shp"


# --- shapefiles ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cpg", "driver"), [("ISO-8859-1", 0), ("1252", 0), ("", 0x57), ("", 0x03)])
@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_chinese_that_is_stated_as_western_is_read_as_chinese(
    tmp_path: Path, cpg: str, driver: int, encoding: str
) -> None:
    file = _shapefile(tmp_path, encoding=encoding, driver=driver)
    if cpg:
        file.with_suffix(".cpg").write_text(cpg, "utf-8")
    (layer,), report = _read(file)
    assert layer.fields == {"名称": ["枫叶山"]}
    usual = driver == 0x57 and encoding == "gbk"  # "the code page of this computer", which is GBK in China
    assert ("encoding_guessed" in _codes(report)) is not usual


def test_western_text_that_is_stated_as_western_stays_so(tmp_path: Path) -> None:
    file = _shapefile(tmp_path, fields=[("nom", "C", 20)], rows=[("Café à côté",)], encoding="cp1252", driver=0x57)
    (layer,), report = _read(file)
    assert layer.fields == {"nom": ["Café à côté"]}
    assert "encoding_guessed" not in _codes(report)


def test_a_field_name_cut_within_a_character_does_not_spoil_the_texts(tmp_path: Path) -> None:
    cut = "所属街道办事".encode("gbk")[:11]
    (layer,), _report = _read(_shapefile(tmp_path, fields=[(cut, "C", 20)]))
    assert list(layer.fields.values()) == [["枫叶山"]]


def test_the_parts_are_found_in_any_case_of_letters(tmp_path: Path) -> None:
    file = _shapefile(tmp_path)
    file.with_suffix(".dbf").rename(tmp_path / "A.DbF")
    (layer,), report = _read(file)
    assert layer.fields == {"名称": ["枫叶山"]}
    assert "part_missing" not in _codes(report)


@pytest.mark.parametrize("size", [0, 50, 104])
def test_a_broken_index_is_built_anew(tmp_path: Path, size: int) -> None:
    file = _shapefile(tmp_path)
    index = file.with_suffix(".shx")
    index.write_bytes(index.read_bytes()[:size])
    (layer,), _report = _read(file)
    assert _place(layer) == _HERE


@pytest.mark.parametrize(("kind", "width", "text"), [("D", 8, "2024-5-1"), ("N", 8, "三层")])
def test_a_date_or_number_that_is_none_is_kept_as_text_and_told(
    tmp_path: Path, kind: str, width: int, text: str
) -> None:
    file = _shapefile(tmp_path, fields=[("名称", "C", 20), ("值", kind, width)], rows=[("枫叶山", text)])
    (layer,), report = _read(file)
    assert layer.fields["值"] == [text]
    assert "other_values" in _codes(report)


def test_two_columns_of_one_name_are_both_kept(tmp_path: Path) -> None:
    file = _shapefile(tmp_path, fields=[("名称", "C", 20), ("名称", "C", 20)], rows=[("甲", "乙")])
    (layer,), report = _read(file)
    assert layer.fields == {"名称": ["甲"], "名称_2": ["乙"]}
    assert "duplicate_column" in _codes(report)


def test_records_marked_as_deleted_are_told(tmp_path: Path) -> None:
    file = _shapefile(tmp_path, rows=[("甲",), ("乙",)])
    table = bytearray(file.with_suffix(".dbf").read_bytes())
    table[65] = ord("*")
    file.with_suffix(".dbf").write_bytes(bytes(table))
    (layer,), report = _read(file)
    assert layer.fields == {"名称": ["乙"]}
    assert "deleted_rows" in _codes(report)


# --- reference systems -----------------------------------------------------------------------------------------------


def test_a_grid_of_the_city_is_not_taken_for_the_national_one_whose_name_it_bears(tmp_path: Path) -> None:
    prj = _PRJ.format(east=500_000, meridian=115)
    easting, northing = crs.transform(np.array([115.04]), np.array([30.2]), crs.CGCS2000, prj)
    assert northing[0] < NORTH  # nearer to its own meridian
    (layer,), report = _read(_shapefile(tmp_path, prj=prj, x=float(easting[0])))
    assert 'central_meridian",115' in report.crs
    assert _place(layer)[0] == pytest.approx(EAST, abs=10)


@pytest.mark.parametrize(("x", "east"), [(EAST, 38_500_000), (38_000_000 + EAST, 500_000)])
def test_a_zone_number_that_is_missing_or_too_much_is_put_right_and_told(tmp_path: Path, x: float, east: int) -> None:
    (layer,), report = _read(_shapefile(tmp_path, prj=_PRJ.format(east=east, meridian=114), x=x))
    assert _place(layer) == _HERE
    assert "zone_number" in _codes(report)


def _json(folder: Path, text: str, name: str = "a.geojson") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder / name


def _collection(*places: Sequence[float]) -> str:
    features = [{**_FEATURE, "geometry": {"type": "Point", "coordinates": place}} for place in places]
    return json.dumps({"type": "FeatureCollection", "features": features})


@pytest.mark.parametrize(
    ("place", "system"),
    [((NORTH, EAST), "EPSG:4547"), ((12_806_194, 3_529_242), "EPSG:3857"), ((2500.0, 1800.0), "")],
)
def test_metres_in_a_geojson_are_not_lost_as_impossible_degrees(
    tmp_path: Path, place: tuple[float, float], system: str
) -> None:
    (layer,), report = _read(_json(tmp_path, _collection(place)))
    assert report.crs == system
    assert layer.geometries is not None
    assert not shapely.is_missing(layer.geometries).any()


# --- JSON ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.geojson", json.dumps(_FEATURE) * 3),
        ("a.geojson", json.dumps([_FEATURE] * 3)),
        ("a.geojsons", "".join(f"\x1e{json.dumps(_FEATURE, indent=1)}\n" for _time in range(3))),
        ("a.geojsonl", "\n".join(json.dumps(_FEATURE, indent=1) for _time in range(3))),
    ],
)
def test_features_one_after_another_are_all_read_in_silence(tmp_path: Path, name: str, text: str) -> None:
    (layer,), report = _read(_json(tmp_path, text, name))
    assert layer.fields == {"名称": ["枫叶山"] * 3}
    assert _codes(report) == set()


def test_a_number_beyond_all_bounds_costs_its_feature_only(tmp_path: Path) -> None:
    text = _collection((115.04, 30.2), (115.05, 30.2)).replace("115.05", "1e400")
    (layer,), report = _read(_json(tmp_path, text))
    assert _place(layer) == _HERE
    assert "bad_coordinates" in _codes(report)


def test_a_ring_that_is_not_closed_is_closed(tmp_path: Path) -> None:
    ring = [[115.04, 30.2], [115.05, 30.2], [115.05, 30.21]]
    feature = {**_FEATURE, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    (layer,), _report = _read(_json(tmp_path, json.dumps(feature)))
    assert layer.geometries is not None
    assert shapely.area(layer.geometries[0]) > 0


def test_what_gdal_says_is_told_in_our_words_or_not_at_all() -> None:
    report = FileReport(Path("a.gpkg"))
    gdal_words.tell("Invalid content for record 1 in column 日期: x", report)
    gdal_words.tell("too many members in array '[ 1, 2, 3, 4 ]': 4. At most 3 are handled.", report)
    gdal_words.tell("the frobnicator is out of order", report)
    assert [told.code for told in report.warnings] == ["other_values", "gdal"]
    assert "日期" in report.warnings[0].message
    assert "frobnicator" not in report.warnings[1].message


# --- GeoPackage ------------------------------------------------------------------------------------------------------


def _gpkg(file: Path) -> Path:
    shapes = shapely.to_wkb(np.array([shapely.Point(EAST, NORTH), shapely.Point(EAST + 1, NORTH)], object))
    names = [np.array(["甲", "乙"], object)]
    raw.write(
        file, np.array(shapes), names, ["名称"], layer="点", geometry_type="Point", crs="EPSG:4547", driver="GPKG"
    )
    return file


def _changed(file: Path, *statements: str) -> Path:
    database = sqlite3.connect(file)
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()
    return file


def test_rows_that_a_geopackage_does_not_count_are_read(tmp_path: Path) -> None:
    (layer,), _report = _read(_changed(_gpkg(tmp_path / "a.gpkg"), "UPDATE gpkg_ogr_contents SET feature_count = 1"))
    assert len(layer) == 2


def test_what_is_still_in_the_log_beside_a_geopackage_is_read(tmp_path: Path) -> None:
    file = _gpkg(tmp_path / "b.gpkg")
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode = wal")
    database.execute("CREATE TABLE 备注 (编号 INTEGER PRIMARY KEY, 内容 TEXT)")
    database.execute("INSERT INTO 备注 VALUES (1, '新')")
    database.execute("INSERT INTO gpkg_contents (table_name, data_type) VALUES ('备注', 'attributes')")
    database.commit()
    for ending in ("", "-wal"):
        shutil.copyfile(f"{file}{ending}", tmp_path / f"a.gpkg{ending}")
    database.close()
    layers, _report = _read(tmp_path / "a.gpkg")
    assert [layer.fields.get("内容") for layer in layers] == [None, ["新"]]


def test_a_broken_view_does_not_cost_the_layers_beside_it(tmp_path: Path) -> None:
    file = _changed(
        _gpkg(tmp_path / "a.gpkg"),
        "CREATE VIEW v AS SELECT fid, geom, 没有 FROM 点",
        "INSERT INTO gpkg_contents (table_name, data_type, srs_id) VALUES ('v', 'features', 4547)",
        "INSERT INTO gpkg_geometry_columns VALUES ('v', 'geom', 'POINT', 4547, 0, 0)",
    )
    (layer,), report = _read(file)
    assert layer.fields == {"名称": ["甲", "乙"]}
    assert "layer_skipped" in _codes(report)


# --- archives --------------------------------------------------------------------------------------------------------


def _zip(file: Path, members: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file


def test_what_systems_put_into_archives_unasked_is_no_fault_of_theirs(tmp_path: Path) -> None:
    litter = {"__MACOSX/a/._a.geojson": "x", "a/._a.geojson": "x", "a/Thumbs.db": "x", "a/~$b.xlsx": "x"}
    _layers, report = _read(_zip(tmp_path / "a.zip", {"a/a.geojson": _collection((115.04, 30.2)), **litter}))
    assert _codes(report) == set()


@pytest.mark.parametrize("name", ["长" * 200 + ".geojson", "什么?*.geojson", "甲:乙.geojson"])
def test_a_member_whose_name_no_disk_takes_is_read(tmp_path: Path, name: str) -> None:
    (layer,), _report = _read(_zip(tmp_path / "a.zip", {name: _collection((115.04, 30.2))}))
    assert _place(layer) == _HERE


def test_the_reason_for_refusing_an_archive_names_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="DXF"):
        _read(_zip(tmp_path / "a.zip", {"总图.dwg": b"AC1032"}))
    locked = bytearray(_zip(tmp_path / "b.zip", {"a.csv": "a,b\n1,2\n"}).read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        locked[locked.find(mark) + at] |= 1
    (tmp_path / "b.zip").write_bytes(bytes(locked))
    with pytest.raises(InputRefused, match=r"密码|password"):
        _read(tmp_path / "b.zip")


def test_a_table_that_is_all_an_archive_holds_is_read_although_it_is_a_text(tmp_path: Path) -> None:
    (layer,), _report = _read(_zip(tmp_path / "a.zip", {"点.txt": "名称,经度,纬度\n甲,115.04,30.2\n"}))
    assert _place(layer) == _HERE


@pytest.mark.parametrize("name", ["a.rar", "a.7z", "a.et", "a.prj", "a.wl", "a.qgz", "a.jpeg", "a.dgn"])
def test_files_that_hold_no_layer_are_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x" * 99)
    with pytest.raises(InputRefused, match=r"。.+。|\. .+\."):
        _read(tmp_path / name)


@pytest.mark.parametrize("name", ["a.shp", "a.csv", "a.zip", "成果"])
def test_a_folder_is_refused_as_one(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(InputRefused, match=r"文件夹|folder"):
        _read(tmp_path / name)


def test_an_error_of_the_system_is_told_in_our_words() -> None:
    for error in (PermissionError(13, "Permission denied"), OSError(5, "Input/output error")):
        assert str(error.strerror) not in _system(error)


# --- KML and drawings ------------------------------------------------------------------------------------------------

_KML = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
_PLACEMARK = "<Placemark><name>枫叶山</name><Point><coordinates>115.04,30.2</coordinates></Point></Placemark>"


def test_a_kmz_under_the_name_of_a_kml_and_the_reverse_are_read(tmp_path: Path) -> None:
    packed = _zip(tmp_path / "x.zip", {"doc.kml": _KML.format(_PLACEMARK)}).read_bytes()
    (tmp_path / "a.kml").write_bytes(packed)
    (tmp_path / "a.kmz").write_text(_KML.format(_PLACEMARK), "utf-8")
    for name in ("a.kml", "a.kmz"):
        (layer,), _report = _read(tmp_path / name)
        assert _place(layer) == _HERE


def test_parts_that_a_kmz_links_to_within_itself_are_read(tmp_path: Path) -> None:
    link = "<NetworkLink><Link><href>files/b.kml</href></Link></NetworkLink>"
    members: dict[str, bytes | str] = {"doc.kml": _KML.format(link), "files/b.kml": _KML.format(_PLACEMARK)}
    (layer,), _report = _read(_zip(tmp_path / "a.kmz", members))
    assert layer.fields == {"Name": ["枫叶山"]}


def test_a_web_page_under_the_name_of_a_kml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.kml").write_text("<html><body>404</body></html>", "utf-8")
    with pytest.raises(InputRefused):
        _read(tmp_path / "a.kml")


def _drawing(folder: Path, text: str, x: float, y: float, *, unit: int = 6) -> Path:
    from ezdxf.filemanagement import new

    drawing = new("R2000", units=unit)
    drawing.modelspace().add_text(text, height=1).set_placement((x, y))
    out = io.StringIO()
    drawing.write(out)
    (folder / "a.dxf").write_text(out.getvalue(), "ascii", "dxfreplace")
    return folder / "a.dxf"


@pytest.mark.parametrize(
    "text", ["\\U+67AB\\U+53F6\\U+5C71", "\\U+67ab\\U+53f6\\U+5c71", "\\M+5B7E3\\M+5D2B6\\M+5C9BD"]
)
def test_characters_that_a_drawing_writes_as_numbers_are_read(tmp_path: Path, text: str) -> None:
    (layer,), _report = _read(_drawing(tmp_path, text, EAST, NORTH))
    assert layer.fields["文字"] == ["枫叶山"]


def test_a_drawing_in_millimetres_that_states_no_unit_is_brought_to_metres_and_told(tmp_path: Path) -> None:
    (layer,), report = _read(_drawing(tmp_path, "a", EAST * 1000, NORTH * 1000, unit=0))
    assert _place(layer) == _HERE
    assert "unit" in _codes(report)


# --- layers of their own ---------------------------------------------------------------------------------------------


def test_layers_whose_names_only_sound_alike_stay_apart(tmp_path: Path) -> None:
    files = [
        _json(tmp_path, _collection((115.04 + n / 100, 30.2)), name)
        for n, name in enumerate(("排水点.json", "派水点.json"))
    ]
    with make_project(tmp_path / "p.gpkg") as store:
        run(store, files)
        run(store, files[1:])
        labels = {table.label: store.count(name) for name, table in store.tables().items() if name.startswith("layer_")}
    assert labels == {"排水点": 1, "派水点": 1}


def test_a_long_name_leaves_room_for_each_kind_of_geometry(tmp_path: Path) -> None:
    line = {**_FEATURE, "geometry": {"type": "LineString", "coordinates": [[115, 30], [115.1, 30]]}}
    text = json.dumps({"type": "FeatureCollection", "features": [_FEATURE, line]})
    with make_project(tmp_path / "p.gpkg") as store:
        (report,) = run(store, [_json(tmp_path, text, "黄石市老旧小区改造项目现场调查成果汇总图层.json")])
    assert list(report.layers.values()) == [1, 1]


def test_a_table_of_more_columns_than_a_database_holds_is_read_in_part_and_told(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(2500)]
    (tmp_path / "a.csv").write_text(f"{','.join(names)}\n{','.join(['x'] * 2500)}\n", "utf-8")
    with make_project(tmp_path / "p.gpkg") as store:
        (report,) = run(store, [tmp_path / "a.csv"])
    assert "columns_skipped" in _codes(report)


def test_a_gml_that_was_cut_off_is_told(tmp_path: Path) -> None:
    whole = tmp_path / "whole.gml"
    shapes = shapely.to_wkb(np.array([shapely.Point(EAST, NORTH)], object))
    raw.write(
        whole, np.array(shapes), [np.array(["a"], object)], ["n"], geometry_type="Point", crs="EPSG:4547", driver="GML"
    )
    (tmp_path / "a.gml").write_bytes(whole.read_bytes()[:-40])
    _layers, report = _read(tmp_path / "a.gml")
    assert "truncated" in _codes(report)


def test_a_report_does_not_grow_with_the_rows_that_are_wrong() -> None:
    report = FileReport(Path("a.csv"))
    for number in range(10_000):
        report.warn("not_a_number", f"{number}")
    assert len(report.warnings) == 21
    report.warn("other", "x")
    assert len(report.warnings) == 22


def test_a_kind_of_geometry_without_counterpart_is_told_as_such() -> None:
    report = FileReport(Path("a.shp"))
    audit.tell_unreadable([b"x", None], [None, None], "a", report)
    assert _codes(report) == {"unreadable_geometry"}


def test_rows_without_a_place_are_told_as_left_out(tmp_path: Path) -> None:
    text = json.dumps({"type": "FeatureCollection", "features": [_FEATURE, {**_FEATURE, "geometry": None}]})
    with make_project(tmp_path / "p.gpkg") as store:
        (report,) = run(store, [_json(tmp_path, text)])
    assert "unplaced" in _codes(report)
