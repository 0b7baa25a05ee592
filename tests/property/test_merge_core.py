"""The laws of the pure merge: order, duplicates and grouping do not matter, and conflicts are exactly the true ones."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from fieldsurvey.model import merge
from fieldsurvey.model.merge import DELETED, State, Status
from fieldsurvey.model.revision import NO_CHAIN, SEQ_BITS, Kind, Revision, dump
from fieldsurvey.store.entries import ValueOf
from tests.property.reference import World, Write

GROUP = frozenset({"has_lift", "lift_count"})
GROUPS = dict.fromkeys(GROUP, GROUP)
REGISTERS = {"lift": ("has_lift", "lift_count"), "name": ("name",), "floors": ("floors",)}
FIELDS = tuple(name for names in REGISTERS.values() for name in names)
UID = "0" * 32

actions = st.sampled_from(
    ["update", "update", "update", "again", "resolve", "delete", "undelete", "approve", "exchange", "exchange"]
)
scripts = st.lists(
    st.tuples(st.integers(0, 2), actions, st.sampled_from(sorted(REGISTERS)), st.integers(0, 5), st.integers(0, 50)),
    min_size=1,
    max_size=18,
)
Script = list[tuple[int, str, str, int, int]]


@dataclass
class Replica:
    """Revisions that are here and applied, and those that wait; like Log, in memory."""

    origin: int
    state: State | None = None
    known: dict[int, Revision] = field(default_factory=dict)
    waiting: dict[int, Revision] = field(default_factory=dict)
    seq: int = 0

    def take(self, revisions: Iterable[Revision]) -> None:
        self.waiting |= {r.rid: r for r in revisions if r.rid not in self.known}
        while ready := [r for r in self.waiting.values() if merge.required(r) <= self.known.keys()]:
            for revision in ready:
                self.state = merge.apply(self.state, revision)
                self.known[revision.rid] = self.waiting.pop(revision.rid)

    def status(self) -> tuple[Status, ValueOf]:
        assert self.state is not None
        value_of = ValueOf(self.known)
        return merge.status(self.state, FIELDS, self.known, value_of), value_of

    def write(self, kind: Kind, patch: dict[str, object] | None, par: str | None, clock: int) -> Revision:
        self.seq += 1
        rid = self.origin << SEQ_BITS | self.seq
        text = None if patch is None else dump(patch)
        revision = Revision(rid, clock, 0, 1, "t", UID, kind, text, par, NO_CHAIN, 0)
        self.take([revision])
        return revision


@dataclass
class Survey:
    """Three replicas and the reference, told of the same acts."""

    replicas: list[Replica]
    world: World

    @classmethod
    def begun(cls) -> "Survey":
        survey = cls([Replica(n + 1) for n in range(3)], World(tuple(REGISTERS)))
        first = survey.replicas[0].write(Kind.CREATE, {}, None, 1)
        survey.world.acts[first.rid] = Write(first.rid, "create", "*", ("unset",), 1)
        for other in survey.replicas[1:]:
            other.take([first])
        return survey

    def act(self, who: int, action: str, register: str, value: int, clock: int) -> None:
        replica, known = self.replicas[who], list(self.replicas[who].known)
        if action == "exchange":
            replica.take(self.replicas[(who + 1) % 3].known.values())
        elif action in {"update", "again", "resolve"}:
            # "again" writes what stands there already: two who agree are no conflict
            self._edit(replica, known, action, register, value, clock)
        elif action == "approve":
            if not self.world.conflicts(known) and not self.world.is_deleted(known):
                self._note(replica, known, Kind.APPROVE, "approved", clock)
        else:
            self._note(replica, known, Kind.DELETE if action == "delete" else Kind.UNDELETE, "deleted", clock)

    def _edit(self, replica: Replica, known: list[int], action: str, register: str, value: int, clock: int) -> None:
        status, value_of = replica.status()
        assert replica.state is not None
        shown = {name: value_of(status.winners[name], name) for name in REGISTERS[register]}
        names = REGISTERS[register]
        patch = shown if action == "again" else {**shown, names[value % len(names)]: value}
        seen = replica.state
        live = self.world.live(known, register)
        if action != "resolve":
            seen = merge.ordinary(seen, patch, status.winners, value_of, GROUPS)
            on_screen = self.world.value(self.world.shown(known, register), register)
            live = {n for n in live if self._said(n, register) == self._plain(on_screen, register)}
        kind = Kind.RESOLVE if action == "resolve" else Kind.UPDATE
        revision = replica.write(kind, dict(patch), merge.parents_for_edit(seen, patch), clock)
        said = tuple(patch[name] for name in REGISTERS[register])
        kind_name = "resolve" if action == "resolve" else "update"
        self.world.acts[revision.rid] = Write(revision.rid, kind_name, register, said, clock, frozenset(live))

    def _said(self, number: int, register: str) -> tuple[object, ...]:
        return self._plain(self.world.value(number, register), register)

    @staticmethod
    def _plain(value: tuple[object, ...], register: str) -> tuple[object, ...]:
        return tuple(None for _name in REGISTERS[register]) if value == ("unset",) else value

    def _note(self, replica: Replica, known: list[int], kind: Kind, register: str, clock: int) -> None:
        assert replica.state is not None
        by_kind = {Kind.APPROVE: merge.parents_for_approval}
        par = by_kind.get(kind, merge.parents_for_delete)(replica.state)
        saw = self.world.everything(known) | self.world.live(known, "deleted") | self.world.live(known, register)
        names = {Kind.APPROVE: "approve", Kind.DELETE: "delete", Kind.UNDELETE: "undelete"}
        revision = replica.write(kind, None, par, clock)
        self.world.acts[revision.rid] = Write(revision.rid, names[kind], register, (), clock, frozenset(saw))


def _played(script: Script) -> Survey:
    survey = Survey.begun()
    for step in script:
        survey.act(*step)
    return survey


def _true_conflicts(survey: Survey, known: Iterable[int]) -> set[str]:
    """Return the fields that differ between live writes, by the reference."""
    found: set[str] = set()
    known = list(known)
    for register, names in REGISTERS.items():
        said = [survey._said(n, register) for n in survey.world.live(known, register)]
        found |= {name for index, name in enumerate(names) if len({value[index] for value in said}) > 1}
    return found | ({DELETED} if "deleted" in survey.world.conflicts(known) else set())


@settings(max_examples=300, deadline=None)
@given(scripts)
def test_conflicts_deletes_and_approvals_are_exactly_the_true_ones(script: Script) -> None:
    """Precision and recall 1.0, at every replica, after every step: also of what is shown meanwhile."""
    survey = Survey.begun()
    for step in script:
        survey.act(*step)
        for replica in survey.replicas:
            known = list(replica.known)
            status, _value_of = replica.status()
            assert set(status.conflicts) == _true_conflicts(survey, known)
            assert status.deleted == survey.world.is_deleted(known)
            assert (status.approval is not None) == survey.world.is_approved(known)
            for register, names in REGISTERS.items():
                assert {status.winners[name] for name in names} == {survey.world.shown(known, register)}


@settings(max_examples=200, deadline=None)
@given(scripts, st.randoms(use_true_random=False))
def test_order_and_duplicates_do_not_matter(script: Script, chance: random.Random) -> None:
    everything = _union(_played(script))
    straight, shuffled = Replica(9), Replica(9)
    straight.take(everything)
    pieces = [*everything, *everything]
    chance.shuffle(pieces)
    for start in range(0, len(pieces), 3):
        shuffled.take(pieces[start : start + 3])
    assert shuffled.state == straight.state
    assert shuffled.status()[0] == straight.status()[0]
    assert shuffled.waiting == {}


@settings(max_examples=200, deadline=None)
@given(scripts, st.integers(0, 40), st.integers(0, 40))
def test_it_does_not_matter_who_meets_whom_first(script: Script, one: int, other: int) -> None:
    """(A + B) + C = A + (B + C), also where a part lacks its parents."""
    everything = _union(_played(script))
    cuts = sorted((one % (len(everything) + 1), other % (len(everything) + 1)))
    a, b, c = everything[: cuts[0]], everything[cuts[0] : cuts[1]], everything[cuts[1] :]
    left, right, between = Replica(9), Replica(9), Replica(9)
    left.take([*a, *b])
    left.take(c)
    between.take([*c, *b])
    right.take([*between.known.values(), *between.waiting.values()])
    right.take(a)
    assert left.state == right.state


@settings(max_examples=200, deadline=None)
@given(scripts)
def test_no_value_goes_unseen(script: Script) -> None:
    """Each written value is live, or was replaced by someone who had it on the screen, or decided over it."""
    survey = _played(script)
    everything = _union(survey)
    whole = Replica(9)
    whole.take(everything)
    assert whole.state is not None
    for revision in everything:
        for name in revision.fields():
            if revision.rid not in whole.state.heads(name):
                assert any(revision.rid in survey.world.acts[later.rid].saw for later in everything)


def _union(survey: Survey) -> list[Revision]:
    return list({rid: r for replica in survey.replicas for rid, r in replica.known.items()}.values())


def test_an_approval_ends_by_itself_when_an_unseen_edit_arrives() -> None:
    survey = Survey.begun()
    survey.act(1, "update", "name", 7, 5)
    survey.act(0, "approve", "name", 0, 6)
    assert survey.replicas[0].status()[0].approval is not None
    survey.act(0, "exchange", "name", 0, 7)
    assert survey.replicas[0].status()[0].approval is None


def test_moves_to_different_areas_are_no_conflict_and_the_newest_shows() -> None:
    replica = Replica(1)
    replica.write(Kind.CREATE, {}, None, 1)
    base = replica.state
    assert base is not None
    for origin, clock, area in ((2, 30, 77), (3, 20, 88)):
        other = Replica(origin, base, dict(replica.known))
        replica.take(
            [other.write(Kind.UPDATE, {merge.SCOPE: area}, merge.parents_for_edit(base, [merge.SCOPE]), clock)]
        )
    status, _value_of = replica.status()
    assert (status.scope, dict(status.conflicts)) == (77, {})


def test_a_state_survives_storage() -> None:
    state = State("t", 5, (1, 2), {"name": (3,)}, (4,), (6,))
    again = merge.state_from_json("t", 5, *merge.state_to_json(state), dump(list(state.approvals)))
    assert again == replace(state)
