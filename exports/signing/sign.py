"""Put one signature on a sheet: into its prepared place, in order, keeping the archive format."""

import io
import logging
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exports.signing.keys import KeyFile, Token
from fieldsurvey.errors import FieldSurveyError, InputRefused
from fieldsurvey.i18n import _

if TYPE_CHECKING:
    from pyhanko.pdf_utils.generic import DictionaryObject
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.signers import PdfSigner, Signer
    from pyhanko.stamp import StaticStampStyle

CHINA = timezone(timedelta(hours=8))
SIGNED_SUFFIX = "_已签"
_IN_ORDER = re.compile(r"(.+)_sign_(\d+)")
_TIMEOUT = 20  # seconds that a time-stamp service has


class TimestampFailed(FieldSurveyError):
    """The time-stamp service gave no time stamp; the sheet is not signed."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a sheet where may be signed.

    Attributes:
        name: Name of its field.
        label: Who signs, in words: 调查人签字, 街道办盖章.
        is_signed: Whether somebody did.
        page: Page, from 1.
        size: Width and height in points.
    """

    name: str
    label: str
    is_signed: bool
    page: int
    size: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Signed:
    """What was done.

    Attributes:
        out: The signed file.
        place: Where.
        name: Who, as the certificate says.
        has_time_stamp: Whether a time-stamp service confirmed the moment.
    """

    out: Path
    place: str
    name: str
    has_time_stamp: bool


def places(pdf: Path) -> list[Place]:
    """Return where a sheet may be signed, in the order of its pages.

    Raises:
        InputRefused: If the file is no readable PDF.
    """
    import pikepdf

    try:
        with pikepdf.open(pdf) as document:
            pages = {page.obj.objgen: number for number, page in enumerate(document.pages, 1)}
            return [_place(each, pages) for each in _fields(document)]
    except (OSError, pikepdf.PdfError) as error:
        raise InputRefused(_("{file} cannot be read as a PDF: {why}").format(file=pdf.name, why=error)) from error


def _fields(document: Any) -> Iterator[Any]:  # noqa: ANN401 - pikepdf objects take any attribute
    form = document.Root.get("/AcroForm")
    for each in form.get("/Fields", ()) if form is not None else ():
        if str(each.get("/FT", "")) == "/Sig" and "/Rect" in each:
            yield each


def _place(field: Any, pages: dict[tuple[int, int], int]) -> Place:  # noqa: ANN401 - see above
    west, south, east, north = (float(value) for value in field.Rect)
    page = pages.get(field.P.objgen, 0) if "/P" in field else 0
    label = str(field.get("/TU", field.T))
    return Place(str(field.T), label, "/V" in field, page, (east - west, north - south))


def target_of(pdf: Path) -> Path:
    """Return where a signed sheet goes: beside the unsigned one, which stays; a signed one takes the next signature.

    >>> target_of(Path("a.pdf")).name, target_of(Path("a_已签.pdf")).name
    ('a_已签.pdf', 'a_已签.pdf')
    """
    return pdf if pdf.stem.endswith(SIGNED_SUFFIX) else pdf.with_name(f"{pdf.stem}{SIGNED_SUFFIX}.pdf")


def sign(
    pdf: Path,
    key: KeyFile | Token,
    *,
    place: str = "",
    picture: Path | None = None,
    timestamp_url: str = "",
    out: Path | None = None,
) -> Signed:
    """Sign a sheet.

    Earlier signatures stay valid: the new one is appended. The file appears
    when it is whole.

    Args:
        pdf: The sheet.
        key: Who signs.
        place: Words of the place, like 复核人; empty: the first signature line that is free.
        picture: The user's own picture of seal or handwriting; None: name and day.
        timestamp_url: Address of a time-stamp service (RFC 3161); empty: none, level B-B.
        out: Where to write; None: as target_of() says.

    Raises:
        InputRefused: If sheet, place, picture or certificate cannot be used.
        TimestampFailed: If the service gave no time stamp.
    """
    chosen = _chosen(places(pdf), place)
    target = out or target_of(pdf)
    with key.signer() as signer, quiet():
        name = signer.subject_name or ""
        content = _signed(pdf, signer, chosen, name, picture, timestamp_url)
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        partial.replace(target)
    except OSError as error:
        raise InputRefused(_("{file} cannot be written: {why}").format(file=target.name, why=error.strerror)) from error
    finally:
        partial.unlink(missing_ok=True)
    return Signed(target, chosen.label, name, bool(timestamp_url))


def _chosen(found: Sequence[Place], wanted: str) -> Place:
    """Return the place meant.

    Raises:
        InputRefused: If there is none, it is taken, or an earlier signer has not signed.
    """
    if not found:
        raise InputRefused(_("This file has no places for signatures. Please make the sheet anew, then sign it."))
    free = [each for each in found if not each.is_signed]
    if wanted:
        named = [each for each in found if wanted in (each.name, each.label)] or [
            each for each in found if each.label.startswith(wanted)
        ]
        if len(named) != 1:
            told = "、".join(each.label for each in free)
            raise InputRefused(
                _("No single place is called {place}. Free are: {free}.").format(place=wanted, free=told)
            )
        chosen = named[0]
    else:
        lines = [each for each in free if _IN_ORDER.fullmatch(each.name)]
        if not lines:
            raise InputRefused(_("All signature lines are signed. Please name a place, such as a seal."))
        chosen = lines[0]
    if chosen.is_signed:
        raise InputRefused(_("{place} is signed already.").format(place=chosen.label))
    _keep_order(found, chosen)
    return chosen


def _keep_order(found: Sequence[Place], chosen: Place) -> None:
    """Refuse to sign before those whose line stands above in the same box."""
    order = _IN_ORDER.fullmatch(chosen.name)
    for each in found if order else ():
        other = _IN_ORDER.fullmatch(each.name)
        if order and other and other[1] == order[1] and int(other[2]) < int(order[2]) and not each.is_signed:
            raise InputRefused(
                _("{first} has to be there before {second}.").format(first=each.label, second=chosen.label)
            )


def _signed(pdf: Path, signer: "Signer", place: Place, name: str, picture: Path | None, timestamp_url: str) -> bytes:
    from aiohttp import ClientError
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
    from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError

    about = PdfSignatureMetadata(
        field_name=place.name,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason=place.label,
        name=name,
    )
    stamper = HTTPTimeStamper(timestamp_url, timeout=_TIMEOUT) if timestamp_url else None
    try:
        with tempfile.TemporaryDirectory() as folder:
            style = _style(Path(folder), place, name, picture)
            return _append(pdf, PdfSigner(about, signer, timestamper=stamper, stamp_style=style))
    except (TimestampRequestError, ClientError, TimeoutError) as error:
        raise TimestampFailed(
            _("The time-stamp service {url} gave no time stamp: {why}. The sheet is not signed.").format(
                url=timestamp_url, why=str(error) or type(error).__name__
            )
        ) from error
    except (PdfError, SigningError, ValueError) as error:
        raise InputRefused(_("{file} cannot be signed: {why}").format(file=pdf.name, why=error)) from error


def _append(pdf: Path, signer: "PdfSigner") -> bytes:
    out = io.BytesIO()
    signer.sign_pdf(_writer(pdf.read_bytes()), existing_fields_only=True, output=out)
    return out.getvalue()


def _writer(content: bytes) -> "IncrementalPdfFileWriter":
    """Return a writer of one more revision that keeps the archive format.

    pyHanko writes the metadata anew with each signature and loses the
    description of the PDF/UA mark, without which the file is no PDF/A any
    more. Its cross-reference stream may end with a carriage return (see
    exports.sheet.archive.protect()); hexadecimal digits never do.
    """
    from pyhanko.pdf_utils.generic import StreamObject
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    class KeepsMetadata(IncrementalPdfFileWriter):
        def _update_meta(self) -> None:
            pass

        def _populate_trailer(self, trailer: "DictionaryObject") -> None:
            super()._populate_trailer(trailer)  # type: ignore[no-untyped-call]
            if isinstance(trailer, StreamObject):
                trailer.apply_filter("/ASCIIHexDecode")

    return KeepsMetadata(io.BytesIO(content))


def _style(folder: Path, place: Place, name: str, picture: Path | None) -> "StaticStampStyle":
    from pyhanko.pdf_utils.layout import AxisAlignment, InnerScaling, Margins, SimpleBoxLayoutRule
    from pyhanko.stamp import StaticStampStyle

    from exports.signing.look import Look

    middle = AxisAlignment.ALIGN_MID
    whole = SimpleBoxLayoutRule(middle, middle, Margins(0, 0, 0, 0), InnerScaling.STRETCH_FILL)
    page = folder / "look.pdf"
    now = datetime.now(CHINA)
    page.write_bytes(Look(name, f"{now.year}年{now.month}月{now.day}日", picture).drawn(*place.size))
    style: StaticStampStyle = StaticStampStyle.from_pdf_file(
        str(page), border_width=0, background_opacity=1, background_layout=whole
    )
    return style


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the signing libraries from logging: they log what was signed and every file that was changed."""
    loggers = [logging.getLogger(name) for name in ("pyhanko", "pyhanko_certvalidator")]
    before = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)
