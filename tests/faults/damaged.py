"""Damaged hand-over files, one after another, as the program reads them: in the child, then planned and written.

    python -m tests.faults.damaged [--seed 1] [--count 3000]

Each file is one of the importer cases with a few bytes changed: flipped,
cut off, zeroed, doubled, set to extremes, or replaced by a piece of another.
It ends as imported or refused, with one sentence, and nothing is written
anywhere but into the project and the reader's own folder.
"""

import argparse
import csv
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from layers.io.importer import run
from layers.io.reading import _crashed
from layers.io.report import FileReport, Status
from tests.builders import make_project
from tests.conftest import SHARED

CASES = SHARED / "cases" / "importers"
_LARGEST = 300_000  # bytes of a case: the larger ones only take longer
_LONGEST = 400  # characters of a sentence
_EXTREMES = (b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00", b"9" * 24, b"-1", b'"')
Bytes = bytearray
Say = Callable[[str], None]


@dataclass
class Tally:
    """What came of the files.

    Attributes:
        outcomes: How many ended how.
        wrong: What ended otherwise than it should: file and why.
        stopped: Files at which the child process ended: nothing is lost, but the reader should have said why.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    stopped: list[Path] = field(default_factory=list)


def cases() -> list[tuple[Path, list[Path]]]:
    """Return the cases: the main file, and all files that belong to it."""
    with (CASES / "manifest.csv").open(encoding="utf-8-sig", newline="") as source:
        rows = [(CASES / row["dir"] / row["main"], CASES / row["dir"]) for row in csv.DictReader(source)]
    found = [(main, sorted(each for each in folder.iterdir() if each.is_file())) for main, folder in rows]
    return [(main, files) for main, files in found if main.is_file() and _size(files) < _LARGEST]


def _size(files: Sequence[Path]) -> int:
    return sum(each.stat().st_size for each in files)


def _flipped(data: Bytes, chance: random.Random) -> None:
    for _time in range(chance.randint(1, 16)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _cut(data: Bytes, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def _zeroed(data: Bytes, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    data[start : start + 64] = bytes(len(data[start : start + 64]))


def _doubled(data: Bytes, chance: random.Random) -> None:
    start, length = chance.randrange(len(data)), chance.randint(1, 512)
    data[start:start] = data[start : start + length]


def _extreme(data: Bytes, chance: random.Random) -> None:
    value, start = chance.choice(_EXTREMES), chance.randrange(len(data))
    data[start : start + len(value)] = value


def _noise(data: Bytes, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    data[start : start + 32] = chance.randbytes(32)


_WAYS: tuple[Callable[[Bytes, random.Random], None], ...] = (_flipped, _cut, _zeroed, _doubled, _extreme, _noise)


def damaged(folder: Path, count: int, seed: int) -> Iterator[Path]:
    """Yield damaged files, each in a folder of its own; the same for the same seed."""
    chance, known = random.Random(seed), cases()
    for number in range(count):
        main, files = known[number % len(known)]
        place = folder / f"{number:05d}"
        place.mkdir()
        for each in files:
            shutil.copyfile(each, place / each.name)
        hurt = place / (main if chance.random() < 0.6 else chance.choice(files)).name
        data = bytearray(hurt.read_bytes())
        for _time in range(chance.randint(1, 3)):
            if data:
                chance.choice(_WAYS)(data, chance)
        hurt.write_bytes(bytes(data))
        yield place / main.name


def fuzz(folder: Path, count: int, seed: int, *, batch: int = 25, written: int = 4, say: Say = lambda _: None) -> Tally:
    """Read damaged files in batches, of which one in `written` is written, not only planned; return what came of it."""
    tally = Tally()
    given, scratch = folder / "given", folder / "scratch"
    given.mkdir()
    scratch.mkdir()
    before = tempfile.tempdir
    tempfile.tempdir = str(scratch)  # where the reader unpacks
    try:
        with make_project(folder / "p.gpkg") as store:
            files = list(damaged(given, count, seed))
            listed = _listing(given)
            for number, start in enumerate(range(0, count, batch), 1):
                _batch(store, files[start : start + batch], tally, dry_run=number % written != 0)
                say(f"{dict(tally.outcomes)}; {len(tally.stopped)} stopped, {len(tally.wrong)} wrong")
    finally:
        tempfile.tempdir = before
    if _listing(given) != listed or any(scratch.iterdir()):
        tally.wrong.append("something was written beside the files")
    report = check(folder / "p.gpkg")
    if not report.is_whole:
        tally.wrong.append(report.as_text())
    return tally


def _listing(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(each), each.stat().st_size) for each in folder.rglob("*") if each.is_file())


def _batch(store: Store, files: Sequence[Path], tally: Tally, *, dry_run: bool) -> None:
    try:
        reports = run(store, files, dry_run=dry_run)
    except Exception as error:  # noqa: BLE001 - whatever escapes is what is looked for
        if len(files) == 1:
            tally.wrong.append(f"{files[0]}: {type(error).__name__}: {error}")
            return
        for file in files:
            _batch(store, [file], tally, dry_run=dry_run)
        return
    for report in reports:
        _judge(report, tally)


def _judge(report: FileReport, tally: Tally) -> None:
    tally.outcomes[str(report.status)] += 1
    if report.status is not Status.REFUSED:
        return
    if "\n" in report.error or not 0 < len(report.error) < _LONGEST:
        tally.wrong.append(f"{report.file}: not one sentence: {report.error[:200]!r}")
    if report.error == str(_crashed(report.file)):
        tally.stopped.append(report.file)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--keep", type=Path, help="folder for the files, kept")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fieldsurvey-damaged-") as name:
        folder = chosen.keep or Path(name)
        folder.mkdir(exist_ok=True)
        tally = fuzz(folder, chosen.count, chosen.seed, say=_say)
    for text in [*tally.wrong, *(f"stopped: {each}" for each in tally.stopped)]:
        _say(text)
    return 1 if tally.wrong or tally.stopped else 0


if __name__ == "__main__":
    sys.exit(main())
