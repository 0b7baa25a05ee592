"""Over a corner of the map: the whole legend of what is in view, by layers, each of which can be switched."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QFrame, QTreeWidget, QTreeWidgetItem, QVBoxLayout

from fieldsurvey.i18n import _
from fieldsurvey.model.assets import layer_label
from layers.legend import Key, keys
from ui.map.canvas import MapCanvas
from ui.map.symbols import SWATCH, swatch
from ui.widgets import closable, titled

_WIDTHS = (190, 260)  # px: least, most
_GAP = 12  # px to the edges of the map; on the right more, for the tab of the panel there
_RIGHT = 42
_ABOVE = 64  # px that the north arrow takes
_FRAME = 58  # px of head and margins
_SIDES = 50  # px of margins and scroll bar


class WholeLegend(QFrame):
    """Follows the map while it is open.

    Signals:
        closed: () it is not seen any more.
    """

    closed = Signal()

    def __init__(self, canvas: MapCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._groups: dict[str, list[Key]] = {}  # layer -> its keys; none of a layer that is switched off
        self.setObjectName("whole_legend")
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)  # its clicks and wheel are not for the map
        self.tree = QTreeWidget()
        self.tree.setIconSize(QSize(*SWATCH))  # else a point is a speck
        self.tree.setObjectName("legend_tree")
        self.tree.setAccessibleName(_("Whole legend; Space shows or hides a layer"))
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setItemsExpandable(False)
        self.tree.setIndentation(16)
        self.tree.setVerticalScrollMode(QTreeWidget.ScrollMode.ScrollPerPixel)
        self.tree.itemChanged.connect(self._switch)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 6, 8)
        column.setSpacing(2)
        column.addLayout(closable(titled(_("Legend"), "heading"), "legend_close", self.close_it))
        column.addWidget(self.tree)
        self.hide()
        # later: a layer is switched from within the click on its line, which must outlive the click
        canvas.look_changed.connect(self._follow, Qt.ConnectionType.QueuedConnection)
        canvas.installEventFilter(self)

    def open_it(self) -> None:
        """Show what is in view, with the focus in it."""
        self.show()
        self._follow()
        self.raise_()
        self.tree.setFocus()
        if (first := self.tree.topLevelItem(0)) is not None:
            self.tree.setCurrentItem(first)

    @Slot()
    def close_it(self) -> None:
        """Put it away; the keys go to the map again."""
        if not self.isHidden():
            self.hide()
            self._canvas.setFocus()
            self.closed.emit()

    @Slot()
    def _follow(self) -> None:
        """Show the keys of the newest frame, and the layers that are switched off, so that they can be had back."""
        if self.isHidden():
            return
        look = self._canvas.look
        styles, groups = look.styles, dict[str, list[Key]]()
        for key in keys(styles, self._canvas.seen, self._canvas.view.scale, look.theme):
            if styles[key.table].visible:
                groups.setdefault(key.table, []).append(key)
        for table in reversed(list(styles)):
            if not styles[table].visible:
                groups[table] = []
        if groups != self._groups or list(groups) != list(self._groups):
            self._groups = groups
            self._fill()
        self._place()

    def _fill(self) -> None:
        current = self.tree.selectedItems()
        at = current[0].data(0, Qt.ItemDataRole.UserRole) if current else ""
        scrolled = self.tree.verticalScrollBar().value()
        with QSignalBlocker(self.tree):
            self.tree.clear()
            for table, found in self._groups.items():
                layer = QTreeWidgetItem([layer_label(table)])
                layer.setData(0, Qt.ItemDataRole.UserRole, table)
                layer.setFlags(layer.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                visible = self._canvas.look.styles[table].visible
                layer.setCheckState(0, Qt.CheckState.Checked if visible else Qt.CheckState.Unchecked)
                self.tree.addTopLevelItem(layer)
                self._fill_layer(layer, found)
                if table == at:
                    self.tree.setCurrentItem(layer)
            self.tree.expandAll()
        self.tree.verticalScrollBar().setValue(scrolled)

    def _fill_layer(self, layer: QTreeWidgetItem, found: Sequence[Key]) -> None:
        """Show the only key of a layer beside its name, several below it."""
        name = layer.text(0)
        if [key.text for key in found] == [name]:
            layer.setIcon(0, QIcon(swatch(found[0].symbol)))
            return
        for key in found:
            item = QTreeWidgetItem([key.text.removeprefix(name).strip() or key.text])
            item.setIcon(0, QIcon(swatch(key.symbol)))
            item.setData(0, Qt.ItemDataRole.UserRole, key.table)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            layer.addChild(item)

    @Slot(object, int)
    def _switch(self, item: QTreeWidgetItem, _column: int) -> None:
        on = item.checkState(0) == Qt.CheckState.Checked
        self._canvas.set_layer_visible(item.data(0, Qt.ItemDataRole.UserRole), on)

    # --- place and keys ------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner of the map."""
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        """Stand in the lower right corner, as high as its lines or the map."""
        rows = [self.tree.topLevelItem(number) for number in range(self.tree.topLevelItemCount())]
        count = sum(1 + row.childCount() for row in rows if row is not None)
        wanted = _FRAME + count * max(self.tree.sizeHintForRow(0), 1)
        wide = min(max(self.tree.sizeHintForColumn(0) + _SIDES, _WIDTHS[0]), _WIDTHS[1])
        width = min(wide, self._canvas.width() - _GAP - _RIGHT)
        height = min(wanted, self._canvas.height() - _ABOVE - _GAP)
        self.setGeometry(self._canvas.width() - width - _RIGHT, self._canvas.height() - height - _GAP, width, height)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_it()
        else:
            event.accept()  # other keys are not for the map either

    def texts(self) -> list[str]:
        """Return the lines of the legend, from above."""
        found: list[str] = []
        for number in range(self.tree.topLevelItemCount()):
            layer = self.tree.topLevelItem(number)
            if layer is not None:
                found.append(layer.text(0))
                found += [layer.child(at).text(0) for at in range(layer.childCount())]
        return found
