"""The words of a project: found by any part of a Chinese text, kept up with every edit, made anew when damaged."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from fieldsurvey.errors import JobCancelled
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.store import Store
from fieldsurvey.store.words import Found, Words
from survey_forms import DefaultForms
from survey_forms.searching import ANSWER, BUILDING, KINDS, PLACE, sources
from survey_forms.shelf import ProjectForms
from tests.builders import add_community, make_project


@pytest.fixture(scope="module")
def forms() -> DefaultForms:
    return DefaultForms()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "p.gpkg", forms=True) as found:
        yield found


@pytest.fixture
def words(tmp_path: Path) -> Iterator[Words]:
    with closing(Words(tmp_path / "words.db")) as found:
        yield found


def _update(words: Words, store: Store, forms: DefaultForms) -> int:
    return words.update(store, sources(store, ProjectForms(store, forms)))


def _titles(found: dict[str, list[Found]], kind: str) -> list[str]:
    return [row.title for row in found.get(kind, [])]


def _record(store: Store, community: str, remarks: str, **values: str) -> str:
    row = {"community_uid": community, "subject_uid": community, "status": "draft", "remarks": remarks, **values}
    return store.create_record("f04_water", row)


def test_every_part_of_a_chinese_answer_is_found(store: Store, words: Words, forms: DefaultForms) -> None:
    community = add_community(store)
    uid = _record(store, community, "三单元屋面渗漏, 2019 年修过")
    _update(words, store, forms)
    for asked in ("渗漏", "屋面渗漏", "面渗", "漏", "2019", "元屋", "枫叶山 渗漏"):
        (row,) = words.find(asked, KINDS)[ANSWER]
        assert (row.uid, row.community, row.table) == (uid, community, "f04_water"), asked
        assert "屋面渗漏" in row.line or asked == "枫叶山 渗漏"
    for asked in ("渗面", "屋漏", "屋面 渗水", "019", "  ", "，", '"', "OR"):
        assert ANSWER not in words.find(asked, KINDS), asked


def test_an_answer_that_was_chosen_is_found_by_its_words(store: Store, words: Words, forms: DefaultForms) -> None:
    _record(store, add_community(store), "", overall_cond="severe")
    _update(words, store, forms)
    (row,) = words.find("严重损坏", KINDS)[ANSWER]
    assert row.line.endswith("严重损坏")


def test_a_building_is_found_with_its_community(store: Store, words: Words, forms: DefaultForms) -> None:
    first, second = add_community(store, "枫叶山小区"), add_community(store, "牧羊湖小区")
    mine = store.create_record("building", {"community_uid": first, "name": "3栋"})
    store.create_record("building", {"community_uid": second, "name": "3栋"})
    unit = store.create_record("stairwell", {"community_uid": first, "building_uid": mine, "unit": "2单元"})
    _update(words, store, forms)
    assert {row.uid for row in words.find("枫叶山 3栋", KINDS)[BUILDING]} == {mine, unit}
    assert len(words.find("3栋", KINDS)[BUILDING]) == 2
    assert BUILDING not in words.find("枫叶山", KINDS), "the community alone must not bring all that is in it"


def test_what_was_edited_or_deleted_is_found_as_it_is_now(store: Store, words: Words, forms: DefaultForms) -> None:
    uid, other = add_community(store, "枫叶山小区", address="天方路 12 号"), add_community(store, "牧羊湖小区")
    assert _update(words, store, forms) == 2
    assert _update(words, store, forms) == 0
    assert _titles(words.find("天方路", KINDS), PLACE) == ["枫叶山小区"]
    store.save(uid, {"address": "延安路 7 号"})
    store.delete(other)
    assert _update(words, store, forms) == 1
    assert not words.find("天方路", KINDS)
    assert not words.find("牧羊湖", KINDS)
    assert words.find("延安路", KINDS)[PLACE][0].line.endswith("延安路 7 号")


def test_a_building_is_found_under_the_new_name_of_its_community(
    store: Store, words: Words, forms: DefaultForms
) -> None:
    community, other = add_community(store), add_community(store, "牧羊湖小区")
    mine = store.create_record("building", {"community_uid": community, "name": "3栋"})
    for number in range(20):
        store.create_record("building", {"community_uid": other, "name": f"{number}栋"})
    store.create_record("stairwell", {"community_uid": community, "building_uid": mine, "unit": "2单元"})
    _record(store, community, "屋面渗漏")
    _update(words, store, forms)
    store.save(community, {"name": "枫香里"})
    assert _update(words, store, forms) == 4, "it and what lies in it is read again, and nothing else"
    assert _update(words, store, forms) == 0
    assert [row.place for row in words.find("枫香里 2单元", KINDS)[BUILDING]] == ["枫香里 3栋"]
    assert not words.find("枫叶山 3栋", KINDS)
    assert {row.place for row in words.find("枫香里 3栋", KINDS)[BUILDING]} == {"枫香里", "枫香里 3栋"}


def test_a_damaged_index_is_made_anew(tmp_path: Path, store: Store, forms: DefaultForms) -> None:
    add_community(store)
    place = tmp_path / "words.db"
    place.write_bytes(b"no database at all" * 300)
    with closing(Words(place)) as words:
        _update(words, store, forms)
        assert _titles(words.find("枫叶", KINDS), PLACE) == ["枫叶山小区"]


def test_two_that_find_no_index_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks while it is being made does not take it for a damaged one: thrown away in use, it ended the program."""
    thrown, discard = list[Path](), Words.discard

    def watched(self: Words) -> None:
        thrown.append(self._path)
        discard(self)

    monkeypatch.setattr(Words, "discard", watched)
    for number in range(20):
        path, together = tmp_path / f"{number}.idx", threading.Barrier(2)

        def opened(path: Path = path, together: threading.Barrier = together) -> None:
            together.wait()
            Words(path).close()

        with ThreadPoolExecutor(2) as pool:
            for each in [pool.submit(opened) for _thread in range(2)]:
                each.result()
        assert thrown.count(path) == 1


def test_a_stopped_update_goes_on_later(store: Store, words: Words, forms: DefaultForms) -> None:
    community = add_community(store)
    rows = [{"community_uid": community, "name": f"{number}栋"} for number in range(1200)]
    store.import_rows("building", rows, source="x")

    def stop(progress: Progress) -> None:
        if progress.done:
            stopped.cancel()

    stopped = JobControl(report=stop)
    with pytest.raises(JobCancelled):
        words.update(store, sources(store, ProjectForms(store, forms)), stopped)
    assert _update(words, store, forms) < 1200
    assert words.find("1199栋", KINDS)[BUILDING]
