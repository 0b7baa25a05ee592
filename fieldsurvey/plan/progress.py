"""How far the works of a version are: states of the project pool, rates and the ministry's counters, by district.

Source: domain page 4.4 (开工率, 完工率, 投资完成率, 资金支付率) and 1.6 (the
counters that the ministry publishes); governance indicators 2.2.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fieldsurvey.assess.readiness import consents, has_committee
from fieldsurvey.assess.records import Record, codes, number, standing
from fieldsurvey.i18n import N_
from fieldsurvey.model.plan_tables import POOL_STATES
from fieldsurvey.plan.ledger import fund_lines
from fieldsurvey.plan.rows import PlanRow, plan_rows
from fieldsurvey.store import Store

CITY = ""  # stands for all districts
_STARTED = ("started", "finished", "accepted")
_FINISHED = ("finished", "accepted")

# Counter -> what it is, its unit, and the codes and units of the items it adds up (domain pages 1.3 and 1.6).
COUNTERS: Mapping[str, tuple[str, str, tuple[str, ...], tuple[str, ...], float]] = {
    "pipes": (N_("pipes renewed"), "km", ("B01", "B03", "B09"), ("m",), 0.001),
    "lifts": (N_("lifts added"), "台", ("I14",), ("台",), 1.0),
    "energy": (N_("energy retrofit"), "㎡", ("I13",), ("㎡",), 1.0),
    "bays": (N_("parking bays"), "个", ("I06",), ("个",), 1.0),
    "ev": (N_("car chargers"), "个", ("I08",), ("个",), 1.0),
    "ebike": (N_("e-bike chargers"), "口", ("I07",), ("口",), 1.0),
    "care": (N_("elder and child care facilities"), "处", ("U05", "U06"), ("处", "个"), 1.0),
    "leisure": (N_("leisure and sports ground"), "㎡", ("I10", "I11"), ("㎡",), 1.0),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the works are, in one district or the whole city.

    Attributes:
        district: Its name; CITY: all.
        communities, households: In the plan.
        states: State of the pool -> communities.
        investment_wan, started_wan, finished_wan: 万元 planned, begun, finished.
        planned, done: Counter -> what is planned, and what of it is in finished communities.
    """

    district: str
    communities: int = 0
    households: int = 0
    states: Mapping[str, int] = field(default_factory=dict)
    investment_wan: float = 0.0
    started_wan: float = 0.0
    finished_wan: float = 0.0
    planned: Mapping[str, float] = field(default_factory=dict)
    done: Mapping[str, float] = field(default_factory=dict)

    @property
    def started(self) -> int:
        """Communities whose works have begun."""
        return sum(self.states.get(state, 0) for state in _STARTED)

    @property
    def finished(self) -> int:
        """Communities whose works are finished."""
        return sum(self.states.get(state, 0) for state in _FINISHED)


@dataclass(frozen=True, slots=True)
class Indicator:
    """One share; the numbers behind it are told with it.

    Attributes:
        name: What it is.
        part, whole: Counts.
        missing: Communities of which it is not known.
    """

    name: str
    part: int
    whole: int
    missing: int = 0

    @property
    def share(self) -> float | None:
        """The share, 0-1; None if there is nothing to share."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything about progress.

    Attributes:
        standings: The city first, then by district.
        received_wan, committed_wan, paid_wan: 万元 of all funds.
        governance: Indicators of domain page 2.2.
        willingness: Participation and consent of the residents, as counts only.
        rows: The rows of the plan.
    """

    standings: Sequence[Standing]
    received_wan: float
    committed_wan: float
    paid_wan: float
    governance: Sequence[Indicator]
    willingness: Sequence[Indicator]
    rows: Sequence[PlanRow]


def progress(store: Store, version: str | None = None) -> Progress:
    """Return how far the version that counts (or another one) is.

    Raises:
        InputRefused: If a fund, a price or a parameter makes no sense.
    """
    rows = [row for row in plan_rows(store, version) if row.year is not None]
    items = standing(store, "f23_plan_item", ["item_code", "quantity", "unit"])
    districts: dict[str, list[PlanRow]] = defaultdict(list)
    for row in rows:
        districts[str(row.community["district"] or "—")].append(row)
    funds = fund_lines(store)
    return Progress(
        [_standing(CITY, rows, items), *(_standing(name, own, items) for name, own in sorted(districts.items()))],
        round(sum(fund.received for fund in funds), 2),
        round(sum(fund.committed for fund in funds), 2),
        round(sum(fund.paid for fund in funds), 2),
        governance(store),
        willingness(store),
        rows,
    )


def _standing(district: str, rows: Iterable[PlanRow], items: Mapping[str, Sequence[Record]]) -> Standing:
    own = list(rows)
    states = dict.fromkeys(POOL_STATES, 0)
    for row in own:
        states[row.pool_state or "reserve"] += 1
    return Standing(
        district,
        len(own),
        int(sum(number(row.community["household_count"]) or 0 for row in own)),
        states,
        _money(own),
        _money(row for row in own if row.pool_state in _STARTED),
        _money(row for row in own if row.pool_state in _FINISHED),
        _counted(row for uid in (row.uid for row in own) for row in items.get(uid, ())),
        _counted(row for uid in (row.uid for row in own if row.pool_state in _FINISHED) for row in items.get(uid, ())),
    )


def _money(rows: Iterable[PlanRow]) -> float:
    return round(sum(float(row.total_wan or 0) for row in rows), 2)


def _counted(rows: Iterable[Record]) -> dict[str, float]:
    """Return the counters of plan items; an item in another unit is not counted."""
    found = dict.fromkeys(COUNTERS, 0.0)
    for row in rows:
        code, unit = str(row.get("item_code") or "").strip().upper(), str(row.get("unit") or "").strip()
        for name, (_text, _unit, item_codes, units, factor) in COUNTERS.items():
            if code in item_codes and unit in units:
                found[name] += (number(row.get("quantity")) or 0.0) * factor
    return found


def governance(store: Store) -> list[Indicator]:
    """Return the governance indicators of domain page 2.2, from the newest record of form f17 of each community."""
    columns = ("pm_mode", "pm_company", "pm_party", "party_instructor", "oc_state", "oc_party", "five_have")
    records = {uid: rows[-1] for uid, rows in standing(store, "f17_governance", columns).items()}
    everyone = store.count("community")
    missing, rows = everyone - len(records), list(records.values())
    firms = _firms(rows)
    without = [answers for answers in firms.values() if "yes" not in answers["pm_party"]]
    committees = [row for row in rows if has_committee(row)]
    return [
        Indicator(N_("Party cover of property firms"), len(firms) - len(without), len(firms), missing),
        Indicator(
            N_("firms without members that have an instructor"),
            sum("yes" in answers["party_instructor"] for answers in without),
            len(without),
            missing,
        ),
        Indicator(N_("owners' committee formed"), len(committees), len(rows), missing),
        Indicator(
            N_("Party cover of owners' committees"),
            sum(row.get("oc_party") == "yes" for row in committees),
            len(committees),
            missing,
        ),
        Indicator(
            N_("property service cover"),
            sum(bool(row.get("pm_mode")) and row.get("pm_mode") != "none" for row in rows),
            len(rows),
            missing,
        ),
        Indicator(N_("all five basic services"), sum(len(codes(row.get("five_have"))) == 5 for row in rows), len(rows),
                  missing),
    ]  # fmt: skip


def _firms(rows: Iterable[Record]) -> dict[str, dict[str, set[str]]]:
    """Return the property firms with what is said of them: one firm may serve several communities."""
    found: dict[str, dict[str, set[str]]] = {}
    for place, row in enumerate(rows):
        if not row.get("pm_mode") or row.get("pm_mode") in {"none", "self"}:
            continue
        name = str(row.get("pm_company") or "").strip() or f"#{place}"
        answers = found.setdefault(name, {"pm_party": set(), "party_instructor": set()})
        for key, said in answers.items():
            said.add(str(row.get(key) or ""))
    return found


def willingness(store: Store) -> list[Indicator]:
    """Return participation and consent of the residents over all communities: counts, nothing personal."""
    said = [one for one in consents(store).values() if one.households]
    missing = store.count("community") - len(said)
    return [
        Indicator(N_("households asked"), sum(one.asked for one in said), sum(one.households for one in said), missing),
        Indicator(N_("households that took part"), sum(one.voted for one in said), sum(one.households for one in said),
                  missing),
        Indicator(N_("of them in favour"), sum(one.agreed for one in said), sum(one.voted for one in said), missing),
    ]  # fmt: skip
