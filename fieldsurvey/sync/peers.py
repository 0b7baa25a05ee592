"""What two replicas tell each other before they exchange anything."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from fieldsurvey.clock import now_millis
from fieldsurvey.store import Blob, Store
from fieldsurvey.store.witness import ClockOffset, SignedHead
from fieldsurvey.sync import heads
from fieldsurvey.sync.keys import UNSIGNED, Signature, Signer
from fieldsurvey.sync.wire import Parcel

Heads = Mapping[int, tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Hello:
    """The state of a replica.

    Attributes:
        project: Identity of the project.
        name: Its name.
        crs: Its reference system.
        hub_id: Identity of the replica that answers.
        epoch: Changes when it was restored.
        heads: Origin -> how far its log is known, and the hash there.
        tables: Descriptions of all user tables.
        actors: Persons known.
        kind: "hub" where the numbers of all are complete and a fork is decided; "laptop"; "files".
        forks: Origins whose line here is another than the asker's.
        at_ms: When this was said.
        devices: Devices that the hub knows: (key, algorithm, name, revoked).
        signed_heads: What devices signed of their own logs, as far as the other side may not have it.
        held: Revisions of the asker that a hub holds back, and why.
        clocks: What a hub measured of clocks that were off.
        view: Areas that a hub shows to the asker's account; None: all.
        role: Role of the asker's account; empty where there are no accounts.
        rights: Areas in which that role holds; None: all.
        signature: Of whoever says it. That of a hub over its heads is the acknowledgement of all they cover.
    """

    project: str
    name: str
    crs: str
    hub_id: str
    epoch: str
    heads: Heads
    tables: Sequence[str]
    actors: Sequence[tuple[int, str, str]]
    kind: str = "laptop"
    forks: Sequence[int] = ()
    at_ms: int = 0
    signature: Signature = UNSIGNED
    devices: Sequence[tuple[str, str, str, bool]] = ()
    signed_heads: Sequence[SignedHead] = ()
    held: Sequence[tuple[int, str]] = ()
    clocks: Sequence[ClockOffset] = ()
    view: Sequence[int] | None = None
    role: str = ""
    rights: Sequence[int] | None = None

    def said(self) -> bytes:
        """Return what the signature covers."""
        mine = "".join(f"{o}:{upto}:{chain.hex()};" for o, (upto, chain) in sorted(self.heads.items()))
        devices = "".join(f"{key}:{int(revoked)};" for key, _alg, _name, revoked in self.devices)
        digest = hashlib.sha256((mine + devices).encode()).hexdigest()
        return (
            f"fieldsurvey heads 1|{self.project}|{self.hub_id}|{self.epoch}|{self.kind}|{self.at_ms}|{digest}".encode()
        )

    @property
    def is_signed(self) -> bool:
        """True if it carries a valid signature."""
        return self.signature.covers(self.said())

    def as_json(self) -> dict[str, Any]:
        """Return the state as JSON can hold it."""
        return {
            "project": self.project, "name": self.name, "crs": self.crs, "hub": self.hub_id, "epoch": self.epoch,
            "heads": {str(origin): [upto, chain.hex()] for origin, (upto, chain) in self.heads.items()},
            "tables": list(self.tables), "actors": [list(actor) for actor in self.actors],
            "kind": self.kind, "forks": list(self.forks), "at": self.at_ms, "alg": self.signature.alg,
            "key": self.signature.key, "sig": self.signature.sig, "devices": [list(device) for device in self.devices],
            "signed": heads.as_json(self.signed_heads), "held": [list(entry) for entry in self.held],
            "clocks": [[o.origin, o.seq, o.offset_ms] for o in self.clocks],
            "view": None if self.view is None else list(self.view),
            "role": self.role, "rights": None if self.rights is None else list(self.rights),
        }  # fmt: skip


def hello_from_json(raw: Mapping[str, Any]) -> Hello:
    """Undo Hello.as_json.

    Raises:
        KeyError, ValueError, TypeError: If it is something else.
    """
    known = {int(origin): (int(upto), bytes.fromhex(chain)) for origin, (upto, chain) in raw["heads"].items()}
    actors = [(int(number), str(login), str(name)) for number, login, name in raw["actors"]]
    tables = [str(table) for table in raw["tables"]]
    return Hello(
        str(raw["project"]),
        str(raw["name"]),
        str(raw["crs"]),
        str(raw["hub"]),
        str(raw["epoch"]),
        known,
        tables,
        actors,
        str(raw.get("kind", "hub")),
        [int(origin) for origin in raw.get("forks", [])],
        int(raw.get("at", 0)),
        Signature(str(raw.get("alg", "none")), str(raw.get("key", "")), str(raw.get("sig", ""))),
        [(str(key), str(alg), str(name), bool(revoked)) for key, alg, name, revoked in raw.get("devices", [])],
        heads.from_json(raw.get("signed", [])),
        [(int(rid), str(reason)) for rid, reason in raw.get("held", [])],
        [ClockOffset(int(origin), int(seq), int(offset)) for origin, seq, offset in raw.get("clocks", [])],
        None if raw.get("view") is None else [int(area) for area in raw["view"]],
        str(raw.get("role", "")),
        None if raw.get("rights") is None else [int(area) for area in raw["rights"]],
    )


def hello_of(store: Store, kind: str = "laptop", forks: Sequence[int] = ()) -> Hello:
    """Return the state of a store."""
    return Hello(
        store.project, store.name, store.crs, f"{store.project}:{store.origin}", store.epoch, store.version_vector(),
        store.table_definitions(), store.actors(), kind, forks,
    )  # fmt: skip


def signed(hello: Hello, signer: Signer) -> Hello:
    """Return a hello signed now."""
    said = replace(hello, at_ms=now_millis())
    return replace(said, signature=signer.sign(said.said()))


class Carrier(Protocol):
    """A way to another replica."""

    def hello(self, mine: Hello) -> Hello:
        """Exchange states."""

    def missing_blobs(self, blobs: Sequence[Blob]) -> list[Blob]:
        """Return which files the other side lacks."""

    def send_blob(self, blob: Blob, path: Path) -> None:
        """Send a file, going on where an earlier try stopped."""

    def push(self, batch: bytes, origin: int, first: int, upto: int) -> int:
        """Send a batch of an origin's revisions first … upto; return how far the other side's disk has this origin."""

    def finish_push(self) -> None:
        """Make sure that what was pushed is whole on the other side."""

    def pull(self, cursor: int, heads: Heads, areas: Sequence[int] | None) -> Iterator[tuple[Collection[Parcel], int]]:
        """Yield what the other side has of these areas (None: all) and we lack, with the place reached in its feed."""

    def chains(self, origin: int, seqs: Sequence[int]) -> list[bytes | None]:
        """Return the other side's hashes at these numbers of an origin, None where it has none."""

    def blobs(self) -> list[Blob]:
        """Return every file the other side has."""

    def fetch_blob(self, blob: Blob, part: Path) -> None:
        """Append to a partial file what is still lacking."""

    def close(self) -> None:
        """Let go of the connection."""
