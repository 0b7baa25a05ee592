"""What the plan board reads and writes of a project. Everything here runs in the store thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fieldsurvey.assess.score import Score
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Value
from fieldsurvey.plan import versions
from fieldsurvey.plan.build import Question, question
from fieldsurvey.plan.versions import Placement, Version, VersionState
from fieldsurvey.store import Store

LEDGER = ""  # stands in place of a version as long as there is none: the plan years of the ledger
_COLUMNS = ("code", "name", "district", "household_count", "gfa")


@dataclass(frozen=True, slots=True)
class Desk:
    """A project as the board shows it.

    Attributes:
        question: What the plan is computed from.
        rows: Communities by uid.
        scores: By uid.
        versions: The newest first.
        version: The one that is shown; LEDGER: none, but the plan years of the ledger.
        placed: Where it puts the communities.
        approved_by: Who approved it; empty: nobody.
        drifted: Communities whose locked numbers have changed since.
    """

    question: Question
    rows: Mapping[str, Mapping[str, Value]]
    scores: Mapping[str, Score]
    versions: Sequence[Version] = ()
    version: str = LEDGER
    placed: Mapping[str, Placement] = field(default_factory=dict)
    approved_by: str = ""
    drifted: Sequence[str] = ()

    @property
    def shown(self) -> Version | None:
        """The version that is shown; None for the ledger."""
        return next((one for one in self.versions if one.uid == self.version), None)

    @property
    def years(self) -> tuple[int, ...]:
        """The years of the plan, and others in which the version has put communities."""
        placed = {one.year for one in self.placed.values() if one.is_in and one.year is not None}
        return tuple(sorted({*self.question.problem.years, *placed}))

    @property
    def is_open(self) -> bool:
        """True if the communities can be moved: a draft, or the ledger, from which a draft is made then."""
        return self.shown is None or self.shown.state is VersionState.DRAFT


def load(store: Store, version: str | None = None, control: JobControl | None = None) -> Desk:
    """Read everything.

    Args:
        store: The project.
        version: The version to show; None, or one that is gone: the one that counts.
        control: Lets others in between the steps.

    Raises:
        InputRefused: If a fund, a limit, a price or a parameter makes no sense.
    """
    rows = {str(row["uid"]): row for row in store.select("community", _COLUMNS, order="code")}
    asked = question(store, breathe=(control or JobControl()).breathe)
    return with_version(store, Desk(asked, rows, asked.scores), version)


def with_version(store: Store, desk: Desk, version: str | None) -> Desk:
    """Return the same with the versions as they are now, one of them shown."""
    known = versions.versions(store)
    if version not in {one.uid for one in known}:
        standing = versions.standing_version(store)
        version = standing.uid if standing is not None else LEDGER
    shown = next((one for one in known if one.uid == version), None)
    approval = store.approval(version) if shown is not None else None
    return Desk(
        desk.question,
        desk.rows,
        desk.scores,
        known,
        version,
        versions.placements(store, version) if shown is not None else versions.ledger(store),
        approval.actor if approval is not None else "",
        versions.drifted(store, shown) if shown is not None else (),
    )


def draft_of(store: Store, version: str) -> str:
    """Return the version to write to: itself, or, for the ledger, a draft made of it."""
    return version or versions.from_ledger(store)


def move(store: Store, version: str, uids: Sequence[str], year: int | None, levels: Mapping[str, int]) -> str:
    """Put communities into a year by hand, in one durable step; return the version written to."""
    with store.transaction():
        version = draft_of(store, version)
        for uid in uids:
            versions.place(store, version, uid, year, levels[uid])
    return version


def lock(store: Store, version: str, uids: Sequence[str], *, is_locked: bool) -> str:
    """Hold communities where they are, or let them go; return the version written to."""
    with store.transaction():
        version = draft_of(store, version)
        for uid in uids:
            versions.set_lock(store, version, uid, is_locked=is_locked)
    return version
