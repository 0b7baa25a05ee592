"""Values between the log and typed columns of PostgreSQL, without loss.

The log holds any JSON value; a column of PostgreSQL holds one type. What does
not fit its column, or would not come back as it was, is kept beside it in
`_raw`. What a value looks like is what SQLite makes of it under the type
affinity of the column (sqlite.org/datatype3.html), so that both engines show
the same rows.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import shapely

from fieldsurvey.model.revision import unwrap, wrap
from fieldsurvey.model.schema import ColumnType, GeometryType, Table, Value

_INTEGER = re.compile(r"\s*[+-]?\d{1,18}\s*")
_REAL = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
_TEXTS = {ColumnType.TEXT, ColumnType.JSON}
_DATES = {ColumnType.DATE, ColumnType.DATETIME}
_BASE_NAMES = {
    GeometryType.POINT: "Point",
    GeometryType.MULTILINESTRING: "MultiLineString",
    GeometryType.MULTIPOLYGON: "MultiPolygon",
}


def as_shown(kind: ColumnType, value: Value) -> Value:
    """Return a value as a column of that type shows it in a GeoPackage.

    >>> as_shown(ColumnType.INTEGER, "7"), as_shown(ColumnType.REAL, 7), as_shown(ColumnType.TEXT, 7)
    (7, 7.0, '7')
    """
    if isinstance(value, bool):
        value = int(value)
    if value is None or isinstance(value, bytes):
        return value
    if kind in _TEXTS:
        return str(value)
    return _as_number(kind, value)


def _as_number(kind: ColumnType, value: str | float) -> Value:
    number: Value = value
    if isinstance(value, str):
        if _INTEGER.fullmatch(value):
            number = int(value)
        elif _REAL.fullmatch(value):
            number = float(value)
        else:
            return value
    if kind is ColumnType.REAL and isinstance(number, int):
        return float(number)
    if kind is not ColumnType.REAL and isinstance(number, float) and number.is_integer() and abs(number) < 1 << 51:
        return int(number)
    return number


def fits(kind: ColumnType, shown: Value) -> bool:
    """Say whether a shown value can stand in the typed column and come back as it was."""
    if shown is None:
        return True
    if kind in _TEXTS:
        return isinstance(shown, str)
    if kind is ColumnType.INTEGER:
        return isinstance(shown, int) and -(1 << 63) <= shown < 1 << 63
    if kind is ColumnType.REAL:
        return isinstance(shown, float) and math.isfinite(shown)
    return kind is ColumnType.DATE and isinstance(shown, str) and _is_date(shown)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _moment(text: str) -> str | None:
    """Return a moment for a timestamptz column, if the text is one with a time zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.isoformat() if moment.tzinfo else None


def split(table: Table, values: Mapping[str, Value], srs: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what goes into typed columns (as jsonb_populate_record takes it) and what into `_raw`.

    Raises:
        ValueError: If a geometry cannot be read.
    """
    types = {column.name: column.type for column in table.columns}
    typed: dict[str, Any] = {}
    raw: dict[str, Any] = {}
    for name, value in values.items():
        if name == "geom" and table.geometry:
            typed[name] = _ewkb(table.geometry, value, srs)
            if typed[name] is None and value is not None:
                raw[name] = wrap(value)
        elif name in types:
            _split_one(types[name], name, value, typed, raw)
    return typed, raw


def _split_one(kind: ColumnType, name: str, value: Value, typed: dict[str, Any], raw: dict[str, Any]) -> None:
    shown = as_shown(kind, value)
    if fits(kind, shown):
        typed[name] = shown
        return
    typed[name] = _moment(shown) if kind is ColumnType.DATETIME and isinstance(shown, str) else None
    raw[name] = wrap(shown)


def _ewkb(kind: GeometryType, value: Value, srs: int) -> str | None:
    """Return a geometry for PostGIS; None if it is none or of another kind than the column."""
    if not isinstance(value, bytes):
        return None
    try:
        geometry = shapely.from_wkb(value)
    except shapely.errors.GEOSException as error:
        raise ValueError(str(error)) from error
    if geometry.geom_type != _BASE_NAMES[kind] or geometry.has_z:
        return None
    return str(shapely.to_wkb(shapely.set_srid(geometry, srs), hex=True, byte_order=1, include_srid=True))


def joined(names: Sequence[str], row: Sequence[Any]) -> dict[str, Value]:
    """Return a row as a GeoPackage shows it, from uid, _rev, _raw and the named columns."""
    uid, _rev, raw = row[:3]
    values = {name: _read(value) for name, value in zip(names, row[3:], strict=True)}
    values |= {name: unwrap(value) for name, value in _loaded(raw).items() if name in values}
    return {"uid": uid, **values}


def _loaded(raw: Any) -> dict[str, Any]:  # noqa: ANN401 - jsonb as the driver gives it
    found: dict[str, Any] = json.loads(raw) if isinstance(raw, str) else (raw or {})
    return found


def _read(value: Any) -> Value:  # noqa: ANN401 - any column
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    found: Value = value
    return found
