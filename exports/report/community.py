"""The page of one community: its map, what was found, works, gates and suggestion."""

from collections.abc import Iterable

import numpy as np
import shapely

from exports.report.html import Column, cards, heading, legend, link, note, page, table
from exports.sheet import map_style, wording
from exports.sheet.canvas import Colour
from exports.sheet.data import MapData, SheetData
from exports.sheet.map_frame import frame_for

_WIDTH, _HEIGHT = 1080.0, 620.0
_PROBLEMS = 40
_ROUND = 'fill-rule="evenodd" stroke-linecap="round" stroke-linejoin="round"'


def community_page(data: SheetData, *, is_internal: bool) -> str:
    """Return the page.

    Args:
        data: The values of its sheet.
        is_internal: Whether restricted layers are on the map: then the page says so.
    """
    title = f"{data.name}（{data.code}）" if data.code else data.name
    body = [f"<p>{link('← 返回全市', '../index.html')}</p>", heading(title, 1), note(_line(data))]
    facts = {fact.label: fact.value for fact in (*data.profile, *data.plan) if fact.value and not fact.options}
    chosen = ("户数/人口", "楼栋/单元", "建筑面积", "建成年份", "计划年度", "估算投资")
    body.append(cards({name: facts[name] for name in chosen if name in facts}))
    body += [
        heading("现状图"),
        _map(data.map, data.name),
        note(wording.INTERNAL if is_internal else "不含管线、电力和燃气设施。"),
    ]
    body += [heading("分项现状"), table(_SYSTEMS, _systems(data))]
    body += _rules(data)
    body += _proposal(data)
    body += [
        heading("缺项说明"),
        "<ul>",
        *(f"<li>{_text(each)}</li>" for each in data.missing or ("应查表格均已填报。",)),
        "</ul>",
    ]
    return page(title, body)


_SYSTEMS = (Column("系统"), Column("现状摘要"), Column("主要问题"), Column("完损等级"), Column("建议（初判）"))


def _text(text: str) -> str:
    from html import escape

    return escape(text)


def _line(data: SheetData) -> str:
    days = " 至 ".join(dict.fromkeys(day for day in data.dates if day))
    return "　".join(filter(None, (data.place, f"调查日期：{days or '尚未调查'}", data.version, f"制作：{data.made}")))


def _systems(data: SheetData) -> Iterable[tuple[str, ...]]:
    for system in data.systems:
        grade = wording.GRADES[system.grade][0] if system.grade in wording.GRADES else "—"
        yield system.name, system.summary, system.problems or "—", grade, system.advice or "—"


def _rules(data: SheetData) -> list[str]:
    check = data.rules
    if not check.version:
        return [heading("规则核查"), note(wording.NOT_CHECKED)]
    columns = (
        Column("点号", True),
        Column("位置"),
        Column("问题"),
        Column("实测", True),
        Column("要求", True),
        Column("结果"),
    )
    rows = [
        (str(each.number), each.place, f"{each.rule} {each.name}", each.measured, each.required, each.result)
        for each in check.problems[:_PROBLEMS]
    ]
    told = note(f"规则集{check.version}；共有问题{check.total}处，列出{len(rows)}处。自动核查，结果为初判。")
    silent = [note(wording.UNTESTED.format(n=len(check.unrecorded)))] if check.unrecorded else []
    return [heading("规则核查"), table(columns, rows) if rows else note("未发现问题。"), told, *silent]


def _proposal(data: SheetData) -> list[str]:
    found = data.proposal
    if found is None:
        return []
    body = [heading("改造内容与投资估算")]
    if found.works:
        columns = (
            Column("改造内容"),
            Column("类别"),
            Column("工程量", True),
            Column("金额（万元）", True),
            Column("资金来源"),
        )
        rows = [(work.name, work.kind, work.quantity, f"{work.amount:,.2f}", work.fund) for work in found.works]
        body.append(table(columns, rows, total=("合计（含其他费用和预备费）", "", "", f"{found.sums[-1]:,.2f}", "")))
    else:
        body.append(note("未编制改造内容。"))
    gates = [(gate.id, gate.title, gate.state, gate.reason) for gate in found.gates]
    body += [heading("纳入条件与建议"), table((Column("编号"), Column("条件"), Column("结论"), Column("说明")), gates)]
    indices = {"需求指数": found.need, "成熟度": found.readiness, "优先度": found.priority}
    body.append(cards({name: "—" if value is None else f"{value:.1f}" for name, value in indices.items()}))
    return [*body, note(f"{found.advice}。{wording.ADVICE_NOTE}")]


def _map(data: MapData, name: str) -> str:
    """Return the map of a community with the colours of the printed one."""
    if not data.boundary and not data.layers:
        return note("项目中没有该小区的范围和图形。")
    frame = frame_for(data.bounds, _WIDTH * 0.72, _HEIGHT * 0.72)
    scale = 1 / 0.72
    drawn: list[str] = []
    entries: dict[str, str] = {}
    for layer, said, fill, line, width in _styles():
        items = data.layers.get(layer, ())
        if items:
            shapes = shapely.from_wkb(np.array([item.wkb for item in items], dtype=object))
            inside = shapely.clip_by_rect(shapely.simplify(shapes, 0.1), *frame.view)
            d = "".join(_d(shape, frame.view, frame.per_metre * scale) for shape in inside)
            drawn.append(f'<path d="{d}" fill="{fill}" stroke="{line}" stroke-width="{width}" {_ROUND}/>')
            entries[said] = fill if fill != "none" else line
    if data.boundary:
        d = _d(shapely.from_wkb(data.boundary), frame.view, frame.per_metre * scale)
        drawn.append(f'<path d="{d}" fill="none" stroke="#c70d0d" stroke-width="2.4" stroke-dasharray="12 4 3 4"/>')
        entries["小区范围"] = "#c70d0d"
    label = _text(f"{name}现状图")
    svg = f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{label}">{"".join(drawn)}</svg>'
    return f'<div class="panel">{legend(entries)}{svg}</div>'


def _styles() -> Iterable[tuple[str, str, str, str, float]]:
    """Yield layer, legend, fill, line and width in drawing order."""
    yield "road", "道路", "none", "#d9d9d6", 9.0
    yield "internal_road", "小区道路", "none", "#e4e4e0", 6.0
    for area in map_style.AREAS:
        yield area.layer, area.legend, _hex(area.fill), _hex(area.line), 0.6
    yield "building", "建筑", _hex(map_style.HOUSING), _hex(map_style.BUILDING_LINE), 0.8
    for pipe in map_style.PIPES:
        yield pipe.layer, pipe.legend, "none", _hex(pipe.casing), 1.6
    yield "hydrant", "消火栓", "#d61717", "#d61717", 5.0


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def _d(shape: object, view: tuple[float, float, float, float], per_metre: float) -> str:
    """Return lines, areas and points as the data of a path, y downwards."""
    west, _south, _east, north = view
    parts = []
    for part in shapely.get_parts(shapely.get_parts(np.array([shape], dtype=object))):
        lines = shapely.get_rings(part) if part.geom_type == "Polygon" else [part]
        for line in lines:
            xy = (shapely.get_coordinates(line) - (west, north)) * (per_metre, -per_metre)
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in xy.tolist())
            parts.append(f"M{points}" + ("Z" if part.geom_type == "Polygon" else "h.1" if len(xy) == 1 else ""))
    return "".join(parts)
