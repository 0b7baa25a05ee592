"""A filling-in in and out of what keeps it: columns and rows of the store, and snapshots."""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Value
from survey_forms import typed
from survey_forms.expression.nodes import Node, NodeKind
from survey_forms.form import Kind, Repeat
from survey_forms.graph import Place
from survey_forms.instance import Context, generic

if TYPE_CHECKING:
    from survey_forms.session import Session

_NO_VALUE = {Kind.NOTE}
Row = dict[str, Value]


def answers(session: "Session") -> tuple[Row, dict[str, list[Row]]]:
    """Return the answers as the store keeps them: columns, and rows per repeat. Irrelevant and malformed: None."""
    root = session.form.root.path
    values = {typed.column(path, root): _typed(session, path) for path in session.leaves() if _stored(session, path)}
    rows: dict[str, list[Row]] = {}
    for repeat in session.form.repeats():
        if not is_inner(session, repeat):
            rows[repeat.name] = [_row(session, instance, repeat) for instance in session.instances(repeat.path)]
    return values, rows


def is_inner(session: "Session", repeat: Repeat) -> bool:
    """Say whether a repeat lies inside another; it travels in the snapshot and in the submission."""
    return any(repeat.path.startswith(other + "/") for other in session.engine.repeats)


def _row(session: "Session", instance: str, repeat: Repeat) -> Row:
    inner = tuple(other + "/" for other in session.engine.repeats if other.startswith(repeat.path + "/"))
    direct = [
        question.path
        for question in session.form.questions()
        if question.path.startswith(repeat.path + "/") and not (inner and question.path.startswith(inner))
    ]
    row: Row = {
        typed.column(path, repeat.path): _typed(session, instance + path[len(repeat.path) :])
        for path in direct
        if _stored(session, path)
    }
    uid = session.node(instance).attribute("uid")
    return {**row, "uid": uid} if uid else row


def _stored(session: "Session", path: str) -> bool:
    return session.question(path).kind not in _NO_VALUE


def _typed(session: "Session", path: str) -> Value:
    node, question = session.node(path), session.question(path)
    return None if node.hidden else typed.value(question.kind, question.bind.type, node.value)


def load(session: "Session", stored: Mapping[str, Value], repeats: Mapping[str, Sequence[Mapping[str, Value]]]) -> None:
    """Put stored answers into a session whose rules have not run yet."""
    root = session.form.root.path
    for path in session.leaves():
        value = stored.get(typed.column(path, root))
        if value is not None:
            session.node(path).value = typed.text(value)
    for repeat in session.form.repeats():
        if repeat.name in repeats and not is_inner(session, repeat):
            _load_rows(session, repeat, repeats[repeat.name])


def _load_rows(session: "Session", repeat: Repeat, rows: Sequence[Mapping[str, Value]]) -> None:
    grow(session, repeat.path, len(rows))
    paths = [question.path for question in session.form.questions() if question.path.startswith(repeat.path + "/")]
    for instance, row in zip(session.instances(repeat.path), rows, strict=False):
        _mark(session, instance, str(row.get("uid") or ""))
        for path in paths:
            value = row.get(typed.column(path, repeat.path))
            node = session.engine.find(instance + path[len(repeat.path) :])
            if value is not None and node is not None:
                node.value = typed.text(value)


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
    return json.dumps(state, ensure_ascii=False)


def restore(session: "Session", text: str) -> None:
    """Bring an empty session into the state of a snapshot; what the form no longer asks is left out.

    Raises:
        InputRefused: If the text is no snapshot.
    """
    try:
        state: dict[str, Any] = json.loads(text)
        values, counts = dict(state["values"]), dict(state["counts"])
        uids = dict(state.get("uids", {}))
    except (ValueError, KeyError, TypeError) as error:
        raise InputRefused(_("The kept draft is damaged and was not opened.")) from error
    for path in sorted(counts, key=lambda path: path.count("/")):
        grow(session, path, int(counts[path]))
    for path, uid in uids.items():
        if session.engine.find(path) is not None:
            _mark(session, path, str(uid))
    _put_back(session, values)
    session.engine.settle_all()


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
