"""The devices of a hub: enrolled by a one-time code or a file, each with a key and a token of its own.

devices.json in the hub's folder holds public keys and hashes only. The hub's
own key signs its answers; laptops remember it.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from fieldsurvey.clock import MillisClock, now_millis
from fieldsurvey.errors import InputRefused
from fieldsurvey.hub.accounts import Account, Accounts
from fieldsurvey.hub.locking import locked
from fieldsurvey.i18n import _
from fieldsurvey.sync.enrolment import Answer, Request
from fieldsurvey.sync.keys import Signer, signer_in

PREFIX = "fsd."  # how the token of a device begins
_FILE, _KEY = "devices.json", "hub.key.json"
_CODE_MS = 72 * 3600 * 1000
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32, none that is mistaken for another


@dataclass(frozen=True, slots=True)
class Device:
    """A laptop that may sync.

    Attributes:
        key: Its public key, hex.
        alg: Algorithm of the key.
        name: What people call it.
        login: Whose account it uses.
        token: SHA-256 of its token; the token has 256 random bits and cannot be guessed back.
        at_ms: When it was enrolled.
        revoked: True when it may do nothing any more.
    """

    key: str
    alg: str
    name: str
    login: str
    token: str
    at_ms: int
    revoked: bool = False


class Devices:
    """The devices of a hub's folder; reads the file anew when another process has written it."""

    def __init__(self, folder: Path, accounts: Accounts, clock: MillisClock = now_millis) -> None:
        self._path, self._accounts, self._clock = folder / _FILE, accounts, clock
        self._stamp: tuple[int, int] = (0, 0)
        self._codes: dict[str, list[Any]] = {}
        self._devices: dict[str, Device] = {}
        self.signer: Signer = signer_in(folder / _KEY)

    def all(self) -> list[Device]:
        """Return every device, the latest last."""
        self._load()
        return sorted(self._devices.values(), key=lambda device: device.at_ms)

    def new_code(self, login: str) -> str:
        """Return a code with which one device may enrol for an account, once, within three days.

        Raises:
            InputRefused: If there is no such account.
        """
        self._account(login)
        code = "-".join("".join(secrets.choice(_LETTERS) for _n in range(4)) for _group in range(4))
        now = self._clock()
        with self._alone():
            self._codes = {key: value for key, value in self._codes.items() if value[1] > now}
            self._codes[_hashed(code)] = [login, now + _CODE_MS]
            self._write()
        return code

    def enrol(self, request: Request, code: str) -> Answer:
        """Enrol a device by code.

        Raises:
            InputRefused: If the code is unknown, used or too old, or the request is not signed by its key.
        """
        if not request.is_signed:
            raise InputRefused(_("The request is not signed by the device that it names."))
        with self._alone():
            login, until = self._codes.pop(_hashed(code.strip().upper()), ["", 0])
            if until < self._clock():
                raise InputRefused(_("This code is unknown, used, or too old. Ask the office for a new one."))
            self._write()
        return self.admit(request, str(login))

    def admit(self, request: Request, login: str) -> Answer:
        """Enrol a device for an account; one that was enrolled before gets a new token.

        Raises:
            InputRefused: If there is no such account, or the request is not signed by its key.
        """
        self._account(login)
        if not request.is_signed:
            raise InputRefused(_("The request is not signed by the device that it names."))
        token = PREFIX + secrets.token_urlsafe(32)
        key, alg = request.signature.key, request.signature.alg
        with self._alone():
            before = self._devices.get(key)
            if before is not None and before.revoked:
                raise InputRefused(_("The device {name} was revoked.").format(name=before.name))
            self._devices[key] = Device(key, alg, request.name, login, _hashed(token), self._clock())
            self._write()
        certificate = self._path.parent / "tls" / "cert.pem"
        pem = certificate.read_text("ascii") if certificate.exists() else ""
        return Answer(token, login, key, pem).signed(self.signer)

    def revoke(self, which: str) -> Device:
        """Refuse a device from now on.

        Args:
            which: Its name, or the beginning of its key.

        Raises:
            InputRefused: If there is not exactly one.
        """
        with self._alone():
            return self._revoked(which)

    def _revoked(self, which: str) -> Device:
        found = [d for d in self._devices.values() if d.name == which or (len(which) > 7 and d.key.startswith(which))]
        if len(found) != 1:
            raise InputRefused(_("There are {n} devices of that name.").format(n=len(found)))
        self._devices[found[0].key] = replace(found[0], revoked=True)
        self._write()
        return found[0]

    def is_revoked(self, key: str) -> bool:
        """Say whether a key belongs to a device that may do nothing any more."""
        self._load()
        device = self._devices.get(key)
        return device is not None and device.revoked

    def is_enrolled(self, key: str) -> bool:
        """Say whether a device is known, revoked or not."""
        self._load()
        return key in self._devices

    def account_of_key(self, key: str) -> Account | None:
        """Return the account of a device that may work, or None."""
        self._load()
        device = self._devices.get(key)
        if device is None or device.revoked:
            return None
        return next((a for a in self._accounts.all() if a.login == device.login and not a.disabled), None)

    def account_of(self, token: str) -> Account | None:
        """Return the account of a device's token, or None."""
        device = self._of_token(token)
        return None if device is None else self.account_of_key(device.key)

    def is_revoked_token(self, token: str) -> bool:
        """Say whether a token belongs to a device that may do nothing any more."""
        device = self._of_token(token)
        return device is not None and device.revoked

    def _of_token(self, token: str) -> Device | None:
        self._load()
        wanted = _hashed(token)
        return next((d for d in self._devices.values() if secrets.compare_digest(d.token, wanted)), None)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Read what is newest, and keep other processes from writing until it is changed."""
        with locked(self._path.parent):
            self._load()
            yield

    def _account(self, login: str) -> None:
        if not any(account.login == login for account in self._accounts.all()):
            raise InputRefused(_("There is no account {login}.").format(login=login))

    def _load(self) -> None:
        try:
            found = self._path.stat()
            if self._stamp == (found.st_mtime_ns, found.st_size):
                return
            raw: Mapping[str, Any] = json.loads(self._path.read_text("utf-8"))
            self._codes = dict(raw["codes"])
            self._devices = {key: Device(**device) for key, device in raw["devices"].items()}
            self._stamp = (found.st_mtime_ns, found.st_size)
        except FileNotFoundError:
            self._codes, self._devices = {}, {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputRefused(_("{file} is damaged: {why}").format(file=self._path, why=error)) from error

    def _write(self) -> None:
        raw = {"codes": self._codes, "devices": {key: asdict(device) for key, device in self._devices.items()}}
        part = self._path.with_name(f"{_FILE}.{os.getpid()}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            json.dump(raw, out, ensure_ascii=False, indent=1)
            out.flush()
            os.fsync(out.fileno())
        part.replace(self._path)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
