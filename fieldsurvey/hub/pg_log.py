"""The revision log on PostgreSQL: the same merge as in a project file, read and written in sets.

Locks are taken in one order: catalogue (shared), heads of the origins by
number, records by uid, and last the lock of the feed, held only until the
commit: the feed has no holes and grows in the order of commits (SYNC 1.8).
Under that lock a revision that waited for something which another process
committed meanwhile is found, so that nothing waits for ever.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection, Cursor

from fieldsurvey.errors import InputRefused
from fieldsurvey.hub import dialect
from fieldsurvey.hub.pg_rows import Change, PgRows
from fieldsurvey.i18n import _
from fieldsurvey.model import merge
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.merge import State
from fieldsurvey.model.revision import NO_CHAIN, SEQ_BITS, SEQ_MASK, Kind, Revision, chain_of, dump, unwrap, wrap
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Fork, Tampered
from fieldsurvey.store.entries import ValueOf
from fieldsurvey.store.log import forked


@dataclass(slots=True)
class _Work:
    """One transaction: what came, what takes effect, what waits."""

    cursor: Cursor[Any]
    fed: list[Revision] = field(default_factory=list)
    scopes: dict[str, int] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)


class PgLog:
    """Takes in revisions and keeps rows and conflicts up to date."""

    def __init__(self, connection: Connection[Any], rows: PgRows, load_dataset: Callable[[Revision], bool]) -> None:
        self._db, self._rows, self._load_dataset = connection, rows, load_dataset

    # --- the three ways something takes effect ---------------------------------------------------------------------

    def ingest(self, revisions: Sequence[Revision], held: Mapping[int, str], links: Mapping[int, bytes]) -> int:
        """Take in revisions in any order; return how many were new. Call inside a transaction.

        Raises:
            Fork: If a known number comes with other content.
            Tampered: If a revision does not fit its origin's chain.
            InputRefused: If a table was never described to the hub.
        """
        with self._begun() as cursor:
            work = _Work(cursor)
            heads = self._locked_heads(cursor, revisions)
            self._keep_links(cursor, links)
            needs = {r.rid: merge.required(r) for r in revisions}
            rids = sorted(needs.keys() | {parent for parents in needs.values() for parent in parents})
            known = {rid: (bytes(chain), st) for rid, chain, st in cursor.execute(dialect.KNOWN, (rids,))}
            fresh = _fresh(revisions, known)
            self._check_tables(fresh.values())
            self._store(cursor, fresh.values())
            self._advance(cursor, heads, fresh)
            applied = {rid for rid, (_chain, st) in known.items() if st}
            self._settle(work, [r for r in fresh.values() if r.rid not in held], needs, applied)
            _add_waits(work, [(f"!{why}", rid) for rid, why in held.items() if rid in fresh])
            again = [r.rid for r in revisions if r.rid in known and not known[r.rid][1] and r.rid not in held]
            self._let_go(work, again)
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
        return cursor

    def _let_go(self, work: _Work, rids: Sequence[int]) -> None:
        if rids:
            dropped = work.cursor.execute(dialect.DROP_HELD, (list(rids),)).rowcount
            if dropped:
                self._settle_stored(work, list(self.revisions(work.cursor, rids).values()))

    def _settle_stored(self, work: _Work, revisions: Sequence[Revision]) -> None:
        """Let revisions that are in the log already take effect, as far as their parents did."""
        needs = {r.rid: merge.required(r) for r in revisions}
        parents = sorted({parent for found in needs.values() for parent in found})
        known = work.cursor.execute(dialect.KNOWN, (parents,)).fetchall()
        self._settle(work, revisions, needs, {rid for rid, _chain, st in known if st})

    # --- the log ---------------------------------------------------------------------------------------------------

    def revisions(self, cursor: Cursor[Any], rids: Iterable[int]) -> dict[int, Revision]:
        """Return the revisions of those numbers that are here."""
        return {row[0]: revision_of(row) for row in cursor.execute(dialect.REVISIONS, (sorted(set(rids)),))}

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

    def _check_tables(self, revisions: Iterable[Revision]) -> None:
        for name in {revision.table for revision in revisions} - self._rows.tables.keys():
            raise InputRefused(_("The hub does not know the table {table} yet. Sync again.").format(table=name))

    def _store(self, cursor: Cursor[Any], revisions: Iterable[Revision]) -> None:
        rows = [
            {
                "rid": r.rid, "hlc": r.hlc, "actor": r.actor, "fv": r.fv, "tbl": r.table, "uid": r.uid,
                "kind": r.kind, "patch": r.patch, "par": r.par, "chain": r.chain.hex(), "scope": r.scope,
            }
            for r in revisions
        ]  # fmt: skip
        if rows:
            cursor.execute(dialect.ADD_REVISIONS, (dump(rows),))

    def _advance(
        self, cursor: Cursor[Any], heads: Mapping[int, tuple[int, bytes]], fresh: Mapping[int, Revision]
    ) -> None:
        """Lengthen the known prefix of each origin, checking each link of its chain."""
        moved = []
        for origin, (first, before) in heads.items():
            upto, chain = _chained(origin, first, before, fresh)
            if upto != first:
                upto, chain = self._chained_on(cursor, origin, upto, chain)
                moved.append({"o": origin, "u": upto, "c": chain.hex()})
        if moved:
            cursor.execute(dialect.SET_HEADS, (dump(moved),))

    def _chained_on(self, cursor: Cursor[Any], origin: int, upto: int, chain: bytes) -> tuple[int, bytes]:
        """Go on over what came before its predecessors."""
        while True:
            rid = origin << SEQ_BITS | upto
            rows = cursor.execute(dialect.AFTER, (rid, rid + 1000, 1000)).fetchall()
            later = {row[0]: revision_of(row) for row in rows}
            reached, chain = _chained(origin, upto, chain, later)
            if reached == upto:
                return upto, chain
            upto = reached

    # --- order -----------------------------------------------------------------------------------------------------

    def _settle(
        self, work: _Work, revisions: Sequence[Revision], needs: Mapping[int, frozenset[int]], applied: set[int]
    ) -> None:
        """Apply, in causal order, those whose parents are applied; the rest waits."""
        missing = {r.rid: set(needs[r.rid]) - applied for r in revisions}
        children: dict[int, list[Revision]] = {}
        for revision in revisions:
            for parent in missing[revision.rid]:
                children.setdefault(parent, []).append(revision)
        queue = sorted((r for r in revisions if not missing[r.rid]), key=lambda r: (r.hlc, r.rid))
        ready: list[Revision] = []
        for revision in queue:  # grows while it is read
            if revision.kind is Kind.IMPORT and not self._load_dataset(revision):
                missing[revision.rid] = {-1}
                continue
            ready.append(revision)
            for child in children.get(revision.rid, ()):
                missing[child.rid].discard(revision.rid)
                if not missing[child.rid]:
                    queue.append(child)
        self._wait(work, [r for r in revisions if missing[r.rid]], missing)
        self._apply(work, ready)

    def _wait(self, work: _Work, revisions: Sequence[Revision], missing: Mapping[int, set[int]]) -> None:
        pairs = []
        for revision in revisions:
            if revision.kind is Kind.IMPORT:
                pairs.append((str(revision.fields()["dataset"]), revision.rid))
            else:
                pairs += [(str(parent), revision.rid) for parent in missing[revision.rid]]
                work.waiting.add(revision.rid)
        _add_waits(work, pairs)

    def _finish(self, work: _Work) -> None:
        """Take the place in the feed: the last thing before the commit."""
        cursor = work.cursor
        cursor.execute(dialect.LOCK_FEED)
        row = cursor.execute(dialect.ANY_WAIT).fetchone()
        if row and row[0]:
            self._wake(work)
        if work.fed:
            scopes = [work.scopes.get(r.uid, r.scope) for r in work.fed]
            cursor.execute(dialect.ADD_FEED, (scopes, [r.rid for r in work.fed]))

    def _wake(self, work: _Work) -> None:
        """Apply what waited for what took effect in this transaction, or in one that was committed meanwhile."""
        arrived = [row[0] for row in work.cursor.execute(dialect.ARRIVED_PARENTS, (sorted(work.waiting),))]
        names = arrived + [str(revision.rid) for revision in work.fed]
        while names:
            before = len(work.fed)
            self._settle_stored(work, self._freed(work, names))
            names = [str(revision.rid) for revision in work.fed[before:]]

    def _freed(self, work: _Work, names: Sequence[str]) -> list[Revision]:
        """Strike what has arrived off the waiting list and return what waits for nothing any more."""
        waiting = {row[0] for row in work.cursor.execute(dialect.WAITING_FOR, (list(names),))}
        if not waiting:
            return []
        work.cursor.execute(dialect.DROP_WAITS, (list(names),))
        blocked = {row[0] for row in work.cursor.execute(dialect.STILL_WAITING, (sorted(waiting),))}
        return list(self.revisions(work.cursor, waiting - blocked).values())

    # --- records ---------------------------------------------------------------------------------------------------

    def _apply(self, work: _Work, revisions: Sequence[Revision]) -> None:
        """Fold revisions, in causal order, into heads, rows and conflicts: one write per touched record."""
        if not revisions:
            return
        work.cursor.execute(dialect.SET_APPLIED, ([r.rid for r in revisions],))
        work.fed += revisions
        edits = [r for r in revisions if r.kind is not Kind.IMPORT]
        before, conflicted = self._locked_states(work.cursor, {r.uid: r.table for r in edits})
        states = dict(before)
        names: dict[str, set[str]] = {}
        for revision in edits:
            states[revision.uid] = merge.apply(states.get(revision.uid), revision)
            names.setdefault(revision.uid, set()).update(revision.fields())
        work.scopes |= {uid: states[uid].scope for uid in names}
        found = {uid: states[uid] for uid in names}
        self._materialise(work.cursor, found, names, {r.rid: r for r in edits}, set(names) - before.keys(), conflicted)

    def rematerialise(self, uids: Sequence[str], names: Sequence[str]) -> None:
        """Bring columns that were added later up to date from the log. Call inside a transaction."""
        with self._begun() as cursor:
            rows = cursor.execute(dialect.LOCK_RECORDS, (sorted(uids),)).fetchall()
            states = {row[0]: merge.state_from_json(*row[1:6]) for row in rows if row[3]}
            wanted = {uid: set(names) for uid in states}
            self._materialise(cursor, states, wanted, {}, set(), {row[0] for row in rows if row[6]})

    def _locked_states(self, cursor: Cursor[Any], tables: Mapping[str, str]) -> tuple[dict[str, State], set[str]]:
        """Lock records and return where they stand, and which of them have conflicts."""
        uids = sorted(tables)
        rows = cursor.execute(dialect.LOCK_RECORDS, (uids,)).fetchall()
        absent = sorted(tables.keys() - {row[0] for row in rows})
        if absent:
            cursor.execute(dialect.NEW_RECORDS, (absent, [tables[uid] for uid in absent]))
            rows += cursor.execute(dialect.LOCK_RECORDS, (absent,)).fetchall()
        states = {row[0]: merge.state_from_json(*row[1:6]) for row in rows if row[3]}
        blank: dict[str, list[str]] = {}
        for uid in tables.keys() - states.keys():
            blank.setdefault(tables[uid], []).append(uid)
        for table, missing in blank.items():
            states |= self._imported(cursor, table, missing)
        return states, {row[0] for row in rows if row[6]}

    def _imported(self, cursor: Cursor[Any], table: str, uids: Sequence[str]) -> dict[str, State]:
        """Return where rows stand that nobody edited since their import."""
        return {
            uid: State(table, scope_of(uid if table == "community" else community), (rev,))
            for uid, (rev, community) in self._rows.find(cursor, table, uids).items()
        }

    def _materialise(
        self,
        cursor: Cursor[Any],
        states: Mapping[str, State],
        names: Mapping[str, set[str]],
        known: Mapping[int, Revision],
        new: set[str],
        conflicted: set[str],
    ) -> None:
        """Bring heads, conflicts and visible rows of records in line with their states."""
        wanted = {uid: self._wanted(state, names[uid]) for uid, state in states.items()}
        needed = {r for uid, s in states.items() for r in (*s.deletes, *(h for n in wanted[uid] for h in s.heads(n)))}
        lacking = needed - known.keys()
        revisions = {**known, **(self.revisions(cursor, lacking) if lacking else {})}
        value_of = ValueOf(revisions)
        shown = {uid: merge.status(s, sorted(wanted[uid]), revisions, value_of) for uid, s in states.items()}
        self._write_heads(cursor, states, shown, conflicted)
        changes: dict[str, list[Change]] = {}
        inserts: dict[str, list[Change]] = {}
        gone: dict[str, list[str]] = {}
        for uid, status in shown.items():
            state = states[uid]
            if status.deleted:
                gone.setdefault(state.table, []).append(uid)
                continue
            rev = max([*status.winners.values(), *state.base])
            target = inserts if uid in new else changes
            target.setdefault(state.table, []).append((uid, _values(status, value_of), rev))
        self._write_rows(cursor, states, changes, inserts)
        for table, uids in gone.items():
            self._bury(cursor, table, uids)

    def _wanted(self, state: State, names: set[str]) -> set[str]:
        found = names | {name for name, heads in state.over.items() if len(heads) > 1}
        return found | set(self._rows.columns(state.table)) if len(state.base) > 1 else found

    def _write_heads(
        self,
        cursor: Cursor[Any],
        states: Mapping[str, State],
        shown: Mapping[str, merge.Status],
        conflicted: set[str],
    ) -> None:
        rows = []
        for uid, state in states.items():
            base, over, deletes = merge.state_to_json(state)
            found = {"u": uid, "t": state.table, "s": state.scope, "b": base, "o": over, "d": deletes}
            rows.append({**found, "n": len(shown[uid].conflicts)})
        if rows:
            cursor.execute(dialect.SET_RECORDS, (dump(rows),))
        if stale := sorted(conflicted & states.keys()):
            cursor.execute(dialect.DROP_CONFLICTS, (stale,))
        conflicts = [
            {"u": uid, "f": name, "t": states[uid].table, "h": dump(list(heads))}
            for uid, status in shown.items()
            for name, heads in status.conflicts.items()
        ]
        if conflicts:
            cursor.execute(dialect.ADD_CONFLICTS, (dump(conflicts),))

    def _write_rows(
        self,
        cursor: Cursor[Any],
        states: Mapping[str, State],
        changes: Mapping[str, list[Change]],
        inserts: Mapping[str, list[Change]],
    ) -> None:
        for table, rows in inserts.items():
            self._rows.insert(cursor, table, rows)
        for table, rows in changes.items():
            there = self._rows.update(cursor, table, rows)
            back = [change for change in rows if change[0] not in there]
            if back:
                self._rows.insert(cursor, table, [self._dug_up(cursor, states[change[0]], change) for change in back])

    def _dug_up(self, cursor: Cursor[Any], state: State, change: Change) -> Change:
        """Return the whole row of a record that comes back."""
        uid, values, rev = change
        names = self._rows.columns(state.table)
        revisions = self.revisions(cursor, {head for name in names for head in state.heads(name)} | {*state.deletes})
        value_of = ValueOf(revisions)
        everything = _values(merge.status(state, names, revisions, value_of), value_of)
        tomb = cursor.execute(dialect.TOMBS, ([uid],)).fetchone()
        cursor.execute(dialect.DROP_TOMBS, ([uid],))
        kept = {name: unwrap(value) for name, value in json.loads(tomb[1] if tomb else "{}").items()}
        return uid, {**kept, **everything, **values}, rev

    def _bury(self, cursor: Cursor[Any], table: str, uids: Sequence[str]) -> None:
        """Take rows away but keep their values: a delete destroys nothing."""
        for row in self._rows.read(table, uids):
            text = dump({name: wrap(value) for name, value in row.items() if name != "uid"})
            cursor.execute(dialect.ADD_TOMB, (row["uid"], table, text))
        self._rows.delete(cursor, table, uids)


def revision_of(row: Sequence[Any]) -> Revision:
    """Return the revision in a row of the log."""
    rid, hlc, actor, fv, table, uid, kind, patch, par, chain, scope = row[:11]
    return Revision(rid, hlc, actor, fv, table, uid, Kind(kind), patch, par, bytes(chain), scope)


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


def _values(status: merge.Status, value_of: ValueOf) -> dict[str, Value]:
    return {name: unwrap(value_of(rid, name)) for name, rid in status.winners.items() if value_of.has(rid, name)}
