"""From ground to paper: scale, view and PDF paths of many geometries at once."""

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
Owners = npt.NDArray[np.int64]
Closed = npt.NDArray[np.bool_]
Shapes = Any  # numpy arrays of shapely geometries, or one geometry: shapely has no types

_MARGIN = 1.05  # share of the frame that stays free around the community
_TOLERANCE_MM = 0.05  # what a simplified line may be off on paper; below a hair line
_NOTHING, _LINE, _POLYGON = -1, 1, 3  # types of geometry


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


def path(geometries: Shapes, frame: Frame) -> str:
    """Return what of an array of geometries is in the frame, as one path. See paths()."""
    return "".join(paths(geometries, frame))


def paths(geometries: Shapes, frame: Frame) -> list[str]:
    """Return lines and areas as PDF path operators, one text for each geometry, simplified for the frame's scale.

    Args:
        geometries: Shape (n,), in ground metres. What is outside the frame is cut off; points give nothing.
        frame: The window on the ground; its lower left corner becomes the origin.
    """
    found = [""] * len(geometries)
    lines, owners, closed = _lines(geometries, frame)
    if len(lines):
        texts = _written(lines, closed, frame)
        for owner, text in zip(owners.tolist(), texts, strict=True):
            found[owner] += text
    return found


def _lines(geometries: Shapes, frame: Frame) -> tuple[Shapes, Owners, Closed]:
    """Return the rings and lines in view, of which geometry each is, and whether it is a ring."""
    simple = shapely.simplify(geometries, _TOLERANCE_MM / 1000 * frame.scale, preserve_topology=False)
    parts, owners = shapely.get_parts(shapely.clip_by_rect(simple, *frame.view), return_index=True)
    inner, places = shapely.get_parts(parts, return_index=True)  # clipping can leave a collection in a collection
    owners, kinds = owners[places], np.where(shapely.is_empty(inner), _NOTHING, shapely.get_type_id(inner))
    rings, places = shapely.get_rings(inner[kinds == _POLYGON], return_index=True)
    lines = np.concatenate([rings, inner[kinds == _LINE]])
    closed = np.arange(len(lines)) < len(rings)
    return lines, np.concatenate([owners[kinds == _POLYGON][places], owners[kinds == _LINE]]), closed


def _written(lines: Shapes, closed: Closed, frame: Frame) -> list[str]:
    """Return each line as operators; a closed one leaves out its last point, which is the first."""
    points, owner = shapely.get_coordinates(lines, return_index=True)
    counts = np.bincount(owner)
    points = np.delete(points, np.cumsum(counts)[closed] - 1, axis=0)
    template = "\n".join(map(_template, (counts - closed).tolist(), closed.tolist()))
    return (template % tuple(frame.to_paper(points).ravel().tolist())).split("\n")


@lru_cache(maxsize=1024)
def _template(count: int, is_closed: bool) -> str:
    return "%.2f %.2f m " + "%.2f %.2f l " * (count - 1) + ("h " if is_closed else "")
