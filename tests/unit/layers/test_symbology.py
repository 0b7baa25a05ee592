"""Styles as data: classes from values, what stands in the project, the legend of what is seen."""

import json

import numpy as np
import pytest
import shapely

from fieldsurvey.errors import InputRefused
from fieldsurvey.model.assets import layer_label
from layers import columns
from layers.legend import keys
from layers.style import (
    CJJ61,
    INNER,
    LAYERS,
    THEMES,
    Style,
    Theme,
    contrast,
    fill_colour,
    line_colour,
    luminance,
    pipe_colour,
)
from layers.symbology import (
    BY_SCALE,
    STATE,
    Codes,
    LayerStyle,
    StyleClass,
    Symbol,
    categorised,
    codes_for,
    default_styles,
    from_json,
    graduated,
    is_baked,
    to_json,
)


def test_styles_survive_the_project_and_nonsense_gives_the_defaults() -> None:
    styles = default_styles()
    assert from_json(to_json(list(styles.values()))) == styles
    assert from_json("") == styles
    assert from_json('{"layers": [{"table": "x"}]}') == styles
    changed = json.loads(to_json(list(styles.values())))
    changed["layers"][0]["kind"] = "nonsense"
    assert from_json(json.dumps(changed)) == styles


def test_the_defaults_know_which_classes_the_columns_hold() -> None:
    styles = default_styles()
    assert is_baked(styles["hydrant"])
    assert not is_baked(styles["community"])
    assert styles["community"].column == STATE


def test_values_become_classes_the_frequent_first() -> None:
    made = categorised(LayerStyle("water_line", Symbol(line="#000000")), "material", ["PE", "PE", "铸铁", None])
    assert [c.value for c in made.classes] == ["PE", "铸铁"]
    assert [made.code(value) for value in ("PE", "铸铁", "钢", None)] == [1, 2, 0, 0]
    assert made.classes[0].symbol.line != made.classes[1].symbol.line


def test_every_number_falls_into_a_quantile() -> None:
    numbers = list(range(1, 101))
    made = graduated(LayerStyle("building", Symbol(fill="#000000")), "floors", numbers, 5)
    counts = np.bincount([made.code(number) for number in numbers])
    assert counts.tolist() == [0, 20, 20, 20, 20, 20]
    assert graduated(LayerStyle("building"), "floors", [6, 6]).code(6) == 1
    with pytest.raises(InputRefused):
        graduated(LayerStyle("building"), "name", ["a"])


def test_a_rule_by_scale_chooses_the_symbol() -> None:
    near, far = Symbol(line="#111111"), Symbol(line="#222222")
    style = LayerStyle("road", far, BY_SCALE, classes=(StyleClass("near", near, low=0, high=5000),))
    assert (style.symbols(1000)[0], style.symbols(9000)[0]) == (near, far)


def test_codes_follow_the_order_of_the_columns() -> None:
    points = shapely.points(np.random.default_rng(1).random((50, 2)) * 1000)
    uids = [f"{number:032d}" for number in range(50)]
    built = columns.build("hydrant", points, uids, [0] * 50, [""] * 50)
    codes = Codes({uid: int(uid) % 7 for uid in uids[:40]})
    index = np.arange(50)
    got = dict(zip(built.uids[index].tolist(), codes.of(built, index).tolist(), strict=True))
    assert all(got[uid.encode()] == (int(uid) % 7 if int(uid) < 40 else 0) for uid in uids)


def test_the_legend_tells_only_what_is_seen() -> None:
    styles = default_styles()
    seen = {"community": {1, 0}, "hydrant": {2}, "road": {0}}
    texts = [key.text for key in keys(styles, seen, 2000)]
    assert texts == ["○ 未开始", "无数据", "消火栓 无水", "市政道路"]


def test_a_counted_class_is_that_of_the_state() -> None:
    style = default_styles()["community"]
    codes = codes_for(style, {"a" * 32: "draft"})
    built = columns.build("community", np.array([shapely.box(0, 0, 1, 1)]), ["a" * 32], [0], [""])
    assert style.classes[int(codes.of(built, np.array([0]))[0]) - 1].value == "draft"


def test_photos_have_a_place_in_the_legend_and_under_the_pointer() -> None:
    styles = default_styles()
    assert styles["photo"].symbol.shape == "diamond"
    (key,) = keys(styles, {"photo": {0}}, 1_000)
    assert key.text == layer_label("photo") == "照片"
    assert layer_label("own_layer") == "own_layer"


@pytest.mark.parametrize("table", CJJ61)
@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_pipes_stand_out_from_what_they_lie_on_in_every_theme(table: str, theme: Theme) -> None:
    (key,) = keys(default_styles(), {table: {0}}, 2_000, theme)
    assert min(contrast(key.symbol.line, ground) for ground in (theme.ground, theme.street)) >= 3
    assert contrast(key.symbol.line, theme.under_pipes) >= 3


def test_a_pipe_that_can_be_seen_has_the_colour_of_the_standard() -> None:
    lines = [
        line_colour(table, pipe_colour(table), THEMES["dark"]) for table in ("water_line", "gas_line", "power_line")
    ]
    assert lines == ["#00FFFF", "#FF00FF", "#FF0000"]
    assert line_colour("water_line", "#123456", THEMES["light"]) == "#123456", "what a person chose can be seen"


def test_from_afar_the_mains_are_drawn_and_near_what_hangs_on_them() -> None:
    style = default_styles()["water_line"]
    assert is_baked(style)
    assert style.column == INNER
    main, inner = style.symbols(2_000)
    assert main.width > inner.width
    assert [sorted(style.hidden(scale)) for scale in (2_000, 5_000, 10_000)] == [[], [], [1]]
    assert style.is_drawn_at(10_000)


def test_nodes_are_for_near_views() -> None:
    styles = default_styles()
    assert not any(
        styles[table].is_drawn_at(2_000) for table in ("manhole", "valve", "pole", "lamp") if styles[table].visible
    )
    assert styles["manhole"].is_drawn_at(1_000)


def test_the_legend_tells_the_parts_of_a_network_apart() -> None:
    texts = [key.text for key in keys(default_styles(), {"gas_line": {0, 1}}, 2_000)]
    assert texts == ["燃气管线 小区内", "燃气管线"]


@pytest.mark.parametrize("style", LAYERS, ids=[style.table for style in LAYERS])
def test_in_the_dark_no_area_glares_and_no_sign_is_lost(style: Style) -> None:
    dark, light = THEMES["dark"], THEMES["light"]
    for fill in filter(None, (style.fill, *style.by_kind.values())):
        shown = fill_colour(style.table, fill, dark)
        assert fill_colour(style.table, fill, light) == fill
        if style.symbol:
            assert contrast(shown, dark.ground) >= 3
        else:
            assert luminance(shown) < 0.2
            assert contrast(shown, dark.ground) > 1.1
