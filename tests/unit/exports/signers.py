"""Certificates of made-up people for tests of signatures."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PASSWORD = "秘密 pass 1"


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Office:
    """An issuer of certificates."""

    def __init__(self, name: str = "示范区测试签发机构") -> None:
        self.name = _name(name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._issue(self.name, self.key.public_key(), is_issuer=True)

    def _issue(
        self, name: x509.Name, key: object, *, is_issuer: bool = False, is_tsa: bool = False, days: int = 30
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key)  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_issuer, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(not is_issuer, not is_issuer, False, False, False, is_issuer, is_issuer, False, False),
                critical=True,
            )
        )  # fmt: skip
        if is_tsa:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return builder.sign(self.key, hashes.SHA256())

    def person(self, name: str, folder: Path, *, days: int = 30) -> Path:
        """Return a PKCS#12 file of somebody."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._issue(_name(name), key.public_key(), days=days)
        path = folder / f"{name}.p12"
        lock = serialization.BestAvailableEncryption(PASSWORD.encode())
        path.write_bytes(
            pkcs12.serialize_key_and_certificates(name.encode(), key, certificate, [self.certificate], lock)
        )
        return path

    def clock(self) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
        """Return key and certificate of a time-stamp service."""
        key = rsa.generate_private_key(65537, 2048)
        return key, self._issue(_name("测试时间戳"), key.public_key(), is_tsa=True)

    def root(self, folder: Path) -> Path:
        """Return the issuer's own certificate as a file."""
        path = folder / "root.pem"
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path


def fill_token(library: Path, label: str, pin: str, office: Office, name: str) -> None:
    """Put a key and its certificate into a token."""
    import pkcs11
    from pkcs11.util.x509 import decode_x509_certificate

    token = pkcs11.lib(str(library)).get_token(token_label=label)
    with token.open(rw=True, user_pin=pin) as session:
        public, _private = session.generate_keypair(pkcs11.KeyType.RSA, 2048, store=True, label=name, id=b"1")
        numbers = rsa.RSAPublicNumbers(
            int.from_bytes(public[pkcs11.Attribute.PUBLIC_EXPONENT]), int.from_bytes(public[pkcs11.Attribute.MODULUS])
        )
        certificate = office._issue(_name(name), numbers.public_key())
        entry = decode_x509_certificate(certificate.public_bytes(serialization.Encoding.DER))
        session.create_object(
            entry | {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: name, pkcs11.Attribute.ID: b"1"}
        )
