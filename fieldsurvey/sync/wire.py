"""A batch of revisions as bytes: one origin, contiguous, compressed lines of JSON that an auditor can read.

Line 1: {"v", "origin", "from", "n", "prev", "head", "alg", "key", "sig"}; then
one array per revision. Number and hash are recomputed by the receiver, so
neither can be forged; the signature is that of whoever sends the batch.
"""

import base64
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import shapely
import zstandard

from fieldsurvey.errors import SyncError
from fieldsurvey.i18n import _
from fieldsurvey.model.identity import is_uid
from fieldsurvey.model.lineage import is_check
from fieldsurvey.model.merge import SCOPE
from fieldsurvey.model.revision import NO_CHAIN, SEQ_BITS, SEQ_MASK, Kind, Revision, dump, load, parsed
from fieldsurvey.sync.keys import Signature, Signer

VERSION = 1
MAX_BATCH = 8 << 20  # bytes, unpacked
MAX_REVISION = 1 << 20
MAX_FIELDS = 400
MAX_RUN = 2000  # revisions
MAX_GROUP = 20_000  # revisions taken in at once
_LONGEST_NAME = 63
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ARRAY = 9
_BEYOND = 1 << 63  # what SQLite's and PostgreSQL's integers cannot hold
_RIDS = range(1, 1 << 53)
_BROKEN = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, zstandard.ZstdError,
    shapely.errors.ShapelyError,
)  # fmt: skip
_LEVEL = 9
_SIGNED = ("origin", "from", "n", "prev", "head")
_local = threading.local()  # a compressor serves one thread at a time, and is dear to make


def encode(revisions: Sequence[Revision], previous: bytes, signer: Signer | None = None) -> bytes:
    """Return revisions of one origin, contiguous, as a batch.

    Args:
        revisions: At least one.
        previous: Chain value before the first.
        signer: Whoever sends it; None: nobody vouches for it.
    """
    first = revisions[0]
    head = {
        "v": VERSION, "origin": first.origin, "from": first.seq, "n": len(revisions), "prev": previous.hex(),
        "head": revisions[-1].chain.hex(),
    }  # fmt: skip
    signature = signer.sign(_vouched(head)) if signer else Signature()
    head |= {"alg": signature.alg, "key": signature.key, "sig": signature.sig}
    lines = [dump(head)]
    lines += [dump([r.hlc, r.actor, r.fv, r.table, r.uid, str(r.kind), r.patch, r.par, r.scope]) for r in revisions]
    return _compressor().compress("\n".join(lines).encode())


@dataclass(frozen=True, slots=True)
class Parcel:
    """A batch, unpacked.

    Attributes:
        revisions: Of one origin, consecutive.
        previous: Hash before the first.
        key: Key of whoever sent it and signed it; empty: nobody.
    """

    revisions: list[Revision]
    previous: bytes
    key: str = ""

    @property
    def origin(self) -> int:
        """Number of the replica that wrote them."""
        return self.revisions[0].origin

    @property
    def links(self) -> dict[int, bytes]:
        """The hash before the first revision, as Store.ingest takes it."""
        return {self.revisions[0].rid: self.previous}


def _vouched(head: Mapping[str, Any]) -> bytes:
    """Return what the signature of a batch covers; `head` stands for every revision, through the chain."""
    return b"fieldsurvey batch 1|" + "|".join(str(head[name]) for name in _SIGNED).encode()


def _compressor() -> zstandard.ZstdCompressor:
    if not hasattr(_local, "compressor"):
        _local.compressor = zstandard.ZstdCompressor(level=_LEVEL)
    found: zstandard.ZstdCompressor = _local.compressor
    return found


def decode(data: bytes) -> list[Revision]:
    """Return the revisions of a batch; see decode_parcel."""
    return decode_parcel(data).revisions


def decode_parcel(data: bytes) -> Parcel:
    """Return a batch, every field checked and the chain recomputed.

    Raises:
        SyncError: If it is damaged, forged, or beyond the limits; one sentence for the user.
    """
    try:
        lines = _unpacked(data).split(b"\n")
        head = load(lines[0])
        revisions = _chained(head, lines[1:])
        signature = _checked(head, revisions)
        previous = bytes.fromhex(head["prev"])
    except _BROKEN as error:
        raise _damaged() from error
    return Parcel(revisions, previous, signature.key if signature.alg != "none" else "")


def _checked(head: dict[str, Any], revisions: Sequence[Revision]) -> Signature:
    """Return the signature of a batch that is whole.

    Raises:
        ValueError: If it is cut short, or the signature does not cover it.
    """
    if len(revisions) != head["n"] or revisions[-1].chain.hex() != head["head"]:
        raise ValueError("head")
    signature = Signature(str(head["alg"]), str(head.get("key", "")), str(head["sig"]))
    if signature.alg != "none" and not signature.covers(_vouched(head)):
        raise ValueError("signature")
    return signature


def runs(revisions: Iterable[Revision]) -> Iterator[list[Revision]]:
    """Yield the revisions as runs of one origin with consecutive numbers, each small enough for a batch."""
    run: list[Revision] = []
    size = 0
    for revision in revisions:
        weight = 300 + 4 * (len(revision.patch or "") + len(revision.par or ""))
        if run and (revision.rid != run[-1].rid + 1 or size + weight > MAX_BATCH or len(run) == MAX_RUN):
            yield run
            run, size = [], 0
        run.append(revision)
        size += weight
    if run:
        yield run


def to_pause(revisions: Sequence[Revision]) -> Sequence[Revision]:
    """Return the beginning of a run, up to the longest pause in its last quarter: what was saved at once goes together.

    The log does not say what was saved at once, a form and its rows for instance. But that was written within
    moments, and between two saves is a person.
    """
    ends = range(len(revisions) - 1, max(0, len(revisions) * 3 // 4 - 1), -1)
    return revisions[: max(ends, key=lambda end: revisions[end].hlc - revisions[end - 1].hlc, default=len(revisions))]


def grouped(parcels: Iterable[Parcel]) -> Iterator[list[Parcel]]:
    """Yield batches in groups that are cheap to take in at once: a record edited in many of them is written once."""
    group: list[Parcel] = []
    count = size = 0
    for parcel in parcels:
        weight = sum(len(r.patch or "") + len(r.par or "") for r in parcel.revisions)
        if group and (count + len(parcel.revisions) > MAX_GROUP or size + weight > MAX_BATCH):
            yield group
            group, count, size = [], 0, 0
        group.append(parcel)
        count, size = count + len(parcel.revisions), size + weight
    if group:
        yield group


def _damaged() -> SyncError:
    return SyncError(_("The package is damaged or was changed on the way; nothing of it was taken. Send it again."))


def _unpacked(data: bytes) -> bytes:
    if zstandard.frame_content_size(data) > MAX_BATCH:
        raise ValueError("too large")
    return zstandard.ZstdDecompressor().decompress(data, max_output_size=MAX_BATCH)


def _chained(head: dict[str, Any], lines: Sequence[bytes]) -> list[Revision]:
    origin, seq, chain = int(head["origin"]), int(head["from"]), bytes.fromhex(head["prev"])
    if head["v"] != VERSION or not 0 < origin < 1 << 20 or not 0 < seq <= SEQ_MASK or len(chain) != 32:
        raise ValueError("header")
    found: list[Revision] = []
    for rid, line in enumerate(lines, origin << SEQ_BITS | seq):
        revision = _revision(rid, load(line)).after(chain)
        chain = revision.chain
        found.append(revision)
    return found


def _revision(rid: int, array: list[Any]) -> Revision:
    if len(array) != _ARRAY:
        raise ValueError("array")
    hlc, actor, fv, table, uid, kind, patch, par, scope = array
    for number in (hlc, actor, fv, scope):
        if type(number) is not int or not 0 <= number < _BEYOND:
            raise ValueError("number")
    if not _is_name(table) or not is_uid(uid):
        raise ValueError("name")
    for text in (patch, par):
        if text is not None and (not isinstance(text, str) or len(text) > MAX_REVISION or "\\u0000" in text):
            raise ValueError("text")
    found = Kind(kind)
    _check_patch(found, patch)
    _check_parents(found, par)
    return Revision(rid, hlc, actor, fv, table, uid, found, patch, par, NO_CHAIN, scope)


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and _fits(text)


@lru_cache(maxsize=4096)  # the names of a project are few, and each is asked for with every answer
def _fits(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _check_patch(kind: Kind, patch: str | None) -> None:
    if patch is None:
        if kind in {Kind.CREATE, Kind.UPDATE, Kind.RESOLVE, Kind.IMPORT}:
            raise ValueError("patch")
        return
    fields = parsed(patch)
    if not isinstance(fields, dict) or len(fields) > MAX_FIELDS:
        raise ValueError("fields")
    if kind is Kind.IMPORT and not re.fullmatch(r"[0-9a-f]{64}", str(fields["dataset"])):
        raise ValueError("dataset")
    for name, value in fields.items():
        _check_value(name, value)


def _check_value(name: str, value: object) -> None:
    if not _is_name(name):
        raise ValueError("field")
    if type(value) is str and name not in {"geom", SCOPE}:
        return
    if isinstance(value, dict):
        if set(value) != {"$b"}:
            raise ValueError("value")
        value = base64.b64decode(value["$b"], validate=True)
    if isinstance(value, list) or (isinstance(value, int) and abs(value) >= 1 << 63):
        raise ValueError("value")
    if name == SCOPE and not (type(value) is int and 0 <= value < 1 << 53):
        raise ValueError("area")
    if name == "geom" and value is not None and not (isinstance(value, bytes) and shapely.from_wkb(value) is not None):
        raise ValueError("geometry")


def _check_parents(kind: Kind, par: str | None) -> None:
    """Refuse what names no versions, or anything but versions."""
    if par is None:
        if kind not in {Kind.CREATE, Kind.IMPORT}:
            raise ValueError("parents")
        return
    raw = parsed(par)
    if kind in {Kind.UPDATE, Kind.RESOLVE}:
        base, over, *checks = raw
        lists = [base, *over.values()]
    else:
        checks = [raw["chk"]] if "chk" in raw else []
        lists = [raw["saw"], raw["del"], *(value for key, value in raw.items() if key != "chk")]
    if len(checks) > 1 or not all(map(is_check, checks)):
        raise ValueError("check")
    if not any(lists) or not all(type(rid) is int and rid in _RIDS for found in lists for rid in found):
        raise ValueError("parents")
