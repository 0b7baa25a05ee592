"""Power cuts at the real window: whatever it acknowledged is there, and nothing is half.

FIELDSURVEY_SOAK=1 pulls the plug 200 times.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from fieldsurvey.sync.session import clone
from tests.builders import add_community, make_project
from tests.conftest import ROOT
from tests.faults.session import FIELD, FORM, ROWS, text_of, year_of

CUTS = 200 if os.environ.get("FIELDSURVEY_SOAK") else 3
_LONGEST = 6.0 if os.environ.get("FIELDSURVEY_SOAK") else 4.0  # seconds of work before the cut
MANY = 20


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
    """Start a session, let it work for a while, kill it."""
    arguments = [
        sys.executable,
        "-m",
        "tests.faults.session",
        str(project),
        str(folder),
        str(told.number + 1),
    ]  # a number of its own for the step that was cut before
    errors = folder / "errors.txt"
    with errors.open("w", encoding="utf-8") as bad:
        child = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=bad, cwd=ROOT, text=True)
        assert child.stdout is not None
        try:
            first = child.stdout.readline()
            assert first, errors.read_text("utf-8")
            told.add(first)
            time.sleep(chance.uniform(0.0, _LONGEST))  # noqa: TID251 - the moment of the cut is the point
            assert child.poll() is None, errors.read_text("utf-8")
        finally:
            child.send_signal(signal.SIGKILL)
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


@pytest.mark.timeout(300 if CUTS < MANY else 7200)
def test_what_the_window_acknowledged_survives_power_cuts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSURVEY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    project, folder, told, chance = tmp_path / "p.gpkg", tmp_path / "work", Told(), random.Random(7)
    (folder / "stick").mkdir(parents=True)
    with make_project(project, forms=True) as store:
        for number in range(6):
            add_community(store, f"小区{number}", code=f"HS{number}")
    for _number in range(CUTS):
        _cut(project, folder, told, chance)
        _verify(project, folder, told)
        if told.synced:
            _verify_stick(project, folder, told)
            told.synced = {}
    assert told.kinds["ready"] == CUTS
    if CUTS > MANY:
        assert {"typed", "planned", "imported", "synced", "printed"} <= told.kinds.keys()
