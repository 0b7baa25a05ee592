"""The hub's folder: settings, accounts with hashed tokens, and where the project lies."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.store import Store

_CONFIG, PROJECT = "hub.json", "project.gpkg"


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sync."""

    login: str
    name: str


def init(folder: Path, name: str) -> None:
    """Prepare a data folder.

    Raises:
        InputRefused: If it is a hub already.
    """
    if (folder / _CONFIG).exists():
        raise InputRefused(_("{folder} is a hub already.").format(folder=folder))
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, {"v": 1, "name": name, "users": []})


def add_user(folder: Path, login: str, name: str) -> str:
    """Add an account, or give it a new token; return the token, which is kept nowhere else.

    The token has 256 random bits, so a plain SHA-256 of it cannot be guessed back.
    """
    config = _read(folder)
    token = secrets.token_urlsafe(32)
    others = [user for user in config["users"] if user["login"] != login]
    config["users"] = [*others, {"login": login, "name": name, "token": _hashed(token)}]
    _write(folder, config)
    return token


def account_of(folder: Path, token: str) -> Account | None:
    """Return the account of a token, or None."""
    wanted = _hashed(token)
    for user in _read(folder)["users"]:
        if secrets.compare_digest(str(user["token"]), wanted):
            return Account(str(user["login"]), str(user["name"]))
    return None


def status(folder: Path) -> dict[str, Any]:
    """Return accounts and counts, for people."""
    config = _read(folder)
    found: dict[str, Any] = {"name": config["name"], "users": [user["login"] for user in config["users"]]}
    if (folder / PROJECT).exists():
        with Store.open(folder / PROJECT, read_only=True) as store:
            tables = {name: n for name in store.tables() if (n := store.count(name))}
            found |= {"project": store.name, "tables": tables, "conflicts": store.conflict_count()}
    return found


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _read(folder: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((folder / _CONFIG).read_text("utf-8"))
        config["users"] = [dict(user) for user in config["users"]]
    except OSError as error:
        raise InputRefused(
            _("{folder} is no hub. Make one with: fieldsurvey hub init {folder}").format(folder=folder)
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputRefused(_("{file} is damaged: {why}").format(file=folder / _CONFIG, why=error)) from error
    return config


def _write(folder: Path, config: dict[str, Any]) -> None:
    part = folder / (_CONFIG + ".part")
    part.write_text(json.dumps(config, ensure_ascii=False, indent=1), "utf-8")
    part.replace(folder / _CONFIG)
