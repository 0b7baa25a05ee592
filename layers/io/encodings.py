"""Which encoding a text from outside is in.

Rule (domain page 5.5): what the file declares counts if the bytes agree; else
strict UTF-8; else GB18030, which contains GBK and GB 2312.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fieldsurvey.i18n import _
from layers.io import siblings
from layers.io.report import FileReport

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = re.compile(r"(?:iso)?[-_ ]?8859[-_ ]?1|latin[-_]?1|(?:cp|windows[-_]?)?1252|ascii", re.IGNORECASE)
_SCRIPTS = {  # in which legal bytes of an encoding are everyday characters, not rare or private ones
    "gb18030": re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xa3\xb0-\xf7][\xa1-\xfe])*"),
    "big5": re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xa3\xa4-\xc6][\x40-\x7e\xa1-\xfe])*"),
}
_NAMES = {
    "936": "GB18030", "CP936": "GB18030", "MS936": "GB18030", "GBK": "GB18030", "X-GBK": "GB18030", "GB2312": "GB18030",
    "EUC-CN": "GB18030", "WINDOWS-936": "GB18030", "LDID/77": "GB18030", "65001": "utf-8", "UNICODE (UTF-8)": "utf-8",
    "950": "big5", "88591": "cp1252", "8859_1": "cp1252",
}  # fmt: skip
_DECLARED = re.compile(r"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.\-]+)["'][^>]*\?>""", re.IGNORECASE)
_ANSI = 0x57
_FOREIGN = bytes(range(128, 256))
_CHECKED = 5_000  # records of a table that are looked at one field at a time
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
        if data.startswith(mark) and (name != "utf-8-sig" or decodes(data, "utf-8")):
            return Encoding(name, _("the file begins with a byte order mark"), sure=True)
    head = data[:4096]
    for name in ("utf-16-le", "utf-16-be"):
        if _is_utf_16(head, name):
            return Encoding(name, _("UTF-16 without a mark"), sure=False)
    return of_bytes(data.removeprefix(codecs.BOM_UTF8))


def _is_utf_16(head: bytes, name: str) -> bool:
    """Say whether bytes with zeros among them are UTF-16: all of it is Latin, Chinese or full-width in that order."""
    if not head.count(0) or len(head) < 4:
        return False
    text = head[: len(head) // 2 * 2].decode(name, "replace")
    usual = sum(
        " " <= each <= "~" or each in "\t\r\n" or "\u2000" <= each <= "\u9fff" or each >= "\uff00" for each in text
    )
    return usual >= 0.98 * len(text) and "\ufffd" not in text


def of_bytes(data: bytes) -> Encoding:
    """Return the encoding of text without any declaration."""
    if data.isascii():
        return Encoding("utf-8", _("plain ASCII"), sure=True)
    if decodes(data, "utf-8"):
        return Encoding("utf-8", _("the text is valid UTF-8"), sure=True)
    if _is_big5(data):
        return Encoding("big5", _("the text reads as traditional Chinese (Big5)"), sure=False)
    if decodes(data, "gb18030"):
        return Encoding("GB18030", _("the text is not UTF-8 but valid GB18030 (GBK)"), sure=False)
    return Encoding("cp1252", _("the text is neither UTF-8 nor GB18030; read as Western European"), sure=False)


def is_plain_xml(data: bytes) -> bool:
    """Say whether XML is in UTF-8, as it states or by silence."""
    declared = _DECLARED.match(data[:200].decode("latin-1"))
    stated = declared[1].lower() if declared else "utf-8"
    return stated in {"utf-8", "us-ascii", "ascii"} and (data.isascii() or _is_whole_but_end(data, "utf-8"))


def of_xml(data: bytes, report: FileReport, encoding: str | None) -> str:
    """Return the text of XML without its declaration.

    By byte order mark, declaration, strict UTF-8 or GB18030, in this order.
    """
    if encoding:
        report.encoding, report.encoding_how = encoding, _("as you said")
        return _undeclared(data.decode(encoding, "replace"))
    found = of_text(data)
    head = data[:200].decode("latin-1")
    if not found.name.startswith("utf-16") and (declared := _DECLARED.match(head.lstrip("\xef\xbb\xbf"))):
        stated = _NAMES.get(declared[1].upper(), declared[1])
        if decodes(data, stated) and not found.name.startswith("utf-8"):
            report.encoding, report.encoding_how = stated.upper(), _("stated by the file")
            return _undeclared(data.decode(stated, "replace"))
    return _undeclared(data.decode(note(report, found), "replace"))


def _undeclared(text: str) -> str:
    return _DECLARED.sub("", text.lstrip("\ufeff"), count=1)


def _is_big5(data: bytes) -> bool:
    """Say whether every character is an everyday one of Big5, and in GB18030 a third would be a rare or private one."""
    if not _SCRIPTS["big5"].fullmatch(data):
        return False
    text = data.decode("gb18030", "replace")
    foreign = [each for each in text if each > "\x7f"]
    rare = sum(each == "\ufffd" or "\ue000" <= each <= "\uf8ff" or not _in_gb2312(each) for each in foreign)
    return rare * 3 > len(foreign)


def _in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def of_dbf(dbf: Path) -> Encoding:
    """Return the encoding of a dBASE table, by .cpg, language driver id and content."""
    text = _dbf_text(dbf)
    stated = _stated(dbf)
    if text.isascii():
        return Encoding(stated or "utf-8", _("plain ASCII"), sure=True)
    if stated and decodes(text, stated) and not (_WESTERN.fullmatch(stated) and _is_chinese(dbf, text)):
        return Encoding(stated, _("stated by the file (.cpg or language id)"), sure=True)
    found = of_bytes(text)
    if found.name == "cp1252":  # a name or text that its width cuts in the middle of a character
        found = _of_fields(dbf) or found
    if found.name == "GB18030" and (not stated or _is_of_the_system(dbf)) and siblings.of(dbf, ".shp"):
        return Encoding(found.name, found.how, sure=True)  # the usual Chinese shapefile
    if stated:
        how = _("the file states {stated}, but the text does not fit; {how}").format(stated=stated, how=found.how)
        return Encoding(found.name, how, sure=False)
    return found


def _is_of_the_system(dbf: Path) -> bool:
    """Say whether a table states no more than "the code page of this computer" (ANSI), which is GBK in China."""
    with dbf.open("rb") as source:
        head = source.read(32)
    return siblings.of(dbf, ".cpg") is None and len(head) == 32 and head[29] == _ANSI


def _is_chinese(dbf: Path, text: bytes) -> bool:
    """Say whether bytes that any one-byte encoding takes are UTF-8 or everyday Chinese; a lone é is neither."""
    if decodes(text, "utf-8"):
        return True
    return _are_chinese([field for field in _fields(dbf) if not field.isascii()])


def _are_chinese(fields: Sequence[bytes]) -> bool:
    """Say whether nine tenths of the texts are everyday Chinese in GBK, but for a character cut at the end."""
    chinese = sum(bool(_SCRIPTS["gb18030"].fullmatch(_whole(field, "gb18030"))) for field in fields)
    return bool(fields) and chinese * 10 >= len(fields) * 9


def _whole(field: bytes, encoding: str) -> bytes:
    """Return a text without the half character at its end."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    decoder.decode(field)
    left = len(decoder.getstate()[0])
    return field[: len(field) - left]


def _of_fields(dbf: Path) -> Encoding | None:
    """Return the encoding in which each name and text is whole but for its end, or nothing."""
    fields = [field for field in _fields(dbf) if not field.isascii()]
    if fields and all(_is_whole_but_end(field, "utf-8") for field in fields):
        return Encoding("utf-8", _("the text is valid UTF-8"), sure=True)
    if _are_chinese(fields):
        return Encoding("GB18030", _("the text is not UTF-8 but valid GB18030 (GBK)"), sure=False)
    return None


def _is_whole_but_end(field: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(field)
    except UnicodeDecodeError:
        return False
    return True


def _fields(dbf: Path) -> Iterator[bytes]:
    """Yield the names of the fields, and the texts of the first records without the blanks around them."""
    data = dbf.read_bytes()
    start, size = int.from_bytes(data[8:10], "little"), int.from_bytes(data[10:12], "little")
    columns: list[tuple[int, int]] = []
    at = 1
    for head in range(32, min(start, len(data)) - 32, 32):
        yield data[head : head + 11].split(b"\0")[0]
        kind, width = data[head + 11 : head + 12], data[head + 16]
        if kind == b"C":
            columns.append((at, width))
        at += width
    for record in range(start, min(len(data), start + size * _CHECKED), max(size, 1)):
        for place, width in columns:
            yield data[record + place : record + place + width].split(b"\0")[0].strip(b" ")


def _stated(dbf: Path) -> str:
    if (cpg := siblings.of(dbf, ".cpg")) is not None:
        name = cpg.read_bytes()[:40].decode("ascii", "ignore").strip()
        name = _NAMES.get(name.upper(), name).replace("ANSI ", "cp")
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
    foreign = len(data) - len(data.translate(None, _FOREIGN))
    return broken == 0 or broken * 50 < foreign
