"""Where the label of a line lies along it."""

import math
from typing import NamedTuple

import numpy as np

from layers.labels import Box
from layers.raw_types import Floats

_OFF = 0.2  # of the label's length: how far the line may bend away from it


class Along(NamedTuple):
    """A place along a line.

    Attributes:
        x, y: Its middle, px.
        angle: Degrees clockwise from the right, -90 < angle <= 90: never upside down.
    """

    x: float
    y: float
    angle: float


def along(line: Floats, frame: Box, length: float) -> Along | None:
    """Return where a label lies on a line: at the middle of the longest stretch in view that is straight enough for it.

    Args:
        line: Vertices, px, shape (k, 2).
        frame: What is in view: left, top, right, bottom, px.
        length: Length of the label, px.
    """
    steps = np.hypot(*np.diff(line, axis=0).T)
    measure = np.concatenate(([0.0], np.cumsum(steps)))  # px along the line up to each vertex
    if measure[-1] < length:
        return None
    middles = np.linspace(length / 2, measure[-1] - length / 2, max(min(int(measure[-1] / length * 2), 25), 1))
    xs, ys = (np.interp(middles[:, None] + np.array([-0.5, 0.0, 0.5]) * length, measure, line[:, k]) for k in (0, 1))
    left, top, right, bottom = frame
    is_seen = ((xs > left) & (xs < right) & (ys > top) & (ys < bottom)).all(axis=1)
    chords = np.hypot(xs[:, 2] - xs[:, 0], ys[:, 2] - ys[:, 0])
    bends = np.hypot(xs[:, 1] - (xs[:, 0] + xs[:, 2]) / 2, ys[:, 1] - (ys[:, 0] + ys[:, 2]) / 2)
    fits = np.flatnonzero(is_seen & (chords > (1 - _OFF) * length) & (bends < _OFF * length))
    if not len(fits):
        return None
    runs = np.split(fits, np.flatnonzero(np.diff(fits) > 1) + 1)
    best = max(runs, key=len)[len(max(runs, key=len)) // 2]
    slope = math.degrees(math.atan2(ys[best, 2] - ys[best, 0], xs[best, 2] - xs[best, 0]))
    angle = slope - 180 if slope > 90 else slope + 180 if slope <= -90 else slope
    return Along(float(xs[best, 1]), float(ys[best, 1]), angle)
