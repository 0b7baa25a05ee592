"""What the office holds back: of the edits made here; and, for reviewers, of everybody's, to be decided."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.merge import SCOPE
from fieldsurvey.model.revision import Kind
from fieldsurvey.store import Store
from ui import shown
from ui.conflicts.telling import field_label
from ui.jobs import Job, JobRunner
from ui.project.holder import StoreHolder
from ui.sync.standing import fill, table
from ui.widgets import button, titled
from ui.words import in_words

if TYPE_CHECKING:
    from fieldsurvey.sync.review import AtOffice

_MOST_FIELDS = 6  # of one edit, in words
_RID = Qt.ItemDataRole.UserRole


class HeldDesk(QWidget):
    """Two lists: what is held of the edits made here, and what the office holds of anybody's, with the decision."""

    def __init__(
        self,
        runner: JobRunner,
        holder: StoreHolder,
        where: Callable[[], tuple[str, str]],
        parent: QWidget | None = None,
    ) -> None:
        """Make the desk.

        Args:
            runner: The thread that owns the project file.
            holder: The open project.
            where: Address and token of the hub, as they stand in the panel.
            parent: Owner.
        """
        super().__init__(parent)
        self.setObjectName("held_desk")
        self._runner, self._holder, self._where = runner, holder, where
        self._job: Job | None = None
        self._done = ""
        self.own = table("sync_held", _("Held back by the office"), (_("Record"), _("Why it has no effect yet")))
        columns = (_("Edit, and why it is held"),)
        self.office = table("sync_office", _("All edits that the office holds back"), columns)
        self.office.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.office.itemSelectionChanged.connect(self._enable)
        self.ask = button("held_ask", _("Ask the office"), self._ask)
        self.release = button("held_release", _("Let take effect"), self._release)
        self.reject = button("held_reject", _("Reject"), self._reject)
        self.message = titled("", "hint")
        self.message.setObjectName("held_message")
        buttons = QHBoxLayout()
        for widget in (self.ask, self.release, self.reject):
            buttons.addWidget(widget)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addWidget(titled(_("Edits made here"), "heading"))
        layout.addWidget(self.own, 1)
        layout.addWidget(titled(_("All edits that the office holds back"), "heading"))
        layout.addWidget(
            titled(_("For reviewers and administrators. Rejected edits stay listed, without effect."), "hint")
        )
        layout.addLayout(buttons)
        layout.addWidget(self.message)
        layout.addWidget(self.office, 2)
        fill(self.office, (), _("Not asked yet."))
        self._enable()

    def show_own(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show what is held of the edits made here."""
        fill(self.own, rows, _("Nothing is held back."))

    # --- asking and deciding ---------------------------------------------------------------------------------------

    @Slot()
    def _ask(self) -> None:
        if self._job is not None:
            self._job.cancel()
            return
        self._done = ""
        target, token = self._where()
        self._start(lambda control: described(self._holder.store, target, token, control))

    @Slot()
    def _release(self) -> None:
        self._decide(let_go=True)

    @Slot()
    def _reject(self) -> None:
        self._decide(let_go=False)

    def _decide(self, *, let_go: bool) -> None:
        from fieldsurvey.sync.review import decide

        target, token = self._where()
        rids = self._chosen()

        def work(control: JobControl) -> "list[tuple[AtOffice, str]]":
            done = decide(target, rids, let_go=let_go, token=token, control=control)
            good = _("{n} of {all} edits take effect at the office now. Sync to have them here.")
            kept = _("{n} of {all} edits were rejected; whoever made them is told at the next sync.")
            self._done = (good if let_go else kept).format(n=done, all=len(rids))
            return described(self._holder.store, target, token, control)

        self._start(work)

    def _chosen(self) -> list[int]:
        return [int(rid) for item in self.office.selectedItems() if (rid := item.data(0, _RID)) is not None]

    def _start(self, work: "Callable[[JobControl], list[tuple[AtOffice, str]]]") -> None:
        self.message.setText(_("Asking the office …"))
        self._job = self._runner.start(work)
        self._job.succeeded.connect(self._show)
        self._job.failed.connect(self._failed)
        self._job.cancelled.connect(self._cancelled)
        self.ask.setText(_("Cancel"))
        self._enable()

    def _idle(self) -> None:
        self._job = None
        self.ask.setText(_("Ask the office"))
        self._enable()

    @Slot()
    def _enable(self) -> None:
        can = self._job is None and bool(self._chosen())
        for widget in (self.release, self.reject):
            widget.setEnabled(can)

    @Slot(object)
    def _show(self, result: object) -> None:
        found = cast("list[tuple[AtOffice, str]]", result)
        rows = [
            (f"{held.where} · {held.author} {_moment(held.at_ms)}\n{words}\n⚠ {held.why}",) for held, words in found
        ]
        fill(self.office, rows, _("Nothing is held back."))
        for line, (held, _words) in enumerate(found):
            cast("QTreeWidgetItem", self.office.topLevelItem(line)).setData(0, _RID, held.rid)
        self._idle()
        self.message.setText(self._done or _("{n} edits are held back at the office.").format(n=len(found)))

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._idle()
        if not isinstance(error, FieldSurveyError):
            raise error
        self.message.setText(f"⚠ {error}")

    @Slot()
    def _cancelled(self) -> None:
        self._idle()
        self.message.setText(_("Stopped by hand."))


def described(store: Store, target: str, token: str, control: JobControl) -> "list[tuple[AtOffice, str]]":
    """Return what a hub holds back, each with what it does in words. Runs in the store thread."""
    from fieldsurvey.sync.review import held_at

    return [(held, _in_words(store, held)) for held in held_at(store, target, token=token, control=control)]


def _in_words(store: Store, held: "AtOffice") -> str:
    """Return what an edit does, such as "changes: households 7 户"."""
    verb = {
        Kind.CREATE: _("new"), Kind.DELETE: _("deleted"), Kind.UNDELETE: _("brought back"),
        Kind.APPROVE: _("approves"), Kind.IMPORT: _("imported"),
    }.get(Kind(held.kind), _("changed"))  # fmt: skip
    known = store.tables().get(held.table)
    if known is None or held.kind == Kind.IMPORT or not held.fields:
        return verb
    fields = [name for name in held.fields if name == "geom" or (held.fields[name] is not None and not _links(name))]
    parts = [
        f"{field_label(known, name)} {_('(geometry)') if name == 'geom' else in_words(known, name, held.fields[name])}"
        for name in (fields or list(held.fields))[:_MOST_FIELDS]
    ]
    more = _(" and {n} more").format(n=len(fields) - len(parts)) if len(fields) > len(parts) else ""
    return f"{verb}{_(': ')}{_(', ').join(parts)}{more}"


def _links(name: str) -> bool:
    """Say whether a field only says where the record belongs; its place is told in words."""
    return name.endswith("_uid") or name == SCOPE


def _moment(at_ms: int) -> str:
    return shown.short(at_ms)
