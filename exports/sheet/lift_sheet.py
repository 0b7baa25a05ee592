"""加装电梯可行性初判表: one stairwell, its place, the votes, and what speaks for and against.

It is a first judgement from the survey (初判); whether a lift may be built is
said by the joint opinion of the departments, for which the sheet leaves boxes
(domain page 3.9).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import shapely

from exports.layers_out import SENSITIVE
from exports.sheet import wording
from exports.sheet.answers import Answers
from exports.sheet.collect import CHINA, local_time, unit_of
from exports.sheet.collect_map import map_around
from exports.sheet.data import Fact, LiftVote, MapData, canonical
from exports.sheet.faces import HEI, SONG
from exports.sheet.forms import CHINESE, labels_of
from exports.sheet.map_figure import MapFigure
from exports.sheet.opinions import Opinion
from exports.sheet.page import TEXT_WIDTH, Block, Heading, PageBreak, Paragraph, Space
from exports.sheet.paper import Paper
from exports.sheet.profile import joined, text_of
from exports.sheet.table import SHADE, Cell, Mark, Number, Table
from exports.sheet.tables import lift_table, profile_table
from exports.sheet.title import Title
from exports.sheet.typography import TextStyle
from fieldsurvey.assess.rules.decisions import rules_in_force
from fieldsurvey.assess.rules.inputs import Box, Inputs
from fieldsurvey.assess.rules.lift import lift_boxes
from fieldsurvey.assess.rules.ruleset import RuleSet
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Value

if TYPE_CHECKING:
    from fieldsurvey.store import Store

FORM = "f11_elevator"
_REACH = 11.5  # m shown around the stairwell; what the rule looks at lies inside
_LOOKED_AT = 60.0  # m around it in which the rule needs the houses whole
_FIGURE = 285.0  # points
_YES, _NO, _OPEN = "符合", "不符合", "待核"
_CIVIL_CODE = "《民法典》第278条"
_TAKE_PART, _AGREE = 2 / 3, 3 / 4
_SLACK = 1e-9  # shares are exact fractions of whole owners; areas carry rounding
_HEAD = TextStyle(HEI, 9.2, 12.6, align="centre")
_TEXT = TextStyle(SONG, 9.2, 12.8)
_SMALL = TextStyle(SONG, 8.6, 11.8)
_NOTE = TextStyle(SONG, 8.4, 11.6, colour=(0.25, 0.25, 0.25), align="justify")
OPINION = Opinion(
    "joint", "部门联合意见",
    seals=("规划部门", "消防部门", "房屋结构（设计单位）", "管线单位", "市场监管部门", "街道办"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LiftTest:
    """One thing that a lift needs.

    Attributes:
        name: What is looked at.
        citation: Where it stands; empty if only an internal reference.
        found: What was found, with unit.
        required: What is asked for.
        result: 符合, 不符合 or 待核.
    """

    name: str
    citation: str
    found: str
    required: str
    result: str


@dataclass(frozen=True, slots=True)
class LiftSheet:
    """One stairwell.

    Attributes:
        number: 编号.
        community, place, subject: Name, where, which stairwell.
        unit, surveyor, day, saved, made: As on every sheet.
        result: The surveyor's first judgement in words.
        facts: What is recorded.
        tests: What speaks for and against.
        vote: The vote.
        map: Surroundings.
        space: Free space at the wall as WKB; empty if unknown.
        foot: Easting and northing of the stairwell, m; None if it is not drawn.
        rules: Edition of the rule set.
    """

    number: str
    community: str
    place: str
    subject: str
    unit: str
    surveyor: str
    day: str
    saved: str
    made: str
    result: str
    facts: tuple[Fact, ...]
    tests: tuple[LiftTest, ...]
    vote: LiftVote
    map: MapData
    space: bytes
    foot: tuple[float, float] | None
    rules: str


def lift_sheet(store: "Store", uid: str, made: str = "", *, restricted: bool = True) -> LiftSheet:
    """Return the sheet of one record of f11. Call it in the thread of the store.

    Args:
        store: The project.
        uid: The record.
        made: Day of the sheet, ISO 8601; empty: today in China.
        restricted: Whether pipes, power and gas are on the figure.

    Raises:
        InputRefused: If there is no such record.
    """
    from exports.sheet.collect_systems import lift_vote

    rows = store.select(FORM, where={"uid": uid}, limit=1)
    if not rows:
        raise InputRefused(_("There is no record with the identity {uid}.").format(uid=uid))
    row, rules = rows[0], rules_in_force(store)
    answers = Answers(row, labels_of(FORM, CHINESE))
    site = _Site(store, rules, text_of(row.get("subject_uid")))
    found = store.select("community", where={"uid": row["community_uid"]}, limit=1)
    community: Mapping[str, Value] = found[0] if found else {}
    code = text_of(community.get("code"))
    vote = lift_vote(answers)
    return LiftSheet(
        number="-".join(filter(None, ("DT", code, uid[-8:].upper()))),
        community=text_of(community.get("name")),
        place=joined(community, "district", "subdistrict", "neighbourhood") if community else "",
        subject=vote.place,
        unit=unit_of(store),
        surveyor=answers.words("surveyor"),
        day=answers.words("survey_date")[:10],
        saved=local_time(text_of(row.get("saved_at"))),
        made=made or datetime.now(CHINA).date().isoformat(),
        result=vote.result,
        facts=tuple(
            Fact(label, answers.words(field) + (unit if answers.words(field) else "")) for label, field, unit in _FACTS
        ),
        tests=tuple(_tests(answers, vote, rules, site)),
        vote=vote,
        map=_map(store, site, restricted=restricted),
        space=site.space,
        foot=site.foot,
        rules=rules.version,
    )


_FACTS = (
    ("地上层数", "floors", "层"), ("单元户数", "households", "户"), ("既有电梯", "existing_lift", ""),
    ("楼梯间形式", "stair_type", ""), ("入户方式", "entry_mode", ""), ("井道位置", "site_use", ""),
    ("推进阶段", "stage", ""), ("管线迁改", "relocate_cost", "万元"), ("拟申请补贴", "subsidy", "万元"),
)  # fmt: skip


def _map(store: "Store", site: "_Site", *, restricted: bool) -> MapData:
    if site.foot is None:
        return MapData()
    found = map_around(store, site.bounds)
    shown = {name: items for name, items in found.layers.items() if restricted or name not in SENSITIVE}
    return replace(found, layers=shown)


class _Site:
    """The stairwell on the ground: where it is, and the free space at its wall (rule R12)."""

    def __init__(self, store: "Store", rules: RuleSet, stairwell: str) -> None:
        self.foot: tuple[float, float] | None = None
        self.bounds: Box = (0.0, 0.0, 0.0, 0.0)
        self.space, self.width, self.depth = b"", math.nan, math.nan
        rows = store.select("stairwell", ["geom"], where={"uid": stairwell}, limit=1) if stairwell else []
        geom = rows[0]["geom"] if rows else None
        if not isinstance(geom, bytes):
            return
        point = shapely.from_wkb(geom)
        self.foot = (round(float(point.x), 2), round(float(point.y), 2))
        self.bounds = _around(self.foot, _REACH)
        inputs = Inputs(store, _around(self.foot, _LOOKED_AT))
        stairs = inputs["stairwell"]
        at = stairs.find(stairwell)
        house = inputs["building"].find(str(stairs.values["building_uid"][at] or ""))
        boxes = lift_boxes(inputs, rules, np.array([at], dtype=np.intp), np.array([house], dtype=np.intp))
        if house >= 0 and boxes.walls.found[0]:
            self.width, self.depth = float(boxes.width[0]), float(boxes.depth[0])
            self.space = shapely.to_wkb(boxes.shape(0)) if self.width > 0 and self.depth > 0 else b""


def _around(point: tuple[float, float], reach: float) -> Box:
    return point[0] - reach, point[1] - reach, point[0] + reach, point[1] + reach


def _tests(answers: Answers, vote: LiftVote, rules: RuleSet, site: _Site) -> Iterator[LiftTest]:
    yield _least("地上层数", rules, "T-L1", answers.raw("floors"))
    yield _answer("无既有电梯", answers, "existing_lift", good="no")
    yield _answer("未列入征收、拆迁计划", answers, "in_plan_demolish", good="no")
    yield _grade(answers)
    yield from _votes(vote)
    yield _measured("井道可用面宽", rules, "T-L11.width", site.width, answers.raw("space_width"))
    yield _measured("井道可用进深", rules, "T-L11.depth", site.depth, answers.raw("space_depth"))
    yield _least("加装后道路净宽", rules, "T-L6", answers.raw("road_left"))
    yield _least("井道外缘距对面建筑", rules, "T-L8", answers.raw("gap_opposite"))
    yield _pipes(answers)
    yield _answer("用电容量满足", answers, "transformer_ok", good="yes")
    yield _daylight(answers)


def _least(name: str, rules: RuleSet, key: str, value: Value) -> LiftTest:
    limit = rules[key]
    told, required = f"{limit.value:.10g}", f"≥ {limit.value:.10g} {limit.unit}"
    if not isinstance(value, int | float):
        return LiftTest(name, limit.citation, "未登记", required, _OPEN)
    good = value >= limit.value
    return LiftTest(name, limit.citation, f"{value:.10g} {limit.unit}", f"≥ {told} {limit.unit}", _YES if good else _NO)


def _measured(name: str, rules: RuleSet, key: str, drawn: float, recorded: Value) -> LiftTest:
    """Compare what the map gives and what was measured on the spot; they must agree to be certain."""
    limit = rules[key]
    told = [f"现场{recorded:.10g}"] if isinstance(recorded, int | float) else []
    told += [] if math.isnan(drawn) else [f"图上{drawn:.1f}"]
    values = [float(recorded)] if isinstance(recorded, int | float) else []
    values += [] if math.isnan(drawn) else [drawn]
    verdicts = {value >= limit.value for value in values}
    result = _OPEN if len(verdicts) != 1 else _YES if verdicts.pop() else _NO
    required = f"≥ {limit.value:.10g} {limit.unit}"
    return LiftTest(name, limit.citation, f"{'，'.join(told)} m" if told else "未登记", required, result)


def _answer(name: str, answers: Answers, field: str, *, good: str) -> LiftTest:
    code = text_of(answers.raw(field))
    result = _YES if code == good else _NO if code in ("yes", "no") else _OPEN
    return LiftTest(name, "", answers.words(field) or "未登记", "是" if good == "yes" else "否", result)


def _grade(answers: Answers) -> LiftTest:
    code = text_of(answers.raw("safety_grade"))
    result = _YES if code in ("a", "b") else _NO if code in ("c", "d") else _OPEN
    return LiftTest("房屋安全等级", "", answers.words("safety_grade") or "未登记", "A级或B级", result)


def _votes(vote: LiftVote) -> Iterator[LiftTest]:
    """Compare the votes of the stairwell with the law, by persons and by area."""
    for name, (total, voted, agreed), unit in (("人数", vote.owners, "户"), ("专有面积", vote.areas, "㎡")):
        yield _share(f"参与表决{name}", voted, total, _TAKE_PART, "三分之二", unit)
        yield _share(f"同意{name}（占参与）", agreed, voted, _AGREE, "四分之三", unit)


def _share(name: str, part: float | None, whole: float | None, least: float, words: str, unit: str) -> LiftTest:
    required = f"≥ {words}"
    if part is None or not whole:
        return LiftTest(name, _CIVIL_CODE, "未登记", required, _OPEN)
    told = f"{part:,.10g}/{whole:,.10g}{unit} = {part / whole:.1%}"
    return LiftTest(name, _CIVIL_CODE, told, required, _YES if part / whole >= least - _SLACK else _NO)


def _pipes(answers: Answers) -> LiftTest:
    codes = answers.codes("pipes_conflict")
    has_gas = any("rq" in code.lower() or code in ("tr", "mr", "yh") for code in codes)
    result = _OPEN if not codes or (not has_gas and codes != ["none"]) else _NO if has_gas else _YES
    return LiftTest("井道下及1m内管线", "", answers.words("pipes_conflict") or "未登记", "无燃气，其他可迁改", result)


def _daylight(answers: Answers) -> LiftTest:
    code = text_of(answers.raw("sun_affected"))
    told = answers.words("sun_affected") or "未登记"
    return LiftTest("影响低层采光日照", "", told, "否，或经日照分析", _YES if code == "no" else _OPEN)


def lift_paper(data: LiftSheet) -> Paper:
    """Return the sheet of a stairwell."""
    title = "既有住宅加装电梯可行性初判表"
    header = f"加装电梯可行性初判表 · {data.community} {data.subject}"
    return Paper(title, header, data.number, data.unit, data.made, list(_blocks(data)), canonical(data))


def _blocks(data: LiftSheet) -> Iterator[Block]:
    yield Title(
        "既有住宅加装电梯可行性初判表",
        (
            (f"编号：{data.number}", f"调查日期：{data.day or '　' * 6}"),
            (f"单元：{data.community} {data.subject}", f"调查人：{data.surveyor or '　' * 6}"),
            (f"所属：{data.place or wording.NOT_RECORDED}", f"调查单位：{data.unit or '　' * 10}"),
        ),
    )
    yield Heading("一、基本情况与初判")
    yield profile_table((*data.facts, Fact("初判结论", data.result, 1), Fact("理由", _reasons(data.tests), 1)))
    yield Space(7)
    yield Heading("二、表决情况")
    yield lift_table([data.vote])
    yield Space(3)
    yield Paragraph(wording.VOTE_RULE, _NOTE)
    yield Space(7)
    yield Heading("三、条件核对")
    yield _test_table(data.tests)
    yield Space(3)
    yield Paragraph(
        f"注：规则集{data.rules}。依据栏只列已查阅条文的标准和法律，空白为内部参考值；“待核”为未登记、现场与图上不一致或需专项论证。"
        "补贴和申办程序以市、区现行文件为准。",
        _NOTE,
    )
    yield Space(7)
    yield Heading("四、位置图")
    yield _figure(data)
    yield PageBreak()
    yield Heading("五、部门联合意见")
    yield OPINION
    yield Space(5)
    yield Paragraph(
        "注：本表为现场调查初判，供联合踏勘使用，不作为加装电梯的批准文件；结构安全、日照和管线迁改以有资质单位的结论为准。",
        _NOTE,
    )
    yield Paragraph(f"数据版本：{data.saved or '未登记'}；制表日期：{data.made}。", _NOTE)


def _reasons(tests: Sequence[LiftTest]) -> str:
    """Return what speaks against and what is open, in one line each."""
    against = [f"{test.name}（{test.found}）" for test in tests if test.result == _NO]
    open_ = [test.name for test in tests if test.result == _OPEN]
    told = [f"不符合：{'、'.join(against)}" if against else "", f"待核：{'、'.join(open_)}" if open_ else ""]
    return "；".join(filter(None, told)) or "所列条件均符合"


def _test_table(tests: Sequence[LiftTest]) -> Table:
    widths = (112.0, 0.0, 118.0, 78.0, 50.0)
    widths = (widths[0], TEXT_WIDTH - sum(widths), *widths[2:])
    names = ("条件", "依据", "登记或实测", "要求", "结果")
    head = tuple(Cell(Paragraph(name, _HEAD), header="Column", fill=SHADE, pad_x=1.5) for name in names)
    return Table(widths, (head, *map(_test_row, tests)), head=1, min_height=18)


def _test_row(test: LiftTest) -> tuple[Cell, ...]:
    result = Mark(test.result, TextStyle(HEI, 8.8, 12), wording.RESULT_COLOURS[test.result])
    is_figure = test.found[0].isdigit()
    return (
        Cell(Paragraph(test.name, _TEXT), header="Row"),
        Cell(Paragraph(test.citation or "—", _SMALL)),
        Cell(Number(test.found, _TEXT) if is_figure else Paragraph(test.found, _TEXT)),
        Cell(Paragraph(test.required, _TEXT)),
        Cell(result, pad_x=1),
    )


def _figure(data: LiftSheet) -> Block:
    if data.foot is None:
        return Paragraph("项目中没有该单元的位置，未绘位置图。", TextStyle(SONG, 10.5, 15.5, indent=2))
    notes = (f"{data.map.crs}　成图日期 {data.made}", wording.INTERNAL)
    spaces = (data.space,) if data.space else ()
    title = f"{data.community}{data.subject}位置图：楼梯间外墙处的可用空间、周围建筑、道路和管线"
    points = (("梯", data.foot),)
    return MapFigure(data.map, TEXT_WIDTH, title, notes, points, "楼梯间", _FIGURE, spaces, "井道空间")
