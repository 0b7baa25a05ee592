"""From the project to the plan: the sample ledger, refusals, locks, versions, and the command."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldsurvey.cli import run
from fieldsurvey.errors import InputRefused
from fieldsurvey.plan.build import question
from fieldsurvey.plan.explain import as_json, reasons
from fieldsurvey.plan.greedy import greedy
from fieldsurvey.plan.optimise import optimise
from fieldsurvey.plan.problem import Lock, Purpose
from fieldsurvey.plan.sample import fill_sample_office
from fieldsurvey.plan.saving import save
from fieldsurvey.plan.tables import install_tables
from fieldsurvey.store import Store
from tests.builders import make_project, square


def community(store: Store, name: str, **values: object) -> str:
    row = {
        "name": name, "code": name, "district": "下陆区", "subdistrict": "新下陆街道", "neighbourhood": "南岸社区",
        "built_year": 1986, "household_count": 100, "est_investment": 270.0, "lift_request": 2, "geom": square(),
    }  # fmt: skip
    return store.create_record("community", {**row, **values})  # type: ignore[dict-item]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "p.gpkg", forms=True) as made:
        install_tables(made)
        yield made


def test_the_parts_of_the_cost_add_up_to_the_ledger(store: Store) -> None:
    uid = community(store, "甲")
    [candidate] = question(store).problem.candidates
    assert candidate.uid == uid
    assert candidate.cost(3) == pytest.approx(270.0)
    assert candidate.costs[Purpose("improve", "I14")] == pytest.approx(67.5)  # two lifts cost more than the whole class
    assert candidate.households == 100


def test_rows_of_one_name_are_one_fund_and_its_conditions_hold(store: Store) -> None:
    community(store, "甲")
    for year, amount in ((2026, 100.0), (2027, 50.0)):
        store.create_record(
            "fund",
            {"name": "中央", "fund_src": "central_fin", "year": year, "amount": amount, "classes": "base improve"},
        )
    asked = question(store)
    [fund] = asked.problem.funds
    assert fund.by_year == {2026: 100.0, 2027: 50.0}
    assert fund.may_pay(Purpose("improve"), "下陆区")
    assert not fund.may_pay(Purpose("upgrade"), "下陆区")
    assert asked.problem.years == (2026, 2027)


@pytest.mark.parametrize(
    ("table", "row", "word"),
    [
        ("fund", {"name": "市级", "fund_src": "city", "year": 2026, "amount": -1.0}, "市级"),
        ("fund", {"name": "市级", "fund_src": "city", "amount": 1.0}, "市级"),
        ("fund", {"name": "市级", "fund_src": "lottery", "year": 2026, "amount": 1.0}, "lottery"),
        ("plan_limit", {"year": 2026, "households_max": -5}, "年度"),
    ],
)
def test_money_that_cannot_be_right_is_refused_by_name(
    store: Store, table: str, row: dict[str, str | float | None], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDSURVEY_LANG", "zh_CN")
    community(store, "甲")
    store.create_record(table, row)
    with pytest.raises(InputRefused, match=word):
        question(store)


def test_a_community_that_a_gate_bars_is_out_with_its_reason(store: Store) -> None:
    young = community(store, "乙", built_year=2015)
    asked = question(store)
    assert asked.problem.candidates == ()
    assert "2015" in reasons(asked, optimise(asked.problem))[young]


def test_a_saved_version_keeps_the_locks_of_hand(store: Store) -> None:
    first, second = community(store, "甲"), community(store, "乙", household_count=500)
    store.create_record("fund", {"name": "市级", "fund_src": "city", "year": 2026, "amount": 270.0})
    asked = question(store)
    plan = optimise(asked.problem)
    assert [choice.uid for choice in plan.choices] == [second]
    version = save(store, asked, plan, greedy(asked.problem).objective)
    [row] = store.select("plan_choice", where={"version_uid": version})
    assert (row["community_uid"], row["year"], row["level"], row["locked"]) == (second, 2026, 3, 0)
    store.create_record(
        "plan_choice", {"version_uid": version, "community_uid": first, "year": 2026, "level": 3, "locked": 1}
    )
    again = question(store)
    assert again.problem.locks == {first: Lock(2026, 3)}
    assert [choice.uid for choice in optimise(again.problem).choices] == [first]
    assert as_json(again, optimise(again.problem), 0)["households"] == 100


def test_the_command_prints_the_answer_as_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sample.gpkg"
    with make_project(path, forms=True) as store:
        fill_sample_office(store)
        community(store, "甲")
    capsys.readouterr()
    assert run(["plan", "optimise", str(path), "--json", "--save"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["status"], answer["gap"], answer["communities"], answer["households"]) == ("optimal", 0.0, 1, 100)
    assert answer["total_wan"] == sum(year["total_wan"] for year in answer["years"].values()) == 270.0
    assert sum(sum(year["funds"].values()) for year in answer["years"].values()) == pytest.approx(270.0)
    with Store.open(path) as again:
        assert len(again.select("plan_choice")) == 1
