"""The conflict desk as a workspace: conflicts at the left, what each side did in columns, decisions by key."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from exports.sheet.forms import labels_of
from fieldsurvey.assess import conflicts
from fieldsurvey.assess.conflicts import Case, Deed, Kind, Side, difference, like, may_join
from fieldsurvey.assess.review.people import person_here
from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _, labelled, language
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.role import Person
from fieldsurvey.model.schema import Table, TableKind
from fieldsurvey.store import Store
from layers.sidecar import Sidecar
from survey_forms.records import Subject
from ui.conflicts.deciding import Deciding
from ui.conflicts.shapes import BASE, MINE, THEIRS, Outline, Outlines
from ui.conflicts.telling import deed_words, field_label, heading, side_of, value_words, who
from ui.empty import empty_page
from ui.fitting import Columns
from ui.jobs import JobRunner
from ui.map.canvas import MapCanvas
from ui.project.holder import StoreHolder
from ui.project.overview import Overview
from ui.widgets import button, titled

if TYPE_CHECKING:
    from ui.main_window import MainWindow

_ROW = 52  # px
_Read = tuple[list[Case], dict[str, Table]]


def make_desk(window: "MainWindow") -> "ConflictDesk":
    """Make the desk of a window, when somebody first looks at it."""
    desk = ConflictDesk(window.store_runner, window.holder, lambda: window.canvas.sidecar)
    desk.role = lambda: window.settings.role
    desk.form_wanted.connect(window.open_record)
    window.theme_changed.connect(desk.canvas.set_theme)
    window.project.closed.connect(desk.canvas.close_renderer)
    window.project.map_ready.connect(desk.canvas.show_project)
    desk.canvas.set_theme(window.settings.theme)
    return desk


class ConflictDesk(QWidget):
    """The open conflicts, one at a time.

    Signals:
        decided: () a conflict was decided, or a decision taken back.
        form_wanted: (Subject) a form is to be opened.
    """

    decided = Signal()
    form_wanted = Signal(object)

    def __init__(self, runner: JobRunner, holder: StoreHolder, sidecar: Callable[[], Sidecar | None]) -> None:
        super().__init__()
        self.setObjectName("conflict_desk")
        self._runner, self._holder, self._sidecar = runner, holder, sidecar
        self.role: Callable[[], str] = str
        self._cases: Sequence[Case] = ()
        self._tables: dict[str, Table] = {}
        self._undoable: list[int] = []  # own decisions of this session, newest last
        self._row_after = 0
        self._make_parts()
        self._lay_out()
        self._make_keys()

    # --- the parts -----------------------------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.title = titled(_("Conflicts"))
        self.hint = titled(_("Two people changed the same field. Both values are kept until you choose."), "hint")
        self.list = QListWidget()
        self.list.setObjectName("conflict_list")
        self.list.setAccessibleName(_("Open conflicts"))
        self.list.currentRowChanged.connect(self._choose)
        self.headline, self.message = titled("", "heading"), titled("", "error")
        self.message.setObjectName("conflict_message")
        self.message.hide()
        self.columns = QScrollArea()
        self.columns.setObjectName("conflict_columns")
        self.columns.setWidgetResizable(True)
        self.columns.setFrameShape(QFrame.Shape.NoFrame)
        self.canvas = MapCanvas()
        self.canvas.setObjectName("conflict_map")
        self.outlines = Outlines(self.canvas)
        self.deciding = Deciding()
        self.deciding.both_wanted.connect(self.keep_both)
        self.deciding.typed.connect(self._type_anew)
        self.deciding.like_wanted.connect(self._decide_like)
        self.deciding.undo_wanted.connect(self.take_back)
        self.open = button("open_form", _("Open the form (F)"), self.open_form)
        self.previous = button("conflict_previous", _("Back (P)"), partial(self._step, -1))
        self.next = button("conflict_next", _("Next (N)"), partial(self._step, 1))

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        for each in (self.title, self.hint, self.list):
            column.addWidget(each, 1 if each is self.list else 0)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(8, 0, 0, 0)
        for part in (self.headline, self.message, self.columns, self.canvas, self.deciding):
            column.addWidget(part, {self.columns: 1, self.canvas: 2}.get(part, 0))
        foot = QHBoxLayout()
        foot.addWidget(self.deciding.undo)
        foot.addWidget(self.open)
        foot.addStretch(1)
        foot.addWidget(self.previous)
        foot.addWidget(self.next)
        column.addLayout(foot)
        places = ((_("Conflicts"), left, 230), (_("Record"), right, 360))
        parts = Columns("conflict_parts", places, (330, 950))
        parts.splitter.setStretchFactor(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(parts)

    def _make_keys(self) -> None:
        keys: list[tuple[str, Callable[[], None]]] = [
            ("B", self.keep_both), ("T", self.deciding.start_typing), ("U", self.take_back), ("F", self.open_form),
            ("N", partial(self._step, 1)), ("P", partial(self._step, -1)),
            *((str(number), partial(self._keep, number - 1)) for number in range(1, 6)),
        ]  # fmt: skip
        for key, slot in keys:
            QShortcut(QKeySequence(key), self, slot, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)

    # --- reading -------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Read the conflicts, and bring the map."""
        super().showEvent(event)
        sidecar = self._sidecar()
        if sidecar is not None and self.canvas.sidecar is None:
            self.canvas.show_project(sidecar)
        self._read()

    def show_project(self, _now: Overview) -> None:
        """Read the conflicts again: the project has changed."""
        if self.isVisible():
            self._read()

    def _read(self) -> None:
        def work(_control: JobControl) -> _Read | None:
            store = self._holder.store if self._holder.is_open else None
            return None if store is None else (conflicts.cases(store), store.tables())

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._show)
        job.failed.connect(self._failed)

    @Slot(object)
    def _show(self, result: object) -> None:
        if result is None:
            return
        before = self.case
        self._cases, self._tables = cast("_Read", result)
        self.title.setText(_("Conflicts ({n})").format(n=len(self._cases)))
        self.list.blockSignals(True)
        self.list.clear()
        for case in self._cases:
            table = self._tables[case.conflict.table]
            people = " / ".join(dict.fromkeys(deed.version.actor or "—" for deed in case.deeds))
            told = f"{case.community} · {table.label}\n{labelled(field_label(table, case.conflict.field), people)}"
            item = QListWidgetItem(told)
            item.setSizeHint(QSize(0, _ROW))
            self.list.addItem(item)
        self.list.blockSignals(False)
        keys = [case.key for case in self._cases]
        row = keys.index(before.key) if before is not None and before.key in keys else self._row_after
        self.list.setCurrentRow(min(row, len(self._cases) - 1))
        self._choose()

    @property
    def case(self) -> Case | None:
        """The conflict that is looked at."""
        row = self.list.currentRow()
        return self._cases[row] if 0 <= row < len(self._cases) else None

    @Slot()
    def _choose(self) -> None:
        case = self.case
        self.columns.setWidget(self._columns_of(case))
        self._show_shapes(case)
        self.open.setVisible(case is not None and self._subject(case) is not None)
        for each in (self.previous, self.next):
            each.setEnabled(len(self._cases) > 1)
        if case is None:
            self.headline.setText("")
            self.deciding.offer(joins=False, types=False, choices={}, like=0)
            return
        table = self._tables[case.conflict.table]
        self.headline.setText(heading(case, table))
        choices = labels_of(table.name, language()[:2]).get(case.conflict.field, {})
        joins = may_join(table, case, frozenset(choices and {case.conflict.field}))
        types = case.kind is Kind.FIELD and case.conflict.field != "status"
        self.deciding.offer(joins=joins, types=types, choices=choices, like=len(like(case, self._cases)))

    # --- the columns ---------------------------------------------------------------------------------------------

    def _columns_of(self, case: Case | None) -> QWidget:
        if case is None:
            return _nothing_open()
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        table = self._tables[case.conflict.table]
        row.addWidget(self._base_column(case, table))
        theirs = 0
        for number, deed in enumerate(case.deeds):
            theirs += not deed.is_mine
            row.addWidget(self._deed_column(case, deed, number, theirs, table))
        return page

    def _base_column(self, case: Case, table: Table) -> QFrame:
        if case.kind is Kind.FIELD:
            words = value_words(table, case.conflict.field, case.base)
        elif case.kind is Kind.SHAPE:
            words = _("as it was") if case.base else _("(blank)")
        elif case.kind is Kind.RULES:
            words = "\n".join(f"⚠ {sentence}" for sentence in case.conflict.sentences)
        else:
            words = str(case.row.get("name") or case.row.get("code") or table.label)
        head = _("What is wrong") if case.kind is Kind.RULES else _("Before")
        signed = f"{case.base_by[0]}" if case.base_by else ""
        mark = "╌ " if case.kind is Kind.SHAPE else ""
        return _column(mark + head, words, signed, None)

    def _deed_column(self, case: Case, deed: Deed, number: int, theirs: int, table: Table) -> QFrame:
        keep = None
        if case.kind is not Kind.RULES:
            text = _("Keep this ({n})").format(n=number + 1)
            if case.kind is Kind.DELETED:
                text = _("Delete it ({n})") if deed.is_delete else _("Keep the record ({n})")
                text = text.format(n=number + 1)
            keep = button(f"keep_{case.conflict.field}_{number}", text, partial(self._keep, number))
        mark = ("━ " if deed.is_mine else "┅ ") if case.kind is Kind.SHAPE else ""
        return _column(mark + side_of(deed, theirs), deed_words(case, deed, table), who(deed), keep)

    def _show_shapes(self, case: Case | None) -> None:
        found: list[Outline] = []
        if case is not None and case.kind is Kind.SHAPE:
            base = case.base if isinstance(case.base, bytes) else None
            if base is not None:
                found.append(Outline(base, BASE, Qt.PenStyle.DashLine))
            for deed in case.deeds:
                if isinstance(deed.version.value, bytes):
                    differs = difference(base, deed.version.value)
                    colour, line = (MINE, Qt.PenStyle.SolidLine) if deed.is_mine else (THEIRS, Qt.PenStyle.DotLine)
                    found.append(Outline(deed.version.value, colour, line, differs.spots if differs else ()))
        self.canvas.setVisible(bool(found))
        self.outlines.show_outlines(found)

    # --- decisions -----------------------------------------------------------------------------------------------

    def _step(self, by: int) -> None:
        row = self.list.currentRow() + by
        if 0 <= row < self.list.count():
            self.list.setCurrentRow(row)

    def _keep(self, number: int) -> None:
        case = self.case
        if case is not None and case.kind is not Kind.RULES and number < len(case.deeds):
            deed = case.deeds[number]
            self._decide(lambda store, person: conflicts.keep(store, person, case, deed))

    @Slot()
    def keep_both(self) -> None:
        """Let both texts stand."""
        case = self.case
        if case is not None and not self.deciding.both.isHidden():
            self._decide(lambda store, person: conflicts.keep_both(store, person, case))

    @Slot(str)
    def _type_anew(self, text: str) -> None:
        case = self.case
        if case is not None:
            self._decide(lambda store, person: conflicts.type_anew(store, person, case, text))

    @Slot(object)
    def _decide_like(self, side: object) -> None:
        case, rule = self.case, cast("Side", side)
        if case is not None:
            alike = like(case, self._cases)
            self._decide(lambda store, person: conflicts.decide_all(store, person, alike, rule))

    def _decide(self, decide: Callable[[Store, Person], object]) -> None:
        self._row_after, role = self.list.currentRow(), self.role()

        def work(_control: JobControl) -> int:
            store = self._holder.store
            decide(store, person_here(store, role))
            return store.last_own

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._was_decided)
        job.failed.connect(self._failed)

    @Slot(object)
    def _was_decided(self, rid: object) -> None:
        self._undoable.append(cast("int", rid))
        self._done()

    @Slot()
    def take_back(self) -> None:
        """Take the last decision of this session back: the rivals stand again."""
        if not self._undoable:
            self._say(_("No decision was made here yet. Older ones are in the history of the record."))
            return
        rid = self._undoable.pop()
        job = self._runner.start(lambda _control: self._holder.store.take_back(rid), quick=True)
        job.succeeded.connect(self._done)
        job.failed.connect(self._failed)

    @Slot()
    def _done(self) -> None:
        self.message.hide()
        self.list.setFocus()
        self._read()
        self.decided.emit()

    @Slot()
    def open_form(self) -> None:
        """Open the form of the record."""
        case = self.case
        if case is not None and (subject := self._subject(case)) is not None:
            self.form_wanted.emit(subject)

    def _subject(self, case: Case) -> Subject | None:
        table = self._tables[case.conflict.table]
        if table.kind is not TableKind.FORM or not case.community_uid:
            return None
        return Subject(table.name, case.community_uid, str(case.row.get("subject_uid") or case.community_uid))

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self._say(str(error))

    def _say(self, text: str) -> None:
        self.message.setText(f"⚠ {text}")
        self.message.show()


def _column(head: str, words: str, signed: str, keep: QWidget | None) -> QFrame:
    """Return one column: its head, what was done, who did it, and the way to let it stand."""
    frame = QFrame()
    frame.setFrameShape(QFrame.Shape.StyledPanel)
    column = QVBoxLayout(frame)
    column.addWidget(titled(head, "heading"))
    value = QLabel(words)
    value.setWordWrap(True)
    value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    column.addWidget(value)
    column.addStretch(1)
    column.addWidget(titled(signed, "hint"))
    if keep is not None:
        column.addWidget(keep)
    return frame


def _nothing_open() -> QLabel:
    return empty_page(
        "conflicts_nothing",
        _(
            "No conflicts. Nothing has to be decided.\n\n"
            "Where two laptops changed the same thing, both values are kept and stand here after a sync, side by side."
        ),
    )
