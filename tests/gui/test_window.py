"""The real window on a real project: choose, fill in, refuse, keep, complete, plan, close."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import shapely
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QPushButton, QRadioButton
from pytestqt.qtbot import QtBot

from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from fieldsurvey.sync.session import sync
from survey_forms.records import Subject
from tests.builders import make_project
from ui.app import build
from ui.main_window import MainWindow


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, str]:
    """Return a project with the forms and two communities."""
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        uids = []
        for number, name in enumerate(("枫叶山小区", "牧羊湖小区")):
            geom = bytes(
                shapely.to_wkb(shapely.box(600_000 + 300 * number, 3_340_000, 600_200 + 300 * number, 3_340_200))
            )
            values: dict[str, Value] = {
                "name": name,
                "code": f"HS{number}",
                "geom": geom,
                "household_count": 100,
                "gas": "瓶装气",
            }
            uids.append(store.create_record("community", values))
    return path, uids[0]


@pytest.fixture
def window(qtbot: QtBot, project: tuple[Path, str]) -> Iterator[MainWindow]:
    found = build(project[0])
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(lambda: found.project.current is not None, timeout=15_000)
    qtbot.waitUntil(found.canvas.is_settled, timeout=30_000)
    yield found
    found.close()


def _line(window: MainWindow, name: str) -> QLineEdit:
    widget = window.form_panel.row(name).editor.focus
    assert isinstance(widget, QLineEdit)
    return widget


def _open(qtbot: QtBot, window: MainWindow, form: str, uid: str) -> None:
    with qtbot.waitSignal(window.form.opened, timeout=10_000):
        window.open_form(Subject(form, uid, uid))


def _button(window: MainWindow, name: str) -> QPushButton:
    found = window.findChild(QPushButton, name)
    assert isinstance(found, QPushButton)
    return found


def test_search_by_pinyin_initials_finds_and_opens(qtbot: QtBot, window: MainWindow, project: tuple[Path, str]) -> None:
    window.communities.search.setFocus()
    qtbot.keyClicks(window.communities.search, "fys")
    qtbot.keyClick(window.communities.search, Qt.Key.Key_Return)  # pinyin may come a moment later
    qtbot.waitUntil(lambda: window.forms.uid == project[1], timeout=15_000)
    assert window.communities.model.rowCount() == 1


def test_a_click_on_the_map_selects_the_community_under_it(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str]
) -> None:
    x, y = window.canvas.view.to_screen(600_100, 3_340_100)
    with qtbot.waitSignal(window.canvas.community_picked, timeout=15_000) as picked:
        qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=_point(x, y))
    assert picked.args == [project[1]]
    assert window.communities.current() == project[1]


def test_the_map_follows_a_community_picked_in_the_list_only_if_it_does_not_show_it(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str]
) -> None:
    def pick() -> None:
        view = window.communities.list
        place = view.visualRect(window.communities.model.index(window.communities.model.row_of(project[1]))).center()
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)

    shown = window.canvas.view
    pick()
    assert window.canvas.view == shown
    window.canvas.show_view(replace(shown, east=shown.east + 100_000))
    pick()
    assert window.canvas.view.metres == shown.metres
    box = window.canvas.view.box()
    assert box[0] < 600_000
    assert box[2] > 600_200
    window.canvas.show_view(replace(shown, metres=shown.metres / 50))
    pick()
    box = window.canvas.view.box()
    assert box[0] < 600_000
    assert box[2] > 600_200


def _point(x: float, y: float) -> QPoint:
    return QPoint(round(x), round(y))


def test_a_wrong_number_is_told_kept_and_not_completed(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str]
) -> None:
    path, uid = project
    _open(qtbot, window, "f04_water", uid)
    with qtbot.waitSignal(window.form.kept, timeout=15_000):
        qtbot.keyClicks(_line(window, "main_dn"), "12..")
    assert "整数" in window.form_panel.row("main_dn").error.text()
    qtbot.mouseClick(_button(window, "form_complete"), Qt.MouseButton.LeftButton)
    assert "还不能完成" in window.form_panel.status.text()
    window.close()
    with Store.open(path) as store:
        assert store.count("f04_water") == 0
        kept = store.draft(f"f04_water:{uid}")
    assert kept is not None
    assert "12.." in kept[0]


@pytest.mark.parametrize("typed", ["0.15", "0,15", "０．１５"])
def test_what_is_typed_is_saved_as_a_number(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str], typed: str
) -> None:
    path, uid = project
    _open(qtbot, window, "f04_water", uid)
    _line(window, "pressure_top").setFocus()
    _line(window, "pressure_top").insert(typed)
    _line(window, "pressure_top").textEdited.emit(_line(window, "pressure_top").text())
    with qtbot.waitSignal(window.form.saved, timeout=10_000):
        qtbot.mouseClick(_button(window, "form_draft"), Qt.MouseButton.LeftButton)
    window.close()
    with Store.open(path) as store:
        (row,) = store.select("f04_water", ["pressure_top", "status"])
    assert (row["pressure_top"], row["status"]) == (0.15, "draft")


def test_a_draft_is_restored_when_the_form_is_opened_again(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str]
) -> None:
    _open(qtbot, window, "f04_water", project[1])
    window.form_panel.go_to("/data/main_dn")
    qtbot.keyClicks(_line(window, "main_dn"), "1x")
    with qtbot.waitSignal(window.form.closed, timeout=15_000):
        qtbot.keyClick(window.form_panel, Qt.Key.Key_Escape)
    _open(qtbot, window, "f04_water", project[1])
    assert _line(window, "main_dn").text() == "1x"
    qtbot.waitUntil(lambda: window.form_panel.current == "/data/main_dn", timeout=15_000)
    assert "已恢复" in window.form_panel.status.text()


def test_a_question_appears_when_it_is_asked(qtbot: QtBot, window: MainWindow, project: tuple[Path, str]) -> None:
    _open(qtbot, window, "f04_water", project[1])
    assert window.form_panel.row("tank_cond").isHidden()
    yes = window.form_panel.row("secondary").findChild(QRadioButton, "yes")
    assert isinstance(yes, QRadioButton)
    yes.click()
    assert not window.form_panel.row("tank_cond").isHidden()


def test_the_form_speaks_english_at_a_click(qtbot: QtBot, window: MainWindow, project: tuple[Path, str]) -> None:
    _open(qtbot, window, "f04_water", project[1])
    window.form_panel.translate.click()
    assert "Main diameter" in window.form_panel.row("main_dn").label.text()


@pytest.mark.parametrize("theme", ["dark", "sun", "light"])
def test_every_theme_can_be_worn(qtbot: QtBot, window: MainWindow, theme: str) -> None:
    window.set_theme(theme)
    qtbot.waitUntil(window.canvas.is_settled, timeout=10_000)
    assert window.settings.theme == theme


def test_a_missing_project_is_told_on_the_start_page(qtbot: QtBot, tmp_path: Path) -> None:
    window = build(tmp_path / "no.gpkg")
    qtbot.addWidget(window)
    qtbot.waitUntil(lambda: "没有项目文件" in window.start.message.text(), timeout=10_000)
    window.close()


def test_the_totals_stand_beside_the_plan(window: MainWindow) -> None:
    assert "214" in window.communities.totals.text()
    assert "≠" in window.communities.totals.text()


def test_edits_bear_the_name_that_was_given(qtbot: QtBot, window: MainWindow, project: tuple[Path, str]) -> None:
    """Even while something long has the store thread: the name goes as fast as the save that follows it."""
    is_typed = threading.Event()

    def long(control: JobControl) -> None:
        is_typed.wait(10)
        control.step(1, 1, "")

    window.store_runner.start(long)
    window.start.person.setText("王工")
    window.start.person.editingFinished.emit()
    assert window.told["person"].text() == "王工"
    window.store_runner.start(lambda _c: window.holder.store.save(project[1], {"plan_year": 2027}), quick=True)
    is_typed.set()
    window.close()
    with Store.open(project[0]) as store:
        assert store.history(project[1])[-1].actor == "王工"


def test_a_project_is_received_from_a_stick(qtbot: QtBot, project: tuple[Path, str], tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    with Store.open(project[0]) as store:
        sync(store, str(stick))
    window = build()
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitSignal(window.project.opened, timeout=20_000):
        window.opening.take_project(str(stick), "", tmp_path / "mine.gpkg")
    assert window.communities.model.rowCount() == 2
    window.close()


def test_an_empty_stick_is_told_and_leaves_no_file(qtbot: QtBot, tmp_path: Path) -> None:
    window = build()
    qtbot.addWidget(window)
    window.show()
    (tmp_path / "stick").mkdir()
    with qtbot.waitSignal(window.project.failed, timeout=20_000):
        window.opening.take_project(str(tmp_path / "stick"), "", tmp_path / "mine.gpkg")
    assert "还没有项目" in window.start.message.text()
    assert not (tmp_path / "mine.gpkg").exists()
    window.close()


def test_forms_that_decide_nothing_can_be_filled_in_too(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str]
) -> None:
    window.choose_community(project[1])
    qtbot.waitUntil(lambda: window.forms.findChild(QPushButton, "open_f05_drainage") is not None, timeout=15_000)
    with qtbot.waitSignal(window.form.opened, timeout=10_000):
        _button(window, "open_f05_drainage").click()
    assert "排水" in window.form_panel.title.text()
    assert window.project.current is not None
    assert window.project.current.progress[project[1]].total == 4  # bottled gas, and no house of four storeys


def test_a_name_typed_just_before_a_project_is_opened_counts(qtbot: QtBot, project: tuple[Path, str]) -> None:
    window = build()
    qtbot.addWidget(window)
    window.show()
    window.start.person.setText("王工")
    with qtbot.waitSignal(window.project.opened, timeout=20_000):
        window.opening.open_project(project[0])
    assert window.told["person"].text() == "王工"
    with qtbot.waitSignal(window.form.opened, timeout=10_000):
        window.open_form(Subject("f04_water", project[1], project[1]))
    assert _line(window, "surveyor").text() == "王工"
    window.close()


def test_what_is_typed_while_the_form_is_read_again_is_kept(
    qtbot: QtBot, window: MainWindow, project: tuple[Path, str]
) -> None:
    path, uid = project
    _open(qtbot, window, "f04_water", uid)
    window.open_form(Subject("f04_water", uid, uid))
    qtbot.keyClicks(_line(window, "main_dn"), "150")  # the reading of the second opening is still under way
    qtbot.waitUntil(window.form.is_kept, timeout=15_000)
    qtbot.wait(300)
    assert _line(window, "main_dn").text() == "150"
    window.close()
    with Store.open(path) as store:
        kept = store.draft(f"f04_water:{uid}")
    assert kept is not None
    assert "150" in kept[0]


def test_the_state_line_tells_how_far_the_map_is(qtbot: QtBot, project: tuple[Path, str]) -> None:
    window = build(project[0])
    qtbot.addWidget(window)
    told: list[tuple[int, int, str]] = []
    window.project.map_building.connect(lambda done, total: told.append((done, total, window.told["building"].text())))
    qtbot.waitUntil(lambda: bool(told) and told[-1][1] == 0, timeout=30_000)
    assert told[-2:] == [(2, 2, ""), (0, 0, "")]  # what comes together before is told as its last
    window.project.map_building.emit(1, 4)
    assert window.told["building"].text() == "正在整理地图 25 %"
    window.close()
