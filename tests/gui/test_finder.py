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
from survey_forms import Kind
from survey_forms.layout import layout_of
from survey_forms.records import Subject, open_form, save_record
from survey_forms.searching import asked_at
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


def _is_at(window: MainWindow, name: str) -> bool:
    """Say whether the cursor of the window is in a question of the open form."""
    focus = window.focusWidget()
    if window.form_panel.session is None or focus is None:
        return False
    return any(row.question.name == name and row.isAncestorOf(focus) for row in window.form_panel.rows())


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


def test_the_form_opens_at_the_question_of_the_answer(qtbot: QtBot, window: MainWindow) -> None:
    _press(window, "search")
    box = window.finder.search
    qtbot.waitUntil(lambda: window.finder.engine.is_ready, timeout=30_000)
    _type(qtbot, box, "立管渗漏")
    qtbot.keyClick(box.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: _is_at(window, "remarks"), timeout=60_000)
    row, focus = window.form_panel.row("remarks"), window.focusWidget()
    assert focus is not None
    qtbot.waitUntil(lambda: not row.visibleRegion().isEmpty(), timeout=60_000)  # it is scrolled into sight
    qtbot.keyClick(focus, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(focus, "!")
    session = window.form_panel.session
    assert session is not None
    qtbot.waitUntil(lambda: session.value("/data/remarks") == "地下室立管渗漏!", timeout=60_000)


def test_an_answer_in_a_list_of_a_form_is_found_in_its_row(project: dict[str, str]) -> None:
    with Store.open(Path(project["path"])) as store:
        opened = open_form(store, Subject("f01_community", project["community"], project["community"]))
        form = opened.session.form
        repeat = next(path for path, outer in layout_of(form).outer.items() if not outer)
        spoken = next(q.path for q in form.questions() if q.path.startswith(f"{repeat}/") and q.kind is Kind.TEXT)
        for number in (1, 2):
            instance = opened.session.add_repeat(repeat)
            opened.session.answer(instance + spoken.removeprefix(repeat), f"第{number}处")
        save_record(store, opened, "draft")
        table = layout_of(form).table_of(repeat)
        asked = next(question for question in form.questions() if question.path == spoken)
        label = asked.label("zh_CN") or asked.name
        column = layout_of(form).columns[spoken]
        rows = store.select(table, [column], order="ordinal")
        found = [asked_at(store, table, str(row["uid"]), f"{label}: {row[column]!s}") for row in rows]
        assert found == [f"{repeat}[{number}]{spoken.removeprefix(repeat)}" for number in (1, 2)]
        assert not asked_at(store, table, str(rows[0]["uid"]), "没有这样的一行")


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
