"""The log of areas that were taken away goes as well: a laptop that is stolen holds only its areas.

Only what was neither written here nor made on what was written here goes, and
only once a hub has confirmed that it has all of it: then it is as if it had
never come, and should the record ever belong here again, its area's feed gives
it whole. What was written here stays for good (audit), with all that stands in
the same record; so do edits of imported rows, which need their import.
"""

from collections.abc import Iterator, Mapping, Sequence

from fieldsurvey.model.revision import SEQ_BITS, Revision, load
from fieldsurvey.store.areas import Areas
from fieldsurvey.store.replication import Replication


class Forgetting(Areas, Replication):
    """The part of a Store that drops what belongs to others."""

    def forget_outside(self, acked: Mapping[int, int]) -> int:
        """Drop the log of records outside the areas; return how many records are not here any more.

        Args:
            acked: Replica -> up to where the hub has its log, as it has just confirmed.
        """
        if self._log.records.areas is None:
            return 0
        with self.transaction():
            found = dict(self._forgettable(acked))
            self._log.records.forget()
            self._drop([revision for log in found.values() for revision in log])
            for table in ("_rec", "_conflict", "_tomb", "_evicted"):
                self._db.many(f"DELETE FROM {table} WHERE uid = ?", [(uid,) for uid in found])
        return len(found)

    def _forgettable(self, acked: Mapping[int, int]) -> Iterator[tuple[str, list[Revision]]]:
        """Yield the records that may be dropped, with their revisions."""
        owned = self.owned()
        drafts = " ".join(key + payload for key, payload in self._db.rows("SELECT key, payload FROM _draft"))
        for uid, table, scope, base in self._db.rows("SELECT uid, tbl, scope, base FROM _rec WHERE scope != 0"):
            if self._is_mine(int(scope)) or uid in drafts or self._rows.find(uid, table) is not None:
                continue
            log = self._log.of_record(uid)
            is_whole = {r.rid for r in log}.issuperset(load(base)) and not self._waits(uid)
            if is_whole and all(r.origin not in owned and r.seq <= acked.get(r.origin, 0) for r in log):
                yield uid, log

    def _waits(self, uid: str) -> bool:
        """Say whether something of a record has not taken effect yet."""
        return self._db.scalar("SELECT 1 FROM _rev WHERE uid = ? AND st = 0 LIMIT 1", (uid,)) is not None

    def _drop(self, revisions: Sequence[Revision]) -> None:
        """Take revisions out of the log. The feed keeps its numbers, what follows keeps its link to what goes."""
        gone = {revision.rid for revision in revisions}
        links = {r.rid + 1: r.chain for r in revisions if r.rid + 1 not in gone}
        kept = self._log.chains(list(links)).keys()
        self._db.many("INSERT OR IGNORE INTO _gap VALUES (?, ?)", [link for link in links.items() if link[0] in kept])
        for origin in sorted({revision.origin for revision in revisions}):
            upto = min(revision.seq for revision in revisions if revision.origin == origin) - 1
            if upto == 0:
                self._db.execute("DELETE FROM _vv WHERE origin = ?", (origin,))
            elif upto < self._log.prefix(origin)[0]:
                rid = origin << SEQ_BITS | upto
                self._log.note_prefix(origin, upto, self._log.chains([rid])[rid])
        for table in ("_rev", "_gap"):
            self._db.many(f"DELETE FROM {table} WHERE rid = ?", [(rid,) for rid in gone])
