"""Prices from a workbook: taken as they are meant, or refused with one sentence that names the row."""

from pathlib import Path
from typing import Any

import pytest

from fieldsurvey.errors import InputRefused
from fieldsurvey.plan import numbers
from layers.io.prices import read_prices
from tests.builders import make_project

HEAD = ["序号", "项目代码", "项目名称", "计量单位", "综合单价(元)", "基准期"]


def book(path: Path, *rows: list[Any]) -> Path:
    from openpyxl import Workbook

    made = Workbook()
    for row in rows:
        made.active.append(row)
    made.save(path)
    return path


def test_the_head_is_found_below_a_title_and_empty_rows_are_passed_over(tmp_path: Path) -> None:
    head, row = HEAD, [1, "b01", "给水管", "m", "1,250.50", "2026-10"]
    [found] = read_prices(book(tmp_path / "p.xlsx", ["2026年综合单价"], head, row, [None, None]))
    assert (found.item_code, found.unit, found.price_yuan) == ("B01", "m", 1250.5)
    assert (found.details["name"], found.details["base_month"]) == ("给水管", "2026-10")


def test_the_end_of_validity_is_not_taken_for_the_base_month(tmp_path: Path) -> None:
    head, row = ["项目代码", "单位", "单价(元)", "有效期至", "基准期"], ["B01", "m", 480, "2026-12-31", "2026-01"]
    [found] = read_prices(book(tmp_path / "p.xlsx", head, row))
    assert (found.details["valid_until"], found.details["base_month"]) == ("2026-12-31", "2026-01")


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([HEAD, [1, "B01", "给水管", "m", "面议", ""]], "第 2 行"),
        ([HEAD, [1, "B01", "给水管", "", 5, ""]], "第 2 行"),
        ([["项目代码", "单位"], ["B01", "m"]], "单价"),
        ([["项目代码", "单位", "单价(万元)"], ["B01", "m", 1]], "万元"),
        ([HEAD], "没有"),
    ],
)
def test_a_wrong_workbook_is_refused_with_a_sentence(tmp_path: Path, rows: list[list[Any]], sentence: str) -> None:
    with pytest.raises(InputRefused, match=sentence):
        read_prices(book(tmp_path / "p.xlsx", *rows))


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.xlsx"
    path.write_bytes(b"no zip")
    with pytest.raises(InputRefused, match=r"p\.xlsx"):
        read_prices(path)


def test_all_prices_are_taken_or_none(tmp_path: Path) -> None:
    good = numbers.PriceRow("B01", "m", 100.0, {"name": "给水管"})
    with make_project(tmp_path / "p.gpkg") as store:
        for bad, sentence in (
            (numbers.PriceRow("B01", "m", -1.0, {}), "-1"),
            (numbers.PriceRow("X99", "m", 1.0, {}), "X99"),
        ):
            with pytest.raises(InputRefused, match=sentence):
                numbers.take_prices(store, [good, bad], "价格.xlsx")
            assert "price" not in store.tables() or not store.select("price")
        assert numbers.take_prices(store, [good], "价格.xlsx") == 1
        numbers.take_prices(store, [numbers.PriceRow("B01", "m", 120.0, {"name": "给水管"})], "新价.xlsx")
        [row] = store.select("price")
        [edit] = numbers.price_log(store)
    assert (edit.what, edit.old, edit.new, edit.note) == ("B01 给水管", 100.0, 120.0, "新价.xlsx")
    assert (row["unit_price"], row["price_source"]) == (120.0, "新价.xlsx")


@pytest.mark.usefixtures("one_moment")
def test_a_parameter_changes_with_a_reason_and_the_change_is_kept(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        for value, note, sentence in ((12.0, " ", "理由"), (101.0, "试", "101")):
            with pytest.raises(InputRefused, match=sentence):
                numbers.change_parameter(store, "weight.gas", value, note)
        numbers.change_parameter(store, "weight.gas", 15.0, "燃气专项")
        numbers.change_parameter(store, "weight.gas", 14.0, "会议决定")
        log = numbers.parameter_log(store)
    assert [(edit.old, edit.new, edit.note) for edit in log] == [(15.0, 14.0, "会议决定"), (12.0, 15.0, "燃气专项")]
