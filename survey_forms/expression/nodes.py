"""A light tree for form instances, secondary instances and documents."""

from collections.abc import Iterator
from enum import IntEnum
from xml.parsers import expat

from fieldsurvey.i18n import _
from survey_forms.errors import FormError

MAX_XML_BYTES = 64 << 20


class NodeKind(IntEnum):
    """Kinds of nodes of XPath's data model."""

    DOCUMENT = 0
    ELEMENT = 1
    ATTRIBUTE = 2
    TEXT = 3
    COMMENT = 4
    INSTRUCTION = 5


class Node:
    """A node.

    Attributes:
        kind: What it is.
        name: Qualified name; the target of an instruction.
        value: Own text: of attributes, texts, comments; of an element the text of a leaf in a form instance.
        children: Child nodes, without attributes.
        attributes: Attribute nodes.
        parent: Parent; None at the top.
        hidden: True for an irrelevant node of a form instance: it reads as empty, its value is kept.
    """

    __slots__ = ("attributes", "children", "hidden", "kind", "name", "parent", "value")

    def __init__(self, kind: NodeKind, name: str = "", value: str = "", parent: "Node | None" = None) -> None:
        self.kind, self.name, self.value, self.parent = kind, name, value, parent
        self.children: list[Node] = []
        self.attributes: list[Node] = []
        self.hidden = False

    def __repr__(self) -> str:
        return f"<{self.kind.name} {self.name} {self.value!r}>"

    @property
    def local(self) -> str:
        """Name without prefix."""
        return self.name.rpartition(":")[2]

    def attribute(self, name: str, default: str = "") -> str:
        """Return the value of an attribute."""
        return next((node.value for node in self.attributes if node.name == name), default)

    def elements(self, local: str = "") -> list["Node"]:
        """Return the child elements, of a local name if given."""
        found = self.children
        return [n for n in found if n.kind is NodeKind.ELEMENT and (not local or n.local == local)]

    def element(self, local: str) -> "Node | None":
        """Return the first child element of a local name."""
        return next(iter(self.elements(local)), None)

    def append(self, child: "Node") -> "Node":
        """Add a child; return it."""
        child.parent = self
        self.children.append(child)
        return child

    def descendants(self) -> Iterator["Node"]:
        """Yield all nodes below, in document order."""
        for child in self.children:
            yield child
            yield from child.descendants()

    def root(self) -> "Node":
        """Return the top node."""
        node = self
        while node.parent is not None:
            node = node.parent
        return node

    def copy(self, parent: "Node | None" = None) -> "Node":
        """Return a deep copy."""
        twin = Node(self.kind, self.name, self.value, parent)
        twin.attributes = [attribute.copy(twin) for attribute in self.attributes]
        twin.children = [child.copy(twin) for child in self.children]
        return twin


def string_value(node: Node) -> str:
    """Return the string value of a node (XPath 1.0, section 5); an irrelevant one is empty."""
    if node.hidden:
        return ""
    if node.kind in {NodeKind.ATTRIBUTE, NodeKind.TEXT, NodeKind.COMMENT, NodeKind.INSTRUCTION}:
        return node.value
    if not node.children:
        return node.value
    kept = (NodeKind.TEXT, NodeKind.ELEMENT)
    return node.value + "".join(string_value(child) for child in node.children if child.kind in kept)


def parse_xml(text: str | bytes, *, keep_space: bool = True) -> Node:
    """Return the document node of an XML text. Entities are refused: they are a way to attack.

    Raises:
        FormError: If it is no well-formed XML, declares entities, or is too large.
    """
    if len(text) > MAX_XML_BYTES:
        raise FormError(_("The form is larger than {n} MiB.").format(n=MAX_XML_BYTES >> 20))
    builder = _Builder(keep_space=keep_space)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.CommentHandler = builder.comment
    parser.ProcessingInstructionHandler = builder.instruction
    parser.EntityDeclHandler = builder.entity
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise FormError(
            _("The XML is not well-formed: {why} (line {line}).").format(
                why=expat.errors.messages[error.code], line=error.lineno
            )
        ) from error
    return builder.document


class _Builder:
    def __init__(self, *, keep_space: bool) -> None:
        self.document = self._node = Node(NodeKind.DOCUMENT)
        self._keep_space = keep_space

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._node = self._node.append(Node(NodeKind.ELEMENT, name))
        for key, value in attributes.items():
            self._node.attributes.append(Node(NodeKind.ATTRIBUTE, key, value, self._node))

    def end(self, _name: str) -> None:
        if not self._keep_space:
            _strip(self._node)
        self._node = self._node.parent or self.document

    def text(self, data: str) -> None:
        self._node.append(Node(NodeKind.TEXT, value=data))

    def comment(self, data: str) -> None:
        self._node.append(Node(NodeKind.COMMENT, value=data))

    def instruction(self, target: str, data: str) -> None:
        self._node.append(Node(NodeKind.INSTRUCTION, target, data))

    def entity(self, *_declaration: object) -> None:
        raise FormError(_("The XML declares entities, which can be used for attacks; it was refused."))


def _strip(node: Node) -> None:
    """Drop white space between elements; keep the text of mixed content, as labels have it."""
    if any(child.kind is NodeKind.ELEMENT for child in node.children):
        has_text = any(child.kind is NodeKind.TEXT and child.value.strip() for child in node.children)
        if not has_text:
            node.children = [child for child in node.children if child.kind is NodeKind.ELEMENT]
