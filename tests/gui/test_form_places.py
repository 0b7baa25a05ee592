"""The real window: places picked on its map, and the question a person comes back to. About 20 s."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial, reduce
from operator import xor
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from fieldsurvey.positioning.receivers import LogSource
from fieldsurvey.store import Store
from survey_forms import Session, load_form
from survey_forms.records import Subject
from tests.builders import add_community, make_project
from ui.app import build
from ui.forms.controller import place_key
from ui.forms.places import PlaceEditor
from ui.main_window import MainWindow

_FORM = """| survey |
| | type | name | label |
| | geopoint | gate | Gate |
| | geotrace | lane | Lane |
| | geoshape | yard | Yard |
| | text | words | Words |
"""
_TYPES_AND_WAITS = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from survey_forms.records import Subject
from ui.app import application, build
app = application()
window = build(Path(sys.argv[1]))
window.show()
def begin(_map):
    window.project.map_ready.disconnect(begin)
    window.open_form(Subject("f04_water", sys.argv[2], sys.argv[2]))
def typed():
    panel = window.form_panel
    panel.go_to(panel.row("main_dn").path)
    panel.set_answer(panel.row("main_dn").path, "150")
    window.form.kept.connect(lambda _text: move())
def move():
    panel = window.form_panel
    panel.go_to(panel.row("pressure_top").path)
    QTimer.singleShot(2000, lambda: print("moved", flush=True))
window.project.map_ready.connect(begin)
window.form.opened.connect(typed)
app.exec()
"""


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        return path, add_community(store)


@pytest.fixture
def window(qtbot: QtBot, project: tuple[Path, str]) -> Iterator[MainWindow]:
    found = build(project[0])
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(lambda: found.project.current is not None, timeout=15_000)
    qtbot.waitUntil(found.canvas.is_settled, timeout=30_000)
    yield found
    found.close()


def test_point_trace_and_shape_are_picked_on_the_map_of_the_window(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str], tmp_path: Path
) -> None:
    with qtbot.waitSignal(window.form.opened, timeout=10_000):
        window.open_form(Subject("f04_water", project[1], project[1]))
    (tmp_path / "form.md").write_text(_FORM, "utf-8")
    panel = window.form_panel
    panel.show_session(Session(load_form(tmp_path / "form.md")), "here")
    session = panel.session
    assert session is not None
    middle = window.canvas.rect().center()
    corners = [middle + QPoint(*step) for step in ((-60, -60), (60, -60), (60, 60), (-60, 60))]
    for name, clicks in (("gate", corners[:1]), ("lane", corners[:2]), ("yard", corners)):
        row = panel.row(name)
        assert isinstance(row.editor, PlaceEditor)
        qtbot.mouseClick(row.editor.map, Qt.MouseButton.LeftButton)
        for spot in clicks:
            qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=spot)
        if name != "gate":
            qtbot.keyClick(window.canvas, Qt.Key.Key_Return)
        qtbot.waitUntil(partial(_has_answer, session, row.path), timeout=15_000)
    side = window.canvas.view.to_world(60, 0)[0] - window.canvas.view.to_world(-60, 0)[0]
    assert len(session.value("/data/lane").split(";")) == 2
    assert len(session.value("/data/yard").split(";")) == 5
    told = panel.row("yard").editor.size.text()  # type: ignore[attr-defined]
    area = float(told.split()[1].replace(",", ""))
    assert area == pytest.approx(side * side, rel=2e-3)


def _has_answer(session: Session, path: str) -> bool:
    return bool(session.value(path))


def test_leaving_and_coming_back_leads_to_the_same_question(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str]
) -> None:
    subject = Subject("f04_water", project[1], project[1])
    with qtbot.waitSignal(window.form.opened, timeout=10_000):
        window.open_form(subject)
    path = window.form_panel.row("pressure_top").path
    window.form_panel.go_to(path)
    with qtbot.waitSignal(window.form.saved, timeout=10_000):
        window.form_panel.draft.click()
    assert window.form_panel.list.isVisible()
    assert window.form_panel.current == path
    window.form_panel.back.click()
    with qtbot.waitSignal(window.form.opened, timeout=10_000):
        window.open_form(subject)
    assert window.form_panel.current == path


def test_after_a_kill_the_same_question_comes_back(project: tuple[Path, str], tmp_path: Path) -> None:
    path, uid = project
    child = subprocess.Popen(
        [sys.executable, "-c", _TYPES_AND_WAITS, str(path), uid],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        env={**os.environ, "FIELDSURVEY_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "moved"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    subject = Subject("f04_water", uid, uid)
    with Store.open(path) as store:
        kept, place = store.draft(subject.draft_key), store.draft(place_key(subject))
    assert kept is not None
    assert "150" in kept[0]
    assert place is not None
    assert place[0].endswith("/pressure_top")


def test_a_place_is_taken_from_the_receiver_with_height_and_accuracy(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str], tmp_path: Path
) -> None:
    with qtbot.waitSignal(window.form.opened, timeout=10_000):
        window.open_form(Subject("f04_water", project[1], project[1]))
    (tmp_path / "form.md").write_text(_FORM, "utf-8")
    panel, positioning = window.form_panel, window.map_side.positioning
    panel.show_session(Session(load_form(tmp_path / "form.md")), "here")
    session = panel.session
    assert session is not None
    row = panel.row("gate")
    assert isinstance(row.editor, PlaceEditor)
    row.editor.fix.click()
    assert "未连接接收机" in panel.status.text()
    log = tmp_path / "walk.nmea"
    log.write_text("".join(sentence + "\r\n" for second in range(40) for sentence in _moment(second)), "ascii")
    positioning.start(LogSource(log, 0.05))
    qtbot.waitUntil(lambda: bool(positioning.track), timeout=15_000)
    row.editor.fix.click()
    qtbot.waitUntil(partial(_has_answer, session, "/data/gate"), timeout=10_000)
    latitude, longitude, height, accuracy = (float(number) for number in session.value("/data/gate").split())
    assert [latitude, longitude, height] == pytest.approx([30.2, 115.04, 23.1])
    assert 0 < accuracy < 5
    assert "23.1" in row.editor.size.text()
    lane = panel.row("lane").editor
    assert isinstance(lane, PlaceEditor)
    lane.fix.click()
    qtbot.waitUntil(partial(_has_answer, session, "/data/lane"), timeout=10_000)
    lane.fix.click()
    qtbot.waitUntil(lambda: ";" in session.value("/data/lane"), timeout=10_000)
    assert window.form.places.here().startswith("30.20000000 115.04000000 23.1")
    positioning.stop()
    assert window.form.places.here() == ""


def _moment(second: int) -> list[str]:
    body = f"GNGGA,0930{second:02}.00,3012.0000,N,11502.4000,E,4,20,0.6,23.1,M,-12.0,M,1.0,0001"
    date = f"GNRMC,0930{second:02}.00,A,3012.0000,N,11502.4000,E,0.0,0.0,241126,,,R"
    return [f"${text}*{reduce(xor, text.encode()):02X}" for text in (date, body)]
