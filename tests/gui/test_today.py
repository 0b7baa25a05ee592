"""My day: what is assigned, in order, how far, what comes next, the report, and giving work to people."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QDialog, QPushButton, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from fieldsurvey.assess.assignments import assign, assignments
from fieldsurvey.clock import today
from fieldsurvey.model.schema import Value
from fieldsurvey.settings import Settings
from fieldsurvey.store import Store
from tests.builders import add_community, make_project, square
from ui.app import build
from ui.main_window import MainWindow
from ui.shown import day
from ui.today.assign import AssignDialog
from ui.today.page import TodayPage
from ui.today.report import ReportDialog


@pytest.fixture
def project(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        first = add_community(store, "枫叶山小区")
        second = add_community(store, "牧羊湖小区", geom=square(602_000.0))
        third = add_community(store, "天方新村", geom=square(601_000.0))
        values: dict[str, Value] = {"community_uid": second, "subject_uid": second, "status": "returned"}
        store.create_record("f04_water", values)
        store.create_record("water_body", {"name": "磁湖", "geom": square(600_500.0, side=1_000.0)})
        assign(store, [first, second], "李工", "李工", until="2020-01-01")
        assign(store, [third], "赵工", "赵工")
    return {"path": str(path), "first": first, "second": second, "third": third}


@pytest.fixture
def window(qtbot: QtBot, project: dict[str, str]) -> Iterator[MainWindow]:
    found = build(Path(project["path"]))
    found.start.person.setText("李工")
    qtbot.addWidget(found)
    found.resize(1366, 768)
    found.show()
    qtbot.waitUntil(lambda: found.project.current is not None, timeout=15_000)
    qtbot.waitUntil(lambda: bool(found.today.agenda.mine), timeout=10_000)
    qtbot.waitUntil(found.canvas.is_settled, timeout=30_000)
    yield found
    found.close()


def _page(qtbot: QtBot, window: MainWindow) -> TodayPage:
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.workspaces.current == "today", timeout=15_000)
    page = window.workspaces.page("today")
    assert isinstance(page, TodayPage)
    return page


def _button(dialog: QDialog | MainWindow, name: str) -> QPushButton:
    found = dialog.findChild(QPushButton, name)
    assert isinstance(found, QPushButton)
    return found


def _row(dialog: AssignDialog) -> QTreeWidgetItem:
    found = dialog.list.topLevelItem(0)
    assert found is not None
    return found


def test_my_communities_come_returned_ones_first(qtbot: QtBot, window: MainWindow, project: dict[str, str]) -> None:
    page = _page(qtbot, window)
    assert [card.uid for card in page.model.cards] == [project["second"], project["first"]]
    assert [card.state for card in page.model.cards] == ["returned", "not_started"]
    assert page.model.cards[0].left.startswith("退回 1 项")
    assert page.model.cards[1].is_late
    assert "截止 01-01" in page.model.cards[1].until
    assert "2 个小区" in page.head.text()
    assert "尚未同步" in page.sync.text()
    page.mine.setChecked(False)
    qtbot.waitUntil(lambda: len(page.model.cards) == 3, timeout=15_000)


def test_a_new_day_begins_with_today(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.workspaces.current == "today", timeout=60_000)


@pytest.mark.parametrize(
    ("person", "day", "seen"),
    [("李工", "2026-11-28", "today"), ("李工", "2026-11-29", "sync"), ("王工", "2026-11-28", "sync")],
    ids=["yesterday", "the same day", "nothing assigned"],
)
def test_the_project_opens_with_the_day_or_where_it_was_left(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, project: dict[str, str], person: str, day: str, seen: str
) -> None:
    monkeypatch.setattr("ui.place.today", lambda: date(2026, 11, 29))
    place = (str(Path(project["path"])), "sync", project["first"], "", "", "")
    settings = Settings(name=person, login=person, place=place, place_day=day)
    window = MainWindow(settings)
    qtbot.addWidget(window)
    window.show()
    try:
        window.opening.open_project(Path(project["path"]))
        qtbot.waitUntil(lambda: bool(window.today.agenda.reading.drawn), timeout=60_000)
        qtbot.waitUntil(lambda: window.workspaces.current == seen, timeout=60_000)
    finally:
        window.close()


def test_the_position_tells_how_far_it_is(qtbot: QtBot, window: MainWindow, project: dict[str, str]) -> None:
    page = _page(qtbot, window)
    assert not any(card.far for card in page.model.cards)
    with qtbot.waitSignal(window.today.agenda.changed, timeout=15_000):
        window.map_side.positioning.moved.emit(600_050.0, 3_340_450.0, None)
    far = {card.uid: card.far for card in page.model.cards}
    assert far == {project["first"]: "400 m", project["second"]: "2.0 km"}
    assert "2.0 km" in window.today.corner.toolTip()


def test_the_next_thing_is_always_in_sight_and_one_key_away(
    qtbot: QtBot, window: MainWindow, project: dict[str, str]
) -> None:
    assert "牧羊湖小区" in window.today.corner.toolTip()
    with qtbot.waitSignal(window.form.opened, timeout=10_000):
        qtbot.keyClick(window, Qt.Key.Key_F2)
    assert window.form.current is not None
    assert (window.form.current.form_id, window.form.current.community_uid) == ("f04_water", project["second"])


def test_enter_on_a_card_opens_the_community_on_the_map(
    qtbot: QtBot, window: MainWindow, project: dict[str, str]
) -> None:
    page = _page(qtbot, window)
    qtbot.waitUntil(page.cards.hasFocus, timeout=15_000)
    qtbot.keyClick(page.cards, Qt.Key.Key_Down)
    qtbot.keyClick(page.cards, Qt.Key.Key_Return)
    assert window.workspaces.current == "map"
    assert window.forms.uid == project["first"]


def test_the_small_map_shows_the_ground_and_names_the_chosen_one(
    qtbot: QtBot, window: MainWindow, project: dict[str, str]
) -> None:
    page = _page(qtbot, window)
    water = page.map._view().map(QPointF(600_800.0, 3_340_400.0)).toPoint()
    paper = page.map.palette().base().color()

    def colour() -> QColor:
        return page.map.grab().toImage().pixelColor(water * page.map.devicePixelRatio())

    qtbot.waitUntil(lambda: colour() not in [paper, QColor(window.canvas.look.theme.ground)], timeout=15_000)
    light = colour()
    window.set_theme("dark")
    qtbot.waitUntil(lambda: colour().lightness() < light.lightness(), timeout=15_000)
    page.choose(project["first"])
    before = page.map.grab().toImage()
    page.choose(project["second"])
    assert page.map.grab().toImage() != before


def test_a_click_on_the_small_map_marks_the_card(qtbot: QtBot, window: MainWindow, project: dict[str, str]) -> None:
    page = _page(qtbot, window)
    spots = {spot.uid: spot for spot in page.map._spots}
    middle = page.map._view().map(QPointF(*spots[project["first"]].middle))
    qtbot.mouseClick(page.map, Qt.MouseButton.LeftButton, pos=middle.toPoint())
    assert page.cards.currentIndex().data(page.model.UID) == project["first"]


def test_a_completed_record_changes_the_day(qtbot: QtBot, window: MainWindow, project: dict[str, str]) -> None:
    page = _page(qtbot, window)

    def save(_control: object) -> None:
        store = window.holder.store
        (row,) = store.select("f04_water", ["status"])
        store.save(str(row["uid"]), {"status": "complete"})

    window.store_runner.start(save)
    qtbot.waitUntil(lambda: page.model.cards[0].state == "draft", timeout=10_000)


def test_the_report_of_the_day_is_saved_as_text_and_pdf(
    qtbot: QtBot, window: MainWindow, project: dict[str, str], tmp_path: Path
) -> None:
    import pypdfium2

    page = _page(qtbot, window)
    _button(window, "today_report").click()
    shown = window.findChild(ReportDialog)
    assert isinstance(shown, ReportDialog)
    qtbot.waitUntil(lambda: shown.report is not None, timeout=10_000)
    shown.save(tmp_path / "day.txt")
    text = (tmp_path / "day.txt").read_text("utf-8")
    assert day(today(), is_long=True) in text
    assert "牧羊湖小区" in text
    shown.save(tmp_path / "day.pdf")
    with pypdfium2.PdfDocument(tmp_path / "day.pdf") as document:
        assert "牧羊湖小区" in document[0].get_textpage().get_text_range()
    shown.save(tmp_path / "nowhere" / "day.pdf")
    assert "无法写入" in shown.told.text()
    shown.save(tmp_path / "nowhere" / "day.txt")
    assert "无法写入" in shown.told.text()
    shown.day.setDate(shown.day.date().addDays(-3))
    qtbot.waitUntil(lambda: "没有保存" in shown.page.toPlainText(), timeout=10_000)
    shown.accept()
    assert page.isVisible()


def test_an_engineer_gives_many_communities_and_takes_them_back(
    qtbot: QtBot, window: MainWindow, project: dict[str, str]
) -> None:
    _page(qtbot, window)
    _button(window, "today_assign").click()
    shown = window.findChild(AssignDialog)
    assert isinstance(shown, AssignDialog)
    shown.search.setText("ty")  # 天方新村 is found by no such initials
    assert shown.list.topLevelItemCount() == 0
    shown.search.setText("tfxc")
    shown.list.selectAll()
    shown.search.clear()
    shown.list.selectAll()
    assert len(shown.selected()) == 3
    qtbot.keyClick(shown.give, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "谁" in shown.told.text(), timeout=10_000)
    shown.person.setEditText("王工")
    qtbot.keyClick(shown.give, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "已保存" in shown.told.text(), timeout=10_000)
    assert _row(shown).text(2).count("王工") == 1
    shown.list.clearSelection()
    _row(shown).setSelected(True)
    qtbot.keyClick(shown.take, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: _row(shown).text(2) == "", timeout=10_000)
    shown.accept()
    window.close()
    with Store.open(Path(project["path"])) as store:
        assert sum(one.person == "王工" for one in assignments(store)) == 2


def test_without_assignments_everything_is_listed(qtbot: QtBot, window: MainWindow) -> None:
    page = _page(qtbot, window)
    window.name_person("没有任务的人")
    qtbot.waitUntil(lambda: len(page.model.cards) == 3, timeout=15_000)
    assert page.empty.isVisible()
