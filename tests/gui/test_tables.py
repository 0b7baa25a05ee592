"""The table workspace on a real project: filter, sort, edit under the rules, copy, and the map beside it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from fieldsurvey.model.schema import Value
from fieldsurvey.settings import Look, Settings, load, save
from fieldsurvey.store import Store
from survey_forms.records import COMPLETE, Subject, open_form, save_record
from tests.builders import make_project, point, square
from ui.main_window import MainWindow
from ui.tables.panel import TablesPanel


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, str, str]:
    """Return a project with two communities, 300 hydrants, and a water form."""
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        uids = []
        for number, name in enumerate(("枫叶山小区", "牧羊湖小区")):
            values: dict[str, Value] = {"name": name, "code": f"HS{number}", "built_year": 1986 + 10 * number}
            uids.append(store.create_record("community", {**values, "geom": square(600_000 + 500 * number)}))
        with store.transaction():
            for number in range(300):
                fire: dict[str, Value] = {"source_id": f"={number}", "kind": "地上" if number % 3 else "地下"}
                store.create_record("hydrant", {**fire, "community_uid": uids[number % 2], "geom": point()})
        opened = open_form(store, Subject("f04_water", uids[0], uids[0]))
        opened.session.answer("/data/main_dn", "100")
        opened.session.answer("/data/main_material", "grey_ci")
        water = save_record(store, opened, "draft")
    return path, uids[0], water


@pytest.fixture
def window(qtbot: QtBot, project: tuple[Path, str, str]) -> Iterator[MainWindow]:
    made = MainWindow(Settings(name="王工", login="wang"))
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitSignal(made.project.opened, timeout=20_000):
        made.opening.open_project(project[0])
    qtbot.waitUntil(made.canvas.is_settled, timeout=20_000)
    made.show_workspace("table")
    settled(qtbot, panel(made), "community", 2)
    yield made
    made.close()


def panel(window: MainWindow) -> TablesPanel:
    found = window.workspaces.page("table")
    assert isinstance(found, TablesPanel)
    return found


def opened(qtbot: QtBot, window: MainWindow, name: str, rows: int) -> TablesPanel:
    """Choose a table by hand and wait for its rows."""
    tables = panel(window)
    tables.bar.tables.setCurrentIndex(tables.bar.tables.findData(name))
    tables.bar.tables.activated.emit(tables.bar.tables.currentIndex())
    settled(qtbot, tables, name, rows)
    return tables


def settled(qtbot: QtBot, tables: TablesPanel, name: str, rows: int) -> None:
    def is_there() -> bool:
        layout = tables.layout_
        return bool(layout and layout.table.name == name and tables.model.rowCount() == rows)

    qtbot.waitUntil(is_there, timeout=10_000)
    qtbot.waitUntil(lambda: tables.model.is_settled() and (not rows or bool(tables.model.uid(0))), timeout=10_000)


def filtered(qtbot: QtBot, tables: TablesPanel, text: str) -> None:
    tables.bar.line.setText(text)  # QTest types no Chinese
    qtbot.keyClick(tables.bar.line, Qt.Key.Key_Return)


def column_of(tables: TablesPanel, name: str) -> int:
    return next(n for n, field in enumerate(tables.model.fields) if field.column.name == name)


def shown(tables: TablesPanel, row: int, name: str) -> str:
    return str(tables.model.index(row, column_of(tables, name)).data())


def typed(qtbot: QtBot, tables: TablesPanel, row: int, name: str, text: str) -> None:
    """Type into a cell as a person does, and wait for what is said about it."""
    before = tables.bar.told.text()
    assert tables.model.setData(tables.model.index(row, column_of(tables, name)), text)
    qtbot.waitUntil(lambda: tables.bar.told.text() != before, timeout=10_000)
    qtbot.waitUntil(lambda: tables.model.is_settled() and bool(tables.model.uid(row)), timeout=10_000)


def test_a_filter_in_words_shows_only_its_rows(qtbot: QtBot, window: MainWindow) -> None:
    tables = opened(qtbot, window, "hydrant", 300)
    filtered(qtbot, tables, "类型 = 地下 且 所属小区 = 枫叶山小区")
    settled(qtbot, tables, "hydrant", 50)
    assert shown(tables, 0, "community_uid") == "枫叶山小区"
    assert "50 / 300" in tables.bar.told.text()


def test_a_wrong_filter_is_told_and_the_rows_stay(qtbot: QtBot, window: MainWindow) -> None:
    tables = opened(qtbot, window, "hydrant", 300)
    filtered(qtbot, tables, "类形 = 地下")
    assert "类型" in tables.bar.told.text()
    assert tables.model.rowCount() == 300


def test_a_click_on_a_cell_keeps_only_the_like_and_a_second_narrows(qtbot: QtBot, window: MainWindow) -> None:
    tables = opened(qtbot, window, "hydrant", 300)
    tables.only(tables.model.index(0, column_of(tables, "kind")))
    settled(qtbot, tables, "hydrant", 100)
    tables.only(tables.model.index(0, column_of(tables, "community_uid")), but=True)
    settled(qtbot, tables, "hydrant", 50)
    assert tables.bar.line.text() == "类型 = 地下 且 非 所属小区 = 枫叶山小区"


def test_a_head_sorts_and_sorts_the_other_way(qtbot: QtBot, window: MainWindow) -> None:
    tables = panel(window)
    heads = tables.grid.horizontalHeader()
    heads.setSortIndicator(column_of(tables, "built_year"), Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: tables.model.is_settled() and shown(tables, 0, "name") == "牧羊湖小区", timeout=10_000)
    heads.setSortIndicator(column_of(tables, "built_year"), Qt.SortOrder.AscendingOrder)
    qtbot.waitUntil(lambda: tables.model.is_settled() and shown(tables, 0, "name") == "枫叶山小区", timeout=10_000)


def test_chosen_columns_and_their_order_come_back(qtbot: QtBot, window: MainWindow) -> None:
    tables = panel(window)
    tables.bar.columns_chosen.emit(["name", "built_year"])
    tables.grid.horizontalHeader().moveSection(1, 0)
    opened(qtbot, window, "hydrant", 300)
    again = opened(qtbot, window, "community", 2)
    assert [field.column.name for field in again.model.fields] == ["built_year", "name"]
    assert window.settings.columns["community"] == ("built_year", "name")


def test_a_table_comes_back_as_it_was_left(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str], tmp_path: Path
) -> None:
    tables = panel(window)
    tables.bar.columns_chosen.emit(["name", "built_year"])
    heads = tables.grid.horizontalHeader()
    heads.moveSection(1, 0)
    edge = QPoint(heads.sectionPosition(0) + heads.sectionSize(0) - 1, heads.height() // 2)
    wanted = heads.sectionSize(0) + 60
    qtbot.mousePress(heads.viewport(), Qt.MouseButton.LeftButton, pos=edge)
    qtbot.mouseMove(heads.viewport(), edge + QPoint(60, 0))
    qtbot.mouseRelease(heads.viewport(), Qt.MouseButton.LeftButton, pos=edge + QPoint(60, 0))
    assert heads.sectionSize(0) == wanted
    opened(qtbot, window, "hydrant", 300)
    width = tables.grid.columnWidth(0)
    window.close()
    settings, wrong = load()
    assert not wrong
    again = MainWindow(settings)
    qtbot.addWidget(again)
    again.show()
    try:
        with qtbot.waitSignal(again.project.opened, timeout=20_000):
            again.opening.open_project(project[0])
        again.show_workspace("table")
        settled(qtbot, panel(again), "hydrant", 300)
        assert panel(again).grid.columnWidth(0) == width  # that of another table
        found = opened(qtbot, again, "community", 2)
        assert [found.model.fields[n].column.name for n in found.grid.shown_order()] == ["built_year", "name"]
        assert found.grid.columnWidth(column_of(found, "name")) == wanted
    finally:
        again.close()


def test_another_project_has_its_own_widths(tmp_path: Path) -> None:
    one = Settings(recent=("a.gpkg", "b.gpkg")).with_look("a.gpkg", Look(widths={"community": {"name": 321}}))
    both = one.with_look("b.gpkg", Look(widths={"community": {"name": 99}}))
    save(both)
    settings, wrong = load()
    assert not wrong
    assert settings == both
    assert [settings.looks[name].widths["community"]["name"] for name in ("a.gpkg", "b.gpkg")] == [321, 99]
    assert set(replace(settings, recent=("b.gpkg",)).with_look("b.gpkg", Look()).looks) == {"b.gpkg"}


def test_a_fact_is_changed_in_place_and_nonsense_is_refused_with_its_reason(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str]
) -> None:
    tables = panel(window)
    typed(qtbot, tables, 0, "built_year", "1988")
    assert shown(tables, 0, "built_year") == "1988"
    typed(qtbot, tables, 0, "built_year", "soon")
    assert "整数" in tables.bar.told.text()
    typed(qtbot, tables, 0, "built_year", "1066")
    assert "1066" in tables.bar.told.text()
    assert shown(tables, 0, "built_year") == "1988"
    window.close()
    with Store.open(project[0]) as store:
        entry = store.history(project[1])[-1]
    assert (entry.actor, entry.values, entry.old) == ("王工", {"built_year": 1988}, {"built_year": 1986})


def test_an_answer_is_changed_under_the_rules_of_its_form(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str]
) -> None:
    tables = opened(qtbot, window, "f04_water", 1)
    assert shown(tables, 0, "main_material") == "灰口铸铁"
    typed(qtbot, tables, 0, "main_dn", "150")
    assert shown(tables, 0, "main_dn") == "150"
    typed(qtbot, tables, 0, "main_dn", "12..")
    assert "整数" in tables.bar.told.text()
    assert shown(tables, 0, "main_dn") == "150"
    flags = tables.model.flags(tables.model.index(0, column_of(tables, "community_uid")))
    assert not flags & Qt.ItemFlag.ItemIsEditable


def test_a_draft_in_the_form_is_not_saved_from_the_table(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str]
) -> None:
    tables = opened(qtbot, window, "f04_water", 1)
    with qtbot.waitSignal(window.form.opened, timeout=10_000):
        window.open_form(Subject("f04_water", project[1], project[1]))
    with qtbot.waitSignal(window.form.kept, timeout=10_000):
        window.form_panel.set_answer("/data/main_dn", "300")
    typed(qtbot, tables, 0, "main_dn", "150")
    assert "尚未保存" in tables.bar.told.text()


def test_an_approved_record_is_locked(qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str]) -> None:
    with qtbot.waitSignal(window.project.changed, timeout=10_000):
        window.store_runner.start(lambda _c: window.holder.store.save(project[2], {"status": "approved"}), quick=True)
    tables = opened(qtbot, window, "f04_water", 1)
    assert shown(tables, 0, "status") == "已批准"
    typed(qtbot, tables, 0, "main_dn", "150")
    assert "锁定" in tables.bar.told.text()
    assert shown(tables, 0, "main_dn") == "100"


def test_rows_are_copied_for_a_spreadsheet_and_no_cell_becomes_a_formula(qtbot: QtBot, window: MainWindow) -> None:
    tables = opened(qtbot, window, "hydrant", 300)
    tables.grid.selectRow(1)
    qtbot.keyClick(tables.grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "已复制 1 行" in tables.bar.told.text(), timeout=10_000)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:2] == ["原编号", "所属小区"]
    assert lines[1].split("\t")[:2] == ["'=1", "牧羊湖小区"]
    assert "<td" in QGuiApplication.clipboard().mimeData().html()


def test_a_choice_in_the_table_is_that_of_the_map_and_back(qtbot: QtBot, window: MainWindow) -> None:
    tables = opened(qtbot, window, "hydrant", 300)
    tables.grid.selectRow(7)
    uid = tables.model.uid(7)
    qtbot.waitUntil(lambda: window.canvas.selected == {("hydrant", uid)}, timeout=10_000)
    other = tables.model.uid(20)
    window.canvas.select_features(frozenset({("hydrant", other)}))
    qtbot.waitUntil(lambda: tables.grid.chosen_rows() == [(20, 20)], timeout=10_000)


def test_statistics_lead_to_their_rows(qtbot: QtBot, window: MainWindow) -> None:
    tables = opened(qtbot, window, "hydrant", 300)
    tables.grid.setCurrentIndex(tables.model.index(0, column_of(tables, "kind")))
    tables.show_statistics()
    qtbot.waitUntil(tables.statistics.isVisible, timeout=10_000)
    assert "不同的值 2 个" in tables.statistics.facts.text()
    tables.statistics.list.activated.emit(tables.statistics.list.model().index(0, 0))
    settled(qtbot, tables, "hydrant", 200)


def test_the_record_stands_in_full_below(qtbot: QtBot, window: MainWindow) -> None:
    tables = panel(window)
    tables.grid.selectRow(1)
    qtbot.waitUntil(lambda: "牧羊湖小区" in tables.detail.toPlainText(), timeout=10_000)


def test_what_others_save_arrives_and_the_place_stays(qtbot: QtBot, window: MainWindow) -> None:
    tables = opened(qtbot, window, "hydrant", 300)
    tables.grid.setCurrentIndex(tables.model.index(250, 0))
    uid = tables.model.uid(0)
    qtbot.waitUntil(lambda: tables.model.is_settled() and bool(tables.model.uid(250)), timeout=10_000)
    at = tables.grid.verticalScrollBar().value()
    window.store_runner.start(lambda _control: window.holder.store.save(uid, {"state": "坏"}), quick=True)
    qtbot.waitUntil(lambda: tables.model.is_settled() and tables._counter > 0, timeout=10_000)
    qtbot.waitUntil(lambda: shown(tables, 250, "kind") in {"地上", "地下"}, timeout=10_000)
    assert tables.grid.verticalScrollBar().value() == at
    tables.grid.scrollToTop()
    qtbot.waitUntil(lambda: tables.grid.isVisible() and shown(tables, 0, "state") == "坏", timeout=10_000)


def test_a_complete_form_stays_complete_or_is_left_alone(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, str]
) -> None:
    """Blanking a required answer of a complete form is refused; of a draft it is not."""
    tables = opened(qtbot, window, "f04_water", 1)
    typed(qtbot, tables, 0, "main_material", "")
    assert "已保存" in tables.bar.told.text()

    def complete(_control: object) -> None:
        store = window.holder.store
        record = open_form(store, Subject("f04_water", project[1], project[1]))
        record.session.answer("/data/main_material", "pe")
        save_record(store, record, COMPLETE)

    with qtbot.waitSignal(window.project.changed, timeout=10_000):
        window.store_runner.start(complete, quick=True)
    qtbot.waitUntil(lambda: tables.model.is_settled() and shown(tables, 0, "status") == "已提交", timeout=10_000)
    typed(qtbot, tables, 0, "main_material", "")
    assert "已保存" not in tables.bar.told.text()
