"""The log of an area that was taken away leaves the laptop, except what it must keep, and comes again when wanted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldsurvey.jobs import JobControl
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from fieldsurvey.store.memory import digest
from fieldsurvey.sync.answering import Answering
from fieldsurvey.sync.exchange import Exchange
from fieldsurvey.sync.local import LocalCarrier
from tests.builders import add_community, make_laptops, point


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[list[Store]]:
    found = make_laptops(tmp_path, 3)
    yield found
    for store in found:
        store.close()


def _sync(laptop: Store, hub: Store) -> None:
    Exchange(laptop, LocalCarrier(Answering(hub, "hub")), JobControl()).run()


def _well(store: Store, community: str, state: str = "正常") -> str:
    values: dict[str, Value] = {"community_uid": community, "state": state, "geom": point()}
    return store.create_record("hydrant", values, scope=scope_of(community))


def _texts(store: Store) -> str:
    """Return everything the log and the tables beside it hold, as one text."""
    tables = ("_rev", "_rec", "_tomb", "_conflict")
    return "\n".join(str(tuple(row)) for table in tables for row in store._db.rows(f"SELECT * FROM {table}"))


def test_nothing_of_others_in_an_area_that_was_taken_away_stays(stores: list[Store]) -> None:
    hub, laptop, colleague = stores
    here, there = add_community(hub), add_community(hub, "牧羊湖")
    kept, left = _well(colleague, here), _well(colleague, there)
    colleague.save(left, {"kind": "机密路1号"})
    buried = _well(colleague, there, "机密")
    colleague.delete(buried)
    for store in (colleague, laptop):
        _sync(store, hub)
    assert "机密路1号" in _texts(laptop)
    laptop.set_areas([scope_of(here)])
    _sync(laptop, hub)
    assert laptop.get(left) is None
    assert laptop.get(kept) is not None
    assert "机密" not in _texts(laptop)
    assert {left, buried}.isdisjoint(laptop.states())
    assert laptop.history(left) == []
    laptop.checkpoint()
    report = check(laptop.path)
    assert not [p for p in report.problems if p.code != "reference"], report.as_text()


def test_what_was_written_here_stays_with_what_it_was_made_on(stores: list[Store]) -> None:
    hub, laptop, colleague = stores
    here, there = add_community(hub), add_community(hub, "牧羊湖")
    left = _well(colleague, there)
    for store in (colleague, laptop):
        _sync(store, hub)
    laptop.save(left, {"state": "无水"})
    own = _well(laptop, there)
    before = {uid: len(laptop.history(uid)) for uid in (left, own)}
    laptop.set_areas([scope_of(here)])
    _sync(laptop, hub)  # sends, and so puts nothing away yet
    _sync(laptop, hub)
    assert (laptop.get(left), laptop.get(own)) == (None, None)
    assert {uid: len(laptop.history(uid)) for uid in (left, own)} == before


def test_what_the_hub_has_not_got_stays(stores: list[Store]) -> None:
    hub, laptop, colleague = stores
    here, there = add_community(hub), add_community(hub, "牧羊湖")
    _sync(laptop, hub)
    left = _well(colleague, there)
    Exchange(laptop, LocalCarrier(Answering(colleague, "laptop")), JobControl()).run()  # a colleague brings it
    laptop.set_areas([scope_of(here)])
    laptop.evict()
    assert laptop.forget_outside({}) == 0
    reached = laptop.version_vector()[colleague.origin][0]
    assert laptop.forget_outside({colleague.origin: reached - 1}) == 0
    assert laptop.history(left)
    _sync(laptop, hub)  # the laptop carries it to the office
    assert hub.get(left) is not None
    _sync(laptop, hub)
    assert laptop.history(left) == []


def test_an_area_that_comes_back_is_complete_and_all_areas_too(stores: list[Store]) -> None:
    hub, laptop, colleague = stores
    here, there = add_community(hub), add_community(hub, "牧羊湖")
    left = _well(colleague, there)
    colleague.save(left, {"state": "漏水"})
    for store in (colleague, laptop):
        _sync(store, hub)
    laptop.set_areas([scope_of(here)])
    _sync(laptop, hub)
    assert laptop.history(left) == []
    hub.save(left, {"kind": "湖滨路1号"})  # goes on meanwhile
    laptop.set_areas([scope_of(here), scope_of(there)])
    _sync(laptop, hub)
    row = laptop.get(left)
    assert row is not None
    assert (row.values["state"], row.values["kind"]) == ("漏水", "湖滨路1号")
    laptop.set_areas([scope_of(here)])
    _sync(laptop, hub)
    laptop.set_areas(None)
    _sync(laptop, hub)
    assert digest(laptop) == digest(hub)
    assert laptop.version_vector() == hub.version_vector()


def test_a_hub_put_back_gets_from_such_a_laptop_what_it_still_holds(stores: list[Store], tmp_path: Path) -> None:
    hub, laptop, colleague = stores
    here, there = add_community(hub), add_community(hub, "牧羊湖")
    left, kept = _well(colleague, there), _well(colleague, here)
    for store in (colleague, laptop):
        _sync(store, hub)
    laptop.set_areas([scope_of(here)])
    _sync(laptop, hub)
    assert laptop.history(left) == []
    with Store.create(tmp_path / "again.gpkg", project=hub.project) as again:  # the office begins anew
        _sync(laptop, again)
        assert again.get(kept) is not None
        assert again.get(left) is None
        _sync(colleague, again)
        assert again.get(left) is not None
