"""Does a sheet still say what it said when it was made? In words.

The sheet carries its data; their hash is the verification code on every page.
This finds changes that were not meant to deceive, and careless ones. Against
a forger only a signature helps: if there are any, each is told.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exports.sheet.archive import SEAL_MARK, digest_of_pages
from exports.sheet.data import digest_of, shown
from exports.sheet.names import DATA_NAME
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _


class Unreadable(InputRefused):
    """The file is no PDF, or not a sheet of this program."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.

    Attributes:
        matches: True if nothing was changed and every signature holds.
        findings: Sentences for the user.
        signatures: How many signatures there are.
    """

    matches: bool
    findings: tuple[str, ...]
    signatures: int = 0


def verify(pdf: Path, trusted: Sequence[Path] = ()) -> Verification:
    """Compare a sheet with the data inside it, and check its signatures.

    Args:
        pdf: The sheet.
        trusted: Certificates of issuers; with any, a signature counts only if one of them vouches for it.

    Raises:
        Unreadable: If the file cannot be read or carries no verification code.
        InputRefused: If a certificate cannot be read.
    """
    import pikepdf

    from exports.signing.check import signatures

    try:
        with pikepdf.open(pdf) as document:
            found = _compare(pdf.name, document)
        signed = signatures(pdf, trusted)
    except (OSError, ValueError, RuntimeError, zlib.error, pikepdf.PdfError) as error:
        raise Unreadable(_("{file} cannot be read as a PDF: {why}").format(file=pdf.name, why=error)) from error

    told = tuple(sentence for each in signed for sentence in each.told)
    return Verification(
        found.matches and all(each.holds for each in signed),
        (*found.findings, *(told or (_("The file is not signed electronically."),))),
        len(signed),
    )


def data_code(pdf: Path) -> str:
    """Return the verification code of the data of a sheet that is whole and unchanged; empty for any other file."""
    import pikepdf

    try:
        with pikepdf.open(pdf) as document:
            found = _compare(pdf.name, document)
            return str(document.docinfo.get("/Keywords", "")).split()[1] if found.matches else ""
    except (Unreadable, OSError, ValueError, RuntimeError, zlib.error, pikepdf.PdfError):
        return ""


def _compare(name: str, document: Any) -> Verification:  # noqa: ANN401 - pikepdf objects take any attribute
    words = str(document.docinfo.get("/Keywords", "")).split()
    if len(words) != 3 or words[0] != SEAL_MARK or DATA_NAME not in document.attachments:
        raise Unreadable(_("{file} carries no verification code of this program.").format(file=name))
    _mark, data_code, pages_code = words
    findings = []
    if digest_of(document.attachments[DATA_NAME].get_file().read_bytes()) != data_code:
        findings.append(_("The data inside {file} were changed after it was made.").format(file=name))
    if digest_of_pages(document) != pages_code:
        findings.append(_("The pages of {file} were changed after it was made.").format(file=name))
    if findings:
        return Verification(False, tuple(findings))
    told = _("{file} is unchanged. Verification code {code}.").format(file=name, code=shown(data_code))
    return Verification(True, (told,))
