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


def paths(points: Floats | Ints, counts: Ints, groups: Ints) -> Iterator[QPainterPath]:
    """Yield one path for each run of rings of one group.

    Args:
        points: Pixels or millimetres, shape (n, 2).
        counts: Vertices per ring, summing to n.
        groups: Group of each ring; the rings of one feature belong to one, so that holes stay holes.
    """
    if not len(counts):
        return
    ends = np.cumsum(counts)
    starts = ends - counts
    elements = np.empty(len(points), _ELEMENT)
    elements["type"] = _LINE
    elements["type"][starts] = _MOVE
    elements["x"], elements["y"] = points[:, 0], points[:, 1]
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
