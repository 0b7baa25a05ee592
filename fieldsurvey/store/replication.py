"""What a project file offers to sync: its log, its place in the feeds of others, its own number."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from fieldsurvey.model import lineage, merge
from fieldsurvey.model.merge import State
from fieldsurvey.model.revision import NO_CHAIN, SEQ_BITS, SEQ_MASK, Revision, dump, load
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.entries import parts
from fieldsurvey.store.log import NONE_WITHHELD, Fork, Log, forked
from fieldsurvey.store.media import Media
from fieldsurvey.store.reissue import Reissue, renamed_from_json
from fieldsurvey.store.replica import Note, Profile
from fieldsurvey.store.rows import Rows
from fieldsurvey.store.values import Ingested, Peer, Token


class Replication:
    """The part of a Store that other replicas talk to. Its fields are set by Store."""

    path: Path
    media: Media
    profile: Profile
    _db: Connection
    _log: Log
    _rows: Rows
    _noted: tuple[int, Note] | None = None
    _renamed: list[Any] | None = None  # as read from the file; None: not yet

    @property
    def project(self) -> str:
        """Identity of the project, the same in all its copies."""
        return str(self._db.scalar("SELECT value FROM _meta WHERE key = 'project'"))

    @property
    def epoch(self) -> str:
        """Identity of this very file's history; it changes when the file was restored or copied."""
        return str(self._db.scalar("SELECT value FROM _meta WHERE key = 'epoch'"))

    def set_epoch(self, epoch: str) -> None:
        """Give this file's history another identity."""
        with self.transaction():
            self._db.execute("UPDATE _meta SET value = ? WHERE key = 'epoch'", (epoch,))

    @property
    def origin(self) -> int:
        """Number of this replica."""
        return self._log.origin

    def transaction(self) -> AbstractContextManager[None]:
        """Make several writes one durable step; Store says how."""
        return self._db.transaction()

    def conflict_count(self) -> int:
        """Return the number of open conflicts."""
        return int(self._db.scalar("SELECT count(*) FROM _conflict"))

    def version_vector(self) -> dict[int, tuple[int, bytes]]:
        """Return, per origin, how far its log is known without holes, and the hash there."""
        return {int(o): (int(upto), bytes(chain)) for o, upto, chain in self._db.rows("SELECT * FROM _vv")}

    def chain_at(self, origin: int, seq: int) -> bytes:
        """Return the hash of an origin's log up to a sequence number; NO_CHAIN before the first.

        Raises:
            KeyError: If that revision is not here.
        """
        if seq == 0:
            return NO_CHAIN
        found = self._db.scalar("SELECT chain FROM _rev WHERE rid = ?", (origin << SEQ_BITS | seq,))
        if found is None:
            raise KeyError(f"{origin}-{seq}")
        return bytes(found)

    def link_before(self, rid: int) -> bytes | None:
        """Return the hash before a revision, or None where neither its predecessor nor its link is here."""
        if rid & SEQ_MASK == 1:
            return NO_CHAIN
        found = self._db.scalar("SELECT chain FROM _rev WHERE rid = ?", (rid - 1,))
        found = found or self._db.scalar("SELECT prev FROM _gap WHERE rid = ?", (rid,))
        return None if found is None else bytes(found)

    def chains(self, places: Iterable[tuple[int, int]]) -> list[bytes | None]:
        """Return the hashes at (origin, seq), None where that revision is not here."""
        sql = "SELECT chain FROM _rev WHERE rid = ?"
        found = [self._db.scalar(sql, (origin << SEQ_BITS | seq,)) for origin, seq in places]
        return [None if chain is None else bytes(chain) for chain in found]

    def unknown(self, rids: Iterable[int]) -> set[int]:
        """Return those of the numbers that no revision here has."""
        wanted, known = set(rids), set[int]()
        for part in parts(sorted(wanted)):
            marks = ",".join("?" * len(part))
            known |= {int(row[0]) for row in self._db.rows(f"SELECT rid FROM _rev WHERE rid IN ({marks})", part)}
        return wanted - known

    def refuse_built_elsewhere(self, revisions: Sequence[Revision]) -> None:
        """Refuse edits that were made on another line than the one that is here, though its numbers are the same.

        Raises:
            Fork: If there is one; nothing was taken in.
        """
        new = self.unknown(revision.rid for revision in revisions)
        found = lineage.built_elsewhere([r for r in revisions if r.rid in new], self._log.chains)
        if found is not None:
            origins = {rid >> SEQ_BITS for rid in merge.required(found)}
            origin = min(origins - {found.origin}, default=found.origin)
            raise Fork(forked(origin), origin)

    def held(self) -> dict[int, int]:
        """Return, per origin, the highest number that is here, holes or not."""
        rows = self._db.rows("SELECT rid >> 33, max(rid) & ? FROM _rev GROUP BY rid >> 33", (SEQ_MASK,))
        return {int(origin): int(seq) for origin, seq in rows}

    def numbers(self, origin: int) -> list[int]:
        """Return the sequence numbers of an origin that are here, greatest first."""
        first, last = origin << SEQ_BITS, origin << SEQ_BITS | SEQ_MASK
        rows = self._db.rows("SELECT rid FROM _rev WHERE rid > ? AND rid <= ? ORDER BY rid DESC", (first, last))
        return [int(row[0]) & SEQ_MASK for row in rows]

    def revisions_after(self, origin: int, seq: int, limit: int = 1000) -> list[Revision]:
        """Return an origin's revisions after a sequence number, in order."""
        return self._log.after(origin, seq, limit)

    def feed_after(
        self, cursor: int, limit: int = 1000, scopes: Sequence[int] | None = None
    ) -> tuple[list[Revision], int]:
        """Return what was applied here after a place in the feed, and the place reached."""
        return self._log.feed_after(cursor, limit, scopes)

    def ingest(
        self,
        revisions: Sequence[Revision],
        links: Mapping[int, bytes] | None = None,
        withheld: Mapping[int, str] = NONE_WITHHELD,
    ) -> Ingested:
        """Take in revisions of others: any order, duplicates allowed, one transaction.

        Args:
            revisions: What came.
            links: First revision of a run -> hash before it; needed where the run does not begin at a known place.
            withheld: Revision -> why it must not take effect before somebody with the right to do so lets it.

        Raises:
            Fork: If a known number comes with other content, or does not follow what is known.
            StaleReplica: If own revisions come back that this file does not know.
            Tampered: If a revision does not fit its chain.
        """
        with self.transaction():
            for rid, previous in (links or {}).items():
                self._keep_link(rid, previous)
            new = self._log.ingest(revisions, withheld)
        waiting = int(self._db.scalar("SELECT count(DISTINCT rid) FROM _wait"))
        return Ingested(new, waiting, self.conflict_count())

    def _keep_link(self, rid: int, previous: bytes) -> None:
        """Remember the hash before a run that begins behind a hole: without it the run could not be passed on."""
        known = self.link_before(rid)
        if known is None:
            self._db.execute("INSERT INTO _gap VALUES (?, ?)", (rid, previous))
        elif known != previous:
            raise Fork(forked(rid >> SEQ_BITS), rid >> SEQ_BITS)

    def retry_waiting(self) -> None:
        """Go on with imports whose dataset has arrived since."""
        here = [sha for sha in self.wanted_datasets() if self.media.path(sha) is not None]
        if here:
            with self.transaction():
                for sha in here:
                    self._log.release_dataset(sha)

    def wanted_datasets(self) -> list[str]:
        """Return the hashes of datasets that revisions wait for."""
        return [row[0] for row in self._db.rows("SELECT DISTINCT missing FROM _wait WHERE length(missing) = 64")]

    def peer(self, hub_id: str) -> Peer | None:
        """Return what is known of a hub."""
        row = self._db.one("SELECT hub, epoch, cursor, acked, last_ok_ms FROM _peer WHERE hub = ?", (hub_id,))
        if row is None:
            return None
        acked = {int(origin): int(seq) for origin, seq in json.loads(row[3]).items()}
        return Peer(row[0], row[1], int(row[2]), acked, int(row[4]))

    def peers(self) -> list[Peer]:
        """Return what is known of every hub."""
        found = [self.peer(row[0]) for row in self._db.rows("SELECT hub FROM _peer ORDER BY hub")]
        return [peer for peer in found if peer is not None]

    def save_peer(self, peer: Peer) -> None:
        """Remember what is known of a hub."""
        acked = dump({str(origin): seq for origin, seq in peer.acked.items()})
        row = (peer.hub_id, peer.epoch, peer.cursor, acked, peer.last_ok_ms)
        with self._db.transaction():
            self._db.execute("INSERT OR REPLACE INTO _peer VALUES (?, ?, ?, ?, ?)", row)

    def keep_statement(self, key: str, kind: str, text: str, at_ms: int) -> None:
        """Keep what a hub or a device signed last about how far it knows the logs: a hub's is its acknowledgement."""
        with self._db.transaction():
            self._db.execute("INSERT OR REPLACE INTO _statement VALUES (?, ?, ?, ?)", (key, kind, text, at_ms))

    def note_devices(self, devices: Iterable[tuple[str, str, str, bool]]) -> None:
        """Remember which devices the hub knows: (key, algorithm, name, revoked)."""
        with self._db.transaction():
            self._db.many("INSERT OR REPLACE INTO _device VALUES (?, ?, ?, ?)", list(devices))

    def devices(self) -> list[tuple[str, str, str, bool]]:
        """Return the devices that the hub knows: (key, algorithm, name, revoked)."""
        rows = self._db.rows("SELECT key, alg, name, revoked FROM _device ORDER BY key")
        return [(str(key), str(alg), str(name), bool(revoked)) for key, alg, name, revoked in rows]

    def statements(self) -> list[tuple[str, str, str, int]]:
        """Return (key, kind, text, ms) of what others signed last."""
        rows = self._db.rows("SELECT key, kind, text, at_ms FROM _statement ORDER BY at_ms, key")
        return [(str(key), str(kind), str(text), int(at)) for key, kind, text, at in rows]

    def owned(self) -> frozenset[int]:
        """Return every number that this file wrote under."""
        text = self._db.scalar("SELECT value FROM _meta WHERE key = 'owned'")
        return frozenset(json.loads(text or "[]")) | {self.origin}

    def renumber(self) -> None:
        """Take a new replica number: this file was copied or restored (SYNC section 5, rules a and b)."""
        with self._db.transaction():
            self._take_number(self.owned())
            self.media.recover()
        self.remember_number()

    def _take_number(self, owned: frozenset[int]) -> None:
        """Go on under a fresh number. The feed may have changed behind the back of others: they begin it anew."""
        used = owned | self.held().keys()
        number = next(n for n in iter(self.profile.new_origin, 0) if n not in used)
        facts = [("owned", dump(sorted(owned))), ("origin", number), ("epoch", f"{self.epoch[:16]}-{number:x}")]
        self._db.many("INSERT OR REPLACE INTO _meta VALUES (?, ?)", facts)
        self._db.execute("DELETE FROM _undo")  # it counts steps of the old number
        self._log.reload()

    def reissue(self, origin: int, common: int) -> bool:
        """Write the edits of an origin after a number, and those built on them, anew under numbers of their own.

        The other line came first and keeps the numbers (rules c and d). One transaction.

        Returns:
            Whether there was anything to write anew.
        """
        with self.transaction():
            owned = self.owned()
            renamed = Reissue(self._db, self._log, self._rows, self.media).run(origin, common)
            if renamed is not None:
                pairs = {(old >> SEQ_BITS, new >> SEQ_BITS) for old, new in renamed.names.items()}
                self._take_number(owned | {new for old, new in pairs if old in owned})
                text = dump([*self._renamings(), renamed.as_json()])
                self._db.execute("INSERT OR REPLACE INTO _meta VALUES ('renamed', ?)", (text,))
                self._renamed = None
        self.remember_number()
        return renamed is not None

    @property
    def era(self) -> int:
        """How often numbers were given anew in this file."""
        return len(self._renamings())

    def current(self, uid: str, seen: Token) -> State:
        """Return what a person saw when a form was opened, in today's numbers: a reissue may have come between."""
        renamings = [renamed_from_json(raw) for raw in self._renamings()[seen.era or 0 :]]
        keep: frozenset[int] = frozenset()
        if renamings and seen.era is None:
            keep = frozenset(revision.rid for revision in self._log.of_record(uid))
        state = seen.state
        for renamed in renamings:
            state = renamed.current(state, keep)
        return state

    def _renamings(self) -> list[Any]:
        if self._renamed is None:
            self._renamed = load(self._db.scalar("SELECT value FROM _meta WHERE key = 'renamed'") or "[]")
        return self._renamed

    def remember_number(self) -> None:
        """Note outside the file how far its number was used. Call before anything is sent."""
        feed = int(self._db.scalar("SELECT coalesce(max(seq), 0) FROM _feed"))
        note = Note(str(self.path.absolute()), self._log.seq, feed)
        if (self.origin, note) != self._noted:
            self.profile.remember(self.project, self.origin, note)
            self._noted = self.origin, note

    def is_ours(self) -> bool:
        """Say whether this file may go on writing under its number (rule a)."""
        feed = int(self._db.scalar("SELECT coalesce(max(seq), 0) FROM _feed"))
        note = Note(str(self.path.absolute()), self._log.seq, feed)
        return self.profile.is_ours(self.project, self.origin, note)

    def own_clock_off_ms(self) -> int:
        """Return how far the clock of this computer was off when a hub measured it last; 0: right, or not known."""
        sql = "SELECT offset_ms FROM _clock WHERE origin = ? ORDER BY seq DESC LIMIT 1"
        return int(self._db.scalar(sql, (self.origin,)) or 0)

    def unsent(self) -> int:
        """Return the number of own revisions that no hub has confirmed."""
        acked = [json.loads(row[0]).get(str(self.origin), 0) for row in self._db.rows("SELECT acked FROM _peer")]
        return self._log.seq - max([0, *map(int, acked)])

    @property
    def last_saved_ms(self) -> int | None:
        """When this replica last wrote a revision, by its own clock."""
        hlc = self._db.scalar("SELECT hlc FROM _rev WHERE rid = ?", (self.origin << SEQ_BITS | self._log.seq,))
        return None if hlc is None else int(hlc) >> 16

    def change_counter(self, tables: Iterable[str] | None = None) -> int:
        """Return a number that grows with every committed change of the named user tables, or of any."""
        if tables is None:
            return int(self._db.scalar("SELECT coalesce(max(seq), 0) FROM _feed"))
        names = list(tables)
        marks = ",".join("?" * len(names))
        sql = f"SELECT coalesce(max(f.seq), 0) FROM _feed f JOIN _rev r ON r.rid = f.rid WHERE r.tbl IN ({marks})"
        return int(self._db.scalar(sql, names))
