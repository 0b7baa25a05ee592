"""Runs recorded cases of other engines against ours.

The format is that of the recorded case files: documents, expressions, context
nodes, the clock, and what the peer answered.
"""

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from survey_forms.errors import FormError
from survey_forms.expression.evaluate import Context, World, compiled
from survey_forms.expression.nodes import XML_NAMESPACE, Node, NodeKind, parse_xml, string_value
from survey_forms.expression.values import WEB, Value, to_boolean, to_number, to_text

_ZONES = {"jr": "GMT", "rx-oracle": "America/Sao_Paulo"}  # where the peers recorded their answers
_WEB = {"orxe", "wf"}  # engines whose dates begin at local midnight (CONFORMANCE.md)
_KNOWN_SPACES = {
    "xhtml": "http://www.w3.org/1999/xhtml", "h": "http://www.w3.org/1999/xhtml",
    "mathml": "http://www.w3.org/1998/Math/MathML", "jr": "http://openrosa.org/javarosa", "xml": XML_NAMESPACE,
    "odk": "http://www.opendatakit.org/xforms",
}  # fmt: skip
ENOUGH = 0.99  # share of recorded cases that has to agree
_CLOSE = 1e-9


@dataclass(slots=True)
class Group:
    """Cases of one kind.

    Attributes:
        name: Name of the kind.
        passed: How many agree.
        total: How many there are.
        failures: (case id, expression, what came) of the others.
    """

    name: str
    passed: int = 0
    total: int = 0
    failures: list[tuple[str, str, str]] = field(default_factory=list)


def run_cases(path: Path, *, as_recorded: bool = True) -> list[Group]:
    """Run every case of a file; return the counts by kind.

    Args:
        path: The cases.
        as_recorded: Whether dates count as in the engine that recorded the case (its profile); else always as in our
            default profile.

    Raises:
        InputRefused: If the file is no such collection.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
        documents, cases = dict(data["documents"]), list(data["cases"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputRefused(_("{file} is no collection of cases: {why}").format(file=path.name, why=error)) from error
    groups: dict[str, Group] = {}
    runner = _Runner(documents, str(data.get("tz") or "GMT"), as_recorded=as_recorded)
    for case in cases:
        group = groups.setdefault(str(case["group"]).split("/")[0] + "/" + _function(case), Group(""))
        group.name = str(case["group"]).split("/")[0] + "/" + _function(case)
        group.total += 1
        agrees, got = runner.agrees(case)
        group.passed += agrees
        if not agrees:
            group.failures.append((str(case["id"]), str(case["expr"]), got))
    return sorted(groups.values(), key=lambda group: group.name)


def share(groups: list[Group]) -> tuple[str, float]:
    """Return how many cases agree, as text "N/M (P %)" and as share from 0 to 1."""
    passed, total = sum(group.passed for group in groups), sum(group.total for group in groups)
    part = passed / max(total, 1)
    return f"{passed}/{total} ({100 * part:.2f} %)", part


def _function(case: Mapping[str, Any]) -> str:
    return str(case["group"]).split("/")[-1]


class _Runner:
    def __init__(self, documents: Mapping[str, str], zone: str, *, as_recorded: bool) -> None:
        self._documents, self._zone, self._as_recorded = documents, zone, as_recorded
        self._trees: dict[str, Node] = {}

    def agrees(self, case: Mapping[str, Any]) -> tuple[bool, str]:
        """Return whether our answer is the peer's, and ours as text."""
        expected = case["expected"]
        try:
            with _zone(_ZONES.get(case["source"], self._zone)):
                value = self._value(case)
        except (FormError, LookupError, ValueError, OverflowError) as error:
            return bool(expected.get("error")), f"{type(error).__name__}: {error}"
        if expected.get("error"):
            return False, to_text(value)
        return _same(value, expected), _shown(value)

    def _value(self, case: Mapping[str, Any]) -> Value:
        top = self._tree(case["doc"])
        node = _node_at(top, case["context"])
        zone = ZoneInfo(_ZONES.get(case["source"], self._zone))
        world = World(instances=_instances(top), translate=_itext(top))
        if self._as_recorded and case["source"] in _WEB:
            world.profile = WEB
        moment = datetime.fromisoformat(str(case["now"])) if case.get("now") else datetime.now(UTC)
        local = moment.astimezone(zone)
        world.now = lambda: local
        root = _node_at(top, case["root"]) if case.get("root") else None
        if root is None:
            world.namespaces = self._spaces(case["doc"])
        return compiled(str(case["expr"]))(Context(node, world, root=root))

    def _spaces(self, key: str | None) -> Mapping[str, str]:
        """Return the prefixes a case may use: those of its document, and those every web page engine knows."""
        found = dict(_KNOWN_SPACES)
        for node in self._tree(key).descendants():
            for item in node.attributes:
                if item.name.startswith("xmlns:"):
                    found.setdefault(item.name[6:], item.value)
        return found

    def _tree(self, key: str | None) -> Node:
        name = key or ""
        if name not in self._trees:
            text = self._documents[name] if name else "<root/>"
            self._trees[name] = parse_xml(text.encode())
        return self._trees[name]


@contextmanager
def _zone(name: str) -> Iterator[None]:
    """Set the time zone of this process for a case."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ", None)
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def _node_at(top: Node, path: str) -> Node:
    """Return the node of a path such as /#1/#3/@name: children counted from 1, of all kinds."""
    node = top
    for piece in path.strip("/").split("/"):
        if piece.startswith("@"):
            node = next(attribute for attribute in node.attributes if attribute.name == piece[1:])
        elif piece:
            node = node.children[int(piece[1:]) - 1]
    return node


def _instances(top: Node) -> dict[str, Node]:
    return {
        node.attribute("id"): node for node in top.descendants() if node.local == "instance" and node.attribute("id")
    }


def _itext(top: Node) -> Any:  # noqa: ANN401 - a function
    texts: dict[str, str] = {}
    for translation in (node for node in top.descendants() if node.local == "translation"):
        for text in translation.elements("text"):
            value = text.element("value")
            texts.setdefault(text.attribute("id"), string_value(value) if value else "")
    return lambda name: texts.get(name, "")


def _same(value: Value, expected: Mapping[str, Any]) -> bool:
    wanted = expected["value"]
    if expected["type"] == "number":
        number = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}.get(str(wanted))
        target = float(wanted) if number is None else number
        got = to_number(value)
        return (math.isnan(got) and math.isnan(target)) or got == target or math.isclose(got, target, rel_tol=_CLOSE)
    if expected["type"] == "boolean":
        return to_boolean(value) is bool(wanted)
    if expected["type"] == "date":
        return to_text(value)[:10] == str(wanted)
    if expected["type"] in {"nodeset", "node"}:
        return isinstance(value, list) and _same_nodes(value, wanted, first_only=expected["type"] == "node")
    return to_text(value) == str(wanted)


def _same_nodes(value: list[Node], wanted: list[Any], *, first_only: bool) -> bool:
    """Compare sets of nodes by name and text; the document's own text and document types are not recorded."""
    got = [("#" if node.kind not in _NAMED else node.name, string_value(node)) for node in value]
    got = got[:1] if first_only else got
    if wanted and not isinstance(wanted[0], dict):
        return [text for _name, text in got] == wanted
    if any(node["name"] == "#document" for node in wanted):
        pairs = zip(got, value, strict=False)
        got = [(name, "" if node.kind is NodeKind.DOCUMENT else text) for (name, text), node in pairs]
    theirs = [
        ("#" if node["name"].startswith("#") else node["name"].removeprefix("xmlns:"), str(node["text"] or ""))
        for node in wanted
        if node["text"] is not None or node["name"] == "#document"
    ]
    return got == theirs or sorted(got) == sorted(theirs)


_NAMED = {NodeKind.ELEMENT, NodeKind.ATTRIBUTE, NodeKind.INSTRUCTION, NodeKind.NAMESPACE}


def _shown(value: Value) -> str:
    return str([string_value(node) for node in value])[:80] if isinstance(value, list) else repr(value)[:80]
