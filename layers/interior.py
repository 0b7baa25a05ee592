"""Where in an area a label has most room: places at which its box lies wholly inside, found for many areas at once.

Labels lie level, so a band as high as the label is laid across an area: edges
that touch it bar stretches of it, and between them lie the gaps. A gap as wide
as the label holds it. Of a few bands that is taken where most room is left on
every side. Even-odd: holes and parts need no care of their own.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from layers.raw_types import Floats, Ints

Bools = npt.NDArray[np.bool_]
_FLAT = 1e-6  # px: the height of a level edge, so that every edge has a slope
_FEW, _MANY = 5, 24  # bands: of every area, and of those in which the few leave the label little room or none
_SNUG = 3.0  # px of room above which no better place is looked for
_CORNERS = 16  # edges of an area up to which its corners give bands, too
_SLACK = 1e-5  # px by which a label may overlap an edge: it may lie flush with it
_TOGETHER = (8, 16, 32, 64, 256, 1024)  # edges of areas that are worked on in one table


@dataclass(frozen=True, slots=True)
class _Areas:
    """Some areas: their edges from top to bottom, shape (n, most edges); edges that are none lie at infinity.

    Attributes:
        x0, y0, x1, y1: Upper and lower ends, px.
        slope: How far an edge goes to the right for each px downwards.
        size: Width and height of the labels, shape (n, 2).
        frame: left, top, right, bottom between which a label must lie, shape (n, 4).
    """

    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    slope: Floats
    size: Floats
    frame: Floats

    def of(self, chosen: Ints | Bools) -> Self:
        """Return some of them."""
        return type(self)(*(getattr(self, name)[chosen] for name in self.__slots__))


def spots(points: Floats, counts: Ints, owners: Ints, sizes: Floats, frames: Floats) -> Floats:
    """Return the middle of the label in each area where it has most room; not a number where it fits nowhere.

    Args:
        points: Vertices of closed rings, px, shape (v, 2).
        counts: Vertices of each ring, shape (r,).
        owners: Area of each ring, ascending, 0 … n - 1, shape (r,).
        sizes: Width and height of each label, px, shape (n, 2).
        frames: left, top, right, bottom of what each label must lie in, px, shape (n, 4).
    """
    found = np.full((len(sizes), 2), np.nan)
    starts, ends, owner = _edges(points, counts, owners)
    near = _matters(starts, ends, frames[owner])
    starts, ends, owner = starts[near], ends[near], owner[near]
    many = np.bincount(owner, minlength=len(sizes))
    least = 2
    for most in (*_TOGETHER, int(many.max(initial=0))):
        chosen = np.flatnonzero((many > least) & (many <= most))
        least = max(least, most)
        if len(chosen):
            areas = _table(starts, ends, owner, chosen, many, sizes, frames)
            found[chosen] = _found(areas)
    return found


def _found(areas: _Areas) -> Floats:
    """Return the middle of the label in each area where it has most room, shape (n, 2)."""
    best = _best(areas, np.linspace(0.0, 1.0, _FEW + 2)[None, 1:-1])
    tight = np.flatnonzero(best[:, 2] < _SNUG)
    if len(tight):
        again = areas.of(tight)
        better = _best(again, np.linspace(0.0, 1.0, _MANY)[None], with_corners=again.y0.shape[1] <= _CORNERS)
        best[tight] = np.where(better[:, 2:] > best[tight, 2:], better, best[tight])
    return np.where(best[:, 2:] >= 0, best[:, :2], np.nan)


def holds(points: Floats, counts: Ints, boxes: Floats) -> Bools:
    """Say which boxes (left, top, right, bottom, shape (k, 4)) lie wholly inside one area."""
    size = np.column_stack([boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]])
    starts, ends, owner = _edges(points, counts, np.zeros(len(counts), np.int64))
    one = _table(starts, ends, owner, np.zeros(1, np.int64), np.array([len(owner)]), size[:1], boxes[:1])
    areas = one.of(np.zeros(len(boxes), np.int64))
    middle = (boxes[:, 1:2] + boxes[:, 3:]) / 2
    left, right, is_crossed = _barred(areas, middle, size[:, 1:])
    is_free = ~((left < boxes[:, None, 2:3]) & (right > boxes[:, None, :1])).any(axis=2)
    inside = (is_crossed & (right <= boxes[:, None, :1])).sum(axis=2) % 2 == 1
    return np.asarray((is_free & inside)[:, 0])


def _edges(points: Floats, counts: Ints, owners: Ints) -> tuple[Floats, Floats, Ints]:
    """Return the edges of rings, the upper end first, and the area of each."""
    is_edge = np.ones(len(points), bool)
    is_edge[np.cumsum(counts) - 1] = False
    first = np.flatnonzero(is_edge)
    one, other = points[first], points[first + 1]
    turn = one[:, 1] > other[:, 1]
    starts, ends = np.where(turn[:, None], other, one), np.where(turn[:, None], one, other)
    return starts, ends, np.repeat(owners, counts - 1)


def _matters(starts: Floats, ends: Floats, frames: Floats) -> Bools:
    """Say which edges a label in a frame could meet, or lie to the right of."""
    is_beside = np.minimum(starts[:, 0], ends[:, 0]) > frames[:, 2]
    return np.asarray((ends[:, 1] >= frames[:, 1]) & (starts[:, 1] <= frames[:, 3]) & ~is_beside)


def _table(
    starts: Floats, ends: Floats, owner: Ints, chosen: Ints, many: Ints, sizes: Floats, frames: Floats
) -> _Areas:
    """Return the edges of some areas side by side."""
    row = np.full(len(many), -1)
    row[chosen] = np.arange(len(chosen))
    mine = row[owner] >= 0
    first = np.cumsum(many) - many
    column = np.arange(len(owner)) - first[owner]
    place = row[owner[mine]], column[mine]
    shape = (len(chosen), int(many[chosen].max(initial=0)))
    x0, y0, x1, y1 = (np.full(shape, np.inf) for _side in range(4))
    x0[place], y0[place] = starts[mine].T
    x1[place], y1[place] = ends[mine].T
    y1[place] = np.maximum(y1[place], y0[place] + _FLAT)
    slope = np.zeros(shape)
    slope[place] = (x1[place] - x0[place]) / (y1[place] - y0[place])
    return _Areas(x0, y0, x1, y1, slope, sizes[chosen], frames[chosen])


def _best(areas: _Areas, shares: Floats, *, with_corners: bool = False) -> Floats:
    """Return the middle of the label with most room in some bands of each area, and that room, shape (n, 3).

    Args:
        areas: The areas.
        shares: Where the bands lie between the highest place of the label (0) and the lowest (1), shape (1, b).
        with_corners: Whether labels are tried flush with every corner, too.
    """
    wide, high = areas.size[:, :1], areas.size[:, 1:]
    top = np.maximum(areas.y0.min(axis=1, keepdims=True), areas.frame[:, 1:2]) + high / 2
    bottom = np.where(np.isfinite(areas.y1), areas.y1, -np.inf).max(axis=1, keepdims=True)
    bottom = np.minimum(bottom, areas.frame[:, 3:]) - high / 2
    middle = top + (bottom - top) * shares
    if with_corners:
        corners = np.concatenate([areas.y0 - high / 2, areas.y0 + high / 2, areas.y1 - high / 2], axis=1)
        middle = np.concatenate([middle, np.clip(corners, top, np.maximum(top, bottom))], axis=1)
    x, gap = _gaps(areas, middle, high)
    y, room = _between(areas, x, middle, wide)
    room = np.minimum(room - high, gap - wide)
    room[(gap < wide) | (bottom < top)] = -np.inf
    apart = np.abs(y - (top + bottom) / 2)  # of places with the same room that in the middle
    row = np.argmax(room - 1e-3 * apart, axis=1)[:, None]
    return np.concatenate([np.take_along_axis(each, row, axis=1) for each in (x, y, room)], axis=1)


def _barred(areas: _Areas, middle: Floats, high: Floats) -> tuple[Floats, Floats, Bools]:
    """Return what each edge bars of each band, left and right, and whether it crosses the middle of the band.

    Args:
        areas: n areas with up to e edges.
        middle: Middles of b bands, px, shape (n, b).
        high: Their height, shape (n, 1).
    """
    y0, y1, x0, slope = (each[:, None] for each in (areas.y0, areas.y1, areas.x0, areas.slope))
    half = high / 2 - _SLACK
    upper, lower = (middle - half)[..., None], (middle + half)[..., None]
    touches = (y0 < lower) & (y1 > upper)
    with np.errstate(invalid="ignore"):  # edges at infinity
        one = x0 + (np.maximum(upper, y0) - y0) * slope
        other = x0 + (np.minimum(lower, y1) - y0) * slope
    left = np.where(touches, np.minimum(one, other), np.inf)
    right = np.where(touches, np.maximum(one, other), -np.inf)
    return left, right, (y0 <= middle[..., None]) & (y1 > middle[..., None])


def _gaps(areas: _Areas, middle: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return middle and width of the widest stretch of each band that lies inside, shape (n, b)."""
    left, right, is_crossed = _barred(areas, middle, high)
    order = np.argsort(left, axis=2)
    left, right = np.take_along_axis(left, order, axis=2), np.take_along_axis(right, order, axis=2)
    is_crossed = np.take_along_axis(is_crossed, order, axis=2)
    is_inside = np.cumsum(is_crossed, axis=2) % 2 == 1
    start = np.maximum(np.maximum.accumulate(right, axis=2), areas.frame[:, None, :1])
    end = np.full(left.shape, np.inf)
    end[..., :-1] = left[..., 1:]
    end = np.minimum(end, areas.frame[:, None, 2:3])
    width = np.where(is_inside, end - start, -1.0)
    widest = np.argmax(width, axis=2)[..., None]
    at, wide = (np.take_along_axis(each, widest, axis=2)[..., 0] for each in ((start + end) / 2, width))
    return at, wide


def _between(areas: _Areas, x: Floats, y: Floats, wide: Floats) -> tuple[Floats, Floats]:
    """Return the middle and the height of what is free above and below a place, as wide as the label."""
    x0, y0, x1, y1, slope = (each[:, None] for each in (areas.x0, areas.y0, areas.x1, areas.y1, areas.slope))
    left, right = (x - wide / 2)[..., None], (x + wide / 2)[..., None]
    touches = (np.minimum(x0, x1) < right) & (np.maximum(x0, x1) > left)
    with np.errstate(invalid="ignore", divide="ignore"):
        down = 1.0 / slope
        ends = np.minimum(x0, x1), np.maximum(x0, x1)
        one, other = (y0 + (np.clip(side, *ends) - x0) * down for side in (left, right))
        one, other = np.clip(one, y0, y1), np.clip(other, y0, y1)
    is_upright = np.isnan(one) | np.isnan(other)
    low = np.where(is_upright, y0, np.minimum(one, other))
    high = np.where(is_upright, y1, np.maximum(one, other))
    at = y[..., None]
    above = np.where(touches & (high <= at), high, -np.inf).max(axis=2)
    below = np.where(touches & (low >= at), low, np.inf).min(axis=2)
    above, below = np.maximum(above, areas.frame[:, 1:2]), np.minimum(below, areas.frame[:, 3:])
    with np.errstate(invalid="ignore"):  # a place that is not inside may have nothing above and below
        return (above + below) / 2, below - above
