"""Laptops that were lost, restored or copied go on by themselves; nothing is lost (SYNC section 5, rules a to d)."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fieldsurvey.errors import SyncError
from fieldsurvey.hub.files import exchange
from fieldsurvey.jobs import JobControl
from fieldsurvey.model import lineage
from fieldsurvey.model.revision import NO_CHAIN
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Fork, Store
from fieldsurvey.store.replica import Profile
from fieldsurvey.sync.answering import Answering
from fieldsurvey.sync.exchange import Exchange, SyncResult
from fieldsurvey.sync.folder import FileCarrier
from fieldsurvey.sync.local import LocalCarrier
from fieldsurvey.sync.peers import hello_of
from fieldsurvey.sync.wire import decode, encode
from tests.builders import add_community, make_project
from tests.hubs import folder
from tests.postgres import postgres

__all__ = ["folder", "postgres"]

Sync = Callable[[Store], SyncResult]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "hub.gpkg", project="5" * 32) as store:
        yield store


@pytest.fixture
def laptop(tmp_path: Path) -> Path:
    with Store.create(tmp_path / "laptop.gpkg", project="5" * 32) as store:
        add_community(store, "枫叶山")
    return tmp_path / "laptop.gpkg"


@pytest.fixture
def amnesia(monkeypatch: pytest.MonkeyPatch) -> None:
    """The note outside the file came back with the disk: every file believes that it is itself."""
    monkeypatch.setattr(Profile, "is_ours", lambda *_arguments: True)


def _sync(store: Store, hub: Store) -> SyncResult:
    return Exchange(store, LocalCarrier(Answering(hub)), JobControl()).run()


def _community(store: Store) -> str:
    return str(store.select("community")[0]["uid"])


def _value(store: Store, name: str) -> Value:
    return store.select("community")[0][name]


def _rivals(store: Store) -> set[Value]:
    return {version.value for conflict in store.conflicts() for version in conflict.versions}


def test_a_copied_file_takes_a_new_number(laptop: Path) -> None:
    with Store.open(laptop) as store:
        before = store.origin
    twin = Path(shutil.copy(laptop, laptop.with_name("twin.gpkg")))
    with Store.open(twin) as copied, Store.open(laptop) as store:
        assert store.origin == before
        assert copied.origin != before


def test_even_a_copy_of_an_empty_project_takes_a_new_number(tmp_path: Path) -> None:
    make_project(tmp_path / "empty.gpkg").close()
    shutil.copy(tmp_path / "empty.gpkg", tmp_path / "twin.gpkg")
    with Store.open(tmp_path / "empty.gpkg") as one, Store.open(tmp_path / "twin.gpkg") as twin:
        assert one.origin != twin.origin


def test_a_moved_file_keeps_its_number(laptop: Path) -> None:
    with Store.open(laptop) as store:
        before = store.origin
    moved = laptop.rename(laptop.with_name("moved.gpkg"))
    with Store.open(moved) as store:
        assert store.origin == before


def test_a_file_put_back_to_an_older_state_takes_a_new_number(laptop: Path, hub: Store) -> None:
    backup = shutil.copy(laptop, laptop.with_name("backup"))
    with Store.open(laptop) as store:
        before = store.origin
        store.save(_community(store), {"household_count": 7})
        _sync(store, hub)
    shutil.copy(backup, laptop)
    with Store.open(laptop) as store:
        assert store.origin != before
        _sync(store, hub)
        assert _value(store, "household_count") == 7


@pytest.mark.usefixtures("amnesia")
def test_own_later_edits_come_back_and_the_file_goes_on_under_a_new_number(laptop: Path, hub: Store) -> None:
    backup = shutil.copy(laptop, laptop.with_name("backup"))
    with Store.open(laptop) as store:
        store.save(_community(store), {"household_count": 7})
        _sync(store, hub)
    shutil.copy(backup, laptop)
    with Store.open(laptop) as store:
        before = store.origin
        _sync(store, hub)
        assert store.origin != before
        store.save(_community(store), {"address": "湖滨路1号"})
        _sync(store, hub)
    assert (_value(hub, "household_count"), _value(hub, "address")) == (7, "湖滨路1号")
    assert hub.conflicts() == []


@pytest.mark.usefixtures("amnesia")
def test_two_lines_under_one_number_are_both_kept(laptop: Path, hub: Store, tmp_path: Path) -> None:
    """The second at the hub writes its line anew, with everything that was built on it."""
    twin_path = Path(shutil.copy(laptop, tmp_path / "twin.gpkg"))
    with Store.open(laptop) as store, Store.open(twin_path) as twin:
        assert store.origin == twin.origin
        _sync(store, hub)
        store.save(_community(store), {"household_count": 7})
        twin.save(_community(twin), {"household_count": 8})
        twin.save(_community(twin), {"household_count": 9, "address": "湖滨路1号"})
        for each in (store, twin, store):
            _sync(each, hub)
        assert store.origin != twin.origin
        for each in (store, twin, hub):
            assert _rivals(each) == {7, 9}
            assert _value(each, "address") == "湖滨路1号"
        twin.resolve(_community(twin), {"household_count": 9})
        for each in (twin, store):
            _sync(each, hub)
        assert hub.conflicts() == store.conflicts() == []
        assert store.version_vector() == twin.version_vector() == hub.version_vector()


@pytest.mark.usefixtures("amnesia")
def test_a_form_that_stood_open_meanwhile_saves_what_its_author_saw(laptop: Path, hub: Store, tmp_path: Path) -> None:
    twin_path = Path(shutil.copy(laptop, tmp_path / "twin.gpkg"))
    with Store.open(laptop) as store, Store.open(twin_path) as twin:
        store.save(_community(store), {"unit_count": 1})
        _sync(store, hub)
        twin.save(_community(twin), {"household_count": 8})
        form = twin.get(_community(twin))
        assert form is not None
        _sync(twin, hub)
        twin.save(form.uid, {"household_count": 9}, form.token)
        _sync(twin, hub)
        assert _value(hub, "household_count") == 9
        assert hub.conflicts() == []


@pytest.mark.usefixtures("amnesia")
def test_a_third_laptop_adopts_edits_whose_number_went_to_another_line(
    laptop: Path, hub: Store, tmp_path: Path
) -> None:
    """The hub had the twin's line, gave it to a third laptop, and was then put back to before."""
    twin_path = Path(shutil.copy(laptop, tmp_path / "twin.gpkg"))
    with Store.create(tmp_path / "third.gpkg", project="5" * 32) as third:
        with Store.open(twin_path) as twin, Store.create(tmp_path / "old.gpkg", project="5" * 32) as old_hub:
            twin.save(_community(twin), {"household_count": 8})
            for each in (twin, third):
                _sync(each, old_hub)
        (tmp_path / "twin.gpkg").unlink()
        with Store.open(laptop) as store:
            store.save(_community(store), {"household_count": 7})
            for each in (store, third, store):
                _sync(each, hub)
            for each in (store, third, hub):
                assert _rivals(each) == {7, 8}


def test_a_restored_hub_is_completed_by_every_laptop(tmp_path: Path, laptop: Path) -> None:
    with Store.create(tmp_path / "other.gpkg", project="5" * 32) as other, Store.open(laptop) as store:
        with Store.create(tmp_path / "first.gpkg", project="5" * 32) as first:
            store.save(_community(store), {"household_count": 7})
            for each in (store, other):
                _sync(each, first)
        with Store.create(tmp_path / "restored.gpkg", project="5" * 32) as restored:
            _sync(other, restored)  # the laptop that wrote it is away: another one brings its edits
            assert _value(restored, "household_count") == 7
            assert restored.version_vector()[store.origin] == store.version_vector()[store.origin]


def test_runs_behind_holes_are_passed_on(tmp_path: Path, laptop: Path, hub: Store) -> None:
    with Store.open(laptop) as store, Store.create(tmp_path / "third.gpkg", project="5" * 32) as third:
        for number in range(6):
            store.save(_community(store), {"household_count": number})
        revisions = store.revisions_after(store.origin, 0)
        third.ingest(revisions[4:], {revisions[4].rid: revisions[3].chain})
        _sync(third, hub)
        assert hub.version_vector().get(store.origin, (0, b""))[0] == 0
        _sync(store, hub)
        assert _value(hub, "household_count") == 5


@pytest.mark.usefixtures("amnesia")
def test_nothing_is_taken_from_a_laptop_with_another_line(laptop: Path, tmp_path: Path) -> None:
    """What a third person built on the twin's line names its parents by number: here they are other edits."""
    twin_path = Path(shutil.copy(laptop, tmp_path / "twin.gpkg"))
    with (
        Store.open(laptop) as store,
        Store.open(twin_path) as twin,
        Store.create(tmp_path / "third.gpkg", project="5" * 32) as third,
    ):
        store.save(_community(store), {"household_count": 7})
        twin.save(_community(twin), {"household_count": 8})
        _exchange_laptops(third, twin)
        third.save(_community(third), {"household_count": 9})
        with pytest.raises(SyncError, match="两处不同的修改"):
            _exchange_laptops(store, third)
        assert _value(store, "household_count") == 7
        file = tmp_path / "third.fsx"
        for each in (third, store):
            carrier = FileCarrier(file)
            result = Exchange(each, carrier, JobControl()).run()
            carrier.close()
        assert "两处不同的修改" in result.damaged[0]
        assert (_value(store, "household_count"), store.conflicts()) == (7, [])


def _built_on_the_twin(laptop: Path, tmp_path: Path) -> tuple[Store, Store]:
    """Return a laptop, and a third person's copy with an edit made on what the laptop's twin wrote."""
    twin_path = Path(shutil.copy(laptop, tmp_path / "twin.gpkg"))
    store, third = Store.open(laptop), Store.create(tmp_path / "third.gpkg", project="5" * 32)
    with Store.open(twin_path) as twin:
        store.save(_community(store), {"household_count": 7})
        twin.save(_community(twin), {"household_count": 8})
        _exchange_laptops(third, twin)
    third.save(_community(third), {"household_count": 9})
    return store, third


def _own_line_alone(third: Store) -> bytes:
    return encode(third.revisions_after(third.origin, 0), NO_CHAIN)


@pytest.mark.usefixtures("amnesia")
def test_what_was_built_on_another_line_is_not_taken_even_if_it_comes_alone(laptop: Path, tmp_path: Path) -> None:
    """Its number is that of an edit that is here; the check in it says that it was another edit."""
    store, third = _built_on_the_twin(laptop, tmp_path)
    with store, third:
        with pytest.raises(Fork, match="同一编号"):
            Answering(store, "laptop").push(_own_line_alone(third))
        file = tmp_path / "third.fsx"
        carrier = FileCarrier(file)
        own = third.version_vector()[third.origin]
        carrier.hello(replace(hello_of(third), heads={third.origin: own}))
        carrier.push(_own_line_alone(third), third.origin, 1, 1)
        carrier.finish_push()
        carrier.close()
        carrier = FileCarrier(file)
        result = Exchange(store, carrier, JobControl()).run()
        carrier.close()
        assert "两处不同的修改" in result.damaged[0]
        assert (_value(store, "household_count"), store.conflicts()) == (7, [])


@pytest.mark.usefixtures("amnesia")
def test_a_hub_takes_from_a_stick_nothing_that_was_built_on_another_line(
    folder: Path, laptop: Path, tmp_path: Path
) -> None:
    store, third = _built_on_the_twin(laptop, tmp_path)
    with store, third:
        for copy, name in ((store, "1"), (third, "2")):
            (tmp_path / "stick").mkdir(exist_ok=True)
            carrier = FileCarrier(tmp_path / "stick" / f"{name}.fsx")
            own = copy.version_vector()[copy.origin]
            carrier.hello(replace(hello_of(copy), heads={copy.origin: own}))
            carrier.push(_own_line_alone(copy), copy.origin, 1, own[0])
            carrier.finish_push()
            carrier.close()
        result = exchange(folder, str(tmp_path / "stick"))
        assert (result.received, len(result.damaged)) == (2, 1)
        assert "2.fsx" in result.damaged[0]


@pytest.mark.usefixtures("amnesia")
def test_a_piece_of_another_line_that_came_behind_a_hole_is_settled_by_the_hub(
    hub: Store, laptop: Path, tmp_path: Path
) -> None:
    """No number of the piece is at the hub; only the hash before it says that it belongs to another line."""
    twin_path = Path(shutil.copy(laptop, tmp_path / "twin.gpkg"))
    with (
        Store.open(laptop) as store,
        Store.open(twin_path) as twin,
        Store.create(tmp_path / "third.gpkg", project="5" * 32) as third,
    ):
        store.save(_community(store), {"household_count": 7})
        twin.save(_community(twin), {"household_count": 8})
        twin.save(_community(twin), {"address": "湖滨路1号"})
        made, second, piece = twin.revisions_after(twin.origin, 0)
        third.ingest([made])
        third.ingest([piece], {piece.rid: second.chain})
        _sync(store, hub)
        _sync(third, hub)
        assert (_value(hub, "household_count"), _value(hub, "address")) == (7, "湖滨路1号")
        _sync(twin, hub)
        _sync(store, hub)
        assert _rivals(hub) == {7, 8}
        assert store.select("community") == hub.select("community")


def test_an_edit_carries_the_check_of_what_it_was_made_on(laptop: Path) -> None:
    with Store.open(laptop) as store:
        uid = _community(store)
        store.save(uid, {"household_count": 7})
        store.delete(uid)
        made, edited, deleted = store.revisions_after(store.origin, 0)
        assert lineage.check_in(made) == ""
        assert lineage.check_in(edited) == lineage.check_of([made.chain])
        assert lineage.check_in(deleted) == lineage.check_of([made.chain, edited.chain])
        assert decode(encode([made, edited, deleted], NO_CHAIN)) == [made, edited, deleted]


def _exchange_laptops(store: Store, other: Store) -> None:
    Exchange(store, LocalCarrier(Answering(other, "laptop")), JobControl()).run()
