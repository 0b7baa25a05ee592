"""Small hand-made layers for the map rules: shapes as WKT, metres."""

from collections.abc import Mapping, Sequence
from typing import Any

import shapely

from fieldsurvey.assess.rules import RuleSet, default_rules, engine
from fieldsurvey.assess.rules.catalogue import BY_ID
from fieldsurvey.assess.rules.inputs import COLUMNS, Inputs, make_layer
from fieldsurvey.model.finding import Finding
from fieldsurvey.model.schema import Value

BOX = "POLYGON ((0 0, 20 0, 20 10, 0 10, 0 0))"


def layers(**rows: Sequence[Mapping[str, Any]]) -> Inputs:
    """Return layers; each row holds "at" (WKT) and columns; what is not named is blank."""
    found = {}
    for table in (*COLUMNS, *(name for name in rows if name not in COLUMNS)):
        made: list[dict[str, Value]] = []
        own = {column for row in rows.get(table, ()) for column in row} - {"at", "uid"}
        columns = tuple(dict.fromkeys((*COLUMNS.get(table, ("community_uid", "subject_uid", "status")), *sorted(own))))
        for number, row in enumerate(rows.get(table, ())):
            values: dict[str, Value] = {column: row.get(column) for column in columns}
            values["geom"] = shapely.to_wkb(shapely.from_wkt(str(row["at"]))) if row.get("at") else None
            made.append({"uid": row.get("uid", f"{table}{number}"), **values})
        found[table] = make_layer(table, made, columns)
    return Inputs(layers=found)


def exact() -> RuleSet:
    """Return the shipped rules with every accuracy 0, so that boundary values decide."""
    rules = default_rules()
    for key in list(rules.thresholds):
        if key.startswith("A-"):
            rules = rules.changed(key, 0.0)
    return rules


def run(rule: str, rules: RuleSet | None = None, **rows: Any) -> list[Finding]:
    """Return what one rule finds in hand-made layers."""
    return list(engine.judge(layers(**rows), rules or exact(), [BY_ID[rule]]).findings)


def told(found: list[Finding]) -> list[tuple[str, str, float | None, str]]:
    """Return threshold, result, measured value and reason of findings, sorted."""
    return sorted(((f.threshold, str(f.result), f.measured, f.reason) for f in found), key=repr)
