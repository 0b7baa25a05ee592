"""The merge: pure functions, the same for every engine and carrier.

A replica's data is a set of revisions. The visible record, its conflicts and
its deletion are a function of that set, so order, duplicates and route cannot
matter. A revision names the versions (heads) its author saw; a field whose
heads do not descend from one another is in conflict, all values are kept, and
only a resolving revision, made by a person to whom the rivals were shown,
supersedes more than one. Clocks only choose what is shown meanwhile.

An approval names every version that the approver saw. It holds exactly as long
as there is no other: an edit from elsewhere that nobody showed the approver
ends it without anyone having to notice.

Columns of one merge group (`Column.group`) are one register: whoever writes
one of them writes all, so their versions stay together, and which columns
belong together need not be known by those who only pass a revision on.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fieldsurvey.model.revision import SEQ_BITS, Kind, Revision, dump, load

Heads = tuple[int, ...]
AUTOMATIC = frozenset({"saved_at"})  # written by the program at each save: the latest stands, nobody has to choose
DELETED = "_deleted"  # the pseudo field of a delete that met an edit it had not seen
RULES = "_rules"  # the pseudo field of edits that agree one by one but together break a rule of the form
SCOPE = "fs_scope"  # the reserved field of an update that moves a record to another area
UNDISPUTED = AUTOMATIC | {SCOPE}
Groups = Mapping[str, frozenset[str]]  # field -> the fields of its merge group, itself included
_NO_GROUPS: Groups = {}
_UNSEEN: tuple[Heads, Mapping[str, Heads]] = ((), {})  # of an edit that names no versions


@dataclass(frozen=True, slots=True)
class State:
    """Where a record stands.

    Attributes:
        table: Its table.
        scope: Its area.
        base: Revisions that made it; heads of every field not in `over`.
        over: Heads of the fields edited since.
        deletes: Heads of the delete register.
        approvals: Heads of the approval register.
    """

    table: str
    scope: int
    base: Heads
    over: Mapping[str, Heads] = field(default_factory=dict)
    deletes: Heads = ()
    approvals: Heads = ()

    def heads(self, name: str) -> Heads:
        """Return the live versions of a field."""
        return self.over.get(name, self.base)

    def live(self) -> frozenset[int]:
        """Return every live version of any field."""
        return frozenset(self.base).union(*self.over.values())


@dataclass(frozen=True, slots=True)
class Status:
    """What to show of a record.

    Attributes:
        winners: Field -> the version shown.
        conflicts: Field -> rival versions with differing values.
        deleted: True when every live version was seen by a delete.
        approval: The approval that saw everything there is; None if there is none, or a conflict is open.
        scope: Area the record belongs to now.
    """

    winners: Mapping[str, int]
    conflicts: Mapping[str, Heads]
    deleted: bool
    approval: int | None = None
    scope: int = 0


def parents_for_edit(seen: State, names: Iterable[str]) -> str:
    """Return `par` of an update or a resolve: the heads of the named fields as the author saw them.

    It is [heads, {field: heads}]: the heads that most of the fields have, and those of the others.
    """
    heads = {name: seen.over.get(name, seen.base) for name in sorted(names)}
    found = Counter(heads.values())
    most = max(found, key=found.__getitem__, default=seen.base)
    return dump([most, {name: each for name, each in heads.items() if each != most}])


def parents_for_delete(seen: State) -> str:
    """Return `par` of a delete or undelete: every live head the author saw, and the delete register."""
    return dump({"saw": sorted(seen.live()), "del": list(seen.deletes)})


def parents_for_approval(seen: State) -> str:
    """Return `par` of an approval: every live head the approver saw, and the delete and approval registers."""
    return dump({"saw": sorted(seen.live()), "del": list(seen.deletes), "app": list(seen.approvals)})


def parents_for_withdrawal(seen: State) -> str:
    """Return `par` of an approval that sees nothing: it takes the place of those before and covers nothing."""
    return dump({"saw": [], "del": list(seen.deletes), "app": list(seen.approvals)})


def required(revision: Revision) -> frozenset[int]:
    """Return the revisions that must be applied before this one."""
    par = revision.parents()
    return frozenset() if par is None else named(par)


def named(par: Any) -> frozenset[int]:  # noqa: ANN401 - JSON
    """Return the versions that a `par` names."""
    if isinstance(par, dict):
        return frozenset(par["saw"]).union(par["del"], par.get("app", ()))
    return frozenset(par[0]).union(*par[1].values())


def apply(state: State | None, revision: Revision) -> State:
    """Return the record after a revision whose parents were applied before.

    Raises:
        ValueError: If the record does not exist and the revision does not make it.
    """
    if revision.kind is Kind.CREATE:
        return _created(state, revision)
    if state is None:
        raise ValueError(f"revision {revision.rid} edits a record that nothing made")
    if revision.kind in {Kind.UPDATE, Kind.RESOLVE}:
        return _edited(state, revision)
    par = revision.parents()
    if revision.kind is Kind.APPROVE:
        return replace(state, approvals=_after(state.approvals, par["app"], revision.rid))
    return replace(state, deletes=_after(state.deletes, par["del"], revision.rid))


def _created(state: State | None, revision: Revision) -> State:
    if state is None:
        return State(revision.table, revision.scope, (revision.rid,))
    return made_again(state, revision.rid)


def made_again(state: State, rid: int) -> State:
    """Return a record after something made it once more: another create, or an import that has its row.

    Nobody who made it saw the other, so what they gave it stands side by side.
    """
    over = {name: _with(heads, rid) for name, heads in state.over.items()}
    return replace(state, base=_with(state.base, rid), over=over)


def _with(heads: Heads, rid: int) -> Heads:
    return tuple(sorted({*heads, rid}))


def _after(heads: Heads, seen: Sequence[int], rid: int) -> Heads:
    """Return a register after a revision that saw some of its heads."""
    return _with(tuple(set(heads).difference(seen)), rid)


def _edited(state: State, revision: Revision) -> State:
    most, others, *_check = revision.parents() or _UNSEEN
    base, over, rid = state.base, dict(state.over), revision.rid
    alone = (rid,)
    for name in revision.fields():
        heads, seen = over.get(name, base), others.get(name, most)
        over[name] = alone if len(heads) == 1 and heads[0] in seen else _after(heads, seen, rid)
    return State(state.table, state.scope, state.base, over, state.deletes, state.approvals)


def status(
    state: State, names: Iterable[str], known: Mapping[int, Revision], value_of: Callable[[int, str], Any]
) -> Status:
    """Return what to show of the named fields.

    Args:
        state: The record.
        names: Fields of interest.
        known: The revisions that are heads of those fields, of SCOPE, or of the delete and approval registers;
            of a record made twice, also its base.
        value_of: Value of a field in a version, for comparing rivals.
    """
    winners: dict[str, int] = {}
    conflicts: dict[str, Heads] = {}
    over, base = state.over, state.base
    for name in names:
        heads = over.get(name, base)
        if len(heads) == 1:
            winners[name] = heads[0]
            continue
        winners[name] = max(heads, key=lambda rid: _rank(rid, known))
        if name not in UNDISPUTED and any(value_of(rid, name) != value_of(heads[0], name) for rid in heads[1:]):
            conflicts[name] = heads
    deleted = False
    if state.deletes:
        deleted, rivals = _deletion(state, known)
        if rivals:
            conflicts[DELETED] = rivals
    approval = None if deleted or conflicts or not state.approvals else _approval(state, known)
    return Status(winners, conflicts, deleted, approval, _scope(state, known, value_of))


def _approval(state: State, known: Mapping[int, Revision]) -> int | None:
    """Return the newest approval that saw every live version and every delete and undelete."""
    covering = []
    for rid in state.approvals:
        par = load(known[rid].par or "{}")
        if state.live().issubset(par["saw"]) and set(state.deletes).issubset(par["del"]):
            covering.append(rid)
    return max(covering, key=lambda rid: _rank(rid, known), default=None)


def _scope(state: State, known: Mapping[int, Revision], value_of: Callable[[int, str], Any]) -> int:
    """Return the area: where the newest move put the record. A rival move is no conflict, its column shows one."""
    moves = state.over.get(SCOPE) or (state.base if len(state.base) > 1 else ())
    newest = max(moves, key=lambda rid: _rank(rid, known), default=0)
    if newest not in known:
        return state.scope
    moved_to = value_of(newest, SCOPE)  # None: the record was made a second time, in the area of that maker
    return int(known[newest].scope if moved_to is None else moved_to)


def _rank(rid: int, known: Mapping[int, Revision]) -> tuple[int, int]:
    return (known[rid].hlc if rid in known else 0, rid)


def _deletion(state: State, known: Mapping[int, Revision]) -> tuple[bool, Heads]:
    """Say whether the record is gone; else, if a delete met something it had not seen, what stands against what."""
    deletes = [rid for rid in state.deletes if known[rid].kind is Kind.DELETE]
    if not deletes:
        return False, ()
    saw = {head for rid in deletes for head in load(known[rid].par or "{}")["saw"]}
    unseen = state.live() - saw
    undeletes = set(state.deletes) - set(deletes)
    if not unseen and not undeletes:
        return True, ()
    return False, tuple(sorted({*state.deletes, *unseen}))


def ordinary(
    seen: State,
    names: Iterable[str],
    winners: Mapping[str, int],
    value_of: Callable[[int, str], Any],
    groups: Groups = _NO_GROUPS,
) -> State:
    """Return what an ordinary edit may supersede: of rival versions only the shown one and those equal to it.

    An edit typed into a form decides nothing about rivals that the form did
    not show. In a merge group a version is equal only if all its fields are.
    """
    over = dict(seen.over)
    for name in names:
        heads = seen.heads(name)
        if len(heads) > 1 and name not in AUTOMATIC:
            together = groups.get(name, frozenset((name,)))
            shown = {each: value_of(winners[each], each) for each in together if each in winners}
            over[name] = tuple(rid for rid in heads if _is_equal(rid, shown, seen, value_of))
    return replace(seen, over=over)


def _is_equal(rid: int, shown: Mapping[str, Any], seen: State, value_of: Callable[[int, str], Any]) -> bool:
    return all(value_of(rid, name) == value for name, value in shown.items() if rid in seen.heads(name))


def widened(names: Iterable[str], groups: Groups) -> frozenset[str]:
    """Return the fields that must be written together with the named ones."""
    found = frozenset(names)
    return found.union(*(groups[name] for name in found if name in groups)) if groups else found


def origins(state: State) -> frozenset[int]:
    """Return the replicas whose versions stand in the record side by side."""
    return frozenset(rid >> SEQ_BITS for rid in state.live())


def state_to_json(state: State) -> tuple[str, str, str]:
    """Return base, over and deletes as JSON texts for storage; approvals are a plain list of numbers beside them."""
    return dump(state.base), dump(state.over), dump(state.deletes) if state.deletes else "[]"


def state_from_json(table: str, scope: int, base: str, over: str, deletes: str, approvals: str = "[]") -> State:
    """Undo state_to_json."""
    fields = {name: tuple(heads) for name, heads in load(over).items()}
    return State(table, scope, tuple(load(base)), fields, tuple(load(deletes)), tuple(load(approvals)))
