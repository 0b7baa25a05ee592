"""加装电梯可行性初判表: one stairwell, its place, the votes, and what speaks for and against.

The judgement is that of fieldsurvey.assess.lift. It is a first one (初判);
whether a lift may be built is said by the joint opinion of the departments,
for which the sheet leaves boxes (domain page 3.9).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import shapely

from exports.layers_out import SENSITIVE
from exports.sheet import wording
from exports.sheet.answers import Answers
from exports.sheet.collect import local_time, unit_of
from exports.sheet.collect_map import map_around
from exports.sheet.collect_systems import lift_vote
from exports.sheet.data import Fact, LiftVote, MapData, canonical
from exports.sheet.faces import HEI, SONG
from exports.sheet.forms import CHINESE, labels_of
from exports.sheet.map_figure import MapFigure
from exports.sheet.opinions import Opinion
from exports.sheet.page import TEXT_WIDTH, Block, Heading, PageBreak, Paragraph, Space
from exports.sheet.paper import Paper
from exports.sheet.profile import joined, text_of
from exports.sheet.table import SHADE, Cell, Mark, Table
from exports.sheet.tables import lift_table, profile_table
from exports.sheet.title import Title
from exports.sheet.typography import TextStyle
from fieldsurvey.assess.lift import LiftJudgement, LiftResult
from fieldsurvey.assess.lift_checks import Outcome
from fieldsurvey.assess.rules.decisions import rules_in_force
from fieldsurvey.assess.rules.ruleset import RuleSet
from fieldsurvey.model.schema import Value

if TYPE_CHECKING:
    from fieldsurvey.store import Store

FORM = "f11_elevator"
_REACH = 11.5  # m shown around the stairwell: 1:250
_FIGURE = 285.0  # points
_RESULTS = {
    LiftResult.FEASIBLE: "具备条件", LiftResult.CONDITIONAL: "有条件可行", LiftResult.NOT_FEASIBLE: "不具备",
    LiftResult.NEEDS_STUDY: "需专项论证",
}  # fmt: skip
_OUTCOMES = {Outcome.OK: "符合", Outcome.CONDITION: "有条件", Outcome.NO: "不符合", Outcome.OPEN: "待核"}
_COLOURS = wording.RESULT_COLOURS | {"有条件": wording.RESULT_COLOURS["待核"]}
_TOPICS = {
    "T-L1": "层数", "T-L2": "排除情形与房屋安全", "T-L3": "业主表决", "T-L6": "剩余道路净宽", "T-L7": "井道下管线",
    "T-L8": "距对面建筑", "T-L10": "入户方式", "T-L11": "井道空间", "T-L12": "低层采光", "T-L13": "用电容量",
    "T-B3": "结构改动",
}  # fmt: skip
_HEAD = TextStyle(HEI, 9.2, 12.6, align="centre")
_TEXT = TextStyle(SONG, 9.2, 12.8)
_SMALL = TextStyle(SONG, 8.6, 11.8)
_NOTE = TextStyle(SONG, 8.4, 11.6, colour=(0.25, 0.25, 0.25), align="justify")
_TITLE = "既有住宅加装电梯可行性初判表"
OPINION = Opinion(
    "joint", "部门联合意见",
    seals=("规划部门", "消防部门", "房屋结构（设计单位）", "管线单位", "市场监管部门", "街道办"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LiftTest:
    """One thing that was looked at.

    Attributes:
        name: What.
        citation: Where it stands; empty if only an internal reference.
        told: What was found, in one sentence.
        result: 符合, 有条件, 不符合 or 待核.
    """

    name: str
    citation: str
    told: str
    result: str


@dataclass(frozen=True, slots=True)
class LiftSheet:
    """One stairwell.

    Attributes:
        number: 编号.
        community, place, subject: Name, where, which stairwell.
        unit, surveyor, day, saved, made: As on every sheet; empty without a record of f11.
        result: First judgement in words.
        facts: What is known.
        tests: What speaks for and against.
        vote: The vote; None without a record of f11.
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
    vote: LiftVote | None
    map: MapData
    space: bytes
    foot: tuple[float, float] | None
    rules: str


def lift_sheet(
    store: "Store", community: Mapping[str, Value], judged: LiftJudgement, made: str, *, restricted: bool = True
) -> LiftSheet:
    """Return the sheet of one stairwell. Call it in the thread of the store.

    Args:
        store: The project.
        community: Row of its community.
        judged: The first judgement, with texts in Chinese.
        made: Day of the sheet, ISO 8601.
        restricted: Whether pipes, power and gas are on the figure.
    """
    rows = store.select(FORM, where={"uid": judged.record}, limit=1) if judged.record else []
    row: Mapping[str, Value] = rows[0] if rows else {}
    answers, rules = Answers(row, labels_of(FORM, CHINESE)), rules_in_force(store)
    foot = _foot(store, judged.stairwell)
    code = text_of(community["code"])
    return LiftSheet(
        number="-".join(filter(None, ("DT", code, judged.stairwell[-8:].upper()))),
        community=text_of(community["name"]) or code,
        place=joined(community, "district", "subdistrict", "neighbourhood"),
        subject=" ".join(filter(None, (judged.building, judged.unit))),
        unit=unit_of(store),
        surveyor=answers.words("surveyor"),
        day=answers.words("survey_date")[:10],
        saved=local_time(text_of(row.get("saved_at"))),
        made=made,
        result=_RESULTS[judged.result],
        facts=tuple(_facts(judged, answers)),
        tests=tuple(_test(check.id, check.outcome, check.text, rules) for check in judged.checks),
        vote=lift_vote(answers) if row else None,
        map=_map(store, foot, restricted=restricted) if foot else MapData(),
        space=judged.box,
        foot=foot,
        rules=rules.version,
    )


def _facts(judged: LiftJudgement, answers: Answers) -> Iterator[Fact]:
    space = "" if judged.width_m is None else f"面宽{judged.width_m:.1f}×进深{judged.depth_m or 0:.1f}m"
    yield Fact("地上层数", "" if judged.floors is None else f"{judged.floors}层")
    yield Fact("单元户数", f"{answers.words('households')}户" if answers.words("households") else "")
    yield Fact("可用空间", space)
    for label, field, unit in _RECORDED:
        words = answers.words(field)
        yield Fact(label, f"{words}{unit}" if words else "")
    yield Fact("政策补贴", f"{judged.subsidy_wan:,.10g}万元（按项目参数）" if judged.subsidy_wan else "—")


_RECORDED = (
    ("楼梯间形式", "stair_type", ""), ("入户方式", "entry_mode", ""), ("井道位置", "site_use", ""),
    ("推进阶段", "stage", ""), ("管线迁改", "relocate_cost", "万元"),
)  # fmt: skip


def _test(check: str, outcome: Outcome, told: str, rules: RuleSet) -> LiftTest:
    """Return a check with the sources that were read for its thresholds."""
    mine = (limit for key, limit in rules.thresholds.items() if key == check or key.startswith(f"{check}."))
    cited = dict.fromkeys(limit.citation for limit in mine if limit.citation)
    return LiftTest(_TOPICS.get(check, check), "；".join(cited), told, _OUTCOMES[outcome])


def _foot(store: "Store", stairwell: str) -> tuple[float, float] | None:
    rows = store.select("stairwell", ["geom"], where={"uid": stairwell}, limit=1)
    geom = rows[0]["geom"] if rows else None
    if not isinstance(geom, bytes):
        return None
    point = shapely.from_wkb(geom).centroid
    return None if point.is_empty else (round(float(point.x), 2), round(float(point.y), 2))


def _map(store: "Store", foot: tuple[float, float], *, restricted: bool) -> MapData:
    x, y = foot
    found = map_around(store, (x - _REACH, y - _REACH, x + _REACH, y + _REACH))
    shown = {name: items for name, items in found.layers.items() if restricted or name not in SENSITIVE}
    return replace(found, layers=shown)


def lift_paper(data: LiftSheet) -> Paper:
    """Return the sheet of a stairwell."""
    header = f"加装电梯可行性初判表 · {data.community} {data.subject}"
    return Paper(_TITLE, header, data.number, data.unit, data.made, list(_blocks(data)), canonical(data))


def _blocks(data: LiftSheet) -> Iterator[Block]:
    yield Title(
        _TITLE,
        (
            (f"编号：{data.number}", f"调查日期：{data.day or '无 f11 调查记录'}"),
            (f"单元：{data.community} {data.subject}", f"调查人：{data.surveyor or '　' * 6}"),
            (f"所属：{data.place or wording.NOT_RECORDED}", f"调查单位：{data.unit or '　' * 10}"),
        ),
    )
    yield Heading("一、基本情况与初判")
    yield profile_table((*data.facts, Fact("初判结论", data.result, 1), Fact("理由", _reasons(data.tests), 1)))
    yield Space(7)
    yield Heading("二、表决情况")
    yield lift_table([data.vote]) if data.vote else Paragraph("无表决记录。", _TEXT.but(indent=2))
    yield Space(3)
    yield Paragraph(wording.VOTE_RULE, _NOTE)
    yield Space(7)
    yield Heading("三、条件核对")
    yield _test_table(data.tests)
    yield Space(3)
    yield Paragraph(
        f"注：规则集{data.rules}。依据栏只列已查阅条文的标准和法律，空白为内部参考值。补贴和申办程序以市、区现行文件为准。",
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
        "注：本表为初判，供联合踏勘使用，不作为加装电梯的批准文件；结构安全、日照和管线迁改以有资质单位的结论为准。",
        _NOTE,
    )
    yield Paragraph(f"数据版本：{data.saved or '无调查记录'}；制表日期：{data.made}。", _NOTE)


def _reasons(tests: Sequence[LiftTest]) -> str:
    """Return what decides, the hard reasons first."""
    told = [test.told.rstrip("。") for word in ("不符合", "待核", "有条件") for test in tests if test.result == word]
    return "；".join(told) + "。" if told else "所列条件均符合。"


def _test_table(tests: Sequence[LiftTest]) -> Table:
    widths = (92.0, 0.0, 104.0, 50.0)
    widths = (widths[0], TEXT_WIDTH - sum(widths), *widths[2:])
    names = ("条件", "情况", "依据", "结果")
    head = tuple(Cell(Paragraph(name, _HEAD), header="Column", fill=SHADE, pad_x=1.5) for name in names)
    return Table(widths, (head, *map(_test_row, tests)), head=1, min_height=18)


def _test_row(test: LiftTest) -> tuple[Cell, ...]:
    return (
        Cell(Paragraph(test.name, _TEXT), header="Row"),
        Cell(Paragraph(test.told, _TEXT)),
        Cell(Paragraph(test.citation or "—", _SMALL)),
        Cell(Mark(test.result, TextStyle(HEI, 8.8, 12), _COLOURS[test.result]), pad_x=1),
    )


def _figure(data: LiftSheet) -> Block:
    if data.foot is None:
        return Paragraph("项目中没有该单元的位置，未绘位置图。", TextStyle(SONG, 10.5, 15.5, indent=2))
    notes = (f"{data.map.crs}　成图日期 {data.made}", wording.INTERNAL)
    spaces = (data.space,) if data.space else ()
    title = f"{data.community}{data.subject}位置图：楼梯间外墙处的可用空间、周围建筑、道路和管线"
    points = (("梯", data.foot),)
    return MapFigure(data.map, TEXT_WIDTH, title, notes, points, "楼梯间", _FIGURE, spaces, "井道空间")
