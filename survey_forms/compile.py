"""From a form's source to XForm XML, once; kept in the cache by content and compiler version."""

import hashlib
import io
import warnings
import zipfile
from importlib.metadata import version
from pathlib import Path

from fieldsurvey.i18n import _
from fieldsurvey.paths import user_cache
from survey_forms import definitions
from survey_forms.errors import FormError

_MAX_BYTES = 64 << 20
_MAX_UNPACKED = 512 << 20
_MAX_RATIO = 200


def xform(source: Path) -> str:
    """Return the XForm XML of a form: a default table, .xlsx, .xls, .md, .csv or .xml.

    Raises:
        FormError: If it is no form, or wrong; the sentence names sheet and row where the compiler does.
    """
    data = _content(source)
    if source.suffix.lower() == ".xml":
        return _decoded(data, source)
    key = hashlib.sha256(data + version("pyxform").encode()).hexdigest()
    kept = user_cache() / "forms" / f"{key}.xml"
    if kept.exists():
        return kept.read_text("utf-8")
    text = _compiled(source, data)
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(".part")
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
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormError(_("{file} is not UTF-8.").format(file=source.name)) from error


def _compiled(source: Path, data: bytes) -> str:
    from pyxform.errors import PyXFormError
    from pyxform.xls2xform import convert

    kind = "" if definitions.is_definition(source) else _sniffed(source, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not kind:
                return str(convert(definitions.workbook(source.stem), validate=False, form_name="data").xform)
            return str(convert(io.BytesIO(data), validate=False, form_name="data", file_type=kind).xform)
    except PyXFormError as error:
        raise FormError(_("{file}: {why}").format(file=source.name, why=" ".join(str(error).split())[:300])) from error
    except (ValueError, KeyError, TypeError, AttributeError, OSError, zipfile.BadZipFile) as error:
        raise FormError(
            _("{file} is no form that can be read: {why}").format(file=source.name, why=str(error)[:200])
        ) from error


def _sniffed(source: Path, data: bytes) -> str:
    """Return the true kind of a workbook by its first bytes, whatever its name says."""
    if data.startswith(b"PK\x03\x04"):
        _check_archive(source, data)
        return ".xlsx"
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return ".xls"
    if source.suffix.lower() in {".md", ".csv"}:
        return source.suffix.lower()
    raise FormError(_("{file} is neither an Excel workbook nor a form table.").format(file=source.name))


def _check_archive(source: Path, data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            total = sum(item.file_size for item in archive.infolist())
    except zipfile.BadZipFile as error:
        raise FormError(_("{file} is damaged and cannot be opened.").format(file=source.name)) from error
    if total > _MAX_UNPACKED or (total > 1 << 20 and total > _MAX_RATIO * len(data)):
        raise FormError(_("{file} unpacks to far more than it holds and was not opened.").format(file=source.name))
