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
        layer: What it belongs to.
    """

    text: str
    x: float
    y: float
    width: float
    height: float
    layer: str


class Placement:
    """The ground that labels have taken, as one integer of bits per row of cells."""

    def __init__(self, width: int, height: int) -> None:
        self._columns = width // CELL + 1
        self._rows = [0] * (height // CELL + 1)

    def place(self, labels: Iterable[Label]) -> Iterator[Label]:
        """Yield the labels that find room wholly inside the view, in the order given."""
        for label in labels:
            if self._take(label):
                yield label

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
