"""Values and geometries as they come, brought into the shape of our columns."""

import re
import unicodedata
from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import shapely

from fieldsurvey.geo import crs
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Column, ColumnType, GeometryType, Value
from layers.io.raw import Geometries
from layers.io.report import FileReport

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
MAX_COORDINATE = 1e9  # m; nothing on Earth is further in any projection in use
_MAX_OVERLAPS = 20_000  # areas compared with one another
_POINT_IDS, _LINE_IDS, _AREA_IDS = {0, 4}, {1, 2, 5}, {3, 6}


def value(raw: object, column: Column, report: FileReport) -> Value:
    """Return a value of the column's type; "1988年", "436户", "１２" and "1,200.5" are numbers, the unreadable is told.

    万元 columns given in 元 cannot be told apart here; the mapping preview shows the first values.
    """
    if raw is None or raw == "":
        return None
    if column.type is ColumnType.INTEGER:
        return _whole(raw, column, report)
    if column.type is ColumnType.REAL:
        number = _number(raw)
        if number is None:
            _tell(raw, column, report)
        return number
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return str(raw)


_NATIVE: dict[ColumnType, type] = {ColumnType.INTEGER: int, ColumnType.REAL: float, ColumnType.TEXT: str}


def values(raw: Sequence[object], column: Column, report: FileReport) -> list[Value]:
    """Return a column of values as value() would one by one; those of the right type are taken as they are."""
    native, found = _NATIVE.get(column.type), set(map(type, raw)) - {type(None)}
    if native is not None and found <= {native}:
        whole = cast("list[Value]", raw)
        return [None if each == "" else each for each in whole] if "" in whole else list(whole)
    if native is str and found == {int}:
        return [None if each is None else str(each) for each in raw]
    return [value(each, column, report) for each in raw]


def _whole(raw: object, column: Column, report: FileReport) -> Value:
    number = _number(raw)
    if number is None:
        _tell(raw, column, report)
        return None
    if isinstance(raw, str) and "年代" in raw:
        report.warn(
            "decade",
            _("{label}: a decade such as {raw} was taken as its first year.").format(label=column.label, raw=raw),
        )
    return round(number)


def _number(raw: object) -> float | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int | float):
        return float(raw)
    text = unicodedata.normalize("NFKC", str(raw)).replace(",", "")
    found = _NUMBER.search(text)
    return float(found[0]) if found else None


def _tell(raw: object, column: Column, report: FileReport) -> None:
    report.warn(
        "not_a_number",
        _("{label}: {raw} is no number and was left empty.").format(label=column.label, raw=str(raw)[:20]),
    )


_KINDS = (GeometryType.POINT, GeometryType.MULTILINESTRING, GeometryType.MULTIPOLYGON)


_SINGLE = {GeometryType.POINT: 0, GeometryType.MULTILINESTRING: 1, GeometryType.MULTIPOLYGON: 3}  # shapely's type ids
_COLLECTION = 7
_MULTI = {GeometryType.POINT: 0, GeometryType.MULTILINESTRING: 5, GeometryType.MULTIPOLYGON: 6}


def kinds(geometries: Geometries) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return for each geometry its place in points, lines, areas; -1 for none and for collections."""
    ids = shapely.get_type_id(geometries)
    found = np.full(len(geometries), -1, np.int64)
    for index, group in enumerate((_POINT_IDS, _LINE_IDS, _AREA_IDS)):
        found[np.isin(ids, list(group))] = index
    found[shapely.is_empty(geometries)] = -1
    return found


def index_of(kind: GeometryType) -> int:
    """Return the place of a kind in points, lines, areas."""
    return _KINDS.index(kind)


def kind_of(geometries: Geometries | None) -> GeometryType | None:
    """Return the kind of geometry that most features of a layer have; None for a table."""
    if geometries is None:
        return None
    counts = np.bincount(kinds(geometries) + 1, minlength=4)[1:]
    return _KINDS[int(counts.argmax())] if counts.any() else None


def finite(geometries: Geometries, report: FileReport) -> Geometries:
    """Return geometries in two dimensions, without those whose coordinates cannot be real; told."""
    flat: Geometries = np.asarray(shapely.force_2d(geometries), object)
    boxes = shapely.bounds(flat)
    present = ~(shapely.is_missing(flat) | shapely.is_empty(flat))
    coordinates, index = shapely.get_coordinates(flat, return_index=True)
    broken = ~np.isfinite(coordinates).all(axis=1) | (np.abs(coordinates) > MAX_COORDINATE).any(axis=1)
    bad = np.zeros(len(flat), bool)
    bad[index[broken]] = True
    bad |= present & ~np.isfinite(boxes).all(axis=1)
    if bad.any():
        report.warn(
            "bad_coordinates", _("{n} features have impossible coordinates and were left out.").format(n=int(bad.sum()))
        )
    missing = int((~present & ~bad).sum())
    if missing:
        report.warn("no_geometry", _("{n} features have no geometry.").format(n=missing))
    kept = flat.copy()
    kept[bad | ~present] = None
    return kept


def reprojected(geometries: Geometries, source: str, target: str, report: FileReport) -> Geometries:
    """Return geometries in the target system; what lies outside its reach is left out, told."""
    if source == target:
        return geometries

    def move(
        xy: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    ) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        return np.column_stack(crs.transform(xy[:, 0], xy[:, 1], source, target, roughly=True))

    muted = FileReport(report.file)
    moved = finite(shapely.transform(geometries, move), muted)
    lost = int((shapely.is_missing(moved) & ~shapely.is_missing(geometries)).sum())
    if lost:
        text = _("{n} features lie where the project's coordinate system does not reach, and were left out.")
        report.warn("outside_crs", text.format(n=lost))
    return moved


def repaired(geometries: Geometries, report: FileReport) -> Geometries:
    """Return areas without self-crossings: repaired keeping their area, told."""
    areas = np.isin(shapely.get_type_id(geometries), list(_AREA_IDS))
    wrong = areas & ~shapely.is_valid(geometries)
    if not wrong.any():
        return geometries
    mended = shapely.make_valid(geometries[wrong], method="structure", keep_collapsed=False)
    flat = shapely.area(mended) == 0
    if flat.any():  # nothing of it would be left: keep it as drawn, somebody meant something by it
        report.warn("no_extent", _("{n} areas have no extent; they were kept as drawn.").format(n=int(flat.sum())))
    if not flat.all():
        report.warn("repaired", _("{n} areas cross themselves and were repaired.").format(n=int((~flat).sum())))
    fixed = geometries.copy()
    fixed[wrong] = np.where(flat, geometries[wrong], mended)
    return fixed


def tell_broken(geometries: Geometries, report: FileReport) -> None:
    """Tell how many areas cross themselves, where a person chose to keep them so."""
    areas = np.isin(shapely.get_type_id(geometries), list(_AREA_IDS))
    wrong = int((areas & ~shapely.is_valid(geometries)).sum())
    if wrong:
        report.warn("not_repaired", _("{n} areas cross themselves and were kept as drawn.").format(n=wrong))


def tell_overlaps(areas: Geometries, label: str, report: FileReport) -> None:
    """Tell how many areas of a layer that must not overlap do, by more than a square metre."""
    present = np.flatnonzero(kinds(areas) == 2)
    shapes = areas[present]
    if not 1 < len(shapes) <= _MAX_OVERLAPS:
        return
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = first < second
    with np.errstate(invalid="ignore"):
        shared = shapely.area(shapely.intersection(shapes[first[once]], shapes[second[once]], grid_size=1e-6))
    n = int((shared > 1.0).sum())
    if n:
        text = _("{layer}: {n} pairs overlap one another; look at them on the map.")
        report.warn("overlap", text.format(layer=label, n=n))


def fitted(geometries: Geometries, wanted: GeometryType, report: FileReport) -> Geometries:
    """Return geometries of one kind as multi; others are left out, told."""
    found = kinds(geometries)
    right = found == index_of(wanted)
    wrong = int((~right & (found >= 0)).sum()) + int((_is_collection(geometries)).sum())
    if wrong:
        report.warn("other_kind", _("{n} features are of another kind of geometry and were left out.").format(n=wrong))
    kept = np.full(len(geometries), None, object)
    kept[right] = geometries[right]
    simple = right & (shapely.get_type_id(kept) == _SINGLE[wanted])
    if wanted is not GeometryType.POINT and simple.any():
        make = shapely.multilinestrings if wanted is GeometryType.MULTILINESTRING else shapely.multipolygons
        kept[simple] = make(kept[simple], indices=np.arange(simple.sum()))
    for index in np.flatnonzero(right & (shapely.get_type_id(kept) != _MULTI[wanted])):
        kept[index] = as_kind(kept[index], wanted)  # rings, and multipoints where one point is wanted
    return kept


def _is_collection(geometries: Geometries) -> npt.NDArray[np.bool_]:
    return np.asarray((shapely.get_type_id(geometries) == _COLLECTION) & ~shapely.is_empty(geometries))


def as_kind(geometry: shapely.Geometry, wanted: GeometryType) -> shapely.Geometry:
    """Return a geometry of the right dimension in the form that the tables hold: point, or multi."""
    if wanted is GeometryType.POINT:
        return geometry if geometry.geom_type == "Point" else geometry.geoms[0]
    parts = [shapely.LineString(geometry)] if geometry.geom_type == "LinearRing" else shapely.get_parts(geometry)
    return shapely.multilinestrings(parts) if wanted is GeometryType.MULTILINESTRING else shapely.multipolygons(parts)


def text_of(values: Sequence[object]) -> str:
    """Return a sample of text, for finding hints in it."""
    return " ".join(str(item) for item in values[:50] if item is not None)
