"""Questions about local grids: the numbers of one, or the control pairs that it is fitted from."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from fieldsurvey.errors import FieldSurveyError, InputRefused
from fieldsurvey.geo import crs, local_grids
from fieldsurvey.geo.fitting import Fitted, Pair, fit, pairs_of, read_pairs
from fieldsurvey.geo.local_grids import PLANE, SPACE, TM, LocalGrid
from fieldsurvey.i18n import N_, _
from ui.map.dialogs import Question
from ui.widgets import button

_BASES = ("EPSG:4547", "EPSG:4526", "EPSG:4548", "EPSG:4527")
_OLD = ("EPSG:2383", "EPSG:2362", "EPSG:2384", "EPSG:2435", "EPSG:2414", "EPSG:2436")
# What each kind is typed as: label and what stands there at first.
_TYPED = {
    TM: (
        (N_("Central meridian (°)"), "115"), (N_("Latitude of origin (°)"), "0"), (N_("Scale factor"), "1"),
        (N_("False easting (m)"), "500000"), (N_("False northing (m)"), "0"), (N_("Height of the plane (m)"), "0"),
    ),
    PLANE: (
        (N_("Shift north ΔX (m)"), ""), (N_("Shift east ΔY (m)"), ""), (N_("Rotation (″)"), ""),
        (N_("Scale (ppm)"), ""),
    ),
    SPACE: (
        ("ΔX (m)", ""), ("ΔY (m)", ""), ("ΔZ (m)", ""), ("εX (″)", ""), ("εY (″)", ""), ("εZ (″)", ""),
        (N_("Scale (ppm)"), ""),
    ),
}  # fmt: skip
_COLUMNS = (
    N_("Point"), N_("North (local)"), N_("East (local)"), N_("North (base)"), N_("East (base)"), N_("ΔN (m)"),
    N_("ΔE (m)"),
)  # fmt: skip
_INPUTS = 5  # columns that are typed
_ROWS = 4  # empty rows at first


def _systems(codes: tuple[str, ...], name: str, *, none: str = "") -> QComboBox:
    box = QComboBox()
    box.setObjectName(name)
    if none:
        box.addItem(none, "")
    for code in codes:
        box.addItem(f"{crs.name_of(code)} ({code})", code)
    return box


class ParametersDialog(Question):
    """Asks for the numbers of a grid."""

    def __init__(self, kind: str, parent: QWidget | None = None) -> None:
        super().__init__(_(local_grids.KINDS[kind]), parent)
        self._kind = kind
        self.made: LocalGrid | None = None
        self.name = QLineEdit()
        self.name.setObjectName("grid_name")
        self.form.addRow(_("Name"), self.name)
        self.source = _systems(_OLD, "grid_source", none=_("a local plane") if kind == PLANE else "")
        self.base = _systems(_BASES, "grid_base")
        if kind != TM:
            self.form.addRow(_("From system"), self.source)
        if kind == PLANE:
            self.form.addRow(_("To system"), self.base)
        self.fields: list[QLineEdit] = []
        for number, (label, value) in enumerate(_TYPED[kind]):
            field = QLineEdit(value)
            field.setObjectName(f"grid_{number}")
            field.textChanged.connect(self._read)
            self.form.addRow(_(label), field)
            self.fields.append(field)
        self.name.textChanged.connect(self._read)
        for box in (self.source, self.base):
            box.currentIndexChanged.connect(self._read)
        self._read()

    @Slot()
    def _read(self) -> None:
        try:
            numbers = [float(field.text()) for field in self.fields]
            self.made = local_grids.checked(self._grid(numbers))
        except ValueError:
            self.made = None
            self.allow(_("Type every number; a point is the decimal sign."), wrong=True)
        except InputRefused as error:
            self.made = None
            self.allow(str(error), wrong=True)
        else:
            self.allow(_("Kept enciphered on this computer only: in no project, exchange, export or log."))

    def _grid(self, numbers: list[float]) -> LocalGrid:
        name, source = self.name.text().strip(), str(self.source.currentData())
        if self._kind == PLANE:
            north, east, seconds, ppm = numbers
            values = local_grids.from_four(north, east, seconds, ppm)
            return LocalGrid(name, PLANE, values, source, str(self.base.currentData()))
        return LocalGrid(name, self._kind, tuple(numbers), source if self._kind == SPACE else "")


class PairsTable(QTableWidget):
    """The control pairs with their residuals; takes what was copied from a workbook."""

    def __init__(self) -> None:
        super().__init__(_ROWS, len(_COLUMNS))
        self.setObjectName("grid_pairs")
        self.setAccessibleName(_("Control pairs"))
        self.setHorizontalHeaderLabels([_(text) for text in _COLUMNS])
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setDefaultSectionSize(36)
        self.setMinimumSize(760, 260)

    def put(self, pairs: list[Pair]) -> None:
        """Show pairs in place of what stands there."""
        self.clearContents()
        self.setRowCount(max(len(pairs) + 1, _ROWS))
        for row, pair in enumerate(pairs):
            numbers = (pair.north, pair.east, pair.to_north, pair.to_east)
            for column, text in enumerate((pair.name, *(f"{number:.4f}" for number in numbers))):
                self.setItem(row, column, QTableWidgetItem(text))

    def pairs(self) -> tuple[list[int], list[Pair]]:
        """Return the rows that are filled in, and their pairs.

        Raises:
            InputRefused: If a row is filled in only in part, or not with numbers.
        """
        rows, found = [], []
        for row in range(self.rowCount()):
            cells = [self.item(row, column) for column in range(_INPUTS)]
            texts = [cell.text().strip() if cell is not None else "" for cell in cells]
            if not any(texts[1:]):
                continue
            try:
                numbers = [float(text) for text in texts[1:]]
            except ValueError:
                raise InputRefused(
                    _("Line {n} has no four numbers: north, east, north, east.").format(n=row + 1)
                ) from None
            rows.append(row)
            found.append(Pair(texts[0] or str(row + 1), *numbers))
        return rows, found

    def tell(self, rows: list[int], found: Fitted | None) -> None:
        """Show the residuals; what stands out is bold and marked."""
        for row in range(self.rowCount()):
            for column in (_INPUTS, _INPUTS + 1):
                self.setItem(row, column, _told(""))
        for number, row in enumerate(rows if found is not None else []):
            for column, value in enumerate(found.residuals[number].tolist() if found is not None else []):
                is_gross = found is not None and number in found.gross
                item = _told(f"{value:+.4f}{' ⚠' if is_gross else ''}")
                font = item.font()
                font.setBold(is_gross)
                item.setFont(font)
                self.setItem(row, _INPUTS + column, item)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Paste what was copied from a workbook, from the first row on."""
        if event.matches(QKeySequence.StandardKey.Paste):
            pairs = pairs_of(QApplication.clipboard().text())
            if pairs:
                self.put(pairs)
                return
        super().keyPressEvent(event)


def _told(text: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item


class PairsDialog(Question):
    """Fits a grid to control pairs, and shows how well it meets them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_("Grid from control pairs"), parent)
        self.made: LocalGrid | None = None
        self.name = QLineEdit()
        self.name.setObjectName("grid_name")
        self.kind = QComboBox()
        self.kind.setObjectName("grid_kind")
        for kind in (PLANE, SPACE):
            self.kind.addItem(_(local_grids.KINDS[kind]), kind)
        self.source = _systems(_OLD, "grid_source", none=_("a local plane"))
        self.base = _systems(_BASES, "grid_base")
        self.table = PairsTable()
        for text, widget in (
            (_("Name"), self.name), (_("Parameters"), self.kind),
            (_("From system"), self.source), (_("To system"), self.base),
        ):  # fmt: skip
            self.form.addRow(text, widget)
        self.form.addRow(self.table)
        row = QHBoxLayout()
        row.addWidget(button("grid_file", _("File …"), self._ask_file))
        row.addWidget(button("grid_row", _("One more line"), self._add_row))
        row.addStretch(1)
        self.form.addRow(row)
        self.name.textChanged.connect(self._fit)
        for box in (self.kind, self.source, self.base):
            box.currentIndexChanged.connect(self._fit)
        self.table.itemChanged.connect(self._fit)
        self._fit()

    @Slot()
    def _add_row(self) -> None:
        self.table.setRowCount(self.table.rowCount() + 1)

    @Slot()
    def _ask_file(self) -> None:
        name, _filter = QFileDialog.getOpenFileName(self, _("Control pairs"), "", "CSV (*.csv *.txt)")
        if name:
            self.take(lambda: read_pairs(Path(name)))

    def take(self, read: Callable[[], list[Pair]]) -> None:
        """Show the pairs that a function reads, or why it cannot."""
        try:
            self.table.put(read())
        except FieldSurveyError as error:
            self.allow(str(error), wrong=True)

    @Slot()
    def _fit(self) -> None:
        self.made = found = None
        rows: list[int] = []
        try:
            rows, pairs = self.table.pairs()
            found = fit(
                self.name.text().strip() or "?", str(self.kind.currentData()), pairs,
                base=str(self.base.currentData()), source=str(self.source.currentData()),
            )  # fmt: skip
            self.made = local_grids.checked(found.grid) if self.name.text().strip() else None
        except InputRefused as error:
            self.allow(str(error), wrong=True)
        else:
            self._tell(found, len(pairs))
        blocked = self.table.blockSignals(True)
        self.table.tell(rows, found)
        self.table.blockSignals(blocked)

    def _tell(self, found: Fitted, count: int) -> None:
        text = _("RMS {rms:.4f} m from {n} pairs.").format(rms=found.rms, n=count)
        if not found.spare:
            text = _("Without a pair to spare nothing shows how good this is. Add control points.")
        if found.gross:
            text = f"{text} {_('Look at the marked pairs: the others do not agree with them.')}"
        if self.made is None:
            text = f"{text}\n{_('Give it a name.')}"
        self.allow(text, wrong=self.made is None)
