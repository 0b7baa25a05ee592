"""The rail: a click or a key shows a workspace, and one that is made late knows the project."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from ui.workspaces import Workspaces


class _Page(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[object] = []

    def show_project(self, now: object) -> None:
        self.told.append(now)


@pytest.fixture
def places(qtbot: QtBot) -> Workspaces:
    found = Workspaces()
    qtbot.addWidget(found)
    found.add("map", "地图", QLabel("map"))
    found.add("late", "晚", _Page)
    found.add("sync", "同步", QLabel("sync"))
    found.show()
    return found


def _rail(places: Workspaces, name: str) -> QToolButton:
    button = places.findChild(QToolButton, f"rail_{name}")
    assert isinstance(button, QToolButton)
    return button


def test_a_click_shows_a_workspace(qtbot: QtBot, places: Workspaces) -> None:
    with qtbot.waitSignal(places.shown, timeout=15_000) as shown:
        qtbot.mouseClick(_rail(places, "sync"), Qt.MouseButton.LeftButton)
    assert shown.args == ["sync"]
    assert places.current == "sync"


def test_a_key_shows_a_workspace(qtbot: QtBot, places: Workspaces) -> None:
    qtbot.waitExposed(places)
    qtbot.keyClick(places, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: places.current == "sync", timeout=15_000)


def test_one_that_is_made_late_is_told_the_project(places: Workspaces) -> None:
    now = object()
    places.show_project(now)  # type: ignore[arg-type]
    page = places.page("late")
    assert isinstance(page, _Page)
    assert page.told == [now]
    assert places.names == ["map", "late", "sync"]
    places.show_workspace("late")
    assert page.isVisible()
    assert _rail(places, "late").isChecked()
