"""The review by keyboard in the real window, and what comes of it on the surveyor's side."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
import shapely
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from fieldsurvey.assess.review.remarks import threads_of
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.schema import Value
from fieldsurvey.settings import Settings
from fieldsurvey.store import Store
from survey_forms.records import Subject
from tests.builders import add_community, make_project
from ui.main_window import MainWindow
from ui.review.records.panel import RecordReview

PRESSURE = [0.20, 0.21, 0.22, 0.20, 0.23, 0.21, 0.95]  # MPa; the last is far from the others


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, str, list[str]]:
    """Return a project with a submitted water form in each of seven communities."""
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        records = []
        for number, pressure in enumerate(PRESSURE):
            community = add_community(store, f"第{number}小区", district="西塞山区" if number < 2 else "下陆区")
            values: dict[str, Value] = {
                "community_uid": community,
                "subject_uid": community,
                "status": "complete",
                "surveyor": "小李",
                "saved_at": f"2026-11-0{number + 1}T08:00:00.000Z",
                "pressure_top": pressure,
                "meter_mode": "household",
            }
            records.append(store.create_record("f04_water", values, scope=scope_of(community)))
    return tmp_path / "p.gpkg", community, records


@pytest.fixture
def window(qtbot: QtBot, project: tuple[Path, str, list[str]]) -> Iterator[MainWindow]:
    made = MainWindow(Settings(name="王工", login="wang", role="approver"))
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitSignal(made.project.opened, timeout=20_000):
        made.opening.open_project(project[0])
    made.show_workspace("review")
    qtbot.waitUntil(lambda: made.review.records.answers.answers.rowCount() > 0, timeout=20_000)
    yield made
    made.close()


def _press(qtbot: QtBot, review: RecordReview, key: Qt.Key, until: Callable[[], bool]) -> None:
    review.queue.list.setFocus()
    qtbot.keyClick(review.queue.list, key)
    qtbot.waitUntil(until, timeout=20_000)


def _shown(review: RecordReview) -> str:
    return "" if review.look is None else review.look.item.uid


def _status(path: Path, uid: str) -> object:
    with Store.open(path, read_only=True) as store:
        row = store.get(uid)
        assert row is not None
        return row.values["status"]


def test_the_oldest_comes_first_and_next_and_back_walk_the_queue(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, list[str]]
) -> None:
    review, records = window.review.records, project[2]
    assert review.queue.count.text() == "共 7 项"
    assert _shown(review) == records[0]
    _press(qtbot, review, Qt.Key.Key_N, lambda: _shown(review) == records[1])
    _press(qtbot, review, Qt.Key.Key_P, lambda: _shown(review) == records[0])


def test_a_value_far_from_those_of_similar_communities_is_a_chip_that_jumps_to_it(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, list[str]]
) -> None:
    review = window.review.records
    review.queue.go_to(6)
    qtbot.waitUntil(lambda: _shown(review) == project[2][6], timeout=20_000)
    chips = review.chips.findChildren(QPushButton)
    far = next(chip for chip in chips if "0.95" in chip.text())
    assert "0.21" in far.text()
    assert any("没有照片" in chip.text() for chip in chips)
    far.click()
    assert review.answers.field == "pressure_top"


def test_accept_and_approve_by_key_lock_the_record_in_the_form(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, list[str]]
) -> None:
    review, (path, _community, records) = window.review.records, project
    _press(qtbot, review, Qt.Key.Key_3, lambda: not review.message.isHidden())
    assert "批准" in review.message.text()
    _press(qtbot, review, Qt.Key.Key_1, lambda: _shown(review) == records[1])
    review.queue.states.setCurrentIndex(1)
    qtbot.waitUntil(lambda: _shown(review) == records[0], timeout=20_000)
    _press(qtbot, review, Qt.Key.Key_3, lambda: review.look is None and not review.queue.model.items)
    review.queue.states.setCurrentIndex(3)
    qtbot.waitUntil(lambda: _shown(review) == records[0], timeout=20_000)
    assert _status(path, records[0]) == "approved"
    with qtbot.waitSignal(window.form.opened, timeout=20_000):
        _press(qtbot, review, Qt.Key.Key_F, lambda: True)
    qtbot.waitUntil(lambda: bool(window.form_panel.locked), timeout=20_000)
    assert not window.form_panel.complete.isEnabled()
    assert "锁定" in window.form_panel.lock.text()


def test_a_return_with_remarks_reaches_the_question_and_is_answered_and_submitted_again(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, list[str]]
) -> None:
    review, (path, _community, records) = window.review.records, project
    review.answers.go_to("pressure_top")
    _press(qtbot, review, Qt.Key.Key_2, review.box.isVisible)
    review.box._place = bytes(shapely.to_wkb(shapely.Point(600_050, 3_340_050)))
    review.box.text.setText("请复测水压")
    qtbot.keyClicks(review.box.text, "123n")
    with qtbot.waitSignal(review.taken, timeout=20_000):
        qtbot.keyClick(review.box.text, Qt.Key.Key_Return)
    assert _status(path, records[0]) == "returned"
    with Store.open(path, read_only=True) as store:
        row = store.get(records[0])
        assert row is not None
        community = str(row.values["community_uid"])
    window.show_workspace("map")
    window.choose_community(community)
    qtbot.waitUntil(lambda: window.forms.findChild(QLabel, "said_f04_water") is not None, timeout=20_000)
    with qtbot.waitSignal(window.form.opened, timeout=20_000):
        window.open_form(Subject("f04_water", community, community))
    strip = window.form.review.strip
    qtbot.waitUntil(strip.isVisible, timeout=20_000)
    assert "请复测水压123n" in window.form_panel.row("pressure_top").remark.text()
    assert window.form_panel.complete.text() == "再次提交"
    line = strip.findChild(QLineEdit, "remark_answer_0")
    assert isinstance(line, QLineEdit)
    line.setText("已复测 0.21")
    qtbot.keyClick(line, Qt.Key.Key_Return)

    def is_answered() -> bool:
        with Store.open(path, read_only=True) as store:
            return [a.text for t in threads_of(store, records[0]) for a in t.answers] == ["已复测 0.21"]

    qtbot.waitUntil(is_answered, timeout=20_000)


def test_a_surveyor_is_told_why_he_may_not_accept(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, list[str]]
) -> None:
    review = window.review.records
    review.set_role("surveyor")
    qtbot.waitUntil(lambda: "调查员" in review.who.text(), timeout=20_000)
    _press(qtbot, review, Qt.Key.Key_1, lambda: not review.message.isHidden())
    assert "复核人" in review.message.text()
    assert _status(project[0], project[2][0]) == "complete"


def test_many_are_accepted_at_once_only_after_the_sample_was_looked_at(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str, list[str]]
) -> None:
    review = window.review.records
    review.chance = Random(5)
    for _look in range(8):
        review.all.click()
        if review.message.isHidden() or "抽" not in review.message.text():
            break
        left = next(item.uid for item in review.drawn if item.uid not in review.seen)
        qtbot.waitUntil(lambda left=left: left in review.seen, timeout=20_000)  # type: ignore[misc]
    qtbot.waitUntil(lambda: "已通过 7 条" in review.message.text(), timeout=30_000)
    assert {_status(project[0], uid) for uid in project[2]} == {"reviewed"}


def test_the_queue_is_filtered_by_district(qtbot: QtBot, window: MainWindow) -> None:
    review = window.review.records
    review.queue.district.setCurrentIndex(review.queue.district.findData("西塞山区"))
    qtbot.waitUntil(lambda: review.queue.count.text() == "共 2 项", timeout=10_000)
