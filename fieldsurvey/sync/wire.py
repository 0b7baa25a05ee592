"""A batch of revisions as bytes: one origin, contiguous, compressed lines of JSON that an auditor can read.

Line 1: {"v", "origin", "from", "n", "prev", "head", "alg", "sig"}; then one
array per revision. Number and hash are recomputed by the receiver, so neither
can be forged. Signatures come with device keys; the fields are there already.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import zstandard

from fieldsurvey.errors import SyncError
from fieldsurvey.i18n import _
from fieldsurvey.model.identity import is_uid
from fieldsurvey.model.revision import NO_CHAIN, SEQ_BITS, SEQ_MASK, Kind, Revision, chain_of, dump

VERSION = 1
MAX_BATCH = 8 << 20  # bytes, unpacked
MAX_REVISION = 1 << 20
MAX_FIELDS = 400
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ARRAY = 9
_LEVEL = 9


def encode(revisions: Sequence[Revision], previous: bytes) -> bytes:
    """Return revisions of one origin, contiguous, as a batch.

    Args:
        revisions: At least one.
        previous: Chain value before the first.
    """
    first = revisions[0]
    head = {
        "v": VERSION, "origin": first.origin, "from": first.seq, "n": len(revisions), "prev": previous.hex(),
        "head": revisions[-1].chain.hex(), "alg": "none", "sig": "",
    }  # fmt: skip
    lines = [dump(head)]
    lines += [dump([r.hlc, r.actor, r.fv, r.table, r.uid, str(r.kind), r.patch, r.par, r.scope]) for r in revisions]
    return zstandard.ZstdCompressor(level=_LEVEL).compress("\n".join(lines).encode())


def decode(data: bytes) -> list[Revision]:
    """Return the revisions of a batch, every field checked and the chain recomputed.

    Raises:
        SyncError: If it is damaged, forged, or beyond the limits; one sentence for the user.
    """
    try:
        lines = _unpacked(data).decode().split("\n")
        head = json.loads(lines[0])
        revisions = _chained(head, [json.loads(line) for line in lines[1:]])
        is_whole = len(revisions) == head["n"] and revisions[-1].chain.hex() == head["head"]
    except (ValueError, TypeError, KeyError, IndexError, zstandard.ZstdError, RecursionError) as error:
        raise _damaged() from error
    if not is_whole:
        raise _damaged()
    return revisions


def _damaged() -> SyncError:
    return SyncError(_("The package is damaged or was changed on the way; nothing of it was taken. Send it again."))


def _unpacked(data: bytes) -> bytes:
    if zstandard.frame_content_size(data) > MAX_BATCH:
        raise ValueError("too large")
    return zstandard.ZstdDecompressor().decompress(data, max_output_size=MAX_BATCH)


def _chained(head: dict[str, Any], arrays: list[Any]) -> list[Revision]:
    origin, seq, chain = int(head["origin"]), int(head["from"]), bytes.fromhex(head["prev"])
    if head["v"] != VERSION or not 0 < origin < 1 << 20 or not 0 < seq <= SEQ_MASK or len(chain) != 32:
        raise ValueError("header")
    found: list[Revision] = []
    for array in arrays:
        revision = _revision(origin << SEQ_BITS | seq, array)
        revision = replace(revision, chain=chain_of(chain, revision))
        chain, seq = revision.chain, seq + 1
        found.append(revision)
    return found


def _revision(rid: int, array: list[Any]) -> Revision:
    if len(array) != _ARRAY:
        raise ValueError("array")
    hlc, actor, fv, table, uid, kind, patch, par, scope = array
    if not all(isinstance(number, int) and 0 <= number < 1 << 63 for number in (hlc, actor, fv, scope)):
        raise ValueError("number")
    if not _NAME.fullmatch(table) or not is_uid(uid):
        raise ValueError("name")
    for text in (patch, par):
        if text is not None and (not isinstance(text, str) or len(text) > MAX_REVISION or "\\u0000" in text):
            raise ValueError("text")
    _check_patch(Kind(kind), patch)
    return Revision(rid, hlc, actor, fv, table, uid, Kind(kind), patch, par, NO_CHAIN, scope)


def _check_patch(kind: Kind, patch: str | None) -> None:
    if patch is None:
        return
    fields = json.loads(patch)
    if not isinstance(fields, dict) or len(fields) > MAX_FIELDS:
        raise ValueError("fields")
    if kind is Kind.IMPORT and not re.fullmatch(r"[0-9a-f]{64}", str(fields["dataset"])):
        raise ValueError("dataset")
    for name, value in fields.items():
        if not _NAME.fullmatch(name) or (isinstance(value, dict) and set(value) != {"$b"}) or isinstance(value, list):
            raise ValueError("field")
