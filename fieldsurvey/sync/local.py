"""The way to a replica that is open in the same process: laptop beside laptop, and tests."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from fieldsurvey.store import Blob
from fieldsurvey.store.media import pieces
from fieldsurvey.sync.answering import Replica, chains_of, parcels_of
from fieldsurvey.sync.peers import Heads, Hello, hello_from_json
from fieldsurvey.sync.wire import Parcel

PULL_LIMIT = 2000  # revisions


class LocalCarrier:
    """Asks an answering replica directly. Every request may be repeated without harm."""

    def __init__(self, other: Replica) -> None:
        self._other = other

    def close(self) -> None:
        """Nothing: the other store belongs to somebody else."""

    def hello(self, mine: Hello) -> Hello:
        """Exchange states."""
        return hello_from_json(self._other.hello(mine.as_json()))

    def push(self, batch: bytes, origin: int, first: int, upto: int) -> int:
        """Hand a batch over."""
        del origin, first, upto
        return int(self._other.push(batch)["upto"])

    def finish_push(self) -> None:
        """Nothing: each push was answered after its commit."""

    def pull(self, cursor: int, heads: Heads, areas: Sequence[int] | None) -> Iterator[tuple[Collection[Parcel], int]]:
        """Yield what stands in the other's feed after a place."""
        del heads
        while True:
            parcels, reached = parcels_of(self._other.pull(cursor, PULL_LIMIT, areas))
            if reached == cursor:
                return
            cursor = reached
            yield parcels, cursor

    def chains(self, origin: int, seqs: Sequence[int]) -> list[bytes | None]:
        """Return the other's hashes at these numbers of an origin."""
        return chains_of(self._other.chains({"origin": origin, "seqs": list(seqs)}))

    def missing_blobs(self, blobs: Sequence[Blob]) -> list[Blob]:
        """Announce files; return which of them the other lacks."""
        return self._other.announced(blobs)

    def send_blob(self, blob: Blob, path: Path) -> None:
        """Copy a file."""
        self._other.take_file(blob, path)

    def blobs(self) -> list[Blob]:
        """Return every file the other has."""
        return self._other.files()

    def fetch_blob(self, blob: Blob, part: Path) -> None:
        """Append to a partial file what is still lacking."""
        path = self._other.place(blob.sha256)
        if path is not None:
            with part.open("ab") as out:
                for piece in pieces(path, part.stat().st_size):
                    out.write(piece)
