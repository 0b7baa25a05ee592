"""In which system a place is told, and where it has none."""

import numpy as np
import pytest
from pyproj import CRS, Transformer

from fieldsurvey.geo import crs, local_grids
from fieldsurvey.geo.local_grids import PLANE, SPACE, TM, LocalGrid
from fieldsurvey.geo.readout import DEGREES, DMS, PROJECT, choices, way_to

EAST, NORTH = 602_829.39, 3_344_456.27
PLAIN = LocalGrid("城建", PLANE, local_grids.from_four(100.0, -50.0, 600.0, 8.0), "", "EPSG:4547")
OWN = LocalGrid("甲", TM, (114.9, 0.0, 1.0, 500_000.0, -3_000_000.0, 20.0))
OLD = LocalGrid("旧", SPACE, (120.0, 80.0, 40.0, 0.1, 0.2, 0.3, 1.0), "EPSG:2383")


@pytest.fixture
def _grids() -> None:
    for grid in (PLAIN, OWN, OLD):
        local_grids.keep(grid)


@pytest.mark.usefixtures("_grids")
def test_all_grids_of_this_computer_can_be_chosen_and_lead_back() -> None:
    assert choices() == [PROJECT, DEGREES, DMS, "LOCAL:城建", "LOCAL:甲", "LOCAL:旧"]
    for grid in (PLAIN, OWN, OLD):
        told = way_to(f"LOCAL:{grid.name}", "EPSG:4547").at(EAST, NORTH)
        assert told is not None
        back = crs.transform(*grid.to_base(*(np.array([value]) for value in told)), grid.base, "EPSG:4547")
        assert [float(value[0]) for value in back] == pytest.approx([EAST, NORTH], abs=5e-3)  # heights are dropped


def test_a_project_s_own_system_needs_no_transformation() -> None:
    assert way_to(PROJECT, "EPSG:4547").at(EAST, NORTH) == (EAST, NORTH)
    assert way_to(DEGREES, "EPSG:4547").at(EAST, NORTH) == pytest.approx((115.068023, 30.215242), abs=1e-6)


@pytest.mark.parametrize("choice", [DEGREES, DMS, "LOCAL:甲", "LOCAL:旧"])
@pytest.mark.parametrize("place", [(1e9, 1e9), (float("nan"), 0.0), (float("inf"), 3e6)])
@pytest.mark.usefixtures("_grids")
def test_where_a_system_has_no_place_none_is_told(choice: str, place: tuple[float, float]) -> None:
    assert way_to(choice, "EPSG:4547").at(*place) is None


@pytest.mark.usefixtures("_grids")
def test_a_strip_far_from_its_meridian_is_told_nothing_in() -> None:
    way = way_to("LOCAL:甲", "EPSG:4547")
    assert way.at(500_000, NORTH) is not None
    assert way.at(-800_000, NORTH) is None


def test_a_grid_that_is_not_here_and_an_old_datum_without_a_way_are_troubles_and_no_crash() -> None:
    gone = way_to("LOCAL:城建", "EPSG:4547")
    assert gone.at(EAST, NORTH) is None
    assert "城建" in gone.trouble
    old = way_to(DEGREES, "EPSG:2383")
    assert old.at(EAST, NORTH) is None
    assert old.trouble


@pytest.mark.usefixtures("_grids")
def test_moving_the_pointer_builds_no_transformer_and_reads_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    ways = [way_to(choice, "EPSG:4547") for choice in choices()]
    for way in ways:
        way.at(EAST, NORTH)

    def refused(*_args: object, **_options: object) -> None:
        raise AssertionError("made anew")

    for kind, name in ((Transformer, "from_crs"), (CRS, "from_user_input"), (local_grids, "grids")):
        monkeypatch.setattr(kind, name, refused)
    monkeypatch.setattr("pyproj.Proj.__init__", refused)
    for way in ways:
        assert way.at(EAST + 10, NORTH) is not None


def test_no_number_of_a_grid_is_shown_with_the_way_to_it() -> None:
    local_grids.keep(OWN)
    assert "114.9" not in repr(way_to("LOCAL:甲", "EPSG:4547"))
