"""A filling-in as an ODK submission, and back. What our form does not know is kept and written again.

Source: ODK XForms Specification, submissions and meta; OpenRosa metadata schema.
"""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from fieldsurvey.i18n import _
from survey_forms import keeping
from survey_forms.errors import FormError
from survey_forms.expression.nodes import Node, NodeKind, parse_xml, string_value
from survey_forms.form import Form, Kind
from survey_forms.instance import Context, generic
from survey_forms.session import Session

ORX = "http://openrosa.org/xforms"
OURS = "urn:fieldsurvey:record"
_ROOT_SKIPPED = {"id", "version", "uid"}
FILES = frozenset({Kind.IMAGE, Kind.AUDIO, Kind.VIDEO, Kind.FILE})


def read(xml: str | bytes) -> Node:
    """Return the top element of a submission.

    Raises:
        FormError: If it is no XML, or hostile.
    """
    found = parse_xml(xml, keep_space=False).elements()
    if not found:
        raise FormError(_("This submission is empty."))
    return found[0]


def instance_id(top: Node) -> str:
    """Return the identity of a submission, empty if it states none."""
    meta = top.element("meta")
    found = meta.element("instanceID") if meta else None
    return string_value(found).strip() if found else top.attribute("instanceID")


def opened(form: Form, top: Node, context: Context | None = None) -> Session:
    """Return a session with the answers of a submission; calculated values are as they were submitted.

    Raises:
        FormError: If it is a submission of another form.
    """
    if (top.attribute("id") or form.id) != form.id:
        raise FormError(
            _("This is a submission of the form {other}, not of {form}.").format(
                other=top.attribute("id"), form=form.id
            )
        )
    session = Session(form, {}, {}, context)
    _grow(session, top, form.root.path)
    _put(session, top)
    session.engine.settle_all()
    _put(session, top)
    return session


def _grow(session: Session, node: Node, path: str) -> None:
    """Bring every repeat to the number of instances of a submission, outer before inner."""
    for repeat in session.engine.repeats:
        if repeat.rpartition("/")[0] == generic(path):
            keeping.grow(session, f"{path}/{repeat.rpartition('/')[2]}", len(node.named(repeat.rpartition("/")[2])))
    for inner, child in _children(session, node, path):
        if child.elements():
            _grow(session, child, inner)


def _put(session: Session, top: Node) -> None:
    for path, node in _walk(session, top, session.form.root.path):
        own = session.engine.find(path)
        if own is not None and not own.children and not node.elements():
            own.value = string_value(node)
        if own is not None:
            for item in own.attributes:
                item.value = node.attribute(item.name, item.value)


def _walk(session: Session, node: Node, path: str) -> Iterator[tuple[str, Node]]:
    yield path, node
    for inner, child in _children(session, node, path):
        yield from _walk(session, child, inner)


def _children(session: Session, node: Node, path: str) -> Iterator[tuple[str, Node]]:
    numbers: dict[str, int] = {}
    for child in node.elements():
        number = numbers[child.local] = numbers.get(child.local, 0) + 1
        inner = f"{path}/{child.local}"
        repeated = generic(inner) in session.engine.repeats or number > 1
        yield (f"{inner}[{number}]" if repeated else inner), child


def to_xml(session: Session, identity: str, base: Node | None = None, ours: dict[str, str] | None = None) -> str:
    """Return the submission of a session; irrelevant answers are left out.

    Args:
        session: The answers.
        identity: instanceID.
        base: The submission they came with, whose further nodes are kept.
        ours: What our program keeps of a record beside the answers, as attributes of a node of our own in meta.
    """
    form, top = session.form, session.engine.document.children[0]
    kept = [item for item in (base or top).attributes if item.name not in _ROOT_SKIPPED]
    head = [("id", form.id), *([("version", form.version)] if form.version else [])]
    head += [(item.name, item.value) for item in kept]
    if not any(name == "xmlns:orx" for name, _value in head):
        head.append(("xmlns:orx", ORX))
    writer = _Writer(session, identity, ours or {})
    inner = writer.content(top, form.root.path, base)
    return f"<{top.name}{_attributes(head)}>{inner}</{top.name}>"


def _attributes(pairs: list[tuple[str, str]]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in pairs)


class _Writer:
    def __init__(self, session: Session, identity: str, ours: dict[str, str]) -> None:
        self._session, self._identity, self._ours = session, identity, ours

    def content(self, node: Node, path: str, base: Node | None) -> str:
        """Return what is inside a node: our own children in order, then those that only the submission had."""
        parts: list[str] = []
        numbers: dict[str, int] = {}
        known = self._known(node, path)
        for child in node.children:
            number = numbers[child.local] = numbers.get(child.local, 0) + 1
            if child.local == "meta" and path == self._session.form.root.path:
                continue
            if not child.hidden:
                same = base.named(child.local) if base else ()
                parts.append(
                    self._element(child, f"{path}/{child.local}", same[number - 1] if number <= len(same) else None)
                )
        further = [
            child for child in (base.elements() if base else ()) if child.local not in known and child.local != "meta"
        ]
        parts += [dumped(child) for child in further]
        if path == self._session.form.root.path:
            parts.append(self._meta(node.element("meta"), base.element("meta") if base else None))
        return "".join(parts)

    def _known(self, node: Node, path: str) -> set[str]:
        repeats = {
            repeat.rpartition("/")[2] for repeat in self._session.engine.repeats if repeat.rpartition("/")[0] == path
        }
        return repeats | {child.local for child in node.children}

    def _element(self, node: Node, path: str, base: Node | None) -> str:
        pairs = [(item.name, item.value) for item in node.attributes if item.name != "uid"]
        inner = self.content(node, path, base) if node.children else escape(node.value)
        return f"<{node.name}{_attributes(pairs)}>{inner}</{node.name}>"

    def _meta(self, node: Node | None, base: Node | None) -> str:
        known = {"instanceID", "record"}
        parts = [f"<orx:instanceID>{escape(self._identity)}</orx:instanceID>"]
        for child in node.children if node else ():
            if child.local not in known and not child.hidden:
                known.add(child.local)
                parts.append(self._element(child, f"{self._session.form.root.path}/meta/{child.local}", None))
        parts += [dumped(child) for child in (base.elements() if base else ()) if child.local not in known]
        if self._ours:
            pairs = [("xmlns:fs", OURS), *self._ours.items()]
            parts.append(f"<fs:record{_attributes(pairs)}/>")
        return f"<orx:meta>{''.join(parts)}</orx:meta>"


def dumped(node: Node) -> str:
    """Return a node as XML text."""
    if node.kind is NodeKind.TEXT:
        return escape(node.value)
    if node.kind is not NodeKind.ELEMENT:
        return ""
    pairs = [(item.name, item.value) for item in node.attributes]
    inner = "".join(dumped(child) for child in node.children) if node.children else escape(node.value)
    return f"<{node.name}{_attributes(pairs)}>{inner}</{node.name}>"
