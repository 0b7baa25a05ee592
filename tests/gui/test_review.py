"""The review workspace: from the check to the decision, by hand and by key."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot

from fieldsurvey.assess.rules import Result
from fieldsurvey.assess.rules.decisions import Choice, decisions, rules_in_force
from fieldsurvey.model.schema import Value
from fieldsurvey.settings import Settings
from fieldsurvey.store import Store
from tests.builders import make_project, square
from ui.main_window import MainWindow
from ui.review.loading import OPEN
from ui.review.rules_view import VALUE

EAST, NORTH = 600_000.0, 3_340_000.0


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    """Yield the window with a community whose two water pipes run too near to a house, its review open."""
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        uid = store.create_record(
            "community", {"name": "枫叶山", "code": "C1", "household_count": 24, "geom": square()}
        )
        house: dict[str, Value] = {
            "community_uid": uid,
            "kind": "住宅",
            "name": "3栋",
            "geom": square(EAST + 20, NORTH + 20, 12),
        }
        store.create_record("building", house)
        for y in (19.5, 19.2):
            line = shapely.LineString([(EAST, NORTH + y), (EAST + 90, NORTH + y)])
            pipe: dict[str, Value] = {"community_uid": uid, "diameter_mm": 100, "geom": bytes(shapely.to_wkb(line))}
            store.create_record("water_line", pipe)
    made = MainWindow(Settings(name="王工", login="wang"))
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitSignal(made.project.opened, timeout=20_000):
        made.opening.open_project(tmp_path / "p.gpkg")
    made.show_workspace("review")
    made.review.tabs.setCurrentIndex(1)
    qtbot.waitUntil(lambda: made.review.model.desk is not None, timeout=20_000)
    yield made
    made.close()


def checked(qtbot: QtBot, window: MainWindow) -> None:
    """Run the rules by the button and show those of R7."""
    qtbot.mouseClick(window.review.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.review.model.rowCount() > 0, timeout=30_000)
    window.review.rules.setCurrentRow(7)


def decided(window: MainWindow) -> dict[str, Choice]:
    """Return the decisions as the list shows them."""
    desk = window.review.model.desk
    return {} if desk is None else {key: made.choice for key, made in desk.decided.items()}


def test_before_the_first_check_the_page_says_what_to_do(window: MainWindow) -> None:
    assert "开始核查" in window.review.status.text()


def test_the_findings_of_a_rule_are_listed_with_place_and_words(qtbot: QtBot, window: MainWindow) -> None:
    checked(qtbot, window)
    model = window.review.model
    assert model.rowCount() == 2
    words = [model.index(0, column).data() for column in range(model.columnCount())]
    assert words[:2] == ["R7", "枫叶山"]
    assert words[3:6] == ["0.5 m", "≥ 1 m", "✕ 不符合"]
    qtbot.waitUntil(lambda: "DN" in window.review.told.text() or "100" in window.review.told.text(), timeout=10_000)
    assert "未核对原文" in window.review.source.text()
    east, north = window.review.canvas.view.east, window.review.canvas.view.north
    assert (east, north) == pytest.approx((EAST + 26, NORTH + 19.75), abs=8)


def test_accepting_by_key_goes_to_the_next_and_is_kept(qtbot: QtBot, window: MainWindow) -> None:
    checked(qtbot, window)
    first = window.review.model.finding(0)
    assert first is not None
    window.review.table.setFocus()
    qtbot.keyClick(window.review.table, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: bool(decided(window)), timeout=10_000)
    assert decided(window) == {first.key: Choice.ACCEPTED}
    qtbot.waitUntil(lambda: window.review.table.currentIndex().row() == 1, timeout=10_000)
    assert window.review.model.index(0, 6).data() == "认可"


def test_an_override_needs_words(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    checked(qtbot, window)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_args, **_more: ("", True))
    window.review.override()
    qtbot.waitUntil(lambda: "理由" in window.review.message.text(), timeout=10_000)
    assert decided(window) == {}
    monkeypatch.setattr(QInputDialog, "getText", lambda *_args, **_more: ("已加套管", True))
    window.review.override()
    qtbot.waitUntil(lambda: Choice.OVERRIDDEN in decided(window).values(), timeout=10_000)


def test_undecided_only_leaves_out_what_is_settled(qtbot: QtBot, window: MainWindow) -> None:
    checked(qtbot, window)
    window.review.accept()
    qtbot.waitUntil(lambda: bool(decided(window)), timeout=10_000)
    window.review.decision.setCurrentIndex(window.review.decision.findData(OPEN))
    assert window.review.model.rowCount() == 1
    window.review.decision.setCurrentIndex(window.review.decision.findData("accepted"))
    assert window.review.model.rowCount() == 1


def test_the_findings_can_be_laid_over_the_main_map(qtbot: QtBot, window: MainWindow) -> None:
    checked(qtbot, window)
    window.show_workspace("map")
    qtbot.waitUntil(window.project.is_map_current, timeout=60_000)
    qtbot.waitUntil(window.canvas.is_settled, timeout=20_000)
    before = window.canvas.grab().toImage()
    action = window.findChild(QAction, "action_findings")
    assert isinstance(action, QAction)
    action.trigger()
    shown = window.canvas.grab().toImage()
    assert shown != before
    action.trigger()
    assert window.canvas.grab().toImage() != shown


def test_a_changed_value_is_asked_for_its_reason_and_used_at_once(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked(qtbot, window)
    model = window.review.rules_view.model
    row = next(n for n in range(model.rowCount()) if model.index(n, 0).data() == "T-W9.small")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_args, **_more: ("会议纪要", True))
    assert model.setData(model.index(row, VALUE), "0,6")
    qtbot.waitUntil(lambda: window.review.model.rowCount() == 1, timeout=20_000)
    assert "会议纪要" in window.review.rules_view.log.item(0).text()
    assert not model.setData(model.index(row, VALUE), "abc")
    assert "abc" in window.review.rules_view.message.text()
    window.close()
    with Store.open(tmp_path / "p.gpkg") as store:
        assert rules_in_force(store).value("T-W9.small") == 0.6
        assert not decisions(store)


def test_the_layer_of_findings_is_painted_on_the_map(qtbot: QtBot, window: MainWindow) -> None:
    checked(qtbot, window)
    qtbot.waitUntil(lambda: window.review.canvas.view.scale < 6000, timeout=10_000)
    window.review.marks.choose(None)
    without = window.review.canvas.grab().toImage()
    window.review.marks.choose(window.review.model.finding(0))
    assert window.review.canvas.grab().toImage() != without


def test_findings_stand_in_groups_and_a_group_opens_them(qtbot: QtBot, window: MainWindow) -> None:
    checked(qtbot, window)
    review = window.review
    table = review.groups.table
    rules = [str(table.model().index(row, 1).data()) for row in range(table.model().rowCount())]
    assert len(rules) == len(set(rules)) > 1  # one community: one group for each rule
    row = next(row for row, name in enumerate(rules) if name.startswith("R7 "))
    assert [table.model().index(row, column).data() for column in (2, 3, 6)] == ["枫叶山", "2", "2"]
    table.setCurrentIndex(table.model().index(row, 0))
    table.opened.emit(table.key())
    assert review.tabs.tabText(review.tabs.currentIndex()) == "核查问题"
    assert review.model.rowCount() == 2
    assert {review.model.index(n, 0).data() for n in range(2)} == {"R7"}
    review.groups.way.setCurrentIndex(1)
    assert [table.model().index(row, 1).data() for row in range(table.model().rowCount())] == [
        "全部规则",
        "本项目未采集",
    ]


def test_what_is_not_recorded_is_one_group_and_among_no_problems(qtbot: QtBot, window: MainWindow) -> None:
    checked(qtbot, window)
    review, table = window.review, window.review.groups.table
    assert review.model.desk is not None
    review.rules.setCurrentRow(0)
    recorded = sum(one.is_recorded for one in review.model.desk.findings)
    assert 0 < recorded == review.model.rowCount() < len(review.model.desk.findings)
    assert f"{recorded:,} 条" in review.rules.item(0).text()
    table.setCurrentIndex(table.model().index(table.model().rowCount() - 1, 0))
    table.opened.emit(table.key())
    shown = [review.model.finding(row) for row in range(review.model.rowCount())]
    assert len(shown) == len(review.model.desk.findings) - recorded
    assert {one.reason for one in shown if one is not None} == {"not_recorded"}
    assert "输入本项目未采集" in review.headline.text()


def test_what_must_be_solved_stands_first(qtbot: QtBot, window: MainWindow) -> None:
    from ui.review.groups import grouped

    checked(qtbot, window)
    desk = window.review.model.desk
    assert desk is not None
    ranks = [("block", "warn", "info").index(one.weight) for one in grouped(desk, ("rule",)) if one.counts[Result.FAIL]]
    assert ranks == sorted(ranks)
    assert sum(sum(one.counts.values()) for one in grouped(desk, ("rule", "community"))) == len(desk.findings)
