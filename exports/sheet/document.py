"""The assessment sheet as a document: which parts, in which order, in one file."""

from pathlib import Path

from exports.sheet import wording
from exports.sheet.archive import Attachment
from exports.sheet.data import RuleCheck, SheetData
from exports.sheet.faces import KAI, SONG
from exports.sheet.geojson import map_geojson
from exports.sheet.map_figure import MapFigure
from exports.sheet.names import MAP_NAME
from exports.sheet.opinions import OPINIONS
from exports.sheet.page import TEXT_WIDTH, Block, Heading, PageBreak, Paragraph, Space
from exports.sheet.paper import Paper, write
from exports.sheet.photo_grid import PhotoGrid
from exports.sheet.tables import lift_table, problem_table, profile_table, rule_table, system_table
from exports.sheet.title import sheet_title
from exports.sheet.typography import TextStyle
from fieldsurvey.paths import user_cache

_OPENS_PAGE = "七"  # seals start a page
_SMALL = TextStyle(SONG, 8.4, 11.6, colour=(0.25, 0.25, 0.25), align="justify")
_BODY = TextStyle(SONG, 9.6, 14.2, align="justify")
_PLAIN_NOTE = TextStyle(KAI, 10.5, 15.5, indent=2)


def render(data: SheetData, out: Path) -> None:
    """Write the sheet of one community as PDF; an existing file is replaced when the new one is whole.

    Raises:
        MissingCharacters: If a text has characters that no typeface has.
        OSError: If the file cannot be written.
    """
    write(
        Paper(
            title=wording.TITLE.format(name=data.name),
            header=wording.SHORT_TITLE.format(name=data.name),
            number=data.number,
            unit=data.unit,
            made=data.made,
            blocks=parts(data),
            data=data.canonical(),
            attached=(Attachment(MAP_NAME, map_geojson(data), "application/geo+json", "现状图的图形数据", "Source"),),
        ),
        out,
    )


def parts(data: SheetData) -> list[Block]:
    """Return the blocks of a sheet in order."""
    named: list[tuple[str, list[Block]]] = [
        ("小区基本情况", [profile_table((*data.profile, *data.plan))]),
        ("分项现状评价", [Paragraph(wording.PRELIMINARY, _SMALL), Space(4), system_table(data.systems)]),
        ("小区现状图", _map_parts(data)),
        ("规则核查结果", _rule_parts(data.rules)),
        ("加装电梯表决汇总", _lift_parts(data)),
        ("现状照片", _photo_parts(data)),
        ("意见与盖章", list(OPINIONS)),
        ("数据说明", _statement(data)),
    ]
    printed: list[Block] = [sheet_title(data)]
    for number, (title, blocks) in zip("一二三四五六七八", named, strict=True):
        if number in _OPENS_PAGE:
            printed.append(PageBreak())
        printed += [Heading(f"{number}、{title}"), *blocks, Space(7)]
    return printed


def _map_parts(data: SheetData) -> list[Block]:
    if not data.map.boundary and not any(data.map.layers.values()):
        return [Paragraph("项目中没有该小区的范围和图形，未绘现状图。", _PLAIN_NOTE)]
    notes = (f"{data.map.crs}　成图日期 {data.made}", wording.INTERNAL)
    title = f"{data.name}现状图：小区范围、建筑、道路、管线和设施"
    points = tuple((str(each.number), each.point) for each in data.rules.problems if each.point)
    return [MapFigure(data.map, TEXT_WIDTH, title, notes, points)]


def _rule_parts(check: RuleCheck) -> list[Block]:
    if not check.version:
        return [Paragraph(wording.NOT_CHECKED, _PLAIN_NOTE)]
    parts: list[Block] = [
        rule_table(check.rows), Space(3), Paragraph(wording.RULES_NOTE.format(version=check.version), _SMALL),
    ]  # fmt: skip
    if check.problems:
        parts += [Space(5), problem_table(check.problems)]
    notes = []
    if any(each.point is None for each in check.problems):
        notes.append("带*的问题没有图上位置。")
    if check.total > len(check.problems):
        notes.append(f"共有问题{check.total}处，本表列出{len(check.problems)}处，其余见电子档案。")
    if check.overridden:
        notes.append(f"另有{check.overridden}处经复核不作为问题，未列入。")
    return [*parts, Space(3), Paragraph("".join(notes), _SMALL)] if notes else parts


def _lift_parts(data: SheetData) -> list[Block]:
    if not data.lifts:
        return [Paragraph("无加装电梯调查记录（缺 f11 加装电梯可行性调查表）。", _PLAIN_NOTE)]
    return [lift_table(data.lifts), Space(3), Paragraph(wording.VOTE_RULE, _SMALL)]


def _photo_parts(data: SheetData) -> list[Block]:
    if not data.photos:
        return [Paragraph("调查记录中没有照片。", _PLAIN_NOTE)]
    parts: list[Block] = [PhotoGrid(data.photos, 1, user_cache() / "photos")]
    if data.photos_total > len(data.photos):
        text = f"共有照片{data.photos_total}张，本表刊印{len(data.photos)}张，其余存于电子档案。"
        parts.append(Paragraph(text, _SMALL))
    return parts


def _statement(data: SheetData) -> list[Block]:
    missing = [f"（{index}）{text}" for index, text in enumerate(data.missing, 1)] or ["应查表格均已填报。"]
    lines = [
        "1. 资料来源：" + ("；".join(data.sources) or wording.NOT_RECORDED) + "。",
        "2. 缺项说明：",
        *missing,
        "3. 现状图中地下管线按入库资料绘制，位置以实地探测为准；图上坐标为调查定位，不作测绘成果使用。",
        f"4. 数据版本：{data.version or '无调查记录'}；制表软件：{data.software}；制表日期：{data.made}。",
    ]
    return [Paragraph("\n".join(lines), _BODY)]
