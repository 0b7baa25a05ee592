"""A sound that is recorded for long, into a file that can be heard at any moment, whatever ends the program."""

from pathlib import Path
from typing import cast

from PySide6.QtCore import QCoreApplication, QFile, QIODevice, QObject, QTimer, Signal, Slot

from fieldsurvey.i18n import _
from ui.photos.recorder import set_quality

_PATIENCE_MS = 3_000  # for the last pieces of a sound; what was written before is in the file anyway


class Listener(QObject):
    """Records from the microphone to the end of a file.

    The sound is a chain of pieces (ADTS), written unbuffered about 15 times a second: kill -9 loses less than a
    tenth of one. QtMultimedia has to be loaded already (ui.forms.listening does it beside the window).

    Signals:
        ticked: (int) how long it has recorded, in ms.
        stopped: () it records no more, and the file is closed.
        failed: (str) why it cannot record; stopped follows.
    """

    ticked = Signal(int)
    stopped = Signal()
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        from PySide6.QtMultimedia import QAudioInput, QMediaCaptureSession, QMediaFormat, QMediaRecorder

        super().__init__(parent)
        self._file: QFile | None = None
        self._session = QMediaCaptureSession(self)
        self._recorder = QMediaRecorder(self)
        self._session.setRecorder(self._recorder)
        self._session.setAudioInput(QAudioInput(self))
        wanted = QMediaFormat(QMediaFormat.FileFormat.AAC)
        wanted.setAudioCodec(QMediaFormat.AudioCodec.AAC)
        self._recorder.setMediaFormat(wanted)
        self._end = QTimer(self)
        self._end.setObjectName("listener_end")
        self._end.setSingleShot(True)
        self._end.setInterval(_PATIENCE_MS)
        self._end.timeout.connect(self._close)
        self._recorder.durationChanged.connect(self._tick)
        self._recorder.recorderStateChanged.connect(self._changed)
        self._recorder.errorOccurred.connect(self._fail)

    @property
    def is_recording(self) -> bool:
        """Whether it records, or is about to end."""
        return self._file is not None

    def start(self, place: Path, quality: str) -> None:
        """Record to the end of a file.

        Args:
            place: The file, which may hold a sound already.
            quality: Of the sound: voice-only, low or normal; empty: normal.
        """
        from PySide6.QtMultimedia import QMediaDevices

        if self.is_recording:
            return
        if not QMediaDevices.audioInputs():
            self.failed.emit(_("No microphone was found; the form goes on without recording."))
            return
        # The last pieces are written in a thread of Qt's: the file must not go with this object.
        file = QFile(str(place), cast("QCoreApplication", QCoreApplication.instance()))
        if not file.open(QIODevice.OpenModeFlag.Append | QIODevice.OpenModeFlag.Unbuffered):
            self.failed.emit(_("It could not be recorded: {why}").format(why=file.errorString()))
            file.deleteLater()
            return
        self._file = file
        set_quality(self._recorder, quality)
        self._recorder.setOutputDevice(file)
        self._recorder.record()

    def stop(self) -> None:
        """Record no more; stopped follows."""
        if self._file is None:
            self.stopped.emit()
            return
        self._end.start()
        self._recorder.stop()

    def _tick(self, millis: int) -> None:
        self.ticked.emit(millis)

    @Slot()
    def _changed(self) -> None:
        from PySide6.QtMultimedia import QMediaRecorder

        if self._recorder.recorderState() == QMediaRecorder.RecorderState.StoppedState:
            self._close()

    @Slot()
    def _close(self) -> None:
        self._end.stop()
        file, self._file = self._file, None
        if file is not None:
            file.close()
            file.deleteLater()
            self.stopped.emit()

    def _fail(self, *told: object) -> None:
        if text := str(told[-1]):
            self.failed.emit(_("It could not be recorded: {why}").format(why=text))
            self.stop()
