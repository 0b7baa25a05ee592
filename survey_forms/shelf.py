"""The forms of a project: the default ones, and those that its people bring as XLSForm or XForm.

An own form is kept whole: its XForm, its source and the files it names are
blobs of the project, listed in a table that travels with it. So every laptop
of the project can fill it in, and a record is always opened with the version
it was made with.
"""

import base64
import html
import json
import re
import shutil
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from fieldsurvey.clock import iso_utc, now_millis
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _, language
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Column, ColumnType, Table, TableKind
from fieldsurvey.paths import user_cache
from fieldsurvey.store import Store
from survey_forms import definitions
from survey_forms.attachments import beside
from survey_forms.check import Finding, check
from survey_forms.compile import xform
from survey_forms.errors import FormError
from survey_forms.form import Form
from survey_forms.layout import OWN, layout_of
from survey_forms.reading import parse_form
from survey_forms.tables import form_tables

PER = ("community", "building", "stairwell")
_T = ColumnType.TEXT
LIST = Table(
    "survey_form", TableKind.ASSET, "自有调查表", "Own survey forms",
    (
        Column("form_table", _T, "数据表", "Table"),
        Column("form_id", _T, "表单编号", "Form id"),
        Column("version", _T, "版本", "Version"),
        Column("title", _T, "名称", "Title"),
        Column("per", _T, "调查对象", "Subject"),
        Column("xform", _T, "XForm 文件", "XForm file"),
        Column("source", _T, "原始文件", "Source file"),
        Column("files", ColumnType.JSON, "附带文件", "Files that go with it"),
        Column("added_at", ColumnType.DATETIME, "加入时间", "Added at"),
    ),
)  # fmt: skip
_NAMELESS = re.compile(r'(<data\b[^>]*? id=")data(")')  # what the compiler writes for a workbook without form_id
_NAMED = re.compile(r"jr://[\w-]+/([^<>\"']+)")
_STEPS = 3


@dataclass(frozen=True, slots=True)
class Shelved:
    """One version of an own form, as it is listed.

    Attributes:
        table: Table of its records.
        form_id: Its id.
        version: Its version; may be empty.
        title: Its title.
        per: What a record is about: community, building or stairwell.
        xform: Hash of its XForm.
        files: Name -> hash of the files that go with it.
        added_at: When it came into the project.
    """

    table: str
    form_id: str
    version: str
    title: str
    per: str
    xform: str
    files: tuple[tuple[str, str], ...]
    added_at: str


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding a form.

    Attributes:
        entry: The form as it is listed now.
        is_new: Whether this version was not there yet.
        before: The version that was the newest until now; empty if the form is new to the project.
        notes: What its author should look at; nothing that stops it from working.
    """

    entry: Shelved
    is_new: bool
    before: str
    notes: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A form that was compiled and tried, before it goes into a project.

    Attributes:
        source: Its file.
        text: Its XForm XML.
        form: The form.
        notes: What its author should look at.
    """

    source: Path
    text: str
    form: Form
    notes: tuple[Finding, ...]


def prepare(source: Path, control: JobControl | None = None) -> Prepared:
    """Compile a form and try it; needs no project and may run beside everything.

    Raises:
        FormError: If it is no form, or a rule of it is wrong; the sentence names sheet, row and column.
        InputRefused: If it has the id of a default form.
        JobCancelled: If the user stopped it.
    """
    control = control or JobControl()
    control.step(0, _STEPS, _("Reading {file}").format(file=source.name))
    text = _identified(xform(source), source)
    control.step(1, _STEPS, _("Checking the rules of {file}").format(file=source.name))
    found = check(source)
    if fatal := next((finding for finding in found if finding.fatal), None):
        raise FormError(str(fatal))
    control.step(2, _STEPS, source.name)
    form = parse_form(text, source.parent)
    if layout_of(form).table in definitions.names():
        raise InputRefused(_("{id} is the id of a default form. Give your form an id of its own.").format(id=form.id))
    control.step(_STEPS, _STEPS, source.name)
    return Prepared(source, text, form, tuple(found))


def _identified(text: str, source: Path) -> str:
    """Return an XForm with the name of its file as id where the workbook gave it none, so that two stay two."""
    if source.suffix.lower() == ".xml":
        return text
    return _NAMELESS.sub(lambda match: f"{match[1]}{html.escape(source.stem)}{match[2]}", text, count=1)


def add(store: Store, prepared: Prepared, per: str = PER[0]) -> Added:
    """Bring a form into a project, or a newer version of one that is there.

    Raises:
        InputRefused: If another form with this id and version is there already.
    """
    form, table = prepared.form, layout_of(prepared.form).table
    versions = [entry for entry in entries(store) if entry.table == table]
    same = next((entry for entry in versions if entry.version == form.version), None)
    files = _files(store, {*_NAMED.findall(prepared.text), *form.searched}, prepared.source.parent)
    sha = store.media.add_bytes(prepared.text.encode(), f"{table}.xml", "application/xml")
    if same is not None and (same.xform, same.files) != (sha, files):
        told = _("Version “{version}” of {title} is in this project already, with other content. Raise its version.")
        raise InputRefused(told.format(version=form.version, title=form.title_text))
    latest = max(versions, key=_age) if versions else None
    per = latest.per if latest else per
    entry = same or Shelved(table, form.id, form.version, form.title_text, per, sha, files, iso_utc(now_millis()))
    if same is None:
        kept = store.media.add_file(prepared.source, "application/octet-stream")
        _list(store, form, entry, kept)
    return Added(entry, same is None, latest.version if latest else "", prepared.notes)


def _list(store: Store, form: Form, entry: Shelved, source: str) -> None:
    uid = uuid5(NAMESPACE_URL, f"{entry.table}\n{entry.version}\n{entry.xform}").hex
    with store.transaction():
        store.add_table(LIST)
        for table in form_tables(form):
            store.add_table(table)
        store.create_record(
            LIST.name,
            {
                "form_table": entry.table,
                "form_id": entry.form_id,
                "version": entry.version,
                "title": entry.title,
                "per": entry.per,
                "xform": entry.xform,
                "source": source,
                "files": json.dumps(dict(entry.files), ensure_ascii=False),
                "added_at": entry.added_at,
            },
            uid=uid,
        )


def _files(store: Store, names: Iterable[str], folder: Path) -> tuple[tuple[str, str], ...]:
    """Take the files that a form names into the project; what is missing is a note of the check."""
    found = {name: place for name in sorted(names) if (place := beside(folder, name)) is not None}
    return tuple((name, store.media.add_file(place, "application/octet-stream")) for name, place in found.items())


def entries(store: Store) -> list[Shelved]:
    """Return every version of every own form of a project."""
    if LIST.name not in store.tables():
        return []
    return [
        Shelved(
            str(row["form_table"]),
            str(row["form_id"]),
            str(row["version"] or ""),
            str(row["title"] or row["form_id"]),
            str(row["per"]),
            str(row["xform"]),
            tuple(sorted(json.loads(str(row["files"] or "{}")).items())),
            str(row["added_at"]),
        )
        for row in store.select(LIST.name)
    ]


def _age(entry: Shelved) -> tuple[str, str]:
    return entry.added_at, entry.version


def newest(store: Store) -> dict[str, Shelved]:
    """Return the newest version of each own form, by table, in the order they came."""
    return {entry.table: entry for entry in sorted(entries(store), key=_age)}


def form_of(store: Store, name: str) -> Form:
    """Return the newest version of a form by its table or id, or of a default form by its beginning such as f04.

    Raises:
        InputRefused: If there is none, or its files are not here yet.
    """
    from survey_forms import load_form

    listed = definitions.names()
    default = next((form_id for form_id in listed if name in {form_id, form_id.split("_")[0]}), None)
    if default is not None:
        return load_form(definitions.path(default))
    own = [entry for entry in newest(store).values() if name in {entry.table, entry.form_id}]
    if not own:
        raise InputRefused(_("There is no form {name} in this project.").format(name=name))
    return _opened(store, own[-1])


def form_at(store: Store, table: str, version: str) -> Form:
    """Return a form in the version a record was made with; the newest where that version is not known here.

    Raises:
        InputRefused: If there is no such form, or its files are not here yet.
    """
    latest = form_of(store, table)
    if not version or version == latest.version:
        return latest
    if table in definitions.names():
        kept = store.setting(_setting(table, version))
        return _parsed(zlib.decompress(base64.b85decode(kept)).decode()) if kept else latest
    own = [entry for entry in entries(store) if (entry.table, entry.version) == (table, version)]
    return _opened(store, own[0]) if own else latest


def keep_default(store: Store, form: Form) -> None:
    """Keep the default form of this program's version in a project, for when the program has a newer one."""
    text = xform(definitions.path(form.id)).encode()
    store.set_setting(_setting(form.id, form.version), base64.b85encode(zlib.compress(text)).decode())


def _setting(form_id: str, version: str) -> str:
    return f"form:{form_id}:{version}"


@lru_cache(maxsize=16)
def _parsed(text: str) -> Form:
    return parse_form(text)


def _opened(store: Store, entry: Shelved) -> Form:
    place = store.media.path(entry.xform)
    files = {name: store.media.path(sha) for name, sha in entry.files}
    if place is None or None in files.values():
        raise InputRefused(
            _("The form {title} has not arrived on this computer yet; sync first.").format(title=entry.title)
        )
    return _read(place, tuple((name, path) for name, path in files.items() if path is not None))


@lru_cache(maxsize=64)
def _read(place: Path, files: tuple[tuple[str, Path], ...]) -> Form:
    """Return a form; its files get their names back in a folder of the cache, because the reader goes by name."""
    folder = user_cache() / "forms" / f"{place.name}-files"
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in files:
        there = folder / name
        if not there.exists() or there.stat().st_size != path.stat().st_size:
            shutil.copyfile(path, there)
    return parse_form(place.read_text("utf-8"), folder)


def text_of(store: Store, form: Form) -> str:
    """Return the XForm XML of the newest version of a form of the project."""
    if form.id in definitions.names():
        return xform(definitions.path(form.id))
    entry = newest(store)[layout_of(form).table]
    place = store.media.path(entry.xform)
    return place.read_text("utf-8") if place else ""


def listed(store: Store) -> list[tuple[str, str, str, int]]:
    """Return (table, version, title, records) of every form of a project, default forms first."""
    names = [*(name for name in definitions.names() if name in store.tables()), *newest(store)]
    forms = [(name, form_of(store, name)) for name in names]
    return [(name, form.version, form.title(language()), store.count(name)) for name, form in forms]


class ProjectForms(Mapping[str, Form]):
    """Every form of a project by its table, each read when it is first asked for."""

    def __init__(self, store: Store, defaults: Mapping[str, Form]) -> None:
        self._store, self._defaults = store, defaults

    def __getitem__(self, table: str) -> Form:
        """Return a form.

        Raises:
            KeyError: If there is none with that table, or it has not arrived here yet.
        """
        if table in self._defaults or not table.startswith(OWN):
            return self._defaults[table]
        try:
            return form_of(self._store, table)
        except InputRefused as error:
            raise KeyError(table) from error

    def __iter__(self) -> Iterator[str]:
        """Yield the tables, those of default forms first."""
        yield from self._defaults
        yield from newest(self._store)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._defaults) + len(newest(self._store))
