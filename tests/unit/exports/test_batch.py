"""Many sheets at once: on several processes, stopped, gone on with, and with a sheet that cannot be made."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from exports.batch import SheetsWritten, write_sheets
from exports.sheet_folder import LIST
from exports.sheet_pool import drawn
from exports.sheet_writer import Order, Wanted
from fieldsurvey.errors import JobCancelled
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.projects import new_project
from fieldsurvey.store import Store

TODAY, COUNT = "2026-11-25", 4


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_project(tmp_path / "p.gpkg") as store:
        for number in range(COUNT):
            area = shapely.MultiPolygon(
                [shapely.box(500_000 + number * 300, 3_300_000, 500_200 + number * 300, 3_300_150)]
            )
            store.create_record("community", {"code": f"T{number}", "name": f"小区{number}", "geom": area.wkb})
        yield store


def write(store: Store, folder: Path, control: JobControl | None = None, processes: int = 0) -> SheetsWritten:
    return write_sheets(store, None, folder, None, control, today=TODAY, processes=processes)


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != LIST}


def test_two_processes_write_the_same_bytes_as_one(store: Store, tmp_path: Path) -> None:
    steps: list[Progress] = []
    made = write(store, tmp_path / "two", JobControl(steps.append), processes=2)
    write(store, tmp_path / "one")
    assert [path.name for path in made.files] == [f"T{number}_小区{number}.pdf" for number in range(COUNT)]
    assert [step.done for step in steps] == list(range(COUNT))
    assert bytes_in(tmp_path / "two") == bytes_in(tmp_path / "one")


def test_a_community_that_cannot_be_printed_is_named_and_costs_no_other(store: Store, tmp_path: Path) -> None:
    store.create_record("community", {"code": "T9", "name": "笑脸😀里"})
    made = write(store, tmp_path / "out")
    assert list(made.failed) == ["T9 笑脸😀里"]
    assert "U+1F600" in made.failed["T9 笑脸😀里"]
    assert len(made.files) == COUNT == len(bytes_in(tmp_path / "out"))


def test_what_is_there_and_says_the_same_is_left_and_what_says_something_else_is_replaced(
    store: Store, tmp_path: Path
) -> None:
    write(store, tmp_path / "out")
    before = bytes_in(tmp_path / "out")
    for name, damaged in (("T1_小区1.pdf", b"half a file"), ("T2_小区2.pdf", before["T3_小区3.pdf"])):
        (tmp_path / "out" / name).write_bytes(damaged)
    stamp = (tmp_path / "out" / "T0_小区0.pdf").stat().st_mtime_ns
    made = write(store, tmp_path / "out")
    assert made.kept == COUNT - 2
    assert bytes_in(tmp_path / "out") == before
    assert (tmp_path / "out" / "T0_小区0.pdf").stat().st_mtime_ns == stamp


def test_a_sheet_whose_record_was_edited_is_made_anew(store: Store, tmp_path: Path) -> None:
    write(store, tmp_path / "out")
    row = store.select("community", where={"code": "T3"})[0]
    store.save(str(row["uid"]), {"name": "新四村"})
    made = write(store, tmp_path / "out")
    assert made.kept == COUNT - 1
    assert (tmp_path / "out" / "T3_新四村.pdf").exists()


def test_a_stopped_batch_leaves_whole_sheets_only(store: Store, tmp_path: Path) -> None:
    control = JobControl(lambda progress: control.cancel() if progress.done == 2 else None)
    with pytest.raises(JobCancelled):
        write(store, tmp_path / "out", control)
    left = bytes_in(tmp_path / "out")
    assert all(data.endswith(b"%%EOF\n") for data in left.values())
    assert 2 <= len(left) < COUNT
    assert write(store, tmp_path / "out").kept == len(left)


def test_a_process_that_ends_costs_the_sheet_it_was_at(store: Store, tmp_path: Path) -> None:
    copy = tmp_path / "copy.gpkg"
    store.copy_to(copy)
    (tmp_path / "out").mkdir()
    order = Order(str(copy), str(store.media.folder), str(tmp_path / "out"), "assessment", True, TODAY, "en")
    rows = store.select("community", order="code")
    wanted = [Wanted(at, str(row["uid"]), f"T{at}", f"T{at}.pdf") for at, row in enumerate(rows)]
    command = [sys.executable, "-c", _KILLED_AT_T2]
    answers = sorted(drawn(order, wanted, JobControl(), 2, command), key=lambda answer: answer.number)
    assert [answer.name for answer in answers if answer.why] == ["T2"]
    assert len(bytes_in(tmp_path / "out")) == COUNT - 1


_KILLED_AT_T2 = """
import os, signal
from exports import sheet_worker, sheet_writer
write = sheet_writer.SheetWriter.write
def killed(self, wanted):
    if wanted.file == "T2.pdf":
        os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    return write(self, wanted)
sheet_writer.SheetWriter.write = killed
sheet_worker.main()
"""

_BATCH = """
import sys
from pathlib import Path
from exports.batch import write_sheets
from fieldsurvey.store import Store
with Store.open(Path(sys.argv[1])) as store:
    write_sheets(store, None, Path(sys.argv[2]), today=sys.argv[3], processes=2)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal here")
def test_after_a_power_cut_the_rest_is_made_and_all_bytes_are_the_same(store: Store, tmp_path: Path) -> None:
    whole, cut, temporary = tmp_path / "whole", tmp_path / "cut", tmp_path / "tmp"
    temporary.mkdir()
    write(store, whole)
    copy = tmp_path / "copy.gpkg"
    store.copy_to(copy)
    command = [sys.executable, "-c", _BATCH, str(copy), str(cut), TODAY]
    root = str(Path(__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": root, "TMPDIR": str(temporary)}
    with subprocess.Popen(command, env=environment) as batch:
        while not (cut.is_dir() and list(cut.glob("*.pdf"))) and batch.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                batch.wait(0.05)
        batch.kill()
    made = write(store, cut)
    assert made.kept >= 1
    assert {name: data for name, data in bytes_in(cut).items() if name.endswith(".pdf")} == bytes_in(whole)


def renamed(store: Store, folder: Path) -> SheetsWritten:
    """Give the first community another name and write again."""
    (first,) = store.select("community", where={"code": "T0"})
    store.save(str(first["uid"]), {"name": "新小区"})
    return write(store, folder)


def test_the_sheet_of_a_renamed_community_takes_the_place_of_the_old_one(store: Store, tmp_path: Path) -> None:
    write(store, tmp_path / "out")
    made = renamed(store, tmp_path / "out")
    assert "T0_新小区.pdf" in bytes_in(tmp_path / "out")
    assert len(bytes_in(tmp_path / "out")) == COUNT
    assert any("T0_小区0.pdf" in sentence for sentence in made.told())


def test_what_a_person_did_to_an_old_sheet_is_left_and_named(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(store, out)
    with (out / "T0_小区0.pdf").open("ab") as file:
        file.write(b"\n%signed")
    assert write(store, out).kept == COUNT
    made = renamed(store, out)
    assert made.stale == (out / "T0_小区0.pdf",)
    assert bytes_in(out)["T0_小区0.pdf"].endswith(b"signed")
    (out / LIST).write_text("damaged")
    assert write(store, out).kept == COUNT
