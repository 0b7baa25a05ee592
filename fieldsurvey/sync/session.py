"""One exchange: what we have and they lack goes, what they have and we lack comes.

Every step may break off; the next exchange goes on from what is on the disks.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from fieldsurvey.clock import now_millis
from fieldsurvey.errors import InputRefused, SyncError, UsageError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Blob, Fork, Peer, StaleReplica, Store
from fieldsurvey.sync.folder import FileCarrier, FolderCarrier
from fieldsurvey.sync.http import HttpCarrier
from fieldsurvey.sync.package import SUFFIX
from fieldsurvey.sync.peers import Carrier, Hello, hello_of
from fieldsurvey.sync.wire import encode

BATCH = 400  # revisions


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What an exchange did.

    Attributes:
        sent: Revisions confirmed by the other side.
        received: Revisions that were new here.
        blobs_sent, blobs_received: Photos and datasets.
        conflicts: Open conflicts now.
        damaged: Packages that could not be read, each a sentence.
    """

    sent: int = 0
    received: int = 0
    blobs_sent: int = 0
    blobs_received: int = 0
    conflicts: int = 0
    damaged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What an exchange would do: revisions and files that will go, and origins that will come."""

    to_send: int
    to_receive: int
    blobs_to_send: int
    blobs_to_receive: int


def carrier_for(target: str, token: str | None) -> Carrier:
    """Return the way to a target: http(s) URL, folder, or .fsx file.

    Raises:
        UsageError: If the target is empty.
        SyncError: If it does not exist.
    """
    if not target:
        raise UsageError(_("Name a hub: an address, a folder, or a file ending in .fsx."))
    if target.startswith(("http://", "https://")):
        return HttpCarrier(target, token or "")
    path = Path(target)
    return FileCarrier(path) if path.suffix == SUFFIX else FolderCarrier(path)


def sync(store: Store, target: str, *, token: str | None = None, control: JobControl | None = None) -> SyncResult:
    """Exchange with a hub, a folder or a file.

    Raises:
        SyncError: If it broke off or was refused; what was confirmed stays.
        JobCancelled: If the user stopped it; likewise.
    """
    carrier = carrier_for(target, token)
    try:
        return _Exchange(store, carrier, control or JobControl()).run()
    finally:
        carrier.close()


def preview(store: Store, target: str, *, token: str | None = None) -> Preview:
    """Return what an exchange would do.

    Raises:
        SyncError: If the other side is out of reach or refuses.
    """
    carrier = carrier_for(target, token)
    try:
        theirs = carrier.hello(hello_of(store))
        mine = store.version_vector()
        to_send = sum(max(0, upto - theirs.heads.get(o, (0, b""))[0]) for o, (upto, _chain) in mine.items())
        to_receive = sum(max(0, upto - mine.get(o, (0, b""))[0]) for o, (upto, _chain) in theirs.heads.items())
        out = carrier.missing_blobs(_present(store))
        have = {blob.sha256 for blob in _present(store)}
        back = [blob for blob in carrier.blobs() if blob.sha256 not in have]
        return Preview(to_send, to_receive, len(out), len(back))
    finally:
        carrier.close()


def clone(target: str, path: Path, *, token: str | None = None, control: JobControl | None = None) -> None:
    """Make a new project file from a hub, folder or file.

    Raises:
        SyncError: If the other side has no project yet, or breaks off; no file is left then.
    """
    carrier = carrier_for(target, token)
    try:
        theirs = carrier.hello(Hello("", "", "", "", "", {}, [], []))
    finally:
        carrier.close()
    if not theirs.project:
        raise SyncError(_("The hub has no project yet. Sync from the laptop that has it first."))
    store = Store.create(path, crs=theirs.crs, name=theirs.name, project=theirs.project)
    with store:
        sync(store, target, token=token, control=control)


def _present(store: Store) -> list[Blob]:
    return [blob for blob in store.blobs() if store.media.path(blob.sha256) is not None]


class _Exchange:
    def __init__(self, store: Store, carrier: Carrier, control: JobControl) -> None:
        self._store, self._carrier, self._control = store, carrier, control
        self._sent = self._received = self._blobs_sent = self._blobs_received = 0

    def run(self) -> SyncResult:
        """Do the exchange."""
        theirs = self._carrier.hello(hello_of(self._store))
        if theirs.project != self._store.project:
            raise SyncError(_("The hub holds another project: {name}.").format(name=theirs.name))
        self._take_definitions(theirs)
        self._check_forks(theirs)
        peer = self._store.peer(theirs.hub_id) or Peer(theirs.hub_id, theirs.epoch, 0, {})
        if peer.epoch != theirs.epoch:
            peer = Peer(theirs.hub_id, theirs.epoch, 0, {})  # the hub was restored: begin anew and offer everything
        self._send_blobs()
        peer = self._push(theirs, peer)
        peer = self._pull(peer)
        self._fetch_blobs()
        self._store.save_peer(replace(peer, last_ok_ms=now_millis()))
        damaged = tuple(getattr(self._carrier, "damaged", ()))
        conflicts = self._store.conflict_count()
        return SyncResult(self._sent, self._received, self._blobs_sent, self._blobs_received, conflicts, damaged)

    def _take_definitions(self, theirs: Hello) -> None:
        with self._store.transaction():
            for definition in theirs.tables:
                self._store.add_table_definition(definition)
            self._store.add_actors(theirs.actors)

    def _check_forks(self, theirs: Hello) -> None:
        """Compare hashes, not only counters: two different edits under one number must not pass unseen."""
        for origin, (upto, chain) in theirs.heads.items():
            known = self._store.version_vector().get(origin, (0, b""))[0]
            if any(chain) and 0 < upto <= known and self._store.chain_at(origin, upto) != chain:
                self._renumber(origin)

    def _renumber(self, origin: int) -> None:
        if origin == self._store.origin:
            self._store.renumber()
        raise Fork(
            _(
                "Laptop {origin} wrote two different edits under one number: it was copied or restored. Ask the office."
            ).format(origin=origin)
        )

    # --- out -----------------------------------------------------------------------------------------------------

    def _send_blobs(self) -> None:
        missing = self._carrier.missing_blobs(_present(self._store))
        for blob in self._control.steps(missing, _("Sending photos")):
            path = self._store.media.path(blob.sha256)
            if path is not None:
                self._carrier.send_blob(blob, path)
                self._blobs_sent += 1

    def _push(self, theirs: Hello, peer: Peer) -> Peer:
        acked = dict(peer.acked)
        mine = self._store.version_vector()
        total = sum(max(0, upto - theirs.heads.get(origin, (0, b""))[0]) for origin, (upto, _c) in mine.items())
        confirmed: dict[int, int] = {}
        try:
            for origin, (upto, _chain) in sorted(mine.items()):
                after = theirs.heads.get(origin, (0, b""))[0]
                acked[origin] = max(acked.get(origin, 0), min(after, upto))
                while after < upto:
                    self._control.step(self._sent, total, _("Sending edits"))
                    after = self._push_batch(origin, after)
                    confirmed[origin] = after
            self._carrier.finish_push()
        except SyncError as error:
            if error.retryable:
                text = _(
                    "Sent {sent} of {total}, then the connection broke off. Sync again: it goes on where it stopped."
                )
                raise SyncError(text.format(sent=self._sent, total=total), retryable=True) from error
            raise
        peer = replace(peer, acked=acked | confirmed)
        self._store.save_peer(peer)
        return peer

    def _push_batch(self, origin: int, after: int) -> int:
        revisions = self._store.revisions_after(origin, after, BATCH)
        batch = encode(revisions, self._store.chain_at(origin, after))
        upto = self._carrier.push(batch, origin, revisions[-1].seq)
        if upto <= after:
            raise SyncError(_("The hub did not take the edits of laptop {origin}.").format(origin=origin))
        self._sent += upto - after
        return upto

    # --- in ------------------------------------------------------------------------------------------------------

    def _pull(self, peer: Peer) -> Peer:
        for revisions, cursor in self._carrier.pull(peer.cursor, self._store.version_vector()):
            self._control.step(self._received, None, _("Receiving edits"))
            following = replace(peer, cursor=cursor)
            try:
                with self._store.transaction():
                    self._received += self._store.ingest(revisions).new
                    self._store.save_peer(following)
            except StaleReplica:
                self._store.renumber()
                with self._store.transaction():
                    self._received += self._store.ingest(revisions).new
                    self._store.save_peer(following)
            peer = following
        return peer

    def _fetch_blobs(self) -> None:
        have = {blob.sha256 for blob in _present(self._store)}
        wanted = [blob for blob in self._carrier.blobs() if blob.sha256 not in have]
        first = set(self._store.wanted_datasets())
        wanted.sort(key=lambda blob: blob.sha256 not in first)  # datasets first: rows wait for them
        for blob in self._control.steps(wanted, _("Receiving photos")):
            self._fetch(blob)
        self._store.retry_waiting()

    def _fetch(self, blob: Blob) -> None:
        part = self._store.media.part(blob.sha256)
        self._carrier.fetch_blob(blob, part)
        if part.stat().st_size < blob.size:
            raise SyncError(_("A photo arrived only in part. Sync again: it goes on where it stopped."), retryable=True)
        if not self._store.media.finish_part(blob.sha256):
            raise InputRefused(_("A photo does not match its fingerprint and was thrown away. Sync again."))
        self._store.note_blob(blob, have=True)
        self._blobs_received += 1


__all__ = ["Preview", "SyncResult", "carrier_for", "clone", "preview", "sync"]
