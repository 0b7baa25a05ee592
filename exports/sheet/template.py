"""Sheets as data: a template file says which parts a sheet has, in which words and order (TOML).

Another office copies one of the shipped files (exports/sheet/templates) and
changes it. What is wrong in it is told with its line, before anything is made.
"""

import io
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from exports.sheet.faces import MissingCharacters, require
from exports.sheet.opinions import Opinion
from exports.sheet.proposal_tables import GATE_COLUMNS, WORK_COLUMNS
from exports.sheet.tables import PROBLEM_COLUMNS, RULE_COLUMNS, SYSTEM_COLUMNS
from exports.sheet.templates import FOLDER, NAMES
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _

ASSESSMENT = "assessment"  # the sheet that is meant where none is named
PLACES = ("name", "code", "place", "date")  # what braces may name
# What can be shown, and the columns that may be chosen of it.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "systems": SYSTEM_COLUMNS, "rules": RULE_COLUMNS, "problems": PROBLEM_COLUMNS, "works": WORK_COLUMNS,
    "gates": GATE_COLUMNS,
}  # fmt: skip
SHOWN = ("profile", *COLUMNS, "map", "consent", "lifts", "conclusion", "photos", "opinions", "statement", "text")
_ALWAYS = ("show", "heading", "note", "new_page")
_ALSO: Mapping[str, tuple[str, ...]] = {
    "profile": ("rows", "rename"), "photos": ("most",), "opinions": ("box",), "text": ("text",),
} | dict.fromkeys(COLUMNS, ("columns", "rename"))  # fmt: skip
_TOP = ("name", "title", "header", "number", "logo", "part")
_BOX = ("key", "caption", "signers", "seals")
_KEY = re.compile(r"[a-z][a-z0-9]*")
_NUMBER = re.compile(r"[A-Za-z0-9]{1,8}")
_MOST_PHOTOS = 60
_TABLE = re.compile(r"\s*\[\[?\s*([\w.]+)\s*\]?\]")
_ENTRY = re.compile(r"\s*\"?([\w-]+)\"?\s*=")
_WHERE = re.compile(r"\(at line (\d+), column \d+\)")


class TemplateRefused(InputRefused):
    """A template cannot be used; the sentence names file, line and reason."""


@dataclass(frozen=True, slots=True)
class PartWanted:
    """One part of a sheet.

    Attributes:
        show: One of SHOWN.
        heading: Heading without number; empty: none.
        note: Small print above.
        new_page: Whether it starts a page.
        columns, rows: What is shown of a table; empty: all.
        rename: Name -> other name, of columns or rows.
        most: Photos at most.
        text: Words of a part of its own.
        boxes: Boxes for opinions.
    """

    show: str
    heading: str = ""
    note: str = ""
    new_page: bool = False
    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    most: int = 12
    text: str = ""
    boxes: tuple[Opinion, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of sheet.

    Attributes:
        name: What it is called, also in file names: 评估表.
        title, header: On the first and the other pages; braces as in PLACES.
        number: How its number begins.
        parts: What is printed, in order.
        logo: Picture left of the title; None: none.
    """

    name: str
    title: str
    header: str
    number: str
    parts: tuple[PartWanted, ...]
    logo: Path | None = None


@cache
def shipped(name: str) -> Template:
    """Return a template of the program: assessment, application or approval."""
    return read_template(FOLDER / f"{name}.toml")


def template_of(wanted: str) -> Template:
    """Return a template by its name (评估表, assessment) or by its file.

    Raises:
        TemplateRefused: If a file has a fault.
        InputRefused: If there is neither.
    """
    for name, chinese in NAMES.items():
        if wanted in (name, chinese):
            return shipped(name)
    if not Path(wanted).is_file():
        told = _(", ").join(NAMES.values())
        raise InputRefused(_("There is no template {name}. Shipped are {names}.").format(name=wanted, names=told))
    return read_template(Path(wanted))


def read_template(path: Path) -> Template:
    """Read a template file.

    Raises:
        TemplateRefused: With the line of the first fault.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateRefused(
            _("The template {file} cannot be read as text in UTF-8: {why}").format(file=path.name, why=error)
        ) from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _Faults(path, text).syntax(str(error)) from error
    return _Reader(path, text).read(content)


def copies(folder: Path) -> list[Path]:
    """Copy the shipped templates into a folder, under their Chinese names; return the files.

    Raises:
        InputRefused: If a file is there already, or the folder cannot be written.
    """
    targets = [folder / f"{chinese}.toml" for chinese in NAMES.values()]
    taken = [target.name for target in targets if target.exists()]
    if taken:
        raise InputRefused(
            _("{folder} has {files} already; they may have been changed. Choose another folder.").format(
                folder=folder, files=_(", ").join(taken)
            )
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, target in zip(NAMES, targets, strict=True):
            target.write_bytes((FOLDER / f"{name}.toml").read_bytes())
    except OSError as error:
        raise InputRefused(
            _("The folder {folder} cannot be used: {why}").format(folder=folder, why=error.strerror)
        ) from error
    return targets


class _Faults:
    """Finds the line of a fault: tomllib tells it only for syntax."""

    def __init__(self, path: Path, text: str) -> None:
        self._name, self._lines = path.name, text.splitlines()

    def syntax(self, why: str) -> TemplateRefused:
        found = _WHERE.search(why)
        line = int(found[1]) if found else len(self._lines)
        return self._told(line, _("this is not written as TOML: {why}").format(why=_WHERE.sub("", why).strip()))

    def at(self, table: str, index: int, key: str, why: str) -> TemplateRefused:
        """Return the refusal of a key of the index-th [[table]]; the empty table is the head of the file."""
        seen, inside, start = -1, table == "", 1
        for number, line in enumerate(self._lines, 1):
            if head := _TABLE.match(line):
                seen += head[1] == table
                inside = head[1] == table and seen == index
                start = number if inside else start
            elif inside and (entry := _ENTRY.match(line)) and entry[1] == key:
                return self._told(number, why)
        return self._told(start, why)

    def _told(self, line: int, why: str) -> TemplateRefused:
        return TemplateRefused(_("{file}, line {line}: {why}").format(file=self._name, line=line, why=why))


class _Reader:
    def __init__(self, path: Path, text: str) -> None:
        self._path, self._faults, self._boxes = path, _Faults(path, text), 0
        self._keys: set[str] = set()

    def read(self, content: dict[str, Any]) -> Template:
        self._only(content, _TOP, "", 0)
        for key in ("name", "title", "header", "number"):
            self._text(content, key, "", 0, needed=True)
        if not _NUMBER.fullmatch(content["number"]):
            raise self._faults.at("", 0, "number", _("number is one to eight letters or digits, such as PG."))
        parts = content.get("part")
        if not isinstance(parts, list) or not parts:
            raise self._faults.at("", 0, "part", _("the sheet has no part; write at least one [[part]]."))
        made = tuple(self._part(part, index) for index, part in enumerate(parts))
        title, header = (str(content[key]) for key in ("title", "header"))
        return Template(content["name"], title, header, content["number"], made, self._logo(content))

    def _logo(self, content: dict[str, Any]) -> Path | None:
        from PIL import Image

        if not self._text(content, "logo", "", 0):
            return None
        path = self._path.with_name(content["logo"])
        try:
            with Image.open(io.BytesIO(path.read_bytes())) as image:
                image.load()
        except OSError as error:
            why = _("the picture {file} beside the template cannot be read.").format(file=content["logo"])
            raise self._faults.at("", 0, "logo", why) from error
        return path

    def _part(self, part: dict[str, Any], index: int) -> PartWanted:
        show = self._text(part, "show", "part", index, needed=True)
        if show not in SHOWN:
            why = _("there is no part {name}; there are {names}.").format(name=show, names=_(", ").join(SHOWN))
            raise self._faults.at("part", index, "show", why)
        self._only(part, (*_ALWAYS, *_ALSO.get(show, ())), "part", index)
        most = part.get("most", 12)
        if type(most) is not int or not 0 < most <= _MOST_PHOTOS:
            raise self._faults.at("part", index, "most", _("most is a number from 1 to {n}.").format(n=_MOST_PHOTOS))
        if type(part.get("new_page", False)) is not bool:
            raise self._faults.at("part", index, "new_page", _("new_page is true or false."))
        return PartWanted(
            show=show,
            heading=self._text(part, "heading", "part", index),
            note=self._text(part, "note", "part", index),
            new_page=part.get("new_page", False),
            columns=self._columns(part, show, index),
            rows=self._texts(part, "rows", "part", index),
            rename=self._rename(part, index),
            most=most,
            text=self._text(part, "text", "part", index, needed=show == "text"),
            boxes=tuple(self._box(box) for box in self._list(part, index)),
        )

    def _columns(self, part: dict[str, Any], show: str, index: int) -> tuple[str, ...]:
        wanted = self._texts(part, "columns", "part", index)
        unknown = [name for name in wanted if name not in COLUMNS.get(show, ())]
        if unknown:
            why = _("there is no column {name}; there are {names}.")
            told = why.format(name=unknown[0], names="、".join(COLUMNS[show]))
            raise self._faults.at("part", index, "columns", told)
        return wanted

    def _rename(self, part: dict[str, Any], index: int) -> Mapping[str, str]:
        names = part.get("rename", {})
        if not isinstance(names, dict) or not all(isinstance(name, str) and name for name in names.values()):
            raise self._faults.at("part", index, "rename", _('rename is written like { "old" = "new" }.'))
        self._printable("".join(names.values()), "rename", "part", index)
        return names

    def _list(self, part: dict[str, Any], index: int) -> list[dict[str, Any]]:
        boxes = part.get("box", [])
        if part["show"] == "opinions" and not (isinstance(boxes, list) and boxes):
            raise self._faults.at("part", index, "show", _("opinions need at least one [[part.box]]."))
        return list(boxes)

    def _box(self, box: dict[str, Any]) -> Opinion:
        index, self._boxes = self._boxes, self._boxes + 1
        self._only(box, _BOX, "part.box", index)
        key = self._text(box, "key", "part.box", index, needed=True)
        if not _KEY.fullmatch(key) or key in self._keys:
            why = _("key is a word of small letters and digits that no other box has.")
            raise self._faults.at("part.box", index, "key", why)
        self._keys.add(key)
        caption = self._text(box, "caption", "part.box", index, needed=True)
        signers = self._texts(box, "signers", "part.box", index) or ("负责人",)
        seals = self._texts(box, "seals", "part.box", index) or ("",)
        return Opinion(key, caption, tuple(f"{signer}（签字）：" for signer in signers), seals)

    def _text(self, table: dict[str, Any], key: str, where: str, index: int, *, needed: bool = False) -> str:
        text = table.get(key, "")
        if not isinstance(text, str) or (needed and not text.strip()):
            raise self._faults.at(where, index, key, _("{key} needs a text in quotation marks.").format(key=key))
        self._printable(text, key, where, index)
        return text

    def _texts(self, table: dict[str, Any], key: str, where: str, index: int) -> tuple[str, ...]:
        texts = table.get(key, [])
        if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
            why = _('{key} is written like ["one", "two"].').format(key=key)
            raise self._faults.at(where, index, key, why)
        self._printable("".join(texts), key, where, index)
        return tuple(texts)

    def _printable(self, text: str, key: str, where: str, index: int) -> None:
        """Refuse characters that no typeface has, and braces that name nothing."""
        try:
            require(text)
            fields = [name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None]
        except (MissingCharacters, ValueError) as error:
            raise self._faults.at(where, index, key, str(error)) from error
        unknown = [name for name in fields if name not in PLACES]
        if unknown:
            told = _(", ").join(f"{{{name}}}" for name in PLACES)
            why = _("{{{name}}} stands for nothing; there are {names}.").format(name=unknown[0], names=told)
            raise self._faults.at(where, index, key, why)

    def _only(self, table: dict[str, Any], allowed: Iterable[str], where: str, index: int) -> None:
        unknown = [key for key in table if key not in allowed]
        if unknown:
            why = _("{key} does not belong here; there are {names}.")
            told = why.format(key=unknown[0], names=_(", ").join(allowed))
            raise self._faults.at(where, index, unknown[0], told)
