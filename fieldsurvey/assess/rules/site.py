"""One run of the rules over some parts: what they look at, and what they found."""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from fieldsurvey.assess.rules.inputs import Flags, Indices, Inputs, Layer, Numbers
from fieldsurvey.assess.rules.ruleset import RuleSet
from fieldsurvey.model.finding import NOT_RECORDED, Finding, Result, Tally

_EXACT = 1e-6  # m: two coordinates that differ by less are the same place; below any survey


@dataclass(frozen=True, slots=True)
class Tests:
    """Some tests of one threshold, as arrays of shape (n,).

    Attributes:
        rows: Row of the tested feature in its layer.
        measured: What was measured; NaN where nothing could be.
        required: What is required; NaN: the number of the threshold.
        others: Row of the feature it was measured against; -1 without one.
        other: Layer of those.
        accuracy: Of the measured value, in its unit.
        at_least: Whether measured must be at least (else at most) required.
        doubts: Reason why the answer is open whatever was measured; empty: none.
        place: Returns where a test is, by its number in the arrays; None: where the feature is.
        notes: Words for the finding.
    """

    rows: Indices
    measured: Numbers
    required: Numbers | None = None
    others: Indices | None = None
    other: Layer | None = None
    accuracy: float = 0.0
    at_least: bool = True
    doubts: Sequence[str] | None = None
    place: Callable[[int], shapely.Geometry | None] | None = None
    notes: Sequence[str] | None = None


class Site:
    """What a rule sees.

    Attributes:
        inputs: The layers.
        rules: The thresholds.
        parts: Parts to be judged; None: all.
        findings: What did not pass.
        tallies: (rule, part) -> count of all tests.
    """

    def __init__(self, inputs: Inputs, rules: RuleSet, parts: frozenset[str] | None = None) -> None:
        self.inputs, self.rules, self.parts = inputs, rules, parts
        self.findings: list[Finding] = []
        self.tallies: dict[tuple[str, str], Tally] = {}

    def wanted(self, layer: Layer, also: Flags | None = None) -> Indices:
        """Return the rows of a layer that are to be judged."""
        mask = np.ones(len(layer), dtype=bool) if also is None else also.copy()
        if self.parts is not None:
            mask &= np.array([part in self.parts for part in layer.parts], dtype=bool)
        return np.flatnonzero(mask)

    def judge(self, threshold: str, layer: Layer, tests: Tests) -> None:
        """Judge tests and keep what did not pass; each is counted in the tally of its part."""
        if not len(tests.rows):
            return
        limit = self.rules[threshold]
        required = np.full(len(tests.rows), limit.value) if tests.required is None else tests.required
        required = np.where(np.isnan(required), limit.value, required)
        results = results_of(tests.measured, required, tests.accuracy, at_least=tests.at_least)
        doubts = list(tests.doubts or [""] * len(tests.rows))
        self._doubt_shapes(layer, tests, doubts, results)
        for n, row in enumerate(tests.rows.tolist()):
            result = Result.REVIEW if doubts[n] else results[n]
            counted = NOT_RECORDED if doubts[n] == NOT_RECORDED else result
            self._count(limit.rule, layer, row, counted, float(tests.measured[n]), at_least=tests.at_least)
            if result is not Result.PASS:
                self._keep(threshold, layer, tests, n, row, result, float(required[n]), doubts[n])

    def _doubt_shapes(self, layer: Layer, tests: Tests, doubts: list[str], results: list[Result]) -> None:
        """A feature whose shape is wrong can fail, but not pass."""
        for n in np.flatnonzero(~layer.sound[tests.rows]).tolist():
            if results[n] is not Result.FAIL and not doubts[n]:
                doubts[n] = "bad_geometry"
        if tests.others is not None and tests.other is not None and len(tests.other):
            sound = tests.other.sound[tests.others] | (tests.others < 0)
            for n in np.flatnonzero(~sound).tolist():
                if results[n] is not Result.FAIL and not doubts[n]:
                    doubts[n] = "bad_geometry"

    def _count(self, rule: str, layer: Layer, row: int, result: str, measured: float, *, at_least: bool) -> None:
        key = (rule, str(layer.parts[row]))
        tally = self.tallies.get(key)
        if tally is None:
            tally = self.tallies[key] = Tally(str(layer.communities[row]), {})
        tally.counts[result] = tally.counts.get(result, 0) + 1
        if np.isfinite(measured):
            measured = round(measured, 3)
            worse = min if at_least else max
            tally.worst = measured if tally.worst is None else worse(tally.worst, measured)

    def _keep(
        self, threshold: str, layer: Layer, tests: Tests, n: int, row: int, result: Result, required: float, doubt: str
    ) -> None:
        at = tests.place(n) if tests.place else layer.geoms[row]
        other, against = "", ()
        if tests.others is not None and tests.other is not None and tests.others[n] >= 0:
            other, against = str(tests.other.uids[tests.others[n]]), tests.other.facts(int(tests.others[n]))
        measured = float(tests.measured[n])
        facts = (threshold, required, tests.accuracy, round(measured, 6), doubt, layer.facts(row), against)
        self.findings.append(
            Finding(
                self.rules[threshold].rule,
                threshold,
                layer.table,
                str(layer.uids[row]),
                other,
                str(layer.communities[row]),
                str(layer.parts[row]),
                result,
                round(measured, 3) if np.isfinite(measured) else None,
                required,
                tests.at_least,
                doubt or ("margin" if result is Result.UNCERTAIN else ""),
                b"" if at is None or at.is_empty else bytes(shapely.to_wkb(at)),
                hashlib.sha256(repr(facts).encode()).hexdigest(),
                tests.notes[n] if tests.notes else "",
            )
        )


def results_of(measured: Numbers, required: Numbers, accuracy: float, *, at_least: bool = True) -> list[Result]:
    """Return the result of each test.

    A margin smaller than the accuracy of the measurement is uncertain, on
    either side; exactly the required value passes where the accuracy is 0.

    Args:
        measured: Shape (n,); NaN where nothing could be measured.
        required: Shape (n,).
        accuracy: In the unit of both, >= 0.
        at_least: Whether measured must be at least (else at most) required.

    Source: domain page 3.17, "treat a margin below it as uncertain, not pass".
    """
    margin = measured - required if at_least else required - measured
    found: list[Result] = []
    for value in margin.tolist():
        if math.isnan(value):
            found.append(Result.REVIEW)
        elif abs(value) < accuracy - _EXACT:
            found.append(Result.UNCERTAIN)
        else:
            found.append(Result.PASS if value >= -_EXACT else Result.FAIL)
    return found


def nearest(layer: Layer, others: Layer, rows: Indices, mask: Flags | None = None) -> tuple[Indices, Numbers]:
    """Return for each row the nearest drawn feature of another layer, and its distance in m.

    Without any, the row is -1 and the distance infinite.
    """
    found, distance = np.full(len(rows), -1, dtype=np.intp), np.full(len(rows), np.inf)
    usable = np.flatnonzero(others.drawn if mask is None else others.drawn & mask)
    drawn = np.flatnonzero(layer.drawn[rows])
    if len(usable) and len(drawn):
        tree = shapely.STRtree(others.geoms[usable])
        pairs, metres = tree.query_nearest(layer.geoms[rows[drawn]], return_distance=True, all_matches=False)
        found[drawn[pairs[0]]], distance[drawn[pairs[0]]] = usable[pairs[1]], metres
    return found, distance


def worst_of(subjects: Indices, values: Numbers, others: Indices | None = None) -> Indices:
    """Return, for each subject among the pairs, the pair with the smallest value.

    Values that agree to a micrometre are equal; then the first of the others
    decides, so that a part judged alone gives what the whole gives.
    """
    then = np.arange(len(values)) if others is None else others
    order = np.lexsort((then, np.round(values, 6), subjects))
    _unique, first = np.unique(subjects[order], return_index=True)
    return order[first]
