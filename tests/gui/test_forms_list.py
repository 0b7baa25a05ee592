"""The list of forms of a community: what is needed, what is wrong, and forms of one's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from survey_forms import shelf
from survey_forms.records import COMPLETE, DRAFT, Subject, open_form, save_record
from tests.builders import add_community, make_project
from ui.app import build
from ui.forms.adding import AddFormDialog
from ui.forms.newer import MoveUpDialog
from ui.main_window import MainWindow

OWN = """| survey | | | |
| | type | name | label |
| | text | head | 户主 |
| | integer | people | 人数 |
{more}
| settings | | | |
| | form_id | version | form_title |
| | census | {version} | 入户普查 |
"""


def own(folder: Path, version: str, more: str = "") -> Path:
    source = folder / f"census{version}.md"
    source.write_text(OWN.format(version=version, more=more), "utf-8")
    return source


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        uid = add_community(store)
        building = store.create_record("building", {"community_uid": uid, "name": "3栋", "floors": 6})
        store.create_record("stairwell", {"community_uid": uid, "building_uid": building, "unit": "1单元"})
        begun = open_form(store, Subject("f04_water", uid, uid))
        begun.session.answer("/data/main_dn", "100")
        save_record(store, begun, DRAFT)
        shelf.add(store, shelf.prepare(own(tmp_path, "1")))
        old = open_form(store, Subject("form_census", uid, uid))
        old.session.answer("/data/people", "5")
        save_record(store, old, COMPLETE)
    found = build(path)
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(lambda: found.project.current is not None, timeout=20_000)
    qtbot.waitUntil(found.canvas.is_settled, timeout=30_000)
    found.choose_community(uid)
    qtbot.waitUntil(lambda: found.findChild(QPushButton, "problems_open_f04_water") is not None, timeout=20_000)
    yield found
    found.close()


def click(window: MainWindow, name: str) -> None:
    found = window.forms.findChild(QPushButton, name)
    assert isinstance(found, QPushButton), name
    found.click()


def test_one_click_leads_to_the_first_problem(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.form.opened, timeout=20_000):
        click(window, "problems_open_f04_water")
    session = window.form_panel.session
    assert session is not None
    assert window.form_panel.current == session.problems()[0].path


def test_buildings_and_forms_with_many_records_are_listed(qtbot: QtBot, window: MainWindow) -> None:
    click(window, "open_f02_building")
    texts = [found.text() for found in window.forms.findChildren(QPushButton)]
    assert any("3栋" in text for text in texts)
    click(window, "open_f21_issue")
    with qtbot.waitSignal(window.form.opened, timeout=20_000):
        click(window, f"new_f21_issue_{window.forms.uid}")
    first = window.form.current
    assert first is not None
    assert first.record_uid
    with qtbot.waitSignal(window.form.saved, timeout=20_000):
        window.form_panel.draft_clicked.emit()
    window.form.close()
    qtbot.waitUntil(lambda: has_entry(window, first.community_uid, "f21_issue"), timeout=15_000)
    with qtbot.waitSignal(window.form.opened, timeout=20_000):
        click(window, f"new_f21_issue_{window.forms.uid}")
    assert window.form.current is not None
    assert window.form.current.record_uid != first.record_uid, "a second record, not the first one again"


def has_entry(window: MainWindow, community: str, form: str) -> bool:
    current = window.project.current
    return current is not None and current.progress[community].beside[form].entries != ()


def test_a_form_of_ones_own_comes_in_and_a_newer_one_is_offered(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    newer = own(tmp_path, "2", "| | text | tel | 电话 |")
    window.shelf.add(newer)
    qtbot.waitUntil(lambda: window.findChild(AddFormDialog) is not None, timeout=20_000)
    adding = window.findChild(AddFormDialog)
    assert adding is not None
    adding.accept()
    qtbot.waitUntil(lambda: "入户普查" in window.forms.told.text(), timeout=20_000)
    with qtbot.waitSignal(window.form.opened, timeout=20_000):
        click(window, "open_form_census")
    qtbot.waitUntil(lambda: window.findChild(MoveUpDialog) is not None, timeout=20_000)
    dialog = window.findChild(MoveUpDialog)
    assert isinstance(dialog, MoveUpDialog)
    cells = [dialog.table.item(row, 1) for row in range(dialog.table.rowCount())]
    assert [cell.text() for cell in cells if cell is not None] == ["电话"]
    assert window.form_panel.session is not None
    assert window.form_panel.session.form.version == "1", "nothing changes unless it is asked for"
    dialog.accept()
    assert window.form_panel.session.form.version == "2"
    assert window.form_panel.session.value("/data/people") == "5"


def test_a_file_that_is_no_form_is_told(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing")
    window.shelf.add(tmp_path / "broken.xlsx")
    qtbot.waitUntil(
        lambda: "broken.xlsx" in window.forms.told.text() and len(window.forms.told.text()) > 20, timeout=15_000
    )
