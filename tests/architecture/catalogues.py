"""What the translation catalogues must hold, and the one way to compile them.

`python -m tests.architecture.catalogues` compiles every .po file to the .mo
beside it and names the texts that have no Chinese yet.
"""

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "fieldsurvey" / "locales" / "zh_CN" / "LC_MESSAGES"
PACKAGES = ("fieldsurvey", "layers", "survey_forms", "exports", "ui")
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
PLACEHOLDER = re.compile(r"\{[a-z_0-9:.,]*\}")


def source_texts() -> dict[str, str]:
    """Return every text marked for translation and the first place where it stands."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for line, text in _texts(path):
                found.setdefault(text, f"{path.relative_to(ROOT)}:{line}")
    return found


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    keywords = {"_": None, "N_": None, "ngettext": (1, 2)}
    with path.open("rb") as source:
        for line, message, _comments, _context in extract("python", source, keywords):
            yield line, message if isinstance(message, str) else message[0]


def translations() -> dict[str, str]:
    """Return the Chinese of every catalogue entry."""
    found: dict[str, str] = {}
    for path in sorted(FOLDER.glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source, locale="zh_CN"):
                key = message.id if isinstance(message.id, str) else message.id[0]
                text = message.string if isinstance(message.string, str) else (message.string or [""])[0]
                if key and text and not message.fuzzy:
                    found[key] = text
    return found


def compiled(path: Path) -> bytes:
    """Return the .mo file that belongs to a .po file."""
    out = io.BytesIO()
    with path.open("rb") as source:
        catalogue = read_po(source, locale="zh_CN")
    catalogue.creation_date = catalogue.revision_date = _NO_DATE  # else a catalogue without one would take today's
    write_mo(out, catalogue)
    return out.getvalue()


def missing() -> dict[str, str]:
    """Return the texts without Chinese and where they stand."""
    known = translations()
    return {text: place for text, place in source_texts().items() if text not in known}


if __name__ == "__main__":
    for po in sorted(FOLDER.glob("*.po")):
        po.with_suffix(".mo").write_bytes(compiled(po))
    for text, place in missing().items():
        sys.stderr.write(f"{place}: no Chinese for {text!r}\n")
