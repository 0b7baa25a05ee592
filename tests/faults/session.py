"""A session at the real window, which a power cut ends: `python -m tests.faults.session PROJECT FOLDER START SEED`.

It types, completes forms, plans, imports, syncs with a folder and writes
sheets, one after another in a random order, and tells on stdout what the
window acknowledged, each in a line of JSON. The test beside it kills the
process and looks whether all of it is there.
"""

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

from survey_forms.records import Subject
from ui.app import application
from ui.tour.hand import Hand

ROWS = 40  # of an imported file
FIELD = "remarks"
FORM = "f04_water"


def text_of(number: int) -> str:
    """Return what a step types."""
    return f"第{number}次"


def year_of(number: int) -> int:
    """Return what a step plans."""
    return 2026 + number % 5


class Session:
    """The hand, and what it does."""

    def __init__(self, project: Path, folder: Path, start: int, seed: int) -> None:
        self._hand, self._folder, self._number = Hand(project, folder), folder, start
        self._rng = random.Random(seed)
        self._hand.open()
        now = self._hand.window.project.current
        self._uids = sorted(now.communities) if now else []
        self._imports = 0
        self._hand.window.importer.imported.connect(self._count_import)

    def run(self) -> None:
        """Work for ever."""
        self._tell("ready")
        steps: tuple[Callable[[], None], ...] = (
            self._type,
            self._type,
            self._plan,
            self._plan,
            self._import,
            self._sync,
            self._print,
        )
        while True:
            self._number += 1
            self._rng.choice(steps)()

    def _tell(self, what: str, **facts: object) -> None:
        sys.stdout.write(json.dumps({"what": what, "number": self._number, **facts}) + "\n")
        sys.stdout.flush()

    def _type(self) -> None:
        """Type into a form; told once the window says that it is kept."""
        window, uid, text = self._hand.window, self._rng.choice(self._uids), text_of(self._number)
        window.show_workspace("map")
        window.open_form(Subject(FORM, uid, uid))
        self._hand.wait(
            "form", lambda: window.form.current == Subject(FORM, uid, uid) and window.form_panel.isVisible()
        )
        self._hand.answer(self._hand.row(FIELD), text)
        self._hand.wait("kept", window.form.is_kept)
        self._tell("typed", uid=uid, text=text)

    def _plan(self) -> None:
        """Set a plan year; told once the window shows it."""
        window, uid, year = self._hand.window, self._rng.choice(self._uids), year_of(self._number)
        store = window.holder.store
        window.store_runner.start(lambda _control: store.save(uid, {"plan_year": year}), quick=True)
        self._hand.wait("year", lambda: self._year(uid) == year)
        self._tell("planned", uid=uid, year=year)

    def _year(self, uid: str) -> object:
        now = self._hand.window.project.current
        return now.communities[uid]["plan_year"] if now else None

    def _import(self) -> None:
        """Import a file; told once the panel says so."""
        window = self._hand.window
        file = self._folder / f"消防栓{self._number}.csv"
        lines = ["x,y,状态"]
        lines += [f"{600_000 + self._number * 50 + n},{3_340_000 + n},{self._number}" for n in range(ROWS)]
        file.write_text("\n".join(lines), "utf-8")
        window.show_workspace("import")
        window.importer.add_files([file])
        self._hand.wait("inspected", lambda: window.importer.files.count() == 1 and window.importer.go.isEnabled())
        before = self._imports
        self._hand.click("import_go")
        self._hand.wait("imported", lambda: self._imports > before)
        self._tell("imported", file=file.name)

    def _count_import(self, _reports: object) -> None:
        self._imports += 1

    def _sync(self) -> None:
        """Sync with a folder; told once the panel says so, with the years that were acknowledged before."""
        window = self._hand.window
        years = {uid: self._year(uid) for uid in self._uids}
        self._hand.sync(str(self._folder / "stick"), "")
        self._tell("synced", years=years)
        window.show_workspace("map")

    def _print(self) -> None:
        """Write the sheet of a community; told once the panel says so."""
        window, out = self._hand.window, self._folder / f"sheets{self._number}"
        now = window.project.current
        uid = self._rng.choice(self._uids)
        code = str(now.communities[uid]["code"]) if now else ""
        window.show_workspace("export")
        window.exports.export_sheets([code], out)
        self._hand.wait("sheet written", lambda: "已写出" in window.exports.message.text())
        self._tell("printed", folder=out.name)


def main() -> int:
    """Run until somebody pulls the plug."""
    application()
    Session(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
