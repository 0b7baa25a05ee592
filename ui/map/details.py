"""Beside the map: what was found at a place or chosen, and everything the project knows about it."""

from collections.abc import Mapping, Sequence
from functools import partial

import shapely
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Table, Value
from fieldsurvey.store import positions
from layers.style import CONDITIONS
from ui.jobs import JobRunner
from ui.map.readout import Readout
from ui.project.holder import StoreHolder

_SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
_MOST = 500  # features that are listed
Feature = tuple[str, str]  # table, uid
_Known = tuple[Table, Mapping[str, Value], list[dict[str, Value]]]  # its table, its values, how it was measured


class DetailsPanel(QWidget):
    """Lists features; the one that is current shows its columns.

    Signals:
        current_changed: (table, uid) another feature of the list is current.
        closed: () the person closed the panel.
    """

    current_changed = Signal(str, str)
    closed = Signal()

    def __init__(self, runner: JobRunner, holder: StoreHolder, readout: Readout) -> None:
        super().__init__()
        self._runner, self._holder, self._readout = runner, holder, readout
        self._place: tuple[float, float] | None = None
        self._known: _Known | None = None
        readout.changed.connect(self._tell_places)
        self.title = QLabel()
        self.title.setProperty("role", "heading")
        close = QToolButton()
        close.setObjectName("details_close")
        close.setText("✕")
        close.setAccessibleName(_("Close"))
        close.clicked.connect(self.closed)
        self.place = QLabel()
        self.place.setObjectName("details_place")
        self.place.setWordWrap(True)
        self.place.setTextInteractionFlags(_SELECTABLE)
        self.place.hide()
        self.list = QListWidget()
        self.list.setObjectName("details_list")
        self.list.setAccessibleName(_("Features"))
        self.list.currentItemChanged.connect(self._show_current)
        self.table = QTableWidget(0, 2)
        self.table.setObjectName("details_table")
        self.table.setAccessibleName(_("Columns of the feature"))
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addLayout(head)
        column.addWidget(self.place)
        column.addWidget(self.list, 1)
        column.addWidget(self.table, 2)

    def show_features(self, features: Sequence[Feature], names: Mapping[str, str] | None = None) -> None:
        """List features; their names are read from the project unless they are given by uid."""
        self.show_place(None)
        text = _("{n} found") if len(features) <= _MOST else _("{n} found, the first {most} listed")
        self.title.setText(text.format(n=len(features), most=_MOST))
        shown = list(features[:_MOST])
        if names is not None:
            self._list((shown, names))
            return
        job = self._runner.start(lambda control: (shown, self._names(shown, control)), quick=True)
        job.succeeded.connect(self._list)

    def show_place(self, place: tuple[float, float] | None) -> None:
        """Tell the place that was asked for, in the system of the readout; None: there was none."""
        self._place = place
        self.place.setVisible(place is not None)
        self._tell_places()

    @Slot()
    def _tell_places(self) -> None:
        """Tell places in the system that is used now."""
        if self._place is not None:
            self.place.setText(self._told(*self._place))
        if self._known is not None:
            self._show_values(self._known)

    def _told(self, east: float, north: float) -> str:
        return f"{self._readout.name}  {self._readout.text(east, north)}"

    def _names(self, features: Sequence[Feature], _control: JobControl) -> dict[str, str]:
        if not self._holder.is_open:
            return {}
        store, found = self._holder.store, {}
        for table, uid in features:
            known = {column.name for column in store.tables()[table].columns}
            wanted = [name for name in ("name", "source_id", "unit") if name in known]
            rows = store.select(table, wanted, where={"uid": uid})
            found[uid] = next((str(rows[0][name]) for name in wanted if rows and rows[0][name]), "")
        return found

    @Slot(object)
    def _list(self, result: tuple[Sequence[Feature], Mapping[str, str]]) -> None:
        from fieldsurvey.model.assets import layer_label

        features, names = result
        self._known = None
        self.list.clear()
        self.table.setRowCount(0)
        for table, uid in features:
            label = layer_label(table)
            item = QListWidgetItem(f"{label} {names.get(uid, '')}".strip())
            item.setData(Qt.ItemDataRole.UserRole, (table, uid))
            self.list.addItem(item)
        if features:
            self.list.setCurrentRow(0)

    @Slot(object)
    def _show_current(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        table, uid = item.data(Qt.ItemDataRole.UserRole)
        self.current_changed.emit(table, uid)
        job = self._runner.start(partial(self._read, table, uid), quick=True)
        job.succeeded.connect(self._show_values)

    def _read(self, table: str, uid: str, _control: JobControl) -> _Known | None:
        row = self._holder.store.get(uid) if self._holder.is_open else None
        if row is None:
            return None
        store = self._holder.store
        return store.tables()[table], row.values, positions.of_feature(store, uid)

    @Slot(object)
    def _show_values(self, found: _Known | None) -> None:
        self._known = found
        self.table.setRowCount(0)
        if found is None:
            return
        table, values, measured = found
        if (point := _point(values.get("geom"))) is not None:
            self._add(_("Coordinates"), self._told(*point))
        for column in table.columns:
            value = values.get(column.name)
            if value is not None and not column.name.endswith("_uid"):
                self._add(column.label, _shown(value, column.unit))
        for fix in measured:
            corner = fix["corner"]
            self._add(_("Measured") if corner is None else _("Corner {n}").format(n=corner), _measured(fix))
        self.table.resizeColumnToContents(0)

    def _add(self, label: str, text: str) -> None:
        row = self.table.rowCount()
        self.table.insertRow(row)
        self.table.setItem(row, 0, QTableWidgetItem(label))
        self.table.setItem(row, 1, QTableWidgetItem(text))


def _point(geometry: Value) -> tuple[float, float] | None:
    """Return where a point lies; None for what is no point."""
    shape = shapely.from_wkb(geometry) if isinstance(geometry, bytes) else None
    return (shape.x, shape.y) if isinstance(shape, shapely.Point) and not shape.is_empty else None


def _measured(fix: Mapping[str, Value]) -> str:
    """Return how a place was measured, in one line."""
    parts = [f"{_(positions.quality_name(fix['quality']))} ±{_shown(fix['accuracy'], 'm')}"]
    if fix["hdop"] is not None:
        parts.append(f"HDOP {_shown(fix['hdop'], '')}")
    if fix["satellites"] is not None:
        parts.append(_("{n} satellites").format(n=fix["satellites"]))
    parts.append(_("mean of {used}, {rejected} left out").format(used=fix["used"], rejected=fix["rejected"]))
    return " · ".join(parts)


def _shown(value: Value, unit: str) -> str:
    if isinstance(value, str) and value in CONDITIONS:
        return _(CONDITIONS[value][1])
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return f"{text} {unit}".strip()
