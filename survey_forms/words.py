"""Texts of a form as they are shown: in the language of the moment, with answers and pictures filled in."""

from collections.abc import Callable, Mapping
from typing import Any

from survey_forms.errors import FormError
from survey_forms.expression.nodes import Node, NodeKind, string_value
from survey_forms.expression.values import to_text
from survey_forms.form import Form, Itemset, Question, Words
from survey_forms.instance import Choice

Run = Callable[[str, Node], Any]  # expression, node -> value
_MEDIA = ("image", "big-image", "audio", "video")


class Texts:
    """The texts of one filling-in.

    Attributes:
        language: Language shown now; change it with Session.switch().
    """

    def __init__(self, form: Form, language: str, run: Run) -> None:
        self._form, self._run = form, run
        kept = {kind for texts in form.itext_forms.values() for forms in texts.values() for kind in forms}
        self._kinds = tuple(kind for kind in _MEDIA if kind in kept)
        self.language = language

    def filled(self, words: Words, at: Node, language: str = "") -> str:
        """Return a text with other answers filled in."""
        node = words.node(language or self.language)
        return "" if node is None else self._rendered(node, at).strip()

    def _rendered(self, node: Node, at: Node) -> str:
        if node.local == "output":
            try:
                return to_text(self._run(node.attribute("value") or node.attribute("ref"), at))
            except FormError:
                return ""
        if node.kind is NodeKind.TEXT:
            return node.value
        return node.value + "".join(self._rendered(child, at) for child in node.children)

    def of_id(self, key: str, language: str = "", form: str = "") -> str:
        """Return the text of an id, the id itself if there is none; of a form such as image nothing then."""
        texts = self._form.itext_forms or {}
        found = {lang: forms[form] for lang, ids in texts.items() if form in (forms := ids.get(key, {}))}
        return Words(found).plain(language or self.language) or ("" if form else key)

    def media(self, question: Question, language: str = "") -> dict[str, str]:
        """Return the files that go with a label: kind (image, audio, video) -> file name."""
        lang = language or self.language
        return {kind: name for kind, words in question.media.items() if (name := file_name(words.plain(lang)))}

    def choices(self, itemset: Itemset, items: list[Node], language: str = "") -> list[Choice]:
        """Return choices with label and media: those written out, then those from the items of a list."""
        lang = language or self.language
        written = [
            Choice(value, words.plain(lang) or value, self._of_choice(itemset.media.get(value, {}), lang))
            for value, words in itemset.listed
        ]
        return [*written, *(self._choice(itemset, item, lang) for item in items)]

    def _choice(self, itemset: Itemset, item: Node, lang: str) -> Choice:
        value = next(iter(item.named(itemset.value)), None)
        names = itemset.label.split(",") if itemset.label else []  # search() may name several columns
        labels = (next(iter(item.named(name)), None) for name in names)
        text = ", ".join(string_value(label) for label in labels if label is not None)
        code = string_value(value) if value else ""
        place = next((string_value(node) for node in item.named("geometry")), "")
        if not itemset.itext:
            return Choice(code, text or code, geometry=place)
        media = {kind: name for kind in self._kinds if (name := file_name(self.of_id(text, lang, kind)))}
        return Choice(code, self.of_id(text, lang) or code, media, place)

    def _of_choice(self, media: Mapping[str, Words], lang: str) -> dict[str, str]:
        return {kind: file_name(words.plain(lang)) for kind, words in media.items()}


def file_name(reference: str) -> str:
    """Return the name of a file that a form refers to.

    >>> file_name("jr://images/a.png"), file_name("")
    ('a.png', '')
    """
    return reference.strip().rpartition("/")[2]
