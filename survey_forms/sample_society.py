"""Sample records of drains, telecom, governance (f17) and the residents' willingness (f18), all invented.

Shares of governance are those of the city's reply (domain page 2.2), as near
as whole communities and firms allow. Of the residents only what is counted is
there: no name, phone, sex, age, hardship or signature.
"""

import random
from collections.abc import Iterator, Mapping
from itertools import islice

from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from survey_forms import Form, default_forms, load_form, sample

_BEFORE_PLAN = ("f05_drainage", "f08_telecom")  # with the required forms, what gate N5 asks for before a plan
GOVERNANCE, WILLINGNESS = "f17_governance", "f18_willingness"
DECIDED = "approved"  # checked long ago: nobody is to review it again
FIRMS, PARTY_OF_FIRMS = 55, 0.5636
COMMITTEES, PARTY_OF_COMMITTEES = 0.7543, 0.6671
SERVED, FIVE = 0.95, 0.06  # assumed: cover is a goal of the city, the five services are reached by pilots
VOTED_HOMES = 300  # in communities up to this size the vote is over, in the others it has begun
VOTED, BEGUN = 0.82, 0.05  # assumed shares of the homes that were asked
_ROOMS = 2  # homes on a floor of a stairwell
_MODES = ("pro", "pro", "pro", "soe", "red_center", "unit", "self")
_WANTS = ("drain water", "lift parking", "roof wires", "fire charge", "gas green elder", "parking light road")
_PAY = ("small", "fund", "no", "full", "labour", "income")

Facts = Mapping[str, Value]


def fill_society(store: Store, control: JobControl) -> None:
    """Write what gate N5 asks for and the residents' answers into the surveyed communities, and f17 into all."""
    rng = random.Random(sample.SEED)  # noqa: S311 - repeatable sample data, not secrets
    paths = default_forms()
    before = [load_form(paths[name]) for name in _BEFORE_PLAN]
    governance, willingness = load_form(paths[GOVERNANCE]), load_form(paths[WILLINGNESS])
    everybody = store.select("community", order="code")
    surveyed = sample.begun_communities(store)[: sample.COMPLETE]
    with store.transaction():
        for row in control.steps(surveyed, _("Sample records")):
            for form in before:
                _write(store, form, row, "complete", rng)
            _ask_homes(store, willingness, row)
        for row, said in zip(everybody, _governance(len(everybody), rng), strict=True):
            _write(store, governance, {**row, **said}, DECIDED, rng)


def _write(store: Store, form: Form, facts: Facts, status: str, rng: random.Random) -> None:
    session = sample.answered(form, facts, rng, PICKS)
    values, _repeats = session.answers()
    uid = str(facts["uid"])
    head = sample.head_of(form, uid, uid, "draft" if session.problems() else status)
    store.create_record(form.id, {**head, **values}, scope=scope_of(uid))


def _governance(count: int, rng: random.Random) -> Iterator[Facts]:
    """Yield what is said of each community, so that the shares of the city come out."""
    committees = _chosen(count, COMMITTEES, rng)
    party = {sorted(committees)[n] for n in _chosen(len(committees), PARTY_OF_COMMITTEES, rng)}
    served, five = _chosen(count, SERVED, rng), _chosen(count, FIVE, rng)
    with_party = _chosen(FIRMS, PARTY_OF_FIRMS, rng)
    firms = 0
    for n in range(count):
        mode = _MODES[n % len(_MODES)] if n in served else "none"
        has_firm = mode not in {"none", "self"}
        firm = firms % FIRMS
        firms += has_firm
        yield {
            "oc_state": rng.choice(("exists", "exists", "pmc"))
            if n in committees
            else rng.choice(("none", "preparing")),
            "oc_party": "yes" if n in party else "no",
            "pm_mode": mode,
            "pm_company": _("Sample property firm {n}").format(n=firm + 1) if has_firm else None,
            "pm_party": "yes" if has_firm and firm in with_party else "no",
            "five_have": "security cleaning greening repair parking" if n in five else "cleaning repair",
        }


def _chosen(count: int, share: float, rng: random.Random) -> set[int]:
    return set(rng.sample(range(count), round(count * share)))


def _ask_homes(store: Store, form: Form, community: Facts) -> None:
    """Write the answers of the homes that were asked; the shares that follow pass gate N6."""
    uid, households = str(community["uid"]), int(str(community["household_count"] or 0))
    share = VOTED if households <= VOTED_HOMES else BEGUN
    scope = scope_of(uid)
    for n, home in enumerate(islice(_homes(store, uid), round(households * share))):
        head = sample.head_of(form, uid, uid, DECIDED)
        store.create_record(form.id, {**head, **home, **home_answers(n)}, scope=scope)


def home_answers(n: int) -> dict[str, Value]:
    """Return the answers of the n-th home: nine of ten agree, nobody is described."""
    agrees = ("oppose" if n % 20 else "abstain") if n % 10 == 0 else "agree"
    return {
        "survey_round": "baseline",
        "surveyor": "王工",
        "survey_date": "2026-10-20",
        "privacy_ok": "yes",
        "is_owner": "no" if n % 7 == 0 else "yes",
        "agree_reno": agrees,
        "agree_plan": agrees,
        "wants": _WANTS[n % len(_WANTS)],
        "pay_will": _PAY[n % len(_PAY)],
        "agree_lift": "oppose" if n % 5 == 0 else "agree",
        "agree_pm": "abstain" if n % 6 == 0 else "agree",
    }


def _homes(store: Store, community: str) -> Iterator[dict[str, Value]]:
    """Yield the homes of a community: two on each floor of each stairwell."""
    houses = {
        row["uid"]: row for row in store.select("building", ["name", "floors"], where={"community_uid": community})
    }
    code = {"community_id": next(iter(store.select("community", ["code"], where={"uid": community})))["code"]}
    for stairwell in store.select("stairwell", ["unit", "building_uid"], where={"community_uid": community}):
        house = houses.get(stairwell["building_uid"], {})
        for floor in range(1, int(str(house.get("floors") or 6)) + 1):
            for room in range(1, _ROOMS + 1):
                yield {
                    **code,
                    "building_no": house.get("name"),
                    "unit_no": stairwell["unit"],
                    "room_no": f"{floor}0{room}",
                }


_DRAINS = {"合流制": "combined", "分流制": "separate"}
_PLASTIC_SINCE = 1996  # the drains of the sample laid since are of plastic
_OLD, _NEW = ("g1", "g2", "g2", "g3", "nocctv"), ("g0", "g1", "nocctv")

PICKS: dict[str, sample.Pick] = {
    **sample.PICKS,
    # f05
    "drain_sys": lambda _rng, facts: _DRAINS.get(str(facts["drainage"]), "partial"),
    "sewage_material": lambda rng, facts: (
        "pvc" if int(str(facts["built_year"])) >= _PLASTIC_SINCE else rng.choice(("plain_conc", "cast", "ceramic"))
    ),
    "sewage_dn": sample.one("200", "300", "300", "400"),
    "sewage_year": sample.of("built_year"),
    "struct_grade": lambda rng, facts: rng.choice(_OLD if int(str(facts["built_year"])) < _PLASTIC_SINCE else _NEW),
    "func_grade": sample.one("g1", "g2", "nocctv"),
    "misconnect_points": sample.whole(0, 9),
    "manhole_prob": sample.one("no_net silt", "cover_missing", "silt", "none"),
    "flood": sample.one("none", "minor", "minor", "mid"),
    "backflow_12m": sample.one("yes", "no", "no"),
    # f08
    "operators": sample.one("mobile unicom telecom", "mobile telecom catv"),
    "line_state": sample.one("overhead", "wall", "mixed"),
    "low_clearance": sample.one("yes", "no"),
    "abandoned": sample.one("yes", "no"),
    "ftth_rate": sample.whole(70, 98),
    "can_bury": sample.one("yes", "yes", "no"),
    # f17: what decides the shares of the city is handed in with the facts of the community
    "party_branch": sample.fixed("yes"),
    "longterm_agreed": sample.fixed("yes"),
    "party_instructor": sample.fixed("yes"),
    "covenant": sample.one("yes", "yes", "no"),
    "reform_committee": sample.one("yes", "yes", "no"),
    "pm_collect": sample.whole(45, 92),
    **{name: sample.of(name) for name in ("oc_state", "oc_party", "pm_mode", "pm_company", "pm_party", "five_have")},
}
