"""One thing that a check found, and what every rule is called."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import shapely

from fieldsurvey.i18n import N_, _
from layers.topology.data import Layer


class Rule(StrEnum):
    """What can be wrong. The values are stable: reports and outside checks name them."""

    NULL_GEOMETRY = "null_geometry"
    SELF_INTERSECTION = "self_intersection"
    ZERO_LENGTH = "zero_length"
    TINY = "tiny"
    HOLE = "hole"
    DUPLICATE = "duplicate"
    OVERLAP = "overlap"
    GAP = "gap"
    OUTSIDE_CITY = "outside_city"
    OUTSIDE_COMMUNITY = "outside_community"
    OFF_BUILDING = "off_building"
    BROKEN_REFERENCE = "broken_reference"
    DANGLE = "dangle"
    CROSSES_BUILDING = "crosses_building"
    MIXED_CONNECTION = "mixed_connection"
    RISING_DRAIN = "rising_drain"
    NULL_NAME = "null_name"
    BLANK_IN_NAME = "blank_in_name"
    SUM_MISMATCH = "sum_mismatch"
    AREA_MISMATCH = "area_mismatch"
    YEAR_RANGE = "year_range"
    FLOORS_RANGE = "floors_range"
    DIAMETER_RANGE = "diameter_range"
    WRONG_DISTRICT = "wrong_district"


NAMES: Mapping[Rule, str] = {
    Rule.NULL_GEOMETRY: N_("No place on the map"),
    Rule.SELF_INTERSECTION: N_("Outline crosses itself"),
    Rule.ZERO_LENGTH: N_("Line without length"),
    Rule.TINY: N_("Area too small"),
    Rule.HOLE: N_("Hole in a community"),
    Rule.DUPLICATE: N_("Drawn twice"),
    Rule.OVERLAP: N_("Areas overlap"),
    Rule.GAP: N_("Gap between communities"),
    Rule.OUTSIDE_CITY: N_("Outside the city"),
    Rule.OUTSIDE_COMMUNITY: N_("Building outside its community"),
    Rule.OFF_BUILDING: N_("Stairwell off its building"),
    Rule.BROKEN_REFERENCE: N_("Refers to something that is not there"),
    Rule.DANGLE: N_("Pipe not joined"),
    Rule.CROSSES_BUILDING: N_("Pipe runs through a building"),
    Rule.MIXED_CONNECTION: N_("Storm and foul drains joined"),
    Rule.RISING_DRAIN: N_("Drain rises"),
    Rule.NULL_NAME: N_("No name"),
    Rule.BLANK_IN_NAME: N_("Blank at the edge of a name"),
    Rule.SUM_MISMATCH: N_("Households do not add up"),
    Rule.AREA_MISMATCH: N_("Recorded area is not the drawn one"),
    Rule.YEAR_RANGE: N_("Year cannot be"),
    Rule.FLOORS_RANGE: N_("Storeys cannot be"),
    Rule.DIAMETER_RANGE: N_("Diameter cannot be"),
    Rule.WRONG_DISTRICT: N_("Lies in another district"),
}


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair that loses nothing a person meant.

    Attributes:
        changes: Column -> new value ("geom" holds WKB); empty with delete.
        delete: The record goes; it can be brought back by undo.
    """

    changes: Mapping[str, str | bytes]
    delete: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        rule: Which rule.
        table: Table of the record.
        uid: The record.
        number: What people call it.
        place: East and north in m; None if it has no place.
        text: What is wrong, in the user's language.
        fix: How to mend it; None if a person has to decide.
    """

    rule: Rule
    table: str
    uid: str
    number: str
    place: tuple[float, float] | None
    text: str
    fix: Fix | None = None

    @property
    def title(self) -> str:
        """The name of the rule in the user's language."""
        return _(NAMES[self.rule])


def found(
    rule: Rule, layer: Layer, index: int, text: str, *, at: shapely.Geometry | None = None, fix: Fix | None = None
) -> Finding:
    """Return a finding on one feature, placed at a geometry, else at the feature's middle."""
    geometry = at if at is not None else layer.geometries[index]
    place = None
    if geometry is not None and not geometry.is_empty:
        spot = geometry if geometry.geom_type == "Point" else shapely.point_on_surface(geometry)
        box = shapely.bounds(geometry)
        place = (float((box[0] + box[2]) / 2), float((box[1] + box[3]) / 2)) if spot.is_empty else (spot.x, spot.y)
    return Finding(rule, layer.table, layer.uids[index], layer.numbers[index], place, text, fix)


def counted(findings: Iterable[Finding]) -> dict[Rule, int]:
    """Return how many findings each rule has, the most first."""
    counts: dict[Rule, int] = {}
    for finding in findings:
        counts[finding.rule] = counts.get(finding.rule, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
