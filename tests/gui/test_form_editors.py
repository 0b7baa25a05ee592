"""Every kind and appearance by keyboard; the list of what is missing; tables, pictures, image maps. About 20 s."""

from pathlib import Path

import pytest
import shiboken6
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QRadioButton
from pytestqt.qtbot import QtBot

from survey_forms import Session, load_form
from ui import theme
from ui.forms.choosing import ListChecksEditor, MapChoiceEditor
from ui.forms.grids import GridEditor, TableHead
from ui.forms.imagemap import ImageMapEditor
from ui.forms.panel import FormPanel
from ui.forms.ranges import SliderEditor
from ui.forms.row import Row
from ui.forms.times import CalendarDateEditor

_FORM = """| survey |
| | type | name | label | appearance | required | constraint | parameters | media::image |
| | begin_group | g | G | | | | | |
| | text | plain | Plain | | yes | | | |
| | text | meter | Meter | numbers | | | | |
| | integer | cost | Cost | thousands-sep | | . <= 90000 | | |
| | decimal | depth | Depth | | | . <= 5.5 | | |
| | integer | lifts | Lifts | counter | | | | |
| | decimal | facing | Facing | bearing | | | | |
| | range | level | Level | vertical no-ticks | | | start=0 end=2 step=0.5 | |
| | date | built | Built | | | | | |
| | date | begun | Begun | ethiopian | | | | |
| | range | mood | Mood | | | | start=1 end=5 step=1 placeholder=3 tick_labelset=moods | |
| | select_one ab | fast | Fast | quick | | | | |
| | select_one ab | roof | Roof | no-buttons columns-2 | | | | |
| | select_multiple ab | many | Many | columns | | | | |
| | select_multiple parts | harm | Harm | image-map | | | | house.svg |
| | select_one_from_file gates.geojson | gate | Gate | map | | | | |
| | select_one ab | short | Short | minimal | | | | |
| | select_multiple ab | found | Found | autocomplete | | | | |
| | end_group | | | | | | | |
| | begin_group | t | Table | table-list | | | | |
| | select_one ab | first | First | | yes | | | |
| | select_one ab | second | Second | | | | | |
| | end_group | | | | | | | |
| | begin_group | r | Rest | | | | | |
| | integer | long | Long | w6 | | | | |
| | integer | wide | Wide | w6 | | | | |
| | begin_repeat | house | House | | | | | |
| | begin_repeat | unit | Unit | | | | | |
| | integer | homes | Homes | | | | | |
| | end_repeat | | | | | | | |
| | end_repeat | | | | | | | |
| | end_group | | | | | | | |
| choices |
| | list_name | name | label | media::image |
| | ab | a | Yes | a.png |
| | ab | b | No | |
| | moods | 1 | Bad | |
| | moods | 5 | Good | |
| | parts | roof | Roof | |
| | parts | wall | Wall | |
"""
_SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 160"><path id="roof" d="M20 70 L100 15 L180 70 Z"/>
<rect id="wall" x="35" y="70" width="130" height="80"/></svg>"""
_GATES = """{"type": "FeatureCollection", "features": [
{"type": "Feature", "properties": {"id": "east", "title": "East"},
 "geometry": {"type": "Point", "coordinates": [115.2, 30.2]}},
{"type": "Feature", "properties": {"id": "west", "title": "West"},
 "geometry": {"type": "Point", "coordinates": [115.0, 30.2]}}
]}"""


@pytest.fixture
def panel(qtbot: QtBot, tmp_path: Path) -> FormPanel:
    for name, text in (("form.md", _FORM), ("house.svg", _SVG), ("gates.geojson", _GATES)):
        (tmp_path / name).write_text(text, "utf-8")
    Image.new("RGB", (40, 30), "teal").save(tmp_path / "a.png")
    found = FormPanel()
    qtbot.addWidget(found)
    found.resize(480, 700)
    found.show()
    found.show_session(Session(load_form(tmp_path / "form.md")), "here", "en")
    qtbot.waitExposed(found)
    return found


def _go(panel: FormPanel, name: str) -> Row:
    panel.go_to(panel.row(name).path)
    return panel.row(name)


def _value(panel: FormPanel, name: str) -> str:
    assert panel.session is not None
    return panel.session.value(panel.row(name).path)


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("plain", "枫叶山", "枫叶山"),
        ("meter", "12a3", "123"),
        ("cost", "12345", "12345"),
        ("depth", "１，5", "1.5"),
        ("depth", "1。5", "1.5"),
        ("lifts", "4", "4"),
        ("facing", "270", "270"),
        ("built", "2026年9月5日", "2026-09-05"),
        ("begun", "2017-03-25", "2024-12-04"),
        ("begun", "2017-01-31", "?2017-01-31"),
        ("fast", "2", "b"),
        ("roof", "1", "a"),
        ("many", "12", "a b"),
        ("harm", "2", "wall"),
        ("gate", "2", "west"),
        ("short", "2", "b"),
        ("found", "12", "a b"),
    ],
)
def test_each_is_answered_by_keyboard(qtbot: QtBot, panel: FormPanel, name: str, typed: str, kept: str) -> None:
    row = _go(panel, name)
    for letter in typed:
        focus = row.editor.focus
        if isinstance(focus, QLineEdit) and not letter.isascii():
            focus.insert(letter)
            focus.textEdited.emit(focus.text())
        else:
            qtbot.keyClicks(focus, letter)
    assert _value(panel, name) == kept


def test_tab_visits_every_question_in_the_order_of_the_paper(qtbot: QtBot, panel: FormPanel) -> None:
    rows = [row.path for row in panel.rows() if row.takes_focus()]
    panel.go_to(rows[0])
    seen = [panel.current]
    for _step in rows[1:]:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        seen.append(panel.current)
    assert seen == rows
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Backtab)
    assert panel.current == rows[-2]


def test_enter_goes_on_from_every_question_and_ctrl_enter_to_the_next_page(qtbot: QtBot, panel: FormPanel) -> None:
    rows = [row.path for row in panel.rows() if row.takes_focus()]
    panel.go_to(rows[0])
    for path in rows[1:]:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
        assert panel.current == path
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert panel.pages.currentIndex() == 1


def test_thousands_stand_apart_while_the_cursor_is_elsewhere(qtbot: QtBot, panel: FormPanel) -> None:
    row = _go(panel, "cost")
    qtbot.keyClicks(row.editor.focus, "1234567")
    assert "90000" in row.error.text()
    _go(panel, "depth")
    assert row.editor.focus.property("text") == "1,234,567"
    _go(panel, "cost")
    assert row.editor.focus.property("text") == "1234567"
    assert _value(panel, "cost") == "1234567"


def test_a_quick_choice_goes_on_by_itself(qtbot: QtBot, panel: FormPanel) -> None:
    row = _go(panel, "fast")
    qtbot.keyClick(row.editor.focus, Qt.Key.Key_1)
    assert panel.current == panel.row("roof").path


def test_choices_have_their_pictures(panel: FormPanel) -> None:
    editor = panel.row("roof").editor
    assert isinstance(editor, GridEditor)
    assert not editor.focus.icon().isNull()  # type: ignore[attr-defined]


def test_areas_of_a_drawing_are_chosen_by_click(qtbot: QtBot, panel: FormPanel) -> None:
    editor = panel.row("harm").editor
    assert isinstance(editor, ImageMapEditor)
    assert editor.drawing is not None
    scale = editor.drawing.width() / 200
    for x, y in ((100, 50), (100, 110)):
        qtbot.mouseClick(editor.drawing, Qt.MouseButton.LeftButton, pos=QPoint(round(x * scale), round(y * scale)))
    assert _value(panel, "harm") == "roof wall"
    qtbot.mouseClick(editor.drawing, Qt.MouseButton.LeftButton, pos=QPoint(round(30 * scale), round(20 * scale)))
    qtbot.mouseClick(editor.drawing, Qt.MouseButton.LeftButton, pos=QPoint(round(100 * scale), round(50 * scale)))
    assert _value(panel, "harm") == "wall"


def test_the_nearest_choice_on_the_map_is_taken(panel: FormPanel) -> None:
    editor = panel.row("gate").editor
    assert isinstance(editor, MapChoiceEditor)
    panel.put_place(panel.row("gate").path, [(115.05, 30.3)])
    assert _value(panel, "gate") == "west"


def test_a_table_of_choices_has_one_head_and_aligned_columns(qtbot: QtBot, panel: FormPanel) -> None:
    row = _go(panel, "first")
    head = next(other for other in panel.rows() if isinstance(other.editor, TableHead))
    assert not head.takes_focus()
    buttons = [panel.row(name).editor.widget.findChildren(QRadioButton) for name in ("first", "second")]
    lefts = [[button.mapTo(panel, QPoint()).x() for button in of_row] for of_row in buttons]
    assert lefts[0] == lefts[1]
    qtbot.keyClick(row.editor.focus, Qt.Key.Key_2)
    assert _value(panel, "first") == "b"


def test_the_list_of_what_is_missing_leads_there(qtbot: QtBot, panel: FormPanel) -> None:
    assert panel.show_problems() == 2
    entries = [path for path, _message in panel.list.entries.entries]
    assert entries[:2] == [panel.row("plain").path, panel.row("first").path]
    assert panel.row("meter").path in entries
    panel.show_page(0)
    panel.list.setFocus()
    panel.list.setCurrentIndex(panel.list.entries.index(1))
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert panel.current == panel.row("first").path
    qtbot.keyClick(panel.row("first").editor.focus, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: len(panel.list.entries.entries) == len(entries) - 1, timeout=15_000)
    qtbot.keyClick(panel.list, Qt.Key.Key_Escape)
    assert panel.current == panel.row("first").path


def test_lists_lie_in_lists(qtbot: QtBot, panel: FormPanel) -> None:
    assert panel.session is not None
    outer = next(repeat for repeat in panel.session.form.repeats() if repeat.name == "house")
    house = panel.add_row(outer.path)
    unit = panel.add_row(f"{house}/unit")
    panel.go_to(f"{unit}/homes")
    qtbot.keyClicks(panel.row("homes").editor.focus, "12")
    assert panel.session.value(f"{unit}/homes") == "12"


def test_questions_stand_beside_each_other_where_there_is_width(qtbot: QtBot, panel: FormPanel) -> None:
    panel.resize(900, 700)
    _go(panel, "long")
    qtbot.waitUntil(lambda: _top(panel, "long") == _top(panel, "wide"), timeout=15_000)
    panel.resize(380, 700)
    qtbot.waitUntil(lambda: _top(panel, "long") < _top(panel, "wide"), timeout=15_000)


def _top(panel: FormPanel, name: str) -> int:
    return panel.row(name).mapTo(panel, QPoint()).y()


def test_targets_are_large_for_touch(qtbot: QtBot, panel: FormPanel) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before = app.font(), app.palette()
    try:
        theme.prepare(app, "light", "")
        theme.dress(panel, "light", touch=True)
        qtbot.waitUntil(lambda: panel.row("plain").editor.focus.height() >= 44, timeout=15_000)
        assert min(button.height() for button in (panel.next, panel.draft)) >= 44
        assert _go(panel, "roof").editor.focus.height() >= 44
    finally:
        app.setFont(before[0])
        app.setPalette(before[1])


def test_a_range_names_its_values_and_rests_at_its_placeholder(panel: FormPanel) -> None:
    editor = panel.row("mood").editor
    assert isinstance(editor, SliderEditor)
    assert (editor.slider.value(), editor.value.text(), _value(panel, "mood")) == (2, "—", "")
    assert set(editor._ticks._labels.values()) == {"Bad", "Good"}
    editor.slider.setValue(4)
    assert (editor.value.text(), _value(panel, "mood")) == ("5 Good", "5")
    editor.clear()
    assert (editor.slider.value(), _value(panel, "mood")) == (2, "")


def test_a_date_of_another_calendar_is_told_in_both(panel: FormPanel) -> None:
    editor = panel.row("begun").editor
    assert isinstance(editor, CalendarDateEditor)
    panel.set_answer(panel.row("begun").path, "2024-12-04")
    assert editor.line.text() == "2017-03-25"
    assert "2024-12-04" in editor.told.text()
    panel.set_answer(panel.row("begun").path, "")
    assert (editor.line.text(), "年-月-日" in editor.told.text()) == ("", True)


def test_a_list_whose_choices_follow_from_its_own_answer_outlives_the_tick(qtbot: QtBot, tmp_path: Path) -> None:
    rows = "".join(f"| | states | s{n} | 状态{n} |\n" for n in range(12))
    source = tmp_path / "states.md"
    source.write_text(
        "| survey |\n| | type | name | label | choice_filter | appearance |\n"
        "| | select_multiple states | state | State | name = 's0' or not(selected(${state}, 's0')) | autocomplete |\n"
        f"| choices |\n| | list_name | name | label |\n{rows}| settings |\n| | form_id | version |\n| | states | 1 |\n",
        "utf-8",
    )
    panel = FormPanel()
    qtbot.addWidget(panel)
    panel.show_session(Session(load_form(source)), "here", "en")
    panel.show()
    editor = panel.row("state").editor
    assert isinstance(editor, ListChecksEditor)
    entry = editor.list.item(0)
    entry.setCheckState(Qt.CheckState.Checked)
    assert shiboken6.isValid(entry)  # Qt is not done with it yet
    qtbot.waitUntil(lambda: editor.list.count() == 1, timeout=15_000)
    assert panel.session is not None
    assert panel.session.value("/data/state") == "s0"


def _is_in_sight(row: Row) -> bool:
    return not row.visibleRegion().isEmpty()


def test_the_question_with_the_cursor_stays_in_sight_when_the_panel_changes(qtbot: QtBot, panel: FormPanel) -> None:
    rows = panel.rows()
    last = rows[-1]
    panel.go_to(last.path)
    qtbot.waitUntil(lambda: _is_in_sight(last), timeout=15_000)
    panel.resize(380, 400)
    qtbot.waitUntil(lambda: panel.area.viewport().height() < 400 and _is_in_sight(last), timeout=15_000)
    panel.resize(900, 700)
    qtbot.waitUntil(lambda: panel.area.viewport().width() > 800 and _is_in_sight(last), timeout=15_000)


def test_who_scrolls_away_from_the_cursor_is_not_brought_back(qtbot: QtBot, panel: FormPanel) -> None:
    rows, bar = panel.rows(), panel.area.verticalScrollBar()
    panel.go_to(rows[-1].path)
    qtbot.waitUntil(lambda: bar.value() > 0, timeout=15_000)
    bar.triggerAction(bar.SliderAction.SliderToMinimum)
    panel.resize(470, 640)
    qtbot.wait(100)
    assert bar.value() == 0
    assert _is_in_sight(rows[0])
