"""Where labels go: greedy, most important first, none over another."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

CELL = 4  # px: the raster on which overlap is tested


@dataclass(frozen=True, slots=True)
class Label:
    """A wanted label.

    Attributes:
        text: The text.
        x, y: Its middle, px.
        width, height: Its size, px.
    """

    text: str
    x: float
    y: float
    width: float
    height: float


class Placement:
    """The ground that labels have taken, as one integer of bits per row of cells."""

    def __init__(self, width: int, height: int) -> None:
        self._columns = width // CELL + 1
        self._rows = [0] * (height // CELL + 1)

    def put(self, candidates: Iterable[Label]) -> Label | None:
        """Return the first of the places for one label that is free and wholly inside the view, and take it."""
        return next((label for label in candidates if self._take(label)), None)

    def is_taken(self, x: float, y: float) -> bool:
        """Say whether a label covers a pixel."""
        column, row = int(x // CELL), int(y // CELL)
        return 0 <= row < len(self._rows) and column >= 0 and bool(self._rows[row] >> column & 1)

    def _take(self, label: Label) -> bool:
        left, right = int((label.x - label.width / 2) // CELL), int((label.x + label.width / 2) // CELL)
        top, bottom = int((label.y - label.height / 2) // CELL), int((label.y + label.height / 2) // CELL)
        if left < 0 or top < 0 or right >= self._columns or bottom >= len(self._rows):
            return False
        bits = ((1 << (right - left + 1)) - 1) << left
        if any(self._rows[row] & bits for row in range(top, bottom + 1)):
            return False
        for row in range(top, bottom + 1):
            self._rows[row] |= bits
        return True


Box = tuple[float, float, float, float]  # left, top, right, bottom, px
_ASIDE = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))


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
