"""The photo of a question: chosen, dropped, pasted, taken by camera or drawn; shown small."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal, Slot
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage, QKeyEvent, QKeySequence, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from survey_forms import Question
from ui.forms.base import Editor
from ui.photos.intake import Source, pasted_name

_BUTTON_PX = 36
_OURS = {QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride, QEvent.Type.DragEnter, QEvent.Type.Drop}
DRAWN = ("draw", "signature")
_CAMERA_ONLY = frozenset({"new", "new-front", "selfie"})  # Source: XLSForm reference, appearances of image


def sources_of(data: QMimeData | None, target: str = "") -> list[Source]:
    """Return the photos that were dropped or pasted: files, or a picture; the first answers the question `target`.

    A clipboard on which nothing was put has no data.
    """
    if data is None:
        return []
    files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    if files:
        return files_as_sources(files, target)
    image = data.imageData() if data.hasImage() else None
    return [Source(pasted_name(), image, target)] if isinstance(image, QImage) and not image.isNull() else []


def files_as_sources(files: Sequence[Path], target: str = "") -> list[Source]:
    """Return files, and the photos in folders among them, the first for a question."""
    inside = [path for file in files for path in (sorted(file.rglob("*")) if file.is_dir() else [file])]
    plain = [path for path in inside if not path.is_dir()]
    return [Source(path, None, target if number == 0 else "") for number, path in enumerate(plain)]


class PhotoEditor(Editor):
    """A photo.

    Signals:
        wanted: () the person asks for files.
        camera_wanted: () the person asks for the camera.
        drawing_wanted: () the person wants to draw on the photo, or a drawing or signature.
        offered: (list of Source) photos were dropped or pasted.
    """

    wanted = Signal()
    camera_wanted = Signal()
    drawing_wanted = Signal()
    offered = Signal(list)

    def __init__(self, question: Question) -> None:
        box = QWidget()
        self.button = QToolButton()
        super().__init__(box, self.button)
        self._value = ""
        self.is_drawing = any(word in question.appearance.split() for word in DRAWN)
        self._is_signature = "signature" in question.appearance.split()
        self._is_camera_only = bool(_CAMERA_ONLY & set(question.appearance.split()))
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        self.picture = QLabel()
        self.picture.setObjectName("thumbnail")
        self.picture.hide()
        layout.addWidget(self.picture)
        lines = QHBoxLayout(), QHBoxLayout()  # in a narrow panel five buttons have no room beside each other
        for line in lines:
            layout.addLayout(line)
        self._set_up(self.button, "", self.drawing_wanted if self.is_drawing else self.wanted)
        self.camera = self._set_up(QToolButton(), _("Camera"), self.camera_wanted)
        self.paste = self._set_up(QToolButton(), _("Paste"), self.paste_from_clipboard)
        self.mark = self._set_up(QToolButton(), _("Draw on it"), self.drawing_wanted)
        self.remove = self._set_up(QToolButton(), "✕", self._clear)
        self.remove.setAccessibleName(_("Clear the answer"))
        self.remove.setToolTip(_("Clear the answer"))
        for button in (self.button, self.camera, self.paste, self.mark, self.remove):
            lines[button in {self.mark, self.remove}].addWidget(button)
            button.installEventFilter(self)
        for line in lines:
            line.addStretch(1)
        self.button.setToolTip(_("Choose, drop or paste (Ctrl+V) photos here."))
        box.setAcceptDrops(True)
        box.installEventFilter(self)
        self.show_text("")

    @staticmethod
    def _set_up(button: QToolButton, text: str, slot: object) -> QToolButton:
        button.setText(text)
        button.setMinimumSize(_BUTTON_PX, _BUTTON_PX)
        button.clicked.connect(slot)
        return button

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Take photos that are dropped here, and Ctrl+V."""
        if event.type() not in _OURS or self.is_drawing:  # others come while the widget is being deleted, too
            return False
        if isinstance(event, QKeyEvent):
            return event.matches(QKeySequence.StandardKey.Paste) and self._paste_key(event)
        if isinstance(event, QDropEvent) and (event.mimeData().hasUrls() or event.mimeData().hasImage()):
            event.acceptProposedAction()
            if event.type() is QEvent.Type.Drop:
                self.offered.emit(sources_of(event.mimeData()))
            return True
        return False

    def _paste_key(self, event: QKeyEvent) -> bool:
        if event.type() is QEvent.Type.KeyPress and self.paste.isEnabled():
            self.paste_from_clipboard()
        event.accept()
        return True

    @Slot()
    def paste_from_clipboard(self) -> None:
        """Take what is on the clipboard."""
        self.offered.emit(sources_of(QGuiApplication.clipboard().mimeData()))

    @Slot()
    def _clear(self) -> None:
        self.show_text("")
        self.edited.emit("")

    def show_text(self, text: str) -> None:
        """Show what can be done; the picture itself comes later."""
        if not text:
            self.picture.clear()
            self.picture.hide()
        self._value = text
        self.button.setText(self._offer(has_answer=bool(text)))
        self.button.setHidden(self._is_camera_only)
        self.camera.setHidden(self.is_drawing)
        self.paste.setHidden(self.is_drawing or self._is_camera_only)
        self.mark.setHidden(self.is_drawing or not text)
        self.remove.setHidden(not text)
        self.focus = self.camera if self._is_camera_only else self.button

    def _offer(self, *, has_answer: bool) -> str:
        if self._is_signature:
            return _("Sign anew …") if has_answer else _("Sign …")
        if self.is_drawing:
            return _("Draw anew …") if has_answer else _("Draw …")
        return _("Another photo …") if has_answer else _("Choose photo …")

    def show_picture(self, image: QImage) -> None:
        """Show the photo small."""
        self.picture.setPixmap(QPixmap.fromImage(image))
        self.picture.setHidden(image.isNull())
        self.picture.setAlignment(Qt.AlignmentFlag.AlignLeft)

    def set_readonly(self, readonly: bool) -> None:
        """Allow or forbid changing the photo; it stays to be seen."""
        for button in (self.button, self.camera, self.paste, self.mark, self.remove):
            button.setEnabled(not readonly)
