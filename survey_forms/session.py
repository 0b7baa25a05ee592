"""One filling-in of a form: values, rules, repeats, what is wrong and what is missing.

Nothing a person typed is ever dropped: a malformed or refused value stays as
raw text, an irrelevant one is kept aside, and snapshot() holds them all.
"""

import heapq
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Value
from survey_forms import typed
from survey_forms.errors import FormError
from survey_forms.expression.evaluate import Context as Here
from survey_forms.expression.evaluate import World, compiled, evaluate, nodes
from survey_forms.expression.nodes import Node, NodeKind, string_value
from survey_forms.expression.values import to_boolean, to_number, to_text
from survey_forms.form import Form, Kind, Question, Repeat, Words
from survey_forms.instance import Choice, Context, Problem, calculated, find_all, generic, graph_of, path_of

_NO_VALUE = {Kind.NOTE}
_MAX_INSTANCES = 10_000


class Session:
    """A form being filled in."""

    def __init__(
        self,
        form: Form,
        answers: Mapping[str, Value] | None = None,
        repeats: Mapping[str, Sequence[Mapping[str, Value]]] | None = None,
        context: Context | None = None,
    ) -> None:
        """Open a form, empty or with stored answers (columns as in the store)."""
        self.form = form
        self._graph = graph_of(form)
        self._context = context or Context()
        self._document = form.template.copy()
        self._questions = {question.path: question for question in form.questions()}
        self._repeats = {repeat.path: repeat for repeat in form.repeats()}
        self._blank = {path: self._cut(path) for path in sorted(self._repeats, key=len, reverse=True)}
        self._irrelevant: set[Node] = set()
        self._world = World(
            now=lambda: datetime.now().astimezone(self._context.now.tzinfo),
            random=random.Random(),  # noqa: S311 - order of choices, no secrets
            instances=form.instances,
            translate=self._translate,
            choice_name=self._choice_name,
        )
        if answers is None:
            self._preload()
        else:
            self._load(answers, repeats or {})
        self._settle(range(len(self._graph.rules)))
        self._apply_counts()

    # --- reading -------------------------------------------------------------------------------------------------

    def leaves(self) -> list[str]:
        """Return the paths of all questions outside repeats, in order."""
        inside = tuple(path + "/" for path in self._repeats)
        return [path for path in self._questions if not path.startswith(inside)] if inside else list(self._questions)

    def question(self, path: str) -> Question:
        """Return the question at a path, with or without instance numbers."""
        return self._questions[generic(path)]

    def value(self, path: str) -> str:
        """Return the raw text of an answer, also while it is irrelevant; empty for blank."""
        return self._node(path).value

    def relevant(self, path: str) -> bool:
        """Say whether a question, group or repeat is asked now."""
        return not self._node(path).hidden

    def required(self, path: str) -> bool:
        """Say whether an answer must not stay blank."""
        return self._flag(path, "required")

    def readonly(self, path: str) -> bool:
        """Say whether an answer may not be changed here."""
        return self._flag(path, "readonly")

    def label(self, path: str, language: str = "") -> str:
        """Return the label with other answers filled in."""
        return self._filled(self.question(path).words, path, language)

    def hint(self, path: str, language: str = "") -> str:
        """Return the hint with other answers filled in."""
        return self._filled(self.question(path).hint, path, language)

    def choices(self, path: str, language: str = "") -> list[Choice]:
        """Return the choices that may be taken now."""
        question = self.question(path)
        if question.itemset is None:
            return []
        itemset, lang = question.itemset, language or self._context.language
        if itemset.listed:
            return [Choice(value, words.plain(lang)) for value, words in itemset.listed]
        found: list[Choice] = []
        for item in self._items(path, itemset.nodeset):
            value, label = item.element(itemset.value), item.element(itemset.label)
            text = string_value(label) if label else ""
            shown = self._text_of(text, lang) if itemset.itext else text
            found.append(Choice(string_value(value) if value else "", shown))
        return found

    def _items(self, path: str, nodeset: str) -> list[Node]:
        try:
            return nodes(self._run(nodeset, self._node(path)))
        except FormError:
            return []

    def error(self, path: str) -> str:
        """Return what is wrong with an answer, empty if nothing: its form, a rule, or that it is missing."""
        problem = self._problem(path)
        return "" if problem is None else problem.message

    def problems(self) -> list[Problem]:
        """Return everything that stands against completing the form, in order."""
        return [problem for path in self.asked() if (problem := self._problem(path)) is not None]

    def asked(self) -> Iterator[str]:
        """Yield the paths, with instance numbers, of all questions that are asked now, in order."""
        for node in self._document.descendants():
            path = path_of(node, self._repeats)
            if generic(path) in self._questions and not node.hidden:
                yield path

    def progress(self) -> tuple[int, int]:
        """Return how many of the questions asked now have an answer, and how many are asked."""
        kept = [p for p in self.asked() if self.question(p).kind not in {Kind.NOTE, Kind.CALCULATE}]
        return sum(bool(self.value(path)) for path in kept), len(kept)

    def instances(self, path: str) -> list[str]:
        """Return the paths of the instances of a repeat, such as /data/photos[1]."""
        parent = self._node(path.rpartition("/")[0])
        count = len(parent.elements(path.rpartition("/")[2]))
        return [f"{path}[{index}]" for index in range(1, count + 1)]

    # --- changing ------------------------------------------------------------------------------------------------

    def answer(self, path: str, text: str) -> frozenset[str]:
        """Set an answer; return the generic paths whose value or state may have changed, its own among them.

        Raises:
            KeyError: If there is no such question.
        """
        node, question = self._node(path), self.question(path)
        value = typed.canonical(question.kind, text)
        if node.value == value:
            return frozenset()
        node.value = value
        return self._changed(question.path)

    def add_repeat(self, path: str) -> str:
        """Add an instance of a repeat at its end; return its path.

        Raises:
            InputRefused: If there are too many.
        """
        parent, name = self._node(path.rpartition("/")[0]), path.rpartition("/")[2]
        same = parent.elements(name)
        if len(same) >= _MAX_INSTANCES:
            raise InputRefused(_("A list in a form holds at most {n} entries.").format(n=_MAX_INSTANCES))
        fresh = self._blank[generic(path)].copy()
        at = parent.children.index(same[-1]) + 1 if same else self._place(parent, generic(path))
        parent.insert(at, fresh)
        self._changed(generic(path))
        return f"{path}[{len(same) + 1}]"

    def remove_repeat(self, path: str) -> None:
        """Remove one instance, such as /data/photos[2]."""
        node = self._node(path)
        if node.parent is not None:
            node.parent.remove(node)
        self._changed(generic(path))

    def _place(self, parent: Node, path: str) -> int:
        """Return where among its siblings the first instance of a repeat belongs."""
        order = [child.name for child in self._template_node(path.rpartition("/")[0]).children]
        at = order.index(path.rpartition("/")[2])
        before = set(order[:at])
        return max((index + 1 for index, child in enumerate(parent.children) if child.name in before), default=0)

    # --- in and out ----------------------------------------------------------------------------------------------

    def answers(self) -> tuple[dict[str, Value], dict[str, list[dict[str, Value]]]]:
        """Return the answers as the store keeps them: columns, and rows per repeat. Irrelevant and malformed: None."""
        values = {self._column(path): self._typed(path) for path in self.leaves() if self._stored(path)}
        rows: dict[str, list[dict[str, Value]]] = {}
        for repeat in self._repeats.values():
            if any(repeat.path.startswith(other + "/") for other in self._repeats):
                continue  # a repeat inside a repeat travels in the snapshot; its table comes with nested storage
            rows[repeat.name] = [self._row(instance, repeat) for instance in self.instances(repeat.path)]
        return values, rows

    def _row(self, instance: str, repeat: Repeat) -> dict[str, Value]:
        inside = [path for path in self._questions if path.startswith(repeat.path + "/")]
        direct = [
            path for path in inside if not any(path.startswith(r + "/") for r in self._repeats if r != repeat.path)
        ]
        row: dict[str, Value] = {
            typed.column(path, repeat.path): self._typed(instance + path[len(repeat.path) :])
            for path in direct
            if self._stored(path)
        }
        uid = self._node(instance).attribute("uid")
        return {**row, "uid": uid} if uid else row

    def snapshot(self) -> str:
        """Return everything typed, malformed and irrelevant included, as JSON."""
        values = {}
        for node in self._document.descendants():
            path = path_of(node, self._repeats)
            if node.value and generic(path) in self._questions:
                values[path] = node.value
        counts = {path: len(self.instances(path)) for path in self._repeats if self._is_outer(path)}
        uids = {i: u for path in counts for i in self.instances(path) if (u := self._node(i).attribute("uid"))}
        state = {"form": self.form.id, "version": self.form.version, "values": values, "counts": counts, "uids": uids}
        return json.dumps(state, ensure_ascii=False)

    @classmethod
    def restore(cls, form: Form, snapshot: str, context: Context | None = None) -> "Session":
        """Return a session in the state of a snapshot; what the form no longer asks is left out.

        Raises:
            InputRefused: If the text is no snapshot.
        """
        try:
            state: dict[str, Any] = json.loads(snapshot)
            values, counts = dict(state["values"]), dict(state["counts"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputRefused(_("The kept draft is damaged and was not opened.")) from error
        session = cls(form, {}, {}, context)
        for path, count in counts.items():
            while path in session._repeats and len(session.instances(path)) < int(count):
                session.add_repeat(path)
        for path, uid in dict(state.get("uids", {})).items():
            if session._find(path) is not None:
                session._mark(path, str(uid))
        for path, text in values.items():
            node = session._find(path)
            if node is not None:
                node.value = str(text)
        session._settle(range(len(session._graph.rules)))
        return session

    def _load(self, answers: Mapping[str, Value], repeats: Mapping[str, Sequence[Mapping[str, Value]]]) -> None:
        for path in self.leaves():
            if answers.get(self._column(path)) is not None:
                self._node(path).value = typed.text(answers[self._column(path)])
        for repeat in self._repeats.values():
            for row in repeats.get(repeat.name, ()):
                instance = self.add_repeat(repeat.path)
                self._mark(instance, str(row.get("uid") or ""))
                for path in (p for p in self._questions if p.startswith(repeat.path + "/")):
                    value = row.get(typed.column(path, repeat.path))
                    if value is not None:
                        self._node(instance + path[len(repeat.path) :]).value = typed.text(value)

    def _mark(self, instance: str, uid: str) -> None:
        """Remember which stored row an instance is, so that removing another never shifts its identity."""
        if uid:
            node = self._node(instance)
            node.attributes = [Node(NodeKind.ATTRIBUTE, "uid", uid, node)]

    def _column(self, path: str) -> str:
        return typed.column(path, self.form.root.path)

    def _stored(self, path: str) -> bool:
        return self._questions[generic(path)].kind not in _NO_VALUE

    def _typed(self, path: str) -> Value:
        node = self._node(path)
        return None if node.hidden else typed.value(self.question(path).kind, self.question(path).bind.type, node.value)

    # --- rules ---------------------------------------------------------------------------------------------------

    def _problem(self, path: str) -> Problem | None:
        node, question = self._node(path), self.question(path)
        if node.hidden or question.kind in {Kind.NOTE, Kind.CALCULATE}:
            return None
        if not node.value:
            if self.required(path):
                message = question.bind.required_message.plain(self._context.language)
                return Problem(path, "required", message or _("Please answer this."))
            return None
        if wrong := typed.wrong(question.kind, node.value):
            return Problem(path, "type", wrong)
        if question.bind.constraint and not self._holds(question.bind.constraint, node):
            message = self._filled(question.bind.message, path, "")
            return Problem(path, "constraint", message or _("This value is not allowed."))
        return None

    def _holds(self, expression: str, node: Node) -> bool:
        try:
            return to_boolean(self._run(expression, node))
        except FormError:
            return True

    def _flag(self, path: str, name: str) -> bool:
        expression = str(getattr(self.question(path).bind, name))
        return bool(expression) and self._holds_flag(expression, self._node(path))

    def _holds_flag(self, expression: str, node: Node) -> bool:
        try:
            return to_boolean(self._run(expression, node))
        except FormError:
            return False

    def _run(self, expression: str, node: Node) -> Any:  # noqa: ANN401 - any XPath value
        return compiled(expression)(Here(node, self._world))

    def _changed(self, path: str) -> frozenset[str]:
        touched = self._settle(self._graph.touched.get(path, ())) | {path}
        self._apply_counts()
        watching = {watcher for changed in touched for watcher in self._graph.watchers.get(changed, ())}
        return frozenset(touched | watching)

    def _settle(self, first: Iterable[int]) -> set[str]:
        """Run rules in order of rank until nothing changes any more; return the paths that changed."""
        heap = sorted(set(first))
        queued: set[int] = set(heap)
        changed: set[str] = set()
        while heap:
            index = heapq.heappop(heap)
            queued.discard(index)
            rule = self._graph.rules[index]
            for path in self._apply(index, rule.kind, rule.path):
                changed.add(path)
                for further in self._graph.touched.get(path, ()):
                    if further not in queued and further != index:
                        queued.add(further)
                        heapq.heappush(heap, further)
        return changed

    def _apply(self, index: int, kind: str, path: str) -> set[str]:
        changed: set[str] = set()
        for node in self._all(path):
            try:
                value = self._graph.rules[index].run(Here(node, self._world))
            except FormError:
                value = True if kind == "relevant" else ""
            if kind == "relevant":
                changed |= self._show(node, path, shown=to_boolean(value))
            elif (text := calculated(to_text(value))) != node.value:
                node.value = text
                changed.add(path)
        return changed

    def _show(self, node: Node, path: str, *, shown: bool) -> set[str]:
        """Set a node's own relevance; return the generic paths of what appeared or vanished with it."""
        if shown:
            self._irrelevant.discard(node)
        else:
            self._irrelevant.add(node)
        before = node.hidden
        self._hide(node, hidden=node.parent is not None and node.parent.hidden)
        if node.hidden == before:
            return set()
        return {path} | {p for p in (*self._questions, *self._repeats) if p.startswith(path + "/")}

    def _hide(self, node: Node, *, hidden: bool) -> None:
        node.hidden = hidden or node in self._irrelevant
        for child in node.children:
            self._hide(child, hidden=node.hidden)

    def _apply_counts(self) -> None:
        """Bring counted repeats to their number; filled instances are never taken away because a number shrinks."""
        for repeat in self._repeats.values():
            if not repeat.count or not self._is_outer(repeat.path):
                continue
            number = to_number(evaluate(repeat.count, self._node(repeat.path.rpartition("/")[0]), self._world))
            wanted = min(int(number), _MAX_INSTANCES) if number == number else 0  # noqa: PLR0124 - NaN test
            while len(self.instances(repeat.path)) < wanted:
                self.add_repeat_uncounted(repeat.path)
            while len(found := self.instances(repeat.path)) > wanted and self._is_blank(found[-1]):
                self.remove_uncounted(found[-1])

    def add_repeat_uncounted(self, path: str) -> None:
        """Add an instance without looking at counts again."""
        parent, name = self._node(path.rpartition("/")[0]), path.rpartition("/")[2]
        same = parent.elements(name)
        at = parent.children.index(same[-1]) + 1 if same else self._place(parent, path)
        parent.insert(at, self._blank[path].copy())
        self._settle(self._graph.touched.get(path, ()))

    def remove_uncounted(self, path: str) -> None:
        """Remove an instance without looking at counts again."""
        node = self._node(path)
        if node.parent is not None:
            node.parent.remove(node)
        self._settle(self._graph.touched.get(generic(path), ()))

    def _is_blank(self, path: str) -> bool:
        return not any(node.value for node in self._node(path).descendants())

    # --- nodes ---------------------------------------------------------------------------------------------------

    def _cut(self, path: str) -> Node:
        """Take the template of a repeat out of the document and return it; inner repeats are cut already."""
        node = self._template_node(path).copy()
        for inner in [r for r in self._repeats if r.startswith(path + "/")]:
            for found in find_all(node, inner[len(path) + 1 :].split("/")):
                if found.parent is not None:
                    found.parent.remove(found)
        for found in self._all(path):
            if found.parent is not None:
                found.parent.remove(found)
        return node

    def _template_node(self, path: str) -> Node:
        return find_all(self.form.template, path.strip("/").split("/"))[0]

    def _all(self, path: str) -> list[Node]:
        return find_all(self._document, path.strip("/").split("/"))

    def _node(self, path: str) -> Node:
        node = self._find(path)
        if node is None:
            raise KeyError(path)
        return node

    def _find(self, path: str) -> Node | None:
        node: Node | None = self._document
        for piece in path.strip("/").split("/"):
            name, _bracket, number = piece.partition("[")
            same = node.elements(name) if node else []
            index = int(number[:-1]) - 1 if number else 0
            node = same[index] if index < len(same) else None
        return node

    def _is_outer(self, path: str) -> bool:
        return not any(path.startswith(other + "/") for other in self._repeats)

    def _preload(self) -> None:
        now = self._context.now
        known = {
            "timestamp": now.isoformat(timespec="milliseconds"),
            "date": now.date().isoformat(),
            "username": self._context.username,
            "deviceid": self._context.deviceid,
        }
        for bind in self.form.binds.values():
            kind, parameter = bind.preload
            text = known.get(parameter if kind == "property" else kind, "")
            node = self._find(bind.path)
            if text and node is not None and parameter != "end":
                node.value = text

    # --- words ---------------------------------------------------------------------------------------------------

    def _translate(self, key: str) -> str:
        return self._text_of(key, self._context.language)

    def _text_of(self, key: str, language: str) -> str:
        return (
            Words({lang: texts[key] for lang, texts in self.form.itext.items() if key in texts}).plain(language) or key
        )

    def _choice_name(self, value: str, path: str) -> str:
        question = self._questions.get(path.strip())
        if question is None:
            return value
        return next((choice.label for choice in self.choices(question.path) if choice.value == value), value)

    def _filled(self, words: Words, path: str, language: str) -> str:
        node = words.node(language or self._context.language)
        return "" if node is None else self._rendered(node, self._node(path)).strip()

    def _rendered(self, node: Node, at: Node) -> str:
        if node.local == "output":
            try:
                return to_text(self._run(node.attribute("value"), at))
            except FormError:
                return ""
        if node.kind is NodeKind.TEXT:
            return node.value
        return node.value + "".join(self._rendered(child, at) for child in node.children)
