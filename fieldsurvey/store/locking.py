"""What was approved is locked: no form, table or import writes into it until an approver opens it for revision.

An edit that was made elsewhere before its author knew of the approval is not refused: it arrives by sync and ends the
approval, so that nothing is lost.
"""

from collections.abc import Iterable, Mapping

from fieldsurvey.errors import RecordLocked
from fieldsurvey.model.merge import AUTOMATIC
from fieldsurvey.model.review import LOCKED, ReviewState, locked_sentence
from fieldsurvey.model.review_tables import COMMUNITY_REVIEW, MONEY, review_uid
from fieldsurvey.model.schema import Table, TableKind, Value
from fieldsurvey.store.rows import Rows

_STATUS = "status"
_MONEY = frozenset(MONEY.values())
_AFTER_EDIT = {
    ReviewState.DRAFT: str(ReviewState.DRAFT),
    ReviewState.SUBMITTED: str(ReviewState.SUBMITTED),
    ReviewState.REVIEWED: str(ReviewState.SUBMITTED),
}


def admitted(rows: Rows, table: str, uid: str, changes: dict[str, Value]) -> dict[str, Value]:
    """Return what an edit writes: into a record of a form, its state beside the answers.

    So a review that did not see the answers conflicts with them,
    and what was reviewed is submitted again. A record of no form is locked only in the numbers of its community.

    Raises:
        RecordLocked: If the record is locked.
    """
    found = rows.tables[table]
    if found.kind is TableKind.FORM or table == COMMUNITY_REVIEW.name:
        status = _status(rows, found, uid)
        if changes.get(_STATUS) != ReviewState.SUPERSEDED and status == LOCKED:
            raise RecordLocked(locked_sentence())
        if status in _AFTER_EDIT and _STATUS not in changes and changes.keys() - AUTOMATIC:
            return {**changes, _STATUS: _AFTER_EDIT[ReviewState(str(status))]}
        return changes
    if found.kind is TableKind.REPEAT:
        _refuse_child(rows, found, _value(rows, table, uid, "parent_uid"))
    elif table == "community" and not _MONEY.isdisjoint(changes) and _is_community_locked(rows, uid):
        raise RecordLocked(locked_sentence())
    return changes


def refuse_delete(rows: Rows, table: str, uid: str) -> None:
    """Refuse to delete a locked record, or a community that is approved.

    Raises:
        RecordLocked: If it is locked.
    """
    admitted(rows, table, uid, dict.fromkeys(_MONEY) if table == "community" else {})


def refuse_new(rows: Rows, table: str, values: Iterable[Mapping[str, Value]]) -> None:
    """Refuse new records of a form in an approved community, and new rows of a locked record.

    Raises:
        RecordLocked: If one of them would go there.
    """
    found = rows.tables[table]
    if found.kind is TableKind.FORM and COMMUNITY_REVIEW.name in rows.tables:
        for community in {value.get("community_uid") for value in values}:
            if community and _is_community_locked(rows, str(community)):
                raise RecordLocked(locked_sentence())
    elif found.kind is TableKind.REPEAT:
        for parent in {value.get("parent_uid") for value in values}:
            _refuse_child(rows, found, parent)


def restored(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values of an earlier moment as they may come back: what was reviewed then is reviewed anew."""
    is_judged = values.get(_STATUS) in {ReviewState.REVIEWED, ReviewState.APPROVED}
    return {**values, _STATUS: str(ReviewState.SUBMITTED)} if is_judged else dict(values)


def _refuse_child(rows: Rows, table: Table, parent: Value) -> None:
    outer = rows.tables.get(table.parent)
    if outer is None or not parent:
        return
    if outer.kind is TableKind.REPEAT:
        _refuse_child(rows, outer, _value(rows, outer.name, str(parent), "parent_uid"))
    elif _status(rows, outer, str(parent)) == LOCKED:
        raise RecordLocked(locked_sentence())


def _is_community_locked(rows: Rows, uid: str) -> bool:
    table = rows.tables.get(COMMUNITY_REVIEW.name)
    return table is not None and _status(rows, table, review_uid(uid)) == LOCKED


def _status(rows: Rows, table: Table, uid: str) -> Value:
    return _value(rows, table.name, uid, _STATUS) if _STATUS in rows.columns(table.name) else None


def _value(rows: Rows, table: str, uid: str, name: str) -> Value:
    found = rows.read_many(table, [uid], [name]).get(uid)
    return found[0] if found else None
