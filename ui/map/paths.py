"""Painter paths from arrays, without Python per vertex.

A QPainterPath is read from the byte stream Qt itself would write: element
type, x, y, big endian. Chunks stay small because filling time grows faster
than the number of polygons in one path (measured), and because the painter
calls fillPath and strokePath release the interpreter lock only while they run.
"""

from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QByteArray, QDataStream
from PySide6.QtGui import QPainterPath

from layers.raw_types import Floats, Ints

_ELEMENT = np.dtype([("type", ">i4"), ("x", ">f8"), ("y", ">f8")])
_MOVE, _LINE = 0, 1


def paths(points: Floats, counts: Ints, owners: Ints, chunk: int) -> Iterator[QPainterPath]:
    """Yield paths of about `chunk` features each.

    Args:
        points: Pixels, shape (n, 2).
        counts: Vertices per ring, summing to n.
        owners: Feature of each ring, ascending; the rings of one feature stay in one path, so holes stay holes.
        chunk: Features per path.
    """
    if not len(counts):
        return
    ends = np.cumsum(counts)
    starts = ends - counts
    elements = np.empty(len(points), _ELEMENT)
    elements["type"] = _LINE
    elements["type"][starts] = _MOVE
    elements["x"], elements["y"] = points[:, 0], points[:, 1]
    groups = (owners - owners[0]) // chunk
    cuts = np.flatnonzero(np.diff(groups)) + 1
    for first, last in zip([0, *cuts.tolist()], [*cuts.tolist(), len(counts)], strict=True):
        a, b = int(starts[first]), int(ends[last - 1])
        yield _path(elements[a:b].tobytes(), b - a, int(starts[last - 1]) - a)


def _path(body: bytes, size: int, last_start: int) -> QPainterPath:
    data = size.to_bytes(4, "big") + body + last_start.to_bytes(4, "big") + (0).to_bytes(4, "big")
    stream = QDataStream(QByteArray(data))  # this form copies; with an open mode it points at the temporary
    path = QPainterPath()
    stream >> path
    return path
