"""Units that a heading or a cell states: 万㎡ and 亩 beside ㎡, 元 beside 万元. A column of ours holds one."""

import re
import unicodedata
from collections.abc import Sequence

from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Column, ColumnType, Value
from layers.io.report import FileReport

# Unit of a column -> unit as written -> how much of the former it is. Keys as NFKC makes them: ㎡ is m2.
_AREA = {
    "m2": 1.0, "平方米": 1.0, "平米": 1.0, "万m2": 1e4, "万平方米": 1e4, "万平米": 1e4, "万平": 1e4, "亩": 2000 / 3,
    "公顷": 1e4, "ha": 1e4, "hm2": 1e4, "km2": 1e6, "平方公里": 1e6,
}  # fmt: skip
_MONEY = {"万元": 1.0, "万": 1.0, "元": 1e-4, "千元": 0.1, "百万元": 100.0, "亿元": 1e4, "亿": 1e4}
_LENGTH = {"m": 1.0, "米": 1.0, "mm": 1e-3, "毫米": 1e-3, "cm": 1e-2, "厘米": 1e-2, "km": 1e3, "公里": 1e3, "千米": 1e3}
_SCALES = {
    "㎡": _AREA,
    "万元": _MONEY,
    "m": _LENGTH,
    "mm": {unit: factor * 1000 for unit, factor in _LENGTH.items()},
}
_STATED = re.compile(r"[(\[【](?:单位)?[:：]?\s*([^()\[\]【】]+?)\s*[)\]】]|[/、]\s*(\S+)$")
_BEHIND = re.compile(r"^[^\d]*[-+]?\d[\d,.]*\s*([^\d\s,.;，。；]+2?)\s*$")


def converted(
    values: Sequence[Value], given: Sequence[object], head: str, column: Column, report: FileReport
) -> list[Value]:
    """Return the values of a column in its unit; what its heading or a cell states otherwise is converted, told.

    Args:
        values: As read, numbers.
        given: The cells they were read from.
        head: Heading in the file.
        column: The column they go to.
        report: Takes what was converted.
    """
    scale = _SCALES.get(column.unit)
    if scale is None or column.type is ColumnType.TEXT:
        return list(values)
    usual = _unit(_STATED.search(_plain(head)), scale)
    found: list[Value] = []
    units: set[str] = set()
    for value, cell in zip(values, given, strict=True):
        unit = (_unit(_BEHIND.match(_plain(cell)), scale) if isinstance(cell, str) else "") or usual
        factor = scale.get(unit, 1.0)
        if factor != 1.0 and isinstance(value, int | float):
            units.add(unit)
            value *= factor  # noqa: PLW2901
        found.append(round(value) if column.type is ColumnType.INTEGER and isinstance(value, float) else value)
    if units:
        text = _("{label}: values given in {units} were converted to {unit}.")
        report.note("unit", text.format(label=column.label, units="、".join(sorted(units)), unit=column.unit))
    return found


def _unit(match: re.Match[str] | None, scale: dict[str, float]) -> str:
    """Return the unit that was found, if the scale knows it."""
    if match is None:
        return ""
    unit = next(group for group in match.groups() if group is not None)
    return unit if unit in scale else ""


def _plain(text: object) -> str:
    return unicodedata.normalize("NFKC", str(text)).strip().lower()
