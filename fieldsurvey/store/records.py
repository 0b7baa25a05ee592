"""From heads to rows: what a record's state means for its visible row, its conflicts and its area."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from fieldsurvey.model import merge
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.merge import RULES, SCOPE, State, Status
from fieldsurvey.model.revision import SEQ_BITS, Kind, Revision, dump, unwrap, wrap
from fieldsurvey.model.schema import Value
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.entries import Entries, ValueOf
from fieldsurvey.store.rows import Rows

Rules = Callable[[str, Mapping[str, Value]], Sequence[tuple[str, str]]]
_NOTHING: Mapping[str, Value] = {}
_NO_REVISIONS: Mapping[int, Revision] = {}


class Records:
    """Keeps `_rec`, `_conflict`, `_tomb` and the visible rows in line with the states of records.

    Attributes:
        touched: uid -> table of what the running transaction changed.
        rules: (table, values) -> what is wrong with them, as (field, sentence); None: nothing is known.
        imported: (import revision, uid) -> the values its dataset gave to a record.
        areas: Areas this file keeps rows of; None: all.
    """

    def __init__(self, connection: Connection, rows: Rows, entries: Entries) -> None:
        self._db, self._rows, self._entries = connection, rows, entries
        self.touched: dict[str, str] = {}
        self._states: dict[str, State] = {}  # of this transaction
        self._conflicts: dict[str, int] = {}  # their numbers of open conflicts
        self.rules: Rules | None = None
        self.imported: Callable[[Revision, str], Mapping[str, Value]] = lambda _revision, _uid: _NOTHING
        self.areas: frozenset[int] | None = None

    def forget(self) -> None:
        """Drop what is kept for the length of a transaction."""
        self._states.clear()
        self._conflicts.clear()

    def state(self, uid: str, table: str = "") -> State | None:
        """Return where a record stands; an imported row that nobody edited stands on its import."""
        if uid in self._states:
            return self._states[uid]
        row = self._db.one("SELECT tbl, scope, base, over, dels, appr, nconf FROM _rec WHERE uid = ?", (uid,))
        if row is not None:
            state = merge.state_from_json(*row[:6])
            if self._db.in_transaction:
                self._states[uid], self._conflicts[uid] = state, int(row[6])
            return state
        found = self._rows.find(uid, table)
        if found is None or not found[1]:
            return None
        name, rev, community = found
        return State(name, scope_of(uid if name == "community" else community), (rev,))

    def status(
        self,
        state: State,
        names: Iterable[str],
        fresh: Mapping[int, Revision] = _NO_REVISIONS,
        *,
        settled: bool = False,
    ) -> tuple[Status, ValueOf]:
        """Return what to show of a record, and a reader for the values of its versions.

        Args:
            state: The record.
            names: Fields of interest.
            fresh: Revisions at hand, which need not be read.
            settled: The other fields are known to be without conflict.
        """
        wanted = set(names)
        if not settled:
            wanted.update(name for name, heads in state.over.items() if len(heads) > 1)
        needed = {*state.deletes, *state.approvals, *state.over.get(SCOPE, ())}
        if len(state.base) > 1:
            needed |= set(state.base)
            base = self._entries.revisions(state.base)
            wanted |= {name for r in base.values() if r.kind is not Kind.IMPORT for name in r.fields()}
            wanted |= set(self._columns(state.table))
        needed.update(rid for name in wanted for rid in state.heads(name))
        known = {rid: fresh[rid] for rid in needed if rid in fresh}
        if len(known) < len(needed):
            known |= self._entries.revisions(needed.difference(known))
        value_of = ValueOf(known)
        return merge.status(state, sorted(wanted), known, value_of), value_of

    def apply(self, revisions: Sequence[Revision]) -> dict[str, tuple[int, int]]:
        """Fold revisions, in causal order, into records: one write per record; return their areas before and after."""
        states: dict[str, State] = {}
        before: dict[str, int | None] = {}
        names: dict[str, set[str]] = {}
        last: dict[str, int] = {}
        for revision in revisions:
            if revision.kind is Kind.IMPORT:
                continue
            uid = revision.uid
            state = states.get(uid) or self.state(uid, revision.table)
            before.setdefault(uid, None if state is None else state.scope)
            states[uid] = merge.apply(state, revision)
            names.setdefault(uid, set()).update(revision.fields())
            last[uid] = revision.rid
        scopes: dict[str, tuple[int, int]] = {}
        fresh = self._at_hand(states, names, revisions)
        for uid, state in states.items():
            after = self.materialise(uid, state, names[uid], last[uid], fresh).scope
            had = before[uid]
            scopes[uid] = (after if had is None else had, after)
        return scopes

    def _at_hand(
        self, states: Mapping[str, State], names: Mapping[str, set[str]], revisions: Sequence[Revision]
    ) -> dict[int, Revision]:
        """Read at once the versions that the status of these records will ask for."""
        found = {revision.rid: revision for revision in revisions}
        heads = {rid for uid, state in states.items() for name in names[uid] for rid in state.heads(name)}
        return found | self._entries.revisions(heads - found.keys())

    def materialise(
        self,
        uid: str,
        state: State,
        names: Iterable[str],
        rev: int | None = None,
        fresh: Mapping[int, Revision] = _NO_REVISIONS,
    ) -> Status:
        """Bring heads, conflicts and the visible row of a record in line with its state.

        Args:
            uid: The record.
            state: Where it stands.
            names: Fields whose heads have changed.
            rev: What the row's `_rev` becomes: the newest revision applied to it, so that it differs from before.
            fresh: Revisions at hand.
        """
        status, value_of = self.status(state, names, fresh, settled=self._conflicts.get(uid) == 0)
        values = value_of.set_by(status.winners)
        if state.table not in self._rows.tables:  # a form that this version has not got yet: its rows come with it
            pass
        elif status.deleted:
            self._bury(uid, state.table)
        else:
            self._show(uid, state, status, values, rev or max([*state.base, *status.winners.values()]))
        self.note(uid, state, status)
        self.touched[uid] = state.table
        return status

    def _show(self, uid: str, state: State, status: Status, values: Mapping[str, Value], rev: int) -> None:
        if self._rows.update(state.table, uid, values, rev):
            return
        if self._is_evicted(uid, status.scope):
            return
        whole = {**self._dug_up(uid, state), **self.values(state), **values}
        self._rows.insert(state.table, uid, whole, rev)

    def note(self, uid: str, state: State, status: Status) -> None:
        """Write heads and conflicts of a record."""
        conflicts = dict(status.conflicts)
        broken = () if status.deleted else self._broken_rules(uid, state)
        if broken:
            conflicts[RULES] = broken
        base, over, deletes = merge.state_to_json(state)
        self._db.execute(
            "INSERT OR REPLACE INTO _rec VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (uid, state.table, status.scope, base, over, deletes, _list(state.approvals), len(conflicts)),
        )
        if self._conflicts.get(uid, 1):
            self._db.execute("DELETE FROM _conflict WHERE uid = ?", (uid,))
        if self._db.in_transaction:
            self._conflicts[uid] = len(conflicts)
            self._states[uid] = state if state.scope == status.scope else replace(state, scope=status.scope)
        if conflicts:
            self._db.many(
                "INSERT INTO _conflict VALUES (?, ?, ?, ?)",
                [(uid, name, state.table, dump(list(heads))) for name, heads in conflicts.items()],
            )

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
        status, _value_of = self.status(state, fields) if fields else (None, None)
        return tuple(sorted({status.winners[name] for name in fields})) if status else ()

    def values(self, state: State) -> dict[str, Value]:
        """Return the values that the log gives to the visible fields of a record."""
        status, value_of = self.status(state, self._columns(state.table))
        return value_of.set_by(status.winners)

    def base_values(self, uid: str, state: State) -> dict[str, Value]:
        """Return the values that imports gave to a record."""
        found: dict[str, Value] = {}
        for _rid, revision in sorted(self._entries.revisions(state.base).items()):
            if revision.kind is Kind.IMPORT:
                found |= self.imported(revision, uid)
        return found

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
        return {name: unwrap(value) for name, value in json.loads(text).items()}

    def _is_evicted(self, uid: str, scope: int) -> bool:
        """Say whether the row of a record was put away because its area is none of this file's."""
        if not self._db.scalar("SELECT 1 FROM _evicted WHERE uid = ?", (uid,)):
            return False
        if self.areas is not None and scope and scope not in self.areas:
            return True
        self._db.execute("DELETE FROM _evicted WHERE uid = ?", (uid,))
        return False


def _list(rids: Sequence[int]) -> str:
    return dump(list(rids)) if rids else "[]"
