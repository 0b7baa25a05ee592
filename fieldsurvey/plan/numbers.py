"""The numbers behind scores, costs and plans as the office changes them: with a reason, and a log of all changes."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldsurvey.assess.items import items
from fieldsurvey.assess.parameters import shipped
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.plan_tables import CLASSES, FUND, FUND_SOURCES, PARAMETER, PLAN_LIMIT, PRICE
from fieldsurvey.model.schema import Value
from fieldsurvey.plan.days import checked_day
from fieldsurvey.plan.ledger import fund_lines
from fieldsurvey.plan.tables import install_tables
from fieldsurvey.store import Store

_MOST_YUAN = 1e8  # for one unit of works; more is a slip of the keyboard


@dataclass(frozen=True, slots=True)
class NumberEdit:
    """One line of the change log.

    Attributes:
        what: The parameter, or the item of a price.
        at_ms: The author's clock, milliseconds since 1970.
        actor: Name of the person.
        old, new: The number before and after; None: there was none.
        note: Why.
    """

    what: str
    at_ms: int
    actor: str
    old: float | None
    new: float | None
    note: str


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One price to be taken.

    Attributes:
        item_code: Code of the catalogue.
        unit: What is priced.
        price_yuan: 元.
        details: Name, region, base month, tax basis, source, validity, by column of the price table.
    """

    item_code: str
    unit: str
    price_yuan: float
    details: Mapping[str, str]


def change_parameter(store: Store, key: str, value: float, note: str) -> None:
    """Set a parameter for this project.

    Raises:
        InputRefused: If there is no such parameter, the value makes no sense, or no reason is given.
    """
    parameter = shipped().get(key)
    if parameter is None:
        text = _("There is no parameter {key}. Please correct or delete that row in the parameters.")
        raise InputRefused(text.format(key=key or "—"))
    parameter.checked(value)
    if not note.strip():
        raise InputRefused(_("Please give the reason for changing {id}.").format(id=parameter.label))
    _write(store, PARAMETER.name, f"parameter|{key}", {"key": key, "value": value, "note": note.strip()})


def parameter_log(store: Store) -> list[NumberEdit]:
    """Return all changes of parameters, newest first."""
    if PARAMETER.name not in store.tables():
        return []
    found = []
    for row in store.select(PARAMETER.name, ["key"]):
        known = shipped().get(str(row["key"]))
        old = known.value if known else None
        for entry in store.history(str(row["uid"])):
            value = entry.values.get("value")
            new = float(value) if isinstance(value, int | float) else None
            if new is None:
                continue
            label = known.label if known else str(row["key"])
            found.append(NumberEdit(label, entry.at_ms, entry.actor, old, new, str(entry.values.get("note") or "")))
            old = new
    return sorted(found, key=lambda edit: edit.at_ms)[::-1]  # of one moment: the later first


def price_log(store: Store) -> list[NumberEdit]:
    """Return all changes of prices after they were entered, newest first."""
    found = []
    for row in _rows(store, PRICE.name):
        old, note = None, ""
        name = " ".join(str(row[column]) for column in ("item_code", "name") if row[column])
        for entry in store.history(str(row["uid"])):
            value = entry.values.get("unit_price")
            note = str(entry.values.get("price_source") or note)
            if not isinstance(value, int | float):
                continue
            if old is not None and old != value:
                found.append(NumberEdit(name, entry.at_ms, entry.actor, old, float(value), note))
            old = float(value)
    return sorted(found, key=lambda edit: edit.at_ms)[::-1]  # of one moment: the later first


def change_price(store: Store, uid: str, value: float, source: str) -> None:
    """Set the price of a row of the price table, 元.

    Raises:
        InputRefused: If the price makes no sense, or its source is not given.
    """
    _checked_price(value, price_name(store, uid))
    if not source.strip():
        raise InputRefused(_("Please say where the price comes from."))
    store.save(uid, {"unit_price": value, "price_source": source.strip()})


def price_name(store: Store, uid: str) -> str:
    """Return what a row of the price table is called.

    Raises:
        InputRefused: If it is gone.
    """
    row = store.get(uid)
    if row is None:
        raise InputRefused(_("This price does not exist any more; please look at the list again."))
    return " ".join(str(row.values[name]) for name in ("item_code", "name") if row.values.get(name))


@dataclass(frozen=True, slots=True)
class LimitRow:
    """What can be carried out in one year; None: no limit.

    Attributes:
        year: The year.
        households, investment_wan: At most so many, 万元.
        note: Why.
    """

    year: int
    households: int | None = None
    investment_wan: float | None = None
    note: str = ""


def limits(store: Store) -> list[LimitRow]:
    """Return the limits of every year that money, plan or limits speak of."""
    rows = {row["year"]: row for row in _rows(store, PLAN_LIMIT.name)}
    years = {*rows, *(row["year"] for row in _rows(store, FUND.name))}
    years |= {row["plan_year"] for row in store.select("community", ["plan_year"])}
    found = []
    for year in sorted(year for year in years if isinstance(year, int)):
        row = rows.get(year, {})
        homes, money = row.get("households_max"), row.get("investment_max")
        found.append(
            LimitRow(
                year,
                int(homes) if isinstance(homes, int | float) else None,
                float(money) if isinstance(money, int | float) else None,
                str(row.get("note") or ""),
            )
        )
    return found


def change_limit(store: Store, year: int, households: int | None, investment_wan: float | None, note: str) -> None:
    """Set what can be carried out in a year; None: no limit.

    Raises:
        InputRefused: If a limit is negative, or no reason is given.
    """
    if (households or 0) < 0 or (investment_wan or 0) < 0:
        raise InputRefused(_("A yearly limit needs a year and no negative number. Correct the table of limits."))
    if not note.strip():
        raise InputRefused(_("Please give the reason for changing {id}.").format(id=year))
    values: dict[str, Value] = {"year": year, "households_max": households, "investment_max": investment_wan}
    values["note"] = note.strip()
    own = next((row for row in _rows(store, PLAN_LIMIT.name) if row["year"] == year), None)
    if own is None:
        _write(store, PLAN_LIMIT.name, f"limit|{year}", values)
    else:
        store.save(str(own["uid"]), values)


def change_fund(store: Store, uid: str, amount_wan: float, note: str) -> None:
    """Set how much a fund is to bring in its year, 万元.

    Raises:
        InputRefused: If it would be negative, less than what is received or committed already, or no reason is given.
    """
    line = next((one for one in fund_lines(store) if one.uid == uid), None)
    if line is None:
        raise InputRefused(_("This fund does not exist any more; please look at the list again."))
    least = max(0.0, line.received, line.committed)
    if amount_wan < least:
        text = _("{fund} {year} cannot be {amount:,.2f}: {least:,.2f} are received or committed already.")
        raise InputRefused(text.format(fund=line.name, year=line.year or "", amount=amount_wan, least=least))
    if not note.strip():
        raise InputRefused(_("Please give the reason for changing {id}.").format(id=line.name))
    store.save(uid, {"amount": round(amount_wan, 2), "note": note.strip()})


def add_fund(store: Store, name: str, source: str, year: int, amount_wan: float, classes: str = "") -> str:
    """Add a fund; return its uid.

    Raises:
        InputRefused: If it has no name, its source or a class is unknown, or its amount is negative.
    """
    words = classes.split()
    if not name.strip() or source not in FUND_SOURCES or not set(words) <= set(CLASSES):
        raise InputRefused(_("A fund needs a name, a source of the list, and classes of the list."))
    if amount_wan < 0:
        text = _("Fund {name}: it needs a year, and an amount that is not negative. Correct it in the table of funds.")
        raise InputRefused(text.format(name=name))
    install_tables(store)
    values: dict[str, Value] = {"name": name.strip(), "fund_src": source, "year": year, "amount": round(amount_wan, 2)}
    return store.create_record(FUND.name, values | {"classes": " ".join(words) or None})


def _rows(store: Store, table: str) -> list[dict[str, Value]]:
    return store.select(table) if table in store.tables() else []


def take_prices(store: Store, rows: Iterable[PriceRow], source: str) -> int:
    """Take prices into the project, all or none; of one item, unit, region and month the new one counts.

    Args:
        store: The project.
        rows: The prices.
        source: Where they come from, for those that do not say it.

    Returns:
        How many there are.

    Raises:
        InputRefused: If any of them makes no sense; nothing is changed then.
    """
    wanted = list(rows)
    for row in wanted:
        if row.item_code not in items():
            text = _("{code} is no item of the catalogue; please use a code from B01 to U11.")
            raise InputRefused(text.format(code=row.item_code or "—"))
        _checked_price(row.price_yuan, f"{row.item_code} {row.details.get('name', '')}".strip())
        if row.details.get("valid_until"):
            checked_day(row.details["valid_until"])
    with store.transaction():
        for row in wanted:
            of = "|".join((row.item_code, row.unit, row.details.get("region", ""), row.details.get("base_month", "")))
            values: dict[str, Value] = {name: text or None for name, text in row.details.items()}
            values |= {"item_code": row.item_code, "unit": row.unit, "unit_price": row.price_yuan}
            values["price_source"] = row.details.get("price_source") or source
            _write(store, PRICE.name, f"price|{of}|{row.details.get('name', '')}", values)
    return len(wanted)


def _checked_price(value: float, item: str) -> None:
    if not 0 <= value <= _MOST_YUAN:
        text = _("The price of {item} cannot be {value:,.10g} yuan; please enter one between 0 and {most:,.0f}.")
        raise InputRefused(text.format(item=item or "—", value=value, most=_MOST_YUAN))


def _write(store: Store, table: str, key: str, values: Mapping[str, Value]) -> None:
    install_tables(store)
    uid = hashlib.sha256(key.encode()).hexdigest()[:32]
    now = store.get(uid)
    if now is None:
        store.create_record(table, values, uid=uid)
        return
    changes = {name: value for name, value in values.items() if now.values.get(name) != value}
    if changes:
        store.save(uid, changes, now.token)
