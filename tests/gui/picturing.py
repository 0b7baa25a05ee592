"""A form that takes a photo and a film, at the real window: `python -m tests.gui.picturing PROJECT TABLE UID`.

Everything is real but the lens: Qt's own video input gives pictures of one
colour in place of a camera. What happens is told on stdout, in a line of JSON.
"""

import sys
from functools import partial
from pathlib import Path
from unittest.mock import patch

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QColor, QImage
from PySide6.QtMultimedia import QMediaPlayer, QVideoFrame, QVideoFrameInput, QVideoSink
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.gui.speaking import Speaker, press, tell
from ui.photos import camera, recorder

SEEN = QColor(30, 140, 220)
_WIDTH, _HEIGHT, _EVERY_MS = 640, 480, 40
_FILMED_MS = 1_500


class Lens:
    """Pictures of one colour, 25 a second."""

    def __init__(self) -> None:
        self._image = QImage(_WIDTH, _HEIGHT, QImage.Format.Format_RGB32)
        self._image.fill(SEEN)
        self.frames = QVideoFrameInput()
        self._clock = QTimer()
        self._clock.timeout.connect(lambda: self.frames.sendVideoFrame(QVideoFrame(self._image)))
        self._clock.start(_EVERY_MS)


def _press() -> None:
    """Press the key that comes next in the window that is open."""
    dialog = QApplication.activeModalWidget()
    if isinstance(dialog, camera.CameraDialog):
        QTest.keyClick(dialog, Qt.Key.Key_Return)
    press(_FILMED_MS)


def shown(file: Path, speaker: Speaker) -> tuple[tuple[int, int, int], int]:
    """Play a film to its end; return the colour in the middle of its last picture, and how long it is in ms."""
    player, sink = QMediaPlayer(), QVideoSink()
    colours: list[tuple[int, int, int]] = []

    def look(frame: QVideoFrame) -> None:
        image = frame.toImage()
        if not image.isNull():
            found = image.pixelColor(image.width() // 2, image.height() // 2)
            colours.append((found.red(), found.green(), found.blue()))

    sink.videoFrameChanged.connect(look)
    player.setVideoSink(sink)
    player.setSource(QUrl.fromLocalFile(str(file)))
    player.play()
    speaker.hand.wait("film played", lambda: player.mediaStatus() == QMediaPlayer.MediaStatus.EndOfMedia)
    return colours[-1], player.duration()


def main(project: str, table: str, uid: str) -> None:
    """Take a photo, then a film, by keys alone."""
    speaker, lens, driver = Speaker(Path(project), table, uid), Lens(), QTimer()
    patch("ui.photos.camera.ask_photo", partial(camera.ask_photo, frames=lens.frames)).start()
    patch("ui.forms.keeping.ask_recording", partial(recorder.ask_recording, frames=lens.frames)).start()
    driver.timeout.connect(_press)
    driver.start(100)
    panel = speaker.hand.window.form_panel
    for name, wanted in (("shot", panel.camera_wanted), ("film", panel.recording_wanted)):
        panel.go_to(f"/data/{name}")
        wanted.emit(f"/data/{name}")
        speaker.kept(name)
    driver.stop()
    photo = QImage(str(speaker.kept("shot")))
    middle = photo.pixelColor(photo.width() // 2, photo.height() // 2)
    colour, length = shown(speaker.kept("film"), speaker)
    tell(
        photo=[photo.width(), photo.height()],
        photo_colour=[middle.red(), middle.green(), middle.blue()],
        film=speaker.kept("film").name,
        film_colour=colour,
        film_ms=length,
    )
    speaker.hand.window.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
