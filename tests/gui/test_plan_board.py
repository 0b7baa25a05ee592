"""The plan board: moved by key and by hand, limits before they are broken, versions, the best plan and conflicts."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot

from fieldsurvey.plan import versions
from fieldsurvey.plan.tables import install_tables
from fieldsurvey.plan.versions import VersionState
from fieldsurvey.settings import Settings
from fieldsurvey.store import Store
from tests.builders import add_community, make_project
from ui.main_window import MainWindow
from ui.plan.board import PlanBoard
from ui.plan.cards import MIME
from ui.plan.loading import Desk

NAMES = ("甲小区", "乙小区", "丙小区")


def fill(path: Path, *, limit: int = 100) -> None:
    """Make a project of three communities of 100 households, two years and one fund."""
    with make_project(path, forms=True) as store:
        install_tables(store)
        for number, name in enumerate(NAMES):
            figures = {"household_count": 100, "est_investment": 100.0, "built_year": 1990, "building_count": 4}
            add_community(store, name, code=f"C{number}", district="下陆区", plan_year=2026, **figures)
        for year in (2026, 2027):
            store.create_record("fund", {"name": "市级", "fund_src": "city", "year": year, "amount": 150.0})
            store.create_record("plan_limit", {"year": year, "households_max": limit})


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    fill(tmp_path / "p.gpkg")
    made = MainWindow(Settings(name="王工", login="wang"))
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitSignal(made.project.opened, timeout=20_000):
        made.opening.open_project(tmp_path / "p.gpkg")
    made.show_workspace("plan")
    qtbot.waitUntil(lambda: made.plan.board.desk is not None, timeout=20_000)
    yield made
    made.close()


def desk(board: PlanBoard) -> Desk:
    assert board.desk is not None
    return board.desk


def names(board: PlanBoard, column: int) -> list[str]:
    cards = board.columns[column].list.cards
    return sorted(str(cards.index(row, 0).data()) for row in range(cards.rowCount()))


def choose(board: PlanBoard, column: int, name: str) -> str:
    uid = next(str(uid) for uid, row in desk(board).rows.items() if row["name"] == name)
    assert board.columns[column].list.choose(uid)
    return uid


def test_without_a_version_the_years_of_the_ledger_are_shown(window: MainWindow) -> None:
    board = window.plan.board
    assert [column.year for column in board.columns] == [None, 2026, 2027]
    assert names(board, 1) == sorted(NAMES)
    assert "3 个小区 · 300 户" in board.total.text()
    assert "超出上限" in board.columns[1].head.accessibleName()


def test_a_card_moves_by_the_keyboard_and_stays_chosen_and_locked(qtbot: QtBot, window: MainWindow) -> None:
    board = window.plan.board
    uid = choose(board, 1, "乙小区")
    qtbot.keyClick(board.columns[1].list, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: names(board, 2) == ["乙小区"], timeout=10_000)
    assert board.columns[2].list.uids() == [uid]
    assert desk(board).placed[uid].is_locked
    assert board.is_locked.isChecked()
    assert desk(board).shown is not None  # a draft was made from the ledger
    qtbot.keyClick(board.columns[2].list, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: not desk(board).placed[uid].is_locked, timeout=10_000)


def test_a_card_that_is_dropped_on_a_year_goes_there(qtbot: QtBot, window: MainWindow) -> None:
    board = window.plan.board
    uid = choose(board, 1, "丙小区")
    data = QMimeData()
    data.setData(MIME, uid.encode())
    actions, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    drop = QDropEvent(QPointF(20, 20), actions, data, buttons, Qt.KeyboardModifier.NoModifier)
    board.columns[2].list.dropEvent(drop)
    qtbot.waitUntil(lambda: names(board, 2) == ["丙小区"], timeout=10_000)
    with Store.open(window.project.current.path, read_only=True) as store:  # type: ignore[union-attr]
        assert versions.placements(store, desk(board).version)[uid].year == 2027


def test_what_the_money_does_not_reach_is_told_over_the_year(qtbot: QtBot, window: MainWindow) -> None:
    board = window.plan.board
    qtbot.waitUntil(lambda: "缺 150 万元" in board.columns[1].head.accessibleName(), timeout=10_000)


def test_a_submitted_version_refuses_a_move_with_a_sentence(qtbot: QtBot, window: MainWindow) -> None:
    board = window.plan.board
    choose(board, 1, "甲小区")
    qtbot.keyClick(board.columns[1].list, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: desk(board).shown is not None, timeout=10_000)
    board.submit.click()
    qtbot.waitUntil(lambda: desk(board).shown.state is VersionState.SUBMITTED, timeout=10_000)  # type: ignore[union-attr]
    assert "台账 3" in board.detail.toPlainText()
    choose(board, 1, "乙小区")
    qtbot.keyClick(board.columns[1].list, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: "已提交" in board.message.text(), timeout=10_000)
    assert "乙小区" in names(board, 1)
    board.approve.click()
    qtbot.waitUntil(lambda: desk(board).shown.state is VersionState.APPROVED, timeout=10_000)  # type: ignore[union-attr]


def test_the_best_plan_is_a_new_version_that_can_be_compared(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = window.plan.board
    monkeypatch.setattr(QInputDialog, "getText", lambda *_a, **_k: ("手排", True))
    board.make_version()
    qtbot.waitUntil(lambda: desk(board).shown is not None, timeout=10_000)
    by_hand = desk(board).version
    board.find_best()
    qtbot.waitUntil(lambda: desk(board).version != by_hand, timeout=60_000)
    assert [len(names(board, n)) for n in range(3)] == [1, 1, 1]
    assert "起约束作用" in board.detail.toPlainText()
    board.compare_with(by_hand)
    qtbot.waitUntil(lambda: "手排" in board.detail.toPlainText(), timeout=10_000)
    assert "2 个小区不同" in board.detail.toPlainText()


def test_locks_that_cannot_hold_together_are_named(qtbot: QtBot, window: MainWindow) -> None:
    board = window.plan.board
    board.columns[1].list.selectAll()
    qtbot.keyClick(board.columns[1].list, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: all(one.is_locked for one in desk(board).placed.values()), timeout=10_000)
    board.find_best()
    qtbot.waitUntil(lambda: "甲小区" in board.message.text(), timeout=60_000)
    assert not board.best.isHidden()


def test_two_hundred_cards_are_shown_at_once(qtbot: QtBot, window: MainWindow) -> None:
    """One repaint of a column, however many cards it has, stays within a frame or two of this thread's time."""
    board = window.plan.board
    card = board.columns[1].list.cards.card(0)
    assert card is not None
    board.columns[1].list.cards.show_cards([card] * 2000)
    began = time.thread_time()
    for _frame in range(20):
        board.columns[1].list.viewport().repaint()
    assert (time.thread_time() - began) / 20 < 0.05
