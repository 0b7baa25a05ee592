"""A filling-in in and out of what keeps it: columns and rows of the store, and snapshots."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.identity import new_uid
from fieldsurvey.model.schema import Value
from survey_forms import typed
from survey_forms.expression.nodes import Node, NodeKind
from survey_forms.graph import Place
from survey_forms.instance import Context, generic
from survey_forms.layout import layout_of

if TYPE_CHECKING:
    from survey_forms.session import Session

Row = dict[str, Value]


def answers(session: "Session") -> tuple[Row, dict[str, list[Row]]]:
    """Return the answers as the store keeps them: columns, and rows per repeat. Irrelevant and malformed: None.

    A row carries the uid of its stored row if it has one; a row of a repeat
    inside another also the parent_uid of the row around it (see name_rows).
    """
    layout = layout_of(session.form)
    values = {layout.columns[path]: _typed(session, path) for path in layout.direct("")}
    rows: dict[str, list[Row]] = {}
    for repeat, key in layout.keys.items():
        rows[key] = [_row(session, instance, repeat) for instance in places(session, repeat)]
    return values, rows


def name_rows(session: "Session") -> None:
    """Give every instance of a repeat that has none a uid: that of the row it is going to be stored as."""
    for repeat in layout_of(session.form).keys:
        for instance in places(session, repeat):
            if not session.node(instance).attribute("uid"):
                _mark(session, instance, new_uid())


def places(session: "Session", repeat: str) -> list[str]:
    """Return the paths of all instances of a repeat, in every instance of the repeats around it."""
    around = layout_of(session.form).outer[repeat]
    rest = repeat[len(around) :]
    starts = places(session, around) if around else [""]
    return [instance for start in starts for instance in session.instances(start + rest)]


def _row(session: "Session", instance: str, repeat: str) -> Row:
    layout, node = layout_of(session.form), session.node(instance)
    row: Row = {layout.columns[path]: _typed(session, instance + path[len(repeat) :]) for path in layout.direct(repeat)}
    if uid := node.attribute("uid"):
        row["uid"] = uid
    if around := layout.outer[repeat]:
        depth = repeat.count("/") - around.count("/")
        outer = "/".join(instance.split("/")[:-depth])
        row["parent_uid"] = session.node(outer).attribute("uid")
    return row


def _typed(session: "Session", path: str) -> Value:
    node, question = session.node(path), session.question(path)
    return None if node.hidden else typed.value(question.kind, question.bind.type, node.value)


def load(
    session: "Session", stored: Mapping[str, Value], repeats: Mapping[str, Sequence[Mapping[str, Value]]]
) -> list[tuple[Node, str]]:
    """Put stored answers into a session whose rules have not run yet.

    Returns:
        What was blank in the store although the form has a default for it: (node, default). While such a question
        is not asked, its blank says nothing, and the default is what it should begin with once it is.
    """
    layout = layout_of(session.form)
    blanked = _fill(session, "", layout.direct(""), stored)
    for instance, repeat, row in rows_of(session, repeats):
        blanked += _fill(session, instance, layout.direct(repeat), row)
    return blanked


def rows_of(
    session: "Session", repeats: Mapping[str, Sequence[Mapping[str, Value]]]
) -> Iterator[tuple[str, str, Mapping[str, Value]]]:
    """Bring every repeat to its stored rows; yield (path of the instance, repeat, row), outer before inner."""
    layout = layout_of(session.form)
    for repeat, key in layout.keys.items():
        if key in repeats:
            around = layout.outer[repeat]
            for start in places(session, around) if around else [""]:
                yield from _grown(session, start, repeat, _beneath(session, start, repeats[key]))


def _beneath(session: "Session", start: str, rows: Sequence[Mapping[str, Value]]) -> Sequence[Mapping[str, Value]]:
    """Return the rows that belong to an instance; at the top all of them."""
    uid = session.node(start).attribute("uid") if start else ""
    return [row for row in rows if row.get("parent_uid") == uid] if start else rows


def _grown(
    session: "Session", start: str, repeat: str, rows: Sequence[Mapping[str, Value]]
) -> Iterator[tuple[str, str, Mapping[str, Value]]]:
    path = start + repeat[len(generic(start)) :]
    grow(session, path, len(rows))
    for instance, row in zip(session.instances(path), rows, strict=False):
        _mark(session, instance, str(row.get("uid") or ""))
        yield instance, repeat, row


def _fill(session: "Session", instance: str, paths: Sequence[str], row: Mapping[str, Value]) -> list[tuple[Node, str]]:
    columns, depth = layout_of(session.form).columns, len(generic(instance))
    blanked: list[tuple[Node, str]] = []
    for path in paths:
        node = session.engine.find(instance + path[depth:])
        if columns[path] in row and node is not None:
            value = typed.text(row[columns[path]])
            if node.value and not value:
                blanked.append((node, node.value))
            node.value = value
    return blanked


def grow(session: "Session", path: str, count: int) -> None:
    """Bring a repeat to a number of instances, without running actions or rules."""
    parent = session.engine.find(path.rpartition("/")[0])
    name = path.rpartition("/")[2]
    place = session.engine.graph.places.get(generic(path))
    if parent is None or place is None:
        return
    for _missing in range(count - len(parent.named(name))):
        session.engine.plant(place, parent)
    for extra in list(parent.named(name))[max(count, 0) :]:
        parent.remove(extra)


def _mark(session: "Session", instance: str, uid: str) -> None:
    """Remember which stored row an instance is, so that removing another never shifts its identity."""
    if uid:
        node = session.node(instance)
        others = [item for item in node.attributes if item.name != "uid"]
        node.attributes = [*others, Node(NodeKind.ATTRIBUTE, "uid", uid, node)]


def snapshot(session: "Session") -> str:
    """Return everything typed, malformed and irrelevant included, as JSON."""
    values: dict[str, str] = {}
    counts: dict[str, int] = {path: 0 for path in session.engine.repeats if path.count("/") == 2}
    uids: dict[str, str] = {}
    for path, node in session.engine.walk():
        if session.engine.is_instance(node):
            counts[path.rpartition("[")[0]] = counts.get(path.rpartition("[")[0], 0) + 1
            if uid := node.attribute("uid"):
                uids[path] = uid
        elif node.value:
            values[path] = node.value
        for item in node.attributes:
            if isinstance(item.place, Place) and item.value:
                values[f"{path}/@{item.local}"] = item.value
    form = session.form
    state = {"form": form.id, "version": form.version, "values": values, "counts": counts, "uids": uids}
    if session.carried:
        state["carried"] = session.carried
    return json.dumps(state, ensure_ascii=False)


def version_in(text: str) -> str:
    """Return the version of the form that a snapshot was made with; empty if it does not say."""
    try:
        return str(json.loads(text).get("version", ""))
    except (ValueError, AttributeError):
        return ""


def restore(session: "Session", text: str) -> None:
    """Bring an empty session into the state of a snapshot; what the form no longer asks is left out.

    Raises:
        InputRefused: If the text is no snapshot.
    """
    try:
        state: dict[str, Any] = json.loads(text)
        values, counts = dict(state["values"]), dict(state["counts"])
        uids, carried = dict(state.get("uids", {})), dict(state.get("carried", {}))
    except (ValueError, KeyError, TypeError) as error:
        raise InputRefused(_("The kept draft is damaged and was not opened.")) from error
    for path in sorted(counts, key=lambda path: path.count("/")):
        grow(session, path, int(counts[path]))
    for path, uid in uids.items():
        if session.engine.find(path) is not None:
            _mark(session, path, str(uid))
    _put_back(session, values)
    session.engine.settle_all()
    session.carried = {str(path): str(name) for path, name in carried.items() if session.engine.find(path) is not None}


def rewind(session: "Session", text: str) -> None:
    """Bring a session, whatever its state, into that of a snapshot: how undo takes back a change of a repeat.

    Raises:
        InputRefused: If the text is no snapshot.
    """
    for path in session.engine.repeats:
        if not any(path.startswith(other + "/") for other in session.engine.repeats):
            grow(session, path, 0)
    restore(session, text)


def _put_back(session: "Session", values: dict[str, str]) -> None:
    for path, node in session.engine.walk():
        if not node.children:
            node.value = str(values.pop(path, ""))
    for path, value in values.items():  # attributes, and what a newer form asks elsewhere
        node_or_none = session.engine.find(path)
        if node_or_none is not None:
            node_or_none.value = str(value)


def preload(session: "Session", context: Context) -> None:
    """Fill in what the device knows: time, person, identity of the record."""
    known = {
        "timestamp": context.now.isoformat(timespec="milliseconds"),
        "date": context.now.date().isoformat(),
        "uid": f"uuid:{uuid.uuid4()}",
        "username": context.username,
        "deviceid": context.deviceid,
        "email": context.email,
        "phonenumber": context.phonenumber,
    }
    for bind in session.form.binds.values():
        kind, parameter = bind.preload
        text = known.get(parameter if kind == "property" else kind, "")
        node = session.engine.find(bind.path)
        if text and node is not None and parameter != "end" and not node.children:
            node.value = text
