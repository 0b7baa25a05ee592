"""Taking a photo with the camera of the laptop, where it has one and Qt can use it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from ui.widgets import button, titled

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QCamera, QCameraDevice, QMediaCaptureSession, QVideoFrameInput

_SLOWEST = 5.0  # pictures a second of the finder, below which nobody can aim


def ask_photo(parent: QWidget, frames: "QVideoFrameInput | None" = None) -> QImage | str | None:
    """Let a person take a photo; return it, None if the window was left, or a sentence why there is no camera.

    Args:
        parent: The window it lies over.
        frames: Where the pictures come from; None: the camera of the laptop.
    """
    try:
        from PySide6.QtMultimedia import QMediaDevices
        from PySide6.QtMultimediaWidgets import QVideoWidget
    except ImportError:
        return _("The camera cannot be used: this system lacks the multimedia libraries of Qt. Choose a file instead.")
    del QVideoWidget
    if frames is None and not QMediaDevices.videoInputs():
        return _("No camera was found. Connect one, or choose a file.")
    dialog = CameraDialog(parent, frames)
    dialog.exec()
    dialog.deleteLater()
    return dialog.photo


class CameraDialog(QDialog):
    """The picture of the camera, and the button.

    Attributes:
        photo: What was taken; None before.
    """

    def __init__(self, parent: QWidget, frames: "QVideoFrameInput | None" = None) -> None:
        from PySide6.QtMultimedia import QImageCapture, QMediaCaptureSession, QMediaDevices
        from PySide6.QtMultimediaWidgets import QVideoWidget

        super().__init__(parent)
        self.setWindowTitle(_("Camera"))
        self.resize(800, 660)
        self.photo: QImage | None = None
        self._capture = QImageCapture(self)
        self._session = QMediaCaptureSession(self)
        self._session.setImageCapture(self._capture)
        view = QVideoWidget()
        self._session.setVideoOutput(view)
        self._told = titled("", "error")
        shoot = button("camera_shoot", _("Take the photo (Enter)"), self._capture.capture)
        shoot.setProperty("role", "primary")
        shoot.setDefault(True)
        layout = QVBoxLayout(self)
        layout.addWidget(view, 1)
        layout.addWidget(self._told)
        layout.addWidget(shoot)
        self._capture.imageCaptured.connect(self._taken)
        self._capture.errorOccurred.connect(self._failed)
        if frames is not None:
            self._session.setVideoFrameInput(frames)
        else:
            camera = start_camera(self._session, QMediaDevices.defaultVideoInput(), is_finest=True)
            camera.errorOccurred.connect(self._failed)

    @Slot(int, QImage)
    def _taken(self, _number: int, image: QImage) -> None:
        self.photo = image.copy()
        self.accept()

    def _failed(self, *told: object) -> None:
        self._told.setText(_("The camera says: {why}").format(why=str(told[-1])))

    def done(self, result: int) -> None:
        """Switch the camera off, whatever the end."""
        stop_camera(self._session)
        super().done(result)


def start_camera(session: "QMediaCaptureSession", device: "QCameraDevice", *, is_finest: bool = False) -> "QCamera":
    """Let a session see what a camera sees; the camera belongs to the session.

    Args:
        session: Of a photo or a film.
        device: The camera.
        is_finest: Whether it gives its largest pictures: what Qt takes by itself is often 640 x 480, where no crack
            is seen.
    """
    from PySide6.QtMultimedia import QCamera

    camera = QCamera(device, session)
    formats = [each for each in device.videoFormats() if each.maxFrameRate() >= _SLOWEST]
    if is_finest and formats:
        camera.setCameraFormat(max(formats, key=lambda f: f.resolution().width() * f.resolution().height()))
    session.setCamera(camera)
    camera.start()
    return camera


def stop_camera(session: "QMediaCaptureSession") -> None:
    """Switch off the camera of a session, if it has one."""
    if (camera := session.camera()) is not None:
        camera.stop()
