"""The asset tables of a project: what stands in the communities and around them.

Names follow domain page 5.6 (CJJ 61 classes) and section 6 (key chain
community, building, unit). Pipe tables keep class and material as the
departments write them; CJJ 61 codes are derived where needed.
"""

from fieldsurvey.model.schema import GEOMETRY_GROUP, Column, ColumnType, GeometryType, Table, TableKind

_T, _I, _R = ColumnType.TEXT, ColumnType.INTEGER, ColumnType.REAL
_POINT, _LINE, _AREA = GeometryType.POINT, GeometryType.MULTILINESTRING, GeometryType.MULTIPOLYGON

_SOURCE_ID = Column("source_id", _T, "原编号", "Source number")
_COMMUNITY = Column("community_uid", _T, "所属小区", "Community")
_BUILDING = Column("building_uid", _T, "所属楼栋", "Building")
_KIND = Column("kind", _T, "类型", "Kind")
_NAME = Column("name", _T, "名称", "Name")
_STATE = Column("state", _T, "状态", "State")
_SOURCE = Column("data_source", _T, "数据来源", "Data source")
_YEAR = Column("built_year", _I, "建成年份", "Completion year", "年")
_INVERT = Column("invert", _R, "管底高程", "Invert level", "m")

_PIPE = (
    _SOURCE_ID,
    _COMMUNITY,
    Column("pipe_class", _T, "管线类别", "Pipe class"),
    Column("diameter_mm", _I, "管径", "Diameter", "mm"),
    Column("material", _T, "管材", "Material"),
    Column("laid_year", _I, "敷设年份", "Year laid", "年"),
)
_DEPTH = Column("depth", _R, "埋深", "Depth of cover", "m")


def _asset(name: str, zh: str, en: str, geometry: GeometryType, *columns: Column) -> Table:
    return Table(name, TableKind.ASSET, zh, en, columns, geometry)


COMMUNITY = _asset(
    "community", "小区", "Communities", _AREA,
    _SOURCE_ID,
    Column("code", _T, "小区编码", "Community code"),
    Column("name", _T, "小区名称", "Community name"),
    Column("district", _T, "所属区(县、市)", "District", group="address"),
    Column("subdistrict", _T, "街道(镇)", "Subdistrict", group="address"),
    Column("neighbourhood", _T, "社区居委会", "Neighbourhood committee", group="address"),
    Column("address", _T, "详细地址", "Address", group="address"),
    _YEAR,
    Column("building_count", _I, "楼栋数", "Buildings", "栋"),
    Column("unit_count", _I, "单元数", "Stairwell units", "个"),
    Column("household_count", _I, "户数", "Households", "户"),
    Column("resident_count", _I, "常住人口", "Residents", "人"),
    Column("site_area", _R, "占地面积", "Site area", "㎡"),
    Column("gfa", _R, "建筑面积", "Gross floor area", "㎡"),
    Column("structure", _T, "结构类型", "Structure"),
    Column("tenure", _T, "产权性质", "Tenure"),
    Column("drainage", _T, "排水体制", "Drainage system"),
    Column("gas", _T, "燃气情况", "Gas supply"),
    Column("property_mgmt", _T, "物业管理", "Property management"),
    Column("fire_lane", _T, "消防车道", "Fire lane"),
    Column("parking_count", _I, "停车位", "Parking bays", "个"),
    Column("lift_request", _I, "加梯意向", "Lift requests", "台"),
    Column("plan_year", _I, "计划年度", "Plan year", "年"),
    Column("est_investment", _R, "估算总投资", "Estimated investment", "万元"),
    Column("source_state", _T, "台账状态", "State in the ledger"),
    _SOURCE,
)  # fmt: skip

BUILDING = _asset(
    "building", "楼栋", "Buildings", _AREA,
    _SOURCE_ID,
    _COMMUNITY,
    Column("name", _T, "楼栋号", "Building number"),
    _KIND,
    Column("floors", _I, "地上层数", "Floors", "层"),
    Column("unit_count", _I, "单元数", "Stairwell units", "个"),
    Column("design_household_count", _I, "设计户数", "Dwellings by design", "户"),
    Column("household_count", _I, "户数", "Households", "户"),
    _YEAR,
    Column("height", _R, "高度", "Height", "m"),
    Column("structure", _T, "结构类型", "Structure"),
)  # fmt: skip

STAIRWELL = _asset(
    "stairwell", "单元", "Stairwell units", _POINT,
    _SOURCE_ID, _COMMUNITY, _BUILDING, Column("unit", _T, "单元号", "Unit number"),
)  # fmt: skip

ASSETS: tuple[Table, ...] = (
    COMMUNITY,
    BUILDING,
    STAIRWELL,
    _asset("water_line", "给水管线", "Water pipes", _LINE, *_PIPE, _DEPTH),
    _asset(
        "drain_line", "排水管线", "Drains", _LINE, *_PIPE,
        Column("invert_up", _R, "上游管底高程", "Invert level, upstream", "m"),
        Column("invert_down", _R, "下游管底高程", "Invert level, downstream", "m"),
    ),
    _asset("gas_line", "燃气管线", "Gas pipes", _LINE, *_PIPE, _DEPTH),
    _asset("power_line", "电力线路", "Power lines", _LINE, *_PIPE, _DEPTH),
    _asset("hydrant", "消火栓", "Hydrants", _POINT, _SOURCE_ID, _COMMUNITY, _KIND, _STATE),
    _asset(
        "valve", "阀门", "Valves", _POINT,
        _SOURCE_ID, _COMMUNITY, _KIND, Column("diameter_mm", _I, "管径", "Diameter", "mm"),
    ),
    _asset("manhole", "检查井", "Manholes", _POINT, _SOURCE_ID, _COMMUNITY, _KIND, _INVERT, _STATE),
    _asset(
        "transformer", "变压器", "Transformers", _POINT,
        _SOURCE_ID, _COMMUNITY, _KIND, Column("capacity_kva", _I, "容量", "Capacity", "kVA"),
    ),
    _asset(
        "gas_regulator", "燃气调压设施", "Gas regulators", _POINT,
        _SOURCE_ID, _COMMUNITY, _KIND, Column("aux", _R, "附加值", "Auxiliary value"),
    ),
    _asset("gate", "出入口", "Gates", _POINT, _SOURCE_ID, _COMMUNITY, _KIND, Column("barrier", _T, "门禁", "Barrier")),
    _asset(
        "internal_road", "小区道路", "Internal roads", _LINE,
        _SOURCE_ID, _COMMUNITY, Column("road_class", _T, "道路类别", "Road class"),
        Column("width", _R, "路宽", "Width", "m"), _STATE,
    ),
    _asset(
        "road", "市政道路", "Streets", _LINE,
        _SOURCE_ID, _NAME, Column("road_class", _T, "道路类别", "Road class"),
        Column("width", _R, "路宽", "Width", "m"), Column("length", _R, "长度", "Length", "m"),
    ),
    _asset("parking", "停车场地", "Parking areas", _AREA, _SOURCE_ID, _COMMUNITY),
    _asset("green", "绿地", "Greens", _AREA, _SOURCE_ID, _COMMUNITY, _KIND),
    _asset("pole", "杆塔", "Poles", _POINT, _SOURCE_ID, _COMMUNITY, _KIND, Column("height", _R, "高度", "Height", "m")),
    _asset("lamp", "路灯", "Lamps", _POINT, _SOURCE_ID, _COMMUNITY, _KIND, _STATE),
    _asset("outfall", "排放口", "Outfalls", _POINT, _SOURCE_ID, _COMMUNITY, _KIND, _INVERT),
    _asset(
        "district", "行政区", "Districts", _AREA,
        _SOURCE_ID, Column("code", _T, "行政区划代码", "District code"), _NAME, _SOURCE,
    ),
    _asset("water_body", "水系", "Water bodies", _AREA, _SOURCE_ID, _NAME, _KIND, _SOURCE),
    _asset("hill", "山体", "Hills", _AREA, _SOURCE_ID, _NAME, _SOURCE),
    _asset("landuse", "用地", "Land use", _AREA, _SOURCE_ID, _KIND),
    _asset("railway", "铁路", "Railways", _LINE, _SOURCE_ID, _NAME),
)  # fmt: skip

ASSET_BY_NAME: dict[str, Table] = {table.name: table for table in ASSETS}
# Photos are a layer too, but nobody hands them over or draws them: they come in with forms.
PHOTO = Table(
    "photo", TableKind.ASSET, "照片", "Photos",
    (
        Column("sha256", _T, "文件指纹", "Fingerprint"),
        Column("community_uid", _T, "所属小区", "Community"),
        Column("file_name", _T, "原文件名", "File name"),
        Column("taken", _T, "拍摄时间", "Taken"),
        Column("direction", _R, "拍摄方向", "Direction", "°", group=GEOMETRY_GROUP),
        Column("width", _I, "宽", "Width", "px"),
        Column("height", _I, "高", "Height", "px"),
        Column("marks", ColumnType.JSON, "标注", "Marks"),
    ),
    GeometryType.POINT,
)  # fmt: skip


def layer_table(name: str) -> Table | None:
    """Return the description of a layer of the map; None for one that only this project has."""
    return PHOTO if name == PHOTO.name else ASSET_BY_NAME.get(name)


def layer_label(name: str) -> str:
    """Return the name of a layer for people; its table where nobody gave it one."""
    table = layer_table(name)
    return table.label if table else name
