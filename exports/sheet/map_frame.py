"""From ground to paper: scale, view and PDF paths of many geometries at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from exports.sheet.canvas import MM
from layers.map_furniture import round_scale

Bounds = tuple[float, float, float, float]
Points = npt.NDArray[np.float64]
Shapes = Any  # numpy arrays of shapely geometries, or one geometry: shapely has no types

_MARGIN = 1.05  # share of the frame that stays free around the community
_TOLERANCE_MM = 0.05  # what a simplified line may be off on paper; below a hair line
_LINE, _POLYGON = 1, 3


@dataclass(frozen=True, slots=True)
class Frame:
    """A window on the ground.

    Attributes:
        centre: Easting and northing in metres.
        scale: Denominator of the scale.
        width: Points.
        height: Points.
    """

    centre: tuple[float, float]
    scale: int
    width: float
    height: float

    @property
    def per_metre(self) -> float:
        """Points on paper per metre on the ground."""
        return 1000 * MM / self.scale

    @property
    def view(self) -> Bounds:
        """Ground bounds in metres: west, south, east, north."""
        east, north = self.width / 2 / self.per_metre, self.height / 2 / self.per_metre
        x, y = self.centre
        return x - east, y - north, x + east, y + north

    def to_paper(self, points: Points) -> Points:
        """Return ground points, shape (n, 2) in metres, in points from the frame's lower left corner."""
        west, south, _east, _north = self.view
        return (points - (west, south)) * self.per_metre


def frame_for(bounds: Bounds, width: float, height: float) -> Frame:
    """Return the frame of that paper size, in points, at the largest round scale that shows the bounds.

    Args:
        bounds: West, south, east, north in metres.
        width: Width on paper in points.
        height: Height on paper in points.
    """
    west, south, east, north = bounds
    metre = 1000 * MM
    needed = max((east - west) * metre / width, (north - south) * metre / height, 1.0) * _MARGIN
    return Frame(((west + east) / 2, (south + north) / 2), round_scale(needed), width, height)


def in_view(geometries: Shapes, frame: Frame) -> Shapes:
    """Return the parts of an array of geometries inside the frame, simplified for its scale."""
    if not len(geometries):
        return geometries
    simple = shapely.simplify(geometries, _TOLERANCE_MM / 1000 * frame.scale, preserve_topology=False)
    inside = shapely.clip_by_rect(simple, *frame.view)
    return inside[~shapely.is_empty(inside)]


def path(geometries: Shapes, frame: Frame) -> str:
    """Return lines and areas as PDF path operators, with the frame's lower left corner as origin."""
    parts = _single(geometries)
    kinds = shapely.get_type_id(parts)
    rings = shapely.get_rings(parts[kinds == _POLYGON])
    return _segments(rings, frame, is_closed=True) + _segments(parts[kinds == _LINE], frame, is_closed=False)


def _single(geometries: Shapes) -> Shapes:
    parts = shapely.get_parts(np.asarray(geometries, dtype=object))
    return shapely.get_parts(parts)  # clipping can leave a collection inside a collection


def _segments(lines: Sequence[object], frame: Frame, *, is_closed: bool) -> str:
    """Return all lines as operators; a closed one leaves out its last point, which is the first."""
    if not len(lines):
        return ""
    points, owner = shapely.get_coordinates(lines, return_index=True)
    counts = np.bincount(owner)
    if is_closed:
        points = np.delete(points, np.cumsum(counts) - 1, axis=0)
        counts = counts - 1
    template = "".join([_template(count, is_closed) for count in counts.tolist()])
    return template % tuple(frame.to_paper(points).ravel().tolist())


@lru_cache(maxsize=1024)
def _template(count: int, is_closed: bool) -> str:
    return "%.2f %.2f m " + "%.2f %.2f l " * (count - 1) + ("h " if is_closed else "")
