"""A form as read from XForm XML: what is asked, in which order, under which rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from fieldsurvey.i18n import _
from survey_forms.errors import FormError
from survey_forms.expression.nodes import Node, NodeKind, parse_xml, string_value


class Kind(StrEnum):
    """Kinds of questions."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    SELECT_ONE = "select_one"
    SELECT_MULTIPLE = "select_multiple"
    RANK = "rank"
    RANGE = "range"
    GEOPOINT = "geopoint"
    GEOTRACE = "geotrace"
    GEOSHAPE = "geoshape"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    FILE = "file"
    BARCODE = "barcode"
    NOTE = "note"
    ACKNOWLEDGE = "acknowledge"
    CALCULATE = "calculate"


@dataclass(frozen=True, slots=True)
class Words:
    """A text in all languages of the form; outputs stay as nodes and are filled in when shown.

    Attributes:
        by_language: Language -> node with the text.
    """

    by_language: Mapping[str, Node] = field(default_factory=dict)

    def node(self, language: str) -> Node | None:
        """Return the text in the best fitting language."""
        for name, node in self.by_language.items():
            if name == language or f"({language[:2]})" in name:
                return node
        return next(iter(self.by_language.values()), None)

    def plain(self, language: str) -> str:
        """Return the text without filling in outputs."""
        node = self.node(language)
        return "" if node is None else string_value(node).strip()


@dataclass(frozen=True, slots=True)
class Itemset:
    """Where choices come from.

    Attributes:
        nodeset: Expression that gives the items; empty when they are listed.
        value: Child of an item that holds the code.
        label: Child that holds the label or its itext id.
        listed: Choices written out: (code, label).
    """

    nodeset: str
    value: str
    label: str
    listed: tuple[tuple[str, Words], ...] = ()
    itext: bool = False


@dataclass(frozen=True, slots=True)
class Bind:
    """The rules of one node.

    Attributes:
        path: Generic path.
        type: Data type as XForms names it.
        calculate, relevant, constraint, required, readonly: Expressions; empty: none.
        message, required_message: What to say.
        unit: Unit as printed.
        preload: jr:preload and its parameter.
    """

    path: str
    type: str = "string"
    calculate: str = ""
    relevant: str = ""
    constraint: str = ""
    required: str = ""
    readonly: str = ""
    message: Words = field(default_factory=Words)
    required_message: Words = field(default_factory=Words)
    unit: str = ""
    preload: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Question:
    """One question, or a calculated value."""

    path: str
    kind: Kind
    words: Words
    hint: Words
    appearance: str
    bind: Bind
    itemset: Itemset | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rpartition("/")[2]

    def label(self, language: str) -> str:
        """The label in a language, without outputs filled in."""
        return self.words.plain(language)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of questions; one level of the form."""

    path: str
    words: Words
    appearance: str
    children: tuple["Element", ...]

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rpartition("/")[2]

    def label(self, language: str) -> str:
        """The label in a language."""
        return self.words.plain(language)


@dataclass(frozen=True, slots=True)
class Repeat(Group):
    """A group that may occur several times.

    Attributes:
        count: Expression for a fixed number of instances; empty: as many as the person adds.
    """

    count: str = ""


Element: TypeAlias = "Question | Group | Repeat"


@dataclass(frozen=True, slots=True)
class Form:
    """A form.

    Attributes:
        id: Identity, and the name of its table.
        version: As the author set it.
        title_text: Title as in the source.
        languages: Languages, the default first.
        root: Top of the questions.
        template: The empty instance: a document with the data element.
        binds: Generic path -> rules.
        instances: Secondary instances by id.
        itext: Language -> text id -> node.
    """

    id: str
    version: str
    title_text: str
    languages: tuple[str, ...]
    root: Group
    template: Node
    binds: Mapping[str, Bind]
    instances: Mapping[str, Node]
    itext: Mapping[str, Mapping[str, Node]]

    def title(self, language: str) -> str:
        """The title in a language, as far as it is known."""
        from survey_forms.definitions import title

        return title(self.id, language) or self.title_text

    def questions(self) -> list[Question]:
        """Return all questions and calculated values in order."""
        return [element for element in self.elements() if isinstance(element, Question)]

    def repeats(self) -> list[Repeat]:
        """Return all repeats, outer before inner."""
        return [element for element in self.elements() if isinstance(element, Repeat)]

    def elements(self) -> Iterator[Element]:
        """Yield all elements below the root, in order."""
        yield from _walk(self.root)


def _walk(group: Group) -> Iterator[Element]:
    for child in group.children:
        yield child
        if isinstance(child, Group):
            yield from _walk(child)


_TYPES = {
    "int": Kind.INTEGER, "integer": Kind.INTEGER, "decimal": Kind.DECIMAL, "date": Kind.DATE, "time": Kind.TIME,
    "dateTime": Kind.DATETIME, "geopoint": Kind.GEOPOINT, "geotrace": Kind.GEOTRACE, "geoshape": Kind.GEOSHAPE,
    "barcode": Kind.BARCODE,
}  # fmt: skip
_MEDIA = {"image/*": Kind.IMAGE, "audio/*": Kind.AUDIO, "video/*": Kind.VIDEO}
_CONTROLS = {
    "select1": Kind.SELECT_ONE, "select": Kind.SELECT_MULTIPLE, "rank": Kind.RANK, "range": Kind.RANGE,
    "trigger": Kind.ACKNOWLEDGE,
}  # fmt: skip


def parse_form(xml: str) -> Form:
    """Return the form of an XForm XML text.

    Raises:
        FormError: If it is no XForm.
    """
    top = parse_xml(xml.encode(), keep_space=False)
    html = top.element("html")
    head, body = (None, None) if html is None else (html.element("head"), html.element("body"))
    model = head.element("model") if head else None
    if model is None or body is None:
        raise FormError(_("This XML is no form: it has no model and body."))
    return _Reader(model, body, head).form()


class _Reader:
    def __init__(self, model: Node, body: Node, head: Node | None) -> None:
        self._model, self._body, self._head = model, body, head
        self._itext = _itext(model)
        self._controls: set[str] = set()

    def form(self) -> Form:
        primary = next((node for node in self._model.elements("instance") if not node.attribute("id")), None)
        data = next(iter(primary.elements()), None) if primary else None
        if data is None:
            raise FormError(_("This form has no data to fill in."))
        template = Node(NodeKind.DOCUMENT)
        _leafed(template.append(data.copy()))
        root_path = "/" + data.name
        binds = {bind.path: bind for bind in (self._bind(node) for node in self._model.elements("bind"))}
        children = self._children(self._body, root_path, binds)
        children += self._calculated(template, binds)
        title = self._head.element("title") if self._head else None
        return Form(
            data.attribute("id") or data.name,
            data.attribute("version"),
            string_value(title) if title else data.name,
            tuple(self._itext) or ("",),
            Group(root_path, Words(), "", tuple(children)),
            template,
            binds,
            {node.attribute("id"): node for node in self._model.elements("instance") if node.attribute("id")},
            self._itext,
        )

    def _bind(self, node: Node) -> Bind:
        read = node.attribute
        return Bind(
            read("nodeset") or read("ref"),
            read("type", "string").removeprefix("xsd:"),
            read("calculate"),
            read("relevant"),
            read("constraint"),
            read("required"),
            read("readonly"),
            self._message(read("jr:constraintMsg")),
            self._message(read("jr:requiredMsg")),
            read("unit"),
            (read("jr:preload"), read("jr:preloadParams")),
        )

    def _message(self, text: str) -> Words:
        if text.startswith("jr:itext("):
            return self._translated(text)
        return Words({"": Node(NodeKind.TEXT, value=text)}) if text else Words()

    def _translated(self, reference: str) -> Words:
        key = reference.removeprefix("jr:itext(").removesuffix(")").strip("'\"")
        return Words({lang: texts[key] for lang, texts in self._itext.items() if key in texts})

    def _children(self, parent: Node, path: str, binds: Mapping[str, Bind]) -> list[Element]:
        found: list[Element] = []
        for node in parent.elements():
            if node.local == "group":
                found += self._group(node, path, binds)
            elif node.local == "repeat":
                found.append(self._repeat(node, parent, binds))
            elif node.local in {"input", "upload", *_CONTROLS}:
                found.append(self._question(node, path, binds))
        return found

    def _group(self, node: Node, path: str, binds: Mapping[str, Bind]) -> list[Element]:
        own = node.attribute("ref") or node.attribute("nodeset")
        inner = self._children(node, own or path, binds)
        if len(inner) == 1 and isinstance(inner[0], Repeat) and inner[0].path == own:
            return inner  # the group that XForms wraps around each repeat
        return [Group(own or path, self._words(node, "label"), node.attribute("appearance"), tuple(inner))]

    def _repeat(self, node: Node, parent: Node, binds: Mapping[str, Bind]) -> Repeat:
        path = node.attribute("nodeset")
        words = self._words(node, "label")
        if not words.by_language:
            words = self._words(parent, "label")
        children = self._children(node, path, binds)
        return Repeat(path, words, node.attribute("appearance"), tuple(children), node.attribute("jr:count"))

    def _question(self, node: Node, path: str, binds: Mapping[str, Bind]) -> Question:
        own = node.attribute("ref")
        own = own if own.startswith("/") else f"{path}/{own}"
        self._controls.add(own)
        bind = binds.get(own, Bind(own))
        kind = _kind(node, bind)
        skipped = {"ref", "appearance", "mediatype"}
        parameters = {a.name: a.value for a in (*node.attributes, *_bind_extras(bind)) if a.name not in skipped}
        return Question(
            own, kind, self._words(node, "label"), self._words(node, "hint"), node.attribute("appearance"), bind,
            self._itemset(node) if node.local in {"select", "select1", "rank"} else None, parameters,
        )  # fmt: skip

    def _words(self, parent: Node, name: str) -> Words:
        node = parent.element(name)
        if node is None:
            return Words()
        reference = node.attribute("ref")
        if reference.startswith("jr:itext("):
            return self._translated(reference)
        return Words({"": node})

    def _itemset(self, node: Node) -> Itemset:
        itemset = node.element("itemset")
        if itemset is None:
            items = [
                (string_value(v), self._words(item, "label"))
                for item in node.elements("item")
                if (v := item.element("value"))
            ]
            return Itemset("", "", "", tuple(items))
        value, label = itemset.element("value"), itemset.element("label")
        label_ref = label.attribute("ref") if label else ""
        inner = label_ref.removeprefix("jr:itext(").removesuffix(")")
        return Itemset(
            itemset.attribute("nodeset"), value.attribute("ref") if value else "name", inner, (), inner != label_ref
        )

    def _calculated(self, template: Node, binds: Mapping[str, Bind]) -> list[Element]:
        """Return values that no control shows: calculations and preloads."""
        grouped = [bind for path, bind in binds.items() if path not in self._controls and _is_leaf(template, path)]
        kept = [bind for bind in grouped if (bind.calculate or bind.preload[0]) and "/meta/" not in bind.path]
        return [Question(bind.path, Kind.CALCULATE, Words(), Words(), "", bind) for bind in kept]


def _bind_extras(bind: Bind) -> tuple[Node, ...]:
    return (Node(NodeKind.ATTRIBUTE, "unit", bind.unit),) if bind.unit else ()


def _kind(node: Node, bind: Bind) -> Kind:
    if node.local == "upload":
        return _MEDIA.get(node.attribute("mediatype"), Kind.FILE)
    if node.local in _CONTROLS:
        return _CONTROLS[node.local]
    if bind.readonly in {"true()", "1"} and bind.type == "string" and not bind.calculate and not bind.required:
        return Kind.NOTE
    return _TYPES.get(bind.type, Kind.TEXT)


def _is_leaf(template: Node, path: str) -> bool:
    node: Node | None = template
    for name in path.strip("/").split("/"):
        node = node.element(name) if node else None
    return node is not None and not node.elements()


def _leafed(node: Node) -> None:
    """Move the text of leaves into their value, so that setting an answer is one assignment."""
    if node.elements():
        node.keep(node.elements())
        for child in node.children:
            _leafed(child)
    else:
        node.value = "".join(child.value for child in node.children)
        node.keep([])


def _itext(model: Node) -> dict[str, dict[str, Node]]:
    found: dict[str, dict[str, Node]] = {}
    itext = model.element("itext")
    translations = itext.elements("translation") if itext else []
    translations.sort(key=lambda node: not node.attribute("default"))
    for translation in translations:
        texts = found.setdefault(translation.attribute("lang"), {})
        for text in translation.elements("text"):
            plain = [value for value in text.elements("value") if not value.attribute("form")]
            if plain:
                texts[text.attribute("id")] = plain[0]
    return found
