"""A machine of the simulation: a store in memory, a wrong clock, and what is known outside the file."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldsurvey.model.schema import Column, ColumnType, GeometryType, Table, TableKind
from fieldsurvey.store import Row, Store
from fieldsurvey.store.memory import Contents, MemoryConnection, blank, open_memory
from fieldsurvey.store.replica import MAX_ORIGIN, Profile
from fieldsurvey.sync.answering import Answering, Replica

FIELDS = ("a", "b", "c", "d")
PROJECT = "5" * 32
COMMUNITIES = tuple(f"{number:x}" * 32 for number in (10, 11, 12))
PLACE = Table(
    "place",
    TableKind.ASSET,
    "地点",
    "Place",
    tuple(Column(name, ColumnType.TEXT, name, name) for name in (*FIELDS, "community_uid")),
    GeometryType.POINT,
)
_blank: list[tuple[MemoryConnection, Contents]] = []  # a new project, once it was made
_spare: list["FusedConnection"] = []  # of machines thrown away


class Crash(Exception):
    """The machine stopped at a statement.

    Attributes:
        place: Which machine.
    """

    def __init__(self, place: Path) -> None:
        super().__init__(place.name)
        self.place = place


class FusedConnection(MemoryConnection):
    """A connection that stops the machine before or after a chosen statement.

    Attributes:
        fuse: Statements until then; below zero: never.
        after: Whether that statement is still carried out.
    """

    fuse = -1
    after = False

    def execute(self, sql: str, parameters: Any = ()) -> Any:  # noqa: ANN401 - as Connection has it
        """Run one statement."""
        if self.fuse < 0:
            return super().execute(sql, parameters)
        self._burn()
        found = super().execute(sql, parameters)
        self._burnt()
        return found

    def many(self, sql: str, rows: Any) -> int:  # noqa: ANN401 - as Connection has it
        """Run one statement for many rows."""
        self._burn()
        changed = super().many(sql, rows)
        self._burnt()
        return changed

    def abandon(self) -> None:
        """Leave the file as a program does that is killed: what was not committed is gone."""
        self.fuse, self._depth = -1, 0
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")

    def _burn(self) -> None:
        self.fuse -= self.fuse >= 0
        if self.fuse == 0 and not self.after:
            self.fuse = -1
            raise Crash(self.path)

    def _burnt(self) -> None:
        if self.fuse == 0:
            self.fuse = -1
            raise Crash(self.path)


class Memory(Profile):
    """The user's folder of a machine."""

    def __init__(self, rng: random.Random, kept: dict[str, Any] | None = None) -> None:
        self._rng, self.kept = rng, dict(kept or {})

    def new_origin(self) -> int:
        """Return a number by chance."""
        return self._rng.randint(1, MAX_ORIGIN)

    def notes(self) -> dict[str, Any]:
        """Return every note."""
        return self.kept

    def write(self, notes: dict[str, Any]) -> None:
        """Replace the notes."""
        self.kept = notes


@dataclass(frozen=True)
class Copy:
    """A disk as it was."""

    contents: Contents
    notes: dict[str, Any]


@dataclass
class Site:
    """A machine.

    Attributes:
        path: Where its file would lie; its photos do lie beside it.
        kind: "hub" or "laptop".
        clock: Its clock, ms.
        memory: Its user's folder.
        forms: Forms that stand open on its screen, each with the rival values listed beside it.
        copies: Backups of its disk.
    """

    path: Path
    kind: str
    clock: Callable[[], int]
    memory: Memory
    connection: FusedConnection
    forms: list[tuple[Row, frozenset[str]]] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reopen()

    def answering(self) -> Replica:
        """Return whoever answers here when another machine asks."""
        return Answering(self.store, self.kind)

    def reopen(self) -> None:
        """Start the program again on the file."""
        self.connection.abandon()
        self.forms.clear()
        self.store: Store = open_memory(self.connection, self.clock, self.memory)

    def copy(self) -> Copy:
        """Return the disk as it is now."""
        return Copy(self.connection.contents(), dict(self.memory.kept))

    def back_up(self) -> None:
        """Keep a copy of the disk."""
        self.copies = [*self.copies[-1:], self.copy()]

    def put_back(self, copy: Copy, *, with_notes: bool) -> None:
        """Put the file back to an older state; with the notes, the whole disk."""
        self.connection.abandon()
        self.connection.put(copy.contents)
        if with_notes:
            self.memory.kept = dict(copy.notes)
        self.reopen()

    @contextmanager
    def at_risk(self, statements: int, *, after: bool) -> Iterator[None]:
        """Let the machine stop at a statement, if it gets there."""
        self.connection.fuse, self.connection.after = statements, after
        try:
            yield
        finally:
            self.connection.fuse = -1

    def close(self) -> None:
        """Throw the machine away."""
        self.connection.abandon()
        _spare.append(self.connection)


def new_site(path: Path, kind: str, clock: Callable[[], int], rng: random.Random) -> Site:
    """Return a machine with an empty project."""
    if not _blank:
        empty = blank([PLACE], project=PROJECT)
        _blank.append((empty, empty.contents()))
    source, contents = _blank[0]
    connection = _spare.pop() if _spare else FusedConnection(path, source)
    connection.path = path
    connection.put(contents)
    memory = Memory(rng)
    connection.put_meta("origin", memory.new_origin())
    connection.put_meta("epoch", f"{memory.new_origin():016x}")
    return Site(path, kind, clock, memory, connection)
