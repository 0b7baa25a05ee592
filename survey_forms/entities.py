"""Entities: lists that grow and change with submissions.

Source: ODK XForms Specification, entities. A form with a node meta/entity
creates an item of a list, or updates one; the next form offers it.
"""

import uuid
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from survey_forms.expression.nodes import Node, string_value
from survey_forms.instance import generic
from survey_forms.session import Session

_YES = {"1", "true"}
_SAVE_TO, _NODE = "saveto", "/meta/entity"
Item = dict[str, str]


@dataclass(frozen=True, slots=True)
class EntityChange:
    """What one filling-in does to a list.

    Attributes:
        dataset: The list.
        id: Identity of the item.
        creates: Whether it makes the item; else it updates one.
        label: New label; empty: unchanged.
        properties: Column -> value of the answers that are saved to the list.
    """

    dataset: str
    id: str
    creates: bool
    label: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


def changes_of(session: Session) -> list[EntityChange]:
    """Return what a filling-in does to lists: the form itself, its groups, and every row of its repeats."""
    found = [(path.removesuffix(_NODE), node) for path, node in session.engine.walk() if path.endswith(_NODE)]
    containers = {generic(path) for path, _node in found}
    changes = (_change(session, path, node, containers) for path, node in found)
    return [change for change in changes if change is not None]


def identify(session: Session, record: str, *, anew: bool = False) -> None:
    """Give every new item of a filling-in the identity that it has each time, on every laptop.

    Args:
        session: The form.
        record: Uid of its record.
        anew: Also those that have one, such as the one a form makes whenever it is opened.
    """
    for path, node in session.engine.walk():
        if not path.endswith(_NODE) or node.attribute("create") not in _YES:
            continue
        parts = (node.attribute("dataset"), record, _owner(session, path.removesuffix(_NODE)))
        for item in node.attributes:
            if item.name == "id" and (anew or not item.value):
                item.value = str(uuid.uuid5(uuid.NAMESPACE_OID, "\n".join(part for part in parts if part)))


def _change(session: Session, container: str, node: Node, containers: AbstractSet[str]) -> EntityChange | None:
    """Return what one entity node does; `containers` are the paths of all that have one."""
    if _is_hidden(node) or not node.attribute("dataset"):
        return None
    creates, updates = node.attribute("create") in _YES, node.attribute("update") in _YES
    if not creates and not updates:
        return None
    label = node.element("label")
    identity = node.attribute("id") or str(uuid.uuid4())
    text = string_value(label) if label else ""
    properties = _properties(session, container, containers)
    return EntityChange(node.attribute("dataset"), identity, creates, text, properties)


def _is_hidden(node: Node | None) -> bool:
    while node is not None:
        if node.hidden:
            return True
        node = node.parent
    return False


def _owner(session: Session, container: str) -> str:
    """Return what tells the entities of one record apart: uid of the row of a repeat, and path of a group."""
    row = container[: container.rfind("]") + 1]
    uid = session.node(row).attribute("uid") if row else ""
    group = generic(container)[len(generic(row) if row else session.form.root.path) :]
    return "\n".join(part for part in (uid, group) if part)


def _properties(session: Session, container: str, containers: AbstractSet[str]) -> dict[str, str]:
    """Return the answers that belong to the entity of a container: not those of one further in."""
    own, found = generic(container), dict[str, str]()
    for path, bind in session.form.binds.items():
        name = next((text for key, text in bind.extra.items() if key.rpartition(":")[2] == _SAVE_TO), "")
        if not name or max((c for c in containers if path.startswith(c + "/")), key=len, default="") != own:
            continue
        node = session.engine.find(container + path[len(own) :])
        if node is not None and not node.hidden:
            found[name] = node.value
    return found


def applied(items: Sequence[Mapping[str, str]], change: EntityChange) -> list[Item]:
    """Return a list after a change; an update of an item that is not there leaves the list as it is.

    >>> grown = applied([], EntityChange("trees", "1", True, "Old oak", {"height": "9"}))
    >>> applied(grown, EntityChange("trees", "1", False, "", {"height": "10"}))
    [{'name': '1', 'label': 'Old oak', '__version': '2', 'height': '10'}]
    """
    kept = [dict(item) for item in items]
    there = next((item for item in kept if item.get("name") == change.id), None)
    if there is None and change.creates:
        kept.append({"name": change.id, "label": change.label, "__version": "1", **change.properties})
    elif there is not None and not change.creates:
        there |= {**({"label": change.label} if change.label else {}), **change.properties}
        there["__version"] = str(int(there.get("__version") or "1") + 1)
    return kept
