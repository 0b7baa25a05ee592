"""Import in the window: files, what was found and why, what is doubtful; nothing is written until 导入."""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import shapely
from PySide6.QtCore import QPointF, QRectF, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListWidget,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.geo import crs
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.model.assets import ASSET_BY_NAME
from layers.io.importer import Inspection, LayerPreview, inspect, run
from layers.io.mapping import BUILDING_KEY, COMMUNITY_KEY
from layers.io.report import FileReport, Status
from ui.jobs import Job, JobRunner
from ui.project.holder import StoreHolder
from ui.project.import_report import MARKS, ImportReport
from ui.widgets import button

FILTER = "*.shp *.gpkg *.geojson *.json *.kml *.dxf *.csv *.xlsx *.xls *.zip"
_OWN = ""  # kept as a layer of its own
_DOT = 2.0  # px
_OPTION = re.compile(r"\s*\(--\w+\)")  # command line options that messages name: the window has fields for them


class Sketch(QWidget):
    """A quick drawing of geometries, so that a person sees whether it is what they expect."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumHeight(180)
        self._lines: list[QPolygonF] = []
        self._box = QRectF()

    def show_geometries(self, geometries: object) -> None:
        """Draw shapely geometries in whatever coordinates they have."""
        self._lines, self._box = [], QRectF()
        if isinstance(geometries, np.ndarray):
            present = geometries[~(shapely.is_missing(geometries) | shapely.is_empty(geometries))]
            parts = shapely.get_parts(shapely.get_parts(present))
            for part in parts[:5000]:
                xy = shapely.get_coordinates(part)
                self._lines.append(QPolygonF([QPointF(x, -y) for x, y in xy.tolist()]))
            for line in self._lines:
                self._box = self._box.united(line.boundingRect().adjusted(0, 0, 1e-9, 1e-9))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw to fit."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().base())
        painter.setPen(self.palette().mid().color())
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        if self._box.isEmpty():
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = min((self.width() - 16) / self._box.width(), (self.height() - 16) / self._box.height())
        painter.translate(self.width() / 2, self.height() / 2)
        painter.scale(scale, scale)
        painter.translate(-self._box.center())
        pen = QPen(self.palette().highlight().color(), 1)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for line in self._lines:
            if line.size() == 1:
                painter.drawEllipse(line.first(), _DOT / scale, _DOT / scale)
            else:
                painter.drawPolyline(line)


class ImportPanel(QWidget):
    """The import workspace.

    Signals:
        imported: (list of FileReport) files were taken in.
        map_wanted: () the person wants to see the map.
    """

    imported = Signal(object)
    map_wanted = Signal()

    def __init__(self, work: JobRunner, runner: JobRunner, holder: StoreHolder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("import_panel")
        self.setAcceptDrops(True)
        self._work, self._runner, self._holder = work, runner, holder
        self._found: dict[str, Inspection] = {}
        self._stated: dict[str, tuple[str, str]] = {}
        self._mapped: dict[str, dict[str, object]] = {}
        self._job: Job | None = None
        self._shown: LayerPreview | None = None
        self._lay_out()

    def _lay_out(self) -> None:
        outer = QHBoxLayout(self)
        left = QVBoxLayout()
        self.add = button("import_add", _("Add files …"), self._choose)
        self.files = QListWidget()
        self.files.setObjectName("import_files")
        self.files.setAccessibleName(_("Files to import"))
        self.files.currentRowChanged.connect(self._show_file)
        hint = QLabel(_("Drop files here. Nothing is written until you press Import."))
        hint.setWordWrap(True)
        hint.setProperty("role", "hint")
        self.go = button("import_go", _("Import"), self._import)
        self.go.setProperty("role", "primary")
        self.go.setEnabled(False)
        self.stop = button("import_stop", _("Cancel"), self._cancel)
        self.stop.hide()
        self.progress = QProgressBar()
        self.progress.hide()
        for widget in (self.add, hint, self.files, self.progress, self.go, self.stop):
            left.addWidget(widget, 1 if widget is self.files else 0)
        outer.addLayout(left, 2)
        self.report = ImportReport()
        self.report.map_wanted.connect(self.map_wanted)
        details = QScrollArea()
        details.setObjectName("import_details")
        details.setWidgetResizable(True)
        details.setFrameShape(QFrame.Shape.NoFrame)
        inside = QWidget()
        inside.setLayout(self._details())
        details.setWidget(inside)
        self._pages = QStackedWidget()
        self._pages.addWidget(details)
        self._pages.addWidget(self.report)
        outer.addWidget(self._pages, 5)

    def _details(self) -> QVBoxLayout:
        right = QVBoxLayout()
        self.head = QLabel(_("Files that departments hand over appear here with what was found in them."))
        self.head.setProperty("role", "title")
        self.head.setWordWrap(True)
        self.notes = QLabel()
        self.notes.setObjectName("import_notes")
        self.notes.setWordWrap(True)
        self.layers = QComboBox()
        self.layers.setObjectName("import_layers")
        self.layers.setAccessibleName(_("Layer in the file"))
        self.layers.currentIndexChanged.connect(self._show_layer)
        self.target = QComboBox()
        self.target.setObjectName("import_target")
        self.target.setAccessibleName(_("Target layer"))
        self.target.addItem(_("(keep as a layer of its own)"), _OWN)
        for name, table in ASSET_BY_NAME.items():
            self.target.addItem(f"{table.label} ({name})", name)
        self.target.activated.connect(self._retarget)
        self.crs = QLineEdit()
        self.crs.setObjectName("import_crs")
        self.crs.setPlaceholderText("EPSG:4547, GCJ-02, BD-09")
        self.crs.editingFinished.connect(self._restate)
        self.encoding = QLineEdit()
        self.encoding.setObjectName("import_encoding")
        self.encoding.setPlaceholderText("GB18030, utf-8")
        self.encoding.editingFinished.connect(self._restate)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for label, widget in (
            (_("Layer in the file"), self.layers), (_("Target layer"), self.target),
            (_("Coordinate system"), self.crs), (_("Encoding"), self.encoding),
        ):  # fmt: skip
            widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            form.addRow(label, widget)
        self.fields = QTableWidget(0, 3)
        self.fields.setObjectName("import_fields")
        self.fields.setHorizontalHeaderLabels([_("Field in the file"), _("First values"), _("Goes to")])
        self.fields.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.fields.verticalHeader().hide()
        self.fields.verticalHeader().setDefaultSectionSize(44)
        self.fields.setMinimumHeight(240)
        self.sketch = Sketch()
        right.addWidget(self.head)
        right.addWidget(self.notes)
        right.addLayout(form)
        right.addWidget(self.fields, 3)
        right.addWidget(self.sketch, 2)
        return right

    # --- files ---------------------------------------------------------------------------------------------------

    @Slot()
    def _choose(self) -> None:
        names, _filter = QFileDialog.getOpenFileNames(self, _("Add files …"), "", f"{_('Hand-over files')} ({FILTER})")
        self.add_files([Path(name) for name in names])

    def add_files(self, paths: Sequence[Path]) -> None:
        """Look into files; they appear as they are read."""
        for path in paths:
            job = self._work.start(partial(_inspected, path))
            job.succeeded.connect(self._was_inspected)

    @Slot(object)
    def _was_inspected(self, result: object) -> None:
        found = cast("Inspection", result)
        key = str(found.report.file)
        known = key in self._found
        self._found[key] = found
        if not known:
            self.files.addItem("")
        row = list(self._found).index(key)
        item = self.files.item(row)
        if item is not None:
            item.setText(_title(found))
        self.files.setCurrentRow(row)
        self._show_file(row)
        self.go.setEnabled(any(one.report.status is not Status.REFUSED for one in self._found.values()))

    def _current(self) -> Inspection | None:
        row = self.files.currentRow()
        return list(self._found.values())[row] if 0 <= row < len(self._found) else None

    @Slot(int)
    def _show_file(self, _row: int) -> None:
        found = self._current()
        if found is None:
            return
        report = found.report
        self._pages.setCurrentIndex(0)
        self.head.setText(_title(found))
        notes = [report.error] if report.error else []
        if report.crs:
            notes.append(_("Coordinate system {name}: {how}").format(name=crs.name_of(report.crs), how=report.crs_how))
        if report.encoding:
            notes.append(_("Encoding {name}: {how}").format(name=report.encoding, how=report.encoding_how))
        notes += [f"⚠ {_OPTION.sub('', warning.message)}" for warning in report.warnings]
        self.notes.setText("\n".join(notes))
        self.crs.setText(self._stated.get(str(report.file), ("", ""))[0])
        self.encoding.setText(self._stated.get(str(report.file), ("", ""))[1])
        self.layers.clear()
        for layer in found.layers:
            self.layers.addItem(_("{name} ({n} rows)").format(name=layer.name, n=f"{layer.count:,}"))
        self._show_layer(0)

    @Slot(int)
    def _show_layer(self, index: int) -> None:
        found = self._current()
        if found is None or not 0 <= index < len(found.layers):
            self.fields.setRowCount(0)
            self.sketch.show_geometries(None)
            return
        self._shown = layer = found.layers[index]
        self.sketch.show_geometries(layer.geometries)
        chosen = self._mapped.get(layer.name)
        table = str(chosen["table"]) if chosen else layer.mapping.table
        self.target.setCurrentIndex(max(self.target.findData(table), 0))
        self._show_fields(
            layer, table, cast("dict[str, str]", chosen["fields"]) if chosen else dict(layer.mapping.fields)
        )

    def _show_fields(self, layer: LayerPreview, table: str, fields: dict[str, str]) -> None:
        self.fields.setRowCount(len(layer.samples))
        for row, (name, values) in enumerate(layer.samples.items()):
            self.fields.setItem(row, 0, QTableWidgetItem(name))
            shown = ", ".join(str(value) for value in values if value is not None)
            self.fields.setItem(row, 1, QTableWidgetItem(shown[:60]))
            box = QComboBox()
            box.addItem("—", "")
            if table:
                box.addItem(_("number of the community"), COMMUNITY_KEY)
                box.addItem(_("number of the building"), BUILDING_KEY)
                for column in ASSET_BY_NAME[table].columns:
                    box.addItem(column.label, column.name)
            box.setCurrentIndex(max(box.findData(fields.get(name, "")), 0))
            box.activated.connect(self._remap)
            self.fields.setCellWidget(row, 2, box)

    @Slot()
    def _retarget(self) -> None:
        from layers.io.mapping import columns_for

        if self._shown is None:
            return
        table = str(self.target.currentData())
        fields = columns_for(ASSET_BY_NAME[table], self._shown.samples) if table else {}
        self._show_fields(self._shown, table, fields)
        self._remap()

    @Slot()
    def _remap(self) -> None:
        """Keep what the person changed."""
        table = str(self.target.currentData())
        if self._shown is None:
            return
        if not table:
            self._mapped.pop(self._shown.name, None)
            return
        chosen: dict[str, str] = {}
        for row, name in enumerate(self._shown.samples):
            box = self.fields.cellWidget(row, 2)
            if isinstance(box, QComboBox) and box.currentData():
                chosen[name] = str(box.currentData())
        self._mapped[self._shown.name] = {"table": table, "fields": chosen}

    @Slot()
    def _restate(self) -> None:
        """Look into the file again with the reference system and encoding the person stated."""
        found = self._current()
        if found is None:
            return
        file, stated = found.report.file, (self.crs.text().strip(), self.encoding.text().strip())
        if stated == self._stated.get(str(file), ("", "")):
            return
        self._stated[str(file)] = stated
        job = self._work.start(lambda _control: inspect(file, crs=stated[0] or None, encoding=stated[1] or None))
        job.succeeded.connect(self._was_inspected)
        job.failed.connect(self._failed)

    # --- import --------------------------------------------------------------------------------------------------

    @Slot()
    def _import(self) -> None:
        wanted = [found.report.file for found in self._found.values() if found.report.status is not Status.REFUSED]
        stated, mapping = dict(self._stated), dict(self._mapped)

        def work(control: JobControl) -> list[FileReport]:
            reports: list[FileReport] = []
            for file in control.steps(wanted, _("Import")):
                place, encoding = stated.get(str(file), ("", ""))
                options = {"crs": place or None, "encoding": encoding or None}
                reports += run(self._holder.store, [file], mapping=mapping, control=control, **options)  # type: ignore[arg-type]
            return reports

        self._busy(on=True)
        self._job = self._runner.start(work)
        self._job.progressed.connect(self._progressed)
        self._job.succeeded.connect(self._was_imported)
        self._job.failed.connect(self._failed)
        self._job.cancelled.connect(self._was_cancelled)

    def _busy(self, *, on: bool) -> None:
        self.go.setVisible(not on)
        self.stop.setVisible(on)
        self.progress.setVisible(on)
        self.progress.setRange(0, 0)

    @Slot()
    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    @Slot(object)
    def _progressed(self, progress: Progress) -> None:
        self.progress.setRange(0, progress.total or 0)
        self.progress.setValue(progress.done)
        self.head.setText(progress.note)

    @Slot(object)
    def _was_imported(self, result: object) -> None:
        self._busy(on=False)
        reports = cast("list[FileReport]", result)
        self.clear()
        self.head.setText(_("Files that departments hand over appear here with what was found in them."))
        self.notes.clear()
        self.report.show_reports(reports)
        self._pages.setCurrentWidget(self.report)
        self.imported.emit(reports)

    def clear(self) -> None:
        """Forget the files."""
        self._found, self._stated, self._mapped, self._shown = {}, {}, {}, None
        self.files.clear()
        self.layers.clear()
        self.fields.setRowCount(0)
        self.sketch.show_geometries(None)
        self.go.setEnabled(False)

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._busy(on=False)
        if not isinstance(error, FieldSurveyError):
            raise error
        self.notes.setText(f"⚠ {error}")

    @Slot()
    def _was_cancelled(self) -> None:
        self._busy(on=False)
        self.head.setText(_("Stopped. What was finished before is kept."))

    # --- drop ----------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Look into dropped files."""
        self.add_files([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])


def _inspected(path: Path, _control: JobControl) -> Inspection:
    return inspect(path)


def _title(found: Inspection) -> str:
    return f"{MARKS[found.report.status]} {found.report.file.name}"
