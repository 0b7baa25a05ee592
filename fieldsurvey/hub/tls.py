"""TLS for a hub without a certificate authority: a certificate made here, pinned by its fingerprint."""

import ipaddress
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fieldsurvey.sync.certificates import pin_of, readable

_YEARS = 10  # laptops pin the certificate: a new one means a visit to each of them


def own_certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """Return certificate and key of a hub's folder, made at first use.

    Args:
        folder: The hub's folder.
        host: Address it serves on; its name, address and this machine's name are in the certificate.
    """
    place = folder / "tls"
    certificate, key = place / "cert.pem", place / "key.pem"
    if not certificate.exists():
        place.mkdir(exist_ok=True)
        _make(certificate, key, host)
    return certificate, key


def fingerprint(certificate: Path) -> str:
    """Return the SHA-256 of a certificate, in the way people compare it (AB:CD …).

    Raises:
        InputRefused: If it is no certificate.
    """
    return readable(pin_of(certificate))


def _make(certificate: Path, key: Path, host: str) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import NameOID

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "FieldSurvey hub")])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = []
    for text in dict.fromkeys([host, "localhost", "127.0.0.1", "::1", socket.gethostname()]):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(text)))
        except ValueError:
            names.append(x509.DNSName(text.encode("idna").decode() or "localhost"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(secret)
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
