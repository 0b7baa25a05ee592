"""A session at the real window, which a power cut ends.

`python -m tests.faults.session PROJECT FOLDER START SEED BEFORE TARGET` types
into forms, saves them, edits, imports, syncs with a folder, writes sheets and
map layers, and tells on stdout, a line of JSON each, what it begins and what
the window acknowledged. While something long runs, it goes on editing. After
BEFORE steps comes one of the kind TARGET, which the test beside it cuts.
"""

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest

from exports.products import BY_KEY, Choice
from survey_forms.records import Subject
from ui.app import application
from ui.tour.hand import Hand

ROWS = 40  # of an imported file
FIELD = "remarks"
FORM = "f04_water"
TARGETS = ("typed", "saved", "edited", "imported", "synced", "printed", "written")
_MEANWHILE = 2  # edits while something long runs


def text_of(number: int) -> str:
    """Return what a step adds to a text."""
    return f"第{number}次;"


class Session:
    """The hand, and what it does."""

    def __init__(self, project: Path, folder: Path, start: int, seed: int, out: TextIO = sys.stdout) -> None:
        """Open the window.

        Args:
            project: Project file.
            folder: Where files are written, and synced with: `stick` is in it.
            start: Number of the first step.
            seed: Of what is done.
            out: What is told goes there.
        """
        self._hand, self._folder, self._number, self._out = Hand(project, folder), folder, start, out
        self.window = self._window = self._hand.window
        self._rng = random.Random(seed)
        self._hand.open()
        self._happened = dict.fromkeys(("opened", "saved", "imported", "exported"), 0)
        for name, signal in (
            ("opened", self._window.form.opened),
            ("saved", self._window.form.saved),
            ("imported", self._window.importer.imported),
            ("exported", self._window.exports.exported),
        ):
            signal.connect(lambda *_args, name=name: self._count(name))
        now = self._window.project.current
        self._uids = sorted(now.communities) if now else []
        self._steps: dict[str, Callable[[], None]] = dict(
            zip(
                TARGETS,
                (self._type, self._save, self._edit, self._import, self._sync, self._print, self._write),
                strict=True,
            )
        )

    def run(self, before: int, target: str) -> None:
        """Do some steps, then the one that is to be cut, then others for ever."""
        self._tell("ready", 0)
        for name in self._rng.sample(TARGETS, before):
            self.do(name)
        self._tell("target", 0)
        self.do(target)
        while True:
            self.do(self._rng.choice(TARGETS))

    def do(self, kind: str) -> None:
        """Do a step of a kind, one of TARGETS."""
        self._steps[kind]()

    def _tell(self, what: str, number: int, **facts: object) -> None:
        self._out.write(json.dumps({"what": what, "number": number, **facts}) + "\n")
        self._out.flush()

    def _begin(self, kind: str, **facts: object) -> int:
        """Tell what is begun; return its number."""
        self._number += 1
        self._tell("begins", self._number, kind=kind, **facts)
        return self._number

    def _count(self, name: str) -> None:
        self._happened[name] += 1

    def _until(self, name: str, *do: Callable[[], None]) -> None:
        """Do things, and wait until the window has told that it happened."""
        before = self._happened[name]
        for step in do:
            step()
        self._hand.wait(name, lambda: self._happened[name] > before)

    # --- editing -------------------------------------------------------------------------------------------------

    def _type(self) -> None:
        """Add to a text of a form; told once the window says that it is kept."""
        uid = self._rng.choice(self._uids)
        number = self._begin("typed", uid=uid)
        text = self._add_to_form(uid, number)
        self._hand.wait("kept", self._window.form.is_kept)
        self._tell("typed", number, uid=uid, text=text)

    def _save(self) -> None:
        """Add to a text and save the form as a draft; told once the window says so."""
        uid = self._rng.choice(self._uids)
        number = self._begin("saved", uid=uid)
        text = self._add_to_form(uid, number)
        self._until("saved", lambda: self._hand.click("form_draft"))
        self._tell("saved", number, uid=uid, text=text)

    def _add_to_form(self, uid: str, number: int) -> str:
        window, subject = self._window, Subject(FORM, uid, uid)
        window.show_workspace("map")
        self._until("opened", lambda: window.open_form(subject))
        self._hand.wait("form", lambda: window.form.current == subject and window.form_panel.isVisible())
        row = self._hand.row(FIELD)
        window.form_panel.go_to(row.path)
        field = row.editor.focus
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
        for sign in text_of(number):
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QCoreApplication.sendEvent(field, QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, sign))
        session = window.form_panel.session
        return session.value(row.path) if session else ""

    def _edit(self) -> None:
        """Change a number of a community; told once the window shows it."""
        uid, store = self._rng.choice(self._uids), self._window.holder.store
        number = self._begin("edited", uid=uid)
        self._window.store_runner.start(lambda _control: store.save(uid, {"household_count": number}), quick=True)
        self._hand.wait("edit", lambda: self._households(uid) == number)
        self._tell("edited", number, uid=uid)

    def _households(self, uid: str) -> object:
        now = self._window.project.current
        return now.communities[uid]["household_count"] if now else None

    def _meanwhile(self) -> None:
        for _edit in range(_MEANWHILE):
            self._edit()

    # --- what takes longer ---------------------------------------------------------------------------------------

    def _import(self) -> None:
        """Import a file; told once the panel says so."""
        window, number = self._window, self._begin("imported")
        file = self._folder / f"消防栓{number}.csv"
        lines = ["x,y,状态"]
        lines += [f"{600_000 + number * 50 + n},{3_340_000 + n},{number}" for n in range(ROWS)]
        file.write_text("\n".join(lines), "utf-8")
        window.show_workspace("import")
        window.importer.add_files([file])
        self._hand.wait("inspected", lambda: window.importer.files.count() == 1 and window.importer.go.isEnabled())
        self._until("imported", lambda: self._hand.click("import_go"), self._meanwhile)
        self._tell("imported", number)

    def _sync(self) -> None:
        """Sync with a folder; told once the panel says so, with the numbers that were acknowledged before."""
        window = self._window
        seen = {uid: self._households(uid) for uid in self._uids}
        number = self._begin("synced")
        window.sync.message.clear()
        window.show_workspace("sync")
        self._hand.type_into(window.sync.target, str(self._folder / "stick"))
        self._hand.click("sync_go")
        self._meanwhile()
        self._hand.wait("synced", lambda: "同步完成" in window.sync.message.text())
        self._tell("synced", number, seen=seen)

    def _print(self) -> None:
        """Write the sheet of a community; told once the panel says so."""
        now, uid = self._window.project.current, self._rng.choice(self._uids)
        code = str(now.communities[uid]["code"]) if now else ""
        number = self._begin("printed")
        self._export(lambda: self._window.exports.export_sheets([code], self._folder / f"sheets{number}"))
        self._tell("printed", number)

    def _write(self) -> None:
        """Write the layers of the map as a file; told once the panel says so."""
        number = self._begin("written")
        file = self._folder / f"layers{number}.gpkg"
        choice = Choice(None, is_internal=True)
        self._export(lambda: self._window.exports.run(BY_KEY["gpkg"], choice, file))
        self._tell("written", number)

    def _export(self, start: Callable[[], None]) -> None:
        self._window.show_workspace("export")
        self._hand.wait("export possible", self._window.exports.save.isEnabled)
        self._until("exported", start, self._meanwhile)


def main() -> int:
    """Run until somebody pulls the plug."""
    application()
    project, folder, start, seed, before, target = sys.argv[1:]
    Session(Path(project), Path(folder), int(start), int(seed)).run(int(before), target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
