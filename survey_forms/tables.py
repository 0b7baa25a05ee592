"""Forms as tables of the project file: one per form, one per repeat."""

from fieldsurvey.model.schema import GEOMETRY_GROUP, Column, ColumnType, GeometryType, Table, TableKind
from survey_forms import typed
from survey_forms.definitions import calculated_label
from survey_forms.form import Form, Kind, Question, Repeat

_T = ColumnType.TEXT
STANDARD = (
    Column("community_uid", _T, "所属小区", "Community"),
    Column("subject_uid", _T, "调查对象", "Subject"),
    Column("form_version", _T, "表单版本", "Form version"),
    Column("status", _T, "状态", "State"),
    Column("saved_at", ColumnType.DATETIME, "保存时间", "Saved at"),
    Column("odk_xml", _T, "原始提交", "Submission as imported"),  # only where it holds more than the columns do
)
_OF_REPEAT = (Column("parent_uid", _T, "所属记录", "Record"), Column("ordinal", ColumnType.INTEGER, "序号", "Number"))
_TYPES = {
    Kind.INTEGER: ColumnType.INTEGER,
    Kind.DECIMAL: ColumnType.REAL,
    Kind.RANGE: ColumnType.REAL,
    Kind.DATE: ColumnType.DATE,
    Kind.DATETIME: ColumnType.DATETIME,
}
_CALCULATED = {"int": ColumnType.INTEGER, "decimal": ColumnType.REAL, "dateTime": ColumnType.TEXT}


def form_tables(form: Form) -> list[Table]:
    """Return the tables of a form: its own, with a point if it asks for a position, and one per outer repeat."""
    inside = tuple(repeat.path + "/" for repeat in form.repeats())
    own = [q for q in form.questions() if q.kind is not Kind.NOTE and not (inside and q.path.startswith(inside))]
    has_place = any(question.kind is Kind.GEOPOINT for question in own)
    main = Table(
        form.id,
        TableKind.FORM,
        form.title("zh"),
        form.title("en"),
        STANDARD + tuple(_column(question, form.root.path, form.id) for question in own),
        GeometryType.POINT if has_place else None,
    )
    return [main, *(_repeat_table(form, repeat) for repeat in form.repeats() if _is_outer(form, repeat))]


def _is_outer(form: Form, repeat: Repeat) -> bool:
    return not any(repeat.path.startswith(other.path + "/") for other in form.repeats())


def _repeat_table(form: Form, repeat: Repeat) -> Table:
    inner = tuple(other.path + "/" for other in form.repeats() if other.path.startswith(repeat.path + "/"))
    own = [
        question
        for question in form.questions()
        if question.path.startswith(repeat.path + "/") and not (inner and question.path.startswith(inner))
    ]
    columns = _OF_REPEAT + tuple(_column(q, repeat.path, form.id) for q in own if q.kind is not Kind.NOTE)
    zh, en = f"{form.title('zh')}·{repeat.label('zh')}", f"{form.title('en')}: {repeat.label('en')}"
    return Table(repeat_table(form.id, repeat.name), TableKind.REPEAT, zh, en, columns, None, form.id)


def repeat_table(form_id: str, repeat: str) -> str:
    """Return the name of the table of a repeat."""
    return f"{form_id}__{repeat}"


def _column(question: Question, root: str, form_id: str) -> Column:
    name = typed.column(question.path, root)
    kind = _TYPES.get(question.kind, ColumnType.TEXT)
    if question.kind is Kind.CALCULATE:
        kind = _CALCULATED.get(question.bind.type, ColumnType.TEXT)
    zh, en = question.label("zh"), question.label("en")
    if question.kind is Kind.CALCULATE:
        zh, en = calculated_label(form_id, question.name)
    group = GEOMETRY_GROUP if question.kind is Kind.GEOPOINT else _GROUPS.get(question.name, "")
    return Column(name, kind, zh or _METADATA_ZH.get(name, name), en or name, question.bind.unit, group)


# Questions whose answers mean something only together, by name: they merge as one.
_GROUPS = {
    "district": "address", "subdistrict": "address", "neighbourhood": "address", "address": "address",
    "has_lift": "lift", "lift_count": "lift",
}  # fmt: skip


_METADATA_ZH = {"start": "开始时间", "end": "结束时间"}
