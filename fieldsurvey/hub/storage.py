"""What a hub needs of the place where its data lies, whichever engine keeps it.

Two engines implement it: `geopackage` (one file, one writer) and `postgres`
(any number of processes). Both keep the same log and use the same merge
(fieldsurvey/model/merge.py), so that one can take over from the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.merge import State
from fieldsurvey.model.revision import Revision
from fieldsurvey.model.schema import Table, Value
from fieldsurvey.store import Blob, Ingested
from fieldsurvey.store.witness import ClockOffset, SignedHead
from fieldsurvey.sync.peers import Hello

REJECTED = "rejected"  # reason of what an administrator has refused
NO_LINKS: Mapping[int, bytes] = MappingProxyType({})
Scopes = frozenset[int] | None  # None: everywhere


@dataclass(frozen=True, slots=True)
class Held:
    """A revision in quarantine: kept and shown, without effect until somebody with the right lets it take effect.

    Attributes:
        revision: What was pushed.
        reason: Stable name of the rule that it breaks.
    """

    revision: Revision
    reason: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a hub holds.

    Attributes:
        revisions: Entries of the log.
        waiting: Revisions that wait for a parent, a dataset or a decision.
        held: Revisions in quarantine.
        conflicts: Open conflicts.
        feed: Place of the last entry in the feed.
        records: Visible rows per user table that has any.
    """

    revisions: int
    waiting: int
    held: int
    conflicts: int
    feed: int
    records: Mapping[str, int]


class Storage(Protocol):
    """The data of a hub. An object belongs to the thread that made it."""

    def close(self) -> None:
        """Let go of the file or connection."""

    # --- what it is ------------------------------------------------------------------------------------------

    def hello(self) -> Hello | None:
        """Return the state; None while there is no project."""

    def project_id(self) -> str | None:
        """Return the identity of the project; None while there is none. Cheap."""

    def epoch(self) -> str:
        """Return the identity of the feed; empty while there is no project."""

    def set_epoch(self, epoch: str) -> None:
        """Tell everybody that the feed has another past: the data was restored."""

    def feed_top(self) -> int:
        """Return the last place in the feed."""

    def found(self, theirs: Hello) -> None:
        """Begin the project that the first replica brings. Does nothing if there is one."""

    def take_definitions(self, tables: Iterable[str], actors: Iterable[tuple[int, str, str]]) -> None:
        """Make tables and columns that are new here, and remember persons."""

    def tables(self) -> dict[str, Table]:
        """Return the user tables by name."""

    def counts(self) -> Counts:
        """Return how much is here."""

    # --- the log -----------------------------------------------------------------------------------------------

    def ingest(
        self, revisions: Sequence[Revision], held: Mapping[int, str], links: Mapping[int, bytes] = NO_LINKS
    ) -> Ingested:
        """Take in revisions, in any order and repeated; all of them are on the disk afterwards, or none.

        Args:
            revisions: What came.
            held: Revision -> why it is put in quarantine.
            links: First revision of a run -> hash before it; needed where the run does not begin at a known place.

        Raises:
            Fork: If a known number comes with other content.
            Tampered: If a revision does not fit its chain.
        """

    def known_upto(self, origins: Iterable[int]) -> dict[int, int]:
        """Return how far the logs of the origins are here without holes; 0 for an unknown one."""

    def feed_after(self, cursor: int, limit: int, scopes: Scopes) -> tuple[list[Revision], int]:
        """Return what took effect after a place in the feed, and the place reached.

        Args:
            cursor: Place reached before.
            limit: At most so many revisions.
            scopes: Areas wanted; what belongs to none is always among them.
        """

    def chains(self, rids: Sequence[int]) -> list[bytes | None]:
        """Return the hashes of the origins' logs at these numbers, None for one that is not here."""

    def revisions(self, rids: Iterable[int]) -> dict[int, Revision]:
        """Return the revisions of those numbers that are here."""

    def links_before(self, rids: Sequence[int]) -> list[bytes | None]:
        """Return the hash before each revision, None where nothing of it is here."""

    def held(self) -> list[Held]:
        """Return what is in quarantine."""

    def let_go(self, rids: Sequence[int]) -> None:
        """Let revisions out of quarantine; they take effect now."""

    def reject(self, rids: Sequence[int]) -> None:
        """Keep held revisions without effect for good; only `let_go` by name lets them out."""

    def signed_heads(self, origin: int | None = None) -> dict[int, SignedHead]:
        """Return what devices signed of their own logs, by origin; on request of one origin."""

    def keep_heads(self, heads: Iterable[SignedHead]) -> list[int]:
        """Keep signed heads that reach further than what is known; return their origins."""

    def clock_offsets(self) -> list[ClockOffset]:
        """Return what was measured of clocks that were off."""

    def keep_offsets(self, offsets: Iterable[ClockOffset]) -> None:
        """Keep what was measured of a clock."""

    # --- records -------------------------------------------------------------------------------------------------

    def scopes_of(self, tables: Mapping[str, str]) -> dict[str, int]:
        """Return the area of each record that is here, given record -> table."""

    def areas(self) -> dict[str, frozenset[int]]:
        """Return what areas are called: district, or name, code or uid of a community -> area numbers."""

    def select(self, table: str) -> list[dict[str, Value]]:
        """Return all rows of a table by uid, geometry as WKB; for reports and comparisons."""

    def states(self) -> dict[str, State]:
        """Return where each edited record stands."""

    def conflicts(self) -> dict[tuple[str, str], tuple[int, ...]]:
        """Return (record, field) -> rival versions."""

    # --- files ---------------------------------------------------------------------------------------------------

    def blobs(self) -> list[Blob]:
        """Return every file that is here whole."""

    def blob(self, sha256: str) -> Blob | None:
        """Return what is known of a file."""

    def note_blobs(self, blobs: Iterable[Blob], *, have: bool) -> None:
        """Remember files."""

    def retry_waiting(self) -> None:
        """Go on with imports whose dataset has arrived since."""


def no_project() -> InputRefused:
    """Return what to raise where a project is needed and none is here."""
    return InputRefused(_("The hub has no project yet. Sync from the laptop that has it first."))
