"""Forms as people write them when nobody looks: each runs, or is refused with one sentence that helps."""

from pathlib import Path

import pytest

from survey_forms import Kind, Session, load_form
from survey_forms.check import check

_HEAD = "| survey |\n| | type | name | label |\n"
_LIST = "| choices |\n| | list_name | name | label |\n"
_CALCULATED = "| survey |\n| | type | name | label | calculation |\n"


def _with(column: str, *lines: str) -> str:
    """Return a form with one more column."""
    return "\n".join([f"| survey |\n| | type | name | label | {column} |", *lines, ""])


def _form(folder: Path, text: str) -> Path:
    source = folder / "odd.md"
    source.write_text(text, "utf-8")
    return source


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (_HEAD + "| | text | ａｂｃ | A |\n", "ａｂｃ"),
        (_HEAD + "| | text | a | A\x01B |\n", "AB"),
        (_HEAD + "| | ｔｅｘｔ | a | A |\n", "没有“ｔｅｘｔ”这种题型"),
        ("| survey |\n| | type | name | Lable |\n| | text | a | A |\n", "“a”没有标签"),
        (_HEAD + "| | select_one l | a | A |\n", "缺少工作表 choices"),
        (_HEAD + "| | select_multiple l | a | A |\n" + _LIST + "| | l | a b | x |\n", "选项“a b”的名称含空格"),
        (_HEAD + "| | text | meta | A |\n", "名称“meta”为表单保留"),
        (_HEAD + "| | begin_group | g | G |\n| | begin_repeat | r | R |\n| | end_group | | |\n", "没有对应的开头"),
        (_CALCULATED + "| | begin_repeat | r | R | |\n| | calculate | x | | sum(${t}) |\n| | end_repeat | | | |\n"
         "| | calculate | t | | sum(${x}) |\n", "循环依赖：x → t → x"),
        (_CALCULATED + f"| | calculate | a | | {'(' * 500}1{')' * 500} |\n", "嵌套过深"),
        (_HEAD + "".join(f"| | begin_group | g{n} | G |\n" for n in range(300)) + "| | text | a | A |\n"
         + "| | end_group | | |\n" * 300, "嵌套超过"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused_with_one_sentence_that_helps(tmp_path: Path, text: str, told: str) -> None:
    (finding,) = check(_form(tmp_path, text))
    assert finding.fatal
    assert told in str(finding)


@pytest.mark.parametrize(
    "text",
    [
        _HEAD + "| | text | 姓名 | A |\n| | note | n | ${姓名} |\n",
        _HEAD + "| | text | a | A |\n| | text | A | B |\n",
        _HEAD + "| | select_one l or_other | a | A |\n" + _LIST + "| | l | 1 | x |\n",
        _with("relevant", "| | text | a | A | |", "| | text | b | B | ${a} = “是” |"),
        _with("repeat_count", "| | begin_repeat | r | R | -3 |", "| | text | z | Z | |", "| | end_repeat | | | |"),
        _with("repeat_count", "| | begin_repeat | r | R | 9999999 |", "| | text | z | Z | |", "| | end_repeat | | | |"),
        _with("parameters", "| | range | a | A | start=0 end=1 step=0.3 |"),
        _with("parameters", "| | range | a | A | start=10 end=0 step=1 |"),
        _with("default", "| | geoshape | a | A | 30.2 115.0; 30.3 |", "| | geopoint | c | C | 200 500 |"),
        _with("media::image::English (en)", "| | text | a | A | a.png |"),
        _with("save_to", "| | text | a | A | alpha |", "| entities |", "| | dataset | label |", "| | trees | ${a} |"),
        _with(
            "save_to", "| | select_one_from_file trees.csv | t | T | |", "| | text | a | A | alpha |", "| entities |",
            "| | list_name | entity_id | update_if | create_if | label |",
            "| | trees | ${t} | ${t} != '' | ${t} = '' | ${a} |",
        ),
    ],
)  # fmt: skip
def test_what_is_odd_but_means_something_runs(tmp_path: Path, text: str) -> None:
    (tmp_path / "trees.csv").write_text("name,label,__version\n1,oak,1\n", "utf-8")
    for seed in range(3):
        assert not [str(finding) for finding in check(_form(tmp_path, text), seed) if finding.fatal]


def test_position_and_the_row_before_follow_nested_repeats(tmp_path: Path) -> None:
    session = Session(load_form(_form(tmp_path, _CALCULATED + """| | begin_repeat | r | R | |
| | calculate | p | | position(..) |
| | integer | q | Q | |
| | calculate | before | | if(position(..) > 1, indexed-repeat(${q}, ${r}, position(..) - 1), 0) |
| | begin_repeat | s | S | |
| | calculate | pp | | position(../..) * 10 + position(..) |
| | text | z | Z | |
| | end_repeat | | | |
| | end_repeat | | | |
| | calculate | total | | sum(${q}) |
""")))  # fmt: skip
    while len(session.instances("/data/r")) < 3:
        session.add_repeat("/data/r")
    for number in (1, 2, 3):
        session.answer(f"/data/r[{number}]/q", str(number * 7))
    session.add_repeat("/data/r[2]/s")
    last = session.instances("/data/r[2]/s")[-1]
    assert [session.value(f"/data/r[{number}]/before") for number in (1, 2, 3)] == ["0", "7", "14"]
    assert session.value(f"{last}/pp") == f"2{len(session.instances('/data/r[2]/s'))}"
    assert session.value("/data/total") == "42"
    session.remove_repeat("/data/r[1]")
    assert [session.value(f"/data/r[{number}]/p") for number in (1, 2)] == ["1", "2"]
    assert [session.value(f"/data/r[{number}]/before") for number in (1, 2)] == ["0", "14"]


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_list_beside_the_form_is_read_in_the_codings_that_spreadsheets_write(tmp_path: Path, coding: str) -> None:
    (tmp_path / "towns.csv").write_bytes("name,label\r\n1,枫叶山\r\n2,红旗\r\n".encode(coding))
    form = load_form(_form(tmp_path, _HEAD + "| | select_one_from_file towns.csv | a | A |\n"))
    session = Session(form)
    assert form.notes == ()
    assert [choice.label for choice in session.choices("/data/a")] == ["枫叶山", "红旗"]
    assert session.codes("/data/a") == ["1", "2"]


def test_the_sound_of_a_filling_in_is_an_answer_that_nobody_is_asked_for(tmp_path: Path) -> None:
    text = "| survey |\n| | type | name | label | parameters |\n| | begin_group | g | G | |\n"
    text += "| | background-audio | sound | | quality=low |\n| | text | a | A | |\n| | end_group | | | |\n"
    form = load_form(_form(tmp_path, text))
    assert form.background is not None
    assert (form.background.path, form.background.kind) == ("/data/g/sound", Kind.AUDIO)
    assert form.background.parameters["quality"] == "low"
    session = Session(form)
    assert session.progress() == (0, 1)
    session.answer("/data/g/sound", "f" * 64)
    assert session.answers()[0]["g_sound"] == "f" * 64
    assert not check(tmp_path / "odd.md")


def test_a_sound_for_each_row_is_told_to_be_impossible(tmp_path: Path) -> None:
    text = (
        _HEAD + "| | begin_repeat | r | R |\n| | background-audio | s | |\n| | text | a | A |\n| | end_repeat | | |\n"
    )
    (finding,) = check(_form(tmp_path, text))
    assert "background-audio" in str(finding)
    assert not finding.fatal
    assert load_form(tmp_path / "odd.md").background is None
