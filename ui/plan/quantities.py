"""Quantities from records and map, offered as plan items: the office ticks those it wants."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from fieldsurvey.assess.items import items
from fieldsurvey.assess.quantities import Quantity
from fieldsurvey.i18n import _
from ui import shown
from ui.widgets import button, titled


class QuantitiesDialog(QDialog):
    """Lists what was measured.

    Signals:
        chosen: (list of Quantity) these are to become plan items.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget, name: str, found: Sequence[Quantity]) -> None:
        super().__init__(parent)
        self.setObjectName("quantities")
        self.setWindowTitle(_("Quantities of {community}").format(community=name))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(640, 480)
        self._found = list(found)
        self.list = QListWidget()
        self.list.setObjectName("quantity_list")
        self.list.setAccessibleName(_("Measured quantities"))
        for one in self._found:
            self.list.addItem(_entry(one))
        told = _("Ticked quantities become draft plan items, priced by the price table. Items that exist are left out.")
        nothing = _("Nothing more can be measured here: neither records nor map have quantities for further items.")
        layout = QVBoxLayout(self)
        layout.addWidget(titled(told if self._found else nothing, "hint"))
        layout.addWidget(self.list, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button("quantities_cancel", _("Cancel"), self.reject))
        self.take = button("quantities_take", _("Enter as plan items"), self._take)
        self.take.setEnabled(bool(self._found))
        row.addWidget(self.take)
        layout.addLayout(row)

    @Slot()
    def _take(self) -> None:
        ticked = [one for n, one in enumerate(self._found) if self.list.item(n).checkState() is Qt.CheckState.Checked]
        if ticked:
            self.chosen.emit(ticked)
        self.accept()


def _entry(one: Quantity) -> QListWidgetItem:
    item = items().get(one.item_code)
    text = f"{one.item_code} {item.label if item else ''}  {shown.number(one.amount)} {one.unit}\n{one.label}"
    entry = QListWidgetItem(text)
    entry.setFlags(entry.flags() | Qt.ItemFlag.ItemIsUserCheckable)
    entry.setCheckState(Qt.CheckState.Checked)
    return entry
