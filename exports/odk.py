"""Records as ODK submissions, and submissions as records.

OUT/FORM/ holds one folder per record with submission.xml and its files, and
all records as CSV and XLSX in the columns of ODK Central. Reading takes any of
the three; a record that is there already is changed, not doubled.
"""

import mimetypes
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from exports import odk_table
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _, labelled
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.identity import is_uid, scope_of
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from fieldsurvey.store.media import Blob, hash_of
from survey_forms import Form, Session, keeping, layout_of, shapes, shelf
from survey_forms.entities import identify
from survey_forms.expression.nodes import Node
from survey_forms.records import stored_repeats
from survey_forms.submission import FILES, OURS, instance_id, opened, read, to_xml
from survey_forms.typed import text as as_text
from survey_forms.typed import value as as_value

SUBMISSION = "submission.xml"
HEAD = ("community_uid", "subject_uid", "status", "saved_at", "form_version")
RAW = "odk_xml"


@dataclass(frozen=True, slots=True)
class Submission:
    """One record as it is exchanged.

    Attributes:
        uid: The record.
        identity: instanceID.
        xml: The submission.
        session: Its answers; files stand under the names they have in the exchange.
        files: Name -> path of its files that are here.
        expected: How many files it names.
        head: What our program keeps beside the answers.
    """

    uid: str
    identity: str
    xml: str
    session: Session
    files: Mapping[str, Path]
    expected: int
    head: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did: records made, changed, unchanged, and sentences on what was refused."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: tuple[str, ...] = ()


def export(
    store: Store, form_id: str, out: Path, control: JobControl | None = None, *, split: bool = False
) -> list[Path]:
    """Write all records of a form as ODK XML with files, CSV and XLSX; return the tables and the folder.

    Args:
        store: The project.
        form_id: Id or table of the form.
        out: Folder in which a folder of the form is made.
        control: Progress and cancel.
        split: Whether each choice of a select_multiple gets a column of 1 and 0 beside it.

    Raises:
        InputRefused: If there is no such form, or the folder cannot be written.
    """
    form = shelf.form_of(store, form_id)
    table, name = layout_of(form).table, odk_table.form_file(form)
    folder = out / name
    control = control or JobControl()
    try:
        (folder / "submissions").mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.xml").write_text(shelf.text_of(store, form), "utf-8")
        blobs = {blob.sha256: blob for blob in store.blobs()}
        found = []
        for uid in control.steps([str(row["uid"]) for row in store.select(table, [])], form.title_text):
            submission = submission_of(store, form, uid, blobs)
            _write(folder / "submissions", submission)
            found.append(submission)
        tables = odk_table.tables(form, found, split=split)
        return [folder / "submissions", *odk_table.write(form, tables, folder, split=split)]
    except OSError as error:
        raise InputRefused(_("{file} cannot be written: {why}").format(file=folder.name, why=error.strerror)) from error


def _write(folder: Path, submission: Submission) -> None:
    place = folder / submission.identity.replace(":", "")
    place.mkdir(exist_ok=True)
    (place / SUBMISSION).write_text(submission.xml, "utf-8")
    for name, path in submission.files.items():
        (place / name).write_bytes(path.read_bytes())


def submission_of(store: Store, form: Form, uid: str, blobs: Mapping[str, Blob] | None = None) -> Submission:
    """Return one record as a submission.

    Args:
        store: The project.
        form: The form.
        uid: The record.
        blobs: The files of the project by their hash; None: asked for.

    Raises:
        InputRefused: If it is not there.
    """
    row = store.get(uid)
    if row is None:
        raise InputRefused(_("This record is not in the project (any more): {uid}").format(uid=uid))
    raw = str(row.values.get(RAW) or "")
    base = read(raw) if raw else None
    session = opened(form, base) if base is not None else Session(form, {}, {})
    _overlay(session, store, form, uid, row.values)
    identify(session, uid)
    if blobs is None:
        blobs = {blob.sha256: blob for blob in store.blobs()}
    names = _files(session, store, blobs)
    identity = (instance_id(base) if base is not None else "") or f"uuid:{uuid.UUID(uid)}"
    head = {name: as_text(row.values.get(name)) for name in HEAD if row.values.get(name) is not None}
    xml = to_xml(session, identity, base, head)
    here = {name: path for name, path in names.items() if path is not None}
    return Submission(uid, identity, xml, session, here, len(names), head)


def _overlay(session: Session, store: Store, form: Form, uid: str, values: Mapping[str, Value]) -> None:
    """Put the stored values over those of the submission they came with; what a column cannot hold stays."""
    found = stored_repeats(store, form, uid)
    repeats = {key: [{**row.values, "uid": row.uid} for row in rows] for key, rows in found.items()}
    _put_all(session, form, values, repeats)
    session.engine.settle_all()
    _put_all(session, form, values, repeats)  # rules that ran in between may have touched what is stored


def _put_all(
    session: Session, form: Form, values: Mapping[str, Value], repeats: Mapping[str, list[dict[str, Value]]]
) -> None:
    _put(session, form, "", "", values)
    for instance, repeat, row in keeping.rows_of(session, repeats):
        _put(session, form, instance, repeat, row)


def _put(session: Session, form: Form, instance: str, repeat: str, values: Mapping[str, Value]) -> None:
    layout = layout_of(form)
    for path in layout.direct(repeat):
        node, name = session.engine.find(instance + path[len(repeat) :]), layout.columns[path]
        if node is None or name not in values:
            continue
        question, stored = session.question(path), values[name]
        held = as_value(question.kind, question.bind.type, node.value)
        if held != stored and not (stored is None and held is None):
            node.value = as_text(stored)


def _files(session: Session, store: Store, blobs: Mapping[str, Blob]) -> dict[str, Path | None]:
    """Give the files of a record names to travel under; return name -> path, None where the file is not here."""
    found: dict[str, Path | None] = {}
    for path in session.asked():
        sha = session.value(path)
        if sha and session.question(path).kind in FILES:
            blob = blobs.get(sha)
            name = Path(blob.name).name if blob else sha
            name = f"{sha[:8]}-{name}" if name in found else name
            session.node(path).value = name
            found[name] = store.media.path(sha) if blob else None
    return found


# --- and back --------------------------------------------------------------------------------------------------------


def take(store: Store, form_id: str, source: Path, control: JobControl | None = None) -> Taken:
    """Bring submissions into a project: a folder of XML, one XML file, or a table of ODK Central (.csv, .xlsx).

    Raises:
        InputRefused: If there is no such form, or nothing that can be read.
    """
    form = shelf.form_of(store, form_id)
    found = list(_found(form, source))
    if not found:
        raise InputRefused(_("{file} holds no submissions.").format(file=source.name))
    control = control or JobControl()
    counts, refused = {"created": 0, "changed": 0, "unchanged": 0}, []
    for name, top, folder, keeps_raw in control.steps(found, source.name):
        try:
            session = opened(form, read(top) if isinstance(top, str) else top)
            raw = top if isinstance(top, str) and keeps_raw else ""
            counts[_save(store, form, session, _Arrived(read(top) if isinstance(top, str) else top, raw, folder))] += 1
        except InputRefused as error:
            refused.append(labelled(name, error))
    return Taken(counts["created"], counts["changed"], counts["unchanged"], tuple(refused))


def _found(form: Form, source: Path) -> Iterator[tuple[str, str | Node, Path, bool]]:
    """Yield (name, submission, folder of its files, whether it is kept as it came)."""
    if source.is_dir():
        for path in sorted(source.rglob("*.xml")):
            yield path.parent.name, _text(path), path.parent, True
    elif source.suffix.lower() == ".xml":
        yield source.name, _text(source), source.parent, True
    else:
        for name, top in odk_table.submissions(form, source):
            yield name, top, source.parent, False


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused(_("{file} cannot be read: {why}").format(file=path.name, why=error)) from error


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A submission as it came: its tree, its text if it is kept, and the folder of its files."""

    top: Node
    raw: str
    folder: Path


def _save(store: Store, form: Form, session: Session, arrived: _Arrived) -> str:
    """Write one submission; return "created", "changed" or "unchanged"."""
    uid = uid_of(instance_id(arrived.top))
    head = _head(store, arrived.top, form, session)
    if arrived.raw and _holds_more(form, arrived, session):
        head[RAW] = arrived.raw
    _take_files(session, store, arrived.folder)
    keeping.name_rows(session)
    answers, repeats = session.answers()
    values = {**head, **answers}
    shapes.put_in(store, form, values, repeats)
    scope = scope_of(str(head["community_uid"]) if head.get("community_uid") else None)
    with store.transaction():
        row = store.get(uid)
        if row is None:
            store.create_record(layout_of(form).table, values, uid=uid, scope=scope)
            _save_rows(store, form, uid, values, repeats, scope)
            return "created"
        changes = {name: value for name, value in values.items() if name in row.values and row.values[name] != value}
        if not any(changes.keys() & {shape.column} for shape in shapes.shapes_of(form) if not shape.owner):
            changes.pop("geom", None)  # it was moved on the map, which the submission knows nothing of
        if changes:
            store.save(uid, changes)
        changed = _save_rows(store, form, uid, values, repeats, scope)
    return "changed" if changes or changed else "unchanged"


def uid_of(identity: str) -> str:
    """Return the uid of the record of a submission: its own if the identity holds one, else always the same for it.

    >>> uid_of("uuid:0192f0c1-0192-f0c1-0192-f0c10192f0c1")
    '0192f0c10192f0c10192f0c10192f0c1'
    """
    plain = identity.removeprefix("uuid:").replace("-", "").lower()
    if is_uid(plain):
        return plain
    if not identity:
        raise InputRefused(_("This submission does not say who it is (instanceID)."))
    return uuid.uuid5(uuid.NAMESPACE_URL, identity).hex


def _head(store: Store, top: Node, form: Form, session: Session) -> dict[str, Value]:
    """Return what our program keeps beside the answers: as it was exported, or found by the community's code."""
    meta = top.element("meta")
    ours = next((node for node in (meta.elements("record") if meta else ()) if node.uri == OURS), None)
    head: dict[str, Value] = {name: ours.attribute(name) or None for name in HEAD} if ours is not None else {}
    if not head.get("community_uid"):
        code = next((session.value(p) for p in session.leaves() if p.rpartition("/")[2] == "community_id"), "")
        rows = store.select("community", ["code"], where={"code": code}) if code else []
        uid = str(rows[0]["uid"]) if rows else None
        head |= {"community_uid": uid, "subject_uid": head.get("subject_uid") or uid}
    head["form_version"] = head.get("form_version") or top.attribute("version") or form.version
    head["status"] = head.get("status") or ("draft" if session.problems() else "complete")
    return head


def _holds_more(form: Form, arrived: _Arrived, session: Session) -> bool:
    """Say whether a submission holds something that the columns of our tables do not give back."""
    again = Session(form, {}, {})
    keeping.name_rows(session)
    values, repeats = session.answers()
    keeping.load(again, values, repeats)
    again.engine.settle_all()
    keeping.load(again, values, repeats)
    return _texts(arrived.top) != _texts(read(to_xml(again, instance_id(arrived.top))))


def _texts(top: Node) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def walk(node: Node, path: str) -> None:
        inner = node.elements()
        if not inner and node.value + "".join(child.value for child in node.children):
            found.append((path, node.value + "".join(child.value for child in node.children)))
        kept = (item for item in node.attributes if path and not item.name.startswith("xmlns"))
        found.extend((f"{path}@{item.name}", item.value) for item in kept)
        for child in inner:
            if not (child.local == "record" and child.uri == OURS):
                walk(child, f"{path}/{child.local}")

    walk(top, "")
    return found


def _take_files(session: Session, store: Store, folder: Path) -> None:
    """Take the files of a submission into the project; a value becomes the hash of its file."""
    for path in list(session.asked()):
        name = session.value(path)
        if not name or session.question(path).kind not in FILES:
            continue
        plain = Path(name).name
        places = [folder / plain, *sorted(folder.glob(f"submissions/*/{plain}")), folder / "media" / plain]
        place = next((place for place in places if plain == name and place.is_file()), None)
        if place is not None:
            sha = hash_of(place)
            if store.media.path(sha) is None:
                store.media.add_file(place, mimetypes.guess_type(plain)[0] or "application/octet-stream")
            session.node(path).value = sha


def _save_rows(
    store: Store,
    form: Form,
    uid: str,
    values: Mapping[str, Value],
    repeats: Mapping[str, list[dict[str, Value]]],
    scope: int,
) -> bool:
    """Write the rows of repeats by their order, outer repeats before inner; say whether anything changed."""
    changed, layout = False, layout_of(form)
    stored: dict[str, str] = {"": uid}  # uid a row came with -> uid of its stored row
    for repeat, key in layout.keys.items():
        table = layout.table_of(repeat)
        if table not in store.tables():
            continue
        rows = repeats.get(key, [])
        around = layout.outer[repeat]
        parents = [str(row["uid"]) for row in repeats.get(layout.keys[around], [])] if around else [""]
        for parent in parents:
            beneath = [row for row in rows if str(row.get("parent_uid") or "") == parent]
            changed |= _save_beneath(store, form, table, stored, parent, beneath, scope)
    saved = shapes.rows_saved(form, uid, values, repeats)
    shapes.save_layers(store, form, ((repeat, stored.get(name, name), row) for repeat, name, row in saved), scope)
    return changed


def _save_beneath(
    store: Store, form: Form, table: str, stored: dict[str, str], parent: str, rows: list[dict[str, Value]], scope: int
) -> bool:
    """Write the rows of one repeat beneath one row."""
    changed = False
    there = store.select(table, where={"parent_uid": stored[parent]}, order="ordinal")
    for ordinal, values in enumerate(rows, 1):
        wanted = {name: value for name, value in values.items() if name != "uid"}
        wanted |= {"ordinal": ordinal, "parent_uid": stored[parent]}
        if ordinal > len(there):
            made = store.create_record(table, wanted, scope=scope)
            changed = True
        else:
            before, made = there[ordinal - 1], str(there[ordinal - 1]["uid"])
            changes = {key: value for key, value in wanted.items() if before.get(key) != value}
            if changes:
                store.save(made, changes)
                changed = True
        stored[str(values.get("uid") or "") or made] = made
    for row in there[len(rows) :]:
        shapes.drop_layers(store, form, table, str(row["uid"]))
        store.delete(str(row["uid"]))
        changed = True
    return changed
