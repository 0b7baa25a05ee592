"""What GDAL changes in silence: arcs, kinds of geometry it does not know, odd record numbers, missing extents.

Each check reads the source itself and puts one sentence into the report.
"""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from fieldsurvey.i18n import _
from layers.io.report import FileReport

_ARCS = ("CIRCULARSTRING", "COMPOUNDCURVE", "CURVEPOLYGON", "MULTICURVE", "MULTISURFACE")
_MAX_RECORDS = 5_000_000


def tell_arcs(source: Path, layer: str, report: FileReport) -> None:
    """Tell when a layer holds arcs, which the reader turns into short straight lines of four degrees each."""
    from pyogrio import raw
    from pyogrio.errors import DataLayerError, DataSourceError

    sql = f'SELECT OGR_GEOMETRY FROM "{layer.replace(chr(34), "")}"'
    try:
        data = raw.read(source, sql=sql, sql_dialect="OGRSQL", read_geometry=False)[3]
    except (DataLayerError, DataSourceError, RuntimeError, ValueError):
        return  # the layer itself is read, and refused if need be, by the caller
    kinds = {str(kind).upper() for kind in data[0]} if len(data) else set()
    if any(kind.startswith(_ARCS) for kind in kinds):
        tell_linearised(layer, report)


def check_gpkg(source: Path, report: FileReport) -> None:
    """Tell layers whose extent a GeoPackage does not state although they hold features: its writer did not finish."""
    from pyogrio import raw
    from pyogrio.errors import DataLayerError, DataSourceError

    sql = (
        "SELECT table_name, column_name FROM gpkg_contents JOIN gpkg_geometry_columns USING (table_name) "
        "WHERE data_type = 'features' AND min_x IS NULL"
    )
    try:
        silent = zip(*raw.read(source, sql=sql, read_geometry=False)[3], strict=True)
        counted = [str(name) for name, column in silent if _has_shapes(source, str(name), str(column))]
    except (DataLayerError, DataSourceError, RuntimeError, ValueError, IndexError):
        return  # no GeoPackage: refused by the caller
    if counted:
        text = _("{file} does not state the extent of {names}; it may have been left unfinished by its writer.")
        report.warn("no_extent_stated", text.format(file=report.file.name, names="、".join(counted[:5])))


def count_rows(source: Path, table: str) -> int:
    """Return how many rows a table of a database holds; 0 if they cannot be counted."""
    from pyogrio import raw
    from pyogrio.errors import DataLayerError, DataSourceError

    name = table.replace('"', '""')
    try:
        return int(raw.read(source, sql=f'SELECT count(*) FROM "{name}"', read_geometry=False)[3][0][0])
    except (DataLayerError, DataSourceError, RuntimeError, ValueError, IndexError):
        return 0


def _has_shapes(source: Path, table: str, column: str) -> bool:
    from pyogrio import raw

    name, geometry = (text.replace('"', '""') for text in (table, column))
    sql = f'SELECT count(*) FROM (SELECT 1 FROM "{name}" WHERE "{geometry}" NOT NULL LIMIT 1)'
    return bool(raw.read(source, sql=sql, read_geometry=False)[3][0][0])


def tell_linearised(layer: str, report: FileReport) -> None:
    """Put the sentence on arcs into the report."""
    text = _("Arcs in {name} were turned into short straight lines, at most 4 degrees of arc each.")
    report.warn("curves", text.format(name=layer))


def check_records(shp: Path, dbf: Path | None, shx: Path | None, report: FileReport) -> None:
    """Compare a shapefile's records with their numbers, its index and its attribute table."""
    numbers = _record_numbers(shp)
    count = len(numbers)
    if any(after > before + 1 for before, after in zip([0, *numbers], numbers, strict=False)):
        text = _("The record numbers of {file} leave some out: it was cut out of another file, or records are lost.")
        report.warn("record_numbers", text.format(file=shp.name))
    others = [(dbf, _dbf_count(dbf)), (shx, _shx_count(shx))]
    for part, other in others:
        if part is not None and other is not None and other != count:
            text = _("{file} holds {n} records, {part} {other}; what belongs together is uncertain.")
            report.warn("counts_differ", text.format(file=shp.name, n=count, part=part.name, other=other))


def count_shapes(shp: Path) -> int:
    """Return how many records a .shp holds, as far as they can be followed."""
    return len(_record_numbers(shp))


def _record_numbers(shp: Path) -> list[int]:
    numbers: list[int] = []
    size = shp.stat().st_size
    with shp.open("rb") as source:
        at = 100
        while at + 12 <= size and len(numbers) < _MAX_RECORDS:
            source.seek(at)
            number, words = struct.unpack(">ii", source.read(8))
            if words < 2 or at + 8 + words * 2 > size:
                break
            numbers.append(number)
            at += 8 + words * 2
    return numbers


def _dbf_count(dbf: Path | None) -> int | None:
    if dbf is None or dbf.stat().st_size < 32:
        return None
    with dbf.open("rb") as source:
        return int.from_bytes(source.read(8)[4:], "little")


def _shx_count(shx: Path | None) -> int | None:
    return None if shx is None else max(shx.stat().st_size - 100, 0) // 8


def from_texts(texts: Sequence[Any], layer: str, report: FileReport) -> Any:  # noqa: ANN401 - numpy array
    """Return geometries from WKT; what has no counterpart among points, lines and areas is told and left out."""
    found = np.full(len(texts), None, object)
    lost = 0
    for index, text in enumerate(texts):
        try:
            found[index] = shapely.from_wkt(str(text)) if text else None
        except (shapely.errors.GEOSException, NotImplementedError):
            lost += 1
    _tell_kind(lost, layer, report)
    return found


def tell_unreadable(given: Any, read: Any, layer: str, report: FileReport) -> None:  # noqa: ANN401 - numpy arrays
    """Tell geometries that are there, but of a kind without counterpart, such as surfaces of triangles (TIN)."""
    if given is not None and read is not None:
        lost = sum(blob is not None and shape is None for blob, shape in zip(given, read, strict=True))
        _tell_kind(lost, layer, report)


def _tell_kind(lost: int, layer: str, report: FileReport) -> None:
    if lost:
        told = _("{n} geometries of {name} are of a kind that cannot be read and were left out.")
        report.warn("unreadable_geometry", told.format(n=lost, name=layer))
