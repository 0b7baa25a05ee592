"""One filling-in of a form: values, rules, repeats, what is wrong and what is missing.

Nothing a person typed is ever dropped: a malformed or refused value stays as
raw text, an irrelevant one is kept aside, and snapshot() holds them all.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Value
from survey_forms import keeping, typed
from survey_forms.attachments import as_tree
from survey_forms.audit import Audit
from survey_forms.engine import FIRST_LOAD, LOAD, MAX_INSTANCES, Engine
from survey_forms.errors import FormError
from survey_forms.expression.evaluate import Context as Here
from survey_forms.expression.evaluate import World, compiled, nodes
from survey_forms.expression.nodes import Node, NodeKind, parse_xml, string_value
from survey_forms.expression.values import COLLECT, WEB, to_boolean
from survey_forms.form import Form, Group, Kind, Question
from survey_forms.graph import Place
from survey_forms.hurry import unhurried
from survey_forms.instance import Choice, Context, Problem, generic, graph_of
from survey_forms.words import Texts

_UNASKED = {Kind.NOTE, Kind.CALCULATE}


class Session:
    """A form being filled in.

    Attributes:
        form: The form.
        engine: Its instance and rules.
        audit: What was done when; None if the form does not ask for it.
        carried: Path -> name of the record its answer was carried over from, until a person confirms or changes it.
    """

    def __init__(
        self,
        form: Form,
        answers: Mapping[str, Value] | None = None,
        repeats: Mapping[str, Sequence[Mapping[str, Value]]] | None = None,
        context: Context | None = None,
    ) -> None:
        """Open a form, empty or with stored answers (columns as in the store).

        Raises:
            FormError: If a rule of the form is wrong.
        """
        with unhurried():
            self._open(form, answers, repeats or {}, context or Context())

    def _open(
        self,
        form: Form,
        answers: Mapping[str, Value] | None,
        repeats: Mapping[str, Sequence[Mapping[str, Value]]],
        context: Context,
    ) -> None:
        self.form = form
        self._graph = graph_of(form)
        self._context = context
        self._texts = Texts(form, self._context.language, self._run)
        self._questions = self._graph.questions
        self._elements = {element.path: element for element in form.elements()}
        self.engine = Engine(form, self._graph, self._world(), self._context.position)
        self._repeats = self.engine.repeats
        self.audit = Audit.wanted(form, self._now)
        self.carried: dict[str, str] = {}
        if answers is None:
            self._begin()
        else:
            blanked = keeping.load(self, answers, repeats)
            self.engine.settle_all()
            for node, default in blanked:
                if node.hidden:
                    node.value = default

    def _world(self) -> World:
        rng = random.Random()  # noqa: S311 - order of choices, no secrets
        lists = {name: self._list(as_tree(rows)) for name, rows in self._context.lists.items()}
        if "__last-saved" in self.form.instances:
            saved = self._context.last_saved
            top = parse_xml(saved, keep_space=False) if saved else self.form.template
            lists["__last-saved"] = self._list(top.elements()[0].copy())
        return World(
            now=self._now,
            random=rng,
            instances={**self.form.instances, **lists},
            translate=self._texts.of_id,
            seed=float(rng.randrange(1, 2**31)),
            choice_name=self._choice_name,
            index=self.form.index,
            profile=WEB if self.form.reads_as_web else COLLECT,
        )

    def _list(self, content: Node) -> Node:
        holder = Node(NodeKind.ELEMENT, "instance")
        holder.append(content)
        return holder

    def _now(self) -> datetime:
        return datetime.now().astimezone(self._context.now.tzinfo)

    def _begin(self) -> None:
        """Begin a new record: preloaded values, then rules, then the actions of the first opening."""
        keeping.preload(self, self._context)
        self.engine.settle_all()
        if self.form.actions:
            self.engine.fire(FIRST_LOAD, None)
            self.engine.fire(LOAD, None)
            self.engine.settle()

    # --- reading -------------------------------------------------------------------------------------------------

    @property
    def language(self) -> str:
        """The language shown now."""
        return self._texts.language

    def switch(self, language: str) -> None:
        """Show another language from now on; what is computed from labels follows."""
        self._texts.language = language
        self.engine.settle_all()

    def leaves(self) -> list[str]:
        """Return the paths of all questions outside repeats, in order."""
        inside = tuple(path + "/" for path in self._repeats)
        return [path for path in self._questions if not path.startswith(inside)] if inside else list(self._questions)

    def question(self, path: str) -> Question:
        """Return the question at a path, with or without instance numbers."""
        return self._questions[generic(path)]

    def value(self, path: str) -> str:
        """Return the raw text of an answer, also while it is irrelevant; empty for blank."""
        return self.node(path).value

    def relevant(self, path: str) -> bool:
        """Say whether a question, group or repeat is asked now."""
        return not self.node(path).hidden

    def required(self, path: str) -> bool:
        """Say whether an answer must not stay blank."""
        return self._flag(path, self.question(path).bind.required)

    def readonly(self, path: str) -> bool:
        """Say whether an answer may not be changed here: itself or a group around it says so."""
        pieces = path.strip("/").split("/")
        around = ("/" + "/".join(pieces[:depth]) for depth in range(len(pieces), 0, -1))
        rules = ((place, self.form.binds.get(generic(place))) for place in around)
        return any(self._flag(place, bind.readonly) for place, bind in rules if bind is not None and bind.readonly)

    def label(self, path: str, language: str = "") -> str:
        """Return the label of a question, group or repeat with other answers filled in; it may hold markdown."""
        element = self._elements.get(generic(path)) or self.question(path)
        return self._texts.filled(element.words, self.node(path), language)

    def hint(self, path: str, language: str = "") -> str:
        """Return the hint with other answers filled in."""
        return self._texts.filled(self.question(path).hint, self.node(path), language)

    def guidance(self, path: str, language: str = "") -> str:
        """Return the longer help of a question."""
        return self._texts.filled(self.question(path).guidance, self.node(path), language)

    def media(self, path: str, language: str = "") -> dict[str, str]:
        """Return the files that go with the label of a question: image, big-image, audio, video -> file name."""
        return self._texts.media(self.question(path), language)

    def choices(self, path: str, language: str = "") -> list[Choice]:
        """Return the choices that may be taken now; of a range, the labels of its values."""
        question = self.question(path)
        itemset = question.itemset or question.ticks
        if itemset is None:
            return []
        return self._texts.choices(itemset, self._items(path, itemset.nodeset) if itemset.nodeset else [], language)

    def prepare(self) -> None:
        """Put long lists in order for their filters, so that the first answer which narrows one need not wait for it.

        Call it where waiting does no harm.
        """
        for path in self.leaves():
            itemset = self.question(path).itemset
            if itemset is not None and "[" in itemset.nodeset:
                self._items(path, itemset.nodeset)

    def codes(self, path: str) -> list[str]:
        """Return the values that may be taken now, without the labels that take most of the time."""
        itemset = self.question(path).itemset
        if itemset is None:
            return []
        items = self._items(path, itemset.nodeset) if itemset.nodeset else []
        found = (next(iter(item.named(itemset.value)), None) for item in items)
        return [code for code, _words in itemset.listed] + [string_value(node) for node in found if node is not None]

    def all_choices(self, path: str, language: str = "") -> list[Choice]:
        """Return every choice of a question, those that other answers rule out now included."""
        itemset = self.question(path).itemset
        if itemset is None:
            return []
        nodeset = without_filters(itemset.nodeset)
        return self._texts.choices(itemset, self._items(path, nodeset) if nodeset else [], language)

    def _items(self, path: str, nodeset: str) -> list[Node]:
        try:
            return nodes(self._run(nodeset, self.node(path)))
        except FormError:
            return []

    def error(self, path: str) -> str:
        """Return what is wrong with an answer, empty if nothing: its form, a rule, or that it is missing."""
        problem = self._problem(path, self.node(path))
        return "" if problem is None else problem.message

    def problems(self) -> list[Problem]:
        """Return everything that stands against completing the form, in order."""
        return [problem for _path, _question, problem, _has_answer in self.review() if problem is not None]

    def asked(self) -> Iterator[str]:
        """Yield the paths, with instance numbers, of all questions that are asked now, in order."""
        return (path for path, _node in self._asked())

    def _asked(self) -> Iterator[tuple[str, Node]]:
        questions = self._questions
        for path, node in self.engine.walk():
            if not node.hidden and isinstance(node.place, Place) and node.place.path in questions:
                yield path, node

    def review(self) -> Iterator[tuple[str, Question, Problem | None, bool]]:
        """Yield path, question, what is wrong and whether there is an answer, of all that takes an answer, in order.

        The answers must not change meanwhile.
        """
        for path, node in self._asked():
            question = self._questions[self.engine.place(node).path]
            if asks(question):
                yield path, question, self._problem(path, node, question), bool(node.value)

    def progress(self) -> tuple[int, int]:
        """Return how many of the questions asked now have an answer, and how many are asked."""
        kept = [node for _path, node in self._asked() if asks(self._questions[self.engine.place(node).path])]
        return sum(bool(node.value) for node in kept), len(kept)

    def instances(self, path: str) -> list[str]:
        """Return the paths of the instances of a repeat, such as /data/photos[1]; none where its parent is missing."""
        parent = self.engine.find(path.rpartition("/")[0])
        count = len(parent.named(path.rpartition("/")[2])) if parent else 0
        return [f"{path}[{index}]" for index in range(1, count + 1)]

    # --- changing ------------------------------------------------------------------------------------------------

    def answer(self, path: str, text: str) -> frozenset[str]:
        """Set an answer; return the generic paths whose value or state may have changed, its own among them.

        Raises:
            KeyError: If there is no such question.
        """
        node, question = self.node(path), self.question(path)
        before = node.value
        self.carried.pop(path, None)
        self.engine.changed = set()
        if not self.engine.assign(node, typed.canonical(question.kind, text)):
            return frozenset()
        self.engine.settle()
        if self.audit is not None:
            self.audit.record("question", path, before, node.value)
        return self.touched()

    def confirm(self, path: str = "") -> None:
        """Take an answer that was carried over as one's own; without a path all of them."""
        for each in [path] if path else list(self.carried):
            self.carried.pop(each, None)

    def touched(self) -> frozenset[str]:
        """Return the generic paths whose value or state the last change may have changed."""
        changed = self.engine.changed
        watching = {watcher for path in changed for watcher in self._graph.watchers.get(path, ())}
        return frozenset(changed | watching)

    def add_repeat(self, path: str) -> str:
        """Add an instance of a repeat at its end; return its path.

        Raises:
            InputRefused: If there are too many.
        """
        return self._added(path, None)

    def duplicate_repeat(self, instance: str) -> str:
        """Add a copy of an instance behind the others of its repeat; return its path.

        Raises:
            InputRefused: If there are too many.
        """
        return self._added(instance.rpartition("[")[0], self.node(instance))

    def _added(self, path: str, source: Node | None) -> str:
        place = self._graph.places[generic(path)]
        parent = self.node(path.rpartition("/")[0])
        if len(parent.named(place.names[-1])) >= MAX_INSTANCES:
            raise InputRefused(_("A list in a form holds at most {n} entries.").format(n=MAX_INSTANCES))
        self.engine.changed = set()
        self.engine.add(place, parent, source)
        self.engine.settle()
        added = f"{path}[{len(parent.named(place.names[-1]))}]"
        if self.audit is not None:
            self.audit.record("add repeat", added)
        return added

    def remove_repeat(self, path: str) -> None:
        """Remove one instance, such as /data/photos[2]."""
        self.engine.changed = set()
        self.engine.remove(self.node(path))
        self.engine.settle()
        if self.audit is not None:
            self.audit.record("delete repeat", path)

    def move_repeat(self, path: str, number: int) -> str:
        """Move an instance to another number among its siblings, from 1; return its new path."""
        node, name = self.node(path), generic(path).rpartition("/")[2]
        parent = node.parent
        if parent is None:
            return path
        others = [child for child in parent.named(name) if child is not node]
        number = max(1, min(number, len(others) + 1))
        parent.remove(node)
        before = others[number - 1] if number <= len(others) else None
        last = others[-1] if others else None
        anchor = before or last
        at = next((i for i, child in enumerate(parent.children) if child is anchor), 0)
        parent.insert(at if before or anchor is None else at + 1, node)
        self.engine.changed = set()
        self.engine.restructure(self._graph.places[generic(path)], parent)
        self.engine.settle()
        return f"{path.rpartition('[')[0]}[{number}]"

    # --- in and out ----------------------------------------------------------------------------------------------

    def answers(self) -> tuple[dict[str, Value], dict[str, list[dict[str, Value]]]]:
        """Return the answers as the store keeps them: columns, and rows per repeat. Irrelevant and malformed: None."""
        return keeping.answers(self)

    def snapshot(self) -> str:
        """Return everything typed, malformed and irrelevant included, as JSON."""
        return keeping.snapshot(self)

    def rewind(self, snapshot: str) -> None:
        """Bring this filling-in into the state of a snapshot of it.

        Raises:
            InputRefused: If the text is no snapshot.
        """
        keeping.rewind(self, snapshot)

    @classmethod
    def restore(cls, form: Form, snapshot: str, context: Context | None = None) -> "Session":
        """Return a session in the state of a snapshot; what the form no longer asks is left out.

        Raises:
            InputRefused: If the text is no snapshot.
        """
        session = cls(form, {}, {}, context)
        keeping.restore(session, snapshot)
        return session

    # --- rules ---------------------------------------------------------------------------------------------------

    def _problem(self, path: str, node: Node, known: Question | None = None) -> Problem | None:
        question = known or self.question(path)
        if node.hidden or question.kind in _UNASKED:
            return None
        if not node.value:
            if self._flag_at(question.path, question.bind.required, node):
                message = self._texts.filled(question.bind.required_message, node)
                return Problem(path, "required", message or _("Please answer this."))
            return None
        return self._wrong(path, question, node)

    def _wrong(self, path: str, question: Question, node: Node) -> Problem | None:
        """Return what is wrong with an answer that is there."""
        if wrong := typed.wrong(question.kind, node.value):
            return Problem(path, "type", wrong)
        if question.bind.constraint and not self._holds(question.bind.constraint, node):
            message = self._texts.filled(question.bind.message, node)
            return Problem(path, "constraint", message or _("This value is not allowed."))
        if path in self.carried:
            told = _("Copied from {name}; please confirm or change it.")
            return Problem(path, "carried", told.format(name=self.carried[path]))
        return None

    def _holds(self, expression: str, node: Node) -> bool:
        try:
            return to_boolean(self._run(expression, node))
        except FormError:
            return True

    def _flag(self, path: str, expression: str) -> bool:
        return bool(expression) and self._flag_at(generic(path), expression, self.node(path))

    def _flag_at(self, _path: str, expression: str, node: Node) -> bool:
        if expression in _SURE:
            return _SURE[expression]
        try:
            return to_boolean(self._run(expression, node))
        except FormError:
            return False

    def _run(self, expression: str, node: Node) -> Any:  # noqa: ANN401 - any XPath value
        path = self.engine.place(node).path if node.place is not None else ""
        run = self._graph.shown.get((path, expression)) or compiled(expression)
        return run(Here(node, self.engine.world))

    def _choice_name(self, value: str, path: str, node: Node) -> str:
        place = self._graph.places.get(self._absolute(path.strip(), node))
        question = self._questions.get(place.path) if place else None
        if place is None or question is None:
            return value
        at = self.engine.sibling(place, node)
        itemset = question.itemset
        if itemset is None or at is None:
            return value
        items = nodes(self._run(itemset.nodeset, at)) if itemset.nodeset else []
        found = self._texts.choices(itemset, items)
        return next((choice.label for choice in found if choice.value == value), value)

    def _absolute(self, path: str, node: Node) -> str:
        if path.startswith("/"):
            return path
        names = list(self.engine.place(node).names)
        for piece in path.split("/"):
            if piece == "..":
                names = names[:-1]
            elif piece not in {".", "", "current()"}:
                names.append(piece)
        return "/" + "/".join(names)

    # --- nodes ---------------------------------------------------------------------------------------------------

    def node(self, path: str) -> Node:
        """Return the node at a path.

        Raises:
            KeyError: If there is none.
        """
        node = self.engine.find(path)
        if node is None:
            raise KeyError(path)
        return node

    def element(self, path: str) -> Question | Group:
        """Return the question, group or repeat at a path."""
        return self._elements[generic(path)]


def asks(question: Question) -> bool:
    """Say whether a question asks a person: notes, calculated and hidden values and the heads of tables do not."""
    return question.kind not in _UNASKED and "label" not in question.appearance.split() and not question.is_hidden


_SURE = {"": False, "true()": True, "false()": False}


def without_filters(nodeset: str) -> str:
    """Return the expression of a list of choices without what filters it.

    >>> without_filters("instance('town')/rows/item[county = /data/county[1]]")
    "instance('town')/rows/item"
    """
    kept, depth = [], 0
    for sign in nodeset:
        depth += sign == "["
        if not depth:
            kept.append(sign)
        depth -= sign == "]"
    return "".join(kept)
