"""Which community and building a feature belongs to: by number where that fits, else by place."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely

from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from layers.io.raw import Geometries
from layers.io.report import FileReport

_NEAR_BUILDING = 5.0  # m; a stairwell point lies on the wall of its building
_AGREE = 0.5  # share of rows whose number must name the community they lie in


@dataclass(slots=True)
class Known:
    """The features of one table that others refer to.

    Attributes:
        by_number: Number in the source -> uid.
        uids: uids, in the order of geometries.
        geometries: Areas in the project CRS.
    """

    by_number: dict[str, str] = field(default_factory=dict)
    uids: list[str] = field(default_factory=list)
    geometries: list[shapely.Geometry | None] = field(default_factory=list)

    def add(self, uid: str, number: Value, geometry: shapely.Geometry | None) -> None:
        """Remember a feature."""
        if number not in {None, ""}:
            self.by_number[str(number)] = uid
        self.uids.append(uid)
        self.geometries.append(geometry)


def known_features(store: Store, table: str) -> Known:
    """Return the features of a table that are in the project."""
    known = Known()
    for row in store.select(table, ["source_id", "geom"]):
        wkb = row["geom"]
        known.add(str(row["uid"]), row["source_id"], shapely.from_wkb(wkb) if isinstance(wkb, bytes) else None)
    return known


def by_number(numbers: list[object], known: Known) -> list[str | None]:
    """Return uids for the numbers a source gives; None where it names nothing."""
    return [known.by_number.get(_plain(number)) for number in numbers]


def _plain(number: object) -> str:
    return str(int(number)) if isinstance(number, float) and number.is_integer() else str(number)


def communities(
    numbers: list[object] | None, geometries: Geometries | None, known: Known, report: FileReport
) -> list[str | None]:
    """Return the community of each feature.

    Numbers count only if they agree with the places: two offices may number the same communities differently.
    """
    numbered = by_number(numbers, known) if numbers is not None else None
    located = _containing(geometries, known) if geometries is not None else None
    if located is None:
        return numbered or []
    if numbered is not None and _agree(numbered, located):
        return numbered
    found = sum(uid is not None for uid in located)
    if found and any(uid is not None for uid in located):
        text = _("{n} of {total} features were assigned to a community by their place.")
        report.warn("linked_by_place", text.format(n=found, total=len(located)))
    return located


def _agree(numbered: list[str | None], located: list[str | None]) -> bool:
    pairs = [(a, b) for a, b in zip(numbered, located, strict=True) if a is not None and b is not None]
    if not pairs:
        return any(uid is not None for uid in numbered)
    return sum(a == b for a, b in pairs) / len(pairs) >= _AGREE


def _containing(geometries: Geometries, known: Known) -> list[str | None] | None:
    """Return the area each feature's inner point lies in; None if no area is known."""
    areas = np.array(known.geometries, dtype=object)
    if not len(areas) or shapely.is_missing(areas).all():
        return None
    tree = shapely.STRtree(areas)
    rows, hits = tree.query(shapely.point_on_surface(geometries), predicate="intersects")
    return _matched(len(geometries), rows, hits, known)


def buildings(numbers: list[object] | None, geometries: Geometries | None, known: Known) -> list[str | None]:
    """Return the building of each point: by number, else the nearest within five metres."""
    if numbers is not None:
        numbered = by_number(numbers, known)
        if any(uid is not None for uid in numbered):
            return numbered
    areas = np.array(known.geometries, dtype=object)
    if geometries is None or not len(areas) or shapely.is_missing(areas).all():
        return [None] * (0 if geometries is None else len(geometries))
    tree = shapely.STRtree(areas)
    rows, hits = tree.query_nearest(geometries, max_distance=_NEAR_BUILDING, all_matches=False)
    return _matched(len(geometries), rows, hits, known)


def _matched(count: int, rows: npt.NDArray[np.int64], hits: npt.NDArray[np.int64], known: Known) -> list[str | None]:
    found: list[str | None] = [None] * count
    for row, hit in zip(rows.tolist(), hits.tolist(), strict=True):
        if found[row] is None:
            found[row] = known.uids[hit]
    return found
