"""Versions of the plan: drafts that people change, submitted and approved ones that nobody does.

From the submission on the four numbers that decide the money (communities,
buildings, households, area) are locked with where they came from; an approved
version is changed only by a new one. Source: domain page 1.5, 2.5 (先规划后建设).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from fieldsurvey.assess.gates import barred_by, gates
from fieldsurvey.assess.records import number, standing
from fieldsurvey.clock import now_millis
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import N_, _
from fieldsurvey.model.plan_tables import CLASSES, POOL_STATES
from fieldsurvey.model.revision import dump
from fieldsurvey.model.schema import Value
from fieldsurvey.plan.days import checked_day
from fieldsurvey.plan.tables import install_tables
from fieldsurvey.store import Store

_OUT = 0
_NUMBERS = {"buildings": "building_count", "households": "household_count", "area_sqm": "gfa"}
_SURVEYED = {"buildings": "building_count", "households": "household_count", "area_sqm": "gfa_res"}
_DATES = {"started": "started_on", "finished": "finished_on", "accepted": "accepted_on"}


class VersionState(StrEnum):
    """How far a version is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"


STATE_WORDS: Mapping[VersionState, str] = {
    VersionState.DRAFT: N_("draft"),
    VersionState.SUBMITTED: N_("submitted"),
    VersionState.APPROVED: N_("approved"),
}


@dataclass(frozen=True, slots=True)
class FourNumbers:
    """What decides the money, of the communities in a plan.

    Attributes:
        communities, buildings, households: Counts.
        area_sqm: Floor area, ㎡.
        sources: Number -> "ledger", "missing" and "survey_differs" -> how many communities.
        rows: uid -> buildings, households, area as they were when they were locked.
        locked_at: ISO time; empty: not locked. By whom tells the history of the version.
    """

    communities: int = 0
    buildings: int = 0
    households: int = 0
    area_sqm: float = 0.0
    sources: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    rows: Mapping[str, list[float | None]] = field(default_factory=dict)
    locked_at: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """One version.

    Attributes:
        uid: The record.
        name: As people call it.
        state: How far it is.
        made_at: ISO time.
        result: What the optimiser said; empty if it was made by hand.
        numbers: The four numbers, locked; None for a draft.
    """

    uid: str
    name: str
    state: VersionState
    made_at: str
    result: Mapping[str, Any] = field(default_factory=dict)
    numbers: FourNumbers | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a version puts a community.

    Attributes:
        uid: The record.
        community: uid of the community.
        year: The year; None: not in the plan.
        level: How far: 1 basic, 2 and improvement, 3 and upgrading; 0: not in the plan.
        is_locked: Whether it was chosen by hand.
        pool_state: Code of POOL_STATES.
        reason: Why, in one sentence.
        started_on, finished_on, accepted_on: ISO dates; empty: not yet.
    """

    uid: str
    community: str
    year: int | None
    level: int
    is_locked: bool = False
    pool_state: str = ""
    reason: str = ""
    started_on: str = ""
    finished_on: str = ""
    accepted_on: str = ""

    @property
    def is_in(self) -> bool:
        """True if the community is in the plan."""
        return self.level > _OUT and self.year is not None


def versions(store: Store) -> list[Version]:
    """Return all versions, the newest first."""
    if "plan_version" not in store.tables():
        return []
    found = [_version(row) for row in store.select("plan_version")]
    return sorted(found, key=lambda version: version.made_at, reverse=True)


def standing_version(store: Store) -> Version | None:
    """Return the version that counts: the newest approved one, else the newest of all."""
    found = versions(store)
    return next((one for one in found if one.state is VersionState.APPROVED), found[0] if found else None)


def placements(store: Store, version: str) -> dict[str, Placement]:
    """Return where a version puts the communities, by uid of the community."""
    if "plan_choice" not in store.tables():
        return {}
    rows = store.select("plan_choice", where={"version_uid": version})
    return {str(row["community_uid"]): _placement(row) for row in rows}


def new_version(store: Store, name: str = "", base: str = "") -> str:
    """Make a draft, with the choices of another version if one is named; return its uid. One durable step."""
    install_tables(store)
    made = datetime.fromtimestamp(now_millis() / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with store.transaction():
        fresh = {"name": name or _("Plan of {when}").format(when=made[:16].replace("T", " ")), "state": "draft"}
        version = store.create_record("plan_version", {**fresh, "made_at": made})
        for one in placements(store, base).values() if base else ():
            write_choice(store, version, one.community, {
                "year": one.year, "level": one.level, "locked": int(one.is_locked), "reason": one.reason,
                "pool_state": one.pool_state, **{name: getattr(one, name) or None for name in _DATES.values()},
            })  # fmt: skip
    return version


def ledger(store: Store) -> dict[str, Placement]:
    """Return the plan years that the ledger of communities holds, as a version would, by uid of the community."""
    rows = store.select("community", ["plan_year"])
    years = {str(row["uid"]): row["plan_year"] for row in rows if isinstance(row["plan_year"], int)}
    return {uid: Placement("", uid, int(year or 0), len(CLASSES), pool_state="reserve") for uid, year in years.items()}


def from_ledger(store: Store, name: str = "") -> str:
    """Make a draft of the plan years in the ledger of communities; return its uid. One durable step."""
    placed = ledger(store)
    with store.transaction():
        version = new_version(store, name)
        for one in placed.values():
            there = {"year": one.year, "level": one.level, "locked": 0, "pool_state": one.pool_state}
            write_choice(store, version, one.community, {**there, "reason": _("From the ledger.")})
    return version


def write_choice(store: Store, version: str, community: str, values: Mapping[str, Value]) -> None:
    """Write a new choice; of one community in one version there is one record, on whatever laptop it is made."""
    uid = hashlib.sha256(f"{version}|{community}".encode()).hexdigest()[:32]
    store.create_record("plan_choice", {"version_uid": version, "community_uid": community, **values}, uid=uid)


def place(store: Store, version: str, community: str, year: int | None, level: int) -> None:
    """Put a community into a year by hand, or out of the plan (year None); it is locked there.

    Raises:
        InputRefused: If the version is no draft, or the level is unknown.
    """
    _draft(store, version)
    if not _OUT <= level <= len(CLASSES):
        raise InputRefused(_("There is no level of works {level}; choose 1 to {most}.").format(
            level=level, most=len(CLASSES)
        ))  # fmt: skip
    there = {"year": year, "level": _OUT if year is None else max(1, level), "locked": 1, "reason": _("By hand.")}
    _write(store, version, community, there)


def set_lock(store: Store, version: str, community: str, *, is_locked: bool) -> None:
    """Hold a community where it is, or let the optimiser move it.

    Raises:
        InputRefused: If the version is no draft.
    """
    _draft(store, version)
    now = placements(store, version).get(community)
    there: dict[str, Value] = {} if now is not None else {"level": _OUT}
    _write(store, version, community, {**there, "locked": int(is_locked)})


def set_pool_state(store: Store, version: str, community: str, state: str, on: str = "") -> None:
    """Say how far the works are; from the start of the works on with the date.

    Progress is no change of the plan: it is kept in approved versions too.

    Raises:
        InputRefused: If the community is not in that version, the state is unknown, or the dates cross.
    """
    now = placements(store, version).get(community)
    if now is None or not now.is_in:
        raise InputRefused(_("The community is not in this version of the plan; choose another version."))
    if state not in POOL_STATES:
        raise InputRefused(_("There is no state {state} in the project pool.").format(state=state or "—"))
    dates = {name: getattr(now, name) for name in _DATES.values()}
    if (name := _DATES.get(state)) is not None:
        dates[name] = checked_day(on)
    order = [dates[name] for name in _DATES.values() if dates[name]]
    if order != sorted(order):
        text = _("The dates cross: start {a}, completion {b}, acceptance {c}. Please correct the date.")
        raise InputRefused(text.format(**dict(zip("abc", (dates[n] or "—" for n in _DATES.values()), strict=True))))
    store.save(now.uid, {"pool_state": state, **{key: value or None for key, value in dates.items()}})


def submit(store: Store, version: str) -> None:
    """Hand a draft in: from now on it cannot be changed, and its four numbers are locked.

    Raises:
        InputRefused: If it is no draft, holds no community, or one that a gate keeps out.
    """
    _draft(store, version)
    chosen = [uid for uid, one in placements(store, version).items() if one.is_in]
    if not chosen:
        raise InputRefused(_("No community is in this version; put some into a year first."))
    passed = gates(store)
    for uid in chosen:
        if (failed := barred_by(passed.get(uid, ()))) is not None:
            name = next(str(row["name"]) for row in store.select("community", ["name"], where={"uid": uid}))
            text = _("{name} may not enter a plan: {why} Take it out, or clear this up first.")
            raise InputRefused(text.format(name=name, why=failed.reason))
    store.save(version, {"state": "submitted", "locked_numbers": _locked(store, chosen)})


def withdraw(store: Store, version: str) -> None:
    """Make a submitted version a draft again.

    Raises:
        InputRefused: If it is not submitted.
    """
    _in_state(store, version, VersionState.SUBMITTED)
    store.save(version, {"state": "draft", "locked_numbers": None})


def approve(store: Store, version: str) -> None:
    """Approve a submitted version: its years become the plan years of the communities. One durable step.

    Raises:
        InputRefused: If it is not submitted, or one of the four numbers has changed since.
    """
    found = _in_state(store, version, VersionState.SUBMITTED)
    if changed := drifted(store, found):
        text = _("The numbers of {names} have changed since the submission. Withdraw the version and submit it again.")
        raise InputRefused(text.format(names="、".join(changed[:5])))
    years = {uid: one.year for uid, one in placements(store, version).items() if one.is_in}
    with store.transaction():
        store.save(version, {"state": "approved"})
        store.approve(version)
        for row in store.select("community", ["plan_year"]):
            if row["plan_year"] != (year := years.get(str(row["uid"]))):
                store.save(str(row["uid"]), {"plan_year": year})


def four_numbers(store: Store, communities: Iterable[str]) -> FourNumbers:
    """Return the four numbers of some communities as the ledger has them, and where they come from."""
    wanted = set(communities)
    surveyed = {uid: rows[-1] for uid, rows in standing(store, "f01_community", _SURVEYED.values()).items()}
    sources = {name: {"ledger": 0, "missing": 0, "survey_differs": 0} for name in _NUMBERS}
    sums, rows = dict.fromkeys(_NUMBERS, 0.0), {}
    for row in store.select("community", list(_NUMBERS.values())):
        uid = str(row["uid"])
        if uid not in wanted:
            continue
        values = {name: number(row[column]) for name, column in _NUMBERS.items()}
        rows[uid] = list(values.values())
        for name, value in values.items():
            said = number(surveyed.get(uid, {}).get(_SURVEYED[name]))
            sources[name]["missing" if value is None else "ledger"] += 1
            sources[name]["survey_differs"] += said is not None and value is not None and said != value
            sums[name] += value or 0.0
    area = round(sums["area_sqm"], 2)
    return FourNumbers(len(rows), int(sums["buildings"]), int(sums["households"]), area, sources, rows)


def drifted(store: Store, version: Version) -> list[str]:
    """Return the names of the communities whose four numbers are no longer those that were locked."""
    if version.numbers is None:
        return []
    now = four_numbers(store, version.numbers.rows).rows
    names = {str(row["uid"]): str(row["name"] or "") for row in store.select("community", ["name"])}
    return [names.get(uid, "?") for uid, row in version.numbers.rows.items() if now.get(uid) != list(row)]


def _locked(store: Store, communities: Iterable[str]) -> str:
    now = datetime.fromtimestamp(now_millis() / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return dump({**asdict(four_numbers(store, communities)), "locked_at": now})


def _write(store: Store, version: str, community: str, values: Mapping[str, Value]) -> None:
    known = placements(store, version).get(community)
    if known is not None:
        store.save(known.uid, values)
    else:
        write_choice(store, version, community, values)


def _draft(store: Store, version: str) -> Version:
    return _in_state(store, version, VersionState.DRAFT)


def _in_state(store: Store, version: str, state: VersionState) -> Version:
    found = next((one for one in versions(store) if one.uid == version), None)
    if found is None:
        raise InputRefused(_("This version of the plan does not exist any more; choose another one."))
    if found.state is not state:
        text = _("Version “{name}” is {state} and cannot be changed so. Make a new version from it.")
        raise InputRefused(text.format(name=found.name, state=_(STATE_WORDS[found.state])))
    return found


def _version(row: Mapping[str, Value]) -> Version:
    state = str(row["state"])
    locked = _json(row["locked_numbers"])
    return Version(
        str(row["uid"]),
        str(row["name"] or ""),
        VersionState(state) if state in set(VersionState) else VersionState.DRAFT,
        str(row["made_at"] or ""),
        _json(row["result"]),
        FourNumbers(**locked) if locked else None,
    )


def _json(value: Value) -> dict[str, Any]:
    found = json.loads(value) if isinstance(value, str) and value else {}
    return found if isinstance(found, dict) else {}


def _placement(row: Mapping[str, Value]) -> Placement:
    year, level = row["year"], row["level"]
    return Placement(
        str(row["uid"]),
        str(row["community_uid"]),
        year if isinstance(year, int) else None,
        int(number(level) or 0) if level is not None else 1,
        bool(row["locked"]),
        *(str(row.get(name) or "") for name in ("pool_state", "reason", *_DATES.values())),
    )
