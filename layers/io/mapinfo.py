"""MapInfo tables and exchange files, whose stated character set is often not that of their texts."""

import re
import shutil
from pathlib import Path

from fieldsurvey.i18n import _
from layers.io import encodings
from layers.io.report import FileReport

SUFFIXES = frozenset({".tab", ".mif"})
_STATED = re.compile(rb'(?m)^(\s*!?charset\s+)"?([\w-]+)"?', re.IGNORECASE)
_CHARSETS = {"GB18030": b"WindowsSimpChinese", "utf-8": b"UTF-8", "big5": b"WindowsTradChinese"}


def copy(path: Path, folder: Path, report: FileReport, encoding: str | None) -> Path:
    """Copy the parts, stating the character set that their texts are in; return the part asked for."""
    suffix = path.suffix.lower()
    for part in path.parent.iterdir():
        if part.stem.lower() == path.stem.lower() and part.is_file():
            shutil.copyfile(part, folder / (path.stem + part.suffix.lower()))
    main = folder / (path.stem + suffix)
    data = main.read_bytes()
    texts = main.with_suffix(".mid" if suffix == ".mif" else ".dat")
    if not texts.exists():
        told = _("{file} comes without its {what} ({suffix}).")
        report.warn("part_missing", told.format(file=path.name, what=_("attribute table"), suffix=texts.suffix))
    whole = _text(data + (texts.read_bytes() if texts.exists() else b""))
    found = encodings.of_bytes(whole)
    name = encoding or found.name
    charset = _CHARSETS.get("GB18030" if name.upper() in {"GBK", "GB2312", "GB18030"} else name)
    stated = _STATED.search(data)
    if charset is None or whole.isascii():
        return main
    if stated is None:
        head, line, rest = data.partition(b"\n")
        main.write_bytes(head + line + b'Charset "' + charset + b'"\n' + rest if suffix == ".mif" else data)
    elif stated[2].lower() != charset.lower():
        quote = b'"' if suffix == ".mif" else b""
        main.write_bytes(data[: stated.start()] + stated[1] + quote + charset + quote + data[stated.end() :])
        encodings.note(report, found)
    return main


def _text(data: bytes) -> bytes:
    """Return the bytes without those that are no text: a .dat begins with numbers."""
    return re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f][\x80-\xff]?", b" ", data)
