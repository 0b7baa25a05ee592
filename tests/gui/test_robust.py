"""What the window does when the machine or the program itself fails."""

import ctypes
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from PySide6.QtCore import QProcess, Qt
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from fieldsurvey import settings as settings_
from fieldsurvey.incident import reports_folder
from fieldsurvey.model.schema import Value
from fieldsurvey.settings import Settings
from fieldsurvey.store import Store
from survey_forms.records import Subject
from tests.builders import add_community, make_project, square
from tests.conftest import ROOT
from tests.faults.monkey import resident
from ui.app import build, run
from ui.clock import ClockWatch
from ui.crash import CrashDesk
from ui.jobs import JobRunner
from ui.main_window import MainWindow
from ui.memory import Frugal


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "p.gpkg"
    geom = bytes(shapely.to_wkb(shapely.box(600_000, 3_340_000, 600_200, 3_340_200)))
    values: dict[str, Value] = {"name": "枫叶山小区", "code": "HS1", "household_count": 100, "geom": geom}
    with make_project(path, forms=True) as store:
        store.create_record("community", values)
    return path


def _opened(qtbot: QtBot, project: Path) -> MainWindow:
    window = build(project)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.project.current is not None, timeout=15_000)
    return window


@pytest.fixture
def window(qtbot: QtBot, project: Path) -> Iterator[MainWindow]:
    found = _opened(qtbot, project)
    yield found
    found.close()


def _uid(window: MainWindow) -> str:
    assert window.project.current is not None
    return next(iter(window.project.current.communities))


def test_a_second_window_is_told_who_has_the_project(qtbot: QtBot, project: Path) -> None:
    first = build(project)
    qtbot.addWidget(first)
    first.name_person("李工")
    first.show()
    qtbot.waitUntil(lambda: first.project.current is not None, timeout=15_000)
    qtbot.waitUntil(lambda: "李工" in (project.parent / "p.gpkg.open").read_text("utf-8"), timeout=15_000)
    second = build(project)
    qtbot.addWidget(second)
    second.show()
    qtbot.waitUntil(lambda: "李工" in second.start.message.text(), timeout=15_000)
    assert second.project.current is None
    second.close()
    first.close()
    assert not (project.parent / "p.gpkg.open").exists()


def test_the_same_project_can_be_opened_again_in_its_window(qtbot: QtBot, window: MainWindow, project: Path) -> None:
    with qtbot.waitSignal(window.project.opened, timeout=15_000):
        window.opening.open_project(project)


def test_the_next_start_is_at_the_same_place(qtbot: QtBot, project: Path) -> None:
    first = _opened(qtbot, project)
    uid = _uid(first)
    first.open_community(uid)
    with qtbot.waitSignal(first.form.opened, timeout=10_000):
        first.open_form(Subject("f04_water", uid, uid))
    first.show_workspace("review")
    first.close()
    second = build(project)
    qtbot.addWidget(second)
    second.show()
    with qtbot.waitSignal(second.form.opened, timeout=20_000):
        pass
    assert second.workspaces.current == "review"
    assert second.forms.uid == uid
    assert second.form.current == Subject("f04_water", uid, uid)
    second.close()


def test_the_next_start_shows_the_same_community_large(qtbot: QtBot, project: Path) -> None:
    with Store.open(project) as store:
        add_community(store, "很远的小区", geom=square(640_000.0))
    first = _opened(qtbot, project)
    qtbot.waitUntil(first.canvas.is_settled, timeout=20_000)
    uid = _uid(first)
    first.open_community(uid)
    metres = first.canvas.view.metres
    first.close()
    second = _opened(qtbot, project)
    qtbot.waitUntil(lambda: second.canvas.view.metres < 2 * metres, timeout=15_000)
    second.close()


@pytest.fixture
def desk(window: MainWindow) -> Iterator[CrashDesk]:
    before = sys.excepthook
    made = CrashDesk(window)
    yield made
    assert sys.excepthook is before


def _error(text: str) -> KeyError:
    try:
        dict[str, int]()[text]
    except KeyError as error:
        return error
    raise AssertionError


def test_a_failure_is_told_once_with_a_report(qtbot: QtBot, window: MainWindow, desk: CrashDesk) -> None:
    desk._came.emit(_error("李四"))
    desk._came.emit(_error("李四"))
    box = window.findChild(QMessageBox, "crash")
    assert isinstance(box, QMessageBox)
    report = next(reports_folder().glob("report-*.txt"))
    assert report.name in box.text()
    assert len(list(reports_folder().glob("report-*.txt"))) == 1
    assert "李四" not in report.read_text("utf-8")
    on = box.findChild(QPushButton, "crash_on")
    assert isinstance(on, QPushButton)
    qtbot.mouseClick(on, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.findChild(QMessageBox, "crash") is None, timeout=15_000)
    assert window.isVisible()


def test_what_is_typed_is_kept_when_the_program_fails(
    qtbot: QtBot, window: MainWindow, desk: CrashDesk, project: Path
) -> None:
    uid = _uid(window)
    with qtbot.waitSignal(window.form.opened, timeout=10_000):
        window.open_form(Subject("f04_water", uid, uid))
    qtbot.keyClicks(window.form_panel.row("main_dn").editor.focus, "150")
    with qtbot.waitSignal(window.form.kept, timeout=15_000):
        desk._came.emit(_error("x"))
    box = window.findChild(QMessageBox, "crash")
    assert isinstance(box, QMessageBox)
    box.reject()
    window.close()
    with Store.open(project) as store:
        kept = store.draft(f"f04_water:{uid}")
    assert kept is not None
    assert "150" in kept[0]


def test_starting_again_opens_the_same_project(
    window: MainWindow, desk: CrashDesk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(QProcess, "startDetached", lambda program, arguments: started.append([program, *arguments]))
    desk.start_again()
    assert started == [[sys.executable, "-m", "fieldsurvey", str(project)]]
    assert not (project.parent / "p.gpkg.open").exists()


def test_settings_that_cannot_be_written_are_told_and_the_work_goes_on(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_settings: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(settings_, "save", full)
    window.set_theme("dark")
    qtbot.waitUntil(lambda: "No space left" in window.statusBar().currentMessage(), timeout=15_000)
    assert window.settings.theme == "dark"


class _Clock:
    def __init__(self) -> None:
        self.wall, self.even = 1_790_000_000.0, 500.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.even += seconds


@pytest.mark.parametrize(
    ("jump", "word"),
    [(3 * 3600 + 120.0, "快了 3 小时 2 分"), (-2 * 86_400.0, "慢了 2 天 0 小时"), (300.0, "快了 5 分钟。"), (5.0, "")],
)
def test_a_jump_of_the_clock_is_told(qtbot: QtBot, jump: float, word: str) -> None:
    clock, told = _Clock(), list[str]()
    watch = ClockWatch(None, lambda: clock.wall, lambda: clock.even)
    watch.told.connect(told.append)
    clock.pass_by(36_000)  # the laptop slept: no jump
    watch.look()
    assert not told
    clock.wall += jump
    watch.look()
    watch.look()
    watch.stop()
    assert [word in text for text in told] == ([True] if word else [])


def test_a_clock_behind_the_last_edit_is_told(qtbot: QtBot) -> None:
    clock, told = _Clock(), list[str]()
    watch = ClockWatch(None, lambda: clock.wall, lambda: clock.even)
    watch.told.connect(told.append)
    watch.stop()
    watch.compare(None)
    watch.compare(round((clock.wall + 60) * 1000))
    assert not told
    watch.compare(round((clock.wall + 7200) * 1000))
    assert "2 小时 0 分" in told[0]


def test_an_end_that_nobody_asked_the_window_for_closes_the_project(
    qtbot: QtBot, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the display is lost or the session ends: the event loop returns, and no thread may hold the process."""
    made: list[MainWindow] = []

    def loop(_self: QApplication) -> int:
        made.extend(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible())
        qtbot.waitUntil(lambda: made[0].project.current is not None, timeout=15_000)
        return 1

    monkeypatch.setattr(QApplication, "exec", loop)
    monkeypatch.setattr(CrashDesk, "install", lambda _self: None)  # the hooks of this process belong to the tests
    monkeypatch.setattr(CrashDesk, "uninstall", lambda: None)
    before = set(QApplication.topLevelWidgets())
    assert run(project) == 1
    assert not (project.parent / "p.gpkg.open").exists()
    assert not isValid(made[0]), "Python would end before the window does"
    assert set(QApplication.topLevelWidgets()) <= before


_COPIES = """
from PySide6.QtCore import QMimeData
from ui.app import application
copied = QMimeData()
copied.setText("x")
application().clipboard().setMimeData(copied)
"""


def test_the_process_ends_well_after_something_was_copied() -> None:
    done = subprocess.run([sys.executable, "-c", _COPIES], cwd=ROOT, check=False, timeout=120)
    assert done.returncode == 0


_PICTURES = """
from PySide6.QtGui import QImage
from ui.memory import spare
spare()

def anonymous():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("RssAnon"))

def picture(width, height):
    made = QImage(width, height, QImage.Format.Format_RGB32)
    made.fill(0)
    return made

pictures, small = [picture(1400, 900) for _each in range(4)], []
before = anonymous()
for _each in range(4):
    pictures.pop(0)
    small.append(picture(100, 100))
    pictures.append(picture(1400, 900))
pictures.clear()
print(before - anonymous())
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="memory is counted where glibc is")
def test_large_pictures_leave_no_holes_behind() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PICTURES], cwd=ROOT, check=True, timeout=120, capture_output=True, text=True
    )
    assert int(done.stdout) > 15_000  # KiB, of 19,700; without spare() none


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="memory is counted where glibc is")
def test_memory_that_was_needed_once_is_given_back(qtbot: QtBot) -> None:
    library = ctypes.CDLL(None)
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    library.free.argtypes = [ctypes.c_void_p]
    blocks = [library.malloc(16_000) for _block in range(8_000)]
    for block in blocks:
        ctypes.memset(block, 1, 16_000)
    for block in blocks[:-1]:  # the last one keeps the others from being the end of the heap, which goes by itself
        library.free(block)
    runner = JobRunner(name="frugal")
    before = resident()
    frugal = Frugal(runner)
    frugal.look()
    qtbot.waitUntil(lambda: resident() < before - 64, timeout=15_000)
    library.free(blocks[-1])
    frugal.stop()
    runner.close()


def test_no_step_through_the_window_waits_for_the_disk(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = list[str]()
    save = settings_.save

    def noted(settings: Settings) -> None:
        threads.append(threading.current_thread().name)
        save(settings)

    monkeypatch.setattr(settings_, "save", noted)
    window.show_workspace("table")
    window.show_workspace("map")
    window.set_theme("dark")
    window.close()
    assert threads
    assert all(name.startswith("settings") for name in threads)
    kept, wrong = settings_.load()
    assert not wrong
    assert (kept.theme, kept.place[1]) == ("dark", "map")
