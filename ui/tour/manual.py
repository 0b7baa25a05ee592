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
from PySide6.QtWidgets import QDialog

from fieldsurvey.i18n import LANGUAGES
from fieldsurvey.projects import sample_project
from ui.app import application
from ui.tour.hand import Hand

_PAGES = Path(__file__).parents[1] / "help"
_COLOURS = 64  # of a picture: the window has few, and the repository stays small
_WIDTH = 900  # px
_WORKSPACES = ("today", "map", "table", "import", "review", "conflicts", "plan", "sync", "export")
_FORM, _ASKED = "f04_water", "3栋"


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
