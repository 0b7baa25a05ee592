"""What a reader hands on: the layers of one file as found, before any mapping."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Geometries = npt.NDArray[np.object_]


@dataclass(slots=True)
class RawLayer:
    """One layer or sheet.

    Attributes:
        name: Name in the file.
        fields: Field name -> values, all of one length; None for empty.
        geometries: shapely geometries (None for none), shape (n,); None for a plain table.
        crs: Reference system as stated by the file: EPSG code or WKT; empty if it says nothing.
        axes_doubtful: True when the coordinates come from columns a person named.
    """

    name: str
    fields: dict[str, list[object]] = field(default_factory=dict)
    geometries: Geometries | None = None
    crs: str = ""
    axes_doubtful: bool = False

    def __len__(self) -> int:
        if self.geometries is not None:
            return len(self.geometries)
        return len(next(iter(self.fields.values()), []))
