"""From heads to rows: what a record's state means for its visible row, its conflicts and its area."""

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import replace

from fieldsurvey.model import batch, merge
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.merge import RULES, State, Status
from fieldsurvey.model.revision import SEQ_BITS, Kind, Revision, dump, load, unwrap, wrap
from fieldsurvey.model.schema import Value
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.entries import Entries, ImportedRows, ValueOf, parts, readers
from fieldsurvey.store.rows import RowChange, Rows

Rules = Callable[[str, Mapping[str, Value]], Sequence[tuple[str, str]]]
_NOTHING: Mapping[str, Mapping[str, Value]] = {}
_NO_REVISIONS: Mapping[int, Revision] = {}
_STATES = "SELECT uid, tbl, scope, base, over, dels, appr, nconf FROM _rec WHERE uid IN ({marks})"


class Records:
    """Keeps `_rec`, `_conflict`, `_tomb` and the visible rows in line with the states of records.

    Attributes:
        touched: uid -> table of what the running transaction changed.
        rules: (table, values) -> what is wrong with them, as (field, sentence); None: nothing is known.
        imported: Reads the values that datasets gave to records.
        areas: Areas this file keeps rows of; None: all.
    """

    def __init__(self, connection: Connection, rows: Rows, entries: Entries) -> None:
        self._db, self._rows, self._entries = connection, rows, entries
        self.touched: dict[str, str] = {}
        self._states: dict[str, State] = {}  # of this transaction
        self._conflicts: dict[str, int] = {}  # their numbers of open conflicts
        self._imports: dict[int, Revision] = {}  # loaded in this transaction; they come into the log together
        self.rules: Rules | None = None
        self.imported: ImportedRows = lambda _revision, _uids: _NOTHING
        self.areas: frozenset[int] | None = None

    def forget(self) -> None:
        """Drop what is kept for the length of a transaction."""
        self._states.clear()
        self._conflicts.clear()
        self._imports.clear()

    def state(self, uid: str, table: str = "") -> State | None:
        """Return where a record stands; an imported row that nobody edited stands on its import."""
        return self._states.get(uid) or self.states({uid: table}).get(uid)

    def states(self, tables: Mapping[str, str]) -> dict[str, State]:
        """Return where records stand, given record -> table ("": unknown); those that nothing made yet are left out."""
        found = {uid: state for uid in tables if (state := self._states.get(uid)) is not None}
        if len(found) == len(tables):
            return found
        read: dict[str, State] = {}
        conflicts: dict[str, int] = {}
        for part in parts([uid for uid in tables if uid not in found]):
            for uid, *heads, number in self._db.rows(_STATES.format(marks=",".join("?" * len(part))), part):
                read[uid], conflicts[uid] = merge.state_from_json(*heads), number
        blank = {uid: table for uid, table in tables.items() if uid not in found and uid not in read}
        for uid, (name, rev, community) in self._rows.find_many(blank).items():
            read[uid] = State(name, scope_of(uid if name == "community" else community), (rev,))
            conflicts[uid] = 0
        if self._db.in_transaction:
            self._states |= read
            self._conflicts |= conflicts
        return found | read

    def status(self, uid: str, state: State, names: Iterable[str]) -> tuple[Status, ValueOf]:
        """Return what to show of the named fields of a record, and a reader for the values of its versions."""
        shown, value_of = self._statuses({uid: state}, {uid: names}, _NO_REVISIONS)
        return shown[uid], value_of[uid]

    def _statuses(
        self, states: Mapping[str, State], names: Mapping[str, Iterable[str]], fresh: Mapping[int, Revision]
    ) -> tuple[dict[str, Status], dict[str, ValueOf]]:
        """Return what to show of records, and readers; what is not among the revisions at hand is read at once."""
        wanted = {uid: self._wanted(uid, state, names[uid]) for uid, state in states.items()}
        needed = {rid for uid, state in states.items() for rid in batch.told_by(state, wanted[uid])} - fresh.keys()
        known = {**fresh, **self._entries.revisions(needed)} if needed else fresh
        value_of = ValueOf(known)
        own = dict.fromkeys(states, value_of) | readers(states, value_of, self.imported, self._columns)
        return {u: merge.status(state, wanted[u], known, own[u]) for u, state in states.items()}, own

    def _wanted(self, uid: str, state: State, names: Iterable[str]) -> set[str]:
        """Return the fields to look at: those asked for, and those that may be in conflict."""
        found = set(names)
        if self._conflicts.get(uid) != 0:
            found |= batch.disputed(state)
        if len(state.base) > 1:  # made twice: every field may have rivals
            made = self._entries.revisions(state.base).values()
            found.update(name for r in made if r.kind is not Kind.IMPORT for name in r.fields())
            found.update(self._columns(state.table))
        return found

    def apply(self, edits: Sequence[Revision], before: Mapping[str, State]) -> dict[str, tuple[int, int]]:
        """Fold edits, in causal order, into records: one write per record.

        Args:
            edits: No imports.
            before: Where their records stand, as `states` says.

        Returns:
            Record -> its areas before and after.
        """
        fold = batch.fold(before, edits)
        fresh = {revision.rid: revision for revision in edits}
        shown = self._write(fold.states, fold.names, fresh, fold.last, fold.states.keys() - before.keys())
        had = {uid: state.scope for uid, state in before.items()}
        return {uid: (had.get(uid, status.scope), status.scope) for uid, status in shown.items()}

    def make_again(self, revision: Revision, before: Mapping[str, State]) -> None:
        """Let an import have its say in records that something else made: it is one more create of each.

        Args:
            revision: The import.
            before: Where those of its records stand that are here without it.
        """
        self._imports[revision.rid] = revision
        states = {uid: merge.made_again(state, revision.rid) for uid, state in before.items()}
        names = {uid: self._columns(state.table) for uid, state in states.items()}
        for part in parts(list(states)):
            some = {uid: states[uid] for uid in part}
            shown = self._write(some, names, self._imports, dict.fromkeys(part, revision.rid))
            self._entries.feed((), {uid: (before[uid].scope, status.scope) for uid, status in shown.items()})

    def materialise(self, uid: str, state: State, names: Iterable[str]) -> Status:
        """Bring heads, conflicts and the visible row of a record in line with its state.

        Args:
            uid: The record.
            state: Where it stands.
            names: Fields whose heads have changed.
        """
        return self._write({uid: state}, {uid: names}, _NO_REVISIONS, {})[uid]

    def _write(
        self,
        states: Mapping[str, State],
        names: Mapping[str, Iterable[str]],
        fresh: Mapping[int, Revision],
        last: Mapping[str, int],
        born: Container[str] = (),
    ) -> dict[str, Status]:
        """Bring records in line with their states.

        Args:
            states: Where they stand.
            names: Fields whose heads have changed.
            fresh: Revisions at hand.
            last: What the row's `_rev` becomes: the newest revision applied to it, so that it differs from before.
            born: Records that only these revisions have made: the fields are all they have.
        """
        shown, value_of = self._statuses(states, names, fresh)
        changes: dict[str, list[RowChange]] = {}  # of each table: one statement
        for uid, state in states.items():
            status = shown[uid]
            if state.table not in self._rows.tables:  # a form this version has not got yet: its rows come with it
                continue
            if status.deleted:
                self._bury(uid, state.table)
                continue
            rev = last.get(uid) or max([*state.base, *status.winners.values()])
            values = value_of[uid].set_by(status.winners)
            if uid not in born or not self._rows.insert(state.table, uid, values, rev):
                changes.setdefault(state.table, []).append((uid, values, rev))
        for table, lines in changes.items():
            if absent := set(self._rows.update(table, lines)):
                back = [change for change in lines if change[0] in absent]
                self._dig_up(
                    [change for change in back if not self._is_evicted(change[0], shown[change[0]].scope)], states
                )
        self._note(states, shown)
        self.touched.update((uid, state.table) for uid, state in states.items())
        return shown

    def _dig_up(self, back: Iterable[RowChange], states: Mapping[str, State]) -> None:
        """Make the rows of records that come back."""
        for uid, values, rev in back:
            state = states[uid]
            whole = {**self._dug_up(uid, state), **self.values(uid, state), **values}
            self._rows.insert(state.table, uid, whole, self._own(uid, rev))

    def _own(self, uid: str, rev: int) -> int:
        """Return a revision of the record itself: with that of an import the row would look like a pasted one."""
        sql = "SELECT rid FROM _rev WHERE uid = ? ORDER BY rid = ? DESC, rid DESC LIMIT 1"
        return int(self._db.scalar(sql, (uid, rev)) or rev)

    def note(self, uid: str, state: State, status: Status) -> None:
        """Write heads and conflicts of a record."""
        self._note({uid: state}, {uid: status})

    def _note(self, states: Mapping[str, State], shown: Mapping[str, Status]) -> None:
        heads, stale, rivals = [], [], []
        for uid, state in states.items():
            status = shown[uid]
            conflicts = status.conflicts
            if broken := () if status.deleted else self._broken_rules(uid, state):
                conflicts = {**conflicts, RULES: broken}
            base, over, deletes = merge.state_to_json(state)
            approvals = dump(state.approvals) if state.approvals else "[]"
            heads.append((uid, state.table, status.scope, base, over, deletes, approvals, len(conflicts)))
            if self._conflicts.get(uid, 1):
                stale.append((uid,))
            rivals += [(uid, name, state.table, dump(versions)) for name, versions in conflicts.items()]
            if self._db.in_transaction:
                self._conflicts[uid] = len(conflicts)
                self._states[uid] = state if state.scope == status.scope else replace(state, scope=status.scope)
        self._db.many("INSERT OR REPLACE INTO _rec VALUES (?, ?, ?, ?, ?, ?, ?, ?)", heads)
        if stale:
            self._db.many("DELETE FROM _conflict WHERE uid = ?", stale)
        if rivals:
            self._db.many("INSERT INTO _conflict VALUES (?, ?, ?, ?)", rivals)

    def _broken_rules(self, uid: str, state: State) -> tuple[int, ...]:
        """Return the shown versions of the fields that together break a rule, if more than one replica wrote them.

        What one person wrote the form has judged already. The outcome follows
        from the visible values and the form alone, so it is the same everywhere.
        """
        if self.rules is None or len(merge.origins(state)) < 2:
            return ()
        authors = {
            r.rid >> SEQ_BITS for r in self._entries.revisions(state.live()).values() if r.kind is not Kind.IMPORT
        }
        has_row = len(authors) > 1 and state.table in self._rows.tables
        values = self._rows.read(state.table, uid) if has_row else None
        if values is None:
            return ()
        fields = {name for name, _sentence in self.rules(state.table, values)}
        status, _value_of = self.status(uid, state, fields) if fields else (None, None)
        return tuple(sorted({status.winners[name] for name in fields})) if status else ()

    def values(self, uid: str, state: State) -> dict[str, Value]:
        """Return the values that the log gives to the visible fields of a record."""
        status, value_of = self.status(uid, state, self._columns(state.table))
        return value_of.set_by(status.winners)

    def base_values(self, uid: str, state: State) -> dict[str, Value]:
        """Return the values that imports gave to a record."""
        found: dict[str, Value] = {}
        for values in self.imported_values(uid, state.base).values():
            found |= values
        return found

    def imported_values(self, uid: str, rids: Collection[int]) -> dict[int, Mapping[str, Value]]:
        """Return what each import among some revisions gave to a record."""
        imports = {r: v for r, v in sorted(self._entries.revisions(rids).items()) if v.kind is Kind.IMPORT}
        return {rid: self.imported(revision, (uid,)).get(uid, {}) for rid, revision in imports.items()}

    def _columns(self, table: str) -> list[str]:
        return self._rows.columns(table) if table in self._rows.tables else []

    def is_hidden(self, uid: str, state: State) -> bool:
        """Say whether a record has no row."""
        return self._rows.find(uid, state.table) is None

    def _bury(self, uid: str, table: str) -> None:
        """Take the row away but keep its values: a delete destroys nothing."""
        row = self._rows.read(table, uid)
        if row is not None:
            self.keep(uid, table, row)
            self._rows.delete(table, uid)

    def keep(self, uid: str, table: str, row: Mapping[str, Value]) -> None:
        """Keep the last visible values of a record that goes."""
        text = dump({name: wrap(value) for name, value in row.items()})
        self._db.execute("INSERT OR REPLACE INTO _tomb VALUES (?, ?, ?)", (uid, table, text))

    def _dug_up(self, uid: str, state: State) -> dict[str, Value]:
        text = self._db.scalar("SELECT row FROM _tomb WHERE uid = ?", (uid,))
        if text is None:
            return self.base_values(uid, state)
        self._db.execute("DELETE FROM _tomb WHERE uid = ?", (uid,))
        return {name: unwrap(value) for name, value in load(text).items()}

    def _is_evicted(self, uid: str, scope: int) -> bool:
        """Say whether the row of a record was put away because its area is none of this file's."""
        if not self._db.scalar("SELECT 1 FROM _evicted WHERE uid = ?", (uid,)):
            return False
        if self.areas is not None and scope and scope not in self.areas:
            return True
        self._db.execute("DELETE FROM _evicted WHERE uid = ?", (uid,))
        return False
