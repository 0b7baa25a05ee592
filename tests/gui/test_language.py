"""The language changes while the program runs: same project, same place, nothing typed is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from fieldsurvey.i18n import language, set_language
from survey_forms.records import Subject
from tests.builders import add_community, make_project
from ui.app import Program


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        uid = add_community(store)
    return path, uid


@pytest.fixture
def program(qtbot: QtBot, project: tuple[Path, str]) -> Iterator[Program]:
    found = Program(project[0])
    qtbot.waitUntil(lambda: found.window.project.current is not None, timeout=15_000)
    yield found
    found.window.close()
    found.window.deleteLater()
    set_language("zh_CN")


def _choose(qtbot: QtBot, program: Program, text: str) -> None:
    old = program.window
    action = next(action for action in old.findChildren(QAction) if action.text() == text)
    action.trigger()
    qtbot.waitUntil(lambda: program.window is not old, timeout=20_000)
    qtbot.waitUntil(lambda: program.window.project.current is not None, timeout=20_000)


def test_the_window_comes_back_in_the_other_language_at_the_same_place(
    qtbot: QtBot, program: Program, project: tuple[Path, str]
) -> None:
    _path, uid = project
    program.window.open_community(uid)
    with qtbot.waitSignal(program.window.form.opened, timeout=10_000):
        program.window.open_form(Subject("f04_water", uid, uid))
    editor = program.window.form_panel.row("remarks").editor.focus
    editor.setProperty("plainText", "写到一半") if not isinstance(editor, QLineEdit) else editor.setText("写到一半")
    size = program.window.size()
    _choose(qtbot, program, "English")
    assert language() == "en"
    assert program.window.menuBar().actions()[0].text() == "File"
    assert program.window.size() == size
    qtbot.waitUntil(lambda: program.window.form.current is not None, timeout=20_000)
    assert program.window.form.current is not None
    assert program.window.form.current.form_id == "f04_water"
    shown = program.window.form_panel.row("remarks").editor.focus
    assert "写到一半" in {shown.property("plainText"), shown.property("text")}
    _choose(qtbot, program, "中文")
    assert program.window.menuBar().actions()[0].text() == "文件"
    windows = [window for window in QApplication.topLevelWidgets() if window.objectName() == "main_window"]
    assert sum(window.isVisible() for window in windows) == 1


def test_the_language_is_remembered(qtbot: QtBot, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    _choose(qtbot, program, "English")
    assert program.window.settings.language == "en"
