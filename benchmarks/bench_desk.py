"""The longest time for which the window does not answer, while it imports, syncs and writes sheets.

A timer of the GUI thread beats every 5 ms; the stall is the longest gap between
two beats: by the wall clock, and by the processor time of the GUI thread alone,
which other programs on the machine do not lengthen. Budget: 50 ms.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))  # run from anywhere

from PySide6.QtCore import QEventLoop, QObject, QTimer

from fieldsurvey import samples
from ui.app import application, build
from ui.main_window import MainWindow

_BEAT_MS = 5
_SHEETS = 10
_PATIENCE_S = 300


class Heart(QObject):
    """Beats, and keeps the longest gaps."""

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self, interval=_BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()
        self.begin()

    def begin(self) -> None:
        """Forget the gaps so far."""
        self._last = (time.perf_counter(), time.thread_time())
        self.gaps: list[tuple[float, float]] = []

    def _beat(self) -> None:
        now = (time.perf_counter(), time.thread_time())
        self.gaps.append(((now[0] - self._last[0]) * 1000, (now[1] - self._last[1]) * 1000))
        self._last = now

    def told(self) -> str:
        """Return the longest gaps in words, the one that is not over included."""
        self._beat()
        wall = sorted(gap for gap, _own in self.gaps)
        own = sorted(gap for _wall, gap in self.gaps)
        late = wall[int(len(wall) * 0.99)]
        return f"longest {wall[-1]:.0f} ms, p99 {late:.0f} ms; of processor longest {own[-1]:.0f} ms"


def wait(happened: Callable[[], object]) -> None:
    """Let the window work until something happened."""
    begun = time.monotonic()
    while not happened():
        if time.monotonic() - begun > _PATIENCE_S:
            raise TimeoutError
        loop = QEventLoop()
        QTimer.singleShot(20, loop.quit)
        loop.exec()


def rest(window: MainWindow) -> None:
    """Wait until the map of the newest state is drawn."""
    wait(lambda: window.project.is_map_current() and window.canvas.is_settled())


def pause(seconds: float) -> None:
    """Let the window work for a while."""
    end = time.monotonic() + seconds
    wait(lambda: time.monotonic() > end)


class Desk:
    """The window of the run, and its heart."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.window = folder, build()
        self.window.resize(1366, 768)
        self.window.show()
        self.window.opening.make_project(folder / "p.gpkg")
        wait(lambda: self.window.project.current is not None)
        self.heart = Heart()

    def tell(self, what: str) -> None:
        """Print the stalls since the last time."""
        sys.stdout.write(f"{what}: {self.heart.told()}\n")
        sys.stdout.flush()
        self.heart.begin()

    def show(self, name: str) -> None:
        """Show a workspace and wait until it is there."""
        self.window.show_workspace(name)
        pause(1)
        self.tell(f"{name} is shown")

    def take_in(self) -> None:
        """Import the sample city."""
        city, reports = samples.city(), list[object]()  # unpacked here, before it is measured
        self.window.importer.imported.connect(reports.append)
        self.heart.begin()
        self.show("import")
        self.window.importer.add_files([city])
        wait(self.window.importer.go.isEnabled)
        self.tell("look into a file")
        self.window.importer.go.click()
        wait(lambda: reports)
        self.tell("import")
        self.show("map")
        rest(self.window)
        self.tell("the map is built")

    def exchange(self) -> None:
        """Sync with a folder."""
        stick, done = self.folder / "stick", list[bool]()
        stick.mkdir()
        self.window.sync.synced.connect(lambda: done.append(True))
        self.show("sync")
        self.window.sync.box.set_target(str(stick))
        self.window.sync.go.click()
        wait(lambda: done)
        self.tell("sync")

    def write(self) -> None:
        """Write sheets."""
        now = self.window.project.current
        codes = [str(row["code"]) for row in now.communities.values()][:_SHEETS] if now else []
        self.show("export")
        self.window.exports.export_sheets(codes, self.folder / "sheets")
        wait(lambda: "已写出" in self.window.exports.message.text())
        self.tell(f"{_SHEETS} sheets")


def main() -> None:
    """Print the stalls of each kind of work."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FIELDSURVEY_HOME"] = folder
        os.environ["FIELDSURVEY_LANG"] = "zh_CN"
        application()
        desk = Desk(Path(folder))
        desk.take_in()
        desk.exchange()
        desk.write()
        for name in desk.window.workspaces.names:
            desk.show(name)
        desk.window.close()


if __name__ == "__main__":
    main()
