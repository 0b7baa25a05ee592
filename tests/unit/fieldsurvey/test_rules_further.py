"""M18 to M26: hand-made cases with the exact number, at the boundary and where an input is missing."""

from typing import Any

import numpy as np
import pytest

from fieldsurvey.assess.rules.supply import head_for, load_of
from tests.rule_cases import BOX, exact, run, told

Told = list[tuple[str, str, float | None, str]]
C = {"uid": "c", "at": "POLYGON ((-50 -50, 200 -50, 200 200, -50 200, -50 -50))", "household_count": 10}


def drain(kind: str, at: str, up: float | None, down: float | None) -> dict[str, Any]:
    return {"community_uid": "c", "pipe_class": kind, "at": at, "invert_up": up, "invert_down": down}


@pytest.mark.parametrize(
    ("storm", "foul", "finding"),
    [
        ((20.0, 19.0), (19.0, 18.0), [("T-D2", "fail", 1.0, "")]),  # storm water runs into the combined drain
        ((19.0, 18.0), (18.0, 19.0), []),  # both bring their water to the place: none runs into the other
        ((20.0, None), (19.0, 18.0), [("T-D2", "needs_review", 0.0, "no_levels")]),
        ((19.0, 19.0), (19.0, 18.0), [("T-D2", "needs_review", 0.0, "no_levels")]),
        ((18.0, 19.0), (18.0, 19.0), [("T-D2", "fail", 1.0, "")]),  # drawn against the flow: the foul one runs into it
    ],
)
def test_a_link_of_storm_and_combined_drains_is_told_by_the_flow(
    storm: tuple[float | None, float | None], foul: tuple[float | None, float | None], finding: Told
) -> None:
    lines = [drain("雨水", "LINESTRING (0 0, 30 0)", *storm), drain("雨污合流", "LINESTRING (30 0, 60 0)", *foul)]
    assert told(run("M18", drain_line=lines)) == finding


def test_drains_that_end_further_apart_than_the_snap_are_no_link() -> None:
    apart = [drain("雨水", "LINESTRING (0 0, 30 0)", 2, 1), drain("污水", "LINESTRING (30.11 0, 60 0)", 1, 0)]
    touching = [apart[0], {**apart[1], "at": "LINESTRING (30.09 0, 60 0)"}]
    assert (told(run("M18", drain_line=apart)), len(run("M18", drain_line=touching))) == ([], 1)


@pytest.mark.parametrize(
    ("x", "finding"),
    [
        (25.0, []),
        (24.99, [("T-D12.building", "fail", 4.99, "")]),
        (None, [("T-D12.building", "needs_review", None, "no_geometry")]),
    ],
)
def test_a_septic_tank_keeps_five_metres_from_the_house(x: float | None, finding: Told) -> None:
    tank = {"community_uid": "c", "appurtenance": "化粪池", "at": None if x is None else f"POINT ({x} 5)"}
    found = run("M19", community=[C], building=[{"at": BOX}], f19_pipe_point=[tank])
    assert told([one for one in found if one.is_recorded and one.threshold == "T-D12.building"]) == finding


def test_a_septic_tank_keeps_thirty_metres_from_an_intake_where_one_is_drawn() -> None:
    tank = {"community_uid": "c", "kind": "化粪池", "at": "POINT (100 0)"}
    for x, failing in ((130.0, []), (129.9, [("T-D12.intake", "fail", 29.9, "")])):
        found = run("M19", community=[C], manhole=[tank], layer_water_intake=[{"at": f"POINT ({x} 0)"}])
        assert told([one for one in found if one.threshold == "T-D12.intake"]) == failing
    found = run("M19", community=[C], manhole=[tank])
    assert [one.reason for one in found if one.threshold == "T-D12.intake"] == ["not_recorded"]


def test_a_drinking_tank_keeps_two_metres_from_a_foul_drain_only() -> None:
    tank = {"community_uid": "c", "appurtenance": "生活水池", "at": "POINT (0 0)"}
    for y, kind, count in ((1.99, "污水", 1), (2.0, "污水", 0), (1.0, "雨水", 0)):
        found = run("M19", f19_pipe_point=[tank], drain_line=[drain(kind, f"LINESTRING (-9 {y}, 9 {y})", 1, 0)])
        assert len([one for one in found if one.threshold == "T-W6.sewer"]) == count


ROAD = {"community_uid": "c", "width": 4.0, "at": "LINESTRING (-100 -5, 300 -5)"}
HOME = {"community_uid": "c", "kind": "住宅", "floors": 6, "at": BOX}  # its middle is at (10, 5)


@pytest.mark.parametrize(
    ("x", "finding"),
    [
        (80.0, []),  # 70 m along the road
        (80.1, [("T-R8.walk", "fail", 70.1, "")]),
        (200.0, [("T-R8.walk", "fail", 180.069, "")]),  # in a straight line already too far
    ],
)
def test_a_waste_point_is_within_seventy_metres_on_foot(x: float, finding: Told) -> None:
    found = run(
        "M20", community=[C], building=[HOME], internal_road=[ROAD], layer_waste_point=[{"at": f"POINT ({x} -5)"}]
    )
    assert told(found) == finding


def test_without_a_way_on_foot_a_near_waste_point_needs_review_and_under_the_window_it_fails() -> None:
    found = told(run("M20", community=[C], building=[HOME], layer_waste_point=[{"at": "POINT (10 14.9)"}]))
    assert found == [("T-R8.walk", "needs_review", 4.9, "no_path"), ("T-R8.window", "fail", 4.9, "")]


@pytest.mark.parametrize(
    ("words", "width", "finding"),
    [
        ("单车道", 4.0, []),
        ("单车道", 3.99, [("T-R1.single", "fail", 3.99, "")]),
        ("双车道", 5.99, [("T-R1.double", "fail", 5.99, "")]),
        ("人行道", 1.5, []),
        ("人行道", None, [("T-R1.foot", "needs_review", None, "no_width")]),
        ("宅间路", 2.4, [("T-R1.single", "needs_review", None, "not_recorded"), ("T-R3.others", "fail", 2.4, "")]),
        ("小区主路", 4.0, [("T-R1.single", "needs_review", None, "not_recorded")]),
    ],
)
def test_roads_are_as_wide_as_their_class_asks(words: str, width: float | None, finding: Told) -> None:
    road = {**ROAD, "road_class": words, "width": width}
    gates = [{"community_uid": "c"}] * 2
    assert told(run("M21", community=[C], internal_road=[road], gate=gates)) == finding


def test_two_exits_pass_and_one_that_is_drawn_does_not_say_that_there_is_no_other() -> None:
    one = told(run("M21", community=[C], gate=[{"community_uid": "c"}]))
    assert one == [("T-R3.exits", "needs_review", 1.0, "maybe_more")]
    assert told(run("M21", community=[C], gate=[{"community_uid": "c"}] * 2)) == []


@pytest.mark.parametrize(
    ("length", "said", "finding"),
    [
        (120.0, "no", []),
        (121.0, "no", [("T-R2.dead_end", "fail", 121.0, "")]),
        (121.0, "yes", [("T-R2.dead_end", "needs_review", 121.0, "no_turnaround_size")]),
        (121.0, None, [("T-R2.dead_end", "needs_review", 121.0, "no_turnaround")]),
    ],
)
def test_a_long_dead_end_needs_a_turnaround_of_known_size(length: float, said: str | None, finding: Told) -> None:
    lane = {"community_uid": "c", "at": f"LINESTRING (0 0, 0 {length})"}
    street = {"at": "LINESTRING (-50 0, 50 0)"}
    form = {"community_uid": "c", "turnaround": said}
    assert told(run("M22", internal_road=[lane], road=[street], f09_fire=[form])) == finding


def house(x: float, height: float | None, floors: int | None = None) -> dict[str, Any]:
    at = f"POLYGON (({x} 0, {x + 20} 0, {x + 20} 10, {x} 10, {x} 0))"
    return {"uid": f"h{x}", "community_uid": "c", "kind": "住宅", "height": height, "floors": floors, "at": at}


@pytest.mark.parametrize(
    ("height", "floors", "finding"),
    [
        (27.0, 9, []),
        (27.1, 9, [("T-F6", "needs_review", 1.0, "not_recorded")]),
        (None, 10, [("T-F6", "needs_review", 1.0, "not_recorded")]),
        (None, 9, []),
        (None, None, [("T-F6", "needs_review", 0.0, "no_storeys")]),
    ],
)
def test_rescue_ground_is_asked_of_high_rises_only(height: float | None, floors: int | None, finding: Told) -> None:
    assert told(run("M23", community=[C], building=[house(0, height, floors)])) == finding


def test_a_rescue_ground_within_ten_metres_of_a_long_side_is_enough() -> None:
    for y, finding in ((20.0, []), (20.1, [("T-F6", "fail", 1.0, "")])):
        ground = {"at": f"POLYGON ((0 {y}, 20 {y}, 20 40, 0 40, 0 {y}))"}
        assert told(run("M23", community=[C], building=[house(0, 30.0)], layer_rescue_ground=[ground])) == finding


@pytest.mark.parametrize(
    ("other", "finding"),
    [
        (house(29.0, 18.0, 6), []),
        (house(28.99, 18.0, 6), [("T-F15.high", "fail", 8.99, "")]),
        (house(33.0, 30.0, 10), []),
        (house(32.99, 30.0, 10), [("T-F15.both", "fail", 12.99, "")] * 2),
        (house(20.0, 30.0, 10), []),  # one block
        (house(25.0, 3.0, 1), []),  # a shed
    ],
)
def test_high_rises_keep_their_distance(other: dict[str, Any], finding: Told) -> None:
    ground = {"at": "POLYGON ((-50 -20, 99 -20, 99 -5, -50 -5, -50 -20))"}
    found = run("M23", community=[C], building=[house(0, 30.0, 10), other], layer_rescue_ground=[ground])
    assert told(found) == finding


@pytest.mark.parametrize(
    ("height", "width", "finding"),
    [
        (18.0, 1.0, []),
        (18.1, 1.1, []),
        (18.1, 1.09, [("T-F13.tall", "fail", 1.09, "")]),
        (None, 1.0, [("T-F13.tall", "needs_review", 1.0, "no_storeys")]),
        (None, 1.1, []),
    ],
)
def test_stairs_are_wider_in_tall_houses(height: float | None, width: float, finding: Told) -> None:
    stair = {"uid": "s", "building_uid": "h0"}
    record = {"subject_uid": "s", "flight_width": width, "status": "complete"}
    found = run("M23", building=[house(0, height)], stairwell=[stair], f03_stairwell=[record])
    assert told([one for one in found if one.threshold == "T-F13.tall"]) == finding


@pytest.mark.parametrize(("area", "kilowatts"), [(60, 6), (60.1, 8), (90, 8), (140, 10), (240, 13)])
def test_the_load_of_a_dwelling_follows_its_floor_area(area: float, kilowatts: float) -> None:
    assert load_of(area, exact()) == pytest.approx(kilowatts)


@pytest.mark.parametrize(
    ("kva", "asked", "finding"),
    [
        (26.67, 5, []),  # 6 kW × 0.4 ÷ 0.9 = 2.667 kVA for each of ten households
        (26.66, 5, [("T-E1", "fail", 2.666, "")]),
        (26.67, 4, [("T-E1", "needs_review", 2.667, "few_areas")]),
        (None, 5, [("T-E1", "needs_review", None, "no_count")]),
    ],
)
def test_power_suits_the_dwellings_that_residents_told_of(kva: float | None, asked: int, finding: Told) -> None:
    homes = [{"community_uid": "c", "area": 60.0, "status": "complete"}] * asked
    power = {"community_uid": "c", "transformer_kva": kva}
    assert told(run("M24", community=[C], f18_willingness=homes, f06_power=[power])) == finding


def test_the_head_that_storeys_need() -> None:
    assert head_for(np.array([1.0, 2.0, 3.0, 6.0]), exact()).tolist() == [10.0, 12.0, 16.0, 28.0]


@pytest.mark.parametrize(
    ("water", "finding"),
    [
        ({"pressure_top": 0.2}, []),  # 20.39 m at the outlet and 14 m above the ground: more than the 28 m needed
        ({"pressure_top": 0.1}, [("T-W10", "needs_review", 24.197, "not_recorded")]),
        ({"pressure_top": 0.1, "pressure_main": 0.275}, []),
        ({"pressure_top": 0.1, "pressure_main": 0.274}, [("T-W10", "fail", 27.94, "")]),
        ({"pressure_top": 0.1, "secondary": "yes"}, []),
    ],
)
def test_the_head_at_the_main_is_known_or_at_least_bounded(water: dict[str, Any], finding: Told) -> None:
    found = run("M25", community=[C], building=[HOME], f04_water=[{"community_uid": "c", "secondary": "no", **water}])
    assert told(found) == finding


@pytest.mark.parametrize(
    ("wide", "long", "finding"),
    [(2.4, 5.1, []), (2.39, 5.1, [("T-P3.wide", "fail", 2.39, "")]), (2.4, 5.09, [("T-P3.long", "fail", 5.09, "")])],
)
def test_a_bay_is_as_large_as_its_rectangle(wide: float, long: float, finding: Told) -> None:
    bay = {"at": f"POLYGON ((0 0, {long} 0, {long} {wide}, 0 {wide}, 0 0))"}
    found = run("M26", layer_parking_bay=[bay])
    assert told(found) == finding


@pytest.mark.parametrize(
    ("bays", "exits", "finding"),
    [(50, 1, []), (51, 1, [("T-P7", "fail", 1.0, "")]), (501, 3, []), (501, 2, [("T-P7", "fail", 2.0, "")])],
)
def test_a_car_park_has_exits_by_its_bays(bays: int, exits: int, finding: Told) -> None:
    form = {"community_uid": "c", "bays_total": bays, "exits": exits}
    found = run(
        "M26", community=[C], f12_parking=[form], layer_parking_bay=[{"at": "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0))"}]
    )
    assert told(found) == finding
