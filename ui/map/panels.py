"""The panels beside the map, each made when it is first wanted."""

from typing import TYPE_CHECKING

import shapely
from PySide6.QtCore import QObject, Slot

from fieldsurvey.model.assets import ASSET_BY_NAME
from fieldsurvey.model.schema import GeometryType
from fieldsurvey.positioning.averaging import Average, gate_from_json, gate_to_json
from ui.map.tools import CornersTool

if TYPE_CHECKING:
    from ui.map.basemap_panel import BasemapPanel
    from ui.map.compare_panel import ComparePanel
    from ui.map.grids_panel import GridsPanel
    from ui.map.style_panel import StylePanel
    from ui.map.workspace import MapWorkspace
    from ui.positioning.panel import PositionPanel

_GATE = "gnss_gate"  # setting of the project: how good a place must be


class MapPanels(QObject):
    """Makes and shows panels of a map."""

    def __init__(self, workspace: "MapWorkspace") -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self._styles: StylePanel | None = None
        self._basemaps: BasemapPanel | None = None
        self._compare: ComparePanel | None = None
        self._grids: GridsPanel | None = None
        self._receiver: PositionPanel | None = None

    def show_styles(self) -> None:
        """Show the editor of styles."""
        if self._styles is None:
            from ui.map.style_panel import StylePanel

            self._styles = StylePanel(self._workspace.canvas, self._workspace.styling)
            self._styles.failed.connect(self._workspace.failed)
        self._workspace.show_side(self._styles)

    def show_basemaps(self) -> None:
        """Show the list of base maps."""
        if self._basemaps is None:
            from ui.map.basemap_panel import BasemapPanel

            self._basemaps = BasemapPanel(self._workspace.basemaps)
        self._workspace.show_side(self._basemaps)

    def show_compare(self) -> None:
        """Show what the map can be compared with."""
        if self._compare is None:
            from ui.map.compare_panel import ComparePanel

            self._compare = ComparePanel(self._workspace, self._workspace.swipe)
            self._compare.failed.connect(self._workspace.failed)
        self._compare.read()
        self._workspace.show_side(self._compare)

    def show_grids(self) -> None:
        """Show the local grids of this person."""
        if self._grids is None:
            from ui.map.grids_panel import GridsPanel

            self._grids = GridsPanel()
            self._grids.failed.connect(self._workspace.failed)
            self._grids.changed.connect(self._workspace.readout.refresh)
        self._grids.read()
        self._workspace.show_side(self._grids)

    # --- the receiver --------------------------------------------------------------------------------------------

    def show_receiver(self) -> None:
        """Show the receiver of this laptop."""
        if self._receiver is None:
            from ui.positioning.panel import PositionPanel

            workspace = self._workspace
            self._receiver = PositionPanel(workspace.canvas, workspace.positioning, workspace.work_runner)
            self._receiver.point_wanted.connect(self._point_from_receiver)
            self._receiver.gate_changed.connect(self._keep_gate)
        self._workspace.show_side(self._receiver)

    @Slot(float, float, object)
    def _point_from_receiver(self, east: float, north: float, found: Average) -> None:
        """Use the mean: as a corner of what is being drawn, else as a point of the layer drawn last."""
        workspace, editing = self._workspace, self._workspace.editing
        tool = workspace.canvas.tool
        is_point = ASSET_BY_NAME[editing.table].geometry is GeometryType.POINT
        if isinstance(tool, CornersTool):
            editing.note_fix((east, north), found)
            tool.add((east, north))
        elif is_point:
            editing.note_fix((east, north), found)
            editing.create(editing.table, shapely.Point(east, north))
        else:
            workspace.go_to(east, north)

    def read_gate(self) -> None:
        """Read how good a place must be in the open project."""
        workspace = self._workspace
        workspace.run(lambda _control: workspace.holder.store.setting(_GATE), self._was_read)

    @Slot(object)
    def _was_read(self, text: object) -> None:
        self._workspace.positioning.gate = gate_from_json(str(text or ""))
        if self._receiver is not None:
            self._receiver.show_gate()

    @Slot()
    def _keep_gate(self) -> None:
        text = gate_to_json(self._workspace.positioning.gate)
        self._workspace.run(lambda _control: self._workspace.holder.store.set_setting(_GATE, text))
