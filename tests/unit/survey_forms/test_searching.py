"""The appearance search(): choices out of a CSV beside the form."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldsurvey.projects import new_project
from fieldsurvey.store import Store
from survey_forms import Session, load_form, shelf
from survey_forms.records import Subject, open_form
from tests.builders import add_community

_HEAD = """| survey |
| | type | name | label | appearance |
| | text | words | Words | |
| | text | kind | Kind | |
"""
_TAIL = """| choices |
| | list_name | name | label |
| | fruit | key | title,season |
| | fruit | 99 | Other |
"""
_CSV = "key,title,season,kind\nap,Apple,autumn,pome\npe,Pear,autumn,pome\nch,Cherry,summer,stone\n"


def _form(folder: Path, appearance: str) -> Session:
    (folder / "fruits.csv").write_text(_CSV, "utf-8")
    (folder / "form.md").write_text(_HEAD + f"| | select_one fruit | pick | Pick | {appearance} |\n" + _TAIL, "utf-8")
    return Session(load_form(folder / "form.md"))


def _labels(session: Session) -> list[str]:
    return [choice.label for choice in session.choices("/data/pick")]


def test_without_more_the_whole_file_is_offered_after_what_is_written(tmp_path: Path) -> None:
    session = _form(tmp_path, "minimal search('fruits')")
    assert _labels(session) == ["Other", "Apple, autumn", "Pear, autumn", "Cherry, summer"]
    assert session.question("/data/pick").appearance == "minimal"
    session.answer("/data/pick", "ch")
    assert session.value("/data/pick") == "ch"
    assert session.error("/data/pick") == ""


@pytest.mark.parametrize(
    ("how", "words", "found"),
    [
        ("contains", "P", ["Apple, autumn", "Pear, autumn"]),
        ("startswith", "p", ["Pear, autumn"]),
        ("endswith", "RY", ["Cherry, summer"]),
        ("matches", "pear", ["Pear, autumn"]),
        ("matches", "pea", []),
        ("contains", "", ["Apple, autumn", "Pear, autumn", "Cherry, summer"]),
    ],
)
def test_it_is_narrowed_down_by_another_answer(tmp_path: Path, how: str, words: str, found: list[str]) -> None:
    session = _form(tmp_path, f"search('fruits', '{how}', 'title', ${{words}})")
    session.answer("/data/words", words)
    assert _labels(session) == ["Other", *found]


def test_several_columns_are_searched_and_one_filters(tmp_path: Path) -> None:
    session = _form(tmp_path, "search('fruits.csv', 'contains', 'title,season', ${words}, 'kind', ${kind})")
    session.answer("/data/words", "e")
    session.answer("/data/kind", "stone")
    assert _labels(session) == ["Other", "Cherry, summer"]
    session.answer("/data/pick", "ch")
    session.answer("/data/kind", "pome")
    assert session.value("/data/pick") == "", "what is no longer offered is cleared"


@pytest.mark.parametrize(
    ("appearance", "told"),
    [
        ("search('fruits', 'like', 'title', 'x')", "like"),
        ("search('fruits', 'contains')", "2"),
        ("search(words)", "1"),
    ],
)
def test_wrong_arguments_are_told_with_the_question(tmp_path: Path, appearance: str, told: str) -> None:
    (note,) = _form(tmp_path, appearance).form.notes
    assert "pick" in note
    assert told in note


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Store]:
    with new_project(tmp_path / "one.gpkg") as store:
        yield store


def test_the_file_travels_with_the_form(project: Store, tmp_path: Path) -> None:
    _form(tmp_path, "search('fruits')")
    table = shelf.add(project, shelf.prepare(tmp_path / "form.md")).entry.table
    (tmp_path / "fruits.csv").unlink()
    community = add_community(project)
    assert "Apple, autumn" in _labels(open_form(project, Subject(table, community, community)).session)
