"""Where in an area a label has most room: houses with wings and courtyards, areas that the window cuts."""

from collections.abc import Sequence

import numpy as np
import pytest
import shapely

from layers import columns, interior
from layers.raw_types import Floats, Ints
from layers.spots import SpotCache
from layers.viewport import Viewport

Frame = tuple[float, float, float, float]
ANYWHERE: Frame = (-np.inf, -np.inf, np.inf, np.inf)
WINGS = shapely.Polygon([(0, 0), (100, 0), (100, 100), (70, 100), (70, 20), (0, 20)])  # an L of 100 px
COURT = shapely.Polygon(shapely.box(0, 0, 120, 80).exterior, [shapely.box(20, 20, 90, 60).exterior])


def _rings(*areas: shapely.Polygon) -> tuple[Floats, Ints, Ints]:
    rings, owners = shapely.get_rings(np.array(areas), return_index=True)
    return shapely.get_coordinates(rings), shapely.get_num_coordinates(rings), owners


def _spots(areas: Sequence[shapely.Polygon], size: tuple[float, float], frame: Frame = ANYWHERE) -> Floats:
    return interior.spots(*_rings(*areas), np.tile(size, (len(areas), 1)), np.tile(frame, (len(areas), 1)))


def _box(spot: Floats, size: tuple[float, float], less: float = 1e-3) -> shapely.Polygon:
    half_w, half_h = size[0] / 2 - less, size[1] / 2 - less
    return shapely.box(spot[0] - half_w, spot[1] - half_h, spot[0] + half_w, spot[1] + half_h)


@pytest.mark.parametrize("size", [(30, 16), (80, 16), (98, 19.5), (24, 60), (29, 70), (18, 90)])
@pytest.mark.parametrize("turn", [0, 180])
def test_the_number_of_an_l_shaped_house_lies_in_one_of_its_wings(size: tuple[float, float], turn: int) -> None:
    house = shapely.affinity.rotate(WINGS, turn, origin=(50, 50))
    (spot,) = _spots([house], size)
    assert house.contains(_box(spot, size))


def test_a_name_lies_beside_the_courtyard_where_most_room_is() -> None:
    size = (25.0, 14.0)
    (spot,) = _spots([COURT], size)
    assert COURT.contains(_box(spot, size))
    assert spot[0] > 90, "the wing on the right is the widest"


def test_what_is_smaller_than_its_label_has_no_place_inside() -> None:
    slanted = shapely.affinity.rotate(shapely.box(0, 0, 60, 12), 40)
    assert np.isnan(_spots([shapely.box(0, 0, 28, 30), slanted, shapely.Point(0, 0).buffer(9)], (30, 14))).all()


def test_a_name_lies_in_the_middle_of_what_the_window_shows_of_its_area() -> None:
    area, size = shapely.box(-500, -500, 100, 60), (60.0, 18.0)
    (spot,) = _spots([area], size, (0, 0, 800, 600))
    assert spot.tolist() == pytest.approx([50, 30], abs=0.1)
    assert np.isnan(_spots([area], (110, 18), (0, 0, 800, 600))).all(), "what is in sight is too narrow"


def test_no_label_lies_in_a_bay_that_the_window_shows_alone() -> None:
    horseshoe = shapely.Polygon([(0, 0), (300, 0), (300, 300), (250, 300), (250, 60), (50, 60), (50, 300), (0, 300)])
    assert np.isnan(_spots([horseshoe], (30, 14), (60, 80, 240, 290))).all()


def test_many_areas_at_once_have_the_places_that_each_has_alone() -> None:
    rng = np.random.default_rng(3)
    round_ = [shapely.Point(x, y).buffer(r, 40) for x, y, r in rng.uniform(20, 90, (30, 3))]
    areas = [WINGS, COURT, *round_, shapely.box(0, 0, 10, 10)]
    together = _spots(areas, (30, 14))
    for area, spot in zip(areas, together, strict=True):
        assert np.array_equal(_spots([area], (30, 14))[0], spot, equal_nan=True)
        assert np.isnan(spot).any() or area.contains(_box(spot, (30, 14)))


def test_boxes_are_tried_against_an_area_with_a_hole() -> None:
    boxes = np.array([[2, 2, 60, 18], [15, 2, 40, 25], [30, 30, 60, 50], [95, 10, 118, 70], [100, 70, 130, 90]], float)
    points, counts, _owners = _rings(COURT)
    wanted = [COURT.contains(shapely.box(*box)) for box in boxes]
    assert interior.holds(points, counts, boxes).tolist() == wanted == [True, False, False, True, False]


def test_a_window_that_is_moved_finds_only_the_places_of_what_it_cuts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    houses = shapely.box(np.arange(10) * 40.0, 0, np.arange(10) * 40.0 + 30, 20)
    layer = columns.build("building", houses, [f"{n:032x}" for n in range(10)], [0] * 10, [""])
    worked: list[int] = []
    spots = interior.spots

    def counted(points: Floats, counts: Ints, owners: Ints, sizes: Floats, frames: Floats) -> Floats:
        worked.append(len(sizes))
        return spots(points, counts, owners, sizes, frames)

    monkeypatch.setattr(interior, "spots", counted)
    cache, sizes, index = SpotCache(), np.tile((20.0, 10.0), (10, 1)), np.arange(10)
    for moved in (0.0, 3.0, 3.0):
        view = Viewport(200.0 + moved, 10.0, 0.5, 800, 200)
        window = (30.0, 0.0, 770.0, 200.0)
        is_cut = np.array([True, *[False] * 8, True])
        found = cache.spots(layer, index, view, window, sizes, is_cut)
        assert found[4] == pytest.approx(view.to_screen(*layer.centres(np.array([4]))[0].tolist()), abs=0.1)
    assert worked == [10, 2]
