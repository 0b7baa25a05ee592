"""What the window shows of a project: read again only where something changed, and never in the way of the map."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from pytestqt.qtbot import QtBot

from fieldsurvey.assess.progress import ProgressReading
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Changes, Store
from tests.builders import add_community, make_project, square
from ui.app import build
from ui.project import overview
from ui.project.overview import Overview, OverviewReader
from ui.today.agenda import Reading, read

FORM = "f04_water"


def _made(path: Path) -> Store:
    found = make_project(path, forms=True)
    for number in range(3):
        add_community(found, f"第{number}小区", geom=square(600_000.0 + 300 * number))
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with _made(tmp_path / "p.gpkg") as found:
        yield found


def _again(reader: OverviewReader, store: Store) -> Overview:
    found = reader.again(store, JobControl())
    assert found is not None
    return found


def _complete(store: Store, community: str) -> None:
    store.create_record(FORM, {"community_uid": community, "subject_uid": community, "status": "complete"})


def test_after_an_edit_what_it_did_not_touch_is_the_very_same(store: Store) -> None:
    reader = OverviewReader()
    store.subscribe(reader.heard)
    before = reader.first(store)
    first, second, _third = before.progress
    store.create_record("manhole", {"community_uid": first})
    now = _again(reader, store)
    assert (now.communities, now.progress, now.states) == (before.communities, before.progress, before.states)
    assert now.communities is before.communities
    assert now.progress is before.progress
    assert now.states is before.states
    assert now.unsent == before.unsent + 1
    _complete(store, first)
    now = _again(reader, store)
    assert (now.progress[first].done, now.states[first]) == (1, "draft")
    assert now.progress[second] is before.progress[second]
    assert before.progress[first].done == 0


def test_a_renamed_community_and_one_more_are_seen(store: Store) -> None:
    reader = OverviewReader()
    store.subscribe(reader.heard)
    first = next(iter(reader.first(store).communities))
    store.save(first, {"name": "新名", "household_count": 12})
    now = _again(reader, store)
    assert (now.communities[first]["name"], now.totals.households) == ("新名", 12)
    added = add_community(store, "后来的")
    now = _again(reader, store)
    assert added in now.communities
    assert now.states[added] == "not_started"
    assert now.totals.communities == 4


def test_what_is_written_while_a_large_project_is_read_is_in_the_answer(store: Store) -> None:
    reader, written = OverviewReader(), list[str]()
    store.subscribe(reader.heard)
    uid = str(store.select("community")[0]["uid"])

    def between() -> None:
        if not written:
            written.append(uid)
            _complete(store, uid)
            assert reader.again(store, JobControl()) is None, "the call that is at it tells all"

    found = reader.again(store, JobControl(between=between))
    assert written
    assert found is not None
    assert found.progress[uid].done == 1


def test_a_commit_that_names_no_record_is_read_whole(store: Store) -> None:
    reader = OverviewReader()
    before = reader.first(store)
    uid = next(iter(before.progress))
    _complete(store, uid)  # nobody told the reader
    reader.heard(Changes(frozenset({"community"}), frozenset()))
    assert _again(reader, store).progress[uid].done == 1


def test_after_a_reading_that_failed_everything_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = OverviewReader()
    store.subscribe(reader.heard)
    uid = next(iter(reader.first(store).progress))
    _complete(store, uid)
    with monkeypatch.context() as broken:
        broken.setattr(ProgressReading, "take", lambda *_arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reader.again(store, JobControl())
    assert _again(reader, store).progress[uid].done == 1


def test_the_map_of_a_large_project_does_not_wait_for_its_progress(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.gpkg"
    with _made(path) as store:
        uid = str(store.select("community")[1]["uid"])
        _complete(store, uid)
    monkeypatch.setattr(overview, "_AT_ONCE", 2)
    window = build()
    qtbot.addWidget(window)
    shown: list[bool] = []
    window.project.opened.connect(lambda now: shown.append(now.is_whole))
    window.project.changed.connect(lambda now: shown.append(now.is_whole))
    window.show()
    window.opening.open_project(path)
    qtbot.waitUntil(lambda: shown[-1:] == [True], timeout=20_000)
    assert shown[0] is False
    qtbot.waitUntil(window.canvas.is_settled, timeout=20_000)
    row = window.communities.model.row_of(uid)
    assert window.communities.model.index(row).data(window.communities.model.ROW)[2:4] == ("draft", 1)
    window.close()


def test_outlines_of_the_day_have_every_part_and_a_middle(store: Store) -> None:
    parts = shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(100, 0, 110, 10)])
    two = add_community(store, "两块", geom=bytes(shapely.to_wkb(parts)))
    bare = add_community(store, "没画", geom=None)
    found = read(store, Reading())
    assert [len(ring) for ring in found.outlines[two]] == [5, 5]
    assert found.middles[two] == (55.0, 5.0)
    assert bare not in found.outlines
    assert bare not in found.middles
    assert set(map(tuple, found.outlines[two][1].tolist())) == {
        (100.0, 0.0),
        (110.0, 0.0),
        (110.0, 10.0),
        (100.0, 10.0),
    }
