"""Beside the map: the local grids of this person. They belong to this computer, not to the project."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.geo import local_grids
from fieldsurvey.geo.local_grids import PLANE, SPACE, TM, LocalGrid
from fieldsurvey.i18n import _
from ui.map.grid_dialogs import PairsDialog, ParametersDialog
from ui.widgets import button, titled


class GridsPanel(QWidget):
    """The list of local grids.

    Signals:
        failed: (Exception) one could not be kept or read.
        changed: () one was kept or removed.
    """

    failed = Signal(object)
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.list = QListWidget()
        self.list.setObjectName("grids")
        self.list.setAccessibleName(_("Local grids"))
        self.list.setWordWrap(True)
        column = QVBoxLayout(self)
        column.addWidget(titled(_("Local grids"), "heading"))
        column.addWidget(
            titled(
                _(
                    "For imports, exports and “Go to” of this person on this computer. The parameters go into no "
                    "project, exchange, export or log."
                ),
                "hint",
            )
        )
        column.addWidget(self.list, 1)
        for name, text, slot in (
            ("grid_pairs_new", _("From control pairs …"), self._from_pairs),
            ("grid_tm", _("Transverse Mercator …"), self._transverse),
            ("grid_four", _("Type 4 parameters …"), self._four),
            ("grid_seven", _("Type 7 parameters …"), self._seven),
            ("grid_forget", _("Remove"), self._forget),
        ):
            column.addWidget(button(name, text, slot))

    def read(self) -> None:
        """Show the grids that are there."""
        self.list.clear()
        try:
            found = local_grids.grids()
        except FieldSurveyError as error:
            self.failed.emit(error)
            return
        for grid in found.values():
            item = QListWidgetItem(f"{grid.name}\n{_described(grid)}")
            item.setData(Qt.ItemDataRole.UserRole, grid.name)
            self.list.addItem(item)

    def _ask(self, dialog: "ParametersDialog | PairsDialog") -> None:
        if dialog.exec() == QDialog.DialogCode.Accepted and dialog.made is not None:
            self.keep(dialog.made)

    def keep(self, grid: LocalGrid) -> None:
        """Keep a grid and show it in the list."""
        try:
            local_grids.keep(grid)
        except FieldSurveyError as error:
            self.failed.emit(error)
        self._show_change()

    def _show_change(self) -> None:
        self.read()
        self.changed.emit()

    @Slot()
    def _from_pairs(self) -> None:
        self._ask(PairsDialog(self))

    @Slot()
    def _transverse(self) -> None:
        self._ask(ParametersDialog(TM, self))

    @Slot()
    def _four(self) -> None:
        self._ask(ParametersDialog(PLANE, self))

    @Slot()
    def _seven(self) -> None:
        self._ask(ParametersDialog(SPACE, self))

    @Slot()
    def _forget(self) -> None:
        item = self.list.currentItem()
        if self.list.selectedItems():
            try:
                local_grids.forget(str(item.data(Qt.ItemDataRole.UserRole)))
            except FieldSurveyError as error:
                self.failed.emit(error)
            self._show_change()


def _described(grid: LocalGrid) -> str:
    parts = [_(local_grids.KINDS[grid.kind]), grid.source]
    if grid.pairs:
        parts.append(_("RMS {rms:.4f} m from {n} pairs.").format(rms=grid.rms, n=grid.pairs))
    return " · ".join(part for part in parts if part)
