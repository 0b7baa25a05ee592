"""Need, readiness and priority against numbers worked out by hand, and what must hold for any answer."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsurvey.assess.parameters import parameters, shipped
from fieldsurvey.assess.score import NEED_PARTS, READY_PARTS, Score, indices, ranks, scores, sensitivity
from fieldsurvey.assess.scoring import Indicator, indicators
from fieldsurvey.model.plan_tables import PARAMETER
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from tests.builders import add_community, make_project, square

NUMBERS = {key: parameter.value for key, parameter in shipped().items()}
CONDITIONS = {key[5:]: value for key, value in NUMBERS.items() if key.startswith("cond.")}
BY_FIELD = {(indicator.form, indicator.field): indicator for indicator in indicators()}


@pytest.fixture
def store(office_store: Store) -> Store:
    return office_store


def fill(store: Store, form: str, community: str, subject: str = "", **values: Value) -> None:
    store.create_record(form, {"community_uid": community, "subject_uid": subject or community, **values})


def test_gas_by_hand(store: Store) -> None:
    uid = add_community(store, gas="管道气")
    fill(store, "f07_gas", uid, survey_date="2026-10-15", overall_cond="general", riser_cond="severe",
         regulator_cond="none", riser_year=2006, gas_prob="hose rust", occupied="no")  # fmt: skip
    score = scores(store)[uid]
    # overall 50, riser 80 twice, age of 20 years 50, worst of hose 50 and rust 70 twice, built over 0 twice
    assert score.parts["gas"] == pytest.approx((50 + 2 * 80 + 50 + 2 * 70 + 2 * 0) / 8)
    assert score.need == score.priority == score.parts["gas"]
    assert score.readiness is None


def test_need_is_the_weighted_mean_of_the_known_parts(store: Store) -> None:
    uid = add_community(store)
    fill(store, "f05_drainage", uid, flood="severe")
    fill(store, "f08_telecom", uid, line_state="buried")
    score = scores(store)[uid]
    assert (score.parts["drainage"], score.parts["cables"]) == (100, 0)
    assert score.need == pytest.approx(100 * 10 / 12)


def test_priority_is_seven_tenths_need_and_three_tenths_readiness(store: Store) -> None:
    uid = add_community(store)
    fill(store, "f05_drainage", uid, flood="mid")
    fill(store, "f17_governance", uid, longterm_agreed="yes", oc_state="exists", party_branch="no")
    score = scores(store)[uid]
    ready = (20 * 100 + 15 * 50) / 35
    assert score.readiness == pytest.approx(ready)
    assert score.priority == pytest.approx(0.7 * 70 + 0.3 * ready)


def test_readiness_by_hand(store: Store) -> None:
    uid = add_community(store, household_count=4)
    for room, answer in (
        ("101", "oppose"),
        ("102", "agree"),
        ("101", "agree"),
        ("201", "abstain"),
        ("202", "unreached"),
    ):
        fill(store, "f18_willingness", uid, building_no="1", unit_no="1", room_no=room, agree_reno=answer)
    fill(store, "f23_plan_item", uid, quantity=100, unit_price=900, fund_src="city")
    fill(store, "f23_plan_item", uid, quantity=100, unit_price=100, fund_src="resident")
    fill(store, "f13_illegal", uid, status="removed")
    fill(store, "f13_illegal", uid, status="found", agreed_remove="no")
    parts = scores(store)[uid].parts
    assert parts["consent"] == pytest.approx(200 / 3)  # the second answer of room 101 counts
    assert parts["money"] == pytest.approx(50)  # 10 % of own money, 20 % earns all
    assert parts["removal"] == 50


def test_unsurveyed_lowers_completeness_and_not_the_score(store: Store) -> None:
    known, less = add_community(store, "甲小区"), add_community(store, "乙小区")
    for uid in (known, less):
        fill(store, "f05_drainage", uid, flood="severe", overall_cond="unsurveyed" if uid == less else "danger")
    found = scores(store)
    assert found[known].need == found[less].need == 100
    assert found[less].completeness < found[known].completeness
    unseen = add_community(store, "丙小区")
    assert scores(store)[unseen] == Score(None, None, None, dict.fromkeys((*NEED_PARTS, *READY_PARTS)), 0.0)


def test_one_house_of_two_gives_half_the_answers(store: Store) -> None:
    uid = add_community(store, gas="瓶装气")
    houses = [store.create_record("building", {"community_uid": uid, "geom": square(side=10)}) for _n in range(2)]
    for key in shipped():
        if key.startswith("weight.") and key != "weight.structure":
            store.create_record("parameter", {"key": key, "value": 0})
    answers: dict[str, Value] = {
        "overall_cond": "good", "struct_cond": "good", "roof_cond": "good", "facade_cond": "good", "safety_grade": "a",
        "crack": "none", "struct_alter": "none", "roof_leak": "no", "facade_loss": "none",
    }  # fmt: skip
    fill(store, "f02_building", uid, houses[0], **answers)
    assert scores(store)[uid].completeness == pytest.approx(0.5)
    fill(store, "f02_building", uid, houses[1], **answers)
    assert scores(store)[uid].completeness == pytest.approx(1)


def test_gas_is_not_asked_for_where_there_is_none(store: Store) -> None:
    piped, bottled = add_community(store, "甲小区", gas="管道气"), add_community(store, "乙小区", gas="瓶装气")
    for uid in (piped, bottled):
        fill(store, "f05_drainage", uid, flood="none")
    found = scores(store)
    assert found[piped].completeness < found[bottled].completeness


@pytest.mark.parametrize(
    ("form", "values", "is_urgent"),
    [
        ("f07_gas", {"riser_cond": "danger"}, True),
        ("f09_fire", {"overall_cond": "danger"}, True),
        ("f02_building", {"struct_cond": "danger"}, True),
        ("f02_building", {"safety_grade": "d"}, True),
        ("f02_building", {"struct_cond": "severe", "safety_grade": "c"}, False),
        ("f04_water", {"overall_cond": "danger"}, False),
    ],
)
def test_danger_in_gas_structure_or_fire_is_urgent(
    store: Store, form: str, values: dict[str, Value], is_urgent: bool
) -> None:
    uid = add_community(store)
    house = store.create_record("building", {"community_uid": uid, "name": "3号楼", "geom": square(side=10)})
    fill(store, form, uid, house if form == "f02_building" else uid, **values)
    urgent = scores(store)[uid].urgent
    assert bool(urgent) is is_urgent
    assert all(("3号楼" in sentence) == (form == "f02_building") for sentence in urgent)


def test_a_newer_record_of_the_same_subject_stands(store: Store) -> None:
    uid = add_community(store)
    fill(store, "f09_fire", uid, overall_cond="danger")
    fill(store, "f09_fire", uid, overall_cond="good")
    score = scores(store)[uid]
    assert (score.parts["fire"], score.urgent) == (0, ())


def test_weights_of_the_project_count(store: Store) -> None:
    uid = add_community(store)
    fill(store, "f05_drainage", uid, flood="severe")
    fill(store, "f08_telecom", uid, line_state="buried")
    store.create_record(PARAMETER.name, {"key": "weight.cables", "value": 30})
    assert scores(store)[uid].need == pytest.approx(100 * 10 / 40)


def test_a_project_without_forms_scores_nothing(tmp_path: Path) -> None:
    with make_project(tmp_path / "bare.gpkg") as store:
        uid = add_community(store)
        assert scores(store)[uid].need is None


# --- what must hold for any answer -------------------------------------------------------------------------------

_ORDERED = [i for i in indicators() if i.kind in {"yn", "choice", "cond5"}]


@given(st.sampled_from(_ORDERED), st.data())
def test_a_worse_answer_never_lowers_the_need(indicator: Indicator, data: st.DataObject) -> None:
    points = {
        k: v
        for k, v in {**(CONDITIONS if indicator.kind == "cond5" else {}), **indicator.points}.items()
        if v is not None
    }
    better, worse = sorted(
        data.draw(st.lists(st.sampled_from(sorted(points)), min_size=2, max_size=2)), key=points.__getitem__
    )
    others = data.draw(st.fixed_dictionaries({part: st.none() | st.floats(0, 100) for part in NEED_PARTS}))
    low, high = (
        indices({**others, indicator.part: indicator.judge({indicator.field: code}, CONDITIONS)[1]}, NUMBERS)[0]
        for code in (better, worse)
    )
    assert low is not None
    assert high is not None
    assert high >= low - 1e-9


@given(
    st.sets(st.sampled_from(["none", "hose", "rust", "occupied", "vent"]), min_size=1),
    st.sampled_from(["wrapped", "corner"]),
)
def test_one_more_hazard_never_lowers_the_points(chosen: set[str], more: str) -> None:
    hazards = BY_FIELD["f07_gas", "gas_prob"]
    before = hazards.judge({"gas_prob": " ".join(chosen)}, CONDITIONS)[1]
    after = hazards.judge({"gas_prob": " ".join([*chosen, more])}, CONDITIONS)[1]
    assert before is not None
    assert after is not None
    assert after >= before


@given(st.floats(0, 20), st.floats(0, 20))
def test_a_narrower_lane_never_lowers_the_points(one: float, other: float) -> None:
    lane = BY_FIELD["f09_fire", "lane_width_min"]
    narrow, wide = (lane.judge({"lane_width_min": width}, CONDITIONS)[1] for width in sorted((one, other)))
    assert narrow is not None
    assert wide is not None
    assert narrow >= wide


@pytest.mark.parametrize(
    ("form", "field", "row", "judged"),
    [
        ("f09_fire", "lane_width_min", {"lane_width_min": 4.0}, (True, 0)),
        ("f09_fire", "lane_width_min", {"lane_width_min": 3.5}, (True, 50)),
        ("f09_fire", "lane_width_min", {}, (True, None)),
        ("f14_roads_env", "lamps_ok/lamps", {"lamps_ok": 3, "lamps": 4}, (True, 50)),
        ("f14_roads_env", "lamps_ok/lamps", {"lamps_ok": 0, "lamps": 0}, (False, None)),
        ("f14_roads_env", "lamps_ok/lamps", {"lamps_ok": 3}, (True, None)),
        ("f04_water", "tank_cond", {"secondary": "no"}, (False, None)),
        ("f04_water", "tank_cond", {"secondary": "yes", "tank_cond": "severe"}, (True, 80)),
        ("f04_water", "main_year", {"main_year": 1996}, (True, None)),
        ("f04_water", "main_year", {"main_year": 2006, "survey_date": "2026-10-15"}, (True, 50)),
        ("f07_gas", "regulator_cond", {"regulator_cond": "none"}, (False, None)),
        ("f06_power", "meterbox_cond", {"meterbox_cond": "none"}, (True, 100)),
        ("f02_building", "safety_grade", {"safety_grade": "not_assessed"}, (True, None)),
        ("f04_water", "yellow_water", {"yellow_water": "unknown"}, (True, None)),
    ],
)
def test_answers_become_points(form: str, field: str, row: dict[str, Value], judged: tuple[bool, float | None]) -> None:
    assert BY_FIELD[form, field].judge(row, CONDITIONS) == judged


def test_every_indicator_asks_for_what_the_forms_have(store: Store) -> None:
    for indicator in indicators():
        known = {column.name for column in store.tables()[indicator.form].columns}
        assert set(indicator.columns) <= known
        assert f"weight.{indicator.part}" in NUMBERS


# --- sensitivity -------------------------------------------------------------------------------------------------


def _score(**parts: float | None) -> Score:
    return Score(*indices(parts, NUMBERS), parts, 1.0)


def test_a_weight_that_decides_is_told() -> None:
    # 12 x 50 + 13 x 50 against 12 x 0 + 13 x 97: 50 against 50.44; with gas at 14.4 the order turns
    found = {"even": _score(gas=50, fire=50), "fire": _score(gas=0, fire=97), "none": _score()}
    assert ranks(found, NUMBERS) == {"fire": 1, "even": 2}
    swings = {(swing.part, swing.factor): swing for swing in sensitivity(found, NUMBERS)}
    assert swings["gas", 1.2].ranks == {"fire": (1, 2), "even": (2, 1)}
    assert (swings["gas", 1.2].moved, swings["gas", 1.2].largest) == (2, 1)
    assert swings["gas", 0.8].moved == 0
    assert swings["fire", 0.8].moved == 2
    assert len(swings) == 2 * 18


def test_the_city_is_scored_within_a_second(store: Store) -> None:
    with store.transaction():
        for number in range(214):
            uid = add_community(store, f"第{number}小区", gas="管道气")
            fill(store, "f07_gas", uid, overall_cond="general")
    began = time.process_time()
    found = scores(store)
    sensitivity(found, parameters(store))
    assert time.process_time() - began < 1
    assert sum(score.need == 50 for score in found.values()) == 214
