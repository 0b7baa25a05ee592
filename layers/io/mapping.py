"""From the names in a hand-over file to ours: which table, which column.

The tables of aliases are data: Chinese words, pinyin initials as housing
bureaus use them in ten-byte field names (domain page 5.5), and English. A
person can change the proposal in the preview or with --mapping.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldsurvey.errors import UsageError
from fieldsurvey.i18n import _
from fieldsurvey.model.assets import ASSET_BY_NAME
from fieldsurvey.model.schema import GeometryType, Table
from layers.io.raw import RawLayer

COMMUNITY_KEY, BUILDING_KEY = "community_key", "building_key"  # pseudo columns: resolved to uids, not stored

LAYER_ALIASES: dict[str, tuple[str, ...]] = {
    "community": ("communities", "小区", "小区边界", "小区范围", "老旧小区", "台账", "小区面", "xiaoqu", "xq"),
    "building": ("buildings", "楼栋", "楼栋面", "建筑物", "房屋", "房屋面", "ld"),
    "stairwell": ("stairwells", "单元", "单元门", "楼梯间", "梯位", "dy"),
    "water_line": ("water_lines", "给水管线", "给水管", "供水管线", "js", "jsl"),
    "drain_line": ("drain_lines", "排水管线", "排水管", "污水管", "雨水管", "ps", "ws", "ys", "psl"),
    "gas_line": ("gas_lines", "燃气管线", "燃气管", "rq", "rql"),
    "power_line": ("power_lines", "电力线路", "电力线", "电力管线", "dl", "dll"),
    "hydrant": ("hydrants", "消火栓", "消防栓", "xhs", "xfs"),
    "valve": ("valves", "阀门", "阀门井"),
    "manhole": ("manholes", "检查井", "窨井", "jcj"),
    "transformer": ("transformers", "变压器", "配变", "箱变", "byq"),
    "gas_regulator": ("gas_regulators", "调压箱", "调压设施", "燃气调压设施"),
    "gate": ("gates", "出入口", "大门"),
    "internal_road": ("internal_roads", "小区道路", "内部道路"),
    "road": ("roads", "道路", "市政道路"),
    "parking": ("parkings", "停车场", "停车场地", "停车位"),
    "green": ("greens", "绿地"),
    "pole": ("poles", "杆塔", "电杆"),
    "lamp": ("lamps", "路灯"),
    "outfall": ("outfalls", "排放口", "排口"),
    "district": ("districts", "行政区", "区县", "行政区划"),
    "water_body": ("water", "水系", "湖泊", "河流"),
    "hill": ("hills", "山体"),
    "landuse": ("land_use", "用地"),
    "railway": ("railways", "铁路"),
}

FIELD_ALIASES: dict[str, tuple[str, ...]] = {
    "source_id": ("id", "编号", "点号", "原编号", "objectid", "gid", "lno", "exp_no", "s_point"),
    COMMUNITY_KEY: ("community_id", "小区id", "所属小区", "xqid"),
    BUILDING_KEY: ("building_id", "楼栋id", "所属楼栋", "ldid"),
    "code": ("小区编码", "编码", "代码", "adcode", "行政区划代码", "xqbm", "dm", "code"),
    "name": ("小区名称", "名称", "楼栋号", "楼栋名称", "xqmc", "ldmc", "mc", "区县名称", "name", "行政区"),
    "district": ("县市区", "区县", "所属区", "行政区", "所属区县", "district", "sssq_qx", "xsq"),
    "subdistrict": ("街道", "所属街道", "街道办", "street", "ssjd", "jd"),
    "neighbourhood": ("社区", "居委会", "社区居委会", "committee", "sssq", "sq"),
    "address": ("地址", "详细地址", "address", "dz"),
    "built_year": ("建成年代", "建成年份", "建成时间", "竣工年份", "built_year", "jcnd", "jcnf"),
    "building_count": ("楼栋数", "栋数", "住宅楼栋数", "buildings", "lds"),
    "unit_count": ("单元数", "stairs", "梯位数", "dys"),
    "household_count": ("户数", "总户数", "households", "hs"),
    "design_household_count": ("设计户数", "units_design"),
    "resident_count": ("人口", "常住人口", "居民人数", "residents", "rk"),
    "site_area": ("占地面积", "用地面积", "area_m2", "zdmj"),
    "gfa": ("建筑面积", "总建筑面积", "住宅建筑面积", "gfa_m2", "jzmj"),
    "structure": ("结构", "结构类型", "建筑结构", "structure", "jg"),
    "tenure": ("产权", "产权性质", "tenure", "cq"),
    "drainage": ("排水体制", "drainage"),
    "gas": ("燃气", "用气方式", "gas"),
    "property_mgmt": ("物业", "物业管理", "property_mgmt", "wy"),
    "fire_lane": ("消防车道", "消防通道", "fire_lane"),
    "parking_count": ("停车位", "停车位数", "parking"),
    "lift_request": ("加梯意向", "lift_request"),
    "plan_year": ("计划年度", "计划年份", "改造年度", "plan_year"),
    "est_investment": ("投资", "总投资", "计划投资", "估算投资", "invest_wan", "tz"),
    "source_state": ("调查状态", "status"),
    "data_source": ("数据来源", "data_source"),
    "kind": ("类型", "类别", "种类", "kind", "lx", "lb"),
    "state": ("状态", "现状", "state", "zt"),
    "floors": ("层数", "地上层数", "楼层", "floors", "cs"),
    "height": ("高度", "楼高", "height"),
    "unit": ("单元", "单元号", "unit", "dy"),
    "pipe_class": ("类别", "管类", "管线类别", "class", "type", "管线类型", "管线种类"),
    "road_class": ("道路类别", "道路等级", "cls", "class"),
    "diameter_mm": ("管径", "公称直径", "diameter_mm", "dn", "gj", "psize", "管径或断面尺寸", "断面尺寸"),
    "material": ("管材", "材质", "material", "gc", "cz"),
    "laid_year": ("敷设年份", "埋设年代", "建设年代", "year", "msnd", "mdate", "建设年代", "埋设年代"),
    "depth": ("埋深", "depth", "ms", "s_deep", "起点埋深", "本点埋深"),
    "invert_up": ("上游管底高程", "起点管底高程", "inv_up"),
    "invert_down": ("下游管底高程", "终点管底高程", "inv_dn"),
    "invert": ("管底高程", "井底高程", "invert"),
    "capacity_kva": ("容量", "容量kva", "kva", "变压器容量"),
    "barrier": ("门禁", "barrier"),
    "width": ("路宽", "宽度", "width"),
    "length": ("长度", "length_m"),
    "aux": ("aux",),
}

_NOISE = re.compile(r"[\s_\-·.]+|[(（].*?[)）]|模拟|数据|\d+带?|gbk|shp")

_UNIT_BEHIND = r"[/／](?:万?㎡|m2|m²|万?平方米|亩|公顷|[万亿]?元|mm?|毫?米|户|栋|人|年)$"
_SLASHED = re.compile(_UNIT_BEHIND)


@dataclass(frozen=True, slots=True)
class LayerMapping:
    """A proposal for one layer.

    Attributes:
        table: Target table; empty: keep as a layer of its own.
        fields: Source field -> column or pseudo column.
    """

    table: str
    fields: Mapping[str, str]


def propose(
    layer: str, fields: Iterable[str], geometry: GeometryType | None, as_layer: str | None = None
) -> LayerMapping:
    """Return table and columns for a layer, by its name, its fields and its kind of geometry.

    Raises:
        UsageError: If as_layer names no table of ours.
    """
    names = list(fields)
    if as_layer:
        table = _named(as_layer)
        return LayerMapping(table, columns_for(ASSET_BY_NAME[table], names))
    table = table_by_name(layer, geometry) or _by_fields(names, geometry)
    return LayerMapping(table, columns_for(ASSET_BY_NAME[table], names) if table else {})


def proposed(raw: RawLayer, kind: GeometryType | None, as_layer: str | None = None) -> LayerMapping:
    """Return the proposal for a layer as read; what its reader recognised comes first."""
    if raw.target and not as_layer and _fits(ASSET_BY_NAME[raw.target], kind):
        return LayerMapping(raw.target, columns_for(ASSET_BY_NAME[raw.target], raw.fields))
    return propose(raw.name, raw.fields, kind, as_layer)


def _named(as_layer: str) -> str:
    wanted = as_layer.strip().lower()
    for name, table in ASSET_BY_NAME.items():
        if wanted in {name, table.zh, table.en.lower(), *LAYER_ALIASES.get(name, ())}:
            return name
    raise UsageError(
        _("There is no layer {name}. Layers: {all}.").format(
            name=as_layer, all="、".join(f"{table.zh}({name})" for name, table in ASSET_BY_NAME.items())
        )
    )


def _fits(table: Table, geometry: GeometryType | None) -> bool:
    return table.geometry == geometry or (geometry is None and table.name == "community")


def table_by_name(layer: str, geometry: GeometryType | None) -> str:
    """Return the table that a layer's name stands for and whose kind of geometry fits, or nothing."""
    plain = _NOISE.sub("", layer.lower())
    for name, aliases in LAYER_ALIASES.items():
        known = {name.replace("_", ""), ASSET_BY_NAME[name].zh, *(alias.replace("_", "") for alias in aliases)}
        if plain in known and _fits(ASSET_BY_NAME[name], geometry):
            return name
    for name, aliases in LAYER_ALIASES.items():  # a Chinese word inside a longer name: 黄石市小区边界2024
        words = [word for word in (ASSET_BY_NAME[name].zh, *aliases) if len(word) > 1 and not word.isascii()]
        if any(word in plain for word in words) and _fits(ASSET_BY_NAME[name], geometry):
            return name
    return ""


# The fields that give a layer away when its name does not: all of one group must be there.
_MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("community", ("household_count", "building_count")),
    ("community", ("code", "household_count")),
    ("building", ("floors", "household_count")),
)


def _by_fields(fields: list[str], geometry: GeometryType | None) -> str:
    for table, marks in _MARKS:
        found = set(columns_for(ASSET_BY_NAME[table], fields).values())
        if set(marks) <= found and _fits(ASSET_BY_NAME[table], geometry):
            return table
    return ""


def columns_for(table: Table, fields: Iterable[str]) -> dict[str, str]:
    """Return source field -> column for the fields that a table knows; each column is used once."""
    known = {column.name for column in table.columns} | {COMMUNITY_KEY, BUILDING_KEY}
    found: dict[str, str] = {}
    for field in fields:
        plain = _SLASHED.sub("", re.sub(r"[(（].*?[)）]|_\d+$|\s", "", field).lower())
        for column, aliases in FIELD_ALIASES.items():
            labels = {table.column(column).zh} if column in known and not column.endswith("_key") else set()
            if column in known and column not in found.values() and plain in {column, *aliases, *labels}:
                found[field] = column
                break
    return found
