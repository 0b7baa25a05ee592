"""Beside the map: base maps, their order and opacity, files and services, and the switch to work without network."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import _
from layers.basemap.source import DATUMS, FILE, WMS, WMTS, XYZ, Basemap
from ui.map.basemaps import Basemaps
from ui.map.dialogs import Question

_TIANDITU = "https://t0.tianditu.gov.cn/{layer}_{matrix}/wmts"
_FILES = "MBTiles, GeoPackage, GeoTIFF (*.mbtiles *.gpkg *.tif *.tiff *.img *.vrt)"


class ServiceDialog(Question):
    """Asks for a service in the network."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_("Base map from the network"), parent)
        self.kind = QComboBox()
        self.kind.setObjectName("service_kind")
        for text, kind in ((_("Tianditu (WMTS)"), WMTS), ("XYZ", XYZ), ("WMS", WMS)):
            self.kind.addItem(text, kind)
        self.place, self.key = QLineEdit(), QLineEdit()
        self.place.setObjectName("service_place")
        self.key.setObjectName("service_key")
        self.key.setEchoMode(QLineEdit.EchoMode.PasswordEchoOnEdit)
        self.layer = QComboBox()
        self.layer.setEditable(True)
        self.layer.addItems(["img", "vec", "cia", "cva"])
        self.matrix = QComboBox()
        self.matrix.addItem(_("Web Mercator (w)"), "w")
        self.matrix.addItem(_("CGCS2000 geographic (c)"), "c")
        self.datum = QComboBox()
        for datum in DATUMS:
            self.datum.addItem(datum or _("not shifted (CGCS2000)"), datum)
        for text, widget in (
            (_("Kind"), self.kind), (_("Address"), self.place), (_("Key (tk)"), self.key), (_("Layer"), self.layer),
            (_("Grid"), self.matrix), (_("Datum of the tiles"), self.datum),
        ):  # fmt: skip
            self.form.addRow(text, widget)
        self.kind.currentIndexChanged.connect(self._fill)
        self._fill()
        self.allow(
            _("Web maps in China are mostly GCJ-02; they are shown corrected to about a metre, data stay as they are.")
        )

    @Slot()
    def _fill(self) -> None:
        kind = self.kind.currentData()
        self.place.setText(_TIANDITU if kind == WMTS else "")
        self.place.setPlaceholderText("https://…/{z}/{x}/{y}.png" if kind == XYZ else "https://…/wms")
        self.matrix.setEnabled(kind == WMTS)

    def chosen(self) -> Basemap:
        """Return the base map."""
        kind, layer, matrix = self.kind.currentData(), self.layer.currentText().strip(), self.matrix.currentData()
        place = self.place.text().strip().replace("{layer}", layer).replace("{matrix}", matrix)
        name = f"{self.kind.currentText()} {layer}" if kind != XYZ else place.split("/")[2] if "//" in place else place
        return Basemap(name, kind, place, self.key.text().strip(), layer, matrix, self.datum.currentData())


class BasemapPanel(QWidget):
    """The list of base maps, the highest first."""

    def __init__(self, basemaps: Basemaps) -> None:
        super().__init__()
        self._basemaps = basemaps
        title = QLabel(_("Base maps"))
        title.setProperty("role", "heading")
        self.list = QListWidget()
        self.list.setObjectName("basemaps")
        self.list.setAccessibleName(_("Base maps"))
        self.list.itemChanged.connect(self._switched)
        self.list.currentRowChanged.connect(self._show_current)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(10, 100)
        self.opacity.setValue(100)
        self.opacity.setAccessibleName(_("Opacity"))
        self.opacity.sliderReleased.connect(self._set_opacity)
        self.offline = QCheckBox(_("Work offline: only tiles that are here already"))
        self.offline.setChecked(basemaps.fetcher.is_offline)
        self.offline.toggled.connect(basemaps.set_offline)
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.setProperty("role", "error")
        column = QVBoxLayout(self)
        for widget in (title, self.list, QLabel(_("Opacity")), self.opacity):
            column.addWidget(widget)
        for pair in (
            (("basemap_up", _("Up"), self._up), ("basemap_down", _("Down"), self._down)),
            (("basemap_file", _("File …"), self._add_file), ("basemap_service", _("Network …"), self._add_service)),
            (("basemap_remove", _("Remove"), self._remove),),
        ):
            row = QHBoxLayout()
            for name, text, slot in pair:
                button = QPushButton(text)
                button.setObjectName(name)
                button.clicked.connect(slot)
                row.addWidget(button)
            column.addLayout(row)
        column.addWidget(self.offline)
        column.addWidget(self.told)
        basemaps.changed.connect(self._fill)
        basemaps.warned.connect(self.told.setText)
        self._fill()

    @Slot()
    def _fill(self) -> None:
        row = self.list.currentRow()
        blocked = QSignalBlocker(self.list)
        self.list.clear()
        for basemap in reversed(self._basemaps.maps):
            item = QListWidgetItem(basemap.name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if basemap.visible else Qt.CheckState.Unchecked)
            item.setToolTip(basemap.place)
            self.list.addItem(item)
        self.list.setCurrentRow(min(max(row, 0), self.list.count() - 1))
        del blocked

    def _index(self, row: int) -> int:
        return len(self._basemaps.maps) - 1 - row

    def _change(self, row: int, **values: object) -> None:
        maps = list(self._basemaps.maps)
        maps[self._index(row)] = replace(maps[self._index(row)], **values)  # type: ignore[arg-type]
        self._basemaps.keep(maps)

    @Slot(object)
    def _switched(self, item: QListWidgetItem) -> None:
        self._change(self.list.row(item), visible=item.checkState() == Qt.CheckState.Checked)

    @Slot(int)
    def _show_current(self, row: int) -> None:
        if 0 <= row < len(self._basemaps.maps):
            self.opacity.setValue(round(self._basemaps.maps[self._index(row)].opacity * 100))

    @Slot()
    def _set_opacity(self) -> None:
        if self.list.currentRow() >= 0:
            self._change(self.list.currentRow(), opacity=self.opacity.value() / 100)

    def _shift(self, step: int) -> None:
        row = self.list.currentRow()
        at, to = self._index(row), self._index(row + step)
        maps = list(self._basemaps.maps)
        if row >= 0 and 0 <= to < len(maps):
            maps[at], maps[to] = maps[to], maps[at]
            self.list.setCurrentRow(row + step)
            self._basemaps.keep(maps)

    @Slot()
    def _up(self) -> None:
        self._shift(-1)

    @Slot()
    def _down(self) -> None:
        self._shift(1)

    @Slot()
    def _add_file(self) -> None:
        name, _filter = QFileDialog.getOpenFileName(self, _("File …"), "", _FILES)
        if name:
            self._basemaps.add(Basemap(Path(name).stem, FILE, name))

    @Slot()
    def _add_service(self) -> None:
        dialog = ServiceDialog(self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self._basemaps.add(dialog.chosen())

    @Slot()
    def _remove(self) -> None:
        row = self.list.currentRow()
        if row >= 0:
            maps = list(self._basemaps.maps)
            del maps[self._index(row)]
            self._basemaps.keep(maps)
