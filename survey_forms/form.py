"""A form as read from XForm XML: what is asked, in which order, under which rules."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from survey_forms.expression.nodes import Node, string_value

if TYPE_CHECKING:
    from survey_forms.layout import Layout


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
        itext: Whether the label is a text id.
        media: Code -> picture, sound and film of a choice written out.
    """

    nodeset: str
    value: str
    label: str
    listed: tuple[tuple[str, Words], ...] = ()
    itext: bool = False
    media: Mapping[str, Mapping[str, Words]] = field(default_factory=dict)


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
        extra: Further attributes, such as entities:saveto.
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
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """Something that sets a value when something happens.

    Attributes:
        events: Such as odk-instance-first-load, odk-new-repeat, xforms-value-changed.
        path: What is set.
        value: Expression; empty: the literal.
        literal: Text to set.
        trigger: The question or repeat it belongs to; empty: the form.
        kind: "setvalue" or "setgeopoint".
    """

    events: frozenset[str]
    path: str
    value: str
    literal: str
    trigger: str
    kind: str = "setvalue"


@dataclass(frozen=True, slots=True)
class Question:
    """One question, or a calculated value.

    Attributes:
        guidance: Longer help, shown on demand.
        media: Picture, sound and film of the label: kind -> file name per language.
        ticks: Labels of values of a range; None: it has none.
    """

    path: str
    kind: Kind
    words: Words
    hint: Words
    appearance: str
    bind: Bind
    itemset: Itemset | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    guidance: Words = field(default_factory=Words)
    media: Mapping[str, Words] = field(default_factory=dict)
    ticks: Itemset | None = None

    def texts(self) -> Iterator[Node]:
        """Yield all texts that are shown with it, in all languages."""
        for words in (self.words, self.hint, self.guidance):
            yield from words.by_language.values()

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def is_hidden(self) -> bool:
        """Whether it is never on the screen, although it has an answer."""
        return "hidden" in self.appearance.split()

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
    media: Mapping[str, Words] = field(default_factory=dict)

    def texts(self) -> Iterator[Node]:
        """Yield all texts that are shown with it, in all languages."""
        yield from self.words.by_language.values()

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
        fixed: Whether the person may not add or remove instances.
    """

    count: str = ""
    fixed: bool = False


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
        itext_forms: Language -> text id -> form of the text (plain: empty, guidance, image …) -> node.
        actions: What sets values when something happens.
        notes: What is wrong with files that go with the form, in sentences.
        folder: Where the files that go with the form are; None: there are none.
        searched: Files that search() names; other files stand in the XML as addresses.
        background: The question whose answer is the sound from opening to completing the form; None: it has none.
        indexes: Lists looked up by a column, filled while the form is used: (list, column) -> value -> items.
        layouts: Names of its tables and columns, filled in by survey_forms.layout at the first use.
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
    itext_forms: Mapping[str, Mapping[str, Mapping[str, Node]]] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()
    notes: tuple[str, ...] = ()
    folder: Path | None = None
    searched: tuple[str, ...] = ()
    background: Question | None = None
    indexes: dict[tuple[int, str], dict[str, list[Node]]] = field(default_factory=dict, compare=False)
    layouts: "list[Layout]" = field(default_factory=list, compare=False, repr=False)

    def index(self, parent: Node, key: str) -> dict[str, list[Node]]:
        """Return the items of a list by the value of one of their columns; made at the first use."""
        name = (id(parent), key)
        if name not in self.indexes:
            found: dict[str, list[Node]] = {}
            for item in parent.children:
                for value in item.named(key):
                    found.setdefault(string_value(value), []).append(item)
            self.indexes[name] = found
        return self.indexes[name]

    @property
    def reads_as_web(self) -> bool:
        """Whether the author asks for the reading of dates and numbers of Enketo and ODK Web Forms.

        In XLSForm a column `attribute::dates` with the value web in the sheet settings (CONFORMANCE.md).
        """
        return any(top.attribute("dates") == "web" for top in self.template.elements())

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
        yield from walk(self.root.children)


def walk(elements: Iterable[Element]) -> Iterator[Element]:
    """Yield elements and all that is inside them, in order."""
    for child in elements:
        yield child
        if isinstance(child, Group):
            yield from walk(child.children)
