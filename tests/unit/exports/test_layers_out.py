"""What is exported comes in again equal; a stopped export changes nothing."""

from pathlib import Path

import numpy as np
import pytest
import shapely

from exports.layers_out import layer_files
from fieldsurvey.errors import JobCancelled, UsageError
from fieldsurvey.geo.crs import transform
from fieldsurvey.jobs import JobControl
from layers.io import dxf, tables, vector
from layers.io.report import FileReport
from tests.builders import add_community, make_project, point


@pytest.mark.parametrize(
    ("kind", "encoding"), [("gpkg", "UTF-8"), ("shp", "UTF-8"), ("shp", "GBK"), ("geojson", "UTF-8")]
)
def test_what_is_exported_comes_in_again_equal(tmp_path: Path, kind: str, encoding: str) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        add_community(store, "枫叶山小区", built_year=1988)
        add_community(store, "牧羊湖", built_year=None)
        out = tmp_path / "out" / ("a.gpkg" if kind == "gpkg" else "folder")
        written, warning = layer_files(store, kind, out, encoding=encoding)
        (row, _other) = store.select("community")
    assert bool(warning) == (kind == "shp")  # a shapefile's field names have ten bytes
    (file,) = [path for path in written if path.suffix == f".{kind}"]
    (layer,) = vector.read(file, FileReport(file))
    assert layer.fields["name"] == ["枫叶山小区", "牧羊湖"]
    assert layer.fields["built_year"] == [1988, None]
    assert layer.geometries is not None
    assert isinstance(row["geom"], bytes)
    assert shapely.equals(shapely.normalize(layer.geometries[0]), shapely.from_wkb(row["geom"]))


def test_pipes_are_told_to_be_internal(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        line = bytes(shapely.to_wkb(shapely.MultiLineString([[(600_000, 3_340_000), (600_050, 3_340_000)]])))
        store.create_record("gas_line", {"geom": line})
        _files, warning = layer_files(store, "kml", tmp_path / "kml")
    assert "内部" in warning or "internal" in warning


def test_a_stopped_export_leaves_the_old_file(tmp_path: Path) -> None:
    old = tmp_path / "a.gpkg"
    old.write_bytes(b"old")
    control = JobControl()
    control.cancel()
    with make_project(tmp_path / "p.gpkg") as store:
        add_community(store)
        with pytest.raises(JobCancelled):
            layer_files(store, "gpkg", old, control=control)
    assert old.read_bytes() == b"old"
    assert not list(tmp_path.glob(".fieldsurvey-*"))


def test_the_project_itself_is_never_written_over(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        add_community(store)
        with pytest.raises(UsageError):
            layer_files(store, "gpkg", tmp_path / "p.gpkg")
        assert store.count("community") == 1


def test_a_shapefile_in_gbk_tells_what_it_cannot_hold(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        add_community(store, "𠮷祥里", address="黄石大道" * 40)
        written, warning = layer_files(store, "shp", tmp_path / "out", encoding="GBK")
    (file,) = [path for path in written if path.suffix == ".shp"]
    assert "𠮷" in warning
    assert "254" in warning
    report = FileReport(file)
    (layer,) = vector.read(file, report)
    assert report.encoding == "GB18030"
    assert layer.fields["name"] == ["?祥里"]
    (address,) = layer.fields["address"]
    assert str(address) == ("黄石大道" * 40)[:127]  # 254 bytes, cut between characters


def test_a_drawing_comes_in_again(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        add_community(store, "枫叶山小区")
        store.create_record("hydrant", {"geom": point(), "state": "完好"})
        (file,), _warning = layer_files(store, "dxf", tmp_path / "a.dxf")
    found = {layer.target: layer for layer in dxf.read_checked(file, FileReport(file))}
    assert found["community"].fields["小区名称"] == ["枫叶山小区"]
    assert found["hydrant"].fields["状态"] == ["完好"]
    hydrants = found["hydrant"].geometries
    assert hydrants is not None
    assert hydrants[0].coords[0] == (600_050.0, 3_340_050.0)


def test_a_name_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    import openpyxl

    with make_project(tmp_path / "p.gpkg") as store:
        store.create_record("hydrant", {"geom": point(), "state": "=1+1", "source_id": "00123"})
        (file,), _warning = layer_files(store, "xlsx", tmp_path / "a.xlsx")
    cells = {str(cell.value): cell.data_type for row in openpyxl.load_workbook(file).active.rows for cell in row}
    assert cells["=1+1"] == "s"
    (layer,) = tables.read(file, FileReport(file))
    assert layer.fields["原编号"] == ["00123"]
    assert layer.geometries is not None
    assert layer.geometries[0].coords[0] == (600_050.0, 3_340_050.0)


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4526", "EPSG:3857"])
def test_another_reference_system_is_a_choice(tmp_path: Path, crs: str) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        store.create_record("hydrant", {"geom": point()})
        (file,), warning = layer_files(store, "gpkg", tmp_path / "a.gpkg", crs=crs)
    (layer,) = vector.read(file, FileReport(file))
    assert layer.geometries is not None
    x, y = layer.geometries[0].coords[0]
    back = transform(np.array([x]), np.array([y]), crs, "EPSG:4547")
    assert (back[0][0], back[1][0]) == pytest.approx((600_050.0, 3_340_050.0), abs=0.001)
    assert bool(warning) == (crs == "EPSG:3857")
