"""In which system a place is told: the project's, degrees, or a local grid that this computer has.

What is chosen is the choice of a person on one computer: no project, sync or
export has it, and of a local grid only the name is remembered.
"""

import math
from dataclasses import dataclass

import numpy as np

from fieldsurvey.errors import InputRefused, StoreError
from fieldsurvey.geo import crs, local_grids
from fieldsurvey.geo.local_grids import PREFIX, TM, LocalGrid

PROJECT, DEGREES, DMS = "project", "degrees", "dms"
_MOST = 1e8  # m: nothing on the Earth has such a coordinate
_STRIP = 6.0  # degrees from the central meridian, beyond which a transverse Mercator grid is of no use


@dataclass(frozen=True, slots=True)
class Way:
    """The way from the system of a project to the one in which places are told.

    Attributes:
        choice: PROJECT, DEGREES, DMS, or LOCAL:name.
        source: System of the project.
        grid: The local grid; None for the others.
        trouble: Why there is no way; empty: there is one.
    """

    choice: str
    source: str
    grid: LocalGrid | None = None
    trouble: str = ""

    def at(self, east: float, north: float) -> tuple[float, float] | None:
        """Return a place in m of the project as east and north, or longitude and latitude; None if it has none there.

        Quick enough for each move of the pointer: transformations are kept from call to call.
        """
        if self.trouble:
            return None
        x, y = self._moved(east, north) if self.choice != PROJECT else (east, north)
        most = (180.0, 90.0) if self.choice in {DEGREES, DMS} else (_MOST, _MOST)
        return (x, y) if abs(x) <= most[0] and abs(y) <= most[1] else None

    def _moved(self, east: float, north: float) -> tuple[float, float]:
        base = self.grid.base if self.grid is not None else crs.CGCS2000
        with np.errstate(all="ignore"):
            try:
                x, y = crs.transform(np.array([east]), np.array([north]), self.source, base)
            except InputRefused:
                return math.nan, math.nan
            if self.grid is not None:
                if self.grid.kind == TM and not abs(float(x[0]) - self.grid.values[0]) <= _STRIP:
                    return math.nan, math.nan
                x, y = self.grid.from_base(x, y)
        return float(x[0]), float(y[0])


def way_to(choice: str, source: str) -> Way:
    """Return the way from a project's system to a choice. Loads PROJ, and the grids of this person: not for the GUI."""
    try:
        grid = _grid_of(choice)
        if choice != PROJECT:  # finds out whether there is one, and makes what each later call uses
            crs.transform(np.zeros(1), np.zeros(1), source, grid.base if grid is not None else crs.CGCS2000)
    except (InputRefused, StoreError) as error:
        return Way(choice, source, trouble=str(error))
    way = Way(choice, source, grid)
    way.at(0.0, 0.0)
    return way


def _grid_of(choice: str) -> LocalGrid | None:
    return local_grids.named(choice) if choice.startswith(PREFIX) else None


def choices() -> list[str]:
    """Return what can be chosen on this computer; without local grids where their file cannot be read."""
    try:
        return [PROJECT, DEGREES, DMS, *(PREFIX + name for name in local_grids.grids())]
    except StoreError:
        return [PROJECT, DEGREES, DMS]
