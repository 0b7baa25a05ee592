"""What an import would write, worked out before anything is written."""

from collections.abc import Mapping, Sequence

import numpy as np
import shapely

from fieldsurvey.i18n import _
from fieldsurvey.model.assets import ASSET_BY_NAME
from fieldsurvey.model.identity import new_uid
from fieldsurvey.model.schema import GeometryType, Table, TableKind, Value
from fieldsurvey.store import Store
from layers.io import clean, links, units
from layers.io.mapping import BUILDING_KEY, COMMUNITY_KEY, LayerMapping
from layers.io.matching import UID_FIELDS, Known, LayerPlan, Row, settle
from layers.io.own import own_table
from layers.io.raw import Geometries, RawLayer
from layers.io.report import FileReport


class Context:
    """What later layers of a file, and later files, need to know of earlier ones."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.tables = dict(store.tables())  # with those planned
        self._known: dict[str, links.Known] = {}
        self._existing: dict[str, list[Row]] = {}
        self._waiting: dict[str, list[LayerPlan]] = {}

    def known(self, table: str) -> links.Known:
        """Return the features of a table: those of the project and those planned."""
        if table not in self._known:
            self._known[table] = links.known_features(self.store, table)
        for plan in self._waiting.pop(table, []):
            _keep_for_links(plan, self._known[table])
        return self._known[table]

    def refer_to(self, plan: LayerPlan) -> None:
        """Let later layers refer to the features of a plan; nothing is read of them until one does."""
        self._waiting.setdefault(plan.table.name, []).append(plan)

    def existing(self, table: Table) -> list[Row]:
        """Return the rows of a table: those of the project, with what is planned for them, and those planned."""
        if table.name not in self._existing:
            there = table.name in self.store.tables()
            self._existing[table.name] = self.store.select(table.name) if there else []
        return self._existing[table.name]

    def remember(self, plan: LayerPlan) -> None:
        """Let later layers see what a plan would write."""
        rows = self.existing(plan.table)
        self.tables.setdefault(plan.table.name, plan.table)
        if plan.updates:
            for row in rows:
                row.update(plan.updates.get(str(row["uid"]), {}))
        rows += plan.rows


def plan_layer(
    raw: RawLayer, mapping: LayerMapping, kind: GeometryType | None, context: Context, report: FileReport, rule: Known
) -> LayerPlan:
    """Return what to write for one layer; its geometries are in the project CRS already."""
    table = ASSET_BY_NAME.get(mapping.table) or own_table(raw, kind, context.tables)
    fields = mapping.fields if mapping.table else dict(zip(raw.fields, [c.name for c in table.columns], strict=True))
    geometries = _geometries(raw, table, report)
    rows = _rows(raw, table, fields, geometries, report)
    _link(raw, table, fields, geometries, rows, context, report)
    plan = LayerPlan(table)
    _note_uids(raw, rows)
    drawn = {id(rows[index]): shape for index, shape in raw.drawn_as.items()}
    taken = [row for row in rows if row or table.name == "community"]
    settle(plan, taken, context.existing(table), rule, report)
    _remember(plan, drawn, context)
    return plan


def _note_uids(raw: RawLayer, rows: list[Row]) -> None:
    """Give rows the identity that an earlier export of ours wrote into the file."""
    name = next((field for field in raw.fields if field.lower() in UID_FIELDS), None)
    for row, uid in zip(rows, raw.fields.get(name, []) if name else [], strict=False):
        if row and uid:
            row["uid"] = str(uid)


def _geometries(raw: RawLayer, table: Table, report: FileReport) -> Geometries | None:
    if raw.geometries is None or table.geometry is None:
        return None
    return clean.fitted(raw.geometries, table.geometry, report)


def _rows(
    raw: RawLayer, table: Table, fields: Mapping[str, str], geometries: Geometries | None, report: FileReport
) -> list[Row]:
    columns: dict[str, list[Value]] = {}
    for name, column_name in fields.items():
        if column_name not in {COMMUNITY_KEY, BUILDING_KEY} and name in raw.fields:
            column = table.column(column_name)
            read = clean.values(raw.fields[name], column, report)
            columns[column_name] = units.converted(read, raw.fields[name], name, column, report)
    if geometries is not None:
        columns["geom"] = list(shapely.to_wkb(geometries, include_srid=False))
    rows: list[Row] = [dict(zip(columns, each, strict=True)) for each in zip(*columns.values(), strict=True)]
    rows = rows or [{} for _row in range(len(raw))]
    spatial_only = raw.geometries is not None and table.kind is TableKind.ASSET and table.name != "community"
    placed = [row if row.get("geom") is not None or not spatial_only else {} for row in rows]
    if lost := sum(not row for row in placed) if spatial_only else 0:
        text = _("{layer}: {n} rows have no place on the map and were left out, with their attributes.")
        report.warn("unplaced", text.format(layer=raw.name, n=lost))
    return placed


def _link(
    raw: RawLayer,
    table: Table,
    fields: Mapping[str, str],
    geometries: Geometries | None,
    rows: list[Row],
    context: Context,
    report: FileReport,
) -> None:
    by_column = {column: name for name, column in fields.items()}
    columns = {column.name for column in table.columns}
    if "community_uid" in columns and table.name != "community":
        numbers = raw.fields.get(by_column.get(COMMUNITY_KEY, ""))
        _set(rows, "community_uid", links.communities(numbers, geometries, context.known("community"), report))
    if "building_uid" in columns:
        numbers = raw.fields.get(by_column.get(BUILDING_KEY, ""))
        _set(rows, "building_uid", links.buildings(numbers, geometries, context.known("building")))


def _set(rows: list[Row], column: str, values: Sequence[str | None]) -> None:
    for row, value in zip(rows, values, strict=False):
        if row:
            row[column] = value


def _remember(plan: LayerPlan, drawn: Mapping[int, shapely.Geometry], context: Context) -> None:
    """Give new rows their identity, and keep what later layers refer to."""
    for row in plan.rows:
        row["uid"] = new_uid()
        if id(row) in drawn and isinstance(mended := row.get("geom"), bytes):
            plan.repairs[str(row["uid"])] = mended
    if plan.table.name in {"community", "building"}:
        context.refer_to(plan)
        if drawn:
            context.known(plan.table.name)  # as mended, before the rows come in as drawn
    context.remember(plan)
    if drawn:
        _put_as_drawn(plan, drawn)


def _keep_for_links(plan: LayerPlan, known: links.Known) -> None:
    for row, shape in zip(plan.rows, _shapes(plan.rows), strict=True):
        known.add(str(row["uid"]), row.get("source_id"), shape)
    places = {uid: place for place, uid in enumerate(known.uids)} if plan.updates else {}
    for (uid, changes), shape in zip(plan.updates.items(), _shapes(list(plan.updates.values())), strict=True):
        if changes.get("source_id") not in {None, ""}:
            known.by_number[str(changes["source_id"])] = uid
        if shape is not None:
            known.geometries[places[uid]] = shape


def _shapes(rows: Sequence[Row]) -> list[shapely.Geometry | None]:
    blobs = [row.get("geom") if isinstance(row.get("geom"), bytes) else None for row in rows]
    return list(shapely.from_wkb(np.array(blobs, object))) if blobs else []


def _put_as_drawn(plan: LayerPlan, drawn: Mapping[int, shapely.Geometry]) -> None:
    """Let repaired rows come in as drawn; their repair follows as a step of its own, which can be undone."""
    for row in plan.rows:
        shape = drawn.get(id(row))
        if shape is not None and plan.table.geometry is not None and str(row["uid"]) in plan.repairs:
            row["geom"] = shapely.to_wkb(clean.as_kind(shape, plan.table.geometry), include_srid=False)
