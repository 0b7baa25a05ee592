"""Files that readers take without a word and get wrong: each is read right, or its fault is told."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyogrio import raw

from fieldsurvey.store.library import sqlite3
from layers.io.importer import run
from layers.io.report import FileReport
from tests.builders import make_project


def _feature(geometry: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _collection(*features: object) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


POINT = {"type": "Point", "coordinates": [115.04, 30.2]}
LINE = {"type": "LineString", "coordinates": [[115, 30], [115.1, 30.1]]}
TEXTS: dict[str, tuple[str, str]] = {  # name -> text, encoding
    "quote.csv": ('名称,经度,纬度\n"甲,115.04,30.2\n乙,115.0,30.1\n', "utf-8"),
    "utf32.csv": ("名称,经度,纬度\n甲,115.04,30.2\n", "utf-32"),
    "headless.csv": ("1,115.04,30.2\n2,115.05,30.3\n", "utf-8"),
    "ragged.csv": ("名称,经度,纬度\n甲,115,30,多余\n乙,115.1,30\n", "utf-8"),
    "excel.csv": ("sep=;\n名称;经度;纬度\n甲;115.04;30.2\n", "utf-8"),
    "postgis.csv": ("n,geom\n1,SRID=4547;POINT (600146 3342741)\n", "utf-8"),
    "wkb.csv": (f"n,geom\n1,{shapely.to_wkb(shapely.Point(115, 30), hex=True)}\n", "utf-8"),
    "collection.geojson": (
        _collection(_feature({"type": "GeometryCollection", "geometries": [POINT, LINE]}, name="x")),
        "utf-8",
    ),
    "points.geojson": (
        _collection(_feature({"type": "MultiPoint", "coordinates": [[115, 30], [115.1, 30], [115.2, 30]]})),
        "utf-8",
    ),
    "utf16.geojson": (_collection(_feature(POINT, name="甲")), "utf-16"),
    "digits.geojson": (_collection(_feature(POINT, id=12345678901234567890123, text="12345678901234567890")), "utf-8"),
    "fine.geojson": (_collection(_feature(POINT, text="12345678901234567890", year=1.5e300)), "utf-8"),
    "empty.kml": ('<kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>', "utf-8"),
    "access.mdb": ("\0\1\0\0Standard Jet DB", "latin-1"),
}
EXPECTED: dict[str, tuple[str, list[int], set[str]]] = {  # status, counts, codes that must be among the warnings
    "quote.csv": ("imported_with_warning", [2], {"quotes"}),
    "utf32.csv": ("imported_with_warning", [1], {"crs_guessed"}),
    "headless.csv": ("imported_with_warning", [2], {"no_head"}),
    "ragged.csv": ("imported_with_warning", [2], {"unnamed_column"}),
    "excel.csv": ("imported_with_warning", [1], {"crs_guessed"}),
    "postgis.csv": ("imported", [1], set()),
    "wkb.csv": ("imported_with_warning", [1], {"crs_guessed"}),
    "collection.geojson": ("imported", [1, 1], set()),
    "points.geojson": ("imported", [3], set()),
    "utf16.geojson": ("imported_with_warning", [1], {"encoding_guessed"}),
    "digits.geojson": ("imported_with_warning", [1], {"long_number"}),
    "fine.geojson": ("imported", [1], set()),
    "empty.kml": ("imported_with_warning", [0], {"empty"}),
    "access.mdb": ("refused", [], set()),
    "tiles.gpkg": ("refused", [], set()),
    "formulas.xlsx": ("imported_with_warning", [2], {"formulas"}),
    "hidden.xlsx": ("imported_with_warning", [1], {"crs_guessed"}),
    "view.gpkg": ("imported", [2, 1], set()),
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FileReport]:
    folder = tmp_path_factory.mktemp("silent")
    for name, (text, encoding) in TEXTS.items():
        (folder / name).write_bytes(text.encode(encoding))
    _workbooks(folder)
    _geopackages(folder)
    files = [folder / name for name in EXPECTED]
    found: dict[str, FileReport] = {}
    for file in files:  # each into a project of its own: features of one file must not be those of another
        with make_project(folder / f"{file.stem}.project.gpkg") as store:
            (found[file.name],) = run(store, [file], dry_run=True)
    return found


def _workbooks(folder: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["名称", "户数", "经度", "纬度"], ["甲", "=1+1", 115, 30], ["乙", "#REF!", 115.1, 30]):
        book.active.append(row)
    book.save(folder / "formulas.xlsx")
    book = openpyxl.Workbook()
    for row in (["名称", "经度", "纬度"], ["甲", 115, 30]):
        book.active.append(row)
    book.create_sheet("旧").append(["a", "b"])
    book["旧"].sheet_state = "hidden"
    book.save(folder / "hidden.xlsx")


def _geopackages(folder: Path) -> None:
    points = np.array([shapely.to_wkb(shapely.Point(600_000 + n, 3_340_000)) for n in range(2)], object)
    raw.write(
        folder / "view.gpkg", points, [np.arange(2)], ["n"], layer="base", driver="GPKG", geometry_type="Point",
        crs="EPSG:4547",
    )  # fmt: skip
    with sqlite3.connect(folder / "view.gpkg") as db:
        db.execute("CREATE VIEW v AS SELECT fid AS OGC_FID, geom, n FROM base WHERE n > 0")
        db.execute(
            "INSERT INTO gpkg_contents (table_name, identifier, data_type, srs_id, min_x, min_y, max_x, max_y) "
            "VALUES ('v', 'v', 'features', 4547, 600000, 3340000, 600001, 3340000)"
        )
        db.execute("INSERT INTO gpkg_geometry_columns VALUES ('v', 'geom', 'POINT', 4547, 0, 0)")
    db.close()
    db = sqlite3.connect(folder / "tiles.gpkg")
    db.executescript(
        "PRAGMA application_id = 1196444487; CREATE TABLE gpkg_spatial_ref_sys (srs_id INTEGER PRIMARY KEY);"
        "CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT);"
        "CREATE TABLE gpkg_tile_matrix_set (table_name TEXT PRIMARY KEY);"
        "INSERT INTO gpkg_contents VALUES ('t', 'tiles')"
    )
    db.close()


@pytest.mark.parametrize("name", list(EXPECTED))
def test_it_is_read_right_or_told(reports: dict[str, FileReport], name: str) -> None:
    report = reports[name]
    status, counts, codes = EXPECTED[name]
    layers = report.as_json()["layers"]
    assert isinstance(layers, list)
    assert str(report.status) == status, report.as_text()
    assert [layer["count"] for layer in layers] == counts
    assert codes <= {warning.code for warning in report.warnings}


def test_parts_and_hidden_sheets_are_told_as_notes(reports: dict[str, FileReport]) -> None:
    assert {note.code for note in reports["points.geojson"].notes} >= {"taken_apart"}
    assert {note.code for note in reports["collection.geojson"].notes} >= {"taken_apart"}
    assert {note.code for note in reports["hidden.xlsx"].notes} >= {"hidden_sheets"}


def test_the_parts_keep_their_attributes_and_every_point_its_place(tmp_path: Path) -> None:
    file = tmp_path / "hydrants.geojson"
    places = {"type": "MultiPoint", "coordinates": [[115, 30], [115.1, 30]]}
    file.write_text(_collection(_feature(places, 状态="完好")), "utf-8")
    with make_project(tmp_path / "p.gpkg") as store:
        run(store, [file], as_layer="hydrant")
        rows = store.select("hydrant", ["state", "geom"])
    assert [row["state"] for row in rows] == ["完好", "完好"]
    assert len({row["geom"] for row in rows}) == 2


def test_damage_that_readers_stumble_over_is_one_sentence(tmp_path: Path) -> None:
    import zipfile

    track = '<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"><Document>{}</Document></kml>'
    rest = "<Placemark><name>b</name><Point><coordinates>115,30</coordinates></Point></Placemark>"
    for number, part in enumerate(("<gx:Track/>", "<Point><altitudeMode/></Point>")):
        file = tmp_path / f"{number}.kml"
        file.write_text(track.format(f"<Placemark><name>a</name>{part}</Placemark>{rest}"), "utf-8")
    name = tmp_path / "name.zip"
    with zipfile.ZipFile(name, "w") as archive:
        archive.writestr("单.csv", "a,b\n1,2\n")
    name.write_bytes(name.read_bytes().replace("单".encode(), b"\xe5\x8d\x20"))
    book = tmp_path / "book.xlsx"
    book.write_bytes(b"PK\x03\x04" + bytes(200))
    drawing = tmp_path / "cut.dxf"
    drawing.write_bytes(b"AutoCAD Binary DXF\r\n\x1a\x00" + b"\x00SECTION\x00" + bytes(7))
    with make_project(tmp_path / "p.gpkg") as store:
        files = [tmp_path / "0.kml", tmp_path / "1.kml", name, book, drawing]
        reports = run(store, files, dry_run=True)
    assert [str(report.status) for report in reports] == ["imported_with_warning"] * 2 + ["refused"] * 3
    assert not [report.error for report in reports if "made its reader stop" in report.error or "停止" in report.error]
