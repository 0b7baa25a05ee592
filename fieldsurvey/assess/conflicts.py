"""Conflicts as the desk shows them: what was there before, what each side made of it, and what can be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import shapely

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.merge import DELETED, RULES
from fieldsurvey.model.review import may_write
from fieldsurvey.model.role import ROLE_WORDS, Person
from fieldsurvey.model.schema import ColumnType, Table, Value
from fieldsurvey.store import Conflict, HistoryEntry, Store, Version

GEOMETRY = "geom"
_JOINED = " / "


class Kind(StrEnum):
    """What stands against what."""

    FIELD = "field"
    SHAPE = "shape"
    DELETED = "deleted"
    RULES = "rules"


class Side(StrEnum):
    """Whose value is to stand, where many conflicts are decided by one rule."""

    MINE = "mine"
    THEIRS = "theirs"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Deed:
    """One of the edits that stand against each other.

    Attributes:
        version: The edit; its value is that of the field.
        is_mine: Whether this laptop made it.
        is_delete: Whether it deleted the record.
        changed: Field -> (value before, value after) of the whole edit.
    """

    version: Version
    is_mine: bool
    is_delete: bool = False
    changed: Mapping[str, tuple[Value, Value]] = ()  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Case:
    """One conflict, ready for the desk.

    Attributes:
        conflict: The conflict.
        kind: What stands against what.
        base: The value that both sides had before; None where they had none in common.
        base_by: Who wrote that value, and when; empty if an import or nobody.
        deeds: What each side did, own first, then oldest first.
        row: The record as it is shown meanwhile.
        community: Name of its community.
        community_uid: Its community.
    """

    conflict: Conflict
    kind: Kind
    base: Value
    base_by: tuple[str, int] | None
    deeds: Sequence[Deed]
    row: Mapping[str, Value]
    community: str = ""
    community_uid: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Record and field."""
        return self.conflict.uid, self.conflict.field


def cases(store: Store) -> list[Case]:
    """Return the open conflicts, those of one record together."""
    return [_case(store, conflict) for conflict in store.conflicts()]


def _case(store: Store, conflict: Conflict) -> Case:
    history = {entry.rid: entry for entry in store.history(conflict.uid)}
    row = store.get(conflict.uid)
    values = row.values if row else {}
    deeds = [_deed(store, conflict, version, history) for version in conflict.versions]
    deeds.sort(key=lambda deed: (not deed.is_mine, deed.version.at_ms, deed.version.rid))
    base, base_by = _base(conflict.field, deeds, history)
    uid = conflict.uid if conflict.table == "community" else str(values.get("community_uid") or "")
    community = store.get(uid) if uid else None
    name = str(community.values.get("name") or community.values.get("code") or "") if community else ""
    return Case(conflict, _kind(conflict.field), base, base_by, deeds, values, name, uid)


def _kind(field: str) -> Kind:
    return {GEOMETRY: Kind.SHAPE, DELETED: Kind.DELETED, RULES: Kind.RULES}.get(field, Kind.FIELD)


def _deed(store: Store, conflict: Conflict, version: Version, history: Mapping[int, HistoryEntry]) -> Deed:
    entry = history.get(version.rid)
    if entry is not None:
        version = _first_written(conflict.field, version, entry, history)
    changed = {} if entry is None else {n: (entry.old.get(n), value) for n, value in entry.values.items()}
    if conflict.field in {DELETED, RULES} and entry is not None and entry.kind != "d":
        version = replace(version, value=None)
    return Deed(version, version.origin == store.origin, entry is not None and entry.kind == "d", changed)


def _first_written(field: str, version: Version, entry: HistoryEntry, history: Mapping[int, HistoryEntry]) -> Version:
    """Return a rival as it was first written: taking a decision back writes both rivals anew, under one name."""
    entries = list(history.values())
    earlier = entries[: entries.index(entry)]
    if not any(each.kind == "r" and field in each.values for each in earlier):
        return version
    same = [e for e in earlier if e.kind != "r" and field in e.values and e.values[field] == version.value]
    if not same:
        return version
    first = same[0]
    return replace(version, actor=first.actor, at_ms=first.at_ms, origin=first.origin)


def _base(
    field: str, deeds: Sequence[Deed], history: Mapping[int, HistoryEntry]
) -> tuple[Value, tuple[str, int] | None]:
    """Return the value that the edits had before them, and who wrote it."""
    olds = [deed.changed[field][0] for deed in deeds if field in deed.changed]
    if not olds:
        return None, None
    base = olds[0]
    first = min(deed.version.rid for deed in deeds)
    wrote = [e for e in history.values() if e.rid != first and field in e.values and e.values[field] == base]
    known = [e for e in wrote if e.rid not in {deed.version.rid for deed in deeds}]
    return base, (known[-1].actor, known[-1].at_ms) if known and base is not None else None


# --- decisions -------------------------------------------------------------------------------------------------------


def keep(store: Store, person: Person, case: Case, deed: Deed) -> None:
    """Let one side stand; the other stays in the history.

    Raises:
        InputRefused: If it would write a state of the review for which the person lacks the role.
    """
    if case.kind is Kind.DELETED:
        (store.delete if deed.is_delete else store.undelete)(case.conflict.uid)
        return
    _decide(store, person, case, deed.version.value)


def keep_both(store: Store, person: Person, case: Case) -> None:
    """Let both texts stand, one behind the other.

    Raises:
        InputRefused: If the field holds no free text.
    """
    if not may_join(store.tables()[case.conflict.table], case):
        raise InputRefused(_("Only free texts can be kept both; choose one value, or type another."))
    texts = dict.fromkeys(str(deed.version.value) for deed in case.deeds if deed.version.value)
    _decide(store, person, case, _JOINED.join(texts))


def may_join(table: Table, case: Case, coded: frozenset[str] = frozenset()) -> bool:
    """Say whether the values are free texts: not choices, not a state."""
    column = next((c for c in table.columns if c.name == case.conflict.field), None)
    is_text = column is not None and column.type is ColumnType.TEXT
    return case.kind is Kind.FIELD and is_text and case.conflict.field not in {"status", *coded}


def type_anew(store: Store, person: Person, case: Case, text: str) -> None:
    """Let another value stand, judged by the rules of the form.

    Raises:
        InputRefused: If it is no value of this field, or breaks a rule of the form; the conflict stays open.
    """
    table = store.tables()[case.conflict.table]
    value = read_value(table, case.conflict.field, text)
    rules = store.rules_of_merge
    row = store.get(case.conflict.uid)
    if rules is not None and row is not None:
        changed = {**row.values, case.conflict.field: value}
        for field, sentence in rules(case.conflict.table, changed):
            if field == case.conflict.field:
                raise InputRefused(sentence)
    _decide(store, person, case, value)


def read_value(table: Table, field: str, text: str) -> Value:
    """Return what somebody typed as a value of a column; blank for nothing.

    Raises:
        InputRefused: If a number is needed and it is none.
    """
    column = table.column(field)
    plain = text.strip()
    if not plain:
        return None
    try:
        if column.type is ColumnType.INTEGER:
            return int(plain)
        return float(plain) if column.type is ColumnType.REAL else plain
    except ValueError as error:
        raise InputRefused(
            _("“{field}” needs a number; “{text}” is none.").format(field=column.label, text=plain)
        ) from (error)


def _decide(store: Store, person: Person, case: Case, value: Value) -> None:
    field = case.conflict.field
    if field == "status" and not may_write(person.role, value):
        text = _("This state may not be chosen with the role {role}: ask a reviewer or an approver.")
        raise InputRefused(text.format(role=_(ROLE_WORDS[person.role])))
    store.resolve(case.conflict.uid, {field: value})


def like(case: Case, others: Sequence[Case]) -> list[Case]:
    """Return the conflicts that are like one, itself first: same field of the same table, the same kind."""
    same = [
        other
        for other in others
        if other.key != case.key
        and other.kind is case.kind
        and (other.conflict.table, other.conflict.field) == (case.conflict.table, case.conflict.field)
    ]
    return [case, *same]


def chosen(case: Case, side: Side) -> Deed | None:
    """Return the edit that a rule chooses; None where it chooses none, or more than one."""
    if case.kind is Kind.RULES:
        return None
    if side is Side.NEWEST:
        return max(case.deeds, key=lambda deed: (deed.version.at_ms, deed.version.rid))
    found = [deed for deed in case.deeds if deed.is_mine is (side is Side.MINE)]
    return found[0] if len(found) == 1 else None


def decide_all(store: Store, person: Person, found: Sequence[Case], side: Side) -> int:
    """Decide many conflicts by one rule, as one step that can be undone as a whole; return how many were decided.

    Raises:
        InputRefused: If a decision is refused; none is made then.
    """
    done = 0
    with store.transaction():
        for case in found:
            deed = chosen(case, side)
            if deed is not None:
                keep(store, person, case, deed)
                done += 1
    return done


# --- shapes ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """How a shape differs from the one before.

    Attributes:
        moved: Corners that are not where the other has one.
        farthest: Distance of the farthest of them from the other outline, m.
        spots: Those corners, east and north in the project CRS, m.
        area: Difference of area, or of length for lines.
        unit: Its unit, ㎡ or m.
    """

    moved: int
    farthest: float
    spots: Sequence[tuple[float, float]]
    area: float
    unit: str


def difference(before: bytes | None, after: bytes | None) -> Difference | None:
    """Return how one shape differs from another; None where one of them is missing."""
    if before is None or after is None:
        return None
    one, other = shapely.from_wkb(before), shapely.from_wkb(after)
    had = {tuple(corner) for corner in shapely.get_coordinates(one).round(3).tolist()}
    corners = shapely.get_coordinates(other)
    new = [tuple(corner) for corner in corners.tolist() if tuple(round(c, 3) for c in corner) not in had]
    spots = list(dict.fromkeys((float(x), float(y)) for x, y in new))
    far = max((float(shapely.distance(shapely.Point(spot), shapely.boundary(one))) for spot in spots), default=0.0)
    if one.geom_type == "Point":
        far = float(shapely.distance(one, other))
    measure, unit = (shapely.length, "m") if "Line" in one.geom_type else (shapely.area, "㎡")
    return Difference(len(spots), far, spots, float(measure(other) - measure(one)), unit)
