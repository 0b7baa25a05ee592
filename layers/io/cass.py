"""What the layer names and notes of a survey drawing mean.

CASS, the program most Chinese survey offices draw 1:500 maps with, names its
layers by pinyin initials (JMD 居民地, DLSS 道路设施 ...); pipe offices name
theirs by the codes of CJJ 61 with L for lines and P for points (JSL, JSP).
Which names are in use: domain page 5.5 and 5.6. DX is the code of the 2003
edition for what is TX since 2017.
"""

import re
from dataclasses import dataclass

from fieldsurvey.model.schema import GeometryType

_POINT, _LINE, _AREA = GeometryType.POINT, GeometryType.MULTILINESTRING, GeometryType.MULTIPOLYGON

# CAD layer (upper case, without spaces) -> the table that its points, lines and areas go to.
_LAYERS: dict[str, dict[GeometryType, str]] = {
    "JMD": {_AREA: "building"},
    "房屋": {_AREA: "building"},
    "DLSS": {_LINE: "road"},
    "SXSS": {_AREA: "water_body"},
    "ZBTZ": {_AREA: "green"},
    "小区红线": {_AREA: "community"},
    "JSL": {_LINE: "water_line"},
    "PSL": {_LINE: "drain_line"},
    "YSL": {_LINE: "drain_line"},
    "WSL": {_LINE: "drain_line"},
    "HSL": {_LINE: "drain_line"},
    "RQL": {_LINE: "gas_line"},
    "DLL": {_LINE: "power_line"},
    "YSP": {_POINT: "manhole"},
    "WSP": {_POINT: "manhole"},
    "PSP": {_POINT: "manhole"},
}
# A word in the name of a block or of its layer -> the table of points.
_SYMBOLS = (
    ("消火栓", "hydrant"), ("消防栓", "hydrant"), ("xhs", "hydrant"), ("hydrant", "hydrant"),
    ("检查井", "manhole"), ("雨水井", "manhole"), ("污水井", "manhole"), ("窨井", "manhole"), ("manhole", "manhole"),
    ("阀门", "valve"), ("阀", "valve"), ("valve", "valve"),
    ("变压器", "transformer"), ("箱变", "transformer"), ("transformer", "transformer"),
    ("路灯", "lamp"), ("lamp", "lamp"), ("电杆", "pole"), ("电线杆", "pole"), ("调压", "gas_regulator"),
)  # fmt: skip
_STRUCTURES = {
    "砼": "钢筋混凝土", "钢": "钢结构", "混": "砖混", "砖": "砖木", "木": "木结构", "石": "石结构", "简": "简易房屋",
    "破": "破坏房屋", "棚": "棚房",
}  # fmt: skip
_HOUSE = re.compile(rf"^([{''.join(_STRUCTURES)}])\s*(\d{{1,2}})?$")
_NUMBER = re.compile(r"^\S{0,8}?\d+\s*(?:栋|幢|号楼|#|号)$")


@dataclass(frozen=True, slots=True)
class House:
    """What the notes in the outline of a building say; None where they say nothing.

    Attributes:
        name: Number of the building.
        structure: Structure in words.
        floors: Floors.
    """

    name: str | None = None
    structure: str | None = None
    floors: int | None = None


def table_of(layer: str, kind: GeometryType) -> str:
    """Return the table that a CAD layer stands for, or nothing.

    >>> table_of("jmd", GeometryType.MULTIPOLYGON), table_of("JSL_1", GeometryType.POINT)
    ('building', '')
    """
    name = re.sub(r"[\s_\-]+\d*$", "", layer.strip().upper())
    return _LAYERS.get(name, {}).get(kind, "")


def table_of_symbol(block: str, layer: str) -> str:
    """Return the table of points that a block stands for, by its own name or that of its layer, or nothing."""
    for name in (block.lower(), layer.lower()):
        for word, table in _SYMBOLS:
            if word in name:
                return table
    return ""


def pipe_class(layer: str) -> str:
    """Return the two letters of CJJ 61 in a CAD layer such as WSL, or nothing; DX is read as TX.

    >>> pipe_class("wsl"), pipe_class("DXL"), pipe_class("JMD")
    ('WS', 'TX', '')
    """
    match = re.match(r"^(JS|PS|YS|WS|HS|RQ|RL|DL|TX|DX|GY)[LP](?:[\s_\-]?\d*)$", layer.strip().upper())
    return "" if match is None else match[1].replace("DX", "TX")


def house(notes: list[str]) -> House:
    """Read the notes inside a building: number, structure and floors as surveyors write them.

    >>> house(["3栋 混6"])
    House(name='3栋', structure='砖混', floors=6)
    """
    name, structure, floors = None, None, None
    for word in " ".join(notes).split():
        if match := _HOUSE.match(word):
            structure = _STRUCTURES[match[1]]
            floors = int(match[2] or 1)
        elif _NUMBER.match(word):
            name = word
    return House(name, structure, floors)
