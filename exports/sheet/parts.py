"""The parts that a template can show, as blocks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from exports.sheet import wording
from exports.sheet.data import SheetData
from exports.sheet.faces import KAI, SONG
from exports.sheet.map_figure import MapFigure
from exports.sheet.page import TEXT_WIDTH, Block, Heading, PageBreak, Paragraph, Space
from exports.sheet.photo_grid import PhotoGrid
from exports.sheet.proposal_tables import conclusion_table, consent_table, cost_table, gate_table
from exports.sheet.table import Cell, Table
from exports.sheet.tables import lift_table, problem_table, profile_table, rule_table, system_table
from exports.sheet.template import COLUMNS, PartWanted, Template
from exports.sheet.title import sheet_title
from exports.sheet.typography import TextStyle
from fieldsurvey.paths import user_cache

_SMALL = TextStyle(SONG, 8.4, 11.6, colour=(0.25, 0.25, 0.25), align="justify")
_BODY = TextStyle(SONG, 9.6, 14.2, align="justify")
_PLAIN_NOTE = TextStyle(KAI, 10.5, 15.5, indent=2)
_NUMBERS = "一二三四五六七八九十"
_Shown = Iterator[Block]


def sheet_blocks(data: SheetData, template: Template) -> list[Block]:
    """Return the blocks of a sheet in the order of its template; headings are numbered."""
    printed: list[Block] = [sheet_title(data, template.title, template.logo)]
    numbers = 0
    for part in template.parts:
        blocks = list(_SHOWN[part.show](data, part))
        if not blocks:
            continue
        printed += [PageBreak()] if part.new_page else []
        if part.heading:
            printed.append(Heading(f"{chinese(numbers + 1)}、{filled(part.heading, data)}"))
            numbers += 1
        printed += [Paragraph(filled(part.note, data), _SMALL), Space(4)] if part.note else []
        printed += [*blocks, Space(7)]
    return printed


def filled(text: str, data: SheetData) -> str:
    """Return a text of a template with its braces filled in."""
    return text.format(name=data.name, code=data.code, place=data.place, date=data.made)


def chinese(number: int) -> str:
    """Return a number below 100 in Chinese.

    >>> chinese(2), chinese(10), chinese(11), chinese(23)
    ('二', '十', '十一', '二十三')
    """
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else f"{_NUMBERS[tens - 1]}十"
    return head + (_NUMBERS[ones - 1] if ones else "")


def _profile(data: SheetData, part: PartWanted) -> _Shown:
    facts = [*data.profile, *data.plan]
    if part.rows:
        by_name = {fact.label: fact for fact in facts}
        facts = [by_name[name] for name in part.rows if name in by_name]
    yield profile_table([replace(fact, label=part.rename.get(fact.label, fact.label)) for fact in facts])


def _systems(data: SheetData, part: PartWanted) -> _Shown:
    yield chosen(system_table(data.systems), part)


def _map(data: SheetData, _part: PartWanted) -> _Shown:
    if not data.map.boundary and not any(data.map.layers.values()):
        yield Paragraph("项目中没有该小区的范围和图形，未绘现状图。", _PLAIN_NOTE)
        return
    notes = (f"{data.map.crs}　成图日期 {data.made}", wording.INTERNAL)
    title = f"{data.name}现状图：小区范围、建筑、道路、管线和设施"
    points = tuple((str(each.number), each.point) for each in data.rules.problems if each.point)
    yield MapFigure(data.map, TEXT_WIDTH, title, notes, points)


def _rules(data: SheetData, part: PartWanted) -> _Shown:
    if not data.rules.version:
        yield Paragraph(wording.NOT_CHECKED, _PLAIN_NOTE)
        return
    yield chosen(rule_table(data.rules.rows), part)
    yield Space(3)
    yield Paragraph(wording.RULES_NOTE.format(version=data.rules.version), _SMALL)
    if data.rules.unrecorded:
        yield Paragraph(wording.UNTESTED.format(n=len(data.rules.unrecorded)), _SMALL)


def _problems(data: SheetData, part: PartWanted) -> _Shown:
    check = data.rules
    if check.problems:
        yield chosen(problem_table(check.problems), part)
    notes = []
    if any(each.point is None for each in check.problems):
        notes.append("带*的问题没有图上位置。")
    if check.total > len(check.problems):
        notes.append(f"共有问题{check.total}处，本表列出{len(check.problems)}处，其余见电子档案。")
    if check.overridden:
        notes.append(f"另有{check.overridden}处经复核不作为问题，未列入。")
    if notes:
        yield Space(3)
        yield Paragraph("".join(notes), _SMALL)


def _works(data: SheetData, part: PartWanted) -> _Shown:
    found = data.proposal
    if found is None or not found.works:
        yield Paragraph("未编制改造内容（缺 f23 改造计划条目表），无投资估算。", _PLAIN_NOTE)
    else:
        yield chosen(cost_table(found), part)
    if found is not None and found.unpriced:
        yield Space(3)
        yield Paragraph(f"注：另有{len(found.unpriced)}项未计入：{'；'.join(found.unpriced)}", _SMALL)
    if found is not None and found.stale:
        yield Space(3)
        yield Paragraph(f"注：{len(found.stale)}种单价已过有效期：{'；'.join(found.stale)}", _SMALL)


def _consent(data: SheetData, _part: PartWanted) -> _Shown:
    if data.proposal is None or data.proposal.consent is None:
        yield Paragraph("无居民意愿记录（缺 f18 居民改造意愿入户调查表）。", _PLAIN_NOTE)
    else:
        yield consent_table(data.proposal.consent)


def _lifts(data: SheetData, _part: PartWanted) -> _Shown:
    if not data.lifts:
        yield Paragraph("无加装电梯调查记录（缺 f11 加装电梯可行性调查表）。", _PLAIN_NOTE)
        return
    yield lift_table(data.lifts)
    yield Space(3)
    yield Paragraph(wording.VOTE_RULE, _SMALL)


def _gates(data: SheetData, part: PartWanted) -> _Shown:
    if data.proposal is not None and data.proposal.gates:
        yield chosen(gate_table(data.proposal.gates), part)


def _conclusion(data: SheetData, _part: PartWanted) -> _Shown:
    if data.proposal is not None:
        yield conclusion_table(data.proposal)
        yield Space(3)
        yield Paragraph(wording.ADVICE_NOTE, _SMALL)


def _photos(data: SheetData, part: PartWanted) -> _Shown:
    if not data.photos:
        yield Paragraph("调查记录中没有照片。", _PLAIN_NOTE)
        return
    printed = data.photos[: part.most]
    yield PhotoGrid(printed, 1, user_cache() / "photos")
    if data.photos_total > len(printed):
        text = f"共有照片{data.photos_total}张，本表刊印{len(printed)}张，其余存于电子档案。"
        yield Paragraph(text, _SMALL)


def _opinions(_data: SheetData, part: PartWanted) -> _Shown:
    yield from part.boxes


def _statement(data: SheetData, _part: PartWanted) -> _Shown:
    missing = [f"（{index}）{text}" for index, text in enumerate(data.missing, 1)] or ["应查表格均已填报。"]
    lines = [
        "1. 资料来源：" + ("；".join(data.sources) or wording.NOT_RECORDED) + "。",
        "2. 缺项说明：",
        *missing,
        "3. 现状图中地下管线按入库资料绘制，位置以实地探测为准；图上坐标为调查定位，不作测绘成果使用。",
        f"4. 数据版本：{data.version or '无调查记录'}；制表软件：{data.software}；制表日期：{data.made}。",
    ]
    yield Paragraph("\n".join(lines), _BODY)


def _text(data: SheetData, part: PartWanted) -> _Shown:
    yield Paragraph(filled(part.text, data), _BODY)


_SHOWN: Mapping[str, Callable[[SheetData, PartWanted], _Shown]] = {
    "profile": _profile, "systems": _systems, "map": _map, "rules": _rules, "problems": _problems, "works": _works,
    "consent": _consent, "lifts": _lifts, "gates": _gates, "conclusion": _conclusion, "photos": _photos,
    "opinions": _opinions, "statement": _statement, "text": _text,
}  # fmt: skip


def chosen(table: Table, part: PartWanted) -> Table:
    """Return a table with the columns that a part wants, in its words; widths grow in proportion."""
    names = COLUMNS[part.show]
    wanted = [names.index(name) for name in part.columns] or list(range(len(names)))
    if not part.columns and not part.rename:
        return table
    total = sum(table.widths[at] for at in wanted)
    widths = tuple(table.widths[at] * TEXT_WIDTH / total for at in wanted)
    rows = [_picked(row, wanted) for row in table.rows]
    head = tuple(_renamed(cell, part.rename) for cell in rows[0])
    return Table(widths, (head, *rows[1:]), table.head, table.min_height)


def _picked(row: Sequence[Cell | None], wanted: Sequence[int]) -> tuple[Cell | None, ...]:
    """Return some cells of a row; a merged cell covers those of its columns that are left, if they stay together."""
    owner: dict[int, int] = {}
    for at, cell in enumerate(row):
        owner |= dict.fromkeys(range(at, at + cell.columns), at) if cell is not None else {}
    picked: list[Cell | None] = []
    for place, at in enumerate(wanted):
        first = owner[at]
        if place and owner[wanted[place - 1]] == first:
            picked.append(None)
            continue
        span = 1
        while place + span < len(wanted) and owner[wanted[place + span]] == first:
            span += 1
        cell = row[first]
        picked.append(replace(cell, columns=span) if cell is not None else None)
    return tuple(picked)


def _renamed(cell: Cell | None, names: Mapping[str, str]) -> Cell | None:
    if cell is None or not isinstance(cell.content, Paragraph):
        return cell
    text = names.get(cell.content.text, cell.content.text)
    return replace(cell, content=replace(cell.content, text=text))
