"""Small screens: nothing that matters is cut, squeezed to nothing, or scrolled to sideways."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontInfo, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMainWindow, QScrollArea
from pytestqt.qtbot import QtBot

from ui import theme
from ui.app import build
from ui.fitting import StateLine
from ui.plan.tables import Head, RowsView
from ui.project.recent import RecentProject, RecentProjects
from ui.widgets import Completer, Reading, Writing

_MS = 20_000


def test_a_long_name_of_a_project_does_not_scroll_the_recent_ones_across(qtbot: QtBot) -> None:
    found = RecentProjects()
    qtbot.addWidget(found)
    found.show_projects([RecentProject(f"/a/{'大冶市老旧小区改造调查' * 8}.gpkg", 0, 1), RecentProject("/a/gone.gpkg")])
    found.resize(RecentProjects.WIDTH, 300)
    found.show()
    area = found.findChild(QScrollArea)
    assert isinstance(area, QScrollArea)
    qtbot.waitUntil(area.isVisible, timeout=_MS)
    assert area.horizontalScrollBar().maximum() == 0


def test_what_stands_at_the_right_gives_way_to_a_message_and_comes_back(qtbot: QtBot) -> None:
    saved, system, scale = QLabel("已保存 10:32:05"), QLabel("CGCS2000 3° 114°"), QLabel("1:2000")
    line = StateLine([saved, system, scale], 1, [system, scale])
    qtbot.addWidget(line)
    line.resize(420, 28)
    line.show()
    assert system.isVisible()
    line.showMessage("按 1 留第一个值，按 2 留第二个，按 T 重新填写；每个决定都能收回 (U)。")
    assert system.isHidden()
    line.clearMessage()
    assert system.isVisible()


@pytest.mark.parametrize("kind", [Reading, Writing])
def test_letters_that_cannot_be_changed_stay_readable_however_the_wheel_is_turned(
    qtbot: QtBot, qapp: QApplication, kind: type[Reading] | type[Writing]
) -> None:
    theme.prepare(qapp, "light", theme.load_font())
    window = QMainWindow()
    qtbot.addWidget(window)
    page = kind()
    window.setCentralWidget(page)
    theme.dress(window, "light")
    page.setReadOnly(True)
    page.setPlainText("枫叶山")
    window.show()
    sizes = []
    for turn in (-120, -120, -120, -120, 240, *(120,) * 20):
        at = page.viewport().rect().center().toPointF()
        event = QWheelEvent(
            at, at, QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, Qt.KeyboardModifier.ControlModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(page.viewport(), event)
        sizes.append(QFontInfo(page.document().defaultFont()).pixelSize())
    assert min(sizes) == 12
    assert sizes[-1] == 32


def test_the_column_of_names_stays_readable_in_a_narrow_table(qtbot: QtBot, qapp: QApplication) -> None:
    theme.prepare(qapp, "light", theme.load_font())
    table = RowsView("numbers", "numbers", (Head("名称", 0), *(Head(f"列{number}", 100) for number in range(5))))
    qtbot.addWidget(table)
    theme.dress(table, "light")
    table.resize(900, 200)
    table.show()
    table.resize(500, 200)
    qtbot.waitUntil(lambda: table.columnWidth(0) < 300, timeout=_MS)
    assert table.columnWidth(0) >= 120
    table.resize(1200, 200)
    qtbot.waitUntil(lambda: table.columnWidth(0) > 600, timeout=_MS)


def test_a_low_start_page_is_scrolled_to_what_it_says(qtbot: QtBot, tmp_path: Path) -> None:
    window = build(None)
    qtbot.addWidget(window)
    window.resize(683, 364)
    window.show()
    window.start.show_recent([RecentProject(f"/a/{number}.gpkg", 0, 1) for number in range(4)])
    window.start.say("这个项目在另一个窗口里打开着。", wrong=True)
    qtbot.waitUntil(lambda: not window.start.message.visibleRegion().isEmpty(), timeout=_MS)
    window.close()


@pytest.mark.parametrize(("touch", "least"), [(False, 36), (True, 48)])
def test_the_list_of_a_completer_is_dressed_as_its_window(qtbot: QtBot, *, touch: bool, least: int) -> None:
    window, line = QMainWindow(), QLineEdit()
    qtbot.addWidget(window)
    window.setCentralWidget(line)
    completer = Completer(["hub", "house"], line)
    line.setCompleter(completer)
    for name in ("light", "dark"):
        theme.dress(window, name, touch=touch)
        window.show()
        line.clear()
        qtbot.keyClicks(line, "h")
        popup = completer.popup()
        assert popup is not None
        assert popup.isVisible()
        assert popup.sizeHintForRow(0) >= least
        assert popup.palette().text().color().name().upper() == theme.THEMES[name].text
