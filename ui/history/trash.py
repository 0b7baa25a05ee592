"""What was deleted, by whom and when, and the way back."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Discarded, Store
from ui import shown
from ui.empty import EmptyState
from ui.jobs import JobRunner
from ui.project.holder import StoreHolder, ask_store
from ui.widgets import button, closable, titled

Lines = Sequence[tuple[Discarded, str]]


def lines_of(store: Store) -> Lines:
    """Return the deleted records, each with what people call it. Runs in the store thread."""
    found = store.trash()
    names = store.names_of("community_uid", [str(each.values.get("community_uid") or "") for each in found])
    return [(each, _name(store, each, names.get(str(each.values.get("community_uid")), ""))) for each in found]


def _name(store: Store, each: Discarded, community: str) -> str:
    own = str(each.values.get("name") or each.values.get("source_id") or "")
    return " ".join(filter(None, [store.tables()[each.table].label, community, own]))


class TrashPanel(QWidget):
    """Lists what was deleted; chosen records come back, with the rows of their lists.

    Signals:
        closed: () the person closed it.
        told: (text) something was done.
        history_wanted: (table, uid) the history of a deleted record is to be shown.
    """

    closed = Signal()
    told = Signal(str)
    history_wanted = Signal(str, str)

    def __init__(self, runner: JobRunner, holder: StoreHolder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("trash")
        self._runner, self._holder = runner, holder
        self.list = QListWidget()
        self.list.setObjectName("trash_list")
        self.list.setAccessibleName(_("Deleted records"))
        self.list.setWordWrap(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.itemSelectionChanged.connect(self._offer)
        EmptyState(self.list, _("Nothing is deleted. What is deleted on the map or in a table can be had back here."))
        self.message = QLabel()
        self.message.setObjectName("trash_message")
        self.message.setProperty("role", "hint")
        self.message.setWordWrap(True)
        self.back = button("trash_restore", _("Bring back"), self.bring_back)
        self.past = button("trash_history", _("History of the record"), self._want_history)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addLayout(closable(titled(_("Deleted records"), "heading"), "trash_close", self.closed))
        for each in (self.list, self.message, self.back, self.past):
            column.addWidget(each, 1 if each is self.list else 0)
        self._offer()

    def refresh(self) -> None:
        """Read again what was deleted."""
        self._run(lambda store, _control: lines_of(store), self._show)

    def _run(self, work: Callable[[Store, JobControl], object], then: Callable[[Any], None]) -> None:
        ask_store(self._runner, self._holder, work, then, self._fail)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self.message.setText(str(error))

    @Slot(object)
    def _show(self, lines: Lines | None) -> None:
        self.list.clear()
        for each, name in lines or ():
            item = QListWidgetItem(f"{name}\n{shown.moment(each.at_ms)} · {each.actor or '—'}")
            item.setData(Qt.ItemDataRole.UserRole, each)
            self.list.addItem(item)
        self._offer()

    def chosen(self) -> list[Discarded]:
        """Return the chosen records."""
        return [item.data(Qt.ItemDataRole.UserRole) for item in self.list.selectedItems()]

    @Slot()
    def _offer(self) -> None:
        count = len(self.list.selectedItems())
        self.back.setEnabled(count > 0)
        self.past.setEnabled(count == 1)

    @Slot()
    def bring_back(self) -> None:
        """Bring the chosen records back, as one step."""
        uids = [each.uid for each in self.chosen()]

        def work(store: Store, _control: JobControl) -> int:
            with store.transaction():
                for uid in uids:
                    store.bring_back(uid)
            return len(uids)

        self._run(work, self._done)

    @Slot(object)
    def _done(self, count: int | None) -> None:
        if count:
            text = _("{n} records are back.").format(n=count)
            self.message.setText(text)
            self.told.emit(text)
            self.refresh()

    @Slot()
    def _want_history(self) -> None:
        for each in self.chosen()[:1]:
            self.history_wanted.emit(each.table, each.uid)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes the panel; Enter brings back what is chosen."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.chosen():
            self.bring_back()
        else:
            super().keyPressEvent(event)
