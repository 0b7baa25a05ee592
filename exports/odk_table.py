"""Records as the tables of ODK Central (CSV, XLSX), and such tables as submissions.

Source: ODK Central documentation, "Submissions as CSV": groups are joined by a
hyphen, a place has four columns, a repeat is a table of its own with
PARENT_KEY and KEY, and the columns of the system stand at the end.
"""

import csv
import glob
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from survey_forms import Form, Kind, Question
from survey_forms.expression.nodes import Node, NodeKind
from survey_forms.submission import OURS, read

if TYPE_CHECKING:
    from exports.odk import Submission

Row = dict[str, str]
_PLACE = ("Latitude", "Longitude", "Altitude", "Accuracy")
_SYSTEM = (
    "KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status", "ReviewState",
    "DeviceID", "Edits", "FormVersion",
)  # fmt: skip
_OURS = "fieldsurvey-"  # columns for what our program keeps beside the answers
_REVIEW = {"approved": "approved", "returned": "hasIssues"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def tables(form: Form, found: Sequence["Submission"], *, split: bool = False) -> dict[str, list[Row]]:
    """Return the tables of a form: its own, and one per repeat, by name of the file; split as in export()."""
    made: dict[str, list[Row]] = {form_file(form): [_main(form, submission) for submission in found]}
    for repeat in form.repeats():
        rows = [row for submission in found for row in _instances(form, submission, repeat.path)]
        made[_table(form, repeat.path)] = rows
    if split:
        codes = _codes(form, found)
        made = {name: [row | _split(row, codes.get(name, {})) for row in rows] for name, rows in made.items()}
    return made


def _codes(form: Form, found: Sequence["Submission"]) -> dict[str, dict[str, list[str]]]:
    """Return table -> column of a select_multiple -> the codes it offers, with those that were chosen."""
    made: dict[str, dict[str, list[str]]] = {}
    for repeat in (None, *(repeat.path for repeat in form.repeats())):
        root = repeat or form.root.path
        table = form_file(form) if repeat is None else _table(form, repeat)
        for question in (question for question in _direct(form, repeat) if question.kind is Kind.SELECT_MULTIPLE):
            offered: dict[str, None] = {}
            for submission in found:
                offered |= dict.fromkeys(_offered(submission, question))
            made.setdefault(table, {})[_name(question.path, root)] = list(offered)
    return made


def _offered(submission: "Submission", question: Question) -> Iterator[str]:
    session = submission.session
    for path in (path for path in session.asked() if _plain(path) == question.path):
        yield from (choice.value for choice in session.choices(path))
        yield from session.value(path).split()


def _split(row: Row, codes: dict[str, list[str]]) -> Row:
    """Return the columns of 1 and 0 of a row, named as ODK Central does: question/choice; blank stays blank."""
    return {
        f"{column}/{code}": "" if not row.get(column) else str(int(code in row[column].split()))
        for column, offered in codes.items()
        for code in offered
    }


def head(form: Form, table: str) -> list[str]:
    """Return the columns of a table."""
    repeat = next((r.path for r in form.repeats() if _table(form, r.path) == table), None)
    names = [name for question in _direct(form, repeat) for name in _columns(question, repeat or form.root.path)]
    if repeat is not None:
        return [*names, "PARENT_KEY", "KEY"]
    ours = [_OURS + name for name in ("community_uid", "subject_uid", "status", "saved_at")]
    return ["SubmissionDate", *names, "meta-instanceID", *ours, *_SYSTEM]


def _direct(form: Form, repeat: str | None) -> list[Question]:
    """Return the questions of the form outside repeats, or of one repeat outside of those inside it."""
    start = (repeat or form.root.path) + "/"
    inner = tuple(r.path + "/" for r in form.repeats() if r.path.startswith(start) and r.path != repeat)
    return [
        question
        for question in form.questions()
        if question.path.startswith(start) and not (inner and question.path.startswith(inner))
        if question.kind is not Kind.NOTE
    ]


def _name(path: str, root: str) -> str:
    return path[len(root) + 1 :].replace("/", "-")


def _columns(question: Question, root: str) -> list[str]:
    name = _name(question.path, root)
    return [f"{name}-{part}" for part in _PLACE] if question.kind is Kind.GEOPOINT else [name]


def _values(submission: "Submission", question: Question, path: str, root: str) -> Row:
    node = submission.session.engine.find(path)
    text = "" if node is None or node.hidden else node.value
    if question.kind is not Kind.GEOPOINT:
        return {_name(question.path, root): text}
    numbers = [*text.split(), "", "", "", ""]
    return dict(zip(_columns(question, root), numbers, strict=False))


def _main(form: Form, submission: "Submission") -> Row:
    row: Row = {"SubmissionDate": submission.head.get("saved_at", "")}
    for question in _direct(form, None):
        row |= _values(submission, question, question.path, form.root.path)
    row |= {_OURS + name: text for name, text in submission.head.items() if name != "form_version"}
    status = submission.head.get("status", "")
    device = next(
        (v for p in submission.session.leaves() if p.endswith("/deviceid") and (v := submission.session.value(p))), ""
    )
    return row | {
        "meta-instanceID": submission.identity,
        "KEY": submission.identity,
        "AttachmentsPresent": str(len(submission.files)),
        "AttachmentsExpected": str(submission.expected),
        "ReviewState": _REVIEW.get(status, ""),
        "DeviceID": device,
        "Edits": "0",
        "FormVersion": submission.head.get("form_version", form.version),
    }


def _instances(form: Form, submission: "Submission", repeat: str) -> Iterator[Row]:
    """Yield the rows of a repeat, with the keys that ODK Central gives them: uuid:…/photos[1]."""
    questions = _direct(form, repeat)
    for path, node in submission.session.engine.walk():
        if not node.hidden and submission.session.engine.is_instance(node) and _plain(path) == repeat:
            row: Row = {}
            for question in questions:
                row |= _values(submission, question, path + question.path[len(repeat) :], repeat)
            key = submission.identity + path[len(form.root.path) :]
            outer = key.rpartition("/")[0]
            while outer != submission.identity and not outer.endswith("]"):
                outer = outer.rpartition("/")[0]
            yield row | {"PARENT_KEY": outer, "KEY": key}


def _plain(path: str) -> str:
    return "/".join(piece.partition("[")[0] for piece in path.split("/"))


def write(form: Form, made: dict[str, list[Row]], folder: Path, *, split: bool = False) -> list[Path]:
    """Write tables as CSV files and one workbook; return the files."""
    import openpyxl

    written: list[Path] = []
    book = openpyxl.Workbook()
    book.remove(book.active)
    titles = _sheets(form)
    for name, rows in made.items():
        columns = head(form, name)
        if split:
            columns = list(dict.fromkeys([*columns, *(column for row in rows for column in row)]))
        path = folder / f"{name}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        written.append(path)
        sheet = book.create_sheet(titles[name])
        sheet.append(columns)
        for row in rows:
            sheet.append([None] * len(columns))
            for index, column in enumerate(columns, 1):
                cell = sheet.cell(sheet.max_row, index)
                cell.value, cell.data_type = row.get(column, ""), "s"  # a text that begins with = stays a text
        sheet.freeze_panes = "A2"
    path = folder / f"{form_file(form)}.xlsx"
    book.save(path)
    return [*written, path]


def form_file(form: Form) -> str:
    """Return the name of a form's files: its id, without what a file name cannot hold."""
    return re.sub(r'[\x00-\x1f\\/:*?"<>|]+', "_", form.id)


def _table(form: Form, repeat: str) -> str:
    return f"{form_file(form)}-{_name(repeat, form.root.path)}"


def _sheets(form: Form) -> dict[str, str]:
    """Return table -> title of its sheet: at most 31 characters (Excel), no two the same."""
    found: dict[str, str] = {}
    for table in (form_file(form), *(_table(form, repeat.path) for repeat in form.repeats())):
        plain = re.sub(r"[\[\]]+", "_", table.removeprefix(f"{form_file(form)}-"))[:31]
        taken = {title.lower() for title in found.values()}
        number = next(n for n in range(len(taken) + 1) if _numbered(plain, n).lower() not in taken)
        found[table] = _numbered(plain, number)
    return found


def _numbered(title: str, number: int) -> str:
    return f"{title[:28]}_{number}" if number else title


# --- and back --------------------------------------------------------------------------------------------------------


def submissions(form: Form, source: Path) -> Iterator[tuple[str, Node]]:
    """Yield (key, submission) of a table of ODK Central; tables of repeats lie beside it.

    Raises:
        InputRefused: If it is no such table.
    """
    sheets = _read(form, source)
    main = sheets.get(form_file(form), [])
    if not main or "KEY" not in main[0]:
        raise InputRefused(_("{file} is no table of submissions: it has no column KEY.").format(file=source.name))
    repeats = [(repeat.path, sheets.get(_table(form, repeat.path), [])) for repeat in form.repeats()]
    for row in main:
        top = Node(NodeKind.ELEMENT, form.root.path.strip("/"))
        version = row.get("FormVersion") or form.version
        top.attributes = [Node(NodeKind.ATTRIBUTE, n, v, top) for n, v in (("id", form.id), ("version", version)) if v]
        _fill(top, _direct(form, None), form.root.path, row)
        parents = {row["KEY"]: top}
        for path, rows in repeats:
            _add_rows(form, path, rows, parents)
        top.append(_meta(row))
        yield row["KEY"], top


def _add_rows(form: Form, repeat: str, rows: list[Row], parents: dict[str, Node]) -> None:
    for row in rows:
        parent = parents.get(row.get("PARENT_KEY", ""))
        if parent is not None:
            outer = max(
                (r.path for r in form.repeats() if repeat.startswith(r.path + "/")), key=len, default=form.root.path
            )
            names = repeat[len(outer) + 1 :].split("/")
            node = _under(parent, names[:-1]).append(Node(NodeKind.ELEMENT, names[-1]))
            _fill(node, _direct(form, repeat), repeat, row)
            parents[row["KEY"]] = node


def _fill(top: Node, questions: list[Question], root: str, row: Row) -> None:
    for question in questions:
        texts = [row.get(column) or "" for column in _columns(question, root)]
        text = " ".join(texts).strip() if question.kind is Kind.GEOPOINT else texts[0]
        names = question.path[len(root) + 1 :].split("/")
        _under(top, names[:-1]).append(Node(NodeKind.ELEMENT, names[-1], text))


def _under(node: Node, names: list[str]) -> Node:
    for name in names:
        node = node.element(name) or node.append(Node(NodeKind.ELEMENT, name))
    return node


def _meta(row: Row) -> Node:
    """Return the meta node of a row, with what our own export adds."""
    meta = read("<meta><instanceID/></meta>")
    meta.elements("instanceID")[0].value = row.get("meta-instanceID") or row["KEY"]
    kept = {name.removeprefix(_OURS): text for name, text in row.items() if name.startswith(_OURS) and text}
    if kept:
        record = meta.append(Node(NodeKind.ELEMENT, "fs:record", uri=OURS))
        record.attributes = [Node(NodeKind.ATTRIBUTE, name, text, record) for name, text in kept.items()]
    return meta


def _read(form: Form, source: Path) -> dict[str, list[Row]]:
    try:
        if source.suffix.lower() == ".xlsx":
            return _read_xlsx(form, source)
        names = sorted(path.stem for path in source.parent.glob(f"{glob.escape(source.stem)}-*.csv"))
        found = {
            form_file(form) + name.removeprefix(source.stem): _read_csv(source.with_name(f"{name}.csv"))
            for name in names
        }
        return {**found, form_file(form): _read_csv(source)}
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, KeyError) as error:
        raise InputRefused(_("{file} cannot be read: {why}").format(file=source.name, why=str(error)[:200])) from error


def _read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as source:
        return [{name: value or "" for name, value in row.items() if name} for row in csv.DictReader(source)]


def _read_xlsx(form: Form, path: Path) -> dict[str, list[Row]]:
    import zipfile

    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ValueError(error) from error
    found: dict[str, list[Row]] = {}
    by_title = {title: table for table, title in _sheets(form).items()}
    for sheet in book.worksheets:
        rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        name = form_file(form) if sheet is book.worksheets[0] else by_title.get(sheet.title, sheet.title)
        found[name] = [dict(zip(rows[0], row, strict=False)) for row in rows[1:]] if rows else []
    book.close()
    return found
