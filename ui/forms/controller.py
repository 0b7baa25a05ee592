"""Between the form panel and the store: opening, journal, saving, photos."""

import json
import mimetypes
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.geo import crs
from fieldsurvey.i18n import _, language
from fieldsurvey.jobs import JobControl
from fieldsurvey.store.photos import inspect, small
from survey_forms import Context
from survey_forms.records import COMPLETE, DRAFT, Opened, Subject, keep_draft, moment, open_form, save_record
from ui.forms.panel import FormPanel
from ui.forms.places import Position
from ui.jobs import JobRunner
from ui.map.picking import MapPicker, World
from ui.project.holder import StoreHolder

JOURNAL_MS = 300  # at most so long a typed answer is only in memory
_THUMBNAIL = (220, 160)  # px


class FormController(QObject):
    """Runs one form at a time.

    Signals:
        opened: () a form is on the screen.
        saved: (community uid) a record was written.
        closed: () the person went back.
        kept: (text) the journal has taken the newest state.
        failed: (text) something could not be done.
    """

    opened = Signal()
    saved = Signal(str)
    closed = Signal()
    kept = Signal(str)
    failed = Signal(str)

    def __init__(self, panel: FormPanel, runner: JobRunner, holder: StoreHolder) -> None:
        super().__init__(panel)
        self._panel, self._runner, self._holder = panel, runner, holder
        self._opened: Opened | None = None
        self._dirty = False
        self._place_path = ""
        self._journal = QTimer(self)
        self._journal.setObjectName("form_journal")
        self._journal.setSingleShot(True)
        self._journal.setInterval(JOURNAL_MS)
        self._journal.timeout.connect(self._keep)
        panel.edited.connect(self._edited)
        panel.draft_clicked.connect(partial(self._save, DRAFT))
        panel.complete_clicked.connect(self._complete)
        panel.close_clicked.connect(self.close)
        panel.photo_chosen.connect(self.add_photo)
        panel.file_chosen.connect(self.add_file)
        panel.photo_shown.connect(self._load_thumbnail)

    @property
    def current(self) -> Subject | None:
        """What is open."""
        return self._opened.subject if self._opened else None

    @property
    def record(self) -> Opened | None:
        """The form that is open."""
        return self._opened

    def show_moved(self, moved: Opened) -> None:
        """Show the open record in another version of its form; the journal keeps it, saving makes it so."""
        self._show(moved)
        self._edited()

    def show_changed(self, told: str) -> None:
        """Show answers that something else than typing has changed, keep them, and say what happened."""
        opened, place = self._opened, self._panel.current
        if opened is not None:
            self._show(opened)
            if place:
                self._panel.go_to(place)
            self._panel.say(told)
            self._edited()

    def show_first_problem(self) -> None:
        """Go to the first question that stands against completing the open form."""
        self._panel.next_problem()

    def is_kept(self) -> bool:
        """Say whether everything typed is on the disk."""
        return not self._dirty

    def open(self, subject: Subject) -> None:
        """Open a form; what was being filled in is kept first."""
        self.flush()
        context = Context(now=datetime.now().astimezone(), language=language()[:2])

        def work(_control: JobControl) -> tuple[Opened, str]:
            store = self._holder.store
            kept = store.draft(subject.draft_key)
            opened = open_form(store, subject, Context(context.now, store.actor[2], language=context.language))
            return opened, place_of(kept[0]) if kept else ""

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._show_at)
        job.failed.connect(self._fail)

    @Slot(object)
    def _show_at(self, result: object) -> None:
        opened, place = cast("tuple[Opened, str]", result)
        self._show(opened)
        if place:
            self._panel.go_to(place)

    @Slot(object)
    def _show(self, opened: Opened) -> None:
        self._opened, self._dirty = opened, False
        self._panel.show_session(opened.session, opened.title, language()[:2])
        if opened.restored_ms is not None:
            self._panel.say(_("Restored what was typed until {time}.").format(time=moment(opened.restored_ms)))
        elif opened.record is not None and opened.record.conflicts:
            self._panel.say(_("{n} fields have two values; see Conflicts.").format(n=len(opened.record.conflicts)))
        self.opened.emit()

    # --- journal -------------------------------------------------------------------------------------------------

    @Slot()
    def _edited(self) -> None:
        self._dirty = True
        if not self._journal.isActive():
            self._journal.start()

    @Slot()
    def _keep(self) -> None:
        opened = self._opened
        if opened is None or not self._dirty:
            return
        snapshot = opened.session.snapshot()
        with_place = marked(snapshot, self._panel.current)

        def work(_control: JobControl) -> tuple[int, str]:
            return keep_draft(self._holder.store, opened, with_place), snapshot

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._was_kept)
        job.failed.connect(self._fail)

    @Slot(object)
    def _was_kept(self, result: object) -> None:
        at, snapshot = cast("tuple[int, str]", result)
        if self._opened is not None and self._opened.session.snapshot() == snapshot:
            self._dirty = False
        self.kept.emit(_("Draft kept {time}").format(time=moment(at)))

    def flush(self) -> None:
        """Hand what was typed to the store thread now."""
        self._journal.stop()
        self._keep()

    # --- saving --------------------------------------------------------------------------------------------------

    @Slot()
    def _complete(self) -> None:
        if count := self._panel.show_problems():
            self._panel.say(_("Not complete yet: {n} questions need a look. The draft is kept.").format(n=count))
            self.flush()
            return
        self._save(COMPLETE)

    def _save(self, status: str) -> None:
        opened = self._opened
        if opened is None:
            return
        self._journal.stop()
        self._panel.setEnabled(False)

        def work(_control: JobControl) -> Opened:
            store = self._holder.store
            save_record(store, opened, status)
            return open_form(store, opened.subject, Context(username=store.actor[2], language=language()[:2]))

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(partial(self._was_saved, status))
        job.failed.connect(self._fail)

    def _was_saved(self, status: str, opened: object) -> None:
        self._panel.setEnabled(True)
        place = self._panel.current
        self._show(cast("Opened", opened))
        if place:
            self._panel.go_to(place)
        words = {DRAFT: _("Saved as draft {time}"), COMPLETE: _("Saved as complete {time}")}
        self._panel.say(words[status].format(time=datetime.now().astimezone().strftime("%H:%M:%S")))
        if self._opened is not None:
            self.saved.emit(self._opened.subject.community_uid)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._panel.setEnabled(True)
        if not isinstance(error, FieldSurveyError):
            raise error
        self._panel.say(str(error))
        self.failed.emit(str(error))

    @Slot()
    def close(self) -> None:
        """Go back; what was typed is kept as a draft."""
        self.flush()
        self._opened = None
        self.closed.emit()

    # --- places --------------------------------------------------------------------------------------------------

    def use_map(self, picker: MapPicker) -> None:
        """Let places be picked on a map."""
        self._panel.place_wanted.connect(partial(self._pick_place, picker))
        picker.picked.connect(self._has_place)

    def _pick_place(self, picker: MapPicker, path: str, kind: str) -> None:
        self._place_path = path
        picker.start({"geotrace": "line", "geoshape": "area"}.get(kind, "point"))

    @Slot(object)
    def _has_place(self, corners: list[World]) -> None:
        if self._opened is None:
            return

        def work(_control: JobControl) -> list[Position]:
            east, north = np.array(corners, dtype=float).T
            longitude, latitude = crs.transform(east, north, self._holder.store.crs, crs.CGCS2000)
            return list(zip(longitude.tolist(), latitude.tolist(), strict=True))

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(partial(self._panel.put_place, self._place_path))
        job.failed.connect(self._fail)

    # --- photos --------------------------------------------------------------------------------------------------

    @Slot(str, str)
    def add_photo(self, path: str, file: str) -> None:
        """Take a photo file into the project as the answer of a question."""

        def work(_control: JobControl) -> tuple[str, str, str]:
            place = Path(file)
            found = inspect(place)
            sha = self._holder.store.media.add_file(place, found.mime)
            return path, sha, found.summary()

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._has_photo)
        job.failed.connect(self._fail)

    @Slot(str, str)
    def add_file(self, path: str, file: str) -> None:
        """Take a sound, film or other file into the project as the answer of a question."""
        mime = mimetypes.guess_type(file)[0] or "application/octet-stream"

        def work(_control: JobControl) -> tuple[str, str]:
            return path, self._holder.store.media.add_file(Path(file), mime)

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._has_file)
        job.failed.connect(self._fail)

    @Slot(object)
    def _has_file(self, result: object) -> None:
        self._panel.set_answer(*cast("tuple[str, str]", result))

    @Slot(object)
    def _has_photo(self, result: object) -> None:
        path, sha, facts = cast("tuple[str, str, str]", result)
        if sha in self._panel.photos().values():
            self._panel.say(_("This photo is in the form already."))
            return
        self._panel.set_answer(path, sha)
        self._panel.say(facts)
        self._load_thumbnail(path, sha)

    def _load_thumbnail(self, path: str, sha: str) -> None:
        def work(_control: JobControl) -> tuple[str, QImage]:
            place = self._holder.store.media.path(sha)
            return path, thumbnail(place) if place else QImage()

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._show_thumbnail)

    @Slot(object)
    def _show_thumbnail(self, result: object) -> None:
        path, image = cast("tuple[str, QImage]", result)
        self._panel.show_thumbnail(path, image)


def thumbnail(place: Path) -> QImage:
    """Return a small upright picture of a photo; decoding at reduced size keeps large photos cheap."""
    try:
        return QImage.fromData(small(place, _THUMBNAIL))
    except FieldSurveyError:
        return QImage()


def marked(snapshot: str, place: str) -> str:
    """Return a snapshot that also says in which question the person was."""
    return json.dumps({**json.loads(snapshot), "at": place}, ensure_ascii=False)


def place_of(draft: str) -> str:
    """Return the question in which the person was when a draft was kept; empty if it does not say."""
    try:
        return str(json.loads(json.loads(draft)["session"]).get("at", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
