"""Sound that is really recorded: a window beside a sound server of its own. About 15 s; skipped without PulseAudio."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from fieldsurvey.paths import media_folder
from fieldsurvey.store import Store
from fieldsurvey.store.recordings import whole_sound
from survey_forms.records import Subject
from survey_forms.shelf import add, prepare
from tests.builders import add_community, make_project
from tests.conftest import ROOT
from tests.gui.sound_server import sound_server
from ui.app import build

media = pytest.importorskip(
    "PySide6.QtMultimedia", exc_type=ImportError, reason="Qt's multimedia libraries are missing"
)

_BACKGROUND = """| survey |
| | type | name | label | parameters |
| | background-audio | sound | | quality=voice-only |
| | text | words | Words | |
| settings |
| | form_id | version |
| | heard | 1 |
"""
_FORM = """| survey |
| | type | name | label | parameters |
| | audio | sound | Sound | quality=voice-only |
| settings |
| | form_id | version |
| | spoken | 1 |
"""


def _project(folder: Path, form: str) -> tuple[str, str, str]:
    """Return a project with a form, its table and the uid of its community, as the arguments of a task."""
    path, source = folder / "p.gpkg", folder / "spoken.md"
    source.write_text(form, "utf-8")
    with make_project(path, forms=True) as store:
        uid = add_community(store)
        table = add(store, prepare(source)).entry.table
    return str(path), table, uid


def _folder(project: str) -> Path:
    return media_folder(Path(project)) / "drafts"


def _cut(environment: dict[str, str], *arguments: str, after: int) -> dict[str, Any]:
    """Let a form record until its file has so many bytes, then kill -9; return what it told last."""
    command = [sys.executable, "-m", "tests.gui.speaking", "listen", *arguments]
    child = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    found: dict[str, Any] = {}
    try:
        for line in child.stdout:
            found = json.loads(line)
            if sum(file.stat().st_size for file in _folder(arguments[0]).glob("*")) > after:
                break
    finally:
        child.kill()
        child.stdout.close()
        child.wait()
    return found


def _told(environment: dict[str, str], task: str, *arguments: str) -> dict[str, Any]:
    """Run a task in a process of its own; return what it told last."""
    command = [sys.executable, "-m", "tests.gui.speaking", task, *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.timeout(400)
def test_two_seconds_are_recorded_by_keys_kept_with_the_project_and_played(tmp_path: Path) -> None:
    arguments = _project(tmp_path, _FORM)
    with sound_server(tmp_path / "sound") as environment:
        told = _told(environment, "record", *arguments)
    assert "录音.m4a" in told["told"]
    assert told["seconds"] >= 1.8
    assert told["played"] >= 1_800
    assert told["loudest"] > 0.1
    assert told["size"] < 20_000  # 2 s of what a voice needs
    with Store.open(Path(arguments[0])) as store:
        assert "audio/mp4" in {blob.mime for blob in store.blobs()}


@pytest.mark.timeout(700)
def test_a_form_records_from_opening_to_submitting_and_a_kill_loses_nothing_of_it(tmp_path: Path) -> None:
    arguments = _project(tmp_path, _BACKGROUND)
    with sound_server(tmp_path / "sound") as environment:
        seen = _cut(environment, *arguments, after=5_000)
        (left,) = _folder(arguments[0]).iterdir()
        before = whole_sound(left)
        told = _told(environment, "finish", *arguments)
    assert seen["shown"]
    assert seen["said"].startswith("● 正在录音")
    assert "知情" in seen["told"]
    assert before > 1
    assert told["before"] >= int(before)
    assert told["seconds"] >= before + 1.5
    assert told["loudest"] > 0.1
    assert told["flushed"] >= 1
    assert told["drafts"] == []
    with Store.open(Path(arguments[0])) as store:
        assert "audio/aac" in {blob.mime for blob in store.blobs()}


def test_without_a_microphone_the_form_says_so_and_goes_on(qtbot: QtBot, tmp_path: Path) -> None:
    if media.QMediaDevices.audioInputs():
        pytest.skip("this machine has a microphone")
    path, table, uid = _project(tmp_path, _BACKGROUND)
    window = build(Path(path))
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.project.current is not None, timeout=30_000)
    window.open_form(Subject(table, uid, uid))
    mark = window.form_panel.listening
    qtbot.waitUntil(lambda: mark.told() == "未找到麦克风，本表照常填写，不录音。", timeout=30_000)
    assert mark.isVisible()
    assert mark.mark.isHidden()
    window.form_panel.set_answer("/data/words", "枫叶")
    with qtbot.waitSignal(window.form.saved, timeout=30_000):
        window.form_panel.complete_clicked.emit()
    window.close()
    with Store.open(Path(path)) as store:
        (row,) = store.select(table, ["words", "sound", "status"])
    assert (row["words"], row["sound"], row["status"]) == ("枫叶", None, "complete")
