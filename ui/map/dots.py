"""Thousands of small pictures in one go: a call of the painter for each would cost more than all the rest of a view."""

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage, QPainter

from layers.columns import Columns
from layers.raw_types import Floats, Ints

Mask = npt.NDArray[np.bool_]
_PIXELS = QImage.Format.Format_ARGB32_Premultiplied


def scatter(painter: QPainter, size: tuple[int, int], spots: Floats, picture: QImage) -> None:
    """Draw a picture at every spot; where two overlap, what is nearer the middle of one wins.

    Args:
        painter: Where it is drawn.
        size: Width and height of the view, px.
        spots: Middles, px, shape (n, 2).
        picture: Premultiplied ARGB.
    """
    width, height = size
    wide, high = picture.width(), picture.height()
    corner = np.rint(spots - np.array([wide, high]) / 2).astype(np.int64) + np.array([wide, high])
    across, down = width + 2 * wide, height + 2 * high  # a border takes what is cut by the edge
    near = (corner > 0).all(axis=1) & (corner[:, 0] < width + wide) & (corner[:, 1] < height + high)
    first = np.unique(corner[near, 1] * across + corner[near, 0])
    ground = np.zeros(across * down, np.uint32)
    stamp = np.frombuffer(picture.constBits(), np.uint32)
    rows, columns = np.divmod(np.arange(len(stamp)), wide)
    out = np.hypot(rows - (high - 1) / 2, columns - (wide - 1) / 2)
    for place in np.argsort(-out).tolist():
        if stamp[place]:
            ground[first + (rows[place] * across + columns[place])] = stamp[place]
    _put(painter, ground, across, high * across + wide, size)


def specks(painter: QPainter, size: tuple[int, int], spots: Ints, colours: Ints) -> None:
    """Draw a dot of two by two pixels for each feature.

    Args:
        painter: Where it is drawn.
        size: Width and height of the view, px.
        spots: Whole pixels, shape (2, n).
        colours: ARGB of each, or of all.
    """
    width, height = size
    x, y = spots
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    if not inside.all():
        x, y, colours = x[inside], y[inside], colours[inside] if colours.ndim else colours
    across = width + 1
    first = y * across + x
    ground = np.zeros(across * (height + 1), np.uint32)
    for step in (across + 1, across, 1, 0):
        ground[first + step] = colours
    _put(painter, ground, across, 0, size)


def _put(painter: QPainter, ground: Ints, across: int, first: int, size: tuple[int, int]) -> None:
    """Draw the pixels of an array from a place on, of which each row has `across`."""
    painter.drawImage(0, 0, QImage(ground[first:].data, *size, 4 * across, _PIXELS))


def tiny(columns: Columns, index: Ints, most: float) -> tuple[Mask, Floats]:
    """Return which features are smaller than `most` mm both ways, and twice their middles in mm, shape (2, n)."""
    boxes = columns.boxes_of(index)
    low_x, low_y, high_x, high_y = (boxes[:, side] for side in range(4))
    small = (high_x - low_x < most) & (high_y - low_y < most)
    if not small.any():
        return small, np.empty((2, 0))
    if not small.all():
        low_x, low_y, high_x, high_y = low_x[small], low_y[small], high_x[small], high_y[small]
    return small, np.stack([np.add(low_x, high_x, dtype=float), np.add(low_y, high_y, dtype=float)])
