"""What stays is out of the collector's sight; what went is cleaned up all the same."""

import gc
import weakref
from pathlib import Path

from survey_forms import load_form
from survey_forms.hurry import unhurried


class _Thing:
    def __init__(self) -> None:
        self.itself = self


def test_forms_are_not_looked_through_again(tmp_path: Path) -> None:
    (tmp_path / "f.md").write_text("| survey |\n| | type | name | label |\n| | text | a | A |\n", "utf-8")
    before = gc.get_freeze_count()
    load_form(tmp_path / "f.md")
    assert gc.get_freeze_count() > before
    assert gc.isenabled()


def test_after_many_forms_what_went_is_cleaned_up() -> None:
    thing = _Thing()
    gone = weakref.ref(thing)
    with unhurried(stays=True):
        pass
    del thing
    gc.collect()
    for _form in range(200):
        with unhurried(stays=True):
            pass
    assert gone() is None
