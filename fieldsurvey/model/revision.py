"""The entry of the log: one edit of one record, with what its author saw.

`rid = origin << 33 | seq`: 53 bits, exact in JSON. `par` names, per field, the
versions that were on the author's screen. `chain` hashes each entry of an
origin onto the one before, so that no entry can be changed or left out
unnoticed.
"""

import base64
import hashlib
import json
import math
import zlib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, cast

import orjson

from fieldsurvey.model.schema import Value

SEQ_BITS = 33
SEQ_MASK = (1 << SEQ_BITS) - 1
ORIGIN_BITS = 20
_LONGEST_KEPT = 2048  # characters of JSON text; a few thousand such texts are kept parsed
NO_CHAIN = bytes(32)
_STRICT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Kind(StrEnum):
    """What an edit does."""

    CREATE = "c"
    UPDATE = "u"
    DELETE = "d"
    UNDELETE = "z"
    RESOLVE = "r"
    APPROVE = "a"
    IMPORT = "i"


@dataclass(frozen=True, slots=True)
class Revision:
    """One edit.

    Attributes:
        rid: Origin and sequence number.
        hlc: Hybrid logical clock: milliseconds since 1970 << 16 | counter. Shows a value meanwhile, decides nothing.
        actor: Number of the person.
        fv: Version number of the form the author used (`version_number`); 0: another program wrote it, 1: no form.
        table: Table of the record.
        uid: The record; for an import, the dataset.
        kind: What it does.
        patch: JSON object field -> value; for an import {"dataset", "rows"}; None for deletes and approvals.
        par: JSON of the versions the author saw; None for a create or an import.
        chain: SHA-256 over the origin's previous chain and this entry.
        scope: Area the record belongs to as its author saw it; 0: everyone. An update whose patch has the
            reserved field `fs_scope` (merge.SCOPE) moves the record to that area.
    """

    rid: int
    hlc: int
    actor: int
    fv: int
    table: str
    uid: str
    kind: Kind
    patch: str | None
    par: str | None
    chain: bytes
    scope: int

    @property
    def origin(self) -> int:
        """Number of the replica that wrote it."""
        return self.rid >> SEQ_BITS

    @property
    def seq(self) -> int:
        """1, 2, 3 … without holes per origin."""
        return self.rid & SEQ_MASK

    @property
    def at_ms(self) -> int:
        """The author's clock, milliseconds since 1970."""
        return self.hlc >> 16

    def after(self, previous: bytes) -> "Revision":
        """Return it with its place in the chain: the hash over `previous` and itself."""
        chain = chain_of(previous, self)
        return Revision(
            self.rid, self.hlc, self.actor, self.fv, self.table, self.uid, self.kind, self.patch, self.par, chain,
            self.scope,
        )  # fmt: skip

    def fields(self) -> dict[str, Any]:
        """Return the patch as stored (bytes still wrapped); to be read, not changed."""
        return parsed(self.patch) if self.patch else {}

    def parents(self) -> Any:  # noqa: ANN401 - JSON
        """Return what `par` says; None: nothing. To be read, not changed."""
        return parsed(self.par) if self.par else None


def parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    """Return what JSON text of the log says; it is kept, because check, order and merge ask one after the other.

    Raises:
        ValueError: If it is none.
    """
    return _kept(text) if len(text) < _LONGEST_KEPT else orjson.loads(text)


@lru_cache(maxsize=4096)
def _kept(text: str) -> Any:  # noqa: ANN401 - JSON
    return orjson.loads(text)


def chain_of(previous: bytes, r: Revision) -> bytes:
    """Return the chain value of a revision that follows `previous`; its own chain value is not looked at."""
    patch = r.patch or ""
    text = f"{r.rid}|{r.hlc}|{r.actor}|{r.fv}|{r.table}|{r.uid}|{r.kind}|{r.scope}|{len(patch)}|{patch}{r.par or ''}"
    return hashlib.sha256(previous + text.encode()).digest()


def dump(value: object) -> str:
    """Return compact JSON.

    Raises:
        ValueError: If it holds NaN or infinity: they are no JSON.
    """
    try:
        text = orjson.dumps(value).decode()
    except TypeError:  # a number or key that is none of JSON's own kinds
        return _STRICT.encode(value)
    if "null" in text:  # what orjson writes for NaN
        _STRICT.encode(value)
    return text


def dump_row(values: list[Any]) -> bytes:
    """Return a list of values, geometry among them, as compact JSON: dump(), with wrap() where it is needed.

    Raises:
        ValueError: If it holds NaN or infinity: they are no JSON.
    """
    try:
        text = orjson.dumps(values, wrap)
    except TypeError:  # a number that JSON of this library does not hold
        return _STRICT.encode([wrap(value) for value in values]).encode()
    if b"null" in text and not all(math.isfinite(value) for value in values if type(value) is float):
        raise ValueError(str(values)[:200])
    return text


def load(text: str | bytes) -> Any:  # noqa: ANN401 - JSON
    """Return what JSON text says.

    Raises:
        ValueError: If it is none; NaN, infinity and half characters are none.
    """
    return orjson.loads(text)


def version_number(version: str) -> int:
    """Return the number of a form's version, the same on every replica: its digits, or a checksum of other texts.

    >>> version_number("2026112400"), version_number("")
    (2026112400, 1)
    """
    if version.isdecimal() and len(version) < 11:
        return max(1, int(version) & 0x7FFFFFFF)
    return 2 + zlib.crc32(version.encode()) % 0x7FFFFFF0 if version else 1


def wrap(value: Value) -> object:
    """Return a value as JSON can hold it.

    >>> wrap(b"ab")
    {'$b': 'YWI='}
    """
    return {"$b": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def unwrap(value: object) -> Value:
    """Undo wrap()."""
    if isinstance(value, dict):
        return base64.b64decode(value["$b"])
    return cast("Value", value)
