"""Power cuts at the real window: whatever it acknowledged is there, and nothing is half.

`python -m tests.faults.cutting 200` is the long run of `make soak`, and of
`make cuts`. One process per cut works in the same project, tells each step
once the window shows that it is done, and is killed; then the project is
opened again.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pikepdf

from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from fieldsurvey.sync.session import clone
from tests.builders import add_community, make_project
from tests.conftest import ROOT
from tests.faults.session import FIELD, FORM, ROWS, text_of, year_of

_LONGEST = 6.0  # seconds of work before the cut


@dataclass
class Told:
    """What the window acknowledged.

    Attributes:
        typed: Community -> text of the form's draft.
        planned: Community -> year.
        imported: Files.
        synced: Community -> years that an exchange had confirmed, all that were so.
        printed: Folders of sheets.
        kinds: How much was acknowledged, by kind.
        number: Of the last step that was.
    """

    typed: dict[str, str] = field(default_factory=dict)
    planned: dict[str, object] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    printed: set[str] = field(default_factory=set)
    synced: dict[str, int] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    number: int = 0

    def add(self, line: str) -> None:
        """Take a line of the session."""
        said: dict[str, Any] = json.loads(line)
        self.kinds[said["what"]] += 1
        self.number = max(self.number, said["number"])
        match said["what"]:
            case "typed":
                self.typed[said["uid"]] = said["text"]
            case "planned":
                self.planned[said["uid"]] = said["year"]
            case "imported":
                self.imported.add(said["file"])
            case "printed":
                self.printed.add(said["folder"])
            case "synced":
                self.synced = {uid: year for uid, year in said["years"].items() if year is not None}


def _cut(project: Path, folder: Path, told: Told, chance: random.Random) -> None:
    """Start a session, let it work for a while, kill it.

    Raises:
        AssertionError: If it ended before, by itself.
    """
    start = told.number + 1  # the step that was cut before has a number of its own
    arguments = [sys.executable, "-m", "tests.faults.session", str(project), str(folder), str(start)]
    arguments.append(str(chance.getrandbits(32)))
    errors = folder / "errors.txt"
    with errors.open("w", encoding="utf-8") as bad:
        child = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=bad, cwd=ROOT, text=True, start_new_session=True
        )
        assert child.stdout is not None
        try:
            first = child.stdout.readline()
            assert first, errors.read_text("utf-8")
            told.add(first)
            time.sleep(chance.uniform(0.0, _LONGEST))  # noqa: TID251 - the moment of the cut is the point
            assert child.poll() is None, errors.read_text("utf-8")
        finally:
            os.killpg(child.pid, signal.SIGKILL)  # with its helpers: the power is gone for all of them
            rest = child.stdout.read()
            child.stdout.close()
            child.wait()
    for line in rest.splitlines(keepends=True):
        if line.endswith("\n"):
            told.add(line)


def _verify(project: Path, folder: Path, told: Told) -> None:
    """Open the project after the cut: whole, and everything acknowledged is in it."""
    report = check(project)
    assert report.is_whole, report.as_text()
    with Store.open(project) as store:
        years = {str(row["uid"]): row["plan_year"] for row in store.select("community", ["plan_year"])}
        counts: dict[str, int] = {}
        for row in store.select("hydrant", ["state"]):
            counts[str(row["state"])] = counts.get(str(row["state"]), 0) + 1
        drafts = {uid: store.draft(f"{FORM}:{uid}") for uid in told.typed}
    flying = told.number + 1  # the step that was cut: it may be on the disk, or half of what was being typed
    for uid, year in list(told.planned.items()):
        assert years[uid] in {year, year_of(flying)}, uid
        told.planned[uid] = years[uid]  # what is on the disk now must stay there, told or not
    assert set(counts.values()) <= {ROWS}
    assert {name.removeprefix("消防栓").removesuffix(".csv") for name in told.imported} <= set(counts)
    for uid, text in list(told.typed.items()):
        kept = drafts[uid]
        assert kept is not None, uid
        words = _remark(kept[0])
        assert words == text or text_of(flying).startswith(words), (text, words)
        told.typed[uid] = words
    for sheet in folder.glob("sheets*/*.pdf"):
        with pikepdf.open(sheet) as document:
            assert len(document.pages) >= 1
    assert all(list((folder / name).glob("*.pdf")) for name in told.printed)


def _remark(draft: str) -> str:
    """Return what a draft holds as the remark."""
    session = json.loads(json.loads(draft)["session"])
    return str(session["values"].get(f"/data/{FIELD}", ""))


def _verify_stick(project: Path, folder: Path, told: Told) -> None:
    """Look at what an acknowledged exchange brought to the stick: that, or what a later one brought."""
    copy = folder / "copy.gpkg"
    clone(str(folder / "stick"), copy)
    with Store.open(copy) as store, Store.open(project) as mine:
        there = {str(row["uid"]): row["plan_year"] for row in store.select("community", ["plan_year"])}
        here = {str(row["uid"]): row["plan_year"] for row in mine.select("community", ["plan_year"])}
    for uid, year in told.synced.items():
        assert there[uid] in {year, here[uid]}, uid
    copy.unlink()


def run(place: Path, cuts: int, seed: int) -> Told:
    """Pull the plug so many times; return what was acknowledged.

    Args:
        place: An empty folder, for the project, the home of the person, and what the session writes.
        cuts: How many.
        seed: Of the moments of the cuts, and of what the sessions do.

    Raises:
        AssertionError: If something that was acknowledged is lost or half.
    """
    project, folder, told, chance = place / "p.gpkg", place / "work", Told(), random.Random(seed)
    (folder / "stick").mkdir(parents=True)
    with make_project(project, forms=True) as store:
        for number in range(6):
            add_community(store, f"小区{number}", code=f"HS{number}")
    for _number in range(cuts):
        _cut(project, folder, told, chance)
        _verify(project, folder, told)
        if told.synced:
            _verify_stick(project, folder, told)
            told.synced = {}
    return told


def main() -> int:
    """Run and print; what a failure leaves stays where it is."""
    cuts, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    place = Path(tempfile.mkdtemp(prefix="fieldsurvey-cuts-"))
    os.environ["FIELDSURVEY_HOME"] = str(place / "home")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("FIELDSURVEY_LANG", "zh_CN")
    began = time.monotonic()
    try:
        told = run(place, cuts, seed)
    except BaseException:
        sys.stdout.write(f"seed {seed}: the project as the cut left it lies in {place}\n")
        raise
    shutil.rmtree(place, ignore_errors=True)  # a helper may still be dying
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(told.kinds.items()) if kind != "ready")
    sys.stdout.write(f"{cuts} cuts, nothing lost; acknowledged: {kinds}; {time.monotonic() - began:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
