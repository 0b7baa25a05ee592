"""The conflict desk in the real window: what two laptops did is shown in words and on the map; a person decides."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import shapely
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fieldsurvey.assess.conflicts import Kind, cases
from fieldsurvey.store import Store
from fieldsurvey.sync.session import sync
from tests.builders import add_community, make_project, square
from ui.app import build
from ui.conflicts.panel import ConflictDesk
from ui.main_window import MainWindow


@dataclass(frozen=True)
class Made:
    """A project in which two laptops disagree, and the records they disagree on."""

    path: Path
    water: str
    first: str
    second: str


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Return a project with rival choices, texts and shapes, and a community deleted here and changed there."""
    (tmp_path / "stick").mkdir()
    stick = str(tmp_path / "stick")
    with make_project(tmp_path / "one.gpkg", forms=True) as one:
        one.set_actor("li", "小李")
        first, second = add_community(one), add_community(one, "牧羊湖小区")
        water = one.create_record(
            "f04_water", {"community_uid": first, "subject_uid": first, "meter_mode": "household", "remarks": "无"}
        )
        with Store.create(tmp_path / "other.gpkg", project=one.project) as other:
            other.set_actor("wang", "王工")
            for store in (one, other):
                sync(store, stick)
            one.save(water, {"meter_mode": "shared", "remarks": "阀门锈蚀"})
            other.save(water, {"meter_mode": "mixed", "remarks": "井盖缺失"})
            one.save(first, {"geom": square(side=110)})
            other.save(first, {"geom": square(side=130)})
            one.delete(second)
            other.save(second, {"household_count": 77})
            for store in (one, other, one):
                sync(store, stick)
        assert one.conflict_count() == 4
    return Made(tmp_path / "one.gpkg", water, first, second)


@pytest.fixture
def window(qtbot: QtBot, made: Made) -> Iterator[MainWindow]:
    found = build(made.path)
    qtbot.addWidget(found)
    found.resize(1366, 728)
    with qtbot.waitSignal(found.project.opened, timeout=20_000):
        found.show()
    found.told["conflicts"].linkActivated.emit("conflicts")
    qtbot.waitUntil(lambda: _desk(found).list.count() == 4, timeout=20_000)
    yield found
    found.close()


def _desk(window: MainWindow) -> ConflictDesk:
    page = window.workspaces.page("conflicts")
    assert isinstance(page, ConflictDesk)
    return page


def _choose(qtbot: QtBot, window: MainWindow, field: str) -> ConflictDesk:
    """Go to the conflict of a field by the keyboard."""
    desk = _desk(window)
    desk.list.setCurrentRow(0)
    for _number in range(desk.list.count()):
        case = desk.case
        if case is not None and case.conflict.field == field:
            return desk
        qtbot.keyClick(desk.list, Qt.Key.Key_N)
    raise AssertionError(field)


def _told(desk: ConflictDesk) -> str:
    return "\n".join(label.text() for label in desk.columns.findChildren(QLabel))


def _key(qtbot: QtBot, desk: ConflictDesk, key: Qt.Key) -> None:
    count = desk.list.count()
    with qtbot.waitSignal(desk.decided, timeout=20_000):
        qtbot.keyClick(desk.list, key)
    qtbot.waitUntil(lambda: desk.list.count() != count, timeout=20_000)


def _value(window: MainWindow, made: Made, uid: str, field: str) -> object:
    window.close()
    with Store.open(made.path) as store:
        row = store.get(uid)
        assert row is not None
        return row.values[field]


def test_each_side_is_told_in_words_with_who_and_what_was_before(qtbot: QtBot, window: MainWindow) -> None:
    told = _told(_choose(qtbot, window, "meter_mode"))
    for words in ("原值", "我的", "对方", "小李", "王工", "本机", "总表/合表"):
        assert words in told
    assert "shared" not in told


def test_a_key_lets_one_side_stand_and_another_takes_the_decision_back(
    qtbot: QtBot, window: MainWindow, made: Made
) -> None:
    desk = _choose(qtbot, window, "meter_mode")
    _key(qtbot, desk, Qt.Key.Key_2)
    assert desk.list.count() == 3
    _key(qtbot, desk, Qt.Key.Key_U)
    assert desk.list.count() == 4
    desk = _choose(qtbot, window, "meter_mode")
    _key(qtbot, desk, Qt.Key.Key_1)
    assert _value(window, made, made.water, "meter_mode") == "shared"


def test_both_texts_can_stand(qtbot: QtBot, window: MainWindow, made: Made) -> None:
    _key(qtbot, _choose(qtbot, window, "remarks"), Qt.Key.Key_B)
    assert _value(window, made, made.water, "remarks") == "阀门锈蚀 / 井盖缺失"


def test_another_text_can_be_typed(qtbot: QtBot, window: MainWindow, made: Made) -> None:
    desk = _choose(qtbot, window, "remarks")
    qtbot.keyClick(desk.list, Qt.Key.Key_T)
    desk.deciding.line.setText("阀门锈蚀, 井盖已补")
    with qtbot.waitSignal(desk.decided, timeout=20_000):
        qtbot.keyClick(desk.deciding.line, Qt.Key.Key_Return)
    assert _value(window, made, made.water, "remarks") == "阀门锈蚀, 井盖已补"


def test_shapes_are_drawn_over_one_another_with_the_corners_that_differ(qtbot: QtBot, window: MainWindow) -> None:
    desk = _choose(qtbot, window, "geom")
    assert desk.outlines.count == 3
    assert desk.canvas.isVisible()
    told = _told(desk)
    assert "3 个角点不同" in told
    assert "14.14 m" in told
    assert "42.43 m" in told


@pytest.mark.parametrize("word", ["删除", "保留记录"])
def test_a_deletion_that_met_an_edit_shows_both_and_is_decided(
    qtbot: QtBot, window: MainWindow, made: Made, word: str
) -> None:
    desk = _choose(qtbot, window, "_deleted")
    told = _told(desk)
    assert "删除了记录" in told
    assert "77" in told
    keep = next(b for b in desk.columns.findChildren(QPushButton) if b.text().startswith(word))
    with qtbot.waitSignal(desk.decided, timeout=20_000):
        keep.click()
    window.close()
    with Store.open(made.path) as store:
        assert (store.get(made.second) is not None) is (word == "保留记录")
        assert "_deleted" not in {conflict.field for conflict in store.conflicts()}


def _is_told(window: MainWindow, told: str) -> bool:
    return told in window.told["conflicts"].text()


def test_the_status_bar_counts_until_none_is_left(qtbot: QtBot, window: MainWindow) -> None:
    desk = _desk(window)
    for _number in range(4):
        desk.list.setCurrentRow(0)
        _key(qtbot, desk, Qt.Key.Key_1)
        told = f"冲突 {desk.list.count()}"
        qtbot.waitUntil(partial(_is_told, window, told), timeout=20_000)
    assert "href" not in window.told["conflicts"].text()


def test_the_own_edit_comes_first_beside_what_was_there_before(made: Made) -> None:
    with Store.open(made.path) as store:
        found = cases(store)
        assert [case.kind for case in found].count(Kind.FIELD) == 2
        shape = next(case for case in found if case.kind is Kind.SHAPE)
        assert isinstance(shape.base, bytes)
        assert shapely.from_wkb(shape.base).area == shapely.from_wkb(square()).area
        assert [deed.is_mine for deed in shape.deeds] == [True, False]
