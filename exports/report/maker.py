"""Makes the folder: the city's page, a page for every community, nothing from outside."""

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from exports.report.city_map import Spot, Topic, buttons, chooser, chooser_style, city_map
from exports.report.city_plan import plan_sections
from exports.report.community import community_page
from exports.report.html import Column, bars, cards, heading, legend, link, note, page, table
from exports.sheet.profile import joined
from fieldsurvey.assess import CommunityProgress, community_progress
from fieldsurvey.assess.progress import State
from fieldsurvey.errors import FieldSurveyError, InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Value

if TYPE_CHECKING:
    from exports.book_tables import Measure
    from exports.sheet.data import SheetData
    from fieldsurvey.store import Store

Row = Mapping[str, Value]
_INDEX, _FOLDER, _MARK = "index.html", "小区", ".fieldsurvey-report"
_STATES = {
    State.NOT_STARTED: ("未开始", "#9aa0a6"), State.DRAFT: ("草稿", "#c79a1b"), State.RETURNED: ("退回", "#d9622b"),
    State.SUPERSEDED: ("批准后有改动", "#7d6b91"), State.COMPLETE: ("已完成", "#2c7bb6"),
    State.REVIEWED: ("已复核", "#2e8b57"), State.APPROVED: ("已批准", "#14532d"),
}  # fmt: skip
_CONDITIONS = {
    "good": ("完好", "#2c7bb6"), "basic": ("基本完好", "#8fc6de"), "general": ("一般损坏", "#f2c14e"),
    "severe": ("严重损坏", "#e8743b"), "danger": ("危险", "#a3122a"), "none": ("缺失", "#6b6b6b"),
    "unsurveyed": ("未能查看", "#d0d0d0"), "": ("未评", "#ffffff"),
}  # fmt: skip
_YEAR_COLOURS = ("#1f5f99", "#3f8f5b", "#c9862b", "#8456a5", "#b0413e", "#4b8e98")


@dataclass(frozen=True, slots=True)
class ReportMade:
    """What was written.

    Attributes:
        index: The page to open.
        pages: Pages of communities.
        failed: Community -> reason, for each page that could not be made.
        left_out: Sentences on what is not on the pages.
    """

    index: Path
    pages: int
    failed: Mapping[str, str]
    left_out: tuple[str, ...]


def city_report(
    store: "Store", out: Path, control: JobControl | None = None, *, restricted: bool = False, today: str = ""
) -> ReportMade:
    """Write the report of the city into a folder.

    Call it in the thread of the store. Nothing personal is on the pages.

    Args:
        store: The project.
        out: Folder; a report that is there is replaced when the new one is whole.
        control: Progress and cancel.
        restricted: Whether pipes, power and gas are on the maps of communities.
        today: Day of the report, ISO 8601; empty: today in China.

    Raises:
        InputRefused: If the folder holds other things, or cannot be written.
        JobCancelled: If the user stopped; nothing is written.
    """
    if out.exists() and not (out / _MARK).exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputRefused(_("{folder} holds other files. Please choose an empty folder.").format(folder=out))
    partial = out.with_name(f".{out.name}.part")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        (partial / _FOLDER).mkdir(parents=True)
        made = _Maker(store, control or JobControl(), partial, restricted=restricted, today=today).make()
        (partial / _MARK).write_text("FieldSurvey\n", "utf-8")
        if out.exists():
            shutil.rmtree(out)
        partial.replace(out)
    except OSError as error:
        raise InputRefused(_("{file} cannot be written: {why}").format(file=out.name, why=error.strerror)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return replace(made, index=out / _INDEX)


class _Maker:
    def __init__(self, store: "Store", control: JobControl, folder: Path, *, restricted: bool, today: str) -> None:
        from exports.sheet.collect import CHINA, Collector
        from exports.sheet.forms import InstalledForms

        self._store, self._control, self._folder, self._restricted = store, control, folder, restricted
        self._today = today or datetime.now(CHINA).date().isoformat()
        self._source = Collector(store, InstalledForms(), self._today, restricted=restricted)
        self._rows: list[Row] = list(store.select("community", order="code"))
        self._progress = community_progress(store)
        self._failed: dict[str, str] = {}
        self._found: dict[str, SheetData] = {}

    def make(self) -> ReportMade:
        for done, row in enumerate(self._rows):
            label = joined(row, "code", "name") or str(row["uid"])[-8:]
            self._control.step(done, len(self._rows) + 1, label)
            try:
                self._write_community(row)
            except (FieldSurveyError, ValueError, ArithmeticError, shapely.errors.ShapelyError) as error:
                self._failed[label] = str(error) or type(error).__name__
        self._control.step(len(self._rows), len(self._rows) + 1, _INDEX)
        (self._folder / _INDEX).write_text(self._index(), "utf-8")
        self._control.breathe()
        return ReportMade(self._folder / _INDEX, len(self._found), self._failed, tuple(self._left_out()))

    def _left_out(self) -> list[str]:
        told = ["居民意愿只列汇总数，不含个人信息。"]
        return told if self._restricted else [*told, "小区现状图不含管线、电力和燃气设施（内部资料）。"]

    def _write_community(self, row: Row) -> None:
        data = self._source.sheet(str(row["uid"]))
        self._found[str(row["uid"])] = replace(data, map=replace(data.map, layers={}))
        target = self._folder / _page_of(row)
        target.write_text(community_page(data, is_internal=self._restricted), "utf-8")

    # --- the city's page -----------------------------------------------------------------------------------------

    def _index(self) -> str:
        from exports.book_tables import INVESTMENT, MEASURES, district_of, grouped, year_of

        rows = self._rows
        unit = (self._store.setting("organisation") or "").strip('"')
        title = "老旧小区改造调查与计划报告"
        by_district, by_year = grouped(rows, district_of), grouped(rows, year_of)
        topics = self._topics(by_year)
        done = sum(each.state in (State.COMPLETE, State.REVIEWED, State.APPROVED) for each in self._progress.values())
        figures = {"小区": f"{len(rows):,}个"} | {
            measure.title.replace("\n", ""): measure.printed(measure.total(rows)) for measure in MEASURES
        }
        figures["已完成调查"] = f"{done:,}个"
        body = [
            buttons(topics),
            heading(title, 1),
            note("　".join(filter(None, (unit, f"制作日期：{self._today}", "内部资料" if self._restricted else "")))),
            cards(figures),
            heading("分布图"),
            self._city(rows, topics),
            heading("按区县汇总"),
            _sums("区（县、市）", by_district, MEASURES),
            bars("各区县改造总投资（万元）", _totals(by_district, INVESTMENT)),
            heading("按年度汇总"),
            _sums("年度", by_year, MEASURES),
            bars("各年度改造总投资（万元）", _totals(by_year, INVESTMENT), "#3f8f5b"),
            heading("调查进度与完损"),
            bars(
                "小区调查进度（个）", self._counted({name: name for name, _colour in _STATES.values()}, self._state_of)
            ),
            bars(
                "小区总体完损（个）",
                self._counted({name: name for name, _colour in _CONDITIONS.values()}, self._grade_of),
                "#c9862b",
            ),
            *plan_sections(self._store),
            heading("优先次序"),
            self._priorities(),
        ]
        for district, members in by_district.items():
            drawn = self._map(f"{district}小区分布图", members, topics)
            body += [
                heading(f"{district}（{len(members)}个小区）"),
                f'<div class="panel">{drawn}</div>',
                self._list(members),
            ]
        body += [heading("说明"), *(note(each) for each in (*self._left_out(), *self._notes()))]
        return page(title, body, more_style=chooser_style(topics))

    def _notes(self) -> list[str]:
        told = [f"{label}：页面未能生成（{why}）。" for label, why in self._failed.items()]
        return ["完损等级和规则核查为调查初判；优先度按项目参数计算，纳入计划由主管部门审定。", *told]

    def _topics(self, by_year: Mapping[str, Sequence[Row]]) -> list[Topic]:
        years = {year: _YEAR_COLOURS[at % len(_YEAR_COLOURS)] for at, year in enumerate(by_year)}
        states = dict(_STATES.values())
        return [
            Topic("s", "调查进度", states),
            Topic("g", "总体完损", dict(_CONDITIONS.values())),
            Topic("y", "计划年度", years),
        ]

    def _map(self, title: str, rows: Sequence[Row], topics: Sequence[Topic]) -> str:
        from exports.book_tables import year_of

        spots = [
            Spot(
                str(row["name"] or row["code"] or ""),
                shapely.from_wkb(row["geom"]),
                {"s": self._state_of(row), "g": self._grade_of(row), "y": year_of(row)},
                _page_of(row),
                float(row["household_count"] or 0),
            )
            for row in rows
            if isinstance(row["geom"], bytes)
        ]
        if not spots:
            return note("项目中没有小区范围。")
        return city_map(title, spots, topics, self._outlines())

    def _city(self, rows: Sequence[Row], topics: Sequence[Topic]) -> str:
        legends = {topic.key: legend(topic.colours) for topic in topics}
        return chooser(topics, legends, self._map("全市小区分布图", rows, topics))

    def _outlines(self) -> dict[str, Any]:
        if "district" not in self._store.tables():
            return {}
        rows = self._store.select("district")
        return {str(row["uid"]): shapely.from_wkb(row["geom"]) for row in rows if isinstance(row["geom"], bytes)}

    def _progress_of(self, row: Row) -> CommunityProgress | None:
        return self._progress.get(str(row["uid"]))

    def _state_of(self, row: Row) -> str:
        found = self._progress_of(row)
        return _STATES[found.state if found else State.NOT_STARTED][0]

    def _grade_of(self, row: Row) -> str:
        found = self._progress_of(row)
        return _CONDITIONS.get(found.condition if found else "", _CONDITIONS[""])[0]

    def _counted(self, names: Mapping[str, str], of: Any) -> list[tuple[str, float, str]]:  # noqa: ANN401 - a method
        counts = Counter(of(row) for row in self._rows)
        return [(name, float(counts[name]), f"{counts[name]:,}") for name in names if counts[name]]

    def _priorities(self) -> str:
        ranked = sorted(
            (
                (data.proposal.priority, row, data)
                for row in self._rows
                if (data := self._found.get(str(row["uid"]))) and data.proposal and data.proposal.priority is not None
            ),
            key=lambda each: -each[0],
        )
        columns = (
            Column("次序", True),
            Column("小区"),
            Column("优先度", True),
            Column("需求", True),
            Column("成熟度", True),
            Column("建议"),
        )
        lines = []
        for at, (priority, row, data) in enumerate(ranked[:30], 1):
            assert data.proposal is not None  # noqa: S101 - chosen so above
            ready = data.proposal.readiness
            told = (f"{priority:.1f}", f"{data.proposal.need or 0:.1f}", "—" if ready is None else f"{ready:.1f}")
            lines.append((str(at), link(data.name, _page_of(row)), *told, data.proposal.advice))
        return table(columns, lines) if lines else note("尚无调查记录，未计算优先度。")

    def _list(self, rows: Sequence[Row]) -> str:
        from exports.book_tables import INVESTMENT, MEASURES, year_of

        households = next(measure for measure in MEASURES if measure.column == "household_count")
        columns = (
            Column("小区编码"), Column("小区名称"), Column("街道"), Column("户数", True), Column("投资（万元）", True),
            Column("计划年度"), Column("调查进度"), Column("总体完损"),
        )  # fmt: skip
        lines = []
        for row in rows:
            name = str(row["name"] or row["code"] or "")
            shown = link(name, _page_of(row)) if str(row["uid"]) in self._found else name
            money = (households.printed(households.total([row])), INVESTMENT.printed(INVESTMENT.total([row])))
            words = (year_of(row), self._state_of(row), self._grade_of(row))
            lines.append((str(row["code"] or ""), shown, str(row["subdistrict"] or ""), *money, *words))
        return table(columns, lines)


def _page_of(row: Row) -> str:
    return f"{_FOLDER}/{str(row['uid'])[-12:]}.html"


def _totals(groups: Mapping[str, Sequence[Row]], measure: "Measure") -> list[tuple[str, float, str]]:
    totals = ((name, measure.total(rows)) for name, rows in groups.items())
    return [(name, total, measure.printed(total)) for name, total in totals if total is not None]


def _sums(first: str, groups: Mapping[str, Sequence[Row]], measures: Sequence["Measure"]) -> str:
    columns = (
        Column(first),
        Column("小区数", True),
        *(Column(each.title.replace("\n", ""), True) for each in measures),
    )

    def line(name: str, rows: Sequence[Row]) -> tuple[str, ...]:
        return name, f"{len(rows):,}", *(measure.printed(measure.total(rows)) for measure in measures)

    every = [row for rows in groups.values() for row in rows]
    return table(columns, [line(name, rows) for name, rows in groups.items()], total=line("合计", every))
