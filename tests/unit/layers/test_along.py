"""Labels that lie along lines."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.along import along

FRAME = (0.0, 0.0, 400.0, 300.0)


def _line(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, float)


def test_the_label_of_a_straight_line_is_at_its_middle_and_as_steep() -> None:
    found = along(_line((50, 250), (250, 50)), FRAME, 60)
    assert found is not None
    assert (found.x, found.y) == pytest.approx((150, 150), abs=12)
    assert found.angle == pytest.approx(-45)


@pytest.mark.parametrize("points", [((350, 150), (50, 150)), ((200, 280), (200, 20)), ((300, 250), (100, 50))])
def test_no_label_is_upside_down(points: tuple[tuple[float, float], ...]) -> None:
    one, other = (along(_line(*some), FRAME, 60) for some in (points, points[::-1]))
    assert one is not None
    assert other is not None
    assert -90 < one.angle <= 90
    assert one.angle == pytest.approx(other.angle)


def test_a_line_too_short_for_its_label_has_none() -> None:
    assert along(_line((50, 50), (90, 50)), FRAME, 60) is None
    assert along(_line((50, 50)), FRAME, 60) is None


def test_of_a_line_that_leaves_the_view_the_part_in_view_is_labelled() -> None:
    found = along(_line((-900, 150), (300, 150)), FRAME, 60)
    assert found is not None
    assert 30 <= found.x <= 270


def test_a_label_is_not_laid_over_a_corner_but_beside_it() -> None:
    found = along(_line((20, 20), (20, 280), (380, 280)), FRAME, 100)
    assert found is not None
    assert found.x == pytest.approx(20) or found.y == pytest.approx(280)


def test_a_zigzag_finer_than_the_label_has_none() -> None:
    points = [(20 + 10 * n, 150 + 60 * (n % 2)) for n in range(30)]
    assert along(_line(*points), FRAME, 80) is None


_PLACES = st.tuples(st.floats(-500, 900), st.floats(-500, 800))


@given(st.lists(_PLACES, min_size=1, max_size=12), st.floats(5, 200))
def test_a_label_lies_in_view_whatever_the_line(points: list[tuple[float, float]], length: float) -> None:
    found = along(_line(*points), FRAME, length)
    if found is not None:
        turn = math.radians(found.angle)
        for end in (-0.3, 0.0, 0.3):
            x, y = found.x + end * length * math.cos(turn), found.y + end * length * math.sin(turn)
            assert -0.3 * length <= x <= 400 + 0.3 * length
            assert -0.3 * length <= y <= 300 + 0.3 * length
