"""Planted faults: the tester must catch each of them, or it tests nothing.

Each takes a part out of the real code for the time of a `with`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from fieldsurvey.model import merge
from fieldsurvey.model.merge import State, Status
from fieldsurvey.model.revision import Kind, Revision
from fieldsurvey.store import Peer, Store, Token, reissue
from fieldsurvey.store.entries import Entries
from fieldsurvey.store.log import Log
from fieldsurvey.store.reissue import Reissue
from fieldsurvey.sync import answering, exchange
from fieldsurvey.sync.exchange import Exchange
from fieldsurvey.sync.peers import Hello, hello_of
from fieldsurvey.sync.simulate.sites import FusedConnection
from fieldsurvey.sync.wire import Parcel

_Change = tuple[object, str, object]  # owner, name of the part, what stands in its place


@contextmanager
def _in_place_of(changes: Iterable[_Change]) -> Iterator[None]:
    kept = [(owner, name, getattr(owner, name)) for owner, name, _new in changes]
    for owner, name, new in changes:
        setattr(owner, name, new)
    try:
        yield
    finally:
        for owner, name, old in reversed(kept):
            setattr(owner, name, old)


def _planted(make: Callable[[], Iterable[_Change]]) -> AbstractContextManager[None]:
    return _in_place_of(make())


def _parents_at_save_time() -> Iterable[_Change]:
    real = Store.save

    def save(self: Store, uid: str, changes: Mapping[str, Any], seen: Token | None = None) -> Token:
        del seen
        return real(self, uid, changes)

    return [(Store, "save", save)]


def _edit_supersedes_rivals() -> Iterable[_Change]:
    def ordinary(seen: State, *_rest: object) -> State:
        return seen

    return [(merge, "ordinary", ordinary)]


def _no_causal_wait() -> Iterable[_Change]:
    return [(merge, "required", lambda _revision: frozenset())]


def _last_writer_wins() -> Iterable[_Change]:
    real = merge.status

    def status(*arguments: Any) -> Status:  # noqa: ANN401 - passed on as they are
        return replace(real(*arguments), conflicts={})

    return [(merge, "status", status)]


def _cursor_before_data() -> Iterable[_Change]:
    def taken(self: Exchange, _theirs: Hello, parcels: Collection[Parcel], following: Peer) -> int:
        store = self._store
        store.save_peer(following)
        return sum(store.ingest(parcel.revisions, parcel.links).new for parcel in parcels)

    return [(Exchange, "_taken", taken)]


def _shown_by_arrival() -> Iterable[_Change]:
    real, seen = Log.status, dict[tuple[int, int], int]()

    def status(self: Log, uid: str, state: State, names: Iterable[str]) -> tuple[Status, Any]:
        found, value_of = real(self, uid, state, names)
        for heads in state.over.values():
            for rid in heads:
                seen.setdefault((id(self), rid), len(seen))
        first = {name: min(state.heads(name), key=lambda rid: seen.get((id(self), rid), 0)) for name in found.winners}
        return replace(found, winners=first), value_of

    return [(Log, "status", status)]


def _no_reoffer() -> Iterable[_Change]:
    """A hub that was put back looks like the one before: laptops go on from what that one had confirmed."""

    def hello(store: Store, kind: str = "laptop", forks: Sequence[int] = ()) -> Hello:
        said = hello_of(store, kind, forks)
        return replace(said, hub_id=f"{said.project}:hub", epoch="") if kind == "hub" else said

    def start(theirs: Hello, peer: Peer, origin: int) -> int:
        return max(theirs.heads.get(origin, (0, b""))[0], peer.acked.get(origin, 0))

    return [(answering, "hello_of", hello), (exchange, "_start", start)]


def _push_only_the_newest() -> Iterable[_Change]:
    real = Exchange._push_line  # noqa: SLF001 - this is surgery

    def push_line(self: Exchange, origin: int, after: int, total: int) -> int:
        newest = self._store.held()[origin] - 1
        return real(self, origin, max(after, newest), total)

    return [(Exchange, "_push_line", push_line)]


def _no_atomic_batch() -> Iterable[_Change]:
    @contextmanager
    def transaction(_self: FusedConnection) -> Iterator[None]:
        yield

    return [(FusedConnection, "transaction", transaction)]


def _delete_beats_unseen_edit() -> Iterable[_Change]:
    def deletion(state: State, known: Mapping[int, Revision]) -> tuple[bool, merge.Heads]:
        return any(known[rid].kind is Kind.DELETE for rid in state.deletes), ()

    return [(merge, "_deletion", deletion)]


def _fork_unnoticed() -> Iterable[_Change]:
    real = Log._fresh  # noqa: SLF001 - this is surgery

    def fresh(self: Log, revisions: Sequence[Revision]) -> dict[int, Revision]:
        known = self.revisions([revision.rid for revision in revisions])
        return real(self, [revision for revision in revisions if revision.rid not in known])

    def differing(*_arguments: object) -> list[int]:
        return []

    return [(Log, "_fresh", fresh), (answering, "differing", differing), (exchange, "differing", differing)]


def _built_on_a_fork_stays() -> Iterable[_Change]:
    def cuts(_self: Reissue, origin: int, common: int) -> dict[int, int]:
        return {origin: common}

    return [(Reissue, "_cuts", cuts)]


def _old_names_in_new_line() -> Iterable[_Change]:
    return [(reissue, "_renamed", lambda par, _names: par)]


def _what_waits_is_forgotten() -> Iterable[_Change]:
    return [(Log, "_released_by", lambda _self, _names: [])]


def _stale_goes_on() -> Iterable[_Change]:
    return [(Store, "renumber", lambda _self: None)]


def _drafts_keep_old_names() -> Iterable[_Change]:
    def current(_self: Store, _uid: str, seen: Token) -> State:
        return seen.state

    return [(Store, "current", current)]


def _moved_is_not_fed_again() -> Iterable[_Change]:
    def feed(self: Entries, revisions: Sequence[Revision], scopes: Mapping[str, tuple[int, int]]) -> None:
        real(self, revisions, {uid: (before, before) for uid, (before, _after) in scopes.items()})

    real = Entries.feed
    return [(Entries, "feed", feed)]


_PLANTED: Mapping[str, Callable[[], Iterable[_Change]]] = {
    "built-on-a-fork-stays": _built_on_a_fork_stays,
    "cursor-before-data": _cursor_before_data,
    "delete-beats-unseen-edit": _delete_beats_unseen_edit,
    "drafts-keep-old-names": _drafts_keep_old_names,
    "edit-supersedes-rivals": _edit_supersedes_rivals,
    "fork-unnoticed": _fork_unnoticed,
    "moved-is-not-fed-again": _moved_is_not_fed_again,
    "last-writer-wins": _last_writer_wins,
    "no-atomic-batch": _no_atomic_batch,
    "no-causal-wait": _no_causal_wait,
    "no-reoffer": _no_reoffer,
    "old-names-in-new-line": _old_names_in_new_line,
    "parents-at-save-time": _parents_at_save_time,
    "push-only-the-newest": _push_only_the_newest,
    "shown-by-arrival": _shown_by_arrival,
    "stale-goes-on": _stale_goes_on,
    "what-waits-is-forgotten": _what_waits_is_forgotten,
}

FAULTS: Mapping[str, Callable[[], AbstractContextManager[None]]] = {
    name: partial(_planted, make) for name, make in _PLANTED.items()
}
