"""Entities: lists that grow and change with submissions.

Source: ODK XForms Specification, entities. A form with a node meta/entity
creates an item of a list, or updates one; the next form offers it.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from survey_forms.expression.nodes import Node, string_value
from survey_forms.session import Session

_YES = {"1", "true"}
_SAVE_TO = "saveto"
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


def change_of(session: Session) -> EntityChange | None:
    """Return what a filling-in does to a list, None if nothing."""
    node = session.engine.find(f"{session.form.root.path}/meta/entity")
    if node is None or node.hidden or not node.attribute("dataset"):
        return None
    creates, updates = node.attribute("create") in _YES, node.attribute("update") in _YES
    if not creates and not updates:
        return None
    label = node.element("label")
    identity = node.attribute("id") or str(uuid.uuid4())
    text = string_value(label) if label else ""
    return EntityChange(node.attribute("dataset"), identity, creates, text, _properties(session))


def _properties(session: Session) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, bind in session.form.binds.items():
        name = next((text for key, text in bind.extra.items() if key.rpartition(":")[2] == _SAVE_TO), "")
        node: Node | None = session.engine.find(path) if name else None
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
