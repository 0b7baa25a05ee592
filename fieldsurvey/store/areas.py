"""The areas a laptop works in: rows of other areas are put away, once the hub has what was written here.

Put away are the rows that QGIS, the map and the lists see; which parts of the
log may follow says `forgetting`. A record that moves back into an area is
shown again from the log.
"""

import json
from collections.abc import Collection, Iterator

from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.merge import State
from fieldsurvey.model.revision import SEQ_BITS, SEQ_MASK, dump
from fieldsurvey.store import triggers
from fieldsurvey.store.editing import Editing
from fieldsurvey.store.gpkg import quoted


class Areas(Editing):
    """The part of a Store that knows which areas this copy works in."""

    def areas(self) -> frozenset[int] | None:
        """Return the areas this copy works in; None: all."""
        text = self._db.scalar("SELECT value FROM _setting WHERE key = 'areas'")
        return None if text is None or text == "null" else frozenset(json.loads(text))

    def set_areas(self, scopes: Collection[int] | None) -> None:
        """Say which areas this copy works in; rows of areas that come in again are shown again."""
        with self.transaction():
            value = dump(None if scopes is None else sorted(scopes))
            self._db.execute("INSERT OR REPLACE INTO _setting VALUES ('areas', ?)", (value,))
            self._log.records.areas = self.areas()
            for (uid,) in self._db.rows("SELECT uid FROM _evicted"):
                state = self._log.state(uid)
                if state is not None and self._is_mine(state.scope):
                    self._log.records.materialise(uid, state, self._rows.columns(state.table))

    def evict(self) -> int:
        """Put away the rows of records outside the areas; return how many.

        A record stays while a revision written here awaits the confirmation of a hub.
        """
        if self._log.records.areas is None:
            return 0
        with self.transaction():
            unconfirmed = self._unconfirmed()
            return sum(self._evict_from(name, unconfirmed) for name in self._rows.tables)

    def _is_mine(self, scope: int) -> bool:
        areas = self._log.records.areas
        return areas is None or scope == 0 or scope in areas

    def _unconfirmed(self) -> set[str]:
        """Return the records with revisions written here that no hub has confirmed."""
        acked: dict[int, int] = {}
        for (text,) in self._db.rows("SELECT acked FROM _peer"):
            for origin, seq in json.loads(text).items():
                acked[int(origin)] = max(acked.get(int(origin), 0), int(seq))
        rows = self._db.rows("SELECT rid, uid FROM _rev WHERE step NOT NULL")
        return {uid for rid, uid in rows if rid & SEQ_MASK > acked.get(rid >> SEQ_BITS, 0)}

    def _evict_from(self, table: str, unconfirmed: set[str]) -> int:
        leaving = [(uid, rev, scope) for uid, rev, scope in self._outside(table) if uid not in unconfirmed]
        if not leaving:
            return 0
        for statement in triggers.drop_triggers(table):
            self._db.execute(statement)
        for uid, rev, scope in leaving:
            if self._db.scalar("SELECT 1 FROM _rec WHERE uid = ?", (uid,)) is None:
                state = State(table, scope, (rev,))
                self._log.records.note(uid, state, self._log.status(uid, state, ())[0])
            self._db.execute("DELETE FROM _conflict WHERE uid = ?", (uid,))
            self._db.execute("INSERT OR IGNORE INTO _evicted VALUES (?)", (uid,))
            self._rows.delete(table, uid)
            self._log.records.touched[uid] = table
        for statement in self._rows.capture_triggers(table):
            self._db.execute(statement)
        return len(leaving)

    def _outside(self, table: str) -> Iterator[tuple[str, int, int]]:
        """Yield uid, revision and area of the rows that belong to no area of ours."""
        community = "t.community_uid" if "community_uid" in self._rows.columns(table) else "NULL"
        community = "t.uid" if table == "community" else community
        sql = f"SELECT t.uid, t._rev, r.scope, {community} FROM {quoted(table)} t LEFT JOIN _rec r ON r.uid = t.uid"
        for uid, rev, stored, owner in self._db.rows(sql):
            scope = scope_of(owner) if stored is None else int(stored)
            if not self._is_mine(scope):
                yield uid, int(rev), scope
