"""Features of a file that the project holds already: found by UUID, by code, by place; then filled in, updated or left.

Hand-over files overlap: the same community comes in the ledger, in the
boundaries and in last year's files. Nothing may be counted twice.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from fieldsurvey.errors import UsageError
from fieldsurvey.i18n import _
from fieldsurvey.model.identity import is_uid
from fieldsurvey.model.schema import Table, Value
from layers.io.report import FileReport
from layers.io.same import same_features

Row = dict[str, Value]
UID_FIELDS = frozenset({"uid", "uuid", "fs_uid", "guid", "globalid", "唯一标识"})
_NOT_COMPARED = frozenset({"uid", "geom", "_rev"})


class Known(StrEnum):
    """What becomes of a feature that the project holds already."""

    FILL = "fill"  # only what the project lacks is taken; differing values are told
    UPDATE = "update"  # the file is right: differing values replace those of the project
    SKIP = "skip"  # the project is right: nothing is taken
    INSERT = "insert"  # it is another one all the same


def named(text: str) -> Known:
    """Return the rule of a name.

    Raises:
        UsageError: If there is none of that name.
    """
    try:
        return Known(text.strip().lower())
    except ValueError as error:
        wanted = _(", ").join(Known)
        raise UsageError(_("{name} is none of: {all}.").format(name=text, all=wanted)) from error


@dataclass(slots=True)
class LayerPlan:
    """The writes of one layer.

    Attributes:
        table: Target table; made if it does not exist.
        rows: New rows, with uid.
        updates: uid -> columns to write.
        repairs: uid of a new row -> its geometry repaired; the row holds it as drawn.
    """

    table: Table
    rows: list[Row] = field(default_factory=list)
    updates: dict[str, Row] = field(default_factory=dict)
    repairs: dict[str, bytes] = field(default_factory=dict)


def settle(plan: LayerPlan, rows: Sequence[Row], existing: Sequence[Row], rule: Known, report: FileReport) -> None:
    """Put each row into the plan as new or as a change, or leave it out, told.

    Args:
        plan: Takes the rows.
        rows: Rows of the file; "uid" if the file gives one.
        existing: Rows of the project.
        rule: What becomes of a feature that is there.
        report: Takes the counts.
    """
    if rule is Known.INSERT or not existing:
        plan.rows += rows
        return
    found = _matches(plan.table, rows, existing)
    by_uid = {str(row["uid"]): row for row in existing}
    counts: Counter[str] = Counter()
    for row, uid in zip(rows, found, strict=True):
        if uid is None:
            plan.rows.append(row)
            continue
        have = by_uid[uid]
        differs = _differing(row, have)
        changes = _changes(row, have, differs, rule, plan.table)
        if changes:
            plan.updates.setdefault(uid, {}).update(changes)
        counts["updated" if changes else "same"] += 1
        counts["differ"] += bool(differs) and rule is Known.FILL
    _tell(plan.table, counts, rule, report)


def _differing(row: Row, have: Row) -> set[str]:
    return {
        name
        for name, value in row.items()
        if value is not None and name not in _NOT_COMPARED and have.get(name) not in {None, value}
    }


def _changes(row: Row, have: Row, differs: set[str], rule: Known, table: Table) -> Row:
    """Return what to write to a feature that is there."""
    if rule is Known.SKIP or (rule is Known.FILL and table.name != "community"):
        return {}
    columns = {column.name for column in table.columns} | {"geom"}
    changes: Row = {
        name: value for name, value in row.items() if value is not None and name in columns and have.get(name) is None
    }
    if rule is Known.UPDATE:
        changes |= {name: row[name] for name in differs if name in columns}
        if row.get("geom") is not None and row["geom"] != have.get("geom"):
            changes["geom"] = row["geom"]
    return changes


def _tell(table: Table, counts: Counter[str], rule: Known, report: FileReport) -> None:
    if counts["same"] and table.name == "community":
        report.warn("already_there", _("{n} communities are in the project already.").format(n=counts["same"]))
    elif counts["same"]:
        text = _("{layer}: {n} features are in the project already; they were not taken twice.")
        report.warn("already_there", text.format(layer=table.label, n=counts["same"]))
    if counts["differ"]:
        if table.name == "community":
            text = _("{n} communities have other values in the project; those were kept.")
        else:
            text = _("{n} features have other values in the project; those were kept.")
        report.warn("differs", text.format(n=counts["differ"]))
    if counts["updated"] and rule is Known.UPDATE:
        text = _("{layer}: {n} features of the project were brought up to the file.")
        report.note("updated", text.format(layer=table.label, n=counts["updated"]))


def _matches(table: Table, rows: Sequence[Row], existing: Sequence[Row]) -> list[str | None]:
    """Return for each row the uid of the feature that it is: by UUID, else by code, else by place."""
    known = {str(row["uid"]) for row in existing}
    found: list[str | None] = [_given(row, known) for row in rows]
    codes = _index(table, existing)
    lone = _unique_names(existing) if table.name == "community" else {}
    for number, row in enumerate(rows):
        if found[number] is None:
            found[number] = next((codes[key] for key in keys(table, row) if key in codes), None)
        if found[number] is None and lone and not row.get("code") and not row.get("district"):
            found[number] = lone.get(row.get("name"))
    if table.name == "community":
        return found
    taken = {uid for uid in found if uid}
    open_rows = [number for number, uid in enumerate(found) if uid is None and rows[number]]
    rest = [row for row in existing if row["uid"] not in taken]
    for number, place in zip(open_rows, same_features([rows[i] for i in open_rows], rest), strict=True):
        found[number] = None if place is None else str(rest[place]["uid"])
    return found


def _given(row: Row, known: set[str]) -> str | None:
    uid = str(row.pop("uid", None) or "").replace("-", "").lower()
    return uid if is_uid(uid) and uid in known else None


def _unique_names(rows: Sequence[Row]) -> dict[Value, str]:
    """Return name -> uid for the names that only one community bears."""
    counts = Counter(row.get("name") for row in rows)
    return {row["name"]: str(row["uid"]) for row in rows if row.get("name") and counts[row["name"]] == 1}


def _index(table: Table, rows: Sequence[Row]) -> dict[tuple[Value, ...], str]:
    index: dict[tuple[Value, ...], str] = {}
    for row in rows:
        for key in keys(table, row):
            index.setdefault(key, str(row["uid"]))
    return index


def keys(table: Table, row: Row) -> list[tuple[Value, ...]]:
    """Return what identifies a feature, best first: its code; a community by name and district (下陆 is 下陆区).

    Numbers of the source (source_id) do not: two offices number their hydrants alike.
    """
    found: list[tuple[Value, ...]] = []
    if row.get("code"):
        found.append(("code", row["code"]))
    if table.name == "community" and row.get("name") and row.get("district"):
        found.append(("name", str(row["district"]).rstrip("区县市"), row["name"]))
    return found
