"""What GDAL says, in the user's words: its own are English, name files of ours, and matter less than they sound."""

import re

from fieldsurvey.i18n import N_, _
from layers.io.report import FileReport

# What needs no word: it is told otherwise, changes nothing, or is undone by us.
_SILENT = re.compile(
    r"Measured \(M\)|Skipping field|is not recognized|3D|too many members|Non closed ring|unable to read srs_id|"
    r"bad application_id|non conformant file extension|Field format '|geometry column '|GPX schema version|"
    r"links per element|Unsupported geometry type|Invalid coord dimension|Could not decode"
)
_TOLD = (
    (re.compile(r"Value '.*' of field (?:[^ ]*\.)?(\S+) parsed incompletely", re.DOTALL), "other_values",
     N_("Column {name} holds values that are no numbers; look at them.")),
    (re.compile(r"Invalid content for record .* in column (.+?): ", re.DOTALL), "other_values",
     N_("Column {name} holds values that are no dates; they were left empty.")),
    (re.compile(r"Table/view (.+) is referenced in gpkg_contents, but does not exist"), "layer_missing",
     N_("The file lists the layer {name}, but does not hold it.")),
    (re.compile(r"Field with same name \((.+?)\) already exists"), "duplicate_column",
     N_("The column {name} occurs twice; only the first was read.")),
)  # fmt: skip
_PLACE = re.compile(r"at line (\d+), column (\d+)")


class Told(RuntimeError):
    """A reason that is in the user's words already."""


def tell(text: str, report: FileReport) -> None:
    """Put into the report what one of GDAL's warnings means, if a person should know."""
    for pattern, code, words in _TOLD:
        if found := pattern.search(text):
            report.warn(code, _(words).format(name=found[1]))
            return
    if not _SILENT.search(text):
        text = _("Something in {file} is unusual; look whether everything came over.")
        report.warn("gdal", text.format(file=report.file.name))


def refusal(error: Exception, name: str) -> str:
    """Return why a file cannot be read."""
    if isinstance(error, Told):
        return _("{file} cannot be read: {why}").format(file=name, why=error)
    if place := _PLACE.search(str(error)):
        text = _("{file} is damaged at line {line}, column {column}. Save it again in the program it comes from.")
        return text.format(file=name, line=place[1], column=place[2])
    return _("{file} is damaged or not what its name says; no layer was found in it.").format(file=name)
