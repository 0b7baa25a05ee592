"""What devices have signed about their own logs, and how far their clocks were off when a hub heard from them."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from fieldsurvey.model.revision import SEQ_BITS, SEQ_MASK
from fieldsurvey.store.connection import Connection


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A device's word that it wrote the log of an origin up to a number; the hash stands for every edit before it.

    Attributes:
        origin: Number of the replica.
        seq: Up to which edit.
        chain: Hash there.
        at_ms: The device's clock.
        alg, key, sig: Its signature, hex.
    """

    origin: int
    seq: int
    chain: bytes
    at_ms: int
    alg: str
    key: str
    sig: str


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How far the clock of a replica was off when it had written up to a number.

    Attributes:
        origin: Number of the replica.
        seq: Its last edit then.
        offset_ms: Its clock minus the hub's.
    """

    origin: int
    seq: int
    offset_ms: int


class Witness:
    """The part of a Store that keeps signed heads and clock offsets. Its field is set by Store."""

    _db: Connection

    def transaction(self) -> AbstractContextManager[None]:
        """Make several writes one durable step; Store says how."""
        return self._db.transaction()

    def signed_heads(self, origin: int | None = None) -> dict[int, SignedHead]:
        """Return the newest signed head of each origin, or of one."""
        where, parameters = ("", ()) if origin is None else (" WHERE origin = ?", (origin,))
        rows = self._db.rows(f"SELECT origin, seq, chain, at_ms, alg, key, sig FROM _head{where}", parameters)
        return {
            int(origin): SignedHead(int(origin), int(seq), bytes(chain), int(at), str(alg), str(key), str(sig))
            for origin, seq, chain, at, alg, key, sig in rows
        }

    def keep_heads(self, heads: Iterable[SignedHead]) -> list[int]:
        """Keep heads that reach further than what is known; return their origins.

        An origin belongs to the device that signed it first: nobody else's word counts for it.
        """
        fresh = newer(heads, self.signed_heads())
        if fresh:
            with self.transaction():
                self._db.many(
                    "INSERT OR REPLACE INTO _head VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [(h.origin, h.seq, h.chain, h.at_ms, h.alg, h.key, h.sig) for h in fresh],
                )
        return [head.origin for head in fresh]

    def clock_offsets(self) -> list[ClockOffset]:
        """Return what hubs measured, by origin and number."""
        rows = self._db.rows("SELECT origin, seq, offset_ms FROM _clock ORDER BY origin, seq")
        return [ClockOffset(int(origin), int(seq), int(offset)) for origin, seq, offset in rows]

    def clock_off_ms(self, rid: int) -> int:
        """Return how far the author's clock was off at an edit, as a hub measured it; 0: right, or not known."""
        origin, seq = rid >> SEQ_BITS, rid & SEQ_MASK
        sql = "SELECT offset_ms FROM _clock WHERE origin = ? ORDER BY seq < ?, abs(seq - ?) LIMIT 1"
        return int(self._db.scalar(sql, (origin, seq, seq)) or 0)

    def keep_offsets(self, offsets: Iterable[ClockOffset]) -> None:
        """Keep what a hub measured; the first measurement at a number stands."""
        new = [(o.origin, o.seq, o.offset_ms) for o in set(offsets) - set(self.clock_offsets())]
        if new:
            with self.transaction():
                self._db.many("INSERT OR IGNORE INTO _clock VALUES (?, ?, ?)", new)


def newer(heads: Iterable[SignedHead], known: Mapping[int, SignedHead]) -> list[SignedHead]:
    """Return the heads that reach further than those known, and are signed by the same device."""
    found = dict(known)
    for head in heads:
        had = found.get(head.origin)
        if had is None or (had.key == head.key and head.seq > had.seq):
            found[head.origin] = head
    return [head for origin, head in sorted(found.items()) if known.get(origin) != head]
