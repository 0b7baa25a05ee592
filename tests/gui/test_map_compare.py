"""Before and after on one map: a moment of the history, an earlier file, the line moved by hand and by keys."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from fieldsurvey.clock import now_millis
from fieldsurvey.errors import InputRefused
from fieldsurvey.store import Store
from layers.earlier import Moment, moments, other_project
from tests.builders import add_community, make_project, square
from ui.app import build
from ui.main_window import MainWindow
from ui.map.compare_panel import ComparePanel

E, N = 600_000.0, 3_340_000.0


@pytest.fixture
def then(tmp_path: Path) -> tuple[Path, int]:
    """Return a project in which a house was torn down and another built after a moment, and the moment."""
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        add_community(store, geom=square(E, N))
        old = store.create_record("building", {"name": "1", "geom": square(E + 10, N + 40, 20)})
        moment = now_millis()
        while now_millis() <= moment:
            time.sleep(0.001)  # noqa: TID251 - clocks count milliseconds
        store.delete(old)
        store.create_record("building", {"name": "2", "geom": square(E + 70, N + 40, 20)})
    return path, moment


@pytest.fixture
def window(qtbot: QtBot, then: tuple[Path, int]) -> Iterator[MainWindow]:
    found = build(then[0])
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(lambda: found.project.current is not None, timeout=20_000)
    qtbot.waitUntil(found.canvas.is_settled, timeout=30_000)
    yield found
    found.close()


def _panel(window: MainWindow) -> ComparePanel:
    window.map_side.panels.show_compare()
    panel = window.map_side.side.currentWidget()
    assert isinstance(panel, ComparePanel)
    return panel


def _wait(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.map_side.swipe.is_on, timeout=20_000)
    window.canvas.zoom_all()
    qtbot.waitUntil(window.canvas.is_settled, timeout=30_000)
    qtbot.waitUntil(window.map_side.swipe.is_settled, timeout=30_000)


def _house_at(window: MainWindow, east: float, north: float) -> bool:
    """Say whether a house is painted at a place, by its colour."""
    x, y = window.canvas.view.to_screen(east, north)
    shade = QColor(window.canvas.grab().toImage().pixel(round(x), round(y)))
    ground = QColor(window.canvas.grab().toImage().pixel(*_open_ground(window)))
    return shade != ground


def _open_ground(window: MainWindow) -> tuple[int, int]:
    x, y = window.canvas.view.to_screen(E + 50, N + 10)
    return round(x), round(y)


def test_left_of_the_line_stands_what_stood_then(qtbot: QtBot, window: MainWindow, then: tuple[Path, int]) -> None:
    panel = _panel(window)
    panel.compare(Moment("then", then[1]))
    _wait(qtbot, window)
    line = window.map_side.swipe.line
    assert line is not None
    old, new = (E + 20, N + 60), (E + 80, N + 60)
    qtbot.keyClick(line, Qt.Key.Key_End)
    assert (_house_at(window, *old), _house_at(window, *new)) == (True, False)
    qtbot.keyClick(line, Qt.Key.Key_Home)
    assert (_house_at(window, *old), _house_at(window, *new)) == (False, True)


def test_the_line_is_dragged_and_moved_by_keys_and_escape_ends(
    qtbot: QtBot, window: MainWindow, then: tuple[Path, int]
) -> None:
    panel = _panel(window)
    panel.compare(Moment("then", then[1]))
    _wait(qtbot, window)
    line = window.map_side.swipe.line
    assert line is not None
    assert line.hasFocus()
    before = line.share * window.canvas.width()
    qtbot.mousePress(line, Qt.MouseButton.LeftButton, pos=QPoint(18, 100))
    line.move_to(before - 60)
    qtbot.mouseRelease(line, Qt.MouseButton.LeftButton)
    assert line.share * window.canvas.width() == pytest.approx(before - 60, abs=1)
    qtbot.keyClick(line, Qt.Key.Key_Right)
    assert line.share * window.canvas.width() == pytest.approx(before - 20, abs=1)
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert not window.map_side.swipe.is_on
    assert not list((Path(panel._workspace.path or "").parent).glob("then*"))


def test_an_earlier_file_is_laid_beside_and_the_open_one_is_refused(
    qtbot: QtBot, window: MainWindow, then: tuple[Path, int], tmp_path: Path
) -> None:
    other = tmp_path / "round1.gpkg"
    with make_project(other) as store:
        add_community(store, geom=square(E, N))
        store.create_record("building", {"name": "1", "geom": square(E + 10, N + 40, 20)})
    panel = _panel(window)
    with qtbot.waitSignal(panel.failed, timeout=15_000) as failed:
        panel.compare_file(then[0])
    assert failed.args is not None
    assert isinstance(failed.args[0], InputRefused)
    panel.compare_file(other)
    _wait(qtbot, window)
    line = window.map_side.swipe.line
    assert line is not None
    line.move_to(window.canvas.width())
    assert _house_at(window, E + 20, N + 60)
    panel.stop()
    assert other.exists()


def test_moments_are_ends_of_rounds_and_of_days(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        uid = add_community(store, geom=square(E, N))
        store.create_record("f01_community", {"community_uid": uid, "survey_round": "baseline"})
        found = moments(store)
    assert found[0].name.startswith(("End of round", "轮次结束"))
    assert len(found) == 2
    assert found[0].when_ms <= found[1].when_ms


def test_a_round_in_another_system_is_refused(tmp_path: Path) -> None:
    Store.create(tmp_path / "q.gpkg", crs="EPSG:4526").close()
    with pytest.raises(InputRefused, match=r"q\.gpkg"):
        other_project(tmp_path / "q.gpkg", "EPSG:4547")
