"""Beside the map: base maps in groups, their order, opacity and scales, and the switch to work without network."""

from dataclasses import replace
from pathlib import Path
from typing import cast

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSlider,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import _
from layers.basemap.order import NO_LIMIT, SCALES, groups, moved, moved_group, switched
from layers.basemap.source import DATUMS, WMS, WMTS, XYZ, Basemap, warning
from ui import shown
from ui.map.basemaps import Basemaps
from ui.map.dialogs import Question
from ui.widgets import button, titled

_WAIT_MS = 250  # after the last move of the slider
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
    """The base maps, the highest first: in groups, with opacity and scale limits for each."""

    def __init__(self, basemaps: Basemaps) -> None:
        super().__init__()
        self._basemaps = basemaps
        self.list = QTreeWidget()
        self.list.setObjectName("basemaps")
        self.list.setAccessibleName(_("Base maps"))
        self.list.setHeaderHidden(True)
        self.list.itemChanged.connect(self._switched)
        self.list.currentItemChanged.connect(self._show_current)
        self._shown: int | str | None = None
        self._is_switching = False
        self._refill = QTimer(self, singleShot=True, interval=0)
        self._refill.setObjectName("basemap_refill")
        self._refill.timeout.connect(self._fill)
        self._wait = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._wait.setObjectName("basemap_opacity")
        self._wait.timeout.connect(self._set_opacity)
        self.offline = QCheckBox(_("Work offline: only tiles that are here already"))
        self.offline.setChecked(basemaps.fetcher.is_offline)
        self.offline.toggled.connect(basemaps.set_offline)
        self.told = titled("", "hint")
        column = QVBoxLayout(self)
        column.addWidget(titled(_("Base maps"), "heading"))
        column.addWidget(self.list, 1)
        column.addWidget(self._details())
        for pair in (
            (("basemap_up", _("Up"), self._up), ("basemap_down", _("Down"), self._down)),
            (("basemap_file", _("File …"), self._add_file), ("basemap_service", _("Network …"), self._add_service)),
        ):
            row = QHBoxLayout()
            for name, text, slot in pair:
                row.addWidget(button(name, text, slot))
            column.addLayout(row)
        for widget in (button("basemap_remove", _("Remove"), self._remove), self.offline, self.told):
            column.addWidget(widget)
        basemaps.changed.connect(self._fill)
        self._fill()

    def _details(self) -> QWidget:
        """Return the fields of the map that is chosen in the list."""
        self.details = QWidget()
        form = QFormLayout(self.details)
        form.setContentsMargins(0, 0, 0, 0)
        self.group = QComboBox()
        self.group.setObjectName("basemap_group")
        self.group.setEditable(True)
        self.group.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.group.activated.connect(self._set_group)
        line = self.group.lineEdit()
        if line is not None:
            line.setPlaceholderText(_("no group"))
            line.editingFinished.connect(self._set_group)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setObjectName("basemap_opacity")
        self.opacity.setRange(10, 100)
        self.opacity.setPageStep(10)
        self.opacity.setMinimumHeight(36)
        self.opacity.valueChanged.connect(self._wait.start)
        self.nearest, self.farthest = self._limit("basemap_nearest"), self._limit("basemap_farthest")
        for text, widget in (
            (_("Group"), self.group), (_("Opacity"), self.opacity), (_("Not nearer than"), self.nearest),
            (_("Not farther than"), self.farthest),
        ):  # fmt: skip
            widget.setAccessibleName(text)
            form.addRow(text, widget)
        return self.details

    def _limit(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setObjectName(name)
        box.addItem(_("no limit"), None)
        for scale in SCALES:
            box.addItem(shown.scale(scale), scale)
        box.activated.connect(self._set_limits)
        return box

    # --- the list ------------------------------------------------------------------------------------------------

    @Slot()
    def _fill(self) -> None:
        if self._is_switching:  # the list is in the middle of ticking an entry, which must outlive that
            self._refill.start()
            return
        chosen = self._chosen()
        blocked = QSignalBlocker(self.list)
        self.list.clear()
        headings: dict[str, QTreeWidgetItem] = {}
        for index, basemap in reversed(list(enumerate(self._basemaps.maps))):
            if basemap.group and basemap.group not in headings:
                headings[basemap.group] = self._item(self.list.invisibleRootItem(), basemap.group, basemap.group)
            item = self._item(headings.get(basemap.group, self.list.invisibleRootItem()), basemap.name, index)
            item.setToolTip(0, basemap.place)
            item.setCheckState(0, _checked(on=basemap.visible))
        for group, heading in headings.items():
            states = {one.visible for one in self._basemaps.maps if one.group == group}
            heading.setCheckState(0, Qt.CheckState.PartiallyChecked if len(states) > 1 else _checked(on=True in states))
            heading.setExpanded(True)
        self._choose(chosen if chosen is not None else len(self._basemaps.maps) - 1)
        del blocked
        self._show_current()
        self._tell()

    def _item(self, parent: QTreeWidgetItem, text: str, stands_for: int | str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(parent, [text])
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setData(0, Qt.ItemDataRole.UserRole, stands_for)
        item.setSizeHint(0, QSize(0, 36))
        return item

    def _tell(self) -> None:
        area = self._basemaps.area
        text = warning(area)
        self.told.setProperty("role", "error" if text else "hint")
        self.told.style().polish(self.told)
        if not text and area:
            text = _("Large-scale base maps cover {area:.1f} of 25 km².").format(area=area / 1e6)
        self.told.setText(text)

    def _chosen(self) -> int | str | None:
        """Return the number of the map, or the name of the group, that is chosen."""
        chosen = self.list.selectedItems()
        return cast("int | str", chosen[0].data(0, Qt.ItemDataRole.UserRole)) if chosen else None

    def _choose(self, wanted: int | str) -> None:
        anything = Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive
        for item in self.list.findItems("", anything):
            if item.data(0, Qt.ItemDataRole.UserRole) == wanted:
                self.list.setCurrentItem(item)

    @Slot()
    def _show_current(self) -> None:
        chosen = self._chosen()
        if chosen != self._shown:
            self._wait.stop()
        self._shown = chosen
        is_map = isinstance(chosen, int) and chosen < len(self._basemaps.maps)
        self.details.setEnabled(is_map)
        if not is_map:
            return
        basemap = self._basemaps.maps[cast("int", chosen)]
        blocked = [QSignalBlocker(widget) for widget in (self.group, self.opacity)]
        self.group.clear()
        self.group.addItems(["", *groups(self._basemaps.maps)])
        self.group.setCurrentText(basemap.group)
        if not self._wait.isActive():  # else the slider is ahead of what is kept
            self.opacity.setValue(round(basemap.opacity * 100))
        self.nearest.setCurrentIndex(max(self.nearest.findData(basemap.nearest), 0))
        self.farthest.setCurrentIndex(max(self.farthest.findData(basemap.farthest), 0))
        del blocked

    # --- changes -------------------------------------------------------------------------------------------------

    def _change(self, index: int | str | None, **values: object) -> None:
        if isinstance(index, int):
            maps = list(self._basemaps.maps)
            before = maps[index]
            maps[index] = replace(before, **values)  # type: ignore[arg-type]
            if maps[index] != before:
                self._keep(maps, maps[index])

    def _keep(self, maps: list[Basemap], chosen: "Basemap | str") -> None:
        """Keep the maps; the same one stays chosen, wherever it lies now."""
        self._basemaps.keep(maps)
        self._fill()
        self._choose(
            chosen if isinstance(chosen, str) else next(n for n, m in enumerate(self._basemaps.maps) if m is chosen)
        )

    @Slot(object)
    def _switched(self, item: QTreeWidgetItem) -> None:
        stands_for = item.data(0, Qt.ItemDataRole.UserRole)
        visible = item.checkState(0) == Qt.CheckState.Checked
        self._is_switching = True
        if isinstance(stands_for, str):
            self._keep(switched(self._basemaps.maps, stands_for, visible=visible), stands_for)
        else:
            self._change(stands_for, visible=visible)
        self._is_switching = False

    @Slot()
    def _set_opacity(self) -> None:
        self._change(self._chosen(), opacity=self.opacity.value() / 100)

    @Slot()
    def _set_group(self) -> None:
        self._change(self._chosen(), group=self.group.currentText().strip())

    @Slot()
    def _set_limits(self) -> None:
        nearest, farthest = self.nearest.currentData() or 0.0, self.farthest.currentData() or NO_LIMIT
        self._change(self._chosen(), nearest=min(nearest, farthest), farthest=max(nearest, farthest))

    def _shift(self, step: int) -> None:
        chosen, maps = self._chosen(), self._basemaps.maps
        if isinstance(chosen, str):
            self._keep(moved_group(maps, chosen, step), chosen)
        elif chosen is not None:
            self._keep(moved(maps, chosen, step), maps[chosen])

    @Slot()
    def _up(self) -> None:
        self._shift(1)

    @Slot()
    def _down(self) -> None:
        self._shift(-1)

    @Slot()
    def _add_file(self) -> None:
        name, _filter = QFileDialog.getOpenFileName(self, _("File …"), "", _FILES)
        if name:
            self._basemaps.add_file(Path(name))

    @Slot()
    def _add_service(self) -> None:
        dialog = ServiceDialog(self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self._basemaps.add(dialog.chosen())

    @Slot()
    def _remove(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            kept = [m for n, m in enumerate(self._basemaps.maps) if chosen not in {n, m.group}]
            self._basemaps.keep(kept)
            self._fill()


def _checked(*, on: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
