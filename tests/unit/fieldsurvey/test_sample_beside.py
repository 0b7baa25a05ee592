"""The sample project made by a child process: whole, or not there at all."""

import threading
from pathlib import Path

import pytest

from fieldsurvey.errors import JobCancelled, StoreError
from fieldsurvey.i18n import language, set_language
from fieldsurvey.jobs import JobControl
from fieldsurvey.paths import media_folder
from fieldsurvey.projects import sample_project_beside
from fieldsurvey.store import Store


def test_it_is_whole_and_in_the_language_of_the_window(tmp_path: Path) -> None:
    before = language()
    set_language("en")
    try:
        sample_project_beside(tmp_path / "s.gpkg", JobControl())
    finally:
        set_language(before)
    with Store.open(tmp_path / "s.gpkg") as store:
        assert store.name == "Sample project Huangshi"
        assert len(store.row_versions("community")) == 214


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.gpkg"
    path.write_bytes(b"mine")
    with pytest.raises(StoreError, match=r"s\.gpkg"):
        sample_project_beside(path, JobControl())
    assert path.read_bytes() == b"mine"


def test_stopped_it_leaves_nothing(tmp_path: Path) -> None:
    control, path = JobControl(), tmp_path / "s.gpkg"
    threading.Timer(3, control.cancel).start()
    with pytest.raises(JobCancelled):
        sample_project_beside(path, control)
    assert not list(tmp_path.glob("s.*"))
    assert not media_folder(path).exists()


def test_a_child_that_fails_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldsurvey.projects.answer_of", lambda *_args: (-9, {}))
    with pytest.raises(StoreError):
        sample_project_beside(tmp_path / "s.gpkg", JobControl())
    assert not list(tmp_path.iterdir())
