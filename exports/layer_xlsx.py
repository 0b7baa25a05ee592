"""Layers as one workbook: a sheet for each, labels in the head, places in columns."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import shapely

from fieldsurvey.errors import UsageError
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import GeometryType, Table, Value

_MAX_ROWS = 1_048_575  # below the head, Excel's own limit
_MAX_TEXT = 32_767
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))
_CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32)])


class Workbook:
    """A workbook that takes one layer after another. Text stays text, whatever it begins with."""

    def __init__(self, *, geographic: bool) -> None:
        import openpyxl

        self._book = openpyxl.Workbook(write_only=True)
        self._axes = ("经度", "纬度") if geographic else ("东坐标(Y)", "北坐标(X)")

    def add(
        self, table: Table, rows: Sequence[dict[str, Value]], geometries: Sequence[shapely.Geometry | None]
    ) -> None:
        """Write the rows of a layer.

        Raises:
            UsageError: If they are more than a sheet holds.
        """
        if len(rows) > _MAX_ROWS:
            text = _("{layer} has {n} rows, more than a worksheet holds. Export it as GeoPackage.")
            raise UsageError(text.format(layer=table.label, n=len(rows)))
        sheet = self._book.create_sheet(table.zh.translate(_FORBIDDEN)[:31])
        sheet.freeze_panes = "A2"
        place = self._axes if table.geometry is GeometryType.POINT else ("WKT",)
        heads = ["uid", *[f"{column.zh}({column.unit})" if column.unit else column.zh for column in table.columns]]
        sheet.append([self._cell(sheet, head) for head in [*heads, *place]])
        for row, geometry in zip(rows, geometries, strict=True):
            values: list[object] = [row.get("uid"), *[row.get(column.name) for column in table.columns]]
            values += _place(geometry, table)
            sheet.append([self._cell(sheet, value) for value in values])

    def _cell(self, sheet: Any, value: object) -> Any:  # noqa: ANN401 - openpyxl has no type information
        from openpyxl.cell import WriteOnlyCell

        if not isinstance(value, str):
            return value
        cell = WriteOnlyCell(sheet, value.translate(_CONTROL)[:_MAX_TEXT])
        cell.data_type = "s"  # never a formula: names may begin with = or @
        return cell

    def save(self, path: Path) -> None:
        """Write the workbook."""
        self._book.save(path)


def _place(geometry: shapely.Geometry | None, table: Table) -> list[object]:
    if table.geometry is GeometryType.POINT:
        return [None, None] if geometry is None or geometry.is_empty else [geometry.x, geometry.y]
    if geometry is None:
        return [None]
    text = shapely.to_wkt(geometry, rounding_precision=3)
    return [text if len(text) <= _MAX_TEXT else None]
