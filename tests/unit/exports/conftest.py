"""Sheets with made-up content: no real place or person."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest
import shapely

from exports.sheet.data import Fact, LiftVote, MapData, MapItem, Photo, SheetData, System


class MakeSheet(Protocol):
    def __call__(self, **changes: Any) -> SheetData: ...


def _building(number: int) -> MapItem:
    x, y = 500_000 + number % 4 * 45, 3_300_000 + number // 4 * 40
    return MapItem(shapely.box(x, y, x + 36, y + 12).wkb, str(number + 1), "住宅")


def _line(y: float, kind: str, label: str = "", width: float = 0.0) -> MapItem:
    line = shapely.MultiLineString([[(499_960, 3_300_000 + y), (500_240, 3_300_000 + y)]])
    return MapItem(line.wkb, label, kind, width)


MAP = MapData(
    boundary=shapely.MultiPolygon([shapely.box(499_990, 3_299_990, 500_190, 3_300_150)]).wkb,
    layers={
        "building": tuple(_building(number) for number in range(12)),
        "road": (_line(-25, "支路", "示范路", 12.0),),
        "water_line": (_line(20, "给水"),),
        "gas_line": (_line(24, "燃气"),),
        "hydrant": (MapItem(shapely.Point(500_100, 3_300_030).wkb, kind="完好"),),
    },
    crs="2000国家大地坐标系　高斯-克吕格3°带　中央子午线114°",
    bounds=(499_990.0, 3_299_990.0, 500_190.0, 3_300_150.0),
)
SURVEYED = SheetData(
    number="PG-T0001-20261112",
    community_uid="0" * 32,
    code="T0001",
    name="㙍湖新村",
    place="示范区 鼓亭街道 䶮塘社区",
    unit="示范区住房和城乡建设局",
    surveyors=("𬭚文", "李䶮"),
    dates=("2026-11-10", "2026-11-12"),
    version="2026-11-12 17:20",
    profile=(
        Fact("小区名称", "㙍湖新村", 2),
        Fact("小区编码", "T0001", 2),
        Fact("户数", "1,234,567户"),
        Fact("围合形式", ""),
        Fact("占地面积", "32,708㎡"),
        Fact("拟改类别", "", 1, (("基础类", True), ("提升类", False))),
    ),
    systems=(
        System(
            "供水",
            "f04_water",
            "主管铸铁DN100，1986年敷设。",
            "近12月爆漏7次。",
            "更换",
            "severe",
            "2026-11-10",
            "complete",
        ),
        System("排水", "f05_drainage", "未调查：缺 f05 排水设施调查表。"),
    ),
    map=MAP,
    lifts=(LiftVote("3栋1单元", (12, 10, 9), (1045.6, 872.0, 790.5), "yes", "具备条件"),),
    missing=("f05 排水设施调查表",),
    sources=("现场查看",),
    made="2026-11-24",
    software="FieldSurvey 0.1.0",
)
EMPTY = SheetData("PG-T0002", "1" * 32, "T0002", "空白小区", "", made="2026-11-24", missing=("f01 小区基本情况表",))


@pytest.fixture
def surveyed() -> MakeSheet:
    return lambda **changes: replace(SURVEYED, **changes)


@pytest.fixture
def unsurveyed() -> SheetData:
    return EMPTY


@pytest.fixture
def photo(tmp_path: Path) -> Photo:
    from PIL import Image

    path = tmp_path / "photo.jpg"
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(path, quality=90)
    return Photo("ab" * 32, "供水：立管锈蚀", "细部", "2026-11-10", "李䶮", path)
