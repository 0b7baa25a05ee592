"""R12 to R17 against cases worked out by hand."""

import pytest

from tests.rule_cases import BOX, run, told

SITE = {"uid": "c", "at": "POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0))"}
HOUSE = {"uid": "h", "at": BOX, "kind": "住宅", "floors": 6}
STAIR = {"at": "POINT (10 10)", "building_uid": "h"}

# --- R12: lift space ---------------------------------------------------------------------------------------------


def test_with_nothing_before_the_wall_there_is_room() -> None:
    assert run("R12", building=[HOUSE], stairwell=[STAIR]) == []


@pytest.mark.parametrize(("y", "found"), [(17.6, []), (17.5, [("T-L11.depth", "fail", 1.5, "")])])
def test_six_metres_are_kept_before_the_house_opposite(y: float, found: list[object]) -> None:
    opposite = {"uid": "o", "at": f"POLYGON ((-50 {y}, 70 {y}, 70 40, -50 40, -50 {y}))"}
    assert told(run("R12", building=[HOUSE, opposite], stairwell=[STAIR])) == found


def test_a_lane_must_keep_four_metres_and_what_is_wider_may_be_used() -> None:
    lane = {"at": "LINESTRING (-50 13.5, 70 13.5)", "width": 6}
    assert told(run("R12", building=[HOUSE], stairwell=[STAIR], internal_road=[lane])) == [
        ("T-L11.depth", "fail", 1.5, "")
    ]
    lane["at"] = "LINESTRING (-50 13.6, 70 13.6)"
    assert run("R12", building=[HOUSE], stairwell=[STAIR], internal_road=[lane]) == []


def test_one_metre_is_kept_from_gas_pipes_on_both_sides() -> None:
    def pipe(x: float) -> dict[str, object]:
        return {"at": f"LINESTRING ({x} 10.2, {x} 30)"}

    gas = [pipe(8.0), pipe(11.5)]  # between them 3.5 m, less 1 m to each
    (found,) = run("R12", building=[HOUSE], stairwell=[STAIR], gas_line=gas)
    assert (found.threshold, found.measured, found.note) == ("T-L11.width", 1.5, "1.5 × 4.6 m")


def test_a_wing_of_the_own_house_needs_no_six_metres_but_is_in_the_way() -> None:
    wing = "POLYGON ((0 0, 20 0, 20 10, 11 10, 11 30, 10.5 30, 10.5 10, 0 10, 0 0))"
    house = {**HOUSE, "at": wing}
    assert run("R12", building=[house], stairwell=[{**STAIR, "at": "POINT (8 10)"}]) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"floors": 4}, []),
        (
            {"floors": None},
            [("T-L11.depth", "needs_review", 4.6, "no_storeys"), ("T-L11.width", "needs_review", 6.0, "no_storeys")],
        ),
    ],
)
def test_low_houses_are_not_asked_and_unknown_ones_need_review(change: dict[str, object], found: list[object]) -> None:
    assert told(run("R12", building=[{**HOUSE, **change}], stairwell=[STAIR])) == found


def test_a_stairwell_with_a_lift_is_not_asked_and_one_without_a_house_needs_review() -> None:
    lift = [{"subject_uid": "stairwell0", "existing_lift": "yes"}]
    low = {"uid": "o", "at": "POLYGON ((-50 11, 70 11, 70 40, -50 40, -50 11))"}
    assert run("R12", building=[HOUSE, low], stairwell=[STAIR], f11_elevator=lift) == []
    lost = run("R12", building=[HOUSE], stairwell=[{**STAIR, "building_uid": "nowhere"}])
    assert {reason for _t, _r, _m, reason in told(lost)} == {"no_building"}


# --- R13: green and parking --------------------------------------------------------------------------------------


def test_green_inside_the_site_counts_once() -> None:
    greens = [
        {"at": "POLYGON ((0 0, 50 0, 50 50, 0 50, 0 0))"},
        {"at": "POLYGON ((0 0, 50 0, 50 50, 0 50, 0 0), (10 10, 10 20, 20 20, 20 10, 10 10))"},
        {"at": "MULTIPOLYGON (((90 90, 200 90, 200 200, 90 200, 90 90)))", "kind": "中心绿地"},
    ]
    site = {**SITE, "household_count": 100, "parking_count": 80, "resident_count": 250}
    assert told(run("R13", community=[site], green=greens)) == []
    few = run("R13", community=[{**site, "parking_count": 79, "resident_count": 400}], green=greens[:1] + greens[2:])
    assert told(few) == [("T-P2", "fail", 0.79, ""), ("T-R4", "fail", 0.25, "")]


def test_the_form_speaks_before_the_ledger_and_missing_numbers_need_review() -> None:
    greens = [{"at": "POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0))", "kind": "中心绿地"}]
    form = [{"community_uid": "c", "bays_total": 90}]
    site = {**SITE, "household_count": 100, "parking_count": 10, "resident_count": 10}
    assert run("R13", community=[site], green=greens, f12_parking=form) == []
    assert told(run("R13", community=[SITE])) == [
        ("T-P2", "needs_review", None, "no_count"),
        ("T-R4", "needs_review", None, "no_layer"),
        ("T-R5", "needs_review", 0.0, "no_layer"),
    ]


# --- R14: services -----------------------------------------------------------------------------------------------


def test_services_are_reached_along_the_roads() -> None:
    road = [{"at": "LINESTRING (50 -10, 50 -200, 900 -200)"}]
    gate = [{"at": "POINT (50 -10)", "community_uid": "c"}]
    kinds = ("market", "store", "express", "culture", "clinic", "primary")
    near = [{"at": "POINT (150 -201)", "kind": kind, "community_uid": "c"} for kind in kinds]
    far_kinds = ("service_station", "elder", "canteen", "childcare")
    far = [{"at": "POINT (800 -201)", "kind": kind, "community_uid": "c"} for kind in far_kinds]
    found = run("R14", community=[SITE], road=road, gate=gate, f16_services=[*near, *far])
    assert told(found) == [("T-R14.far", "fail", None, "")]  # no kindergarten anywhere
    assert found[0].note == "kindergarten"
    there = [{"at": "POINT (860 -201)", "kind": "kindergarten", "community_uid": "c"}]
    found = run("R14", community=[SITE], road=road, gate=gate, f16_services=[*near, *far, *there])
    assert told(found) == []
    near[0]["at"] = "POINT (161 -201)"
    found = run("R14", community=[SITE], road=road, gate=gate, f16_services=[*near, *far, *there])
    assert told(found) == [("T-R14.near", "fail", 301.0, "")]


def test_a_community_whose_services_nobody_recorded_needs_review() -> None:
    assert {reason for *_rest, reason in told(run("R14", community=[SITE]))} == {"no_services"}


# --- R15: power --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kva", "found"),
    [
        (199, [("T-E2.red", "fail", 1.99, "")]),
        (200, [("T-E2.amber", "fail", 2.0, "")]),
        (400, []),
        (None, [("T-E2.red", "needs_review", None, "no_count")]),
    ],
)
def test_capacity_over_households(kva: int | None, found: list[object]) -> None:
    transformers = [{"community_uid": "c", "capacity_kva": kva}]
    assert told(run("R15", community=[{**SITE, "household_count": 100}], transformer=transformers)) == found


# --- R16: order of works -----------------------------------------------------------------------------------------


def works(pipes_end: str, road_start: str) -> list[dict[str, object]]:
    return [
        {"community_uid": "c", "item_code": "B03", "start_plan": "2027-03-01", "finish_plan": pipes_end},
        {"community_uid": "c", "item_code": "B08", "start_plan": road_start, "finish_plan": "2027-12-01"},
    ]


def test_roads_begin_when_the_pipes_are_done() -> None:
    assert run("R16", community=[SITE], f23_plan_item=works("2027-06-30", "2027-06-30")) == []
    found = run("R16", community=[SITE], f23_plan_item=works("2027-07-10", "2027-06-30"))
    assert told(found) == [("R16.order", "fail", 10.0, "")]
    open_end = run("R16", community=[SITE], f23_plan_item=works("", "2027-06-30"))
    assert told(open_end) == [("R16.order", "needs_review", None, "no_dates")]


# --- R17: totals -------------------------------------------------------------------------------------------------


def test_counts_that_agree_and_counts_that_do_not() -> None:
    ledger = {**SITE, "building_count": 2, "household_count": 24, "gfa": 1000}
    homes = [{"at": BOX, "kind": "住宅", "household_count": 12, "community_uid": "c"}] * 2
    form = {"community_uid": "c", "building_count": 2, "household_count": 24, "gfa_res": 1010}
    assert run("R17", community=[ledger], building=homes, f01_community=[form]) == []
    wrong = {**form, "building_count": 3, "household_count": 20, "gfa_res": 1011}
    assert told(run("R17", community=[ledger], building=homes, f01_community=[wrong])) == [
        ("R17.area", "fail", 1.088, ""),
        ("R17.buildings", "fail", 1.0, ""),
        ("R17.households", "fail", 4.0, ""),
    ]


def test_one_source_alone_proves_nothing_and_half_a_form_is_left_out() -> None:
    ledger = {**SITE, "gfa": 1000}
    found = told(run("R17", community=[ledger]))
    assert {reason for *_rest, reason in found} == {"no_record"}
    homes = [{"uid": f"b{n}", "at": BOX, "kind": "住宅", "household_count": 12, "community_uid": "c"} for n in (1, 2)]
    half = [{"community_uid": "c", "subject_uid": "b1", "households": 99, "gfa": 1}]
    ledger = {**SITE, "building_count": 2, "household_count": 24, "gfa": 1000}
    assert told(run("R17", community=[ledger], building=homes, f02_building=half)) == [
        ("R17.area", "needs_review", None, "no_record")
    ]
