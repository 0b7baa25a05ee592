"""The tables of the sheet: profile, systems, lift votes, plan."""

from collections.abc import Sequence

from exports.sheet import wording
from exports.sheet.data import Fact, LiftVote, RuleProblem, RuleRow, System
from exports.sheet.faces import HEI, SONG
from exports.sheet.page import TEXT_WIDTH, Block, Paragraph
from exports.sheet.table import SHADE, Cell, CheckBoxes, Mark, Number, Table
from exports.sheet.typography import TextStyle

_LABEL = TextStyle(HEI, 9.5, 13.2, align="centre")
_VALUE = TextStyle(SONG, 9.8, 13.6)
_TEXT = TextStyle(SONG, 9.2, 12.8, align="justify")
_GREY = (0.42, 0.42, 0.42)
_FIGURE = TextStyle(SONG, 9.2, 12.8, align="right")
_MIDDLE = TextStyle(SONG, 9.2, 12.8, align="centre")
_CITED = TextStyle(SONG, 8.6, 11.8)

SYSTEM_COLUMNS = ("系统", "现状摘要", "主要问题", "完损等级", "建议（初判）")
RULE_COLUMNS = ("编号", "核查项目", "依据", "核查", "符合", "不符合", "待核", "结果")
PROBLEM_COLUMNS = ("点号", "位置", "问题与依据", "实测", "要求", "结果")

# Columns on which rows of three, two and one entries end flush: label, value, and so on.
_LABEL_WIDTH = 56.0
_THIRD, _HALF = TEXT_WIDTH / 3 - _LABEL_WIDTH, TEXT_WIDTH / 2 - _LABEL_WIDTH
_OVERLAP = _HALF - _THIRD - _LABEL_WIDTH
_PROFILE = (
    _LABEL_WIDTH, _THIRD, _LABEL_WIDTH, _OVERLAP, _LABEL_WIDTH, _OVERLAP, _LABEL_WIDTH, _THIRD,
)  # fmt: skip
_VALUE_COLUMNS = {3: (1, 3, 1), 2: (3, 3), 1: (7,)}


def profile_table(facts: Sequence[Fact]) -> Table:
    """Return table 1. Facts of equal share that follow each other fill rows."""
    rows: list[tuple[Cell | None, ...]] = []
    waiting: list[Fact] = []
    for fact in facts:
        if waiting and waiting[-1].share != fact.share:
            rows.append(_profile_row(waiting))
            waiting = []
        waiting.append(fact)
        if len(waiting) == fact.share:
            rows.append(_profile_row(waiting))
            waiting = []
    if waiting:
        rows.append(_profile_row(waiting))
    return Table(_PROFILE, tuple(rows), min_height=20)


def _profile_row(facts: Sequence[Fact]) -> tuple[Cell | None, ...]:
    share = facts[0].share
    filled = [*facts, *[Fact("", "　", share)] * (share - len(facts))]
    row: list[Cell | None] = []
    for fact, columns in zip(filled, _VALUE_COLUMNS[share], strict=True):
        row.append(Cell(Paragraph(fact.label, _LABEL), header="Row", fill=SHADE, pad_x=1.5))
        row += [Cell(_profile_value(fact), columns=columns), *[None] * (columns - 1)]
    return tuple(row)


def _profile_value(fact: Fact) -> Block:
    if fact.options:
        return CheckBoxes(fact.options, _VALUE)
    if not fact.value:
        return Paragraph(wording.NOT_RECORDED, _VALUE.but(colour=_GREY))
    if fact.share == 3 and fact.value[0].isdigit():
        return Number(fact.value, _VALUE)
    return Paragraph(fact.value, _VALUE)


def system_table(systems: Sequence[System]) -> Table:
    """Return table 2: one row for each system; what was not surveyed says so."""
    widths = (46.0, 150.0, 0.0, 54.0, 78.0)
    widths = (*widths[:2], TEXT_WIDTH - sum(widths), *widths[3:])
    head = tuple(_head(text) for text in SYSTEM_COLUMNS)
    return Table(widths, (head, *(_system_row(system) for system in systems)), head=1, min_height=22)


def _head(text: str) -> Cell:
    return Cell(Paragraph(text, _LABEL), header="Column", fill=SHADE, pad_x=1.5)


def _system_row(system: System) -> tuple[Cell | None, ...]:
    name = Cell(Paragraph(system.name, _LABEL), header="Row", fill=SHADE, pad_x=1.5)
    if not system.status:
        return name, Cell(Paragraph(system.summary, _TEXT.but(colour=_GREY)), columns=4), None, None, None
    return (
        name,
        Cell(Paragraph(system.summary, _TEXT)),
        Cell(Paragraph(system.problems or "未登记问题", _TEXT)),
        Cell(_grade(system.grade), pad_x=1),
        Cell(Paragraph(system.advice or wording.NOT_RECORDED, _TEXT)),
    )


def _grade(code: str) -> Block:
    if code not in wording.GRADES:
        return Paragraph("未评", _MIDDLE.but(colour=_GREY))
    word, colour = wording.GRADES[code]
    return Mark(word, TextStyle(HEI, 9.2, 12.8), colour)


def rule_table(rows: Sequence[RuleRow]) -> Table:
    """Return table 3: one row for each rule."""
    widths = (32.0, 98.0, 0.0, 34.0, 34.0, 38.0, 34.0, 50.0)
    widths = (*widths[:2], TEXT_WIDTH - sum(widths), *widths[3:])
    return Table(widths, (tuple(map(_head, RULE_COLUMNS)), *map(_rule_row, rows)), head=1, min_height=18)


def _rule_row(row: RuleRow) -> tuple[Cell | None, ...]:
    counts = (row.tested, row.passed, row.failed, row.open)
    return (
        Cell(Paragraph(row.rule, _MIDDLE), header="Row", pad_x=1),
        Cell(Paragraph(row.name, _TEXT.but(align="left"))),
        Cell(Paragraph(row.citation or "—", _CITED)),
        *(Cell(Number(f"{count:,d}" if row.tested else "—", _FIGURE), pad_x=4) for count in counts),
        Cell(_result(row.result), pad_x=1),
    )


def problem_table(problems: Sequence[RuleProblem]) -> Table:
    """Return the numbered problem points of the map figure."""
    widths = (30.0, 78.0, 0.0, 52.0, 52.0, 50.0)
    widths = (*widths[:2], TEXT_WIDTH - sum(widths), *widths[3:])
    return Table(widths, (tuple(map(_head, PROBLEM_COLUMNS)), *map(_problem_row, problems)), head=1, min_height=18)


def _problem_row(problem: RuleProblem) -> tuple[Cell | None, ...]:
    number = str(problem.number) if problem.point else f"{problem.number}*"
    told = f"{problem.rule} {problem.name}" + (f"（{problem.citation}）" if problem.citation else "")
    return (
        Cell(Paragraph(number, _MIDDLE), header="Row", pad_x=1),
        Cell(Paragraph(problem.place, _TEXT.but(align="left"))),
        Cell(Paragraph(f"{told}；{problem.reason}" if problem.reason else told, _CITED)),
        Cell(Number(problem.measured, _FIGURE), pad_x=4),
        Cell(Number(problem.required, _FIGURE), pad_x=4),
        Cell(_result(problem.result), pad_x=1),
    )


def _result(word: str) -> Block:
    return Mark(word, TextStyle(HEI, 8.8, 12), wording.RESULT_COLOURS[word])


def lift_table(votes: Sequence[LiftVote]) -> Table:
    """Return the votes on lifts, one row for each stairwell."""
    widths = (0.0, 36.0, 36.0, 36.0, 52.0, 52.0, 52.0, 46.0, 74.0)
    widths = (TEXT_WIDTH - sum(widths), *widths[1:])
    upper = (
        _over("单元", rows=2), _over("业主（户）", columns=3), None, None,
        _over("专有部分面积（㎡）", columns=3), None, None, _over("表决", rows=2), _over("初判结论", rows=2),
    )  # fmt: skip
    lower = (None, *(_head(text) for text in ("应参与", "参与", "同意") * 2), None, None)
    return Table(widths, (upper, lower, *(_lift_row(vote) for vote in votes)), head=2, min_height=19)


def _over(text: str, *, columns: int = 1, rows: int = 1) -> Cell:
    return Cell(Paragraph(text, _LABEL), columns=columns, rows=rows, header="Column", fill=SHADE, pad_x=1.5)


def _lift_row(vote: LiftVote) -> tuple[Cell | None, ...]:
    figures = [
        *(_figure(value, "{:,d}") for value in vote.owners),
        *(_figure(value, "{:,.1f}") for value in vote.areas),
    ]
    return (
        Cell(Paragraph(vote.place, _TEXT.but(align="left")), header="Row"),
        *(Cell(Number(text, _FIGURE), pad_x=3) for text in figures),
        Cell(Paragraph(wording.PASSES.get(vote.passes, vote.passes), _MIDDLE), pad_x=1),
        Cell(Paragraph(vote.result or wording.NOT_RECORDED, _TEXT.but(align="left"))),
    )


def _figure(value: float | None, pattern: str) -> str:
    return "—" if value is None else pattern.format(value)
