"""The money as a ledger: what of each fund has been received, committed and paid, 万元.

Sources: domain pages 2.1, 2.6 (channels) and 4.4 (资金支付率).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from fieldsurvey.assess.records import number
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import N_, _
from fieldsurvey.model.plan_tables import FUND, FUND_ENTRY
from fieldsurvey.plan.days import checked_day
from fieldsurvey.plan.tables import install_tables
from fieldsurvey.store import Store

KINDS: Mapping[str, str] = {"received": N_("received"), "committed": N_("committed"), "paid": N_("paid")}
_SLACK = 0.005  # 万元: sums agree to 0.01


@dataclass(frozen=True, slots=True)
class FundLine:
    """One fund of one year.

    Attributes:
        uid: Its row in the table of funds.
        name: As told to people.
        source: Code of FUND_SOURCES.
        year: When it is to arrive; None: not said.
        planned, received, committed, paid: 万元.
        purpose: Classes, items and district it is bound to; empty: free.
    """

    uid: str
    name: str
    source: str
    year: int | None
    planned: float
    received: float
    committed: float
    paid: float
    purpose: str = ""


def fund_lines(store: Store) -> list[FundLine]:
    """Return all funds with what has happened to them, by year and name."""
    if FUND.name not in store.tables():
        return []
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    if FUND_ENTRY.name in store.tables():
        for row in store.select(FUND_ENTRY.name, ["fund_uid", "kind", "amount"]):
            sums[str(row["fund_uid"])][str(row["kind"])] += number(row["amount"]) or 0.0
    found = []
    for row in store.select(FUND.name):
        own, year = sums[str(row["uid"])], row["year"]
        bound = [str(row[name]) for name in ("classes", "items", "district") if row[name]]
        found.append(
            FundLine(
                str(row["uid"]), str(row["name"] or ""), str(row["fund_src"] or ""),
                year if isinstance(year, int) else None, number(row["amount"]) or 0.0,
                round(own["received"], 2), round(own["committed"], 2), round(own["paid"], 2), " ".join(bound),
            )
        )  # fmt: skip
    return sorted(found, key=lambda line: (line.year or 0, line.name))


def enter(store: Store, fund: str, kind: str, amount: float, day: str, community: str = "", note: str = "") -> str:
    """Enter money that was received, committed or paid; return the uid of the entry.

    Raises:
        InputRefused: If the fund, the kind, the amount or the day makes no sense, if more would be received or
            committed than the fund holds, or more paid than was received. Nothing is changed then.
    """
    line = next((one for one in fund_lines(store) if one.uid == fund), None)
    if line is None or kind not in KINDS:
        raise InputRefused(_("This fund does not exist any more; please look at the list again."))
    if amount <= 0:
        text = _("{fund}: an entry needs an amount above 0, not {amount:,.10g}.")
        raise InputRefused(text.format(fund=line.name, amount=amount))
    day = checked_day(day)
    before, limit = {"received": (line.received, line.planned), "committed": (line.committed, line.planned)}.get(
        kind, (line.paid, line.received)
    )
    if before + amount > limit + _SLACK:
        text = _("{fund} {year}: {kind} would be {sum:,.2f}, above the {limit:,.2f} there is. Correct the amount.")
        raise InputRefused(
            text.format(fund=line.name, year=line.year or "", kind=_(KINDS[kind]), sum=before + amount, limit=limit)
        )
    install_tables(store)
    return store.create_record(
        FUND_ENTRY.name,
        {"fund_uid": fund, "kind": kind, "amount": round(amount, 2), "entry_date": day,
         "community_uid": community or None, "note": note.strip() or None},
    )  # fmt: skip
