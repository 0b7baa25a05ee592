"""Checks of one feature right after it was edited: what geometry can tell from its surroundings."""

from collections.abc import Iterable

import shapely

from fieldsurvey.store import Store
from layers.topology import belonging, pipes, shapes
from layers.topology.data import CHECKED, Layer, from_rows
from layers.topology.findings import Finding, Rule

_AROUND = 60.0  # m
_RULES = frozenset(
    {
        Rule.SELF_INTERSECTION, Rule.ZERO_LENGTH, Rule.TINY, Rule.HOLE, Rule.DUPLICATE, Rule.OVERLAP, Rule.GAP,
        Rule.OUTSIDE_CITY, Rule.OUTSIDE_COMMUNITY, Rule.OFF_BUILDING, Rule.DANGLE, Rule.CROSSES_BUILDING,
        Rule.MIXED_CONNECTION,
    }
)  # fmt: skip


def check_around(store: Store, uids: Iterable[str]) -> list[Finding]:
    """Return what is wrong with records, seen among what lies around them; runs in the thread of the store."""
    wanted = set(uids)
    boxes = []
    for uid in wanted:
        row = store.get(uid)
        if row is not None and isinstance(row.values.get("geom"), bytes):
            boxes.append(shapely.box(*shapely.from_wkb(row.values["geom"]).bounds))
    if not boxes:
        return []
    west, south, east, north = shapely.total_bounds(boxes).tolist()
    box = (west - _AROUND, south - _AROUND, east + _AROUND, north + _AROUND)
    known = store.tables()
    data: dict[str, Layer] = {}
    for table in CHECKED:
        if table in known and (rows := store.select(table, bbox=box)):
            data[table] = from_rows(table, rows)
    found = [*shapes.check(data), *belonging.check(data), *pipes.check(data)]
    return [finding for finding in found if finding.uid in wanted and finding.rule in _RULES]
