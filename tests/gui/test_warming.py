"""Workspaces are made while nobody touches the window, and never under somebody's hands."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.builders import add_community, make_project
from ui.app import build
from ui.jobs import Job
from ui.main_window import MainWindow


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        add_community(store)
    made = build(tmp_path / "p.gpkg")
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.project.current is not None, timeout=20_000)
    qtbot.waitUntil(made.canvas.is_settled, timeout=20_000)
    made.warming.stop()
    yield made
    made.close()


def test_a_project_opens_before_the_other_workspaces_are_made(window: MainWindow) -> None:
    assert {"review", "plan", "export"} <= set(window.workspaces.waiting)


def test_workspaces_are_made_one_by_one_while_nobody_touches_the_window(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window.rest, "seconds", lambda: 4.0)
    there = len(window.workspaces.waiting)
    for _look in range(40):
        qtbot.waitUntil(lambda: not window.findChildren(Job), timeout=20_000)
        window.warming.look()
        assert there - 1 <= len(window.workspaces.waiting) <= there
        there = len(window.workspaces.waiting)
    assert not there
    window.show_workspace("review")
    qtbot.waitUntil(lambda: window.workspaces.current == "review", timeout=15_000)


def test_nothing_is_made_while_a_job_is_under_way(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window.rest, "seconds", lambda: 4.0)
    waiting, ended = window.workspaces.waiting, threading.Event()
    window.work_runner.start(lambda _control: ended.wait(20))
    window.warming.look()
    assert window.workspaces.waiting == waiting
    ended.set()
    qtbot.waitUntil(lambda: not window.findChildren(Job), timeout=20_000)
    window.warming.look()
    assert len(window.workspaces.waiting) == len(waiting) - 1


@pytest.mark.parametrize("hand", ["key", "pointer", "wheel"])
def test_nothing_is_made_while_somebody_is_at_the_window(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, hand: str
) -> None:
    waiting, now = window.workspaces.waiting, time.monotonic()
    assert waiting
    assert window.rest.seconds() < 60
    monkeypatch.setattr("ui.rest.time.monotonic", lambda: now + 100)
    assert window.rest.seconds() > 30
    canvas = window.canvas
    if hand == "key":
        qtbot.keyClick(window.windowHandle(), Qt.Key.Key_A)
    elif hand == "pointer":
        qtbot.mouseMove(window.windowHandle(), canvas.mapTo(window, canvas.rect().center()))
    else:
        turn = QPoint(0, 120)
        QTest.wheelEvent(window.windowHandle(), QPointF(canvas.mapTo(window, canvas.rect().center())), turn)
    qtbot.waitUntil(lambda: window.rest.seconds() == 0, timeout=15_000)
    window.warming.look()
    assert window.workspaces.waiting == waiting


def test_an_open_menu_is_no_rest(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    window.rest.seconds()
    monkeypatch.setattr("ui.rest.time.monotonic", lambda: now + 100)
    monkeypatch.setattr("ui.rest.QApplication.activePopupWidget", lambda: window.canvas)
    assert window.rest.seconds() == 0
    monkeypatch.undo()
    monkeypatch.setattr("ui.rest.time.monotonic", lambda: now + 100)
    assert window.rest.seconds() > 30


def test_a_workspace_that_is_made_late_knows_the_project_and_the_theme(qtbot: QtBot, window: MainWindow) -> None:
    window.set_theme("dark")
    review = window.review
    assert review.canvas.look.theme == window.canvas.look.theme
    assert review.community.count() == 2
    window.show_workspace("review")
    qtbot.waitUntil(lambda: review.canvas.sidecar is not None, timeout=15_000)
