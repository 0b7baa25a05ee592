"""The photos of a record, small, beside its answers; a click shows one large."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from exports import photo_copies
from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.marks import Mark
from fieldsurvey.paths import user_cache
from fieldsurvey.store import album
from ui.jobs import JobRunner
from ui.project.holder import StoreHolder

_SIDE = 112  # px
_MOST = 24
_Found = list[tuple[str, Path | None, tuple[Mark, ...]]]


class Pictures(QScrollArea):
    """A strip of photos."""

    def __init__(self, store: JobRunner, work: JobRunner, holder: StoreHolder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review_photos")
        self.setAccessibleName(_("Photos"))
        self.setWidgetResizable(True)
        self.setFixedHeight(_SIDE + 26)
        self._store, self._work, self._holder = store, work, holder
        self._hashes: Sequence[str] = ()
        self._fill([QLabel(_("no photo"))])

    def _fill(self, widgets: Sequence[QWidget]) -> None:
        page = QWidget()
        line = QHBoxLayout(page)
        line.setContentsMargins(4, 4, 4, 4)
        for widget in widgets:
            line.addWidget(widget)
        line.addStretch(1)
        self.setWidget(page)

    def show_photos(self, hashes: Sequence[str]) -> None:
        """Show the photos of those hashes; they appear when their copies are there."""
        self._hashes = hashes[:_MOST]
        if not hashes:
            self._fill([QLabel(_("no photo"))])
            return
        wanted = list(self._hashes)

        def find(_control: JobControl) -> _Found:
            store = self._holder.store
            return [(sha, store.media.path(sha), album.marks_of(store, sha)) for sha in wanted]

        job = self._store.start(find, quick=True)
        job.succeeded.connect(self._copy)
        job.failed.connect(self._fail)

    @Slot(object)
    def _copy(self, result: object) -> None:
        """Make small copies beside the work: decoding a photo takes longer than a save may wait."""
        found = cast("_Found", result)
        job = self._work.start(
            lambda _control: [(s, _copy(p, s, marks, photo_copies.THUMBNAIL)) for s, p, marks in found]
        )
        job.succeeded.connect(self._show)
        job.failed.connect(self._fail)

    @Slot(object)
    def _show(self, result: object) -> None:
        pictures = cast("list[tuple[str, QImage | None]]", result)
        if [sha for sha, _picture in pictures] != list(self._hashes):
            return  # another record is read by now
        widgets: list[QWidget] = []
        for number, (sha, picture) in enumerate(pictures, 1):
            tool = QToolButton()
            tool.setObjectName(f"review_photo_{sha[:8]}")
            tool.setAccessibleName(_("Photo {n}").format(n=number))
            tool.setFixedSize(_SIDE, _SIDE)
            if picture is None:
                tool.setText(_("not here yet"))
                tool.setEnabled(False)
            else:
                tool.setIcon(QIcon(QPixmap.fromImage(picture)))
                tool.setIconSize(QSize(_SIDE - 8, _SIDE - 8))
                tool.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
                tool.clicked.connect(partial(self._enlarge, sha))
            widgets.append(tool)
        self._fill(widgets)

    def _enlarge(self, sha: str) -> None:
        """Show a photo large, with what was drawn on it."""

        def find(_control: JobControl) -> tuple[Path | None, tuple[Mark, ...]]:
            store = self._holder.store
            return store.media.path(sha), album.marks_of(store, sha)

        job = self._store.start(find, quick=True)
        job.succeeded.connect(partial(self._copy_large, sha))
        job.failed.connect(self._fail)

    def _copy_large(self, sha: str, found: object) -> None:
        path, marks = cast("tuple[Path | None, tuple[Mark, ...]]", found)
        job = self._work.start(lambda _control: _copy(path, sha, marks, photo_copies.PRINT))
        job.succeeded.connect(self._show_large)
        job.failed.connect(self._fail)

    @Slot(object)
    def _show_large(self, picture: object) -> None:
        if isinstance(picture, QImage):
            dialog = QDialog(self)
            dialog.setObjectName("photo_large")
            dialog.setWindowTitle(_("Photo"))
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            label = QLabel()
            label.setAccessibleName(_("Photo"))
            label.setPixmap(QPixmap.fromImage(picture))
            QVBoxLayout(dialog).addWidget(label)
            dialog.open()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError | OSError):
            raise error
        self._fill([QLabel(f"⚠ {error}")])


def _copy(path: Path | None, sha: str, marks: tuple[Mark, ...], pixels: int) -> QImage | None:
    """Return a copy of a photo with its marks; None if it is not on this laptop."""
    if path is None:
        return None
    return QImage(str(photo_copies.copy_of(path, sha, user_cache() / "photos", pixels, marks)))
