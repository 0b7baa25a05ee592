"""Geo questions as layers: the first gives the table its geometry, further ones are tables of their own."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import shapely

from exports import odk, qgis
from fieldsurvey.model.schema import GeometryType
from fieldsurvey.projects import new_project
from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from fieldsurvey.sync.session import clone, sync
from survey_forms import shelf
from survey_forms.records import COMPLETE, Opened, Subject, open_form, save_record
from survey_forms.shapes import as_wkb
from tests.builders import add_community

_FORM = """| survey |
| | type | name | label |
| | geotrace | lane | 车道 |
| | geopoint | gate | 大门 |
| | geoshape | yard | 院落 |
| | begin_repeat | tree | 树 |
| | geopoint | trunk | 树干 |
| | geoshape | crown | 树冠 |
| | end_repeat | | |
| | begin_repeat | wall | 墙 |
| | geotrace | line | 线 |
| | end_repeat | | |
| settings |
| | form_id | version | form_title |
| | places | 1 | 位置调查 |
"""
_TABLE = "form_places"
_YARD = "30.2 115.04 0 0; 30.201 115.04 0 0; 30.201 115.041 0 0; 30.2 115.04 0 0"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Store]:
    with new_project(tmp_path / "one.gpkg") as store:
        (tmp_path / "places.md").write_text(_FORM, "utf-8")
        shelf.add(store, shelf.prepare(tmp_path / "places.md"))
        yield store


def _opened(store: Store) -> Opened:
    rows = store.select("community")
    uid = str(rows[0]["uid"]) if rows else add_community(store)
    return open_form(store, Subject(_TABLE, uid, uid))


def _filled(store: Store) -> Opened:
    opened = _opened(store)
    session = opened.session
    tree = session.add_repeat("/data/tree")
    session.answer("/data/lane", "30.2 115.04 0 0; 30.201 115.04 0 0")
    session.answer("/data/gate", "30.2 115.04 20 3")
    session.answer("/data/yard", _YARD)
    session.answer(tree + "/trunk", "30.2 115.04 0 0")
    session.answer(tree + "/crown", _YARD)
    session.answer(session.add_repeat("/data/wall") + "/line", "30.2 115.04 0 0; 30.201 115.041 0 0")
    save_record(store, opened, COMPLETE)
    return _opened(store)


def _places(store: Store, table: str) -> list[Any]:
    return [shapely.from_wkb(row["geom"]) for row in store.select(table) if row["geom"]]


def test_every_geo_question_is_a_layer_with_its_kind(project: Store) -> None:
    kinds = {name: table.geometry for name, table in project.tables().items() if name.startswith(_TABLE)}
    assert kinds == {
        _TABLE: GeometryType.POINT,
        f"{_TABLE}__geo_lane": GeometryType.MULTILINESTRING,
        f"{_TABLE}__geo_yard": GeometryType.MULTIPOLYGON,
        f"{_TABLE}__tree": GeometryType.POINT,
        f"{_TABLE}__tree__geo_crown": GeometryType.MULTIPOLYGON,
        f"{_TABLE}__wall": GeometryType.MULTILINESTRING,
    }
    assert project.tables()[f"{_TABLE}__tree__geo_crown"].parent == f"{_TABLE}__tree"
    assert project.tables()[f"{_TABLE}__geo_yard"].zh == "位置调查·院落"


def test_answers_become_features_beneath_their_record(project: Store) -> None:
    _filled(project)
    for table in [name for name in project.tables() if name.startswith(_TABLE)]:
        assert len(_places(project, table)) == 1
    (yard,) = _places(project, f"{_TABLE}__geo_yard")
    assert yard.area == pytest.approx(5_334, rel=0.02)
    (row,) = project.select(f"{_TABLE}__geo_yard")
    assert row["parent_uid"] == project.select(_TABLE)[0]["uid"]
    (crown,) = project.select(f"{_TABLE}__tree__geo_crown")
    assert crown["parent_uid"] == project.select(f"{_TABLE}__tree")[0]["uid"]


def test_features_follow_their_answers_and_saving_unchanged_writes_nothing_more(project: Store) -> None:
    opened = _filled(project)
    before = {name: project.history(str(row["uid"])) for name in project.tables() for row in _own(project, name)}
    save_record(project, opened, COMPLETE)
    after = {name: project.history(str(row["uid"])) for name in project.tables() for row in _own(project, name)}
    assert {name: len(h) for name, h in after.items() if name != _TABLE} == {
        name: len(h) for name, h in before.items() if name != _TABLE
    }
    opened = _opened(project)
    opened.session.answer("/data/yard", "")
    opened.session.answer("/data/lane", "30.2 115.04 0 0; 30.202 115.04 0 0")
    save_record(project, opened, COMPLETE)
    assert _places(project, f"{_TABLE}__geo_yard") == []
    assert _places(project, f"{_TABLE}__geo_lane")[0].length == pytest.approx(221.7, rel=0.01)
    opened = _opened(project)
    opened.session.answer("/data/yard", _YARD)
    save_record(project, opened, COMPLETE)
    assert len(_places(project, f"{_TABLE}__geo_yard")) == 1


def _own(store: Store, name: str) -> list[dict[str, Any]]:
    return store.select(name) if name.startswith(_TABLE) else []


def test_features_go_with_their_row(project: Store) -> None:
    opened = _filled(project)
    opened.session.remove_repeat(opened.session.instances("/data/tree")[0])
    save_record(project, opened, COMPLETE)
    assert project.select(f"{_TABLE}__tree__geo_crown") == []


def test_a_submission_brings_its_features_along(project: Store, tmp_path: Path) -> None:
    _filled(project)
    odk.export(project, "places", tmp_path / "out")
    with new_project(tmp_path / "two.gpkg") as other:
        shelf.add(other, shelf.prepare(tmp_path / "places.md"))
        assert odk.take(other, "places", tmp_path / "out" / "places").created == 1
        for table in (f"{_TABLE}__geo_yard", f"{_TABLE}__tree__geo_crown", f"{_TABLE}__wall"):
            assert _places(other, table) == _places(project, table)


def test_features_travel_with_sync_and_the_project_stays_whole(project: Store, tmp_path: Path) -> None:
    _filled(project)
    stick = tmp_path / "stick"
    stick.mkdir()
    sync(project, str(stick))
    clone(str(stick), tmp_path / "two.gpkg")
    tables = [name for name in project.tables() if name.startswith(_TABLE)]
    with Store.open(tmp_path / "two.gpkg") as other:
        sync(other, str(stick))
        assert {name: other.tables()[name].geometry for name in tables} == {
            name: project.tables()[name].geometry for name in tables
        }
        for name in tables:
            assert _places(other, name) == _places(project, name)
    assert check(tmp_path / "two.gpkg").is_whole


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("", GeometryType.POINT),
        ("x y", GeometryType.POINT),
        ("30 115 0 0", GeometryType.MULTILINESTRING),
        ("30 115 0 0; 30 x 0 0; 31 115 0 0", GeometryType.MULTILINESTRING),
        ("30 115 0 0; 30 116 0 0", GeometryType.MULTIPOLYGON),
    ],
)
def test_what_is_no_shape_gives_none(answer: str, kind: GeometryType) -> None:
    assert as_wkb(answer, kind, "EPSG:4547") is None


def test_the_project_for_qgis_names_the_layers_in_chinese(project: Store, tmp_path: Path) -> None:
    with zipfile.ZipFile(qgis.project_file(project, tmp_path / "map.qgz")) as archive:
        top = ET.fromstring(archive.read("map.qgs"))  # noqa: S314 - our own output
    layers = {layer.findtext("id"): layer for layer in top.iter("maplayer")}
    yard = next(layer for layer in layers.values() if layer.findtext("layername") == "位置调查·院落")
    assert yard.get("geometry") == "Polygon"
    parents = {item.get("referencingLayer"): item.get("referencedLayer") for item in top.iter("relation")}
    parent = layers[parents[yard.findtext("id")] or ""]
    assert f"layername={_TABLE}" in (parent.findtext("datasource") or "").split("|")
