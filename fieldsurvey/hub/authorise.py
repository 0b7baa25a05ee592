"""Who may write what: one pure question per revision.

A revision that its pusher may not write goes into quarantine with the name of
the rule. The area is taken from the record as the hub knows it, not from what
the revision claims, wherever the hub knows the record.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fieldsurvey.model.identity import is_uid, scope_of
from fieldsurvey.model.review import LOCKED, NEEDS, Step, may_write
from fieldsurvey.model.review_tables import REVIEW_STEP
from fieldsurvey.model.revision import Kind, Revision
from fieldsurvey.model.role import Role

_APPROVE = "a"
_AREA_FIELD, _STATUS = "community_uid", "status"
_WRITING = {Kind.CREATE, Kind.UPDATE, Kind.RESOLVE}


@dataclass(frozen=True, slots=True)
class Permit:
    """What one account may write.

    Attributes:
        login: Who.
        role: Role.
        scopes: Areas; None: everywhere.
        districts: Names of districts in which new communities may be made.
    """

    login: str
    role: Role
    scopes: frozenset[int] | None = None
    districts: frozenset[str] = frozenset()

    @property
    def needs_places(self) -> bool:
        """True when judging needs to know where the records lie."""
        return self.scopes is not None


def judge(
    permit: Permit, revisions: Sequence[Revision], places: Mapping[str, int], approving: Collection[int] = ()
) -> dict[int, str]:
    """Return the revisions that must be held, and the rule each breaks.

    Args:
        permit: What the pusher may do.
        revisions: What he pushes, in the order of writing.
        places: Record -> area, for the records that the hub knows.
        approving: Those of `status_seen` that made a record approved: only an approver goes on from there.
    """
    known = dict(places)
    allowed = set(permit.scopes or ())
    held: dict[int, str] = {}
    for revision in revisions:
        if permit.scopes is not None and _makes_community(permit, revision):
            allowed.add(scope_of(revision.uid))
        reason = _broken(permit, revision, known, allowed) or _review_broken(permit.role, revision, approving)
        if reason:
            held[revision.rid] = reason
        elif revision.kind is Kind.CREATE:
            known.setdefault(revision.uid, claimed(revision))
    return held


def _broken(permit: Permit, revision: Revision, known: Mapping[str, int], allowed: set[int]) -> str:
    if str(revision.kind) == _APPROVE and not permit.role.covers(Role.APPROVER):
        return "approve"
    if permit.scopes is None:
        return ""
    if revision.kind is Kind.IMPORT:
        return "import"
    place = known.get(revision.uid)
    claims = {claimed(revision) if place is None else place, *_areas_named(revision)}
    if revision.scope:
        claims.add(revision.scope)
    return "" if claims <= allowed else "scope"


def _review_broken(role: Role, revision: Revision, approving: Collection[int]) -> str:
    if revision.kind not in _WRITING or role.covers(Role.APPROVER):
        return ""
    fields = revision.fields()
    if not may_write(role, fields.get("status")):
        return "review"
    step = fields.get("step") if revision.table == REVIEW_STEP.name else None
    if step in set(Step) and not role.covers(NEEDS[Step(step)]):
        return "review"
    return "locked" if not status_seen([revision]).isdisjoint(approving) else ""


def status_seen(revisions: Iterable[Revision]) -> set[int]:
    """Return the versions of the review status that the authors of edits had on screen when they wrote it anew."""
    found: set[int] = set()
    for revision in revisions:
        parents = revision.parents() if revision.kind in {Kind.UPDATE, Kind.RESOLVE} else None
        if parents and _STATUS in revision.fields():
            most, others, *_check = parents
            found.update(others.get(_STATUS, most))
    return found


def approving(revisions: Mapping[int, Revision]) -> set[int]:
    """Return which of some revisions made a record approved."""
    return {rid for rid, revision in revisions.items() if revision.fields().get(_STATUS) == LOCKED}


def _makes_community(permit: Permit, revision: Revision) -> bool:
    """Say whether a revision makes a community in a district of this account."""
    if revision.kind is not Kind.CREATE or revision.table != "community":
        return False
    return str(revision.fields().get("district")) in permit.districts


def claimed(revision: Revision) -> int:
    """Return the area that a revision itself names."""
    if revision.table == "community":
        return scope_of(revision.uid)
    named = _areas_named(revision)
    return revision.scope or next(iter(named), 0)


def _areas_named(revision: Revision) -> set[int]:
    """Return the areas that a revision writes into the record: moving it there needs the right as well."""
    if revision.kind is Kind.IMPORT:
        return set()
    value = revision.fields().get(_AREA_FIELD)
    return {scope_of(value)} if isinstance(value, str) and is_uid(value) else set()
