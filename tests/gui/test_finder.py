"""Search over everything, command palette and keyboard map, by keyboard alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QShortcut
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from tests.builders import add_community, make_project, square
from ui.app import build
from ui.finder.box import FinderBox
from ui.finder.keymap import KeyMap, as_html, key_lines
from ui.main_window import MainWindow


@pytest.fixture
def project(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        first = add_community(store, "枫叶山小区")
        add_community(store, "牧羊湖小区", geom=square(601_000.0))
        values: dict[str, Value] = {"community_uid": first, "name": "3栋", "geom": square(600_010.0, side=20.0)}
        building = store.create_record("building", values)
        answers: dict[str, Value] = {
            "community_uid": first,
            "subject_uid": first,
            "status": "draft",
            "remarks": "地下室立管渗漏",
        }
        store.create_record("f04_water", answers)
    return {"path": str(path), "community": first, "building": building}


@pytest.fixture
def window(qtbot: QtBot, project: dict[str, str]) -> Iterator[MainWindow]:
    found = build(Path(project["path"]))
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(lambda: found.project.current is not None, timeout=15_000)
    qtbot.waitUntil(found.canvas.is_settled, timeout=30_000)
    yield found
    found.close()


def _press(window: MainWindow, name: str) -> None:
    action = window.findChild(QAction, f"action_{name}")
    assert isinstance(action, QAction)
    action.trigger()


def _type(qtbot: QtBot, box: FinderBox, text: str) -> None:
    qtbot.waitUntil(box.isVisible, timeout=15_000)
    box.line.setText(text)
    qtbot.waitUntil(lambda: bool(box.entries), timeout=10_000)


def test_the_words_of_an_answer_lead_to_its_form(qtbot: QtBot, window: MainWindow, project: dict[str, str]) -> None:
    _press(window, "search")
    box = window.finder.search
    qtbot.waitUntil(lambda: window.finder.engine.is_ready, timeout=15_000)
    _type(qtbot, box, "立管渗漏")
    assert "地下室立管渗漏" in box.entries[0].title
    with qtbot.waitSignal(window.form.opened, timeout=10_000):
        qtbot.keyClick(box.line, Qt.Key.Key_Return)
    assert not box.isVisible()
    assert window.form.current is not None
    assert (window.form.current.form_id, window.form.current.community_uid) == ("f04_water", project["community"])


def test_enter_before_the_answer_came_goes_to_the_first_that_fits(
    qtbot: QtBot, window: MainWindow, project: dict[str, str]
) -> None:
    window.show_workspace("sync")
    _press(window, "search")
    qtbot.waitUntil(window.finder.search.isVisible, timeout=15_000)
    window.finder.search.line.setText("fys")
    qtbot.keyClick(window.finder.search.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.forms.uid == project["community"], timeout=10_000)
    assert window.workspaces.current == "map"


def test_a_building_is_shown_on_the_map(qtbot: QtBot, window: MainWindow, project: dict[str, str]) -> None:
    _press(window, "search")
    qtbot.waitUntil(lambda: window.finder.engine.is_ready, timeout=15_000)
    _type(qtbot, window.finder.search, "枫叶山 3栋")
    qtbot.keyClick(window.finder.search.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.canvas.selected == {("building", project["building"])}, timeout=15_000)


def test_what_is_no_community_is_searched_everywhere(qtbot: QtBot, window: MainWindow) -> None:
    window.communities.search.setFocus()
    qtbot.keyClicks(window.communities.search, "zzz")
    qtbot.keyClick(window.communities.search, Qt.Key.Key_Return)
    qtbot.waitUntil(window.finder.search.isVisible, timeout=15_000)
    assert window.finder.search.line.text() == "zzz"
    qtbot.keyClick(window.finder.search.line, Qt.Key.Key_Escape)
    assert not window.finder.search.isVisible()


def test_a_command_is_found_by_the_initials_of_its_name(qtbot: QtBot, window: MainWindow) -> None:
    _press(window, "palette")
    box = window.finder.palette
    _type(qtbot, box, "")
    assert len(box.entries) > 20
    box.line.setText("tb")  # 同步
    qtbot.waitUntil(lambda: bool(box.entries) and box.entries[0].title == "同步", timeout=10_000)
    qtbot.keyClick(box.line, Qt.Key.Key_Return)
    assert window.workspaces.current == "sync"


def test_the_arrows_move_past_headings_and_around(qtbot: QtBot, window: MainWindow) -> None:
    _press(window, "palette")
    box = window.finder.palette
    _type(qtbot, box, "")
    first = box.list.currentItem().text(0)
    qtbot.keyClick(box.line, Qt.Key.Key_Down)
    assert box.list.currentItem().text(0) == box.entries[1].title
    qtbot.keyClick(box.line, Qt.Key.Key_Up)
    assert box.list.currentItem().text(0) == first
    qtbot.keyClick(box.line, Qt.Key.Key_Up)
    assert box.list.currentItem().text(0) == box.entries[-1].title
    box.reject()


def test_every_key_of_the_window_is_in_the_keyboard_map(qtbot: QtBot, window: MainWindow) -> None:
    told = " ".join(keys for _heading, lines in key_lines(window) for keys, _text in lines)
    told = told.replace("↓", "Down").replace("↑", "Up")
    named = {*told.replace(",", " ").split(), ","}
    keys = {shortcut.key().toString() for shortcut in window.findChildren(QShortcut)}
    keys |= {action.shortcut().toString() for action in window.findChildren(QAction)}
    keys |= {rail.shortcut().toString() for rail in window.findChildren(QToolButton)}
    missing = {key for key in keys if key and key.replace("Return", "Enter") not in named}
    assert not missing


def test_the_keyboard_map_is_searched_and_printed(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    import pypdfium2

    _press(window, "keymap")
    shown = window.findChild(KeyMap)
    assert isinstance(shown, KeyMap)
    shown.search.setText("Ctrl+K")
    assert "命令面板" in shown.page.toPlainText()
    assert "Ctrl+O" not in shown.page.toPlainText()
    shown.save_pdf(tmp_path / "keys.pdf")
    with pypdfium2.PdfDocument(tmp_path / "keys.pdf") as document:
        text = "".join(page.get_textpage().get_text_range() for page in document)
    assert "Ctrl+K" in text
    assert "全局搜索" in text
    shown.save_pdf(tmp_path / "nowhere" / "keys.pdf")
    assert "无法写入" in shown.told.text()
    assert "没有" in as_html(key_lines(window), "no such key")
    shown.accept()


def test_without_a_project_commands_can_be_found(qtbot: QtBot, tmp_path: Path) -> None:
    found = build()
    qtbot.addWidget(found)
    found.show()
    _press(found, "search")
    _type(qtbot, found.finder.palette, "dkxm")
    assert found.finder.palette.entries[0].title.startswith("打开项目")
    found.finder.palette.reject()
    found.close()


def test_closing_while_the_index_is_made_leaves_the_project_whole(qtbot: QtBot, project: dict[str, str]) -> None:
    found = build(Path(project["path"]))
    qtbot.addWidget(found)
    qtbot.waitUntil(lambda: found.project.current is not None, timeout=15_000)
    found.finder.open_search()
    found.close()
    with Store.open(Path(project["path"])) as store:
        assert store.count("community") == 2
