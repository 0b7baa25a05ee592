"""Garbage that hangs together in circles goes in the window's thread, whoever made it, and the window's workers too."""

import gc
import threading
import time
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from survey_forms.hurry import unhurried
from ui.collecting import Collector
from ui.rest import Rest


class _Circle:
    def __init__(self, told: list[int]) -> None:
        self.itself, self.told = self, told

    def __del__(self) -> None:
        self.told.append(threading.get_ident())


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[Collector]:
    widget = QWidget()
    qtbot.addWidget(widget)
    made = Collector(Rest(widget), widget)
    yield made
    made.stop()
    assert gc.isenabled()


def _fill_in_another_thread() -> None:
    def work() -> None:
        kept: list[list[int]] = [[] for _each in range(60_000)]
        assert kept

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_another_thread_never_destroys_what_the_window_dropped(collector: Collector) -> None:
    told: list[int] = []
    _Circle(told)
    _fill_in_another_thread()
    assert not told
    collector.settle()
    assert told == [threading.get_ident()]


def test_much_new_is_looked_through_at_once(collector: Collector) -> None:
    told: list[int] = []
    collector.settle()
    _Circle(told)
    collector.look()
    assert not told
    kept: list[list[int]] = [[] for _each in range(60_000)]
    calm = collector.timer.interval()
    collector.look()
    assert kept
    assert told
    assert collector.timer.interval() < calm
    collector.look()
    assert collector.timer.interval() == calm


def test_what_grew_old_waits_for_a_rest_of_the_window(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    thing = _Circle(told)
    gone = weakref.ref(thing)
    gc.collect(0)  # it is old now
    gc.collect(1)
    with unhurried(stays=True):  # and out of sight
        pass
    gc.collect(0)
    del thing
    later = time.monotonic() + 400
    monkeypatch.setattr("ui.collecting.time.monotonic", lambda: later)
    monkeypatch.setattr(Rest, "seconds", lambda _self: 0.0)
    collector.look()
    assert gone() is not None
    monkeypatch.setattr(Rest, "seconds", lambda _self: 20.0)
    collector.look()
    assert gone() is None


def test_a_form_that_is_read_does_not_call_python_s_collector_back(collector: Collector) -> None:
    gc.enable()  # as a form does that began before the window was there
    collector.look()
    assert not gc.isenabled()
    with unhurried():
        pass
    assert not gc.isenabled()


def test_the_collector_goes_on_until_the_last_window_is_closed(collector: Collector, qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    other = Collector(Rest(widget), widget)
    other.stop()
    assert not gc.isenabled()
    collector.look()


def test_a_window_that_goes_without_being_closed_leaves_it_to_python_again(qtbot: QtBot) -> None:
    widget = QWidget()
    Collector(Rest(widget), widget)
    assert not gc.isenabled()
    with qtbot.waitSignal(widget.destroyed, timeout=15_000):
        widget.deleteLater()
    assert gc.isenabled()
