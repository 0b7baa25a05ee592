"""Forms on paper: every question of a form with room to write, for days without a laptop."""

import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from exports.sheet.answers import Labels
from exports.sheet.archive import Description, finish
from exports.sheet.canvas import PAGE_WIDTH, SheetCanvas
from exports.sheet.data import digest_of
from exports.sheet.faces import HEI, SONG, SONG_BOLD, require
from exports.sheet.forms import CHINESE, labels_of
from exports.sheet.page import BOTTOM, LEFT, RIGHT, TEXT_WIDTH, Block, Heading, Paragraph, Space, fill_pages
from exports.sheet.table import SHADE, Cell, CheckBoxes, Table
from exports.sheet.typography import TextStyle, draw_text
from survey_forms.form import Form, Group, Kind, Question, Repeat

_TITLE = TextStyle(SONG_BOLD, 20, 30, align="centre", role="H1")
_LABEL = TextStyle(HEI, 9.2, 12.6)
_HEAD = TextStyle(HEI, 9.2, 12.6, align="centre")
_CHOICE = TextStyle(SONG, 9.5, 15)
_HINT = TextStyle(SONG, 7.8, 10.4, colour=(0.3, 0.3, 0.3))
_FOOT = TextStyle(SONG, 8.5, 11, colour=(0.3, 0.3, 0.3))
_ROW = 23.0  # points: a line that can be written on
_NOTES_ROW = 60.0
_SIGNATURE_ROW = 40.0
_LINES = 6  # empty lines of a repeat
_MOST_CHOICES = 40  # a longer list is written in, not ticked
_WIDE = 6  # columns of a repeat side by side; more do not leave room to write
_WRITTEN = {
    Kind.DATE: "　　　　年　　月　　日", Kind.TIME: "　　时　　分", Kind.DATETIME: "　　　　年　　月　　日　　时　　分",
    Kind.GEOPOINT: "东经　　　　　　　　　北纬", Kind.IMAGE: "照片编号：", Kind.ACKNOWLEDGE: "",
}  # fmt: skip
_SKIPPED = (Kind.NOTE, Kind.CALCULATE, Kind.AUDIO, Kind.VIDEO, Kind.FILE)
_HELP = "填写说明：带*的为必填项；选项在方框内打钩，注明“多选”的可选多项；数字按所列单位填写；无法查看的写明原因。"


def render_blank(form: Form, out: Path, day: str) -> None:
    """Write a form as an empty sheet of paper; the file appears when it is whole.

    Args:
        form: The form.
        out: The PDF.
        day: Day it is made, ISO 8601.

    Raises:
        MissingCharacters: If a text has characters that no typeface has.
        OSError: If the file cannot be written.
    """
    title, name = form.title(CHINESE), f"{form.id}　版本 {form.version}"
    texts = [title, *(q.label(CHINESE) + q.hint.plain(CHINESE) for q in form.questions())]
    require(
        "".join(texts) + "".join(label for codes in labels_of(form.id, CHINESE).values() for label in codes.values())
    )
    stream = io.BytesIO()
    canvas = SheetCanvas(stream, title, "FieldSurvey", name)
    pages = fill_pages(list(_blocks(form)))
    for number, page in enumerate(pages, 1):
        for placed in page:
            placed.block.draw(canvas, LEFT, placed.top, TEXT_WIDTH)
        with canvas.artifact():
            draw_text(canvas, name, _FOOT, LEFT, BOTTOM - 16)
            foot = f"第 {number} 页　共 {len(pages)} 页"
            draw_text(canvas, foot, _FOOT, PAGE_WIDTH - RIGHT, BOTTOM - 16, "right")
        canvas.next_page()
    canvas.save()
    about = Description(title, "FieldSurvey", name, day, digest_of("\n".join(texts).encode()))
    partial = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        finish(stream.getvalue(), canvas.structure, about, [], partial)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    questions: tuple[Question, ...]
    is_repeat: bool = False


def _blocks(form: Form) -> Iterator[Block]:
    labels = labels_of(form.id, CHINESE)
    yield Paragraph(form.title(CHINESE), _TITLE)
    yield Space(6)
    yield Paragraph(_HELP, _HINT)
    yield Space(4)
    for section in _sections(form.root, ""):
        if section.title:
            yield Heading(section.title)
        is_wide = section.is_repeat and len(section.questions) <= _WIDE
        yield _grid(section.questions) if is_wide else _list(section.questions, labels)
        for question in section.questions if is_wide else ():
            if choices := labels.get(question.name):
                yield Paragraph(f"{question.label(CHINESE)}：{'、'.join(choices.values())}", _HINT)
        yield Space(6)


def _sections(group: Group, title: str) -> Iterator[_Section]:
    """Yield runs of questions in the order of the form; a group or repeat starts a run of its own."""
    run: list[Question] = []
    for child in group.children:
        if isinstance(child, Question):
            if child.kind not in _SKIPPED and not child.bind.calculate and child.label(CHINESE):
                run.append(child)
            continue
        if run:
            yield _Section(title, tuple(run), isinstance(group, Repeat))
            run, title = [], ""
        yield from _sections(child, child.label(CHINESE))
    if run:
        yield _Section(title, tuple(run), isinstance(group, Repeat))


def _list(questions: tuple[Question, ...], labels: Labels) -> Table:
    """Return one row for each question: what, room to write or tick, unit and hint."""
    widths = (112.0, TEXT_WIDTH - 112.0 - 96.0, 96.0)
    head = tuple(Cell(Paragraph(text, _HEAD), header="Column", fill=SHADE) for text in ("项目", "填写", "单位与说明"))
    rows = [_row(question, labels.get(question.name, {})) for question in questions]
    return Table(widths, (head, *rows), head=1, min_height=_ROW)


def _row(question: Question, choices: Mapping[str, str]) -> tuple[Cell | None, ...]:
    is_ticked = 0 < len(choices) <= _MOST_CHOICES
    told = [question.bind.unit, "多选" if question.kind is Kind.SELECT_MULTIPLE else "", question.hint.plain(CHINESE)]
    answer: Block = Paragraph(_WRITTEN.get(question.kind, ""), _CHOICE)
    if is_ticked:
        answer = CheckBoxes(tuple((label, False) for label in choices.values()), _CHOICE)
    elif question.kind is Kind.TEXT and question.name in ("remarks", "notes"):
        answer = _Room(_NOTES_ROW)
    elif question.kind is Kind.IMAGE and "signature" in question.appearance:
        answer = _Room(_SIGNATURE_ROW)
    return (
        Cell(Paragraph(_label(question), _LABEL), header="Row", fill=SHADE),
        Cell(answer),
        Cell(Paragraph("；".join(filter(None, told)), _HINT)),
    )


def _label(question: Question) -> str:
    return question.label(CHINESE) + ("*" if question.bind.required == "true()" else "")


def _grid(questions: tuple[Question, ...]) -> Table:
    """Return a repeat as empty lines under the heads of its questions."""
    number = 30.0
    width = (TEXT_WIDTH - number) / len(questions)
    texts = ("序号", *(_label(question) for question in questions))
    head = tuple(Cell(Paragraph(text, _HEAD), header="Column", fill=SHADE, pad_x=2) for text in texts)
    lines = [
        (Cell(Paragraph(str(line), _HEAD), header="Row"), *(Cell(Paragraph("", _CHOICE)) for _question in questions))
        for line in range(1, _LINES + 1)
    ]
    return Table((number, *[width] * len(questions)), (head, *lines), head=1, min_height=_ROW)


@dataclass(frozen=True, slots=True)
class _Room(Space):
    """Empty room to write in."""
