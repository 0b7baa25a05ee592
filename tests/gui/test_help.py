"""Help: F1 opens the page that fits, the manual is searched, pictures are there, tips and tutorial."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QAction, QTextBlock
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from fieldsurvey.i18n import LANGUAGES, set_language
from survey_forms.records import Subject
from tests.builders import add_community, make_project
from tests.conftest import ROOT
from ui.app import build
from ui.help import pages
from ui.help.tips import TIPS
from ui.help.tutorial import STEPS
from ui.help.window import HelpWindow
from ui.main_window import MainWindow

_FOLDER = Path(pages.__file__).parent


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        uid = add_community(store)
    return path, uid


@pytest.fixture
def window(qtbot: QtBot, project: tuple[Path, str]) -> Iterator[MainWindow]:
    found = build(project[0])
    qtbot.addWidget(found)
    found.resize(1366, 768)
    found.show()
    qtbot.waitUntil(lambda: found.project.current is not None, timeout=15_000)
    qtbot.waitUntil(found.canvas.is_settled, timeout=30_000)
    yield found
    found.close()


def _manual(window: MainWindow) -> HelpWindow:
    found = window.findChild(HelpWindow)
    assert isinstance(found, HelpWindow)
    return found


def _help(window: MainWindow) -> str:
    action = window.findChild(QAction, "action_help")
    assert isinstance(action, QAction)
    assert action.shortcut().toString() == "F1"
    action.trigger()
    return _manual(window).name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_there_with_its_pictures_and_links(language: str) -> None:
    folder = _FOLDER / language
    assert {path.stem for path in folder.glob("*.md")} == set(pages.NAMES)
    for path in folder.glob("*.md"):
        text = path.read_text("utf-8")
        assert text.startswith("# ")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert (folder / target).is_file(), f"{path.name}: {target}"
    pictures = list((folder / "pictures").glob("*.png"))
    assert len(pictures) >= 10
    assert sum(picture.stat().st_size for picture in pictures) < 1_500_000
    used = {
        name for path in folder.glob("*.md") for name in re.findall(r"pictures/(\w+\.png)", path.read_text("utf-8"))
    }
    assert {picture.name for picture in pictures} == used


def test_both_languages_say_the_same_much() -> None:
    for name in pages.NAMES:
        parts = [(_FOLDER / language / f"{name}.md").read_text("utf-8") for language in LANGUAGES]
        heads = [
            [line.split(" ")[0] for line in part.splitlines() if line.startswith(("#", "- ", "1."))] for part in parts
        ]
        assert heads[0] == heads[1], name


def test_every_workspace_has_a_page_and_a_tip(window: MainWindow) -> None:
    assert set(window.workspaces.names) <= set(pages.NAMES)
    assert set(window.workspaces.names) <= set(TIPS)


def test_f1_opens_the_page_of_what_is_being_done(qtbot: QtBot, window: MainWindow, project: tuple[Path, str]) -> None:
    for name in window.workspaces.names:
        window.show_workspace(name)
        assert _help(window) == name
    window.show_workspace("map")
    with qtbot.waitSignal(window.form.opened, timeout=10_000):
        window.open_form(Subject("f04_water", project[1], project[1]))
    window.activateWindow()
    window.form_panel.row("remarks").editor.focus.setFocus()
    qtbot.waitUntil(lambda: window.help.page_name() == "form", timeout=15_000)
    assert _help(window) == "form"
    assert "填表" in _manual(window).text.toPlainText()
    _manual(window).text.anchorClicked.emit(QUrl("today.md"))
    window.show_start()
    assert _help(window) == "start"


def test_the_manual_is_searched(qtbot: QtBot, window: MainWindow) -> None:
    manual = window.help.show_page("index")
    qtbot.keyClicks(manual.search, "USB")
    manual.search.setText("登记码")
    assert manual.list.count() == 1
    qtbot.keyClick(manual.search, Qt.Key.Key_Return)
    assert manual.name == "sync"
    manual.search.setText("没有这样的词语")
    assert "没有" in manual.list.item(0).text()
    manual.search.clear()
    assert manual.list.count() == len(pages.NAMES)


@pytest.mark.parametrize("width", [760, 980])
def test_no_picture_is_wider_than_its_page(qtbot: QtBot, window: MainWindow, width: int) -> None:
    manual = HelpWindow(window)
    qtbot.addWidget(manual)
    manual.show()
    manual.show_page("map")
    manual.resize(width, 680)
    qtbot.wait(100)
    assert manual.text.document().size().height() > 680
    assert not manual.text.horizontalScrollBar().isVisible()


def test_the_text_goes_on_right_below_a_picture(qtbot: QtBot, window: MainWindow) -> None:
    """A line of 140 % is one of letters: below a picture it would be a hole of a third of the page."""
    manual = HelpWindow(window)
    qtbot.addWidget(manual)
    manual.resize(980, 680)
    manual.show()
    manual.show_page("table")
    document = manual.text.document()
    block = document.begin()
    while "\ufffc" not in block.text():
        block = block.next()
    layout = document.documentLayout()
    picture, below = layout.blockBoundingRect(block), layout.blockBoundingRect(block.next())
    height = document.resource(2, QUrl(_source(block))).height()  # 2: a picture
    assert picture.height() < height * 1.1
    assert below.top() - picture.top() < height * 1.1 + 20


def _source(block: QTextBlock) -> str:
    part = block.begin()
    while not part.fragment().charFormat().isImageFormat():
        part += 1
    return part.fragment().charFormat().toImageFormat().name()


def test_the_manual_speaks_english_too() -> None:
    set_language("en")
    try:
        assert pages.page("sync").title == "Sync"
        assert pages.page("nothing").name == "index"
        assert [hit.page.name for hit in pages.find("receipt stick")] == ["sync"]
    finally:
        set_language("zh_CN")


def test_a_tip_is_put_away_once_and_for_all(qtbot: QtBot, window: MainWindow) -> None:
    window.show_workspace("sync")
    tips = window.help.tips
    assert tips.isVisible()
    close = tips.findChild(QPushButton, "tip_close")
    assert isinstance(close, QPushButton)
    qtbot.keyClick(close, Qt.Key.Key_Space)
    assert not tips.isVisible()
    window.show_workspace("import")
    assert tips.isVisible()
    window.show_workspace("sync")
    assert not tips.isVisible()
    assert window.settings.tips == ("sync",)


def test_the_tutorial_sees_what_was_done(qtbot: QtBot, window: MainWindow, project: tuple[Path, str]) -> None:
    action = window.findChild(QAction, "action_tutorial")
    assert isinstance(action, QAction)
    action.trigger()
    guide = window.help.tutorial
    assert guide is not None
    qtbot.waitUntil(lambda: guide.at == 1, timeout=15_000)  # a project with communities is open
    window.show_workspace("map")
    window.open_community(project[1])
    qtbot.waitUntil(lambda: guide.at == 2, timeout=15_000)
    window.open_form(Subject("f04_water", project[1], project[1]))
    qtbot.waitUntil(lambda: guide.at >= 3, timeout=10_000)
    for _step in range(len(STEPS) - guide.at):
        guide.next()
    assert "F1" in guide.text.text()
    guide.reject()


# What watches over each of the fifteen things that the page `promises` says, in their order.
_WATCHED = (
    "unit/fieldsurvey/test_sync_keys.py::test_the_signed_confirmation_is_kept_and_counts",
    "gui/test_conflicts.py::test_each_side_is_told_in_words_with_who_and_what_was_before",
    "faults/test_window_kill.py::test_what_the_window_acknowledged_survives_power_cuts",
    "gui/test_form_photos.py::test_marks_are_kept_beside_the_photo_and_drawn_on_its_copy",
    "unit/fieldsurvey/test_merge_geodiff.py::test_case",
    "unit/survey_forms/test_shelf.py::test_a_newer_version_leaves_old_records_with_their_own",
    "unit/fieldsurvey/test_sync_exchange.py::test_a_line_that_breaks_again_and_again_loses_and_doubles_nothing",
    "unit/fieldsurvey/test_hub_rights.py::test_an_account_receives_what_is_assigned_to_it",
    "property/test_forms_engine.py::test_filtered_choices_are_those_of_starting_over_and_nothing_else_stays_chosen",
    "gui/test_ways_on.py::test_a_project_on_a_read_only_disk_is_opened_as_a_copy",
    "gui/test_desk.py::test_a_record_and_a_whole_community_go_back",
    "unit/fieldsurvey/test_review_steps.py::test_editing_what_was_reviewed_submits_it_again",
    "gui/test_sync.py::test_a_reviewer_sees_what_the_office_holds_back_and_decides",
    "unit/fieldsurvey/test_positioning_search.py::test_a_receiver_is_found_at_its_speed",
    "unit/exports/test_batch.py::test_a_community_that_cannot_be_printed_is_named_and_costs_no_other",
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_test_watches_over_every_promise_of_the_manual(language: str) -> None:
    page = (_FOLDER / language / "promises.md").read_text("utf-8")
    promised = [int(number) for number in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)]
    assert promised == list(range(1, len(_WATCHED) + 1))
    for watching in _WATCHED:
        file, _colons, name = watching.partition("::")
        assert f"def {name}(" in (ROOT / "tests" / file).read_text("utf-8"), watching
