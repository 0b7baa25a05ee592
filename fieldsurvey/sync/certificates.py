"""Whose certificate a hub shows: one that an authority vouches for, or exactly the one that a person has confirmed.

A pin is the SHA-256 of the whole certificate. It stands above names and dates: a laptop whose clock is wrong, or that
reaches the hub under another address, still knows its hub, and nobody else's certificate passes.
"""

import hashlib
import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fieldsurvey.errors import InputRefused, SyncError
from fieldsurvey.i18n import _

_SECONDS = 8.0
_HTTPS = 443
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class OtherCertificate(ssl.SSLError):
    """The other side shows another certificate than the pinned one."""


class _Pinned(ssl.SSLContext):
    """Accepts one certificate, whatever else is said about it."""

    pin = ""

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:  # noqa: ANN401 - ssl's own options
        """Shake hands, then compare."""
        found = super().wrap_socket(*args, **options)
        if digest(found.getpeercert(binary_form=True) or b"") != self.pin:
            found.close()
            raise OtherCertificate("certificate")
        return found


@dataclass(frozen=True, slots=True)
class Shown:
    """What a hub shows before anybody trusts it.

    Attributes:
        pem: The certificate.
        is_vouched: True where an authority that this computer knows vouches for it.
    """

    pem: str
    is_vouched: bool

    @property
    def fingerprint(self) -> str:
        """SHA-256 as people compare it (AB:CD …)."""
        return readable(pin_of(self.pem))


def digest(der: bytes) -> str:
    """Return the SHA-256 of a certificate in DER form, 64 hex digits."""
    return hashlib.sha256(der).hexdigest()


def readable(pin: str) -> str:
    """Return a pin in the way people compare it.

    >>> readable("ab12")
    'AB:12'
    """
    return ":".join(pin[start : start + 2] for start in range(0, len(pin), 2)).upper()


def pin_from_text(text: str) -> str:
    """Return the pin that somebody typed, with or without colons and spaces.

    Raises:
        InputRefused: If it is no SHA-256.
    """
    found = re.sub(r"[\s:：-]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", found):
        raise InputRefused(
            _("This is no SHA-256 fingerprint: it has 64 letters and digits, as the hub prints them at its start.")
        )
    return found


def pin_of(certificate: str | Path) -> str:
    """Return the pin of a certificate in PEM form, or in a file.

    Raises:
        InputRefused: If it is no certificate.
    """
    try:
        text = certificate.read_text("ascii") if isinstance(certificate, Path) else certificate
        end = text.index(_END) + len(_END)  # the first of a chain is the hub's own
        return digest(ssl.PEM_cert_to_DER_cert(text[text.index(_BEGIN) : end]))
    except (OSError, ValueError) as error:
        name = certificate if isinstance(certificate, Path) else "PEM"
        raise InputRefused(_("{file} is no certificate in PEM form.").format(file=name)) from error


def context(pin: str) -> ssl.SSLContext:
    """Return what lets a client accept the pinned certificate only; without a pin, what authorities vouch for."""
    if not pin:
        return ssl.create_default_context()
    found = _Pinned(ssl.PROTOCOL_TLS_CLIENT)
    found.check_hostname = False
    found.verify_mode = ssl.CERT_NONE
    found.pin = pin
    return found


def look(url: str) -> Shown | None:
    """Return the certificate that a hub shows; None for an address without TLS. Nothing is sent to it.

    Raises:
        SyncError: If nobody answers there.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return None
    place = (parts.hostname, parts.port or _HTTPS)
    try:
        pem = ssl.get_server_certificate(place, timeout=_SECONDS)
    except ssl.SSLError as error:
        raise SyncError(_("The hub at {hub} does not speak https. Try http:// instead.").format(hub=url)) from error
    except (OSError, ValueError) as error:
        raise unreachable(url) from error
    return Shown(pem, _is_vouched(place))


def _is_vouched(place: tuple[str, int]) -> bool:
    try:
        with (
            socket.create_connection(place, timeout=_SECONDS) as line,
            ssl.create_default_context().wrap_socket(line, server_hostname=place[0]),
        ):
            return True
    except OSError:
        return False


def unreachable(url: str) -> SyncError:
    """Return what to raise where nobody answers."""
    text = _("Nobody answers at {hub}. Check the address and the network; edits can go by USB stick meanwhile.")
    return SyncError(text.format(hub=url), retryable=True)
