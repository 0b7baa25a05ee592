"""The forms judge what two people wrote into one record."""

from pathlib import Path

from fieldsurvey.model.schema import Value
from fieldsurvey.projects import install_forms
from fieldsurvey.store import Store
from survey_forms import default_forms, load_form
from survey_forms.rules import merge_rules
from tests.builders import exchange


def _judge(values: dict[str, Value]) -> set[str]:
    form = load_form(default_forms()["f01_community"])
    return {field for field, _sentence in merge_rules({"f01_community": form})("f01_community", values)}


def test_a_rule_between_two_answers_is_broken_by_both_together() -> None:
    assert _judge({"built_year_first": 1985, "built_year_last": 1990}) == set()
    assert _judge({"built_year_first": 1995, "built_year_last": 1990}) == {"built_year_last"}


def test_other_tables_are_never_wrong() -> None:
    assert merge_rules({})("community", {"name": None}) == []


def test_two_laptops_and_the_real_form(tmp_path: Path) -> None:
    one, other = (Store.create(tmp_path / f"{n}.gpkg", project="f" * 32) for n in range(2))
    for store in (one, other):
        install_forms(store)
    uid = one.create_record("f01_community", {"built_year_first": 1985, "built_year_last": 1990})
    exchange(one, other)
    one.save(uid, {"built_year_first": 1989})
    other.save(uid, {"built_year_last": 1986})
    exchange(one, other)
    (mine,), (theirs,) = one.conflicts(), other.conflicts()
    assert (mine.field, mine.versions) == ("_rules", theirs.versions)
    assert mine.sentences == theirs.sentences
    assert len(mine.sentences) == 1
    one.close()
    other.close()
