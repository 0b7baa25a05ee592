"""A second, slow account of what a merge means, which shares nothing with fieldsurvey.model.merge but the words.

It keeps, for every write, the plain set of writes whose value its author saw,
and works everything out from these sets each time it is asked. Registers are
merge groups: a conflict is two values, neither of whose authors saw the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Write:
    """One act: of an author who knew some acts, and saw some of them.

    `kind` is create, update, resolve, delete, undelete or approve; `saw` are the writes it
    replaces in its register; for a delete and an approval, everything live that it saw.
    """

    number: int
    kind: str
    register: str
    value: tuple[object, ...]
    clock: int
    saw: frozenset[int] = frozenset()


@dataclass
class World:
    """All acts, and who knows which."""

    registers: tuple[str, ...]
    acts: dict[int, Write] = field(default_factory=dict)

    def live(self, known: Iterable[int], register: str) -> set[int]:
        """Return the writes of a register that no known write replaced."""
        kinds = {"deleted": {"delete", "undelete"}, "approved": {"approve"}}
        acts = [self.acts[n] for n in known]
        wanted = kinds.get(register, {"create", "update", "resolve"})
        here = [a for a in acts if a.kind in wanted and (a.kind == "create" or a.register in {register, "*"})]
        replaced = {n for a in here if a.register == register for n in a.saw}
        return {a.number for a in here} - replaced

    def value(self, number: int, register: str) -> tuple[object, ...]:
        """Return what a write says; a create says nothing of any register."""
        act = self.acts[number]
        return act.value if act.register == register else ("unset",)

    def shown(self, known: Iterable[int], register: str) -> int:
        """Return the live write that is shown."""
        return max(self.live(known, register), key=lambda n: (self.acts[n].clock, n))

    def conflicts(self, known: Iterable[int]) -> set[str]:
        """Return the registers with two live values."""
        known = list(known)
        found = {r for r in self.registers if len({self.value(n, r) for n in self.live(known, r)}) > 1}
        deletes = self._deletes(known)
        if deletes and not self.is_deleted(known):
            found.add("deleted")
        return found

    def is_deleted(self, known: Iterable[int]) -> bool:
        """Say whether everything that lives was seen by a delete that nobody took back."""
        known = list(known)
        live = self.live(known, "deleted")
        deletes = self._deletes(known)
        if not deletes or live != deletes:
            return False
        return self.everything(known) <= set().union(*(self.acts[n].saw for n in deletes))

    def _deletes(self, known: list[int]) -> set[int]:
        return {n for n in self.live(known, "deleted") if self.acts[n].kind == "delete"}

    def everything(self, known: Iterable[int]) -> set[int]:
        """Return the live writes of all registers."""
        known = list(known)
        return {n for n in known if self.acts[n].kind == "create"}.union(*(self.live(known, r) for r in self.registers))

    def is_approved(self, known: Iterable[int]) -> bool:
        """Say whether some approval saw all that lives, deletes and undeletes included."""
        known = list(known)
        if self.conflicts(known) or self.is_deleted(known):
            return False
        now = self.everything(known) | self.live(known, "deleted")
        return any(now <= self.acts[n].saw | self._seen_deletes(n) for n in self.live(known, "approved"))

    def _seen_deletes(self, number: int) -> set[int]:
        return {n for n in self.acts[number].saw if self.acts[n].kind in {"delete", "undelete"}}
