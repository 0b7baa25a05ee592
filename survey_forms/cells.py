"""Forms as tables of cells: which choices a column has, and one answer changed under all rules of its form."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _, language
from fieldsurvey.model.review import ReviewState
from fieldsurvey.store import Store
from survey_forms.form import Form, Kind, Question
from survey_forms.instance import Context
from survey_forms.keeping import places
from survey_forms.layout import layout_of
from survey_forms.records import COMPLETE, DRAFT, Opened, Subject, open_form, save_record
from survey_forms.session import Session

_SEVERAL = {Kind.SELECT_MULTIPLE, Kind.RANK}
_UNFINISHED = {DRAFT, str(ReviewState.RETURNED), str(ReviewState.SUPERSEDED)}  # answers may be missing
_TYPED = {
    Kind.TEXT, Kind.INTEGER, Kind.DECIMAL, Kind.RANGE, Kind.DATE, Kind.TIME, Kind.DATETIME, Kind.SELECT_ONE,
    Kind.SELECT_MULTIPLE, Kind.BARCODE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CellRule:
    """What may stand in a column of a form's table.

    Attributes:
        choices: Code -> word, in the order of the list.
        several: Whether several codes may stand there, with blanks between.
        is_typed: Whether it can be changed as a text; places, photos and computed values cannot.
    """

    choices: Mapping[str, str] = field(default_factory=dict)
    several: bool = False
    is_typed: bool = True


def cell_rules(form: Form) -> dict[str, dict[str, CellRule]]:
    """Return, for each table of a form, the rules of its columns."""
    session, layout = Session(form, context=Context(language=language()[:2])), layout_of(form)
    for repeat in layout.keys:
        parent = repeat.rpartition("/")[0]
        if session.engine.find(parent) is not None and not session.instances(repeat):
            session.add_repeat(repeat)
    found: dict[str, dict[str, CellRule]] = {}
    for path, owner in layout.owners.items():
        found.setdefault(layout.table_of(owner), {})[layout.columns[path]] = _rule(session, session.question(path))
    return found


def _rule(session: Session, question: Question) -> CellRule:
    is_typed = question.kind in _TYPED and not question.bind.calculate and not question.bind.readonly
    if question.itemset is None or session.engine.find(question.path) is None:
        return CellRule(is_typed=is_typed)
    choices = {choice.value: choice.label for choice in session.all_choices(question.path, language())}
    return CellRule(choices, question.kind in _SEVERAL, is_typed)


def change_answer(store: Store, table: str, uid: str, column: str, text: str) -> None:
    """Change one answer of a saved record, or of a row of one of its lists, under all rules of its form.

    Args:
        store: The project.
        table: Table of the form or of the list.
        uid: The record or the row.
        column: Column of the answer.
        text: The answer as it is typed; of a choice its code; empty for blank.

    Raises:
        InputRefused: If a rule of the form stands against it, or the record is being filled in elsewhere.
    """
    opened = _opened(store, subject_of(store, table, uid))
    path = _path(opened, table, uid, column)
    status = str(opened.record.values.get("status") or DRAFT) if opened.record else DRAFT
    _check(opened.session, path)
    before = {problem.path for problem in opened.session.problems()}
    opened.session.answer(path, text)
    _judge(opened.session, path, before, may_lack=status in _UNFINISHED)
    save_record(store, opened, DRAFT if status in _UNFINISHED else COMPLETE)


def _opened(store: Store, subject: Subject) -> Opened:
    """Return the saved record; answers that nobody has saved yet must not be saved with another one."""
    unsaved = (subject.draft_key, replace(subject, record_uid="").draft_key)
    if any(store.draft(key) is not None for key in unsaved):
        raise InputRefused(_("This form holds answers that are not saved yet. Open it and save them first."))
    opened = open_form(store, subject, _context(store))
    if opened.record is None:
        raise _gone(subject.record_uid)
    return opened


def subject_of(store: Store, table: str, uid: str) -> Subject:
    """Return what the form of a record, or of a row of one of its lists, is about.

    Raises:
        InputRefused: If the record is gone.
    """
    table, uid = _record_of(store, table, uid)
    row = store.get(uid)
    if row is None:
        raise _gone(uid)
    return Subject(table, str(row.values.get("community_uid") or ""), str(row.values.get("subject_uid") or ""), uid)


def _gone(uid: str) -> InputRefused:
    return InputRefused(_("This record is not in the project (any more): {uid}").format(uid=uid))


def _context(store: Store) -> Context:
    return replace(Context(username=store.actor[2]), language=language()[:2])


def _record_of(store: Store, table: str, uid: str) -> tuple[str, str]:
    """Return table and uid of the record that a row belongs to; a record belongs to itself."""
    known = store.tables()
    while parent := known[table].parent:
        row = store.get(uid)
        if row is None:
            raise _gone(uid)
        table, uid = parent, str(row.values.get("parent_uid"))
    return table, uid


def _path(opened: Opened, table: str, uid: str, column: str) -> str:
    layout = layout_of(opened.session.form)
    for path, owner in layout.owners.items():
        if layout.table_of(owner) == table and layout.columns[path] == column:
            if not owner:
                return path
            for instance in places(opened.session, owner):
                if opened.session.node(instance).attribute("uid") == uid:
                    return instance + path[len(owner) :]
    raise InputRefused(_("The form of this record does not ask this any more. Open the form."))


def _check(session: Session, path: str) -> None:
    if not session.relevant(path):
        raise InputRefused(_("This is not asked here: another answer of the form rules it out."))
    if session.readonly(path):
        raise InputRefused(_("This answer is worked out by the form; it cannot be changed by hand."))


def _judge(session: Session, path: str, before: set[str], *, may_lack: bool) -> None:
    """Refuse what a rule stands against: in the answer itself, or in others that follow from it."""
    offered = {choice.value for choice in session.choices(path)}
    chosen = session.value(path).split() if session.question(path).kind in _SEVERAL else [session.value(path)]
    if offered and any(code and code not in offered for code in chosen):
        raise InputRefused(_("This choice does not fit the other answers of the form."))
    for problem in session.problems():
        if may_lack and problem.kind == "required":
            continue
        if problem.path == path:
            raise InputRefused(problem.message)
        if problem.path not in before:
            name = session.label(problem.path)
            raise InputRefused(
                _("With this, “{question}” would not be right: {why} Change both in the form.").format(
                    question=name, why=problem.message
                )
            )
