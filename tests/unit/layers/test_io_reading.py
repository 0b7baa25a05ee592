"""The child process that opens files: a crash, a bomb, an endless loop or a stop leaves us and the project whole."""

import os
import sys
import threading
from pathlib import Path

import pytest

from fieldsurvey.errors import InputRefused, JobCancelled
from fieldsurvey.jobs import JobControl
from layers.io.importer import run
from layers.io.readers import Request
from layers.io.reading import Limits, Reader
from layers.io.report import FileReport
from tests.builders import make_project

_ENDLESS = [sys.executable, "-c", "import sys\nfor line in sys.stdin:\n while True: pass"]
_CRASHES = [sys.executable, "-c", "import os, sys\nsys.stdin.readline()\nos.kill(os.getpid(), 11)"]
_TALKS = [sys.executable, "-c", "import sys\nsys.stdin.readline()\nprint('[1, 2')\nsys.stdin.readline()"]


def _points(path: Path, rows: int = 3) -> Path:
    lines = [f"{n},{115 + n / 1e5:.6f},30.2" for n in range(rows)]
    path.write_text("\n".join(["编号,经度,纬度", *lines]) + "\n", "utf-8")
    return path


def _request(file: Path) -> Request:
    return Request(file, "EPSG:4547")


@pytest.mark.parametrize("command", [_CRASHES, _TALKS])
def test_a_reader_that_dies_or_lies_is_one_sentence(tmp_path: Path, command: list[str]) -> None:
    file = _points(tmp_path / "a.csv")
    with Reader(command=command) as reader, pytest.raises(InputRefused, match=r"a\.csv"):
        reader.read(_request(file), FileReport(file), JobControl())


def test_a_reader_that_never_ends_is_given_up(tmp_path: Path) -> None:
    file = _points(tmp_path / "a.csv")
    with Reader(Limits(seconds=0.5), _ENDLESS) as reader, pytest.raises(InputRefused, match=r"a\.csv"):
        reader.read(_request(file), FileReport(file), JobControl())


def test_a_stop_kills_the_reader_at_once(tmp_path: Path) -> None:
    file, control = _points(tmp_path / "a.csv"), JobControl()
    timer = threading.Timer(0.3, control.cancel)
    timer.start()
    with Reader(command=_ENDLESS) as reader:
        with pytest.raises(JobCancelled):
            reader.read(_request(file), FileReport(file), control)
        assert reader.child is None
    timer.join()


def _told(reader: Reader, file: Path) -> str:
    report = FileReport(file)
    try:
        reader.read(_request(file), report, JobControl())
    except InputRefused as error:
        return str(error)
    return report.error


@pytest.mark.skipif(sys.platform == "win32", reason="asks the system the way of Linux")
def test_a_reader_lets_the_window_go_first(tmp_path: Path) -> None:
    with Reader() as reader:
        assert _told(reader, _points(tmp_path / "a.csv")) == ""
        assert reader.child is not None
        assert os.getpriority(os.PRIO_PROCESS, reader.child.pid) > os.getpriority(os.PRIO_PROCESS, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of address space")
def test_more_memory_than_allowed_is_refused_and_the_next_file_is_read(tmp_path: Path) -> None:
    big, small = _points(tmp_path / "big.csv", 800_000), _points(tmp_path / "small.csv")
    with Reader(Limits(memory=640 << 20)) as reader:
        assert _told(reader, small) == ""
        assert "big.csv" in _told(reader, big)
        assert _told(reader, small) == ""


def test_a_stop_between_files_leaves_the_project_as_it_was(tmp_path: Path) -> None:
    files = [_points(tmp_path / f"消火栓{n}.csv", 50 + n) for n in range(3)]
    with make_project(tmp_path / "p.gpkg") as store:
        before = store.version_vector()
        control = JobControl(lambda progress: control.cancel() if "消火栓2" in progress.note else None)
        with pytest.raises(JobCancelled):
            run(store, files, control=control)
        assert store.version_vector() == before
        assert store.count("hydrant") == 0
