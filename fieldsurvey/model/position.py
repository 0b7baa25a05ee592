"""How places were measured: one record for each point or corner that a receiver gave."""

from fieldsurvey.model.schema import Column, ColumnType, Table, TableKind

_T, _I, _R = ColumnType.TEXT, ColumnType.INTEGER, ColumnType.REAL

FIX_RECORD = Table(
    "gnss_point", TableKind.OFFICE, "定位记录", "Positions measured",
    (
        Column("community_uid", _T, "所属小区", "Community"),
        Column("feature_table", _T, "图层", "Layer"),
        Column("feature_uid", _T, "对象", "Subject"),
        Column("corner", _I, "节点序号", "Corner"),
        Column("quality", _T, "定位类型", "Kind of fix"),
        Column("accuracy", _R, "精度(1σ)", "Accuracy (1 sigma)", "m"),
        Column("hdop", _R, "HDOP", "HDOP"),
        Column("satellites", _I, "卫星数", "Satellites", "颗"),
        Column("used", _I, "平均次数", "Fixes in the mean"),
        Column("rejected", _I, "剔除次数", "Fixes left out"),
        Column("spread", _R, "离散度(1σ)", "Spread (1 sigma)", "m"),
        Column("lon", _R, "经度(WGS84)", "Longitude (WGS 84)", "°"),
        Column("lat", _R, "纬度(WGS84)", "Latitude (WGS 84)", "°"),
        Column("height", _R, "高程", "Height", "m"),
        Column("began_at", ColumnType.DATETIME, "开始时间", "Began"),
        Column("ended_at", ColumnType.DATETIME, "结束时间", "Ended"),
    ),
)  # fmt: skip
