"""Disks that are full, read-only or behind a network, at the real window: one clear sentence, a way on, no loss."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from fieldsurvey.store import Store, place
from survey_forms.records import Subject
from tests.builders import add_community, make_project
from ui.app import build
from ui.main_window import MainWindow

_MB = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of its own, small enough to be filled."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    found = build()
    qtbot.addWidget(found)
    found.show()
    yield found
    found.close()


def fill(disk: Path) -> Path:
    """Leave no room on a disk; return the file that takes it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (_MB, 4096, 1):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
    return filler


def survey(folder: Path) -> tuple[Path, str]:
    """Return a project with one community, and the community."""
    path = folder / "p.gpkg"
    with make_project(path, forms=True) as store:
        return path, add_community(store)


def refused(qtbot: QtBot, window: MainWindow, act: Callable[[], object]) -> str:
    """Do what cannot work; return the sentence that the start page says."""
    with qtbot.waitSignal(window.project.failed, timeout=60_000):
        act()
    qtbot.waitUntil(window.start.message.isVisible, timeout=60_000)
    assert window.start.message.property("role") == "error"
    return window.start.message.text()


def test_no_project_is_begun_on_a_full_disk(qtbot: QtBot, window: MainWindow, disk: Path) -> None:
    filler = fill(disk)
    target = disk / "new.gpkg"
    told = refused(qtbot, window, lambda: window.opening.make_project(target))
    assert "磁盘" in told
    assert sorted(disk.iterdir()) == [filler]
    filler.unlink()
    with qtbot.waitSignal(window.project.opened, timeout=60_000):
        window.opening.make_project(target)


def test_what_is_typed_outlives_a_full_disk(qtbot: QtBot, window: MainWindow, disk: Path) -> None:
    path, uid = survey(disk)
    with qtbot.waitSignal(window.project.opened, timeout=60_000):
        window.opening.open_project(path)
    with qtbot.waitSignal(window.form.opened, timeout=60_000):
        window.open_record(Subject("f04_water", uid, uid))
    filler = fill(disk)
    row = window.form_panel.row("remarks")
    row.focus()
    focus = window.focusWidget()
    assert focus is not None
    QGuiApplication.clipboard().setText("leak " * 4000)  # more than what the journal has room for
    with qtbot.waitSignal(window.form.failed, timeout=60_000):
        qtbot.keyClick(focus, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert "磁盘" in window.form_panel.status.text()
    filler.unlink()
    save = window.form_panel.draft
    with qtbot.waitSignal(window.form.saved, timeout=60_000):
        qtbot.keyClick(save, Qt.Key.Key_Space)
    window.close()
    with Store.open(path) as store:
        (record,) = store.select("f04_water", ["remarks"])
    assert str(record["remarks"]).startswith("leak leak")


def ways(window: MainWindow) -> list[str]:
    """Return what is offered."""
    found = [button for button in window.start.findChildren(QPushButton) if button.objectName().startswith("way_")]
    return [button.objectName().removeprefix("way_") for button in found if button.isVisible()]


def is_opened_as(window: MainWindow, path: Path) -> bool:
    return window.project.current is not None and window.project.current.path == path


def test_a_project_on_a_read_only_disk_is_opened_as_a_copy(
    qtbot: QtBot, window: MainWindow, disk: Path, tmp_path: Path
) -> None:
    path, uid = survey(disk)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    told = refused(qtbot, window, lambda: window.opening.open_project(path))
    assert "p.gpkg" in told
    assert "写" in told
    qtbot.waitUntil(lambda: ways(window) == ["copy", "folder"], timeout=15_000)
    copy = tmp_path / "mine.gpkg"
    with qtbot.waitSignal(window.project.opened, timeout=60_000):
        window.opening.rescue.copy_to(copy)
    assert is_opened_as(window, copy)
    assert window.project.current is not None
    assert list(window.project.current.communities) == [uid]


def test_a_copy_from_a_network_drive_that_does_not_fit_leaves_nothing_and_the_ways_stay(
    qtbot: QtBot, window: MainWindow, disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    path, uid = survey(share)
    mounted = place.mount_table()
    monkeypatch.setattr(place, "mount_table", lambda: f"{mounted}//office/survey {share} cifs rw 0 0\n")
    told = refused(qtbot, window, lambda: window.opening.open_project(path))
    assert "网络驱动器" in told
    qtbot.waitUntil(lambda: ways(window) == ["copy", "folder"], timeout=15_000)
    filler = fill(disk)
    window.opening.rescue.copy_to(disk / "copy.gpkg")
    qtbot.waitUntil(lambda: "磁盘" in window.start.message.text(), timeout=60_000)
    assert list(disk.iterdir()) == [filler]
    qtbot.waitUntil(lambda: ways(window) == ["copy", "folder"], timeout=15_000)
    filler.unlink()
    with qtbot.waitSignal(window.project.opened, timeout=60_000):
        window.opening.rescue.copy_to(disk / "copy.gpkg")
    assert window.project.current is not None
    assert list(window.project.current.communities) == [uid]
