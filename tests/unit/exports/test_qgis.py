"""The QGIS project: labels, value maps, relations and columns of 1 and 0."""

import csv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from exports import odk
from exports.qgis import project_file
from fieldsurvey.projects import new_project
from fieldsurvey.store import Store
from tests.builders import add_community


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Store]:
    with new_project(tmp_path / "one.gpkg") as store:
        yield store


def test_the_layers_speak_in_labels(project: Store, tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    out = project_file(project, tmp_path / "maps" / "黄石.qgz")
    with zipfile.ZipFile(out) as archive:
        top = ET.fromstring(archive.read("黄石.qgs"))  # noqa: S314 - our own output
    layers = {layer.findtext("id"): layer for layer in top.iter("maplayer")}
    water = layers["f04_water"]
    assert water.get("geometry") == "Point"
    assert water.findtext("datasource") == "../one.gpkg|layername=f04_water"
    named = {alias.get("field"): alias.get("name") for alias in water.iter("alias")}
    assert str(named["main_dn"]).endswith("(mm)")
    (mapped,) = (field for field in water.iter("field") if field.get("name") == "supply_mode")
    codes = {option.get("value") for option in mapped.iter("Option") if option.get("type") == "QString"}
    assert "tank_pump" in codes
    virtual = {field.get("name"): field.get("expression") for field in water.find("expressionfields") or ()}
    assert "'repair'" in str(virtual["reno_suggest/repair"])
    relation = next(item for item in top.iter("relation") if item.get("id") == "f04_water__photos")
    assert relation.get("referencedLayer") == "f04_water"


def test_each_choice_of_several_gets_a_column(project: Store, tmp_path: Path) -> None:
    community = add_community(project)
    for chosen in ("repair add", None):
        project.create_record(
            "f04_water", {"community_uid": community, "subject_uid": community, "reno_suggest": chosen}
        )
    odk.export(project, "f04", tmp_path / "out", split=True)
    with (tmp_path / "out" / "f04_water" / "f04_water.csv").open(encoding="utf-8-sig", newline="") as source:
        one, two = csv.DictReader(source)
    names = ("reno_suggest", "reno_suggest/repair", "reno_suggest/add", "reno_suggest/replace")
    assert [one[name] for name in names] == ["repair add", "1", "1", "0"]
    assert [two[name] for name in names] == ["", "", "", ""]
    taken = odk.take(project, "f04", tmp_path / "out" / "f04_water" / "f04_water.csv")
    assert (taken.created, taken.refused) == (0, ())
    assert [row["reno_suggest"] for row in project.select("f04_water")] == ["repair add", None]
