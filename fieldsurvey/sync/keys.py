"""Keys of devices: who wrote, who confirmed.

Every computer has a key of its own, in the user's folder, never in a project.
It signs what it sends and what it says it has. Algorithms are named in every
signed thing, so that others (SM2 with SM3) can be added to ALGORITHMS without
changing a format.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fieldsurvey.errors import SyncError
from fieldsurvey.i18n import _
from fieldsurvey.paths import user_data


class Algorithm(Protocol):
    """A way of signing."""

    def new_secret(self) -> bytes:
        """Return a new secret key."""

    def public(self, secret: bytes) -> bytes:
        """Return the public key of a secret one."""

    def sign(self, secret: bytes, data: bytes) -> bytes:
        """Return a signature."""

    def is_valid(self, public: bytes, data: bytes, signature: bytes) -> bool:
        """Say whether the owner of a public key signed the data."""


class _Ed25519:
    """RFC 8032: 20 µs to sign, 60 µs to verify."""

    def new_secret(self) -> bytes:
        return Ed25519PrivateKey.generate().private_bytes_raw()

    def public(self, secret: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()

    def sign(self, secret: bytes, data: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(secret).sign(data)

    def is_valid(self, public: bytes, data: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True


DEFAULT = "ed25519"
ALGORITHMS: Mapping[str, Algorithm] = {DEFAULT: _Ed25519()}


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature with what is needed to check it.

    Attributes:
        alg: Name in ALGORITHMS; "none" where nothing was signed.
        key: Public key, hex.
        sig: Hex.
    """

    alg: str = "none"
    key: str = ""
    sig: str = ""

    def covers(self, data: bytes) -> bool:
        """Say whether the owner of the key signed the data; false for an algorithm that is not known here."""
        algorithm = ALGORITHMS.get(self.alg)
        try:
            return algorithm is not None and algorithm.is_valid(bytes.fromhex(self.key), data, bytes.fromhex(self.sig))
        except ValueError:
            return False


UNSIGNED = Signature()


class Signer:
    """A secret key, ready to sign.

    Attributes:
        alg: Its algorithm.
        key: Its public key, hex.
    """

    def __init__(self, alg: str, secret: bytes) -> None:
        self.alg, self._secret = alg, secret
        self.key = ALGORITHMS[alg].public(secret).hex()

    def sign(self, data: bytes) -> Signature:
        """Sign."""
        return Signature(self.alg, self.key, ALGORITHMS[self.alg].sign(self._secret, data).hex())


def device_signer() -> Signer:
    """Return the key of this computer and user; the first call makes it.

    Raises:
        SyncError: If the user's folder cannot be written.
    """
    return signer_in(user_data() / "device.key.json")


def signer_in(place: Path) -> Signer:
    """Return the key in a file; the first call makes it.

    Raises:
        SyncError: If the file is damaged, or cannot be written.
    """
    try:
        if not place.exists():
            _write(place, DEFAULT, ALGORITHMS[DEFAULT].new_secret())
        raw = json.loads(place.read_text("utf-8"))
        return Signer(str(raw["alg"]), bytes.fromhex(raw["secret"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SyncError(_("The key in {file} cannot be used: {why}").format(file=place, why=error)) from error


def _write(place: Path, alg: str, secret: bytes) -> None:
    """Write a key for the owner's eyes only; of two programs that start together one makes it, both use it."""
    part = place.with_name(f"{place.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump({"alg": alg, "secret": secret.hex()}, out)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(part, place)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        part.replace(place)
        return
    part.unlink(missing_ok=True)
