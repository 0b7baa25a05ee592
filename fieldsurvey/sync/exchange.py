"""The two halves of an exchange: what we have and they lack goes, what they have and we lack comes.

Every step may break off; the next exchange goes on from what is on the disks.
A number that two laptops used is settled here: the line that the hub has keeps
it, ours is written anew (SYNC section 5, rules b to d).
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fieldsurvey.assess.review.people import RIGHTS
from fieldsurvey.clock import now_millis
from fieldsurvey.errors import AnotherLine, InputRefused, StoreError, SyncError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.revision import SEQ_BITS, Revision, dump
from fieldsurvey.model.role import Role
from fieldsurvey.store import Blob, Fork, Peer, StaleReplica, Store, Tampered
from fieldsurvey.store.media import DATASET_MIME
from fieldsurvey.sync import clocks, heads, quarantine
from fieldsurvey.sync.answering import differing, take_definitions, take_witness
from fieldsurvey.sync.folder import FolderCarrier
from fieldsurvey.sync.keys import Signer
from fieldsurvey.sync.listing import Listing, Tally
from fieldsurvey.sync.peers import Carrier, Hello, hello_of, signed
from fieldsurvey.sync.trust import acknowledged, believed, check_identity, check_sender
from fieldsurvey.sync.wire import Parcel, encode, grouped, runs, to_pause

BATCH = 400  # revisions
_ASKED = 1000  # hashes asked for at once
_ROUNDS = 8  # forks that follow from one another are settled one after the other
_AREAS = "areas"  # setting: the areas this copy of the project keeps, JSON list; null: all
_VIEW = "areas.view"  # setting: the areas that the hub showed last
_PULLED = "areas.pulled"  # setting: hub -> the areas its cursor stands for


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What an exchange did.

    Attributes:
        sent: Revisions confirmed by the other side.
        received: Revisions that were new here.
        blobs_sent, blobs_received: Photos and datasets.
        conflicts: Open conflicts now.
        damaged: What could not be taken, each a sentence.
        gone, come: The same in records and files, as people count them.
    """

    sent: int = 0
    received: int = 0
    blobs_sent: int = 0
    blobs_received: int = 0
    conflicts: int = 0
    damaged: tuple[str, ...] = ()
    gone: Listing = field(default_factory=Listing)
    come: Listing = field(default_factory=Listing)


class Exchange:
    """One exchange of a store with whatever stands behind a carrier."""

    def __init__(
        self,
        store: Store,
        carrier: Carrier,
        control: JobControl,
        signer: Signer | None = None,
        kind: str = "laptop",
    ) -> None:
        """Prepare an exchange.

        Args:
            store: Ours.
            carrier: The way to theirs.
            control: Progress and cancel.
            signer: Key of this computer; None: nothing is signed.
            kind: What we are, as in Hello.
        """
        self._store, self._carrier, self._control, self._signer = store, carrier, control, signer
        self._kind = kind
        self._refused: list[str] = []
        self._forked: set[int] = set()  # lines that turned out to differ behind a gap, where heads do not tell
        self._sent = self._received = self._blobs_sent = self._blobs_received = 0
        self._clock = ""
        self.gone, self.come = Tally(), Tally()

    def run(self) -> SyncResult:
        """Do the exchange; begin anew where a fork came to light on the way."""
        for attempt in range(_ROUNDS):
            try:
                return self._run()
            except (Fork, Tampered) as error:
                if attempt == _ROUNDS - 1:
                    raise
                self._forked.add(error.origin)
        raise AssertionError

    def _run(self) -> SyncResult:
        self._refused = believed(self._store, self._carrier) if isinstance(self._carrier, FolderCarrier) else []
        theirs = self._meet()
        peer = self._known(theirs)
        if theirs.kind == "files":  # what comes first is confirmed by what goes
            peer = self._pull(theirs, peer)
            self._fetch_blobs()
            theirs = self._greeted()
            self._send_blobs()
            peer = self._push(theirs, peer)
        else:
            self._send_blobs(DATASET_MIME)
            peer = self._push(theirs, peer)  # edits are small and go before photos: the line may not last for all
            peer = self._pull(theirs, peer)
            if theirs.is_signed and theirs.kind == "hub" and differing(self._store, theirs):
                raise SyncError(_("What came is not what the hub has signed. Sync again."), retryable=True)
            self._send_blobs()
            self._fetch_blobs()
            if theirs.kind == "hub" and not self._sent:  # what was sent just now may be a community of our own
                self._store.evict()  # rows of areas that were taken away
                note_places(self._store)
                self._store.forget_outside(peer.acked)
        self._store.save_peer(replace(peer, last_ok_ms=now_millis()))
        told = (*getattr(self._carrier, "damaged", ()), *self._refused, *self._hints())
        conflicts = self._store.conflict_count()
        return SyncResult(
            self._sent, self._received, self._blobs_sent, self._blobs_received, conflicts, told,
            self.gone.listing(self._store), self.come.listing(self._store),
        )  # fmt: skip

    def _hints(self) -> list[str]:
        """Return what the person should know besides."""
        held = len(quarantine.held_here(self._store))
        text = _("{n} edits made here are held back by the office and have no effect yet.")
        return [sentence for sentence in (self._clock, text.format(n=held) if held else "") if sentence]

    # --- who has what --------------------------------------------------------------------------------------------

    def _meet(self) -> Hello:
        """Exchange states until no number is used by two lines."""
        for _round in range(_ROUNDS):
            theirs = self._greeted()
            forks = sorted({*theirs.forks, *differing(self._store, theirs), *self._forked})
            if not [origin for origin in forks if self._settle(theirs, origin)]:
                break
        origin, nothing = self._store.origin, (0, b"")
        if theirs.heads.get(origin, nothing)[0] > self._store.version_vector().get(origin, nothing)[0]:
            self._store.renumber()  # they know more of us than we do: this file is an older state of itself
        return theirs

    def _greeted(self) -> Hello:
        self._store.remember_number()
        if self._signer:
            heads.sign_own(self._store, self._signer)
        mine = replace(hello_of(self._store, self._kind), signed_heads=heads.unconfirmed(self._store))
        mine = signed(mine, self._signer) if self._signer else mine
        theirs = self._carrier.hello(mine)
        if theirs.project != self._store.project:
            raise SyncError(_("The hub holds another project: {name}.").format(name=theirs.name))
        check_identity(self._store, theirs)
        take_definitions(self._store, theirs)
        take_witness(self._store, theirs)
        if theirs.kind == "hub" and mine.at_ms and theirs.at_ms:
            self._clock = clocks.warning(mine.at_ms - theirs.at_ms)
        if theirs.kind == "hub":
            adopt_view(self._store, theirs)
            adopt_rights(self._store, theirs)
            quarantine.remember(self._store, theirs.held)
        return theirs

    def _settle(self, theirs: Hello, origin: int) -> bool:
        """Write our line of an origin anew if the hub has another; a laptop's word decides nothing.

        From a laptop or a package with another line nothing at all is taken: what was built on that line names its
        parents by number, and here the numbers stand for something else.

        Returns:
            Whether anything changed here.

        Raises:
            AnotherLine: If theirs is no hub.
        """
        if theirs.kind != "hub":
            raise AnotherLine(
                _(
                    "Laptop {origin} wrote two different edits under one number. Sync with the hub, which settles it."
                ).format(origin=origin)
            )
        common = self._common(origin)
        return common is not None and self._store.reissue(origin, common)

    def _common(self, origin: int) -> int | None:
        """Return up to which number both lines of an origin are the same; None if they do not differ."""
        differ = False
        numbers = self._store.numbers(origin)
        for start in range(0, len(numbers), _ASKED):
            part = numbers[start : start + _ASKED]
            ours = self._store.chains([(origin, seq) for seq in part])
            for seq, own, their in zip(part, ours, self._carrier.chains(origin, part), strict=True):
                if own == their:
                    return seq if differ else self._behind_a_hole(origin, numbers)
                differ = differ or their is not None
        return 0 if differ else self._behind_a_hole(origin, numbers)

    def _behind_a_hole(self, origin: int, numbers: Sequence[int]) -> int | None:
        """Return the number before the first piece of ours that follows another edit than theirs; None: there is none.

        Of a line that came in pieces, from a laptop that keeps some areas only, no number need be at the other side.
        """
        here = set(numbers)
        begins = sorted(seq for seq in numbers if seq > 1 and seq - 1 not in here)
        for start in range(0, len(begins), _ASKED):
            part = begins[start : start + _ASKED]
            before = self._carrier.chains(origin, [seq - 1 for seq in part])
            for seq, their in zip(part, before, strict=True):
                own = self._store.link_before(origin << SEQ_BITS | seq)
                if own is not None and their is not None and own != their:
                    return seq - 1
        return None

    def _known(self, theirs: Hello) -> Peer:
        return known_peer(self._store, theirs)

    # --- out -----------------------------------------------------------------------------------------------------

    def _send_blobs(self, only: str = "") -> None:
        """Send the files that the other side lacks, on request those of one kind."""
        missing = self._carrier.missing_blobs([b for b in present(self._store) if only in ("", b.mime)])
        for blob in self._control.steps(missing, _("Sending photos")):
            path = self._store.media.path(blob.sha256)
            if path is not None:
                self._carrier.send_blob(blob, path)
                self._blobs_sent += 1
                self.gone.file(blob)

    def _push(self, theirs: Hello, peer: Peer) -> Peer:
        """Offer everything they lack, of anybody: after a restored backup the laptops bring the hub up to date."""
        held = self._store.held()
        total = sum(max(0, upto - theirs.heads.get(o, (0, b""))[0]) for o, upto in held.items())
        confirmed: dict[int, int] = {}
        try:
            for origin, start in self._in_order({origin: _start(theirs, peer, origin) for origin in held}, held):
                reached = self._push_line(origin, start, total) if start < held[origin] else start
                confirmed[origin] = min(reached, held[origin])
            self._carrier.finish_push()
        except SyncError as error:
            if error.retryable:
                text = _(
                    "Sent {sent} of {total}, then the connection broke off. Sync again: it goes on where it stopped."
                )
                raise SyncError(text.format(sent=self._sent, total=total), retryable=True) from error
            raise
        if theirs.kind == "hub":
            said = self._greeted() if self._sent and theirs.is_signed else theirs
            peer = replace(
                peer, acked={**peer.acked, **(acknowledged(self._store, said) if said.is_signed else confirmed)}
            )
            self._store.save_peer(peer)
        return peer

    def _in_order(self, starts: Mapping[int, int], held: Mapping[int, int]) -> list[tuple[int, int]]:
        """Return the lines and where to begin, those first whose unsent edits are oldest.

        What an edit was made upon is older than itself. If the exchange breaks off and this laptop is put back to
        an older state, nothing is left at the other side that waits for what nobody has any more.
        """

        def age(line: tuple[int, int]) -> tuple[int, int]:
            origin, start = line
            unsent = self._store.revisions_after(origin, start, 1) if start < held[origin] else []
            return (unsent[0].hlc if unsent else 0, origin)

        return sorted(starts.items(), key=age)

    def _push_line(self, origin: int, after: int, total: int) -> int:
        """Send what we hold of an origin after a number; return how far they have it without holes."""
        for run in self._runs_after(origin, after):
            self._control.step(self._sent, total, _("Sending edits"))
            link = self._store.link_before(run[0].rid)
            if link is None:
                continue
            upto = self._carrier.push(encode(run, link, self._signer), origin, run[0].seq, run[-1].seq)
            if run[0].seq == after + 1 and upto < run[-1].seq:
                raise SyncError(_("The hub did not take the edits of laptop {origin}.").format(origin=origin))
            self._sent += len(run)
            self.gone.add(run)
            after = max(after, upto)
        return after

    def _runs_after(self, origin: int, after: int) -> Iterator[list[Revision]]:
        while revisions := self._store.revisions_after(origin, after, BATCH):
            whole = to_pause(revisions) if len(revisions) == BATCH else revisions
            yield from runs(whole)
            after = whole[-1].seq

    # --- in ------------------------------------------------------------------------------------------------------

    def _pull(self, theirs: Hello, peer: Peer) -> Peer:
        areas = areas_of(self._store)
        if gained := gained_areas(self._store, theirs):  # their past lies before our place in the feed
            for parcels, _place in self._carrier.pull(0, self._store.version_vector(), gained):
                self._control.step(self._received, None, _("Receiving edits"))
                self._take(theirs, parcels, peer)
        for parcels, cursor in self._carrier.pull(peer.cursor, self._store.version_vector(), areas):
            self._control.step(self._received, None, _("Receiving edits"))
            following = replace(peer, cursor=cursor)
            try:
                self._take(theirs, parcels, following)
            except SyncError as error:
                if theirs.kind != "files":
                    raise
                self._refused.append(str(error))
                continue
            peer = following
        pulled = json.loads(self._store.setting(_PULLED, "{}"))
        if pulled.get(theirs.hub_id, 0) != areas:
            self._store.set_setting(_PULLED, dump({**pulled, theirs.hub_id: areas}))
        return peer

    def _take(self, theirs: Hello, parcels: Collection[Parcel], following: Peer) -> None:
        """Take batches in and move the cursor, in one transaction; settle what stands against it, and try again."""
        for _round in range(_ROUNDS + len(parcels)):
            try:
                self._received += self._taken(theirs, parcels, following)
            except StaleReplica:
                self._store.renumber()
            except (Fork, Tampered) as error:
                if not self._settle(theirs, error.origin):
                    raise
            else:
                return
        raise SyncError(_("The edits of the hub could not be taken. Sync again."), retryable=True)

    def _taken(self, theirs: Hello, parcels: Collection[Parcel], following: Peer) -> int:
        new, tally = 0, []
        with self._store.transaction():
            for group in grouped(parcels):
                for parcel in group:
                    check_sender(parcel, theirs)
                links = {rid: link for parcel in group for rid, link in parcel.links.items()}
                revisions = [r for parcel in group for r in parcel.revisions]
                if theirs.kind != "hub":
                    self._store.refuse_built_elsewhere(revisions)
                fresh = self._store.unknown(r.rid for r in revisions)
                new += self._store.ingest(revisions, links).new
                tally += [r for r in revisions if r.rid in fresh]
            self._store.save_peer(following)
        self.come.add(tally)
        return new

    def _fetch_blobs(self) -> None:
        have = {blob.sha256 for blob in present(self._store)}
        wanted = [blob for blob in self._carrier.blobs() if blob.sha256 not in have]
        first = set(self._store.wanted_datasets())
        wanted.sort(key=lambda blob: blob.sha256 not in first)  # datasets first: rows wait for them
        for blob in self._control.steps(wanted, _("Receiving photos")):
            try:
                self._fetch(blob)
            except (SyncError, InputRefused) as error:
                if not isinstance(self._carrier, FolderCarrier):
                    raise
                self._refused.append(str(error))
        self._store.retry_waiting()

    def _fetch(self, blob: Blob) -> None:
        part = self._store.media.part(blob.sha256)
        try:
            self._carrier.fetch_blob(blob, part)
        except OSError as error:
            text = _("The photo could not be kept: {why}")
            raise StoreError(text.format(why=error.strerror or error)) from error
        if part.stat().st_size < blob.size:
            raise SyncError(_("A photo arrived only in part. Sync again: it goes on where it stopped."), retryable=True)
        if not self._store.media.finish_part(blob.sha256):
            raise InputRefused(_("A photo does not match its fingerprint and was thrown away. Sync again."))
        self._store.note_blob(blob, have=True)
        self._blobs_received += 1
        self.come.file(blob)


def _start(theirs: Hello, peer: Peer, origin: int) -> int:
    """Return after which number of an origin the other side lacks ours: as it says now, not as we remember."""
    del peer
    return theirs.heads.get(origin, (0, b""))[0]


def known_peer(store: Store, theirs: Hello) -> Peer:
    """Return what is known of the other side; after it was restored, or for other areas, its feed begins anew."""
    peer = store.peer(theirs.hub_id)
    if peer is None or peer.epoch != theirs.epoch:
        peer = Peer(theirs.hub_id, theirs.epoch, 0, {})
    pulled = json.loads(store.setting(_PULLED, "{}"))
    if pulled.get(theirs.hub_id) is not None and areas_of(store) is None:
        peer = replace(peer, cursor=0)
    return peer


def gained_areas(store: Store, theirs: Hello) -> list[int]:
    """Return the areas of this copy whose past a feed read so far did not hold."""
    before, now = json.loads(store.setting(_PULLED, "{}")).get(theirs.hub_id), areas_of(store)
    return [] if before is None or now is None else sorted(set(now) - set(before))


def note_places(store: Store) -> None:
    """Let no place in a feed stand for other areas than today's: what is dropped from the log must come again."""
    areas, pulled = areas_of(store), json.loads(store.setting(_PULLED, "{}"))
    if areas is not None:
        before = {peer.hub_id: pulled.get(peer.hub_id) for peer in store.peers()}
        now = {hub: areas if some is None else sorted(set(some) & set(areas)) for hub, some in before.items()}
        if now != before:
            store.set_setting(_PULLED, dump({**pulled, **now}))


def adopt_view(store: Store, theirs: Hello) -> None:
    """Keep the areas that the hub shows to this account: what is added comes, what is taken away goes."""
    view = None if theirs.view is None else sorted(theirs.view)
    before = json.loads(store.setting(_VIEW, "null"))
    if view == before:
        return
    with store.transaction():
        store.set_setting(_VIEW, dump(view))
        if view is not None or areas_of(store) == before:
            store.set_areas(view)


def adopt_rights(store: Store, theirs: Hello) -> None:
    """Keep the role that the hub gives to this account, and where it holds: the review goes by it."""
    if theirs.role in set(Role):
        told = dump([theirs.role, None if theirs.rights is None else list(theirs.rights)])
        if told != store.setting(RIGHTS):
            store.set_setting(RIGHTS, told)


def present(store: Store) -> list[Blob]:
    """Return the files that are here."""
    return [blob for blob in store.blobs() if store.media.path(blob.sha256) is not None]


def areas_of(store: Store) -> list[int] | None:
    """Return the areas that this copy of the project keeps; None: all."""
    found: list[int] | None = json.loads(store.setting(_AREAS, "null"))
    return found


def set_areas(store: Store, areas: Sequence[int] | None) -> None:
    """Say which areas this copy of the project keeps."""
    store.set_setting(_AREAS, dump(None if areas is None else sorted(areas)))
