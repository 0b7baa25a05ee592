"""Who is who: identifiers that need no office to hand them out."""

import os
import re

from fieldsurvey.clock import now_millis

_UID = re.compile(r"[0-9a-f]{32}")


def new_uid(now_ms: int | None = None) -> str:
    """Return a new UUIDv7 as 32 hex digits (RFC 9562, 5.7): unique anywhere, ordered by time of making."""
    millis = now_millis() if now_ms is None else now_ms
    raw = bytearray(millis.to_bytes(6, "big") + os.urandom(10))
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    return raw.hex()


def is_uid(text: str) -> bool:
    """Say whether the text has the shape of a uid.

    >>> is_uid("0192f0c1" * 4), is_uid("7")
    (True, False)
    """
    return _UID.fullmatch(text) is not None


def scope_of(community_uid: str | None) -> int:
    """Return the area number of a community: 52 bits of its uid, 0 (everyone) without a proper one."""
    return int(community_uid[-13:], 16) if community_uid and is_uid(community_uid) else 0
