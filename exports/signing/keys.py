"""The signer's certificate and private key: from a PKCS#12 file, or in a PKCS#11 token."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fieldsurvey.errors import InputRefused, UsageError
from fieldsurvey.i18n import _

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from pyhanko.sign.signers import Signer


class KeyRefused(InputRefused):
    """The certificate or its key cannot be used."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A PKCS#12 file (.p12, .pfx).

    Attributes:
        path: The file.
        password: Its password; not shown when the value is printed or logged.
    """

    path: Path
    password: str = field(repr=False)

    @contextmanager
    def signer(self) -> Iterator["Signer"]:
        """Lend the key for one signature.

        Raises:
            KeyRefused: If file, password or certificate is not good.
        """
        from asn1crypto import keys, x509
        from cryptography.hazmat.primitives import serialization
        from pyhanko.sign.signers import SimpleSigner
        from pyhanko_certvalidator.registry import SimpleCertificateStore

        key, certificate, chain = _opened(self)
        check_dates(certificate)
        binary = serialization.Encoding.DER
        bare = key.private_bytes(binary, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        yield SimpleSigner(
            signing_cert=x509.Certificate.load(certificate.public_bytes(binary)),
            signing_key=keys.PrivateKeyInfo.load(bare),
            cert_registry=SimpleCertificateStore.from_certs(  # type: ignore[no-untyped-call]
                [x509.Certificate.load(each.public_bytes(binary)) for each in chain]
            ),
        )


def _opened(file: KeyFile) -> tuple["PrivateKeyTypes", "x509.Certificate", list["x509.Certificate"]]:
    from cryptography.hazmat.primitives.serialization import pkcs12

    name = file.path.name
    try:
        content = file.path.read_bytes()
        key, certificate, chain = pkcs12.load_key_and_certificates(content, file.password.encode() or None)
    except OSError as error:
        raise KeyRefused(
            _("The certificate file {file} cannot be read: {why}").format(file=name, why=error.strerror)
        ) from error
    except ValueError:
        text = _("{file} does not open: the password is wrong, or it is no PKCS#12 file (.p12, .pfx).")
        raise KeyRefused(text.format(file=name)) from None
    if key is None or certificate is None:
        raise KeyRefused(_("{file} holds no certificate with its private key.").format(file=name))
    return key, certificate, chain


def check_dates(certificate: "x509.Certificate") -> None:
    """Refuse a certificate that is not valid today.

    Raises:
        KeyRefused: Naming its dates.
    """
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not first <= datetime.now(UTC) <= last:
        text = _("The certificate is valid from {first} to {last} only. Please use one that is valid today.")
        raise KeyRefused(text.format(first=first.date(), last=last.date()))


@dataclass(frozen=True, slots=True)
class Token:
    """A key in a PKCS#11 token: a USB key or a smart card.

    Attributes:
        library: The driver's library (.dll, .so).
        label: Name of the token.
        certificate: Name of the certificate in it.
        pin: Its PIN; not shown when the value is printed or logged.
    """

    library: Path
    label: str
    certificate: str
    pin: str = field(repr=False)

    @contextmanager
    def signer(self) -> Iterator["Signer"]:
        """Lend the key for one signature; it does not leave the token.

        Raises:
            KeyRefused: If the token does not open.
            UsageError: If the library for tokens is not installed.
        """
        try:
            import pkcs11
            from pyhanko.config.pkcs11 import TokenCriteria
            from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session
        except ImportError as error:
            text = _("Tokens need the package python-pkcs11, which is not installed: pip install fieldsurvey[token]")
            raise UsageError(text) from error
        wanted = TokenCriteria(label=self.label)
        try:
            with open_pkcs11_session(str(self.library), token_criteria=wanted, user_pin=self.pin) as session:
                signer = PKCS11Signer(session, cert_label=self.certificate)
                self._check(signer)
                yield signer
        except (pkcs11.PKCS11Error, RuntimeError) as error:
            text = _("The token {label} does not open or has no such certificate: {why}")
            raise KeyRefused(text.format(label=self.label, why=str(error) or type(error).__name__)) from error

    def _check(self, signer: "Signer") -> None:
        from cryptography import x509
        from pyhanko.sign.general import SigningError

        try:
            found = signer.signing_cert
        except SigningError as error:
            raise KeyRefused(
                _("The token {label} holds no certificate {name}.").format(label=self.label, name=self.certificate)
            ) from error
        if found is not None:
            check_dates(x509.load_der_x509_certificate(found.dump()))
