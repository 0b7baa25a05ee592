"""调查记录表: one record of any form as a sheet of paper, with all questions, photos and signatures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from exports.sheet.answers import Answers, Labels, plain_number
from exports.sheet.collect import CHINA, local_time, unit_of
from exports.sheet.data import Fact, Photo, canonical
from exports.sheet.faces import HEI, SONG
from exports.sheet.forms import CHINESE, labels_in
from exports.sheet.opinions import SignatureRow
from exports.sheet.page import TEXT_WIDTH, Block, Heading, Paragraph, Space
from exports.sheet.paper import Paper
from exports.sheet.photo_grid import PhotoGrid
from exports.sheet.profile import joined, text_of
from exports.sheet.table import SHADE, Cell, CheckBoxes, Number, Table
from exports.sheet.title import Title
from exports.sheet.typography import TextStyle
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Value
from fieldsurvey.paths import user_cache
from fieldsurvey.store.album import marks_in
from survey_forms import shelf
from survey_forms.form import Form, Group, Kind, Question, Repeat
from survey_forms.layout import Layout, layout_of

if TYPE_CHECKING:
    from fieldsurvey.store import Store

_SKIPPED = (Kind.NOTE, Kind.AUDIO, Kind.VIDEO, Kind.FILE, Kind.IMAGE)
_MOST_BOXES, _LONGEST_SHORT = 8, 14  # choices that are printed as boxes; letters that fit beside another answer
_WIDE = 6  # columns of a list side by side
_BLANK = "未填"
STATES = {"draft": "草稿", "complete": "已完成", "returned": "已退回", "reviewed": "已复核", "approved": "已批准"}
_LABEL = TextStyle(HEI, 9.2, 12.6)
_HEAD = TextStyle(HEI, 9.2, 12.6, align="centre")
_VALUE = TextStyle(SONG, 9.6, 13.2)
_GREY = (0.42, 0.42, 0.42)
_NOTE = TextStyle(SONG, 8.4, 11.6, colour=(0.25, 0.25, 0.25), align="justify")


@dataclass(frozen=True, slots=True)
class Part:
    """Some answers under a heading.

    Attributes:
        title: Heading; empty for the first part.
        facts: The answers.
        heads: For a list: its columns; else empty.
        rows: For a list: its rows.
    """

    title: str
    facts: tuple[Fact, ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class FilledForm:
    """One record as printed.

    Attributes:
        number: 编号.
        title: Title of the form.
        form: Id and version of the form.
        community, place: Name, and where it lies.
        subject: Building and stairwell; empty for the community.
        unit: Who surveyed, from the settings of the project.
        surveyor, day: As recorded.
        status: In words.
        saved: Last save, and by whom.
        parts: The answers.
        photos: Photos of the record.
        made: Day of the sheet, ISO 8601.
    """

    number: str
    title: str
    form: str
    community: str
    place: str
    subject: str
    unit: str
    surveyor: str
    day: str
    status: str
    saved: str
    parts: tuple[Part, ...]
    photos: tuple[Photo, ...]
    made: str


def filled_form(store: "Store", table: str, uid: str, made: str = "") -> FilledForm:
    """Return one record ready to print. Call it in the thread of the store.

    Args:
        store: The project.
        table: Table of its form.
        uid: The record.
        made: Day of the sheet, ISO 8601; empty: today in China.

    Raises:
        InputRefused: If there is no such record.
    """
    rows = store.select(table, where={"uid": uid}, limit=1)
    if not rows:
        raise InputRefused(_("There is no record with the identity {uid}.").format(uid=uid))
    return _Reader(store, table, rows[0], made or datetime.now(CHINA).date().isoformat()).read()


class _Reader:
    def __init__(self, store: "Store", table: str, row: Mapping[str, Value], made: str) -> None:
        self._store, self._table, self._row, self._made = store, table, row, made
        self._form: Form = shelf.form_of(store, table)
        self._layout: Layout = layout_of(self._form)
        self._labels: Labels = labels_in(self._form, CHINESE)

    def read(self) -> FilledForm:
        row, uid = self._row, str(self._row["uid"])
        answers = Answers(row, self._labels)
        found = self._store.select("community", where={"uid": row.get("community_uid")}, limit=1)
        community: Mapping[str, Value] = found[0] if found else {}
        code = text_of(community.get("code")) if community else ""
        return FilledForm(
            number="-".join(filter(None, ("JL", self._table.split("_")[0], code, uid[-8:].upper()))),
            title=self._form.title(CHINESE),
            form=f"{self._form.id}　版本 {self._form.version}",
            community=text_of(community.get("name")) if community else "",
            place=joined(community, "district", "subdistrict", "neighbourhood") if community else "",
            subject=" ".join(filter(None, (answers.words("building_no"), answers.words("unit_no")))),
            unit=unit_of(self._store),
            surveyor=answers.words("surveyor"),
            day=answers.words("survey_date")[:10],
            status=STATES.get(text_of(row.get("status")), text_of(row.get("status"))),
            saved=self._saved(uid),
            parts=tuple(self._parts(self._form.root, "")),
            photos=tuple(self._photos(answers)),
            made=self._made,
        )

    def _saved(self, uid: str) -> str:
        history = self._store.history(uid)
        last = next((entry.actor for entry in reversed(history) if entry.actor), "")
        saved = local_time(text_of(self._row.get("saved_at")))
        return " ".join(filter(None, (saved, last, f"（共{len(history)}次修改）" if len(history) > 1 else "")))

    def _parts(self, group: Group, title: str) -> Iterator[Part]:
        """Yield the answers in the order of the form; a group or list starts a part of its own."""
        run: list[Question] = []
        for child in group.children:
            if isinstance(child, Question):
                run += [child] if child.kind not in _SKIPPED and child.label(CHINESE) else []
                continue
            yield from self._run(title, run)
            title, run = ("" if run else title), []
            inner = child.label(CHINESE)
            if not isinstance(child, Repeat):
                yield from self._parts(child, inner)
            elif not _has_pictures(child):  # those are printed with their words as captions
                yield self._list(child, inner)
        yield from self._run(title, run)

    def _run(self, title: str, questions: Sequence[Question]) -> Iterator[Part]:
        if questions:
            yield Part(title, tuple(self._fact(question, self._row) for question in questions))

    def _fact(self, question: Question, row: Mapping[str, Value]) -> Fact:
        label, words = question.label(CHINESE), self._words(question, row)
        choices = self._labels.get(question.name, {})
        if 0 < len(choices) <= _MOST_BOXES:
            chosen = text_of(row.get(self._layout.columns[question.path])).split()
            options = tuple((label, code in chosen) for code, label in choices.items())
            is_short = sum(len(text) + 2 for text, _ticked in options) <= _LONGEST_SHORT
            return Fact(label, words, 2 if is_short else 1, options)
        return Fact(label, words, 2 if len(words) <= _LONGEST_SHORT else 1)

    def _words(self, question: Question, row: Mapping[str, Value]) -> str:
        """Return an answer as printed, with its unit; empty for none."""
        column = self._layout.columns[question.path]
        value = row.get(column)
        if value in (None, ""):
            return ""
        if column in self._labels:
            return Answers(row, self._labels).words(column)
        if question.kind is Kind.GEOPOINT:
            return _position(str(value))
        if isinstance(value, bytes):
            return "（图形，见现状图）"
        text = plain_number(value)
        return f"{text}{question.bind.unit}" if isinstance(value, int | float) else text

    def _list(self, repeat: Repeat, title: str) -> Part:
        questions = [
            child
            for child in repeat.children
            if isinstance(child, Question) and child.kind not in _SKIPPED and child.label(CHINESE)
        ]
        rows = self._instances(repeat.path)
        heads = tuple(question.label(CHINESE) for question in questions)
        return Part(title, (), heads, tuple(tuple(self._words(q, row) for q in questions) for row in rows))

    def _instances(self, path: str) -> list[dict[str, Value]]:
        if self._layout.outer[path]:  # the rows of a list inside a list are printed with their own numbers
            outer = [str(row["uid"]) for row in self._instances(self._layout.outer[path])]
        else:
            outer = [str(self._row["uid"])]
        table = self._layout.table_of(path)
        return [row for uid in outer for row in self._store.select(table, where={"parent_uid": uid}, order="ordinal")]

    def _photos(self, answers: Answers) -> Iterator[Photo]:
        """Yield the pictures of all image questions."""
        marks = marks_in(self._store, text_of(self._row.get("community_uid")))
        for question in self._form.questions():
            if question.kind is not Kind.IMAGE:
                continue
            owner, column = self._layout.owners[question.path], self._layout.columns[question.path]
            for row in self._instances(owner) if owner else [dict(self._row)]:
                if sha := text_of(row.get(column)):
                    shot = Answers(row, self._labels)
                    yield Photo(
                        sha256=sha,
                        place=shot.words("photo_caption") or question.label(CHINESE),
                        kind=shot.words("photo_kind") if owner else "",
                        taken=answers.words("survey_date")[:10],
                        person=answers.words("surveyor"),
                        path=self._store.media.path(sha),
                        marks=marks.get(sha, ()),
                    )


def _has_pictures(group: Group) -> bool:
    return any(isinstance(child, Question) and child.kind is Kind.IMAGE for child in group.children)


def _position(text: str) -> str:
    """Return a geopoint (latitude, longitude, height, accuracy; WGS 84) in words.

    >>> _position("30.2 115.04 21.5 0.03"), _position("?")
    ('北纬30.2000000° 东经115.0400000° 高21.5m 精度0.03m', '?')
    """
    try:
        latitude, longitude, *rest = (float(part) for part in text.split())
    except ValueError:
        return text
    told = [f"北纬{latitude:.7f}°", f"东经{longitude:.7f}°"]
    told += [f"{name}{value:.10g}m" for name, value in zip(("高", "精度"), rest, strict=False)]
    return " ".join(told)


def filled_paper(data: FilledForm) -> Paper:
    """Return the sheet of a record."""
    title = data.title
    header = "　".join(filter(None, (title, data.community, data.subject)))
    return Paper(title, header, data.number, data.unit, data.made, list(_blocks(data)), canonical(data))


def _blocks(data: FilledForm) -> Iterator[Block]:
    yield Title(
        data.title,
        (
            (f"编号：{data.number}", f"调查日期：{data.day or '　' * 6}"),
            (f"小区：{' '.join(filter(None, (data.community, data.subject))) or _BLANK}", f"状态：{data.status}"),
            (f"所属：{data.place or _BLANK}", f"调查人：{data.surveyor or '　' * 6}"),
        ),
    )
    for part in data.parts:
        if part.title:
            yield Heading(part.title)
        if part.facts:
            yield _pairs(part.facts)
        elif part.rows:
            yield from _listed(part)
        elif part.heads:
            yield Paragraph("无。", _VALUE.but(indent=2))
        yield Space(6)
    if data.photos:
        yield Heading("照片")
        yield PhotoGrid(data.photos, 1, user_cache() / "photos")
    yield Space(6)
    yield SignatureRow("record", ("调查人", "复核人"))
    yield Paragraph(f"注：{data.form}；最后保存 {data.saved or '未登记'}；制表日期 {data.made}。", _NOTE)


def _pairs(facts: Sequence[Fact]) -> Table:
    """Return answers beside their questions; short ones two in a row."""
    label = 92.0
    half = TEXT_WIDTH / 2 - label
    rows: list[tuple[Cell | None, ...]] = []
    waiting: Fact | None = None
    for fact in facts:
        if fact.share == 1:
            rows += [_alone(waiting)] if waiting else []
            rows.append(_alone(fact))
            waiting = None
        elif waiting is None:
            waiting = fact
        else:
            rows.append(_pair(waiting, fact))
            waiting = None
    rows += [_alone(waiting)] if waiting else []
    return Table((label, half, label, half), tuple(rows), min_height=20)


def _alone(fact: Fact) -> tuple[Cell | None, ...]:
    return (*_cells(fact, 3), None, None)


def _pair(left: Fact, right: Fact) -> tuple[Cell | None, ...]:
    return (*_cells(left, 1), *_cells(right, 1))


def _cells(fact: Fact, columns: int) -> tuple[Cell, Cell]:
    return (
        Cell(Paragraph(fact.label, _LABEL), header="Row", fill=SHADE),
        Cell(_value(fact), columns=columns),
    )


def _value(fact: Fact) -> Block:
    if fact.options:
        return CheckBoxes(fact.options, _VALUE)
    if not fact.value:
        return Paragraph(_BLANK, _VALUE.but(colour=_GREY))
    if fact.share == 2 and fact.value[0].isdigit():
        return Number(fact.value, _VALUE)
    return Paragraph(fact.value, _VALUE)


def _listed(part: Part) -> Iterator[Block]:
    """Yield a list as a table; one with many columns as answers beside their questions, row by row."""
    if len(part.heads) > _WIDE:
        for number, row in enumerate(part.rows, 1):
            yield Paragraph(f"（{number}）", _LABEL)
            yield _pairs(
                [Fact(h, v, 2 if len(v) <= _LONGEST_SHORT else 1) for h, v in zip(part.heads, row, strict=True)]
            )
            yield Space(3)
        return
    number_width = 30.0
    width = (TEXT_WIDTH - number_width) / len(part.heads)
    head = tuple(Cell(Paragraph(text, _HEAD), header="Column", fill=SHADE, pad_x=2) for text in ("序号", *part.heads))
    rows = [
        (Cell(Paragraph(str(number), _HEAD), header="Row"), *(Cell(Paragraph(text or "—", _VALUE)) for text in row))
        for number, row in enumerate(part.rows, 1)
    ]
    yield Table((number_width, *[width] * len(part.heads)), (head, *rows), head=1, min_height=20)
