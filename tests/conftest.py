"""Fixtures shared by all tests."""

import faulthandler
import gc
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key
from hypothesis import HealthCheck, settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("FIELDSURVEY_LANG", "zh_CN")

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
IS_SOAK = os.environ.get("FIELDSURVEY_SOAK") == "1"
OURS = ("fieldsurvey", "layers", "survey_forms", "exports", "ui")

# The same examples in every run, however slow the machine is; others are drawn by `make soak`.
settings.register_profile(
    "same", deadline=None, derandomize=not IS_SOAK, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the files of the person who runs it."""
    monkeypatch.setenv("FIELDSURVEY_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock of the program: everything falls into one millisecond, as it may on a quick machine."""
    monkeypatch.setattr(time, "time_ns", lambda: 1_790_000_000_000_000_000)


@pytest.fixture(autouse=True)
def _no_unexpected_warning_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test during which the program logged a warning or worse."""
    yield
    loud = [r for r in caplog.get_records("call") if r.levelno >= logging.WARNING and r.name.split(".")[0] in OURS]
    assert not loud, [record.getMessage() for record in loud]


@pytest.fixture(autouse=True)
def _faults_are_told(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the faults of libraries be told on the error stream again, where a test ended a program that took them."""
    yield
    if not faulthandler.is_enabled():
        faulthandler.enable(request.config.stash[fault_handler_stderr_fd_key])


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a thread behind."""
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and t.is_alive() and not t.daemon]
    for thread in left:
        thread.join(2)
    assert not [t.name for t in left if t.is_alive()]


@pytest.fixture(autouse=True)
def _no_leaked_widgets(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a window test that leaves a window or a running timer behind."""
    if "qtbot" not in request.fixturenames:
        yield
        return
    from PySide6.QtCore import QCoreApplication, QEvent, QTimer
    from PySide6.QtWidgets import QApplication, QWidget
    from shiboken6 import isValid

    before: set[QWidget] = set(QApplication.topLevelWidgets())
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    left = [w for w in QApplication.topLevelWidgets() if w not in before and w.isVisible()]
    assert not [f"{type(w).__name__} {w.objectName()}" for w in left]
    timers = [t for t in gc.get_objects() if isinstance(t, QTimer) and isValid(t) and t.isActive()]
    assert not [f"{t.objectName()} of {t.parent()}" for t in timers]
