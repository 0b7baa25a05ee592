"""What is exported comes in again equal; a stopped export changes nothing."""

from pathlib import Path

import pytest
import shapely

from exports.layers_out import layer_files
from fieldsurvey.errors import JobCancelled, UsageError
from fieldsurvey.jobs import JobControl
from layers.io import vector
from layers.io.report import FileReport
from tests.builders import add_community, make_project


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
    assert not warning
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
