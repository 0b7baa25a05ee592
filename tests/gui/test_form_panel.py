"""The form on the screen without a store: editors, keyboard, undo, pages, repeats. About 10 s."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from fieldsurvey.errors import InputRefused
from fieldsurvey.store.photos import inspect, take
from survey_forms import Session, load_form
from ui.forms.page import pages_of
from ui.forms.panel import FormPanel
from ui.forms.places import as_odk, measure, read_line, read_position

_FORM = """| survey |
| | type | name | label | appearance | constraint | parameters |
| | begin_group | g | Group one | | | |
| | integer | floors | **Floors** | | . >= 1 and . <= 40 | |
| | select_one ab | lift | Lift | | | |
| | select_multiple ab | many | Many | | | |
| | rank ab | order | Order | | | |
| | range | mark | Mark | rating | | start=1 end=5 step=1 |
| | range | slide | Slide | | | start=0 end=2 step=0.5 |
| | date | built | Built | year | | |
| | time | seen | Seen | | | |
| | geopoint | gate | Gate | | | |
| | geoshape | yard | Yard | | | |
| | acknowledge | sure | Sure | | | |
| | end_group | | | | | |
| | begin_group | h | Group two | | | |
| | begin_repeat | door | Door | | | |
| | text | name | Name | | | |
| | integer | width | Width | | | |
| | end_repeat | | | | | |
| | end_group | | | | | |
| choices |
| | list_name | name | label |
| | ab | a | Yes |
| | ab | b | No |
"""


@pytest.fixture
def panel(qtbot: QtBot, tmp_path: Path) -> FormPanel:
    source = tmp_path / "form.md"
    source.write_text(_FORM, "utf-8")
    found = FormPanel()
    qtbot.addWidget(found)
    found.resize(520, 700)
    found.show()
    found.show_session(Session(load_form(source)), "here", "en")
    qtbot.waitExposed(found)
    return found


def _value(panel: FormPanel, path: str) -> str:
    assert panel.session is not None
    return panel.session.value(path)


def _type(qtbot: QtBot, panel: FormPanel, name: str, text: str) -> None:
    panel.go_to(panel.row(name).path)
    qtbot.keyClicks(panel.row(name).editor.focus, text)


def test_a_number_out_of_range_is_told_with_the_range(qtbot: QtBot, panel: FormPanel) -> None:
    _type(qtbot, panel, "floors", "99")
    assert "1 至 40" in panel.row("floors").error.text()
    assert "<b>Floors</b>" in panel.row("floors").label.text()


def test_digits_choose_and_enter_goes_on(qtbot: QtBot, panel: FormPanel) -> None:
    _type(qtbot, panel, "floors", "6")
    qtbot.keyClick(panel.row("floors").editor.focus, Qt.Key.Key_Return)
    assert panel.current == panel.row("lift").path
    qtbot.keyClick(panel, Qt.Key.Key_2)
    assert _value(panel, panel.row("lift").path) == "b"
    panel.go_to(panel.row("many").path)
    qtbot.keyClick(panel, Qt.Key.Key_1)
    qtbot.keyClick(panel, Qt.Key.Key_2)
    assert _value(panel, panel.row("many").path) == "a b"


def test_ctrl_z_takes_answers_back_and_ctrl_y_does_them_again(qtbot: QtBot, panel: FormPanel) -> None:
    path = panel.row("floors").path
    _type(qtbot, panel, "floors", "12")
    panel.go_to(panel.row("lift").path)
    qtbot.keyClick(panel, Qt.Key.Key_1)
    focus = panel.row("lift").editor.focus
    qtbot.keyClick(focus, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(panel.row("floors").editor.focus, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (_value(panel, path), _value(panel, panel.row("lift").path)) == ("", "")
    assert panel.row("floors").editor.focus.property("text") == ""
    panel.redo()
    assert _value(panel, path) == "12"


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("built", "1986", "1986-01-01"),
        ("seen", "0930", "09:30"),
        ("gate", "30.2，115.04", "30.20000000 115.04000000 0 0"),
    ],
)
def test_what_is_typed_is_kept_in_the_form_of_the_question(
    qtbot: QtBot, panel: FormPanel, name: str, typed: str, kept: str
) -> None:
    line = panel.row(name).editor.focus
    assert isinstance(line, QLineEdit)
    line.insert(typed)
    line.textEdited.emit(typed)
    assert _value(panel, panel.row(name).path) == kept


def test_stars_slider_rank_and_confirmation_answer(panel: FormPanel) -> None:
    assert panel.row("mark").editor.pick(4)
    assert _value(panel, panel.row("mark").path) == "4"
    assert _value(panel, panel.row("slide").path) == ""
    panel.row("slide").editor.focus.setProperty("value", 3)
    assert _value(panel, panel.row("slide").path) == "1.5"
    panel.row("order").editor.move(1)  # type: ignore[attr-defined]
    assert _value(panel, panel.row("order").path) == "b a"
    assert panel.row("sure").editor.pick(1)
    assert _value(panel, panel.row("sure").path) == "OK"


def test_pages_are_groups_and_are_built_when_shown(qtbot: QtBot, panel: FormPanel) -> None:
    assert panel.session is not None
    assert len(pages_of(panel.session)) == panel.pages.count() == 2
    panel.next_page()
    assert panel.pages.currentIndex() == 1


def test_repeat_rows_are_added_copied_moved_removed_and_undone(qtbot: QtBot, panel: FormPanel) -> None:
    panel.next_page()
    (view,) = panel._page().repeat_views()
    before = len(view.model.instances)
    view.add_instance()
    _type(qtbot, panel, "name", "east")
    view.duplicate()
    names = [_value(panel, f"{instance}/name") for instance in view.model.instances]
    assert names[-2:] == ["east", "east"]
    view.remove()
    assert len(view.model.instances) == before + 1
    panel.undo()
    (view,) = panel._page().repeat_views()
    assert len(view.model.instances) == before + 2
    assert _value(panel, f"{view.model.instances[-1]}/name") == "east"


def test_rows_that_come_by_themselves_are_listed_until_one_is_asked_for(panel: FormPanel) -> None:
    panel.next_page()
    (view,) = panel._page().repeat_views()
    before = len(view.model.instances)
    added = [panel.add_row(view.path) for _number in range(3)]
    assert len(view.model.instances) == before + 3
    assert view.rows() == []
    panel.reveal(f"{added[1]}/name")
    assert view.model.instances[view.current()] == added[1]
    assert view.rows()[0].question.name == "name"
    panel.reveal("/nowhere")


def test_an_answer_is_given_to_the_blank_rows_below_as_one_step(qtbot: QtBot, panel: FormPanel) -> None:
    panel.next_page()
    (view,) = panel._page().repeat_views()
    while len(view.model.instances) < 5:
        view.add_instance()
    names = [f"{instance}/name" for instance in view.model.instances]
    panel.set_answer(names[3], "own")
    panel.go_to(names[1])
    qtbot.keyClicks(panel.row("name").editor.focus, "east")
    with qtbot.waitSignal(view.reshaped, timeout=15_000):
        qtbot.keyClick(panel.row("name").editor.focus, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert [_value(panel, name) for name in names] == ["", "east", "east", "own", "east"]
    panel.undo()
    assert [_value(panel, name) for name in names] == ["", "east", "", "own", ""]


def test_positions_are_read_and_measured() -> None:
    assert read_position("E115.04 N30.2") == (115.04, 30.2)
    assert read_position("somewhere") is None
    east_north = read_position("600146.64 3342741.45")
    assert east_north is not None
    assert 115 < east_north[0] < 115.1
    assert read_line(as_odk([(115.0, 30.0), (115.001, 30.0)])) == [(115.0, 30.0), (115.001, 30.0)]
    assert "96." in measure([(115.0, 30.0), (115.001, 30.0)], is_area=False)


def test_a_photo_is_read_upright_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2026:11:24 09:30:00"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4], gps[17] = "N", (30.0, 12.0, 0.0), "E", (115.0, 2.0, 24.0), 90.0
    photo = tmp_path / "a.jpg"
    Image.effect_noise((800, 400), 40).convert("RGB").save(photo, exif=exif)
    facts = inspect(photo)
    assert (facts.taken, facts.direction) == ("2026-11-24 09:30:00", 90)
    assert facts.position == pytest.approx((115.04, 30.2))
    upright = QImage.fromData(take(photo.read_bytes(), "a.jpg", (220,))[1][220])
    assert upright.height() > upright.width()
    (tmp_path / "b.jpg").write_bytes(photo.read_bytes()[:2000])
    with pytest.raises(InputRefused, match="已损坏"):
        inspect(tmp_path / "b.jpg")
    (tmp_path / "c.jpg").write_bytes(b"no photo")
    with pytest.raises(InputRefused, match="不是照片"):
        inspect(tmp_path / "c.jpg")
    Image.new("RGB", (64, 64)).save(tmp_path / "d.heic", format="HEIF")
    assert inspect(tmp_path / "d.heic").mime == "image/heic"


def test_a_place_is_picked_on_the_map(qtbot: QtBot, panel: FormPanel) -> None:
    from ui.map.canvas import MapCanvas
    from ui.map.picking import MapPicker

    canvas = MapCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(300, 300)
    canvas.show()
    picker = MapPicker(canvas, lambda: "EPSG:4547")
    with qtbot.waitSignal(picker.picked, timeout=15_000) as got:
        picker.start("point")
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(150, 100))
    assert got.args == [[canvas.view.to_world(150, 100)]]
    assert canvas.tool is None
    picker.start("line")
    for x in (100, 150, 200):
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(x, 100))
    qtbot.keyClick(canvas, Qt.Key.Key_Backspace)
    with qtbot.waitSignal(picker.picked, timeout=15_000) as got:
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert len(got.args[0]) == 2
    picker.start("line", got.args[0])  # what is answered already can be gone on from
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    with qtbot.waitSignal(picker.picked, timeout=15_000) as longer:
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert longer.args[0][:2] == got.args[0]
    picker.start("point")
    with qtbot.waitSignal(picker.cancelled, timeout=15_000) as left:
        qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert left.args == [True]
    canvas.close_renderer()


def test_the_next_problem_is_found(qtbot: QtBot, panel: FormPanel) -> None:
    _type(qtbot, panel, "floors", "x")
    panel.next_page()
    panel.next_problem()
    assert panel.current == panel.row("floors").path
