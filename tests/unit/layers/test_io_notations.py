"""Tables as offices write them: titles, heads of two rows, no head at all, and coordinates in any notation."""

import io
import random
from pathlib import Path

import pytest
import shapely

from fieldsurvey.errors import InputRefused
from fieldsurvey.jobs import JobControl
from layers.io.angles import degrees, number
from layers.io.importer import run
from layers.io.raw import RawLayer
from layers.io.readers import Request, read
from layers.io.report import FileReport
from tests.builders import make_project

EAST, NORTH = 600_146.644, 3_342_741.451  # 115.04, 30.20 in EPSG:4547, domain page 5.1
NOISE = random.Random(1).randbytes(3000)
_HERE = pytest.approx((EAST, NORTH), abs=0.01)


def _read(file: Path) -> tuple[RawLayer, FileReport]:
    report = FileReport(file)
    folder = file.parent / f"{file.name}-unpacked"
    folder.mkdir()
    layers = read(Request(file, "EPSG:4547"), folder, report, JobControl())
    return layers[0], report


def _text(folder: Path, text: str, name: str = "点.csv", encoding: str = "utf-8") -> Path:
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return file


def _place(layer: RawLayer, row: int = 0) -> tuple[float, float]:
    assert layer.geometries is not None
    point = layer.geometries[row]
    return (float(point.x), float(point.y))


def _codes(report: FileReport) -> set[str]:
    return {told.code for told in [*report.warnings, *report.notes]}


@pytest.mark.parametrize(
    "text",
    [
        "114º30'00.0''", "114˚30'0\"", "114゜30′0″", "东经：114°30′0″", "E 114 30 00", "114°30′00″.00",
        "114 ° 30 ′ 0 ″ 东", "经度：114.5", "114,5", "１１４．５",
    ],
)  # fmt: skip
def test_an_angle_is_read_in_the_notations_of_old_sheets_and_of_phones(text: str) -> None:
    assert degrees(text) == pytest.approx(114.5)


@pytest.mark.parametrize(
    ("text", "value"),
    [("600146,644", 600146.644), ("3,342,741.451", NORTH), ("3 342 741.451", NORTH), ("3342741.451m", NORTH)],
)
def test_a_number_is_read_with_any_comma_blank_or_unit(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    "head",
    [
        "POINT_X,POINT_Y", "center_x,center_y", "经度E,纬度N", "jingdu,weidu", "中心经度,中心纬度", "GPS经度,GPS纬度",
        "X(经度),Y(纬度)", "經度,緯度", "lon_wgs84,lat_wgs84",
    ],
)  # fmt: skip
def test_columns_of_degrees_are_known_by_what_offices_call_them(tmp_path: Path, head: str) -> None:
    layer, _report = _read(_text(tmp_path, f"名称,{head}\n甲,115.04,30.2\n"))
    assert _place(layer) == _HERE


@pytest.mark.parametrize(
    "head", ["X坐标/m,Y坐标/m", "北坐标X,东坐标Y", "纵坐标X(米),横坐标Y(米)", "N,E", "X2000,Y2000", "N坐标,E坐标"]
)
def test_columns_of_metres_are_known_by_what_surveyors_call_them(tmp_path: Path, head: str) -> None:
    layer, _report = _read(_text(tmp_path, f"点号,{head}\nA1,{NORTH},{EAST}\n"))
    assert _place(layer) == _HERE


def test_a_column_that_names_a_shifted_system_says_what_its_numbers_are(tmp_path: Path) -> None:
    _layer, report = _read(_text(tmp_path, "名称,百度经度,百度纬度\n甲,115.0519,30.2036\n"))
    assert report.crs == "BD-09"


def test_true_coordinates_beside_shifted_ones_are_not_shifted(tmp_path: Path) -> None:
    layer, report = _read(
        _text(tmp_path, "名称,wgs84_lng,wgs84_lat,gcj02_lng,gcj02_lat\n甲,115.04,30.2,115.0454,30.1976\n")
    )
    assert _place(layer) == _HERE
    assert "shifted_datum" not in _codes(report)


def test_columns_of_xian_1980_are_not_taken_for_cgcs2000(tmp_path: Path) -> None:
    _layer, report = _read(_text(tmp_path, f"点号,X80,Y80\nA1,{NORTH},{EAST}\n"))
    assert report.crs == "EPSG:2383"
    assert "old_datum" in _codes(report)


@pytest.mark.parametrize(
    "text",
    [
        "名称,经度,,,纬度,,\n,度,分,秒,度,分,秒\n甲,115,2,24,30,12,0\n",
        "名称,经度(度),经度(分),经度(秒),纬度(度),纬度(分),纬度(秒)\n甲,115,2,24,30,12,\n",
        "名称,东经度,东经分,北纬度,北纬分\n甲,115,2.4,30,12\n",
    ],
)
def test_degrees_minutes_and_seconds_may_stand_in_a_column_each(tmp_path: Path, text: str) -> None:
    layer, _report = _read(_text(tmp_path, text))
    assert _place(layer) == _HERE
    assert layer.fields == {"名称": ["甲"]}


@pytest.mark.parametrize(
    ("head", "place"), [("geo:Latitude,geo:Longitude", "30.2,115.04"), ("位置", "30.2 115.04 20.5 4.9")]
)
def test_places_of_odk_and_kobo_are_read(tmp_path: Path, head: str, place: str) -> None:
    layer, _report = _read(_text(tmp_path, f"名称,{head}\n甲,{place}\n"))
    assert _place(layer) == _HERE


def test_parcels_of_a_land_office_come_as_areas_in_the_system_they_state(tmp_path: Path) -> None:
    head = "[属性描述]\n坐标系=2000国家大地坐标系\n几度分带=3\n带号=38\n[地块坐标]\n4,1.0,7,枫叶山,面,,住宅,,@\n"
    points = [(0, 0), (0, 100), (100, 100), (0, 0)]
    lines = [f"J{n},1,{NORTH + north},{38_000_000 + EAST + east}\n" for n, (north, east) in enumerate(points)]
    layer, report = _read(_text(tmp_path, head + "".join(lines), "地块.txt", "gbk"))
    assert layer.geometries is not None
    assert report.crs == "EPSG:4526"
    assert shapely.distance(layer.geometries[0], shapely.Point(EAST, NORTH)) < 0.01
    assert shapely.area(layer.geometries[0]) == pytest.approx(5000, abs=1)
    assert layer.fields["地块名称"] == ["枫叶山"]


@pytest.mark.parametrize(
    "text",
    [
        "小区名称,户数,楼栋数,建筑面积（万㎡）,总投资(元),占地面积/亩\n枫叶山,436,12,3.2,12000000,15\n",
        "小区名称,户数,楼栋数,建筑面积,总投资,占地面积\n枫叶山,436户,12栋,3.2万平方米,1200万元,15亩\n",
    ],
)
def test_units_that_a_heading_or_a_cell_states_are_brought_to_those_of_the_table(tmp_path: Path, text: str) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        (report,) = run(store, [_text(tmp_path, text)])
        (row,) = store.select("community", ["gfa", "est_investment", "site_area", "household_count"])
    values = [row[name] for name in ("gfa", "est_investment", "site_area", "household_count")]
    assert values == pytest.approx([32_000, 1200, 10_000, 436])
    assert "unit" in _codes(report)


def test_rows_that_give_both_ends_are_lines(tmp_path: Path) -> None:
    text = "路名,起点经度,起点纬度,终点经度,终点纬度\n甲,115.04,30.2,115.05,30.2\n"
    layer, _report = _read(_text(tmp_path, text))
    assert layer.geometries is not None
    assert layer.geometries[0].geom_type == "LineString"
    assert layer.geometries[0].coords[0] == _HERE
    assert layer.fields == {"路名": ["甲"]}


def test_texts_that_a_program_wrote_as_formulas_are_texts(tmp_path: Path) -> None:
    layer, _report = _read(_text(tmp_path, '编号,经度,纬度\n="00123",="115.04",="30.2"\n\x1a'))
    assert layer.fields == {"编号": ["00123"]}
    assert _place(layer) == _HERE


def test_a_mark_of_utf_8_before_gbk_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + "名称,地址\n枫叶山,黄石港\n".encode("gbk"))
    layer, report = _read(tmp_path / "a.csv")
    assert layer.fields["地址"] == ["黄石港"]
    assert "encoding_guessed" in _codes(report)


def test_a_month_in_a_heading_does_not_make_it_a_row_of_numbers(tmp_path: Path) -> None:
    layer, _report = _read(_text(tmp_path, "楼号,2020.1,2020.2,2020.3\n甲,1,2,3\n乙,2,3,4\n"))
    assert layer.fields["楼号"] == ["甲", "乙"]


_POINT = shapely.Point(115.04, 30.2)


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("几何", "POINT(115.04 30.2)"),
        ("哪里", "POINT Z (115.04 30.2 20)"),
        ("geom", "\\x" + shapely.to_wkb(_POINT, hex=True)),
        ("geom", "0x" + shapely.to_wkb(_POINT, hex=True)),
        (".geo", '"{""type"":""Point"",""coordinates"":[115.04,30.2]}"'),
        ("坐标", '"X=3342741.451,Y=600146.644"'),
        ("位置", '"115.04,30.2"'),
    ],
)
def test_one_column_may_hold_the_whole_geometry(tmp_path: Path, head: str, text: str) -> None:
    layer, _report = _read(_text(tmp_path, f"名称,{head}\n甲,{text}\n"))
    assert _place(layer) == _HERE


@pytest.mark.parametrize(
    "text",
    [
        "黄石市老旧小区一览表,,\n填报单位：住建局,,日期：2024年\n名称,经度,纬度\n甲,115.04,30.2\n",
        "黄石市老旧小区一览表\n名称;经度;纬度\n甲;115,04;30,2\n",
        "# 导出自系统\n名称,经度,纬度\n甲,115.04,30.2\n",
        "名称，经度，纬度\n甲，115.04，30.2\n",
        "名称 经度 纬度\n甲 115.04 30.2\n",
        "名称,坐标,坐标\n,经度,纬度\n甲,115.04,30.2\n",
        "\n" * 15 + "名称,经度,纬度\n甲,115.04,30.2\n",
    ],
)
def test_the_head_is_found_below_titles_and_with_whatever_divides_the_columns(tmp_path: Path, text: str) -> None:
    layer, _report = _read(_text(tmp_path, text))
    assert layer.fields == {"名称": ["甲"]}
    assert _place(layer) == _HERE


@pytest.mark.parametrize("text", ["item-label,item-value\nY,y\n", "type,name,label:English,\ntext,a,What is it?,x\n"])
def test_a_row_of_values_is_not_taken_for_the_head_above_it(tmp_path: Path, text: str) -> None:
    layer, _report = _read(_text(tmp_path, text))
    assert next(iter(layer.fields)) == text.split(",", maxsplit=1)[0]


def test_headings_that_repeat_below_others_are_told_apart_by_them(tmp_path: Path) -> None:
    layer, _report = _read(_text(tmp_path, "管段,起点,,终点,\n,X,Y,X,Y\nL1,1,2,3,4\n"))
    assert list(layer.fields) == ["管段", "起点X", "起点Y", "终点X", "终点Y"]


def test_a_data_file_of_cass_gives_its_points(tmp_path: Path) -> None:
    text = f"1,房角,{EAST},{NORTH},25.3\n2,,600156.644,3342751.451,25.4\n"
    layer, _report = _read(_text(tmp_path, text, "测区.dat", "gbk"))
    assert _place(layer) == _HERE
    assert layer.fields == {"点号": ["1", "2"], "编码": ["房角", None], "高程": ["25.3", "25.4"]}


def test_the_first_point_of_a_table_without_a_head_is_not_taken_for_one(tmp_path: Path) -> None:
    layer, report = _read(_text(tmp_path, f"J1,{NORTH},{EAST}\nJ2,3342751.451,600156.644\n", "界址点.txt"))
    assert layer.fields["点号"] == ["J1", "J2"]
    assert _place(layer) == _HERE
    assert "no_head" in _codes(report)


def test_remarks_below_a_table_are_no_rows_of_it(tmp_path: Path) -> None:
    layer, report = _read(_text(tmp_path, "序号,名称,户数\n1,甲,20\n2,乙,30\n填表人：张三,,\n注：一式三份,,\n"))
    assert layer.fields["名称"] == ["甲", "乙"]
    assert "remarks_skipped" in _codes(report)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "big5", "gb18030"])
def test_chinese_in_any_encoding_is_read_without_a_mark(tmp_path: Path, encoding: str) -> None:
    text = "名稱,地址\n楓葉山,黃石港區\n" if encoding == "big5" else "名称,地址\n枫叶山,黄石港区\n"
    layer, report = _read(_text(tmp_path, text, encoding=encoding))
    assert next(iter(layer.fields.values())) == [text.split("\n")[1].split(",", maxsplit=1)[0]]
    assert "encoding_guessed" in _codes(report)


@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xe0\0\x10JFIF\0" + NOISE, NOISE])
def test_a_picture_under_the_name_of_a_table_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "表.csv").write_bytes(data)
    with pytest.raises(InputRefused):
        _read(tmp_path / "表.csv")


def _workbook() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["名称", "经度", "纬度"], ["甲", 115.04, 30.2]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_is_opened_by_its_content_not_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "表.xls").write_bytes(_workbook())
    layer, _report = _read(tmp_path / "表.xls")
    assert _place(layer) == _HERE


def test_a_text_under_the_name_of_a_workbook_is_read_and_told(tmp_path: Path) -> None:
    layer, report = _read(_text(tmp_path, "名称\t经度\t纬度\n甲\t115.04\t30.2\n", "导出.xls", "gbk"))
    assert _place(layer) == _HERE
    assert "text_as_workbook" in _codes(report)


def test_a_workbook_with_a_password_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "表.xlsx").write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(2000)
    )
    with pytest.raises(InputRefused, match=r"密码|password"):
        _read(tmp_path / "表.xlsx")


def test_a_workbook_that_one_library_cannot_open_is_read_by_another(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(_workbook()))
    book.create_chartsheet("图")  # without a chart, as WPS leaves it
    book.save(tmp_path / "表.xlsx")
    layer, report = _read(tmp_path / "表.xlsx")
    assert _place(layer) == _HERE
    assert "recovered" in _codes(report)


def _mif(folder: Path, charset: str, encoding: str) -> Path:
    head = f'Version 450\nCharset "{charset}"\nDelimiter ","\nCoordSys Earth Projection 1, 104\n'
    text = head + "Columns 1\n  名称 Char(20)\nData\n\nPoint 115.04 30.2\n"
    (folder / "a.mif").write_bytes(text.encode(encoding))
    (folder / "a.mid").write_bytes('"枫叶山"\n'.encode(encoding))
    return folder / "a.mif"


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("Neutral", "gbk"), ("WindowsLatin1", "gbk"), ("WindowsSimpChinese", "gbk"), ("Neutral", "utf-8")],
)
def test_mapinfo_is_read_in_the_characters_that_it_has_not_those_it_states(
    tmp_path: Path, charset: str, encoding: str
) -> None:
    layer, _report = _read(_mif(tmp_path, charset, encoding))
    assert layer.fields == {"名称": ["枫叶山"]}


def test_a_gpx_in_gbk_is_read(tmp_path: Path) -> None:
    text = '<?xml version="1.0" encoding="GB2312"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">'
    text += '<wpt lat="30.2" lon="115.04"><name>枫叶山</name></wpt></gpx>'
    layer, _report = _read(_text(tmp_path, text, "a.gpx", "gbk"))
    assert layer.fields["name"] == ["枫叶山"]


def test_a_sentence_of_gdal_never_reaches_the_report(tmp_path: Path) -> None:
    point = '<wpt lat="30.2" lon="115.04"><name>a</name></wpt>'
    text = f'<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">{point * 3}<wpt'
    with pytest.raises(InputRefused) as refused:
        _read(_text(tmp_path, text, "a.gpx"))
    assert "XML" not in str(refused.value)
    assert "229" in str(refused.value)  # the column
