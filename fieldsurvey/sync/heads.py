"""Who wrote what: every device signs the head of its own log (SYNC sections 3 and 5).

The signature travels with the edits by any route, so that a hub can tell whose they are, whoever brings them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fieldsurvey.clock import now_millis
from fieldsurvey.model.revision import ORIGIN_BITS, SEQ_MASK
from fieldsurvey.store import Store
from fieldsurvey.store.witness import SignedHead
from fieldsurvey.sync.keys import Signature, Signer


def _said(project: str, origin: int, seq: int, chain: bytes, at_ms: int) -> bytes:
    return f"fieldsurvey head 1|{project}|{origin}|{seq}|{chain.hex()}|{at_ms}".encode()


def sign_own(store: Store, signer: Signer) -> None:
    """Sign the head of this replica's own log, if it has grown since."""
    origin = store.origin
    seq, chain = store.version_vector().get(origin, (0, b""))
    known = store.signed_heads().get(origin)
    if not seq or (known is not None and (known.seq >= seq or known.key != signer.key)):
        return
    at_ms = now_millis()
    signature = signer.sign(_said(store.project, origin, seq, chain, at_ms))
    store.keep_heads([SignedHead(origin, seq, chain, at_ms, signature.alg, signature.key, signature.sig)])


def valid(project: str, heads: Iterable[SignedHead]) -> list[SignedHead]:
    """Return the heads whose signatures hold."""
    return [
        head
        for head in heads
        if Signature(head.alg, head.key, head.sig).covers(_said(project, head.origin, head.seq, head.chain, head.at_ms))
    ]


def beyond(heads: Mapping[int, SignedHead], known: Mapping[int, tuple[int, bytes]]) -> list[SignedHead]:
    """Return the heads that reach further than what the other side says it has."""
    return [head for origin, head in heads.items() if head.seq > known.get(origin, (0, b""))[0]]


def unconfirmed(store: Store) -> list[SignedHead]:
    """Return the heads that a hub may not have: that of this replica, and those beyond what hubs acknowledged."""
    acked: dict[int, tuple[int, bytes]] = {}
    for peer in store.peers():
        for origin, seq in peer.acked.items():
            acked[origin] = (max(seq, acked.get(origin, (0, b""))[0]), b"")
    acked.pop(store.origin, None)
    return beyond(store.signed_heads(), acked)


def as_json(heads: Iterable[SignedHead]) -> list[list[Any]]:
    """Return heads as JSON can hold them."""
    return [[h.origin, h.seq, h.chain.hex(), h.at_ms, h.alg, h.key, h.sig] for h in heads]


def from_json(raw: Sequence[Sequence[Any]]) -> list[SignedHead]:
    """Undo as_json.

    Raises:
        ValueError, TypeError: If it is something else.
    """
    found = [
        SignedHead(int(o), int(seq), bytes.fromhex(chain), int(at), str(alg), str(key), str(sig))
        for o, seq, chain, at, alg, key, sig in raw
    ]
    if any(not 0 < h.origin < 1 << ORIGIN_BITS or not 0 < h.seq <= SEQ_MASK or len(h.chain) != 32 for h in found):
        raise ValueError("head")
    return found
