"""Wide lines as straight pieces.

Qt outlines a path wider than a pixel and fills that outline; straight pieces
with square ends it draws directly, in a tenth of the time. Their ends cover
the joints as long as the line is only a few pixels wide.
"""

from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QLineF

from layers.raw_types import Floats, Ints

WIDEST = 3.0  # px: beyond, square ends would stick out at the bends
_TOGETHER = 1000  # pieces in one call, which keeps the other threads waiting


def pieces(points: Floats, counts: Ints, size: tuple[int, int]) -> Iterator[list[QLineF]]:
    """Yield the straight pieces of lines that may be seen.

    Args:
        points: Pixels, shape (n, 2).
        counts: Vertices per line or ring, summing to n.
        size: Width and height of the view, px.
    """
    if len(points) < 2:
        return
    is_piece = np.ones(len(points) - 1, bool)
    is_piece[np.cumsum(counts)[:-1] - 1] = False  # from the end of one line to the start of the next
    low, high = np.minimum(points[:-1], points[1:]), np.maximum(points[:-1], points[1:])
    is_piece &= (high >= -WIDEST).all(axis=1) & (low <= np.array(size) + WIDEST).all(axis=1)
    ends = np.hstack([points[:-1], points[1:]])[is_piece]
    for start in range(0, len(ends), _TOGETHER):
        yield [QLineF(*four) for four in ends[start : start + _TOGETHER].tolist()]
