"""Small questions of the map: where to go, what to choose, how to call a place."""

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.geo import crs, notation
from fieldsurvey.geo.local_grids import codes
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Column, Table
from layers.map_sheet import PAPERS, SCALES
from layers.selecting import WORDS, Test
from ui import shown

_SYSTEMS = ("", "EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09", "EPSG:4547", "EPSG:4526", "EPSG:4548", "EPSG:4527")


class Question(QDialog):
    """A dialog with fields, one line that tells what is wrong, and two buttons."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.form = QFormLayout()
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.setMinimumWidth(380)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, parent=self
        )
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setText(_("OK"))
        self.buttons.button(QDialogButtonBox.StandardButton.Cancel).setText(_("Cancel"))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(self.form)
        column.addWidget(self.told)
        column.addWidget(self.buttons)

    def allow(self, text: str, *, wrong: bool = False) -> None:
        """Show a sentence; a wrong one bars the way on."""
        self.told.setText(text)
        self.told.setProperty("role", "error" if wrong else "hint")
        self.told.style().polish(self.told)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not wrong)


class GoToDialog(Question):
    """Asks for a coordinate in any notation and system."""

    def __init__(self, target: str, parent: QWidget | None = None) -> None:
        super().__init__(_("Go to a coordinate"), parent)
        self._target = target
        self.found: notation.Reading | None = None
        self.text = QLineEdit()
        self.text.setObjectName("goto_text")
        self.text.setPlaceholderText("115.04 30.2 · 30°12′N 115°2′24″E · X=3342741 Y=600147")
        self.system = QComboBox()
        self.system.setObjectName("goto_system")
        for code in (*_SYSTEMS, *codes()):
            self.system.addItem(code or _("By the numbers"), code)
        self.system.setEditable(True)
        self.form.addRow(_("Coordinate"), self.text)
        self.form.addRow(_("Coordinate system"), self.system)
        self.text.textChanged.connect(self._read)
        self.system.currentTextChanged.connect(self._read)
        self._read()

    @Slot()
    def _read(self) -> None:
        if not self.text.text().strip():
            self.found = None
            self.allow(_("Degrees with or without minutes; metres with north (X) or east first."), wrong=True)
            return
        index = self.system.findText(self.system.currentText())
        source = self.system.itemData(index) if index >= 0 else self.system.currentText().strip()
        try:
            self.found = notation.read(self.text.text(), self._target, str(source or ""))
        except FieldSurveyError as error:
            self.found = None
            self.allow(str(error), wrong=True)
            return
        self.allow(f"{self.found.how}\nE {self.found.east:.3f}  N {self.found.north:.3f} ({crs.name_of(self._target)})")

    @classmethod
    def ask(cls, target: str, parent: QWidget | None = None) -> notation.Reading | None:
        """Return the place, None if the person left."""
        dialog = cls(target, parent)
        return dialog.found if dialog.exec() == QDialog.DialogCode.Accepted else None


class AttributeDialog(Question):
    """Asks which features of a layer to choose by a column."""

    def __init__(self, tables: Sequence[Table], parent: QWidget | None = None) -> None:
        super().__init__(_("Select by attribute"), parent)
        self.layer, self.column, self.test = QComboBox(), QComboBox(), QComboBox()
        self.wanted = QLineEdit()
        for name, widget in (
            ("layer", self.layer),
            ("column", self.column),
            ("test", self.test),
            ("wanted", self.wanted),
        ):
            widget.setObjectName(f"by_{name}")
        for table in tables:
            self.layer.addItem(table.label, table)
        for test, word in WORDS.items():
            self.test.addItem(_(word), test)
        self.form.addRow(_("Layer"), self.layer)
        self.form.addRow(_("Column"), self.column)
        self.form.addRow(_("Condition"), self.test)
        self.form.addRow(_("Value"), self.wanted)
        self.layer.currentIndexChanged.connect(self._fill_columns)
        self._fill_columns()

    @Slot()
    def _fill_columns(self) -> None:
        self.column.clear()
        for column in self.layer.currentData().columns:
            if not column.name.endswith("_uid"):
                self.column.addItem(column.label, column)

    def chosen(self) -> tuple[Table, Column, Test, str]:
        """Return layer, column, test and value."""
        test = Test(self.test.currentData())
        return self.layer.currentData(), self.column.currentData(), test, self.wanted.text()


class PrintDialog(Question):
    """Asks how a map is printed."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(_("Print the map"), parent)
        self.title = QLineEdit(title)
        self.title.setObjectName("print_title")
        self.paper, self.side, self.scale = QComboBox(), QComboBox(), QComboBox()
        for box, name in ((self.paper, "paper"), (self.side, "side"), (self.scale, "scale")):
            box.setObjectName(f"print_{name}")
        self.paper.addItems(list(PAPERS))
        self.side.addItem(_("Landscape"), True)
        self.side.addItem(_("Upright"), False)
        self.scale.addItem(_("what fits"), 0)
        for scale in SCALES:
            self.scale.addItem(shown.scale(scale), scale)
        self.form.addRow(_("Title"), self.title)
        self.form.addRow(_("Paper"), self.paper)
        self.form.addRow("", self.side)
        self.form.addRow(_("Scale"), self.scale)
        self.allow(_("PDF and SVG are vector; PNG has 300 dpi. The scale on paper is true when printed at 100 %."))

    def chosen(self) -> tuple[str, str, bool, int]:
        """Return title, paper, whether it lies, and the scale (0: what fits)."""
        return (
            self.title.text().strip(),
            self.paper.currentText(),
            bool(self.side.currentData()),
            self.scale.currentData(),
        )
