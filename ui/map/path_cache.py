"""Painter paths, and places of labels, that are kept from view to view.

Reading a path from its bytes costs more than filling it. Seen from afar, the
same blocks of neighbouring features come again with every pan and zoom; their
paths are kept in the millimetres of the layer, and the painter places them.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping

import numpy as np
from PySide6.QtGui import QPainterPath

from layers.columns import BLOCK, Columns
from layers.raw_types import Bytes, Ints
from layers.spots import SpotCache
from ui.map.paths import paths

_MOST = 2_000_000  # vertices; Qt keeps about 45 bytes of each
_Key = tuple[str, bool, int, bytes, bytes]
_Kept = tuple[int, list[tuple[int, QPainterPath]]]


class PathCache:
    """The paths of one side-car, those that were not used for longest dropped first. Belongs to one thread.

    Attributes:
        spots: The places of labels in areas.
        vertices: How many are kept.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self.vertices = 0
        self.spots = SpotCache()
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._of: Mapping[str, Columns] | None = None

    def begin(self, layers: Mapping[str, Columns]) -> None:
        """Forget the paths of other columns than these."""
        if layers is not self._of:
            self._of = layers
            self._kept.clear()
            self.spots = SpotCache()
            self.vertices = 0

    def has_room(self, columns: Columns, count: int, *, coarse: bool) -> bool:
        """Say whether so many features fit: a view that does not would only push itself out."""
        vertices = len(columns.coarse_xy if coarse else columns.xy)
        is_base = self._of is not None and columns is self._of.get(columns.name)
        return is_base and count * vertices <= len(columns) * self._most / 2

    def blocks(
        self, columns: Columns, index: Ints, codes: Bytes, *, coarse: bool
    ) -> Iterator[list[tuple[int, QPainterPath]]]:
        """Yield, block by block, the class and the path (mm of the layer) of its features of that class.

        Args:
            columns: The layer, one of those that begin() was told.
            index: Features, ascending.
            codes: Class of each.
            coarse: Whether simplified.
        """
        if not len(index):
            return
        cuts = np.flatnonzero(np.diff(index // BLOCK)) + 1
        for first, last in zip([0, *cuts.tolist()], [*cuts.tolist(), len(index)], strict=True):
            yield self._block(columns, index[first:last], codes[first:last], coarse=coarse)

    def _block(self, columns: Columns, index: Ints, codes: Bytes, *, coarse: bool) -> list[tuple[int, QPainterPath]]:
        block = int(index[0]) // BLOCK
        within = (index - block * BLOCK).astype(np.uint8).tobytes()
        key = (columns.name, coarse, block, within, codes.tobytes())
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept[1]
        made, vertices = [], 0
        for code in np.unique(codes).tolist():
            mm, counts, owners = columns.vertices(index[codes == code], coarse=coarse)
            made += [(code, path) for path in paths(mm, counts, owners, BLOCK)]
            vertices += len(mm)
        self._kept[key] = vertices, made
        self.vertices += vertices
        while self.vertices > self._most and len(self._kept) > 1:
            self.vertices -= self._kept.popitem(last=False)[1][0]
        return made
