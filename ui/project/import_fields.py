"""Where the fields of a layer go: target table, and a column for each field."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHeaderView,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import _
from fieldsurvey.model.assets import ASSET_BY_NAME
from layers.io.importer import LayerPreview
from layers.io.mapping import BUILDING_KEY, COMMUNITY_KEY, LayerMapping, columns_for

_OWN = ""  # kept as a layer of its own


class FieldMapper(QWidget):
    """The mapping of one layer, for changing.

    Signals:
        changed: () the person changed it.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: LayerPreview | None = None
        self._list: QStandardItemModel | None = None
        self.target = QComboBox()
        self.target.setObjectName("import_target")
        self.target.setAccessibleName(_("Target layer"))
        self.target.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.target.setMinimumHeight(40)
        self.target.addItem(_("(keep as a layer of its own)"), _OWN)
        for name, table in ASSET_BY_NAME.items():
            self.target.addItem(f"{table.label} ({name})", name)
        self.target.activated.connect(self._retarget)
        self.fields = QTableWidget(0, 3)
        self.fields.setObjectName("import_fields")
        self.fields.setAccessibleName(_("Fields and where they go"))
        self.fields.setHorizontalHeaderLabels([_("Field in the file"), _("First values"), _("Goes to")])
        self.fields.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.fields.verticalHeader().hide()
        self.fields.verticalHeader().setDefaultSectionSize(44)
        self.fields.setMinimumHeight(200)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(_("Target layer"), self.target)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.fields, 1)

    def show_layer(self, layer: LayerPreview | None, chosen: LayerMapping | None) -> None:
        """Show a layer with what the person chose, else with the proposal."""
        self._layer = layer
        if layer is None:
            self.fields.setRowCount(0)
            return
        mapping = chosen or layer.mapping
        self.target.setCurrentIndex(max(self.target.findData(mapping.table), 0))
        self._show_fields(layer, mapping.table, mapping.fields)

    def mapping(self) -> LayerMapping:
        """Return the mapping as it stands."""
        chosen: dict[str, str] = {}
        for row, name in enumerate(self._layer.samples if self._layer else ()):
            box = self.fields.cellWidget(row, 2)
            if isinstance(box, QComboBox) and box.currentData():
                chosen[name] = str(box.currentData())
        return LayerMapping(str(self.target.currentData()), chosen)

    def _show_fields(self, layer: LayerPreview, table: str, fields: Mapping[str, str]) -> None:
        choices = self._choices(table)
        places = {value: row for row, (_label, value) in enumerate(choices)}
        listed = self._listed(choices)
        self.fields.setRowCount(len(layer.samples))
        for row, (name, values) in enumerate(layer.samples.items()):
            self.fields.setItem(row, 0, QTableWidgetItem(name))
            shown = ", ".join(str(value) for value in values if value is not None)
            self.fields.setItem(row, 1, QTableWidgetItem(shown[:60]))
            box = QComboBox()
            box.setAccessibleName(_("{field} goes to").format(field=name))
            box.setModel(listed)
            box.setCurrentIndex(places.get(fields.get(name, ""), 0))
            box.activated.connect(self.changed)
            self.fields.setCellWidget(row, 2, box)

    @staticmethod
    def _choices(table: str) -> list[tuple[str, str]]:
        """Return label and value of each place where a field may go."""
        own = [("—", "")]
        if not table:
            return own
        keys = [(_("number of the community"), COMMUNITY_KEY), (_("number of the building"), BUILDING_KEY)]
        return [*own, *keys, *((column.label, column.name) for column in ASSET_BY_NAME[table].columns)]

    def _listed(self, choices: Sequence[tuple[str, str]]) -> QStandardItemModel:
        """Return one list for all the fields: filling each box anew took longer than all the rest."""
        listed = QStandardItemModel(self)
        for label, value in choices:
            item = QStandardItem(label)
            item.setData(value, Qt.ItemDataRole.UserRole)
            listed.appendRow(item)
        if self._list is not None:
            self._list.deleteLater()
        self._list = listed
        return listed

    @Slot()
    def _retarget(self) -> None:
        if self._layer is None:
            return
        table = str(self.target.currentData())
        fields = columns_for(ASSET_BY_NAME[table], self._layer.samples) if table else {}
        self._show_fields(self._layer, table, fields)
        self.changed.emit()
