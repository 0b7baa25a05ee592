"""The wall a lift would stand on: the nearest side of the own house, for all stairwells at once."""

import numpy as np
import pytest
import shapely

from fieldsurvey.assess.rules.inputs import make_layer
from fieldsurvey.assess.rules.lift import walls_of

BLOCK = shapely.box(0, 0, 20, 10)
WITH_COURT = shapely.Polygon([(0, 0), (40, 0), (40, 40), (0, 40)], [[(10, 10), (10, 30), (30, 30), (30, 10)]])
TWO_PARTS = shapely.MultiPolygon([shapely.box(100, 0, 110, 10), shapely.box(120, 0, 150, 10)])
NO_HOUSE = shapely.LineString([(0, 0), (5, 5)])
HOUSES = make_layer(
    "building",
    [{"uid": str(n), "geom": shapely.to_wkb(one)} for n, one in enumerate((BLOCK, WITH_COURT, TWO_PARTS, NO_HOUSE))],
)
# stairwell, house -> foot, along, outward, left, right: worked out by hand
CASES = (
    ((5, 10), 0, (5, 10), (-1, 0), (0, 1), 15, 5),
    ((5, 0.4), 0, (5, 0), (1, 0), (0, -1), 5, 15),
    ((12, 20), 1, (0, 20), (0, -1), (-1, 0), 20, 20),  # the court is no outside
    ((121, 9), 2, (121, 10), (-1, 0), (0, 1), 29, 1),
)


def found_at(points: list[tuple[float, float]], houses: list[int]) -> list[tuple[object, ...]]:
    walls = walls_of(shapely.points(points), HOUSES, np.array(houses, dtype=np.intp))
    return [
        (walls.foot[n].tolist(), walls.along[n].tolist(), walls.outward[n].tolist(), walls.left[n], walls.right[n])
        for n in range(len(points))
    ]


def test_the_wall_is_the_nearest_outer_side_with_its_ends() -> None:
    found = found_at([case[0] for case in CASES], [case[1] for case in CASES])
    for got, (_point, _house, foot, along, outward, left, right) in zip(found, CASES, strict=True):
        assert got[:3] == (list(foot), list(along), list(outward))
        assert got[3:] == pytest.approx((left, right))


def test_a_stairwell_has_the_same_wall_alone_and_among_others() -> None:
    together = found_at([case[0] for case in CASES], [case[1] for case in CASES])
    assert together == [found_at([case[0]], [case[1]])[0] for case in CASES]


def test_without_a_house_or_with_a_line_for_one_there_is_no_wall() -> None:
    walls = walls_of(shapely.points([(1, 1), (1, 1), (5, 10)]), HOUSES, np.array([-1, 3, 0], dtype=np.intp))
    assert walls.found.tolist() == [False, False, True]
    assert np.isfinite(walls.foot).all()
    assert walls_of(np.zeros(0, dtype=object), HOUSES, np.zeros(0, dtype=np.intp)).found.tolist() == []
