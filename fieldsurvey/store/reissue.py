"""A line of edits whose numbers somebody else used too is written anew under numbers of its own.

A laptop that was copied, or put back to an older state, may have given away
numbers that its twin gave away too. The twin's line came to the hub first and
keeps the numbers; ours, with everything that was built on it, gets new ones
(SYNC section 5, rules c and d). The new number of a line follows from its
content: every replica that holds the line comes to the same one.

Call everything here inside one transaction.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fieldsurvey.model import lineage, merge
from fieldsurvey.model.merge import State
from fieldsurvey.model.revision import NO_CHAIN, SEQ_BITS, SEQ_MASK, Kind, Revision, dump
from fieldsurvey.model.schema import Value
from fieldsurvey.store import bulk, capture, gpkg
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.log import Log
from fieldsurvey.store.media import Media
from fieldsurvey.store.replica import MAX_ORIGIN
from fieldsurvey.store.rows import Rows

_ALL = 1 << 40


@dataclass
class Plan:
    """What is going to be written anew.

    Attributes:
        cuts: Origin -> last number that stays.
        lines: Origin -> the revisions after it.
        names: Old number -> new number.
    """

    cuts: Mapping[int, int]
    lines: Mapping[int, Sequence[Revision]]
    names: dict[int, int] = field(default_factory=dict)

    def old(self) -> list[Revision]:
        """Return every revision that is written anew."""
        return [revision for line in self.lines.values() for revision in line]


@dataclass(frozen=True, slots=True)
class Renamed:
    """What became of numbers: old number -> new number."""

    names: Mapping[int, int]

    def current(self, state: State, keep: frozenset[int] = frozenset()) -> State:
        """Return what a person saw before, in today's numbers; `keep` are numbers that mean what they say."""
        names = {old: new for old, new in self.names.items() if old not in keep}
        over = {name: _translated(heads, names) for name, heads in state.over.items()}
        base, deletes = _translated(state.base, names), _translated(state.deletes, names)
        approvals = _translated(state.approvals, names)
        return replace(state, base=base, over=over, deletes=deletes, approvals=approvals)

    def as_json(self) -> list[Any]:
        """Return it as JSON can hold it: drafts that stand on old numbers outlive the program."""
        return [list(pair) for pair in self.names.items()]


class Reissue:
    """Writes one forked line anew."""

    def __init__(self, db: Connection, log: Log, rows: Rows, media: Media) -> None:
        self._db, self._log, self._rows, self._media = db, log, rows, media

    def run(self, origin: int, common: int) -> Renamed | None:
        """Give the line of an origin after a number, and what was built on it, numbers of their own.

        Args:
            origin: The number that two replicas used.
            common: How far both lines are the same.

        Returns:
            What was written anew; None if there was nothing to do.
        """
        cuts = self._cuts(origin, common)
        plan = Plan(cuts, {o: line for o, after in cuts.items() if (line := self._log.after(o, after, _ALL))})
        if not plan.lines:
            return None
        self._log.records.forget()  # what it keeps of this transaction is about to change under it
        fresh = self._named(plan)
        bases = self._imported(plan)
        self._strike(plan)
        self._rename_imports(plan)
        for uid, state in bases.items():
            self._refold(uid, state, plan)
        self._log.records.forget()
        self._write(fresh, plan)
        self._compare(bases)
        capture.forget(self._db, list(self._rows.tables))  # what was done to rows here are no edits of QGIS
        return Renamed(plan.names)

    # --- what is concerned ---------------------------------------------------------------------------------------

    def _cuts(self, origin: int, common: int) -> dict[int, int]:
        """Return, per origin, the last number that stays: the fork, and from the first edit on it anybody's.

        Whoever wrote them holds the forked line, too, and comes to the same numbers when he meets the hub.
        """
        cuts = {origin: common}
        everybody = [int(row[0]) for row in self._db.rows("SELECT DISTINCT rid >> ? FROM _rev", (SEQ_BITS,))]
        known = [(r, merge.required(r)) for o in everybody for r in self._log.after(o, 0, _ALL)]
        grown = True
        while grown:
            grown = False
            for revision, needs in known:
                stays = revision.seq <= cuts.get(revision.origin, SEQ_MASK)
                if stays and any((rid & SEQ_MASK) > cuts.get(rid >> SEQ_BITS, SEQ_MASK) for rid in needs):
                    cuts[revision.origin] = revision.seq - 1
                    grown = True
        return cuts

    def _imported(self, plan: Plan) -> dict[str, State]:
        """Return the records concerned as they were before any edit: on their imports, under new names."""
        found: dict[str, State] = {}
        imports = {r.rid for r in plan.old() if r.kind is Kind.IMPORT}
        records = {r.uid for r in plan.old() if r.kind is not Kind.IMPORT}
        for rid in imports:
            like = f"%{rid}%"
            records |= {row[0] for row in self._db.rows("SELECT uid FROM _rec WHERE base LIKE ?", (like,))}
        for uid in sorted(records):
            state = self._log.state(uid)
            if state is not None:
                known = self._log.revisions(state.base)
                base = {plan.names.get(rid, rid) for rid in state.base if rid not in known or known[rid].uid != uid}
                found[uid] = State(state.table, state.scope, tuple(sorted(base)))
        return found

    # --- new names -----------------------------------------------------------------------------------------------

    def _named(self, plan: Plan) -> list[Revision]:
        """Choose numbers until none of them stands for something else already; return the new revisions."""
        step = 0
        while True:
            plan.names = self._names(plan, step)
            fresh = [r for origin in plan.lines for r in _rewritten(plan.lines[origin], plan.names)]
            there = self._log.revisions([r.rid for r in fresh])
            same = all(there[r.rid].chain == r.chain for r in fresh if r.rid in there)
            taken = {r.origin for r in fresh} & {int(row[0]) for row in self._db.rows("SELECT origin FROM _vv")}
            if same and (not taken or there):
                return fresh
            step += 1

    def _names(self, plan: Plan, step: int) -> dict[int, int]:
        names: dict[int, int] = {}
        for line in plan.lines.values():
            digest = hashlib.sha256(b"line" + line[0].chain + bytes([step % 256])).digest()
            number = 1 + int.from_bytes(digest[:4], "big") % MAX_ORIGIN
            names |= {r.rid: number << SEQ_BITS | place for place, r in enumerate(line, 1)}
        return names

    # --- out with the old, in with the new -----------------------------------------------------------------------

    def _strike(self, plan: Plan) -> None:
        old = [(r.rid,) for r in plan.old()]
        for statement in ("_rev", "_feed", "_wait", "_gap"):
            self._db.many(f"DELETE FROM {statement} WHERE rid = ?", old)
        for origin, common in plan.cuts.items():
            upto, chain = self._log.prefix(origin)
            if upto > common:
                chain = self._db.scalar("SELECT chain FROM _rev WHERE rid = ?", (origin << SEQ_BITS | common,))
                self._db.execute("INSERT OR REPLACE INTO _vv VALUES (?, ?, ?)", (origin, common, chain or NO_CHAIN))

    def _is_applied(self, rid: int) -> bool:
        return bool(self._db.scalar("SELECT st FROM _rev WHERE rid = ?", (rid,)))

    def _rename_imports(self, plan: Plan) -> None:
        """Let the rows of an import that was applied stand where they are, under the new name.

        It may be here under that name already: brought by somebody who has settled the same line.
        """
        for revision in plan.old():
            if revision.kind is Kind.IMPORT:
                new = (plan.names[revision.rid], revision.rid)
                table = gpkg.quoted(revision.table)
                self._db.execute(f"UPDATE {table} SET _rev = ? WHERE _rev = ?", new)
                self._db.execute("UPDATE OR REPLACE _import SET rid = ? WHERE rid = ?", new)

    def _refold(self, uid: str, born: State, plan: Plan) -> None:
        """Bring a record to the state that follows from what is left of it."""
        table, base = born.table, born.base
        self._db.execute("DELETE FROM _rec WHERE uid = ?", (uid,))
        self._db.execute("DELETE FROM _conflict WHERE uid = ?", (uid,))
        left = [r for r in self._log.of_record(uid) if self._is_applied(r.rid)]
        state = born if base else None
        for revision in _causal(left):
            state = merge.apply(state, revision)
        self._db.execute("DELETE FROM _tomb WHERE uid = ?", (uid,))
        if state is None:
            self._rows.delete(table, uid)
            return
        values: dict[str, Value] = dict.fromkeys(self._rows.columns(table))
        for rid in base:
            values |= self._dataset_row(rid, uid, plan) or self._rows.read(table, uid) or {}
        if self._rows.update(
            table, [(uid, values, 0)]
        ):  # no row; another number than before and after: no edit of QGIS
            self._rows.insert(table, uid, values, 0)
        self._log.records.materialise(uid, state, self._rows.columns(table))

    def _dataset_row(self, rid: int, uid: str, plan: Plan) -> dict[str, Value]:
        """Return the values that an import gave to a record; nothing while its dataset is not here (a copied file)."""
        olds = [r for r in plan.old() if plan.names[r.rid] == rid] or list(self._log.revisions([rid]).values())
        path = self._media.path(str(olds[0].fields()["dataset"])) if olds else None
        if path is None:
            return {}
        names, lines = bulk.decode(path, set(self._rows.columns(olds[0].table)))
        return next((dict(zip(names, line[1:], strict=True)) for line in lines if line[0] == uid), {})

    def _compare(self, records: Iterable[str]) -> None:
        """Show records that were made more than once as the new line says: it was not there when they were refolded."""
        self._log.records.forget()
        for uid in records:
            state = self._log.state(uid)
            if state is not None and len(state.base) > 1 and state.table in self._rows.tables:
                self._log.records.materialise(uid, state, self._rows.columns(state.table))

    def _write(self, fresh: Sequence[Revision], plan: Plan) -> None:
        there = self._log.revisions([r.rid for r in fresh])
        applied = {plan.names[row[0]] for row in self._db.rows("SELECT rid FROM _import") if row[0] in plan.names}
        applied |= {int(row[0]) for row in self._db.rows("SELECT rid FROM _import")}
        new = [r for r in fresh if r.rid not in there]
        self._log.add_line([r for r in new if r.rid in applied], applied=True)
        pending = [r for r in new if r.rid not in applied]
        self._log.add_line(pending, applied=False)
        self._log.settle(pending)


def _translated(heads: merge.Heads, names: Mapping[int, int]) -> merge.Heads:
    return tuple(sorted({names.get(rid, rid) for rid in heads}))


def renamed_from_json(raw: list[Any]) -> Renamed:
    """Undo Renamed.as_json."""
    return Renamed({int(old): int(new) for old, new in raw})


def _rewritten(line: Sequence[Revision], names: Mapping[int, int]) -> list[Revision]:
    """Return a line under new names, chained from its beginning."""
    found: list[Revision] = []
    chain = NO_CHAIN
    for revision in line:
        par = None if revision.par is None else dump(_renamed(lineage.without_check(json.loads(revision.par)), names))
        found.append(replace(revision, rid=names[revision.rid], par=par).after(chain))
        chain = found[-1].chain
    return found


def _renamed(par: Any, names: Mapping[int, int]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(par, list):
        return [_renamed(item, names) for item in par]
    if isinstance(par, dict):
        return {key: _renamed(value, names) for key, value in par.items()}
    return names.get(par, par)


def _causal(revisions: Sequence[Revision]) -> list[Revision]:
    """Return revisions of one record so that each stands behind its parents."""
    pending = {r.rid: r for r in revisions}
    ordered: list[Revision] = []
    while pending:
        ready = [r for r in pending.values() if not merge.required(r) & (pending.keys() - {r.rid})]
        ordered += [pending.pop(revision.rid) for revision in ready]
        if not ready:
            break
    return ordered
