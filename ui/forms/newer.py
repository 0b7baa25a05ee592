"""A record of an older form version is offered the newer one, with every change that would make."""

from collections.abc import Sequence

from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import N_, _
from survey_forms.markdown import plain
from survey_forms.moving import Change, ChangeKind
from survey_forms.records import Opened
from ui.widgets import titled

_WORDS = {
    ChangeKind.NEW: N_("New question"),
    ChangeKind.MOVED: N_("In another group"),
    ChangeKind.CHANGED: N_("Another value"),
    ChangeKind.DROPPED: N_("Not asked any more"),
    ChangeKind.WRONG: N_("Needs a look"),
}


class MoveUpDialog(QDialog):
    """Asks whether a record moves up to the newest version of its form; nothing is saved by it."""

    def __init__(self, opened: Opened, moved: Opened, changes: Sequence[Change], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("move_up_dialog")
        self.setWindowTitle(_("A newer version of this form"))
        self.resize(680, 420)
        old, new = opened.session.form.version or "—", moved.session.form.version or "—"
        told = _("This record was made with version {old}; version {new} is here. Nothing changes unless you use it.")
        layout = QVBoxLayout(self)
        layout.addWidget(titled(told.format(old=old, new=new), "hint"))
        self.table = self._table(changes)
        layout.addWidget(self.table)
        if not changes:
            layout.addWidget(titled(_("All answers stay as they are."), "hint"))
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        box.button(QDialogButtonBox.StandardButton.Ok).setText(_("Use the newer version"))
        box.button(QDialogButtonBox.StandardButton.Cancel).setText(_("Keep the old version"))
        box.button(QDialogButtonBox.StandardButton.Cancel).setDefault(True)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        layout.addWidget(box)

    def _table(self, changes: Sequence[Change]) -> QTableWidget:
        table = QTableWidget(len(changes), 4)
        table.setObjectName("move_up_changes")
        table.setAccessibleName(_("What would change"))
        table.setHorizontalHeaderLabels([_("What would change"), _("Question"), _("Before"), _("After")])
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.verticalHeader().hide()
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        for row, change in enumerate(changes):
            texts = (_(_WORDS[change.kind]), plain(change.label), change.before, change.after)
            for column, text in enumerate(texts):
                table.setItem(row, column, QTableWidgetItem(text))
        return table
