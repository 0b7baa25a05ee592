"""Recording a sound or a film with what the laptop has, where Qt can use it."""

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from fieldsurvey.paths import user_cache
from survey_forms import Kind
from ui.photos.camera import start_camera, stop_camera
from ui.widgets import button, titled

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QMediaFormat, QMediaRecorder, QVideoFrameInput

# Bits and samples a second of the sound, of one channel. Source: XLSForm reference, parameter quality of audio.
_RATES = {"voice-only": (16_000, 16_000), "low": (24_000, 32_000), "normal": (64_000, 32_000)}
_USUAL = "normal"


def ask_recording(
    kind: Kind,
    quality: str,
    parent: QWidget,
    *,
    from_front: bool = False,
    frames: "QVideoFrameInput | None" = None,
) -> Path | str | None:
    """Let a person record; return the file, None if the window was left, or a sentence why nothing can be recorded.

    Args:
        kind: Kind.AUDIO or Kind.VIDEO.
        quality: Of the sound: voice-only, low or normal; empty: normal.
        parent: The window it lies over.
        from_front: Whether the camera that looks at the person is wanted.
        frames: Where the pictures of a film come from; None: the camera of the laptop.
    """
    try:
        from PySide6.QtMultimedia import QMediaDevices
        from PySide6.QtMultimediaWidgets import QVideoWidget
    except ImportError:
        return _("Nothing can be recorded: this system lacks the multimedia libraries of Qt. Choose a file instead.")
    del QVideoWidget
    if kind is Kind.VIDEO and frames is None and not QMediaDevices.videoInputs():
        return _("No camera was found. Connect one, or choose a file.")
    if kind is Kind.AUDIO and not QMediaDevices.audioInputs():
        return _("No microphone was found. Connect one, or choose a file.")
    shutil.rmtree(_folder(), ignore_errors=True)  # what was recorded before and not kept
    dialog = RecordDialog(kind, quality, parent, from_front=from_front, frames=frames)
    is_kept = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    return dialog.file if is_kept else None


def _folder() -> Path:
    return user_cache() / "recordings"


class RecordDialog(QDialog):
    """What the camera sees, how long it records, and two buttons.

    Attributes:
        file: What was recorded last; None before.
    """

    def __init__(
        self,
        kind: Kind,
        quality: str,
        parent: QWidget,
        *,
        from_front: bool = False,
        frames: "QVideoFrameInput | None" = None,
    ) -> None:
        from PySide6.QtMultimedia import QMediaCaptureSession, QMediaRecorder

        super().__init__(parent)
        self.setObjectName("record_dialog")
        self.setWindowTitle(_("Record film") if kind is Kind.VIDEO else _("Record sound"))
        self.file: Path | None = None
        self._failed = False
        self.session = QMediaCaptureSession(self)
        self.recorder = QMediaRecorder(self)
        self.session.setRecorder(self.recorder)
        self._set_up_recorder(kind, quality)
        self.told = titled("", "error")
        self.told.hide()
        self.time = QLabel("● 0:00")
        self.time.setObjectName("record_time")
        self.time.setProperty("role", "title")
        self.time.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.time.setAccessibleName(_("Length of the recording"))
        self._lay_out(kind)
        QShortcut(QKeySequence("R"), self).activated.connect(self._switch)
        self.recorder.durationChanged.connect(self._show_time)
        self.recorder.recorderStateChanged.connect(self._changed)
        self.recorder.errorOccurred.connect(self._fail)
        self._use_microphone()
        if kind is Kind.VIDEO:
            self._use_camera(frames, from_front=from_front)
        self._changed()

    def _lay_out(self, kind: Kind) -> None:
        layout = QVBoxLayout(self)
        if kind is Kind.VIDEO:
            from PySide6.QtMultimediaWidgets import QVideoWidget

            view = QVideoWidget()
            view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
            view.setMinimumSize(480, 360)
            self.session.setVideoOutput(view)
            layout.addWidget(view, 1)
        layout.addWidget(self.time)
        layout.addWidget(self.told)
        foot = QHBoxLayout()
        self.leave = button("record_cancel", _("Cancel"), self.reject)
        self.switch = button("record_switch", "", self._switch)
        self.keep = button("record_keep", _("Keep (Enter)"), self.accept)
        for each in (self.leave, self.switch, self.keep):
            each.setMinimumWidth(150)
            foot.addWidget(each)
        layout.addLayout(foot)
        self.resize(640, 560 if kind is Kind.VIDEO else 160)

    def _set_up_recorder(self, kind: Kind, quality: str) -> None:
        from PySide6.QtMultimedia import QMediaFormat

        wanted = _format(kind)
        wanted.resolveForEncoding(
            QMediaFormat.ResolveFlags.RequiresVideo if kind is Kind.VIDEO else QMediaFormat.ResolveFlags.NoFlags
        )
        self.recorder.setMediaFormat(wanted)
        set_quality(self.recorder, quality)
        if kind is Kind.VIDEO:
            self.recorder.setVideoBitRate(4_000_000)  # 30 MB a minute: what a stick and a hub can carry
        _folder().mkdir(parents=True, exist_ok=True)
        self._stem = Path(tempfile.mkdtemp(dir=_folder())) / (_("film") if kind is Kind.VIDEO else _("sound"))

    def _use_microphone(self) -> None:
        from PySide6.QtMultimedia import QAudioInput, QMediaDevices

        if QMediaDevices.audioInputs():
            self.session.setAudioInput(QAudioInput(self))

    def _use_camera(self, frames: "QVideoFrameInput | None", *, from_front: bool) -> None:
        from PySide6.QtMultimedia import QCameraDevice, QMediaDevices

        if frames is not None:
            self.session.setVideoFrameInput(frames)
            return
        cameras = QMediaDevices.videoInputs()
        front = [device for device in cameras if device.position() == QCameraDevice.Position.FrontFace]
        chosen = front[0] if from_front and front else QMediaDevices.defaultVideoInput()
        start_camera(self.session, chosen).errorOccurred.connect(self._fail)

    @property
    def is_recording(self) -> bool:
        """Whether it records now."""
        from PySide6.QtMultimedia import QMediaRecorder

        return self.recorder.recorderState() == QMediaRecorder.RecorderState.RecordingState

    @Slot()
    def _switch(self) -> None:
        """Begin to record, or end it; beginning again forgets what was recorded before."""
        if self.is_recording:
            self.recorder.stop()
            return
        if self.file is not None:
            self.file.unlink(missing_ok=True)
            self.file = None
        self._failed = False
        self.told.hide()
        self.recorder.setOutputLocation(QUrl.fromLocalFile(str(self._stem)))
        self.recorder.record()

    @Slot()
    def _changed(self) -> None:
        """Show what can be done now."""
        if not self.is_recording and not self._failed:
            place = Path(self.recorder.actualLocation().toLocalFile())
            is_blank = place.is_file() and self.recorder.duration() == 0
            self.file = place if place.is_file() and not is_blank else None
            self.told.setText(_("Nothing came from the microphone or the camera. Record again."))
            self.told.setVisible(is_blank)
        has_one = self.file is not None and not self.is_recording
        words = _("Record again (R)") if has_one else _("Record (R)")
        self.switch.setText(_("Stop (R)") if self.is_recording else words)
        self.keep.setEnabled(has_one)
        (self.keep if has_one else self.switch).setFocus()

    @Slot(int)
    def _show_time(self, milliseconds: int) -> None:
        seconds = milliseconds // 1000
        self.time.setText(f"● {seconds // 60}:{seconds % 60:02}")

    def _fail(self, *told: object) -> None:
        if text := str(told[-1]):
            self._failed, self.file = True, None
            self.told.setText(_("It could not be recorded: {why}").format(why=text))
            self.told.show()
            self._changed()

    def done(self, result: int) -> None:
        """Stop what runs, whatever the end."""
        if self.is_recording:
            self.recorder.stop()
        stop_camera(self.session)
        super().done(result)


def set_quality(recorder: "QMediaRecorder", quality: str) -> None:
    """Let a recorder make a sound of a quality: voice-only, low or normal; empty: normal."""
    from PySide6.QtMultimedia import QMediaRecorder

    bits, samples = _RATES.get(quality, _RATES[_USUAL])
    recorder.setEncodingMode(QMediaRecorder.EncodingMode.AverageBitRateEncoding)
    recorder.setAudioBitRate(bits)
    recorder.setAudioSampleRate(samples)
    recorder.setAudioChannelCount(1)


def _format(kind: Kind) -> "QMediaFormat":
    from PySide6.QtMultimedia import QMediaFormat

    made = QMediaFormat(QMediaFormat.FileFormat.MPEG4 if kind is Kind.VIDEO else QMediaFormat.FileFormat.Mpeg4Audio)
    made.setAudioCodec(QMediaFormat.AudioCodec.AAC)
    return made
