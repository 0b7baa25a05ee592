"""From a form's source to XForm XML, once; kept in the cache by content and compiler version."""

import contextlib
import hashlib
import io
import os
import re
import struct
import threading
import warnings
import zipfile
import zlib
from pathlib import Path
from xml.parsers import expat

from fieldsurvey.i18n import _
from fieldsurvey.paths import user_cache
from survey_forms import definitions
from survey_forms.complaints import refused, stopped
from survey_forms.errors import FormError

_MAX_BYTES = 64 << 20
_MAX_UNPACKED = 128 << 20
_MAX_RATIO = 200
_MAX_MEMBERS = 5_000
_NEAR = 20  # bytes on either side of a wrong character that are told
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
# What the libraries that read workbooks raise on damaged or hostile ones, besides their own errors.
_BROKEN = (
    ValueError, LookupError, TypeError, AttributeError, OSError, EOFError, ArithmeticError, RecursionError, SyntaxError,
    AssertionError, MemoryError, NotImplementedError, zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip


class _Nowhere(io.TextIOBase):
    """Swallows what a library would print among our data."""

    def write(self, text: str) -> int:
        """Drop a text."""
        return len(text)


def xform(source: Path) -> str:
    """Return the XForm XML of a form: a default table, .xlsx, .xls, .md, .csv or .xml.

    Raises:
        FormError: If it is no form, or wrong; the sentence names sheet and row where the compiler does.
    """
    data = _content(source)
    if source.suffix.lower() == ".xml":
        return _decoded(data, source)
    from importlib.metadata import version

    key = hashlib.sha256(data + version("pyxform").encode()).hexdigest()
    kept = user_cache() / "forms" / f"{key}.xml"
    if kept.exists():
        return kept.read_text("utf-8")
    text = _compiled(source, data)
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")  # others may compile the same form now
    part.write_text(text, "utf-8")
    part.replace(kept)
    return text


def _content(source: Path) -> bytes:
    """Return the bytes that decide what the form is."""
    if definitions.is_definition(source):
        return b"\0".join(part.read_bytes() for part in definitions.sources(source.stem))
    try:
        if source.stat().st_size > _MAX_BYTES:
            raise FormError(_("{file} is larger than {n} MiB.").format(file=source.name, n=_MAX_BYTES >> 20))
        return source.read_bytes()
    except OSError as error:
        raise FormError(_("{file} cannot be read: {why}").format(file=source.name, why=error.strerror)) from error


def _decoded(data: bytes, source: Path) -> str:
    """Return an XML text in whatever encoding it declares, without the declaration."""
    declared = _DECLARED.match(data[:300])
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    if encoding == "utf-8-sig" and declared and declared[1].lower() not in {b"utf-8", b"utf8"}:
        encoding = declared[1].decode("ascii")
    try:
        return _DECLARATION.sub("", data.decode(encoding), count=1).lstrip()
    except (UnicodeDecodeError, LookupError) as error:
        raise FormError(_("{file} is not UTF-8.").format(file=source.name)) from error


def _compiled(source: Path, data: bytes) -> str:
    with contextlib.redirect_stdout(_Nowhere()):  # it keeps, as its log, what standard output is when it is imported
        import xlrd
    from pyxform.errors import PyXFormError
    from pyxform.xls2xform import convert

    kind = "" if definitions.is_definition(source) else _sniffed(source, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not kind:
                return str(convert(definitions.workbook(source.stem), validate=False, form_name="data").xform)
            found = str(convert(io.BytesIO(data), validate=False, form_name="data", file_type=kind).xform)
    except PyXFormError as error:
        raise refused(source, error) from error
    except (*_BROKEN, xlrd.XLRDError, xlrd.compdoc.CompDocError) as error:
        raise stopped(source, error) from error
    _check_characters(source, found)
    return found


def _check_characters(source: Path, text: str) -> None:
    """Refuse what the compiler lets through although XML does not allow it: full-width names, control characters."""
    try:
        expat.ParserCreate().Parse(text.encode(), True)
    except expat.ExpatError as error:
        line = text.splitlines()[error.lineno - 1].encode()
        around = line[max(0, error.offset - _NEAR) : error.offset + _NEAR].decode(errors="ignore")
        told = _("{file} has a character that is not allowed in names or texts: near “{text}”. Type it anew.")
        raise FormError(told.format(file=source.name, text="".join(filter(str.isprintable, around)))) from error


def _sniffed(source: Path, data: bytes) -> str:
    """Return the true kind of a workbook by its first bytes, whatever its name says."""
    if data.startswith(b"PK\x03\x04"):
        _check_archive(source, data)
        return ".xlsx"
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return ".xls"
    if source.suffix.lower() in {".md", ".csv"}:
        _check_text(source, data)
        return source.suffix.lower()
    raise FormError(_("{file} is neither an Excel workbook nor a form table.").format(file=source.name))


def _check_text(source: Path, data: bytes) -> None:
    """Refuse a text that has no survey section: a list of choices, or any other table."""
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FormError(_("{file} is not UTF-8.").format(file=source.name)) from error
    if not any(re.match(r"\W*survey\b", line, re.IGNORECASE) for line in lines):
        raise FormError(_("{file} is a table without a sheet named survey, so it is no form.").format(file=source.name))


def _check_archive(source: Path, data: bytes) -> None:
    """Refuse archives that unpack to far more than they hold, and parts that declare entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            total = sum(item.file_size for item in members)
            if (
                total > _MAX_UNPACKED
                or (total > 1 << 20 and total > _MAX_RATIO * len(data))
                or len(members) > _MAX_MEMBERS
            ):
                raise FormError(
                    _("{file} unpacks to far more than it holds and was not opened.").format(file=source.name)
                )
            declares = any(_declares_entities(archive, item) for item in members)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise FormError(_("{file} is damaged and cannot be opened.").format(file=source.name)) from error
    if declares:
        raise FormError(_("The XML declares entities, which can be used for attacks; it was refused."))


def _declares_entities(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> bool:
    if not item.filename.lower().endswith((".xml", ".rels", ".vml")):
        return False
    with archive.open(item) as part:
        head = part.read(1 << 16).replace(b"\0", b"").upper()
    return b"<!DOCTYPE" in head or b"<!ENTITY" in head
