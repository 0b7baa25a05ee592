"""Filters as people type them, and the rows that the store finds for them."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsurvey.errors import InputRefused, JobCancelled
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.assets import ASSET_BY_NAME
from fieldsurvey.model.conditions import All, AnyOf, Compare, Field, Not, Op, Sort
from fieldsurvey.model.filter_words import parse, told
from fieldsurvey.model.schema import Column, ColumnType
from fieldsurvey.store import Store, windows
from tests.builders import add_community, make_project, point

PIPES = {column.name: Field(column) for column in ASSET_BY_NAME["water_line"].columns}
TEXT = ColumnType.TEXT
ANSWERS: Mapping[str, Field] = {
    "material": Field(
        Column("material", TEXT, "管材", "Material"), {"grey_ci": "灰口铸铁", "pe": "PE 管", "x": "砖混或框架"}
    ),
    "hazards": Field(Column("hazards", TEXT, "隐患", "Hazards"), {"leak": "漏水", "low": "水压低"}, several=True),
    "day": Field(Column("day", ColumnType.DATE, "日期", "Date")),
    "saved_at": Field(Column("saved_at", ColumnType.DATETIME, "保存时间", "Saved at")),
}


def test_the_example_of_the_manual_reads_as_meant() -> None:
    found = parse("敷设年份 < 1990 且 管材 = 灰口铸铁", PIPES)
    assert found == All((Compare("laid_year", Op.BELOW, (1990,)), Compare("material", Op.EQUAL, ("灰口铸铁",))))


@pytest.mark.parametrize(
    "text",
    [
        "敷设年份<1990且管材=灰口铸铁",
        "laid_year < 1990 and material = 灰口铸铁",
        "敷设年份＜１９９０年 且 管材＝“灰口铸铁”",
        "(敷设年份 小于 1990) 且 (管材 是 灰口铸铁)",
        "敷设年份 早于 1990 && 管材 == '灰口铸铁'",
    ],
)
def test_other_ways_of_writing_it_mean_the_same(text: str) -> None:
    assert parse(text, PIPES) == parse("敷设年份 < 1990 且 管材 = 灰口铸铁", PIPES)


def test_and_binds_closer_than_or_and_brackets_closer_than_both() -> None:
    a, b, c = (Compare("depth", Op.ABOVE, (n,)) for n in (1, 2, 3))
    assert parse("埋深 > 1 或 埋深 > 2 且 埋深 > 3", PIPES) == AnyOf((a, All((b, c))))
    assert parse("(埋深 > 1 或 埋深 > 2) 且 埋深 > 3", PIPES) == All((AnyOf((a, b)), c))
    assert parse("非 埋深 > 1", PIPES) == Not(a)


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("管材 = 灰口铸铁", Compare("material", Op.EQUAL, ("grey_ci",))),
        ("管材 包含 铸铁", Compare("material", Op.EQUAL, ("grey_ci",))),
        ("管材 = 砖混或框架", Compare("material", Op.EQUAL, ("x",))),
        ("管材 属于 (灰口铸铁、PE 管)", Compare("material", Op.EQUAL, ("grey_ci", "pe"))),
        ("隐患 包含 漏水", Compare("hazards", Op.CONTAINS, ("leak",), listed=True)),
        ("日期 >= 2026年1月5日", Compare("day", Op.AT_LEAST, ("2026-01-05",))),
        ("保存时间 = 2026/1/5", Compare("saved_at", Op.BEGINS, ("2026-01-05",))),
        ("管材 为空", Compare("material", Op.EMPTY)),
    ],
)
def test_words_of_lists_and_days_become_what_is_stored(text: str, test: Compare) -> None:
    assert parse(text, ANSWERS) == test


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("管才 = 铸铁", "管材"),
        ("埋深 > 深", "不是数字"),
        ("埋深", "缺少比较"),
        ("埋深 >", "缺少值"),
        ("(埋深 > 1", "括号"),
        ("埋深 > 1 埋深 > 2", "埋深 > 2"),
        ("埋深 > 1 且", "缺少一个条件"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(InputRefused) as refused:
        parse(text, PIPES)
    assert said in str(refused.value)


def test_a_word_that_is_no_choice_is_told_with_the_choices() -> None:
    with pytest.raises(InputRefused, match="灰口铸铁"):
        parse("管材 = 铜管", ANSWERS)


@given(st.text(max_size=40))
def test_any_text_is_a_condition_or_one_sentence(text: str) -> None:
    with suppress(InputRefused):
        parse(text, PIPES)


@given(st.text(alphabet="铸铁且或()（），,'\" a1", min_size=1, max_size=12))
def test_what_a_click_on_a_cell_writes_is_read_back_as_that_value(text: str) -> None:
    word = text.strip().replace('"', "").replace("'", "").replace("“", "")
    if word:
        assert parse(told(PIPES["material"], word, word), PIPES) in {
            Compare("material", Op.EQUAL, (word,)),
            Compare("material", Op.EQUAL, (word.translate(str.maketrans("（），", "(),")),)),
        }


# --- the store -------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "p.gpkg") as made:
        one, two = add_community(made, "枫叶山"), add_community(made, "牧羊湖")
        for number, (community, kind, state) in enumerate(
            [(one, "地上", "好"), (two, "地下", None), (one, None, "坏"), (None, "地上", "")]
        ):
            made.create_record(
                "hydrant",
                {"source_id": f"H{number}", "community_uid": community, "kind": kind, "state": state, "geom": point()},
            )
        yield made


HYDRANTS = {column.name: Field(column) for column in ASSET_BY_NAME["hydrant"].columns}


def ids(store: Store, text: str = "", sort: Sort | None = None) -> list[str]:
    order = store.order_of("hydrant", parse(text, HYDRANTS), sort)
    return [str(row[1]) for row in store.window("hydrant", order, ["source_id"]) if row is not None]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ["H0", "H1", "H2", "H3"]),
        ("类型 = 地上", ["H0", "H3"]),
        ("类型 != 地上", ["H1", "H2"]),
        ("非 类型 = 地上", ["H1", "H2"]),
        ("状态 为空", ["H1", "H3"]),
        ("状态 不为空", ["H0", "H2"]),
        ("所属小区 = 枫叶山", ["H0", "H2"]),
        ("所属小区 包含 湖 或 状态 = 坏", ["H1", "H2"]),
        ("原编号 开头是 h", ["H0", "H1", "H2", "H3"]),
        ("类型 属于 (地上, 地下) 且 所属小区 不为空", ["H0", "H1"]),
    ],
)
def test_the_store_finds_the_rows_that_are_meant(store: Store, text: str, wanted: list[str]) -> None:
    assert ids(store, text) == wanted


def test_rows_are_sorted_with_blanks_last_either_way(store: Store) -> None:
    assert ids(store, "", Sort("state")) == ["H2", "H0", "H1", "H3"]
    assert ids(store, "", Sort("state", is_descending=True))[2:] == ["H1", "H3"]
    assert ids(store, "", Sort("kind", codes=("地下", "地上"))) == ["H1", "H0", "H3", "H2"]
    assert ids(store, "", Sort("community_uid"))[:2] == ["H0", "H2"]


def test_a_row_that_is_gone_leaves_a_gap_and_a_wrong_column_is_a_bug(store: Store) -> None:
    assert store.window("hydrant", [99, 1], ["kind"])[0] is None
    with pytest.raises(KeyError):
        store.window("hydrant", [1], ["kind; DROP TABLE hydrant"])
    with pytest.raises(KeyError):
        store.order_of("hydrant", Compare("nothing", Op.EMPTY))


def test_values_are_bound_and_never_run(store: Store) -> None:
    assert ids(store, "类型 = “'; DROP TABLE hydrant; --”") == []
    assert store.count("hydrant") == 4


def test_a_search_that_nobody_waits_for_stops(store: Store) -> None:
    control = JobControl()
    control.cancel()
    with pytest.raises(JobCancelled):
        store.order_of("hydrant", None, None, control)


@pytest.mark.parametrize("sort", [Sort("state"), Sort("state", is_descending=True), Sort("community_uid"), None])
def test_saves_and_other_searches_come_in_while_a_long_table_is_sorted(
    store: Store, sort: Sort | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two stretches of rows, and without changing what is found."""
    for number in range(20):
        store.create_record("hydrant", {"source_id": f"M{number}", "state": f"{number * 7 % 5}", "geom": point()})
    whole = store.order_of("hydrant", None, sort)
    monkeypatch.setattr(windows, "_TOGETHER", 3)
    saved = list[str]()

    def between() -> None:
        saved.append(store.create_record("community", {"code": f"C{len(saved)}"}))
        assert ids(store, "", Sort("source_id", is_descending=True))[0] == "M9"

    assert store.order_of("hydrant", None, sort, JobControl(between=between)) == whole
    assert len(saved) >= 8
    assert store.count("community") == 2 + len(saved)


def test_statistics_of_numbers_and_of_words(store: Store) -> None:
    for year in (1980, 1990, 1990, None):
        store.create_record("water_line", {"laid_year": year})
    years = store.statistics("water_line", "laid_year")
    assert (years.rows, years.filled, years.distinct, years.least, years.most) == (4, 3, 2, 1980, 1990)
    assert years.mean == pytest.approx(5960 / 3)
    assert years.frequent[0] == (1990, 2)
    kinds = store.statistics("hydrant", "kind", parse("所属小区 不为空", HYDRANTS))
    assert (kinds.rows, kinds.filled, kinds.sum) == (3, 2, None)


def test_saves_come_in_while_statistics_are_worked_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        store.create_record("hydrant", {"state": f"{number * 7 % 6}", "geom": point()})
    whole = store.statistics("hydrant", "state")
    monkeypatch.setattr(windows, "_TOGETHER", 3)
    saved = list[str]()
    control = JobControl(between=lambda: saved.append(store.create_record("community", {"code": f"C{len(saved)}"})))
    assert store.statistics("hydrant", "state", None, control) == whole
    assert len(saved) >= 8
    assert [whole.least, whole.most, whole.distinct, whole.frequent[0]] == ["0", "好", 8, ("0", 4)]
    control.cancel()
    with pytest.raises(JobCancelled):
        store.statistics("hydrant", "state", None, control)
