"""Lines of Chinese text: no forbidden mark at an edge, nothing over the edge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.sheet.breaking import NO_END, NO_START, Line, break_lines

SIZE = 10.0
TEXT = (
    "该小区（一期）建于1986年，共有436户；给水主管为DN100铸铁管，“跑、冒、滴、漏”频发：近12月爆漏7次！水压仅0.12MPa，"
    "消防车道净宽2.8m～3.6m（标准≥4.0m），占地32,708㎡，投资1,455.60万元。依据《城镇老旧小区改造技术导则》（试行），"
    "建议：“应改尽改”，更换PE管860m，增设变压器2台（630kVA/台）……其余见《附表》——“问题清单”。"
)
WIDTHS = [60 + index * 1.7 for index in range(240)]


def measure(char: str) -> float:
    return 0.55 if char.isascii() else 1.0


def lines(text: str, width: float) -> list[Line]:
    return break_lines(text, measure, SIZE, width)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_starts_or_ends_with_a_forbidden_mark(width: float) -> None:
    found = lines(TEXT, width)
    assert not [line.text for line in found[1:] if line.text[0] in NO_START]
    assert not [line.text for line in found[:-1] if line.text[-1] in NO_END]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_its_column(width: float) -> None:
    assert max(line.width for line in lines(TEXT, width)) <= width + 0.02


@pytest.mark.parametrize("whole", ["1986年", "DN100", "0.12MPa", "32,708㎡", "630kVA/", "436户", "……", "——"])
def test_words_and_numbers_with_units_stay_whole(whole: str) -> None:
    assert all(any(whole in line.text for line in lines(TEXT, width)) for width in WIDTHS if width > 100)


def test_marks_that_meet_are_pressed_together() -> None:
    (line,) = lines("（“甲”）。", 1000)
    assert line.width == pytest.approx(6 * SIZE - 3 * 0.5 * SIZE)


def test_chinese_and_latin_have_a_little_space_between() -> None:
    (line,) = lines("管径DN100毫米", 1000)
    assert line.width == pytest.approx(SIZE * (4 + 5 * 0.55 + 2 * 0.18))


def test_an_empty_text_is_one_empty_line() -> None:
    assert [line.text for line in lines("", 100)] == [""]


def test_a_word_wider_than_the_column_is_cut() -> None:
    found = lines("A" * 40, 60)
    assert "".join(line.text for line in found) == "A" * 40
    assert max(line.width for line in found) <= 60.02


words = st.one_of(
    st.text("小区供水排燃气电力消防改造", min_size=1, max_size=6),
    st.text("ABCdef", min_size=1, max_size=30),
    st.from_regex(r"[0-9]{1,6}(\.[0-9])?(年|户|m|MPa|㎡|万元)?", fullmatch=True),
    st.sampled_from(
        ["，", "。", "；", "：", "”，", "（", "《", "“", "）", "》", "”", "、", "……", "——", "）。", "：“", "？！", " "]
    ),
)
texts = st.lists(words, max_size=40).map("".join)


@given(texts, st.floats(80, 500))
def test_nothing_runs_over_the_edge_whatever_the_text(text: str, width: float) -> None:
    assert max(line.width for line in lines(text, width)) <= width + 0.02


@given(texts, st.floats(20, 500))
def test_no_character_is_lost_whatever_the_text(text: str, width: float) -> None:
    assert "".join(line.text for line in lines(text, width)).replace(" ", "") == text.replace(" ", "")


@given(st.lists(st.tuples(st.text("小区供水燃气", min_size=1, max_size=9), words), max_size=30), st.floats(130, 500))
def test_edges_are_legal_in_any_text_with_words_between_its_marks(parts: list[tuple[str, str]], width: float) -> None:
    found = lines("".join(chinese + other for chinese, other in parts), width)
    assert not [line.text for line in found[1:] if line.text[0] in NO_START]
    assert not [line.text for line in found[:-1] if line.text[-1] in NO_END]
