"""Pinyin for search: worked out by a child, so that its dictionary does not stay in the window."""

import subprocess
import sys

import pytest

from layers import sounds
from layers.search import Index
from tests.conftest import ROOT

_NAMES = [("1", "枫叶山小区", "HS1"), ("2", "重庆路A3", "HS2"), ("3", "Plaza", "X9")]


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounds, "_known", {})


def _found(index: Index, text: str) -> list[str]:
    return [hit.uid for hit in index.find(text)]


def test_names_are_found_by_initials_and_full_pinyin() -> None:
    index = Index(_NAMES)
    index.prepare()
    assert [_found(index, text) for text in ("fys", "chongqinglu", "cqla3", "pla")] == [["1"], ["2"], ["2"], ["3"]]


def test_until_then_they_are_found_as_they_are_written_and_nobody_waits() -> None:
    index = Index(_NAMES)
    assert [_found(index, text) for text in ("fys", "枫叶", "hs2", "pla")] == [[], ["1"], ["2"], ["3"]]


def test_without_a_child_it_is_worked_out_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounds, "answer_of", lambda *_arguments: (1, {}))
    index = Index(_NAMES)
    index.prepare()
    assert _found(index, "fys") == ["1"]


def test_the_dictionary_stays_out_of_the_window() -> None:
    code = f"import sys\nfrom layers.search import Index\nIndex({_NAMES!r}).prepare()\nprint('pypinyin' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
