"""The plan of the sample project: items that cost what the ledger says, shares of the city's reply, works in order."""

from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsurvey.assess import community_progress
from fieldsurvey.assess.assignments import assignments
from fieldsurvey.assess.cost import estimate, estimates
from fieldsurvey.assess.parameters import shipped
from fieldsurvey.assess.readiness import consents
from fieldsurvey.assess.records import standing
from fieldsurvey.assess.review.remarks import returned_for
from fieldsurvey.model.schema import Value
from fieldsurvey.plan import versions
from fieldsurvey.plan.board import choices_of, year_sums
from fieldsurvey.plan.build import question
from fieldsurvey.plan.ledger import fund_lines
from fieldsurvey.plan.progress import progress
from fieldsurvey.plan.sample import _rows
from fieldsurvey.plan.sample_works import catalogue, fitted, reachable
from fieldsurvey.plan.works import works
from fieldsurvey.projects import sample_project
from fieldsurvey.store import Store
from survey_forms import Context, Session, default_forms, load_form, sample_review
from survey_forms.sample_society import home_answers

NUMBERS = {key: parameter.value for key, parameter in shipped().items()}
PRICES: dict[tuple[Value, Value, Value], dict[str, Value]] = {
    (row["item_code"], row["name"], row["unit"]): {"uid": str(n), "unit_price": float(row["unit_price"])}
    for n, row in enumerate(_rows("prices.csv"))
}
MEASURED = {work.measure: 100.0 for work in catalogue()}


def test_every_work_of_the_table_has_its_price() -> None:
    assert [work for work in catalogue() if (work.item_code, work.price, work.unit) not in PRICES] == []


def test_the_items_of_a_community_cost_what_the_ledger_says_by_class() -> None:
    [target] = reachable([Decimal("1455.00")], NUMBERS)
    lines = fitted(MEASURED, PRICES, NUMBERS, target)
    made = estimate(lines.values(), NUMBERS)
    assert (made.works_wan, made.fees_wan, made.reserve_wan) == (
        Decimal("1295.62"),
        Decimal("116.99"),
        Decimal("42.38"),
    )
    assert made.total_wan == target == Decimal("1454.99")  # no works come to 1455.00: fees and reserve are rounded
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines.values():
        sums[line.reno_class] += line.amount_wan
    assert sums == {"base": Decimal("842.16"), "improve": Decimal("323.90"), "upgrade": Decimal("129.56")}


@given(st.lists(st.decimals(100, 3000, places=2), min_size=3, max_size=12))
def test_what_one_community_falls_short_of_goes_to_another(investments: list[Decimal]) -> None:
    found = reachable(investments, NUMBERS)
    assert sum(found) in {sum(investments), sum(investments) - Decimal("0.01")}
    assert all(abs(total - wanted) <= Decimal("0.03") for total, wanted in zip(found, investments, strict=True))


def test_the_answers_of_homes_pass_their_form_and_describe_nobody() -> None:
    form = load_form(default_forms()["f18_willingness"])
    personal = {"sex", "age", "special_care", "signature", "pay_amount", "area"}
    for n in range(60):
        session = Session(form, context=Context())
        answers = {"community_id": "LJ1", "building_no": "1栋", "unit_no": "1单元", "room_no": "101", **home_answers(n)}
        assert personal.isdisjoint(answers)
        for path in session.leaves():
            name = path.rsplit("/", 1)[-1]
            if name in answers and session.relevant(path):
                session.answer(path, str(answers[name]))
        assert session.problems() == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_sample_project_carries_a_plan_that_reconciles(tmp_path: Path) -> None:
    with sample_project(tmp_path / "sample.gpkg") as store:
        _plan_has_the_published_totals(store)
        _items_are_priced_by_the_table_and_in_order(store)
        _money_reconciles(store)
        _governance_is_that_of_the_reply(store)
        _the_review_has_something_of_everything(store)


def _the_review_has_something_of_everything(store: Store) -> None:
    """Every state a reviewer can meet, a remark with all that came back, and communities given to two people."""
    forms = ("f01_community", "f04_water", "f06_power")
    states = Counter(str(row["status"]) for form in forms for row in store.select(form, ["status"]))
    assert {state: states[state] for state in ("returned", "reviewed", "approved")} == {
        "returned": sample_review.RETURNED, "reviewed": sample_review.REVIEWED, "approved": sample_review.APPROVED,
    }  # fmt: skip
    assert states["draft"] >= sample_review.KEPT
    assert states["complete"] > 20
    assert all(one.threads for one in returned_for(store))
    assert len(returned_for(store)) == sample_review.RETURNED
    assert len({one.person for one in assignments(store)}) == 2
    assert {str(one.state) for one in community_progress(store).values()} == {"complete", "draft", "not_started"}


def _plan_has_the_published_totals(store: Store) -> None:
    asked, [version] = question(store), versions.versions(store)
    assert (asked.excluded, asked.problems, version.state) == ({}, (), versions.VersionState.APPROVED)
    sums = year_sums(asked.problem, asked.everybody, choices_of(versions.placements(store, version.uid)))
    assert [one.cost_wan for one in sums] == [66_018.0, 110_323.0, 107_559.0, 283_900.0]
    assert (sums[-1].communities, sums[-1].households) == (214, 105_056)
    assert all(one.households <= (one.households_max or 0) for one in sums[:-1])
    assert version.numbers is not None
    assert (version.numbers.communities, version.numbers.buildings, version.numbers.households) == (214, 2980, 105_056)
    one = progress(store).standings[0]
    assert sum(one.states.values()) == 214
    assert one.finished < one.started < 214
    assert [name for name, amount in one.planned.items() if not amount] == ["energy"]


def _items_are_priced_by_the_table_and_in_order(store: Store) -> None:
    made = estimates(store)
    prices = {(row["item_code"], row["unit"], row["unit_price"]) for row in store.select("price")}
    items = store.select("f23_plan_item")
    assert len(made) == 24
    assert {row["fund_src"] for row in items} <= {row["fund_src"] for row in store.select("fund")}
    assert {(row["item_code"], row["unit"], row["unit_price"]) for row in items} <= prices
    for row in items:
        exact = float(str(row["quantity"])) * float(str(row["unit_price"])) / 10_000
        assert row["amount"] == pytest.approx(exact, abs=1e-4)
    invested = {str(row["uid"]): row["est_investment"] for row in store.select("community", ["est_investment"])}
    assert all(abs(float(one.total_wan) - float(str(invested[uid]))) < 0.025 for uid, one in made.items())
    assert [work.problem for own in works(store).values() for work in own if work.problem] == []


def _money_reconciles(store: Store) -> None:
    lines = fund_lines(store)
    assert all(0 < line.paid <= line.received <= line.planned for line in lines)
    assert all(line.paid <= line.committed <= line.planned for line in lines)
    assert sum(line.received for line in lines if line.source in {"central_inv", "central_fin"}) == 153_800.0
    now = progress(store)
    assert (now.received_wan, now.committed_wan, now.paid_wan) == (272_240.0, 228_320.0, 171_240.0)


def _governance_is_that_of_the_reply(store: Store) -> None:
    shares = [(one.part, one.whole, one.missing) for one in progress(store).governance]
    assert shares[:4] == [(31, 55, 0), (24, 24, 0), (161, 214, 0), (107, 161, 0)]
    assert len(standing(store, "f17_governance", ())) == 214
    said = consents(store)
    over = [one for one in said.values() if one.participation is not None and one.participation > 66.67]
    assert (len(said), len(over)) == (24, 3)
    assert all(one.share is not None and one.share >= 75 for one in said.values())
