"""What is in view and what its colours mean, by what communities are coloured, which layers are on: in one line."""

from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from fieldsurvey.i18n import _
from fieldsurvey.model.assets import layer_label
from layers.legend import Key, keys
from layers.symbology import CONDITION, STATE, by_condition, by_state
from ui import icon
from ui.map.canvas import MapCanvas
from ui.map.symbols import swatch

_SPARE = 24  # px for margins
_HEIGHT = 36  # px of what is pressed


class LegendPanel(QWidget):
    """The legend line of a map. In a low window only its controls are seen, in the row of the tools.

    Signals:
        whole_wanted: (is_wanted) the whole legend is to be opened, or closed.

    Attributes:
        controls: Layers, what communities are coloured by, and the button of the whole legend.
    """

    whole_wanted = Signal(bool)

    def __init__(self, canvas: MapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._shown: list[Key] = []
        self.setObjectName("legend")
        self._make_controls()
        self._row = QHBoxLayout()
        self._row.setSpacing(4)
        self.keys = QWidget()
        self.keys.setObjectName("legend_keys")
        self.keys.setLayout(self._row)
        self.keys.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(8, 4, 8, 4)
        self._is_line = False
        self.controls: list[QWidget] = [self.layers, self.by, self.more]
        self.take_controls()
        canvas.look_changed.connect(self._show)

    def _make_controls(self) -> None:
        self.by = QComboBox()
        self.by.setObjectName("colour_by")
        self.by.setAccessibleName(_("Colour communities by"))
        self.by.addItem(_("Survey state"), STATE)
        self.by.addItem(_("Overall condition"), CONDITION)
        self.by.activated.connect(self._by_chosen)
        self.layers = QToolButton()
        self.layers.setObjectName("layers")
        self.layers.setText(_("Layers") + " ▾")
        self.layers.setAccessibleName(_("Layers"))
        self.layers.setToolTip(_("Layers"))
        self.layers.setMinimumHeight(_HEIGHT)
        self.layers.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.layers.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.layers.setMenu(self.menu)
        self.more = QToolButton()
        self.more.setObjectName("legend_more")
        self.more.setMinimumHeight(_HEIGHT)
        self.more.setCheckable(True)
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.more.setToolTip(_("The whole legend of what is in view (F7)"))
        self.more.clicked.connect(self.whole_wanted)
        icon.wear(self.layers, "layers")
        icon.wear(self.more, "legend")
        for button in (self.layers, self.more):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def take_controls(self) -> None:
        """Stand below the map, with the controls at the ends of the line."""
        if not self._is_line:
            self._is_line = True
            for widget in (self.layers, self.by, self.keys, self.more):
                self._line.addWidget(widget, 1 if widget is self.keys else 0)
            self.by.show()
            for button in (self.layers, self.more):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            self.show()
            self._fit()

    def give_controls(self, row: QHBoxLayout) -> None:
        """Let the controls stand in another row, and be away."""
        if self._is_line:
            self._is_line = False
            for widget in self.controls:
                row.addWidget(widget)
            self.hide()
            self._count(0)

    def fit_controls(self, room: int, gap: int) -> None:
        """Leave out what has no room: what communities are coloured by, which the menu has too, then the words."""
        styles = Qt.ToolButtonStyle
        buttons = (self.layers, self.more)
        for button in buttons:
            button.setToolButtonStyle(styles.ToolButtonTextBesideIcon)
        room -= sum(button.sizeHint().width() + gap for button in buttons)
        self.by.setVisible(room >= self.by.sizeHint().width() + gap)
        if room < 0:
            for button in buttons:
                button.setToolButtonStyle(styles.ToolButtonIconOnly)

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
        self.menu.addSection(_("Colour communities by"))
        group = QActionGroup(self.menu)
        for number in range(self.by.count()):
            action = QAction(self.by.itemText(number), self.menu)
            action.setCheckable(True)
            action.setChecked(number == self.by.currentIndex())
            action.triggered.connect(partial(self._colour_by, self.by.itemData(number)))
            group.addAction(action)
            self.menu.addAction(action)

    @Slot()
    def _by_chosen(self) -> None:
        self._colour_by(self.by.currentData())

    def _colour_by(self, what: str, _checked: bool = False) -> None:
        style = self._canvas.look.styles["community"]
        self._canvas.set_style(by_state(style) if what == STATE else by_condition(style))

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
        self.keys.setToolTip("\n".join(key.text for key in found))
        self.keys.setAccessibleName(_("Legend") + " · " + _(", ").join(key.text for key in found))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many keys as there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Hide the keys that have no room, and tell how many; the whole legend has them all."""
        if not self._is_line:
            return
        self._count(len(self._shown))  # as wide as it may become
        room = self.width() - sum(widget.sizeHint().width() for widget in self.controls) - _SPARE
        shown = 0
        for number in range(len(self._shown)):
            items = [self._row.itemAt(2 * number + side) for side in (0, 1)]
            pair = [item.widget() for item in items if item is not None]
            room -= sum(widget.sizeHint().width() + self._row.spacing() for widget in pair if widget)
            shown += room >= 0
            for widget in pair:
                if widget is not None:
                    widget.setVisible(room >= 0)
        self._count(len(self._shown) - shown)

    def _count(self, hidden: int) -> None:
        """Say on the button how many keys are not seen."""
        self.more.setText(_("Legend") + (f" +{hidden}" if hidden else ""))
        self.more.setAccessibleName(_("Whole legend"))

    def shown(self) -> list[str]:
        """Return the texts of the legend."""
        return [key.text for key in self._shown]
