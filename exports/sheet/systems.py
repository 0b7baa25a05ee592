"""How answers of the forms become the words of table 2, as data.

A phrase is printed when every field in its braces has an answer; codes are
replaced by the labels of the form. Nothing is printed that was not answered.
"""

from dataclasses import dataclass

_BAD = ("general", "severe", "danger", "none")  # codes of cond5 that are a problem
_NO_PROBLEM = ("none", "ok", "clear", "untested")  # codes in lists of problems that name none


@dataclass(frozen=True, slots=True)
class Problem:
    """One possible problem.

    Attributes:
        field: Question that tells it.
        phrase: Words; {value} is the answer with its label.
        codes: Codes that mean it; empty: every code but those that name no problem.
        above: For figures: the problem begins above this value.
    """

    field: str
    phrase: str
    codes: tuple[str, ...] = ()
    above: float | None = None

    def holds(self, code: str) -> bool:
        """Say whether a code of a choice means the problem."""
        return code in self.codes if self.codes else code not in _NO_PROBLEM


@dataclass(frozen=True, slots=True)
class SystemWords:
    """One system of table 2.

    Attributes:
        name: As printed.
        form_id: Form that surveys it.
        summary: Phrases of the present state.
        problems: What can be wrong.
    """

    name: str
    form_id: str
    summary: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


_YES, _NO = ("yes",), ("no",)

WATER = SystemWords(
    "供水",
    "f04_water",
    (
        "{supply_mode}供水", "管养单位{owner}", "庭院主管{main_material}DN{main_dn}", "{main_year}年敷设",
        "主管长{main_length}m", "立管{riser_material}", "立管{riser_cond}", "{meter_mode}", "{meter_type}",
        "最不利点水压{pressure_top}MPa",
        "漏损率{leak_rate}%", "水箱{tank_cond}", "泵房{pump_cond}",
    ),
    (
        Problem("pressure_complaint", "高层或高峰水压不足", _YES),
        Problem("yellow_water", "黄水、异味投诉", _YES),
        Problem("leaks_12m", "近12月爆漏{value}次", above=0),
        Problem("riser_cond", "立管{value}", _BAD),
        Problem("tank_cond", "水箱{value}", _BAD),
        Problem("pump_cond", "泵房设备{value}", _BAD),
        Problem("water_test_ok", "水质检测不合格", _NO),
        Problem("valve_ok", "阀门不能启闭", _NO),
    ),
)  # fmt: skip
POWER = SystemWords(
    "供电",
    "f06_power",
    (
        "{feeder}", "管养单位{owner}", "配变{transformers}台", "总容量{transformer_kva}kVA", "户均{kva_per_hh}kVA",
        "高峰负载率{peak_load_rate}%", "{meter_mode}", "低压线路{lv_line_mode}", "低压线路{lv_line_year}年敷设",
        "架空线长{overhead_length}m", "进户线{service_cable}", "表箱{meterbox_count}个", "表箱{meterbox_cond}",
    ),
    (
        Problem("elec_prob", "{value}"),
        Problem("trips_12m", "近12月停电、跳闸{value}次", above=0),
        Problem("low_voltage", "低电压投诉", _YES),
        Problem("meterbox_cond", "表箱{value}", _BAD),
        Problem("substation_cond", "配电设施{value}", _BAD),
    ),
)  # fmt: skip
GAS = SystemWords(
    "燃气",
    "f07_gas",
    (
        "{gas_type}", "经营单位{owner}", "通气{gas_households}户", "庭院管{yard_material}DN{yard_dn}",
        "{yard_year}年投运", "压力级制{press}", "庭院管长{yard_length}m", "立管{riser_material}",
        "立管{riser_year}年投运",
        "立管{riser_cond}", "调压箱{regulators}个", "入户安检率{visit_rate}%", "瓶装气{lpg_households}户",
    ),
    (
        Problem("gas_prob", "{value}"),
        Problem("occupied", "违建占压", _YES),
        Problem("riser_cond", "立管、引入管{value}", _BAD),
        Problem("regulator_cond", "调压箱{value}", _BAD),
    ),
)  # fmt: skip
FIRE = SystemWords(
    "消防",
    "f09_fire",
    (
        "车道最窄净宽{lane_width_min}m", "最低净空{lane_height_min}m", "尽头路长{dead_end_len}m",
        "室外消火栓{hydrants}个", "消火栓{hydrant_type}", "消火栓{hydrant_state}", "栓口压力{hydrant_pressure}MPa",
        "150m保护半径覆盖{cover150}%", "灭火器完好率{ext_ok_share}%",
    ),
    (
        Problem("lane_exists", "无消防车道", _NO),
        Problem("lane_state", "车道{value}"),
        Problem("hydrant_state", "消火栓{value}"),
        Problem("hydrant_type", "无室外消火栓", ("none",)),
        Problem("fire_prob", "{value}"),
        Problem("turnaround", "无回车场地", _NO),
        Problem("micro_station", "无微型消防站", _NO),
        Problem("ebike_central", "无电动自行车集中充电", _NO),
    ),
)  # fmt: skip
LIFT = SystemWords(
    "加装电梯",
    "f11_elevator",
    (),
    (
        Problem("pipes_conflict", "井道处有{value}管线"),
        Problem("sun_affected", "影响低层采光", _YES),
        Problem("transformer_ok", "用电容量不足", _NO),
        Problem("in_plan_demolish", "列入征收、拆迁计划", _YES),
    ),
)
SYSTEMS = (WATER, POWER, GAS, FIRE, LIFT)

# The other forms of domain page section 6: what table 2 names as not surveyed while there is no record.
OTHERS = (
    ("楼栋", "f02"), ("单元楼道", "f03"), ("排水", "f05"), ("通信弱电", "f08"), ("安防", "f10"), ("停车充电", "f12"),
    ("违法建设", "f13"), ("道路环境", "f14"), ("无障碍适老", "f15"), ("公共服务", "f16"), ("治理物业", "f17"),
    ("居民意愿", "f18"),
)  # fmt: skip
