"""Geometry of editing: snapping, tracing, split, merge, reshape, offset, vertices, typed numbers."""

from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo.measures import bearing, grid_length
from fieldsurvey.model.schema import GeometryType
from layers import edits, sidecar
from layers.sidecar import Sidecar
from layers.snapping import SnapKind, snap, trace
from tests.builders import add_community, make_project, square

E, N = 600_000.0, 3_340_000.0
BOX = shapely.MultiPolygon([shapely.box(0, 0, 10, 10)])
LINE = shapely.MultiLineString([[(0, 0), (10, 0), (20, 0)]])


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Sidecar:
    path: Path = tmp_path_factory.mktemp("snap") / "p.gpkg"
    with make_project(path) as store:
        add_community(store, geom=square(E, N))
        for line in (((E - 50, N + 30), (E + 50, N + 30)), ((E + 20, N - 50), (E + 20, N + 60))):
            store.create_record("water_line", {"geom": bytes(shapely.to_wkb(shapely.MultiLineString([line])))})
        return sidecar.direct(store)


@pytest.mark.parametrize(
    ("place", "kind", "at"),
    [
        ((E + 1, N + 1), SnapKind.VERTEX, (E, N)),
        ((E + 21, N + 29), SnapKind.CROSSING, (E + 20, N + 30)),
        ((E + 50.5, N + 99.6), SnapKind.MIDDLE, (E + 50, N + 100)),
        ((E + 80, N + 98.5), SnapKind.EDGE, (E + 80, N + 100)),
    ],
)
def test_the_strongest_thing_nearby_is_snapped_to(
    city: Sidecar, place: tuple[float, float], kind: SnapKind, at: tuple[float, float]
) -> None:
    found = snap(city, ("community", "water_line"), place, 2.0)
    assert found is not None
    assert found.kind is kind
    assert found.place == pytest.approx(at, abs=2e-3)


def test_nothing_near_is_nothing(city: Sidecar) -> None:
    assert snap(city, ("community", "water_line"), (E + 60, N + 60), 2.0) is None


def test_tracing_takes_the_shorter_way_round() -> None:
    ring = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 0.0)]
    assert trace(ring, (0.0, 0.0), (10.0, 10.0)) in ([(10.0, 0.0)], [(0.0, 10.0)])
    assert trace(ring, (0.0, 10.0), (10.0, 0.0)) in ([(0.0, 0.0)], [(10.0, 10.0)])
    assert trace(ring, (0.0, 0.0), (0.0, 10.0)) == []
    assert trace(ring[:-1], (0.0, 0.0), (0.0, 10.0)) == [(10.0, 0.0), (10.0, 10.0)]
    assert trace(ring, (5.0, 5.0), (0.0, 10.0)) == []


def test_split_and_merge_undo_each_other() -> None:
    parts = edits.split(BOX, [(3, -1), (3, 11)])
    assert [part.area for part in parts] == [70, 30]
    assert edits.merge(parts).equals(BOX)
    halves = edits.split(LINE, [(5, -1), (5, 1)])
    assert sorted(part.length for part in halves) == [5, 15]
    assert edits.merge(halves).length == 20


@given(st.floats(0.5, 9.5), st.floats(0.5, 9.5))
def test_no_ground_is_lost_by_splitting(left: float, right: float) -> None:
    parts = edits.split(BOX, [(left, -5), (right, 15)])
    assert sum(part.area for part in parts) == pytest.approx(100)


def test_what_does_not_cut_or_touch_is_refused() -> None:
    with pytest.raises(InputRefused):
        edits.split(BOX, [(3, 3), (4, 4)])
    with pytest.raises(InputRefused):
        edits.merge([BOX, shapely.MultiPolygon([shapely.box(50, 50, 60, 60)])])
    with pytest.raises(InputRefused):
        edits.reshape(BOX, [(20, 20), (30, 30)])


def test_reshape_adds_outside_and_cuts_inside() -> None:
    assert edits.reshape(BOX, [(10, 2), (14, 2), (14, 8), (10, 8)]).area == pytest.approx(124)
    assert edits.reshape(BOX, [(11, 2), (8, 2), (8, 8), (11, 8)]).area == pytest.approx(88)
    line = edits.reshape(LINE, [(4, -1), (4, 3), (12, 3), (12, -1)])
    assert line.length == pytest.approx(4 + 3 + 8 + 3 + 8)


def test_offset_of_lines_and_areas() -> None:
    beside = edits.offset(LINE, 2.0)
    assert shapely.distance(beside, LINE) == pytest.approx(2)
    assert edits.offset(BOX, 1.0).area == pytest.approx(144)
    with pytest.raises(InputRefused):
        edits.offset(BOX, -6.0)


def test_vertices_are_moved_put_in_and_taken_out() -> None:
    assert edits.with_vertex(BOX, (10, 10), (20, 10)).area == pytest.approx(150)
    more = edits.with_vertex(BOX, None, (10, 5))
    assert len(shapely.get_coordinates(more)) == 6
    assert edits.with_vertex(more, (10, 5), None).equals(BOX)
    with pytest.raises(InputRefused):
        edits.with_vertex(BOX, (10, 10), (5, -5))
    with pytest.raises(InputRefused):
        edits.with_vertex(shapely.MultiLineString([[(0, 0), (1, 0)]]), (0, 0), None)


def test_turning_is_clockwise_like_bearings() -> None:
    got = edits.turned(shapely.Point(0, 10), (0, 0), 90)
    assert (got.x, got.y) == pytest.approx((10, 0))
    assert edits.moved(BOX, (0, 0), (5, 5)).bounds == (5, 5, 15, 15)


@pytest.mark.parametrize(
    ("text", "at"),
    [("10", (0, 10)), ("10<90", (10, 0)), ("3,4", (3, 4)), ("3，-4", (3, -4)), ("10<", None), ("x", None)],
)
def test_typed_numbers(text: str, at: tuple[float, float] | None) -> None:
    assert edits.typed(text, (0, 0), 0.0) == (None if at is None else pytest.approx(at))


@given(st.floats(1, 359), st.floats(-50, 50), st.floats(-50, 50))
def test_square_and_parallel_sides(degrees: float, x: float, y: float) -> None:
    edge = (
        (0.0, 0.0),
        (
            float(shapely.affinity.rotate(shapely.Point(0, 10), -degrees, (0, 0)).x),
            float(shapely.affinity.rotate(shapely.Point(0, 10), -degrees, (0, 0)).y),
        ),
    )
    for is_square in (True, False):
        got = edits.along((0, 0), (x, y), edge, square=is_square)
        if grid_length([(0, 0), got]) > 1e-3:
            turn = (bearing((0, 0), got) - bearing(*edge)) % 180
            assert min(abs(turn - (90 if is_square else 0)), abs(turn - 180) if not is_square else 360) < 1e-3


def test_an_outline_that_crosses_itself_is_refused() -> None:
    with pytest.raises(InputRefused):
        edits.from_corners([(0, 0), (10, 10), (10, 0), (0, 10)], GeometryType.MULTIPOLYGON)
    assert edits.from_corners([(0, 0), (1, 0), (1, 1)], GeometryType.MULTIPOLYGON).area == 0.5
