"""Invented but plausible answers for the sample project, entered through real filling-in sessions.

Every value passes the form's own rules, because it is set question by question
in a Session; what a rule refuses is not saved. Nothing here describes a real
community, and each record says so in its remarks.
"""

import io
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache

from fieldsurvey.assess.needed import NEEDED, subjects
from fieldsurvey.i18n import N_, _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.districts import district_code
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from survey_forms import Context, Form, Session, default_forms, load_form

SEED = 20211012
COMPLETE, STARTED = 24, 30  # communities fully surveyed, and begun
LIFTS_PER_COMMUNITY = 3
_FIRST_FORMS = 3  # at most, of a community whose survey has begun
SAVED_AT = "2026-10-28T08:00:00.000Z"
ALL_LIFTS = frozenset({"LJ8600001", "LJ8700002"})  # two communities are surveyed to the last stairwell

Facts = Mapping[str, Value]
Pick = Callable[[random.Random, Facts], str]


def fill_sample_records(store: Store, control: JobControl) -> None:
    """Write records with photos into the first communities of a project, one transaction per community."""
    rng = random.Random(SEED)  # noqa: S311 - repeatable sample data, not secrets
    forms = {name: load_form(path) for name, path in default_forms().items()}
    rows = begun_communities(store)
    for index, row in enumerate(control.steps(rows, _("Sample records"))):
        names = [form.form_id for form in NEEDED if form.form_id in forms]
        wanted = names if index < COMPLETE else names[: rng.randint(1, _FIRST_FORMS)]
        with store.transaction():
            for name in wanted:
                _fill_form(store, forms[name], row, rng)


def first_forms() -> frozenset[str]:
    """Return the forms that communities may have whose survey has only begun."""
    return frozenset(form.form_id for form in NEEDED[:_FIRST_FORMS])


def begun_communities(store: Store) -> list[dict[str, Value]]:
    """Return the communities with records; the first COMPLETE of them are fully surveyed."""
    rows = sorted(store.select("community", order="code"), key=lambda row: row["code"] not in ALL_LIFTS)
    return rows[: COMPLETE + STARTED]


def _fill_form(store: Store, form: Form, community: Facts, rng: random.Random) -> None:
    need = next(need for need in NEEDED if need.form_id == form.id)
    stairwells = store.select("stairwell", where={"community_uid": community["uid"]})
    buildings = {row["uid"]: row for row in store.select("building", where={"community_uid": community["uid"]})}
    floors = {uid: int(row["floors"] or 0) for uid, row in buildings.items()}
    by_uid = {row["uid"]: row for row in stairwells}
    limit = None if community["code"] in ALL_LIFTS else LIFTS_PER_COMMUNITY
    for subject in subjects(need, community, stairwells, floors)[:limit]:
        stairwell = by_uid.get(subject, {})
        building = buildings.get(stairwell.get("building_uid"), {})
        facts = {**community, "unit": stairwell.get("unit"), "building": building.get("name"), **_floors(building)}
        _save(store, form, answered(form, facts, rng), str(community["uid"]), subject, rng)


def _floors(building: Facts) -> dict[str, Value]:
    return {"floors": building.get("floors"), "unit_households": int(building.get("floors") or 6) * 2}


def answered(form: Form, facts: Facts, rng: random.Random, picks: Mapping[str, Pick] | None = None) -> Session:
    """Return a session of a form with every question answered that the picks (by default PICKS) know an answer to."""
    picks = PICKS if picks is None else picks
    context = Context(now=datetime(2026, 10, rng.randint(9, 28), 9, 30, tzinfo=UTC), username="王工")
    session = Session(form, context=context)
    for path in session.leaves():
        picker = picks.get(f"{form.id}.{_name(path)}") or picks.get(_name(path))
        if picker is not None and session.relevant(path):
            session.answer(path, picker(rng, facts))
    return session


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _save(store: Store, form: Form, session: Session, community: str, subject: str, rng: random.Random) -> None:
    values, repeats = session.answers()
    head = head_of(form, community, subject, "draft" if session.problems() else "complete")
    scope = scope_of(community)
    record = store.create_record(form.id, {**head, **values}, scope=scope)
    table = next((name for name in store.tables() if name == f"{form.id}__photos"), "")
    for ordinal, caption in enumerate(PHOTOS.get(form.id, ()), 1):
        photo = store.media.add_bytes(street_scene(rng.randrange(6)), f"{form.id}-{ordinal}.jpg", "image/jpeg")
        row: dict[str, Value] = {"parent_uid": record, "ordinal": ordinal, "photo": photo}
        row |= {"photo_kind": "overview" if ordinal == 1 else "defect", "photo_caption": _(caption)}
        store.create_record(table, row, scope=scope)
    del repeats  # photos are the only repeat of the default forms


def head_of(form: Form, community: str, subject: str, status: str) -> dict[str, Value]:
    """Return what every record of a form says beside its answers."""
    return {
        "community_uid": community,
        "subject_uid": subject,
        "form_version": form.version,
        "status": status,
        "saved_at": SAVED_AT,
    }


@cache
def street_scene(kind: int) -> bytes:
    """Return a JPEG of a simple drawn street scene; the sample carries no photo of a real place."""
    from PIL import Image, ImageDraw

    rng = random.Random(SEED + kind)  # noqa: S311 - repeatable sample data
    image = Image.new("RGB", (1200, 900), (172, 201, 226))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 640, 1200, 900), fill=(142, 136, 126))
    for left in range(40, 1100, 190):
        height = rng.randint(260, 460)
        wall = tuple(rng.randint(170, 220) for _ in range(3))
        draw.rectangle((left, 640 - height, left + 165, 640), fill=wall, outline=(90, 90, 90))
        for row in range(660 - height, 600, 62):
            for column in range(left + 15, left + 140, 42):
                draw.rectangle((column, row, column + 26, row + 34), fill=(92, 116, 136))
    draw.line((0, 330 + 20 * kind, 1200, 400), fill=(50, 50, 50), width=4)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def of(column: str) -> Pick:
    """Pick what the facts say."""
    return lambda _rng, facts: "" if facts.get(column) is None else str(facts[column])


def fixed(value: str) -> Pick:
    """Pick always the same."""
    return lambda _rng, _facts: value


def one(*values: str) -> Pick:
    """Pick one of some values."""
    return lambda rng, _facts: rng.choice(values)


def whole(low: int, high: int) -> Pick:
    """Pick a whole number between two."""
    return lambda rng, _facts: str(rng.randint(low, high))


def decimal(low: float, high: float, digits: int = 2) -> Pick:
    """Pick a decimal number between two."""
    return lambda rng, _facts: f"{rng.uniform(low, high):.{digits}f}"


def _year_after(low: int, high: int) -> Pick:
    return lambda rng, facts: str(int(facts.get("built_year") or 1985) + rng.randint(low, high))


def _share(column: str, low: float, high: float) -> Pick:
    return lambda rng, facts: str(round(float(facts.get(column) or 0) * rng.uniform(low, high)))


PHOTOS = {
    "f01_community": (N_("Main gate, seen from the street"), N_("View of the courtyard")),
    "f04_water": (N_("Rusty riser in the stairwell"), N_("Valve chamber")),
    "f06_power": (N_("Overhead wires between the blocks"),),
    "f07_gas": (N_("Riser on the outer wall"),),
    "f09_fire": (N_("Cars standing in the fire lane"), N_("Outdoor hydrant")),
}

_COND = one("good", "basic", "basic", "general", "general", "general", "severe", "severe")

PICKS: dict[str, Pick] = {
    "community_id": of("code"),
    "survey_round": fixed("baseline"),
    "surveyor": fixed("王工"),
    "survey_date": lambda rng, _facts: f"2026-10-{rng.randint(9, 28):02d}",
    "overall_cond": _COND,
    "urgency": one("u2", "u3", "u3", "u4"),
    "reno_suggest": one("replace", "repair", "repair add", "adjust"),
    "data_source": one("field", "field", "utility", "drawing"),
    "confidence": one("high", "mid", "mid"),
    "remarks": lambda _rng, _facts: _("Sample data, invented"),
    "owner": one("original", "owners", "unknown"),
    "meter_mode": one("household", "shared", "mixed"),
    "riser_cond": _COND,
    # f01
    "community_name": of("name"),
    "district": lambda _rng, facts: district_code(str(facts.get("district") or "")),
    "subdistrict": of("subdistrict"),
    "neighbourhood": of("neighbourhood"),
    "address": of("address"),
    "site_area": of("site_area"),
    "built_year_first": of("built_year"),
    "built_year_last": _year_after(0, 4),
    "tenure": one("housing_reform", "unit_funded", "public", "mixed"),
    "building_count": of("building_count"),
    "unit_count": of("unit_count"),
    "household_count": of("household_count"),
    "resident_count": of("resident_count"),
    "elder60_count": _share("resident_count", 0.18, 0.34),
    "gfa_res": of("gfa"),
    "enclosure": one("closed", "semi", "open"),
    "gate_count": whole(1, 3),
    "elig_block": fixed("none"),
    "already_renovated": fixed("no"),
    "reno_class_wanted": one("base", "base improve"),
    "est_investment": of("est_investment"),
    # f04
    "supply_mode": one("direct", "direct", "roof_tank", "tank_pump"),
    "f04_water.owner": one("water_co", "original", "owners"),
    "main_material": one("grey_ci", "galv", "steel", "pe"),
    "main_dn": one("100", "100", "150", "200"),
    "main_year": _year_after(0, 2),
    "main_length": decimal(300, 2400, 0),
    "f04_water.riser_material": one("galv", "galv", "ppr"),
    "meter_type": one("mech", "mech", "ic"),
    "pressure_top": decimal(0.06, 0.18),
    "pressure_complaint": one("yes", "yes", "no"),
    "yellow_water": one("yes", "no"),
    "leaks_12m": whole(0, 9),
    "secondary": one("yes", "no"),
    "tank_cond": _COND,
    "valve_ok": one("yes", "no"),
    # f06
    "feeder": one("public", "special", "mixed"),
    "f06_power.owner": one("power_co", "original"),
    "transformers": whole(1, 4),
    "transformer_kva": one("315", "400", "630", "800", "1260"),
    "peak_load_rate": whole(60, 115),
    "transformer_year": _year_after(4, 16),
    "lv_line_mode": one("overhead", "overhead", "wall", "mixed"),
    "meterbox_cond": _COND,
    "elec_prob": one("bare random", "meterbox", "overload no_rcd", "none"),
    "trips_12m": whole(0, 12),
    "low_voltage": one("yes", "no"),
    # f07
    "gas_type": fixed("pipe_ng"),
    "f07_gas.owner": fixed("gas_co"),
    "gas_households": _share("household_count", 0.55, 0.95),
    "press": one("low", "med_b"),
    "yard_material": one("steel", "grey_ci", "pe"),
    "yard_dn": one("80", "100", "150"),
    "yard_year": _year_after(4, 14),
    "riser_year": _year_after(4, 14),
    "f07_gas.riser_material": one("galv", "steel"),
    "occupied": one("no", "no", "yes"),
    "regulators": whole(1, 2),
    "gas_prob": one("rust", "rust hose", "wrapped", "none"),
    # f09
    "lane_exists": one("yes", "yes", "no"),
    "lane_width_min": decimal(2.4, 5.2, 1),
    "lane_height_min": decimal(3.2, 5.0, 1),
    "lane_state": one("parked", "parked tree", "clear", "narrow"),
    "hydrant_type": one("ground", "ground", "under"),
    "hydrants": whole(2, 14),
    "hydrant_state": one("ok", "no_water", "low", "untested"),
    "fire_prob": one("clutter ebike", "no_ext", "clutter no_ext shaft", "none"),
    "ebike_central": one("yes", "no"),
    # f11
    "building_no": of("building"),
    "unit_no": of("unit"),
    "floors": of("floors"),
    "households": of("unit_households"),
    "existing_lift": fixed("no"),
    "safety_grade": one("a", "b", "not_assessed"),
    "in_plan_demolish": fixed("no"),
    "stair_type": one("half", "half", "full"),
    "entry_mode": one("half", "level"),
    "site_use": one("green", "road", "paving"),
    "space_depth": decimal(2.2, 6.5, 1),
    "space_width": decimal(2.4, 4.0, 1),
    "road_left": decimal(3.2, 5.5, 1),
    "gap_opposite": decimal(8, 22, 1),
    "win_dist": decimal(1.0, 2.6, 1),
    "sun_affected": one("no", "no", "yes"),
    "pipes_conflict": one("ws", "js ws", "rq"),
    "owners_total": of("unit_households"),
    "owners_voted": _share("unit_households", 0.7, 1.0),
    "owners_agree": _share("unit_households", 0.5, 0.68),
    "area_total": lambda _rng, facts: str(int(facts.get("unit_households") or 12) * 72),
    "area_voted": lambda rng, facts: f"{int(facts.get('unit_households') or 12) * 72 * rng.uniform(0.7, 1):.1f}",
    "area_agree": lambda rng, facts: f"{int(facts.get('unit_households') or 12) * 72 * rng.uniform(0.5, 0.68):.1f}",
    "stage": one("willing", "none"),
    "result": one("feasible", "cond", "special"),
}
