"""What a replica answers when another one asks: the same for a hub over HTTP and for a laptop beside it.

Requests and answers are JSON values and bytes; who carries them is not said here.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from fieldsurvey.errors import InputRefused, SyncError
from fieldsurvey.i18n import _
from fieldsurvey.store import Blob, StaleReplica, Store
from fieldsurvey.store.witness import newer
from fieldsurvey.sync import heads
from fieldsurvey.sync.keys import Signer
from fieldsurvey.sync.peers import Hello, hello_from_json, hello_of, signed
from fieldsurvey.sync.wire import MAX_BATCH, Parcel, decode_parcel, encode, runs

MAX_CHAINS = 5000  # hashes in one request


class Replica(Protocol):
    """Whoever answers, whatever keeps the data."""

    def hello(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Take note of tables and persons; return the own state."""

    def push(self, data: bytes) -> dict[str, Any]:
        """Take a batch in."""

    def pull(self, cursor: int, limit: int, areas: Sequence[int] | None = None) -> dict[str, Any]:
        """Return batches that stand in the feed after a place, and the place reached."""

    def chains(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the hashes at numbers of an origin."""

    def announced(self, blobs: Sequence[Blob]) -> list[Blob]:
        """Take note of files; return those that lack."""

    def take_file(self, blob: Blob, path: Path) -> None:
        """Keep a file."""

    def files(self) -> list[Blob]:
        """Return the files that are here."""

    def place(self, sha256: str) -> Path | None:
        """Return where a file is."""


class Answering:
    """Answers for a store (Replica). Use it in the thread that owns the store."""

    def __init__(self, store: Store, kind: str = "hub", signer: Signer | None = None) -> None:
        self.store, self._kind, self._signer = store, kind, signer

    def hello(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Take note of tables and persons; return the own state and where both lines differ.

        Raises:
            SyncError: If it is not understood.
            InputRefused: If it is about another project.
        """
        theirs = understood(raw)
        if theirs.project and theirs.project != self.store.project:
            raise InputRefused(_("The hub holds another project: {name}.").format(name=self.store.name))
        take_definitions(self.store, theirs)
        take_witness(self.store, theirs)
        self.store.retry_waiting()  # a machine that stopped between file and rows goes on here
        self.store.remember_number()
        if self._signer:
            heads.sign_own(self.store, self._signer)
        told = heads.beyond(self.store.signed_heads(), theirs.heads)
        mine = replace(hello_of(self.store, self._kind, differing(self.store, theirs)), signed_heads=told)
        return (signed(mine, self._signer) if self._signer else mine).as_json()

    def push(self, data: bytes) -> dict[str, Any]:
        """Take a batch in; the answer is given after the commit.

        Raises:
            SyncError: If it is damaged, or forked.
        """
        parcel = decode_parcel(data)
        if self._kind != "hub":
            self.store.refuse_built_elsewhere(parcel.revisions)
        try:
            taken = self.store.ingest(parcel.revisions, parcel.links)
        except StaleReplica:
            self.store.renumber()  # our own later edits come back: this file is an older state of itself
            taken = self.store.ingest(parcel.revisions, parcel.links)
        upto = self.store.version_vector().get(parcel.origin, (0, b""))[0]
        return {"upto": upto, "new": taken.new, "conflicts": taken.conflicts}

    def pull(self, cursor: int, limit: int, areas: Sequence[int] | None = None) -> dict[str, Any]:
        """Return batches that stand in the feed after a place, and the place reached."""
        self.store.remember_number()
        areas = None if areas is None else sorted({0, *areas})  # what belongs to no area concerns everyone
        revisions, reached = self.store.feed_after(cursor, limit, areas)
        while len(revisions) > 1 and sum(len(r.patch or "") + len(r.par or "") for r in revisions) > MAX_BATCH:
            revisions, reached = self.store.feed_after(cursor, len(revisions) // 2, areas)
        batches = []
        for run in runs(revisions):
            link = self.store.link_before(run[0].rid)
            if link is not None:
                batches.append(base64.b64encode(encode(run, link, self._signer)).decode())
        return {"cursor": reached, "batches": batches}

    def announced(self, blobs: Sequence[Blob]) -> list[Blob]:
        """Take note of files; return those that lack. A restored list may not know a file that is on the disk."""
        known = {blob.sha256 for blob in self.store.blobs()}
        with self.store.transaction():
            for blob in blobs:
                if blob.sha256 not in known:
                    self.store.note_blob(blob, have=False)
        return [blob for blob in blobs if self.store.media.path(blob.sha256) is None]

    def take_file(self, blob: Blob, path: Path) -> None:
        """Keep a file, and go on with what waited for it."""
        self.store.media.add_bytes(path.read_bytes(), blob.name, blob.mime)
        self.store.retry_waiting()

    def files(self) -> list[Blob]:
        """Return the files that are here."""
        return [blob for blob in self.store.blobs() if self.store.media.path(blob.sha256) is not None]

    def place(self, sha256: str) -> Path | None:
        """Return where a file is."""
        return self.store.media.path(sha256)

    def chains(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the hashes at numbers of an origin.

        Raises:
            SyncError: If too many are asked for.
        """
        origin, seqs = int(raw["origin"]), [int(seq) for seq in raw["seqs"]]
        if len(seqs) > MAX_CHAINS:
            raise SyncError(_("The request is larger than the hub accepts."))
        found = self.store.chains([(origin, seq) for seq in seqs])
        return {"chains": [None if chain is None else chain.hex() for chain in found]}


def take_definitions(store: Store, theirs: Hello) -> None:
    """Make the tables and columns that are new here, and remember persons; writes only if there is something new."""
    tables = [table for table in theirs.tables if table not in set(store.table_definitions())]
    actors = set(theirs.actors) - set(store.actors())
    if tables or actors:
        with store.transaction():
            for definition in tables:
                store.add_table_definition(definition)
            store.add_actors(sorted(actors))


def take_witness(store: Store, theirs: Hello) -> None:
    """Keep what devices signed of their own logs, and what a hub measured of clocks."""
    store.keep_heads(heads.valid(store.project, newer(theirs.signed_heads, store.signed_heads())))
    store.keep_offsets(theirs.clocks)


def understood(raw: Mapping[str, Any]) -> Hello:
    """Return a hello from outside.

    Raises:
        SyncError: If it is something else.
    """
    try:
        return hello_from_json(raw)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise SyncError(_("This program and the hub do not speak the same language. Update the older one.")) from error


def differing(store: Store, theirs: Hello) -> list[int]:
    """Return the origins whose hash at the other side's end is another one here.

    Hashes, not only counters: two different edits under one number must not pass unseen.
    """
    heads = [(origin, upto, chain) for origin, (upto, chain) in sorted(theirs.heads.items()) if upto and any(chain)]
    mine = store.chains([(origin, upto) for origin, upto, _chain in heads])
    pairs = zip(heads, mine, strict=True)
    return [origin for (origin, _upto, chain), own in pairs if own is not None and own != chain]


def parcels_of(answer: Mapping[str, Any]) -> tuple[list[Parcel], int]:
    """Read the answer to a pull: batches and the place reached.

    Raises:
        SyncError: If a batch is damaged.
    """
    try:
        raw = [base64.b64decode(batch) for batch in answer["batches"]]
        cursor = int(answer["cursor"])
    except (KeyError, ValueError, TypeError) as error:
        raise SyncError(_("There is no hub of this program at this address.")) from error
    return [decode_parcel(data) for data in raw], cursor


def chains_of(answer: Mapping[str, Any]) -> list[bytes | None]:
    """Read the answer to a question for hashes.

    Raises:
        SyncError: If it is something else.
    """
    try:
        return [None if chain is None else bytes.fromhex(chain) for chain in answer["chains"]]
    except (KeyError, ValueError, TypeError) as error:
        raise SyncError(_("There is no hub of this program at this address.")) from error
