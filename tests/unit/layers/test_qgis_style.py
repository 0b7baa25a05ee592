"""Styles to QGIS and back, and files that are none."""

from pathlib import Path

import pyogrio
import pytest

from exports.layers_out import layer_files
from fieldsurvey.errors import InputRefused
from layers.qgis_style import AREA, LINE, POINT, from_qml, to_qml
from layers.style_values import SETTING, fields_of, read, values_of
from layers.symbology import (
    CATEGORISED,
    GRADUATED,
    LabelStyle,
    LayerStyle,
    StyleClass,
    Symbol,
    default_styles,
    graduated,
    to_json,
)
from tests.builders import add_community, make_project, point

PIPE = LayerStyle(
    "water_line", Symbol(line="#00A3A3", width=2.5, dash="dash", opacity=0.5), CATEGORISED, "material",
    (StyleClass("PE 管", Symbol(line="#112233", width=2.5), "PE"), StyleClass("铸铁", Symbol(line="#445566"), "铸铁")),
    LabelStyle("diameter_mm", 13, 1500.0, 7, halo=True), 0.0, 12_000.0,
)  # fmt: skip


def test_categories_come_back_as_they_went() -> None:
    back, told = from_qml(to_qml(PIPE, LINE), LayerStyle("water_line"))
    assert back == PIPE
    assert not told


def test_ranges_and_points_come_back() -> None:
    style = graduated(
        LayerStyle("hydrant", Symbol("#112233", "#FFFFFF", shape="diamond", size=9)), "aux", [1, 2, 3, 4], 2
    )
    back, _told = from_qml(to_qml(style, POINT), LayerStyle("hydrant"))
    assert back.kind == GRADUATED
    assert [(c.low, c.high, c.symbol) for c in back.classes] == [(c.low, c.high, c.symbol) for c in style.classes]


@pytest.mark.parametrize("table", ["building", "green", "water_body"])
def test_areas_of_the_defaults_come_back(table: str) -> None:
    style = default_styles()[table]
    back, _told = from_qml(to_qml(style, AREA), style)
    assert back.symbol == style.symbol or (not style.symbol.line and back.symbol.fill == style.symbol.fill)
    assert back.classes == style.classes


def test_streets_keep_their_width_on_the_ground_and_come_back() -> None:
    style = default_styles()["road"]
    text = to_qml(style, LINE)
    assert 'k="line_width" v="9"' in text  # m
    assert 'v="MapUnit"' in text
    assert from_qml(text, style)[0].symbol.width == style.symbol.width


def test_what_only_the_program_counts_becomes_an_outline() -> None:
    style = default_styles()["community"]
    back, _told = from_qml(to_qml(style, AREA), style)
    assert (back.kind, back.classes, back.symbol.fill) == ("single", (), "")
    assert back.symbol.line == style.symbol.line


QGIS_OWN = """<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.34.4-Prizren" styleCategories="AllStyleCategories"
 hasScaleBasedVisibilityFlag="1" minScale="25000" maxScale="0">
 <renderer-v2 type="singleSymbol" symbollevels="0"><symbols>
  <symbol type="fill" name="0" alpha="0.8"><layer class="SimpleFill" pass="0"><Option type="Map">
   <Option type="QString" name="color" value="231,113,72,255"/>
   <Option type="QString" name="outline_color" value="35,35,35,255"/>
   <Option type="QString" name="outline_style" value="solid"/><Option type="QString" name="outline_width" value="0.26"/>
   <Option type="QString" name="outline_width_unit" value="MM"/><Option type="QString" name="style" value="solid"/>
  </Option></layer></symbol></symbols></renderer-v2></qgis>"""


def test_a_style_that_qgis_wrote_is_read_in_its_units() -> None:
    back, _told = from_qml(QGIS_OWN, LayerStyle("green"))
    assert back.symbol.fill == "#E77148"
    assert back.symbol.width == pytest.approx(0.26 * 96 / 25.4)
    assert (back.symbol.opacity, back.farthest) == (0.8, 25_000)


@pytest.mark.parametrize(
    "text",
    [
        "", "<qgis/>", "not xml", '<qgis><renderer-v2 type="RuleRenderer"/></qgis>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><qgis>&x;</qgis>',
    ],
)  # fmt: skip
def test_what_is_no_simple_style_is_refused(text: str) -> None:
    with pytest.raises(InputRefused):
        from_qml(text, LayerStyle("green"))


def test_a_geopackage_takes_its_styles_along(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        store.create_record("hydrant", {"geom": point(), "state": "完好"})
        store.set_setting(SETTING, to_json([LayerStyle("hydrant", Symbol("#ABCDEF", shape="square"))]))
        layer_files(store, "gpkg", tmp_path / "out.gpkg")
    assert "layer_styles" in [name for name, _kind in pyogrio.list_layers(tmp_path / "out.gpkg")]
    row = pyogrio.read_dataframe(tmp_path / "out.gpkg", layer="layer_styles", read_geometry=False).iloc[0]
    back, _told = from_qml(row.styleQML, LayerStyle("hydrant"))
    assert (row.f_table_name, back.symbol.fill) == ("hydrant", "#ABCDEF")
    assert "update_time" in row  # QGIS 3.22 sorts by it, and gives its own colours where it is missing


def test_any_answer_of_any_form_gives_the_colours(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        uid = add_community(store)
        store.create_record("f04_water", {"community_uid": uid, "subject_uid": uid, "main_material": "ci_gray"})
        names = {field.name for field in fields_of(store.tables(), "community")}
        assert {"f04_water.main_material", "built_year"} <= names
        assert values_of(store, "community", "f04_water.main_material") == {uid: "ci_gray"}
        style = LayerStyle(
            "community", Symbol("#000000"), CATEGORISED, "f04_water.main_material",
            (StyleClass("灰口铸铁", Symbol("#111111"), "ci_gray"),), LabelStyle("code"),
        )  # fmt: skip
        codes, texts = read(store, [style])
    assert set(codes) == {"community"}
    assert texts["community"][uid] == "枫叶山"
