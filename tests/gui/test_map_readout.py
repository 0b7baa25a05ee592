"""What the window tells of the place under the pointer, in the system that the person chose on this computer."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu
from pytestqt.qtbot import QtBot

from fieldsurvey import paths
from fieldsurvey.geo import local_grids, notation
from fieldsurvey.geo.local_grids import PLANE, TM, LocalGrid
from tests.builders import add_community, make_project, square
from ui.app import build
from ui.main_window import MainWindow
from ui.map.grids_panel import GridsPanel

E, N = 600_000.0, 3_340_000.0
GRID = LocalGrid("城建", PLANE, local_grids.from_four(100.125, -50.375, 600.0, 8.0), "", "EPSG:4547")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        add_community(store, "甲", geom=square(E, N, 200))
        store.create_record("hydrant", {"geom": bytes(shapely.to_wkb(shapely.Point(E + 100, N + 100)))})
    local_grids.keep(GRID)
    return path


def _opened(qtbot: QtBot, project: Path) -> MainWindow:
    window = build(project)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.project.current is not None, timeout=15_000)
    qtbot.waitUntil(window.canvas.is_settled, timeout=30_000)
    return window


@pytest.fixture
def window(qtbot: QtBot, project: Path) -> Iterator[MainWindow]:
    found = _opened(qtbot, project)
    yield found
    found.close()


def _told(window: MainWindow) -> str:
    return window.told["pointer"].text()


def _choose(qtbot: QtBot, window: MainWindow, choice: str) -> None:
    readout = window.map_side.readout
    qtbot.waitUntil(
        lambda: f"readout_{choice}" in [a.objectName() for a in readout.menu(window).actions()], timeout=15_000
    )
    menu = readout.menu(window)
    action = menu.findChild(QAction, f"readout_{choice}")
    assert isinstance(action, QAction)
    action.trigger()
    qtbot.waitUntil(lambda: _told(window) not in {"", "…"}, timeout=15_000)


def _point(window: MainWindow, east: float, north: float) -> None:
    window.canvas.pointer_moved.emit(east, north)


def _first_row(window: MainWindow) -> str:
    cell = window.map_side.details.table.item(0, 1)
    assert cell is not None
    return cell.text()


def test_the_readout_tells_the_project_grid_degrees_or_a_grid_of_this_computer(
    qtbot: QtBot, window: MainWindow
) -> None:
    _point(window, E + 100, N + 50)
    assert _told(window) == f"E {E + 100:.2f}  N {N + 50:.2f}"
    assert "项目坐标系" in window.told["system"].text()
    _choose(qtbot, window, "degrees")
    assert _told(window).startswith("115.0")
    assert "°E" in _told(window)
    _choose(qtbot, window, "dms")
    assert "′" in _told(window)
    assert "经纬度" in window.told["system"].text()
    _choose(qtbot, window, "LOCAL:城建")
    assert "城建" in window.told["system"].text()
    found = notation.read(_told(window), "EPSG:4547", "LOCAL:城建")
    assert (found.east, found.north) == pytest.approx((E + 100, N + 50), abs=0.01)


def test_what_is_copied_is_what_is_told(qtbot: QtBot, window: MainWindow) -> None:
    _point(window, E + 100, N + 50)
    _choose(qtbot, window, "dms")
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == _told(window)
    found = notation.read(QApplication.clipboard().text(), "EPSG:4547")
    assert (found.east, found.north) == pytest.approx((E + 100, N + 50), abs=0.05)


def test_where_a_grid_has_no_place_a_dash_is_told_and_nothing_copied(qtbot: QtBot, window: MainWindow) -> None:
    local_grids.keep(LocalGrid("远", TM, (75.0, 0.0, 1.0, 500_000.0, 0.0, 0.0)))
    window.map_side.readout.refresh()
    _point(window, E, N)
    _choose(qtbot, window, "LOCAL:远")
    QApplication.clipboard().setText("as it was")
    window.map_side.readout.copy()
    assert _told(window) == "—"
    assert QApplication.clipboard().text() == "as it was"


def test_the_choice_is_remembered_on_this_computer_and_no_number_leaves_it(
    qtbot: QtBot, project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    first = _opened(qtbot, project)
    _point(first, E, N)
    _choose(qtbot, first, "LOCAL:城建")
    first.close()
    kept = (paths.user_data() / "settings.json").read_text("utf-8")
    assert json.loads(kept)["readout"] == "LOCAL:城建"
    written = [kept.encode(), caplog.text.encode(), project.read_bytes()]
    assert not any(b"100.125" in each or b"50.375" in each for each in written)
    assert "城建".encode() not in project.read_bytes()
    second = _opened(qtbot, project)
    _point(second, E, N)
    qtbot.waitUntil(lambda: _told(second) not in {"", "…"}, timeout=15_000)
    assert "城建" in second.told["system"].text()
    second.close()


def test_a_remembered_grid_that_is_gone_is_a_dash_with_its_reason(qtbot: QtBot, window: MainWindow) -> None:
    _point(window, E, N)
    _choose(qtbot, window, "LOCAL:城建")
    window.map_side.panels.show_grids()
    panel = window.map_side.side.currentWidget()
    assert isinstance(panel, GridsPanel)
    panel.list.setCurrentRow(0)
    panel._forget()
    qtbot.waitUntil(lambda: _told(window) == "—", timeout=15_000)
    assert "城建" in window.told["system"].toolTip()


def test_the_systems_are_a_click_a_right_click_and_a_key_away(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _spot: opened.append(menu.objectName()))
    system = window.told["system"]
    assert system.textInteractionFlags() & Qt.TextInteractionFlag.LinksAccessibleByKeyboard
    system.linkActivated.emit("system")
    for label in (system, window.told["pointer"]):
        spot = QPoint(2, 2)
        wanted = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, spot, label.mapToGlobal(spot))
        QApplication.sendEvent(label, wanted)
    window.map_side.toolbar.by_name["readout"].trigger()
    assert opened == ["readout_menu"] * 4


def test_identify_tells_the_place_and_the_point_in_the_chosen_system(qtbot: QtBot, window: MainWindow) -> None:
    map_side, details = window.map_side, window.map_side.details
    _point(window, E, N)
    map_side.identify()
    x, y = window.canvas.view.to_screen(E + 100, N + 100)
    qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))
    qtbot.waitUntil(lambda: details.table.rowCount() > 0, timeout=15_000)
    assert isinstance(details.place, QLabel)
    assert details.place.text().startswith("项目坐标系  E 600")
    assert _first_row(window) == f"项目坐标系  E {E + 100:.2f}  N {N + 100:.2f}"
    _choose(qtbot, window, "dms")
    assert "′" in details.place.text()
    assert _first_row(window).startswith("经纬度  115°")


def test_keys_that_lead_the_cross_tell_its_place(qtbot: QtBot, window: MainWindow) -> None:
    window.map_side.identify()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Right)
    view = window.canvas.view
    assert _told(window) == f"E {view.east:.2f}  N {view.north:.2f}"


def test_what_is_identified_at_the_edge_of_the_view_does_not_take_the_view_away(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.map_side.go_to(E + 5, N + 5, 200)  # the middle of the community is far off
    before = window.canvas.view
    window.map_side._identify_at((E + 5, N + 5), None)
    qtbot.waitUntil(lambda: window.map_side.details.table.rowCount() > 0, timeout=15_000)
    after = window.canvas.view
    assert (after.east, after.north, after.metres) == (before.east, before.north, before.metres)


def test_the_system_is_told_with_the_map_only(window: MainWindow) -> None:
    window.show_workspace("map")
    assert window.told["system"].text()
    window.show_workspace("table")
    assert not window.told["system"].text()
    window.show_workspace("map")
    window.show_start()
    assert not window.told["system"].text()
