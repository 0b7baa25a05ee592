"""The progress that is kept says after every edit what reading everything anew would say."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldsurvey.assess import community_progress
from fieldsurvey.assess.progress import CommunityProgress, ProgressReading
from fieldsurvey.model.review_tables import COMMUNITY_REVIEW, review_uid
from fieldsurvey.projects import install_forms
from fieldsurvey.store import Changes, Row, Store
from tests.builders import add_community, exchange, make_laptops, make_project, square

FORMS = ("f01_community", "f04_water", "f11_elevator", "f02_building", "f18_willingness")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "p.gpkg", forms=True) as found:
        yield found


def _told(progress: dict[str, CommunityProgress]) -> dict[str, object]:
    return {
        uid: (one.state, one.done, one.total, one.condition, dict(one.forms), dict(one.beside))
        for uid, one in progress.items()
    }


class _Kept:
    """The progress of a store, kept as the window keeps it."""

    def __init__(self, store: Store) -> None:
        self._store, self.reading, self.whole = store, ProgressReading(store), 0
        self.progress = self.reading.all()
        store.subscribe(self._heard)

    def _heard(self, changes: Changes) -> None:
        touched = self.reading.take(self._store, changes)
        if touched is None:
            self.whole += 1
            self.reading = ProgressReading(self._store)
            self.progress = self.reading.all()
        else:
            self.progress = {**self.progress, **{uid: self.reading.of(uid) for uid in touched}}


def _houses(store: Store, community: str, count: int) -> list[str]:
    found = []
    for number in range(count):
        building = store.create_record(
            "building", {"community_uid": community, "floors": 3 + 2 * number, "geom": square(side=10.0)}
        )
        found.append(store.create_record("stairwell", {"community_uid": community, "building_uid": building}))
    return found


class _Person:
    """Somebody at the window who does this and that."""

    def __init__(self, store: Store, seed: int, communities: list[str]) -> None:
        self.store, self.chance, self.communities = store, random.Random(seed), communities
        self.records: list[str] = []

    def do(self) -> None:
        """Do one thing."""
        deeds = [self.enter, self.finish, self.move, self.discard, self.rename, self.judge, self.draw, self.build]
        self.chance.choice(deeds)(self.chance.choice(self.communities))

    def _row(self) -> Row | None:
        return self.store.get(self.chance.choice(self.records)) if self.records else None

    def enter(self, community: str) -> None:
        subjects = [community, *(str(row["uid"]) for row in self.store.select("stairwell"))]
        values = {"community_uid": community, "subject_uid": self.chance.choice(subjects), "status": "draft"}
        self.records.append(self.store.create_record(self.chance.choice(FORMS), values))

    def finish(self, _community: str) -> None:
        if (row := self._row()) is not None:
            grade = {"overall_cond": self.chance.choice(["good", "danger"])} if "overall_cond" in row.values else {}
            self.store.save(row.uid, {"status": self.chance.choice(["draft", "complete", "returned"]), **grade})

    def move(self, community: str) -> None:
        if (row := self._row()) is not None:
            self.store.save(row.uid, {"community_uid": community})

    def discard(self, _community: str) -> None:
        if (row := self._row()) is not None:
            self.store.delete(row.uid)
            if self.chance.random() < 0.5:
                self.store.bring_back(row.uid)

    def rename(self, community: str) -> None:
        gas = self.chance.choice(["无", "管道气", None])
        self.store.save(community, {"gas": gas, "name": str(self.chance.random())})

    def judge(self, community: str) -> None:
        self.store.add_table(COMMUNITY_REVIEW)
        key, status = review_uid(community), self.chance.choice(["submitted", "returned"])
        if self.store.get(key) is None:
            self.store.create_record(COMMUNITY_REVIEW.name, {"community_uid": community, "status": status}, uid=key)
        else:
            self.store.save(key, {"status": status})

    def draw(self, community: str) -> None:
        self.store.create_record("manhole", {"community_uid": community})

    def build(self, community: str) -> None:
        _houses(self.store, community, 1)


@pytest.mark.parametrize("seed", range(6))
def test_after_any_edits_it_is_what_reading_all_would_tell(store: Store, seed: int) -> None:
    communities = [add_community(store, f"第{n}小区", gas="管道气") for n in range(4)]
    for community in communities[:2]:
        _houses(store, community, 3)
    kept, person = _Kept(store), _Person(store, seed, communities)
    for _step in range(60):
        person.do()
        assert _told(kept.progress) == _told(community_progress(store))
    assert kept.whole < 40, "most edits are taken over alone"


def test_what_was_told_before_an_edit_stays(store: Store) -> None:
    uid = add_community(store)
    _houses(store, uid, 2)
    reading = ProgressReading(store)
    before = reading.of(uid)
    record = store.create_record("f04_water", {"community_uid": uid, "subject_uid": uid, "status": "complete"})
    store.save(uid, {"gas": "无"})
    reading.take(store, Changes(frozenset({"f04_water", "community"}), frozenset({record, uid})))
    assert reading.of(uid).done == 1
    assert before.forms["f04_water"].records == {}
    assert before.forms["f07_gas"].needed == (uid,)
    assert reading.of(uid).forms["f07_gas"].needed == ()


def test_a_saved_answer_touches_its_own_community_only(store: Store) -> None:
    first, second = add_community(store, "甲"), add_community(store, "乙")
    record = store.create_record("f04_water", {"community_uid": first, "subject_uid": first, "status": "draft"})
    kept = _Kept(store)
    before = kept.progress
    store.save(record, {"status": "complete"})
    assert kept.whole == 0
    assert kept.progress[second] is before[second]
    assert kept.progress[first].done == 1


def test_a_conflict_takes_back_what_was_reviewed_whatever_was_written_last(tmp_path: Path) -> None:
    here, there = make_laptops(tmp_path)
    for laptop in (here, there):
        install_forms(laptop)
    uid = add_community(here)
    record = here.create_record("f04_water", {"community_uid": uid, "subject_uid": uid, "status": "reviewed"})
    exchange(here, there)
    kept = _Kept(here)
    reading = ProgressReading(here)
    for laptop, text in ((here, "甲"), (there, "乙")):
        laptop.save(record, {"surveyor": text})
    exchange(here, there)
    assert here.conflict_count() == 1
    assert _told(kept.progress) == _told(community_progress(here))
    assert kept.progress[uid].forms["f04_water"].state == "complete"
    assert reading.take(here, Changes(frozenset({"manhole"}), frozenset({"0" * 32}))) == {uid}
    assert reading.of(uid).forms["f04_water"].state == "complete"
    for laptop in (here, there):
        laptop.close()
