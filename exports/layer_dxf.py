"""Layers as one DXF drawing: a CAD layer for each, in the colours of CJJ 61, points as blocks with attributes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import shapely

from fieldsurvey.model.schema import Table, Value

_METRES = 6  # $INSUNITS
_TEXT = 1.25  # m; 2.5 mm at 1:500
_MARK = 0.5  # m; radius of the circle that marks a point
# RGB of the pipe classes, CJJ 61-2017 (domain page 5.6).
_COLOURS = {
    "water_line": (0, 255, 255), "drain_line": (76, 57, 38), "gas_line": (255, 0, 255), "power_line": (255, 0, 0),
}  # fmt: skip
_SHOWN = ("name", "unit", "source_id")  # the column that names a feature in the drawing


class Drawing:
    """A drawing that takes one layer after another; coordinates are written as given, in metres."""

    def __init__(self) -> None:
        from ezdxf.filemanagement import new

        self._drawing = new("R2010", units=_METRES)
        self._space = self._drawing.modelspace()

    def add(
        self, table: Table, rows: Sequence[dict[str, Value]], geometries: Sequence[shapely.Geometry | None]
    ) -> None:
        """Draw the features of a layer."""
        from ezdxf.colors import rgb2int

        layer = self._drawing.layers.add(table.zh)
        if table.name in _COLOURS:
            layer.dxf.true_color = rgb2int(_COLOURS[table.name])
        block = self._block(table)
        for row, geometry in zip(rows, geometries, strict=True):
            if geometry is None or geometry.is_empty:
                continue
            for part in shapely.get_parts(geometry):
                self._draw(part, table, row, block)

    def _block(self, table: Table) -> str:
        name = f"FS_{table.name}"
        block = self._drawing.blocks.new(name)
        block.add_circle((0, 0), _MARK)
        return name

    def _draw(self, part: shapely.Geometry, table: Table, row: dict[str, Value], block: str) -> None:
        look = {"layer": table.zh}
        if part.geom_type == "Point":
            insert = self._space.add_blockref(block, (part.x, part.y), dxfattribs=look)
            for column in table.columns:
                value = row.get(column.name)
                if value is not None and not column.name.endswith("_uid"):
                    attribute = insert.add_attrib(column.zh, str(value), (part.x, part.y), {"height": _TEXT, **look})
                    attribute.is_invisible = True
            return
        rings: list[Any] = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        for ring in rings:
            points = list(ring.coords)[:-1] if part.geom_type == "Polygon" else list(ring.coords)
            self._space.add_lwpolyline(
                [(x, y) for x, y, *_z in points], close=part.geom_type == "Polygon", dxfattribs=look
            )
        label = next((str(row[name]) for name in _SHOWN if row.get(name) is not None), "")
        if label and part.geom_type == "Polygon":
            place = shapely.point_on_surface(part)
            text = self._space.add_text(label, height=_TEXT, dxfattribs=look)
            text.set_placement((place.x, place.y))

    def save(self, path: Path) -> None:
        """Write the drawing."""
        self._drawing.saveas(path)
