"""The sample ledger: the city's published money (domain pages 2.1 and 2.6), assumptions marked as such, and prices."""

import csv
from collections.abc import Iterator
from pathlib import Path

from fieldsurvey import samples
from fieldsurvey.model.schema import Value
from fieldsurvey.plan.tables import install_tables
from fieldsurvey.store import Store

_SAMPLES = Path(samples.__file__).parent
_UPPER = frozenset({"central_inv", "central_fin"})
_RECEIVED = "2.1 节：2019–2021 年到位上级资金 15.38 亿元"
HOUSEHOLDS_A_YEAR = 42_000  # assumed: the city did 105,056 households in three years, 41,105 of them in one


def fill_sample_office(store: Store) -> None:
    """Write funds, prices and yearly limits into the sample project, one durable step."""
    install_tables(store)
    with store.transaction():
        for row in _rows("funds.csv"):
            fund: dict[str, Value] = {name: text or None for name, text in row.items()}
            uid = store.create_record("fund", fund | {"year": int(row["year"]), "amount": float(row["amount"])})
            _fill_entries(store, uid, row)
        for row in _rows("prices.csv"):
            price: dict[str, Value] = dict(row)
            store.create_record(
                "price", price | {"unit_price": float(row["unit_price"]), "region": "黄石市", "base_month": "2021-10"}
            )
        for year in sorted({int(row["year"]) for row in _rows("funds.csv")}):
            store.create_record("plan_limit", {"year": year, "households_max": HOUSEHOLDS_A_YEAR})


def _fill_entries(store: Store, fund: str, row: dict[str, str]) -> None:
    """Write what was received, committed and paid of a fund: the upper-level money is received, all else assumed."""
    is_upper = row["fund_src"] in _UPPER
    for kind, share, day in (("received", 1.0 if is_upper else 0.9, "04-30"), ("committed", 0.8, "06-30"),
                             ("paid", 0.6, "12-15")):  # fmt: skip
        store.create_record(
            "fund_entry",
            {"fund_uid": fund, "kind": kind, "amount": round(float(row["amount"]) * share, 2),
             "entry_date": f"{row['year']}-{day}",
             "note": _RECEIVED if is_upper and kind == "received" else "样例假设"},
        )  # fmt: skip


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_SAMPLES / name).open(encoding="utf-8", newline="") as source:
        yield from csv.DictReader(source)
