"""The tables that the office keeps beside the survey: prices, funds, limits, parameters and the plan itself.

They are tables like any other: every change is a revision with its author,
and they travel by sync. Money is in 万元 (10,000 CNY) unless a price says 元.
"""

from fieldsurvey.model.schema import Column, ColumnType, Table, TableKind

_T, _I, _R, _D = ColumnType.TEXT, ColumnType.INTEGER, ColumnType.REAL, ColumnType.DATE

_YEAR = Column("year", _I, "年度", "Year", "年")
_NOTE = Column("note", _T, "说明", "Note")
_COMMUNITY = Column("community_uid", _T, "小区", "Community")
_VERSION = Column("version_uid", _T, "计划版本", "Plan version")


def _office(name: str, zh: str, en: str, *columns: Column) -> Table:
    return Table(name, TableKind.OFFICE, zh, en, columns)


# A value that differs from the one of fieldsurvey/assess/parameters.csv.
PARAMETER = _office(
    "parameter", "参数", "Parameters",
    Column("key", _T, "参数代码", "Key"), Column("value", _R, "取值", "Value"), _NOTE,
)  # fmt: skip

PRICE = _office(
    "price", "综合单价", "Unit prices",
    Column("item_code", _T, "改造内容代码", "Item code"),
    Column("name", _T, "项目", "Item"),
    Column("unit", _T, "计量单位", "Unit"),
    Column("unit_price", _R, "综合单价", "Unit price", "元"),
    Column("region", _T, "适用地区", "Region"),
    Column("base_month", _T, "价格基准期", "Base month"),
    Column("tax_basis", _T, "含税情况", "Tax basis"),
    Column("price_source", _T, "价格来源", "Source of the price"),
    Column("valid_until", _D, "有效期至", "Valid until"),
)  # fmt: skip

FUND = _office(
    "fund", "资金", "Funds",
    Column("name", _T, "资金名称", "Name"),
    Column("fund_src", _T, "资金来源", "Funding source"),
    _YEAR,
    Column("amount", _R, "金额", "Amount", "万元"),
    Column("classes", _T, "限用类别", "Classes it may pay for"),
    Column("items", _T, "限用内容", "Items it may pay for"),
    Column("district", _T, "限用区县", "District it may be spent in"),
    _NOTE,
)  # fmt: skip

FUND_ENTRY = _office(
    "fund_entry", "资金收付", "Fund entries",
    Column("fund_uid", _T, "资金", "Fund"),
    Column("kind", _T, "收付类别", "Kind"),  # received, committed or paid
    Column("amount", _R, "金额", "Amount", "万元"),
    Column("entry_date", _D, "日期", "Date"),
    _COMMUNITY,
    _NOTE,
)  # fmt: skip

PLAN_LIMIT = _office(
    "plan_limit", "年度实施能力", "Yearly limits",
    _YEAR,
    Column("households_max", _I, "当年最多户数", "Households at most", "户"),
    Column("investment_max", _R, "当年最多投资", "Investment at most", "万元"),
    _NOTE,
)  # fmt: skip

PLAN_VERSION = _office(
    "plan_version", "计划版本", "Plan versions",
    Column("name", _T, "版本名称", "Name"),
    Column("state", _T, "状态", "State"),  # draft, submitted or approved
    Column("made_at", ColumnType.DATETIME, "编制时间", "Made at"),
    Column("result", ColumnType.JSON, "测算结果", "Result"),
    Column("locked_numbers", ColumnType.JSON, "锁定的四项数", "The four numbers, locked"),
    _NOTE,
)  # fmt: skip

PLAN_CHOICE = _office(
    "plan_choice", "计划安排", "Plan choices",
    _VERSION,
    _COMMUNITY,
    Column("year", _I, "计划年度", "Plan year", "年", "place"),
    Column("level", _I, "改造深度", "Level of works", group="place"),  # 0 not in the plan, 1 base, 2 improve, 3 upgrade
    Column("locked", _I, "人工锁定", "Locked by hand"),
    Column("pool_state", _T, "储备状态", "State in the project pool"),
    Column("reason", _T, "理由", "Reason"),
    Column("started_on", _D, "开工日期", "Started on"),
    Column("finished_on", _D, "完工日期", "Finished on"),
    Column("accepted_on", _D, "验收日期", "Accepted on"),
)  # fmt: skip

PLAN_TABLES: tuple[Table, ...] = (PARAMETER, PRICE, FUND, FUND_ENTRY, PLAN_LIMIT, PLAN_VERSION, PLAN_CHOICE)

# Codes of the form list fund_src (domain page 6.2), in the order of the plan table.
FUND_SOURCES: dict[str, tuple[str, str]] = {
    "central_inv": ("中央预算内投资", "Central budget investment"),
    "central_fin": ("中央财政补助", "Central fiscal subsidy"),
    "prov": ("省级", "Province"),
    "city": ("市级", "City"),
    "dist": ("区县", "District"),
    "bond": ("专项债", "Special bonds"),
    "loan": ("政策性贷款/平台融资", "Policy loans and platform financing"),
    "utility": ("专营单位出资", "Utilities"),
    "original": ("原产权单位/房改售房款", "Original work units"),
    "social": ("社会资本", "Social capital"),
    "resident": ("居民直接出资", "Residents"),
    "maint_fund": ("住宅专项维修资金", "Maintenance fund"),
    "hpf": ("住房公积金提取", "Housing provident fund"),
    "public_income": ("小区公共收益", "Common income"),
    "other": ("其他", "Other"),
}
CLASSES: dict[str, tuple[str, str]] = {
    "base": ("基础类", "Basic"),
    "improve": ("完善类", "Improvement"),
    "upgrade": ("提升类", "Upgrade"),
}
# States of the project pool, in their order (domain page 4.4).
POOL_STATES: dict[str, tuple[str, str]] = {
    "reserve": ("储备", "Reserve"),
    "applied": ("申报", "Applied for"),
    "assigned": ("下达", "Assigned"),
    "started": ("开工", "Started"),
    "finished": ("完工", "Finished"),
    "accepted": ("验收", "Accepted"),
}
