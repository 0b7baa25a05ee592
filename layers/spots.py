"""The places of labels in areas, kept from one view to the next: panning changes only what the window cuts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layers import interior
from layers.columns import Columns
from layers.labels import Box, places
from layers.raw_types import Floats, Ints
from layers.viewport import Viewport

Bools = npt.NDArray[np.bool_]
COARSE_FROM = 3.0  # m per pixel from which the simplified level is drawn
_MOST_KEPT = 16  # layers
_MOST_INSIDE = 1_000  # areas
_ANYWHERE = (-np.inf, -np.inf, np.inf, np.inf)


_Key = tuple[int, int, float, float, float, float, float]
_Known = tuple[Columns, tuple[float, float], list[tuple[float, float]]]  # the layer, the corner of the box, from there


@dataclass(frozen=True, slots=True)
class _Kept:
    """The spots of one layer in one view.

    Attributes:
        columns: The layer.
        metres: Metres per pixel.
        index: Its features, ascending, shape (n,).
        cuts: What decides a spot besides the feature: the size of its label, px, and the window in mm where that cuts
            the feature, else 0, shape (n, 6).
        spots: mm, shape (n, 2); not a number where the label fits nowhere.
    """

    columns: Columns
    metres: float
    index: Ints
    cuts: Floats
    spots: Floats


class SpotCache:
    """Remembers the spots of the last view of each layer; of one thread."""

    def __init__(self) -> None:
        self._kept: dict[int, _Kept] = {}
        self._inside: dict[_Key, _Known] = {}

    def spots(self, columns: Columns, index: Ints, view: Viewport, window: Box, sizes: Floats, is_cut: Bools) -> Floats:
        """Return where labels have most room in areas, px, shape (n, 2); not a number where one fits nowhere.

        Args:
            columns: The layer.
            index: Its features, ascending.
            view: What is drawn.
            window: What of it a person sees, px.
            sizes: Width and height of each label, px, shape (n, 2).
            is_cut: Whether the window cuts a feature.
        """
        low, high = (view.to_world(*corner) for corner in (window[:2], window[2:]))
        told = np.round((np.array([*low, *high]) - np.array([*columns.origin, *columns.origin])) * 1e3)
        cuts = np.hstack([sizes, np.where(is_cut[:, None], told, 0.0)])
        found = self._remembered(columns, index, view.metres, cuts)
        new = np.flatnonzero(np.isinf(found[:, 0]))
        if len(new):
            mm, counts, owners = columns.vertices(index[new], coarse=view.metres >= COARSE_FROM)
            frames = np.where(is_cut[new, None], window, _ANYWHERE)
            points = view.screen_of(mm, columns.origin)
            found[new] = _to_mm(interior.spots(points, counts, owners, sizes[new], frames), columns, view)
        while len(self._kept) >= _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[id(columns)] = _Kept(columns, view.metres, index, cuts, found)
        return view.screen_of(found.copy(), columns.origin)

    def inside(
        self, columns: Columns, number: int, view: Viewport, box: Box, size: tuple[float, float]
    ) -> list[tuple[float, float]]:
        """Return the places about the middle of a box at which a label lies wholly inside an area, px.

        Args:
            columns: The layer.
            number: The area.
            view: What is drawn.
            box: The area, or what of it is in view, px.
            size: Width and height of the label, px.
        """
        left, top, right, bottom = box
        key = (id(columns), number, view.metres, round(right - left, 2), round(bottom - top, 2), *size)
        east, north = view.to_world(left, top)
        corner = round(east, 2), round(north, 2)
        known = self._inside.get(key)
        if known is None or known[0] is not columns or known[1] != corner:
            known = self._inside[key] = columns, corner, self._held(columns, number, view, box, size)
            while len(self._inside) > _MOST_INSIDE:
                self._inside.pop(next(iter(self._inside)))
        return [(left + x, top + y) for x, y in known[2]]

    @staticmethod
    def _held(
        columns: Columns, number: int, view: Viewport, box: Box, size: tuple[float, float]
    ) -> list[tuple[float, float]]:
        corner, half = np.array(box[:2]), np.array(size) / 2
        at = np.array(list(places(box, *size)))
        mm, counts, _owners = columns.vertices(np.array([number]), coarse=False)
        is_held = interior.holds(view.screen_of(mm, columns.origin), counts, np.hstack([at - half, at + half]))
        return [(float(x), float(y)) for x, y in at[is_held] - corner]

    def _remembered(self, columns: Columns, index: Ints, metres: float, cuts: Floats) -> Floats:
        """Return the spots that are known, mm, shape (n, 2); infinite where they are not."""
        found = np.full((len(index), 2), np.inf)
        kept = self._kept.get(id(columns))
        if kept is None or kept.columns is not columns or kept.metres != metres or not len(kept.index):
            return found
        place = np.minimum(np.searchsorted(kept.index, index), len(kept.index) - 1)
        same = (kept.index[place] == index) & (kept.cuts[place] == cuts).all(axis=1)
        found[same] = kept.spots[place[same]]
        return found


def _to_mm(spots: Floats, columns: Columns, view: Viewport) -> Floats:
    """Return pixels of a view as the millimetres of a layer."""
    left, top = view.to_world(0, 0)
    east, north = columns.origin
    return np.column_stack([
        (spots[:, 0] * view.metres + left - east) * 1e3, (top - north - spots[:, 1] * view.metres) * 1e3,
    ])  # fmt: skip
