"""What must hold for any geometry: farther is never worse, more hydrants never cover less."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldsurvey.assess.rules import Result, network
from fieldsurvey.assess.rules.clearance import nearest_beside, nearest_not_entered
from fieldsurvey.assess.rules.lift import largest_boxes
from fieldsurvey.assess.rules.site import results_of
from tests.rule_cases import run

numbers = st.integers(-60, 60).map(float)
spots = st.tuples(numbers, numbers)
WORSE = {Result.PASS: 0, Result.UNCERTAIN: 1, Result.FAIL: 2}


@st.composite
def pipes(draw: st.DrawFn) -> shapely.LineString:
    return shapely.LineString(draw(st.lists(spots, min_size=2, max_size=5, unique=True)))


@settings(max_examples=150, deadline=None)
@given(pipes(), st.floats(0, 40), st.sampled_from([0.0, 0.05, 0.5]))
def test_moving_a_pipe_away_from_a_house_never_makes_it_worse(
    pipe: shapely.LineString, away: float, accuracy: float
) -> None:
    house = np.array([shapely.box(0, 200, 30, 220)])
    lines = np.array([shapely.affinity.translate(pipe, 0, 139), shapely.affinity.translate(pipe, 0, 139 - away)])
    _found, metres = nearest_not_entered(lines, np.arange(2), house, np.ones(1, bool), 500.0, 0.0)
    assert metres[1] >= metres[0] - 1e-9
    near, far = results_of(metres, np.full(2, 3.0), accuracy)
    assert WORSE[far] <= WORSE[near]


@settings(max_examples=150, deadline=None)
@given(pipes(), pipes(), st.floats(0, 40))
def test_moving_a_pipe_away_from_a_drain_never_makes_it_worse(
    pipe: shapely.LineString, drain: shapely.LineString, away: float
) -> None:
    lines = np.array([shapely.affinity.translate(pipe, 0, 121), shapely.affinity.translate(pipe, 0, 121 + away)])
    _found, metres, _crossings = nearest_beside(lines, np.arange(2), np.array([drain]), np.ones(1, bool), 1000.0)
    assert metres[1] >= metres[0] - 1e-9


@settings(max_examples=100, deadline=None)
@given(st.lists(spots, max_size=6), spots, st.lists(spots, min_size=1, max_size=6))
def test_one_more_hydrant_never_covers_less(
    there: list[tuple[float, float]], new: tuple[float, float], homes: list[tuple[float, float]]
) -> None:
    houses = [{"at": f"POINT ({10 * x} {10 * y})", "kind": "住宅"} for x, y in homes]
    hydrants = [{"at": f"POINT ({10 * x} {10 * y})", "state": "完好"} for x, y in there]
    before = run("R1", building=houses, hydrant=[*hydrants, {"at": "POINT (9e5 9e5)", "state": "完好"}])
    more = [
        *hydrants,
        {"at": "POINT (9e5 9e5)", "state": "完好"},
        {"at": f"POINT ({10 * new[0]} {10 * new[1]})", "state": "完好"},
    ]
    assert {f.subject for f in run("R1", building=houses, hydrant=more)} <= {f.subject for f in before}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=7, unique=True))
def test_the_nearest_other_along_a_grid_is_that_of_a_search_from_each(at: list[tuple[int, int]]) -> None:
    ways = [shapely.LineString([(x * 10, 0), (x * 10, 40)]) for x in range(5)]
    ways += [shapely.LineString([(0, y * 10), (40, y * 10)]) for y in range(5)]
    crossed = np.array(
        [
            shapely.LineString(
                sorted(
                    {(c[0], c[1]) for other in ways for c in shapely.get_coordinates(way.intersection(other)).tolist()}
                )
            )
            for way in ways
        ]
    )
    points = shapely.points([(x * 10, y * 10) for x, y in at])
    graph = network.build(crossed, points, 1.0)
    metres, to = network.nearest_others(graph, graph.stops, 500.0)
    for n, (x, y) in enumerate(at):
        nearest = min(abs(x - a) + abs(y - b) for k, (a, b) in enumerate(at) if k != n) * 10
        assert metres[n] == nearest
        assert abs(x - at[to[n]][0]) + abs(y - at[to[n]][1]) == nearest / 10


@settings(deadline=None)
@given(
    st.integers(1, 9).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, 5).map(float), min_size=n, max_size=n), min_size=1, max_size=6)
    ),
    st.sampled_from([0.2, 0.5, 99.0]),
    st.sampled_from([1.0, 3.0, 99.0]),
)
def test_the_largest_box_is_that_of_a_search_of_all(rows: list[list[float]], least: float, deep: float) -> None:
    found = np.column_stack(largest_boxes(np.array(rows), least, deep)).tolist()
    for free, (start, width, depth) in zip(rows, found, strict=True):
        boxes = [
            ((b - a) * 0.1 >= least - 1e-9 and min(free[a:b]) >= deep, (b - a) * min(free[a:b]), -a, b - a)
            for a in range(len(free))
            for b in range(a + 1, len(free) + 1)
        ]
        _fits, area, first, cells = max(boxes)
        assert (start, width) == (round(-first * 0.1, 3), round(cells * 0.1, 3))
        assert cells * depth == area
