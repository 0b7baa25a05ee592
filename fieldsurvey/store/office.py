"""What a project file offers to the hub beyond sync: quarantine, areas, counts."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.merge import State
from fieldsurvey.model.revision import SEQ_BITS, Revision
from fieldsurvey.store.connection import Connection
from fieldsurvey.store.log import Log
from fieldsurvey.store.rows import Rows
from fieldsurvey.store.values import LogCounts


class Office:
    """The part of a Store that only a hub uses. Its fields are set by Store."""

    _db: Connection
    _log: Log
    _rows: Rows

    def transaction(self) -> AbstractContextManager[None]:
        """Make several writes one durable step; Store says how."""
        return self._db.transaction()

    def quarantined(self) -> list[tuple[int, str]]:
        """Return the revisions that wait for a person's decision, and why."""
        return self._log.quarantined()

    def let_go(self, rids: Sequence[int]) -> None:
        """Let quarantined revisions take effect."""
        with self.transaction():
            self._log.let_go(rids)

    def hold_for(self, rids: Sequence[int], reason: str) -> None:
        """Give held revisions another reason."""
        with self.transaction():
            for rid in rids:
                held = self._db.scalar(
                    "SELECT 1 FROM _wait WHERE rid = ? AND missing >= '!' AND missing < '\"'", (rid,)
                )
                if held is not None:
                    self._db.execute("DELETE FROM _wait WHERE rid = ? AND missing >= '!' AND missing < '\"'", (rid,))
                    self._db.execute("INSERT INTO _wait VALUES (?, ?)", (f"!{reason}", rid))

    def revisions(self, rids: Iterable[int]) -> dict[int, Revision]:
        """Return the revisions of those numbers that are here."""
        return self._log.revisions(rids)

    def states(self) -> dict[str, State]:
        """Return where each edited record stands."""
        rows = self._db.rows("SELECT uid, tbl FROM _rec")
        found = {uid: self._log.state(uid, table) for uid, table in rows}
        return {uid: state for uid, state in found.items() if state is not None}

    def scopes(self, tables: Mapping[str, str]) -> dict[str, int]:
        """Return the area of each record that is here, by record -> table: what it was made with, else its row's."""
        states = {uid: self._log.state(uid, table) for uid, table in tables.items()}
        return {uid: state.scope or self._row_scope(uid, state.table) for uid, state in states.items() if state}

    def _row_scope(self, uid: str, table: str) -> int:
        row = self._rows.find(uid, table)
        return scope_of(uid if table == "community" else row[2] if row else None)

    def log_counts(self) -> LogCounts:
        """Return how much the log holds."""
        waiting = self._db.scalar("SELECT count(DISTINCT rid) FROM _wait")
        feed = self._db.scalar("SELECT coalesce(max(seq), 0) FROM _feed")
        return LogCounts(int(self._db.scalar("SELECT count(*) FROM _rev")), int(waiting), int(feed))

    def origins(self) -> list[int]:
        """Return the numbers of all replicas of which an edit is here."""
        return [int(row[0]) for row in self._db.rows(f"SELECT DISTINCT rid >> {SEQ_BITS} FROM _rev ORDER BY 1")]

    def prefixes(self, origins: Iterable[int]) -> dict[int, int]:
        """Return how far the logs of the origins are known without holes; 0 for an unknown one."""
        return {origin: self._log.prefix(origin)[0] for origin in origins}
