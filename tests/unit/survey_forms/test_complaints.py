"""What the compiler refuses is told in the user's language: sheet, row, what is wrong, what to do."""

from pathlib import Path

import pytest

from survey_forms import load_form
from survey_forms.check import check
from survey_forms.complaints import stopped
from survey_forms.errors import CompileError

_HEAD = "| survey | | | |\n| | type | name | label |\n"
_CHOICES = "| choices | | | |\n| | list_name | name | label |\n"


@pytest.mark.parametrize(
    ("text", "row", "told"),
    [
        ("| | text | | A |\n", 2, "没有名称"),
        ("| | txt | a | A |\n", 0, "“txt”"),
        ("| | select_one ab | a | A |\n" + _CHOICES + "| | x | y | Z |\n", 2, "选项表“ab”"),
        ("| | text | a | ${b} |\n", 2, "“b”"),
        ("| | begin_group | g | G |\n| | text | a | A |\n", 2, "没有结尾"),
        ("| | text | a | A |\n| | end_group | | |\n", 3, "没有对应的开头"),
        ("| | text | a | A |\n| | text | a | B |\n", 3, "“a”"),
        ("| | text | 1a | A |\n", 2, "字母或下划线"),
        ("| | select_one ab | a | A |\n" + _CHOICES + "| | ab | | Z |\n", 2, "没有名称"),
    ],
)
def test_a_refusal_names_place_fault_and_remedy(tmp_path: Path, text: str, row: int, told: str) -> None:
    source = tmp_path / "form.md"
    source.write_text(_HEAD + text, "utf-8")
    with pytest.raises(CompileError) as refusal:
        load_form(source)
    assert told in str(refusal.value)
    assert "请" in str(refusal.value)
    assert refusal.value.row == row
    assert str(refusal.value).startswith("form.md")
    (finding,) = check(source)
    assert str(finding).count("form.md") == 1
    assert finding.spot is None or finding.spot.row >= 2


def test_a_refusal_that_is_not_known_keeps_its_words(tmp_path: Path) -> None:
    source = tmp_path / "form.md"
    source.write_text("| survey |\n| | type | name | label | parameters |\n| | range | a | A | start=x |\n", "utf-8")
    with pytest.raises(CompileError, match=r"工作表 survey 第 2 行.*parameters 列有误"):
        load_form(source)


def test_a_crash_of_the_compiler_names_the_row_it_was_at() -> None:
    def at_row(row_number: int) -> None:
        [][row_number]

    try:
        at_row(7)
    except IndexError as error:
        found = stopped(Path("form.xlsx"), error)
    assert (found.sheet, found.row) == ("survey", 7)
    assert "第 7 行" in str(found)
    assert stopped(Path("form.xlsx"), ValueError("x")).row == 0


def test_the_author_is_told_of_patterns_that_collect_reads_otherwise(tmp_path: Path) -> None:
    source = tmp_path / "form.md"
    source.write_text(
        "| survey |\n| | type | name | label | constraint |\n"
        "| | text | phone | A | regex(., '1[0-9]{10}') |\n| | text | code | B | regex(., '^[A-Z]$') |\n",
        "utf-8",
    )
    notes = [str(finding) for finding in check(source)]
    assert [note for note in notes if "Collect" in note and "phone" in note]
    assert not [note for note in notes if "code" in note]
