"""Whose edits are they? The device that signed the head of their log says it, whoever brings them.

A laptop may carry the edits of others: from a stick, or from a laptop beside it. Each is judged by the account of the
device that wrote it. What no device has signed is judged by the account that brings it, but approves nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from fieldsurvey.hub.accounts import Account
from fieldsurvey.model.revision import SEQ_BITS, Revision
from fieldsurvey.model.role import Role
from fieldsurvey.store.witness import SignedHead
from fieldsurvey.sync.wire import Parcel

UNSIGNED, REVOKED = "unsigned", "revoked"


class People(Protocol):
    """Who the hub knows."""

    def is_enrolled(self, key: str) -> bool:
        """Say whether a device is known, revoked or not."""

    def account_of_key(self, key: str) -> Account | None:
        """Return the account of a device that may work, or None."""


class Chains(Protocol):
    """The log, as far as it is asked for hashes."""

    def chains(self, rids: Sequence[int]) -> list[bytes | None]:
        """Return the hashes at these numbers, None for one that is not here."""


class Nobody:
    """A hub without devices (People)."""

    def is_enrolled(self, _key: str) -> bool:
        """Say no."""
        return False

    def account_of_key(self, _key: str) -> Account | None:
        """Return nobody."""
        return None


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive revisions of one author.

    Attributes:
        revisions: In their order.
        account: By which they are judged; None: the device may do nothing.
        reason: What takes the place of the rule "approve" where that is broken; empty: nothing.
    """

    revisions: Sequence[Revision]
    account: Account | None
    reason: str = ""


def parts(log: Chains, people: People, parcel: Parcel, heads: Mapping[int, SignedHead], bringer: Account) -> list[Part]:
    """Return a batch by authors.

    Args:
        log: The hub's log.
        people: Devices and their accounts.
        parcel: The batch.
        heads: Signed heads by origin, their signatures checked.
        bringer: The account that brings it.
    """
    head = heads.get(parcel.origin)
    upto = _covered(log, parcel.revisions, head)
    signed = [revision for revision in parcel.revisions if revision.seq <= upto]
    rest = parcel.revisions[len(signed) :]
    found = []
    if signed and head is not None:
        found.append(_signed(people, signed, head, parcel.key, bringer))
    if rest:
        is_own = not parcel.key or (head is not None and head.key == parcel.key)
        found.append(Part(rest, bringer) if is_own else _unsigned(rest, bringer))
    return found


def author(log: Chains, people: People, revision: Revision, head: SignedHead | None) -> Account | None:
    """Return the account of the enrolled device that signed for a revision that is in the log, None if none did."""
    if head is None or revision.seq > head.seq or not people.is_enrolled(head.key):
        return None
    is_line = log.chains([head.origin << SEQ_BITS | head.seq])[0] == head.chain
    return people.account_of_key(head.key) if is_line else None


def _signed(people: People, revisions: Sequence[Revision], head: SignedHead, sender: str, bringer: Account) -> Part:
    if people.is_enrolled(head.key):
        account = people.account_of_key(head.key)
        return Part(revisions, account, "" if account else REVOKED)
    if head.key == sender:
        return Part(revisions, bringer)
    return _unsigned(revisions, bringer)


def _unsigned(revisions: Sequence[Revision], bringer: Account) -> Part:
    return Part(revisions, replace(bringer, role=Role.SURVEYOR), UNSIGNED)


def _covered(log: Chains, revisions: Sequence[Revision], head: SignedHead | None) -> int:
    """Return up to which number a signed head speaks for a batch: only where its hash is that of this very line."""
    if head is None or head.seq < revisions[0].seq:
        return 0
    if head.seq <= revisions[-1].seq:
        chain: bytes | None = revisions[head.seq - revisions[0].seq].chain
    else:
        chain = log.chains([head.origin << SEQ_BITS | head.seq])[0]
    return head.seq if chain == head.chain else 0
