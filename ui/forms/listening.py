"""The sound of a whole filling-in: recorded from opening to completing the form, attached when it is saved.

Source: XLSForm reference, question type background-audio.
"""

import contextlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, Slot

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.review import ReviewState, state_of
from fieldsurvey.store.media import Blob, Media
from fieldsurvey.store.recordings import whole_sound
from survey_forms.records import Opened
from ui.forms.panel import FormPanel
from ui.jobs import JobRunner
from ui.photos.listener import Listener
from ui.project.holder import StoreHolder

_MIME = "audio/aac"
_FLUSHED_MS = 2_000  # what a power cut may take of a sound
_BEGINS = {ReviewState.DRAFT, ReviewState.RETURNED, ReviewState.SUPERSEDED}  # records that are being filled in


@dataclass(frozen=True, slots=True)
class Ready:
    """What is there before a recording goes on.

    Attributes:
        media: Where files of the project are.
        place: The file that grows.
        seconds: What it holds already.
        why_not: Why nothing can be recorded; empty if it can.
    """

    media: Media
    place: Path
    seconds: float
    why_not: str


class FormListening(QObject):
    """Records beside the open form; belongs to FormController."""

    def __init__(
        self, panel: FormPanel, store: JobRunner, work: JobRunner, holder: StoreHolder, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._panel, self._store, self._work, self._holder = panel, store, work, holder
        self._opened: Opened | None = None
        self._ready: Ready | None = None
        self._listener: Listener | None = None
        self._is_wanted = False
        self._flushed_ms = 0
        self._then: Callable[[str], None] | None = None
        self._mark = panel.listening
        self._mark.switched.connect(self._switch)

    # --- begin and end -------------------------------------------------------------------------------------------

    def begin(self, opened: Opened | None) -> None:
        """Another form is on the screen, or none, or the same one once more: what was recorded for another is kept."""
        before, self._opened = self._opened, opened
        if opened is not None and before is not None and opened.subject == before.subject:
            return
        self.close()
        self._ready = None
        status = opened.record.values["status"] if opened is not None and opened.record is not None else ""
        state = state_of(status) if status else ReviewState.DRAFT
        is_asked = opened is not None and opened.session.form.background is not None
        self._mark.setVisible(is_asked and state is not ReviewState.APPROVED)
        self._mark.show_paused("")
        if is_asked and state in _BEGINS:
            self._record()

    def stop(self) -> None:
        """Record no more; what was recorded stays with the draft."""
        self._is_wanted = False
        if self._listener is not None:
            self._listener.stop()

    def close(self) -> None:
        """Record no more; what waits for the recording to be attached waits no longer."""
        self.stop()
        self._done("")

    def go_on(self) -> None:
        """Record again, if it was recording before it was handed over."""
        if self._is_wanted:
            self._record()

    def finish(self) -> None:
        """The form is complete: nothing more is recorded, and the draft's file is not needed any more."""
        self.stop()
        self._mark.show_paused("")
        if self._ready is not None:
            with contextlib.suppress(OSError):  # the next opening goes on with it
                self._ready.place.unlink(missing_ok=True)
        self._ready = None

    @Slot()
    def _switch(self) -> None:
        if self._is_wanted:
            self.stop()
        else:
            self._record()

    # --- recording -----------------------------------------------------------------------------------------------

    def _record(self) -> None:
        """Look beside the window what was recorded before, then record."""
        self._is_wanted = True
        opened = self._opened
        if opened is None or (self._listener is not None and self._listener.is_recording):
            return  # that which is ending now begins again when it has ended
        key, answer = opened.subject.draft_key, self._answer(opened)

        def look(_control: JobControl) -> tuple[Media, Path, Blob | None]:
            store = self._holder.store
            return store.media, store.media.draft(key), store.blob(answer) if answer else None

        job = self._store.start(look, quick=True)
        job.succeeded.connect(partial(self._prepare, opened))
        job.failed.connect(self._fail)

    def _answer(self, opened: Opened) -> str:
        question = opened.session.form.background
        return opened.session.value(question.path) if question is not None else ""

    def _prepare(self, opened: Opened, found: object) -> None:
        media, place, before = cast("tuple[Media, Path, Blob | None]", found)
        if self._work.is_open:
            job = self._work.start(partial(_prepared, media, place, before))
            job.succeeded.connect(partial(self._start, opened))
            job.failed.connect(self._fail)

    def _start(self, opened: Opened, found: object) -> None:
        if self._opened is None or opened.subject != self._opened.subject or not self._is_wanted or self._then:
            return
        self._ready = ready = cast("Ready", found)
        if ready.why_not:
            self._fail_with(ready.why_not)
            return
        if self._listener is None:
            self._listener = Listener(self)
            self._listener.ticked.connect(self._tick)
            self._listener.failed.connect(self._fail_with)
            self._listener.stopped.connect(self._stopped)
        question = opened.session.form.background
        self._tick(0)
        self._listener.start(ready.place, question.parameters.get("quality", "") if question is not None else "")

    @Slot(int)
    def _tick(self, millis: int) -> None:
        if self._is_wanted and self._ready is not None:
            self._mark.show_recording(int(self._ready.seconds + millis / 1000))
        if millis < self._flushed_ms:
            self._flushed_ms = 0  # another recording
        if self._ready is not None and self._work.is_open and millis >= self._flushed_ms + _FLUSHED_MS:
            self._flushed_ms = millis
            self._work.start(partial(_flush, self._ready.place), quick=True)

    @Slot(str)
    def _fail_with(self, sentence: str) -> None:
        self._is_wanted = False
        self._mark.show_paused(sentence)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError | OSError):
            raise error
        self._fail_with(str(error))

    @Slot()
    def _stopped(self) -> None:
        if not self._is_wanted and not self._mark.told():
            self._mark.show_paused("")
        if self._then is not None:
            self._attach()
        else:
            self.go_on()

    # --- attaching -----------------------------------------------------------------------------------------------

    def hand_over(self, then: Callable[[str], None]) -> None:
        """Make what was recorded the answer of its question, then call; with a sentence if that failed."""
        if self._ready is None or self._ready.why_not or self._listener is None:
            then("")
            return
        self._then = then
        self._listener.stop()

    def _done(self, told: str) -> None:
        """Call what waits, once."""
        then, self._then = self._then, None
        if then is not None:
            then(told)

    def _attach(self) -> None:
        opened, ready = self._opened, self._ready
        if opened is None or ready is None or not self._work.is_open:
            self._done("")
            return
        job = self._work.start(partial(_kept, ready))
        job.succeeded.connect(partial(self._note, opened))
        job.failed.connect(self._fail_attaching)

    @Slot(object)
    def _fail_attaching(self, error: Exception) -> None:
        self._done(str(error))
        if not isinstance(error, FieldSurveyError | OSError):
            raise error

    def _note(self, opened: Opened, found: object) -> None:
        blob = cast("Blob | None", found)
        question = opened.session.form.background
        if blob is None or question is None or self._then is None:
            self._done("")
            return

        def note(_control: JobControl) -> None:
            self._holder.store.media.note(blob.sha256, blob.size, blob.name, blob.mime)

        def answer(_nothing: object) -> None:
            opened.session.answer(question.path, blob.sha256)  # not a step for undo
            self._done("")

        job = self._store.start(note, quick=True)
        job.succeeded.connect(answer)
        job.failed.connect(self._fail_attaching)


def _prepared(media: Media, place: Path, before: Blob | None, _control: JobControl) -> Ready:
    """Load Qt's multimedia, and bring the file that grows to the end of its last whole piece."""
    try:
        from PySide6 import QtMultimedia
    except ImportError:
        return Ready(media, place, 0.0, _("Nothing can be recorded: this system lacks the multimedia libraries of Qt."))
    del QtMultimedia
    if before is not None and not place.exists():
        kept = media.path(before.sha256)
        if before.mime != _MIME:
            return Ready(media, place, 0.0, _("This form has a recording of another program, which is kept."))
        if kept is None:
            return Ready(media, place, 0.0, _("This file is not on this laptop yet; sync brings it."))
        shutil.copyfile(kept, place)
    return Ready(media, place, whole_sound(place), "")


def _flush(place: Path, _control: JobControl) -> None:
    """Bring what was recorded so far to the disk, beside the thread that records."""
    with contextlib.suppress(FileNotFoundError), place.open("r+b") as file:  # gone once the form is complete
        os.fsync(file.fileno())


def _kept(ready: Ready, _control: JobControl) -> Blob | None:
    """Bring a copy of what was recorded into the project; None if it is nothing."""
    if not whole_sound(ready.place):
        return None
    sha, size = ready.media.keep_file(ready.place)
    return Blob(sha, size, _("form sound") + ".aac", _MIME)
