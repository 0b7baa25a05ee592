"""Where labels go."""

from layers.labels import Label, Placement, places


def _label(x: float, y: float) -> Label:
    return Label("1栋", x, y, 30, 16)


def test_a_label_whose_middle_is_taken_goes_aside_on_its_own_feature() -> None:
    placement = Placement(400, 200)
    assert placement.put([_label(200, 100)]) is not None
    house = (100.0, 80.0, 300.0, 120.0)
    spots = list(places(house, 30, 16))
    assert spots[0] == (200.0, 100.0)
    found = placement.put(_label(*spot) for spot in spots)
    assert found is not None
    assert found.x != 200
    assert house[0] < found.x - 15 < found.x + 15 < house[2]


def test_a_feature_as_small_as_its_label_has_one_place() -> None:
    assert list(places((0.0, 0.0, 30.0, 16.0), 30, 16)) == [(15.0, 8.0)]


def test_no_label_is_cut_by_the_edge() -> None:
    placement = Placement(400, 200)
    assert placement.put([_label(5, 100)]) is None
    assert not placement.is_taken(5, 100)
    assert placement.put([_label(50, 100)]) is not None
    assert placement.is_taken(50, 100)
    assert not placement.is_taken(-5, 100)
