"""What the signatures of a file are worth, in words."""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exports.signing.sign import quiet
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _

if TYPE_CHECKING:
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
    from pyhanko.sign.validation.status import PdfSignatureStatus

CHINA = timezone(timedelta(hours=8))
_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[")
_HEX = re.compile(rb"(?:[0-9A-F]{2})+")


@dataclass(frozen=True, slots=True)
class SignatureFound:
    """One signature of a file.

    Attributes:
        holds: False if what was signed has been changed, or the signature is damaged.
        told: Sentences for the user.
    """

    holds: bool
    told: tuple[str, ...]


def signatures(pdf: Path, trusted: Sequence[Path] = ()) -> list[SignatureFound]:
    """Return the signatures of a file in the order they were made; none if it is not signed.

    Args:
        pdf: A readable PDF.
        trusted: Certificates (PEM or DER) of the issuers that count. Without any, who signed is told, not checked.

    Raises:
        InputRefused: If a certificate cannot be read.
    """
    content = pdf.read_bytes()
    if not _BYTE_RANGE.search(content):
        return []
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader

    roots = [certificate for path in trusted for certificate in _certificates(path)]
    with quiet(), _rare_names():
        try:
            found = list(PdfFileReader(io.BytesIO(content)).embedded_signatures)
            return [_checked(each, content, roots, is_last=index == len(found)) for index, each in enumerate(found, 1)]
        except (PdfError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            text = _("The signatures of {file} cannot be read: they are damaged ({why}).")
            return [SignatureFound(False, (text.format(file=pdf.name, why=type(error).__name__),))]


def _certificates(path: Path) -> list[Any]:
    from pyhanko.keys import load_certs_from_pemder

    try:
        return list(load_certs_from_pemder([str(path)]))  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise InputRefused(_("{file} holds no certificate that can be read.").format(file=path.name)) from error


@contextmanager
def _rare_names() -> Iterator[None]:
    """Let names be compared whose characters are younger than Unicode 3.2.

    The comparison of RFC 4518 refuses them, and with them everybody with a
    rare surname (U+20000 and above): his certificate would never be trusted.
    """
    from asn1crypto.x509 import NameTypeAndValue

    prepare = NameTypeAndValue._ldap_string_prep  # noqa: SLF001 - no public way

    def prepare_any(value: Any, text: str) -> str:  # noqa: ANN401 - asn1crypto values are untyped
        try:
            return str(prepare(value, text))
        except ValueError:
            return f" {text.casefold()} "

    NameTypeAndValue._ldap_string_prep = prepare_any  # noqa: SLF001
    try:
        yield
    finally:
        NameTypeAndValue._ldap_string_prep = prepare  # noqa: SLF001


def _checked(signature: "EmbeddedPdfSignature", content: bytes, roots: list[Any], *, is_last: bool) -> SignatureFound:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    place = str(signature.sig_field.get("/TU", signature.field_name))
    if not _is_tight(signature, content):
        return SignatureFound(False, (_("{place}: the signature was damaged.").format(place=place),))
    trust = ValidationContext(trust_roots=roots, allow_fetching=False)
    status = validate_pdf_signature(signature, signer_validation_context=trust, ts_validation_context=trust)
    who, is_listed = _common_name(status.signing_cert.subject), bool(roots)
    head = _("{place}: {who}, {moment}").format(place=place, who=who, moment=_moment(status))
    problem = _problem(status, is_last)
    if problem:
        return SignatureFound(False, (f"{head}。{problem}",))
    unchanged = _("Signed content unchanged.")
    told = [f"{head}。{unchanged}", *_who_says(status, who, is_listed)]
    return SignatureFound(status.trusted or not is_listed, tuple(told))


def _is_tight(signature: "EmbeddedPdfSignature", content: bytes) -> bool:
    """Say whether the part of the file that no signature covers holds the signature and nothing else.

    Signatures are written as digits into a place that is a little too long;
    what follows the signature there must be zeros.
    """
    _start, before, after, _length = (int(value) for value in signature.byte_range)
    gap = content[before:after]
    digits = gap[1:-1]
    if not (gap.startswith(b"<") and gap.endswith(b">") and _HEX.fullmatch(digits)):
        return False
    return not bytes.fromhex(digits.decode())[_der_length(bytes.fromhex(digits[:20].decode())) :].strip(b"\0")


def _der_length(head: bytes) -> int:
    """Return how many bytes the value takes that begins so (ITU-T X.690, 8.1.3).

    >>> _der_length(bytes.fromhex("3003020101")), _der_length(bytes.fromhex("30820100"))
    (5, 260)
    """
    if head[1] < 128:
        return 2 + head[1]
    count = head[1] & 0x7F
    return 2 + count + int.from_bytes(head[2 : 2 + count], "big")


def _problem(status: "PdfSignatureStatus", is_last: bool) -> str:
    """Return what is wrong with what was signed; empty if nothing is."""
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    if not status.intact:
        return _("The signed content was changed after the signature.")
    if not status.valid:
        return _("The signature does not belong to its certificate.")
    if is_last and status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        return _("Something was added to the file after the signature.")
    if status.modification_level is None or status.modification_level > ModificationLevel.FORM_FILLING:
        return _("Something other than further signatures was changed after the signature.")
    return ""


def _moment(status: "PdfSignatureStatus") -> str:
    """Return when it was signed, and who says so."""
    stamp = status.timestamp_validity
    if stamp is not None and stamp.intact and stamp.valid:
        return _("{moment} (confirmed by the time-stamp service {name})").format(
            moment=_local(stamp.timestamp), name=_common_name(stamp.signing_cert.subject)
        )
    told = status.signer_reported_dt
    return _("{moment} (clock of the signer's computer)").format(moment=_local(told)) if told else _("time not told")


def _local(moment: datetime) -> str:
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def _who_says(status: "PdfSignatureStatus", who: str, is_listed: bool) -> list[str]:
    """Return who vouches for the signer's name."""
    issuer = _common_name(status.signing_cert.issuer)
    if status.trusted:
        return [_("The certificate of {who} comes from {issuer}, which you trust.").format(who=who, issuer=issuer)]
    if is_listed:
        return [_("The certificate of {who} does not come from an issuer that you named.").format(who=who)]
    text = _("Who issued the certificate ({issuer}) was not checked; give the issuer's certificate with --trust.")
    return [text.format(issuer=issuer)]


def _common_name(name: Any) -> str:  # noqa: ANN401 - asn1crypto names are untyped
    return str(name.native.get("common_name") or name.human_friendly)
