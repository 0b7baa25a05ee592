"""What a reader hands on: the layers of one file as found, before any mapping."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely

Geometries = npt.NDArray[np.object_]


@dataclass(slots=True)
class RawLayer:
    """One layer or sheet.

    Attributes:
        name: Name in the file.
        fields: Field name -> values, all of one length; None for empty.
        geometries: shapely geometries (None for none), shape (n,); None for a plain table.
        crs: Reference system as stated by the file: EPSG code or WKT; empty if it says nothing.
        target: Table of ours that the reader recognised; empty: by names, as for any file.
        drawn_as: Row -> geometry as drawn, of those that were repaired.
        drawn: True for a drawing, whose format has no place for a reference system.
        said: Names of the columns that the geometries were made of, which may say in which system they are.
    """

    name: str
    fields: dict[str, list[object]] = field(default_factory=dict)
    geometries: Geometries | None = None
    crs: str = ""
    target: str = ""
    drawn: bool = False
    drawn_as: dict[int, shapely.Geometry] = field(default_factory=dict)
    said: str = ""

    def __len__(self) -> int:
        if self.geometries is not None:
            return len(self.geometries)
        return len(next(iter(self.fields.values()), []))
