"""Tools of the map, by pointer and by keyboard, on a bare canvas with a real side-car."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QFont, QKeySequence
from pytestqt.qtbot import QtBot

from layers import sidecar
from layers.viewport import Viewport
from tests.builders import add_community, make_project, square
from ui.map.canvas import MapCanvas
from ui.map.furniture import hint_strip
from ui.map.picking import MapPicker
from ui.map.tool_change import VertexTool
from ui.map.tools import BoxTool, CornersTool, MeasureTool


@pytest.fixture
def canvas(qtbot: QtBot, tmp_path: Path) -> Iterator[MapCanvas]:
    with make_project(tmp_path / "p.gpkg") as store:
        add_community(store, "甲", geom=square())
        line = shapely.MultiLineString([[(600_000, 3_340_020), (600_100, 3_340_020)]])
        store.create_record("water_line", {"geom": bytes(shapely.to_wkb(line))})
        found = sidecar.direct(store)
    canvas = MapCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(400, 400)
    canvas.show()
    canvas.show_project(found)
    qtbot.waitUntil(canvas.is_settled, timeout=10_000)
    yield canvas
    canvas.close_renderer()


def _at(canvas: MapCanvas, east: float, north: float) -> QPoint:
    x, y = canvas.view.to_screen(east, north)
    return QPoint(round(x), round(y))


def _click(qtbot: QtBot, canvas: MapCanvas, east: float, north: float) -> None:
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=_at(canvas, east, north))


def test_an_area_is_measured_on_the_ellipsoid_and_on_the_grid(qtbot: QtBot, canvas: MapCanvas) -> None:
    tool = MeasureTool("EPSG:4547", area=True)
    canvas.use_tool(tool)
    for east, north in ((600_000, 3_340_000), (600_100, 3_340_000), (600_100, 3_340_100), (600_000, 3_340_100)):
        _click(qtbot, canvas, east, north)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    real, grid = tool.figures()
    assert grid == pytest.approx(10_000, rel=0.02)
    assert real / grid == pytest.approx(1 / 1.000122**2, rel=1e-5)


def test_the_keyboard_alone_draws_a_box(qtbot: QtBot, canvas: MapCanvas) -> None:
    tool = BoxTool("", once=True)
    canvas.use_tool(tool)
    with qtbot.waitSignal(tool.boxed, timeout=15_000) as boxed:
        qtbot.keyClick(canvas, Qt.Key.Key_Space)
        qtbot.keyClick(canvas, Qt.Key.Key_Right)
        qtbot.keyClick(canvas, Qt.Key.Key_Up)
        qtbot.keyClick(canvas, Qt.Key.Key_Space)
    assert boxed.args is not None
    west, south, east, north = boxed.args[0]
    assert east - west == pytest.approx(80 * canvas.view.metres, rel=0.05)
    assert north > south
    assert canvas.tool is None


def test_corners_are_taken_back_one_by_one(qtbot: QtBot, canvas: MapCanvas) -> None:
    tool = CornersTool("", least=2)
    canvas.use_tool(tool)
    for east in (600_010, 600_050, 600_090):
        _click(qtbot, canvas, east, 3_340_050)
    qtbot.keyClick(canvas, Qt.Key.Key_Backspace)
    with qtbot.waitSignal(tool.drawn, timeout=15_000) as drawn:
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert drawn.args is not None
    assert len(drawn.args[0]) == 2


def test_escape_leaves_the_tool(qtbot: QtBot, canvas: MapCanvas) -> None:
    canvas.use_tool(BoxTool(""))
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.tool is None


def test_the_pipe_is_hit_before_the_community_around_it(canvas: MapCanvas) -> None:
    assert [hit.table for hit in canvas.hits_at((600_050, 3_340_020))] == ["water_line", "community"]


def test_delete_takes_out_a_vertex_and_never_the_feature(qtbot: QtBot, canvas: MapCanvas) -> None:
    deleted: list[bool] = []
    action = QAction(canvas)
    action.setShortcut(QKeySequence("Del"))
    action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    action.triggered.connect(lambda: deleted.append(True))
    canvas.addAction(action)
    ring = shapely.Polygon([(600_000, 3_340_000), (600_100, 3_340_000), (600_100, 3_340_100), (600_000, 3_340_100)])
    tool = VertexTool(lambda: (None, ()), "x", shapely.MultiPolygon([ring]))
    canvas.use_tool(tool)
    qtbot.mouseMove(canvas, _at(canvas, 600_100, 3_340_100))
    tool.hover((600_100, 3_340_100))
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert len(shapely.get_coordinates(tool.geometry)) == 4
    assert not deleted
    canvas.use_tool(None)
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert deleted


def test_previous_view_and_next_view(qtbot: QtBot, canvas: MapCanvas) -> None:
    first = canvas.view
    canvas.zoom(8.0)
    qtbot.waitUntil(canvas.is_settled, timeout=10_000)
    second = canvas.view
    canvas.go_back()
    assert canvas.view.metres == first.metres
    canvas.go_forward()
    assert canvas.view.metres == second.metres


def test_the_legend_is_that_of_what_is_seen(canvas: MapCanvas) -> None:
    assert set(canvas.seen) == {"community", "water_line"}


def test_a_place_for_a_form_snaps_to_what_is_there_and_tells_its_size(qtbot: QtBot, canvas: MapCanvas) -> None:
    picker = MapPicker(canvas, lambda: "EPSG:4547")
    hints: list[str] = []
    picker.start("line", marks=[((600_050.0, 3_340_050.0), "东门")])
    assert canvas.tool is not None
    canvas.tool.hinted.connect(hints.append)
    for east in (600_000, 600_100):
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=_at(canvas, east, 3_340_020) + QPoint(3, 2))
    with qtbot.waitSignal(picker.picked, timeout=15_000) as picked:
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert picked.args[0] == [(600_000, 3_340_020), (600_100, 3_340_020)]
    assert any("100.0 m" in hint for hint in hints)
    picker.start("area")
    with qtbot.waitSignal(picker.cancelled, timeout=15_000) as left:
        canvas.use_tool(BoxTool(""))
    assert left.args == [False]


@pytest.mark.usefixtures("qapp")  # letters need it
def test_a_long_hint_takes_as_many_lines_as_the_window_asks_for() -> None:
    view, font = Viewport(0.0, 0.0, 1.0, 1366, 700), QFont()
    short = hint_strip(view, font, "单击")
    long = hint_strip(view, font, "单击放置下一个顶点，退格键撤回，回车结束；" * 40)
    assert short.width() == 1366
    assert 28 <= short.height() < 40 < long.height()
    assert long.bottom() == short.bottom()
    assert (
        hint_strip(view.resized(600, 700), font, "单击放置下一个顶点，退格键撤回，回车结束；" * 40).height()
        > long.height()
    )
