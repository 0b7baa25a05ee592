"""What a project file offers to sync: its log, its place in the feeds of others, its own number."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.merge import State, state_from_json
from fieldsurvey.model.revision import NO_CHAIN, SEQ_BITS, Revision, dump
from fieldsurvey.store import replica
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.log import NONE_HELD, Log
from fieldsurvey.store.media import Media
from fieldsurvey.store.rows import Rows
from fieldsurvey.store.values import Ingested, LogCounts, Peer


class Replication:
    """The part of a Store that other replicas talk to. Its fields are set by Store."""

    path: Path
    media: Media
    _db: Connection
    _log: Log
    _rows: Rows

    @property
    def project(self) -> str:
        """Identity of the project, the same in all its copies."""
        return str(self._db.scalar("SELECT value FROM _meta WHERE key = 'project'"))

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

    def origins(self) -> list[int]:
        """Return the numbers of all replicas of which an edit is here."""
        return [int(row[0]) for row in self._db.rows(f"SELECT DISTINCT rid >> {SEQ_BITS} FROM _rev ORDER BY 1")]

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

    def revisions_after(self, origin: int, seq: int, limit: int = 1000) -> list[Revision]:
        """Return an origin's revisions after a sequence number, in order."""
        return self._log.after(origin, seq, limit)

    def feed_after(
        self, cursor: int, limit: int = 1000, scopes: Sequence[int] | None = None
    ) -> tuple[list[Revision], int]:
        """Return what was applied here after a place in the feed, and the place reached."""
        return self._log.feed_after(cursor, limit, scopes)

    def ingest(self, revisions: Sequence[Revision], held: Mapping[int, str] = NONE_HELD) -> Ingested:
        """Take in revisions of others: any order, duplicates allowed, one transaction.

        Args:
            revisions: What came.
            held: Revision -> why it must not take effect before somebody with the right to do so lets it.

        Raises:
            Fork: If a known number comes with other content.
            StaleReplica: If own revisions come back that this file does not know.
            Tampered: If a revision does not fit its chain.
        """
        with self.transaction():
            new = self._log.ingest(revisions, held)
        waiting = int(self._db.scalar("SELECT count(DISTINCT rid) FROM _wait"))
        return Ingested(new, waiting, self.conflict_count())

    def held(self) -> list[tuple[int, str]]:
        """Return the revisions that wait for a person's decision, and why."""
        return self._log.held()

    def let_go(self, rids: Sequence[int]) -> None:
        """Let held revisions take effect."""
        with self.transaction():
            self._log.let_go(rids)

    def revisions(self, rids: Iterable[int]) -> dict[int, Revision]:
        """Return the revisions of those numbers that are here."""
        return self._log.revisions(rids)

    def scopes(self, tables: Mapping[str, str]) -> dict[str, int]:
        """Return the area of each record that is here, by record -> table: what it was made with, else its row's."""
        states = {uid: self._log.state(uid, table) for uid, table in tables.items()}
        return {uid: state.scope or self._row_scope(uid, state.table) for uid, state in states.items() if state}

    def states(self) -> dict[str, State]:
        """Return where each edited record stands."""
        rows = self._db.rows("SELECT uid, tbl, scope, base, over, dels FROM _rec")
        return {row[0]: state_from_json(*row[1:]) for row in rows}

    def _row_scope(self, uid: str, table: str) -> int:
        row = self._rows.find(uid, table)
        return scope_of(uid if table == "community" else row[2] if row else None)

    def log_counts(self) -> LogCounts:
        """Return how much the log holds."""
        waiting = self._db.scalar("SELECT count(DISTINCT rid) FROM _wait")
        feed = self._db.scalar("SELECT coalesce(max(seq), 0) FROM _feed")
        return LogCounts(int(self._db.scalar("SELECT count(*) FROM _rev")), int(waiting), int(feed))

    def retry_waiting(self) -> None:
        """Go on with imports whose dataset has arrived since."""
        with self.transaction():
            names = [row[0] for row in self._db.rows("SELECT DISTINCT missing FROM _wait WHERE length(missing) = 64")]
            for sha in names:
                if self.media.path(sha) is not None:
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

    def save_peer(self, peer: Peer) -> None:
        """Remember what is known of a hub."""
        acked = dump({str(origin): seq for origin, seq in peer.acked.items()})
        row = (peer.hub_id, peer.epoch, peer.cursor, acked, peer.last_ok_ms)
        with self._db.transaction():
            self._db.execute("INSERT OR REPLACE INTO _peer VALUES (?, ?, ?, ?, ?)", row)

    def renumber(self, origin: int | None = None) -> None:
        """Take a new replica number: this file was copied or restored."""
        with self._db.transaction():
            number = origin or replica.new_origin()
            self._db.execute("INSERT OR REPLACE INTO _meta VALUES ('origin', ?)", (number,))
            self._log.reload()
        replica.remember(self.project, self.origin, self.path, self._log.seq)

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
