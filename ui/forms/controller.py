"""Between the form panel and the store: opening, journal, saving."""

from functools import partial
from typing import cast

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from fieldsurvey.clock import now_millis
from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _, language
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from survey_forms import Context
from survey_forms.records import COMPLETE, DRAFT, Opened, Subject, keep_draft, moment, open_form, save_record
from ui import shown
from ui.forms.keeping import FormFiles
from ui.forms.listening import FormListening
from ui.forms.locating import FormPlaces
from ui.forms.panel import FormPanel
from ui.forms.photos import FormPhotos
from ui.forms.remarks import FormReview
from ui.jobs import JobRunner
from ui.project.holder import StoreHolder

JOURNAL_MS = 300  # at most so long a typed answer is only in memory


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

    def __init__(self, panel: FormPanel, runner: JobRunner, holder: StoreHolder, work: JobRunner) -> None:
        super().__init__(panel)
        self._panel, self._runner, self._holder = panel, runner, holder
        self._opened: Opened | None = None
        self._edits = self._kept_edits = 0
        self._kept_place = ""
        self._journal = QTimer(self)
        self._journal.setObjectName("form_journal")
        self._journal.setSingleShot(True)
        self._journal.setInterval(JOURNAL_MS)
        self._journal.timeout.connect(self._keep)
        panel.edited.connect(self._edited)
        panel.draft_clicked.connect(partial(self._save, DRAFT))
        panel.complete_clicked.connect(self._complete)
        panel.close_clicked.connect(self.close)
        panel.moved.connect(self._moved)
        self.photos = FormPhotos(panel, runner, work, holder, self)
        self.review = FormReview(panel, runner, holder, self)
        self.files = FormFiles(panel, runner, work, holder, self)
        self.places = FormPlaces(panel, runner, holder, self)
        self.listening = FormListening(panel, runner, work, holder, self)

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
        return self._kept_edits == self._edits

    def open(self, subject: Subject, path: str = "") -> None:
        """Open a form; what was being filled in is kept first.

        Args:
            subject: What it is about.
            path: Question to go to; empty: where the person was last.
        """
        self.flush()

        def work(_control: JobControl) -> tuple[Opened, str]:
            store = self._holder.store
            return open_form(store, subject, self._context(store)), path or kept_place(store, subject)

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._show_at)
        job.failed.connect(self._fail)

    def _context(self, store: Store) -> Context:
        """Return what a form may know of who fills it in, when and where; in the thread of the store."""
        return Context(username=store.actor[2], language=language()[:2], position=self.places.here)

    @Slot(object)
    def _show_at(self, result: object) -> None:
        opened, place = cast("tuple[Opened, str]", result)
        if not self.is_kept():  # typed while the form was being read: into the one that is still shown
            self.flush()
            if opened.subject == self.current:
                self.open(opened.subject, place)
                return
        self._show(opened)
        if place:
            self._panel.go_to(place)

    @Slot(object)
    def _show(self, opened: Opened) -> None:
        self._opened = opened
        self.photos.begin(opened.subject)
        self.files.begin(opened.subject)
        self.places.begin(opened.subject)
        self._panel.show_session(opened.session, opened.title, language()[:2])
        self.review.begin(opened)
        self.listening.begin(opened)
        if opened.restored_ms is not None:
            self._panel.say(_("Restored what was typed until {time}.").format(time=moment(opened.restored_ms)))
        elif opened.record is not None and opened.record.conflicts:
            self._panel.say(_("{n} fields have two values; see Conflicts.").format(n=len(opened.record.conflicts)))
        self.opened.emit()

    # --- journal -------------------------------------------------------------------------------------------------

    @Slot()
    def _edited(self) -> None:
        self._edits += 1
        if not self._journal.isActive():
            self._journal.start()

    @Slot()
    def _moved(self) -> None:
        if self._opened is not None and not self._journal.isActive():
            self._journal.start()

    @Slot()
    def _keep(self) -> None:
        """Hand what changed to the store thread: the answers, and in which question the person is."""
        opened, place, edits = self._opened, self._panel.current, self._edits
        if opened is None:
            return
        snapshot = opened.session.snapshot() if not self.is_kept() else ""
        has_moved = bool(place) and place != self._kept_place
        if not snapshot and not has_moved:
            return
        self._kept_place = place

        def work(_control: JobControl) -> tuple[int, int]:
            store = self._holder.store
            with store.transaction():
                if has_moved:
                    store.put_draft(place_key(opened.subject), place)
                return (keep_draft(store, opened, snapshot) if snapshot else 0), edits

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._was_kept)
        job.failed.connect(self._fail)

    @Slot(object)
    def _was_kept(self, result: object) -> None:
        at, edits = cast("tuple[int, int]", result)
        if at:
            self._kept_edits = max(self._kept_edits, edits)
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
        self._panel.setEnabled(False)
        self.listening.hand_over(partial(self._write, opened, status))

    def _write(self, opened: Opened, status: str, told: str) -> None:
        """Save the form, with what was recorded meanwhile; `told` says why that could not be attached."""
        self._journal.stop()

        def work(_control: JobControl) -> Opened:
            store = self._holder.store
            save_record(store, opened, status)
            return open_form(store, opened.subject, self._context(store))

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(partial(self._was_saved, status, told))
        job.failed.connect(self._fail)

    def _was_saved(self, status: str, trouble: str, opened: object) -> None:
        self._panel.setEnabled(True)
        if status == COMPLETE and not trouble:
            self.listening.finish()
        else:
            self.listening.go_on()
        self._kept_edits = self._edits
        place = self._panel.current
        self._show(cast("Opened", opened))
        if place:
            self._panel.go_to(place)
        words = {DRAFT: _("Saved as draft {time}"), COMPLETE: _("Submitted {time}")}
        told = words[status].format(time=shown.clock(now_millis()))
        if status == DRAFT and (count := self._panel.show_problems(go=False)):
            told += " " + _("{n} questions need a look before it is complete.").format(n=count)
        self._panel.say(f"{told} {trouble}".strip())
        if self._opened is not None:
            self.saved.emit(self._opened.subject.community_uid)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._panel.setEnabled(True)
        if not isinstance(error, FieldSurveyError):
            raise error
        self._panel.say(str(error))
        self.listening.go_on()
        self.failed.emit(str(error))

    @Slot()
    def close(self) -> None:
        """Go back; what was typed is kept as a draft."""
        self.flush()
        self._opened = None
        self.photos.begin(None)
        self.review.begin(None)
        self.files.begin(None)
        self.places.begin(None)
        self.listening.begin(None)
        self.closed.emit()


def place_key(subject: Subject) -> str:
    """Return the key under which the journal keeps in which question a person was."""
    return f"at:{subject.draft_key}"


def kept_place(store: Store, subject: Subject) -> str:
    """Return the question in which the person was when the form was left; empty if nobody was in it."""
    kept = store.draft(place_key(subject))
    return kept[0] if kept else ""
