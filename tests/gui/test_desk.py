"""Beside every workspace: history and the way back, the trash, undo over the whole program, the window's place."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from fieldsurvey.settings import Settings
from fieldsurvey.store import Store
from survey_forms.records import Subject, open_form, save_record
from tests.builders import make_project, point, square
from ui.main_window import MainWindow
from ui.tables.panel import TablesPanel


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, str, str, str]:
    """Return a project with a community that was changed twice, a hydrant, and a water form."""
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        store.set_actor("li", "李工")
        uid = store.create_record("community", {"name": "枫叶山", "code": "C1", "built_year": 1986, "geom": square()})
        store.save(uid, {"built_year": 1988})
        store.save(uid, {"built_year": 1990})
        hydrant = store.create_record("hydrant", {"community_uid": uid, "source_id": "H1", "geom": point()})
        opened = open_form(store, Subject("f04_water", uid, uid))
        opened.session.answer("/data/main_dn", "100")
        water = save_record(store, opened, "draft")
        opened = open_form(store, Subject("f04_water", uid, uid))
        opened.session.answer("/data/main_dn", "150")
        save_record(store, opened, "draft")
    return path, uid, hydrant, water


@pytest.fixture
def window(qtbot: QtBot, project: tuple[Path, str, str, str]) -> Iterator[MainWindow]:
    made = MainWindow(Settings(name="王工", login="wang"))
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitSignal(made.project.opened, timeout=20_000):
        made.opening.open_project(project[0])
    qtbot.waitUntil(made.canvas.is_settled, timeout=20_000)
    yield made
    made.close()


def column(window: MainWindow, uid: str, name: str) -> object:
    """Return a value as it is on the disk now."""
    found: list[object] = []
    window.store_runner.start(lambda _c: found.append(window.holder.store.get(uid)), quick=True)
    window.store_runner._thread.submit(lambda: None).result(10)
    row = found[0]
    return None if row is None else row.values[name]  # type: ignore[attr-defined]


def top(window: MainWindow, number: int) -> QTreeWidgetItem:
    """Return an edit of the history that is shown, the newest first."""
    found = window.desk.history.tree.topLevelItem(number)
    assert found is not None
    return found


def shown_history(qtbot: QtBot, window: MainWindow, table: str, uid: str) -> list[str]:
    window.desk.show_history(table, uid)
    qtbot.waitUntil(lambda: window.desk.history.past is not None, timeout=10_000)
    return [top(window, n).text(0) for n in range(window.desk.history.tree.topLevelItemCount())]


def test_history_says_who_when_and_on_which_laptop(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str, str]
) -> None:
    lines = shown_history(qtbot, window, "community", project[1])
    assert len(lines) == 3
    assert all("李工" in line and "本机" in line for line in lines)
    assert "修改" in lines[0]
    assert "建成年份：1988 年 → 1990 年" in top(window, 0).child(0).text(0)


def test_one_field_goes_back_as_a_new_change(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str, str]
) -> None:
    shown_history(qtbot, window, "community", project[1])
    panel = window.desk.history
    panel.tree.setCurrentItem(top(window, 1).child(0))
    assert "1986" in panel.field.text()
    panel.field.click()
    qtbot.waitUntil(lambda: panel.tree.topLevelItemCount() == 4, timeout=10_000)
    assert column(window, project[1], "built_year") == 1986
    assert "王工" in top(window, 0).text(0)


def test_an_answer_goes_back_under_the_rules_of_its_form(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str, str]
) -> None:
    shown_history(qtbot, window, "f04_water", project[3])
    panel = window.desk.history
    item = top(window, 0)
    texts = [item.child(n).text(0) for n in range(item.childCount())]
    panel.tree.setCurrentItem(item.child(next(n for n, text in enumerate(texts) if "100" in text)))
    with qtbot.waitSignal(panel.told, timeout=10_000):
        panel.field.click()
    assert column(window, project[3], "main_dn") == 100


def test_a_record_and_a_whole_community_go_back(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown_history(qtbot, window, "community", project[1])
    panel = window.desk.history
    monkeypatch.setattr(QMessageBox, "question", lambda *_args, **_more: QMessageBox.StandardButton.Yes)
    panel.tree.setCurrentItem(top(window, 2))
    with qtbot.waitSignal(panel.told, timeout=10_000):
        panel.community.click()
    assert column(window, project[1], "built_year") == 1986
    assert column(window, project[2], "source_id") is None
    with qtbot.waitSignal(window.project.changed, timeout=10_000):
        window.desk.undo()
    assert column(window, project[1], "built_year") == 1990


def test_ctrl_z_takes_back_the_last_saved_step_and_ctrl_y_does_it_again(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str, str]
) -> None:
    window.show_workspace("plan")
    with qtbot.waitSignal(window.project.changed, timeout=10_000):
        window.store_runner.start(lambda _c: window.holder.store.save(project[1], {"plan_year": 2027}), quick=True)
    window.plan.setFocus()
    with qtbot.waitSignal(window.project.changed, timeout=10_000):
        qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert column(window, project[1], "plan_year") is None
    qtbot.waitUntil(lambda: "枫叶山" in window.statusBar().currentMessage(), timeout=15_000)
    with qtbot.waitSignal(window.project.changed, timeout=10_000):
        qtbot.keyClick(window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert column(window, project[1], "plan_year") == 2027


def test_an_editor_keeps_its_own_undo(qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str, str]) -> None:
    search = window.communities.search
    search.setFocus()
    qtbot.keyClicks(search, "fys")
    qtbot.keyClick(search, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert search.text() != "fys"
    assert column(window, project[1], "built_year") == 1990


def test_undo_with_nothing_left_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    make_project(tmp_path / "e.gpkg", forms=True).close()
    made = MainWindow(Settings(name="王工"))
    qtbot.addWidget(made)
    with qtbot.waitSignal(made.project.opened, timeout=20_000):
        made.opening.open_project(tmp_path / "e.gpkg")
    made.desk.undo()
    qtbot.waitUntil(lambda: bool(made.statusBar().currentMessage()), timeout=10_000)
    made.close()


def test_rows_deleted_in_the_table_come_back_from_the_trash(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str, str]
) -> None:
    window.show_workspace("table")
    tables = window.workspaces.page("table")
    assert isinstance(tables, TablesPanel)
    tables.open_table("hydrant")

    def is_there() -> bool:
        return tables.layout_ is not None and tables.layout_.table.name == "hydrant" and bool(tables.model.uid(0))

    qtbot.waitUntil(is_there, timeout=10_000)
    tables.grid.selectRow(0)
    qtbot.keyClick(tables.grid, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: tables.model.rowCount() == 0, timeout=10_000)
    window.desk.show_trash()
    panel = window.desk.trash
    qtbot.waitUntil(lambda: panel.list.count() == 1, timeout=10_000)
    assert "枫叶山" in panel.list.item(0).text()
    assert "王工" in panel.list.item(0).text()
    panel.list.setCurrentRow(0)
    with qtbot.waitSignal(panel.told, timeout=10_000):
        qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert column(window, project[2], "source_id") == "H1"
    qtbot.waitUntil(lambda: tables.model.rowCount() == 1, timeout=10_000)


def test_history_is_reached_from_map_form_and_table(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str, str]
) -> None:
    window.choose_community(project[1])
    assert window.desk.current() == ("community", project[1])
    window.canvas.select_features(frozenset({("hydrant", project[2])}))
    assert window.desk.current() == ("hydrant", project[2])
    with qtbot.waitSignal(window.form.opened, timeout=10_000):
        window.open_form(Subject("f04_water", project[1], project[1]))
    assert window.desk.current() == ("f04_water", project[3])
    window.desk.show_current_history()
    qtbot.waitUntil(window.desk.dock.isVisible, timeout=15_000)
    qtbot.keyClick(window.desk.history, Qt.Key.Key_Escape)
    assert not window.desk.dock.isVisible()


def test_the_window_comes_back_where_it_was_and_never_off_all_screens(qtbot: QtBot) -> None:
    first = MainWindow(Settings())
    qtbot.addWidget(first)
    first.setGeometry(60, 80, 1100, 640)
    first.show()
    kept = first.saveGeometry().toBase64().toStdString()
    first.close()
    assert first.settings.geometry
    again = MainWindow(Settings(geometry=kept))
    qtbot.addWidget(again)
    again.show()
    assert again.height() == first.height() == 640
    again.close()
    far = MainWindow(Settings())
    qtbot.addWidget(far)
    far.setGeometry(QRect(9_000, 7_000, 900, 600))
    gone = far.saveGeometry().toBase64().toStdString()
    far.close()
    back = MainWindow(Settings(geometry=gone))
    qtbot.addWidget(back)
    back.show()
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    assert any(screen.intersects(back.frameGeometry()) for screen in screens)
    back.close()


def test_a_damaged_place_is_ignored(qtbot: QtBot) -> None:
    made = MainWindow(Settings(geometry=base64.b64encode(b"nonsense").decode()))
    qtbot.addWidget(made)
    made.show()
    assert made.width() >= 800
    made.close()


def test_the_history_of_a_deleted_record_can_be_read(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str, str]
) -> None:
    window.store_runner.start(lambda _c: window.holder.store.delete(project[2]), quick=True)
    lines = shown_history(qtbot, window, "hydrant", project[2])
    assert "删除" in lines[0]
    window.close()
    with Store.open(project[0]) as store:
        assert store.get(project[2]) is None
