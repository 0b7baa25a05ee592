"""What part of the world is on the screen, and how large."""

from dataclasses import dataclass, replace

from layers.raw_types import Floats

Box = tuple[float, float, float, float]
METRES_PER_PIXEL_AT_1 = 0.0254 / 96  # size of a pixel of a 96 dpi screen, m
MIN_SCALE, MAX_SCALE = 20.0, 5_000_000.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """A view.

    Attributes:
        east, north: Centre, m in the project CRS.
        metres: Metres per pixel.
        width, height: Size in pixels.
    """

    east: float
    north: float
    metres: float
    width: int
    height: int

    @property
    def scale(self) -> float:
        """Scale denominator on a 96 dpi screen."""
        return self.metres / METRES_PER_PIXEL_AT_1

    def box(self, margin: float = 0.0) -> Box:
        """Return minx, miny, maxx, maxy with a margin in pixels."""
        half_w, half_h = (self.width / 2 + margin) * self.metres, (self.height / 2 + margin) * self.metres
        return (self.east - half_w, self.north - half_h, self.east + half_w, self.north + half_h)

    def to_screen(self, east: float, north: float) -> tuple[float, float]:
        """Return pixels from the upper left corner."""
        return (east - self.east) / self.metres + self.width / 2, (self.north - north) / self.metres + self.height / 2

    def to_world(self, x: float, y: float) -> tuple[float, float]:
        """Return east and north of a pixel."""
        return self.east + (x - self.width / 2) * self.metres, self.north - (y - self.height / 2) * self.metres

    def screen_of(self, mm: Floats, origin: tuple[float, float]) -> Floats:
        """Return pixels of vertices in millimetres from an origin, shape (n, 2); changes its argument."""
        left, top = self.to_world(0, 0)
        mm[:, 0] = mm[:, 0] * (1e-3 / self.metres) + (origin[0] - left) / self.metres
        mm[:, 1] = mm[:, 1] * (-1e-3 / self.metres) + (top - origin[1]) / self.metres
        return mm

    def panned(self, dx: float, dy: float) -> "Viewport":
        """Return the view after dragging it by pixels."""
        return replace(self, east=self.east - dx * self.metres, north=self.north + dy * self.metres)

    def zoomed(self, factor: float, x: float, y: float) -> "Viewport":
        """Return the view enlarged by a factor, keeping the pixel x, y in its place."""
        least, most = MIN_SCALE * METRES_PER_PIXEL_AT_1, MAX_SCALE * METRES_PER_PIXEL_AT_1
        metres = min(max(self.metres / factor, least), most)
        east, north = self.to_world(x, y)
        moved = replace(self, metres=metres)
        new_east, new_north = moved.to_world(x, y)
        return replace(moved, east=self.east + east - new_east, north=self.north + north - new_north)

    def resized(self, width: int, height: int) -> "Viewport":
        """Return the view in a window of another size, same centre and scale."""
        return replace(self, width=max(width, 1), height=max(height, 1))

    def revealing(self, box: Box, border: float = 1.05) -> "Viewport":
        """Return the view itself if it shows a box; else one that does, smaller only if it has to be."""
        shown = self.box()
        if box[0] >= shown[0] and box[1] >= shown[1] and box[2] <= shown[2] and box[3] <= shown[3]:
            return self
        whole = fitted(box, self.width, self.height, border)
        return replace(whole, metres=max(whole.metres, self.metres))


def fitted(box: Box, width: int, height: int, border: float = 1.05) -> Viewport:
    """Return the view that shows a whole box with a border."""
    metres = max((box[2] - box[0]) / max(width, 1), (box[3] - box[1]) / max(height, 1)) * border
    least = MIN_SCALE * METRES_PER_PIXEL_AT_1
    return Viewport((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, max(metres, least), max(width, 1), max(height, 1))


def bar_length(metres: float, most_pixels: int = 140) -> tuple[float, int]:
    """Return a round length in m for a scale bar and its pixels.

    >>> bar_length(0.5)
    (50.0, 100)
    """
    largest = most_pixels * metres
    power = 10.0 ** int(f"{largest:e}".split("e")[1])
    length = max(step * power for step in (1, 2, 5) if step * power <= largest)
    return length, round(length / metres)
