"""How ready a community is: consent, agreed management, committee and Party branch, own money, own removals.

Source: domain page 4.2 (readiness index) and 4.1; voting by households 1.4.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldsurvey.assess.records import Record, number, standing
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store

_OWN_MONEY = frozenset({"utility", "original", "social", "resident", "maint_fund", "hpf", "public_income"})
_COMMITTEES = frozenset({"exists", "pmc"})
_YES_NO = {"yes": 100.0, "no": 0.0}


@dataclass(frozen=True, slots=True)
class Consent:
    """What the households of one community said.

    Attributes:
        asked: Households with a record.
        voted: Of them, those that agreed, opposed or abstained.
        agreed: Of them, those that agreed.
        households: All households of the community; 0: unknown.
    """

    asked: int
    voted: int
    agreed: int
    households: int

    @property
    def participation(self) -> float | None:
        """Share of the households that took part, %."""
        return min(100.0, 100 * self.voted / self.households) if self.households else None

    @property
    def share(self) -> float | None:
        """Share of those who took part that agreed, %."""
        return 100 * self.agreed / self.voted if self.voted else None


def consents(store: Store) -> dict[str, Consent]:
    """Return the willingness of the households, rolled up by community; of one home the newest record counts.

    Nothing personal leaves this function. Source: form f18.
    """
    homes = ("building_no", "unit_no", "room_no")
    total = {str(row["uid"]): int(number(row["household_count"]) or 0) for row in _communities(store)}
    found = {}
    for community, rows in standing(store, "f18_willingness", [*homes, "agree_reno"]).items():
        newest: dict[object, Value] = {}
        for row in rows:
            home = tuple(row.get(name) for name in homes)
            newest[home if all(home) else row["uid"]] = row.get("agree_reno")
        said = list(newest.values())
        voted = [answer for answer in said if answer in {"agree", "oppose", "abstain"}]
        found[community] = Consent(len(said), len(voted), voted.count("agree"), total.get(community, 0))
    return found


def readiness(store: Store, numbers: Mapping[str, float]) -> dict[str, dict[str, float | None]]:
    """Return the five parts of the readiness index, 0-100, by community; None: not known.

    Args:
        store: The project.
        numbers: The parameters.
    """
    agreed = consents(store)
    governance = standing(store, "f17_governance", ["longterm_agreed", "oc_state", "party_branch"])
    items = standing(store, "f23_plan_item", ["amount", "quantity", "unit_price", "fund_src", "consent_rate"])
    removals = standing(store, "f13_illegal", ["agreed_remove", "status"])
    found: dict[str, dict[str, float | None]] = defaultdict(dict)
    for row in _communities(store):
        uid = str(row["uid"])
        record = governance[uid][-1] if uid in governance else {}
        found[uid] = {
            "consent": agreed[uid].share if uid in agreed else _least_consent(items.get(uid, ())),
            "longterm": _YES_NO.get(str(record.get("longterm_agreed"))),
            "committee": _committee(record),
            "money": _own_money(items.get(uid, ()), numbers["ready.money_full"]),
            "removal": _removed(removals.get(uid, ())),
        }
    return found


def has_committee(record: Record) -> bool | None:
    """Say whether there is an owners' or management committee; None: not known. Source: domain page 2.2."""
    state = record.get("oc_state")
    return state in _COMMITTEES if state else None


def _communities(store: Store) -> list[Record]:
    return store.select("community", ["household_count"])


def _least_consent(items: Iterable[Record]) -> float | None:
    return min((rate for row in items if (rate := number(row.get("consent_rate"))) is not None), default=None)


def _committee(record: Record) -> float | None:
    """Return the mean of what is known of committee and Party branch."""
    committee = has_committee(record)
    known = [
        points
        for points in (None if committee is None else 100.0 * committee, _YES_NO.get(str(record.get("party_branch"))))
        if points is not None
    ]
    return sum(known) / len(known) if known else None


def _own_money(items: Iterable[Record], full: float) -> float | None:
    """Return the points of the share of the plan that residents, utilities, units and society pay."""
    own = total = 0.0
    for row in items:
        quantity, price = number(row.get("quantity")), number(row.get("unit_price"))
        amount = quantity * price / 10_000 if quantity is not None and price is not None else number(row.get("amount"))
        total += amount or 0.0
        own += (amount or 0.0) if row.get("fund_src") in _OWN_MONEY else 0.0
    return min(100.0, 100 * (100 * own / total) / full) if total > 0 else None


def _removed(records: Iterable[Record]) -> float | None:
    """Return the share of illegal structures that are removed, or whose owner agrees to remove them, %."""
    known = [
        row.get("status") == "removed" or row.get("agreed_remove") == "yes"
        for row in records
        if row.get("status") == "removed" or row.get("agreed_remove") in {"yes", "no"}
    ]
    return 100 * sum(known) / len(known) if known else None
