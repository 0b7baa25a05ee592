"""Power cuts at the real window: whatever it acknowledged is there, and nothing is half.

`python -m tests.faults.cutting 200` is the long run of `make soak`, and of
`make cuts`. One process per cut works in the same project, tells each step as
it begins and once the window shows that it is done, and is killed; then the
project is opened again. Each kind of step is cut in its turn, at a random
moment between its beginning and its end; so are the opening of the project
and moments that nobody chose.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pikepdf

from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from fieldsurvey.store.library import sqlite3
from fieldsurvey.sync.session import clone
from survey_forms.records import Subject, open_form
from tests.builders import add_community, make_project
from tests.conftest import ROOT
from tests.faults.session import FIELD, FORM, ROWS, TARGETS, text_of

_OPENING, _ANY = "opening", "any"
MOMENTS = (*TARGETS, _OPENING, _ANY)
_COMMUNITIES = 12
FEWEST = 2  # steps acknowledged before a cut
_MOST = 5
_LONGEST = 4.0  # seconds of work before a cut that nobody chose
_HANGS = 120.0  # seconds without the step that is to be cut


@dataclass
class Told:
    """What the window acknowledged, and where the cuts fell.

    Attributes:
        texts: Community -> text of its form, whatever was ever acknowledged in it.
        edits: Community -> numbers that it had, each of them acknowledged.
        imported: Numbers of the files.
        synced: Community -> highest number that an exchange had confirmed.
        printed: Numbers of sheets that are still to be looked at.
        written: Numbers of map layers that are still to be looked at.
        pending: Number of a step -> its kind and facts, begun and not acknowledged when the last cut fell.
        kinds: How much was acknowledged, by kind.
        hit: How often a cut fell into the middle of a step, by kind.
        lasts: Kind -> seconds that a step of it took at last.
        number: Of the last step.
    """

    texts: dict[str, str] = field(default_factory=dict)
    edits: dict[str, list[int]] = field(default_factory=dict)
    imported: set[int] = field(default_factory=set)
    synced: dict[str, int] = field(default_factory=dict)
    printed: set[int] = field(default_factory=set)
    written: set[int] = field(default_factory=set)
    pending: dict[int, dict[str, Any]] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)
    lasts: dict[str, float] = field(default_factory=dict)
    number: int = 0

    def add(self, said: Mapping[str, Any], at: float) -> None:
        """Take a line of the session, and when it came."""
        what, number = said["what"], said["number"]
        self.number = max(self.number, number)
        if what == "begins":
            self.pending[number] = {**said, "at": at}
        if what in TARGETS:
            self.kinds[what] += 1
            self.lasts[what] = at - self.pending.pop(number)["at"]
            self._acknowledged(what, number, said)

    def _acknowledged(self, what: str, number: int, said: Mapping[str, Any]) -> None:
        match what:
            case "typed" | "saved":
                self.texts[said["uid"]] = said["text"]
            case "edited":
                self.edits.setdefault(said["uid"], []).append(number)
            case "synced":
                self.synced |= {uid: seen for uid, seen in said["seen"].items() if seen is not None}
            case "imported" | "printed" | "written":
                getattr(self, what).add(number)

    def flying(self, *kinds: str) -> dict[int, dict[str, Any]]:
        """Return the steps of some kinds that were cut: they may be on the disk, or not."""
        return {number: said for number, said in self.pending.items() if said["kind"] in kinds}


def _delay(moment: str, told: Told, chance: random.Random) -> float:
    """Return how many seconds after its beginning a step is cut."""
    return chance.uniform(0.0, _LONGEST if moment == _ANY else told.lasts.get(moment, 0.5))


def _cut(project: Path, folder: Path, told: Told, moment: str, chance: random.Random) -> None:
    """Start a session, let it work, kill it in the middle of a step.

    Raises:
        AssertionError: If it ended before, by itself, or did not come so far.
    """
    target = chance.choice(TARGETS) if moment in {_OPENING, _ANY} else moment
    numbers = (told.number + 1, chance.getrandbits(32), chance.randint(FEWEST, _MOST))
    arguments = [sys.executable, "-m", "tests.faults.session", str(project), str(folder), *map(str, numbers), target]
    errors, told.pending = folder / "errors.txt", {}
    with errors.open("w", encoding="utf-8") as bad:
        child = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=bad, cwd=ROOT, text=True, start_new_session=True
        )
        plug = threading.Timer(_delay(moment, told, chance) if moment == _OPENING else _HANGS, _pull, [child.pid])
        plug.start()
        came_so_far = _listen(child, told, moment, plug, chance)
        child.wait()
    assert child.returncode == -signal.SIGKILL, errors.read_text("utf-8")
    assert came_so_far, f"nothing after {_HANGS} s, waiting for {target}: {errors.read_text('utf-8')}"
    told.hit.update({said["kind"] for said in told.pending.values()})


def _pull(pid: int) -> None:
    os.killpg(pid, signal.SIGKILL)  # with its helpers: the power is gone for all of them


def _listen(
    child: "subprocess.Popen[str]", told: Told, moment: str, plug: threading.Timer, chance: random.Random
) -> bool:
    """Take what the session tells until it is dead; say whether the moment of the cut came."""
    assert child.stdout is not None
    began, came = time.monotonic(), moment == _OPENING
    with child.stdout as lines:
        for line in lines:
            if not line.endswith("\n"):
                break
            said = json.loads(line)
            told.add(said, time.monotonic())
            if said["what"] == "ready":
                told.lasts[_OPENING] = time.monotonic() - began
            if not came and said["what"] == ("ready" if moment == _ANY else "target"):
                came = True
                plug.cancel()
                plug = threading.Timer(_delay(moment, told, chance), _pull, [child.pid])
                plug.start()
    plug.cancel()
    return came


def _verify(project: Path, folder: Path, told: Told) -> None:
    """Open the project after the cut: whole, and everything that was ever acknowledged is in it."""
    report = check(project)
    assert report.is_whole, report.as_text()
    with Store.open(project) as store:
        _verify_edits(store, told)
        _verify_texts(store, told)
        counts = Counter(int(str(row["state"])) for row in store.select("hydrant", ["state"]))
    assert set(counts.values()) <= {ROWS}
    assert told.imported <= set(counts) <= told.imported | set(told.flying("imported"))
    told.imported = set(counts)  # what is on the disk now must stay there, told or not
    _verify_files(folder, told)


def _verify_edits(store: Store, told: Told) -> None:
    """Each number that a community was acknowledged to have is in its history, and it has the last."""
    flying = told.flying("edited")
    for row in store.select("community", ["household_count"]):
        uid, now = str(row["uid"]), row["household_count"]
        numbers = told.edits.get(uid, [])
        history = [entry.values.get("household_count") for entry in store.history(uid)]
        assert [number for number in history if number in numbers] == numbers, uid
        last = numbers[-1] if numbers else None
        assert now in {last, *(n for n, said in flying.items() if said["uid"] == uid)}, uid
        if now != last:  # the one that was cut is on the disk, and must stay there
            told.edits.setdefault(uid, []).append(int(str(now)))


def _verify_texts(store: Store, told: Told) -> None:
    """The form of each community has all that was typed, and of the step that was cut at most what it types."""
    flying = {said["uid"]: number for number, said in told.flying("typed", "saved").items()}
    for uid in {*told.texts, *flying}:
        text, known = open_form(store, Subject(FORM, uid, uid)).session.value(f"/data/{FIELD}"), told.texts.get(uid, "")
        more = text.removeprefix(known) if text.startswith(known) else "?"
        assert (text_of(flying[uid]) if uid in flying else "").startswith(more), (text, known)
        told.texts[uid] = text


def _verify_files(folder: Path, told: Told) -> None:
    """A file that has its name is whole; what was acknowledged is there."""
    for number in told.printed | set(told.flying("printed")):
        sheets = list((folder / f"sheets{number}").glob("*.pdf"))
        assert sheets or number not in told.printed, number
        for sheet in sheets:
            with pikepdf.open(sheet) as document:
                assert len(document.pages) >= 1
        shutil.rmtree(folder / f"sheets{number}", ignore_errors=True)
    for number in told.written | set(told.flying("written")):
        file = folder / f"layers{number}.gpkg"
        assert file.exists() or number not in told.written, number
        if file.exists():
            db = sqlite3.connect(file)
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",), file
            assert db.execute("SELECT count(*) FROM community").fetchone() == (_COMMUNITIES,), file
            db.close()
            file.unlink()
    told.printed, told.written = set(), set()


def _verify_stick(folder: Path, told: Told) -> None:
    """Look at what acknowledged exchanges brought to the stick: that, or what a later one brought. Numbers grow."""
    copy = folder / "copy.gpkg"
    clone(str(folder / "stick"), copy)
    with Store.open(copy) as store:
        there = {str(row["uid"]): row["household_count"] for row in store.select("community", ["household_count"])}
    for uid, number in told.synced.items():
        assert int(str(there[uid] or 0)) >= number, uid
    for left in folder.glob("copy.*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def run(
    place: Path,
    cuts: int,
    seed: int,
    moments: tuple[str, ...] = MOMENTS,
    after: Callable[[int, Told], None] = lambda _cuts, _told: None,
) -> Told:
    """Pull the plug so many times; return what was acknowledged.

    Args:
        place: An empty folder, for the project, the home of the person, and what the session writes.
        cuts: How many.
        seed: Of the moments of the cuts, and of what the sessions do.
        moments: Where the cuts fall, in turn.
        after: Told after each cut how many there were, and what was acknowledged.

    Raises:
        AssertionError: If something that was acknowledged is lost or half.
    """
    project, folder, told, chance = place / "p.gpkg", place / "work", Told(), random.Random(seed)
    (folder / "stick").mkdir(parents=True)
    with make_project(project, forms=True) as store:
        for number in range(_COMMUNITIES):
            add_community(store, f"小区{number}", code=f"HS{number}")
    for number in range(cuts):
        _cut(project, folder, told, moments[number % len(moments)], chance)
        _verify(project, folder, told)
        if told.synced:
            _verify_stick(folder, told)
        after(number + 1, told)
    return told


def _say(cuts: int, told: Told) -> None:
    steps = ", ".join(f"{kind} {told.kinds[kind]} (cut {told.hit[kind]} times)" for kind in TARGETS)
    sys.stdout.write(f"{cuts} cuts, {told.kinds.total()} acknowledged steps, 0 lost: {steps}\n")
    sys.stdout.flush()


def main() -> int:
    """Run and print; what a failure leaves stays where it is. Exit code 1 if a kind of step was never cut."""
    cuts, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    place = Path(tempfile.mkdtemp(prefix="fieldsurvey-cuts-"))
    os.environ["FIELDSURVEY_HOME"] = str(place / "home")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("FIELDSURVEY_LANG", "zh_CN")
    began = time.monotonic()
    try:
        told = run(place, cuts, seed, after=_say)
    except BaseException:
        sys.stdout.write(f"seed {seed}: the project as the cut left it lies in {place}\n")
        raise
    shutil.rmtree(place, ignore_errors=True)  # a helper may still be dying
    sys.stdout.write(f"{time.monotonic() - began:.0f} s\n")
    missed = [kind for kind in TARGETS if not told.hit[kind]]
    sys.stdout.write(f"never cut in the middle: {', '.join(missed)}\n" if missed else "")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
