"""What is around the map on a small laptop: it steps aside by a click or a key, comes back when it is asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from fieldsurvey import settings
from fieldsurvey.model.schema import Value
from layers.legend import themed
from layers.style import THEMES
from survey_forms.records import Subject
from tests.builders import make_project, square
from ui.app import build
from ui.finder.keymap import key_lines
from ui.forms.panel import FormPanel
from ui.main_window import MainWindow

SMALL = (1366, 768)
_MS = 20_000


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        for number, name in enumerate(("枫叶山小区", "交通局二区3号院")):
            values: dict[str, Value] = {"name": name, "code": f"HS{number}", "geom": square(600_000 + 300 * number)}
            store.create_record("community", values)
        store.create_record("building", {"name": "1栋", "source_id": "1", "geom": square(600_010, side=40)})
    return path


def _open(qtbot: QtBot, project: Path) -> MainWindow:
    made = build(project)
    qtbot.addWidget(made)
    made.resize(*SMALL)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(lambda: made.project.current is not None, timeout=_MS)
    qtbot.waitUntil(made.canvas.is_settled, timeout=_MS)
    qtbot.waitUntil(lambda: bool(made.canvas.seen), timeout=_MS)
    made.resize(*SMALL)
    return made


@pytest.fixture
def window(qtbot: QtBot, project: Path) -> Iterator[MainWindow]:
    made = _open(qtbot, project)
    yield made
    made.close()


def uid_of(window: MainWindow, name: str) -> str:
    now = window.project.current
    assert now is not None
    return next(uid for uid, row in now.communities.items() if row["name"] == name)


def press(qtbot: QtBot, window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
    at: QWidget = QApplication.focusWidget() or window
    qtbot.keyClick(at, key, modifier or Qt.KeyboardModifier.NoModifier)


def share(window: MainWindow) -> float:
    """Return what part of the window the map has."""
    return window.canvas.width() * window.canvas.height() / (window.width() * window.height())


def put_both_away(qtbot: QtBot, window: MainWindow) -> None:
    for part in (window.communities, window.right):
        window.columns.set_away(part, away=True)
    qtbot.waitUntil(lambda: window.canvas.width() > 1200, timeout=_MS)


# --- away and back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "part"), [(0, "communities"), (2, "right")])
def test_one_click_on_its_tab_puts_a_panel_away_and_another_brings_it_back(
    qtbot: QtBot, window: MainWindow, number: int, part: str
) -> None:
    panel: QWidget = getattr(window, part)
    before = panel.width()
    edge = window.findChild(QToolButton, f"columns_edge_{number}")
    assert isinstance(edge, QToolButton)
    assert "收起" in edge.accessibleName()
    qtbot.mouseClick(edge, Qt.MouseButton.LeftButton)
    assert panel.isHidden()
    assert edge.isVisible()
    assert edge.height() >= 36
    assert "展开" in edge.accessibleName()
    qtbot.mouseClick(edge, Qt.MouseButton.LeftButton)
    assert panel.isVisible()
    assert panel.width() == before


def test_keys_put_the_panels_away_and_bring_them_back(qtbot: QtBot, window: MainWindow) -> None:
    window.canvas.setFocus()
    press(qtbot, window, Qt.Key.Key_F9)
    assert window.communities.isHidden()
    press(qtbot, window, Qt.Key.Key_F9, Qt.KeyboardModifier.ShiftModifier)
    assert window.right.isHidden()
    press(qtbot, window, Qt.Key.Key_F9)
    press(qtbot, window, Qt.Key.Key_F9, Qt.KeyboardModifier.ShiftModifier)
    assert window.communities.isVisible()
    assert window.right.isVisible()


def test_the_keyboard_map_has_the_keys_of_the_panels(window: MainWindow) -> None:
    keys = {keys for _heading, lines in key_lines(window) for keys, _text in lines}
    assert {"F3", "F7", "F9", "Shift+F9", "F11"} <= keys


def test_the_menu_shows_which_panels_are_seen(qtbot: QtBot, window: MainWindow) -> None:
    action = window.findChild(QAction, "action_list")
    assert isinstance(action, QAction)
    assert action.isChecked()
    action.trigger()
    assert window.communities.isHidden()
    assert not action.isChecked()


def test_the_focus_goes_to_the_map_from_a_panel_that_is_put_away(qtbot: QtBot, window: MainWindow) -> None:
    window.communities.search.setFocus()
    press(qtbot, window, Qt.Key.Key_F9)
    qtbot.waitUntil(window.canvas.hasFocus, timeout=_MS)


def test_what_is_put_away_and_how_wide_the_rest_is_are_remembered(
    qtbot: QtBot, window: MainWindow, project: Path
) -> None:
    wide = window.right.width() + 40
    sizes = window.columns.splitter.sizes()
    window.columns.splitter.setSizes([sizes[0], sizes[1] - 40, wide])
    press(qtbot, window, Qt.Key.Key_F9)
    window.close()
    kept, wrong = settings.load()
    assert (kept.away, wrong) == (("list",), "")
    again = _open(qtbot, project)
    assert again.communities.isHidden()
    assert again.right.width() == wide
    again.close()


# --- coming back on demand -------------------------------------------------------------------------------------------


def test_enter_on_a_community_brings_its_forms_back(qtbot: QtBot, window: MainWindow) -> None:
    window.choose_community(uid_of(window, "枫叶山小区"))
    put_both_away(qtbot, window)
    window.canvas.setFocus()
    press(qtbot, window, Qt.Key.Key_Return)
    qtbot.waitUntil(window.forms.isVisible, timeout=_MS)
    assert window.communities.isHidden()


def test_a_click_on_the_map_leaves_the_panels_away(qtbot: QtBot, window: MainWindow) -> None:
    put_both_away(qtbot, window)
    window.choose_community(uid_of(window, "枫叶山小区"))
    assert window.right.isHidden()


def test_the_next_thing_to_do_brings_its_form_back(qtbot: QtBot, window: MainWindow) -> None:
    put_both_away(qtbot, window)
    uid = uid_of(window, "枫叶山小区")
    window.open_record(Subject("f01_community", uid, uid))
    qtbot.waitUntil(window.form_panel.isVisible, timeout=_MS)


def test_identifying_brings_the_panel_back_and_esc_puts_it_away_again(qtbot: QtBot, window: MainWindow) -> None:
    put_both_away(qtbot, window)
    window.canvas.setFocus()
    for key in (Qt.Key.Key_I, Qt.Key.Key_Space):  # the tool, and a click with it in the middle of the map
        press(qtbot, window, key)
    qtbot.waitUntil(window.map_side.details.isVisible, timeout=_MS)
    window.canvas.setFocus()
    press(qtbot, window, Qt.Key.Key_Escape)  # the tool
    press(qtbot, window, Qt.Key.Key_Escape)
    assert window.right.isHidden()


def test_esc_on_details_leads_back_to_the_open_form(qtbot: QtBot, window: MainWindow) -> None:
    uid = uid_of(window, "枫叶山小区")
    window.open_record(Subject("f01_community", uid, uid))
    qtbot.waitUntil(window.form_panel.isVisible, timeout=_MS)
    window.map_side.show_side(window.map_side.details)
    assert not window.form_panel.isVisible()
    window.canvas.setFocus()
    press(qtbot, window, Qt.Key.Key_Escape)
    assert window.form_panel.isVisible()


def test_a_panel_of_the_map_is_closed_by_esc_within_it_and_by_its_button(qtbot: QtBot, window: MainWindow) -> None:
    window.map_side.panels.show_styles()
    close = window.findChild(QToolButton, "side_close")
    assert isinstance(close, QToolButton)
    assert close.isVisible()
    assert not window.forms.isVisible()
    qtbot.keyClick(window.map_side.side.currentWidget(), Qt.Key.Key_Escape)
    assert window.forms.isVisible()
    window.map_side.panels.show_basemaps()
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert window.forms.isVisible()


def test_asking_for_the_search_brings_the_list_back(qtbot: QtBot, window: MainWindow) -> None:
    put_both_away(qtbot, window)
    window.canvas.setFocus()
    press(qtbot, window, Qt.Key.Key_F3)
    assert window.communities.isVisible()
    qtbot.waitUntil(window.communities.search.hasFocus, timeout=_MS)
    assert window.right.isHidden()


def test_a_start_leaves_put_away_what_was(qtbot: QtBot, window: MainWindow, project: Path) -> None:
    window.open_community(uid_of(window, "枫叶山小区"))
    put_both_away(qtbot, window)
    window.close()
    again = _open(qtbot, project)
    qtbot.waitUntil(lambda: again.forms.uid != "", timeout=_MS)
    assert again.right.isHidden()
    again.close()


def test_the_row_of_tools_is_whole_again_after_the_map_was_narrow(qtbot: QtBot, window: MainWindow) -> None:
    bar, back = window.map_side.toolbar, window.map_side.toolbar.by_name["back"]
    window.resize(1000, 600)
    qtbot.waitUntil(lambda: back not in bar.actions(), timeout=_MS)
    window.resize(*SMALL)
    qtbot.waitUntil(lambda: back in bar.actions(), timeout=_MS)
    assert back in window.map_side.places.actions()


# --- the share of the map --------------------------------------------------------------------------------------------


def test_the_map_has_nearly_half_of_a_small_window_and_most_of_it_alone(qtbot: QtBot, window: MainWindow) -> None:
    assert (window.width(), window.height()) == SMALL
    assert share(window) >= 0.46
    window.columns.set_away(window.communities, away=True)
    qtbot.waitUntil(lambda: share(window) >= 0.58, timeout=_MS)
    window.columns.set_away(window.right, away=True)
    qtbot.waitUntil(lambda: share(window) >= 0.80, timeout=_MS)


def test_tools_of_a_small_window_are_large_enough_and_none_is_hidden(qtbot: QtBot, window: MainWindow) -> None:
    bar = window.map_side.toolbar
    buttons = [button for button in bar.findChildren(QToolButton) if not button.icon().isNull()]
    tools = [button for button in buttons if button.objectName() != "qt_toolbar_ext_button"]
    assert len(tools) >= 11
    for button in (*tools, window.legend.layers, window.legend.more):
        assert button.isVisible(), button.text()
        assert min(button.width(), button.height()) >= 36, button.text()
        assert button.accessibleName() or button.text()


def test_tools_say_their_words_where_there_is_room(qtbot: QtBot, window: MainWindow) -> None:
    button = window.map_side.toolbar.widgetForAction(window.map_side.toolbar.by_name["identify"])
    assert isinstance(button, QToolButton)
    assert button.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly
    put_both_away(qtbot, window)
    qtbot.waitUntil(lambda: button.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonTextBesideIcon, timeout=_MS)


def test_a_high_window_has_the_legend_in_a_line_below_the_map(qtbot: QtBot, window: MainWindow) -> None:
    assert window.legend.isHidden()
    window.resize(1600, 1000)
    qtbot.waitUntil(window.legend.isVisible, timeout=_MS)
    assert window.legend.layers.isVisible()
    window.resize(*SMALL)
    qtbot.waitUntil(window.legend.isHidden, timeout=_MS)
    qtbot.waitUntil(window.legend.layers.isVisible, timeout=_MS)


def squeezed(panel: FormPanel) -> list[str]:
    """Return what of a form has not the width that it needs: its page, or a button."""
    page = panel.area.widget()
    buttons = [each for each in panel.findChildren(QAbstractButton) if each.objectName().startswith("form_")]
    found = [each for each in buttons if each.isVisible() and each.width() < each.minimumSizeHint().width()]
    is_across = page is None or page.minimumSizeHint().width() > panel.area.viewport().width()
    return [each.objectName() for each in found] + ["page"] * is_across


def test_the_panel_of_a_small_window_holds_a_form_without_scrolling_it_across(qtbot: QtBot, window: MainWindow) -> None:
    uid = uid_of(window, "枫叶山小区")
    window.open_record(Subject("f04_water", uid, uid))
    qtbot.waitUntil(window.form_panel.isVisible, timeout=_MS)
    qtbot.waitUntil(lambda: squeezed(window.form_panel) == [], timeout=_MS)


def test_the_list_of_a_small_window_shows_whole_names(window: MainWindow) -> None:
    room = window.communities.list.viewport().width()
    assert window.fontMetrics().horizontalAdvance("交通局二区3号院") <= room - 44  # the mark and the margins


def test_the_tip_takes_no_row_from_the_map(window: MainWindow) -> None:
    tips = window.help.tips
    assert tips.isVisible()
    assert window.canvas.isAncestorOf(tips)
    window.show_workspace("plan")
    assert not window.canvas.isAncestorOf(tips)
    assert tips.isVisible()


# --- the whole window ------------------------------------------------------------------------------------------------


def test_f11_gives_the_map_the_whole_window_and_esc_gives_it_back(qtbot: QtBot, window: MainWindow) -> None:
    window.canvas.setFocus()
    press(qtbot, window, Qt.Key.Key_F11)
    qtbot.waitUntil(lambda: window.canvas.width() == window.width(), timeout=_MS)
    assert window.right.isHidden()
    press(qtbot, window, Qt.Key.Key_Escape)
    qtbot.waitUntil(window.right.isVisible, timeout=_MS)
    assert window.communities.isVisible()
    assert window.canvas.width() < window.width()


def test_f11_gives_the_form_the_whole_window_and_esc_gives_it_back_before_it_closes_the_form(
    qtbot: QtBot, window: MainWindow
) -> None:
    uid = uid_of(window, "枫叶山小区")
    window.open_record(Subject("f01_community", uid, uid))
    qtbot.waitUntil(window.form_panel.isVisible, timeout=_MS)
    row = window.form_panel.row("built_year_first")
    window.form_panel.go_to(row.path)
    press(qtbot, window, Qt.Key.Key_F11)
    qtbot.waitUntil(lambda: window.form_panel.width() == window.width(), timeout=_MS)
    press(qtbot, window, Qt.Key.Key_Escape)
    qtbot.waitUntil(window.canvas.isVisible, timeout=_MS)
    assert window.form_panel.isVisible()
    with qtbot.waitSignal(window.form.closed, timeout=_MS):
        press(qtbot, window, Qt.Key.Key_Escape)


def test_panels_that_were_away_are_away_after_the_whole_window(qtbot: QtBot, window: MainWindow) -> None:
    window.columns.set_away(window.communities, away=True)
    width = window.right.width()
    window.canvas.setFocus()
    press(qtbot, window, Qt.Key.Key_F11)
    press(qtbot, window, Qt.Key.Key_F11)
    assert window.communities.isHidden()
    assert window.right.width() == width


# --- the whole legend ------------------------------------------------------------------------------------------------


def test_a_key_opens_the_whole_legend_by_layers_and_esc_closes_it(qtbot: QtBot, window: MainWindow) -> None:
    window.canvas.setFocus()
    press(qtbot, window, Qt.Key.Key_F7)
    whole = window.map_side.whole_legend
    assert whole.isVisible()
    assert whole.texts()[0] == "小区"
    assert "楼栋" in whole.texts()
    qtbot.waitUntil(whole.tree.hasFocus, timeout=_MS)
    press(qtbot, window, Qt.Key.Key_Escape)
    assert whole.isHidden()
    assert window.canvas.hasFocus()
    assert not window.legend.more.isChecked()


def test_its_button_opens_the_whole_legend(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.mouseClick(window.legend.more, Qt.MouseButton.LeftButton)
    assert window.map_side.whole_legend.isVisible()
    qtbot.mouseClick(window.legend.more, Qt.MouseButton.LeftButton)
    assert window.map_side.whole_legend.isHidden()


def test_the_whole_legend_follows_the_map_and_stays_in_its_corner(qtbot: QtBot, window: MainWindow) -> None:
    window.map_side.show_legend(True)
    whole = window.map_side.whole_legend
    assert "楼栋" in whole.texts()
    window.map_side.go_to(600_400, 3_340_050)
    qtbot.waitUntil(lambda: "楼栋" not in whole.texts(), timeout=_MS)
    assert whole.isVisible()
    put_both_away(qtbot, window)
    assert window.canvas.rect().contains(whole.geometry())


def is_drawn(window: MainWindow, table: str) -> bool:
    return window.canvas.look.styles[table].visible


def test_space_on_a_layer_of_the_legend_hides_and_shows_it(qtbot: QtBot, window: MainWindow) -> None:
    window.map_side.show_legend(True)
    tree = window.map_side.whole_legend.tree
    assert is_drawn(window, "community")
    qtbot.keyClick(tree, Qt.Key.Key_Space)
    assert not is_drawn(window, "community")
    qtbot.waitUntil(lambda: "未开始" not in "".join(window.map_side.whole_legend.texts()), timeout=_MS)
    (item,) = tree.findItems("小区", Qt.MatchFlag.MatchExactly)
    tree.setCurrentItem(item)
    qtbot.keyClick(tree, Qt.Key.Key_Space)
    assert is_drawn(window, "community")


def test_the_wheel_over_the_legend_does_not_zoom_the_map(qtbot: QtBot, window: MainWindow) -> None:
    window.map_side.show_legend(True)
    whole = window.map_side.whole_legend
    before = window.canvas.view
    at = QPointF(5, 5)
    for turn in (120, -120):
        event = QWheelEvent(
            at, whole.mapToGlobal(at), QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(whole, event)
        QApplication.sendEvent(whole.tree.viewport(), event)
    assert window.canvas.view == before


def test_the_whole_legend_has_the_colours_that_the_map_draws_in_another_theme(qtbot: QtBot, window: MainWindow) -> None:
    canvas, legend = window.canvas, window.map_side.whole_legend
    canvas.zoom_to(next(iter(window.project.current.communities)) if window.project.current else "")
    legend.open_it()
    qtbot.waitUntil(lambda: "building" in legend._groups, timeout=_MS)
    (light,) = [key.symbol.fill for key in legend._groups["building"]][-1:]
    window.set_theme("dark")
    qtbot.waitUntil(lambda: legend._groups["building"][-1].symbol.fill != light, timeout=_MS)
    for table, found in legend._groups.items():
        assert [key.symbol for key in found] == [themed(key.symbol, table, THEMES["dark"]) for key in found]
