"""Sessions after a login: signed, so that every process of a hub can check them without a common table."""

import base64
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path

from fieldsurvey.clock import MillisClock, now_millis
from fieldsurvey.hub.accounts import Account, Accounts

_KEY = "session.key"
_HOURS_MS = 12 * 3600 * 1000
PREFIX = "session."


class Sessions:
    """Hands out and checks sessions of a hub's folder. A changed password ends them."""

    def __init__(self, folder: Path, accounts: Accounts, clock: MillisClock = now_millis) -> None:
        self._accounts, self._clock = accounts, clock
        self._key = _key(folder / _KEY)

    def begin(self, account: Account) -> tuple[str, int]:
        """Return a session and when it ends (ms since 1970)."""
        until = self._clock() + _HOURS_MS
        body = base64.urlsafe_b64encode(json.dumps([account.login, until]).encode()).decode().rstrip("=")
        return f"{PREFIX}{body}.{self._sign(body, account)}", until

    def account_of(self, session: str) -> Account | None:
        """Return the account of a session that has not ended, or None."""
        body, _dot, mark = session.removeprefix(PREFIX).partition(".")
        try:
            login, until = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        except (ValueError, TypeError):
            return None
        account = next((a for a in self._accounts.all() if a.login == login and not a.disabled), None)
        if account is None or not hmac.compare_digest(mark.encode(), self._sign(body, account).encode()):
            return None
        return account if self._clock() < int(until) else None

    def _sign(self, body: str, account: Account) -> str:
        return hmac.new(self._key, f"{body}|{account.password}".encode(), hashlib.sha256).hexdigest()


def _key(path: Path) -> bytes:
    """Return the key of the folder, made at first use; two processes that begin at once agree on one."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    return path.read_bytes()
