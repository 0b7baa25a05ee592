"""A light tree for form instances, secondary instances and documents."""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from xml.parsers import expat

from fieldsurvey.i18n import _
from survey_forms.errors import FormError

MAX_XML_BYTES = 64 << 20
MAX_DEPTH = 200  # levels; our walks are recursive, and no real form comes near
XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"


class NodeKind(IntEnum):
    """Kinds of nodes of XPath's data model, and the document type, which no axis reaches."""

    DOCUMENT = 0
    ELEMENT = 1
    ATTRIBUTE = 2
    TEXT = 3
    COMMENT = 4
    INSTRUCTION = 5
    NAMESPACE = 6
    DOCTYPE = 7


class Node:
    """A node.

    Attributes:
        kind: What it is.
        name: Qualified name; the target of an instruction; the prefix of a namespace.
        local: Name without prefix.
        uri: Namespace of an element or attribute.
        value: Own text: of attributes, texts, comments; of an element the text of a leaf in a form instance.
        children: Child nodes, without attributes. Change them by append(), insert() and remove() only.
        attributes: Attribute nodes.
        parent: Parent; None at the top.
        hidden: True for an irrelevant node of a form instance: it reads as empty, its value is kept.
        place: What a form knows of this node of its instance; None elsewhere.
    """

    __slots__ = (
        "_named",
        "attributes",
        "children",
        "hidden",
        "kind",
        "local",
        "name",
        "parent",
        "place",
        "uri",
        "value",
    )

    def __init__(
        self, kind: NodeKind, name: str = "", value: str = "", parent: "Node | None" = None, uri: str = ""
    ) -> None:
        self.kind, self.name, self.value, self.parent, self.uri = kind, name, value, parent, uri
        self.local = name.rpartition(":")[2] if ":" in name else name
        self.children: list[Node] = []
        self.attributes: list[Node] = []
        self.hidden = False
        self.place: object = None
        self._named: dict[str, list[Node]] | None = None

    def __repr__(self) -> str:
        return f"<{self.kind.name} {self.name} {self.value!r}>"

    def attribute(self, name: str, default: str = "") -> str:
        """Return the value of an attribute."""
        for node in self.attributes:
            if node.name == name:
                return node.value
        return default

    def named(self, local: str) -> Sequence["Node"]:
        """Return the child elements of a local name; looked up, not searched."""
        if not self.children:
            return ()
        if self._named is None:
            self._named = {}
            for child in self.children:
                if child.kind is NodeKind.ELEMENT:
                    self._named.setdefault(child.local, []).append(child)
        return self._named.get(local, ())

    def elements(self, local: str = "") -> list["Node"]:
        """Return the child elements, of a local name if given."""
        if local:
            return list(self.named(local))
        return [node for node in self.children if node.kind is NodeKind.ELEMENT]

    def element(self, local: str) -> "Node | None":
        """Return the first child element of a local name."""
        return next(iter(self.named(local)), None)

    def append(self, child: "Node") -> "Node":
        """Add a child; return it."""
        child.parent = self
        self.children.append(child)
        self._named = None
        return child

    def insert(self, index: int, child: "Node") -> "Node":
        """Add a child at a place among the children; return it."""
        child.parent = self
        self.children.insert(index, child)
        self._named = None
        return child

    def insert_behind(self, last: "Node", child: "Node") -> None:
        """Add a child behind the last one of the same name; quick for thousands of them."""
        index = next(i for i in range(len(self.children) - 1, -1, -1) if self.children[i] is last)
        child.parent = self
        self.children.insert(index + 1, child)
        if self._named is not None:
            self._named[child.local].append(child)

    def remove(self, child: "Node") -> None:
        """Take a child out."""
        index = next(i for i, found in enumerate(self.children) if found is child)
        del self.children[index]
        self._named = None
        child.parent = None

    def keep(self, children: list["Node"]) -> None:
        """Keep only some of the children."""
        self.children = children
        self._named = None

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
        twin = Node(self.kind, self.name, self.value, parent, self.uri)
        twin.attributes = [attribute.copy(twin) for attribute in self.attributes]
        twin.children = [child.copy(twin) for child in self.children]
        return twin


def string_value(node: Node) -> str:
    """Return the string value of a node (XPath 1.0, section 5); an irrelevant one is empty."""
    if node.hidden:
        return ""
    if not node.children:
        return node.value
    kept = (NodeKind.TEXT, NodeKind.ELEMENT)
    return node.value + "".join(string_value(child) for child in node.children if child.kind in kept)


def parse_xml(text: str | bytes, *, keep_space: bool = True) -> Node:
    """Return the document node of an XML text. Entities are refused: they are a way to attack.

    Raises:
        FormError: If it is no well-formed XML, declares entities, is too large or too deep.
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
    parser.StartDoctypeDeclHandler = builder.doctype
    if keep_space:  # a section of its own is a text node of its own
        parser.StartCdataSectionHandler = parser.EndCdataSectionHandler = lambda: None
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
        self._spaces: list[dict[str, str]] = [{"xml": XML_NAMESPACE}]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._spaces) > MAX_DEPTH:
            raise FormError(_("The XML is nested more than {n} levels deep; it was refused.").format(n=MAX_DEPTH))
        spaces = self._spaces[-1]
        for key, value in attributes.items():
            if key.startswith("xmlns") and key[5:6] in {"", ":"}:
                spaces = {**spaces, key[6:]: value}
        self._spaces.append(spaces)
        prefix = name.rpartition(":")[0] if ":" in name else ""
        node = Node(NodeKind.ELEMENT, name, "", self._node, spaces.get(prefix, ""))
        self._node.children.append(node)  # nothing has looked for its names yet
        self._node = node
        for key, value in attributes.items():
            uri = spaces.get(key.rpartition(":")[0], "") if ":" in key and not key.startswith("xmlns:") else ""
            node.attributes.append(Node(NodeKind.ATTRIBUTE, key, value, node, uri))

    def end(self, _name: str) -> None:
        self._spaces.pop()
        if not self._keep_space:
            _strip(self._node)
        self._node = self._node.parent or self.document

    def text(self, data: str) -> None:
        self._node.children.append(Node(NodeKind.TEXT, value=data, parent=self._node))

    def comment(self, data: str) -> None:
        self._node.append(Node(NodeKind.COMMENT, value=data))

    def instruction(self, target: str, data: str) -> None:
        self._node.append(Node(NodeKind.INSTRUCTION, target, data))

    def doctype(self, name: str, *_rest: object) -> None:
        self._node.append(Node(NodeKind.DOCTYPE, name))

    def entity(self, *_declaration: object) -> None:
        raise FormError(_("The XML declares entities, which can be used for attacks; it was refused."))


def namespaces(node: Node) -> dict[str, str]:
    """Return the namespaces in scope at a node: prefix -> URI."""
    chain: list[Node] = []
    found: Node | None = node
    while found is not None:
        chain.append(found)
        found = found.parent
    spaces = {"xml": XML_NAMESPACE}
    for element in reversed(chain):
        for item in element.attributes:
            if item.name == "xmlns" or item.name.startswith("xmlns:"):
                spaces[item.name[6:]] = item.value
    return {prefix: uri for prefix, uri in spaces.items() if uri}


def _strip(node: Node) -> None:
    """Drop white space between elements; keep the text of mixed content, as labels have it."""
    if len(node.children) > 1 and any(child.kind is NodeKind.ELEMENT for child in node.children):
        has_text = any(child.kind is NodeKind.TEXT and child.value.strip() for child in node.children)
        if not has_text:
            node.keep([child for child in node.children if child.kind is NodeKind.ELEMENT])
