"""Conflicts in words."""

from collections.abc import Mapping

from fieldsurvey.assess.conflicts import Case, Deed, Difference, Kind, difference
from fieldsurvey.i18n import _, labelled
from fieldsurvey.model.merge import AUTOMATIC, DELETED, RULES
from fieldsurvey.model.review import STATE_WORDS, state_of
from fieldsurvey.model.schema import Table, Value
from fieldsurvey.sync.clocks import words as clock_words
from ui import shown
from ui.words import in_words

_MOST = 8  # changed fields told of one edit


def field_label(table: Table, field: str) -> str:
    """Return what people call the field of a conflict."""
    own = {
        DELETED: _("deleted by one, changed by the other"),
        RULES: _("each edit is right, together they break a rule"),
        "geom": _("place or shape"),
    }
    known = {column.name: column.label for column in table.columns}
    return own.get(field) or known.get(field, field)


def value_words(table: Table, field: str, value: Value) -> str:
    """Return a value in words; a state of the review by its name."""
    if field == "status":
        return _(STATE_WORDS[state_of(value)])
    return in_words(table, field, value)


def heading(case: Case, table: Table) -> str:
    """Return community, form or layer, and field."""
    named = case.row.get("name")
    thing = f"{table.label} {named}" if isinstance(named, str) and case.conflict.table != "community" else table.label
    return " · ".join(filter(None, (case.community, thing, field_label(table, case.conflict.field))))


def who(deed: Deed) -> str:
    """Return who made an edit, when and on which laptop, and whether that clock was off."""
    version = deed.version
    laptop = _("this laptop") if deed.is_mine else _("laptop {n}").format(n=version.origin)
    at = shown.moment(version.at_ms)
    told = " · ".join(filter(None, (version.actor, at, laptop)))
    off = clock_words(version.clock_off_ms)
    return told + (_(" (that clock is {off})").format(off=off) if off else "")


def side_of(deed: Deed, number: int) -> str:
    """Return the head of a column."""
    return _("Mine") if deed.is_mine else _("Theirs") if number < 2 else _("Theirs, {n}").format(n=number)


def deed_words(case: Case, deed: Deed, table: Table) -> str:
    """Return what an edit did."""
    if deed.is_delete:
        return _("deleted the record")
    if case.kind in {Kind.DELETED, Kind.RULES}:
        return changes_words(deed.changed, table) or _("made the record")
    if case.kind is Kind.SHAPE:
        before = case.base if isinstance(case.base, bytes) else None
        after = deed.version.value if isinstance(deed.version.value, bytes) else None
        return shape_words(difference(before, after), before, after)
    return value_words(table, case.conflict.field, deed.version.value)


def changes_words(changed: Mapping[str, tuple[Value, Value]], table: Table) -> str:
    """Return the fields that an edit changed, before and after."""
    lines = [
        labelled(field_label(table, name), f"{value_words(table, name, old)} → {value_words(table, name, new)}")
        for name, (old, new) in changed.items()
        if name not in AUTOMATIC and old != new
    ]
    more = len(lines) - _MOST
    return "\n".join(lines[:_MOST] + ([_("and {n} more").format(n=more)] if more > 0 else []))


def shape_words(found: Difference | None, before: bytes | None, after: bytes | None) -> str:
    """Return how a shape differs from the one before."""
    if after is None:
        return _("took the shape away")
    if found is None:
        return _("drew it") if before is None else _("(geometry)")
    if not found.moved:
        return _("the same corners")
    told = _("{n} corners differ, the farthest by {far:.2f} m").format(n=found.moved, far=found.farthest)
    return told + (_("; size {area:+,.1f} {unit}").format(area=found.area, unit=found.unit) if found.area else "")
