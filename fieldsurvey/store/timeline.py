"""What was, and how to have it back: history, points in time, undo. Nothing here changes the past."""

import json
from collections.abc import Mapping
from dataclasses import replace

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model import merge
from fieldsurvey.model.merge import SCOPE, Heads, State
from fieldsurvey.model.revision import SEQ_BITS, SEQ_MASK, Kind, Revision, dump, unwrap, wrap
from fieldsurvey.model.schema import Value
from fieldsurvey.store import locking
from fieldsurvey.store.editing import Editing
from fieldsurvey.store.past import Past, causal, seen_heads
from fieldsurvey.store.values import Approval, HistoryEntry, Row, Token
from fieldsurvey.store.witness import Witness

_STEPS_BACK = 2000  # own revisions among which undo looks for the last step
_INVERSE = {Kind.CREATE: Kind.DELETE, Kind.DELETE: Kind.UNDELETE, Kind.UNDELETE: Kind.DELETE}


class Timeline(Editing, Witness):
    """The part of a Store that looks back."""

    def history(self, uid: str) -> list[HistoryEntry]:
        """Return the edits of a record, oldest first; the import that brought it comes first."""
        past = self._past(uid)
        names = {row[0]: row[2] or row[1] for row in self._db.rows("SELECT id, login, name FROM _actor")}
        covering = past.covering()
        found: list[HistoryEntry] = []
        for revision in [*past.imports.values(), *past.revisions]:
            approval = covering.get(revision.rid)
            values = {} if revision.kind is Kind.IMPORT else revision.fields()
            found.append(
                HistoryEntry(
                    revision.rid,
                    str(revision.kind),
                    names.get(revision.actor, ""),
                    revision.at_ms,
                    revision.origin,
                    {name: unwrap(value) for name, value in values.items() if name != SCOPE},
                    {name: value for name, value in past.before(revision).items() if name != SCOPE},
                    _approval(approval, names) if approval else None,
                    revision.fv,
                    self.clock_off_ms(revision.rid),
                )
            )
        return found

    def own_revisions(self, since_ms: int, until_ms: int) -> list[Revision]:
        """Return what was written on this laptop between two moments of its clock, in the order of writing."""
        first = self._log.origin << SEQ_BITS
        sql = "SELECT rid FROM _rev WHERE rid > ? AND rid <= ? AND hlc >> 16 >= ? AND hlc >> 16 < ? ORDER BY rid"
        parameters = (first, first | SEQ_MASK, since_ms, until_ms)
        rids = [row[0] for row in self._db.rows(sql, parameters)]
        found = self._log.revisions(rids)
        return [found[rid] for rid in rids]

    def _past(self, uid: str, when_ms: int | None = None) -> Past:
        """Return a record up to a moment of its authors' clocks; None: until now."""
        now = self._log.state(uid)
        base = {} if now is None else self._log.revisions(now.base)
        imports = {r.rid: r for r in base.values() if r.kind is Kind.IMPORT and (when_ms is None or r.at_ms <= when_ms)}
        until = [r for r in self._log.of_record(uid, applied=True) if when_ms is None or r.at_ms <= when_ms]
        revisions = causal(until, imports.__contains__)
        state = State(now.table, now.scope, tuple(sorted(imports))) if now and imports else None
        for revision in revisions:
            state = merge.apply(state, revision)
        return Past(uid, revisions, imports, self._log.records.imported, state)

    def record_at(self, uid: str, when_ms: int) -> Row | None:
        """Return a record as it was at a moment, milliseconds since 1970; None if it was not there.

        The moment is one of the authors' clocks. What an edit had seen counts
        as done before it, however wrong a clock was.
        """
        past = self._past(uid, when_ms)
        if past.state is None:
            return None
        names = self._rows.columns(past.state.table)
        status = past.status(names)
        if status.deleted:
            return None
        return Row(uid, past.state.table, past.values(names), Token(past.state), tuple(sorted(status.conflicts)))

    def days(self) -> list[tuple[int, int]]:
        """Return the last moment, milliseconds since 1970, and the number of edits of each day, newest day first."""
        sql = (
            "SELECT max(hlc >> 16), count(*) FROM _rev "
            "GROUP BY date((hlc >> 16) / 1000, 'unixepoch', 'localtime') ORDER BY 1 DESC"
        )
        return [(int(when), int(edits)) for when, edits in self._db.rows(sql)]

    def last_given(self, field: str) -> dict[str, int]:
        """Return, for each text that edits gave to a field, the last moment at which one did."""
        sql = (
            "SELECT json_extract(patch, '$.' || ?), max(hlc >> 16) FROM _rev "
            "WHERE kind IN ('c', 'u') AND instr(patch, ?) GROUP BY 1"
        )
        rows = self._db.rows(sql, (field, f'"{field}"'))
        return {str(value): int(when) for value, when in rows if isinstance(value, str)}

    def restore(self, uid: str, when_ms: int) -> None:
        """Make a record what it was at a moment, by new revisions: what came since stays in its history.

        Raises:
            InputRefused: If it did not exist yet.
        """
        past = self._past(uid, when_ms)
        if past.state is None:
            raise InputRefused(_("This record did not exist yet at that time."))
        was = self.record_at(uid, when_ms)
        with self.transaction():
            state = self._existing(uid)
            locking.refuse_delete(self._rows, state.table, uid)
            is_there = not self._log.status(uid, state, ())[0].deleted
            if was is None:
                if is_there:
                    self.delete(uid)
                return
            if not is_there:
                self.undelete(uid)
            self._write_differences(uid, locking.restored(was.values))

    def _write_differences(self, uid: str, values: Mapping[str, Value]) -> None:
        state = self._existing(uid)
        row = self._rows.read(state.table, uid) or {}
        changed = {name: value for name, value in values.items() if row.get(name) != value}
        if changed:
            self._save(uid, state, changed, state, 1)

    # --- undo ----------------------------------------------------------------------------------------------------

    def undo(self) -> list[str]:
        """Take back the last own step that still stands, by new revisions; return the records it touched.

        A step is what one transaction wrote: a form with its repeats goes back as a whole.

        Raises:
            InputRefused: If there is none, or others have built on it since.
        """
        done, _undone = self._steps()
        if not done:
            raise InputRefused(_("There is nothing to undo."))
        return self._take_back(done[-1], redo=False)

    def redo(self) -> list[str]:
        """Do again what the last undo took back; return the records it touched.

        Raises:
            InputRefused: If the last own step was no undo, or others have built on it since.
        """
        _done, undone = self._steps()
        if not undone:
            raise InputRefused(_("There is nothing to do again."))
        return self._take_back(undone[-1], redo=True)

    @property
    def last_own(self) -> int:
        """The newest edit of this laptop; 0 before the first."""
        return self._log.origin << SEQ_BITS | self._log.seq & SEQ_MASK if self._log.seq else 0

    def take_back(self, rid: int) -> list[str]:
        """Take back the step to which one own edit belongs, by new revisions; return the records it touched.

        Raises:
            InputRefused: If it is not an edit of this laptop, or others have built on it since.
        """
        step = self._db.scalar("SELECT step FROM _rev WHERE rid = ?", (rid,))
        if rid >> SEQ_BITS != self._log.origin or step is None:
            raise InputRefused(_("Only a decision made on this laptop can be taken back here. Decide the value anew."))
        done, _undone = self._steps()
        if step not in done:
            raise InputRefused(_("This was taken back already, or it is too long ago."))
        return self._take_back(int(step), redo=False)

    def decisions(self, limit: int = 200) -> list[tuple[int, str, str]]:
        """Return the decisions of conflicts, newest first, as revision, table and record."""
        sql = "SELECT rid, tbl, uid FROM _rev WHERE kind = 'r' ORDER BY hlc DESC, rid DESC LIMIT ?"
        return [(int(rid), table, uid) for rid, table, uid in self._db.rows(sql, (limit,))]

    def _steps(self) -> tuple[list[int], list[int]]:
        """Return the own steps that stand, and the undo steps that could be taken back, oldest first."""
        first = self._log.origin << SEQ_BITS
        sql = "SELECT DISTINCT step FROM _rev WHERE rid > ? AND rid <= ? AND step NOT NULL ORDER BY step"
        seq = self._log.seq
        steps = [row[0] for row in self._db.rows(sql, (first | max(0, seq - _STEPS_BACK), first | seq & SEQ_MASK))]
        undos = {row[0]: row[1:] for row in self._db.rows("SELECT step, undoes, redo FROM _undo")}
        done: list[int] = []
        undone: list[int] = []
        for step in steps:
            if step not in undos:
                done.append(step)
                undone.clear()
            elif undos[step][1]:
                done.append(step)
                if undos[step][0] in undone:  # else it lies further back than is looked
                    undone.remove(undos[step][0])
            else:
                undone.append(step)
                if undos[step][0] in done:
                    done.remove(undos[step][0])
        return done, undone

    def _take_back(self, step: int, *, redo: bool) -> list[str]:
        first = self._log.origin << SEQ_BITS
        sql = "SELECT rid FROM _rev WHERE rid > ? AND rid <= ? AND step = ? ORDER BY rid DESC"
        with self.transaction():
            rids = [row[0] for row in self._db.rows(sql, (first, first | SEQ_MASK, step))]
            revisions = self._log.revisions(rids)
            for rid in rids:
                self._invert(revisions[rid])
            row = (self._log.step, step, int(redo))
            self._db.execute("INSERT INTO _undo VALUES (?, ?, ?)", row)
        return list(dict.fromkeys(revisions[rid].uid for rid in rids))

    def _invert(self, revision: Revision) -> None:
        if revision.kind is Kind.IMPORT:
            raise InputRefused(_("An import cannot be undone. Open a backup, or delete its rows."))
        state = self._existing(revision.uid)
        if revision.kind is Kind.APPROVE:
            self._invert_approval(revision, state)
        elif revision.kind in _INVERSE:
            if any(rid >> SEQ_BITS != revision.origin for rid in state.live() if rid not in self._imports_of(state)):
                raise _others_built_on_it()
            self._bury_or_raise(_INVERSE[revision.kind], revision.uid, None)
        else:
            self._invert_edit(revision, state)

    def _imports_of(self, state: State) -> set[int]:
        return {r.rid for r in self._log.revisions(state.base).values() if r.kind is Kind.IMPORT}

    def _invert_edit(self, revision: Revision, state: State) -> None:
        """Bring back the values an edit replaced. Several rivals that a decision replaced come back as rivals."""
        past = self._past(revision.uid)
        standing = {name: _standing(past, state, revision, name) for name in revision.fields()}
        fields = [name for name, heads in standing.items() if heads]
        if not fields:
            raise _others_built_on_it()
        seen = replace(state, over={**state.over, **standing})
        for patch in _rivals(past, revision, fields):
            par = merge.parents_for_edit(seen, patch)
            arguments = (Kind.UPDATE, state.table, revision.uid, patch, par, state.scope, self._actor[0], revision.fv)
            self._log.append(*arguments)

    def _invert_approval(self, revision: Revision, state: State) -> None:
        if revision.rid not in state.approvals:
            raise _others_built_on_it()
        par = json.loads(revision.par or "{}")
        before = self._log.revisions(par["app"]).values()
        if par["saw"] or not before:
            text = merge.parents_for_withdrawal(state)
        else:
            saw = json.loads(max(before, key=lambda r: (r.hlc, r.rid)).par or "{}")
            text = dump({**saw, "app": [revision.rid]})
        self._log.append(Kind.APPROVE, state.table, revision.uid, None, text, state.scope, self._actor[0])


def _standing(past: Past, state: State, revision: Revision, name: str) -> Heads:
    """Return the versions by which an edit still stands: itself, or own ones that brought its value back."""
    heads = state.heads(name)
    if revision.rid in heads:
        return (revision.rid,)
    value = unwrap(revision.fields()[name])
    own = [rid for rid in heads if rid >> SEQ_BITS == revision.origin and rid > revision.rid]
    return tuple(rid for rid in own if past.value_in(rid, name) == value)


def _rivals(past: Past, revision: Revision, fields: list[str]) -> list[dict[str, object]]:
    """Return one patch per differing set of values that the edit replaced; one, unless it was a decision."""
    heads = {name: sorted(seen_heads(revision, name)) for name in fields}
    rids = sorted({rid for each in heads.values() for rid in each})
    if revision.kind is not Kind.RESOLVE or len(rids) < 2:
        return [{name: _before(past, revision, heads[name], name) for name in fields}]
    found: list[dict[str, object]] = []
    for rid in rids:
        mine = [name for name in fields if rid in heads[name]]
        patch = {name: wrap(past.value_in(rid, name)) for name in mine if name != SCOPE}
        if patch and patch not in found:
            found.append(patch)
    return found


def _before(past: Past, revision: Revision, heads: list[int], name: str) -> object:
    if name != SCOPE:
        return wrap(past.value(heads, name))
    moved = past.value(heads, name)
    return revision.scope if moved is None else moved


def _approval(revision: Revision, names: Mapping[int, str]) -> Approval:
    return Approval(revision.rid, names.get(revision.actor, ""), revision.at_ms, revision.origin)


def _others_built_on_it() -> InputRefused:
    return InputRefused(
        _("Others have gone on from this edit; undoing it would undo theirs. Change the value instead.")
    )
