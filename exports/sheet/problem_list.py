"""问题清单: all problems of a community, recorded by people (f21) or found by the rules, with photos."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from exports.sheet import wording
from exports.sheet.answers import Answers
from exports.sheet.collect import CHINA, photos_of, unit_of
from exports.sheet.collect_rules import rule_check_of
from exports.sheet.data import Photo, RuleCheck, canonical
from exports.sheet.faces import HEI, KAI, SONG
from exports.sheet.forms import InstalledForms
from exports.sheet.opinions import SignatureRow
from exports.sheet.page import TEXT_WIDTH, Block, Heading, Paragraph, Space
from exports.sheet.paper import Paper
from exports.sheet.photo_grid import PhotoGrid
from exports.sheet.profile import joined, text_of
from exports.sheet.records import Record, records_of
from exports.sheet.table import SHADE, Cell, Number, Table
from exports.sheet.tables import problem_table
from exports.sheet.title import Title
from exports.sheet.typography import TextStyle
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Value
from fieldsurvey.paths import user_cache

if TYPE_CHECKING:
    from fieldsurvey.store import Store

FORM = "f21_issue"
_ALL = 1_000_000  # problems: a list that is handed over leaves none out
_HEAD = TextStyle(HEI, 9.2, 12.6, align="centre")
_TEXT = TextStyle(SONG, 9.0, 12.4)
_FIGURE = TextStyle(SONG, 9.0, 12.4, align="right")
_NONE = TextStyle(KAI, 10.5, 15.5, indent=2)
_NOTE = TextStyle(SONG, 8.4, 11.6, colour=(0.25, 0.25, 0.25), align="justify")


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem that somebody recorded.

    Attributes:
        place: Building and position.
        told: What was seen.
        standard: Standard that the surveyor named.
        quantity: With unit.
        severity, proposal, kind: As recorded, in words.
        cost: Estimate, 万元; None if there is none.
        photos: Numbers of its photos in the list.
    """

    place: str
    told: str
    standard: str
    quantity: str
    severity: str
    proposal: str
    kind: str
    cost: float | None
    photos: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProblemList:
    """The list of one community.

    Attributes:
        number: 编号.
        community, place, unit, made: As on every sheet.
        issues: What people recorded.
        rules: What the rules found.
        photos: Photos of the issues, numbered from 1.
    """

    number: str
    community: str
    place: str
    unit: str
    made: str
    issues: tuple[Issue, ...]
    rules: RuleCheck
    photos: tuple[Photo, ...]


def problem_list(store: "Store", community_uid: str, made: str = "") -> ProblemList:
    """Return the problems of a community. Call it in the thread of the store.

    Raises:
        InputRefused: If there is no such community.
    """
    rows = store.select("community", where={"uid": community_uid}, limit=1)
    if not rows:
        raise InputRefused(_("There is no community with the identity {uid}.").format(uid=community_uid))
    community: Mapping[str, Value] = rows[0]
    records = [each for each in records_of(store, community_uid, InstalledForms()) if each.form_id == FORM]
    issues: list[Issue] = []
    photos: list[Photo] = []
    for record in records:
        mine = photos_of(store, community_uid, [record])
        first = len(photos) + 1
        photos += mine
        issues.append(_issue(record, tuple(range(first, first + len(mine)))))
    code, today = text_of(community["code"]), made or datetime.now(CHINA).date().isoformat()
    return ProblemList(
        number="-".join(filter(None, ("WT", code or community_uid[-8:].upper(), today.replace("-", "")))),
        community=text_of(community["name"]) or code,
        place=joined(community, "district", "subdistrict", "neighbourhood"),
        unit=unit_of(store),
        made=today,
        issues=tuple(issues),
        rules=rule_check_of(store, community_uid, _ALL),
        photos=tuple(photos),
    )


def _issue(record: Record, photos: tuple[int, ...]) -> Issue:
    answers: Answers = record.answers
    cost = answers.raw("est_cost")
    return Issue(
        place=" ".join(filter(None, (answers.words("building_no"), answers.words("position")))),
        told="；".join(filter(None, (answers.words("sub_issue"), answers.words("description")))),
        standard=answers.words("std_basis"),
        quantity=answers.words("quantity") + (answers.words("quantity_unit") if answers.words("quantity") else ""),
        severity=answers.words("severity"),
        proposal=answers.words("proposal"),
        kind=answers.words("reno_class"),
        cost=float(cost) if isinstance(cost, int | float) else None,
        photos=photos,
    )


def problem_paper(data: ProblemList) -> Paper:
    """Return the list as a document."""
    title, header = f"{data.community}问题清单", f"问题清单 · {data.community}"
    return Paper(title, header, data.number, data.unit, data.made, list(_blocks(data)), canonical(data))


def _blocks(data: ProblemList) -> Iterator[Block]:
    total = len(data.issues) + len(data.rules.problems)
    yield Title(
        f"{data.community}问题清单",
        (
            (f"编号：{data.number}", f"制表日期：{data.made}"),
            (f"所属：{data.place or wording.NOT_RECORDED}", f"问题：{total}处"),
            (f"调查单位：{data.unit or '　' * 12}", f"照片：{len(data.photos)}张"),
        ),
    )
    yield Heading("一、现场登记的问题")
    yield _issue_table(data.issues) if data.issues else Paragraph("无登记（f21 问题隐患点记录表无记录）。", _NONE)
    yield Space(7)
    yield Heading("二、规则核查发现的问题")
    if not data.rules.version:
        yield Paragraph(wording.NOT_CHECKED, _NONE)
    elif not data.rules.problems:
        yield Paragraph("无。", _NONE)
    else:
        yield problem_table(data.rules.problems)
        yield Space(3)
        yield Paragraph(wording.RULES_NOTE.format(version=data.rules.version), _NOTE)
    if data.photos:
        yield Space(7)
        yield Heading("三、问题照片")
        yield PhotoGrid(data.photos, 1, user_cache() / "photos")
    yield Space(8)
    yield SignatureRow("problems", ("调查人", "复核人"))


def _issue_table(issues: Sequence[Issue]) -> Table:
    widths = (26.0, 66.0, 0.0, 44.0, 52.0, 76.0, 40.0, 34.0)
    widths = (*widths[:2], TEXT_WIDTH - sum(widths), *widths[3:])
    names = ("序号", "位置", "问题与依据", "数量", "处置等级", "整改建议", "估算（万元）", "照片")
    head = tuple(Cell(Paragraph(name, _HEAD), header="Column", fill=SHADE, pad_x=1.5) for name in names)
    rows: list[tuple[Cell | None, ...]] = [_issue_row(number, issue) for number, issue in enumerate(issues, 1)]
    costs = [issue.cost for issue in issues if issue.cost is not None]
    if costs:
        label = Cell(Paragraph("合计", _HEAD), columns=6, header="Row", fill=SHADE)
        rows.append((label, None, None, None, None, None, Cell(Number(f"{sum(costs):,.2f}", _FIGURE)), _cell("")))
    return Table(widths, (head, *rows), head=1, min_height=20)


def _issue_row(number: int, issue: Issue) -> tuple[Cell | None, ...]:
    told = issue.told + (f"（{issue.standard}）" if issue.standard else "")
    advice = "；".join(filter(None, (issue.proposal, issue.kind)))
    return (
        Cell(Paragraph(str(number), _HEAD), header="Row", pad_x=1),
        _cell(issue.place),
        _cell(told),
        Cell(Number(issue.quantity or "—", _FIGURE)),
        _cell(issue.severity),
        _cell(advice),
        Cell(Number("—" if issue.cost is None else f"{issue.cost:,.2f}", _FIGURE)),
        Cell(Number("、".join(map(str, issue.photos)) or "—", _FIGURE), pad_x=2),
    )


def _cell(text: str) -> Cell:
    return Cell(Paragraph(text or "—", _TEXT))
