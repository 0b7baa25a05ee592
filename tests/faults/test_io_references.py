"""Files that point elsewhere, archives in archives, and shapefiles whose parts do not belong together."""

import shutil
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely

from fieldsurvey.store import Store
from layers.io.importer import run
from tests.builders import make_project
from tests.conftest import SHARED

CASES = SHARED / "cases" / "importers"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "p.gpkg") as found:
        yield found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.json", '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>'),
        ("x.geojson", "https://example.invalid/arcgis/rest/services/a/FeatureServer/0/query?f=json"),
        ("x.gml", "<GDAL_WMS><Service name='WMS'/></GDAL_WMS>"),
        ("x.kml", "/vsicurl/http://example.invalid/a.kml"),
    ],
)
def test_a_file_that_only_points_elsewhere_is_refused(store: Store, tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    (report,) = run(store, [file])
    assert report.status == "refused"
    assert "example.invalid" not in report.error


def test_a_third_archive_inside_is_not_opened(store: Store, tmp_path: Path) -> None:
    inner = b""
    for depth in range(3):
        with zipfile.ZipFile(tmp_path / f"{depth}.zip", "w") as archive:
            archive.writestr("a.geojson" if not depth else f"{depth - 1}.zip", inner)
        inner = (tmp_path / f"{depth}.zip").read_bytes()
    (report,) = run(store, [tmp_path / "2.zip"])
    assert report.status == "refused"


def test_an_inner_archive_that_points_outside_is_refused(store: Store, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("../../evil.csv", "a,b\n1,2\n")
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
        archive.write(tmp_path / "in.zip", "in.zip")
    (report,) = run(store, [tmp_path / "out.zip"])
    assert report.status == "refused"
    assert not list(tmp_path.rglob("evil.csv"))


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not on this machine")
def test_a_table_with_fewer_records_than_the_shapes_is_told(store: Store, tmp_path: Path) -> None:
    for part in (CASES / "made_here" / "shp-gbk-nocpg").iterdir():
        shutil.copy(part, tmp_path / part.name)
    with (tmp_path / "黄石区划.dbf").open("r+b") as table:
        table.seek(4)
        table.write(struct.pack("<I", 4))
    (report,) = run(store, [tmp_path / "黄石区划.shp"], dry_run=True)
    assert "counts_differ" in {warning.code for warning in report.warnings}


def _shapefile(folder: Path, name: str) -> Path:
    from pyogrio import raw

    points = shapely.to_wkb(shapely.points([[600_000.0, 3_340_000.0], [600_010.0, 3_340_000.0]]))
    raw.write(
        folder / name, points, [np.array(["a", "b"], object)], ["name"], driver="ESRI Shapefile",
        geometry_type="Point", crs="EPSG:4547",
    )  # fmt: skip
    return folder / name


@pytest.mark.parametrize(("part", "damage"), [(".cpg", b"UTF\0-8"), (".prj", b'PROJCS["\xc3'), (".prj", b'"')])
def test_a_shapefile_of_which_a_small_part_is_damaged_is_read(
    store: Store, tmp_path: Path, part: str, damage: bytes
) -> None:
    file = _shapefile(tmp_path, "点.shp")
    beside = file.with_suffix(part)
    whole = beside.read_bytes()
    beside.write_bytes(damage + whole[len(damage) :])
    (report,) = run(store, [file])
    assert report.status != "refused"
    assert list(report.layers.values()) == [2]


def test_nothing_is_written_beside_a_gml_without_a_schema(store: Store, tmp_path: Path) -> None:
    point = '<gml:Point><gml:pos srsName="EPSG:4490" srsDimension="2">30.2 115.04</gml:pos></gml:Point>'
    (tmp_path / "a.gml").write_text(
        '<?xml version="1.0"?><ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" '
        'xmlns:gml="http://www.opengis.net/gml/3.2"><ogr:featureMember><ogr:a gml:id="a.0"><ogr:geometry>'
        f"{point}</ogr:geometry><ogr:name>甲</ogr:name></ogr:a></ogr:featureMember></ogr:FeatureCollection>",
        "utf-8",
    )
    (report,) = run(store, [tmp_path / "a.gml"])
    assert report.status != "refused"
    assert not list(tmp_path.glob("a.gfs"))


def test_a_table_that_states_far_more_rows_than_it_has_gives_those_it_has(store: Store, tmp_path: Path) -> None:
    file = _shapefile(tmp_path, "点.shp")
    file.unlink()
    with file.with_suffix(".dbf").open("r+b") as table:
        table.seek(4)
        table.write(struct.pack("<I", 1 << 17))
    (report,) = run(store, [file.with_suffix(".dbf")], dry_run=True)
    assert list(report.layers.values()) == [2]
    assert "truncated" in {warning.code for warning in report.warnings}


def test_numbers_that_no_place_has_end_with_a_sentence(store: Store, tmp_path: Path) -> None:
    file = _shapefile(tmp_path, "点.shp")
    data = bytearray(file.read_bytes())
    for at, value in ((100 + 12, 1.7e308), (100 + 28 + 12, -1.7e308)):
        data[at : at + 8] = struct.pack("<d", value)
    file.write_bytes(bytes(data))
    file.with_suffix(".prj").unlink()
    (report,) = run(store, [file], dry_run=True)
    assert "bad_coordinates" in {warning.code for warning in report.warnings}, report.error
