"""What one assessment sheet says, as plain values.

Collected in the store's thread, drawn anywhere. The canonical JSON of these
values is what the verification code on every page is the hash of.
"""

import hashlib
import json
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path

from fieldsurvey.model.marks import Mark

DIGEST_SHOWN = 16  # hexadecimal digits of the verification code that are printed


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of the profile table. An empty value means: not recorded.

    Attributes:
        label: What it is.
        value: As printed, with unit.
        share: How many stand in a row: 3, 2 or 1.
        options: For ticked choices: (label, is ticked).
    """

    label: str
    value: str
    share: int = 3
    options: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class System:
    """One row of the assessment: a system and what was found.

    Attributes:
        name: 供水, 供电 ...
        form_id: Form that surveys it.
        summary: Present state, from the answers.
        problems: What is wrong, from the answers; empty if nothing was recorded.
        advice: Suggested action and urgency; empty if none was recorded.
        grade: Code of the cond5 list; empty if not surveyed.
        date: Day of the survey, ISO 8601; empty if not surveyed.
        status: Status of the record: draft, complete, returned, reviewed, approved; empty without record.
    """

    name: str
    form_id: str
    summary: str = ""
    problems: str = ""
    advice: str = ""
    grade: str = ""
    date: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule in table 3.

    Attributes:
        rule: R1 … R17.
        name: 核查项目.
        citation: Standards and clauses that were read in a source; may be empty.
        tested: How many tests were made.
        passed, failed, open: How they ended.
        result: 符合, 不符合, 待核 or 未核查.
    """

    rule: str
    name: str
    citation: str
    tested: int
    passed: int
    failed: int
    open: int
    result: str


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """One numbered problem point.

    Attributes:
        number: As on the map figure.
        rule: R1 … R17.
        name: What is measured.
        citation: Standard and clause; empty for what was not read in a source.
        measured, required: With unit.
        result: 不符合 or 待核.
        reason: Why it is open; empty for a plain failure.
        place: What it is about.
        point: Easting and northing in metres; None if it has no place.
    """

    number: int
    rule: str
    name: str
    citation: str
    measured: str
    required: str
    result: str
    reason: str
    place: str
    point: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """Table 3.

    Attributes:
        version: Edition of the rule set; empty if the rules were never run.
        rows: One for each rule.
        problems: Numbered, at most as many as are printed.
        total: Problems that there are.
        overridden: Findings that an engineer set aside.
        unrecorded: Thresholds that could not be tested, because their input is not recorded in this project.
    """

    version: str = ""
    rows: tuple[RuleRow, ...] = ()
    problems: tuple[RuleProblem, ...] = ()
    total: int = 0
    overridden: int = 0
    unrecorded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LiftVote:
    """The vote of one stairwell on a lift (f11).

    Attributes:
        place: Building and unit.
        owners: Owners entitled, voted, in favour; None where not recorded.
        areas: The same by exclusive floor area, in square metres.
        passes: The form's own result: yes, no or empty if it could not be computed.
        result: Preliminary conclusion in words.
    """

    place: str
    owners: tuple[int | None, int | None, int | None]
    areas: tuple[float | None, float | None, float | None]
    passes: str
    result: str


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of the photo pages.

    Attributes:
        sha256: Content hash of the original.
        place: What and where.
        kind: 全景, 细部 ...
        taken: Day of the record, ISO 8601.
        person: Surveyor.
        path: File on this machine; not part of the signed data. None if the file is missing here.
        marks: What is drawn on it.
    """

    sha256: str
    place: str
    kind: str
    taken: str
    person: str
    path: Path | None = field(default=None, metadata={"local": True})
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class MapItem:
    """One thing on the map figure.

    Attributes:
        wkb: Geometry in the project CRS (OGC WKB, metres, easting first).
        label: Text beside or inside it.
        kind: What decides its symbol: class, state or type as the project has it.
        width: Real width in metres, for roads; 0 if unknown.
    """

    wkb: bytes
    label: str = ""
    kind: str = ""
    width: float = 0.0


@dataclass(frozen=True, slots=True)
class MapData:
    """What the map figure shows.

    Attributes:
        boundary: Community area as WKB; empty if none is recorded.
        layers: Items by asset table.
        crs: Line under the figure that names the coordinate system.
        bounds: Smallest box around the community in metres: west, south, east, north.
    """

    boundary: bytes = b""
    layers: dict[str, tuple[MapItem, ...]] = field(default_factory=dict)
    crs: str = ""
    bounds: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Work:
    """One item of the works.

    Attributes:
        name: Code and scope.
        kind: 基础类, 完善类 or 提升类.
        quantity: With unit.
        price: 元 per unit.
        amount: 万元.
        fund: Source of the money.
    """

    name: str
    kind: str
    quantity: str
    price: float
    amount: float
    fund: str


@dataclass(frozen=True, slots=True)
class GateSeen:
    """One gate: what it asks, 通过, 未通过 or 待核, and why."""

    id: str
    title: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """One community.

    Attributes:
        works: Items that have a price.
        sums: Works, fees, reserve and total in 万元; empty without items.
        unpriced: Why other items are in no sum, one sentence each.
        stale: Which prices are past their validity, one sentence each.
        consent: Households asked, voted, agreed, and all there are; None without any answer.
        gates: N1 to N8.
        need, readiness, priority: Indices, 0-100; None if unknown.
        urgent: Why it is on the urgent list.
        advice: Suggestion in words.
    """

    works: tuple[Work, ...] = ()
    sums: tuple[float, ...] = ()
    unpriced: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    consent: tuple[int, int, int, int] | None = None
    gates: tuple[GateSeen, ...] = ()
    need: float | None = None
    readiness: float | None = None
    priority: float | None = None
    urgent: tuple[str, ...] = ()
    advice: str = ""


@dataclass(frozen=True, slots=True)
class SheetData:
    """One sheet.

    Attributes:
        number: 编号 of the sheet.
        community_uid: Uid of the community.
        code: 小区编码.
        name: 小区名称.
        place: District, subdistrict and neighbourhood as printed.
        unit: Who surveyed; empty if not set.
        surveyors: Names in the records, in order.
        dates: First and last survey day, ISO 8601; empty without records.
        version: Version of the sheet's data: newest form version and record time.
        profile: Table 1.
        systems: Table 2.
        map: Figure 3.
        rules: Table 3.
        lifts: Lift votes.
        photos: Photo pages, at most what is printed.
        photos_total: Photos that the records hold.
        plan: Plan year, cost and the like: only what is recorded.
        missing: What was not surveyed, one sentence each.
        sources: Where the data come from, one sentence each.
        made: Day of the sheet, ISO 8601.
        software: Name and version of the program.
        form: Which sheet it is: 评估表, 申报表 …
        proposal: Works, consent, gates and suggestion; None if they were not computed.
    """

    number: str
    community_uid: str
    code: str
    name: str
    place: str
    unit: str = ""
    surveyors: tuple[str, ...] = ()
    dates: tuple[str, str] = ("", "")
    version: str = ""
    profile: tuple[Fact, ...] = ()
    systems: tuple[System, ...] = ()
    map: MapData = field(default_factory=MapData)
    rules: RuleCheck = field(default_factory=RuleCheck)
    lifts: tuple[LiftVote, ...] = ()
    photos: tuple[Photo, ...] = ()
    photos_total: int = 0
    plan: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    made: str = ""
    software: str = ""
    form: str = "评估表"
    proposal: Proposal | None = None

    def canonical(self) -> bytes:
        """Return the data as canonical JSON: UTF-8, sorted keys, no white space, geometry by hash."""
        return canonical(self)


def canonical(value: object) -> bytes:
    """Return plain values and data classes as canonical JSON: UTF-8, sorted keys, no white space, geometry by hash."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest_of(canonical: bytes) -> str:
    """Return the verification code of canonical JSON: SHA-256, upper-case hexadecimal."""
    return hashlib.sha256(canonical).hexdigest().upper()


def shown(digest: str) -> str:
    """Return the part of a verification code that is printed, in groups of four.

    >>> shown("0247A66CE3F596167F")
    '0247 A66C E3F5 9616'
    """
    return " ".join(digest[start : start + 4] for start in range(0, DIGEST_SHOWN, 4))


def texts_of(value: object) -> str:
    """Return all text in a value, joined: for the check that every character can be printed."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "".join(texts_of(each) for each in value.values())
    if isinstance(value, list):
        return "".join(map(texts_of, value))
    return ""


def plain(data: SheetData) -> object:
    """Return the data as JSON values."""
    return _plain(data)


def _plain(value: object) -> object:
    kind: type = type(value)
    if kind is str or kind is float or kind is int or value is None:  # most are: one sheet has thousands
        return value
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain_item(each) if type(each) is MapItem else _plain(each) for each in value]
    names = _signed(kind)
    return {name: _plain(getattr(value, name)) for name in names} if names else value


def _plain_item(item: MapItem) -> dict[str, str | float]:
    """Return what the general way would: maps have hundreds of items."""
    wkb = hashlib.sha256(item.wkb).hexdigest()
    return {"wkb": wkb, "label": item.label, "kind": item.kind, "width": item.width}


@cache
def _signed(kind: type) -> tuple[str, ...]:
    """Return the fields of a data class that are part of the signed data; none for other types."""
    return tuple(f.name for f in fields(kind) if not f.metadata.get("local")) if is_dataclass(kind) else ()
