"""Which features of a file are in the project already: hand-over files overlap, and nothing may be counted twice."""

from collections.abc import Mapping, Sequence

import numpy as np
import shapely

from fieldsurvey.model.schema import Value

Row = Mapping[str, Value]

NEAR = 0.05  # m; coordinates written with centimetres, or with thousandths of a second, agree within it
_SIZE = 1e-3  # share by which area or length may differ: repair and rounding change that little
_NAMED_BY = ("name", "kind", "unit")  # what two features at one place must not disagree in


def same_features(rows: Sequence[Row], existing: Sequence[Row]) -> list[int | None]:
    """Return for each row which of the existing is the same feature; None for none.

    With a place: its centre within NEAR, of the same size, and not named
    otherwise. Without one: the same values.

    Args:
        rows: New rows, geometry as WKB in the project CRS, m.
        existing: Rows of the project.
    """
    found: list[int | None] = [None] * len(rows)
    placed = [number for number, row in enumerate(rows) if isinstance(row.get("geom"), bytes)]
    there = [number for number, row in enumerate(existing) if isinstance(row.get("geom"), bytes)]
    if placed and there:
        for new, old in _near([rows[number] for number in placed], [existing[number] for number in there]):
            if found[placed[new]] is None and _agree(rows[placed[new]], existing[there[old]]):
                found[placed[new]] = there[old]
    plain = {_values(row): number for number, row in enumerate(existing) if not isinstance(row.get("geom"), bytes)}
    for number, row in enumerate(rows):
        if not isinstance(row.get("geom"), bytes):
            found[number] = plain.get(_values(row))
    return found


def _near(rows: Sequence[Row], there: Sequence[Row]) -> list[tuple[int, int]]:
    """Return pairs of a new and an existing feature that lie at one place and are of one size."""
    new = shapely.from_wkb([row["geom"] for row in rows])
    old = shapely.from_wkb([row["geom"] for row in there])
    tree = shapely.STRtree(shapely.centroid(old))
    pairs = tree.query(shapely.centroid(new), predicate="dwithin", distance=NEAR)
    sizes = [shapely.area(each) + shapely.length(each) for each in (new, old)]
    like = np.isclose(sizes[0][pairs[0]], sizes[1][pairs[1]], rtol=_SIZE, atol=NEAR)
    return [(int(one), int(other)) for one, other in pairs[:, like].T]


def _agree(row: Row, other: Row) -> bool:
    return all(row.get(name) in {None, other.get(name)} or other.get(name) is None for name in _NAMED_BY)


def _values(row: Row) -> tuple[tuple[str, str], ...]:
    filled = {name: str(value) for name, value in row.items() if value is not None and name not in {"uid", "_rev"}}
    return tuple(sorted(filled.items()))
