"""The hub's settings and accounts: one JSON file, in which no secret can be read.

Passwords and tokens are kept as argon2id hashes (RFC 9106, the low-memory
parameters of argon2-cffi). A token is <key>.<secret>: the key finds the
account, so that one try costs one hash.
"""

import hashlib
import json
import os
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from fieldsurvey.errors import InputRefused
from fieldsurvey.hub.locking import locked
from fieldsurvey.i18n import _
from fieldsurvey.model.role import Role

CONFIG = "hub.json"
MIN_PASSWORD = 8
_HASHER = PasswordHasher.from_parameters(replace(RFC_9106_LOW_MEMORY, memory_cost=19_456, parallelism=1, time_cost=2))
_REMEMBERED = 4096  # tokens that were verified and need no second hash


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sync.

    Attributes:
        login: Short name.
        name: Name as people say it.
        role: What the person is in the survey.
        areas: Community codes or uids, district names, or @login for what is assigned to that person; empty: all.
        key: Public half of the token.
        token: argon2id hash of the secret half.
        password: argon2id hash; empty without a password.
        disabled: True when the account may do nothing any more.
    """

    login: str
    name: str
    role: Role = Role.SURVEYOR
    areas: tuple[str, ...] = ()
    key: str = ""
    token: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """What hub.json says besides accounts.

    Attributes:
        name: Name of the hub.
        database: postgresql://… without a password; empty for one GeoPackage.
        blobs: "" for a folder, or s3://bucket/prefix.
        s3_endpoint: Address of the S3 service; empty for the one of Amazon.
        s3_region: Its region.
    """

    name: str
    database: str = ""
    blobs: str = ""
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"


class Accounts:
    """The accounts of a hub's folder; sees at once what another process writes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / CONFIG
        self._stamp: tuple[int, int, int] = (0, 0, 0)
        self._settings = Settings("")
        self._accounts: dict[str, Account] = {}
        self._verified: dict[bytes, str] = {}
        self._lock = threading.Lock()
        self._load()

    # --- reading -------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """What the hub is set to."""
        self._load()
        return self._settings

    def all(self) -> list[Account]:
        """Return all accounts by login."""
        self._load()
        return sorted(self._accounts.values(), key=lambda account: account.login)

    def remembered(self, token: str) -> Account | None:
        """Return the account of a token that was verified before, at no cost."""
        self._load()
        login = self._verified.get(hashlib.sha256(token.encode()).digest())
        return None if login is None else self._accounts.get(login)

    def of_token(self, token: str) -> Account | None:
        """Return the account of a token, or None. Costs one hash, about 30 ms."""
        self._load()
        digest = hashlib.sha256(token.encode()).digest()
        key, _dot, secret = token.partition(".")
        account = next((a for a in self._accounts.values() if a.key and secrets.compare_digest(a.key, key)), None)
        if account is None or not _matches(account.token, secret) or account.disabled:
            return None
        with self._lock:
            if len(self._verified) >= _REMEMBERED:
                self._verified.clear()
            self._verified[digest] = account.login
        return account

    def of_password(self, login: str, password: str) -> Account | None:
        """Return the account of a login and password, or None; an unknown login takes as long as a known one."""
        self._load()
        account = self._accounts.get(login)
        known = account.password if account and account.password else _dummy()
        right = _matches(known, password)
        return account if right and account and account.password and not account.disabled else None

    def _load(self) -> None:
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp == self._stamp:
                return
            raw = json.loads(self._path.read_text("utf-8"))
            accounts = [_account(user) for user in raw.pop("users")]
            raw.pop("v")
            settings = Settings(**raw)
        except OSError as error:
            text = _("{folder} is no hub. Make one with: fieldsurvey hub init {folder}")
            raise InputRefused(text.format(folder=self._path.parent)) from error
        except (ValueError, KeyError, TypeError) as error:
            raise InputRefused(_("{file} is damaged: {why}").format(file=self._path, why=error)) from error
        with self._lock:
            self._settings, self._accounts = settings, {account.login: account for account in accounts}
            self._verified, self._stamp = {}, stamp

    # --- writing -------------------------------------------------------------------------------------------------

    def new_token(self, login: str) -> str:
        """Give an account a new token and return it; it is kept nowhere else. The old one is void.

        Raises:
            InputRefused: If there is no such account.
        """
        key, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        self.change(login, key=key, token=_HASHER.hash(secret))
        return f"{key}.{secret}"

    def set_password(self, login: str, password: str) -> None:
        """Give an account a password.

        Raises:
            InputRefused: If it is too short, or there is no such account.
        """
        if len(password) < MIN_PASSWORD:
            raise InputRefused(_("A password needs at least {n} characters.").format(n=MIN_PASSWORD))
        self.change(login, password=_HASHER.hash(password))

    def add(self, account: Account) -> None:
        """Add an account; one that is there keeps its token and password.

        Raises:
            InputRefused: If the login is no name.
        """
        if not account.login or not account.login.isprintable() or len(account.login) > 60:
            raise InputRefused(_("This login cannot be used: {login}").format(login=account.login[:60]))
        with self._alone():
            before = self._accounts.get(account.login, account)
            added = replace(account, key=before.key, token=before.token, password=before.password)
            self._write(self._settings, {**self._accounts, account.login: added})

    def change(self, login: str, **changes: Any) -> None:  # noqa: ANN401 - fields of Account
        """Change fields of an account.

        Raises:
            InputRefused: If there is no such account.
        """
        with self._alone():
            account = self._accounts.get(login)
            if account is None:
                raise InputRefused(_("The hub has no account {login}.").format(login=login))
            self._write(self._settings, {**self._accounts, login: replace(account, **changes)})

    def set_settings(self, **changes: str) -> None:
        """Change settings."""
        with self._alone():
            self._write(replace(self._settings, **changes), self._accounts)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Read what is newest, and keep other processes from writing until it is changed."""
        with locked(self._path.parent):
            self._load()
            yield

    def _write(self, settings: Settings, accounts: dict[str, Account]) -> None:
        write(self._path.parent, settings, accounts.values())
        self._load()


def write(folder: Path, settings: Settings, accounts: Iterable[Account]) -> None:
    """Write hub.json: to a temporary name, readable by its owner only, flushed, then renamed."""
    raw = {"v": 2, **asdict(settings), "users": [asdict(account) for account in accounts]}
    part = folder / f"{CONFIG}.{os.getpid()}.part"
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(raw, out, ensure_ascii=False, indent=1)
        out.flush()
        os.fsync(out.fileno())
    part.replace(folder / CONFIG)


@cache
def _dummy() -> str:
    """Return what the password of an unknown login is compared with: it must take as long as a known one."""
    return _HASHER.hash("nobody")


def _account(raw: dict[str, Any]) -> Account:
    return Account(**{**raw, "role": Role(raw["role"]), "areas": tuple(raw["areas"])})


def _matches(known: str, secret: str) -> bool:
    try:
        return _HASHER.verify(known, secret)
    except (VerificationError, InvalidHashError):
        return False
