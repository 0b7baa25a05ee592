"""Progress, money and shares as they are printed: in the page of the city and in the plan book alike."""

from pathlib import Path

import pytest

from exports import plan_told as told
from exports.book_plan import plan_blocks
from exports.report.city_plan import plan_sections
from fieldsurvey.model.plan_tables import PARAMETER
from fieldsurvey.plan import versions
from fieldsurvey.plan.ledger import FundLine
from fieldsurvey.plan.progress import CITY, Indicator, Progress, Standing
from fieldsurvey.plan.sample import fill_sample_office
from fieldsurvey.plan.tables import install_tables
from tests.builders import add_community, make_project

CITY_NOW = Standing(CITY, 3, 900, {"accepted": 1, "started": 1, "reserve": 1}, 300.0, 200.0, 100.0,
                    {"lifts": 4.0, "pipes": 1.234}, {"lifts": 1.0})  # fmt: skip
NOW = Progress(
    [CITY_NOW, Standing("下陆区", 3, 900, CITY_NOW.states, 300.0, 200.0, 100.0)], 50.0, 40.0, 20.0, [], [], []
)
FUNDS = [
    FundLine("a", "城投", "other", 2020, 10.0, 5.0, 0.0, 0.0),
    FundLine("b", "中央", "central_inv", 2019, 30.0, 15.0, 12.0, 6.0),
    FundLine("c", "中央", "central_inv", 2020, 30.01, 15.0, 12.0, 6.0),
]


def test_rates_are_of_what_they_say() -> None:
    found = told.headline(NOW)
    assert (found["开工率"], found["完工率"], found["投资完成率"], found["资金支付率"]) == (
        "66.67%", "33.33%", "33.33%", "40.00%",
    )  # fmt: skip
    assert told.states(NOW).total[:3] == ("全市", "3", "1")


def test_counters_name_done_and_planned_and_leave_out_what_nobody_planned() -> None:
    assert [line[:3] for line in told.city_counters(NOW).lines] == [
        ("改造管网（km）", "1.23", "0"),
        ("加装电梯（台）", "4", "1"),
    ]
    assert told.counters(NOW).total[1:4] == ("0／1.23", "1／4", "—")


def test_the_ledger_adds_up_to_the_cent_by_source_and_by_year() -> None:
    table = told.money(FUNDS)
    assert [line[:3] for line in table.lines] == [("中央预算内投资", "60.01", "30.00"), ("其他", "10.00", "5.00")]
    assert table.total == ("合计", "70.01", "35.00", "24.00", "12.00", "49.99%", "34.29%")
    assert [stages[0][1] for stages in told.by_year(FUNDS).values()] == [40.01, 30.0]


def test_a_share_of_nothing_is_no_share() -> None:
    (line,) = told.indicators("", [Indicator("households asked", 0, 0, 7)], "").lines
    assert line == ("已调查户占比", "—", "0", "0", "7")


@pytest.mark.parametrize("fees", [None, -1.0])
def test_report_and_book_tell_the_money_or_which_number_makes_no_sense(tmp_path: Path, fees: float | None) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        add_community(store, plan_year=2020, est_investment=100.0, household_count=10)
        fill_sample_office(store)
        versions.from_ledger(store, "三年计划")
        if fees is not None:
            install_tables(store)
            store.create_record(PARAMETER.name, {"key": "cost.fees", "value": fees})
        page = "\n".join(plan_sections(store))
        blocks = plan_blocks(store)
    if fees is None:
        assert "285,400.00" in page
        assert "153,800.00" not in page
        assert blocks
    else:
        assert "未汇总" in page
        assert "cost.fees" in page
        assert len(blocks) == 3
