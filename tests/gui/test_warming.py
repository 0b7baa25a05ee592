"""Workspaces are made while nobody touches the window, and never under somebody's hands."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from pytestqt.qtbot import QtBot

from tests.builders import add_community, make_project
from ui.app import build
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
    made.canvas.setFocus()
    yield made
    made.close()


def test_a_project_opens_before_the_other_workspaces_are_made(window: MainWindow) -> None:
    assert {"review", "plan", "export"} <= set(window.workspaces.waiting)


def test_workspaces_are_made_one_by_one_while_nothing_moves(qtbot: QtBot, window: MainWindow) -> None:
    there = len(window.workspaces.waiting)
    for _look in range(40):
        window.warming.look()
        assert there - 1 <= len(window.workspaces.waiting) <= there
        there = len(window.workspaces.waiting)
    assert not there
    window.show_workspace("review")
    qtbot.waitUntil(lambda: window.workspaces.current == "review", timeout=15_000)


def test_nothing_is_made_while_somebody_writes_or_moves_the_pointer(qtbot: QtBot, window: MainWindow) -> None:
    waiting = window.workspaces.waiting
    window.communities.search.setFocus()
    qtbot.waitUntil(window.communities.search.hasFocus, timeout=15_000)
    for _look in range(6):
        window.warming.look()
    assert window.workspaces.waiting == waiting
    window.canvas.setFocus()
    for step in range(6):
        QCursor.setPos(QPoint(100 + 10 * step, 100))
        window.warming.look()
    assert window.workspaces.waiting == waiting


def test_a_workspace_that_is_made_late_knows_the_project_and_the_theme(qtbot: QtBot, window: MainWindow) -> None:
    window.set_theme("dark")
    review = window.review
    assert review.canvas.look.theme == window.canvas.look.theme
    assert review.community.count() == 2
    window.show_workspace("review")
    qtbot.waitUntil(lambda: review.canvas.sidecar is not None, timeout=15_000)
