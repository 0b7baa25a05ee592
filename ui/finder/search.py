"""Answers to words: the index is kept up in the store thread, and asked in a thread of its own."""

from collections.abc import Callable
from contextlib import closing

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from fieldsurvey.errors import StoreBusy, StoreError
from fieldsurvey.i18n import language
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.store.words import Found, Words, place_of
from survey_forms import DefaultForms
from survey_forms.searching import KINDS, sources
from survey_forms.shelf import ProjectForms
from ui.jobs import Job, JobRunner
from ui.project.holder import StoreHolder
from ui.project.session import ProjectSession

_REST_MS = 10_000  # after opening: the map comes first
Answer = dict[str, list[Found]]


class SearchEngine(QObject):
    """The words of the open project.

    Signals:
        progressed: (done, total) rows of the table that is being read.
        ready: () the index is that of the newest state.
    """

    progressed = Signal(int, int)
    ready = Signal()

    def __init__(self, store_runner: JobRunner, holder: StoreHolder, project: ProjectSession, parent: QObject) -> None:
        super().__init__(parent)
        self._runner, self._holder, self._project = store_runner, holder, project
        self._asking = JobRunner(self, "search")
        self._words: Words | None = None  # belongs to the search thread
        self._updating: Job | None = None
        self._is_due = False
        self._later = QTimer(self, singleShot=True, interval=_REST_MS)
        self._later.setObjectName("index_later")
        self._later.timeout.connect(self.update)
        project.opened.connect(self._project_opened)
        project.changed.connect(self._note_change)

    @Slot()
    def _project_opened(self) -> None:
        self._is_due = True
        self._asking.start(lambda _control: self._let_go())
        self._later.start()

    @Slot()
    def _note_change(self) -> None:
        self._is_due = True

    @property
    def is_ready(self) -> bool:
        """True while the index is that of the newest state."""
        return not self._is_due and self._updating is None

    @Slot()
    def update(self) -> None:
        """Bring the index up to date, if it is not."""
        if self._updating is not None or not self._is_due or self._project.current is None:
            return
        self._is_due = False
        job = self._updating = self._runner.start(self._bring_up)
        job.progressed.connect(self._tell)
        for signal in (job.succeeded, job.failed, job.cancelled):
            signal.connect(self._updated)

    def _bring_up(self, control: JobControl) -> None:
        """Read what changed. Runs in the store thread."""
        if not self._holder.is_open:
            return
        store = self._holder.store
        try:
            with closing(Words(place_of(store.path, language()))) as words:
                words.update(store, sources(store, ProjectForms(store, DefaultForms())), control)
        except (StoreBusy, StoreError):  # a second window is at it, or the disk is full: what is there can be asked
            return

    @Slot(object)
    def _tell(self, progress: Progress) -> None:
        self.progressed.emit(progress.done, progress.total or 0)

    @Slot()
    def _updated(self) -> None:
        self._updating = None
        self.ready.emit()

    def ask(self, text: str, then: Callable[[object], None], extra: Callable[[str], object]) -> None:
        """Look words up; `then` gets what `extra` found beside them, and the rows found by kind."""
        if not self._asking.is_open:
            return
        now = self._project.current
        path = None if now is None else place_of(now.path, language())

        def work(_control: JobControl) -> tuple[str, object, Answer]:
            found: Answer = {}
            if path is not None and text.strip():
                try:
                    self._words = self._words or Words(path)
                    found = self._words.find(text, KINDS)
                except StoreError:
                    self._let_go()
            return text, extra(text), found

        self._asking.start(work).succeeded.connect(then)

    def _let_go(self) -> None:
        if self._words is not None:
            self._words.close()
            self._words = None

    def close(self) -> None:
        """Stop; call before the store thread is stopped."""
        self._later.stop()
        if self._updating is not None:
            self._updating.cancel()
        self._asking.start(lambda _control: self._let_go())
        self._asking.finish()
