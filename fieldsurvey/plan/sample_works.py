"""The plan of the sample project: items of the surveyed communities, a version that is approved, and how far it is.

What is built comes from works.csv: quantities are measured in the sample's own
layers, prices are those of its price table, and amounts, fees and reserve are
worked out by `assess/cost.py`. Each class of works gets the share of the
community's investment that the parameters name; in its order the table fills
that share, and its last item takes the rest, so that a community costs what
the ledger says and the city 28.39 亿元.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import cache
from pathlib import Path

import numpy as np
import shapely

from fieldsurvey import samples
from fieldsurvey.assess.cost import Line, amount_wan, estimate
from fieldsurvey.assess.gates import Gate, GateState, gates
from fieldsurvey.assess.items import items
from fieldsurvey.assess.parameters import parameters
from fieldsurvey.assess.readiness import Consent, consents
from fieldsurvey.assess.records import Record, number, standing
from fieldsurvey.i18n import _
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.plan_tables import PRICE
from fieldsurvey.model.schema import Value
from fieldsurvey.plan import versions
from fieldsurvey.plan.problem import CLASS_ORDER
from fieldsurvey.store import Store

ITEM = "f23_plan_item"
_REST = "rest"
_WHOLE_UNITS = frozenset({"户", "座", "个", "点", "单元", "台", "口", "处", "盏"})
_MOST_OF_SHARE = 0.92  # of the money of a class that measured items may take: the last item keeps a part
_WEEK = timedelta(days=7)
_CENT = Decimal("0.01")
_OLD_WATER = frozenset({"镀锌钢管", "灰口铸铁"})  # T-W1, T-W3
_OLD_DRAINS = frozenset({"混凝土", "陶土", "铸铁"})  # T-D13
_SURVEYED = "N5"
_LAST_YEAR = 2021  # of the city's reply: the works of this year are under way, those before are finished
Row = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Work:
    """One line of works.csv.

    Attributes:
        item_code, price, unit: The row of the price table it is priced with.
        measure: What is measured; "rest": what the money of its class leaves.
        share: Part of what is measured that is done.
        fund_src: Code of FUND_SOURCES.
        utility_unit: Utility it is aligned with; empty: none.
        begins, ends: Month and day, MM-DD.
    """

    item_code: str
    price: str
    unit: str
    measure: str
    share: float
    fund_src: str
    utility_unit: str
    begins: str
    ends: str

    @property
    def reno_class(self) -> str:
        """Class of the catalogue."""
        return items()[self.item_code].reno_class


def fill_sample_plan(store: Store) -> None:
    """Write plan items into the surveyed communities and the approved plan of the city; one durable step each."""
    with store.transaction():
        _write_items(store)
    with store.transaction():
        _write_version(store)


# --- items -----------------------------------------------------------------------------------------------------------


def _write_items(store: Store) -> None:
    prices = {(row["item_code"], row["name"], row["unit"]): row for row in store.select(PRICE.name)}
    numbers, said = parameters(store), consents(store)
    gas = {uid: rows[-1] for uid, rows in standing(store, "f07_gas", ["gas_households"]).items()}
    shifts = _shifts(store)
    surveyed = _surveyed(store)
    targets = reachable([Decimal(str(row["est_investment"])) for row in surveyed], numbers)
    for row, target in zip(surveyed, targets, strict=True):
        measured = _measured(store, row, gas.get(str(row["uid"]), {}))
        for work, line in fitted(measured, prices, numbers, target).items():
            _write_item(store, row, work, line, said.get(str(row["uid"])), shifts[str(row["uid"])])


def _surveyed(store: Store) -> list[Row]:
    """Return the communities whose facilities are surveyed: gate N5 lets no other have plan items."""
    passed = {uid for uid, found in gates(store).items() if _is_surveyed(found)}
    return [row for row in store.select("community", order="code") if row["uid"] in passed]


def _is_surveyed(found: Sequence[Gate]) -> bool:
    return any(gate.id == _SURVEYED and gate.state is GateState.PASS for gate in found)


def reachable(investments: Sequence[Decimal], numbers: Mapping[str, float]) -> list[Decimal]:
    """Return totals near the investments, with the same sum, that works with fees and reserve can come to.

    Fees and reserve are rounded to the cent, so not every cent is the total of
    some works: what one community falls short of goes to another.
    """
    found, spare = [], Decimal(0)
    for wanted in investments:
        found.append(_total(_works_for(wanted + spare, numbers), numbers))
        spare += wanted - found[-1]
    for n, total in enumerate(found):
        if spare and _total(_works_for(total + spare, numbers), numbers) == total + spare:
            found[n], spare = total + spare, Decimal(0)
    return found


def fitted(
    measured: Mapping[str, float], prices: Mapping[tuple[Value, Value, Value], Row], numbers: Mapping[str, float],
    target: Decimal,
) -> dict[Work, Line]:  # fmt: skip
    """Return the works of a community with their lines; with fees and reserve they cost the target.

    Args:
        measured: Measure -> what there is of it.
        prices: Rows of the price table by code, name and unit.
        numbers: The parameters: shares of the classes, fees and reserve.
        target: A total of `reachable`, 万元.
    """
    whole = _works_for(target, numbers)
    money = {name: (whole * Decimal(str(numbers[f"cost.share.{name}"]))).quantize(_CENT) for name in CLASS_ORDER[1:]}
    money["base"] = whole - sum(money.values())
    found: dict[Work, Line] = {}
    for work in catalogue():
        price = prices[work.item_code, work.price, work.unit]
        yuan, left = number(price["unit_price"]) or 0.0, money[work.reno_class]
        if work.measure == _REST:
            quantity = round(float(left) * 10_000 / yuan, 2)
        else:
            room = float(left) * _MOST_OF_SHARE * 10_000 / yuan
            quantity = _whole(min(measured[work.measure] * work.share, room), work.unit)
        if quantity > 0:
            amount = amount_wan(quantity, yuan)
            money[work.reno_class] -= amount
            found[work] = Line(
                "", work.item_code, work.reno_class, work.fund_src, quantity, work.unit, yuan, amount, str(price["uid"])
            )
    return found


def _works_for(target: Decimal, numbers: Mapping[str, float]) -> Decimal:
    """Return the most works whose total with fees and reserve is not above the target, 万元."""
    rate = Decimal(str((1 + numbers["cost.fees"]) * (1 + numbers["cost.reserve"])))
    works = (target / rate).quantize(_CENT, ROUND_DOWN) + 2 * _CENT
    while _total(works, numbers) > target:
        works -= _CENT
    return works


def _total(works: Decimal, numbers: Mapping[str, float]) -> Decimal:
    return estimate([Line("", "", "base", "", 1.0, "", 0.0, works)], numbers).total_wan


def _whole(quantity: float, unit: str) -> float:
    return float(int(quantity)) if unit in _WHOLE_UNITS else round(quantity, 1)


def _write_item(
    store: Store, row: Row, work: Work, line: Line, said: Consent | None, shift: timedelta
) -> None:  # fmt: skip
    uid, year = str(row["uid"]), int(str(row["plan_year"]))
    is_over = said is not None and said.participation is not None and said.participation > 50
    store.create_record(
        ITEM,
        {
            "community_uid": uid, "subject_uid": uid, "community_id": row["code"], "status": "approved",
            "saved_at": "2026-10-28T08:00:00.000Z", "survey_round": "baseline", "surveyor": "王工",
            "survey_date": "2026-10-28", "plan_year": year,
            "project_name": _("{name} renovation").format(name=row["name"]),
            "reno_class": line.reno_class, "item_code": line.item_code, "item_scope": work.price,
            "quantity": line.quantity, "unit": line.unit, "unit_price": line.price_yuan,
            "amount": round(line.quantity * line.price_yuan / 10_000, 4), "fund_src": line.fund_src,
            "duty_unit": _("Housing bureau of {district}").format(district=row["district"]),
            "utility_unit": work.utility_unit or None, "underground_first": "yes",
            "start_plan": _day(year, work.begins, shift), "finish_plan": _day(year, work.ends, shift),
            "consent_rate": round(said.share, 1) if is_over and said is not None and said.share is not None else None,
        },
        scope=scope_of(uid),
    )  # fmt: skip


def _shifts(store: Store) -> dict[str, timedelta]:
    """Return by how much the works of each community are later: crews move from one to the next week by week."""
    return {str(row["uid"]): (n % 4) * _WEEK for n, row in enumerate(store.select("community", ["code"], order="code"))}


def _day(year: int, day: str, shift: timedelta) -> str:
    return (date.fromisoformat(f"{year}-{day}") + shift).isoformat()


@cache
def catalogue() -> tuple[Work, ...]:
    """Return works.csv."""
    with Path(samples.__file__).with_name("works.csv").open(encoding="utf-8", newline="") as source:
        return tuple(_work(row) for row in csv.DictReader(source))


def _work(row: Mapping[str, str]) -> Work:
    return Work(
        row["item_code"], row["price"], row["unit"], row["measure"], float(row["share"]),
        row["fund_src"], row["utility_unit"], row["begins"], row["ends"],
    )  # fmt: skip


# --- what is measured ------------------------------------------------------------------------------------------------


def _measured(store: Store, community: Row, gas: Record) -> dict[str, float]:
    """Return what there is in a community of everything that works.csv measures: m, ㎡ or counts."""
    uid = community["uid"]

    def rows(table: str, *columns: str) -> list[Row]:
        return list(store.select(table, [*columns, "geom"], where={"community_uid": uid}))

    houses = [row for row in rows("building", "kind", "height") if row["kind"] == "住宅"]
    footprints = shapely.from_wkb(np.array([row["geom"] for row in houses], dtype=object))
    return {
        "water_old_m": _length(row for row in rows("water_line", "material") if row["material"] in _OLD_WATER),
        "drain_old_m": _length(row for row in rows("drain_line", "material") if row["material"] in _OLD_DRAINS),
        "overhead_m": _length(row for row in rows("power_line", "material") if "架空" in str(row["material"])),
        "road_sqm": sum(_length([row]) * (number(row["width"]) or 0.0) for row in rows("internal_road", "width")),
        "roof_sqm": float(shapely.area(footprints).sum()),
        "illegal_sqm": _area(row for row in rows("building", "kind") if row["kind"] == "搭建"),
        "manholes": float(len(rows("manhole"))),
        "hydrants_bad": float(sum(row["state"] != "完好" for row in rows("hydrant", "state"))),
        "lamps": float(sum(row["state"] != "完好" for row in rows("lamp", "state"))),
        "stairwells": float(len(rows("stairwell"))),
        "residential": float(len(houses)),
        "households": number(community["household_count"]) or 0.0,
        "gas_households": number(gas.get("gas_households")) or 0.0,
        "bays": number(community["parking_count"]) or 0.0,
        "lifts": number(community["lift_request"]) or 0.0,
        "one": 1.0,
    }


def _length(rows: Iterator[Row] | Sequence[Row]) -> float:
    return float(shapely.length(_shapes(rows)).sum())


def _area(rows: Iterator[Row] | Sequence[Row]) -> float:
    return float(shapely.area(_shapes(rows)).sum())


def _shapes(rows: Iterator[Row] | Sequence[Row]) -> np.ndarray:
    return np.asarray(shapely.from_wkb(np.array([row["geom"] for row in rows], dtype=object)), dtype=object)


# --- the version -----------------------------------------------------------------------------------------------------


def _write_version(store: Store) -> None:
    """Make the plan of the ledger a version, hand it in, approve it, and say how far its works are."""
    version = versions.from_ledger(store, _("Three-year plan 2019–2021"))
    shifts = _shifts(store)
    for n, one in enumerate(sorted(versions.placements(store, version).values(), key=lambda one: one.community)):
        store.save(one.uid, _standing(one.year or 0, n, shifts[one.community]))
    versions.submit(store, version)
    versions.approve(store, version)


def _standing(year: int, n: int, shift: timedelta) -> dict[str, Value]:
    """Return state and dates of the n-th community of a year: the first years are done, the last is under way."""
    done = {"started_on": _day(year, "03-01", shift), "finished_on": _day(year, "11-25", shift)}
    accepted = {**done, "accepted_on": _day(year + 1, "04-15", shift)}
    if year < _LAST_YEAR - 1 or (year < _LAST_YEAR and n % 4):
        return {"pool_state": "accepted", **accepted}
    if year < _LAST_YEAR:
        return {"pool_state": "finished", **done}
    return {"pool_state": "started", "started_on": done["started_on"]} if n % 3 else {"pool_state": "assigned"}
