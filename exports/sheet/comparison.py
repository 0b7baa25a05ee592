"""对比表: what changed in a community between two moments or two survey rounds, by whom and when."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import shapely

from exports.dossier import PERSONAL_FORMS
from exports.sheet import wording
from exports.sheet.answers import Answers, Labels, plain_number
from exports.sheet.collect import CHINA, unit_of
from exports.sheet.data import canonical
from exports.sheet.faces import HEI, KAI, SONG
from exports.sheet.filled import STATES
from exports.sheet.forms import CHINESE, labels_in
from exports.sheet.opinions import SignatureRow
from exports.sheet.page import TEXT_WIDTH, Block, Heading, Paragraph, Space
from exports.sheet.paper import Paper
from exports.sheet.profile import joined, text_of
from exports.sheet.table import SHADE, Cell, Table
from exports.sheet.title import Title
from exports.sheet.typography import TextStyle
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Column, ColumnType, TableKind, Value
from fieldsurvey.model.schema import Table as Schema
from survey_forms import shelf
from survey_forms.errors import FormError

if TYPE_CHECKING:
    from fieldsurvey.store import Store

_QUIET = frozenset({"uid", "community_uid", "subject_uid", "form_version", "saved_at", "odk_xml", "start", "end"})
_NOT_COMPARED = _QUIET | {"status", "survey_round", "survey_date", "surveyor", "reviewer", "geom"}
_LONGEST = 60  # letters of a value in the table; the data inside the file have it whole
_HEAD = TextStyle(HEI, 9.2, 12.6, align="centre")
_TEXT = TextStyle(SONG, 8.8, 12.0)
_NONE = TextStyle(KAI, 10.5, 15.5, indent=2)
_NOTE = TextStyle(SONG, 8.4, 11.6, colour=(0.25, 0.25, 0.25), align="justify")


@dataclass(frozen=True, slots=True)
class Change:
    """One field that is different.

    Attributes:
        subject: Form or layer, and what the record is about.
        field: Question or column.
        before, after: Values in words; empty for none.
        person, moment: Who made the last change of it and when, China's time; empty if not known.
    """

    subject: str
    field: str
    before: str
    after: str
    person: str
    moment: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences of one community.

    Attributes:
        number: 编号.
        community, place, unit, made: As on every sheet.
        before, after: What is compared, in words.
        changes: Fields that differ.
        appeared: Records that are only in the later one.
        vanished: Records that are only in the earlier one.
        headings: What stands over those two lists.
    """

    number: str
    community: str
    place: str
    unit: str
    made: str
    before: str
    after: str
    changes: tuple[Change, ...]
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]
    headings: tuple[str, str] = ("新增的记录", "删除的记录")


def compare_versions(
    old: "Store", new: "Store", community_uid: str, before: str, after: str, made: str = ""
) -> Comparison:
    """Return what is different between two versions of a project: today's and one of an earlier moment or file.

    Call it in the thread of both stores.

    Args:
        old: The earlier version.
        new: The later one.
        community_uid: The community.
        before: What the earlier one is called on the sheet.
        after: What the later one is called.
        made: Day of the sheet, ISO 8601; empty: today in China.

    Raises:
        InputRefused: If the newer one has no such community.
    """
    found = _Found(new)
    for table in new.tables().values():
        if not _is_compared(table):
            continue
        then, now = _rows(old, table, community_uid), _rows(new, table, community_uid)
        for uid in [*now, *(uid for uid in then if uid not in now)]:
            found.compare(table, uid, then.get(uid), now.get(uid))
    return found.told(community_uid, before, after, made)


def compare_rounds(store: "Store", community_uid: str, first: str, second: str, made: str = "") -> Comparison:
    """Return how the answers of two survey rounds differ, form by form and subject by subject.

    Args:
        store: The project.
        community_uid: The community.
        first: Code of a round (baseline, recheck, pre_design, acceptance, followup).
        second: Code of the other.
        made: Day of the sheet, ISO 8601; empty: today in China.

    Raises:
        InputRefused: If there is no such community, or a round has no records.
    """
    found = _Found(store)
    names: dict[str, str] = {}
    for table in store.tables().values():
        has_rounds = any(column.name == "survey_round" for column in table.columns)
        if table.kind is not TableKind.FORM or not has_rounds or not _is_compared(table):
            continue
        names = names or dict(found.labels(table.name).get("survey_round", {}))
        rows = store.select(table.name, where={"community_uid": community_uid})
        then, now = (
            {row["subject_uid"]: row for row in rows if row["survey_round"] == each} for each in (first, second)
        )
        for subject in dict.fromkeys([*then, *now]):
            found.compare(table, "", then.get(subject), now.get(subject), _NOT_COMPARED)
    for each in (first, second):
        if each not in names:
            raise InputRefused(
                _("There is no survey round {name}. There are: {names}.").format(name=each, names=_(", ").join(names))
            )
    told = found.told(community_uid, names[first], names[second], made)
    return replace(told, headings=(f"只有{names[second]}的记录", f"只有{names[first]}的记录"))


def _is_compared(table: Schema) -> bool:
    """Say whether a table is compared: what residents said stays out, with their names."""
    if table.name in PERSONAL_FORMS:
        return False
    has_community = table.name == "community" or any(column.name == "community_uid" for column in table.columns)
    return table.kind is TableKind.FORM or (table.kind is TableKind.ASSET and has_community)


def _rows(store: "Store", table: Schema, community_uid: str) -> dict[str, Mapping[str, Value]]:
    if table.name not in store.tables():
        return {}
    key = "uid" if table.name == "community" else "community_uid"
    return {str(row["uid"]): row for row in store.select(table.name, where={key: community_uid})}


class _Found:
    """Collects differences; who made them and when comes from the history of the newer version."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._labels: dict[str, Labels] = {}
        self.changes: list[Change] = []
        self.appeared: list[str] = []
        self.vanished: list[str] = []

    def labels(self, table: str) -> Labels:
        """Return the labels of a form's codes; none for assets."""
        if table not in self._labels:
            is_form = self._store.tables()[table].kind is TableKind.FORM
            try:
                self._labels[table] = labels_in(shelf.form_of(self._store, table), CHINESE) if is_form else {}
            except FormError:
                self._labels[table] = {}
        return self._labels[table]

    def compare(
        self,
        table: Schema,
        uid: str,
        then: Mapping[str, Value] | None,
        now: Mapping[str, Value] | None,
        left_out: frozenset[str] = _QUIET,
    ) -> None:
        """Note the differences of one record; without uid the two are different records of one subject."""
        name = self._name(table, now or then or {})
        if then is None or now is None:
            who = self._last(uid or str((now or then or {})["uid"]), "")
            (self.appeared if then is None else self.vanished).append("　".join(filter(None, (name, *who))))
            return
        for column in (*table.columns, _SHAPE):
            before, after = then.get(column.name), now.get(column.name)
            if column.name in left_out or before == after or {before, after} == {None, ""}:
                continue
            person, moment = self._last(str(now["uid"]), column.name)
            told = [self._words(table.name, column.name, row) for row in (then, now)]
            self.changes.append(Change(name, column.zh + _unit(column), told[0], told[1], person, moment))

    def _name(self, table: Schema, row: Mapping[str, Value]) -> str:
        answers = Answers(row, {})
        place = " ".join(filter(None, (answers.words(field) for field in ("building_no", "unit_no"))))
        own = (
            ""
            if table.kind is TableKind.FORM
            else next((text for field in ("name", "code", "unit") if (text := text_of(row.get(field)))), "")
        )
        return " ".join(filter(None, (table.zh, place or own)))

    def _words(self, table: str, column: str, row: Mapping[str, Value]) -> str:
        value = row.get(column)
        if isinstance(value, bytes):
            return _shape(value)
        if value in (None, ""):
            return ""
        if column == "status":
            return STATES.get(str(value), str(value))
        labels = self.labels(table)
        return Answers(row, labels).words(column) if column in labels else plain_number(value)

    def _last(self, uid: str, field: str) -> tuple[str, str]:
        """Return who changed a field last, and when; of the whole record for an empty field."""
        for entry in reversed(self._store.history(uid)):
            if not field or field in entry.values or (entry.kind == "i" and not entry.values):
                moment = datetime.fromtimestamp(entry.at_ms / 1000, CHINA)
                return entry.actor, f"{moment:%Y-%m-%d %H:%M}"
        return "", ""

    def told(self, community_uid: str, before: str, after: str, made: str) -> Comparison:
        """Return everything found, as a sheet."""
        rows = self._store.select("community", where={"uid": community_uid}, limit=1)
        if not rows:
            raise InputRefused(_("There is no community with the identity {uid}.").format(uid=community_uid))
        code, today = text_of(rows[0]["code"]), made or datetime.now(CHINA).date().isoformat()
        return Comparison(
            number="-".join(filter(None, ("DB", code or community_uid[-8:].upper(), today.replace("-", "")))),
            community=text_of(rows[0]["name"]) or code,
            place=joined(rows[0], "district", "subdistrict", "neighbourhood"),
            unit=unit_of(self._store),
            made=today,
            before=before,
            after=after,
            changes=tuple(self.changes),
            appeared=tuple(self.appeared),
            vanished=tuple(self.vanished),
        )


_SHAPE = Column("geom", ColumnType.TEXT, "图形", "Shape")


def _unit(column: Column) -> str:
    return f"（{column.unit}）" if column.unit else ""


def _shape(wkb: bytes) -> str:
    """Return a shape in words: area, length or place, in metres."""
    shape = shapely.from_wkb(wkb)
    if shape.area > 0:
        return f"面积{shape.area:,.1f}㎡"
    if shape.length > 0:
        return f"长{shape.length:,.1f}m"
    return "空" if shape.is_empty else f"东{shape.centroid.x:.2f} 北{shape.centroid.y:.2f}"


def comparison_paper(data: Comparison) -> Paper:
    """Return the comparison as a document."""
    title, header = f"{data.community}数据对比表", f"数据对比表 · {data.community}"
    return Paper(title, header, data.number, data.unit, data.made, list(_blocks(data)), canonical(data))


def _blocks(data: Comparison) -> Iterator[Block]:
    yield Title(
        f"{data.community}数据对比表",
        (
            (f"编号：{data.number}", f"制表日期：{data.made}"),
            (f"所属：{data.place or wording.NOT_RECORDED}", f"单位：{data.unit or '　' * 10}"),
            (f"前：{data.before}", f"后：{data.after}"),
        ),
    )
    lists = list(zip(data.headings, (data.appeared, data.vanished), strict=True))
    counts = f"改动{len(data.changes)}项，" + "，".join(f"{heading}{len(names)}条" for heading, names in lists) + "。"
    yield Paragraph(counts, _TEXT.but(size=10.5, leading=16))
    yield Space(4)
    yield Heading("一、改动")
    yield _table(data.changes) if data.changes else Paragraph("无。", _NONE)
    yield Space(7)
    for number, (heading, names) in zip("二三", lists, strict=True):
        yield Heading(f"{number}、{heading}")
        yield Paragraph(_numbered(names), _TEXT.but(leading=14)) if names else Paragraph("无。", _NONE)
        yield Space(7)
    yield Paragraph(
        "注：人员和时间取自修改记录中该项最后一次改动，时间为修改人电脑的时钟；图形改动列面积、长度或位置；"
        "居民意愿记录含个人信息，不列入对比。",
        _NOTE,
    )
    yield Space(4)
    yield SignatureRow("comparison", ("制表人", "复核人"))


def _numbered(names: Sequence[str]) -> str:
    """Return names as a list, those alike as one with their count: an import brings hundreds of nameless pipes."""
    lines = (f"{name}　{count}条" if count > 1 else name for name, count in Counter(names).items())
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def _table(changes: Sequence[Change]) -> Table:
    widths = (80.0, 78.0, 0.0, 0.0, 50.0, 62.0)
    half = (TEXT_WIDTH - sum(widths)) / 2
    widths = (*widths[:2], half, half, *widths[4:])
    names = ("对象", "项目", "原值", "新值", "人员", "时间")
    head = tuple(Cell(Paragraph(name, _HEAD), header="Column", fill=SHADE, pad_x=1.5) for name in names)
    rows: list[tuple[Cell | None, ...]] = []
    for change in changes:
        cells = (change.field, _cut(change.before), _cut(change.after), change.person, change.moment)
        rows.append((Cell(Paragraph(change.subject, _TEXT), header="Row"), *(_cell(text) for text in cells)))
    return Table(widths, (head, *rows), head=1, min_height=18)


def _cell(text: str) -> Cell:
    return Cell(Paragraph(text or "—", _TEXT), pad_x=3)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
