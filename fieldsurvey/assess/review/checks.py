"""What a reviewer is told of a record before he reads it: findings, far values, photos, places, copied answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import shapely

from fieldsurvey.assess.review.similar import Usual
from fieldsurvey.assess.rules import telling
from fieldsurvey.assess.rules.catalogue import BY_ID
from fieldsurvey.assess.rules.decisions import decisions, rules_in_force
from fieldsurvey.i18n import N_, _
from fieldsurvey.model.schema import Table, Value
from fieldsurvey.store import Row, Store

FAR = 100.0  # m from the boundary of the community beyond which a position is doubtful
_LEAST_COPIED = 5  # equal answers that make a record look copied
# What says nothing about whether somebody looked: who, when, which, and what the program works out.
APART = frozenset({
    "community_uid", "subject_uid", "form_version", "status", "saved_at", "odk_xml", "geom", "start", "end",
    "survey_date", "surveyor", "survey_round", "community_id", "community_name", "district", "subdistrict",
    "neighbourhood", "address", "building_no", "unit_no", "instance_id", "instance_name",
})  # fmt: skip


class Kind(StrEnum):
    """What a check is about."""

    CONFLICT = "conflict"
    MISSING = "missing"
    FINDING = "finding"
    FAR_VALUE = "far_value"
    NO_PHOTO = "no_photo"
    FAR_PLACE = "far_place"
    COPIED = "copied"


KIND_WORDS: Mapping[Kind, str] = {
    Kind.CONFLICT: N_("conflict"),
    Kind.MISSING: N_("not submitted"),
    Kind.FINDING: N_("rule"),
    Kind.FAR_VALUE: N_("unusual value"),
    Kind.NO_PHOTO: N_("photos"),
    Kind.FAR_PLACE: N_("position"),
    Kind.COPIED: N_("copied"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a reviewer should look at.

    Attributes:
        kind: What it is about.
        told: One sentence.
        field: Column of the answer it is about; empty if none.
        place: WKB of where it is, in the project CRS; None without a place.
    """

    kind: Kind
    told: str
    field: str = ""
    place: bytes | None = None


def checks(store: Store, row: Row, others: Mapping[str, Usual], before: Mapping[str, Value], name: str) -> list[Check]:
    """Return what should be looked at in a record.

    Args:
        store: The project.
        row: The record.
        others: Column -> what similar communities answered.
        before: Answers of the record before it: of the same subject, or of a neighbour.
        name: What that record is called.
    """
    table = store.tables()[row.table]
    return [
        *_conflicts(table, row),
        *_findings(store, row),
        *_far_values(table, row, others),
        *_photos(store, row),
        *_places(store, row),
        *_copied(table, row, before, name),
    ]


def _conflicts(table: Table, row: Row) -> list[Check]:
    labels = {column.name: column.label for column in table.columns}
    return [
        Check(Kind.CONFLICT, _("Two values stand in “{field}”: decide the conflict.").format(field=labels.get(n, n)), n)
        for n in row.conflicts
    ]


def _findings(store: Store, row: Row) -> list[Check]:
    community, rules, decided = str(row.values["community_uid"] or ""), rules_in_force(store), decisions(store)
    found = []
    for finding in store.findings(community) if community else ():
        made = decided.get(finding.key)
        is_open = made is None or not made.holds(finding)
        if is_open and finding.is_recorded and finding.rule in BY_ID and BY_ID[finding.rule].form == row.table:
            told = f"{finding.rule} {telling.sentence(finding, rules)}"
            found.append(Check(Kind.FINDING, told, place=finding.place or None))
    return found


def _far_values(table: Table, row: Row, others: Mapping[str, Usual]) -> list[Check]:
    found = []
    for column in table.columns:
        usual = others.get(column.name)
        if usual is not None and usual.is_far and usual.middle is not None:
            text = _("{field}: {value:,.10g} {unit}, while the median of {n} similar records is {middle:,.10g}.")
            value = float(row.values[column.name] or 0)
            told = text.format(field=column.label, value=value, unit=column.unit, n=usual.count, middle=usual.middle)
            found.append(Check(Kind.FAR_VALUE, told.replace(" ,", ","), column.name))
    return found


def _photos(store: Store, row: Row) -> list[Check]:
    repeat = store.tables().get(f"{row.table}__photos")
    if repeat is None:
        return []
    rows = photos_of(store, row)
    if not rows:
        return [Check(Kind.NO_PHOTO, _("There is no photo."))]
    missing = sum(store.media.path(sha) is None for sha in rows)
    if missing:
        return [Check(Kind.NO_PHOTO, _("{n} photos have not arrived here yet: sync first.").format(n=missing))]
    return []


def photos_of(store: Store, row: Row) -> list[str]:
    """Return the hashes of the photos of a record."""
    name = f"{row.table}__photos"
    if name not in store.tables():
        return []
    rows = store.select(name, where={"parent_uid": row.uid}, order="ordinal")
    return [str(photo["photo"]) for photo in rows if photo.get("photo")]


def _places(store: Store, row: Row) -> list[Check]:
    """Compare the position of the record, and of its photos, with the boundary of its community."""
    community = store.get(str(row.values["community_uid"] or ""))
    boundary = community.values.get("geom") if community else None
    if not isinstance(boundary, bytes):
        return []
    area = shapely.from_wkb(boundary)
    found = []
    for place, text in _positions(store, row):
        away = float(shapely.distance(shapely.from_wkb(place), area))
        if away > FAR:
            found.append(Check(Kind.FAR_PLACE, text.format(n=round(away)), place=place))
    return found


def _positions(store: Store, row: Row) -> list[tuple[bytes, str]]:
    own = row.values.get("geom")
    found = [(own, _("The position of the record is {n} m outside the community."))] if isinstance(own, bytes) else []
    if "photo" in store.tables():
        text = _("A photo was taken {n} m outside the community.")
        for sha in photos_of(store, row):
            rows = store.select("photo", ["geom"], where={"sha256": sha})
            found += [(photo["geom"], text) for photo in rows if isinstance(photo["geom"], bytes)]
    return found


def _copied(table: Table, row: Row, before: Mapping[str, Value], name: str) -> list[Check]:
    names = [column.name for column in table.columns if column.name not in APART]
    answered = [n for n in names if row.values.get(n) not in {None, ""}]
    same = [n for n in answered if before.get(n) == row.values[n]]
    if len(same) < _LEAST_COPIED or len(same) < len(answered):
        return []
    return [Check(Kind.COPIED, _("All {n} answers are those of {name}.").format(n=len(same), name=name))]


def worst_first(found: Sequence[Check]) -> list[Check]:
    """Return checks in the order of their kinds."""
    order = list(Kind)
    return sorted(found, key=lambda check: order.index(check.kind))
