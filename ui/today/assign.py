"""Who surveys which communities until when: many at once, given and taken back."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QDate, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDateEdit,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from fieldsurvey.assess.assignments import Assignment, assign, assignments, withdraw
from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Value
from layers.search import Index
from layers.style import STATES
from ui.project.overview import Overview
from ui.widgets import button, titled

if TYPE_CHECKING:
    from ui.main_window import MainWindow

_UID = Qt.ItemDataRole.UserRole
_WEEK = 7  # days that are offered first


class AssignDialog(QDialog):
    """Gives communities to people.

    Signals:
        changed: () something was given or taken back.
    """

    changed = Signal()

    def __init__(self, window: "MainWindow", now: Overview, given: Sequence[Assignment]) -> None:
        super().__init__(window)
        self.setObjectName("assign")
        self.setWindowTitle(_("Assign communities"))
        self.resize(1000, 620)
        self._window, self._now, self._given = window, now, list(given)
        names = [(uid, str(row["name"] or ""), str(row["code"] or "")) for uid, row in now.communities.items()]
        self._index = Index(names)
        left = QVBoxLayout()
        left.addLayout(self._filters())
        left.addWidget(self._make_list(), 1)
        row = QHBoxLayout(self)
        row.addLayout(left, 3)
        row.addLayout(self._right(), 2)
        self._fill()
        self._read_people()

    def _filters(self) -> QHBoxLayout:
        self.search = QLineEdit()
        self.search.setObjectName("assign_search")
        self.search.setAccessibleName(_("Search: name, initials, code"))
        self.search.setPlaceholderText(_("Search: name, initials, code"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._fill)
        self.district = QComboBox()
        self.district.setObjectName("assign_district")
        self.district.setAccessibleName(_("District"))
        self.district.addItem(_("All districts"), "")
        for name in sorted({str(row["district"]) for row in self._now.communities.values() if row["district"]}):
            self.district.addItem(name, name)
        self.district.currentIndexChanged.connect(self._fill)
        self.free = QCheckBox(_("Only those nobody has"))
        self.free.setObjectName("assign_free")
        self.free.toggled.connect(self._fill)
        top = QHBoxLayout()
        for widget, stretch in ((self.search, 2), (self.district, 1), (self.free, 0)):
            top.addWidget(widget, stretch)
        return top

    def _make_list(self) -> QTreeWidget:
        self.list = QTreeWidget()
        self.list.setObjectName("assign_list")
        self.list.setAccessibleName(_("Communities; several can be selected"))
        self.list.setHeaderLabels([_("Community"), _("State"), _("Assigned to")])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.list.itemSelectionChanged.connect(self._tell_chosen)
        return self.list

    def _right(self) -> QVBoxLayout:
        self.person = QComboBox()
        self.person.setObjectName("assign_person")
        self.person.setEditable(True)
        self.person.setAccessibleName(_("Surveyor: name or account"))
        self.since, self.until = QDateEdit(QDate.currentDate()), QDateEdit(QDate.currentDate().addDays(_WEEK))
        for name, label, edit in (("since", _("From"), self.since), ("until", _("Until"), self.until)):
            edit.setObjectName(f"assign_{name}")
            edit.setAccessibleName(label)
            edit.setCalendarPopup(True)
            edit.setDisplayFormat("yyyy-MM-dd")
            edit.setMinimumHeight(40)
        self.note = QLineEdit()
        self.note.setObjectName("assign_note")
        self.note.setAccessibleName(_("Note"))
        fields = QFormLayout()
        fields.addRow(_("Surveyor"), self.person)
        fields.addRow(_("From"), self.since)
        fields.addRow(_("Until"), self.until)
        fields.addRow(_("Note"), self.note)
        self.give = button("assign_give", _("Assign"), self._give)
        self.give.setProperty("role", "primary")
        self.take = button("assign_take", _("Take back"), self._take_back)
        self.chosen, self.told = titled("", "heading"), titled("", "hint")
        self.told.setObjectName("assign_told")
        text = _("A hub account with the area @account receives only what is assigned to it.")
        right = QVBoxLayout()
        right.addWidget(self.chosen)
        right.addLayout(fields)
        for widget in (self.give, self.take, self.told):
            right.addWidget(widget)
        right.addStretch(1)
        right.addWidget(titled(text, "hint"))
        right.addWidget(button("assign_close", _("Close"), self.accept))
        return right

    # --- the list ------------------------------------------------------------------------------------------------

    @Slot()
    def _fill(self) -> None:
        kept = set(self.selected())
        self.list.clear()
        for uid in self._fitting():
            item = QTreeWidgetItem([_name(self._now.communities[uid]), self._state(uid), self._owners(uid)])
            item.setData(0, _UID, uid)
            self.list.addTopLevelItem(item)
            item.setSelected(uid in kept)
        self._tell_chosen()

    def _fitting(self) -> Iterable[str]:
        text, district = self.search.text().strip(), self.district.currentData()
        uids = [hit.uid for hit in self._index.find(text, 1000)] if text else list(self._now.communities)
        taken = {one.community for one in self._given} if self.free.isChecked() else set()
        for uid in uids:
            if uid not in taken and district in {"", self._now.communities[uid]["district"]}:
                yield uid

    def _state(self, uid: str) -> str:
        progress = self._now.progress[uid]
        _colour, mark, word = STATES[str(progress.state)]
        return f"{mark} {_(word)} {progress.done}/{progress.total}"

    def _owners(self, uid: str) -> str:
        return _("; ").join(f"{one.person} {one.until}".strip() for one in self._given if one.community == uid)

    def selected(self) -> list[str]:
        """Return the communities that are selected."""
        return [str(item.data(0, _UID)) for item in self.list.selectedItems()]

    @Slot()
    def _tell_chosen(self) -> None:
        chosen = set(self.selected())
        self.chosen.setText(_("{n} communities selected").format(n=len(chosen)))
        self.give.setEnabled(bool(chosen))
        self.take.setEnabled(any(one.community in chosen for one in self._given))

    # --- giving and taking back ----------------------------------------------------------------------------------

    def _read_people(self) -> None:
        holder = self._window.holder

        def work(_control: JobControl) -> list[tuple[int, str, str]]:
            return holder.store.actors() if holder.is_open else []

        self._window.store_runner.start(work, quick=True).succeeded.connect(self._show_people)

    @Slot(object)
    def _show_people(self, people: Sequence[tuple[int, str, str]]) -> None:
        known = {login: name or login for _number, login, name in people if login}
        known |= {one.login: one.person for one in self._given}
        text = self.person.currentText()
        self.person.clear()
        for login, name in sorted(known.items(), key=lambda one: one[1]):
            self.person.addItem(name if name == login else f"{name} ({login})", (login, name))
        self.person.setCurrentIndex(-1)
        self.person.setEditText(text)

    def _who(self) -> tuple[str, str]:
        """Return account and name: of a known person, or as typed."""
        text = self.person.currentText().strip()
        known = self.person.findText(text, Qt.MatchFlag.MatchExactly)
        if known >= 0:
            login, name = self.person.itemData(known)
            return str(login), str(name)
        return text, text

    @Slot()
    def _give(self) -> None:
        chosen, (login, name), note = self.selected(), self._who(), self.note.text()
        since, until = (edit.date().toString(Qt.DateFormat.ISODate) for edit in (self.since, self.until))
        holder = self._window.holder
        self._run(lambda: assign(holder.store, chosen, login, name, since=since, until=until, note=note))

    @Slot()
    def _take_back(self) -> None:
        chosen, holder = set(self.selected()), self._window.holder
        uids = [one.uid for one in self._given if one.community in chosen]
        self._run(lambda: withdraw(holder.store, uids))

    def _run(self, work: Callable[[], object]) -> None:
        def write(_control: JobControl) -> list[Assignment]:
            work()
            return assignments(self._window.holder.store)

        job = self._window.store_runner.start(write, quick=True)
        job.succeeded.connect(self._written)
        job.failed.connect(self._failed)

    @Slot(object)
    def _written(self, given: Sequence[Assignment]) -> None:
        self._given = list(given)
        self._fill()
        self._read_people()
        self.told.setText(_("Saved. It goes to the surveyors with the next sync."))
        self.changed.emit()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self.told.setText(f"⚠ {error}")


def _name(row: Mapping[str, Value]) -> str:
    return str(row["name"] or row["code"] or "—")
