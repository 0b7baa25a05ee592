"""What two replicas tell each other before they exchange anything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fieldsurvey.store import Blob, Store
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

    def as_json(self) -> dict[str, Any]:
        """Return the state as JSON can hold it."""
        return {
            "project": self.project, "name": self.name, "crs": self.crs, "hub": self.hub_id, "epoch": self.epoch,
            "heads": {str(origin): [upto, chain.hex()] for origin, (upto, chain) in self.heads.items()},
            "tables": list(self.tables), "actors": [list(actor) for actor in self.actors],
            "kind": self.kind, "forks": list(self.forks),
        }  # fmt: skip


def hello_from_json(raw: Mapping[str, Any]) -> Hello:
    """Undo Hello.as_json.

    Raises:
        KeyError, ValueError, TypeError: If it is something else.
    """
    heads = {int(origin): (int(upto), bytes.fromhex(chain)) for origin, (upto, chain) in raw["heads"].items()}
    actors = [(int(number), str(login), str(name)) for number, login, name in raw["actors"]]
    tables = [str(table) for table in raw["tables"]]
    return Hello(
        str(raw["project"]),
        str(raw["name"]),
        str(raw["crs"]),
        str(raw["hub"]),
        str(raw["epoch"]),
        heads,
        tables,
        actors,
        str(raw.get("kind", "hub")),
        [int(origin) for origin in raw.get("forks", [])],
    )


def hello_of(store: Store, kind: str = "laptop", forks: Sequence[int] = ()) -> Hello:
    """Return the state of a store."""
    return Hello(
        store.project, store.name, store.crs, f"{store.project}:{store.origin}", store.epoch, store.version_vector(),
        store.table_definitions(), store.actors(), kind, forks,
    )  # fmt: skip


class Carrier(Protocol):
    """A way to another replica."""

    def hello(self, mine: Hello) -> Hello:
        """Exchange states."""

    def missing_blobs(self, blobs: Sequence[Blob]) -> list[Blob]:
        """Return which files the other side lacks."""

    def send_blob(self, blob: Blob, path: Path) -> None:
        """Send a file, going on where an earlier try stopped."""

    def push(self, batch: bytes, origin: int, upto: int) -> int:
        """Send a batch; return how far the other side has this origin on its disk now."""

    def finish_push(self) -> None:
        """Make sure that what was pushed is whole on the other side."""

    def pull(self, cursor: int, heads: Heads, areas: Sequence[int] | None) -> Iterator[tuple[list[Parcel], int]]:
        """Yield what the other side has of these areas (None: all) and we lack, with the place reached in its feed."""

    def chains(self, origin: int, seqs: Sequence[int]) -> list[bytes | None]:
        """Return the other side's hashes at these numbers of an origin, None where it has none."""

    def blobs(self) -> list[Blob]:
        """Return every file the other side has."""

    def fetch_blob(self, blob: Blob, part: Path) -> None:
        """Append to a partial file what is still lacking."""

    def close(self) -> None:
        """Let go of the connection."""
