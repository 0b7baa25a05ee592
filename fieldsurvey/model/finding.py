"""What a rule says about one feature: the finding, its result, and the count of all that was looked at."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fieldsurvey.i18n import N_


class Result(StrEnum):
    """Outcome of a test. Only PASS is good: what could not be tested is never a pass."""

    PASS = "pass"  # noqa: S105 - a result, no password
    FAIL = "fail"
    UNCERTAIN = "uncertain"
    REVIEW = "needs_review"


NOT_RECORDED = "not_recorded"  # the reason of a test whose input nobody asks for in this project

# Why a test has no certain answer. The texts are shown, the codes are stored.
REASONS: Mapping[str, str] = {
    "margin": N_("the margin is smaller than the accuracy of the survey"),
    "no_geometry": N_("the place is not drawn"),
    "bad_geometry": N_("the shape is wrong (crosses itself)"),
    "no_diameter": N_("the diameter is missing"),
    "no_class": N_("the pipe class is missing"),
    "no_pressure": N_("the gas pressure class is missing"),
    "pressure_range": N_("the pressure class A or B is missing"),
    "crossing": N_("the pipes cross; their levels are needed"),
    "no_width": N_("the road width is missing"),
    "no_state": N_("only hydrants of unknown state are near"),
    "no_road": N_("no road is near"),
    "no_turnaround": N_("whether there is a turnaround is not recorded"),
    "not_drawn": N_("the structure is a point; its outline is needed"),
    "no_record": N_("the form that says so is not filled in"),
    "no_answer": N_("the question is not answered"),
    "no_count": N_("the number is missing"),
    "no_dates": N_("planned dates are missing"),
    "no_storeys": N_("the number of storeys is missing"),
    "no_building": N_("the building of the stairwell is not known"),
    "no_layer": N_("the layer that is needed is empty"),
    "no_services": N_("no such service is recorded"),
    NOT_RECORDED: N_("the input is not recorded in this project"),
    "two_readings": N_("two readings of the clause differ (6 or 10 mm²)"),
    "no_levels": N_("invert levels that tell the direction of flow are missing"),
    "no_turnaround_size": N_("the size of the turnaround is not recorded"),
    "maybe_more": N_("only what is drawn is counted; there may be more"),
    "few_areas": N_("too few floor areas of dwellings are recorded"),
    "no_main_pressure": N_("the pressure at the main is not recorded"),
    "no_path": N_("no way on foot is known"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One test that did not pass.

    Attributes:
        rule: Id of the rule, such as R1 or F04.
        threshold: Id of the threshold.
        table, subject: Table and uid of what was tested.
        other: uid of what it was tested against, if that is one feature.
        community: uid of the community; empty for the street side.
        part: Unit of recomputing the finding belongs to: a community, or a tile of the street side.
        result: FAIL, UNCERTAIN or REVIEW.
        measured: What was measured, in the unit of the threshold; None if nothing could be.
        required: What is required.
        at_least: Whether the measured value must be at least (else at most) the required one.
        reason: A code of REASONS; empty for a plain failure.
        place: WKB in the project CRS of where it is; empty if nowhere.
        inputs: Hash of everything the result was computed from.
        note: Words that belong to the case, such as "5.2 × 1.8 m".
    """

    rule: str
    threshold: str
    table: str
    subject: str
    other: str
    community: str
    part: str
    result: Result
    measured: float | None
    required: float
    at_least: bool
    reason: str
    place: bytes
    inputs: str
    note: str = ""

    @property
    def is_recorded(self) -> bool:
        """Whether the project records what the test needs; else it is told, but counts as no problem."""
        return self.reason != NOT_RECORDED

    @property
    def key(self) -> str:
        """The same for the same question about the same feature: 32 hex digits, the uid of the decision on it."""
        return hashlib.sha256(f"{self.rule}|{self.threshold}|{self.subject}".encode()).hexdigest()[:32]


@dataclass(slots=True)
class Tally:
    """How many tests of a rule were made in one part, and how they ended.

    Attributes:
        community: uid of the community; empty for the street side.
        counts: Result -> number of tests; under NOT_RECORDED the thresholds whose input nobody asks for.
        worst: The measured value nearest to failing, or failing most; None without any.
        households: Households in what was tested, and in what passed (R1).
    """

    community: str
    counts: dict[str, int]
    worst: float | None = None
    households: tuple[int, int] = (0, 0)
