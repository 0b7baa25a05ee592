"""Quantities of works from records and geometry: quantities.csv says what is measured for which item.

    length         of the lines, m
    area           of the areas, ㎡
    length_width   length of each line × its column, ㎡
    count          rows
    sum            a column over the records that stand
    latest         a column of the newest record
    value          a column of the community itself

`where` chooses rows: `column=words` holds one of the words, `column!words`
none of them. Of several rows for one item the first that measures anything
counts: what was recorded goes before what is only drawn.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import shapely

from fieldsurvey.assess.items import items
from fieldsurvey.assess.records import number, standing
from fieldsurvey.i18n import _, language
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.schema import TableKind, Value
from fieldsurvey.store import Store

ITEM = "f23_plan_item"
_TABLE = Path(__file__).with_name("quantities.csv")
_WHOLE = frozenset({"座", "户", "个", "单元", "盏", "台"})
Row = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of the table.

    Attributes:
        item_code, unit: What it is a quantity of.
        table: Where it is measured.
        take: How.
        column: Of the table; empty for what is counted or measured in the shape.
        where: Choice of rows.
        zh, en: What it is, in two languages.
    """

    item_code: str
    unit: str
    table: str
    take: str
    column: str
    where: str
    zh: str
    en: str

    @property
    def label(self) -> str:
        """What it is, in the user's language."""
        return self.zh if language().startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Quantity:
    """What one item comes to in a community.

    Attributes:
        item_code, unit: The item.
        amount: In the unit, above 0.
        label: What was measured.
        uids: The rows it was measured from, in order.
    """

    item_code: str
    unit: str
    amount: float
    label: str
    uids: tuple[str, ...]


@cache
def measures() -> tuple[Measure, ...]:
    """Return quantities.csv."""
    with _TABLE.open(encoding="utf-8", newline="") as source:
        return tuple(Measure(**row) for row in csv.DictReader(source))


def quantities(store: Store, community: str) -> list[Quantity]:
    """Return what can be measured of a community for items that it has none of yet, in the order of the table."""
    planned = {str(row.get("item_code") or "") for row in standing(store, ITEM, ["item_code"]).get(community, ())}
    found: dict[tuple[str, str], Quantity] = {}
    for measure in measures():
        key = (measure.item_code, measure.unit)
        if measure.item_code not in planned and key not in found:
            made = _measured(store, measure, community)
            if made is not None:
                found[key] = made
    return list(found.values())


def enter(store: Store, community: str, chosen: Sequence[Quantity]) -> int:
    """Write plan items with these quantities as drafts, to be completed by the office; return how many. One step.

    Prices are those of the price table. What was measured stands in the scope of the item.
    """
    row = store.get(community)
    with store.transaction():
        for one in chosen:
            store.create_record(ITEM, _item(one, community, row.values if row else {}), scope=scope_of(community))
    return len(chosen)


def _item(one: Quantity, community: str, row: Row) -> dict[str, Value]:
    return {
        "community_uid": community, "subject_uid": community, "community_id": row.get("code"), "status": "draft",
        "project_name": row.get("name"), "plan_year": row.get("plan_year"), "item_code": one.item_code,
        "reno_class": items()[one.item_code].reno_class, "quantity": one.amount, "unit": one.unit,
        "item_scope": _("{label}, from {n} rows").format(label=one.label, n=len(one.uids)),
    }  # fmt: skip


def _measured(store: Store, measure: Measure, community: str) -> Quantity | None:
    rows = [row for row in _rows(store, measure, community) if _fits(measure.where, row)]
    amount = _TAKE[measure.take](rows, measure.column) if rows else 0.0
    amount = float(int(amount)) if measure.unit in _WHOLE else round(amount, 1)
    if not amount > 0:
        return None
    return Quantity(measure.item_code, measure.unit, amount, measure.label, tuple(str(row["uid"]) for row in rows))


def _rows(store: Store, measure: Measure, community: str) -> list[Row]:
    table = store.tables().get(measure.table)
    if table is None:
        return []
    asked = (measure.column, measure.where.replace("!", "=").partition("=")[0])
    columns = [one.name for one in table.columns if one.name in asked]
    if table.kind is TableKind.FORM:
        rows: list[Row] = list(standing(store, measure.table, columns).get(community, ()))
        return rows[-1:] if measure.take == "latest" else rows
    shape = ["geom"] if table.geometry is not None else []
    key = "uid" if measure.table == "community" else "community_uid"
    return list(store.select(measure.table, [*columns, *shape], where={key: community}))


def _fits(where: str, row: Row) -> bool:
    sign = "!" if "!" in where else "="
    column, _sign, words = where.partition(sign)
    if not column:
        return True
    said = str(row.get(column) or "")
    return any(word in said for word in words.split()) == (sign == "=")


def _shapes(rows: Sequence[Row]) -> np.ndarray:
    return np.asarray(shapely.from_wkb(np.array([row["geom"] for row in rows], dtype=object)), dtype=object)


def _length(rows: Sequence[Row], _column: str) -> float:
    return float(np.nansum(shapely.length(_shapes(rows))))


def _area(rows: Sequence[Row], _column: str) -> float:
    return float(np.nansum(shapely.area(_shapes(rows))))


def _length_width(rows: Sequence[Row], column: str) -> float:
    widths = np.array([number(row.get(column)) or 0.0 for row in rows])
    return float(np.nansum(shapely.length(_shapes(rows)) * widths))


def _sum(rows: Sequence[Row], column: str) -> float:
    return sum(number(row.get(column)) or 0.0 for row in rows)


_TAKE: Mapping[str, Callable[[Sequence[Row], str], float]] = {
    "length": _length,
    "area": _area,
    "length_width": _length_width,
    "count": lambda rows, _column: float(len(rows)),
    "sum": _sum,
    "latest": _sum,
    "value": _sum,
}
