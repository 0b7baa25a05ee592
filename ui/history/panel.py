"""The history of one record: who, when, from what, to what, on which laptop; and the way back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QMessageBox, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import N_, _, labelled
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.conditions import REFERENCES
from fieldsurvey.model.schema import Table, TableKind
from fieldsurvey.store import HistoryEntry, Store
from survey_forms import typed
from survey_forms.cells import change_answer
from ui import shown
from ui.jobs import JobRunner
from ui.project.holder import StoreHolder, ask_store
from ui.widgets import button, closable, titled
from ui.words import in_words

_ENTRY, _FIELD = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_QUIET = {"saved_at", "form_version", "odk_xml"}  # the program writes them with every save
_LARGE_CLOCK_ERROR_MS = 60_000
_KINDS = {
    "c": N_("made"), "u": N_("changed"), "d": N_("deleted"), "z": N_("brought back"), "r": N_("conflict decided"),
    "a": N_("approved"), "i": N_("imported"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Past:
    """What is shown of a record.

    Attributes:
        table: Its table.
        uid: The record.
        name: What people call it.
        entries: Its edits, oldest first.
        here: Number of this laptop.
        community: Its community, where it belongs to one, with its name.
        names: uid -> name of the records that its edits refer to.
    """

    table: Table
    uid: str
    name: str
    entries: Sequence[HistoryEntry]
    here: int
    community: tuple[str, str]
    names: Mapping[str, str]


def past_of(store: Store, table: str, uid: str) -> Past:
    """Read the history of a record. Runs in the store thread."""
    entries = store.history(uid)
    row = store.get(uid)
    values = dict(row.values) if row else {name: v for e in entries for name, v in e.values.items()}
    wanted: dict[str, set[str]] = {}
    for entry in entries:
        for name, value in [*entry.values.items(), *entry.old.items(), ("community_uid", values.get("community_uid"))]:
            if name in REFERENCES and value:
                wanted.setdefault(name, set()).add(str(value))
    names = {uid_: word for name, uids in wanted.items() for uid_, word in store.names_of(name, uids).items()}
    community = str(values.get("community_uid") or (uid if table == "community" else ""))
    own = names.get(community) or str(values.get("name") or "")
    name = str(values.get("name") or values.get("source_id") or own or uid[:8])
    return Past(store.tables()[table], uid, name, entries, store.origin, (community, own), names)


class HistoryPanel(QWidget):
    """Lists the edits of a record and brings earlier values back.

    Signals:
        closed: () the person closed it.
        told: (text) something was done, in one sentence.
    """

    closed = Signal()
    told = Signal(str)

    def __init__(self, runner: JobRunner, holder: StoreHolder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("history")
        self._runner, self._holder = runner, holder
        self.past: Past | None = None
        self.title = titled("", "heading")
        self.tree = QTreeWidget()
        self.tree.setObjectName("history_tree")
        self.tree.setAccessibleName(_("Edits of the record, the newest first"))
        self.tree.setHeaderHidden(True)
        self.tree.setWordWrap(True)
        self.tree.setUniformRowHeights(False)
        self.tree.currentItemChanged.connect(self._offer)
        self.message = QLabel()
        self.message.setObjectName("history_message")
        self.message.setWordWrap(True)
        self.message.setProperty("role", "hint")
        self.field = button("history_field", "", self._restore_field)
        self.record = button("history_record", _("Record as it was then"), self._restore_record)
        self.community = button("history_community", _("Whole community as it was then …"), self._restore_community)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addLayout(closable(self.title, "history_close", self.closed))
        column.addWidget(self.tree, 1)
        for each in (self.message, self.field, self.record, self.community):
            column.addWidget(each)
        self._offer(None)

    def show_record(self, table: str, uid: str) -> None:
        """Show the history of a record."""
        self.message.clear()
        self._run(lambda store, _control: past_of(store, table, uid), self._show)

    def refresh(self) -> None:
        """Show what has been added since."""
        if self.past is not None and self.isVisible():
            table, uid = self.past.table.name, self.past.uid
            self._run(lambda store, _control: past_of(store, table, uid), self._show)

    def _run(self, work: Callable[[Store, JobControl], object], then: Callable[[Any], None]) -> None:
        ask_store(self._runner, self._holder, work, then, self._fail)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self._say(str(error), wrong=True)

    def _say(self, text: str, *, wrong: bool = False) -> None:
        self.message.setProperty("role", "error" if wrong else "hint")
        self.message.style().polish(self.message)
        self.message.setText(text)

    # --- the list ------------------------------------------------------------------------------------------------

    @Slot(object)
    def _show(self, past: Past | None) -> None:
        if past is None:
            return
        self.past = past
        self.title.setText(_("History: {table} {name}").format(table=past.table.label, name=past.name))
        self.tree.clear()
        for entry in reversed(past.entries):
            self.tree.addTopLevelItem(self._item(past, entry))
        self.tree.expandToDepth(0)
        if not past.entries:
            self._say(_("Nothing has been changed here yet."))
        first = self.tree.topLevelItem(0)
        if first is not None:
            self.tree.setCurrentItem(first)

    def _item(self, past: Past, entry: HistoryEntry) -> QTreeWidgetItem:
        item = QTreeWidgetItem([_headline(past, entry)])
        item.setData(0, _ENTRY, entry)
        for name, value in entry.values.items():
            if name in _QUIET or value == entry.old.get(name):  # of a new record what is blank
                continue
            old = self._words(past, name, entry.old.get(name))
            new = self._words(past, name, value)
            label = _label(past.table, name)
            text = labelled(label, new) if entry.kind == "c" else labelled(label, f"{old} → {new}")
            child = QTreeWidgetItem([text])
            child.setToolTip(0, text)
            child.setData(0, _ENTRY, entry)
            child.setData(0, _FIELD, name)
            item.addChild(child)
        return item

    def _words(self, past: Past, name: str, value: object) -> str:
        if name in REFERENCES and value:
            return past.names.get(str(value), "—")
        return in_words(past.table, name, value)  # type: ignore[arg-type]

    def chosen(self) -> tuple[HistoryEntry | None, str]:
        """Return the edit that is chosen, and its field if one is."""
        item = cast("QTreeWidgetItem | None", self.tree.currentItem())  # None while the list is being made
        return (None, "") if item is None else (item.data(0, _ENTRY), str(item.data(0, _FIELD) or ""))

    @Slot(object)
    def _offer(self, _item: object) -> None:
        """Offer what can be brought back from here."""
        past, (entry, field) = self.past, self.chosen()
        can_field = past is not None and entry is not None and bool(field) and entry.kind in {"u", "r"}
        self.field.setVisible(can_field)
        if past is not None and entry is not None and can_field:
            old = self._words(past, field, entry.old.get(field))
            self.field.setText(_("{field} back to {value}").format(field=_label(past.table, field), value=old))
        self.record.setEnabled(entry is not None)
        self.community.setVisible(past is not None and bool(past.community[0]))
        self.community.setEnabled(entry is not None)

    # --- the way back --------------------------------------------------------------------------------------------

    @Slot()
    def _restore_field(self) -> None:
        past, (entry, field) = self.past, self.chosen()
        if past is None or entry is None or not field:
            return
        value = entry.old.get(field)

        def work(store: Store, _control: JobControl) -> str:
            if past.table.kind is TableKind.ASSET or field == "geom" or isinstance(value, bytes):
                store.save(past.uid, {field: value})
            else:
                change_answer(store, past.table.name, past.uid, field, typed.text(value))
            return _("Brought back: {field}").format(field=_label(past.table, field))

        self._run(work, self._done)

    @Slot()
    def _restore_record(self) -> None:
        past, (entry, _field) = self.past, self.chosen()
        if past is not None and entry is not None:
            self.restore(past.uid, entry.at_ms)

    def restore(self, uid: str, when_ms: int) -> None:
        """Make a record, with what belongs to it, what it was at a moment."""

        def work(store: Store, control: JobControl) -> str:
            changed = store.restore_with_parts(uid, when_ms, control)
            text = _("{n} records are as they were on {moment}; Ctrl+Z takes it back.")
            return text.format(n=changed, moment=shown.moment(when_ms))

        self._run(work, self._done)

    @Slot()
    def _restore_community(self) -> None:
        past, (entry, _field) = self.past, self.chosen()
        if past is None or entry is None:
            return
        uid, name = past.community
        text = _(
            "Make the community {name}, with all its layers and forms, what it was on {moment}? It becomes one new "
            "change: the history stays, and Ctrl+Z takes it back."
        )
        asked = text.format(name=name, moment=shown.moment(entry.at_ms))
        if QMessageBox.question(self, _("Whole community"), asked) == QMessageBox.StandardButton.Yes:
            self.restore(uid, entry.at_ms)

    @Slot(object)
    def _done(self, text: str | None) -> None:
        if text:
            self._say(text)
            self.told.emit(text)
            self.refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes the panel."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)


def _headline(past: Past, entry: HistoryEntry) -> str:
    """Return what was done, when, by whom and on which laptop."""
    where = _("this laptop") if entry.origin == past.here else _("laptop {number}").format(number=f"{entry.origin:X}")
    if not entry.fv and entry.kind != "i":
        where = _("{where}, in QGIS").format(where=where)
    parts = [shown.moment(entry.at_ms), entry.actor or "—", _(_KINDS[entry.kind]), where]
    if abs(entry.clock_off_ms) >= _LARGE_CLOCK_ERROR_MS:
        minutes = round(abs(entry.clock_off_ms) / 60_000)
        text = _("clock {n} min fast") if entry.clock_off_ms > 0 else _("clock {n} min slow")
        parts.append(text.format(n=minutes))
    return " · ".join(parts)


def _label(table: Table, name: str) -> str:
    if name == "geom":
        return _("Geometry")
    return next((column.label for column in table.columns if column.name == name), name)
