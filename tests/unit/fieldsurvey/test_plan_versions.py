"""Versions of the plan: what a draft lets people do, what is locked, and how two differ."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldsurvey.errors import InputRefused
from fieldsurvey.model.schema import Value
from fieldsurvey.plan import versions
from fieldsurvey.plan.versions import VersionState
from fieldsurvey.store import Store
from tests.builders import add_community, make_project


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "p.gpkg", forms=True) as made:
        yield made


def plan(store: Store, *names: str) -> tuple[str, list[str]]:
    """Return a draft with communities in 2026, and the communities."""
    uids = [add_community(store, name, building_count=4, household_count=100, gfa=8000.0, code=name) for name in names]
    version = versions.new_version(store, "一稿")
    for uid in uids:
        versions.place(store, version, uid, 2026, 2)
    return version, uids


def state(store: Store, uid: str) -> VersionState:
    return next(one.state for one in versions.versions(store) if one.uid == uid)


def test_a_submission_locks_the_four_numbers_and_says_where_they_come_from(store: Store) -> None:
    version, uids = plan(store, "甲", "乙")
    survey: dict[str, Value] = {"community_uid": uids[0], "subject_uid": uids[0], "household_count": 101}
    store.create_record("f01_community", survey)
    versions.submit(store, version)
    [found] = versions.versions(store)
    assert found.numbers is not None
    four = found.numbers
    assert (four.communities, four.buildings, four.households, four.area_sqm) == (2, 8, 200, 16_000.0)
    assert four.sources["households"] == {"ledger": 2, "missing": 0, "survey_differs": 1}
    assert four.locked_at


def test_what_is_submitted_cannot_be_changed_and_a_draft_can_again_after_it_was_withdrawn(store: Store) -> None:
    version, uids = plan(store, "甲")
    versions.submit(store, version)
    with pytest.raises(InputRefused, match="已提交"):
        versions.place(store, version, uids[0], 2027, 1)
    versions.withdraw(store, version)
    versions.place(store, version, uids[0], 2027, 1)
    assert versions.placements(store, version)[uids[0]].year == 2027


def test_an_approval_makes_the_plan_years_and_a_new_version_leaves_it_untouched(store: Store) -> None:
    version, uids = plan(store, "甲", "乙")
    versions.place(store, version, uids[1], None, 0)
    versions.submit(store, version)
    versions.approve(store, version)
    assert [row["plan_year"] for row in store.select("community", ["plan_year"], order="code")].count(2026) == 1
    assert store.approval(version) is not None
    fresh = versions.new_version(store, "二稿", base=version)
    versions.place(store, fresh, uids[0], 2028, 3)
    assert versions.placements(store, version)[uids[0]].year == 2026
    with pytest.raises(InputRefused, match="新版本"):
        versions.place(store, version, uids[0], 2028, 3)
    assert versions.standing_version(store).uid == version  # type: ignore[union-attr]


def test_an_approval_is_refused_when_a_locked_number_has_changed(store: Store) -> None:
    version, uids = plan(store, "甲", "乙")
    versions.submit(store, version)
    store.save(uids[1], {"household_count": 99})
    with pytest.raises(InputRefused, match="乙"):
        versions.approve(store, version)
    assert state(store, version) is VersionState.SUBMITTED


def test_an_empty_version_is_not_submitted(store: Store) -> None:
    version = versions.new_version(store)
    with pytest.raises(InputRefused, match="没有小区"):
        versions.submit(store, version)


def test_a_community_that_a_gate_keeps_out_is_not_submitted(store: Store) -> None:
    version, uids = plan(store, "甲", "乙")
    store.save(uids[1], {"built_year": 2015})
    with pytest.raises(InputRefused, match=r"乙.*2015"):
        versions.submit(store, version)
    assert state(store, version) is VersionState.DRAFT


def test_a_lock_holds_a_community_without_moving_it(store: Store) -> None:
    version, uids = plan(store, "甲")
    versions.set_lock(store, version, uids[0], is_locked=False)
    [one] = versions.placements(store, version).values()
    assert (one.year, one.level, one.is_locked) == (2026, 2, False)


def test_progress_is_kept_in_an_approved_version_and_dates_that_cross_are_refused(store: Store) -> None:
    version, uids = plan(store, "甲")
    versions.submit(store, version)
    versions.approve(store, version)
    versions.set_pool_state(store, version, uids[0], "started", "2026-05-01")
    with pytest.raises(InputRefused, match="2026-05-01"):
        versions.set_pool_state(store, version, uids[0], "finished", "2026-04-01")
    versions.set_pool_state(store, version, uids[0], "finished", "2026-11-01")
    [one] = versions.placements(store, version).values()
    assert (one.pool_state, one.started_on, one.finished_on) == ("finished", "2026-05-01", "2026-11-01")


def test_one_community_has_one_choice_on_two_laptops(store: Store) -> None:
    version, uids = plan(store, "甲")
    before = versions.placements(store, version)[uids[0]].uid
    versions.place(store, version, uids[0], 2027, 1)
    assert versions.placements(store, version)[uids[0]].uid == before
