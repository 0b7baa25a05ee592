"""From XForm XML to a form: the reader."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from fieldsurvey.i18n import _
from survey_forms.attachments import Attachments
from survey_forms.errors import FormError
from survey_forms.expression.nodes import Node, NodeKind, parse_xml, string_value
from survey_forms.form import (
    Action,
    Bind,
    Element,
    Form,
    Group,
    Itemset,
    Kind,
    Question,
    Repeat,
    Words,
    walk,
)
from survey_forms.search_appearance import file_of, searched, without

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
_ACTIONS = {"setvalue", "setgeopoint"}
_EVENTS = {
    "xforms-ready": "odk-instance-first-load", "jr-insert": "odk-new-repeat", "xforms-revalidate": "",
}  # fmt: skip
_PLAIN, _GUIDANCE = "", "guidance"
_RANGE = ("start", "end", "step")


def parse_form(xml: str, folder: Path | None = None) -> Form:
    """Return the form of an XForm XML text.

    Args:
        xml: The text.
        folder: Where the files that go with the form are; None: there are none.

    Raises:
        FormError: If it is no XForm.
    """
    top = parse_xml(xml.encode(), keep_space=False)
    html = top.element("html")
    head, body = (None, None) if html is None else (html.element("head"), html.element("body"))
    model = head.element("model") if head else None
    if model is None or body is None:
        raise FormError(_("This XML is no form: it has no model and body."))
    return _Reader(model, body, head, Attachments(folder)).form()


class _Reader:
    def __init__(self, model: Node, body: Node, head: Node | None, attachments: Attachments) -> None:
        self._model, self._body, self._head, self._attachments = model, body, head, attachments
        self._itext = _itext(model)
        self._forms = {form for texts in self._itext.values() for forms in texts.values() for form in forms}
        self._controls: set[str] = set()
        self._actions: list[Action] = []
        self._searched: set[str] = set()

    def form(self) -> Form:
        primary = next(iter(self._model.elements("instance")), None)
        data = next(iter(primary.elements()), None) if primary else None
        if primary is None or data is None:
            raise FormError(_("This form has no data to fill in."))
        template = Node(NodeKind.DOCUMENT)
        _leafed(template.append(data.copy()))
        self._root = "/" + data.local
        binds = {bind.path: bind for bind in (self._bind(node) for node in self._model.elements("bind"))}
        self._gather(self._model, "")
        children = self._children(self._body, self._root, binds)
        children += self._calculated(template, binds)
        background = self._background(template, binds, children)
        children += [background] if background is not None else []
        title = self._head.element("title") if self._head else None
        others = [node for node in self._model.elements("instance") if node is not primary and node.attribute("id")]
        instances = {node.attribute("id"): self._attachments.instance(node) for node in others}
        for file in sorted(self._searched):
            instances.setdefault(file.rpartition(".")[0], self._attachments.of_file(file))
        plain = {lang: {key: forms[_PLAIN] for key, forms in texts.items() if _PLAIN in forms}
                 for lang, texts in self._itext.items()}  # fmt: skip
        return Form(
            data.attribute("id") or data.attribute("xmlns") or data.local,
            data.attribute("version"),
            string_value(title).strip() if title else data.local,
            tuple(self._itext) or ("",),
            Group(self._root, Words(), "", tuple(children)),
            template,
            binds,
            instances,
            plain,
            itext_forms=self._itext,
            actions=tuple(self._actions),
            notes=tuple(self._attachments.notes),
            folder=self._attachments.folder,
            searched=tuple(sorted(self._searched)),
            background=background,
        )

    def _bind(self, node: Node) -> Bind:
        read = node.attribute
        return Bind(
            self._path(read("nodeset") or read("ref"), self._root),
            read("type", "string").rpartition(":")[2],
            read("calculate").strip(),
            read("relevant").strip(),
            read("constraint").strip(),
            read("required").strip(),
            read("readonly").strip(),
            self._message(read("jr:constraintMsg")),
            self._message(read("jr:requiredMsg")),
            read("unit"),
            (read("jr:preload"), read("jr:preloadParams")),
            {item.name: item.value for item in node.attributes if item.name not in _OF_BIND},
        )

    def _path(self, text: str, base: str) -> str:
        """Return an absolute path without prefixes and blanks, from one that may be relative."""
        names = base.strip("/").split("/") if not text.strip().startswith("/") and base else []
        for piece in text.strip().strip("/").split("/"):
            if piece == "..":
                names = names[:-1]
            elif piece not in {"", ".", "current()"}:
                mark = "@" if piece.startswith("@") else ""
                names.append(mark + piece.removeprefix("@").rpartition(":")[2])
        return "/" + "/".join(names)

    def _message(self, text: str) -> Words:
        if text.startswith("jr:itext("):
            return self._translated(text)
        return Words({"": Node(NodeKind.TEXT, value=text)}) if text else Words()

    def _translated(self, reference: str, form: str = _PLAIN) -> Words:
        key = reference.removeprefix("jr:itext(").removesuffix(")").strip("'\"")
        found = {lang: texts[key][form] for lang, texts in self._itext.items() if form in texts.get(key, {})}
        return Words(found)

    def _children(self, parent: Node, path: str, binds: Mapping[str, Bind]) -> list[Element]:
        found: list[Element] = []
        for node in parent.elements():
            if node.local == "group":
                found += self._group(node, path, binds)
            elif node.local == "repeat":
                found.append(self._repeat(node, parent, path, binds))
            elif node.local in {"input", "upload", "secret", *_CONTROLS}:
                found.append(self._question(node, path, binds))
        self._gather(parent, path if parent is not self._body else "")
        return found

    def _group(self, node: Node, path: str, binds: Mapping[str, Bind]) -> list[Element]:
        reference = node.attribute("ref") or node.attribute("nodeset")
        own = self._path(reference, path) if reference else ""
        inner = self._children(node, own or path, binds)
        if len(inner) == 1 and isinstance(inner[0], Repeat) and own in {inner[0].path, ""}:
            return inner  # the group that XForms wraps around each repeat
        words, media = self._words(node, "label"), self._media(node)
        return [Group(own or path, words, node.attribute("appearance"), tuple(inner), media)]

    def _repeat(self, node: Node, parent: Node, path: str, binds: Mapping[str, Bind]) -> Repeat:
        own = self._path(node.attribute("nodeset"), path)
        words = self._words(node, "label")
        if not words.by_language:
            words = self._words(parent, "label")
        children = self._children(node, own, binds)
        fixed = node.attribute("jr:noAddRemove") in {"true()", "true", "1"}
        count = node.attribute("jr:count").strip()
        return Repeat(own, words, node.attribute("appearance"), tuple(children), {}, count, fixed)

    def _question(self, node: Node, path: str, binds: Mapping[str, Bind]) -> Question:
        reference = node.attribute("ref") or node.attribute("nodeset") or self._of_bind(node)
        own = self._path(reference, path)
        self._controls.add(own)
        bind = binds.get(own, Bind(own))
        self._gather(node, own)
        skipped = {"ref", "appearance", "mediatype"}
        parameters = {a.name: a.value for a in node.attributes if a.name not in skipped}
        parameters |= {"unit": bind.unit} if bind.unit else {}
        parameters |= {
            key.rpartition(":")[2]: value for key, value in bind.extra.items() if key.startswith(("orx:", "odk:"))
        }
        appearance, search = without(node.attribute("appearance"))
        return Question(
            own, _kind(node, bind), self._words(node, "label"), self._words(node, "hint"), appearance,
            bind, self._choices(node, search) if node.local in {"select", "select1", "rank"} else None, parameters,
            self._form_of(node, "hint", _GUIDANCE), self._media(node),
            self._itemset(node) if node.local == "range" and node.element("itemset") else None,
        )  # fmt: skip

    def _of_bind(self, node: Node) -> str:
        """Return the path of a control that names its bind by id."""
        wanted = node.attribute("bind")
        bind = next((b for b in self._model.elements("bind") if b.attribute("id") == wanted), None) if wanted else None
        if bind is None:
            raise FormError(_("A question of this form does not say which answer it asks for."))
        return bind.attribute("nodeset") or bind.attribute("ref")

    def _words(self, parent: Node, name: str) -> Words:
        node = parent.element(name)
        if node is None:
            return Words()
        reference = node.attribute("ref").strip()
        if reference.startswith("jr:itext("):
            return self._translated(reference)
        return Words({"": node})

    def _form_of(self, parent: Node, name: str, form: str) -> Words:
        node = parent.element(name) if form in self._forms else None
        reference = node.attribute("ref").strip() if node else ""
        return self._translated(reference, form) if reference.startswith("jr:itext(") else Words()

    def _media(self, node: Node) -> dict[str, Words]:
        """Return picture, sound and film of a label, by kind."""
        kinds = ("image", "big-image", "audio", "video")
        return {kind: words for kind in kinds if (words := self._form_of(node, "label", kind)).by_language}

    def _choices(self, node: Node, search: str) -> Itemset:
        """Return the choices of a question; those of search() come out of a file beside the form."""
        written = self._itemset(node)
        if not search or written.nodeset:
            return written
        try:
            found = searched(search, written)
        except FormError as error:
            self._attachments.notes.append(f"{node.attribute('ref')}: {error}")
            return written
        self._searched.add(file_of(search))
        return found

    def _itemset(self, node: Node) -> Itemset:
        itemset = node.element("itemset")
        if itemset is None:
            items = [
                (string_value(v).strip(), self._words(item, "label"))
                for item in node.elements("item")
                if (v := item.element("value"))
            ]
            media = {
                string_value(v).strip(): self._media(i) for i in node.elements("item") if (v := i.element("value"))
            }
            return Itemset("", "", "", tuple(items), media={key: found for key, found in media.items() if found})
        value, label = itemset.element("value"), itemset.element("label")
        label_ref = label.attribute("ref").strip() if label else ""
        inner = label_ref.removeprefix("jr:itext(").removesuffix(")")
        nodeset = itemset.attribute("nodeset").strip()
        return Itemset(nodeset, value.attribute("ref") if value else "name", inner, (), inner != label_ref)

    def _calculated(self, template: Node, binds: Mapping[str, Bind]) -> list[Element]:
        """Return values that no control shows: calculations, preloads, and what actions set."""
        set_by_action = {action.path for action in self._actions}
        grouped = [path for path in binds if path not in self._controls and _is_leaf(template, path)]
        kept = [
            path
            for path in grouped
            if (binds[path].calculate or binds[path].preload[0] or path in set_by_action) and "/meta/" not in path
        ]
        return [Question(path, Kind.CALCULATE, Words(), Words(), "", binds[path]) for path in kept]

    def _background(self, template: Node, binds: Mapping[str, Bind], children: Sequence[Element]) -> Question | None:
        """Return the question of the sound that is recorded from opening to completing the form.

        Source: ODK XForms Specification, odk:recordaudio.
        """
        nodes = list(self._model.elements("recordaudio"))
        repeats = tuple(each.path + "/" for each in walk(children) if isinstance(each, Repeat))
        kept = [
            (node, path)
            for node in nodes
            if _is_leaf(template, path := self._path(node.attribute("ref"), "")) and path not in self._controls
        ]
        kept = [(node, path) for node, path in kept if not path.startswith(repeats)]
        if len(kept) != len(nodes) or len(kept) > 1:
            self._attachments.notes.append(_("A form records one background-audio, outside of repeats."))
        if not kept:
            return None
        node, path = kept[0]
        quality = node.attribute("odk:quality") or node.attribute("quality")
        return Question(
            path, Kind.AUDIO, Words(), Words(), "hidden", binds.get(path, Bind(path)), None, {"quality": quality}
        )

    def _gather(self, parent: Node, trigger: str) -> None:
        """Read the actions directly inside a node; `trigger` is the question or repeat they belong to."""
        for node in parent.elements():
            if node.local not in _ACTIONS:
                continue
            events = [_EVENTS.get(event, event) for event in (node.attribute("event") or "xforms-ready").split()]
            target = node.attribute("ref") or node.attribute("nodeset") or self._of_bind(node)
            value = "" if node.local == "setgeopoint" else node.attribute("value").strip()
            literal = "" if value else string_value(node)
            kind = node.local
            self._actions.append(Action(frozenset(events), self._path(target, trigger), value, literal, trigger, kind))


_OF_BIND = {
    "nodeset", "ref", "type", "calculate", "relevant", "constraint", "required", "readonly", "jr:constraintMsg",
    "jr:requiredMsg", "unit", "jr:preload", "jr:preloadParams", "id",
}  # fmt: skip


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
    inner = node.elements()
    if inner:
        node.keep(inner)
        for child in inner:
            _leafed(child)
    else:
        node.value = "".join(child.value for child in node.children if child.kind is NodeKind.TEXT).strip()
        node.keep([])


def _itext(model: Node) -> dict[str, dict[str, dict[str, Node]]]:
    """Return the texts of a form: language -> id -> form of the text (plain, guidance, image …) -> node."""
    found: dict[str, dict[str, dict[str, Node]]] = {}
    for translation in _translations(model):
        texts = found.setdefault(translation.attribute("lang"), {})
        for text in translation.elements("text"):
            forms = texts.setdefault(text.attribute("id"), {})
            for value in text.elements("value"):
                name = value.attribute("form")
                forms.setdefault(_PLAIN if name in {"long", "short"} and _PLAIN not in forms else name, value)
    return found


def _translations(model: Node) -> Iterator[Node]:
    itext = model.element("itext")
    translations = itext.elements("translation") if itext else []
    yield from sorted(translations, key=lambda node: not node.attribute("default"))
