"""The rules: R of domain page 3.17, M for further thresholds of the map, F for each form with thresholds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from fieldsurvey.assess.rules import (
    answers,
    bays,
    brought,
    clearance,
    drain_links,
    drains,
    highrise,
    hydrants,
    lanes,
    lift,
    ratios,
    records,
    septic,
    services,
    supply,
    waste,
    widths,
)
from fieldsurvey.assess.rules.answer_tests import FORMS_WITH_HOUSES
from fieldsurvey.assess.rules.pipes import PIPES
from fieldsurvey.assess.rules.site import Site
from fieldsurvey.i18n import language

_ROADS = ("road", "internal_road")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of domain page 3.17, or the thresholds of 3.1 to 3.16 that a form answers.

    Attributes:
        id: R1 … R17, M18 … M26, F02 … F22.
        zh, en: Its name.
        check: Judges the wanted parts of a site.
        subjects: Tables whose rows are judged.
        reads: All tables that the result depends on, the subjects among them.
        reach: How far from a subject something may be and still matter, m; infinite: anywhere.
        form: Form in which the field corrects what it says.
    """

    id: str
    zh: str
    en: str
    check: Callable[[Site], None]
    subjects: tuple[str, ...]
    reads: tuple[str, ...]
    reach: float
    form: str

    @property
    def label(self) -> str:
        """Its name, in the user's language."""
        return self.zh if language().startswith("zh") else self.en


_OF_THE_MAP: tuple[Rule, ...] = (
    Rule("R1", "消火栓保护范围", "Hydrant cover", hydrants.check_cover,
         ("building",), ("building", "hydrant"), 500.0, "f09_fire"),
    Rule("R2", "消火栓间距", "Hydrant spacing", hydrants.check_spacing,
         ("hydrant",), ("hydrant", *_ROADS), 560.0, "f09_fire"),
    Rule("R3", "消火栓位置", "Hydrant position", hydrants.check_place,
         ("hydrant",), ("hydrant", "building", *_ROADS), 60.0, "f09_fire"),
    Rule("R4", "消防车道净宽", "Fire lane width", lanes.check_width,
         ("internal_road",), ("internal_road", "building", "parking"), 30.0, "f09_fire"),
    Rule("R5", "消防车道贴近长边", "Lane reach", lanes.check_reach,
         ("building",), ("building", *_ROADS), 80.0, "f09_fire"),
    Rule("R6", "尽头式消防车道", "Dead ends", lanes.check_dead_ends,
         ("internal_road",), (*_ROADS, "f09_fire"), lanes.DEAD_END_REACH, "f09_fire"),
    Rule("R7", "管线与建筑净距", "Pipe to building", clearance.check_buildings,
         PIPES, (*PIPES, "building"), 10.0, "f07_gas"),
    Rule("R8", "管线之间净距", "Pipe to pipe", clearance.check_pipes,
         ("water_line", "gas_line", "power_line"), PIPES, 5.0, "f05_drainage"),
    Rule("R9", "违建占压管线", "Built over pipes", clearance.check_built_over,
         ("building", "f13_illegal"),
         ("building", "f13_illegal", "water_line", "drain_line", "gas_line"), 60.0, "f13_illegal"),
    Rule("R10", "饮用水池与化粪池", "Tank to septic tank", drains.check_tanks,
         ("f19_pipe_point", "f04_water", "community"),
         ("f19_pipe_point", "manhole", "f04_water", "community"), 110.0, "f04_water"),
    Rule("R11", "检查井间距", "Manhole spacing", drains.check_manholes,
         ("drain_line",), ("drain_line", "manhole"), 500.0, "f05_drainage"),
    Rule("R12", "加装电梯空间", "Lift space", lift.check_lift, ("stairwell",),
         ("stairwell", "building", "internal_road", "gas_line", "pole", "f11_elevator"), 60.0, "f11_elevator"),
    Rule("R13", "绿地率与停车位", "Green and parking ratio", ratios.check_green_and_parking,
         ("community",), ("community", "green", "f12_parking"), 10.0, "f14_roads_env"),
    Rule("R14", "公共服务半径", "Service radius", services.check_services, ("community",),
         ("community", "gate", "f16_services", *_ROADS), services.REACH + 200.0, "f16_services"),
    Rule("R15", "户均配变容量", "kVA per household", ratios.check_power,
         ("community",), ("community", "transformer", "f06_power"), 0.0, "f06_power"),
    Rule("R16", "施工顺序", "Order of works", records.check_order,
         ("community",), ("community", "f23_plan_item"), 0.0, "f23_plan_item"),
    Rule("R17", "数量核对", "Totals", records.check_totals, ("community",),
         ("community", "building", "stairwell", "f01_community", "f02_building", "f03_stairwell"),
         np.inf, "f01_community"),
    Rule("M18", "雨污管网连通", "Links between drains", drain_links.check_links,
         ("drain_line",), ("drain_line",), 5.0, "f05_drainage"),
    Rule("M19", "化粪池与水池位置", "Septic and water tanks", septic.check_septic,
         ("f19_pipe_point", "manhole", "community"),
         ("f19_pipe_point", "manhole", "community", "building", "drain_line", septic.INTAKES), 60.0, "f05_drainage"),
    Rule("M20", "生活垃圾投放点", "Waste drop-off", waste.check_waste, ("building", "community"),
         ("building", "community", waste.POINTS, *_ROADS), 250.0, "f14_roads_env"),
    Rule("M21", "道路净宽与出入口", "Road widths and exits", widths.check_widths, ("internal_road", "community"),
         ("internal_road", "community", "gate"), 10.0, "f14_roads_env"),
    Rule("M22", "尽端路回车场", "Turnaround of dead ends", widths.check_long_dead_ends,
         ("internal_road",), (*_ROADS, "f09_fire"), lanes.DEAD_END_REACH, "f09_fire"),
    Rule("M23", "高层住宅", "High-rise homes", highrise.check_highrise, ("building", "community", "f03_stairwell"),
         ("building", "community", "stairwell", "f03_stairwell", highrise.GROUNDS), 60.0, "f09_fire"),
    Rule("M24", "户均配变容量(按户型)", "kVA by load class", supply.check_load, ("community",),
         ("community", "transformer", "f06_power", "f18_willingness"), 0.0, "f06_power"),
    Rule("M25", "市政供水水压", "Head at the main", supply.check_head, ("community",),
         ("community", "building", "f04_water"), 200.0, "f04_water"),
    Rule("M26", "停车位尺寸", "Size of parking bays", bays.check_bays,
         ("community", bays.BAYS), ("community", "f12_parking", bays.BAYS), 10.0, "f12_parking"),
)  # fmt: skip
_OF_THE_FORMS: Mapping[str, tuple[str, str]] = {
    "f02_building": ("楼栋登记核查", "Building record"),
    "f03_stairwell": ("楼道登记核查", "Stairwell record"),
    "f04_water": ("供水登记核查", "Water record"),
    "f05_drainage": ("排水登记核查", "Drainage record"),
    "f06_power": ("供电登记核查", "Power record"),
    "f07_gas": ("燃气登记核查", "Gas record"),
    "f08_telecom": ("通信登记核查", "Telecom record"),
    "f09_fire": ("消防登记核查", "Fire record"),
    "f10_security": ("安防登记核查", "Security record"),
    "f11_elevator": ("加梯登记核查", "Lift record"),
    "f12_parking": ("停车登记核查", "Parking record"),
    "f14_roads_env": ("道路环境登记核查", "Roads record"),
    "f15_access_age": ("无障碍登记核查", "Accessibility record"),
    "f22_heating": ("供热登记核查", "Heating record"),
}
_AROUND = 200.0  # m: houses of a community may stand beyond its boundary


def _of_form(form: str, zh: str, en: str) -> Rule:
    """Return the rule of a form: its answers, and the thresholds of its room that no agreed form answers."""
    rule = f"F{form[1:3]}"
    houses = ("building",) if form in FORMS_WITH_HOUSES else ()
    subjects = (form, "community") if rule in brought.tests_by_rule() else (form,)
    return Rule(rule, zh, en, partial(_check_form, form, rule), subjects, (*subjects, *houses), _AROUND, form)


def _check_form(form: str, rule: str, site: Site) -> None:
    answers.check_answers(site, form)
    brought.check_brought(site, rule)


RULES: tuple[Rule, ...] = (*_OF_THE_MAP, *(_of_form(form, *names) for form, names in _OF_THE_FORMS.items()))
BY_ID: Mapping[str, Rule] = {rule.id: rule for rule in RULES}
TABLES: tuple[str, ...] = tuple(sorted({table for rule in RULES for table in rule.reads}))


def rules_with(tables: Mapping[str, str]) -> tuple[Rule, ...]:
    """Return the rules of a project that brings answers itself: they read, and are touched by, its own tables.

    Args:
        tables: Threshold -> the table that answers it (`Inputs.brought`).
    """
    return tuple(_with(rule, tables) for rule in RULES)


def _with(rule: Rule, tables: Mapping[str, str]) -> Rule:
    own = {tables[test.threshold] for test in brought.tests_by_rule().get(rule.id, ()) if test.threshold in tables}
    more = tuple(sorted(own - set(rule.subjects)))
    return replace(rule, subjects=(*rule.subjects, *more), reads=(*rule.reads, *more)) if more else rule
