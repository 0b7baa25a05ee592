"""Where answers lie: the geometry of records and rows, and a layer of its own for each further geo question.

GeoPackage has one geometry a table. That of a form's table, and of a repeat's,
comes from its first geopoint, or its first trace or shape if it has no point;
every further geo question is a table of its own beneath it, with one row per
answer. The answers stay what counts; these rows follow them at every save.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from fieldsurvey.geo import crs
from fieldsurvey.model.schema import GeometryType, Value
from fieldsurvey.store.store import Store
from survey_forms import typed
from survey_forms.form import Form, Kind, Question
from survey_forms.layout import layout_of

KINDS = {
    Kind.GEOPOINT: GeometryType.POINT,
    Kind.GEOTRACE: GeometryType.MULTILINESTRING,
    Kind.GEOSHAPE: GeometryType.MULTIPOLYGON,
}
_LEAST = {GeometryType.POINT: 1, GeometryType.MULTILINESTRING: 2, GeometryType.MULTIPOLYGON: 3}


@dataclass(frozen=True, slots=True)
class Shape:
    """A geo question and where its geometry is kept.

    Attributes:
        question: The question.
        owner: Path of the repeat whose row it belongs to; empty: the record.
        column: Column of its answer.
        kind: Kind of geometry.
        table: Its own table; empty: the geometry of its owner's.
    """

    question: Question
    owner: str
    column: str
    kind: GeometryType
    table: str


def shapes_of(form: Form) -> list[Shape]:
    """Return the geo questions of a form."""
    layout, found = layout_of(form), list[Shape]()
    questions = {question.path: question for question in form.questions() if question.kind in KINDS}
    for owner in ("", *layout.keys):
        asked = [questions[path] for path in layout.direct(owner) if path in questions]
        first = next((question for question in asked if question.kind is Kind.GEOPOINT), asked[0] if asked else None)
        for question in asked:
            column = layout.columns[question.path]
            table = "" if question is first else f"{layout.table_of(owner)}__geo_{column}"
            found.append(Shape(question, owner, column, KINDS[question.kind], table))
    return found


def geometry_of(form: Form, owner: str) -> GeometryType | None:
    """Return the geometry of the table of a repeat, or of the form for the empty path."""
    return next((shape.kind for shape in shapes_of(form) if shape.owner == owner and not shape.table), None)


def as_wkb(answer: Value, kind: GeometryType, target: str) -> bytes | None:
    """Return an answer as geometry in the system `target`; None if it is blank or has too few corners."""
    corners = [typed.position(piece) for piece in str(answer or "").split(";") if piece.strip()]
    known = [corner for corner in corners if corner is not None]
    if len(known) < max(_LEAST[kind], len(corners)):
        return None
    longitude, latitude = np.array(known, dtype=float).T
    places = np.column_stack(crs.transform(longitude, latitude, crs.CGCS2000, target))
    if not np.isfinite(places).all():
        return None
    if kind is GeometryType.POINT:
        return bytes(shapely.to_wkb(shapely.Point(places[0])))
    made = (
        shapely.MultiLineString([places])
        if kind is GeometryType.MULTILINESTRING
        else shapely.MultiPolygon([shapely.Polygon(places)])
    )
    return bytes(shapely.to_wkb(made))


def put_in(
    store: Store,
    form: Form,
    values: MutableMapping[str, Value],
    repeats: Mapping[str, Sequence[MutableMapping[str, Value]]],
) -> None:
    """Add the geometry to the answers of a record and to the rows of its repeats, where their tables have one."""
    layout, tables = layout_of(form), store.tables()
    for shape in shapes_of(form):
        table = tables.get(layout.table_of(shape.owner))
        if shape.table or table is None or table.geometry is not shape.kind:
            continue
        for row in repeats.get(layout.keys[shape.owner], ()) if shape.owner else (values,):
            row["geom"] = as_wkb(row.get(shape.column), shape.kind, store.crs)


def save_layers(store: Store, form: Form, rows: Iterable[tuple[str, str, Mapping[str, Value]]], scope: int) -> None:
    """Bring the layers of further geo questions to the answers that were just saved.

    Args:
        store: The project, in the transaction of the save.
        form: The form.
        rows: (repeat or empty, uid, answers) of everything saved.
        scope: Area of the record.
    """
    wanted = [shape for shape in shapes_of(form) if shape.table and shape.table in store.tables()]
    for owner, uid, answers in rows if wanted else ():
        for shape in wanted:
            if shape.owner == owner:
                _save_one(store, shape, uid, answers.get(shape.column), scope)


def drop_layers(store: Store, form: Form, table: str, uid: str) -> None:
    """Take the features of a row away, before the row of a repeat goes."""
    layout = layout_of(form)
    for shape in shapes_of(form):
        if shape.table in store.tables() and layout.table_of(shape.owner) == table:
            for row in store.select(shape.table, [], where={"parent_uid": uid}):
                store.delete(str(row["uid"]))


def _save_one(store: Store, shape: Shape, owner: str, answer: Value, scope: int) -> None:
    uid = uuid.uuid5(uuid.NAMESPACE_URL, f"{owner}\n{shape.column}").hex  # the same on every laptop
    place, before = as_wkb(answer, shape.kind, store.crs), store.get(uid)
    if before is None:
        if place is not None:
            store.create_record(shape.table, {"parent_uid": owner, "ordinal": 1, "geom": place}, uid=uid, scope=scope)
    elif before.values["geom"] != place:
        store.save(uid, {"geom": place}, before.token)


def rows_saved(
    form: Form, uid: str, values: Mapping[str, Value], repeats: Mapping[str, Sequence[Mapping[str, Value]]]
) -> Iterator[tuple[str, str, Mapping[str, Value]]]:
    """Yield (repeat or empty, uid, answers) of a record and its rows; rows that were not named are left out."""
    yield "", uid, values
    for repeat, key in layout_of(form).keys.items():
        for row in repeats.get(key, ()):
            if row.get("uid"):
                yield repeat, str(row["uid"]), row
