"""Records and communities in review: queue at the left, answers in the middle, map and photos at the right."""

from collections.abc import Callable
from random import Random
from typing import cast

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from fieldsurvey.assess.review.batch import accept_all, sample
from fieldsurvey.assess.review.checks import Check
from fieldsurvey.assess.review.community import CommunityLook, look_at
from fieldsurvey.assess.review.look import Look, look
from fieldsurvey.assess.review.people import denial, person_here
from fieldsurvey.assess.review.queue import Item, queue
from fieldsurvey.assess.review.remarks import Pin
from fieldsurvey.assess.review.steps import take, take_community
from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _, language
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.model.review import NEEDS, Step, state_of
from fieldsurvey.model.role import ROLE_WORDS, Person
from fieldsurvey.store import Store
from layers.sidecar import Sidecar
from layers.style import STATES
from survey_forms.records import Subject
from ui.fitting import BreakingRow, Columns
from ui.jobs import Job, JobRunner
from ui.map.canvas import MapCanvas
from ui.map.picking import MapPicker
from ui.project.holder import StoreHolder
from ui.review.records.answers import AnswersView, told_of, told_of_community
from ui.review.records.chips import Chips
from ui.review.records.pictures import Pictures
from ui.review.records.place import PlaceMark
from ui.review.records.queue_view import QueueView
from ui.review.records.remark_box import RemarkBox
from ui.review.records.thread_view import talk
from ui.widgets import button, titled

_FOLLOW_MS = 400  # the queue is read again so long after the last change of the project


class RecordReview(QWidget):
    """The review of records and communities.

    Signals:
        form_wanted: (Subject) the form itself is to be opened.
        role_wanted: () the person wants to say what he is.
        conflicts_wanted: () conflicts are to be decided.
        taken: () a step was taken.

    Attributes:
        look: What is read.
        drawn: The sample of the batch that is to be accepted at once.
        seen: Uids of what was looked at since the project was opened.
        chance: Draws samples.
    """

    form_wanted = Signal(object)
    role_wanted = Signal()
    conflicts_wanted = Signal()
    taken = Signal()

    def __init__(self, store: JobRunner, work: JobRunner, holder: StoreHolder) -> None:
        super().__init__()
        self.setObjectName("record_review")
        self._runner, self._holder = store, holder
        self.chance = Random()  # noqa: S311 - a sample, no secret
        self._local_role, self._person = "", Person("")
        self.look: Look | CommunityLook | None = None
        self._row_after = 0
        self._is_sampling = False  # the person was sent to a record of the sample, and is told so
        self._job: Job | None = None
        self.drawn: list[Item] = []
        self._batch: list[Item] = []
        self.seen: set[str] = set()
        self._map: Sidecar | None = None
        self._make_parts(work)
        self._lay_out()
        self._make_keys()
        self._follow = QTimer(self, singleShot=True, interval=_FOLLOW_MS)
        self._follow.setObjectName("follow_review")
        self._follow.timeout.connect(self.read)

    # --- the parts -----------------------------------------------------------------------------------------------

    def _make_parts(self, work: JobRunner) -> None:
        self.queue = QueueView()
        self.queue.chosen.connect(self._choose)
        self.queue.view_changed.connect(self.read)
        self.headline, self.stand, self.message = titled("", "heading"), titled("", "hint"), titled("", "error")
        self.headline.setObjectName("review_headline")
        self.message.setObjectName("review_message")
        self.chips = Chips()
        self.chips.chosen.connect(self._jump)
        self.answers = AnswersView()
        self.talk = QLabel()
        self.talk.setObjectName("review_talk")
        self.talk.setWordWrap(True)
        self.talk.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.canvas = MapCanvas()
        self.canvas.setObjectName("record_map")
        self.mark = PlaceMark(self.canvas)
        self.box = RemarkBox(MapPicker(self.canvas, str))  # a point has no length: no CRS is needed
        self.box.finished.connect(self._remarked)
        self.box.left.connect(self.queue.list.setFocus)
        self.pictures = Pictures(self._runner, work, self._holder)
        self.who = QLabel()
        self.who.setObjectName("review_who")
        self.role = button("review_role", _("My role …"), self.role_wanted)
        self.all = button("review_accept_all", _("Accept all listed …"), self.accept_all)
        self.stop = button("review_stop", _("Stop"), self._stop)
        self.progress = QProgressBar()
        for each in (self.progress, self.stop, self.message):
            each.hide()

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        line = QHBoxLayout()
        line.addWidget(self.who, 1)
        line.addWidget(self.role)
        column.addLayout(line)
        for part in (self.queue, self.all, self.progress, self.stop):
            column.addWidget(part)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(8, 0, 8, 0)
        for each in (self.headline, self.stand, self.message, self.chips, self.answers, self.talk, self.box):
            column.addWidget(each, 1 if each is self.answers else 0)
        column.addWidget(self._foot())
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.pictures)
        parts = ((_("Queue"), left, 262), (_("Record"), middle, 380), (_("Map and photos"), right, 250))
        self.columns = Columns("review_columns", parts, (310, 620, 350))
        self.columns.splitter.setStretchFactor(1, 1)
        self.right = right
        self.queue.list.activated.connect(lambda _index: self.columns.show_part(middle))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.columns)

    def _foot(self) -> BreakingRow:
        foot = BreakingRow()
        self.buttons = {
            Step.ACCEPT: button("review_accept", _("Accept (1)"), self.accept),
            Step.RETURN: button("review_return", _("Return … (2)"), self.send_back),
            Step.APPROVE: button("review_approve", _("Approve (3)"), self.approve),
            Step.SUPERSEDE: button("review_supersede", _("Revise … (4)"), self.supersede),
        }
        self.open = button("review_open", _("Form (F)"), self.open_form)
        self.previous = button("review_previous", _("Back (P)"), self.go_back)
        self.next = button("review_next", _("Next (N)"), self.go_on)
        foot.add(*self.buttons.values(), self.open, self.previous, self.next)
        return foot

    def _make_keys(self) -> None:
        for key, slot in (
            ("1", self.accept), ("2", self.send_back), ("3", self.approve), ("4", self.supersede),
            ("N", self.go_on), ("P", self.go_back), ("F", self.open_form),
        ):  # fmt: skip
            QShortcut(QKeySequence(key), self, slot, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)

    # --- the project ---------------------------------------------------------------------------------------------

    @property
    def local_role(self) -> str:
        """The role that this laptop is set to; empty: none."""
        return self._local_role

    def set_role(self, role: str) -> None:
        """Take the role that this laptop is set to; what a hub says comes before it."""
        self._local_role = role
        self._follow.start()

    def take_map(self, sidecar: Sidecar) -> None:
        """Show the map of the newest state, once somebody looks."""
        self._map = sidecar
        self.catch_up()

    def project_changed(self) -> None:
        """Read the queue again when the work rests."""
        self._follow.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Read what was left unread while nobody looked."""
        super().showEvent(event)
        self.catch_up()
        self.read()

    def catch_up(self) -> None:
        """Show what was left unshown while nobody looked."""
        if self.isVisible() and self._map is not None:
            self.canvas.show_project(self._map)
            self._map = None
            self._show_place()

    def close_map(self) -> None:
        """Stop the timer, the map and the queue; for good."""
        self._follow.stop()
        self.queue.blockSignals(True)
        self.canvas.close_renderer()

    def clear(self) -> None:
        """Forget a project."""
        self.canvas.clear_project()
        self._map, self.look, self.drawn, self._batch, self.seen = None, None, [], [], set()
        self.queue.show_items([])

    @Slot()
    def read(self) -> None:
        """Read the queue."""
        if not self.isVisible():
            return
        wanted, role = self.queue.wanted, self._local_role

        def work(_control: JobControl) -> tuple[list[Item], Person] | None:
            if not self._holder.is_open:
                return None
            return queue(self._holder.store, wanted), person_here(self._holder.store, role)

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._show_queue)
        job.failed.connect(self._failed)

    @Slot(object)
    def _show_queue(self, result: object) -> None:
        if result is None:
            return
        items, self._person = cast("tuple[list[Item], Person]", result)
        role = _(ROLE_WORDS[self._person.role])
        self.who.setText(f"{self._person.name or _('Name not given')} · {role}")
        self.who.setToolTip(_("as the hub says") if self._person.is_known else _("as this laptop is set to"))
        self.role.setHidden(self._person.is_known)
        self.queue.show_items(items, self._row_after)
        self._row_after = 0
        self.queue.model.mark(frozenset(item.uid for item in self.drawn), frozenset(self.seen))

    # --- one of them ---------------------------------------------------------------------------------------------

    @Slot(object)
    def _choose(self, item: object) -> None:
        self.box.hide()
        if not isinstance(item, Item):
            self.look = None
            self.headline.setText(_("Nothing waits here. Choose another state above, or sync."))
            self.stand.clear()
            self.talk.hide()
            self.chips.hide()
            self.answers.answers.show_lines([], ("", "", "", ""))
            self.pictures.show_photos([])
            self.mark.show_places([])
            self._enable()
            return

        def work(_control: JobControl) -> Look | CommunityLook:
            store = self._holder.store
            return look(store, item) if item.form_id else look_at(store, item)

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._show)
        job.failed.connect(self._failed)

    @Slot(object)
    def _show(self, result: object) -> None:
        now = cast("Look | CommunityLook", result)
        if self.queue.current is None or self.queue.current.uid != now.item.uid:
            return  # the person has gone on
        is_new = self.look is None or self.look.item.uid != now.item.uid
        self.look = now
        self.seen.add(now.item.uid)
        self.queue.model.mark(frozenset(item.uid for item in self.drawn), frozenset(self.seen))
        if is_new and not self._is_sampling:
            self.message.hide()
        self.chips.show()
        self.chips.show_checks(now.checks)
        _colour, mark, word = STATES[str(now.item.state)]
        self.stand.setText(f"{mark} {_(word)} · {now.item.person or now.item.district}")
        if isinstance(now, Look):
            self._show_record(now)
        else:
            self._show_community(now)
        told = talk(now.threads, now.steps)
        self.talk.setText(told)
        self.talk.setVisible(bool(told))
        self._show_place()
        self._enable()

    def _show_record(self, now: Look) -> None:
        self.headline.setText(f"{now.item.form} · {now.item.community} · {now.subject}")
        heads = (_("Asked"), _("This round"), now.before or _("No last round"), _("Similar communities"))
        self.answers.answers.show_lines(told_of(now), heads)
        self.answers.setColumnHidden(2, not now.before)
        self.pictures.show()
        self.pictures.show_photos(now.photos)

    def _show_community(self, now: CommunityLook) -> None:
        self.headline.setText(f"{_('Whole community')} · {now.item.community}")
        locked = _("Locked: {by}").format(by=now.locked_by) if now.locked_by else _("Locked")
        heads = (_("Number or form"), _("Now"), locked, _("Comes from"))
        self.answers.answers.show_lines(told_of_community(now, language()), heads)
        self.answers.setColumnHidden(2, False)
        self.pictures.hide()

    def _show_place(self) -> None:
        now = self.look
        if isinstance(now, Look):
            pinned = [t.remark.place for t in now.threads if t.is_open and t.remark.place]
            self.mark.show_places([place for place in (now.place, *pinned) if place])
        elif now is not None:
            place = now.row.values.get("geom")
            self.mark.show_places([place] if isinstance(place, bytes) else [])

    def _enable(self) -> None:
        for step, each in self.buttons.items():
            each.setEnabled(self.look is not None)
            may = self._person.role.covers(NEEDS[step])
            role = _(ROLE_WORDS[NEEDS[step]])
            each.setToolTip("" if may else _("Needs the role {role}.").format(role=role))
        for button_ in (self.open, self.previous, self.next):
            button_.setEnabled(self.look is not None)

    @Slot(object)
    def _jump(self, check: object) -> None:
        found = cast("Check", check)
        if found.field:
            self.answers.go_to(found.field)
        if found.place:
            self.columns.show_part(self.right)
            self.mark.show_places([found.place])
        if str(found.kind) == "conflict" and found.field:
            self.conflicts_wanted.emit()

    # --- decisions -----------------------------------------------------------------------------------------------

    @Slot()
    def go_on(self) -> None:
        """Go to the next one."""
        self._is_sampling = False
        self.queue.step(1)

    @Slot()
    def go_back(self) -> None:
        """Go to the one before."""
        self._is_sampling = False
        self.queue.step(-1)

    @Slot()
    def open_form(self) -> None:
        """Open the form itself, or that of the line in a community."""
        now = self.look
        if isinstance(now, Look):
            item = now.item
            self.form_wanted.emit(Subject(item.form_id, item.community_uid, item.subject_uid))

    @Slot()
    def accept(self) -> None:
        """Accept what is read."""
        self._take(Step.ACCEPT, [])

    @Slot()
    def approve(self) -> None:
        """Approve what is read; it is locked from then on."""
        self._take(Step.APPROVE, [])

    @Slot()
    def send_back(self) -> None:
        """Return what is read, with remarks."""
        self._ask(Step.RETURN)

    @Slot()
    def supersede(self) -> None:
        """Open what is approved for a new revision."""
        self._ask(Step.SUPERSEDE)

    def _ask(self, step: Step) -> None:
        now, person = self.look, self._person
        if now is None:
            return
        if not person.role.covers(NEEDS[step]):
            state = state_of(str(now.item.state))
            job = self._runner.start(lambda _control: denial(self._holder.store, person, state, step), quick=True)
            job.succeeded.connect(self.say)
            return
        lines = self.answers.answers.lines
        fields = [("", _("whole record") if isinstance(now, Look) else _("whole community"))]
        fields += [(line.field, line.words[0]) for line in lines if line.field]
        self.box.ask(step, fields, self.answers.field)

    @Slot(object, list)
    def _remarked(self, step: object, pins: list[Pin]) -> None:
        self._take(cast("Step", step), pins)

    def _take(self, step: Step, pins: list[Pin]) -> None:
        now, person = self.look, self._person
        if now is None:
            return
        self._row_after = self.queue.list.currentIndex().row()

        def decide(store: Store) -> None:
            if isinstance(now, Look):
                take(store, person, now.item.uid, step, remarks=pins, seen=now.row.token)
            else:
                take_community(store, person, now.item.uid, step, remarks=pins)

        job = self._runner.start(lambda _control: decide(self._holder.store), quick=True)
        job.succeeded.connect(self._was_taken)
        job.failed.connect(self._failed)

    @Slot()
    def _was_taken(self) -> None:
        self.message.hide()
        self.box.hide()
        self.look = None
        self.queue.list.setFocus()
        self.taken.emit()
        self.read()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self.say(str(error))

    @Slot(object)
    def say(self, text: object) -> None:
        """Tell why something was not done."""
        self.message.setText(f"⚠ {text}")
        self.message.show()

    # --- many at once --------------------------------------------------------------------------------------------

    @Slot()
    def accept_all(self) -> None:
        """Accept all records of the list: first a random sample of them must be looked at."""
        listed = [item for item in self.queue.model.items if item.form_id and item.state == "complete"]
        if {item.uid for item in listed} != {item.uid for item in self._batch}:
            self._batch, self.drawn = listed, sample(listed, self.chance)
        if not listed:
            self.say(_("There is no submitted record in this list."))
            return
        left = [item for item in self.drawn if item.uid not in self.seen]
        self._is_sampling = bool(left)
        self.queue.model.mark(frozenset(item.uid for item in self.drawn), frozenset(self.seen))
        if left:
            text = _("Before {n} records are accepted at once, look at the {left} of the sample (◎ in the list).")
            self.say(text.format(n=len(listed), left=len(left)))
            uids = [item.uid for item in self.queue.model.items]
            self.queue.go_to(uids.index(left[0].uid))
            return
        self.message.hide()
        person, batch, drawn, seen = self._person, self._batch, self.drawn, frozenset(self.seen)
        self._watch(
            lambda control: accept_all(self._holder.store, person, batch, drawn, seen, control), self._all_accepted
        )

    def _watch(self, work: Callable[[JobControl], object], then: Callable[[object], None]) -> None:
        job = self._job = self._runner.start(work)
        job.progressed.connect(self._tell_progress)
        job.succeeded.connect(then)
        job.failed.connect(self._failed)
        for signal in (job.succeeded, job.failed, job.cancelled):
            signal.connect(self._ended)
        for each in (self.progress, self.stop):
            each.show()
        self.all.setEnabled(False)

    @Slot(object)
    def _tell_progress(self, progress: object) -> None:
        now = cast("Progress", progress)
        self.progress.setRange(0, now.total or 0)
        self.progress.setValue(now.done)

    @Slot()
    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    @Slot()
    def _ended(self) -> None:
        self._job = None
        for each in (self.progress, self.stop):
            each.hide()
        self.all.setEnabled(True)
        self.read()

    @Slot(object)
    def _all_accepted(self, result: object) -> None:
        done, refused = cast("tuple[int, list[str]]", result)
        self._batch, self.drawn, self.look = [], [], None
        text = _("{n} records accepted.").format(n=done)
        if refused:
            text += " " + _("{n} were not; the first: {why}").format(n=len(refused), why=refused[0])
        self.say(text)
