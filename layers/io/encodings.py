"""Which encoding a text from outside is in.

Rule (domain page 5.5): what the file declares counts if the bytes agree; else
strict UTF-8; else GB18030, which contains GBK and GB 2312.
"""

import codecs
from dataclasses import dataclass
from pathlib import Path

from fieldsurvey.i18n import _
from layers.io.report import FileReport

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LDID = {0x4D: "GB18030", 0x7A: "GB18030", 0x78: "cp950", 0x03: "cp1252", 0x57: "cp1252"}  # dBASE language driver ids


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding and how it was found.

    Attributes:
        name: Python's name.
        how: One sentence.
        sure: False when a person should look at the text.
    """

    name: str
    how: str
    sure: bool


def note(report: FileReport, found: Encoding) -> str:
    """Write the encoding into the report, with a warning if a person should look; return its name."""
    report.encoding, report.encoding_how = found.name, found.how
    if not found.sure:
        report.warn(
            "encoding_guessed",
            _("Encoding {name}: {how}. Look at the names; say --encoding if they are wrong.").format(
                name=found.name, how=found.how
            ),
        )
    return found.name


def of_text(data: bytes) -> Encoding:
    """Return the encoding of a text file's bytes."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return Encoding(name, _("the file begins with a byte order mark"), sure=True)
    head = data[:4096]
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):  # Latin letters have a zero byte each
        if len(head) > 3 and head[start::2].count(0) * 4 > len(head) and not head[1 - start :: 2].count(0):
            return Encoding(name, _("UTF-16 without a mark"), sure=False)
    return of_bytes(data)


def of_bytes(data: bytes) -> Encoding:
    """Return the encoding of text without any declaration."""
    if data.isascii():
        return Encoding("utf-8", _("plain ASCII"), sure=True)
    if decodes(data, "utf-8"):
        return Encoding("utf-8", _("the text is valid UTF-8"), sure=True)
    if decodes(data, "gb18030"):
        return Encoding("GB18030", _("the text is not UTF-8 but valid GB18030 (GBK)"), sure=False)
    return Encoding("cp1252", _("the text is neither UTF-8 nor GB18030; read as Western European"), sure=False)


def of_dbf(dbf: Path) -> Encoding:
    """Return the encoding of a dBASE table, by .cpg, language driver id and content."""
    text = _dbf_text(dbf)
    stated = _stated(dbf)
    if text.isascii():
        return Encoding(stated or "utf-8", _("plain ASCII"), sure=True)
    if stated and decodes(text, stated):
        return Encoding(stated, _("stated by the file (.cpg or language id)"), sure=True)
    found = of_bytes(text)
    if found.name == "GB18030" and not stated and dbf.with_suffix(".shp").exists():
        return Encoding(found.name, found.how, sure=True)  # the usual Chinese shapefile
    if stated:
        how = _("the file states {stated}, but the text does not fit; {how}").format(stated=stated, how=found.how)
        return Encoding(found.name, how, sure=False)
    return found


def _stated(dbf: Path) -> str:
    for cpg in (dbf.with_suffix(".cpg"), dbf.with_suffix(".CPG")):
        if cpg.exists():
            name = cpg.read_bytes()[:40].decode("ascii", "ignore").strip()
            name = {"936": "GB18030", "65001": "utf-8", "GBK": "GB18030", "GB2312": "GB18030"}.get(name.upper(), name)
            name = name.replace("ANSI ", "cp")
            try:
                b"a".decode(name)
            except (LookupError, ValueError):  # unknown, no encoding of texts, or damaged
                return ""
            return name
    with dbf.open("rb") as source:
        head = source.read(32)
    return _LDID.get(head[29], "") if len(head) == 32 else ""


def _dbf_text(dbf: Path) -> bytes:
    """Return the bytes of field names and records, without the binary header fields."""
    data = dbf.read_bytes()
    if len(data) < 32:
        return b""
    end_of_header = int.from_bytes(data[8:10], "little")
    names = b" ".join(data[at : at + 11].split(b"\0")[0] for at in range(32, max(end_of_header - 1, 32), 32))
    return names + b" " + data[end_of_header:]


def decodes(data: bytes, encoding: str) -> bool:
    """Say whether the bytes are text in the encoding; fields of fixed width may cut a character here and there."""
    try:
        broken = data.decode(encoding, "replace").count("\ufffd")
    except LookupError:
        return False
    foreign = sum(byte > 127 for byte in data)
    return broken == 0 or broken * 50 < foreign
