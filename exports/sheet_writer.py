"""Sheets of one project, one after the other, whoever asks for them: this process or another."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from exports.sheet.collect import CHINA, Collector
from exports.sheet.data import SheetData, digest_of
from exports.sheet.document import SHEET_ERRORS, as_form, render
from exports.sheet.faces import OFFICE, SONG, SONG_BOLD, office_face
from exports.sheet.forms import InstalledForms
from exports.sheet.template import ASSESSMENT, shipped, template_of
from exports.verify import data_code

if TYPE_CHECKING:
    from fieldsurvey.store import Store


@dataclass(frozen=True, slots=True)
class Order:
    """What all sheets of a batch have in common; plain values, for another process.

    Attributes:
        project: The project file, or a private copy of it.
        media: Folder of its photos.
        out: Where the sheets go.
        template: Name or file of the template.
        restricted: Whether pipes, power and gas sites are on the maps.
        today: Day that the sheets are made on, ISO 8601.
        language: In which faults are told.
        folder: Folder of the private copy; empty: none.
    """

    project: str
    media: str
    out: str
    template: str
    restricted: bool
    today: str
    language: str
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One sheet.

    Attributes:
        number: Place in the batch.
        uid: The community.
        name: Its code and name, for people.
        file: Name of an assessment sheet of it.
    """

    number: int
    uid: str
    name: str
    file: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one sheet.

    Attributes:
        number: Place in the batch.
        name: Code and name of the community.
        file: The sheet; empty if it could not be made.
        kept: Whether it was there before and says what it should.
        why: Why it could not be made; empty if it could.
    """

    number: int
    name: str
    file: str = ""
    kept: bool = False
    why: str = ""


class SheetWriter:
    """Writes sheets; what is the same for all is read once."""

    def __init__(self, store: "Store", order: Order) -> None:
        """Prepare.

        Raises:
            InputRefused: If the template has a fault.
        """
        self._template, self._out = template_of(order.template), Path(order.out)
        self._source = Collector(store, InstalledForms(), order.today, restricted=order.restricted)
        sources = [Path(order.template), self._template.logo]
        self._changed = max((each.stat().st_mtime for each in sources if each and each.is_file()), default=0.0)

    def write(self, wanted: Wanted) -> Answer:
        """Write a sheet, unless it is there and says what it should. Faults become the answer."""
        out = self._out / self._file_of(wanted)
        try:
            data = self._source.sheet(wanted.uid)
            if self._is_there(out, data):
                return Answer(wanted.number, wanted.name, str(out), kept=True)
            render(data, out, self._template)
        except SHEET_ERRORS as error:
            return Answer(wanted.number, wanted.name, why=str(error) or type(error).__name__)
        return Answer(wanted.number, wanted.name, str(out))

    def _file_of(self, wanted: Wanted) -> str:
        from exports.batch import file_name

        if self._template is shipped(ASSESSMENT):
            return wanted.file
        return f"{Path(wanted.file).stem}_{file_name(self._template.name)}"

    def _is_there(self, out: Path, data: SheetData) -> bool:
        """Say whether a file is this very sheet. Wording and photo files are no data: they must be older than it."""
        if not out.is_file():
            return False
        photos = [photo.path.stat().st_ctime for photo in data.photos if photo.path is not None]
        if max([self._changed, *photos]) >= out.stat().st_mtime:
            return False
        return data_code(out) == digest_of(as_form(data, self._template).canonical()) and _is_set_as_chosen(out)


def _is_set_as_chosen(out: Path) -> bool:
    """Say whether a sheet is set in the office's own typefaces as they are chosen now, or in ours."""
    import pikepdf

    with pikepdf.open(out) as pdf:
        fonts = pdf.pages[0].resources.Font
        there = {name: str(font.BaseFont).partition("+")[2] for name, font in fonts.items()}
    for name in (SONG, SONG_BOLD):
        own = office_face(name)
        if there.get(f"/{name}{OFFICE}", "") != (own.ttf.name.decode("latin1") if own else ""):
            return False
    return True


def today_in_china() -> str:
    """Return the day, ISO 8601."""
    return datetime.now(CHINA).date().isoformat()
