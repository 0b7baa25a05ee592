"""Boundary points of parcels as land offices exchange them (勘测定界界址点坐标交换格式): blocks in brackets.

[属性描述] states the system, the width of its zones and the zone number;
[地块坐标] holds parcels: a line that ends with @ (number of points, area, number,
name, kind, sheet, use, class), then one line for each point: its name, the
number of its ring, X (north) and Y (east).
"""

import re
from collections import defaultdict

import numpy as np
import shapely

from fieldsurvey.i18n import _
from layers.io.angles import number
from layers.io.raw import RawLayer
from layers.io.report import FileReport

_BLOCK = re.compile(r"\[地块坐标\]\s*\n(.*)", re.DOTALL)
_FIELDS = ("界址点数", "地块面积", "地块编号", "地块名称", "图形属性", "图幅号", "地块用途", "地类编码")
_SYSTEMS = (  # word -> width of the zones -> EPSG code of zone 0, if there were one; all with the zone number
    ("2000", {"3": 4488, "6": 4478}),
    ("80", {"3": 2324, "6": 2314}),
    ("54", {"3": 2376, "6": 21400}),
)
Ring = list[tuple[float, float]]


def is_parcels(text: str) -> bool:
    """Say whether a text is in this format."""
    return _BLOCK.search(text) is not None


def read(text: str, name: str, report: FileReport) -> RawLayer:
    """Return the parcels of a text as areas, with what their first lines say; a parcel without three points is told."""
    block = _BLOCK.search(text)
    rows: list[list[str]] = []
    rings: list[defaultdict[str, Ring]] = []
    for line in block[1].splitlines() if block else []:
        cells = [cell.strip() for cell in line.split(",")]
        if cells[-1] == "@":
            rows.append(cells[:-1])
            rings.append(defaultdict(list))
        elif rings and len(cells) >= 4:
            rings[-1][cells[1]].append((number(cells[3]), number(cells[2])))
    shapes = np.full(len(rows), None, object)
    shapes[:] = [_area(list(each.values())) for each in rings]
    if lost := int(shapely.is_missing(shapes).sum()):
        report.warn("unreadable_geometry", _("{n} parcels have fewer than three points.").format(n=lost))
    fields: dict[str, list[object]] = {
        label: [row[at] if at < len(row) and row[at] else None for row in rows] for at, label in enumerate(_FIELDS)
    }
    filled = {label: values for label, values in fields.items() if any(value is not None for value in values)}
    return RawLayer(name, filled, shapes, _system(text))


def _area(rings: list[Ring]) -> shapely.Geometry | None:
    """Return the rings as an area: the first one and those apart from it fill, those within it are holes."""
    filled: shapely.Geometry = shapely.Polygon()
    for ring in rings:
        if len(set(ring)) > 2:
            filled = shapely.symmetric_difference(filled, shapely.make_valid(shapely.Polygon(ring)))
    return None if filled.is_empty else filled


def _system(text: str) -> str:
    """Return the system that the head of the text states; empty if it does not."""
    stated = dict(re.findall(r"(?m)^(坐标系|几度分带|带号)\s*=\s*(.*?)\s*$", text))
    zone = stated.get("带号", "")
    for word, zones in _SYSTEMS:
        if word in stated.get("坐标系", "") and re.fullmatch(r"\d\d", zone):
            first = zones.get(stated.get("几度分带", "")[:1])
            return f"EPSG:{first + int(zone)}" if first else ""
    return ""
