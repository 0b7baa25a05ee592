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
from layers.style_values import SETTING
from layers.symbology import categorised, default_styles, to_json
from tests.builders import add_community, point
from tests.real_qgis import ask_qgis


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
    water = layers["fieldsurvey_f04_water"]
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
    assert relation.get("referencedLayer") == "fieldsurvey_f04_water"


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


_OPEN = """
from qgis.core import QgsExpressionContextUtils, QgsFeature, QgsGeometry, QgsProject, QgsRenderContext
project = QgsProject.instance()
assert project.read(sys.argv[1])
layers = project.mapLayers()
water = layers["fieldsurvey_f04_water"]
setup = {field.name(): water.editorWidgetSetup(place) for place, field in enumerate(water.fields())}
community = layers["fieldsurvey_community"]
context = QgsRenderContext()
context.expressionContext().appendScopes(QgsExpressionContextUtils.globalProjectLayerScopes(community))
renderer = community.renderer()
renderer.startRender(context, community.fields())
colours = []
for feature in community.getFeatures():
    context.expressionContext().setFeature(feature)
    colours.append(renderer.symbolForFeature(feature, context).color().name())
renderer.stopRender(context)
order = [layer.id() for layer in project.layerTreeRoot().layerOrder()]
hydrants = layers["fieldsurvey_hydrant"]
hydrants.startEditing()
moved = next(hydrants.getFeatures("\\"kind\\" = '市政'"))
hydrants.changeGeometry(moved.id(), QgsGeometry.fromWkt("Point (600000 3340000)"))
hydrants.changeAttributeValue(moved.id(), hydrants.fields().indexOf("state"), "无水")
hydrants.deleteFeature(next(hydrants.getFeatures("\\"kind\\" = '小区'")).id())
new = QgsFeature(hydrants.fields())
new.setAttribute("kind", "室内")
new.setGeometry(QgsGeometry.fromWkt("Point (600010 3340010)"))
hydrants.addFeature(new)
assert hydrants.commitChanges(), hydrants.commitErrors()
tell({
    "invalid": [name for name, layer in layers.items() if not layer.isValid()],
    "aliases": {field.name(): water.attributeDisplayName(place) for place, field in enumerate(water.fields())},
    "map": setup["supply_mode"].config().get("map"),
    "widgets": {name: each.type() for name, each in setup.items()},
    "crs": project.crs().authid(),
    "relations": {name: one.isValid() for name, one in project.relationManager().relations().items()},
    "renderer": hydrants.renderer().type(),
    "farthest": hydrants.minimumScale(),
    "labels": layers["fieldsurvey_building"].labeling().settings().fieldName,
    "colours": colours,
    "order": order,
})
"""


@pytest.mark.timeout(600)
def test_real_qgis_shows_the_project_as_it_looks_here_and_edits_it(project: Store, tmp_path: Path) -> None:
    community = add_community(project)
    project.create_record("f04_water", {"subject_uid": community, "supply_mode": "direct"})
    styles = default_styles()
    styles["community"] = categorised(styles["community"], "f04_water.supply_mode", ["direct"])
    project.set_setting(SETTING, to_json(list(styles.values())))
    hydrants = [{"kind": kind, "state": "完好", "geom": point()} for kind in ("市政", "小区")]
    project.import_rows("hydrant", hydrants, source="x.csv")
    found = ask_qgis(_OPEN, project_file(project, tmp_path / "黄石.qgz"), home=tmp_path)
    assert found["invalid"] == []
    assert (found["crs"], found["renderer"], found["farthest"]) == ("EPSG:4547", "categorizedSymbol", 8000)
    assert found["aliases"]["supply_mode"] == "供水方式"
    assert {"水箱+水泵": "tank_pump"}.items() <= {k: v for each in found["map"] for k, v in each.items()}.items()
    assert found["widgets"]["uid"] == found["widgets"]["_rev"] == "Hidden"
    assert found["relations"]["f04_water__photos"]
    assert all(found["relations"].values())
    assert found["labels"] == "name"
    assert found["colours"] == [styles["community"].classes[0].symbol.fill.lower()]
    assert found["order"].index("fieldsurvey_hydrant") < found["order"].index("fieldsurvey_community")
    project.take_foreign_edits()
    rows = {str(row["kind"]): row for row in project.select("hydrant")}
    assert rows.keys() == {"市政", "室内"}
    assert [entry.kind for entry in project.history(str(rows["市政"]["uid"]))] == ["i", "u"]
    assert rows["市政"]["state"] == "无水"
    assert [entry.kind for entry in project.history(str(rows["室内"]["uid"]))] == ["c"]
