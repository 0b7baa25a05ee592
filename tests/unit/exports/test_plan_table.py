"""The three-year plan workbook: all columns, sums that reconcile, nothing that runs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from exports.plan import COLUMNS, TITLE, plan_table
from fieldsurvey.errors import JobCancelled
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store

SHARED = Path(__file__).parents[3] / ".." / "shared"
CITY = SHARED / "data" / "city" / "city_x1.gpkg"
FIRST = 5
TITLES = [column.title for column in COLUMNS]
ReadPlan = Callable[[], Any]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "city.gpkg") as store:
        yield store


@pytest.fixture
def read_plan(store: Store, tmp_path: Path) -> ReadPlan:
    def read() -> Any:
        from openpyxl import load_workbook

        plan_table(store, tmp_path / "plan.xlsx")
        return load_workbook(tmp_path / "plan.xlsx").active

    return read


def add(store: Store, code: str, year: int | None, district: str, wan: float | None = None, **values: Any) -> None:
    row = {"code": code, "name": f"小区{code}", "plan_year": year, "district": district, "est_investment": wan}
    store.create_record("community", {**row, **values})


def rows_of(sheet: Any) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows(min_row=FIRST, values_only=True)]


def column(rows: list[list[Any]], title: str) -> list[Any]:
    return [row[TITLES.index(title)] for row in rows]


def test_sums_of_districts_years_and_the_whole_reconcile(store: Store, read_plan: ReadPlan) -> None:
    for index, (year, district) in enumerate(
        [(2025, "甲区"), (2025, "甲区"), (2025, "乙县"), (2026, "甲区"), (None, "乙县")]
    ):
        add(store, f"C{index}", year, district, 100.25 * (index + 1), household_count=10)
    rows = rows_of(read_plan())
    label = column(rows, "项目名称")
    money = dict(zip(label, column(rows, "总投资（万元）"), strict=True))
    assert money["总计"] == pytest.approx(100.25 * 15)
    assert money["2025年　合计"] == money["2025年　甲区　小计"] + money["2025年　乙县　小计"] == pytest.approx(601.5)
    assert money["未定年度　合计"] == pytest.approx(501.25)
    assert dict(zip(label, column(rows, "户数"), strict=True))["总计"] == 50


def test_all_columns_of_the_plan_are_there(store: Store, read_plan: ReadPlan) -> None:
    sheet = read_plan()
    assert sheet["A1"].value == TITLE
    heads = {sheet.cell(row, index).value for row in (3, 4) for index in range(1, len(COLUMNS) + 1)}
    assert set(TITLES) <= heads


def test_what_is_not_known_stays_blank(store: Store, read_plan: ReadPlan) -> None:
    add(store, "C1", 2025, "甲区")
    rows = rows_of(read_plan())
    assert column(rows, "总投资（万元）") == [None] * len(rows)
    assert column(rows, "居民同意率") == [None] * len(rows)


def test_it_prints_on_a3_landscape_with_its_header_on_each_page(store: Store, read_plan: ReadPlan) -> None:
    sheet = read_plan()
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 8)
    assert sheet.print_title_rows == "$3:$4"
    assert sheet.freeze_panes is not None


def test_survey_text_is_never_a_formula(store: Store, read_plan: ReadPlan) -> None:
    add(store, "C1", 2025, '=HYPERLINK("http://x","y")')
    cell = read_plan().cell(FIRST, TITLES.index("区（县、市）") + 1)
    assert cell.data_type == "s"
    assert cell.value.startswith("=")


def test_a_cancelled_table_leaves_the_old_file(store: Store, tmp_path: Path) -> None:
    add(store, "C1", 2025, "甲区")
    out = tmp_path / "plan.xlsx"
    out.write_bytes(b"old")
    control = JobControl()
    control.cancel()
    with pytest.raises(JobCancelled):
        plan_table(store, out, control)
    assert out.read_bytes() == b"old"
    assert [path.name for path in tmp_path.glob("*.part")] == []


@pytest.mark.skipif(not CITY.exists(), reason="needs the shared city data")
def test_the_city_adds_up_to_its_214_communities(store: Store, read_plan: ReadPlan) -> None:
    import pyogrio

    names = {"street": "subdistrict", "committee": "neighbourhood", "buildings": "building_count"}
    names |= {"households": "household_count", "gfa_m2": "gfa", "invest_wan": "est_investment"}
    kept = ["code", "name", "district", "built_year", "lift_request", "plan_year", *names.values()]
    frame = pyogrio.read_dataframe(CITY, layer="communities", read_geometry=False).rename(columns=names)[kept]
    store.import_rows("community", frame.astype(object).to_dict("records"), source="city_x1.gpkg")
    rows = rows_of(read_plan())
    label = column(rows, "项目名称")
    assert len([number for number in column(rows, "序号") if number]) == 214
    for title, source in (("户数", "household_count"), ("总投资（万元）", "est_investment")):
        sums = dict(zip(label, column(rows, title), strict=True))
        years = [value for name, value in sums.items() if name and name.endswith("合计")]
        assert sums["总计"] == pytest.approx(frame[source].sum()) == pytest.approx(sum(years))
    assert dict(zip(label, column(rows, "户数"), strict=True))["总计"] == 105_056
    _reproduces_the_headline(store)


def _reproduces_the_headline(store: Store) -> None:
    """A version of those plan years has the published totals, on the board and in the four locked numbers."""
    from fieldsurvey.plan import versions
    from fieldsurvey.plan.board import choices_of, year_sums
    from fieldsurvey.plan.build import question

    version = versions.from_ledger(store)
    asked = question(store)
    whole = year_sums(asked.problem, asked.everybody, choices_of(versions.placements(store, version)))[-1]
    assert (whole.communities, whole.households, whole.cost_wan) == (214, 105_056, 283_900.0)
    versions.submit(store, version)
    [found] = versions.versions(store)
    assert found.numbers is not None
    assert (found.numbers.communities, found.numbers.buildings, found.numbers.households) == (214, 2980, 105_056)


@pytest.fixture
def planned(tmp_path: Path) -> Iterator[Store]:
    """Yield a project with an approved version: three communities, two years, two funds that do not quite reach."""
    from fieldsurvey.plan import versions
    from fieldsurvey.plan.tables import install_tables
    from tests.builders import make_project

    with make_project(tmp_path / "planned.gpkg", forms=True) as store:
        install_tables(store)
        for number, wan in enumerate((333.33, 100.01, 50.0)):
            district = "下陆区" if number else "铁山区"
            add(store, f"C{number}", None, district, wan, household_count=100 + number, lift_request=1)
        central: dict[str, Any] = {"name": "中央", "fund_src": "central_fin", "classes": "base improve"}
        store.create_record("fund", {**central, "year": 2026, "amount": 200.0})
        store.create_record("fund", {"name": "维修资金", "fund_src": "maint_fund", "year": 2026, "amount": 30.25})
        version = versions.new_version(store, "一稿")
        uids = [str(row["uid"]) for row in store.select("community", ["code"], order="code")]
        for uid, (year, level) in zip(uids, ((2026, 3), (2027, 2), (2027, 3)), strict=True):
            versions.place(store, version, uid, year, level)
        item: dict[str, Any] = {
            "community_uid": uids[0],
            "item_code": "B01",
            "reno_class": "base",
            "quantity": 10.0,
            "unit": "m",
        }
        store.create_record(
            "f23_plan_item", {**item, "unit_price": 100_000.0, "start_plan": "2026-03-01", "utility_unit": "供水公司"}
        )
        for form in ("f04_water", "f05_drainage", "f06_power", "f07_gas", "f08_telecom", "f09_fire"):
            store.create_record(form, {"community_uid": uids[0], "subject_uid": uids[0]})
        versions.submit(store, version)
        versions.approve(store, version)
        yield store


def test_the_sources_of_every_row_and_sum_are_its_total_to_the_cent(planned: Store, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    plan_table(planned, tmp_path / "plan.xlsx")
    book = load_workbook(tmp_path / "plan.xlsx")
    assert book.sheetnames == ["三年计划", "2026年度计划", "2027年度计划", "进度", "治理与意愿", "资金台账"]
    rows = rows_of(book["三年计划"])
    first = TITLES.index("中央预算内")
    money = [(row[TITLES.index("总投资（万元）")], row[first : first + 11]) for row in rows]
    for total, sources in money:
        assert round(100 * total) == sum(round(100 * (amount or 0)) for amount in sources)
    whole = money[-1]
    assert whole[1][1] == 200.0  # 中央财政
    assert whole[1][8] == 30.25  # 居民, from the maintenance fund
    assert whole[1][10] == pytest.approx(whole[0] - 230.25)  # 待落实


def test_an_expired_price_is_told_in_the_row_of_its_community(planned: Store, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    price: dict[str, Any] = {"item_code": "B01", "unit": "m", "unit_price": 100_000.0, "valid_until": "2020-12-31"}
    planned.create_record("price", price)
    plan_table(planned, tmp_path / "plan.xlsx")
    rows = rows_of(load_workbook(tmp_path / "plan.xlsx")["三年计划"])
    notes = {row[TITLES.index("小区名称")]: str(row[TITLES.index("备注")] or "") for row in rows}
    assert notes["小区C0"].endswith("条目 B01 所用单价 100,000.00 元的有效期至 2020-12-31，已过期，请录入现行单价。")
    assert "有效期" not in notes["小区C1"]


def test_the_rows_say_what_is_done_when_and_how_far(planned: Store, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    from exports.plan import ANNUAL

    plan_table(planned, tmp_path / "plan.xlsx")
    rows = rows_of(load_workbook(tmp_path / "plan.xlsx")["三年计划"])
    by_name = {row[TITLES.index("小区名称")]: row for row in rows}
    assert by_name["小区C0"][TITLES.index("基础类")] == "供水管网及设施"
    assert by_name["小区C0"][TITLES.index("开工时间")] == "2026-03-01"
    assert [by_name["小区C1"][TITLES.index(name)] for name in ("完善类", "提升类")] == ["√", None]
    annual = load_workbook(tmp_path / "plan.xlsx")["2027年度计划"]
    heads = [annual.cell(3, index).value or annual.cell(4, index).value for index in range(1, len(ANNUAL) + 1)]
    assert "年度" not in heads
    assert "储备状态" not in heads
    assert "2个小区" in [cell.value for row in annual.iter_rows() for cell in row]


def test_the_sheets_of_progress_and_money_say_what_the_window_draws(planned: Store, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    from fieldsurvey.plan import ledger, versions
    from fieldsurvey.plan.progress import progress

    [version] = versions.versions(planned)
    uid = next(uid for uid, one in versions.placements(planned, version.uid).items() if one.year == 2026)
    versions.set_pool_state(planned, version.uid, uid, "started", "2026-03-05")
    fund = ledger.fund_lines(planned)[0]
    ledger.enter(planned, fund.uid, "received", 20.0, "2026-02-01")
    plan_table(planned, tmp_path / "plan.xlsx")
    book = load_workbook(tmp_path / "plan.xlsx")
    rows = [list(row) for row in book["进度"].iter_rows(min_row=3, values_only=True)]
    heads = [str(head) for head in rows[0]]
    city = next(row for row in rows if row[0] == "全市")
    shown = progress(planned).standings[0]
    assert city[heads.index("小区数")] == shown.communities == 3
    assert city[heads.index("开工率")] == pytest.approx(shown.started / shown.communities)
    assert city[heads.index("计划投资（万元）")] == shown.investment_wan
    assert city[heads.index("改造管网（km）计划")] == shown.planned["pipes"] == 0.01
    money = [list(row) for row in book["资金台账"].iter_rows(min_row=4, values_only=True)]
    assert money[-1][:1] + money[-1][3:5] == ["合计", 230.25, 20.0]
    names = [row[0] for row in book["治理与意愿"].iter_rows(min_row=4, values_only=True)]
    assert {"小区业委会组建完成率", "同意率"} <= set(names)
