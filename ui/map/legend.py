"""Below the map: what the colours mean, by what they are chosen, and which layers are shown."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from fieldsurvey.i18n import _
from fieldsurvey.model.assets import ASSET_BY_NAME
from layers.style import CONDITIONS, LAYERS, STATES
from ui.map.canvas import MapCanvas


class LegendPanel(QWidget):
    """The legend line of a map."""

    def __init__(self, canvas: MapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self.setObjectName("legend")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        self.by = QComboBox()
        self.by.setObjectName("colour_by")
        self.by.setAccessibleName(_("Colour communities by"))
        self.by.addItem(_("Survey state"), "state")
        self.by.addItem(_("Overall condition"), "condition")
        self.by.currentIndexChanged.connect(self._changed)
        self.layers = QToolButton()
        self.layers.setObjectName("layers")
        self.layers.setText(_("Layers") + " ▾")
        self.layers.setMinimumHeight(36)
        self.layers.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.layers.setMenu(self._menu())
        self.keys = QLabel()
        self.keys.setObjectName("legend_keys")
        self.keys.setTextFormat(Qt.TextFormat.RichText)
        self.keys.setWordWrap(True)
        row.addWidget(self.layers)
        row.addWidget(self.by)
        row.addWidget(self.keys, 1)
        self._changed()

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        hidden = self._canvas.hidden_layers()
        for style in reversed(LAYERS):
            action = QAction(ASSET_BY_NAME[style.table].label, menu)
            action.setCheckable(True)
            action.setChecked(style.table not in hidden)
            action.toggled.connect(partial(self._canvas.set_layer_visible, style.table))
            menu.addAction(action)
        return menu

    def _changed(self) -> None:
        by = str(self.by.currentData())
        self._canvas.colour_by(by)
        if by == "state":
            parts = [f'<span style="color:{colour}">{mark}</span> {_(word)}' for colour, mark, word in STATES.values()]
        else:
            parts = [f'<span style="color:{colour}">■</span> {_(word)}' for colour, word in CONDITIONS.values()]
        self.keys.setText("　".join(parts))
