"""R7 to R11 against cases worked out by hand, and against real networks."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from fieldsurvey.assess.rules import Result
from fieldsurvey.assess.rules.clearance import nearest_beside, nearest_not_entered
from tests.conftest import SHARED
from tests.rule_cases import BOX, exact, run, told

HOUSE = [{"at": BOX, "kind": "住宅"}]


def only(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of run() for one more layer of one feature."""
    return {table: [row]}


REAL = SHARED / "data" / "real_world"


def along(y: float) -> str:
    """Return a pipe that runs past the house at a distance below it."""
    return f"MULTILINESTRING ((-30 {-y}, 60 {-y}))"


# --- R7: pipe to building ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "pipe", "threshold", "limit"),
    [
        ("water_line", {"diameter_mm": 200}, "T-W9.small", 1.0),
        ("water_line", {"diameter_mm": 201}, "T-W9.large", 3.0),
        ("drain_line", {"pipe_class": "污水"}, "T-D9", 2.5),
        ("gas_line", {"pipe_class": "低压"}, "T-G3.low", 0.7),
        ("gas_line", {"pipe_class": "中压B"}, "T-G3.medium_b", 1.0),
        ("gas_line", {"pipe_class": "中压(A)"}, "T-G3.medium_a", 1.5),
        ("gas_line", {"pipe_class": "次高压B级"}, "T-G4.subhigh_b", 3.0),
        ("gas_line", {"pipe_class": "次高压A"}, "T-G4.subhigh_a", 6.5),
        ("power_line", {"pipe_class": "10kV电缆", "material": "YJV22"}, "T-E6", 0.6),
    ],
)
def test_each_class_has_its_distance_to_buildings(
    table: str, pipe: dict[str, Any], threshold: str, limit: float
) -> None:
    assert run("R7", building=HOUSE, **only(table, {"at": along(limit), **pipe})) == []
    short = round(limit - 0.01, 3)
    found = run("R7", building=HOUSE, **only(table, {"at": along(short), **pipe}))
    assert told(found) == [(threshold, "fail", short, "")]
    assert shapely.from_wkb(found[0].place).length == pytest.approx(short)


def test_a_pipe_through_a_house_is_at_distance_0_and_one_that_ends_there_is_its_connection() -> None:
    through = {"at": "LINESTRING (5 -20, 5 30)", "diameter_mm": 100}
    assert told(run("R7", building=HOUSE, water_line=[through])) == [("T-W9.small", "fail", 0.0, "")]
    entry = {"at": "LINESTRING (5 -20, 5 0)", "diameter_mm": 100}
    assert run("R7", building=HOUSE, water_line=[entry]) == []


def test_a_connection_of_one_house_must_keep_away_from_the_next() -> None:
    next_door = {"at": "POLYGON ((20.5 -9, 30 -9, 30 -1, 20.5 -1, 20.5 -9))", "kind": "住宅"}
    entry = {"at": "LINESTRING (20 -30, 20 0)", "diameter_mm": 50}
    assert told(run("R7", building=[*HOUSE, next_door], water_line=[entry])) == [("T-W9.small", "fail", 0.5, "")]


def test_a_courtyard_is_outside_the_house() -> None:
    ring = "POLYGON ((0 0, 40 0, 40 40, 0 40, 0 0), (10 10, 10 30, 30 30, 30 10, 10 10))"
    pipe = {"at": "LINESTRING (12 20, 28 20)", "diameter_mm": 100}
    assert run("R7", building=[{"at": ring}], water_line=[pipe]) == []
    near = {"at": "LINESTRING (10.5 20, 28 20)", "diameter_mm": 100}
    assert told(run("R7", building=[{"at": ring}], water_line=[near])) == [("T-W9.small", "fail", 0.5, "")]


@pytest.mark.parametrize(
    ("y", "found"),
    [
        (0.9, [("T-W9.small", "fail", 0.9, "")]),
        (2.0, [("T-W9.large", "needs_review", 2.0, "no_diameter")]),
        (3.0, []),
    ],
)
def test_without_a_diameter_only_what_fails_or_passes_anyway_is_sure(y: float, found: list[object]) -> None:
    assert told(run("R7", building=HOUSE, water_line=[{"at": along(y)}])) == found


def test_medium_pressure_without_a_or_b_and_no_pressure_at_all_need_review() -> None:
    medium = run("R7", building=HOUSE, gas_line=[{"at": along(1.2), "pipe_class": "中压"}])
    assert told(medium) == [("T-G3.medium_a", "needs_review", 1.2, "pressure_range")]
    unknown = run("R7", building=HOUSE, gas_line=[{"at": along(6.4)}])
    assert told(unknown) == [("T-G4.subhigh_a", "needs_review", 6.4, "no_pressure")]


def test_a_house_that_crosses_itself_never_makes_a_pipe_pass() -> None:
    bow_tie = [{"at": "POLYGON ((0 0, 20 10, 20 0, 0 10, 0 0))"}]
    assert told(run("R7", building=bow_tie, water_line=[{"at": along(1.5), "diameter_mm": 100}])) == [
        ("T-W9.small", "needs_review", 1.5, "bad_geometry")
    ]


def test_without_buildings_or_without_a_line_there_is_no_pass() -> None:
    pipe = {"at": along(5), "diameter_mm": 100}
    assert told(run("R7", water_line=[pipe])) == [("T-W9.small", "needs_review", None, "no_layer")]
    assert told(run("R7", building=HOUSE, water_line=[{**pipe, "at": ""}])) == [
        ("T-W9.small", "needs_review", None, "no_geometry")
    ]


def test_overhead_lines_are_not_buried() -> None:
    line = {"at": along(0.1), "pipe_class": "0.4kV", "material": "架空绝缘线"}
    assert run("R7", building=HOUSE, power_line=[line]) == []


# --- R8: pipe to pipe --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "pipe", "threshold", "limit"),
    [
        ("water_line", {"diameter_mm": 200}, "T-W8.small", 1.0),
        ("water_line", {"diameter_mm": 250}, "T-W8.large", 1.5),
        ("gas_line", {"pipe_class": "低压"}, "T-D10.low", 1.0),
        ("gas_line", {"pipe_class": "中压"}, "T-D10.medium", 1.2),
        ("gas_line", {"pipe_class": "次高压B"}, "T-D10.subhigh_b", 1.5),
        ("gas_line", {"pipe_class": "次高压A"}, "T-D10.subhigh_a", 2.0),
        ("power_line", {"pipe_class": "10kV电缆"}, "T-D11.power", 0.5),
        ("power_line", {"pipe_class": "通信"}, "T-D11.telecom", 1.0),
    ],
)
def test_each_class_has_its_distance_to_drains(table: str, pipe: dict[str, Any], threshold: str, limit: float) -> None:
    drain = [{"at": along(10.0)}]
    assert run("R8", drain_line=drain, **only(table, {"at": along(10 + limit), **pipe})) == []
    short = round(limit - 0.01, 3)
    found = run("R8", drain_line=drain, **only(table, {"at": along(10 + short), **pipe}))
    assert told(found) == [(threshold, "fail", short, "")]


def test_crossings_are_counted_once_for_each_community_and_left_to_a_person() -> None:
    drains = [{"at": f"LINESTRING ({x} -20, {x} 20)"} for x in (0, 10, 20)]
    water = {"at": "LINESTRING (-5 0, 25 0)", "diameter_mm": 100, "community_uid": "c"}
    (found,) = run("R8", drain_line=drains, water_line=[water])
    assert (found.result, found.reason, found.note, found.community) == (Result.REVIEW, "crossing", "3", "c")
    assert shapely.get_num_geometries(shapely.from_wkb(found.place)) == 3


def test_a_cable_of_unknown_class_needs_review_between_the_two_limits() -> None:
    found = run("R8", drain_line=[{"at": along(10)}], power_line=[{"at": along(10.7)}])
    assert told(found) == [("T-D11.telecom", "needs_review", 0.7, "no_class")]


# --- R9: structures over pipes -----------------------------------------------------------------------------------


def test_a_structure_within_the_strip_of_a_gas_pipe() -> None:
    shed = [{"at": "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))", "kind": "搭建"}]
    drains = [{"at": "LINESTRING (0 90, 9 90)"}]
    gas = {"pipe_class": "低压"}
    assert run("R9", building=shed, drain_line=drains, gas_line=[{"at": along(0.5), **gas}]) == []
    found = run("R9", building=shed, drain_line=drains, gas_line=[{"at": along(0.49), **gas}])
    assert told(found) == [("T-G7.gas", "fail", 0.49, "")]


def test_the_length_of_a_drain_under_a_structure_is_measured() -> None:
    shed = [{"at": "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))", "kind": "搭建"}]
    gas = [{"at": along(50), "pipe_class": "低压"}]
    found = run("R9", building=shed, gas_line=gas, drain_line=[{"at": "LINESTRING (-5 2, 9 2)"}])
    assert told(found) == [("T-G7.other", "fail", 4.0, "")]


def test_a_reported_structure_without_an_outline_is_judged_by_its_area() -> None:
    gas = [{"at": "LINESTRING (-50 0, 50 0)", "pipe_class": "低压"}]
    at = {"area": 12.566370614359172, "q_status": "found"}  # a circle of 2 m
    assert told(run("R9", gas_line=gas, f13_illegal=[{**at, "at": "POINT (0 0.4)"}])) == [("T-G7.gas", "fail", 0.4, "")]
    assert told(run("R9", gas_line=gas, f13_illegal=[{**at, "at": "POINT (0 2.4)"}])) == [
        ("T-G7.gas", "needs_review", 2.4, "not_drawn")
    ]
    assert run("R9", gas_line=gas, f13_illegal=[{**at, "at": "POINT (0 2.6)"}]) == []
    assert run("R9", gas_line=gas, f13_illegal=[{**at, "at": "POINT (0 0)", "q_status": "removed"}]) == []
    assert told(run("R9", gas_line=gas, f13_illegal=[at])) == [("T-G7.gas", "needs_review", None, "no_geometry")]


# --- R10: tank and septic tank -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("x", "found"), [(10.0, []), (9.9, [("T-W6", "fail", 9.9, "")])])
def test_a_tank_away_from_the_septic_tank(x: float, found: list[object]) -> None:
    points = [{"at": "POINT (0 0)", "appurtenance": "生活水池"}, {"at": f"POINT ({x} 0)", "appurtenance": "化粪池"}]
    assert told(run("R10", f19_pipe_point=points)) == found


def test_a_tank_without_any_septic_tank_near_needs_review() -> None:
    tank = [{"at": "POINT (0 0)", "appurtenance": "水箱"}]
    assert told(run("R10", f19_pipe_point=tank)) == [("T-W6", "needs_review", None, "no_layer")]


def test_what_the_form_says_of_a_boosted_supply() -> None:
    community = [{"uid": "c", "at": BOX}]

    def said(**answers: object) -> list[tuple[str, str, float | None, str]]:
        return told(run("R10", community=community, f04_water=[{"community_uid": "c", **answers}]))

    assert said(secondary="yes", tank_septic_dist=10) == []
    assert said(secondary="yes", tank_septic_dist=6.5) == [("T-W6", "fail", 6.5, "")]
    assert said(secondary="yes") == [("T-W6", "needs_review", None, "no_count")]
    assert said(secondary="no") == []
    assert told(run("R10", community=community)) == [("T-W6", "needs_review", None, "no_record")]


# --- R11: manholes -----------------------------------------------------------------------------------------------


def wells(*xs: float, kind: str = "污水") -> list[dict[str, object]]:
    return [{"at": f"POINT ({x} 0)", "kind": kind} for x in xs]


@pytest.mark.parametrize(
    ("diameter", "limit"), [(200, 75), (600, 75), (700, 100), (1000, 100), (1500, 150), (2000, 200), (2400, 200)]
)
def test_the_spacing_of_manholes_grows_with_the_diameter(diameter: int, limit: int) -> None:
    pipe = [{"at": "LINESTRING (0 0, 400 0)", "diameter_mm": diameter, "pipe_class": "污水"}]
    steps = np.arange(0, 401, 50)
    assert run("R11", drain_line=pipe, manhole=wells(*steps)) == []
    at = [0.0, 0.0 + limit, *np.arange(limit + 20, 400, 20), 400.0]
    assert run("R11", drain_line=pipe, manhole=wells(*at)) == []
    at[1] += 0.5
    (found,) = run("R11", drain_line=pipe, manhole=wells(*at))
    assert (found.result, found.measured) == (Result.FAIL, limit + 0.5)


def test_a_drain_that_goes_on_in_another_one_counts_on() -> None:
    pipes = [
        {"uid": "a", "at": "LINESTRING (0 0, 50 0)", "diameter_mm": 300, "pipe_class": "污水"},
        {"uid": "b", "at": "LINESTRING (50 0, 90 0)", "diameter_mm": 300, "pipe_class": "污水"},
    ]
    (found,) = run("R11", drain_line=pipes, manhole=wells(0, 90))
    assert (found.subject, found.measured) == ("a", 90.0)
    assert run("R11", drain_line=pipes, manhole=wells(0, 50, 90)) == []


def test_a_storm_manhole_is_not_on_the_sewer_that_it_stands_beside() -> None:
    sewer = [{"at": "LINESTRING (0 0, 100 0)", "diameter_mm": 300, "pipe_class": "污水"}]
    found = run("R11", drain_line=sewer, manhole=[*wells(0, 100), *wells(50, kind="雨水")])
    assert told(found) == [("T-D7.600", "fail", 100.0, "")]


def test_a_drain_without_a_diameter_is_open_between_the_limits() -> None:
    pipe = [{"at": "LINESTRING (0 0, 90 0)", "pipe_class": "污水"}]
    assert told(run("R11", drain_line=pipe, manhole=wells(0, 90))) == [
        ("T-D7.600", "needs_review", 90.0, "no_diameter")
    ]


# --- against networks that we did not draw -----------------------------------------------------------------------


def _line_layers(path: Path) -> list[np.ndarray]:
    """Return the lines of every line layer of a file, in two dimensions."""
    import pyogrio

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # measured types lose their measure
        names = [name for name, kind in pyogrio.list_layers(path) if kind and "Line" in kind]
        frames = [pyogrio.read_dataframe(path, layer=name) for name in names]
    return [shapely.force_2d(np.asarray(frame.geometry.array, dtype=object)) for frame in frames]


def test_real_sewers_are_measured_as_a_plain_search_of_all_pairs_does() -> None:
    path = REAL / "buildings_streets" / "simple_sewer_features.gpkg"
    if not path.exists():
        pytest.skip("the shared data are not here")
    foul, storm = _line_layers(path)[:2]
    everything = np.ones(len(storm), dtype=bool)
    rows = np.arange(len(foul))
    found, metres, crossings = nearest_beside(foul, rows, storm, everything, 3.0)
    for n in rows.tolist():
        near = [d for d in (shapely.distance(foul[n], other) for other in storm) if 0 < d <= 3.0]
        assert metres[n] == pytest.approx(min(near)) if near else np.isinf(metres[n])
    for one, other in zip(*crossings, strict=True):
        assert shapely.intersects(foul[one], storm[other])
    assert np.isinf(metres[found < 0]).all()


@pytest.mark.parametrize(
    ("file", "table"),
    [
        ("gas_heat/gas_net_schutterwald_1bar.gpkg", "gas_line"),
        ("water/ky4.gpkg", "water_line"),
        ("water/Net6.gpkg", "drain_line"),
    ],
)
def test_real_networks_run_through_every_pipe_rule(file: str, table: str) -> None:
    path = REAL / file
    if not path.exists():
        pytest.skip("the shared data are not here")
    rows: list[dict[str, object]] = [{"at": shape.wkt} for shape in _line_layers(path)[0] if shape is not None]
    house = shapely.from_wkt(str(rows[0]["at"])).buffer(5)
    beside = [{"at": shapely.affinity.translate(shapely.from_wkt(str(row["at"])), 1.1, 0).wkt} for row in rows[:300]]
    other = "water_line" if table != "water_line" else "gas_line"
    for rule in ("R7", "R8", "R9", "R11"):
        for finding in run(rule, exact(), building=[{"at": house.wkt}], **{table: rows, other: beside}):
            assert finding.result is not Result.PASS
            assert finding.measured is None or np.isfinite(finding.measured)


def test_the_house_that_is_entered_is_left_out_of_the_nearest_ones() -> None:
    lines = shapely.from_wkt(["LINESTRING (0 -10, 0 0)"])
    houses = shapely.from_wkt([BOX, "POLYGON ((1 -9, 3 -9, 3 -8, 1 -8, 1 -9))"])
    found, metres = nearest_not_entered(lines, np.array([0]), houses, np.ones(2, bool), 5.0, 0.3)
    assert (found.tolist(), metres.tolist()) == ([1], [1.0])
