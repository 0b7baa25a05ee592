"""Many revisions at once: in which order they take effect, and where they leave their records. Pure, like the merge."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from fieldsurvey.model import merge
from fieldsurvey.model.merge import SCOPE, State
from fieldsurvey.model.revision import Kind, Revision

_NOBODY: set[int] = set()


def causal(
    revisions: Sequence[Revision],
    applied: AbstractSet[int],
    is_admitted: Callable[[Revision], bool] = lambda _revision: True,
) -> tuple[list[Revision], dict[int, set[int]]]:
    """Return the revisions that can take effect, each behind its parents, and of the others what they wait for.

    One pass over revisions and parents, however long the chains of edits are. An edit stands behind what makes its
    record, too: a parent may be another edit than was meant, under a number that was given away twice.

    Args:
        revisions: None of them applied.
        applied: Those of their parents that are applied.
        is_admitted: Asked of a revision whose turn has come; where it says no, the revision and what follows wait.
    """
    makers = _makers(revisions)
    missing = {r.rid: makers.get(r.uid, _NOBODY) | merge.required(r) - applied for r in revisions}
    for made in makers.values():
        missing.update((rid, set()) for rid in made)
    children: dict[int, list[Revision]] = {}
    for revision in revisions:
        for parent in missing[revision.rid]:
            children.setdefault(parent, []).append(revision)
    queue = sorted((r for r in revisions if not missing[r.rid]), key=lambda r: (r.hlc, r.rid))
    ready: list[Revision] = []
    for revision in queue:  # grows while it is read
        if not is_admitted(revision):
            continue
        ready.append(revision)
        del missing[revision.rid]
        for child in children.get(revision.rid, ()):
            missing[child.rid].discard(revision.rid)
            if not missing[child.rid]:
                queue.append(child)
    return ready, missing


def _makers(revisions: Iterable[Revision]) -> dict[str, set[int]]:
    """Return, per record that is made in these revisions, by which of them."""
    found: dict[str, set[int]] = {}
    for revision in revisions:
        if revision.kind is Kind.CREATE:
            found.setdefault(revision.uid, set()).add(revision.rid)
    return found


@dataclass(slots=True)
class Fold:
    """What revisions make of records.

    Attributes:
        states: Record -> where it stands after them.
        names: Record -> the fields they wrote.
        last: Record -> the last of them.
    """

    states: dict[str, State] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)


def fold(before: Mapping[str, State], revisions: Iterable[Revision]) -> Fold:
    """Apply revisions, in causal order, to the records they belong to."""
    found = Fold()
    for revision in revisions:
        uid = revision.uid
        state = found.states.get(uid) or before.get(uid)
        found.states[uid] = merge.apply(state, revision)
        found.names.setdefault(uid, set()).update(revision.fields())
        found.last[uid] = revision.rid
    return found


def disputed(state: State) -> set[str]:
    """Return the fields that have more than one version."""
    return {name for name, heads in state.over.items() if len(heads) > 1}


def mixed_imports(state: State, known: Mapping[int, Revision]) -> frozenset[int]:
    """Return the imports of a record made more than once whose rows must be read, to compare versions.

    Imports of one dataset gave it the same values: nothing needs to be read while no other version stands beside them.

    Args:
        state: The record.
        known: Its base, at least.
    """
    datasets = {r: known[r].fields()["dataset"] for r in state.base if r in known and known[r].kind is Kind.IMPORT}
    for heads in {state.base, *state.over.values()}:
        if len({datasets.get(rid, rid) for rid in heads}) > 1 and not datasets.keys().isdisjoint(heads):
            return frozenset(datasets)
    return frozenset()


def told_by(state: State, names: Iterable[str]) -> set[int]:
    """Return the revisions that say what to show of the named fields of a record."""
    over, base = state.over, state.base
    found = {rid for name in names for rid in over.get(name, base)}
    found.update(state.deletes, state.approvals, state.over.get(SCOPE, ()))
    return found.union(base) if len(base) > 1 else found
