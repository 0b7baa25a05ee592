"""The pictures of the manual, taken from the real window: `python -m ui.tour.manual [DIR]`.

Without DIR they replace those beside the pages. Each language is a process
of its own, on a project that is made for it.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QPoint
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QDialog, QLabel

from fieldsurvey.i18n import LANGUAGES
from fieldsurvey.projects import sample_project
from fieldsurvey.samples import handover
from fieldsurvey.store import Store
from fieldsurvey.sync.session import sync
from ui.app import application
from ui.tour.hand import Hand

_PAGES = Path(__file__).parents[1] / "help"
_COLOURS = 64  # of a picture: the window has few, and the repository stays small
_WIDTH = 900  # px
_WORKSPACES = ("today", "map", "table", "import", "review", "plan", "sync", "export")
_FORM, _ASKED = "f04_water", "3栋"
_HANDED_OVER = ("**/小区边界.shp", "单元门*.geojson", "消防栓*.csv")


def main(out: Path) -> int:
    """Take the pictures in every language; return 0, or 1 if one could not be taken."""
    with tempfile.TemporaryDirectory(prefix="fieldsurvey-manual-") as folder:
        codes = [_run(language, Path(folder), out) for language in LANGUAGES]
    return int(any(codes))


def _run(language: str, folder: Path, out: Path) -> int:
    environment = {**os.environ, "FIELDSURVEY_HOME": str(folder / language), "FIELDSURVEY_LANG": language}
    environment.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")
    place = out / language / "pictures"
    place.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ui.tour.manual", "--take", str(folder / f"{language}.gpkg"), str(place)]
    return subprocess.run(command, env=environment, check=False).returncode


def take(project: Path, out: Path) -> None:
    """Take the pictures in the language of this process."""
    sample_project(project).close()
    hand = Hand(None, out)
    try:
        window = hand.window
        hand.pause(500)
        _picture(hand, out, "start")
        window.opening.open_project(project)
        hand.open()
        hand.wait("map", window.project.is_map_current)
        uid = _surveyed(hand)
        window.open_community(uid)
        for name in _WORKSPACES:
            if name in window.workspaces.names:
                window.show_workspace(name)
                if name == "map":
                    window.help.tips.put_away()  # it would cover what the picture is for
                if name == "import":
                    _hand_over(hand)
                if name == "export":
                    hand.wait("preview", lambda: window.exports.pages.currentWidget() is window.exports.pages.view)
                hand.pause(1500)
                _picture(hand, out, name)
        window.show_workspace("map")
        hand.open_form(_FORM)
        _picture(hand, out, "form")
        hand.close_form()
        window.finder.open_search(_ASKED)
        hand.wait("index", lambda: window.finder.engine.is_ready)
        hand.wait("answers", lambda: bool(window.finder.search.entries))
        _picture(hand, out, "search")
        window.finder.search.reject()
    finally:
        hand.close()
    _disagree(project, uid)
    hand = Hand(project, out)
    try:
        hand.open()
        hand.window.show_workspace("conflicts")
        hand.wait("conflicts", lambda: "(2)" in _words(hand))
        hand.pause(500)
        _picture(hand, out, "conflicts")
    finally:
        hand.close()


def _words(hand: Hand) -> str:
    page = hand.window.workspaces.page("conflicts")
    return " ".join(label.text() for label in page.findChildren(QLabel))


def _hand_over(hand: Hand) -> None:
    """Have files looked into, and the first of them shown."""
    importer, folder = hand.window.importer, handover()
    files = [next(folder.glob(pattern)) for pattern in _HANDED_OVER]
    importer.add_files(files)
    hand.wait("files", lambda: importer.files.count() == len(files))
    importer.files.setCurrentRow(0)


def _disagree(project: Path, community: str) -> None:
    """Have two laptops answer two questions of one form differently, and meet."""
    with tempfile.TemporaryDirectory(prefix="fieldsurvey-stick-") as stick, Store.open(project) as mine:
        (row,) = (row for row in mine.select(_FORM, ["community_uid"]) if row["community_uid"] == community)
        with Store.create(Path(stick, "other.gpkg"), project=mine.project) as other:
            for store, name in ((mine, "李工"), (other, "赵工")):
                store.set_actor(name, name)
                sync(store, stick)
            mine.save(str(row["uid"]), {"main_dn": 150, "remarks": "阀门锈蚀，启闭困难"})
            other.save(str(row["uid"]), {"main_dn": 200, "remarks": "阀门井内有积水"})
            for store in (mine, other, mine):
                sync(store, stick)


def _surveyed(hand: Hand) -> str:
    """Return the community that is furthest."""
    now = hand.window.project.current
    progress = now.progress if now is not None else {}
    return max(progress, key=lambda uid: progress[uid].done)


def _picture(hand: Hand, out: Path, name: str) -> None:
    window = hand.window
    if window.canvas.isVisible():
        hand.wait("map drawn", window.canvas.is_settled)
    hand.pause(300)
    shot = window.grab()
    painter = QPainter(shot)
    for dialog in window.findChildren(QDialog):
        if dialog.isVisible():
            painter.drawPixmap(window.mapFromGlobal(dialog.mapToGlobal(QPoint(0, 0))), dialog.grab())
    painter.end()
    place = out / f"{name}.png"
    shot.save(str(place))
    with Image.open(place) as image:
        small = image.convert("RGB").resize(
            (_WIDTH, round(image.height * _WIDTH / image.width)), Image.Resampling.LANCZOS
        )
    small.quantize(_COLOURS, dither=Image.Dither.NONE).save(place, optimize=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--take"]:
        application()
        take(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else _PAGES))
