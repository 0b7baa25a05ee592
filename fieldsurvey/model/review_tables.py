"""The tables of the review: steps and remarks are only ever added, so that two people at once lose nothing."""

import hashlib

from fieldsurvey.model.schema import Column, ColumnType, GeometryType, Table, TableKind

_T, _I, _R = ColumnType.TEXT, ColumnType.INTEGER, ColumnType.REAL
_COMMUNITY = Column("community_uid", _T, "所属小区", "Community")
_RECORD = Column("record_uid", _T, "记录", "Record")
_FORM = Column("form_id", _T, "调查表", "Form")
_PERSON, _ROLE = Column("person", _T, "人员", "Person"), Column("role", _T, "角色", "Role")
_AT = Column("at", ColumnType.DATETIME, "时间", "Time")

REVIEW_STEP = Table(
    "review_step", TableKind.OFFICE, "审核步骤", "Steps of the review",
    (
        _COMMUNITY, _RECORD, _FORM,
        Column("step", _T, "步骤", "Step"),
        Column("before", _T, "之前状态", "State before"),
        Column("after", _T, "之后状态", "State after"),
        Column("note", _T, "说明", "Note"),
        Column("batch", _T, "批量与抽查", "Batch and sample"),
        _PERSON, _ROLE, _AT,
    ),
)  # fmt: skip
REMARK = Table(
    "remark", TableKind.OFFICE, "审核意见", "Remarks of the review",
    (
        _COMMUNITY, _RECORD, _FORM,
        Column("field", _T, "题目", "Question"),
        Column("text", _T, "意见", "Remark"),
        Column("thread", _T, "所答意见", "Remark that it answers"),
        _PERSON, _ROLE, _AT,
    ),
    GeometryType.POINT,
)  # fmt: skip
COMMUNITY_REVIEW = Table(
    "community_review", TableKind.OFFICE, "小区审核", "Reviews of communities",
    (
        _COMMUNITY,
        Column("status", _T, "审核状态", "State", group="review"),
        Column("communities", _I, "锁定小区数", "Communities, locked", "个", group="review"),
        Column("buildings", _I, "锁定楼栋数", "Buildings, locked", "栋", group="review"),
        Column("households", _I, "锁定户数", "Households, locked", "户", group="review"),
        Column("area", _R, "锁定建筑面积", "Floor area, locked", "㎡", group="review"),
        Column("provenance", _T, "数据来历", "Provenance", group="review"),
    ),
)  # fmt: skip
REVIEW_TABLES = (REVIEW_STEP, REMARK, COMMUNITY_REVIEW)
# The four numbers that decide the money (domain page 1.5) -> their columns in the community table; one each.
MONEY = {"buildings": "building_count", "households": "household_count", "area": "gfa"}


def review_uid(community_uid: str) -> str:
    """Return the uid of a community's review: the same on every computer, so that rivals meet."""
    return hashlib.sha256(f"review|{community_uid}".encode()).hexdigest()[:32]
