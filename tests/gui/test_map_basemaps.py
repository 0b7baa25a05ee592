"""The panel of base maps: groups, order, opacity and scales of real rasters, by mouse and by keyboard."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from rasterio.transform import from_origin

from layers.basemap.source import FILE, Basemap, from_json
from tests.builders import add_community, make_project, square
from ui.app import build
from ui.main_window import MainWindow
from ui.map.basemap_panel import BasemapPanel
from ui.map.basemaps import Basemaps

E, N = 600_000.0, 3_340_000.0


def _raster(path: Path, shade: int, *, side: float = 200.0, pixels: int = 400) -> Path:
    data = np.full((3, pixels, pixels), shade, np.uint8)
    place = from_origin(E - 50, N + side - 50, side / pixels, side / pixels)
    with rasterio.open(
        path, "w", driver="GTiff", width=pixels, height=pixels, count=3, dtype="uint8", crs="EPSG:4547", transform=place
    ) as out:
        out.write(data)
    return path


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        add_community(store, geom=square(E, N))
    found = build(path)
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(lambda: found.project.current is not None, timeout=60_000)
    qtbot.waitUntil(found.canvas.is_settled, timeout=30_000)
    yield found
    found.close()


def _panel(window: MainWindow) -> BasemapPanel:
    window.map_side.panels.show_basemaps()
    panel = window.map_side.side.currentWidget()
    assert isinstance(panel, BasemapPanel)
    return panel


def _press(panel: BasemapPanel, name: str) -> None:
    found = panel.findChild(QPushButton, name)
    assert found is not None
    found.click()


def _is_on_top(basemaps: Basemaps, name: str) -> bool:
    return [m.name for m in basemaps.maps][-1:] == [name]


def _names(panel: BasemapPanel) -> list[str]:
    items = panel.list.findItems("", Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive)
    return [item.text(0) for item in items]


def test_maps_are_put_into_groups_moved_and_limited(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    panel, basemaps = _panel(window), window.map_side.basemaps
    for name, shade in (("a", 50), ("b", 120), ("c", 200)):
        basemaps.add(Basemap(name, FILE, str(_raster(tmp_path / f"{name}.tif", shade))))
        qtbot.waitUntil(partial(_is_on_top, basemaps, name), timeout=60_000)
    qtbot.waitUntil(lambda: len(window.canvas.look.under) == 3, timeout=60_000)
    assert _names(panel) == ["c", "b", "a"]

    for index in (2, 0):
        panel._choose(index)
        panel.group.setEditText("航片")
        qtbot.keyClick(panel.group.lineEdit(), Qt.Key.Key_Return)
    assert [m.group for m in basemaps.maps] == ["", "航片", "航片"]
    assert sorted(_names(panel)) == ["a", "b", "c", "航片"]
    panel._choose("航片")
    _press(panel, "basemap_down")
    assert [m.name for m in basemaps.maps][-1] == "b"

    panel._choose(2)
    panel.farthest.setCurrentIndex(panel.farthest.findData(2000.0))
    panel.farthest.activated.emit(panel.farthest.currentIndex())
    panel.opacity.setFocus()
    qtbot.keyClick(panel.opacity, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: basemaps.maps[2].opacity < 1, timeout=60_000)
    assert basemaps.maps[2].farthest == 2000.0

    heading = panel.list.findItems("航片", Qt.MatchFlag.MatchExactly)[0]
    heading.setCheckState(0, Qt.CheckState.Unchecked)
    assert shiboken6.isValid(heading)  # Qt is not done with it yet
    assert [m.visible for m in basemaps.maps] == [False, False, True]
    qtbot.waitUntil(lambda: not shiboken6.isValid(heading), timeout=60_000)
    qtbot.waitUntil(lambda: len(window.canvas.look.under) == 3, timeout=60_000)
    path = window.map_side.path
    assert path is not None
    found: list[object] = []
    window.map_side.run(lambda _c: window.map_side.holder.store.setting("map_basemaps"), found.append)
    qtbot.waitUntil(lambda: bool(found), timeout=60_000)
    assert from_json(str(found[0])) == basemaps.maps


def test_more_than_twenty_five_square_kilometres_are_told_of(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    panel, basemaps = _panel(window), window.map_side.basemaps
    place = _raster(tmp_path / "city.tif", 90, side=5200.0, pixels=10400)
    with qtbot.waitSignal(basemaps.warned, timeout=60_000) as warned:
        basemaps.add(Basemap("city", FILE, str(place)))
    assert warned.args is not None
    assert "27.0" in warned.args[0]
    assert "27.0" in panel.told.text()
