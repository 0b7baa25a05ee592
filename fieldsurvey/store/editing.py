"""What a person does to records: make, save, decide, approve, delete. Each is one durable revision."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

from fieldsurvey.clock import MillisClock
from fieldsurvey.errors import InputRefused, StoreBusy
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model import merge
from fieldsurvey.model.identity import new_uid, scope_of
from fieldsurvey.model.merge import SCOPE, State
from fieldsurvey.model.review import ReviewState
from fieldsurvey.model.revision import Kind, Revision, unwrap, wrap
from fieldsurvey.model.schema import Value
from fieldsurvey.store import bulk, capture, locking
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.entries import BATCH, ValueOf
from fieldsurvey.store.gpkg import quoted
from fieldsurvey.store.log import Log
from fieldsurvey.store.media import DATASET_MIME, Media
from fieldsurvey.store.rows import Rows
from fieldsurvey.store.values import Approval, Token

_REPORT_ROWS = 500
_BY_ANOTHER_PROGRAM = 0  # form version of edits captured from QGIS: no form has seen them
_NO_FORM = 1
_ACCEPTED = {ReviewState.REVIEWED, ReviewState.APPROVED}


class Editing:
    """The part of a Store that writes records. Its fields are set by Store."""

    media: Media
    _db: Connection
    _log: Log
    _rows: Rows
    _clock: MillisClock
    _actor: tuple[int, str, str]
    _bulk_tables: set[str]
    _read_only: bool
    _announce: Callable[[], None]
    era: int
    current: Callable[[str, Token], State]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make several writes one durable step; all or nothing. Edits of other programs are taken over first."""
        if self._db.in_transaction:
            with self._db.transaction():
                yield
            return
        with self._db.transaction():
            self._log.step = 0
            self._log.records.forget()
            if capture.is_pending(self._db):
                self._take_foreign_edits()
                self._log.step = 0
            self._db.after_commit(self._announce)
            yield

    def take_foreign_edits(self) -> None:
        """Turn what QGIS did to the file into revisions, if it did anything; while QGIS is saving, later."""
        if self._read_only or self._db.in_transaction or not capture.is_pending(self._db):
            return
        try:
            with self.transaction():
                pass
        except StoreBusy:
            return

    def create_record(
        self, table: str, values: Mapping[str, Value], *, uid: str | None = None, scope: int = 0, fv: int = _NO_FORM
    ) -> str:
        """Write a new record; return its uid.

        Args:
            table: Where.
            values: Column -> value.
            uid: Its uid, if it has one already.
            scope: Its area; 0: that of its community, if it names one.
            fv: Number of the form version (model.revision.version_number).

        Raises:
            InputRefused: If the geometry does not fit the table.
        """
        uid = uid or new_uid(self._clock())
        normal = self._rows.normal(table, values)
        patch = {name: wrap(value) for name, value in normal.items() if value is not None}
        scope = scope or _scope_in(normal)
        with self.transaction():
            locking.refuse_new(self._rows, table, [normal])
            self._log.append(Kind.CREATE, table, uid, patch, None, scope, self._actor[0], fv)
        return uid

    def save(self, uid: str, changes: Mapping[str, Value], seen: Token | None = None, *, fv: int = _NO_FORM) -> Token:
        """Write changed fields; return the token for the next save.

        Fields of a merge group are written together: what is not among the
        changes goes with the value that the person saw.

        Args:
            uid: The record.
            changes: Only the fields that the person changed.
            seen: Token from when the form was opened; None: what is there now.
            fv: Number of the form version.

        Raises:
            InputRefused: If the record is gone or was approved, or the geometry does not fit.
        """
        with self.transaction():
            state = self._existing(uid, seen.state.table if seen else "")
            normal = self._rows.normal(state.table, changes)
            normal = locking.admitted(self._rows, state.table, uid, normal)
            return self._save(uid, state, normal, self.current(uid, seen) if seen else state, fv)

    def _save(self, uid: str, state: State, values: Mapping[str, Value], shown: State, fv: int) -> Token:
        groups = self._rows.groups[state.table]
        names = merge.widened(values, groups)
        over, base = shown.over, shown.base
        if len(names) == len(values) and all(len(over.get(name, base)) == 1 for name in names):
            return self._edit(Kind.UPDATE, uid, state, values, shown, fv)
        status, value_of = self._log.status(uid, shown, names)
        if len(names) > len(values):
            winners = {name: status.winners[name] for name in names.difference(values)}
            values = {**self._seen_values(uid, state, shown, winners, value_of), **values}
        shown = merge.ordinary(shown, values, status.winners, value_of, groups)
        return self._edit(Kind.UPDATE, uid, state, values, shown, fv)

    def _seen_values(
        self, uid: str, state: State, shown: State, winners: Mapping[str, int], value_of: ValueOf
    ) -> dict[str, Value]:
        """Return the values of versions; of an imported value the row knows it, as long as nobody changed it."""
        found = {name: unwrap(value_of(rid, name)) for name, rid in winners.items() if value_of.has(rid, name)}
        lacking = winners.keys() - found
        if lacking:
            is_untouched = all(state.heads(name) == shown.heads(name) for name in lacking)
            row = self._rows.read(state.table, uid) if is_untouched else self._log.records.base_values(uid, shown)
            found |= {name: (row or {}).get(name) for name in lacking}
        return found

    def resolve(self, uid: str, changes: Mapping[str, Value]) -> Token:
        """Decide conflicts: the given values supersede all rivals that are known here.

        The rest of a merge group comes from the version that has the given values.
        """
        with self.transaction():
            state = self._existing(uid)
            normal = self._rows.normal(state.table, changes)
            whole = self._whole_choice(uid, state, normal)
            return self._edit(Kind.RESOLVE, uid, state, whole, state)

    def _whole_choice(self, uid: str, state: State, values: Mapping[str, Value]) -> dict[str, Value]:
        names = merge.widened(values, self._rows.groups[state.table])
        if len(names) == len(values):
            return dict(values)
        status, value_of = self._log.status(uid, state, names)
        chosen = {name: wrap(value) for name, value in values.items()}
        winners: dict[str, int] = {}
        for name in names.difference(values):
            group = self._rows.groups[state.table][name]
            given = {n: v for n, v in chosen.items() if n in group}
            fitting = [r for r in state.heads(name) if all(value_of(r, n) == v for n, v in given.items())]
            winners[name] = status.winners[name] if status.winners[name] in fitting or not fitting else fitting[-1]
        return {**self._seen_values(uid, state, state, winners, value_of), **values}

    def delete(self, uid: str, seen: Token | None = None) -> None:
        """Delete a record; an edit that the person did not see keeps it and shows a conflict.

        Raises:
            InputRefused: If the record is gone, or was approved.
        """
        with self.transaction():
            locking.refuse_delete(self._rows, self._existing(uid, seen.state.table if seen else "").table, uid)
            self._bury_or_raise(Kind.DELETE, uid, seen)

    def undelete(self, uid: str, seen: Token | None = None) -> None:
        """Bring a deleted record back."""
        self._bury_or_raise(Kind.UNDELETE, uid, seen)

    def approve(self, uid: str, seen: Token | None = None) -> None:
        """Approve a record as it was seen. The approval ends by itself when an edit arrives that it did not see.

        Raises:
            InputRefused: If the record is gone, has an open conflict, or has changed since it was seen.
        """
        with self.transaction():
            state = self._existing(uid)
            if self._db.scalar("SELECT 1 FROM _conflict WHERE uid = ? LIMIT 1", (uid,)):
                raise InputRefused(_("This record has an open conflict. Decide it first, then approve."))
            if self._rows.find(uid, state.table) is None:
                raise InputRefused(_("This record is not in the project (any more): {uid}").format(uid=uid))
            if seen is not None and (seen.state.live() != state.live() or seen.state.deletes != state.deletes):
                raise InputRefused(_("This record has changed since you opened it. Look at it again, then approve."))
            par = merge.parents_for_approval(state)
            self._log.append(Kind.APPROVE, state.table, uid, None, par, state.scope, self._actor[0])

    def approval(self, uid: str) -> Approval | None:
        """Return the approval that covers everything a record holds now; None if there is none."""
        state = self._log.state(uid)
        if state is None or not state.approvals:
            return None
        if self._db.scalar("SELECT 1 FROM _conflict WHERE uid = ? LIMIT 1", (uid,)):
            return None
        status, value_of = self._log.status(uid, state, ())
        if status.approval is None:
            return None
        revision = value_of.known[status.approval]
        names = {row[0]: row[2] or row[1] for row in self._db.rows("SELECT id, login, name FROM _actor")}
        return Approval(revision.rid, names.get(revision.actor, ""), revision.at_ms, revision.origin)

    def _edit(
        self, kind: Kind, uid: str, state: State, values: Mapping[str, Value], seen: State, fv: int = _NO_FORM
    ) -> Token:
        patch = {name: wrap(value) for name, value in values.items()}
        area = _scope_in(values) if "community_uid" in values else state.scope
        if area != state.scope:
            patch[SCOPE] = area
        par = merge.parents_for_edit(seen, patch)
        self._log.append(kind, state.table, uid, patch, par, state.scope, self._actor[0], fv)
        if area != state.scope:
            self._move_children(state.table, uid, area)
        return Token(self._existing(uid), self.era)

    def _move_children(self, table: str, uid: str, area: int) -> None:
        """Move the rows of a record's repeats along with it into another area."""
        for child in [t.name for t in self._rows.tables.values() if t.parent == table]:
            for row in self._rows.select(child, [], {"parent_uid": uid}, None, "fid", None):
                state = self._existing(str(row["uid"]))
                par = merge.parents_for_edit(state, [SCOPE])
                uid_of_row, patch = str(row["uid"]), {SCOPE: area}
                self._log.append(Kind.UPDATE, child, uid_of_row, patch, par, state.scope, self._actor[0])

    def _bury_or_raise(self, kind: Kind, uid: str, seen: Token | None) -> None:
        with self.transaction():
            state = self._existing(uid)
            par = merge.parents_for_delete(self.current(uid, seen) if seen else state)
            self._log.append(kind, state.table, uid, None, par, state.scope, self._actor[0])

    def _existing(self, uid: str, table: str = "") -> State:
        state = self._log.state(uid, table)
        if state is None:
            raise InputRefused(_("This record is not in the project (any more): {uid}").format(uid=uid))
        return state

    # --- other programs ------------------------------------------------------------------------------------------

    def _take_foreign_edits(self) -> None:
        for foreign in capture.take(self._db, self._rows, self._clock):
            self._take(foreign)

    def _take(self, foreign: capture.Foreign) -> None:
        state = self._log.state(foreign.uid, foreign.table)
        if foreign.after is None:
            if state is not None and foreign.before is not None:
                self._log.records.keep(foreign.uid, foreign.table, foreign.before)
                self._bury(Kind.DELETE, foreign.uid, state)
            return
        if state is None:
            self._take_new(foreign)
            return
        if foreign.before is None and self._log.status(foreign.uid, state, ())[0].deleted:
            self._bury(Kind.UNDELETE, foreign.uid, state)
            state = self._existing(foreign.uid)
        changed = foreign.changed()
        if changed and (foreign.after or {}).get("status") in _ACCEPTED and "status" not in changed:
            changed = {**changed, "status": str(ReviewState.SUBMITTED)}  # nobody has reviewed what that program wrote
        if changed:
            self._save(foreign.uid, state, changed, state, _BY_ANOTHER_PROGRAM)

    def _take_new(self, foreign: capture.Foreign) -> None:
        values = {name: value for name, value in (foreign.after or {}).items() if value is not None}
        patch = {name: wrap(value) for name, value in values.items()}
        actor, scope = self._actor[0], _scope_in(values)
        self._log.append(Kind.CREATE, foreign.table, foreign.uid, patch, None, scope, actor, _BY_ANOTHER_PROGRAM)

    def _bury(self, kind: Kind, uid: str, state: State) -> None:
        par, actor = merge.parents_for_delete(state), self._actor[0]
        self._log.append(kind, state.table, uid, None, par, state.scope, actor, _BY_ANOTHER_PROGRAM)

    # --- whole datasets ------------------------------------------------------------------------------------------

    def import_rows(
        self,
        table: str,
        rows: Iterable[Mapping[str, Value]],
        *,
        source: str,
        control: JobControl | None = None,
    ) -> int:
        """Write a whole dataset as one revision; return the number of rows.

        Args:
            table: Target table.
            rows: Column -> value; a row may carry its "uid".
            source: Name of the file, for the history.
            control: Progress and cancel; cancelled, nothing is written.

        Raises:
            InputRefused: If a geometry does not fit the table, or rows would go where everything is approved.
            JobCancelled: If the user stopped it.
        """
        control = control or JobControl()
        names = self._rows.columns(table)
        found: list[tuple[str, dict[str, Value]]] = []
        waiting = iter(rows)
        while part := list(islice(waiting, _REPORT_ROWS)):
            control.step(len(found), None, source)
            values = ({name: value for name, value in row.items() if name != "uid"} for row in part)
            normal = self._rows.normal_many(table, list(values))
            uids = (str(row.get("uid") or new_uid(self._clock())) for row in part)
            found += zip(uids, normal, strict=True)
        filled = {name for _uid, values in found for name, value in values.items() if value is not None}
        used = [name for name in names if name in filled]
        data = bulk.encode(used, found)
        with self.transaction():
            locking.refuse_new(self._rows, table, (values for _uid, values in found))
            sha = self.media.add_bytes(data, source, DATASET_MIME)
            patch = {"dataset": sha, "rows": len(found), "source": source}
            revision = self._log.append(Kind.IMPORT, table, new_uid(self._clock()), patch, None, 0, self._actor[0])
            self._put_in(revision, used, ([uid, *map(values.get, used)] for uid, values in found))
        return len(found)

    def _put_in(self, revision: Revision, names: list[str], lines: Iterable[list[Value]]) -> None:
        """Put the rows of a dataset into the table; records that are here already it makes once more."""
        again: dict[str, State] = {}
        fresh = lines if self._is_empty(revision.table) else self._fresh_rows(revision, lines, again)
        self._rows.insert_many(revision.table, names, fresh, revision.rid)
        self._note_import(revision)
        self._log.records.make_again(revision, again)

    def _is_empty(self, table: str) -> bool:
        """Say whether nothing was ever in a table."""
        sql = "SELECT EXISTS (SELECT 1 FROM {name}) OR EXISTS (SELECT 1 FROM _rec WHERE tbl = ?)"
        return not self._db.scalar(sql.format(name=quoted(table)), (table,))

    def _fresh_rows(
        self, revision: Revision, lines: Iterable[list[Value]], again: dict[str, State]
    ) -> Iterator[list[Value]]:
        """Yield the rows of records that are not here yet; note in `again` where the others stand."""
        waiting = iter(lines)
        while part := list(islice(waiting, BATCH)):
            here = self._log.records.states({str(line[0]): revision.table for line in part})
            again |= {uid: state for uid, state in here.items() if revision.rid not in state.base}
            yield from (line for line in part if line[0] not in here)

    def _note_import(self, revision: Revision) -> None:
        patch = revision.fields()
        row = (revision.rid, revision.table, patch["dataset"], int(patch["rows"]), str(patch.get("source", "")))
        self._db.execute("INSERT INTO _import VALUES (?, ?, ?, ?, ?)", row)
        self._bulk_tables.add(revision.table)

    def _load_dataset(self, revision: Revision) -> bool:
        """Put the rows of somebody's import into the table; False while their file is not here."""
        path = self.media.path(str(revision.fields()["dataset"]))
        if path is None or revision.table not in self._rows.tables:
            return False
        names, lines = bulk.decode(path, set(self._rows.columns(revision.table)))
        self._put_in(revision, names, lines)
        return True


def _scope_in(values: Mapping[str, Value]) -> int:
    community = values.get("community_uid")
    return scope_of(str(community)) if community else 0
