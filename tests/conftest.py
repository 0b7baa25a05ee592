"""Fixtures shared by all tests."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("FIELDSURVEY_LANG", "zh_CN")

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the files of the person who runs it."""
    monkeypatch.setenv("FIELDSURVEY_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(autouse=True)
def _no_unexpected_warning_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test during which the program logged a warning or worse."""
    yield
    ours = ("fieldsurvey", "layers", "survey_forms", "exports", "ui")
    loud = [r for r in caplog.get_records("call") if r.levelno >= logging.WARNING and r.name.split(".")[0] in ours]
    assert not loud, [record.getMessage() for record in loud]


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a thread behind."""
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and t.is_alive() and not t.daemon]
    for thread in left:
        thread.join(2)
    assert not [t.name for t in left if t.is_alive()]


SHARED = Path(__file__).parents[2] / "shared"
