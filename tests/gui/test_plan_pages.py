"""The pages beside the board: scores, money and progress, lifts, parameters and prices."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot

from fieldsurvey.plan import versions
from fieldsurvey.plan.tables import install_tables
from fieldsurvey.settings import Settings
from fieldsurvey.store import Store
from tests.builders import add_community, make_project
from ui.main_window import MainWindow
from ui.plan.quantities import QuantitiesDialog
from ui.plan.tables import RowsView


def fill(store: Store) -> None:
    """Fill a project: a community with a dangerous gas pipe, a stairwell, works in the wrong order, a fund, a plan."""
    install_tables(store)
    figures: dict[str, Any] = {"household_count": 100, "gfa": 8000.0, "built_year": 1990, "district": "下陆区"}
    uid = add_community(store, "甲小区", code="C1", **figures)
    add_community(store, "乙小区", code="C2", **{**figures, "built_year": 2015})
    store.create_record("f07_gas", {"community_uid": uid, "subject_uid": uid, "overall_cond": "danger"})
    house: dict[str, Any] = {"community_uid": uid, "floors": 6, "name": "1栋", "kind": "住宅"}
    outline = shapely.box(600_010, 3_340_010, 600_030, 3_340_020)
    building = store.create_record("building", {**house, "geom": shapely.to_wkb(outline)})
    stair: dict[str, Any] = {"community_uid": uid, "building_uid": building, "unit": "1单元"}
    store.create_record("stairwell", {**stair, "geom": shapely.to_wkb(shapely.Point(600_020, 3_340_020))})
    for code, start, finish in (("B03", "2026-05-01", "2026-08-01"), ("B08", "2026-06-01", "2026-09-01")):
        item: dict[str, Any] = {"item_code": code, "reno_class": "base", "quantity": 100.0, "unit": "m"}
        dates: dict[str, Any] = {"unit_price": 900.0, "start_plan": start, "finish_plan": finish}
        store.create_record("f23_plan_item", {"community_uid": uid, **item, **dates})
    store.create_record("fund", {"name": "市级", "fund_src": "city", "year": 2026, "amount": 100.0})
    version = versions.new_version(store, "一稿")
    versions.place(store, version, uid, 2026, 1)


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        fill(store)
    made = MainWindow(Settings(name="王工", login="wang"))
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitSignal(made.project.opened, timeout=20_000):
        made.opening.open_project(tmp_path / "p.gpkg")
    made.show_workspace("plan")
    yield made
    made.close()


def rows(table: RowsView) -> list[list[str]]:
    model = table.model()
    return [[str(model.index(r, c).data()) for c in range(model.columnCount())] for r in range(model.rowCount())]


def answer(monkeypatch: pytest.MonkeyPatch, *, item: str = "", number: float = 0.0, text: str = "") -> None:
    """Answer the questions of the dialogs."""
    monkeypatch.setattr(QInputDialog, "getItem", lambda *_a, **_k: (item, True))
    monkeypatch.setattr(QInputDialog, "getDouble", lambda *_a, **_k: (number, True))
    monkeypatch.setattr(QInputDialog, "getText", lambda *_a, **_k: (text, True))


def test_the_score_shows_its_parts_the_urgent_list_and_why_a_community_is_kept_out(
    qtbot: QtBot, window: MainWindow
) -> None:
    page = window.plan.scores
    window.plan.tabs.setCurrentWidget(page)
    qtbot.waitUntil(lambda: page.table.rows.rowCount() == 2, timeout=20_000)
    page.table.choose(page.table.key())
    assert rows(page.table)[0][1] == "!! 甲小区"
    assert "燃气 100" in page.parts.accessibleName()
    assert "投资估算" in page.detail.toPlainText()
    assert "B03" in page.detail.toPlainText()
    page.choice.setCurrentIndex(1)
    assert [row[1] for row in rows(page.table)] == ["!! 甲小区"]
    page.choice.setCurrentIndex(2)
    assert page.sheet is not None
    page.table.choose(next(uid for uid, row in page.sheet.rows.items() if row["name"] == "乙小区"))
    assert "2015 年建成" in page.detail.toPlainText()
    assert "不得列入计划" in page.detail.toPlainText()


def test_what_is_measured_is_ticked_and_becomes_a_plan_item(qtbot: QtBot, window: MainWindow) -> None:
    page = window.plan.scores
    window.plan.tabs.setCurrentWidget(page)
    qtbot.waitUntil(lambda: page.table.rows.rowCount() == 2, timeout=20_000)
    page.measure_chosen()
    qtbot.waitUntil(lambda: bool(page.findChildren(QuantitiesDialog)), timeout=15_000)
    dialog = page.findChildren(QuantitiesDialog)[0]
    told = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    assert [text[:3] for text in told] == ["B15", "B17"]  # B03 and B08 are planned already
    dialog.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    dialog.take.click()
    qtbot.waitUntil(lambda: "B17" in page.detail.toPlainText(), timeout=15_000)
    assert "B15" not in page.detail.toPlainText()


def test_money_that_is_entered_is_kept_and_too_much_is_refused(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = window.plan.progress
    window.plan.tabs.setCurrentWidget(page)
    qtbot.waitUntil(lambda: page.funds.rows.rowCount() == 1, timeout=20_000)
    answer(monkeypatch, item="已到位", number=60.0, text="2026-03-31")
    page.enter_money()
    qtbot.waitUntil(lambda: rows(page.funds)[0][5] == "60.00", timeout=20_000)
    page.enter_money()
    qtbot.waitUntil(lambda: "120.00" in page.message.text(), timeout=20_000)
    assert rows(page.funds)[0][5] == "60.00"


def test_progress_is_entered_and_charts_and_works_tell_it(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = window.plan.progress
    window.plan.tabs.setCurrentWidget(page)
    qtbot.waitUntil(lambda: page.states.rows.rowCount() == 1, timeout=20_000)
    answer(monkeypatch, item="开工", text="2026-05-01")
    page.change_state()
    qtbot.waitUntil(lambda: rows(page.states)[0][3] == "开工", timeout=20_000)
    assert "开工率 100.0%" in page.charts[1].accessibleName()
    assert "先地下后地上" in page.gantt.accessibleName()
    page.tabs.setCurrentIndex(2)
    assert not page.gantt.grab().isNull()


def test_stairwells_are_judged_with_their_reasons(qtbot: QtBot, window: MainWindow) -> None:
    page = window.plan.lifts
    window.plan.tabs.setCurrentWidget(page)
    qtbot.waitUntil(lambda: page.table.rows.rowCount() == 1, timeout=20_000)
    assert rows(page.table)[0][:5] == ["? 需专项论证", "甲小区", "1栋", "1单元", "6"]
    with qtbot.waitSignal(page.record_wanted, timeout=15_000) as wanted:
        page.form.click()
    assert wanted.args is not None
    assert wanted.args[0].form_id == "f11_elevator"


def test_a_weight_changes_with_a_reason_and_prices_come_from_a_workbook(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from openpyxl import Workbook

    page = window.plan.numbers
    window.plan.tabs.setCurrentWidget(page)
    qtbot.waitUntil(lambda: page.parameters.rows.rowCount() > 10, timeout=20_000)
    page.parameters.choose("weight.gas")
    answer(monkeypatch, number=15.0, text="燃气专项")
    page.parameters.opened.emit("weight.gas")
    qtbot.waitUntil(lambda: "12 → 15" in page.log.item(0).text(), timeout=20_000)
    book = Workbook()
    book.active.append(["项目代码", "单位", "单价(元)", "有效期至"])
    book.active.append(["B01", "m", 480, "2020-12-31"])
    book.save(tmp_path / "price.xlsx")
    page.take_file(tmp_path / "price.xlsx")
    qtbot.waitUntil(lambda: "480.00" in [row[4] for row in rows(page.prices)], timeout=20_000)
    assert [row[7] for row in rows(page.prices) if row[4] == "480.00"] == ["⚠ 2020-12-31 已过期"]
    page.take_file(tmp_path / "no.csv")
    qtbot.waitUntil(lambda: "no.csv" in page.message.text(), timeout=20_000)
