"""Jobs beside the window: long ones let quick ones in, but never into a transaction; all end before the window does."""

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from fieldsurvey.errors import InputRefused
from fieldsurvey.jobs import JobControl
from ui.jobs import JobRunner


class _Scene:
    """A runner on which a long job goes from step to step as the test says."""

    def __init__(self) -> None:
        self.in_transaction = False
        self.done: list[str] = []
        self.runner = JobRunner(name="scene", may_pause=lambda: not self.in_transaction)
        self.go, self.at_step = threading.Semaphore(0), threading.Semaphore(0)

    def long(self, control: JobControl) -> None:
        for number in range(3):
            self.at_step.release()
            assert self.go.acquire(timeout=10)
            control.step(number, 3, "")
            self.done.append(f"step {number}")

    def quick(self, _control: JobControl) -> None:
        self.done.append("quick")


@pytest.fixture
def scene(qtbot: QtBot) -> Iterator[_Scene]:
    found = _Scene()
    yield found
    found.go.release(10)
    found.runner.close()


def test_a_quick_job_runs_at_the_next_step_of_a_long_one(qtbot: QtBot, scene: _Scene) -> None:
    job = scene.runner.start(scene.long)
    assert scene.at_step.acquire(timeout=10)
    with qtbot.waitSignal(job.succeeded, timeout=10_000):
        with qtbot.waitSignal(scene.runner.start(scene.quick, quick=True).succeeded, timeout=10_000):
            scene.go.release()
        assert scene.done[0] == "quick"
        scene.go.release(2)
    assert scene.done == ["quick", "step 0", "step 1", "step 2"]


def test_a_save_comes_in_at_the_steps_of_a_search(qtbot: QtBot, scene: _Scene) -> None:
    """A search does not wait for a sync, and nothing waits for a search."""
    job = scene.runner.start(scene.long, quick=True, lets_in=True)
    assert scene.at_step.acquire(timeout=10)
    with qtbot.waitSignal(job.succeeded, timeout=10_000):
        with qtbot.waitSignal(scene.runner.start(scene.quick, quick=True).succeeded, timeout=10_000):
            scene.go.release()
        scene.go.release(2)
    assert scene.done == ["quick", "step 0", "step 1", "step 2"]


def test_a_quick_job_waits_for_the_end_of_a_transaction(qtbot: QtBot, scene: _Scene) -> None:
    scene.in_transaction = True
    scene.runner.start(scene.long)
    with qtbot.waitSignal(scene.runner.start(scene.quick, quick=True).succeeded, timeout=10_000):
        scene.go.release(3)
    assert scene.done[-1] == "quick"


def test_an_ordinary_job_waits_for_the_one_before(qtbot: QtBot, scene: _Scene) -> None:
    scene.runner.start(scene.long)
    with qtbot.waitSignal(scene.runner.start(scene.quick).succeeded, timeout=10_000):
        scene.go.release(3)
    assert scene.done[-1] == "quick"


def test_finishing_stops_a_long_job_but_does_the_quick_one(qtbot: QtBot, scene: _Scene) -> None:
    scene.runner.start(scene.long)
    assert scene.at_step.acquire(timeout=10)
    scene.runner.start(scene.quick, quick=True)
    threading.Timer(0.2, scene.go.release).start()
    scene.runner.finish()
    assert scene.done == ["quick"]


def test_nobody_is_told_of_a_job_that_ends_after_its_window(qtbot: QtBot, scene: _Scene) -> None:
    """A slot of the closed window would ask its threads again, which are no more."""
    told, job = list[object](), scene.runner.start(scene.quick)
    for signal in (job.succeeded, job.failed, job.cancelled):
        signal.connect(told.append)
    with qtbot.waitSignal(job.destroyed, timeout=10_000):
        scene.runner.finish()
    assert scene.done == ["quick"]
    assert not told


def test_what_only_a_closing_window_would_show_is_not_worked_out(qtbot: QtBot) -> None:
    runner, done = JobRunner(), list[bool]()
    runner.finish()
    runner.start(lambda _control: done.append(True))
    qtbot.wait(50)
    assert not done
    with pytest.raises(RuntimeError):
        runner.start(lambda _control: done.append(True), quick=True)


class _Large:
    """Stands for what a job worked on."""


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_job_worked_on_goes_with_it_and_not_with_the_collector(qtbot: QtBot, *, fails: bool) -> None:
    gc.disable()
    try:
        runner = JobRunner(name="scene")
        large = _Large()
        gone = weakref.ref(large)

        def work(_control: JobControl, large: _Large = large) -> _Large:
            if fails:
                raise InputRefused("no")
            return large

        job = runner.start(work)
        with qtbot.waitSignal(job.failed if fails else job.succeeded, timeout=10_000):
            pass
        del job, work, large
        qtbot.waitUntil(lambda: gone() is None, timeout=10_000)
        runner.close()
    finally:
        gc.enable()
