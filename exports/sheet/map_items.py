"""What the map figure shows of each layer: in view, of the community or around it, and as it is drawn.

All layers go through shapely together: a map has a dozen layers of which most
are small, and a call costs more than what it does for them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from exports.sheet.data import MapData, MapItem
from exports.sheet.map_frame import Frame, Shapes, paths

_REACH_M = 25.0  # beyond the boundary: the mains in the streets that serve the community
_ON_GROUND = ("building", "internal_road", "green", "parking")  # belong to the community only inside its boundary


@dataclass(frozen=True, slots=True)
class Shown:
    """The items of a layer, or some of them.

    Attributes:
        items: What the data say of each.
        geometries: Shape (n,), in ground metres.
        paths: Of each, what of it is in view, as PDF operators.
    """

    items: list[MapItem]
    geometries: Shapes
    paths: list[str]

    def path(self, wanted: Iterable[bool] | None = None) -> str:
        """Return all of it, or what is wanted of it, as one path."""
        if wanted is None:
            return "".join(self.paths)
        return "".join([each for each, is_wanted in zip(self.paths, wanted, strict=True) if is_wanted])


Layers = dict[str, Shown]
NONE = Shown([], np.array([], dtype=object), [])


def sorted_items(data: MapData, frame: Frame, outline: Shapes) -> tuple[Layers, Layers]:
    """Return what is in view by layer: of the community and its streets, and what lies around it.

    Args:
        data: All items.
        frame: The window on the ground.
        outline: Boundary of the community, shape (1,); empty for a figure that shows all alike.
    """
    items = [item for layer in data.layers.values() for item in layer]
    names = [layer for layer, members in data.layers.items() for _item in members]
    geometries = shapely.from_wkb(np.array([item.wkb for item in items], dtype=object))
    view = shapely.box(*frame.view)
    hits = np.flatnonzero(shapely.intersects(geometries, view)).tolist()
    drawn = paths(geometries[hits], frame)
    ours = _ours(geometries[hits], [names[hit] for hit in hits], outline[0] if len(outline) else view)
    shown: dict[str, list[int]] = {}
    around: dict[str, list[int]] = {}
    for place, (hit, is_ours) in enumerate(zip(hits, ours.tolist(), strict=True)):
        (shown if is_ours else around).setdefault(names[hit], []).append(place)

    def taken(places: list[int]) -> Shown:
        chosen = [hits[place] for place in places]
        return Shown([items[hit] for hit in chosen], geometries[chosen], [drawn[place] for place in places])

    return (
        {layer: taken(places) for layer, places in shown.items()},
        {layer: taken(places) for layer, places in around.items()},
    )


def _ours(geometries: Shapes, names: list[str], area: Shapes) -> npt.NDArray[np.bool_]:
    """Say of each geometry whether it is the community's: streets always are, they say where it lies."""
    reach = shapely.buffer(area, _REACH_M)
    shapely.prepare([area, reach])
    is_on_ground = np.array([name in _ON_GROUND for name in names], dtype=bool)
    ours = np.array([name == "road" for name in names], dtype=bool)
    ours[is_on_ground] = shapely.intersects(geometries[is_on_ground], area)
    rest = ~is_on_ground & ~ours
    ours[rest] = shapely.intersects(geometries[rest], reach)
    return ours
