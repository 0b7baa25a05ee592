"""The tables of what the office decides: records like all others, with history, sync and conflicts."""

from fieldsurvey.model.schema import Column, ColumnType, Table, TableKind

_T, _R = ColumnType.TEXT, ColumnType.REAL

RULE_CHANGE = Table(
    "rule_change", TableKind.OFFICE, "规则修改", "Changes of rules",
    (
        Column("rule_id", _T, "规则编号", "Rule"),
        Column("value", _R, "限值", "Value"),
        Column("enforce", _T, "执行力度", "Enforcement"),
        Column("note", _T, "修改理由", "Reason"),
    ),
)  # fmt: skip
FINDING_DECISION = Table(
    "finding_decision", TableKind.OFFICE, "核查意见", "Decisions on findings",
    (
        Column("community_uid", _T, "所属小区", "Community"),
        Column("rule_id", _T, "规则编号", "Rule"),
        Column("subject_uid", _T, "对象", "Subject"),
        Column("decision", _T, "意见", "Decision", group="decision"),
        Column("reason", _T, "理由", "Reason", group="decision"),
        Column("inputs", _T, "依据数据", "Decided on", group="decision"),
    ),
)  # fmt: skip
# One community given to one person; it stays when it is withdrawn, so that the history says who had it when.
ASSIGNMENT = Table(
    "assignment", TableKind.OFFICE, "任务分配", "Assignments",
    (
        Column("community_uid", _T, "所属小区", "Community"),
        Column("login", _T, "账号", "Account"),
        Column("person", _T, "调查人", "Surveyor"),
        Column("since", ColumnType.DATE, "开始日期", "From"),
        Column("until", ColumnType.DATE, "截止日期", "Until"),
        Column("withdrawn", ColumnType.INTEGER, "已收回", "Withdrawn"),
        Column("note", _T, "说明", "Note"),
    ),
)  # fmt: skip
