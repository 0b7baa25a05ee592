"""Coordinates in the columns of a table, in whatever notation offices write them."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from fieldsurvey.i18n import _
from layers.io.raw import Geometries, RawLayer
from layers.io.report import FileReport

Floats = npt.NDArray[np.float64]

_LONGITUDE = ("经度", "lon", "lng", "longitude", "long", "东经", "经度lng")
_LATITUDE = ("纬度", "lat", "latitude", "北纬", "纬度lat")
_NORTH_X = ("x", "x坐标", "北坐标", "纵坐标", "northing", "北", "坐标x", "xcoord")
_EAST_Y = ("y", "y坐标", "东坐标", "横坐标", "easting", "东", "坐标y", "ycoord")
_BOTH = ("坐标", "经纬度", "位置坐标", "coordinates", "coordinate", "lonlat", "lnglat", "latlon", "latlng")
_WKT = ("wkt", "ewkt", "wkb", "geom", "geometry", "thegeom", "shape")
_UNITS = re.compile(r"[(（\[【].*?[)）\]】]|[\s_]")
_ANGLE = re.compile(
    r"^([NSEW北南东西])?(?:经|纬)?([-+]?\d+(?:\.\d+)?)(?:[°度d:\- ]+(\d+(?:\.\d+)?)(?:[′'’分m:\- ]+(\d+(?:\.\d+)?))?)?"
    r"[°度d′'’分m″\"”秒s\- ]*([NSEW北南东西])?(?:经|纬)?$"
)
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){9,}")
_SRID = re.compile(r"^SRID=(\d+);", re.IGNORECASE)
_PAIR = re.compile(r"[,，;；\s]+")
_NEGATIVE = {"S", "W", "南", "西"}


def place(layer: RawLayer, report: FileReport) -> RawLayer:
    """Return a table with points, or geometries from WKT, where columns hold them; those columns are taken out."""
    by_name = {_plain(name): name for name in reversed(layer.fields)}
    if (wkt := _first(by_name, _WKT)) is not None:
        texts = layer.fields.pop(wkt)
        layer.geometries, layer.crs = _from_wkt(texts, report), layer.crs or _stated(texts)
        return layer
    lon, lat = _first(by_name, _LONGITUDE), _first(by_name, _LATITUDE)
    if lon and lat:
        return _placed(layer, _degrees(layer.fields[lon]), _degrees(layer.fields[lat]), (lon, lat), report)
    north, east = _first(by_name, _NORTH_X), _first(by_name, _EAST_Y)
    if north and east:
        return _on_a_grid(layer, north, east, report)
    both = _first(by_name, _BOTH)
    return layer if both is None else _from_pairs(layer, both, report)


def _plain(name: str) -> str:
    return _UNITS.sub("", unicodedata.normalize("NFKC", name)).lower()


def _first(by_name: dict[str, str], names: Sequence[str]) -> str | None:
    return next((by_name[name] for name in names if name in by_name), None)


def _geometry(text: str) -> shapely.Geometry:
    """Return a geometry from WKT, with PostGIS's SRID before it or not, or from WKB in hexadecimal digits."""
    if _HEX.fullmatch(text):
        return shapely.from_wkb(text)
    return shapely.from_wkt(_SRID.sub("", text))


def _stated(texts: Sequence[object]) -> str:
    """Return the system that PostGIS's SRID states, the same for all; empty if there is none."""
    codes = {found[1] for text in texts if text and (found := _SRID.match(str(text).strip()))}
    return f"EPSG:{codes.pop()}" if len(codes) == 1 and codes != {"0"} else ""


def _from_wkt(texts: Sequence[object], report: FileReport) -> Geometries:
    found = np.full(len(texts), None, object)
    for index, text in enumerate(texts):
        try:
            found[index] = _geometry(str(text).strip()) if text else None
        except (shapely.errors.GEOSException, NotImplementedError):
            report.warn("unreadable_geometry", _("A geometry could not be read: {text} …").format(text=str(text)[:40]))
    return found


def _on_a_grid(layer: RawLayer, north: str, east: str, report: FileReport) -> RawLayer:
    """Place rows by X and Y: X is the northing where surveyors wrote them, and the easting where programs did."""
    x, y = _numbers(layer.fields[north]), _numbers(layer.fields[east])
    named = any(word in north + east for word in ("北", "东", "纵", "横", "orthing"))
    if named or _is_north_first(x, y):
        if not named:
            text = _("Column {x} holds northings and {y} eastings, as surveyors write them; they were read so.")
            report.warn("x_is_north", text.format(x=north, y=east))
        x, y = y, x
    return _placed(layer, x, y, (north, east), report)


def _is_north_first(x: Floats, y: Floats) -> bool:
    """Say whether the first column is the northing: seven digits of 2-6 million beside a six or eight digit easting."""
    x, y = x[np.isfinite(x)], y[np.isfinite(y)]
    if not x.size or not y.size:
        return False
    north, east = float(np.median(x)), float(np.median(y))
    return 1.5e6 < north < 6.5e6 and (1e5 < east < 1e6 or 1.3e7 < east < 4.6e7)


def _from_pairs(layer: RawLayer, column: str, report: FileReport) -> RawLayer:
    """Place rows by one column that holds both numbers; which comes first is found by locating."""
    pairs = [_PAIR.split(str(value).strip(" ()（）[]")) if value is not None else [] for value in layer.fields[column]]
    good = [pair if len(pair) == 2 else ["", ""] for pair in pairs]
    x, y = _degrees([pair[0] for pair in good]), _degrees([pair[1] for pair in good])
    if np.isfinite(x).sum() * 2 < len(x):
        return layer
    if _is_north_first(x, y):
        x, y = y, x
    return _placed(layer, x, y, (column,), report)


def _placed(layer: RawLayer, x: Floats, y: Floats, used: tuple[str, ...], report: FileReport) -> RawLayer:
    good = np.isfinite(x) & np.isfinite(y)
    if not good.any():
        return layer
    geometries = np.full(len(x), None, object)
    geometries[good] = shapely.points(x[good], y[good])
    layer.geometries = geometries
    if not good.all():
        rows = "、".join(str(row) for row in np.flatnonzero(~good)[:5] + 1)
        text = _("{n} rows have no readable position: {rows}.")
        report.warn("no_position", text.format(n=int((~good).sum()), rows=rows))
    for name in used:
        layer.fields.pop(name)
    return layer


def degrees(text: str) -> float:
    """Return an angle in degrees from decimal degrees or degrees-minutes-seconds; NaN if it is neither.

    >>> round(degrees("114°53′47.824″"), 6), degrees("30.5"), degrees("no")
    (114.896618, 30.5, nan)
    >>> degrees("东经114度30分"), degrees("S30-30-0"), degrees("114°75′")
    (114.5, -30.5, nan)
    """
    plain = unicodedata.normalize("NFKC", text.replace("″", '"').replace("′", "'")).strip().replace("''", '"')
    try:
        return float(plain)
    except ValueError:
        pass
    if re.fullmatch(r"[-+]?\d+,\d+", plain):  # a decimal comma
        return float(plain.replace(",", "."))
    match = _ANGLE.match(plain)
    if match is None:
        return float("nan")
    whole, minutes, seconds = (float(match[i] or 0) for i in (2, 3, 4))
    if minutes >= 60 or seconds >= 60:
        return float("nan")
    sign = -1 if match[2].startswith("-") or match[1] in _NEGATIVE or match[5] in _NEGATIVE else 1
    return sign * (abs(whole) + minutes / 60 + seconds / 3600)


def _degrees(values: Sequence[object]) -> Floats:
    return np.array([degrees(str(value)) if value is not None else np.nan for value in values], float)


def _numbers(values: Sequence[object]) -> Floats:
    return np.array([number(value) for value in values], float)


def number(value: object) -> float:
    """Return a cell as a number; NaN if it is none."""
    try:
        return float(str(value).replace(",", "")) if value is not None else float("nan")
    except ValueError:
        return float("nan")
