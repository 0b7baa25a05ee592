"""The sheet of a printed map: its frame, and what lies in it at a true scale."""

from dataclasses import dataclass

from layers.map_furniture import Window
from layers.viewport import METRES_PER_PIXEL_AT_1, Box, Viewport

PAPERS = {"A4": (210.0, 297.0), "A3": (297.0, 420.0), "A2": (420.0, 594.0), "A1": (594.0, 841.0)}  # mm, upright
SCALES = (200, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000)
_MARGIN, _TITLE, _FOOT = 12.0, 14.0, 34.0  # mm
PX_PER_MM = 96 / 25.4
_POINTS = 72 / 96  # of one pixel of the view


@dataclass(frozen=True, slots=True)
class MapSheet:
    """A sheet.

    Attributes:
        paper: One of PAPERS.
        landscape: Whether the long side lies.
        scale: Scale denominator.
        east, north: Centre of the map, m in the project CRS.
        title: Heading.
        crs_line: What the coordinates are.
        remark: Such as "internal use"; empty: none.
    """

    paper: str
    landscape: bool
    scale: float
    east: float
    north: float
    title: str = ""
    crs_line: str = ""
    remark: str = ""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the paper, mm."""
        short, long = PAPERS[self.paper]
        return (long, short) if self.landscape else (short, long)

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the map on the paper, mm."""
        width, height = self.size
        return _MARGIN, _MARGIN + _TITLE, width - 2 * _MARGIN, height - 2 * _MARGIN - _TITLE - _FOOT

    def view(self) -> Viewport:
        """Return what lies in the frame; a pixel is 1/96 inch of paper."""
        _left, _top, width, height = self.frame
        return Viewport(
            self.east, self.north, self.scale * METRES_PER_PIXEL_AT_1,
            round(width * PX_PER_MM), round(height * PX_PER_MM),
        )  # fmt: skip

    def window(self) -> Window:
        """Return the map in the points of paper that its furniture is drawn in."""
        view = self.view()
        west, south, _east, _north = view.box()
        return Window(west, south, self.scale, view.width * _POINTS, view.height * _POINTS)


def fitting_scale(box: Box, paper: str, *, landscape: bool) -> int:
    """Return the largest scale of SCALES at which a box fits on a paper."""
    for scale in SCALES:
        west, south, east, north = MapSheet(paper, landscape, scale, 0, 0).view().box()
        if box[2] - box[0] <= east - west and box[3] - box[1] <= north - south:
            return scale
    return SCALES[-1]
