"""Sounds, films and other files of a form: recorded or chosen, taken into the project, named, opened."""

import mimetypes
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QLocale, QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.paths import user_cache
from fieldsurvey.store.media import Blob, Media
from fieldsurvey.store.recordings import RECORDING_SUFFIXES, recording_mime, suffix_of
from survey_forms import Kind
from survey_forms.records import Subject
from ui.forms.panel import FormPanel
from ui.jobs import Job, JobRunner
from ui.photos.recorder import ask_recording
from ui.project.holder import StoreHolder

_FRONT = frozenset({"selfie", "new-front"})
_ANY = "application/octet-stream"
# Endings that the system may open; others, programs among them, are only shown in their folder.
_OPENED = frozenset({
    ".pdf", ".jpg", ".jpeg", ".png", ".heic", ".tif", ".tiff", ".txt", ".csv", ".xlsx", ".xls", ".docx", ".doc",
    ".pptx", ".ppt", ".odt", ".ods", ".dwg", ".dxf",
})  # fmt: skip


class FormFiles(QObject):
    """Brings files into the open form; belongs to FormController.

    A file is copied and hashed in the thread for files, however large it is;
    the store's thread only lists it.
    """

    def __init__(
        self, panel: FormPanel, store: JobRunner, work: JobRunner, holder: StoreHolder, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._panel, self._store, self._work, self._holder = panel, store, work, holder
        self._subject: Subject | None = None
        panel.file_chosen.connect(self.add)
        panel.file_shown.connect(self._name)
        panel.file_opened.connect(self._open)
        panel.recording_wanted.connect(self._record)

    def begin(self, subject: Subject | None) -> None:
        """Another form is on the screen, or none: files on their way to the one before are kept, but answer nothing."""
        self._subject = subject

    @Slot(str)
    def _record(self, path: str) -> None:
        session = self._panel.session
        if session is None:
            return
        question = session.question(path)
        is_front = bool(_FRONT & set(question.appearance.split()))
        found = ask_recording(question.kind, question.parameters.get("quality", ""), self._panel, from_front=is_front)
        if isinstance(found, str):
            self._panel.say(found)
        elif found is not None:
            self.add(path, str(found))

    @Slot(str, str)
    def add(self, path: str, file: str) -> None:
        """Take a sound, film or other file into the project as the answer of a question."""
        session = self._panel.session
        if session is None:
            return
        kind, place, subject = session.question(path).kind, Path(file), self._subject
        self._panel.say(_("Taking {file} in …").format(file=place.name))
        job = self._store.start(lambda _control: self._holder.store.media, quick=True)
        job.succeeded.connect(partial(self._keep, subject, path, place, kind))
        job.failed.connect(self._fail)

    def _keep(self, subject: Subject | None, path: str, place: Path, kind: Kind, media: object) -> None:
        self._beside(partial(_kept, place, kind, cast("Media", media)), partial(self._note, subject, path))

    def _beside(self, work: Callable[[JobControl], object], then: Callable[[object], None]) -> None:
        """Run in the thread for files, unless the window is closing."""
        if self._work.is_open:
            job = self._work.start(work)
            job.succeeded.connect(then)
            job.failed.connect(self._fail)

    def _note(self, subject: Subject | None, path: str, kept: object) -> None:
        blob = cast("Blob", kept)

        def work(_control: JobControl) -> Blob:
            self._holder.store.media.note(blob.sha256, blob.size, blob.name, blob.mime)
            return blob

        job = self._store.start(work, quick=True)
        job.succeeded.connect(partial(self._answer, subject, path))
        job.failed.connect(self._fail)

    def _answer(self, subject: Subject | None, path: str, kept: object) -> None:
        blob, session = cast("Blob", kept), self._panel.session
        if session is None or subject != self._subject or session.engine.find(path) is None:
            return
        self._panel.set_answer(path, blob.sha256)
        self._panel.show_file(path, facts(blob))
        self._panel.say(_("{file} is kept in the project.").format(file=blob.name))

    @Slot(str, str)
    def _name(self, path: str, sha: str) -> None:
        """Say what file a question has."""
        self._find(sha, partial(self._show, path, sha))

    def _show(self, path: str, sha: str, found: object) -> None:
        blob, place = cast("tuple[Blob | None, Path | None]", found)
        session = self._panel.session
        if session is None or session.engine.find(path) is None or session.value(path) != sha:
            return
        missing = "" if place else _("This file is not on this laptop yet; sync brings it.")
        self._panel.show_file(path, missing or (facts(blob) if blob else ""))

    @Slot(str)
    def _open(self, sha: str) -> None:
        """Play or open a kept file with the program the system has for it, on a copy that may be changed."""
        self._find(sha, self._copy)

    def _copy(self, found: object) -> None:
        blob, place = cast("tuple[Blob | None, Path | None]", found)
        if blob is None or place is None:
            self._panel.say(_("This file is not on this laptop yet; sync brings it."))
            return
        target = user_cache() / "opened" / blob.sha256[:12] / (Path(blob.name).stem + suffix_of(blob.mime, blob.name))

        def work(_control: JobControl) -> Path:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place, target)
            return target

        self._beside(work, _show_outside)

    def _find(self, sha: str, then: Callable[[object], None]) -> None:
        def find(_control: JobControl) -> tuple[Blob | None, Path | None]:
            store = self._holder.store
            return store.blob(sha), store.media.path(sha)

        job: Job = self._store.start(find, quick=True)
        job.succeeded.connect(then)
        job.failed.connect(self._fail)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError | OSError):
            raise error
        self._panel.say(str(error))


def facts(blob: Blob) -> str:
    """Return name and size of a file for people."""
    return f"{blob.name} · {QLocale().formattedDataSize(blob.size, 1)}"


def _kept(place: Path, kind: Kind, media: Media, _control: JobControl) -> Blob:
    """Check a file, and copy it into the project's folder."""
    is_recording = kind in {Kind.AUDIO, Kind.VIDEO}
    mime = recording_mime(place, str(kind)) if is_recording else mimetypes.guess_type(place.name)[0] or _ANY
    sha, size = media.keep_file(place)
    return Blob(sha, size, place.name, mime)


def _show_outside(place: object) -> None:
    found = cast("Path", place)
    is_shown = found.suffix.lower() in _OPENED or found.suffix in RECORDING_SUFFIXES
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(found if is_shown else found.parent)))
