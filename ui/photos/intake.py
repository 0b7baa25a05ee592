"""Taking photos into the project while the work goes on: one after another, with progress and cancel.

Reading, hashing, decoding and writing happen in the thread for files; the
store's thread only notes what is there. Between two photos both threads are
free for other work, so a draft is never behind five hundred photos.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Signal, Slot
from PySide6.QtGui import QImage, QImageWriter

from exports import photo_copies
from fieldsurvey.errors import FieldSurveyError, InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.paths import user_cache
from fieldsurvey.store import album
from fieldsurvey.store.media import Media
from fieldsurvey.store.photos import Photo, read, reduced, take
from ui.jobs import Job, JobRunner
from ui.project.holder import StoreHolder

_QUALITY = 92  # of JPEG; drawings are PNG, where it sets only how long it is packed


@dataclass(frozen=True, slots=True)
class Source:
    """Where a photo comes from: a file, or a picture that was pasted, drawn or taken by the camera.

    Attributes:
        path: The file; its name serves a picture too.
        image: The picture, None for a file.
        target: Path of the question that it answers; empty: a new row of the repeat for photos.
        is_drawing: Kept as PNG, without loss.
        most_pixels: Longer side that the form allows; 0: any. A larger photo is kept smaller, as its author wants it.
    """

    path: Path
    image: QImage | None = None
    target: str = ""
    is_drawing: bool = False
    most_pixels: int = 0

    def data(self) -> bytes:
        """Return the bytes to keep.

        Raises:
            InputRefused: If the file cannot be read.
        """
        if self.image is None:
            return read(self.path)
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        writer = QImageWriter(buffer, QByteArray(b"PNG" if self.is_drawing else b"JPEG"))
        writer.setQuality(_QUALITY)
        writer.write(self.image)
        return bytes(buffer.data().data())


@dataclass(frozen=True, slots=True)
class Kept:
    """A photo that is in the project now.

    Attributes:
        source: Where it came from.
        sha256: Its fingerprint.
        photo: What it says of itself.
        size: Bytes.
        was_known: Whether the project had it already.
    """

    source: Source
    sha256: str
    photo: Photo
    size: int
    was_known: bool = False


class PhotoIntake(QObject):
    """Takes photos in, in their order.

    Signals:
        kept: (Kept) a photo is in the project.
        progressed: (done, total).
        ended: (sentences about what was refused) nothing is left to do.
    """

    kept = Signal(object)
    progressed = Signal(int, int)
    ended = Signal(list)

    def __init__(self, work: JobRunner, store: JobRunner, holder: StoreHolder, parent: QObject) -> None:
        super().__init__(parent)
        self._work, self._store, self._holder = work, store, holder
        self._waiting: deque[Source] = deque()
        self._refused: list[str] = []
        self._total = self._done = 0
        self._community = ""
        self._media: Media | None = None
        self._is_running = False

    @property
    def is_running(self) -> bool:
        """Whether photos are being taken in."""
        return self._is_running

    def add(self, sources: Sequence[Source], community_uid: str) -> None:
        """Take photos in, after those that wait already."""
        self._waiting.extend(sources)
        self._total += len(sources)
        self._community = community_uid
        self.progressed.emit(self._done, self._total)
        if not self._is_running and self._waiting:
            self._is_running = True
            self._in_store(lambda: self._holder.store.media, self._has_folder)

    @Slot()
    def cancel(self) -> None:
        """Take no more photos; those that are in the project stay."""
        self._waiting.clear()

    def _in_store(self, work: Callable[[], object], then: Callable[..., None]) -> None:
        self._run(self._store.start(lambda _control: work(), quick=True), then)

    def _run(self, job: Job, then: Callable[..., None]) -> None:
        job.succeeded.connect(then)
        job.failed.connect(self._refuse)
        job.cancelled.connect(self._end)

    @Slot(object)
    def _has_folder(self, media: object) -> None:
        self._media = cast("Media", media)
        self._next()

    def _next(self) -> None:
        self.progressed.emit(self._done, self._total)
        if not self._waiting or self._media is None:
            self._end()
            return
        source = self._waiting.popleft()
        self._run(self._work.start(partial(_take_in, source, self._media)), self._note)

    @Slot(object)
    def _note(self, result: object) -> None:
        kept = cast("Kept", result)
        community = self._community

        def work() -> Kept:
            store = self._holder.store
            with store.transaction():
                store.media.note(kept.sha256, kept.size, kept.source.path.name, kept.photo.mime)
                is_new = album.enter(store, kept.sha256, kept.source.path.name, kept.photo, community)
            return Kept(kept.source, kept.sha256, kept.photo, kept.size, not is_new)

        self._in_store(work, self._is_kept)

    @Slot(object)
    def _is_kept(self, result: object) -> None:
        self._done += 1
        self.kept.emit(result)
        self._next()

    @Slot(object)
    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            self._end()
            raise error
        self._done += 1
        self._refused.append(str(error))
        if not isinstance(error, InputRefused):  # a full disk stays full for the rest
            self._waiting.clear()
        self._next()

    @Slot()
    def _end(self) -> None:
        refused, self._refused = self._refused, []
        self._waiting.clear()
        self._total = self._done = 0
        self._is_running = False
        self.ended.emit(refused)


def _take_in(source: Source, media: Media, _control: JobControl) -> Kept:
    """Check a photo, then keep it and its small copies."""
    data = source.data()
    if source.most_pixels:
        data = reduced(data, source.path.name, source.most_pixels)
    photo, copies = take(data, source.path.name, photo_copies.SIZES)
    sha = media.keep(data)
    photo_copies.keep(user_cache() / "photos", sha, copies)
    return Kept(source, sha, photo, len(data))


def pasted_name() -> Path:
    """Return the name of a picture that has none."""
    return Path(_("pasted picture") + ".jpg")
