"""Formats that offices hand over, each written here by hand or by a library that is not ours."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import shapely

from fieldsurvey.errors import InputRefused
from fieldsurvey.jobs import JobControl
from layers.io.angles import degrees
from layers.io.raw import RawLayer
from layers.io.readers import Request, read
from layers.io.report import FileReport

_PLACE = "<Placemark><name>{name}</name>{rest}<Point><coordinates>{place}</coordinates></Point></Placemark>"
_EAST, _NORTH = 600_146.644, 3_342_741.451  # 115.04, 30.20 in EPSG:4547, domain page 5.1


def _read(file: Path, **options: object) -> tuple[list[RawLayer], FileReport]:
    report = FileReport(file)
    folder = file.parent / f"{file.name}-unpacked"
    folder.mkdir()
    request = Request(file, "EPSG:4547", **options)  # type: ignore[arg-type]
    return read(request, folder, report, JobControl()), report


def _codes(report: FileReport) -> set[str]:
    return {warning.code for warning in report.warnings}


def _place(layer: RawLayer, row: int = 0) -> tuple[float, float]:
    assert layer.geometries is not None
    point = shapely.centroid(layer.geometries[row])
    return (float(point.x), float(point.y))


def _kml(placemarks: str, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    return f'{declaration}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{placemarks}</Document></kml>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_kml_in_any_encoding_keeps_every_attribute(tmp_path: Path, encoding: str) -> None:
    stated = "GB2312" if encoding == "gb18030" else "UTF-8" if encoding.startswith("utf-8") else "UTF-16"
    data = '<ExtendedData><Data name="户数"><value>120</value></Data></ExtendedData>'
    text = _kml(
        _PLACE.format(name="枫叶山", rest=data, place="115.04,30.2"),
        f'<?xml version="1.0" encoding="{stated}"?>',
    )
    file = tmp_path / "a.kml"
    file.write_bytes(text.encode(encoding))
    (layer,), _report = _read(file)
    assert layer.fields == {"Name": ["枫叶山"], "户数": ["120"]}
    assert _place(layer) == pytest.approx((_EAST, _NORTH), abs=0.01)


def test_a_kml_that_only_points_to_a_server_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.kml"
    link = "<NetworkLink><Link><href>http://example.invalid/a.kml</href></Link></NetworkLink>"
    file.write_text(_kml(link), "utf-8")
    with pytest.raises(InputRefused):
        _read(file)
    file.with_name("b.kml").write_text(_kml(link + _PLACE.format(name="a", rest="", place="115,30")), "utf-8")
    _layers, report = _read(file.with_name("b.kml"))
    assert "links_skipped" in _codes(report)


def test_a_dtd_hidden_in_utf_16_is_refused(tmp_path: Path) -> None:
    text = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE k [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml>&x;</kml>'
    for name in ("a.kml", "a.gpx"):
        file = tmp_path / name
        file.write_bytes(text.encode("utf-16"))
        with pytest.raises(InputRefused):
            _read(file)


def test_kmz_reads_doc_kml_and_writes_nothing_outside(tmp_path: Path) -> None:
    file = tmp_path / "a.kmz"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("files/other.kml", _kml(""))
        archive.writestr("doc.kml", _kml(_PLACE.format(name="甲", rest="", place="115.04,30.2")))
    (layer,), report = _read(file)
    assert layer.fields["Name"] == ["甲"]
    assert "members_skipped" in _codes(report)


def test_a_geojson_sequence_leaves_out_broken_lines(tmp_path: Path) -> None:
    features = [
        {"type": "Feature", "properties": {"编号": n}, "geometry": {"type": "Point", "coordinates": [115.04, 30.2]}}
        for n in range(3)
    ]
    lines = [json.dumps(feature, ensure_ascii=False) for feature in features]
    file = tmp_path / "a.geojsonl"
    file.write_text("\x1e" + "\n\x1e".join([lines[0], lines[1][:30], lines[2]]) + "\n", "utf-8")
    (layer,), report = _read(file)
    assert layer.fields["编号"] == [0, 2]
    assert "lines_skipped" in _codes(report)


def test_nan_inside_a_text_stays(tmp_path: Path) -> None:
    file = tmp_path / "a.geojson"
    feature = {"type": "Feature", "properties": {"n": "NaN Road"}, "geometry": None}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}).replace("null", "NaN"), "utf-8")
    (layer,), _report = _read(file)
    assert layer.fields["n"] == ["NaN Road"]


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [(30.2, 115.04, "axes_swapped"), (_NORTH, _EAST, "axes_swapped"), (38_000_000 + _EAST, _NORTH, "crs_guessed")],
)
def test_axes_and_zones_are_put_right(tmp_path: Path, x: float, y: float, code: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f'编号,wkt\n1,"POINT ({x} {y})"\n', "utf-8")
    (layer,), report = _read(file)
    assert code in _codes(report)
    assert _place(layer) == pytest.approx((_EAST, _NORTH), abs=0.01)


@pytest.mark.parametrize(
    "row",
    [
        ("经度", "纬度", "115.04", "30.2"),
        ("东经(°)", "北纬(°)", "115°02′24″", "30度12分0秒"),
        ("lng", "lat", "E115-02-24", "N30-12-00"),
        ("X(北)", "Y(东)", f"{_NORTH}", f"{_EAST}"),
        ("北坐标", "东坐标", f"{_NORTH}", f"38{_EAST}"),
        ("x", "y", f"{_EAST}", f"{_NORTH}"),
    ],
)
def test_coordinates_in_any_notation(tmp_path: Path, row: Sequence[str]) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"编号,{row[0]},{row[1]}\n1,{row[2]},{row[3]}\n", "utf-8")
    (layer,), _report = _read(file)
    assert _place(layer) == pytest.approx((_EAST, _NORTH), abs=0.01)


def test_both_numbers_in_one_column(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('编号,坐标\n1,"30.2,115.04"\n2,"30.3,115.05"\n', "utf-8")
    (layer,), _report = _read(file)
    assert _place(layer) == pytest.approx((_EAST, _NORTH), abs=0.01)


@pytest.mark.parametrize("text", ["", "no", "114°75′", "1e", "°", "114°30′99″"])
def test_what_is_no_angle_is_none(text: str) -> None:
    assert np.isnan(degrees(text))


def test_a_file_geodatabase_in_a_zip(tmp_path: Path) -> None:
    from pyogrio import raw

    gdb = tmp_path / "a.gdb"
    shapes = shapely.to_wkb(np.array([shapely.Point(_EAST, _NORTH)], object))
    names = np.array(["完好"], object)
    raw.write(
        gdb, shapes, [names], ["状态"], driver="OpenFileGDB", layer="消火栓", geometry_type="Point", crs="EPSG:4547"
    )
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for part in gdb.iterdir():
            archive.write(part, f"交付/a.gdb/{part.name}")
    (layer,), _report = _read(tmp_path / "a.zip")
    assert layer.fields["状态"] == ["完好"]
    assert _place(layer) == pytest.approx((_EAST, _NORTH), abs=0.001)


def test_cass_layers_blocks_notes_and_arcs(tmp_path: Path) -> None:
    from ezdxf.filemanagement import new

    drawing = new("R2000", units=4)  # the template says millimetres; the coordinates are metres
    drawing.encoding = "gbk"
    space = drawing.modelspace()
    corners = [(_EAST, _NORTH), (_EAST + 20, _NORTH), (_EAST + 20, _NORTH + 10), (_EAST, _NORTH + 10)]
    space.add_lwpolyline(corners, close=True, dxfattribs={"layer": "JMD"})
    space.add_text("混6", height=2, dxfattribs={"layer": "JMD"}).set_placement((_EAST + 5, _NORTH + 5))
    space.add_lwpolyline(
        [(_EAST, _NORTH, 0, 0, 1.0), (_EAST + 10, _NORTH, 0, 0, 0)], dxfattribs={"layer": "WSL"}
    )  # a half circle
    block = drawing.blocks.new("消火栓")
    block.add_circle((0, 0), 0.5)
    space.add_blockref("消火栓", (_EAST + 3, _NORTH + 4), dxfattribs={"layer": "GXYZ"})
    text = io.StringIO()
    drawing.write(text)
    file = tmp_path / "图.dxf"
    file.write_bytes(text.getvalue().encode("gbk"))
    layers, report = _read(file)
    found = {layer.target: layer for layer in layers}
    assert report.crs == "EPSG:4547"
    assert (found["building"].fields["结构类型"], found["building"].fields["地上层数"]) == (["砖混"], [6])
    assert _place(found["hydrant"]) == (_EAST + 3, _NORTH + 4)
    assert found["drain_line"].fields["管线类别"] == ["WS"]
    assert found["drain_line"].geometries is not None
    assert shapely.length(found["drain_line"].geometries[0]) == pytest.approx(np.pi * 5, abs=0.05)


def test_a_drawing_of_blocks_without_end_is_refused(tmp_path: Path) -> None:
    from ezdxf.filemanagement import new

    drawing = new("R2000")
    for depth in range(7):
        block = drawing.blocks.new(f"b{depth}")
        for _copy in range(10):
            block.add_blockref(f"b{depth + 1}", (0, 0))
    drawing.blocks.new("b7").add_line((0, 0), (1, 1))
    drawing.modelspace().add_blockref("b0", (0, 0))
    file = tmp_path / "bomb.dxf"
    drawing.saveas(file)
    with pytest.raises(InputRefused):
        _read(file)
