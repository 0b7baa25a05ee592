"""Taking a photo with the camera of the laptop, where it has one and Qt can use it."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from ui.widgets import button, titled


def ask_photo(parent: QWidget) -> QImage | str | None:
    """Let a person take a photo; return it, None if the window was left, or a sentence why there is no camera."""
    try:
        from PySide6.QtMultimedia import QMediaDevices
        from PySide6.QtMultimediaWidgets import QVideoWidget
    except ImportError:
        return _("The camera cannot be used: this system lacks the multimedia libraries of Qt. Choose a file instead.")
    del QVideoWidget
    if not QMediaDevices.videoInputs():
        return _("No camera was found. Connect one, or choose a file.")
    dialog = CameraDialog(parent)
    dialog.exec()
    dialog.deleteLater()
    return dialog.photo


class CameraDialog(QDialog):
    """The picture of the camera, and the button.

    Attributes:
        photo: What was taken; None before.
    """

    def __init__(self, parent: QWidget) -> None:
        from PySide6.QtMultimedia import QCamera, QImageCapture, QMediaCaptureSession
        from PySide6.QtMultimediaWidgets import QVideoWidget

        super().__init__(parent)
        self.setWindowTitle(_("Camera"))
        self.resize(800, 660)
        self.photo: QImage | None = None
        self._camera = QCamera(self)
        self._capture = QImageCapture(self)
        self._session = QMediaCaptureSession(self)
        self._session.setCamera(self._camera)
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
        self._camera.errorOccurred.connect(self._failed)
        self._camera.start()

    @Slot(int, QImage)
    def _taken(self, _number: int, image: QImage) -> None:
        self.photo = image.copy()
        self.accept()

    def _failed(self, *told: object) -> None:
        self._told.setText(_("The camera says: {why}").format(why=str(told[-1])))

    def done(self, result: int) -> None:
        """Switch the camera off, whatever the end."""
        self._camera.stop()
        super().done(result)
