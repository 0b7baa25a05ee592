"""R1 to R6 against cases worked out by hand."""

import pytest

from fieldsurvey.assess.rules import Result, engine
from fieldsurvey.assess.rules.catalogue import BY_ID
from tests.rule_cases import BOX, exact, layers, run, told

HOME = {"at": BOX, "kind": "住宅", "household_count": 12}


def hydrant(x: float, y: float = 5, state: str = "完好") -> dict[str, object]:
    return {"at": f"POINT ({x} {y})", "state": state}


# --- R1: cover ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("x", "result"), [(169.99, None), (170.0, None), (170.01, "fail")])
def test_a_home_is_covered_up_to_exactly_the_radius(x: float, result: str | None) -> None:
    found = run("R1", building=[HOME], hydrant=[hydrant(x)])
    assert told(found) == ([] if result is None else [("T-F9", result, 150.01, "")])


def test_a_hydrant_without_water_covers_nothing() -> None:
    assert told(run("R1", building=[HOME], hydrant=[hydrant(30, state="无水")])) == [("T-F9", "fail", None, "")]


def test_only_a_hydrant_of_unknown_state_needs_review() -> None:
    assert told(run("R1", building=[HOME], hydrant=[hydrant(30, state="")])) == [
        ("T-F9", "needs_review", None, "no_state")
    ]


def test_without_the_hydrant_layer_nothing_passes() -> None:
    assert told(run("R1", building=[HOME])) == [("T-F9", "needs_review", None, "no_layer")]


def test_a_home_without_a_shape_needs_review() -> None:
    assert told(run("R1", building=[{**HOME, "at": ""}], hydrant=[hydrant(30)])) == [
        ("T-F9", "needs_review", None, "no_geometry")
    ]


def test_the_share_of_households_is_counted() -> None:
    far = {**HOME, "uid": "far", "at": "POLYGON ((900 0, 910 0, 910 9, 900 9, 900 0))", "household_count": 36}
    outcome = engine.judge(layers(building=[HOME, far], hydrant=[hydrant(30)]), exact(), [BY_ID["R1"]])
    assert sum(t.households[0] for t in outcome.tallies.values()) == 48
    assert sum(t.households[1] for t in outcome.tallies.values()) == 12


def test_a_margin_within_the_accuracy_is_uncertain_on_either_side() -> None:
    rules = exact().changed("A-building", 0.3).changed("A-hydrant", 0.4)
    for x in (169.6, 170.4):
        (found,) = run("R1", rules, building=[HOME], hydrant=[hydrant(x)])
        assert found.result is Result.UNCERTAIN
    assert run("R1", rules, building=[HOME], hydrant=[hydrant(169.5)]) == []
    assert [f.result for f in run("R1", rules, building=[HOME], hydrant=[hydrant(170.5)])] == [Result.FAIL]


# --- R2: spacing along the roads ---------------------------------------------------------------------------------


def test_spacing_is_measured_along_the_road_and_not_through_houses() -> None:
    corner = [{"at": "LINESTRING (0 0, 100 0, 100 100)", "width": 6}]
    found = run("R2", road=corner, hydrant=[hydrant(30, 2), hydrant(102, 60)])
    assert told(found) == [("T-F8", "fail", 130.0, "")] * 2


@pytest.mark.parametrize(("x", "found"), [(130.0, []), (130.01, [("T-F8", "fail", 120.01, "")] * 2)])
def test_spacing_at_the_limit(x: float, found: list[tuple[str, str, float, str]]) -> None:
    road = [{"at": "LINESTRING (0 0, 300 0)"}]
    assert told(run("R2", road=road, hydrant=[hydrant(10, 2), hydrant(x, 2)])) == found


def test_a_road_that_ends_on_another_is_joined_to_it() -> None:
    roads = [{"at": "LINESTRING (0 0, 200 0)"}, {"at": "LINESTRING (100 0, 100 90)"}]
    found = run("R2", road=roads, hydrant=[hydrant(50, 1), hydrant(101, 80)])
    assert told(found) == [("T-F8", "fail", 130.0, "")] * 2


def test_a_lonely_hydrant_fails_and_one_off_the_roads_needs_review() -> None:
    road = [{"at": "LINESTRING (0 0, 200 0)"}]
    found = run("R2", road=road, hydrant=[hydrant(50, 1), hydrant(50, 31)])
    assert told(found) == [("T-F8", "fail", None, ""), ("T-F8", "needs_review", None, "no_road")]


# --- R3: place ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "found"),
    [
        (3.5, []),
        (5.0, []),
        (3.4, [("T-F10.kerb_min", "fail", 0.4, "")]),
        (5.1, [("T-F10.kerb_max", "fail", 2.1, "")]),
        (2.5, [("T-F10.kerb_min", "fail", -0.5, "")]),
    ],
)
def test_the_band_beside_the_kerb(y: float, found: list[tuple[str, str, float, str]]) -> None:
    road = [{"at": "LINESTRING (0 0, 100 0)", "width": 6}]
    far_house = [{"at": "POLYGON ((0 90, 9 90, 9 99, 0 99, 0 90))"}]
    assert told(run("R3", road=road, hydrant=[hydrant(50, y)], building=far_house)) == found


def test_too_near_to_a_wall_and_a_road_without_width() -> None:
    road = [{"at": "LINESTRING (0 -8, 100 -8)"}]
    found = told(run("R3", road=road, hydrant=[hydrant(10, -4.9)], building=[{"at": BOX}]))
    assert ("T-F10.wall", "fail", 4.9, "") in found
    assert ("T-F10.kerb_min", "needs_review", None, "no_width") in found


# --- R4: lane width ----------------------------------------------------------------------------------------------

LANE = {"at": "LINESTRING (0 0, 100 0)", "width": 6}


@pytest.mark.parametrize(("wall", "found"), [(1.0, []), (0.99, [("T-F1", "fail", 3.99, "")])])
def test_the_narrowest_place_of_a_lane(wall: float, found: list[tuple[str, str, float, str]]) -> None:
    house = {"at": f"POLYGON ((39 {wall}, 45 {wall}, 45 9, 39 9, 39 {wall}))"}
    got = run("R4", internal_road=[LANE], building=[house])
    assert told(got) == found
    if got:
        import shapely

        place = shapely.from_wkb(got[0].place)
        assert place.length == pytest.approx(3.99)
        assert 39 <= place.centroid.x <= 45


def test_obstacles_on_both_sides_add_up_and_parking_is_one() -> None:
    house = {"at": "POLYGON ((10 1.5, 20 1.5, 20 9, 10 9, 10 1.5))"}
    bays = {"at": "MULTIPOLYGON (((14 -6, 30 -6, 30 -1.2, 14 -1.2, 14 -6)))"}
    assert told(run("R4", internal_road=[LANE], building=[house], parking=[bays])) == [("T-F1", "fail", 2.7, "")]


def test_a_yard_inside_a_house_with_a_hole_is_free() -> None:
    ring = "POLYGON ((-50 -50, 150 -50, 150 50, -50 50, -50 -50), (-10 -3, -10 3, 110 3, 110 -3, -10 -3))"
    assert run("R4", internal_road=[LANE], building=[{"at": ring}]) == []


def test_a_lane_without_width_needs_review_unless_it_is_too_narrow_anyway() -> None:
    lane = {"at": "MULTILINESTRING ((0 0, 50 0), (50 0, 100 0))"}
    assert told(run("R4", internal_road=[lane])) == [("T-F1", "needs_review", 20.0, "no_width")]
    wall = [{"at": "POLYGON ((0 1, 100 1, 100 2, 0 2, 0 1))"}, {"at": "POLYGON ((0 -1, 100 -1, 100 -2, 0 -2, 0 -1))"}]
    assert told(run("R4", internal_road=[lane], building=wall)) == [("T-F1", "fail", 2.0, "")]


# --- R5: lane along the long side --------------------------------------------------------------------------------


@pytest.mark.parametrize(("y", "found"), [(-12.0, []), (-12.5, [("T-F7.reach", "fail", 10.5, "")])])
def test_a_lane_beside_the_long_side(y: float, found: list[tuple[str, str, float, str]]) -> None:
    lane = {"at": f"LINESTRING (-50 {y}, 70 {y})", "width": 4}
    assert told(run("R5", building=[HOME], internal_road=[lane])) == found


def test_a_narrow_lane_does_not_count_and_one_without_width_needs_review() -> None:
    narrow = {"at": "LINESTRING (-50 -5, 70 -5)", "width": 3.9}
    assert told(run("R5", building=[HOME], internal_road=[narrow])) == [("T-F7.reach", "fail", None, "")]
    unknown = {"at": "LINESTRING (-50 -5, 70 -5)"}
    assert told(run("R5", building=[HOME], internal_road=[unknown])) == [
        ("T-F7.reach", "needs_review", None, "no_width")
    ]


# --- R6: dead ends -----------------------------------------------------------------------------------------------

STREET = [{"at": "LINESTRING (0 0, 500 0)", "width": 20}]


def dead_end(length: float) -> list[dict[str, object]]:
    return [{"at": f"LINESTRING (100 0, 100 {length})", "width": 4, "community_uid": "c"}]


def test_a_long_dead_end_is_judged_by_its_turnaround() -> None:
    fire = {"community_uid": "c"}
    assert run("R6", road=STREET, internal_road=dead_end(40)) == []
    assert told(run("R6", road=STREET, internal_road=dead_end(41))) == [("T-F3", "needs_review", 41.0, "no_turnaround")]
    no = run("R6", road=STREET, internal_road=dead_end(41), f09_fire=[{**fire, "turnaround": "no"}])
    assert told(no) == [("T-F3", "fail", 41.0, "")]
    assert run("R6", road=STREET, internal_road=dead_end(41), f09_fire=[{**fire, "turnaround": "yes"}]) == []


def test_a_dead_end_runs_through_several_pieces_up_to_the_junction() -> None:
    pieces = [
        {"at": "LINESTRING (100 0, 100 30)"},
        {"at": "LINESTRING (100 30, 130 30)"},
        {"at": "LINESTRING (130 30, 130 50)"},
        {"at": "LINESTRING (100 30, 60 30)"},
    ]
    assert told(run("R6", road=STREET, internal_road=pieces)) == [("T-F3", "needs_review", 50.0, "no_turnaround")]


def test_a_loop_has_no_dead_end() -> None:
    loop = [{"at": "LINESTRING (100 0, 100 80, 200 80, 200 0)"}]
    assert run("R6", road=STREET, internal_road=loop) == []
