"""Where labels go: greedy, most important first, none over another, and off the places that others would like."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

CELL = 4  # px: the raster on which overlap is tested


class Label(NamedTuple):
    """A wanted label.

    Attributes:
        text: The text.
        x, y: Its middle, px.
        width, height: Size of the ground that it takes, px; turned, more than its own.
        angle: How far it is turned, degrees clockwise.
    """

    text: str
    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0


class Ground:
    """Ground that is taken or wished for, as one integer of bits per row of cells."""

    def __init__(self, width: int, height: int) -> None:
        self._columns = width // CELL + 1
        self._rows = [0] * (height // CELL + 1)

    def copy(self) -> "Ground":
        """Return the ground as it is now."""
        other = Ground(0, 0)
        other._columns, other._rows = self._columns, list(self._rows)
        return other

    def cells(self, label: Label) -> tuple[int, int, int] | None:
        """Return first row, row behind the last, and bits of a label; None if it is not wholly inside."""
        half_w, half_h = label.width / 2, label.height / 2
        left, right = int((label.x - half_w) // CELL), int((label.x + half_w) // CELL)
        top, bottom = int((label.y - half_h) // CELL), int((label.y + half_h) // CELL)
        if left < 0 or top < 0 or right >= self._columns or bottom >= len(self._rows):
            return None
        return top, bottom + 1, ((1 << (right - left + 1)) - 1) << left

    def mark(self, cells: tuple[int, int, int]) -> None:
        """Mark cells."""
        first, last, bits = cells
        for row in range(first, last):
            self._rows[row] |= bits

    def count(self, cells: tuple[int, int, int]) -> int:
        """Return how many of some cells are marked."""
        first, last, bits = cells
        return sum((row & bits).bit_count() for row in self._rows[first:last])

    def is_free(self, cells: tuple[int, int, int]) -> bool:
        """Say whether none of some cells is marked."""
        first, last, bits = cells
        for row in self._rows[first:last]:  # noqa: SIM110 - a generator would take longer than the test itself
            if row & bits:
                return False
        return True

    def is_marked(self, x: float, y: float) -> bool:
        """Say whether a pixel is marked."""
        column, row = int(x // CELL), int(y // CELL)
        return 0 <= row < len(self._rows) and column >= 0 and bool(self._rows[row] >> column & 1)


class Placement:
    """The ground that labels have taken."""

    def __init__(self, width: int, height: int) -> None:
        self._taken = Ground(width, height)

    def put(self, candidates: Iterable[Label], wishes: Ground | None = None) -> Label | None:
        """Return the place for one label that is free and wholly inside the view, and take it.

        Args:
            candidates: Its places, the best first.
            wishes: Where less important labels would like to be: of the free places that which covers least of them.
        """
        best: tuple[int, Label, tuple[int, int, int]] | None = None
        for label in candidates:
            cells = self._taken.cells(label)
            if cells is None or not self._taken.is_free(cells):
                continue
            covered = 0 if wishes is None else wishes.count(cells)
            if best is None or covered < best[0]:
                best = covered, label, cells
            if not covered:
                break
        if best is None:
            return None
        self._taken.mark(best[2])
        return best[1]

    def has_room(self, label: Label) -> bool:
        """Say whether a label is wholly inside the view and covers no other."""
        cells = self._taken.cells(label)
        return cells is not None and self._taken.is_free(cells)

    def is_taken(self, x: float, y: float) -> bool:
        """Say whether a label covers a pixel."""
        return self._taken.is_marked(x, y)


Box = tuple[float, float, float, float]  # left, top, right, bottom, px
_ASIDE = (
    (0, 0), (0, -0.5), (0, 0.5), (-1, 0), (1, 0), (0, -1), (0, 1), (0, -1.5), (0, 1.5),
    (-1, -0.5), (1, -0.5), (-1, 0.5), (1, 0.5), (-1, -1), (1, -1), (-1, 1), (1, 1),
)  # fmt: skip


def places(box: Box, width: float, height: float) -> Iterator[tuple[float, float]]:
    """Yield the places for a label on a feature: its middle, then aside where the feature is wide or high enough.

    Args:
        box: The feature, or what of it is in view.
        width: Width of the label, px.
        height: Its height, px.
    """
    left, top, right, bottom = box
    step_x, step_y = max(right - left - width, 0.0) / 3, max(bottom - top - height, 0.0) / 3
    for x, y in _ASIDE:
        if not (x and not step_x) and not (y and not step_y):
            yield (left + right) / 2 + x * step_x, (top + bottom) / 2 + y * step_y
