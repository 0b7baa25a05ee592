"""What an import would write, worked out before anything is written."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import shapely

from fieldsurvey.i18n import _
from fieldsurvey.model.assets import ASSET_BY_NAME
from fieldsurvey.model.identity import new_uid
from fieldsurvey.model.schema import Column, ColumnType, GeometryType, Table, TableKind, Value
from fieldsurvey.store import Store
from layers.io import clean, links
from layers.io.mapping import BUILDING_KEY, COMMUNITY_KEY, LayerMapping
from layers.io.raw import Geometries, RawLayer
from layers.io.report import FileReport
from layers.io.same import already_there

Row = dict[str, Value]


@dataclass(slots=True)
class LayerPlan:
    """The writes of one layer.

    Attributes:
        table: Target table; made if it does not exist.
        rows: New rows, with uid.
        updates: uid -> columns to fill in.
    """

    table: Table
    rows: list[Row] = field(default_factory=list)
    updates: dict[str, Row] = field(default_factory=dict)


class Context:
    """What later layers of a file, and later files, need to know of earlier ones."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._known: dict[str, links.Known] = {}

    def known(self, table: str) -> links.Known:
        """Return the features of a table: those of the project and those planned."""
        if table not in self._known:
            self._known[table] = links.known_features(self.store, table)
        return self._known[table]

    def existing(self, table: Table) -> list[Row]:
        """Return the rows of a table that are in the project."""
        return self.store.select(table.name) if table.name in self.store.tables() else []


def plan_layer(
    raw: RawLayer, mapping: LayerMapping, kind: GeometryType | None, context: Context, report: FileReport
) -> LayerPlan:
    """Return what to write for one layer; its geometries are in the project CRS already."""
    table = ASSET_BY_NAME.get(mapping.table) or own_table(raw, kind)
    fields = mapping.fields if mapping.table else dict(zip(raw.fields, [c.name for c in table.columns], strict=True))
    geometries = _geometries(raw, table, report)
    rows = _rows(raw, table, fields, geometries, report)
    _link(raw, table, fields, geometries, rows, context, report)
    plan = LayerPlan(table)
    if table.name == "community":
        _match_communities(plan, rows, context, report)
    else:
        _leave_out_known(plan, rows, context, report)
    _remember(plan, context)
    return plan


def _geometries(raw: RawLayer, table: Table, report: FileReport) -> Geometries | None:
    if raw.geometries is None or table.geometry is None:
        return None
    return clean.fitted(raw.geometries, table.geometry, report)


def _rows(
    raw: RawLayer, table: Table, fields: Mapping[str, str], geometries: Geometries | None, report: FileReport
) -> list[Row]:
    rows: list[Row] = [{} for _row in range(len(raw))]
    for name, column_name in fields.items():
        if column_name in {COMMUNITY_KEY, BUILDING_KEY} or name not in raw.fields:
            continue
        column = table.column(column_name)
        for row, value in zip(rows, raw.fields[name], strict=True):
            row[column_name] = clean.value(value, column, report)
    if geometries is not None:
        for row, wkb in zip(rows, shapely.to_wkb(geometries, include_srid=False), strict=True):
            row["geom"] = wkb
    spatial_only = raw.geometries is not None and table.kind is TableKind.ASSET and table.name != "community"
    return [row if row.get("geom") is not None or not spatial_only else {} for row in rows]


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


def _match_communities(plan: LayerPlan, rows: list[Row], context: Context, report: FileReport) -> None:
    """Attach rows to communities that are known by code or name: blanks are filled, differing values kept and told."""
    existing = context.existing(plan.table)
    index = _community_index(existing)
    lone = _unique_names(existing)
    by_uid = {str(row["uid"]): row for row in existing}
    differ, same = 0, 0
    for row in rows:
        uid = next((index[key] for key in _community_keys(row) if key in index), None)
        if uid is None and not row.get("code") and not row.get("district"):
            uid = lone.get(row.get("name"))
        if uid is None:
            plan.rows.append(row)
            continue
        have = by_uid[uid]
        differ += any(
            value is not None and have.get(name) not in {None, value} for name, value in row.items() if name != "geom"
        )
        updates: Row = {name: value for name, value in row.items() if value is not None and have.get(name) is None}
        if updates:
            plan.updates[uid] = updates
        else:
            same += 1
    if same:
        report.warn("already_there", _("{n} communities are in the project already.").format(n=same))
    if differ:
        text = _("{n} communities have other values in the project; those were kept.")
        report.warn("differs", text.format(n=differ))


def _unique_names(rows: Sequence[Row]) -> dict[Value, str]:
    """Return name -> uid for the names that only one community bears."""
    counts = Counter(row.get("name") for row in rows)
    return {row["name"]: str(row["uid"]) for row in rows if row.get("name") and counts[row["name"]] == 1}


def _community_index(rows: Sequence[Row]) -> dict[tuple[Value, ...], str]:
    index: dict[tuple[Value, ...], str] = {}
    for row in rows:
        for key in _community_keys(row):
            index.setdefault(key, str(row["uid"]))
    return index


def _community_keys(row: Row) -> list[tuple[Value, ...]]:
    """Return what identifies a community, best first: its code, else its name within its district (下陆 is 下陆区)."""
    keys: list[tuple[Value, ...]] = []
    if row.get("code"):
        keys.append(("code", row["code"]))
    if row.get("name") and row.get("district"):
        keys.append(("name", str(row["district"]).rstrip("区县市"), row["name"]))
    return keys


def _leave_out_known(plan: LayerPlan, rows: list[Row], context: Context, report: FileReport) -> None:
    """Take the rows that are not in the project yet."""
    present = [row for row in rows if row]
    known = already_there(present, context.existing(plan.table))
    plan.rows += [row for row, is_known in zip(present, known, strict=True) if not is_known]
    left = sum(known)
    if left:
        text = _("{layer}: {n} features are in the project already; they were not taken twice.")
        report.warn("already_there", text.format(layer=plan.table.label, n=left))


def _remember(plan: LayerPlan, context: Context) -> None:
    for row in plan.rows:
        row["uid"] = new_uid()
    if plan.table.name not in {"community", "building"}:
        return
    known = context.known(plan.table.name)
    for row in plan.rows:
        wkb = row.get("geom")
        known.add(str(row["uid"]), row.get("source_id"), shapely.from_wkb(wkb) if isinstance(wkb, bytes) else None)
    for uid, changes in plan.updates.items():
        if changes.get("source_id") not in {None, ""}:
            known.by_number[str(changes["source_id"])] = uid
        wkb = changes.get("geom")
        if isinstance(wkb, bytes):
            known.geometries[known.uids.index(uid)] = shapely.from_wkb(wkb)


def own_table(raw: RawLayer, kind: GeometryType | None) -> Table:
    """Return a table for a layer that is none of ours: kept as it is, under its own name."""
    name = "layer_" + (slug(raw.name) or "unnamed")
    columns: list[Column] = []
    for label, values in raw.fields.items():
        base = slug(label) or "field"
        base = f"f_{base}" if base in {"fid", "geom", "uid", "rev"} or not base[0].isalpha() else base
        taken = {column.name for column in columns}
        unique = next(n for n in (base, *(f"{base}_{i}" for i in range(2, 10_000))) if n not in taken)
        columns.append(Column(unique, _type_of(values), label, label))
    return Table(name, TableKind.ASSET, raw.name, raw.name, tuple(columns), kind)


def slug(text: str) -> str:
    """Return a name for SQL: pinyin of Chinese, lower case, digits and underscores, at most 40 characters.

    >>> slug("供水管线 2024"), slug('Robert"); DROP')
    ('gong_shui_guan_xian_2024', 'robert_drop')
    """
    from pypinyin import lazy_pinyin

    plain = unicodedata.normalize("NFKC", text)
    latin = "_".join(lazy_pinyin(plain)) if not plain.isascii() else plain
    return re.sub(r"[^a-z0-9]+", "_", latin.lower()).strip("_")[:40].strip("_")


def _type_of(values: Sequence[object]) -> ColumnType:
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, int) for value in present):
        return ColumnType.INTEGER
    if present and all(isinstance(value, int | float) for value in present):
        return ColumnType.REAL
    return ColumnType.TEXT
