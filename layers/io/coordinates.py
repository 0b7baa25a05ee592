"""Coordinates in the columns of a table, under whatever name and in whatever notation offices write them."""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import shapely

from fieldsurvey.i18n import _
from layers.io.angles import degrees, number
from layers.io.raw import Geometries, RawLayer
from layers.io.report import FileReport

Floats = npt.NDArray[np.float64]

_WEB = r"(?:gps|wgs84|wgs|gcj02|bd09|cgcs2000|baidu|gaode|amap|高德|百度|腾讯|火星|中心点?|center|centroid|point)*"
_TAIL = r"(?:gps|wgs84|wgs|gcj02|bd09|cgcs2000|deg|dd)?"
_METRES = r"(?:坐标|coord|值|54|80|2000|cgcs2000|m|米)*"
_ROLES = (
    ("both", re.compile(rf".*经纬度.*|{_WEB}(?:(?:位置|地理|空间)?坐标|(?:地理)?位置|定位|coordinates?|location)"
                        r"|lonlat|lnglat|latlon|latlng|gps")),
    ("lon", re.compile(rf"[^纬]*(?:经度|东经)[^纬]*|{_WEB}(?:lon|lng|long|jd|jingdu){_TAIL}|.*longitude{_TAIL}")),
    ("lat", re.compile(rf"[^经]*(?:纬度|北纬)[^经]*|{_WEB}(?:lat|wd|weidu){_TAIL}|.*latitude{_TAIL}")),
    ("north", re.compile(rf"(?:北|纵)(?:坐标)?x?{_METRES}|x?(?:北|纵)坐标{_METRES}|x北{_METRES}|northings?m?")),
    ("east", re.compile(rf"(?:东|横)(?:坐标)?y?{_METRES}|y?(?:东|横)坐标{_METRES}|y东{_METRES}|eastings?m?")),
    ("x", re.compile(rf"{_WEB}(?:坐标|coord)?x{_METRES}")),
    ("y", re.compile(rf"{_WEB}(?:坐标|coord)?y{_METRES}")),
    ("n", re.compile(rf"n{_METRES}")),
    ("e", re.compile(rf"e{_METRES}")),
    ("shape", re.compile(r"wkt|ewkt|wkb|geom|geometry|thegeom|shape|geojson|geo|几何|图形|空间数据")),
)  # fmt: skip
_ANGLES = (("lon", "lat"),)
_GRIDS = (("north", "east"), ("x", "y"), ("n", "e"))
_BRACKETS = re.compile(r"[(（\[【](.*?)[)）\]】]")
_TRADITIONAL = str.maketrans("經緯東標橫縱", "经纬东标横纵")
_BLANKS = re.compile(r"[\s_/\-·:.]")
_END = re.compile(r"(起点|起始点?|始点|起|终点|终止点?|止点|终|start|end)[_\s]*", re.IGNORECASE)
_STARTS = frozenset({"起点", "起始", "起始点", "始点", "起", "start"})
_HEX = re.compile(r"(?:\\x|0x)?((?:[0-9A-Fa-f]{2}){9,})")
_SRID = re.compile(r"^SRID=(\d+);", re.IGNORECASE)
_SHAPE = re.compile(
    r"(?:SRID=\d+;)?\s*(?:MULTI)?(?:POINT|LINESTRING|POLYGON)\s*(?:ZM?|M)?\s*\(|\s*\{\s*\"(?:type|coordinates)\"",
    re.IGNORECASE,
)
_PAIR = re.compile(r"[,，;；\s]+")
_NAMED_PAIR = re.compile(r"x\s*[=:：]\s*([\d.]+)\s*m?[,，;；\s]+y\s*[=:：]\s*([\d.]+)", re.IGNORECASE)


def place(layer: RawLayer, report: FileReport) -> RawLayer:
    """Return a table with points, or geometries from texts, where columns hold them; those columns are taken out."""
    if (column := _shapes(layer)) is not None:
        texts = layer.fields.pop(column)
        layer.geometries, layer.crs = _from_texts(texts, report), layer.crs or _stated(texts)
        return layer
    if _of_three(layer, report) or _of_ends(layer):
        return layer
    roles = _roles(layer)
    for one, other in _pairs(roles, _ANGLES):
        if _placed(layer, _degrees(layer.fields[one]), _degrees(layer.fields[other]), (one, other), report):
            return layer
    for one, other in _pairs(roles, _GRIDS):
        if _on_a_grid(layer, one, other, report):
            return layer
    if "both" in roles:
        _from_pairs(layer, roles["both"], report)
    return layer


def role(name: str) -> str:
    """Return what a column holds by its name: lon, lat, north, east, x, y, n, e, both, shape; nothing for any other.

    >>> role("经度（°）"), role("POINT_X"), role("纵坐标X(米)"), role("X(经度)"), role("建筑面积")
    ('lon', 'x', 'north', 'lon', '')
    """
    plain = unicodedata.normalize("NFKC", name).lower().translate(_TRADITIONAL)
    inside = "".join(_BRACKETS.findall(plain))
    if "经度" in inside or "纬度" in inside:
        return "lon" if "经度" in inside else "lat"
    bare = _BLANKS.sub("", _BRACKETS.sub("", plain))
    return next((found for found, pattern in _ROLES if pattern.fullmatch(bare)), "")


def _roles(layer: RawLayer) -> dict[str, str]:
    """Return role -> column; the first column of a role counts."""
    found: dict[str, str] = {}
    for name in layer.fields:
        if what := role(name):
            found.setdefault(what, name)
    return found


def _pairs(roles: dict[str, str], kinds: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for one, other in kinds:
        if one in roles and other in roles:
            yield roles[one], roles[other]


# --- geometries as texts ---------------------------------------------------------------------------------------------


def _shapes(layer: RawLayer) -> str | None:
    """Return the column of texts of geometry: by its name, or by what stands in it."""
    for name, values in layer.fields.items():
        first = next((str(value) for value in values if value is not None), "")
        if _SHAPE.match(first) or (role(name) == "shape" and _HEX.fullmatch(first.strip())):
            return name
    return next((name for name in layer.fields if role(name) == "shape" and _has_texts(layer.fields[name])), None)


def _has_texts(values: Sequence[object]) -> bool:
    return any(isinstance(value, str) and "(" in value for value in values)


def _geometry(text: str) -> shapely.Geometry:
    """Return a geometry from WKT, with PostGIS's SRID before it or not, from WKB in hexadecimal digits, or GeoJSON."""
    if found := _HEX.fullmatch(text):
        return shapely.from_wkb(found[1])
    if text.startswith("{"):
        value = json.loads(text)
        return shapely.from_geojson(json.dumps(value.get("geometry", value)))
    return shapely.from_wkt(_SRID.sub("", text))


def _stated(texts: Sequence[object]) -> str:
    """Return the system that PostGIS's SRID states, the same for all; empty if there is none."""
    codes = {found[1] for text in texts if text and (found := _SRID.match(str(text).strip()))}
    return f"EPSG:{codes.pop()}" if len(codes) == 1 and codes != {"0"} else ""


def _from_texts(texts: Sequence[object], report: FileReport) -> Geometries:
    found = np.full(len(texts), None, object)
    for index, text in enumerate(texts):
        try:
            found[index] = _geometry(str(text).strip()) if text else None
        except (shapely.errors.GEOSException, NotImplementedError, ValueError, AttributeError, RecursionError):
            report.warn("unreadable_geometry", _("A geometry could not be read: {text} …").format(text=str(text)[:40]))
    return found


# --- points ----------------------------------------------------------------------------------------------------------


def _of_ends(layer: RawLayer) -> bool:
    """Make lines of rows that give longitude and latitude of both their ends; False if they do not."""
    ends: dict[str, str] = {}
    for name in layer.fields:
        if (found := _END.match(name)) and (what := role(name[found.end() :])) in {"lon", "lat"}:
            ends.setdefault(f"{'s' if found[1].lower() in _STARTS else 'e'}_{what}", name)
    if set(ends) != {"s_lon", "s_lat", "e_lon", "e_lat"}:
        return False
    x1, y1, x2, y2 = (_degrees(layer.fields.pop(ends[key])) for key in ("s_lon", "s_lat", "e_lon", "e_lat"))
    good = np.isfinite(np.array([x1, y1, x2, y2])).all(axis=0)
    places = np.stack([np.stack([x1, x2], axis=1), np.stack([y1, y2], axis=1)], axis=2)
    layer.geometries = np.full(len(x1), None, object)
    layer.geometries[good] = shapely.linestrings(places[good])
    layer.said = " ".join(ends.values())
    return True


def _of_three(layer: RawLayer, report: FileReport) -> bool:
    """Place rows whose degrees, minutes and seconds stand in a column each; False if they do not."""
    columns: list[list[str]] = []
    for axis in "经纬":
        found = [[name for name in layer.fields if _part(name) == axis + part] for part in "度分秒"]
        if not found[0] or not found[1]:
            return False
        columns.append([names[0] for names in found if names])
    angles = []
    for names in columns:
        parts = [_numbers([0 if value is None and at else value for value in layer.fields[name]])
                 for at, name in enumerate(names)]  # fmt: skip
        angles.append(sum(part / 60**power for power, part in enumerate(parts)))
    used = (*columns[0], *columns[1])
    return _placed(layer, np.asarray(angles[0], float), np.asarray(angles[1], float), used, report)


def _part(name: str) -> str:
    """Return axis and part of a column that holds one part of an angle.

    >>> _part("经度(分)"), _part("东经秒"), _part("纬度"), _part("住户分布")
    ('经分', '经秒', '纬度', '')
    """
    plain = _BLANKS.sub("", re.sub(r"[()（）\[\]【】°′″'\"]", "", unicodedata.normalize("NFKC", name)))
    found = re.fullmatch(r"[^经纬]*([经纬])[^经纬]*?(度|分|秒)", plain)
    return "" if found is None else found[1] + found[2]


def _on_a_grid(layer: RawLayer, north: str, east: str, report: FileReport) -> bool:
    """Place rows by X and Y: X is the northing where surveyors wrote them, and the easting where programs did."""
    x, y = _numbers(layer.fields[north]), _numbers(layer.fields[east])
    named = role(north) in {"north", "n"}
    turned = named or is_north_first(x, y)
    if turned:
        x, y = y, x
    if not np.isfinite(x).any() and role(north) == "x":  # degrees under the names x and y
        x, y, turned = _degrees(layer.fields[north]), _degrees(layer.fields[east]), False
    if not _placed(layer, x, y, (north, east), report):
        return False
    if turned and not named:
        text = _("Column {x} holds northings and {y} eastings, as surveyors write them; they were read so.")
        report.warn("x_is_north", text.format(x=north, y=east))
    return True


def is_north_first(x: Floats, y: Floats) -> bool:
    """Say whether the first column is the northing: seven digits of 2-6 million beside a six or eight digit easting."""
    x, y = x[np.isfinite(x)], y[np.isfinite(y)]
    if not x.size or not y.size:
        return False
    north, east = float(np.median(x)), float(np.median(y))
    return 1.5e6 < north < 6.5e6 and (1e5 < east < 1e6 or 1.3e7 < east < 4.6e7)


def _from_pairs(layer: RawLayer, column: str, report: FileReport) -> None:
    """Place rows by one column that holds both numbers; which comes first is found by locating."""
    pairs = [_pair(str(value)) if value is not None else ("", "") for value in layer.fields[column]]
    x, y = _degrees([pair[0] for pair in pairs]), _degrees([pair[1] for pair in pairs])
    if np.isfinite(x).sum() * 2 < len(x):
        return
    if is_north_first(x, y):
        x, y = y, x
    _placed(layer, x, y, (column,), report)


def _pair(text: str) -> tuple[str, str]:
    if named := _NAMED_PAIR.search(text):
        return (named[1], named[2])
    parts = _PAIR.split(text.strip(" ()（）[]"))
    if len(parts) in {3, 4} and np.isfinite(_numbers(parts)).all() and "." in parts[0]:
        parts = parts[:2]  # with height and accuracy, as ODK writes a place
    return (parts[0], parts[1]) if len(parts) == 2 else ("", "")


def _placed(layer: RawLayer, x: Floats, y: Floats, used: tuple[str, ...], report: FileReport) -> bool:
    """Give the rows their points and take out the columns; False if no row has one."""
    good = np.isfinite(x) & np.isfinite(y)
    if not good.any():
        return False
    geometries = np.full(len(x), None, object)
    geometries[good] = shapely.points(x[good], y[good])
    layer.geometries = geometries
    if not good.all():
        rows = "、".join(str(row) for row in np.flatnonzero(~good)[:5] + 1)
        text = _("{n} rows have no readable position: {rows}.")
        report.warn("no_position", text.format(n=int((~good).sum()), rows=rows))
    for name in used:
        layer.fields.pop(name)
    layer.said = " ".join(used)
    return True


def _degrees(values: Sequence[object]) -> Floats:
    return np.array([degrees(str(value)) if value is not None else np.nan for value in values], float)


def _numbers(values: Sequence[object]) -> Floats:
    return np.array([number(value) for value in values], float)
