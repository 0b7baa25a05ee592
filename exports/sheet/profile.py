"""Table 1 of the sheet: the profile of the community, and what the plan knows of it."""

from collections.abc import Callable, Iterable, Mapping

from exports.sheet.answers import Answers, with_unit
from exports.sheet.data import Fact
from fieldsurvey.model.schema import Value


def text_of(value: Value) -> str:
    """Return a value as text; empty for none."""
    return "" if value is None else str(value).strip()


def joined(row: Mapping[str, Value], *columns: str) -> str:
    """Return the texts of some columns with spaces between."""
    return " ".join(filter(None, (text_of(row[column]) for column in columns)))


# Profile, f01 first and the ledger where the form is blank: label, share of a row, value.
_Profile = Callable[[Mapping[str, Value], Answers], str]


def _either(field: str, column: str, unit: str = "") -> _Profile:
    """Return a reader of a figure or text: the form's answer, else the ledger's."""

    def read(community: Mapping[str, Value], answers: Answers) -> str:
        value = answers.raw(field) if answers.raw(field) is not None else community.get(column)
        if isinstance(value, int | float) and unit:
            return with_unit(value, unit)
        return answers.words(field) or text_of(community.get(column))

    return read


def _pair(*named: tuple[str, str]) -> _Profile:
    """Return a reader of figures that form and ledger call by the same name, with their units."""
    readers = [_either(name, name, unit) for name, unit in named]

    def read(community: Mapping[str, Value], answers: Answers) -> str:
        return "/".join(text for reader in readers if (text := reader(community, answers)))

    return read


def _years(community: Mapping[str, Value], answers: Answers) -> str:
    first, last = answers.words("built_year_first"), answers.words("built_year_last")
    if first and last and first != last:
        return f"{first}—{last}年"
    year = first or last or text_of(community["built_year"])
    return f"{year}年" if year else ""


_PROFILE: tuple[tuple[str, int, _Profile], ...] = (
    ("小区名称", 2, _either("community_name", "name")),
    ("小区编码", 2, lambda community, _answers: text_of(community["code"])),
    ("街道/社区", 2, lambda community, _answers: joined(community, "subdistrict", "neighbourhood")),
    ("详细地址", 2, _either("address", "address")),
    ("建成年份", 3, _years),
    ("楼栋/单元", 3, _pair(("building_count", "栋"), ("unit_count", "单元"))),
    ("户数/人口", 3, _pair(("household_count", "户"), ("resident_count", "人"))),
    ("占地面积", 3, _either("site_area", "site_area", "㎡")),
    ("建筑面积", 3, _either("gfa_res", "gfa", "㎡")),
    ("结构类型", 3, _either("structure", "structure")),
    ("产权性质", 3, _either("tenure", "tenure")),
    ("物业管理", 3, _either("pm_mode", "property_mgmt")),
    ("围合形式", 3, _either("enclosure", "")),
    ("排水体制", 3, _either("drain_sys", "drainage")),
    ("燃气情况", 3, _either("gas_type", "gas")),
    ("停车位", 3, _either("parking_count", "parking_count", "个")),
    ("60岁以上", 3, _either("elder60_count", "", "人")),
    ("3岁以下", 3, _either("child3_count", "", "人")),
    ("改造历史", 3, lambda _community, answers: _renovated(answers)),
)  # fmt: skip
_TICKED = (("拟改类别", "reno_class_wanted"), ("不予纳入", "elig_block"))


def _renovated(answers: Answers) -> str:
    if answers.codes("already_renovated") == ["no"]:
        return "未改造过"
    return answers.phrase("{renovated_year}年改造过") or answers.words("already_renovated")


def profile_of(community: Mapping[str, Value], answers: Answers) -> Iterable[Fact]:
    """Yield the entries of table 1; answers are those of f01."""
    for label, share, read in _PROFILE:
        yield Fact(label, read(community, answers), share)
    for label, field in _TICKED:
        yield Fact(label, "", 1, answers.options(field))


def plan_of(community: Mapping[str, Value], answers: Answers) -> Iterable[Fact]:
    """Return plan year, money and lifts: only what is recorded."""
    known = (
        ("计划年度", f"{year}年" if (year := text_of(community["plan_year"])) else ""),
        ("估算投资", _either("est_investment", "est_investment", "万元")(community, answers)),
        ("加梯意向", with_unit(community["lift_request"], "台")),
    )
    return [Fact(label, value) for label, value in known if value]
