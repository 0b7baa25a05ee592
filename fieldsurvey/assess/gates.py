"""The gates N1 to N8 that a community passes before it may enter an annual plan, each with its reason.

Source: domain page 1.2 (eligibility) and 1.4 (bottom lines of 建办城〔2021〕50号).
What is not recorded is unknown, never passed.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fieldsurvey.assess.needed import NEEDED
from fieldsurvey.assess.parameters import parameters
from fieldsurvey.assess.readiness import Consent, consents
from fieldsurvey.assess.records import Record, codes, number, standing
from fieldsurvey.i18n import N_, _
from fieldsurvey.model.plan_tables import FUND, PLAN_LIMIT
from fieldsurvey.store import Store

TITLES = {
    "N1": N_("In scope: year and type"),
    "N2": N_("No demolition, eviction or felling under the name of renovation"),
    "N3": N_("Within the money and the capacity there is"),
    "N4": N_("Aligned with the utilities' own plans"),
    "N5": N_("Surveyed before planned, hazards first"),
    "N6": N_("Participation and consent reached"),
    "N7": N_("Long-term management agreed"),
    "N8": N_("Party-led, duties named"),
}
_EXCLUDED = {
    "expropriation": N_("planned for expropriation"),
    "rebuild": N_("to be demolished and rebuilt"),
    "selfbuilt": N_("mainly self-built houses"),
    "d_grade": N_("a building of grade D"),
    "done": N_("renovated with central money before"),
}
_UTILITY_ITEMS = frozenset({"B01", "B02", "B05", "B06", "B07", "B09", "B14"})
_SURVEYED_FIRST = ("f04_water", "f05_drainage", "f06_power", "f07_gas", "f08_telecom", "f09_fire")
_BAD_DRAINS, _HARMLESS = frozenset({"g3", "g4"}), frozenset({"none"})
_FORMS = {form.form_id: form for form in NEEDED}
_CAPACITY_SLACK = 0.005  # 万元: sums agree to 0.01


class GateState(StrEnum):
    """What is known of a gate."""

    PASS = "pass"  # noqa: S105 - a word, no password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of one community.

    Attributes:
        id: N1 to N8.
        state: pass, fail or unknown.
        reason: Why, in one sentence.
    """

    id: str
    state: GateState
    reason: str

    @property
    def title(self) -> str:
        """What the gate asks, in the user's language."""
        return _(TITLES[self.id])


def gates(store: Store, only: Collection[str] | None = None) -> dict[str, list[Gate]]:
    """Return the eight gates of every community, or of a few, in their order.

    Raises:
        InputRefused: If a parameter of the project makes no sense.
    """
    facts = _Facts(store)
    checks: Sequence[Callable[[str], tuple[GateState, str]]] = (
        facts.scope, facts.protection, facts.capacity, facts.utilities,
        facts.surveyed, facts.consent, facts.management, facts.duties,
    )  # fmt: skip
    return {
        uid: [Gate(name, *check(uid)) for name, check in zip(TITLES, checks, strict=True)]
        for uid in (facts.communities if only is None else only)
    }


def barred_by(found: Sequence[Gate]) -> Gate | None:
    """Return the gate that keeps a community out of the plan; None if none does.

    An unknown gate does not: it is to be cleared up. Money and capacity (N3)
    do not either: they say which communities fit, and the plan weighs that.
    """
    return next((gate for gate in found if gate.state is GateState.FAIL and gate.id != "N3"), None)


def _pass(reason: str) -> tuple[GateState, str]:
    return GateState.PASS, reason


def _fail(reason: str) -> tuple[GateState, str]:
    return GateState.FAIL, reason


def _unknown(reason: str) -> tuple[GateState, str]:
    return GateState.UNKNOWN, reason


class _Facts:
    """What the project knows, read once for all communities."""

    def __init__(self, store: Store) -> None:
        self._numbers = parameters(store)
        columns = ["built_year", "household_count", "gas", "subdistrict", "neighbourhood"]
        self.communities: dict[str, Record] = {str(row["uid"]): row for row in store.select("community", columns)}
        self._profile = _last(standing(store, "f01_community", ["built_year_last", "elig_block", "tenure", "heritage"]))
        self._blocks = {uid: self._recorded_blocks(uid) for uid in self.communities}
        for uid, houses in standing(store, "f02_building", ["safety_grade"]).items():
            if any(row.get("safety_grade") == "d" for row in houses) and uid in self._blocks:
                self._blocks[uid] = [*self._blocks[uid], "d_grade"]
        self._grounds = _last(standing(store, "f14_roads_env", ["big_trees"]))
        self._governance = _last(standing(store, "f17_governance", ["longterm_agreed", "party_branch"]))
        self._gas = standing(store, "f07_gas", ["overall_cond", "gas_prob"])
        self._drains = standing(store, "f05_drainage", ["overall_cond", "struct_grade"])
        wanted = ["plan_year", "item_code", "quantity", "unit_price", "amount", "utility_unit"]
        self._items = standing(store, "f23_plan_item", wanted)
        self._surveyed = {form: set(standing(store, form, ())) for form in _SURVEYED_FIRST}
        self._consents: Mapping[str, Consent] = consents(store)
        self._spent, self._limits, self._money = _by_year(self._items), _limits(store), _funds(store)
        self._later = self._admitted_later()

    # --- N1 ------------------------------------------------------------------------------------------------------

    def scope(self, uid: str) -> tuple[GateState, str]:
        """N1: the completion year, the cap on those built later, and the exclusion list."""
        blocks = self._blocks[uid]
        for block in blocks:
            if self._numbers.get(f"gate.exclude.{block}"):
                return _fail(_("Excluded: {why}.").format(why=_(_EXCLUDED[block])))
        year = self._year(uid)
        if year is None:
            return _unknown(_("The completion year is not recorded."))
        state, reason = self._age(uid, year)
        if state is GateState.PASS and not blocks:
            return _unknown(_("Completed in {year}; whether it is excluded is not recorded.").format(year=year))
        return state, reason

    def _recorded_blocks(self, uid: str) -> list[str]:
        """Return the exclusions of form f01; what residents built for themselves alone is one of them."""
        record = self._profile.get(uid, {})
        own = ["selfbuilt"] if codes(record.get("tenure")) == ["self_built"] else []
        return [*codes(record.get("elig_block")), *own]

    def _age(self, uid: str, year: int) -> tuple[GateState, str]:
        cutoff, last = int(self._numbers["gate.year_cutoff"]), int(self._numbers["gate.year_later"])
        if year <= cutoff:
            return _pass(_("Completed in {year}, not excluded.").format(year=year))
        if year > last:
            text = _("Completed in {year}, after the last year that may be admitted, {last}.")
            return _fail(text.format(year=year, last=last))
        said = {"year": year, "cutoff": cutoff, "cap": self._numbers["gate.later_share"]}
        if uid not in self._later:
            text = _("Completed in {year}, after {cutoff}, and the {cap:g} % for later-built communities are used up.")
            return _fail(text.format(**said))
        text = _("Completed in {year}, after {cutoff}, but within the {cap:g} % for later-built communities.")
        return _pass(text.format(**said))

    def _year(self, uid: str) -> int | None:
        year = number(self._profile.get(uid, {}).get("built_year_last"))
        year = number(self.communities[uid]["built_year"]) if year is None else year
        return None if year is None else int(year)

    def _admitted_later(self) -> set[str]:
        """Return the later-built communities that fit under the cap on their share of all households, oldest first."""
        cutoff, last = self._numbers["gate.year_cutoff"], self._numbers["gate.year_later"]
        share, on_time, later = self._numbers["gate.later_share"] / 100, 0.0, []
        for uid, row in self.communities.items():
            year, households = self._year(uid), number(row["household_count"]) or 0.0
            is_excluded = any(self._numbers.get(f"gate.exclude.{block}") for block in self._blocks[uid])
            if year is None or year > last or is_excluded:
                continue
            if year > cutoff:
                later.append((year, uid, households))
            else:
                on_time += households
        admitted, taken = set(), 0.0
        for _year, uid, households in sorted(later):
            if taken + households <= share * (on_time + taken + households):
                taken += households
                admitted.add(uid)
        return admitted

    # --- N2 to N5 ------------------------------------------------------------------------------------------------

    def protection(self, uid: str) -> tuple[GateState, str]:
        """N2: what is worth keeping is kept."""
        if {"expropriation", "rebuild"} & set(self._blocks[uid]):
            return _fail(_("Demolition is planned here; renovation must not be its name."))
        heritage = self._profile.get(uid, {}).get("heritage")
        trees = number(self._grounds.get(uid, {}).get("big_trees"))
        if heritage == "yes" or (trees or 0) > 0:
            if uid not in self._items:
                return _unknown(_("There are old buildings or trees to keep, and no plan yet that shows how."))
            if any(row.get("item_code") == "I01" for row in self._items[uid]):
                return _unknown(_("There are old buildings or trees to keep, and the plan removes structures: check."))
            return _pass(_("There are old buildings or trees to keep, and the plan removes nothing."))
        if heritage != "no" or trees is None:
            return _unknown(_("Whether there are old buildings or trees to keep is not recorded."))
        return _pass(_("No old buildings or trees to keep are recorded."))

    def capacity(self, uid: str) -> tuple[GateState, str]:
        """N3: in its years the city plans no more than its funds and its limit."""
        years = sorted({int(year) for row in self._items.get(uid, ()) if (year := number(row.get("plan_year")))})
        if not years:
            return _unknown(_("No plan items with a year are entered."))
        for year in years:
            limit, spent = self._limits.get(year), self._spent[year]
            if limit is not None and spent > limit + _CAPACITY_SLACK:
                text = _("In {year} items of {spent:.2f} 万元 are planned, above the limit of {limit:.2f} 万元.")
                return _fail(text.format(year=year, spent=spent, limit=limit))
            so_far, money = _until(self._spent, year), _until(self._money, year)
            if self._money and so_far > money + _CAPACITY_SLACK:
                text = _("Until {year} items of {spent:.2f} 万元 are planned, above the funds of {money:.2f} 万元.")
                return _fail(text.format(year=year, spent=so_far, money=money))
        if not self._money:
            return _unknown(_("No funds are entered to compare the plan with."))
        return _pass(_("The items of its years lie within the funds and limits."))

    def utilities(self, uid: str) -> tuple[GateState, str]:
        """N4: every item that touches a utility names it."""
        items = self._items.get(uid)
        if not items:
            return _unknown(_("No plan items are entered."))
        touching = [row for row in items if row.get("item_code") in _UTILITY_ITEMS]
        lacking = sorted({str(row["item_code"]) for row in touching if not str(row.get("utility_unit") or "").strip()})
        if lacking:
            return _fail(_("No utility is named for {items}.").format(items=_(", ").join(lacking)))
        return _pass(_("Every item that touches a utility names it."))

    def surveyed(self, uid: str) -> tuple[GateState, str]:
        """N5: facilities are surveyed before the plan is drawn, and hazardous gas pipes and drains come first."""
        community, items = self.communities[uid], self._items.get(uid, ())
        forms = [f for f in _SURVEYED_FIRST if f not in _FORMS or _FORMS[f].wants(community)]
        lacking = [form.partition("_")[0] for form in forms if uid not in self._surveyed[form]]
        if lacking:
            text = _("Not surveyed yet: forms {forms}.").format(forms=_(", ").join(lacking))
            return _fail(text) if items else _unknown(text)
        planned = {row.get("item_code") for row in items}
        hazards = (("B09", self._gas_hazard(uid)), ("B03", self._drain_hazard(uid)))
        left_out = [code for code, is_hazard in hazards if is_hazard and code not in planned]
        if items and left_out:
            return _fail(_("Hazards are recorded, but the plan lacks {items}.").format(items=_(", ").join(left_out)))
        return _pass(_("The facilities are surveyed, and the plan leaves out no recorded hazard of gas or drains."))

    def _gas_hazard(self, uid: str) -> bool:
        return any(
            row.get("overall_cond") == "danger" or bool(set(codes(row.get("gas_prob"))) - _HARMLESS)
            for row in self._gas.get(uid, ())
        )

    def _drain_hazard(self, uid: str) -> bool:
        return any(
            row.get("overall_cond") == "danger" or row.get("struct_grade") in _BAD_DRAINS
            for row in self._drains.get(uid, ())
        )

    # --- N6 to N8 ------------------------------------------------------------------------------------------------

    def consent(self, uid: str) -> tuple[GateState, str]:
        """N6: enough households took part, and enough of them agree."""
        said = self._consents.get(uid)
        if said is None or said.participation is None or said.share is None:
            return _unknown(_("The willingness of the residents is not recorded."))
        least, wanted = self._numbers["gate.participation"], self._numbers["gate.consent"]
        if round(100 * said.asked / said.households, 2) < least:
            text = _("Only {asked:.1f} % of the households were asked so far; at least {least:g} % must take part.")
            return _unknown(text.format(asked=100 * said.asked / said.households, least=least))
        text = _("{took:.1f} % took part (at least {least:g} %), {agreed:.1f} % of them agree (at least {wanted:g} %).")
        reason = text.format(took=said.participation, least=least, agreed=said.share, wanted=wanted)
        # the shipped 66.67 % stands for two thirds: as exact as it is printed
        reached = round(said.participation, 2) >= least and round(said.share, 2) >= wanted
        return _pass(reason) if reached else _fail(reason)

    def management(self, uid: str) -> tuple[GateState, str]:
        """N7: the residents agree how the community is managed afterwards."""
        answer = self._governance.get(uid, {}).get("longterm_agreed")
        if answer == "yes":
            return _pass(_("The residents agree on the long-term management."))
        if answer == "no":
            return _fail(_("The residents do not agree on the long-term management."))
        return _unknown(_("Whether the residents agree on the long-term management is not recorded."))

    def duties(self, uid: str) -> tuple[GateState, str]:
        """N8: street and neighbourhood committee are named, and a Party branch leads."""
        row = self.communities[uid]
        branch = self._governance.get(uid, {}).get("party_branch")
        if branch == "no":
            return _fail(_("There is no Party branch in the community."))
        if branch != "yes":
            return _unknown(_("Whether there is a Party branch is not recorded."))
        if not (row["subdistrict"] and row["neighbourhood"]):
            return _unknown(_("The subdistrict or the neighbourhood committee in charge is not recorded."))
        text = _("A Party branch leads; {subdistrict} and {neighbourhood} are in charge.")
        return _pass(text.format(subdistrict=row["subdistrict"], neighbourhood=row["neighbourhood"]))


def _last(records: Mapping[str, Sequence[Record]]) -> dict[str, Record]:
    return {community: rows[-1] for community, rows in records.items()}


def _by_year(items: Mapping[str, Sequence[Record]]) -> dict[int, float]:
    """Return the amounts of all plan items by year, 万元."""
    found: dict[int, float] = defaultdict(float)
    for row in (row for rows in items.values() for row in rows):
        quantity, price, year = (number(row.get(name)) for name in ("quantity", "unit_price", "plan_year"))
        amount = quantity * price / 10_000 if quantity is not None and price is not None else number(row.get("amount"))
        if year is not None:
            found[int(year)] += amount or 0.0
    return found


def _limits(store: Store) -> dict[int, float]:
    """Return the tightest limit of every year, 万元."""
    return {year: min(amounts) for year, amounts in _amounts(store, PLAN_LIMIT.name, "investment_max").items()}


def _funds(store: Store) -> dict[int, float]:
    """Return the money that arrives in every year, 万元."""
    return {year: sum(amounts) for year, amounts in _amounts(store, FUND.name, "amount").items()}


def _amounts(store: Store, table: str, column: str) -> dict[int, list[float]]:
    found: dict[int, list[float]] = defaultdict(list)
    rows = store.select(table, ["year", column]) if table in store.tables() else []
    for row in rows:
        year, value = number(row["year"]), number(row[column])
        if year is not None and value is not None:
            found[int(year)].append(value)
    return found


def _until(amounts: Mapping[int, float], year: int) -> float:
    return sum(amount for when, amount in amounts.items() if when <= year)
