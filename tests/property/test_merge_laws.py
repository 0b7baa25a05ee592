"""The laws of the merge, over whole stores: order, duplicates and route do not matter, and no value is lost."""

import random
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldsurvey.model.revision import Revision
from fieldsurvey.store import Store
from tests.builders import make_project

_FIELDS = ("household_count", "building_count", "unit_count")
_DONE_BY = ("save", "resolve", "delete", "undelete", "swap")
Steps = list[tuple[int, str, str]]

steps = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(_DONE_BY), st.sampled_from(_FIELDS)), min_size=3, max_size=20
)


def _visible(store: Store, uid: str) -> object:
    row = store.get(uid)
    conflicts = [(c.field, sorted(v.rid for v in c.versions)) for c in store.conflicts()]
    return (None if row is None else {name: row.values[name] for name in _FIELDS}, conflicts)


def _everything(store: Store) -> list[Revision]:
    return [r for origin in store.version_vector() for r in store.revisions_after(origin, 0)]


def _play(folder: Path, script: Steps) -> tuple[list[Store], str, set[int]]:
    """Let three laptops edit one record, exchanging now and then; return them, unsettled."""
    stores = [Store.create(folder / f"{n}.gpkg", project="f" * 32) for n in range(3)]
    uid = stores[0].create_record("community", {"name": "枫叶山"})
    for store in stores[1:]:
        store.ingest(_everything(stores[0]))
    written: set[int] = set()
    for number, (who, action, name) in enumerate(script, 1):
        _act(stores, who, action, name, number, uid, written)
    return stores, uid, written


def _act(stores: list[Store], who: int, action: str, name: str, number: int, uid: str, written: set[int]) -> None:
    store = stores[who]
    if action == "swap":
        stores[(who + 1) % 3].ingest(_everything(store))
    elif action in {"delete", "undelete"}:
        getattr(store, action)(uid)
    else:
        getattr(store, action)(uid, {name: number})
        written.add(number)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, st.integers(0, 1000))
def test_all_laptops_end_equal_whatever_the_order(script: Steps, seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        stores, uid, _written = _play(Path(name), script)
        everything = [revision for store in stores for revision in _everything(store)]
        for number, store in enumerate(stores):
            random.Random(seed + number).shuffle(everything)
            store.ingest(everything)
            store.ingest(everything[: len(everything) // 2])
        states = [_visible(store, uid) for store in stores]
        for store in stores:
            store.close()
    assert states[0] == states[1] == states[2]


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_a_value_that_nobody_saw_is_never_lost(script: Steps) -> None:
    """Each value is shown, in an open conflict, or was seen by whoever replaced, decided or deleted."""
    with tempfile.TemporaryDirectory() as name:
        stores, uid, written = _play(Path(name), script)
        store = stores[0]
        for other in stores[1:]:
            store.ingest(_everything(other))
        seen_by_others = _superseded_knowingly(store, uid)
        shown = store.get(uid)
        alive = set() if shown is None else {value for f in _FIELDS if isinstance(value := shown.values[f], int)}
        alive |= {v.value for c in store.conflicts() for v in c.versions if isinstance(v.value, int)}
        tombs = {n for (text,) in store._db.rows("SELECT row FROM _tomb") for n in written if f":{n}," in text + ","}
        for each in stores:
            each.close()
    assert written <= alive | seen_by_others | tombs


def _superseded_knowingly(store: Store, uid: str) -> set[int]:
    """Return the values whose revision is named as seen by a later one."""
    import json

    from fieldsurvey.model.merge import required

    revisions = store._log.of_record(uid)
    named = {rid for revision in revisions for rid in required(revision)}
    values: set[int] = set()
    for revision in revisions:
        if revision.rid in named and revision.patch:
            values |= {value for value in json.loads(revision.patch).values() if isinstance(value, int)}
    return values


def test_a_project_of_its_own_is_made(tmp_path: Path) -> None:
    with make_project(tmp_path / "a.gpkg") as one, make_project(tmp_path / "b.gpkg") as other:
        assert one.project != other.project
