"""The conflict desk: what two people changed without knowing of each other, side by side; a person decides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import cast

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.merge import DELETED, RULES
from fieldsurvey.model.schema import Table, TableKind
from fieldsurvey.store import Conflict, Store, Version
from survey_forms.records import Subject
from ui.jobs import JobRunner
from ui.project.holder import StoreHolder
from ui.project.session import Overview
from ui.widgets import button, titled
from ui.words import in_words


@dataclass(frozen=True, slots=True)
class Case:
    """A conflict in words.

    Attributes:
        conflict: The conflict.
        where: Community and layer or form.
        label: The field as people call it.
        values: The rival values in words, in the order of the versions.
        subject: The form to open; None for a conflict outside a form.
    """

    conflict: Conflict
    where: str
    label: str
    values: Sequence[str]
    subject: Subject | None


class ConflictDesk(QWidget):
    """The open conflicts, each with what can be done about it.

    Signals:
        decided: () a conflict was decided.
        form_wanted: (Subject) a form is to be opened.
    """

    decided = Signal()
    form_wanted = Signal(object)

    def __init__(self, runner: JobRunner, holder: StoreHolder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("conflict_desk")
        self._runner, self._holder = runner, holder
        self.title = titled(_("Conflicts"))
        self.hint = titled(_("Two people changed the same field. Both values are kept until you choose."), "hint")
        self.message = titled("", "error")
        self._area = QScrollArea()
        self._area.setObjectName("conflicts")
        self._area.setWidgetResizable(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.title, self.hint, self.message, self._area):
            layout.addWidget(widget, 1 if widget is self._area else 0)
        self.message.hide()

    def show_project(self, now: Overview) -> None:
        """Show the conflicts of a project."""
        self.title.setText(_("Conflicts ({n})").format(n=now.conflicts))
        job = self._runner.start(lambda _control: described(self._holder.store), quick=True)
        job.succeeded.connect(self._show)

    @Slot(object)
    def _show(self, result: object) -> None:
        page = QWidget()
        layout = QVBoxLayout(page)
        cases = cast("list[Case]", result)
        if not cases:
            layout.addWidget(titled(_("No conflicts. Nothing has to be decided."), "hint"))
        for case in cases:
            layout.addWidget(self._card(case))
        layout.addStretch(1)
        self._area.setWidget(page)

    def _card(self, case: Case) -> QFrame:
        card = QFrame()
        card.setObjectName(f"conflict_{case.conflict.field}")
        card.setFrameShape(QFrame.Shape.StyledPanel)
        column = QVBoxLayout(card)
        column.addWidget(titled(f"{case.where} · {case.label}", "heading"))
        if case.conflict.field == DELETED:
            self._add_deletion(column, case)
        elif case.conflict.field == RULES:
            self._add_rules(column, case)
        else:
            self._add_versions(column, case)
        return card

    def _add_versions(self, column: QVBoxLayout, case: Case) -> None:
        for number, (version, words) in enumerate(zip(case.conflict.versions, case.values, strict=True)):
            line = QHBoxLayout()
            line.addWidget(QLabel(f"{words}\n{_signed(version)}"), 1)
            values = {case.conflict.field: version.value}
            line.addWidget(
                self._deciding(
                    f"keep_{case.conflict.field}_{number}",
                    _("Keep this"),
                    partial(Store.resolve, uid=case.conflict.uid, changes=values),
                )
            )
            column.addLayout(line)

    def _add_deletion(self, column: QVBoxLayout, case: Case) -> None:
        for version in case.conflict.versions:
            column.addWidget(QLabel(_signed(version)))
        line = QHBoxLayout()
        line.addStretch(1)
        uid = case.conflict.uid
        line.addWidget(self._deciding("keep_record", _("Keep the record"), partial(Store.undelete, uid=uid)))
        line.addWidget(self._deciding("delete_record", _("Delete it"), partial(Store.delete, uid=uid)))
        column.addLayout(line)

    def _add_rules(self, column: QVBoxLayout, case: Case) -> None:
        for sentence in case.conflict.sentences:
            column.addWidget(titled(f"⚠ {sentence}", "error"))
        for version in case.conflict.versions:
            column.addWidget(QLabel(_signed(version)))
        if case.subject is not None:
            line = QHBoxLayout()
            line.addStretch(1)
            line.addWidget(button("open_form", _("Open the form"), partial(self.form_wanted.emit, case.subject)))
            column.addLayout(line)

    def _deciding(self, name: str, text: str, decide: Callable[[Store], object]) -> QWidget:
        made = button(name, text)
        made.clicked.connect(partial(self._decide, decide))
        return made

    def _decide(self, decide: Callable[[Store], object], _checked: bool = False) -> None:
        def work(_control: JobControl) -> None:
            decide(self._holder.store)

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._was_decided)
        job.failed.connect(self._failed)

    @Slot()
    def _was_decided(self) -> None:
        self.message.hide()
        self.decided.emit()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self.message.setText(f"⚠ {error}")
        self.message.show()


def described(store: Store) -> list[Case]:
    """Return the open conflicts in words. Runs in the store thread."""
    return [_described(store, conflict) for conflict in store.conflicts()]


def _described(store: Store, conflict: Conflict) -> Case:
    table = store.tables()[conflict.table]
    row = store.get(conflict.uid)
    values = row.values if row else {}
    community_uid = str(values.get("community_uid") or "")
    community = store.get(community_uid) if community_uid else row
    name = str(community.values.get("name") or "") if community else ""
    subject = None
    if table.kind is TableKind.FORM and community_uid:
        subject = Subject(table.name, community_uid, str(values.get("subject_uid") or community_uid))
    words = [in_words(table, conflict.field, version.value) for version in conflict.versions]
    return Case(conflict, f"{name} · {table.label}", _label(table, conflict.field), words, subject)


def _label(table: Table, field: str) -> str:
    own = {
        DELETED: _("deleted by one, changed by the other"),
        RULES: _("each edit is right, together they break a rule"),
        "geom": _("place or shape"),
    }
    known = {column.name: column.label for column in table.columns}
    return own.get(field) or known.get(field, field)


def _signed(version: Version) -> str:
    at = datetime.fromtimestamp(version.at_ms / 1000).astimezone().strftime("%m-%d %H:%M")
    who = version.actor or _("laptop {n}").format(n=version.origin)
    from fieldsurvey.sync.clocks import words

    off = words(version.clock_off_ms)
    return f"{who}, {at}" + (_(" (that clock is {off})").format(off=off) if off else "")
