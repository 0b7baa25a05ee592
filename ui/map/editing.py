"""Editing on the map: tools draw, the store keeps, history and undo come with it, checks follow at once."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import shapely
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QInputDialog

from fieldsurvey.errors import FieldSurveyError, InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.assets import ASSET_BY_NAME, ASSETS
from fieldsurvey.model.schema import GeometryType, Value
from fieldsurvey.positioning.averaging import Average
from fieldsurvey.store.positions import Measured, keep
from layers import edits, live
from layers.picking import geometry_of
from ui.map.tool import World
from ui.map.tool_change import MoveTool, ShapeTool, VertexTool
from ui.map.tool_draw import DrawTool
from ui.map.toolbar import Entry
from ui.map.tools import CornersTool

if TYPE_CHECKING:
    from layers.sidecar import Sidecar
    from ui.map.workspace import MapWorkspace

_LEAST = {GeometryType.POINT: 1, GeometryType.MULTILINESTRING: 2, GeometryType.MULTIPOLYGON: 3}
_MOST_MEASURED = 500
Feature = tuple[str, str]


class MapEditing(QObject):
    """Makes and changes features.

    Signals:
        saved: (uids) records were written.
        checked: (findings) what is wrong with them.
    """

    saved = Signal(object)
    checked = Signal(object)

    def __init__(self, workspace: "MapWorkspace") -> None:
        super().__init__(workspace)
        self._workspace, self._canvas = workspace, workspace.canvas
        self.table = "building"
        self._measured: list[Measured] = []  # places that a receiver gave to what is being drawn

    def entries(self) -> list[Entry]:
        """Return what the menu of editing offers."""
        return [
            Entry("draw", _("Draw …"), "D", self.choose_and_draw, tool=True),
            Entry("vertices", _("Vertices"), "V", self.edit_vertices, tool=True),
            Entry("move", _("Move"), "M", partial(self.move, turn=False), tool=True),
            Entry("turn", _("Turn"), "R", partial(self.move, turn=True), tool=True),
            Entry("split", _("Split by a line"), "X", partial(self.cut, self._split), tool=True),
            Entry("reshape", _("Reshape by a line"), "H", partial(self.cut, self._reshape), tool=True),
            Entry("merge", _("Merge the selected"), "J", self.merge_selected),
            Entry("offset", _("Offset …"), "K", self.offset_selected),
            Entry("delete", _("Delete the selected"), "Del", self.delete_selected),
            Entry("undo", _("Undo"), "Ctrl+Z", self.undo),
            Entry("redo", _("Redo"), "Ctrl+Y", self.redo),
        ]

    # --- new features --------------------------------------------------------------------------------------------

    def choose_and_draw(self) -> None:
        """Ask for the layer and draw into it."""
        tables = [table for table in ASSETS if table.geometry]
        labels = [table.label for table in tables]
        now = labels.index(ASSET_BY_NAME[self.table].label)
        label, is_sure = QInputDialog.getItem(self._workspace, _("Draw …"), _("Layer"), labels, now, editable=False)
        if is_sure:
            self.draw(tables[labels.index(label)].name)

    def draw(self, table: str) -> None:
        """Draw features of a layer until the person leaves."""
        self.table = table
        kind = ASSET_BY_NAME[table].geometry
        if kind is None:
            return
        tool = DrawTool(
            self._scene, least=_LEAST[kind], closed=kind is GeometryType.MULTIPOLYGON, what=ASSET_BY_NAME[table].label
        )
        tool.drawn.connect(self._create)
        self._workspace.use("draw", tool)

    def _scene(self) -> "tuple[Sidecar | None, tuple[str, ...]]":
        look, view = self._canvas.look, self._canvas.view
        return self._canvas.sidecar, tuple(s.table for s in look.styles.values() if s.is_drawn_at(view.scale))

    @Slot(object)
    def _create(self, corners: list[World]) -> None:
        table = ASSET_BY_NAME[self.table]
        if table.geometry is None:
            return
        try:
            geometry = edits.from_corners(corners, table.geometry)
        except FieldSurveyError as error:
            self._workspace.failed.emit(error)
            return
        self.create(table.name, geometry)

    def create(self, table: str, geometry: shapely.Geometry) -> None:
        """Make a feature; it belongs to the community and building it lies in."""
        spot = shapely.point_on_surface(geometry)
        owners = {h.table: h.uid for h in reversed(self._canvas.hits_at((spot.x, spot.y), ("community", "building")))}
        columns = {column.name for column in ASSET_BY_NAME[table].columns}
        values: dict[str, Value] = {"geom": bytes(shapely.to_wkb(geometry))}
        for owner in ("community", "building"):
            if f"{owner}_uid" in columns and owner in owners:
                values[f"{owner}_uid"] = owners[owner]

        measured, self._measured = self._measured, []

        def work(_control: JobControl) -> list[Feature]:
            store = self._workspace.holder.store
            with store.transaction():
                uid = store.create_record(table, values)
                keep(store, table, uid, geometry, measured)
            return [(table, uid)]

        self._write(work)

    def note_fix(self, place: World, found: Average) -> None:
        """Remember how a place was measured until the feature it becomes a part of is made."""
        self._measured = [*self._measured[-_MOST_MEASURED:], (place, found)]

    # --- the selected feature ------------------------------------------------------------------------------------

    def _selected(self) -> list[tuple[str, str, shapely.Geometry]]:
        sidecar = self._canvas.sidecar
        found = []
        for table, uid in sorted(self._canvas.selected):
            located = sidecar.find(table, uid) if sidecar else None
            if located is not None:
                found.append((table, uid, geometry_of(*located)))
        return found

    def _one(self) -> tuple[str, str, shapely.Geometry] | None:
        found = self._selected()
        if len(found) == 1:
            return found[0]
        self._workspace.failed.emit(InputRefused(_("Select one feature first (Identify, I), then edit it.")))
        return None

    def edit_vertices(self) -> None:
        """Change the vertices of the selected feature."""
        if (one := self._one()) is not None:
            self._shape("vertices", one, VertexTool(self._scene, one[1], one[2]))

    def move(self, *, turn: bool) -> None:
        """Move or turn the selected feature."""
        if (one := self._one()) is not None:
            self._shape("turn" if turn else "move", one, MoveTool(self._scene, one[1], one[2], turn=turn))

    def _shape(self, name: str, one: tuple[str, str, shapely.Geometry], tool: ShapeTool) -> None:
        tool.reshaped.connect(partial(self.save_geometry, one[0], one[1]))
        tool.refused.connect(self._tell)
        self._workspace.use(name, tool)

    @Slot(str)
    def _tell(self, text: str) -> None:
        self._workspace.failed.emit(InputRefused(text))

    def save_geometry(self, table: str, uid: str, geometry: shapely.Geometry) -> None:
        """Keep the changed geometry of a feature."""
        wkb = bytes(shapely.to_wkb(geometry))

        def work(_control: JobControl) -> list[Feature]:
            self._workspace.holder.store.save(uid, {"geom": wkb})
            return [(table, uid)]

        self._write(work)

    def cut(self, then: Callable[[str, str, shapely.Geometry, list[World]], None]) -> None:
        """Let the person draw a line over the selected feature."""
        if (one := self._one()) is None:
            return
        name = "split" if then == self._split else "reshape"
        tool = DrawTool(self._scene, least=2, closed=False, what=_("Line across the feature"))
        tool.drawn.connect(partial(self._cut_drawn, one, then, tool))
        self._workspace.use(name, tool)

    def _cut_drawn(
        self,
        one: tuple[str, str, shapely.Geometry],
        then: Callable[[str, str, shapely.Geometry, list[World]], None],
        tool: CornersTool,
        corners: list[World],
    ) -> None:
        try:
            then(*one, corners)
        except FieldSurveyError as error:
            self._workspace.failed.emit(error)
            return
        tool.finished.emit()

    def _split(self, table: str, uid: str, geometry: shapely.Geometry, line: list[World]) -> None:
        parts = [bytes(shapely.to_wkb(part)) for part in edits.split(geometry, line)]
        self._write(partial(self._keep_parts, table, uid, parts))

    def _keep_parts(self, table: str, uid: str, parts: Sequence[bytes], _control: JobControl) -> list[Feature]:
        """Let the largest part stay the record it was; the others are new ones with its values."""
        store = self._workspace.holder.store
        row = store.get(uid)
        if row is None:
            raise InputRefused(_("This feature is gone. Somebody deleted it."))
        values = {name: value for name, value in row.values.items() if name != "geom" and value is not None}
        with store.transaction():
            store.save(uid, {"geom": parts[0]})
            new = [store.create_record(table, {**values, "geom": part}) for part in parts[1:]]
        return [(table, each) for each in (uid, *new)]

    def _reshape(self, table: str, uid: str, geometry: shapely.Geometry, line: list[World]) -> None:
        self.save_geometry(table, uid, edits.reshape(geometry, line))

    def merge_selected(self) -> None:
        """Make one of the selected features of one layer; the largest stays, the others go."""
        found = sorted(self._selected(), key=lambda one: -(one[2].area or one[2].length))
        if len(found) < 2 or len({table for table, _uid, _g in found}) > 1:
            self._tell(_("Select two or more features of one layer first."))
            return
        try:
            whole = bytes(shapely.to_wkb(edits.merge([geometry for _t, _u, geometry in found])))
        except FieldSurveyError as error:
            self._workspace.failed.emit(error)
            return
        table, kept = found[0][:2]

        def work(_control: JobControl) -> list[Feature]:
            store = self._workspace.holder.store
            with store.transaction():
                store.save(kept, {"geom": whole})
                for _table, uid, _geometry in found[1:]:
                    store.delete(uid)
            return [(table, kept)]

        self._write(work)

    def offset_selected(self) -> None:
        """Ask for a distance and draw a new feature beside the selected line, or grow the area."""
        if (one := self._one()) is None:
            return
        distance, is_sure = QInputDialog.getDouble(
            self._workspace, _("Offset …"), _("Distance, m (left or outward: +)"), 1.0, -500, 500, 2
        )
        if is_sure:
            self.offset(*one, distance)

    def offset(self, table: str, uid: str, geometry: shapely.Geometry, distance: float) -> None:
        """Make a line beside a line, or change an area by a distance in m."""
        try:
            made = edits.offset(geometry, distance)
        except FieldSurveyError as error:
            self._workspace.failed.emit(error)
            return
        if ASSET_BY_NAME[table].geometry is GeometryType.MULTILINESTRING:
            self.create(table, made)
        else:
            self.save_geometry(table, uid, made)

    def delete_selected(self) -> None:
        """Delete the selected features in one step; undo brings them back."""
        uids = [uid for _table, uid in sorted(self._canvas.selected)]

        def work(_control: JobControl) -> list[Feature]:
            store = self._workspace.holder.store
            with store.transaction():
                for uid in uids:
                    store.delete(uid)
            return []

        if uids:
            self._write(work)

    # --- history -------------------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Take back the last own step, whether it was drawn or typed."""
        self._write(partial(self._step_back, redo=False))

    def redo(self) -> None:
        """Do again what was taken back."""
        self._write(partial(self._step_back, redo=True))

    def _step_back(self, _control: JobControl, *, redo: bool) -> list[Feature]:
        store = self._workspace.holder.store
        uids = store.redo() if redo else store.undo()
        rows = [row for uid in uids if (row := store.get(uid)) is not None]
        return [(row.table, row.uid) for row in rows if row.table in ASSET_BY_NAME]

    def _write(self, work: Callable[[JobControl], list[Feature]]) -> None:
        self._workspace.run(work, self._written)

    @Slot(object)
    def _written(self, features: list[Feature] | None) -> None:
        """Select what was written, and look at it at once."""
        found = list(features or ())
        self._canvas.select_features(frozenset(found))
        uids = [uid for _table, uid in found]
        self.saved.emit(uids)
        self._workspace.run(lambda _control: live.check_around(self._workspace.holder.store, uids), self.checked.emit)
