"""From the project file to the values of a sheet. Runs in the store's thread."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING

from exports.layers_out import SENSITIVE
from exports.sheet.answers import Answers, ReadsLabels
from exports.sheet.collect_map import map_of
from exports.sheet.collect_rules import rule_check_of
from exports.sheet.collect_systems import lift_votes, systems_of
from exports.sheet.data import MapData, Photo, SheetData
from exports.sheet.profile import joined, plan_of, profile_of, text_of
from exports.sheet.proposal import Proposals
from exports.sheet.records import Record, records_of
from fieldsurvey.assess import community_progress
from fieldsurvey.assess.progress import CommunityProgress, FormProgress, State
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Value
from fieldsurvey.store.album import marks_in

if TYPE_CHECKING:
    from fieldsurvey.store import Store

PHOTOS_PRINTED = 12  # two photo pages; the rest is told on the sheet
CHINA = timezone(timedelta(hours=8))
_PROFILE_FORM = "f01_community"
_DONE = (State.COMPLETE, State.REVIEWED, State.APPROVED)


class Collector:
    """Reads sheets of one project.

    What is the same for all communities (progress, installed forms) is read once.
    """

    def __init__(self, store: "Store", forms: ReadsLabels, today: str, *, restricted: bool = True) -> None:
        """Prepare.

        Args:
            store: The project, read in this thread.
            forms: Labels of codes.
            today: Day that the sheets are made on, ISO 8601.
            restricted: Whether pipes, power and gas sites are on the maps (domain page 5.3: internal).
        """
        self._store, self._forms, self._today, self._restricted = store, forms, today, restricted
        self._progress: dict[str, CommunityProgress] = {}
        self._proposals = Proposals(store, forms)

    def sheet(self, community_uid: str) -> SheetData:
        """Return the values of one community's sheet.

        Raises:
            InputRefused: If there is no such community.
        """
        rows = self._store.select("community", where={"uid": community_uid}, limit=1)
        if not rows:
            raise InputRefused(_("There is no community with the identity {uid}.").format(uid=community_uid))
        community = rows[0]
        records = records_of(self._store, community_uid, self._forms)
        photos = photos_of(self._store, community_uid, records)
        profile = next((r.answers for r in reversed(records) if r.form_id == _PROFILE_FORM), Answers({}, {}))
        days = sorted({record.day for record in records if record.day})
        code = text_of(community["code"])
        return SheetData(
            number="-".join(
                ("PG", code or community_uid[-8:].upper(), (days[-1] if days else self._today).replace("-", ""))
            ),
            community_uid=community_uid,
            code=code,
            name=text_of(community["name"]) or code or community_uid[-8:],
            place=joined(community, "district", "subdistrict", "neighbourhood"),
            unit=unit_of(self._store),
            surveyors=tuple(dict.fromkeys(record.surveyor for record in records if record.surveyor)),
            dates=(days[0], days[-1]) if days else ("", ""),
            version=_version(records),
            profile=tuple(profile_of(community, profile)),
            systems=systems_of(records, self._forms),
            map=self._map(community),
            rules=rule_check_of(self._store, community_uid),
            lifts=lift_votes(records),
            photos=photos[:PHOTOS_PRINTED],
            photos_total=len(photos),
            plan=tuple(plan_of(community, profile)),
            missing=tuple(self._missing(community_uid)),
            sources=_sources(community, records),
            made=self._today,
            software=_software(),
            proposal=self._proposals.of(community),
        )

    def _map(self, community: Mapping[str, Value]) -> MapData:
        found = map_of(self._store, community)
        shown = {name: items for name, items in found.layers.items() if self._restricted or name not in SENSITIVE}
        return replace(found, layers=shown)

    def _missing(self, uid: str) -> Iterable[str]:
        """Yield what was not surveyed, one sentence for each form."""
        if uid not in self._progress:  # of all from the second on: one sheet does not wait for all the others
            self._progress = community_progress(self._store, None if self._progress else [uid])
        for form_id, form in self._progress[uid].forms.items():
            if form.needed and form.done < len(form.needed):
                yield f"{self._forms.title(form_id)}：{_lack(form)}"


def _lack(form: FormProgress) -> str:
    if len(form.needed) > 1:
        return f"应查{len(form.needed)}份，已完成{form.done}份"
    return "未调查" if form.state is State.NOT_STARTED else "有草稿或退回记录，未提交"


def unit_of(store: "Store") -> str:
    """Return the surveying organisation of the project's settings; empty if none is set."""
    return (store.setting("organisation") or "").strip('"')


@cache
def _software() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"FieldSurvey {version('fieldsurvey')}"
    except PackageNotFoundError:
        return "FieldSurvey"


def _version(records: Sequence[Record]) -> str:
    """Return when the newest record was saved, in China's time."""
    saved = max((record.saved_at for record in records if record.saved_at), default="")
    if not saved:
        return ""
    return f"记录截至 {local_time(saved)}"


def local_time(moment: str) -> str:
    """Return a moment (ISO 8601, UTC if it names no zone) in China's time to the minute; empty for none."""
    if not moment:
        return ""
    told = datetime.fromisoformat(moment)
    return f"{(told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(CHINA):%Y-%m-%d %H:%M}"


def _sources(community: Mapping[str, Value], records: Sequence[Record]) -> tuple[str, ...]:
    ledger = text_of(community["data_source"])
    told = [word for record in records for word in record.answers.words("data_source").split("、") if word]
    return tuple(dict.fromkeys([*told, *([f"小区台账（{ledger}）"] if ledger else [])]))


def photos_of(store: "Store", community_uid: str, records: Sequence[Record]) -> tuple[Photo, ...]:
    """Return the photos of all records, in the order of the forms."""
    marks = marks_in(store, community_uid)
    return tuple(
        Photo(
            sha256=sha,
            place=f"{record.title}：{shot.words('photo_caption')}" if shot.words("photo_caption") else record.title,
            kind=shot.words("photo_kind"),
            taken=record.day,
            person=record.surveyor,
            marks=marks.get(sha, ()),
            path=store.media.path(sha),
        )
        for record in records
        for shot in record.photos
        if (sha := text_of(shot.raw("photo")))
    )


def collect(store: "Store", community_uid: str, *, restricted: bool = True) -> SheetData:
    """Return the values of one community's sheet, dated today in China.

    Args:
        store: The project.
        community_uid: The community.
        restricted: Whether pipes, power and gas sites are on the map.

    Raises:
        InputRefused: If there is no such community.
    """
    return collector(store, restricted=restricted).sheet(community_uid)


def collector(store: "Store", *, restricted: bool = True) -> Collector:
    """Return a collector with the installed forms, for sheets made today."""
    from exports.sheet.forms import InstalledForms

    return Collector(store, InstalledForms(), datetime.now(CHINA).date().isoformat(), restricted=restricted)
