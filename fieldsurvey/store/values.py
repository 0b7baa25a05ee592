"""The values that go in and out of the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fieldsurvey.model.merge import State
from fieldsurvey.model.schema import Value


@dataclass(frozen=True, slots=True)
class Token:
    """The versions a person had on screen; handed back at save, never looked into.

    Attributes:
        state: The versions.
        era: How often numbers had been given anew before; None where that is not known (an old draft).
    """

    state: State
    era: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One visible record.

    Attributes:
        uid: The record.
        table: Its table.
        values: Column -> value; geometry as WKB under "geom".
        token: What was seen.
        conflicts: Fields with rival values.
    """

    uid: str
    table: str
    values: Mapping[str, Value]
    token: Token
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """One of several rival values.

    Attributes:
        rid: The revision that wrote it.
        value: The value; None where the record was deleted.
        actor: Name of the person.
        at_ms: The author's clock, milliseconds since 1970.
        origin: Replica that wrote it.
        clock_off_ms: How far that clock was off, as a hub measured it.
    """

    rid: int
    value: Value
    actor: str
    at_ms: int
    origin: int
    clock_off_ms: int = 0


@dataclass(frozen=True, slots=True)
class Conflict:
    """One field with rival values, "_deleted" for a delete that met an unseen edit, or "_rules".

    Attributes:
        uid: The record.
        table: Its table.
        field: The field; "_rules" for edits that together break a rule of the form.
        versions: The rival versions; for "_rules", those that together break it.
        sentences: For "_rules": what is wrong.
    """

    uid: str
    table: str
    field: str
    versions: tuple[Version, ...]
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved a record, and when.

    Attributes:
        rid: The approving revision.
        actor: Name of the person.
        at_ms: The person's clock, milliseconds since 1970.
        origin: Replica that wrote it.
    """

    rid: int
    actor: str
    at_ms: int
    origin: int


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One edit of one record, for people to read.

    Attributes:
        rid: The revision.
        kind: c created, u changed, d deleted, z brought back, r resolved, a approved, i imported.
        actor: Name of the person.
        at_ms: The author's clock, milliseconds since 1970.
        origin: Replica that wrote it.
        values: Field -> new value.
        old: Field -> the value its author saw before.
        approval: The first approval that covers this edit; None if none does.
        fv: Number of the form version; 0: another program (QGIS) made the edit.
        clock_off_ms: How far the author's clock was off, as a hub measured it.
    """

    rid: int
    kind: str
    actor: str
    at_ms: int
    origin: int
    values: Mapping[str, Value]
    old: Mapping[str, Value] = field(default_factory=dict)
    approval: Approval | None = None
    fv: int = 1
    clock_off_ms: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What a transaction changed, told after its commit."""

    tables: frozenset[str]
    uids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an exchange brought.

    Attributes:
        new: Revisions that were not here before.
        waiting: Revisions that wait for others or for a dataset.
        conflicts: Open conflicts of the project now.
    """

    new: int
    waiting: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class LogCounts:
    """How much the log holds.

    Attributes:
        revisions: Entries.
        waiting: Those that wait for a parent, a dataset or a decision.
        feed: Place of the last entry in the feed.
    """

    revisions: int
    waiting: int
    feed: int


@dataclass(frozen=True, slots=True)
class Peer:
    """What this replica knows of a hub.

    Attributes:
        hub_id: Identity of the hub's data.
        epoch: Changes when the hub was restored from a backup.
        cursor: Place in the hub's feed up to which everything is here.
        acked: Origin -> sequence number up to which the hub has confirmed.
        last_ok_ms: When the last exchange ended well.
    """

    hub_id: str
    epoch: str
    cursor: int
    acked: Mapping[int, int]
    last_ok_ms: int = 0
