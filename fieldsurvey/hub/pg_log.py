"""The revision log on PostgreSQL: the same merge as in a project file, read and written in sets.

Locks are taken in one order: catalogue (shared), heads of the origins by
number, records by uid, and last the lock of the feed, held only until the
commit: the feed has no holes and grows in the order of commits (SYNC 1.8).
Under that lock a revision that waited for something which another process
committed meanwhile is found, so that nothing waits for ever.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection, Cursor

from fieldsurvey.hub import dialect
from fieldsurvey.hub.pg_records import Locked, PgRecords, revisions_of
from fieldsurvey.hub.pg_rows import PgRows
from fieldsurvey.i18n import _
from fieldsurvey.model import batch, merge
from fieldsurvey.model.revision import NO_CHAIN, SEQ_BITS, SEQ_MASK, Kind, Revision, chain_of, dump
from fieldsurvey.store import Fork, Tampered
from fieldsurvey.store.entries import revision_of
from fieldsurvey.store.log import forked


@dataclass(slots=True)
class _Work:
    """One transaction: what came, what takes effect, what waits."""

    cursor: Cursor[Any]
    fed: list[Revision] = field(default_factory=list)
    scopes: dict[str, tuple[int, int]] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)


class PgLog:
    """Takes in revisions and lets them take effect in causal order."""

    def __init__(
        self, connection: Connection[Any], rows: PgRows, records: PgRecords, load_dataset: Callable[[Revision], bool]
    ) -> None:
        self._db, self._rows, self._records, self._load_dataset = connection, rows, records, load_dataset

    # --- the three ways something takes effect ---------------------------------------------------------------------

    def ingest(self, revisions: Sequence[Revision], held: Mapping[int, str], links: Mapping[int, bytes]) -> int:
        """Take in revisions in any order; return how many were new. Call inside a transaction.

        Raises:
            Fork: If a known number comes with other content.
            Tampered: If a revision does not fit its origin's chain.
        """
        with self._begun() as cursor:
            work = _Work(cursor)
            heads = self._locked_heads(cursor, revisions)
            self._keep_links(cursor, links)
            needs = {r.rid: merge.required(r) for r in revisions}
            ends = {r.rid + 1 for r in revisions}  # what may have come before its predecessors
            rids = sorted(ends.union(needs, *needs.values()))
            known = {rid: (bytes(chain), st) for rid, chain, st in cursor.execute(dialect.KNOWN, (rids,))}
            fresh = _fresh(revisions, known)
            self._advance(cursor, heads, fresh, known.keys())
            applied = {rid for rid, (_chain, st) in known.items() if st}
            ready, locked = self._ready(work, [r for r in fresh.values() if r.rid not in held], applied)
            self._store(cursor, fresh.values(), {r.rid for r in ready})
            self._apply(work, ready, locked)
            _add_waits(work, [(f"!{why}", rid) for rid, why in held.items() if rid in fresh])
            again = [r.rid for r in revisions if r.rid in known and not known[r.rid][1] and r.rid not in held]
            free = [row[0] for row in cursor.execute(dialect.DROP_HELD_AGAIN, (again,))] if again else []
            self._settle_stored(work, list(revisions_of(cursor, free).values()) if free else [])
            self._finish(work)
        return len(fresh)

    def let_go(self, rids: Sequence[int]) -> None:
        """Let held revisions take effect. Call inside a transaction."""
        with self._begun() as cursor:
            work = _Work(cursor)
            self._let_go(work, rids)
            self._finish(work)

    def dataset_arrived(self, sha256: str) -> None:
        """Go on with imports that waited for a dataset. Call inside a transaction."""
        with self._begun() as cursor:
            work = _Work(cursor)
            self._settle_stored(work, self._freed(work, [sha256]))
            self._finish(work)

    def _begun(self) -> Cursor[Any]:
        cursor = self._db.cursor(binary=True)
        row = cursor.execute(dialect.SHARE_CATALOGUE).fetchone()
        self._rows.use(row[1] if row else None)
        self._records.moved.clear()
        self._records.imports.clear()
        return cursor

    def _let_go(self, work: _Work, rids: Sequence[int]) -> None:
        if rids:
            dropped = work.cursor.execute(dialect.DROP_HELD, (list(rids),)).rowcount
            if dropped:
                self._settle_stored(work, list(revisions_of(work.cursor, rids).values()))

    def _settle_stored(self, work: _Work, revisions: Sequence[Revision]) -> None:
        """Let revisions that are in the log already take effect, as far as their parents did."""
        parents = sorted({parent for revision in revisions for parent in merge.required(revision)})
        known = work.cursor.execute(dialect.KNOWN, (parents,)).fetchall()
        ready, locked = self._ready(work, revisions, {rid for rid, _chain, st in known if st})
        work.cursor.execute(dialect.SET_APPLIED, ([r.rid for r in ready],))
        self._apply(work, ready, locked)

    # --- the log ---------------------------------------------------------------------------------------------------

    def _locked_heads(self, cursor: Cursor[Any], revisions: Sequence[Revision]) -> dict[int, tuple[int, bytes]]:
        origins = sorted({revision.origin for revision in revisions})
        found = cursor.execute(dialect.LOCK_ORIGINS, (origins,)).fetchall()
        if len(found) < len(origins):
            cursor.execute(dialect.NEW_ORIGINS, (NO_CHAIN, origins))
            found = cursor.execute(dialect.LOCK_ORIGINS, (origins,)).fetchall()
        return {origin: (int(upto), bytes(chain)) for origin, upto, chain in found}

    def links_before(self, cursor: Cursor[Any], rids: Sequence[int]) -> list[bytes | None]:
        """Return the hash before each revision, None where nothing of it is here."""
        rows = cursor.execute(dialect.CHAINS, ([rid - 1 for rid in rids],)).fetchall()
        chains = {rid + 1: bytes(chain) for rid, chain in rows}
        gaps = {rid: bytes(link) for rid, link in cursor.execute(dialect.GAPS, (list(rids),))}
        return [NO_CHAIN if rid & SEQ_MASK == 1 else chains.get(rid) or gaps.get(rid) for rid in rids]

    def _keep_links(self, cursor: Cursor[Any], links: Mapping[int, bytes]) -> None:
        """Remember the hash before a run that begins behind a hole: without it the run could not be passed on."""
        known = self.links_before(cursor, list(links)) if links else []
        for (rid, link), had in zip(links.items(), known, strict=True):
            if had is None:
                cursor.execute(dialect.ADD_GAP, (rid, link))
            elif had != link:
                raise Fork(forked(rid >> SEQ_BITS), rid >> SEQ_BITS)

    def _store(self, cursor: Cursor[Any], revisions: Iterable[Revision], applied: Container[int]) -> None:
        rows = [
            {
                "rid": r.rid, "hlc": r.hlc, "actor": r.actor, "fv": r.fv, "tbl": r.table, "uid": r.uid,
                "kind": r.kind, "patch": r.patch, "par": r.par, "chain": r.chain.hex(), "scope": r.scope,
                "st": r.rid in applied,
            }
            for r in revisions
        ]  # fmt: skip
        if rows:
            cursor.execute(dialect.ADD_REVISIONS, (dump(rows),))

    def _advance(
        self,
        cursor: Cursor[Any],
        heads: Mapping[int, tuple[int, bytes]],
        fresh: Mapping[int, Revision],
        known: Container[int],
    ) -> None:
        """Lengthen the known prefix of each origin, checking each link of its chain."""
        moved = []
        for origin, (first, before) in heads.items():
            upto, chain = _chained(origin, first, before, fresh)
            if (origin << SEQ_BITS | upto) + 1 in known:
                upto, chain = self._chained_on(cursor, origin, upto, chain, fresh)
            if upto != first:
                moved.append({"o": origin, "u": upto, "c": chain.hex()})
        if moved:
            cursor.execute(dialect.SET_HEADS, (dump(moved),))

    def _chained_on(
        self, cursor: Cursor[Any], origin: int, upto: int, chain: bytes, fresh: Mapping[int, Revision]
    ) -> tuple[int, bytes]:
        """Go on over what came before its predecessors, and what of this batch follows it."""
        while True:
            rid = origin << SEQ_BITS | upto
            rows = cursor.execute(dialect.AFTER, (rid, rid + 1000, 1000)).fetchall()
            later = {row[0]: revision_of(row) for row in rows}
            reached, chain = _chained(origin, upto, chain, {**later, **fresh})
            if reached == upto:
                return upto, chain
            upto = reached

    # --- order -----------------------------------------------------------------------------------------------------

    def _ready(
        self, work: _Work, revisions: Sequence[Revision], applied: AbstractSet[int]
    ) -> tuple[list[Revision], Locked]:
        """Return those that can take effect, in causal order, and where their records stand; the rest waits."""
        able, missing = batch.causal(revisions, applied, self._is_admitted)
        waits = [(str(parent), rid) for rid, parents in missing.items() for parent in parents]
        waits += [(str(r.fields()["dataset"]), r.rid) for r in revisions if r.kind is Kind.IMPORT and r.rid in missing]
        work.waiting.update(rid for rid, parents in missing.items() if parents)
        edits = {r.uid: r.table for r in able if r.kind is not Kind.IMPORT}
        locked = self._records.lock(work.cursor, edits)
        made = locked.found.keys() | {r.uid for r in able if r.kind in {Kind.CREATE, Kind.IMPORT}}
        homeless = {r.rid: r.uid for r in able if r.uid not in made}  # nothing made their record yet
        _add_waits(work, [*waits, *((uid, rid) for rid, uid in homeless.items())])
        return [r for r in able if r.rid not in homeless], locked

    def _is_admitted(self, revision: Revision) -> bool:
        return revision.kind is not Kind.IMPORT or self._load_dataset(revision)

    def _finish(self, work: _Work) -> None:
        """Take the place in the feed: the last thing before the commit."""
        cursor = work.cursor
        cursor.execute(dialect.LOCK_FEED)
        row = cursor.execute(dialect.ANY_WAIT).fetchone()
        if row and row[0]:
            self._wake(work)
        rows = [pair for revision in work.fed for pair in _places(work, revision)]
        for uid, (before, after) in [*self._records.moved.items(), *work.scopes.items()]:
            if before != after:  # a record that moves goes whole into its new area
                cursor.execute(dialect.FEED_WHOLE, (after, uid))
        if rows:
            cursor.execute(dialect.ADD_FEED, ([scope for scope, _rid in rows], [rid for _scope, rid in rows]))

    def _wake(self, work: _Work) -> None:
        """Apply what waited for what took effect in this transaction, or in one that was committed meanwhile."""
        names = [row[0] for row in work.cursor.execute(dialect.ARRIVED_PARENTS, (sorted(work.waiting),))]
        fed = work.fed
        while names or fed:
            born = [revision.uid for revision in fed if revision.kind is Kind.CREATE]
            before = len(work.fed)
            self._settle_stored(work, self._freed(work, [*names, *(str(revision.rid) for revision in fed), *born]))
            names, fed = [], work.fed[before:]

    def _freed(self, work: _Work, names: Sequence[str]) -> list[Revision]:
        """Strike what has arrived off the waiting list and return what waits for nothing any more."""
        waiting = {row[0] for row in work.cursor.execute(dialect.WAITING_FOR, (list(names),))}
        if not waiting:
            return []
        work.cursor.execute(dialect.DROP_WAITS, (list(names),))
        blocked = {row[0] for row in work.cursor.execute(dialect.STILL_WAITING, (sorted(waiting),))}
        return list(revisions_of(work.cursor, waiting - blocked).values())

    def _apply(self, work: _Work, ready: Sequence[Revision], locked: Locked) -> None:
        """Let revisions that are in the log as applied take effect, in causal order."""
        work.fed += ready
        edits = [r for r in ready if r.kind is not Kind.IMPORT]
        for uid, (before, after) in self._records.apply(work.cursor, locked, edits).items():
            work.scopes[uid] = (work.scopes.get(uid, (before, after))[0], after)


def _places(work: _Work, revision: Revision) -> list[tuple[int, int]]:
    """Return the areas in whose feed a revision stands: a move is told to the old area and to the new one."""
    before, after = work.scopes.get(revision.uid, (revision.scope, revision.scope))
    return [(scope, revision.rid) for scope in dict.fromkeys((before, after))]


def _fresh(revisions: Sequence[Revision], known: Mapping[int, tuple[bytes, bool]]) -> dict[int, Revision]:
    fresh: dict[int, Revision] = {}
    for revision in revisions:
        had = known[revision.rid][0] if revision.rid in known else None
        if had is None and revision.rid in fresh:
            had = fresh[revision.rid].chain
        if had is not None and had != revision.chain:
            raise Fork(forked(revision.origin), revision.origin)
        if revision.rid not in known:
            fresh[revision.rid] = revision
    return fresh


def _chained(origin: int, upto: int, chain: bytes, found: Mapping[int, Revision]) -> tuple[int, bytes]:
    """Return how far the chain of an origin reaches over the revisions found, and its hash there."""
    while (revision := found.get(origin << SEQ_BITS | (upto + 1))) is not None:
        if chain_of(chain, revision) != revision.chain:
            text = _("Edit {seq} of laptop {origin} was changed on the way; nothing of this package was taken.")
            raise Tampered(text.format(seq=revision.seq, origin=origin), origin)
        upto, chain = upto + 1, revision.chain
    return upto, chain


def _add_waits(work: _Work, pairs: Sequence[tuple[str, int]]) -> None:
    if pairs:
        work.cursor.execute(dialect.ADD_WAITS, ([name for name, _rid in pairs], [rid for _name, rid in pairs]))
