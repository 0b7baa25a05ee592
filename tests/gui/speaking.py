"""A form that is spoken to, at the real window: `python -m tests.gui.speaking TASK PROJECT TABLE UID`.

The sound server is taken by Qt once a process, so whoever needs one runs here.
What happens is told on stdout, each in a line of JSON.
"""

import json
import math
import os
import sys
from array import array
from pathlib import Path
from unittest.mock import patch

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtMultimedia import QAudioDecoder, QAudioFormat, QAudioOutput, QMediaPlayer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from fieldsurvey.paths import media_folder
from fieldsurvey.store.media import place_in
from survey_forms.records import Subject
from ui.forms.files import RecordingEditor
from ui.photos.recorder import RecordDialog
from ui.tour.hand import Hand

_SPOKEN_MS = 2_000


class Speaker:
    """The hand at a form."""

    def __init__(self, project: Path, table: str, uid: str) -> None:
        self.hand = Hand(project, project.parent)
        self.hand.open()
        self.hand.window.open_form(Subject(table, uid, uid))
        self.hand.wait("form open", lambda: self.hand.window.form.current)

    def value(self, name: str) -> str:
        """Return an answer."""
        session = self.hand.window.form_panel.session
        return session.value(f"/data/{name}") if session else ""

    def kept(self, name: str) -> Path:
        """Return the file that is the answer of a question."""
        self.hand.wait(f"{name} answered", lambda: self.value(name))
        found = self.hand.window.project.current
        place = place_in(media_folder(found.path))(self.value(name)) if found else None
        return place or Path()

    def record(self) -> None:
        """Record through the window for recording, by keys alone; then play what is kept."""
        panel = self.hand.window.form_panel
        panel.go_to("/data/sound")
        editor = panel.row("sound").editor
        if not isinstance(editor, RecordingEditor):
            raise TypeError(editor)
        driver = QTimer()
        driver.timeout.connect(press)
        driver.start(50)
        editor.record.click()
        driver.stop()
        file = self.kept("sound")
        loudest, seconds = heard(file, self.hand)
        tell(
            told=editor.facts.text(),
            size=file.stat().st_size,
            loudest=loudest,
            seconds=seconds,
            played=played(file, self.hand),
        )

    def listen(self) -> None:
        """Record in the background, telling how much there is, until somebody ends the process."""
        while True:
            self.hand.pause(100)
            mark = self.hand.window.form_panel.listening
            tell(said=mark.mark.text(), shown=mark.mark.isVisible(), told=mark.words.text())

    def finish(self) -> None:
        """Go on with what was recorded, for two seconds; then submit the form."""
        mark, flushed = self.hand.window.form_panel.listening, _seen_fsyncs()
        self.hand.wait("recording", lambda: _seconds(mark.mark.text()) > 0)
        before = _seconds(mark.mark.text())
        self.hand.wait("two more seconds", lambda: _seconds(mark.mark.text()) >= before + 2)
        self.hand.wait("brought to the disk", lambda: flushed)
        self.hand.click("form_complete")
        file = self.kept("sound")
        self.hand.wait("submitted", mark.mark.isHidden)
        loudest, seconds = heard(file, self.hand)
        tell(
            before=before,
            seconds=seconds,
            loudest=loudest,
            flushed=len(flushed),
            drafts=[p.name for p in _drafts(file)],
        )


def _seen_fsyncs() -> list[str]:
    """Return a list that names every draft's file that is brought to the disk from now on."""
    found: list[str] = []
    real = os.fsync

    def seen(number: int) -> None:
        real(number)
        place = Path(f"/proc/self/fd/{number}").readlink()
        if place.parent.name == "drafts":
            found.append(place.name)

    patch.object(os, "fsync", seen).start()
    return found


def _drafts(file: Path) -> list[Path]:
    return sorted((file.parents[1] / "drafts").iterdir())


def _seconds(said: str) -> int:
    """Return how long the mark says that it has recorded."""
    minutes, _, seconds = said.rpartition(" ")[2].partition(":")
    return int(minutes) * 60 + int(seconds) if seconds else 0


def press(enough_ms: int = _SPOKEN_MS) -> None:
    """Press the key that comes next in the window for recording, if it is open."""
    dialog = QApplication.activeModalWidget()
    if not isinstance(dialog, RecordDialog):
        return
    if dialog.is_recording and dialog.recorder.duration() >= enough_ms:
        QTest.keyClick(dialog, Qt.Key.Key_R)
    elif dialog.keep.isEnabled():
        QTest.keyClick(dialog.keep, Qt.Key.Key_Return)
    elif not dialog.is_recording and not dialog.recorder.duration():
        QTest.keyClick(dialog, Qt.Key.Key_R)


def heard(file: Path, hand: Hand) -> tuple[float, float]:
    """Return the loudest sample of a recording, 0 to 1, and its seconds."""
    wanted = QAudioFormat()
    wanted.setChannelCount(1)
    wanted.setSampleRate(8_000)
    wanted.setSampleFormat(QAudioFormat.SampleFormat.Float)
    decoder, samples = QAudioDecoder(), array("f")
    ended: list[object] = []
    decoder.setAudioFormat(wanted)
    decoder.bufferReady.connect(lambda: samples.frombytes(bytes(decoder.read().constData())))
    decoder.finished.connect(lambda: ended.append(None))
    decoder.setSource(QUrl.fromLocalFile(str(file)))
    decoder.start()
    hand.wait(f"{file.name} decoded", lambda: ended)
    return max(abs(sample) for sample in samples if math.isfinite(sample)), len(samples) / 8_000


def played(file: Path, hand: Hand) -> int:
    """Play a recording to its end; return how far it came, in ms."""
    player, output = QMediaPlayer(), QAudioOutput()
    positions = [0]
    player.positionChanged.connect(positions.append)
    player.setAudioOutput(output)
    player.setSource(QUrl.fromLocalFile(str(file)))
    player.play()
    hand.wait(f"{file.name} played", lambda: player.mediaStatus() == QMediaPlayer.MediaStatus.EndOfMedia)
    return max(positions)


def tell(**what: object) -> None:
    """Say what happened."""
    sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def main(task: str, project: str, table: str, uid: str) -> None:
    """Do one task."""
    speaker = Speaker(Path(project), table, uid)
    getattr(speaker, task)()
    speaker.hand.window.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
