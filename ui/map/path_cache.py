"""Painter paths, and places of labels, that are kept from view to view.

Reading a path from its bytes costs more than filling it. Seen from afar, the
same blocks of neighbouring features come again with every pan and zoom; their
paths are kept in the millimetres of the layer, and the painter places them.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtGui import QPainterPath

from layers.columns import BLOCK, Columns
from layers.raw_types import Bytes, Ints
from layers.spots import SpotCache
from ui.map.paths import paths

_MOST = 2_000_000  # vertices; Qt keeps about 45 bytes of each
_TOGETHER = 64  # blocks whose paths are made at once: between them a newer view is looked for
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
        spans = list(zip([0, *cuts.tolist()], [*cuts.tolist(), len(index)], strict=True))
        for start in range(0, len(spans), _TOGETHER):
            yield from self._some(columns, index, codes, spans[start : start + _TOGETHER], coarse=coarse)

    def _some(
        self, columns: Columns, index: Ints, codes: Bytes, spans: Sequence[tuple[int, int]], *, coarse: bool
    ) -> list[list[tuple[int, QPainterPath]]]:
        """Return the paths of some blocks; those that are not kept are made together: their number is what costs."""
        keys: list[_Key] = []
        for first, last in spans:
            block = int(index[first]) // BLOCK
            within = (index[first:last] - block * BLOCK).astype(np.uint8).tobytes()
            keys.append((columns.name, coarse, block, within, codes[first:last].tobytes()))
        lacking = [span for key, span in zip(keys, spans, strict=True) if key not in self._kept]
        made = _made(columns, *(_joined(each, lacking) for each in (index, codes)), coarse=coarse) if lacking else {}
        found = []
        for key in keys:
            if key not in self._kept:
                self._kept[key] = made[key[2]]
                self.vertices += made[key[2]][0]
            self._kept.move_to_end(key)
            found.append(self._kept[key][1])
        while self.vertices > self._most and len(self._kept) > 1:
            self.vertices -= self._kept.popitem(last=False)[1][0]
        return found


def _joined(numbers: Any, spans: Sequence[tuple[int, int]]) -> Any:  # noqa: ANN401
    return np.concatenate([numbers[first:last] for first, last in spans])


def _made(columns: Columns, index: Ints, codes: Bytes, *, coarse: bool) -> dict[int, _Kept]:
    """Return block -> number of vertices, and class and path of its features of each class."""
    blocks = index // BLOCK
    order = np.lexsort((codes, blocks))
    groups = (blocks * 256 + codes)[order]
    mm, counts, owners = columns.vertices(index[order], coarse=coarse)
    ring_groups = groups[owners]
    firsts = np.flatnonzero(np.diff(ring_groups, prepend=-1))
    made: dict[int, _Kept] = {int(block): (0, []) for block in np.unique(blocks)}
    sizes = np.add.reduceat(counts, firsts).tolist()
    for group, size, path in zip(ring_groups[firsts].tolist(), sizes, paths(mm, counts, ring_groups), strict=True):
        vertices, those = made[group // 256]
        made[group // 256] = vertices + size, [*those, (group % 256, path)]
    return made
