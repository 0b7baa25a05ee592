"""The map with everything around it: tools above, panels beside, legend below."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import shapely
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QInputDialog, QStackedWidget, QVBoxLayout, QWidget

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo.measures import ellipsoidal_length
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.assets import ASSETS
from layers import history, picking
from layers.history import Bookmark
from layers.selecting import matching
from layers.topology.findings import Finding
from layers.viewport import METRES_PER_PIXEL_AT_1, Box, Viewport
from ui.jobs import JobRunner
from ui.map.basemaps import Basemaps
from ui.map.canvas import MapCanvas
from ui.map.details import DetailsPanel, Feature
from ui.map.dialogs import AttributeDialog, GoToDialog, PrintDialog
from ui.map.editing import MapEditing
from ui.map.findings import FindingsPanel
from ui.map.legend import LegendPanel
from ui.map.panels import MapPanels
from ui.map.readout import Readout
from ui.map.styling import MapStyling
from ui.map.swipe import Swipe
from ui.map.tool import Tool, World
from ui.map.toolbar import Entry, MapToolbar
from ui.map.tools import BoxTool, CornersTool, MeasureTool
from ui.map.whole_legend import WholeLegend
from ui.positioning.controller import Positioning
from ui.project.holder import StoreHolder
from ui.project.overview import Overview

_BOOKMARKS = "map_bookmarks"  # setting of the project
_FINDING_SCALE = 700.0
_LOW = 740  # px of height: a window of 768 px; below it all rows around the map are one
_CLOSE_SCALE = 500.0  # where a coordinate is gone to


class MapWorkspace(QWidget):
    """The map page.

    Signals:
        failed: (Exception) something could not be done; its text is for the user.
        printed: (Path) a map was written.
        side_wanted: (is_wanted) what is in `side` is to be shown beside the map, or not any more.

    Attributes:
        side: Panels that go beside the map; whoever holds the workspace shows them.
    """

    failed = Signal(object)
    printed = Signal(object)
    side_wanted = Signal(bool)

    def __init__(self, store_runner: JobRunner, work_runner: JobRunner, holder: StoreHolder) -> None:
        super().__init__()
        self.store_runner, self.work_runner, self.holder = store_runner, work_runner, holder
        self.crs = self.name = ""
        self.path: Path | None = None
        self.canvas = MapCanvas()
        self.legend = LegendPanel(self.canvas)
        self.readout = Readout(self)
        self.canvas.pointer_moved.connect(self.readout.move)
        self.details = DetailsPanel(store_runner, holder, self.readout)
        self.findings = FindingsPanel(store_runner, work_runner, holder)
        self.editing = MapEditing(self)
        self.styling = MapStyling(self)
        self.basemaps = Basemaps(self)
        self.basemaps.warned.connect(self._warn)
        self.positioning = Positioning(self)
        self.swipe = Swipe(self.canvas, work_runner)
        self.swipe.failed.connect(self.failed)
        self.panels = MapPanels(self)
        self._bookmarks: list[Bookmark] = []
        self._tools: dict[str, Tool] = {}
        self.toolbar = MapToolbar(self.canvas)
        self._fill_toolbar()
        self._lay_out()
        self.canvas.tool_changed.connect(self._press_button)
        self.canvas.first_drawn.connect(self._warm)
        self.details.current_changed.connect(self._show_one)
        self.details.closed.connect(partial(self.show_side, None))
        self.findings.chosen.connect(self._show_finding)
        self.findings.failed.connect(self.failed)
        self.editing.checked.connect(self._show_live)

    def _lay_out(self) -> None:
        self.side = QStackedWidget()  # the window shows it beside the map
        self.side.setObjectName("map_side")
        self.side.addWidget(self.details)
        self.side.addWidget(self.findings)
        self.whole_legend = WholeLegend(self.canvas)
        self.whole_legend.closed.connect(partial(self.legend.more.setChecked, False))
        self.legend.whole_wanted.connect(self.show_legend)
        self._head = QHBoxLayout()
        self._head.setContentsMargins(0, 0, 6, 0)
        self._head.setSpacing(4)
        self._head.addWidget(self.toolbar, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._head)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.legend)
        self.setFocusProxy(self.canvas)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the rows around the map out anew: in a low window all of them are one."""
        super().resizeEvent(event)
        is_low = self.height() < _LOW
        self.toolbar.set_low(low=is_low)
        if is_low:
            self.legend.give_controls(self._head)
            self.legend.fit_controls(self.width() - self.toolbar.width_of_icons, self._head.spacing())
        else:
            self.legend.take_controls()

    @Slot(bool)
    def show_legend(self, on: bool) -> None:
        """Open the whole legend over the map, or close it."""
        self.legend.more.setChecked(on)
        if on:
            self.whole_legend.open_it()
        else:
            self.whole_legend.close_it()

    def _fill_toolbar(self) -> None:
        canvas, bar = self.canvas, self.toolbar
        bar.add_entries(
            [
                Entry("browse", _("Browse"), "", partial(canvas.use_tool, None)),
                Entry("zoom_box", _("Zoom box"), "Z", self.zoom_by_box, tool=True),
                Entry("back", _("Previous view"), "[", canvas.go_back),
                Entry("forward", _("Next view"), "]", canvas.go_forward),
                Entry("all", _("Whole map"), "", canvas.zoom_all),
                Entry("identify", _("Identify"), "I", self.identify, tool=True),
            ]
        )
        bar.add_menu(
            "select", _("Select"),
            [
                Entry("select_box", _("By box"), "S", self.select_by_box, tool=True),
                Entry("select_area", _("By polygon"), "Shift+S", self.select_by_polygon, tool=True),
                Entry("select_value", _("By attribute …"), "F", self.select_by_attribute),
                Entry("select_none", _("Select nothing"), "", self.select_nothing),
            ],
        )  # fmt: skip
        bar.add_menu(
            "measure", _("Measure"),
            [
                Entry("measure_length", _("Length"), "L", partial(self.measure, area=False), tool=True),
                Entry("measure_area", _("Area"), "A", partial(self.measure, area=True), tool=True),
            ],
        )  # fmt: skip
        self.places = bar.add_menu(
            "places", _("Go to"),
            [
                Entry("goto", _("Coordinate …"), "G", self.go_to_coordinate),
                Entry("copy_place", _("Copy coordinates"), "Ctrl+C", self.readout.copy),
                Entry("readout", _("Coordinates shown as …"), "", self.readout.ask),
                Entry("grids", _("Local grids …"), "", self.panels.show_grids),
                Entry("bookmark", _("Keep this view as a bookmark …"), "B", self.add_bookmark),
            ],
        )  # fmt: skip
        self.places.addActions([self.toolbar.by_name[name] for name in ("back", "forward")])
        self._first_bookmark = self.places.addSeparator()
        bar.add_menu("edit", _("Edit"), self.editing.entries())
        bar.add_menu(
            "more", _("More"),
            [
                Entry("style", _("Style …"), "Y", self.panels.show_styles),
                Entry("basemaps", _("Base maps …"), "U", self.panels.show_basemaps),
                Entry("compare", _("Compare with earlier …"), "W", self.panels.show_compare),
                Entry("check", _("Check geometry and values"), "C", self.check),
                Entry("print", _("Print the map …"), "Ctrl+P", self.ask_print),
                Entry("receiver", _("Receiver (GNSS) …"), "", self.panels.show_receiver),
            ],
        )  # fmt: skip

    # --- the project ---------------------------------------------------------------------------------------------

    def show_project(self, now: Overview) -> None:
        """Take note of the open project."""
        if self.crs != now.crs:
            self.crs = self.positioning.crs = now.crs
            self.readout.refresh()
        self.name = now.name
        if self.path != now.path:
            self.path = now.path
            self.swipe.stop()
            self.styling.read()
            self.basemaps.read()
            self.panels.read_gate()
        else:
            self.styling.refresh()
        self.run(lambda control: self.holder.store.setting(_BOOKMARKS), self._show_bookmarks)

    def clear_project(self) -> None:
        """Forget what belonged to the project before."""
        self.path = None
        self.swipe.stop()
        self.basemaps.clear()
        self.canvas.clear_project()
        self.readout.forget()
        self.show_side(None)

    def run(self, work: Callable[[JobControl], object], then: Callable[[object], None] | None = None) -> None:
        """Do something with the project in its thread; a refusal is told."""
        job = self.store_runner.start(lambda control: work(control) if self.holder.is_open else None, quick=True)
        if then is not None:
            job.succeeded.connect(then)
        job.failed.connect(self.failed)

    def show_side(self, panel: QWidget | None) -> None:
        """Have a panel shown beside the map, or none."""
        if panel is None:
            self.side_wanted.emit(False)
            self.canvas.setFocus()
            return
        if self.side.indexOf(panel) < 0:
            self.side.addWidget(panel)
        self.side.setCurrentWidget(panel)
        self.side_wanted.emit(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes what was opened: the panel beside the map, or the legend over it."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.side.isVisible():
            self.show_side(None)
        elif self.whole_legend.isVisible():
            self.whole_legend.close_it()
        else:
            super().keyPressEvent(event)

    # --- tools ---------------------------------------------------------------------------------------------------

    def use(self, name: str, tool: Tool) -> None:
        """Use a tool; its button stays pressed."""
        self._tools = {name: tool}
        self.canvas.use_tool(tool)

    @Slot(object)
    def _press_button(self, tool: Tool | None) -> None:
        self.toolbar.press(next((name for name, one in self._tools.items() if one is tool), ""))

    def zoom_by_box(self) -> None:
        """Let the person draw the box to show."""
        tool = BoxTool(_("Draw the box to show: drag, or click two corners (Space clicks at the cross)."), once=True)
        tool.boxed.connect(self._zoom_to_box)
        self.use("zoom_box", tool)

    @Slot(object, object)
    def _zoom_to_box(self, box: Box, _modifiers: object) -> None:
        self.canvas.show_box(box)

    @Slot()
    def _warm(self) -> None:
        """Load what measuring needs, a quarter of a second, before somebody waits for it."""
        crs = self.crs
        if self.work_runner.is_open:
            self.work_runner.start(
                lambda _control: ellipsoidal_length([(500_000, 3e6), (500_001, 3e6)], crs) if crs else 0
            )

    def measure(self, *, area: bool) -> None:
        """Measure lengths or areas."""
        self.use("measure_area" if area else "measure_length", MeasureTool(self.crs, area=area))

    def identify(self) -> None:
        """Show what lies where the person clicks."""
        tool = BoxTool(_("Click a thing, or draw a box (Space clicks at the cross). Esc: leave."), two_clicks=False)
        tool.clicked.connect(self._identify_at)
        tool.boxed.connect(self._select_box)
        self.use("identify", tool)

    @Slot(object, object)
    def _identify_at(self, place: World, _modifiers: object) -> None:
        hits = self.canvas.hits_at(place)
        self._show_found([(hit.table, hit.uid) for hit in hits], {hit.uid: hit.label for hit in hits if hit.label})
        self.details.show_place(place)

    def select_by_box(self) -> None:
        """Choose features by a box."""
        tool = BoxTool(_("Draw a box around what to select; Shift adds. Esc: leave."))
        tool.boxed.connect(self._select_box)
        self.use("select_box", tool)

    @Slot(object, object)
    def _select_box(self, box: Box, modifiers: Qt.KeyboardModifier) -> None:
        self._select_inside(shapely.box(*box), add=bool(modifiers & Qt.KeyboardModifier.ShiftModifier))

    def select_by_polygon(self) -> None:
        """Choose features by a polygon."""
        hint = _("Click the corners of the area; Space clicks at the cross. Enter: done. Backspace: one back.")
        tool = CornersTool(hint, least=3, closed=True)
        tool.drawn.connect(self._select_polygon)
        self.use("select_area", tool)

    @Slot(object)
    def _select_polygon(self, corners: list[World]) -> None:
        self._select_inside(shapely.make_valid(shapely.Polygon(corners)), add=False)

    def _select_inside(self, area: shapely.Geometry, *, add: bool) -> None:
        sidecar, look, view = self.canvas.sidecar, self.canvas.look, self.canvas.view
        if sidecar is None:
            return
        tables = [s.table for s in look.styles.values() if s.is_drawn_at(view.scale)]
        before = self.canvas.selected if add else frozenset[Feature]()

        def work(_control: JobControl) -> list[Feature]:
            return sorted(before | set(picking.inside(sidecar, tables, area)))

        self.work_runner.start(work).succeeded.connect(self._show_found)

    def select_by_attribute(self) -> None:
        """Ask for a condition and choose what fulfils it."""
        dialog = AttributeDialog([table for table in ASSETS if table.geometry], self)
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        table, column, test, wanted = dialog.chosen()

        def work(_control: JobControl) -> list[Feature]:
            rows = self.holder.store.select(table.name, [column.name])
            return [(table.name, uid) for uid in matching(rows, column, test, wanted)]

        self.run(work, self._show_found)

    def select_nothing(self) -> None:
        """Choose nothing."""
        self.canvas.select_features(frozenset())
        self.show_side(None)

    @Slot(object)
    def _show_found(self, found: Sequence[Feature] | None, names: dict[str, str] | None = None) -> None:
        features = list(found or ())
        self.canvas.select_features(frozenset(features))
        self.details.show_features(features, names if names and len(names) == len(features) else None)
        self.show_side(self.details)

    @Slot(str, str)
    def _show_one(self, table: str, uid: str) -> None:
        """Bring the current feature of the list into the view if it is outside."""
        sidecar = self.canvas.sidecar
        found = sidecar.find(table, uid) if sidecar else None
        if found is None:
            return
        columns, number = found
        if number not in columns.visible(self.canvas.view.box()):
            self.canvas.zoom_to_feature(table, uid)

    def check(self) -> None:
        """Check the project and list what is wrong."""
        self.show_side(self.findings)
        self.findings.check()

    @Slot(object)
    def _show_finding(self, finding: Finding) -> None:
        if finding.place is not None:
            self.go_to(*finding.place, _FINDING_SCALE)
        self.canvas.select_features(frozenset({(finding.table, finding.uid)}))

    @Slot(object)
    def _show_live(self, found: Sequence[Finding] | None) -> None:
        """Tell at once what is wrong with what was just edited."""
        if found:
            self.findings.show_findings(found)
            self.show_side(self.findings)
        elif self.side.currentWidget() is self.findings:
            self.show_side(None)

    @Slot(str)
    def _warn(self, text: str) -> None:
        if text:
            self.failed.emit(InputRefused(text))

    def ask_print(self) -> None:
        """Ask how and where to print the map."""
        dialog = PrintDialog(self.name, self)
        if self.canvas.sidecar is None or dialog.exec() != QDialog.DialogCode.Accepted:
            return
        kinds = "PDF (*.pdf);;SVG (*.svg);;PNG (*.png)"
        file, _filter = QFileDialog.getSaveFileName(self, _("Print the map …"), f"{self.name}.pdf", kinds)
        if file:
            title, paper, landscape, scale = dialog.chosen()
            self.print_map(Path(file), title, paper, scale, landscape=landscape)

    def print_map(self, path: Path, title: str, paper: str, scale: int, *, landscape: bool) -> None:
        """Print what the map shows; 0 takes the scale at which the view fits."""
        from fieldsurvey.geo.crs import name_of
        from layers.map_sheet import MapSheet, fitting_scale
        from ui.map.printing import print_map

        view, sidecar, look = self.canvas.view, self.canvas.sidecar, self.canvas.look
        if sidecar is None:
            return
        size = scale or fitting_scale(view.box(), paper, landscape=landscape)
        family = self.canvas.font().family()
        mark = _("Internal use")

        def work(control: JobControl) -> Path:
            line = name_of(self.crs)
            sheet = MapSheet(paper, landscape, size, view.east, view.north, title, line, mark)
            print_map(path, sheet, sidecar, replace(look, font=family), lambda: control.is_cancelled)
            return path

        job = self.work_runner.start(work)
        job.succeeded.connect(self.printed)
        job.failed.connect(self.failed)

    def close(self) -> bool:
        """Let the receiver go and stop the render thread."""
        self.positioning.stop()
        self.swipe.stop()
        self.canvas.close_renderer()
        self.basemaps.close()
        return super().close()

    # --- places --------------------------------------------------------------------------------------------------

    def go_to_coordinate(self) -> None:
        """Ask for a coordinate and show it."""
        if self.crs and (found := GoToDialog.ask(self.crs, self)) is not None:
            self.go_to(found.east, found.north)

    def go_to(self, east: float, north: float, scale: float = _CLOSE_SCALE) -> None:
        """Show a place."""
        self.canvas.show_view(Viewport(east, north, scale * METRES_PER_PIXEL_AT_1, 1, 1))

    def add_bookmark(self) -> None:
        """Ask for a name and keep the view under it."""
        name, is_sure = QInputDialog.getText(self, _("Bookmark"), _("Name of the place"))
        if is_sure and name.strip():
            self.keep_bookmark(name.strip())

    def keep_bookmark(self, name: str) -> None:
        """Keep the view under a name; the same name again moves it."""
        view = self.canvas.view
        kept = [mark for mark in self._bookmarks if mark.name != name]
        self._bookmarks = [*kept, Bookmark(name, view.east, view.north, view.scale)]
        text = history.bookmarks_to_json(self._bookmarks)
        self.run(lambda _control: self.holder.store.set_setting(_BOOKMARKS, text))
        self._show_bookmarks(text)

    @Slot(object)
    def _show_bookmarks(self, text: object) -> None:
        self._bookmarks = history.bookmarks_from_json(str(text or ""))
        actions = self.places.actions()
        for action in actions[actions.index(self._first_bookmark) + 1 :]:
            self.places.removeAction(action)
        for mark in self._bookmarks:
            self.places.addAction(mark.name, partial(self.go_to, mark.east, mark.north, mark.scale))
