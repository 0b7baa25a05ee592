"""Below the map: what is in view and what its colours mean, by what communities are coloured, which layers are on."""

from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from fieldsurvey.i18n import _
from fieldsurvey.model.assets import layer_label
from layers.legend import Key, keys
from layers.symbology import CONDITION, STATE, by_condition, by_state
from ui.map.canvas import MapCanvas
from ui.map.symbols import swatch

_SPARE = 70  # px for margins and the count of what has no room


class LegendPanel(QWidget):
    """The legend line of a map."""

    def __init__(self, canvas: MapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self.setObjectName("legend")
        self.by = QComboBox()
        self.by.setObjectName("colour_by")
        self.by.setAccessibleName(_("Colour communities by"))
        self.by.addItem(_("Survey state"), STATE)
        self.by.addItem(_("Overall condition"), CONDITION)
        self.by.activated.connect(self._colour_by)
        self.layers = QToolButton()
        self.layers.setObjectName("layers")
        self.layers.setText(_("Layers") + " ▾")
        self.layers.setMinimumHeight(36)
        self.layers.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.layers.setMenu(self.menu)
        self._row = QHBoxLayout()
        self._row.setSpacing(4)
        self.keys = QWidget()
        self.keys.setObjectName("legend_keys")
        self.keys.setLayout(self._row)
        self.keys.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self.layers)
        row.addWidget(self.by)
        row.addWidget(self.keys, 1)
        self._shown: list[Key] = []
        self._more: QLabel | None = None
        canvas.look_changed.connect(self._show)

    @Slot()
    def _fill_menu(self) -> None:
        self.menu.clear()
        for style in reversed(list(self._canvas.look.styles.values())):
            label = layer_label(style.table)
            action = QAction(label, self.menu)
            action.setCheckable(True)
            action.setChecked(style.visible)
            action.toggled.connect(partial(self._canvas.set_layer_visible, style.table))
            self.menu.addAction(action)

    @Slot()
    def _colour_by(self) -> None:
        style = self._canvas.look.styles["community"]
        self._canvas.set_style(by_state(style) if self.by.currentData() == STATE else by_condition(style))

    @Slot()
    def _show(self) -> None:
        """Show a key for everything that the newest frame shows; communities first, they are the work."""
        style = self._canvas.look.styles.get("community")
        self.by.setCurrentIndex(self.by.findData(style.column) if style else -1)
        look = self._canvas.look
        found = keys(look.styles, self._canvas.seen, self._canvas.view.scale, look.theme)
        if found == self._shown:
            return
        self._shown = found
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for key in found:
            picture, text = QLabel(), QLabel(key.text)
            picture.setPixmap(swatch(key.symbol))
            text.setProperty("role", "hint")
            self._row.addWidget(picture)
            self._row.addWidget(text)
        self._row.addStretch(1)
        self._more = QLabel()
        self._row.addWidget(self._more)
        self.keys.setToolTip("\n".join(key.text for key in found))
        self.keys.setAccessibleName(_("Legend") + ": " + ", ".join(key.text for key in found))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many keys as there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Hide the keys that have no room, and tell how many; the tip has them all."""
        room = self.width() - self.layers.sizeHint().width() - self.by.sizeHint().width() - _SPARE
        shown = 0
        for number in range(len(self._shown)):
            items = [self._row.itemAt(2 * number + side) for side in (0, 1)]
            pair = [item.widget() for item in items if item is not None]
            room -= sum(widget.sizeHint().width() + self._row.spacing() for widget in pair if widget)
            shown += room >= 0
            for widget in pair:
                if widget is not None:
                    widget.setVisible(room >= 0)
        if self._more is not None:
            self._more.setText(f"+{len(self._shown) - shown}" if shown < len(self._shown) else "")

    def shown(self) -> list[str]:
        """Return the texts of the legend."""
        return [key.text for key in self._shown]
