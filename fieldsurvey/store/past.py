"""The past of one record, worked out from its revisions: pure functions over what the log holds."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fieldsurvey.model import merge
from fieldsurvey.model.merge import State, Status
from fieldsurvey.model.revision import Kind, Revision, unwrap
from fieldsurvey.model.schema import Value
from fieldsurvey.store.entries import ImportedRows, ValueOf, readers


def causal(revisions: Iterable[Revision], there: Callable[[int], bool]) -> list[Revision]:
    """Return revisions so that each stands behind its parents; those whose parents are missing are left out.

    Args:
        revisions: In the order of their clocks.
        there: Says whether a revision that is not among them counts as applied.
    """
    pending = list(revisions)
    own = {revision.rid for revision in pending}
    done: set[int] = set()
    ordered: list[Revision] = []
    while pending:
        left: list[Revision] = []
        for revision in pending:
            needs = merge.required(revision)
            if all(rid in done or (rid not in own and there(rid)) for rid in needs):
                ordered.append(revision)
                done.add(revision.rid)
            else:
                left.append(revision)
        if len(left) == len(pending):
            break
        pending = left
    return ordered


@dataclass(slots=True)
class Past:
    """A record up to some moment.

    Attributes:
        uid: The record.
        revisions: Its revisions, each behind its parents.
        imports: The imports it came from, by number.
        imported: Reads what they gave it.
        state: Where it stands after all of these; None: it was not there yet.
    """

    uid: str
    revisions: Sequence[Revision]
    imports: Mapping[int, Revision]
    imported: ImportedRows
    state: State | None
    _value_of: ValueOf = field(init=False)
    _rows: dict[int, Mapping[str, Value]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._value_of = ValueOf({**self.imports, **{revision.rid: revision for revision in self.revisions}})
        if self.state is not None:
            states = {self.uid: self.state}
            self._value_of = readers(states, self._value_of, self.imported, lambda _table: ()).get(
                self.uid, self._value_of
            )

    def status(self, names: Iterable[str]) -> Status:
        """Return what was shown of the fields."""
        if self.state is None:
            raise ValueError("the record was not there yet")
        wanted = {*names, *(name for name, heads in self.state.over.items() if len(heads) > 1)}
        return merge.status(self.state, sorted(wanted), self._value_of.known, self._value_of)

    def value(self, heads: Iterable[int], name: str) -> Value:
        """Return the value that was shown while these were the versions of a field."""
        known = self._value_of.known
        newest = max(heads, key=lambda rid: (known[rid].hlc if rid in known else 0, rid), default=0)
        return self.value_in(newest, name)

    def value_in(self, rid: int, name: str) -> Value:
        """Return the value that a version gave to a field."""
        if self._value_of.has(rid, name):
            return unwrap(self._value_of(rid, name))
        if rid not in self.imports:
            return None
        if rid not in self._rows:
            self._rows[rid] = self.imported(self.imports[rid], (self.uid,)).get(self.uid, {})
        return self._rows[rid].get(name)

    def values(self, names: Sequence[str]) -> dict[str, Value]:
        """Return the values that were shown."""
        winners = self.status(names).winners
        return {name: self.value_in(winners[name], name) for name in names}

    def before(self, revision: Revision) -> dict[str, Value]:
        """Return what the author of an edit saw in the fields that it changed."""
        if revision.kind not in {Kind.UPDATE, Kind.RESOLVE}:
            return {}
        return {name: self.value(seen_heads(revision, name), name) for name in revision.fields()}

    def covering(self) -> dict[int, Revision]:
        """Return, for each revision that an approver saw or that led to what he saw, the first such approval."""
        found: dict[int, Revision] = {}
        by_rid = {revision.rid: revision for revision in self.revisions}
        for approval in self.revisions:
            if approval.kind is Kind.APPROVE:
                todo = list(json.loads(approval.par or "{}")["saw"])
                while todo:
                    rid = todo.pop()
                    if rid not in found:
                        found[rid] = approval
                        todo += merge.required(by_rid[rid]) if rid in by_rid else ()
        return found


def seen_heads(revision: Revision, name: str) -> Sequence[int]:
    """Return the versions of a field that the author of an edit had on the screen."""
    par = json.loads(revision.par or "[[],{}]")
    found: Sequence[int] = par[1].get(name, par[0])
    return found
