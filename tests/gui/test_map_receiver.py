"""The panel of the receiver: searching, what a project asks for, what it keeps."""

import os
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from fieldsurvey.positioning import receivers
from fieldsurvey.positioning.averaging import Gate
from fieldsurvey.positioning.fixes import Quality
from fieldsurvey.store import Store
from tests.builders import add_community, make_project
from tests.conftest import SHARED
from tests.unit.fieldsurvey.test_positioning_search import _speaking
from ui.app import build
from ui.main_window import MainWindow
from ui.positioning.panel import PositionPanel

LOG = SHARED / "data" / "gnss_photos" / "nmea" / "ublox-zed-f9p-nmea.log"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are of Unix")


def _opened(qtbot: QtBot, path: Path) -> tuple[MainWindow, PositionPanel]:
    window = build(path)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.project.current is not None, timeout=20_000)
    qtbot.waitUntil(window.canvas.is_settled, timeout=30_000)
    window.map_side.panels.show_receiver()
    panel = window.map_side.side.currentWidget()
    assert isinstance(panel, PositionPanel)
    return window, panel


def test_a_receiver_is_searched_connected_and_the_gate_kept(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        add_community(store)
    window, panel = _opened(qtbot, path)
    monkeypatch.setattr(receivers, "serial_ports", list)
    panel._buttons["receiver_search"].click()
    qtbot.waitUntil(lambda: panel._search is None, timeout=10_000)
    assert panel.told.property("role") == "error"
    with _speaking(LOG, 9600) as port:
        monkeypatch.setattr(receivers, "serial_ports", lambda: [(port, "F9P")])
        panel._buttons["receiver_search"].click()
        qtbot.waitUntil(lambda: panel._search is None, timeout=20_000)
        assert (panel.port.currentText(), panel.speed.currentText()) == (port, "9600")
        with qtbot.waitSignal(panel.positioning.moved, timeout=20_000):
            panel._buttons["receiver_start"].click()
        panel._buttons["receiver_start"].click()
    panel.accuracy.setValue(0.05)
    panel.least.setCurrentIndex(panel.least.findData(Quality.FIXED))
    panel.least.activated.emit(panel.least.currentIndex())
    assert panel.positioning.gate == Gate(0.05, Quality.FIXED)
    window.close()
    with Store.open(path, read_only=True) as store:
        assert "0.05" in store.setting("gnss_gate")


def test_a_search_is_stopped_by_its_button(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        add_community(store)
    window, panel = _opened(qtbot, path)
    ours, theirs = os.openpty()
    monkeypatch.setattr(receivers, "serial_ports", lambda: [(os.ttyname(theirs), "silent")])
    panel._buttons["receiver_search"].click()
    qtbot.waitUntil(lambda: "9600" in panel.told.text(), timeout=10_000)
    panel._buttons["receiver_search"].click()
    qtbot.waitUntil(lambda: panel._search is None, timeout=10_000)
    window.close()
    os.close(ours)
    os.close(theirs)
