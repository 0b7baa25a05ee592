"""The editor of styles beside the map: every change is on the map at once and stays with the project."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import N_, _
from fieldsurvey.model.assets import layer_label, layer_table
from fieldsurvey.model.schema import GeometryType, Value
from layers import qgis_style
from layers.legend import translated
from layers.style import CJJ61, INNER
from layers.style_values import Field
from layers.symbology import (
    BY_SCALE,
    CATEGORISED,
    CONDITION,
    FAR,
    GRADUATED,
    SINGLE,
    STATE,
    LayerStyle,
    StyleClass,
    Symbol,
    by_condition,
    by_part,
    by_state,
    categorised,
    default_styles,
    graduated,
)
from ui import shown
from ui.map.canvas import MapCanvas
from ui.map.styling import MapStyling
from ui.map.symbols import swatch

_KIND_WORDS = {
    SINGLE: N_("One symbol"), CATEGORISED: N_("By value"), GRADUATED: N_("By number range"), BY_SCALE: N_("By scale"),
}  # fmt: skip
_SCALES = (0, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000)
_QML = {
    GeometryType.POINT: qgis_style.POINT,
    GeometryType.MULTILINESTRING: qgis_style.LINE,
    GeometryType.MULTIPOLYGON: qgis_style.AREA,
}


class StylePanel(QWidget):
    """Styles of the layers.

    Signals:
        failed: (Exception) a style could not be made or read.
    """

    failed = Signal(object)

    def __init__(self, canvas: MapCanvas, styling: MapStyling) -> None:
        super().__init__()
        self._canvas, self._styling = canvas, styling
        self._make()
        self._lay_out()
        styling.applied.connect(self.show_style)
        self._layer_changed()

    def _make(self) -> None:
        self.layer = QComboBox()
        self.layer.setObjectName("style_layer")
        for style in reversed(list(self._canvas.look.styles.values())):
            label = layer_label(style.table)
            self.layer.addItem(label, style.table)
        self.layer.setCurrentIndex(self.layer.findData("community"))
        self.layer.currentIndexChanged.connect(self._layer_changed)
        self.kind = QComboBox()
        self.kind.setObjectName("style_kind")
        for kind, word in _KIND_WORDS.items():
            self.kind.addItem(_(word), kind)
        self.kind.activated.connect(self._rule_changed)
        self.column = QComboBox()
        self.column.setObjectName("style_column")
        self.column.activated.connect(self._rule_changed)
        self.classes = QTreeWidget()
        self.classes.setObjectName("style_classes")
        self.classes.setAccessibleName(_("Classes; Enter changes the colour"))
        self.classes.setHeaderHidden(True)
        self.classes.setRootIsDecorated(False)
        self.classes.itemActivated.connect(self._colour)
        self.line_width = QDoubleSpinBox(minimum=0.2, maximum=20, singleStep=0.2, suffix=" px")
        self.point_size = QDoubleSpinBox(minimum=2, maximum=40, suffix=" px")
        self.opacity = QSpinBox(maximum=100, suffix=" %", singleStep=10)
        self.farthest = QComboBox()
        for scale in _SCALES:
            self.farthest.addItem(shown.scale(scale) if scale else _("always"), scale)
        self.label_column = QComboBox()
        self.label_column.setObjectName("style_label")
        self.label_size = QSpinBox(minimum=8, maximum=40, suffix=" px")
        self.halo = QCheckBox(_("Halo"))
        for spin in (self.line_width, self.point_size, self.opacity, self.label_size):
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(self._look_changed)
        self.farthest.activated.connect(self._look_changed)
        self.label_column.activated.connect(self._look_changed)
        self.halo.clicked.connect(self._look_changed)

    def _lay_out(self) -> None:
        title = QLabel(_("Style"))
        title.setProperty("role", "heading")
        form = QFormLayout()
        for text, box in ((_("Layer"), self.layer), (_("Colour"), self.kind), (_("Column"), self.column)):
            form.addRow(text, box)
        rest = QFormLayout()
        pairs: list[tuple[str, QWidget]] = [
            (_("Line width"), self.line_width), (_("Point size"), self.point_size), (_("Opacity"), self.opacity),
            (_("Shown up to"), self.farthest), (_("Label"), self.label_column), (_("Label size"), self.label_size),
            ("", self.halo),
        ]  # fmt: skip
        for text, widget in pairs:
            rest.addRow(text, widget)
        buttons = QVBoxLayout()
        for name, text, slot in (
            ("style_read", _("From QGIS …"), self._read_qml),
            ("style_write", _("To QGIS …"), self._write_qml),
            ("style_default", _("Default"), self._default),
        ):
            button = QPushButton(text)
            button.setObjectName(name)
            button.clicked.connect(slot)
            buttons.addWidget(button)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.addWidget(title)
        column.addLayout(form)
        column.addWidget(self.classes, 1)
        column.addLayout(rest)
        column.addLayout(buttons)
        self.classes.setMinimumHeight(150)
        self.classes.setMinimumWidth(120)
        for box in inner.findChildren(QComboBox):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(6)
        scroll = QScrollArea()
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    # --- showing -------------------------------------------------------------------------------------------------

    @property
    def style_now(self) -> LayerStyle:
        """The style of the layer in the panel."""
        return self._canvas.look.styles[self.layer.currentData()]

    @Slot()
    def _layer_changed(self) -> None:
        self._styling.fields(self.layer.currentData(), self._fill_columns)
        self.show_style()

    def _fill_columns(self, fields: list[Field]) -> None:
        style = self.style_now
        for box in (self.column, self.label_column):
            box.clear()
        if style.table == "community":
            self.column.addItem(_("Survey state"), STATE)
            self.column.addItem(_("Overall condition"), CONDITION)
        if style.table in CJJ61:
            self.column.addItem(_("Part of the network"), INNER)
        self.label_column.addItem(_("no label"), "")
        for one in fields:
            self.column.addItem(one.label, one.name)
            self.label_column.addItem(one.label, one.name)
        self.show_style()

    @Slot()
    def show_style(self) -> None:
        """Show the style of the chosen layer."""
        style = self.style_now
        blocked = [QSignalBlocker(w) for w in (self.line_width, self.point_size, self.opacity, self.label_size)]
        self.kind.setCurrentIndex(self.kind.findData(style.kind))
        self.column.setCurrentIndex(self.column.findData(style.column))
        self.column.setEnabled(style.kind in {CATEGORISED, GRADUATED})
        self.line_width.setValue(style.symbol.width)
        self.point_size.setValue(style.symbol.size)
        self.point_size.setEnabled(bool(style.symbol.shape))
        self.opacity.setValue(round(style.symbol.opacity * 100))
        self.farthest.setCurrentIndex(self._scale_index(style.farthest))
        self.label_column.setCurrentIndex(max(self.label_column.findData(style.label.column), 0))
        self.label_size.setValue(style.label.size)
        self.halo.setChecked(style.label.halo)
        del blocked
        self.classes.clear()
        rows: list[tuple[int | None, str, Symbol]] = [
            (None, _("all") if style.kind == SINGLE else _("other values"), style.symbol)
        ]
        rows[:0] = [(n, translated(one.label), one.symbol) for n, one in enumerate(style.classes)]
        for number, text, symbol in rows:
            item = QTreeWidgetItem([text])
            item.setIcon(0, QIcon(swatch(symbol)))
            item.setData(0, Qt.ItemDataRole.UserRole, number)
            self.classes.addTopLevelItem(item)

    def _scale_index(self, scale: float) -> int:
        """Return where a scale stands in the list; one that is not there yet is put into it."""
        if scale >= FAR:
            return 0
        found = self.farthest.findData(int(scale))
        if found < 0:
            found = sum(self.farthest.itemData(row) < scale for row in range(self.farthest.count()))
            self.farthest.insertItem(found, shown.scale(scale), int(scale))
        return found

    # --- changing ------------------------------------------------------------------------------------------------

    @Slot()
    def _rule_changed(self) -> None:
        """Make the classes anew for another kind or column."""
        style, kind, column = self.style_now, self.kind.currentData(), self.column.currentData()
        if kind == SINGLE:
            self._styling.keep_one(replace(style, kind=SINGLE, column="", classes=()))
        elif kind == BY_SCALE:
            near = StyleClass(
                _("nearer than 1:2 000"), replace(style.symbol, width=style.symbol.width * 2), "", 0, 2_000
            )
            self._styling.keep_one(replace(style, kind=BY_SCALE, column="", classes=(near,)))
        elif column == INNER:
            self._styling.keep_one(by_part(style))
        elif column in {STATE, CONDITION}:
            self._styling.keep_one(by_state(style) if column == STATE else by_condition(style))
        elif column:
            self._styling.values(style.table, column, self._classified(style, kind, column))
        else:
            self.column.setEnabled(True)

    def _classified(self, style: LayerStyle, kind: str, column: str) -> Callable[[list[Value]], None]:
        def make(values: list[Value]) -> None:
            try:
                self._styling.keep_one((graduated if kind == GRADUATED else categorised)(style, column, values))
            except FieldSurveyError as error:
                self.failed.emit(error)
                self.show_style()

        return make

    @Slot(object, int)
    def _colour(self, item: QTreeWidgetItem, _column: int) -> None:
        """Ask for the colour of a class."""
        number: int | None = item.data(0, Qt.ItemDataRole.UserRole)
        style = self.style_now
        symbol = style.symbol if number is None else style.classes[number].symbol
        chosen = QColorDialog.getColor(QColor(symbol.fill or symbol.line), self, _("Colour"))
        if chosen.isValid():
            self.set_colour(number, chosen.name().upper())

    def set_colour(self, number: int | None, colour: str) -> None:
        """Give a class another colour; None is what is in no class."""
        style = self.style_now
        symbol = style.symbol if number is None else style.classes[number].symbol
        new = replace(symbol, fill=colour) if symbol.fill or symbol.shape else replace(symbol, line=colour)
        if number is None:
            self._styling.keep_one(replace(style, symbol=new))
            return
        classes = list(style.classes)
        classes[number] = replace(classes[number], symbol=new)
        self._styling.keep_one(replace(style, classes=tuple(classes)))

    @Slot()
    def _look_changed(self) -> None:
        """Take over widths, sizes, scales and labels; of all classes alike, the thinner stay thinner."""
        style = self.style_now
        width, size, opacity = self.line_width.value(), self.point_size.value(), self.opacity.value() / 100
        label = replace(
            style.label,
            column=self.label_column.currentData() or "",
            size=self.label_size.value(),
            halo=self.halo.isChecked(),
        )
        wider = width / style.symbol.width if style.symbol.width else 1.0
        classes = tuple(
            replace(one, symbol=replace(one.symbol, width=one.symbol.width * wider, size=size, opacity=opacity))
            for one in style.classes
        )
        farthest = float(self.farthest.currentData() or FAR)
        made = replace(
            style,
            symbol=replace(style.symbol, width=width, size=size, opacity=opacity),
            classes=classes,
            label=label,
            farthest=farthest,
        )
        self._styling.keep_one(made)

    @Slot()
    def _default(self) -> None:
        known = default_styles().get(self.style_now.table)
        if known is not None:
            self._styling.keep_one(known)

    # --- QGIS ----------------------------------------------------------------------------------------------------

    @Slot()
    def _read_qml(self) -> None:
        name, _filter = QFileDialog.getOpenFileName(self, _("From QGIS …"), "", "QGIS (*.qml)")
        if name:
            self.read_qml(Path(name))

    def read_qml(self, path: Path) -> list[str]:
        """Take a style over from a .qml file; return what of it could not be taken."""
        try:
            style, told = qgis_style.from_qml(path.read_text("utf-8", "replace"), self.style_now)
        except (FieldSurveyError, OSError) as error:
            self.failed.emit(error)
            return []
        self._styling.keep_one(style)
        return told

    @Slot()
    def _write_qml(self) -> None:
        style = self.style_now
        name, _filter = QFileDialog.getSaveFileName(self, _("To QGIS …"), f"{style.table}.qml", "QGIS (*.qml)")
        table = layer_table(style.table)
        geometry = table.geometry if table else None
        if name and geometry is not None:
            try:
                Path(name).write_text(qgis_style.to_qml(style, _QML[geometry]), "utf-8")
            except OSError as error:
                self.failed.emit(error)
