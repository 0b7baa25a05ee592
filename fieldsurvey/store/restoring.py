"""What was deleted, and how records come back with what belongs to them: a form with its lists, a community."""

from collections.abc import Mapping
from dataclasses import dataclass

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.revision import SEQ_BITS, load, unwrap
from fieldsurvey.model.schema import TableKind, Value
from fieldsurvey.store.gpkg import quoted
from fieldsurvey.store.timeline import Timeline

_PARTS = (TableKind.ASSET, TableKind.FORM, TableKind.REPEAT)  # office tables have their own lives
_ONE_ACT_MS = 2_000  # between the deletion of a record and that of the rows of its lists


@dataclass(frozen=True, slots=True)
class Discarded:
    """A record in the trash.

    Attributes:
        uid: The record.
        table: Its table.
        values: Its last values.
        actor: Who deleted it.
        at_ms: When, on that person's clock, milliseconds since 1970.
        origin: Replica on which it was deleted.
    """

    uid: str
    table: str
    values: Mapping[str, Value]
    actor: str
    at_ms: int
    origin: int


class Restoring(Timeline):
    """The part of a Store that brings back what belongs together."""

    def trash(self, most: int = 500) -> list[Discarded]:
        """Return the deleted records, the newest first; rows of lists go with the record around them."""
        names = {row[0]: row[2] or row[1] for row in self._db.rows("SELECT id, login, name FROM _actor")}
        sql = (
            "SELECT t.uid, t.tbl, t.row, r.actor, r.hlc >> 16, r.rid FROM _tomb t JOIN _rev r ON r.uid = t.uid "
            "WHERE r.kind = 'd' AND r.rid = (SELECT rid FROM _rev WHERE uid = t.uid AND kind = 'd' "
            "ORDER BY hlc DESC LIMIT 1) ORDER BY r.hlc DESC LIMIT ?"
        )
        return [
            Discarded(uid, table, _values(text), names.get(actor, ""), at, rid >> SEQ_BITS)
            for uid, table, text, actor, at, rid in self._db.rows(sql, (most,))
            if table in self._rows.tables and self._rows.tables[table].kind in _PARTS[:2]
        ]

    def bring_back(self, uid: str) -> None:
        """Undo a deletion: the record, and the rows of its lists that were deleted with it.

        Raises:
            InputRefused: If it is not deleted, or an approval stands against it.
        """
        deleted = self._deleted_at(uid)
        if deleted is None:
            raise InputRefused(_("This record is not deleted."))
        with self.transaction():
            self.undelete(uid)
            for child in self._buried_children(uid):
                if (other := self._deleted_at(child)) and _is_one_act(deleted, other):
                    self.bring_back(child)

    def _deleted_at(self, uid: str) -> tuple[int, int] | None:
        """Return on which replica and when, ms, a record in the trash was deleted."""
        sql = (
            "SELECT r.rid, r.hlc >> 16 FROM _rev r JOIN _tomb t ON t.uid = r.uid "
            "WHERE r.uid = ? AND r.kind = 'd' ORDER BY r.hlc DESC LIMIT 1"
        )
        row = self._db.one(sql, (uid,))
        return None if row is None else (row[0] >> SEQ_BITS, row[1])

    def parts_of(self, uid: str) -> list[str]:
        """Return a record and what belongs to it, deleted rows included: of a form its lists, of a community all."""
        state = self._log.state(uid)
        if state is None:
            return []
        found = [uid]
        if state.table == "community":
            found += self._of_community(uid)
        for each in list(found):
            found += self._children(each)
        return list(dict.fromkeys(found))

    def restore_with_parts(self, uid: str, when_ms: int, control: JobControl | None = None) -> int:
        """Make a record and all that belongs to it what they were at a moment, as one step; return how many changed.

        What came into being since then goes into the trash.

        Raises:
            InputRefused: If the record itself did not exist yet, or something of it is locked.
            JobCancelled: If the person stopped it; nothing has changed then.
        """
        control = control or JobControl()
        if self._past(uid, when_ms).state is None:
            raise InputRefused(_("This record did not exist yet at that time."))
        changed = [part for part in self.parts_of(uid) if self._changed_since(part, when_ms)]
        with self.transaction():
            for done, part in enumerate(changed):
                if control.is_cancelled:
                    control.step(done, len(changed), "")  # raises, and the transaction takes everything back
                self._restore_part(part, when_ms)
        return len(changed)

    def _restore_part(self, uid: str, when_ms: int) -> None:
        if self._past(uid, when_ms).state is not None:
            self.restore(uid, when_ms)
        elif self._rows.find(uid) is not None:
            self.delete(uid)

    def _changed_since(self, uid: str, when_ms: int) -> bool:
        sql = "SELECT 1 FROM _rev WHERE uid = ? AND hlc >> 16 > ? LIMIT 1"
        return bool(self._db.scalar(sql, (uid, when_ms)))

    def _of_community(self, uid: str) -> list[str]:
        found: list[str] = []
        for table in self._rows.tables.values():
            if table.kind in _PARTS and any(column.name == "community_uid" for column in table.columns):
                sql = f"SELECT uid FROM {quoted(table.name)} WHERE community_uid = ?"
                found += [row[0] for row in self._db.rows(sql, (uid,))]
        sql = "SELECT uid FROM _tomb WHERE json_extract(row, '$.community_uid') = ?"
        return found + [row[0] for row in self._db.rows(sql, (uid,))]

    def _children(self, uid: str) -> list[str]:
        """Return the rows of lists below a record, those of lists in lists too, deleted ones included."""
        found: list[str] = []
        for table in self._rows.tables.values():
            if table.kind is TableKind.REPEAT:
                sql = f"SELECT uid FROM {quoted(table.name)} WHERE parent_uid = ?"
                found += [row[0] for row in self._db.rows(sql, (uid,))]
        found += self._buried_children(uid)
        return found + [below for child in list(found) for below in self._children(child)]

    def _buried_children(self, uid: str) -> list[str]:
        sql = "SELECT uid FROM _tomb WHERE json_extract(row, '$.parent_uid') = ?"
        return [row[0] for row in self._db.rows(sql, (uid,))]


def _is_one_act(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Say whether two deletions were one act of one person."""
    return one[0] == other[0] and abs(one[1] - other[1]) <= _ONE_ACT_MS


def _values(text: str) -> dict[str, Value]:
    return {name: unwrap(value) for name, value in load(text).items()}
