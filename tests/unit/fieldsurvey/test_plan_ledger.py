"""The ledger of money and the progress of the works: sums, rates, counters, and what is refused with a sentence."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fieldsurvey.errors import InputRefused
from fieldsurvey.plan import ledger, numbers, versions
from fieldsurvey.plan.progress import progress
from fieldsurvey.plan.tables import install_tables
from fieldsurvey.store import Store
from tests.builders import add_community, make_project


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "p.gpkg", forms=True) as made:
        install_tables(made)
        yield made


def fund(store: Store, amount: float = 100.0) -> str:
    return store.create_record("fund", {"name": "市级", "fund_src": "city", "year": 2026, "amount": amount})


def test_entries_add_up_to_received_committed_and_paid(store: Store) -> None:
    uid = fund(store)
    for kind, amount in (("received", 60.0), ("received", 40.0), ("committed", 80.5), ("paid", 30.25)):
        ledger.enter(store, uid, kind, amount, "2026-03-31")
    [line] = ledger.fund_lines(store)
    assert (line.planned, line.received, line.committed, line.paid) == (100.0, 100.0, 80.5, 30.25)


@pytest.mark.parametrize(
    ("kind", "amount", "day", "sentence"),
    [
        ("received", 100.01, "2026-03-31", "100"),
        ("committed", 100.01, "2026-03-31", "100"),
        ("paid", 0.01, "2026-03-31", "0.00"),
        ("received", 0.0, "2026-03-31", "大于 0"),
        ("received", -5.0, "2026-03-31", "-5"),
        ("received", 5.0, "31.3.2026", "31.3.2026"),
        ("received", 5.0, "2026-02-30", "2026-02-30"),
    ],
)
def test_an_entry_that_cannot_be_is_refused_and_changes_nothing(
    store: Store, kind: str, amount: float, day: str, sentence: str
) -> None:
    uid = fund(store)
    with pytest.raises(InputRefused, match=sentence):
        ledger.enter(store, uid, kind, amount, day)
    assert not store.select("fund_entry")


def works(store: Store, code: str, quantity: float, unit: str, uid: str) -> None:
    item: dict[str, Any] = {"item_code": code, "quantity": quantity, "unit": unit, "reno_class": "base"}
    store.create_record("f23_plan_item", {"community_uid": uid, "unit_price": 10_000.0, **item})


def test_progress_counts_states_money_and_the_counters_of_the_ministry_by_district(store: Store) -> None:
    one = add_community(store, "甲", code="1", district="下陆区", household_count=100)
    two = add_community(store, "乙", code="2", district="铁山区", household_count=50, est_investment=135.0)
    works(store, "B01", 1500.0, "m", one)
    works(store, "B01", 90.0, "户", one)  # meters are no length
    works(store, "I14", 2.0, "台", two)
    version = versions.new_version(store)
    for uid in (one, two):
        versions.place(store, version, uid, 2026, 3)
    versions.set_pool_state(store, version, one, "started", "2026-03-01")
    versions.set_pool_state(store, version, one, "finished", "2026-10-01")
    found = progress(store)
    city, *districts = found.standings
    assert (city.communities, city.households, city.started, city.finished) == (2, 150, 1, 1)
    assert (city.planned["pipes"], city.done["pipes"], city.planned["lifts"], city.done["lifts"]) == (1.5, 1.5, 2, 0)
    assert {standing.district: standing.finished for standing in districts} == {"下陆区": 1, "铁山区": 0}
    assert city.finished_wan == districts[0].investment_wan


def test_governance_counts_firms_once_and_tells_what_is_missing(store: Store) -> None:
    answers: list[dict[str, Any]] = [
        {"pm_mode": "pro", "pm_company": "甲物业", "pm_party": "yes", "oc_state": "exists", "oc_party": "yes",
         "five_have": "security cleaning greening repair parking"},
        {"pm_mode": "pro", "pm_company": "甲物业", "pm_party": "yes", "oc_state": "pmc", "oc_party": "no"},
        {"pm_mode": "pro", "pm_company": "乙物业", "pm_party": "no", "party_instructor": "yes", "oc_state": "none"},
        {"pm_mode": "none", "oc_state": "none"},
    ]  # fmt: skip
    for number, row in enumerate(answers):
        uid = add_community(store, f"小区{number}", code=str(number))
        store.create_record("f17_governance", {"community_uid": uid, "subject_uid": uid, **row})
    add_community(store, "未调查", code="9")
    found = {one.name: (one.part, one.whole, one.missing) for one in progress(store).governance}
    assert found == {
        "Party cover of property firms": (1, 2, 1),
        "firms without members that have an instructor": (1, 1, 1),
        "owners' committee formed": (2, 4, 1),
        "Party cover of owners' committees": (1, 2, 1),
        "property service cover": (3, 4, 1),
        "all five basic services": (1, 4, 1),
    }


def test_willingness_is_counts_only(store: Store) -> None:
    uid = add_community(store, "甲", code="1", household_count=4)
    for room, answer in (("101", "agree"), ("102", "oppose"), ("201", "unreached")):
        home = {"building_no": "1", "unit_no": "1", "room_no": room, "agree_reno": answer}
        store.create_record("f18_willingness", {"community_uid": uid, **home})
    found = [(one.part, one.whole) for one in progress(store).willingness]
    assert found == [(3, 4), (2, 4), (1, 2)]


def test_a_fund_cannot_be_cut_below_what_is_committed_and_a_limit_needs_a_reason(store: Store) -> None:
    uid = fund(store)
    ledger.enter(store, uid, "committed", 80.0, "2026-03-31")
    for amount, note, sentence in ((79.0, "调减", "80.00"), (90.0, " ", "理由")):
        with pytest.raises(InputRefused, match=sentence):
            numbers.change_fund(store, uid, amount, note)
    numbers.change_fund(store, uid, 90.0, "调减")
    with pytest.raises(InputRefused, match="理由"):
        numbers.change_limit(store, 2026, 500, None, "")
    numbers.change_limit(store, 2026, 500, None, "施工力量")
    numbers.change_limit(store, 2026, 600, 70.5, "增加队伍")
    assert ledger.fund_lines(store)[0].planned == 90.0
    assert numbers.limits(store) == [numbers.LimitRow(2026, 600, 70.5, "增加队伍")]


def test_a_new_fund_pays_in_its_year_for_its_classes(store: Store) -> None:
    with pytest.raises(InputRefused, match="来源"):
        numbers.add_fund(store, "某款", "heaven", 2026, 10.0)
    numbers.add_fund(store, "专项债", "bond", 2027, 10.0, "base")
    [line] = ledger.fund_lines(store)
    assert (line.year, line.source, line.planned, line.purpose) == (2027, "bond", 10.0, "base")
