"""Import in the window: files, what was found and why, what is doubtful; nothing is written until 导入."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPolygonF
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import N_, _
from fieldsurvey.jobs import JobControl, Progress
from layers.io import recipe
from layers.io.importer import Inspection, LayerPreview, Options, inspect, run_each
from layers.io.mapping import LayerMapping
from layers.io.matching import Known
from layers.io.report import FileReport, Status
from ui import shown
from ui.empty import empty_page
from ui.fitting import Columns
from ui.jobs import Job, JobRunner
from ui.project.holder import StoreHolder
from ui.project.import_cards import Doubts, plain, systems
from ui.project.import_fields import FieldMapper
from ui.project.import_map import Ground, ImportMap, Outlines, ground_of, outlines
from ui.project.import_report import MARKS, ImportReport
from ui.widgets import button

FILTER = (
    "*.shp *.gpkg *.geojson *.json *.geojsonl *.kml *.kmz *.dxf *.gpx *.fgb *.gml *.tab *.mif *.csv *.tsv *.txt *.dat "
    "*.xlsx *.xlsm *.xls *.dbf *.zip"
)
_FREED = 500  # outlines at a time: about a millisecond
_RULES = (
    (Known.FILL, N_("fill in what is missing")),
    (Known.UPDATE, N_("bring up to the file")),
    (Known.SKIP, N_("leave as they are")),
    (Known.INSERT, N_("take them as new ones")),
)


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
        self._drawn: dict[str, list[Outlines]] = {}  # of the layers of each file
        self._stated: dict[str, tuple[str, str]] = {}
        self._mapped: dict[tuple[str, str], LayerMapping] = {}
        self._kept: set[str] = set()  # files whose areas stay as drawn
        self._waiting: list[Path] = []
        self._ground = Ground()
        self._job: Job | None = None
        self._shown: LayerPreview | None = None
        self._lay_out()

    def _lay_out(self) -> None:
        outer = QHBoxLayout(self)
        left = QWidget()
        left.setLayout(self._left())
        self.report = ImportReport()
        self.report.map_wanted.connect(self.map_wanted)
        details = QScrollArea()
        details.setObjectName("import_details")
        details.setWidgetResizable(True)
        details.setFrameShape(QFrame.Shape.NoFrame)
        inside = QWidget()
        inside.setLayout(self._details())
        details.setWidget(inside)
        self.map = ImportMap()
        places = ((_("What was found"), details, 350), (_("Map"), self.map, 240))
        parts = Columns("import_found", places, (560, 420))
        self._pages = QStackedWidget()
        self._pages.addWidget(_nothing_yet())
        self._pages.addWidget(parts)
        self._parts = parts
        self._pages.addWidget(self.report)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(Columns("import_parts", ((_("Files"), left, 230), (_("Found"), self._pages, 0)), (320, 960)))

    def _left(self) -> QVBoxLayout:
        left = QVBoxLayout()
        self.add = button("import_add", _("Add files …"), self._choose)
        self.files = QListWidget()
        self.files.setObjectName("import_files")
        self.files.setAccessibleName(_("Files to import"))
        self.files.currentRowChanged.connect(self._show_file)
        hint = QLabel(_("Drop files here. Nothing is written until you press Import."))
        hint.setWordWrap(True)
        hint.setProperty("role", "hint")
        self.known = QComboBox()
        self.known.setObjectName("import_known")
        self.known.setAccessibleName(_("Features that the project holds already"))
        self.known.setMinimumHeight(40)
        for rule, label in _RULES:
            self.known.addItem(_(label), rule)
        about = QLabel(_("Features that the project holds already"))
        about.setWordWrap(True)
        about.setBuddy(self.known)
        self.go = button("import_go", _("Import"), self._import)
        self.go.setProperty("role", "primary")
        self.go.setEnabled(False)
        self.stop = button("import_stop", _("Cancel"), self._cancel)
        self.stop.hide()
        self.progress = QProgressBar()
        self.progress.hide()
        for widget in (self.add, hint, self.files, about, self.known, self.progress, self.go, self.stop):
            left.addWidget(widget, 1 if widget is self.files else 0)
        return left

    def _details(self) -> QVBoxLayout:
        right = QVBoxLayout()
        self.head = QLabel()
        self.head.setProperty("role", "title")
        self.head.setWordWrap(True)
        self.doubts = Doubts()
        self.doubts.crs_changed.connect(self._restate_crs)
        self.doubts.encoding_changed.connect(self._restate_encoding)
        self.doubts.repair_changed.connect(self._choose_repair)
        self.notes = QLabel()
        self.notes.setObjectName("import_notes")
        self.notes.setWordWrap(True)
        self.layers = QComboBox()
        self.layers.setObjectName("import_layers")
        self.layers.setAccessibleName(_("Layer in the file"))
        self.layers.setMinimumHeight(40)
        self.layers.currentIndexChanged.connect(self._show_layer)
        self.fields = FieldMapper()
        self.fields.changed.connect(self._remap)
        recipes = QHBoxLayout()
        recipes.addWidget(button("import_recipe_load", _("Use a saved mapping …"), self._load_recipe))
        recipes.addWidget(button("import_recipe_save", _("Save this mapping …"), self._save_recipe))
        for widget in (self.head, self.doubts, self.notes, self.layers):
            right.addWidget(widget)
        right.addWidget(self.fields, 1)
        right.addLayout(recipes)
        return right

    # --- files ---------------------------------------------------------------------------------------------------

    @Slot()
    def _choose(self) -> None:
        names, _filter = QFileDialog.getOpenFileNames(self, _("Add files …"), "", f"{_('Hand-over files')} ({FILTER})")
        self.add_files([Path(name) for name in names])

    def add_files(self, paths: Sequence[Path]) -> None:
        """Look into files; they appear as they are read."""
        self._waiting += paths
        job = self._runner.start(lambda _control: ground_of(self._holder.store) if self._holder.is_open else Ground())
        job.succeeded.connect(self._have_ground)

    @Slot(object)
    def _have_ground(self, ground: object) -> None:
        self._ground = cast("Ground", ground)
        self.map.show_ground(self._ground)
        waiting, self._waiting = self._waiting, []
        for path in waiting:
            self._inspect(path)

    def _inspect(self, path: Path) -> None:
        place, encoding = self._stated.get(str(path), ("", ""))
        job = self._work.start(
            partial(_inspected, path, target=self._ground.crs, crs=place or None, encoding=encoding or None)
        )
        job.succeeded.connect(self._was_inspected)
        job.failed.connect(self._failed)

    @Slot(object)
    def _was_inspected(self, result: object) -> None:
        found, drawn = cast("tuple[Inspection, list[Outlines]]", result)
        key = str(found.report.file)
        known = key in self._found
        self._found[key], self._drawn[key] = found, drawn
        row = list(self._found).index(key)
        with QSignalBlocker(self.files):  # shown once, below
            if not known:
                self.files.addItem("")
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
        self._pages.setCurrentWidget(self._parts)
        self.head.setText(_title(found))
        rest = self.doubts.tell(found.report)
        notes = [f"✕ {found.report.error}"] if found.report.error else []
        notes += [f"{'⚠' if told in found.report.warnings else '·'} {plain(told.message)}" for told in rest]
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))
        with QSignalBlocker(self.layers):  # the first is shown once, below
            self.layers.clear()
            for layer in found.layers:
                self.layers.addItem(_("{name} ({n} rows)").format(name=layer.name, n=shown.number(layer.count)))
        self.layers.setVisible(bool(found.layers))
        self._show_layer(0)

    @Slot(int)
    def _show_layer(self, index: int) -> None:
        found = self._current()
        if found is None or not 0 <= index < len(found.layers):
            self._shown = None
            self.fields.show_layer(None, None)
            self.map.show_new(Outlines(), "")
            return
        self._shown = layer = found.layers[index]
        file = str(found.report.file)
        self.map.show_new(self._drawn[file][index], found.report.crs)
        self.fields.show_layer(layer, self._mapped.get((file, layer.name)))

    @Slot()
    def _remap(self) -> None:
        """Keep what the person changed."""
        found = self._current()
        if found is not None and self._shown is not None:
            self._mapped[str(found.report.file), self._shown.name] = self.fields.mapping()

    @Slot(str)
    def _restate_crs(self, code: str) -> None:
        self._restate(crs=code)

    @Slot(str)
    def _restate_encoding(self, name: str) -> None:
        self._restate(encoding=name)

    def _restate(self, *, crs: str | None = None, encoding: str | None = None) -> None:
        """Look into the file again with the reference system and encoding the person stated."""
        found = self._current()
        if found is None:
            return
        file = str(found.report.file)
        old = self._stated.get(file, ("", ""))
        self._stated[file] = (old[0] if crs is None else crs, old[1] if encoding is None else encoding)
        self._inspect(found.report.file)

    @Slot(bool)
    def _choose_repair(self, mend: bool) -> None:
        found = self._current()
        if found is not None:
            (self._kept.discard if mend else self._kept.add)(str(found.report.file))
            self.doubts.repair.tell(self.doubts.repair.choice.currentText(), (), doubtful=False)

    # --- recipes -------------------------------------------------------------------------------------------------

    @Slot()
    def _save_recipe(self) -> None:
        found = self._current()
        if found is None or not found.layers:
            return
        name, _filter = QFileDialog.getSaveFileName(
            self, _("Save this mapping …"), f"{found.report.file.stem}.json", f"{_('Mappings')} (*.json)"
        )
        if name:
            self.save_recipe(Path(name))

    def save_recipe(self, path: Path) -> None:
        """Write how the layers of the current file are mapped."""
        found = self._current()
        if found is None:
            return
        file = str(found.report.file)
        chosen = {layer.name: self._mapped.get((file, layer.name), layer.mapping) for layer in found.layers}
        try:
            recipe.save(chosen, path)
        except FieldSurveyError as error:
            self._failed(error)

    @Slot()
    def _load_recipe(self) -> None:
        name, _filter = QFileDialog.getOpenFileName(self, _("Use a saved mapping …"), "", f"{_('Mappings')} (*.json)")
        if name:
            self.load_recipe(Path(name))

    def load_recipe(self, path: Path) -> None:
        """Map the layers of all files as a recipe says, where it fits."""
        try:
            saved = recipe.load(path)
        except FieldSurveyError as error:
            self._failed(error)
            return
        for file, found in self._found.items():
            for layer in found.layers:
                if (mapping := recipe.fitting(saved, layer.name, layer.samples)) is not None:
                    self._mapped[file, layer.name] = mapping
        self._show_layer(self.layers.currentIndex())

    # --- import --------------------------------------------------------------------------------------------------

    @Slot()
    def _import(self) -> None:
        wanted = [found.report.file for found in self._found.values() if found.report.status is not Status.REFUSED]
        groups = [(file, self._options(str(file))) for file in wanted]

        def work(control: JobControl) -> list[FileReport]:
            return run_each(self._holder.store, groups, control=control)

        self._busy(on=True)
        self._job = self._runner.start(work)
        self._job.progressed.connect(self._progressed)
        self._job.succeeded.connect(self._was_imported)
        self._job.failed.connect(self._failed)
        self._job.cancelled.connect(self._was_cancelled)

    def _options(self, file: str) -> Options:
        """Return what the person decided for a file."""
        place, encoding = self._stated.get(file, ("", ""))
        mapping = {layer: chosen for (of, layer), chosen in self._mapped.items() if of == file}
        known = Known(str(self.known.currentData()))
        return Options(None, place or None, encoding or None, mapping, file not in self._kept, known)

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
        self.head.clear()
        self.notes.clear()
        self.report.show_reports(reports)
        self._pages.setCurrentWidget(self.report)
        self.imported.emit(reports)

    def clear(self) -> None:
        """Forget the files."""
        held = [each.lines for drawn in self._drawn.values() for each in drawn if isinstance(each.lines, list)]
        if held and self._work.is_open:
            self._work.start(partial(_let_go, held))
        self._found, self._drawn, self._stated, self._mapped, self._shown = {}, {}, {}, {}, None
        self._kept.clear()
        self.files.clear()
        self.layers.clear()
        self.fields.show_layer(None, None)
        self.map.show_new(Outlines(), "")
        for card in (self.doubts.crs, self.doubts.encoding, self.doubts.repair):
            card.hide()
        self.go.setEnabled(False)

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._busy(on=False)
        if not isinstance(error, FieldSurveyError):
            raise error
        self.notes.setText(f"⚠ {error}")
        self.notes.show()

    @Slot()
    def _was_cancelled(self) -> None:
        self._busy(on=False)
        self.head.setText(_("Stopped. The project is as it was."))

    # --- drop ----------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Look into dropped files."""
        self.add_files([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])


def _inspected(
    path: Path, control: JobControl, *, target: str, crs: str | None, encoding: str | None
) -> tuple[Inspection, list[Outlines]]:
    found = inspect(path, target=target, crs=crs, encoding=encoding, control=control)
    systems()  # the window asks for them next
    return found, [outlines(layer.geometries) for layer in found.layers]


def _let_go(held: list[list[QPolygonF]], _control: JobControl) -> None:
    """Free outlines beside the window, some at a time: tens of thousands at once would halt it."""
    for lines in held:
        while lines:
            del lines[-_FREED:]


def _nothing_yet() -> QLabel:
    """Return what stands in the place of the files until there are any."""
    return empty_page(
        "import_nothing",
        _(
            "Drop files that departments hand over here, or press Add files.\n\n"
            "Shapefile, GeoPackage, GeoJSON, KML, DXF, MapInfo, GPX, CSV, Excel and dBase are read, zipped or not.\n\n"
            "You will see which layers, reference system and encoding were recognised, and why."
        ),
    )


def _title(found: Inspection) -> str:
    return f"{MARKS[found.report.status]} {found.report.file.name}"
