"""The default forms as text tables, and how they become XLSForm workbooks."""

import csv
import hashlib
from functools import cache
from pathlib import Path

ZH, EN = "中文 (zh)", "English (en)"
_HERE = Path(__file__).parent
_TABLES = 1  # raised when the program makes other tables of the same forms
_LABELLED = {"zh": f"label::{ZH}", "en": f"label::{EN}"}
_SURVEY = {
    **_LABELLED,
    "hint_zh": f"hint::{ZH}",
    "hint_en": f"hint::{EN}",
    "message_zh": f"constraint_message::{ZH}",
    "message_en": f"constraint_message::{EN}",
    "unit": "bind::unit",
}

Sheet = list[dict[str, str]]


def names() -> list[str]:
    """Return the ids of the default forms, in their order."""
    return [row["form_id"] for row in _rows("_forms")]


def path(form_id: str) -> Path:
    """Return the table of a form."""
    return _HERE / f"{form_id}.csv"


def is_definition(file: Path) -> bool:
    """Say whether a file is one of the default forms' tables."""
    return file.parent.resolve() == _HERE.resolve() and file.stem in names()


def sources(form_id: str) -> list[Path]:
    """Return every file that a form is made of, for caching by content."""
    return [path(form_id), *(_HERE / f"_{part}.csv" for part in ("header", "footer", "choices", "forms"))]


def fingerprint() -> str:
    """Return what changes whenever any default form does."""
    digest = hashlib.sha256(f"tables {_TABLES}".encode())
    for file in sorted(_HERE.glob("*.csv")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def workbook(form_id: str) -> dict[str, Sheet]:
    """Return a form as the sheets of an XLSForm workbook."""
    entry = next(row for row in _rows("_forms") if row["form_id"] == form_id)
    parts = ["_header", form_id, *(["_footer"] if entry["footer"] == "yes" else [])]
    survey = [_renamed(row, _SURVEY) for part in parts for row in _rows(part)]
    used = {words[1] for row in survey if len(words := row.get("type", "").split()) > 1}
    choices = [_renamed(row, _LABELLED) for row in _rows("_choices") if row["list_name"] in used]
    settings = {
        "form_title": entry["zh"],
        "form_id": form_id,
        "version": entry["version"],
        "default_language": ZH,
    }
    return {"survey": survey, "choices": choices, "settings": [settings]}


def title(form_id: str, language: str) -> str:
    """Return the title of a default form in a language, zh or en; empty for other forms."""
    entry = next((row for row in _rows("_forms") if row["form_id"] == form_id), None)
    return "" if entry is None else entry["zh" if language.startswith("zh") else "en"]


def calculated_label(form_id: str, name: str) -> tuple[str, str]:
    """Return the Chinese and English label of a computed value of a default form; empty for other forms.

    An XForm has no place for labels of what is never asked.
    """
    if form_id not in names():
        return "", ""
    rows = [*_rows("_header"), *_rows(form_id)]
    return next(((row["zh"], row["en"]) for row in rows if row["name"] == name), ("", ""))


@cache
def _rows(name: str) -> Sheet:
    with (_HERE / f"{name}.csv").open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def _renamed(row: dict[str, str], names_: dict[str, str]) -> dict[str, str]:
    return {names_.get(name, name): value for name, value in row.items() if value}
