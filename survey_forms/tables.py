"""Forms as tables of the project file: one per form, one per repeat."""

from collections.abc import Container

from fieldsurvey.model.schema import GEOMETRY_GROUP, Column, ColumnType, Table, TableKind
from survey_forms.definitions import calculated_label
from survey_forms.form import Form, Kind, Question, Repeat
from survey_forms.layout import Layout, layout_of
from survey_forms.shapes import Shape, geometry_of, shapes_of

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
    """Return the tables of a form: its own, one per repeat, and one per further geo question."""
    layout = layout_of(form)
    own = _columns(form, layout, "")
    zh, en = form.title("zh"), form.title("en")
    main = Table(layout.table, TableKind.FORM, zh, en, STANDARD + own, geometry_of(form, ""))
    repeats = [_repeat_table(form, layout, repeat) for repeat in form.repeats()]
    parents = {"": main, **{repeat.path: table for repeat, table in zip(form.repeats(), repeats, strict=True)}}
    layers = [_layer(shape, parents[shape.owner]) for shape in shapes_of(form) if shape.table]
    return [main, *repeats, *layers]


def _layer(shape: Shape, parent: Table) -> Table:
    """Return the table of a geo question whose owner has a geometry already."""
    name = shape.question.name
    zh, en = shape.question.label("zh") or name, shape.question.label("en") or name
    return Table(
        shape.table, TableKind.REPEAT, f"{parent.zh}·{zh}", f"{parent.en}: {en}", _OF_REPEAT, shape.kind, parent.name
    )


def _repeat_table(form: Form, layout: Layout, repeat: Repeat) -> Table:
    columns = _OF_REPEAT + _columns(form, layout, repeat.path)
    name = repeat.name
    zh = f"{form.title('zh')}·{repeat.label('zh') or name}"
    en = f"{form.title('en')}: {repeat.label('en') or name}"
    parent = layout.table_of(layout.outer[repeat.path])
    geometry = geometry_of(form, repeat.path)
    return Table(layout.table_of(repeat.path), TableKind.REPEAT, zh, en, columns, geometry, parent)


def _columns(form: Form, layout: Layout, repeat: str) -> tuple[Column, ...]:
    questions = {question.path: question for question in form.questions()}
    placing = {shape.question.path for shape in shapes_of(form) if not shape.table}
    return tuple(_column(questions[path], layout.columns[path], form.id, placing) for path in layout.direct(repeat))


def _column(question: Question, name: str, form_id: str, placing: Container[str]) -> Column:
    kind = _TYPES.get(question.kind, ColumnType.TEXT)
    if question.kind is Kind.CALCULATE:
        kind = _CALCULATED.get(question.bind.type, ColumnType.TEXT)
    zh, en = question.label("zh"), question.label("en")
    if question.kind is Kind.CALCULATE:
        zh, en = calculated_label(form_id, question.name)
    group = GEOMETRY_GROUP if question.path in placing else _GROUPS.get(question.name, "")
    return Column(name, kind, zh or _METADATA_ZH.get(name, name), en or name, question.bind.unit, group)


# Questions whose answers mean something only together, by name: they merge as one.
_GROUPS = {
    "district": "address", "subdistrict": "address", "neighbourhood": "address", "address": "address",
    "has_lift": "lift", "lift_count": "lift",
}  # fmt: skip


_METADATA_ZH = {"start": "开始时间", "end": "结束时间"}
