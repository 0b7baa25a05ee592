"""Records on PostgreSQL: from revisions to heads, conflicts and visible rows, many records in one statement."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from psycopg import Cursor

from fieldsurvey.hub import dialect
from fieldsurvey.hub.pg_rows import Change, PgRows
from fieldsurvey.model import batch, merge
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.merge import State, Status
from fieldsurvey.model.revision import Kind, Revision, dump, load, unwrap, wrap
from fieldsurvey.store.entries import ImportedRows, ValueOf, readers, revision_of

_TOGETHER = 1000  # records in one statement


@dataclass(frozen=True, slots=True)
class Locked:
    """Records that this transaction holds.

    Attributes:
        found: Record -> where it stands.
        conflicted: Records that have conflicts.
    """

    found: dict[str, State]
    conflicted: set[str]


def revisions_of(cursor: Cursor[Any], rids: Iterable[int]) -> dict[int, Revision]:
    """Return the revisions of those numbers that are here."""
    return {row[0]: revision_of(row) for row in cursor.execute(dialect.REVISIONS, (sorted(set(rids)),))}


class PgRecords:
    """Keeps `_rec`, `_conflict`, `_tomb` and the visible rows in line with the states of records.

    Attributes:
        moved: Records that an import of this transaction moved: their areas before and after.
        imports: The imports of this transaction; they come into the log together, after the last is loaded.
    """

    def __init__(self, rows: PgRows, imported: ImportedRows) -> None:
        self._rows, self._imported_rows = rows, imported
        self.moved: dict[str, tuple[int, int]] = {}
        self.imports: dict[int, Revision] = {}

    def lock(self, cursor: Cursor[Any], tables: Mapping[str, str]) -> Locked:
        """Lock records, given record -> table, in the order of their uids, and return where they stand."""
        if not tables:
            return Locked({}, set())
        rows = cursor.execute(dialect.LOCK_RECORDS, (sorted(tables),)).fetchall()
        absent = sorted(tables.keys() - {row[0] for row in rows})
        if absent:
            cursor.execute(dialect.NEW_RECORDS, (absent, [tables[uid] for uid in absent]))
            rows += cursor.execute(dialect.LOCK_RECORDS, (absent,)).fetchall()
        states = {row[0]: merge.state_from_json(*row[1:7]) for row in rows if row[3]}
        blank: dict[str, list[str]] = {}
        for uid in tables.keys() - states.keys():
            blank.setdefault(tables[uid], []).append(uid)
        for table, uids in blank.items():
            states |= self._imported(cursor, table, uids)
        return Locked(states, {row[0] for row in rows if row[7]})

    def _imported(self, cursor: Cursor[Any], table: str, uids: Sequence[str]) -> dict[str, State]:
        """Return where rows stand that nobody edited since their import."""
        if table not in self._rows.tables:
            return {}
        return {
            uid: State(table, scope_of(uid if table == "community" else community), (rev,))
            for uid, (rev, community) in self._rows.find(cursor, table, uids).items()
            if rev
        }

    def apply(self, cursor: Cursor[Any], locked: Locked, edits: Sequence[Revision]) -> dict[str, tuple[int, int]]:
        """Fold revisions, in causal order, into records: one write per record; return their areas before and after."""
        if not edits:
            return {}
        fold = batch.fold(locked.found, edits)
        known = {revision.rid: revision for revision in edits}
        shown, value_of = self._statuses(cursor, fold.states, fold.names, known)
        self._write_heads(cursor, fold.states, shown, locked.conflicted)
        self._write_rows(cursor, fold.states, shown, value_of, fold.last, fold.states.keys() - locked.found.keys())
        had = {uid: state.scope for uid, state in locked.found.items()}
        return {uid: (had.get(uid, status.scope), status.scope) for uid, status in shown.items()}

    def made_before(self, cursor: Cursor[Any], table: str, uids: Iterable[str]) -> Locked:
        """Lock those of the records that are here already, and return where they stand."""
        found = Locked({}, set())
        waiting = iter(uids)
        while part := list(islice(waiting, _TOGETHER)):
            known = {row[0] for row in cursor.execute(dialect.RECORD_SCOPES, (part,))}
            known |= self._rows.find(cursor, table, part).keys()
            locked = self.lock(cursor, dict.fromkeys(known, table))
            found.found.update(locked.found)
            found.conflicted.update(locked.conflicted)
        return found

    def make_again(self, cursor: Cursor[Any], revision: Revision, before: Locked) -> None:
        """Let an import have its say in records that something else made: it is one more create of each."""
        self.imports[revision.rid] = revision
        states = {uid: merge.made_again(state, revision.rid) for uid, state in before.found.items()}
        for part in _portions(states):
            names = {uid: set(self._columns(state.table)) for uid, state in part.items()}
            shown, value_of = self._statuses(cursor, part, names, self.imports)
            self._write_heads(cursor, part, shown, before.conflicted)
            self._write_rows(cursor, part, shown, value_of, dict.fromkeys(part, revision.rid), ())
            had = {uid: before.found[uid].scope for uid in part}
            self.moved |= {u: (had[u], status.scope) for u, status in shown.items() if had[u] != status.scope}

    def fill(self, cursor: Cursor[Any], uids: Sequence[str], names: Sequence[str]) -> None:
        """Bring columns that were added later up to date from the log."""
        rows = cursor.execute(dialect.LOCK_RECORDS, (sorted(uids),)).fetchall()
        states = {row[0]: merge.state_from_json(*row[1:7]) for row in rows if row[3]}
        shown, value_of = self._statuses(cursor, states, {uid: set(names) for uid in states}, {})
        last = {uid: max([*state.base, *shown[uid].winners.values()]) for uid, state in states.items()}
        self._write_rows(cursor, states, shown, value_of, last, set())

    # --- what to show ----------------------------------------------------------------------------------------------

    def _statuses(
        self,
        cursor: Cursor[Any],
        states: Mapping[str, State],
        names: Mapping[str, set[str]],
        known: Mapping[int, Revision],
    ) -> tuple[dict[str, Status], dict[str, ValueOf]]:
        """Return what to show of records, and readers for the values of their versions; reads the log once."""
        wanted = {uid: self._wanted(cursor, state, names[uid]) for uid, state in states.items()}
        needed = {rid for uid, state in states.items() for rid in batch.told_by(state, wanted[uid])} - known.keys()
        revisions = {**known, **(revisions_of(cursor, needed) if needed else {})}
        value_of = ValueOf(revisions)
        own = dict.fromkeys(states, value_of) | readers(states, value_of, self._imported_rows, self._columns)
        shown = {uid: merge.status(s, sorted(wanted[uid]), revisions, own[uid]) for uid, s in states.items()}
        return shown, own

    def _wanted(self, cursor: Cursor[Any], state: State, names: set[str]) -> set[str]:
        found = names | batch.disputed(state)
        if len(state.base) > 1:  # made twice: every field may have rivals
            made = revisions_of(cursor, state.base).values()
            found |= {name for r in made if r.kind is not Kind.IMPORT for name in r.fields()}
            found |= set(self._columns(state.table))
        return found

    def _columns(self, table: str) -> list[str]:
        return self._rows.columns(table) if table in self._rows.tables else []

    def _write_heads(
        self, cursor: Cursor[Any], states: Mapping[str, State], shown: Mapping[str, Status], conflicted: set[str]
    ) -> None:
        rows = []
        for uid, state in states.items():
            base, over, deletes = merge.state_to_json(state)
            found = {"u": uid, "t": state.table, "s": shown[uid].scope, "b": base, "o": over, "d": deletes}
            rows.append({**found, "a": dump(list(state.approvals)), "n": len(shown[uid].conflicts)})
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

    # --- rows --------------------------------------------------------------------------------------------------------

    def _write_rows(
        self,
        cursor: Cursor[Any],
        states: Mapping[str, State],
        shown: Mapping[str, Status],
        value_of: Mapping[str, ValueOf],
        last: Mapping[str, int],
        new: Iterable[str],
    ) -> None:
        """Write the visible rows of records.

        Args:
            cursor: Inside a transaction.
            states: The records.
            shown: What to show of them.
            value_of: Readers for their values.
            last: The newest revision applied to each, which its row names.
            new: Records that had no state before, so that their row can be written at once.
        """
        born = set(new)
        changes: dict[str, list[Change]] = {}
        inserts: dict[str, list[Change]] = {}
        gone: dict[str, list[str]] = {}
        for uid, status in shown.items():
            table = states[uid].table
            if table not in self._rows.tables:  # its form is not here yet; its rows come with it
                continue
            if status.deleted:
                gone.setdefault(table, []).append(uid)
                continue
            target = inserts if uid in born else changes
            target.setdefault(table, []).append((uid, value_of[uid].set_by(status.winners), last[uid]))
        for table, rows in inserts.items():
            self._rows.insert(cursor, table, rows)
        for table, rows in changes.items():
            self._change(cursor, table, rows, states)
        for table, uids in gone.items():
            self._bury(cursor, table, uids)

    def _change(self, cursor: Cursor[Any], table: str, rows: list[Change], states: Mapping[str, State]) -> None:
        there = self._rows.update(cursor, table, rows)
        back = [self._dug_up(cursor, states[change[0]], change) for change in rows if change[0] not in there]
        if back:
            self._rows.insert(cursor, table, back)

    def _dug_up(self, cursor: Cursor[Any], state: State, change: Change) -> Change:
        """Return the whole row of a record that comes back."""
        uid, values, rev = change
        names = set(self._columns(state.table))
        shown, value_of = self._statuses(cursor, {uid: state}, {uid: names}, {})
        tomb = cursor.execute(dialect.TOMBS, ([uid],)).fetchone()
        cursor.execute(dialect.DROP_TOMBS, ([uid],))
        kept = {name: unwrap(value) for name, value in load(tomb[1] if tomb else "{}").items()}
        return uid, {**kept, **value_of[uid].set_by(shown[uid].winners), **values}, rev

    def _bury(self, cursor: Cursor[Any], table: str, uids: Sequence[str]) -> None:
        """Take rows away but keep their values: a delete destroys nothing."""
        for row in self._rows.read(table, uids):
            text = dump({name: wrap(value) for name, value in row.items() if name != "uid"})
            cursor.execute(dialect.ADD_TOMB, (row["uid"], table, text))
        self._rows.delete(cursor, table, uids)


def _portions(states: Mapping[str, State]) -> Iterator[dict[str, State]]:
    uids = list(states)
    for start in range(0, len(uids), _TOGETHER):
        yield {uid: states[uid] for uid in uids[start : start + _TOGETHER]}
