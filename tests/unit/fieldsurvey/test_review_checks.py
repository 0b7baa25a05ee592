"""What a reviewer is told of a record before he reads it, and the batch that rests on a sample."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fieldsurvey.assess.progress import State
from fieldsurvey.assess.review.batch import accept_all, sample
from fieldsurvey.assess.review.checks import Kind
from fieldsurvey.assess.review.look import Look, look
from fieldsurvey.assess.review.queue import queue
from fieldsurvey.assess.review.remarks import Pin
from fieldsurvey.assess.review.similar import similar_to, usual
from fieldsurvey.assess.review.steps import take
from fieldsurvey.errors import InputRefused
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.review import Step
from fieldsurvey.model.role import Person, Role
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from tests.builders import add_community, make_project, point

REVIEWER = Person("王工", Role.REVIEWER)
ANSWERS: dict[str, Any] = {
    "supply_mode": "direct", "owner": "owners", "main_material": "grey_ci", "main_dn": 100, "main_year": 1986,
    "meter_mode": "shared",
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "p.gpkg", forms=True) as found:
        yield found


def _submit(store: Store, community: str, form: str = "f04_water", **answers: Value) -> str:
    values: dict[str, Value] = {"community_uid": community, "subject_uid": community, "status": "complete", **answers}
    return store.create_record(form, values, scope=scope_of(community))


def _look(store: Store, uid: str, *states: State) -> Look:
    return look(store, next(item for item in queue(store, states or (State.COMPLETE,)) if item.uid == uid))


def test_a_value_is_far_by_the_median_and_one_wrong_neighbour_hides_nothing() -> None:
    others: list[Value] = [0.20, 0.21, 0.22, 0.21, 0.20, 9.9]
    near, far = usual(0.23, others), usual(0.9, others)
    assert near is not None
    assert far is not None
    assert (near.middle, near.is_far, far.is_far) == (0.21, False, True)


def test_where_nearly_all_agree_the_one_that_differs_is_far() -> None:
    assert [usual(value, [6, 6, 6, 6, 6, 7]) is not None for value in (6, 30)] == [True, True]
    found = usual(30, [6, 6, 6, 6, 6, 7])
    assert found is not None
    assert found.is_far
    near = usual(7, [6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 7])
    assert near is not None
    assert not near.is_far
    same = usual(7, [6, 6, 6, 6, 6])
    assert same is not None
    assert not same.is_far


def test_too_few_answers_say_nothing_and_choices_have_a_commonest() -> None:
    assert usual(1, [1, 2, 3, 4, None]) is None
    found = usual("steel", ["pe", "pe", "pe", "steel", "pvc"])
    assert found is not None
    assert (found.commonest, found.share, found.is_far) == ("pe", 0.6, False)


def test_similar_is_of_an_age_and_a_size() -> None:
    rows: list[dict[str, Value]] = [
        {"uid": "a", "built_year": 1990, "household_count": 400},
        {"uid": "b", "built_year": 1984, "household_count": 700},
        {"uid": "c", "built_year": 1979, "household_count": 400},
        {"uid": "d", "built_year": 1990, "household_count": 900},
        {"uid": "e", "built_year": None, "household_count": None},
    ]
    assert similar_to(rows[0], rows) == {"b", "e"}


def test_a_position_far_from_the_boundary_and_missing_photos_are_told(store: Store) -> None:
    community = add_community(store)
    has_place = next(t.name for t in store.tables().values() if t.geometry and t.name.startswith("f"))
    far = _submit(store, community, has_place, geom=point(600_900.0))
    near = _submit(store, community, has_place, geom=point(600_150.0))
    told = [check for check in _look(store, far).checks if check.kind is Kind.FAR_PLACE]
    assert [("800" in check.told, check.place) for check in told] == [(True, point(600_900.0))]
    assert Kind.FAR_PLACE not in {check.kind for check in _look(store, near).checks}
    water = _submit(store, community, **ANSWERS)
    assert Kind.NO_PHOTO in {check.kind for check in _look(store, water).checks}


def test_answers_copied_unchanged_from_the_last_round_are_told_and_changed_ones_are_marked(store: Store) -> None:
    community = add_community(store)
    _submit(store, community, survey_date="2025-05-01", **ANSWERS)
    copied = _submit(store, community, survey_date="2026-05-01", **ANSWERS)
    found = _look(store, copied)
    assert "2025-05-01" in found.before
    assert [check.kind for check in found.checks if check.kind is Kind.COPIED] == [Kind.COPIED]
    changed = _submit(store, add_community(store, "牧羊湖"), **ANSWERS)
    assert Kind.COPIED not in {check.kind for check in _look(store, changed).checks}
    store.save(copied, {"meter_mode": "household"})
    again = _look(store, copied)
    assert Kind.COPIED not in {check.kind for check in again.checks}
    marked = [line.column.name for line in again.lines if line.is_changed(has_before=bool(again.before))]
    assert marked == ["meter_mode"]


def test_what_came_back_is_shown_beside_the_answers_that_were_returned(store: Store) -> None:
    uid = _submit(store, add_community(store), **ANSWERS)
    take(store, REVIEWER, uid, Step.RETURN, remarks=[Pin("管径请复核", "main_dn")])
    store.save(uid, {"main_dn": 150, "status": "complete"})
    found = _look(store, uid)
    line = next(line for line in found.lines if line.column.name == "main_dn")
    assert (line.value, line.before) == (150, 100)


def test_a_batch_is_accepted_only_after_its_sample_was_looked_at(store: Store) -> None:
    for number in range(12):
        _submit(store, add_community(store, f"小区{number}"), **ANSWERS)
    items = [item for item in queue(store, [State.COMPLETE]) if item.form_id]
    drawn = sample(items, Random(1))
    assert len(drawn) == 3
    with pytest.raises(InputRefused, match="3"):
        accept_all(store, REVIEWER, items, drawn, ())
    done, refused = accept_all(store, REVIEWER, items, drawn, {item.uid for item in drawn})
    assert (done, refused) == (12, [])
    assert len([item for item in queue(store, [State.REVIEWED]) if item.form_id]) == 12


def test_what_is_refused_in_a_batch_is_named_and_costs_no_other(store: Store) -> None:
    for number in range(3):
        _submit(store, add_community(store, f"小区{number}"), **ANSWERS)
    items = [item for item in queue(store, [State.COMPLETE]) if item.form_id]
    take(store, REVIEWER, items[0].uid, Step.ACCEPT)
    done, refused = accept_all(store, REVIEWER, items, [], ())
    assert done == 2
    assert [items[0].community in told for told in refused] == [True]
