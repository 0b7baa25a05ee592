"""Which reference system the coordinates of a layer are in, and the evidence for it."""

import re

import numpy as np
import shapely

from fieldsurvey.geo import crs as crs_
from fieldsurvey.geo.local_grids import way_from
from fieldsurvey.i18n import _
from layers.io import clean
from layers.io.raw import RawLayer
from layers.io.report import FileReport

Box = tuple[float, float, float, float]

_DATUM_WORDS = (
    ("gcj02", crs_.GCJ02),
    ("gcj-02", crs_.GCJ02),
    ("火星", crs_.GCJ02),
    ("腾讯", crs_.GCJ02),
    ("baidu", crs_.BD09),
    ("高德", crs_.GCJ02),
    ("bd09", crs_.BD09),
    ("bd-09", crs_.BD09),
    ("百度", crs_.BD09),
)
_TRUE = re.compile(r"wgs|cgcs|gps|2000|天地图")
_OLD = (  # what names say of the datum; CGCS2000 grid -> that of the datum (domain page 5.1)
    (re.compile(r"(?:西安|xian|xi'an|\bx)[_\- ]?(?:19)?80|80西安|\b[xy]80\b"),
     {"EPSG:4547": "EPSG:2383", "EPSG:4526": "EPSG:2362", "EPSG:4548": "EPSG:2384", "EPSG:4527": "EPSG:2363"}),
    (re.compile(r"(?:北京|beijing|bj)[_\- ]?(?:19)?54|54北京|\b[xy]54\b"),
     {"EPSG:4547": "EPSG:2435", "EPSG:4526": "EPSG:2414", "EPSG:4548": "EPSG:2436", "EPSG:4527": "EPSG:2415"}),
)  # fmt: skip
_CHINA = (73.0, 3.0, 136.0, 54.0)  # degrees: west, south, east, north
_MOST_DEGREES = 360.0
_ZONE = 1_000_000  # m that a zone number counts in an easting
_SHIFTED = frozenset({crs_.GCJ02, crs_.BD09})
_NORTH = (1.5e6, 6.5e6)  # m; northings of the Gauss-Krueger grids within China


def locate(raw: RawLayer, stated: str | None, report: FileReport) -> str:
    """Return the reference system of a layer, and write into the report how it was found; empty: unknown.

    Axes that are plainly the wrong way round are put right, told.
    """
    if raw.geometries is None or not len(raw.geometries) or not _has_coordinates(raw.geometries):
        return ""
    named = stated or (raw.crs if raw.crs and crs_.has_place(raw.crs) else "")
    if not stated and _are_no_degrees(raw, named):
        named = ""
    _put_axes_right(raw, named, report)
    _put_zone_right(raw, named, report)
    if stated:
        report.crs, report.crs_how = stated, _("as you said")
        _warn_of_old_datum(stated, report)
        return stated
    if raw.crs and not crs_.has_place(raw.crs):
        told = _(
            "The coordinate system in {name} is damaged or tied to no place; the coordinates were looked at instead."
        )
        report.warn("crs_unusable", told.format(name=raw.name))
    elif raw.crs and not _contradicted(raw, report):
        return _stated(raw, report)
    return _guessed(raw, report)


def _has_coordinates(geometries: object) -> bool:
    return not bool((shapely.is_missing(geometries) | shapely.is_empty(geometries)).all())


def _guessed(raw: RawLayer, report: FileReport) -> str:
    found = _of_old_datum(crs_.guess(bounds(raw)), raw, report)
    if raw.drawn and (not found.code or found.code == crs_.CGCS2000):
        report.crs, report.crs_how = "", _("a drawing in coordinates of its own")
        text = _("The drawing is in coordinates of its own, which were kept. State one (--crs) to place it on the map.")
        report.note("crs_of_its_own", text)
        return ""
    report.crs, report.crs_how = found.code, found.how
    hint = _datum_hint(raw, report) if found.code and crs_.is_geographic(found.code) else ""
    if hint:
        return _shifted(hint, report)
    if found.code:
        text = _(
            "No coordinate system is stated; {name} was assumed because {how}. State another (--crs) if that is wrong."
        )
        report.warn("crs_guessed", text.format(name=crs_.name_of(found.code), how=found.how))
        _warn_of_old_datum(found.code, report)
    else:
        text = _("No coordinate system is stated and {how}; the coordinates were kept as they are. State it (--crs).")
        report.warn("crs_unknown", text.format(how=found.how))
    return found.code


def _of_old_datum(found: crs_.Guess, raw: RawLayer, report: FileReport) -> crs_.Guess:
    """Return the guess in the old national datum that the names say, if they do: the numbers alone do not tell it."""
    words = f"{report.file.stem} {raw.name} {raw.said}".lower()
    for pattern, codes in _OLD:
        if found.code in codes and pattern.search(words):
            return crs_.Guess(codes[found.code], _("the file name or its contents say so"), sure=False)
    return found


def _stated(raw: RawLayer, report: FileReport) -> str:
    code = crs_.short_code(raw.crs)
    hint = _datum_hint(raw, report) if crs_.is_geographic(code) else ""
    if hint:
        return _shifted(hint, report)
    report.crs, report.crs_how = code, _("stated by the file")
    if crs_.is_web_mercator(code):
        text = _("The file is in Web Mercator, a system for web pages: lengths and areas in it are too large.")
        report.note("web_mercator", text)
    _warn_of_old_datum(code, report)
    return code


def _shifted(hint: str, report: FileReport) -> str:
    report.crs, report.crs_how = hint, _("the file name or its contents say so")
    text = _(
        "It says {hint}, a shifted web map system; corrected to about a metre. State another (--crs) if that is wrong."
    )
    report.warn("shifted_datum", text.format(hint=hint))
    return hint


def _contradicted(raw: RawLayer, report: FileReport) -> bool:
    """Say whether the numbers cannot be in the system that the file states: metres called degrees, or the reverse."""
    geographic = crs_.is_geographic(crs_.short_code(raw.crs))
    wrong = _are_no_degrees(raw, raw.crs) or (not geographic and _within(bounds(raw), _CHINA))
    if wrong:
        text = _("The file states {name}, but its coordinates cannot be in it; they were looked at instead.")
        report.warn("crs_contradicted", text.format(name=crs_.name_of(crs_.short_code(raw.crs))))
    return bool(wrong)


def _are_no_degrees(raw: RawLayer, code: str) -> bool:
    """Say whether a file states degrees and its numbers are metres, whichever they are."""
    largest = max(map(abs, bounds(raw)))
    return bool(code and np.isfinite(largest) and largest > _MOST_DEGREES and crs_.is_geographic(crs_.short_code(code)))


def _put_zone_right(raw: RawLayer, code: str, report: FileReport) -> None:
    """Add the zone number to the eastings of a system that has it, or take it off where the system has none; told."""
    zones = crs_.zone_numbers(code) if code and not code.startswith("LOCAL:") and code not in _SHIFTED else ()
    low, _south, high, _north = bounds(raw)
    if not zones or not np.isfinite(low + high):
        return
    found = int(low // _ZONE)
    if crs_.has_zone(code) and _ZONE / 10 < low <= high < _ZONE:
        shift = zones[0] * _ZONE
        text = _("The eastings lack the zone number {zone} that {name} has; it was added.")
    elif not crs_.has_zone(code) and found in zones and found == int(high // _ZONE):
        shift = -found * _ZONE
        text = _("The eastings begin with the zone number {zone}, which {name} has not; it was taken off.")
    else:
        return
    raw.geometries = shapely.transform(raw.geometries, lambda xy: xy + np.array([shift, 0.0]))
    report.warn("zone_number", text.format(zone=abs(shift) // _ZONE, name=crs_.name_of(crs_.short_code(code))))


def _put_axes_right(raw: RawLayer, code: str, report: FileReport) -> None:
    """Swap x and y where the numbers leave no doubt: 30, 115 for Huangshi, or northing before easting."""
    box = bounds(raw)
    turned = (box[1], box[0], box[3], box[2])
    geographic = bool(code) and crs_.is_geographic(code)
    degrees = (not code or geographic) and _within(turned, _CHINA) and not _within(box, _CHINA)
    metres = not geographic and _north_first(box)
    if degrees or metres:
        raw.geometries = shapely.transform(raw.geometries, lambda xy: xy[:, ::-1])
        text = _("The coordinates give north before east; they were swapped.")
        report.warn("axes_swapped", text)


def _within(box: Box, other: Box) -> bool:
    return other[0] <= box[0] <= box[2] <= other[2] and other[1] <= box[1] <= box[3] <= other[3]


def _north_first(box: Box) -> bool:
    """Say whether the first number is a northing within China and the second an easting of six or eight digits."""
    first = _NORTH[0] < box[0] <= box[2] < _NORTH[1]
    second = 1e5 < box[1] <= box[3] < 1e6 or 1.3e7 < box[1] <= box[3] < 4.6e7
    return first and second


def _warn_of_old_datum(code: str, report: FileReport) -> None:
    if not (old := crs_.old_datum(code)):
        return
    if (own := way_from(code)) is not None:
        text = _("{old} was converted with the parameters {name} of this computer, accurate to {rms:.3f} m.")
        report.note("old_datum_converted", text.format(old=old, name=own.name, rms=own.rms))
    else:
        text = _(
            "{old} has no exact way to CGCS2000; positions may be off by tens of metres. Ask for local parameters."
        )
        report.warn("old_datum", text.format(old=old))


def _datum_hint(raw: RawLayer, report: FileReport) -> str:
    """Return the shifted system that names and values speak of; what the columns of the coordinates say comes first."""
    if hint := _shifted_by(raw.said):
        return hint
    if _TRUE.search(raw.said.lower()):
        return ""  # beside other columns that hold the same place in a shifted system
    words = [report.file.stem, raw.name]
    words += [clean.text_of([name, *values[:20]]) for name, values in raw.fields.items()]
    return _shifted_by(" ".join(words))


def _shifted_by(text: str) -> str:
    return next((name for word, name in _DATUM_WORDS if word in text.lower()), "")


def bounds(raw: RawLayer) -> Box:
    """Return minx, miny, maxx, maxy of a layer without its outermost hundredth: one stray point decides nothing."""
    boxes = shapely.bounds(raw.geometries)
    boxes = boxes[(np.abs(boxes) <= clean.MAX_COORDINATE).all(axis=1)]  # others are left out; NaN is no number
    if not len(boxes):
        return (np.inf, np.inf, -np.inf, -np.inf)
    low, high = np.percentile(boxes[:, :2], 1, axis=0), np.percentile(boxes[:, 2:], 99, axis=0)
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
