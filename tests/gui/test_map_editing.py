"""Drawing, changing, splitting and undoing on the map of the real window, with the history and the checks behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QTableWidget
from pytestqt.qtbot import QtBot

from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from layers.topology.findings import Rule
from tests.builders import add_community, make_project, square
from tests.conftest import SHARED
from ui.app import build
from ui.main_window import MainWindow

E, N = 600_000.0, 3_340_000.0


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        uid = add_community(store, geom=square(E, N))
        store.create_record("building", {"name": "1", "geom": square(E + 10, N + 10, 20), "community_uid": uid})
    found = build(path)
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(lambda: found.project.current is not None, timeout=20_000)
    qtbot.waitUntil(found.canvas.is_settled, timeout=30_000)
    yield found
    found.close()


def _click(qtbot: QtBot, window: MainWindow, east: float, north: float) -> None:
    x, y = window.canvas.view.to_screen(east, north)
    qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))


def _rows(window: MainWindow, table: str) -> list[shapely.Geometry]:
    with Store.open(_path(window), read_only=True) as store:
        return [shapely.from_wkb(row["geom"]) for row in store.select(table, ["geom"])]


def _path(window: MainWindow) -> Path:
    return window.project.current.path if window.project.current else Path()


def _texts(table: QTableWidget) -> str:
    cells = [table.item(row, 1) for row in range(table.rowCount())]
    return " ".join(cell.text() for cell in cells if cell is not None)


def _saved(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until a save is on the map too."""
    qtbot.waitUntil(window.project.is_map_current, timeout=20_000)


def test_drawn_cut_undone_and_done_again(qtbot: QtBot, window: MainWindow) -> None:
    editing = window.map_side.editing
    editing.draw("green")
    for east, north in ((E + 40, N + 40), (E + 60, N + 40), (E + 60, N + 60), (E + 40, N + 60)):
        _click(qtbot, window, east, north)
    with qtbot.waitSignal(editing.saved, timeout=20_000):
        qtbot.keyClick(window.canvas, Qt.Key.Key_Return)
    _saved(qtbot, window)
    assert [g.area for g in _rows(window, "green")] == pytest.approx([400], rel=0.05)  # corners are pixels

    window.canvas.use_tool(None)
    qtbot.waitUntil(lambda: len(window.canvas.selected) == 1, timeout=10_000)
    qtbot.waitUntil(lambda: bool(editing._selected()), timeout=10_000)
    editing.cut(editing._split)
    _click(qtbot, window, E + 50, N + 35)
    _click(qtbot, window, E + 50, N + 65)
    with qtbot.waitSignal(editing.saved, timeout=20_000):
        qtbot.keyClick(window.canvas, Qt.Key.Key_Return)
    assert len(_rows(window, "green")) == 2

    with qtbot.waitSignal(editing.saved, timeout=20_000):
        editing.undo()
    assert len(_rows(window, "green")) == 1
    with qtbot.waitSignal(editing.saved, timeout=20_000):
        editing.redo()
    assert len(_rows(window, "green")) == 2


def test_a_pipe_is_typed_in_metres_and_bearings(qtbot: QtBot, window: MainWindow) -> None:
    editing = window.map_side.editing
    editing.draw("water_line")
    _click(qtbot, window, E + 50, N + 80)
    qtbot.keyClicks(window.canvas, "12.5<90")
    qtbot.keyClick(window.canvas, Qt.Key.Key_Return)
    with qtbot.waitSignal(editing.saved, timeout=20_000):
        qtbot.keyClick(window.canvas, Qt.Key.Key_Return)
    line = _rows(window, "water_line")[0]
    assert line.length == pytest.approx(12.5)
    assert line.bounds[1] == line.bounds[3]


def test_a_building_moved_out_of_its_community_is_told_at_once(qtbot: QtBot, window: MainWindow) -> None:
    editing = window.map_side.editing
    sidecar = window.canvas.sidecar
    assert sidecar is not None
    uid = sidecar.layers["building"].uids[0].decode()
    window.canvas.select_features(frozenset({("building", uid)}))
    editing.move(turn=False)
    qtbot.keyClicks(window.canvas, "-25,0")
    with qtbot.waitSignal(editing.checked, timeout=20_000) as checked:
        qtbot.keyClick(window.canvas, Qt.Key.Key_Return)
    assert checked.args is not None
    assert [finding.rule for finding in checked.args[0]] == [Rule.OUTSIDE_COMMUNITY]
    assert window.map_side.findings.list.count() == 1
    _saved(qtbot, window)
    assert window.canvas.hits_at((E - 5, N + 20), ("building",))


def test_a_receiver_puts_a_hydrant_where_it_stands(qtbot: QtBot, window: MainWindow) -> None:
    from fieldsurvey.positioning.receivers import LogSource

    side = window.map_side
    side.panels.show_receiver()
    side.editing.table = "hydrant"
    side.positioning.collect(3)
    log = SHARED / "data" / "gnss_photos" / "simulated" / "rtk_1hz_gap.nmea"
    with qtbot.waitSignal(side.editing.saved, timeout=30_000):
        side.positioning.start(LogSource(log))
        side.positioning.collect(3)
    spot = _rows(window, "hydrant")[0]
    assert 500_000 < spot.x < 700_000
    with Store.open(_path(window), read_only=True) as store:
        (kept,) = store.select("gnss_point")
    assert kept["quality"] in {"fixed", "float"}
    assert int(kept["used"] or 0) + int(kept["rejected"] or 0) == 3
    window.map_side._show_found([("hydrant", str(kept["feature_uid"]))])
    table = window.map_side.details.table
    qtbot.waitUntil(lambda: "RTK" in _texts(table), timeout=10_000)
    assert side.positioning.track


def test_many_saves_in_a_row_are_read_once_and_the_last_one_counts(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ui.project.overview import Overview, OverviewReader

    read: list[int] = []
    plain = OverviewReader.again

    def counted(reader: OverviewReader, store: Store, control: JobControl) -> Overview | None:
        read.append(1)
        return plain(reader, store, control)

    monkeypatch.setattr(OverviewReader, "again", counted)
    holder = window.map_side.holder

    def save(_control: JobControl) -> None:
        for number in range(20):
            add_community(holder.store, f"小区{number}", geom=square(E + 200 * number, N))

    window.map_side.store_runner.start(save)
    qtbot.waitUntil(lambda: len(window.project.current.communities) == 21, timeout=20_000)  # type: ignore[union-attr]
    assert len(read) <= 3
