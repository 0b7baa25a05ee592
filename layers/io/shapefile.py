"""Shapefiles and dBASE tables, mended in a private copy where GDAL would stop, guess or drop values in silence."""

import shutil
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fieldsurvey.i18n import _
from layers.io import audit, siblings
from layers.io.report import FileReport

_HEAD = 32  # bytes of a dBASE header before its fields, and of each field
_NUMERIC = np.frombuffer(b" 0123456789+-.eE*,\0", np.uint8)
_DELETED = ord("*")
Bytes = npt.NDArray[np.uint8]


def copy(path: Path, folder: Path, report: FileReport) -> Path:
    """Copy the parts into a folder of their own, where GDAL may build a missing index; return the part asked for."""
    for suffix in (".shp", ".shx", ".dbf", ".prj"):
        if (part := siblings.of(path, suffix)) is not None:
            shutil.copyfile(part, folder / f"data{suffix}")
    shp, dbf = folder / "data.shp", folder / "data.dbf"
    _without_broken_index(folder / "data.shx")
    _filled_up(dbf, audit.count_shapes(shp) if shp.exists() else 0)
    if dbf.exists():
        _mend_values(dbf, path.with_suffix(".dbf").name, report)
    return folder / ("data" + path.suffix.lower())


def _without_broken_index(shx: Path) -> None:
    """Remove an index that is cut off or none: it is built anew from the shapes."""
    if not shx.exists():
        return
    with shx.open("rb") as source:
        head = source.read(100)
    stated = struct.unpack(">i", head[24:28])[0] * 2 if len(head) == 100 else 0
    if len(head) < 100 or struct.unpack(">i", head[:4])[0] != 9994 or stated > shx.stat().st_size:
        shx.unlink()


def _filled_up(dbf: Path, shapes: int) -> None:
    """Give a table that was cut off blank records, so that the geometry beside it can be read, and the right number.

    Args:
        dbf: The table, a copy.
        shapes: How many shapes lie beside it: more records than that are not made, whatever the table states.
    """
    if not dbf.exists() or dbf.stat().st_size < _HEAD:
        return
    with dbf.open("r+b") as table:
        records, header, record = struct.unpack("<IHH", table.read(12)[4:])
        size = dbf.stat().st_size
        if size <= header or not record or header + records * record <= size:
            return
        wanted = max(min(records, shapes), (size - header) // record)
        table.seek(4)
        table.write(struct.pack("<I", wanted))
        table.seek(0, 2)
        table.write(b" " * max(header + wanted * record - size, 0))


def _mend_values(dbf: Path, name: str, report: FileReport) -> None:
    """Let columns of numbers and dates that hold something else be read as texts; tell records marked as deleted."""
    data = bytearray(dbf.read_bytes())
    if len(data) < _HEAD:
        return
    records, header, size = struct.unpack("<IHH", data[4:12])
    records = min(records, (len(data) - header) // size if size else 0)
    if records <= 0 or header < _HEAD:
        return
    table = np.frombuffer(bytes(data[header : header + records * size]), np.uint8).reshape(records, size)
    deleted = int((table[:, 0] == _DELETED).sum())
    if deleted:
        text = _("{n} records of {file} are marked as deleted and were left out.")
        report.note("deleted_rows", text.format(n=deleted, file=name))
    at, changed = 1, 0
    for head in range(_HEAD, header - _HEAD, _HEAD):
        kind, width = data[head + 11 : head + 12], data[head + 16]
        if _holds_other(kind, table[:, at : at + width]):
            data[head + 11] = ord("C")
            changed += 1
        at += width
    if changed:
        dbf.write_bytes(bytes(data))
        text = _(
            "{n} columns of {file} are meant for numbers or dates, but hold other values; they were kept as texts."
        )
        report.warn("other_values", text.format(n=changed, file=name))


def _holds_other(kind: bytes | bytearray, cells: Bytes) -> bool:
    """Say whether a column of numbers or dates holds what is neither, nor blank."""
    if kind in (b"N", b"F"):
        return not bool(np.isin(cells, _NUMERIC).all())
    return kind == b"D" and cells.shape[1] == 8 and not bool(_dates(cells).all())


def _dates(cells: Bytes) -> npt.NDArray[np.bool_]:
    """Say of each cell of eight characters whether it is a date, blank or all zeros."""
    none = np.isin(cells, np.frombuffer(b" 0\0*", np.uint8)).all(axis=1)
    digits = (cells >= ord("0")) & (cells <= ord("9"))
    value = cells.astype(np.int64) - ord("0")
    month, day = value[:, 4] * 10 + value[:, 5], value[:, 6] * 10 + value[:, 7]
    year = value[:, :4] @ np.array([1000, 100, 10, 1])
    right = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    return np.asarray(none | (digits.all(axis=1) & right))
