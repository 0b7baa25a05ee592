"""GeoPackage geometry blobs, and the SQL functions that R-tree triggers call.

Source: OGC 12-128r17 (GeoPackage 1.3), clause 2.1.3 (blob header) and annex
F.3 (R-tree). The header's envelope makes most look-ups a struct read; only a
blob without one is parsed.
"""

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
import shapely

Bounds = tuple[float, float, float, float]  # minx, maxx, miny, maxy: the order of the blob envelope

_ENVELOPE_DOUBLES = {0: 0, 1: 4, 2: 6, 3: 6, 4: 8}
_EMPTY = 0x10
_POINT_TYPE = 0  # shapely's type id
_HEADER = struct.Struct("<2sBBi")
HEAD = 40  # bytes: header and xy envelope; a whole point is shorter
_BOX, _PLACE, _POINT_BYTES = struct.Struct("<4d"), struct.Struct("<2d"), 29
_POINT_HEADER = 0b001  # little endian, no envelope: a point is its own box
_BOX_HEADER = 0b011  # little endian, xy envelope


def pack(wkb: bytes, srs_id: int) -> bytes:
    """Return the GeoPackage blob of a 2D WKB geometry, with an xy envelope unless it is a point.

    Raises:
        ValueError: If the bytes are no geometry.
    """
    try:
        geometry = shapely.from_wkb(wkb)
    except shapely.errors.GEOSException as error:
        raise ValueError(str(error)) from error
    if geometry.is_empty:
        return _HEADER.pack(b"GP", 0, _POINT_HEADER | _EMPTY, srs_id) + wkb
    if geometry.geom_type == "Point":
        return _HEADER.pack(b"GP", 0, _POINT_HEADER, srs_id) + wkb
    min_x, min_y, max_x, max_y = geometry.bounds
    return _HEADER.pack(b"GP", 0, _BOX_HEADER, srs_id) + struct.pack("<4d", min_x, max_x, min_y, max_y) + wkb


def pack_many(wkbs: Sequence[bytes], srs_id: int) -> list[bytes]:
    """Return the blobs of many 2D WKB geometries, as pack() would one by one, in a tenth of the time."""
    geometries = shapely.from_wkb(np.array(wkbs, object))
    empty = shapely.is_empty(geometries)
    points = (shapely.get_type_id(geometries) == _POINT_TYPE) & ~empty
    point = _HEADER.pack(b"GP", 0, _POINT_HEADER, srs_id)
    if points.all():
        return [point + wkb for wkb in wkbs]
    plain = points | empty
    boxes = shapely.bounds(geometries)[:, [0, 2, 1, 3]]
    head = _HEADER.pack(b"GP", 0, _BOX_HEADER, srs_id)
    envelopes = np.ascontiguousarray(boxes, "<f8").tobytes()
    return [
        pack(wkb, srs_id) if is_plain else b"".join((head, envelopes[at * 32 : at * 32 + 32], wkb))
        for at, (wkb, is_plain) in enumerate(zip(wkbs, plain.tolist(), strict=True))
    ]


def unpack(blob: bytes) -> bytes:
    """Return the WKB inside a GeoPackage blob.

    Raises:
        ValueError: If the bytes are no GeoPackage geometry.
    """
    if len(blob) < 9 or blob[:2] != b"GP":
        raise ValueError("not a GeoPackage geometry")
    return bytes(blob[8 + 8 * _ENVELOPE_DOUBLES[(blob[3] >> 1) & 7] :])


@lru_cache(maxsize=64)  # a trigger asks five times about one geometry
def bounds(blob: bytes) -> Bounds | None:
    """Return minx, maxx, miny, maxy of a blob; None if it is empty or no geometry."""
    if len(blob) < 9 or blob[:2] != b"GP" or blob[3] & _EMPTY:
        return None
    doubles = _ENVELOPE_DOUBLES.get((blob[3] >> 1) & 7)
    if doubles is None:
        return None
    if doubles:
        box = struct.unpack_from(("<" if blob[3] & 1 else ">") + "4d", blob, 8)
        return (box[0], box[1], box[2], box[3])
    geometry = shapely.from_wkb(blob[8:], on_invalid="ignore")
    if geometry is None or geometry.is_empty:
        return None
    min_x, min_y, max_x, max_y = geometry.bounds
    return (min_x, max_x, min_y, max_y)


def head_bounds(blob: bytes) -> Bounds | None:
    """Return what bounds() does, from the first HEAD bytes of a blob that pack() made; None for an empty one."""
    if blob[3] & _EMPTY:
        return None
    if blob[3] == _BOX_HEADER:
        return _BOX.unpack_from(blob, 8)
    if len(blob) == _POINT_BYTES and blob[8] == 1:
        x, y = _PLACE.unpack_from(blob, 13)
        return (x, x, y, y)
    return bounds(blob)


class _Connection(Protocol):
    def create_function(self, name: str, narg: int, func: Callable[..., object], *, deterministic: bool) -> None: ...


def register_functions(connection: _Connection) -> None:
    """Give a SQLite connection the ST_ functions without which every insert into a feature table fails."""
    connection.create_function("ST_IsEmpty", 1, _is_empty, deterministic=True)
    for index, name in enumerate(("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY")):
        connection.create_function(name, 1, _bound(index), deterministic=True)


def _is_empty(blob: bytes | None) -> int | None:
    return None if blob is None else int(bounds(blob) is None)


def _bound(index: int) -> Callable[[bytes | None], float | None]:
    def bound(blob: bytes | None) -> float | None:
        box = None if blob is None else bounds(blob)
        return None if box is None else box[index]

    return bound
