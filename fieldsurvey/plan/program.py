"""A mixed-integer programme with names, solved by HiGHS (MIT; Huangfu and Hall 2018)."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fieldsurvey.jobs import JobControl

if TYPE_CHECKING:
    import highspy

INFINITY = math.inf
_TOLERANCE = 1e-6
Key = tuple[Any, ...]
Row = tuple[list[int], list[float], float, float]


@dataclass(frozen=True, slots=True)
class Solution:
    """What the solver found.

    Attributes:
        values: By variable; empty if nothing was found.
        objective: Of those values.
        bound: Proven limit of the objective.
        is_optimal: True if nothing better exists within the tolerance asked for.
        is_infeasible: True if it is proven that no values satisfy the rows.
        duals: Of the rows, for a programme without whole numbers.
        reduced: Reduced costs of the variables, likewise.
    """

    values: Mapping[Key, float] = field(default_factory=dict)
    objective: float = -INFINITY
    bound: float = INFINITY
    is_optimal: bool = False
    is_infeasible: bool = False
    duals: Mapping[Key, float] = field(default_factory=dict)
    reduced: Mapping[Key, float] = field(default_factory=dict)


class Program:
    """Maximise a linear objective over variables between bounds, under rows between bounds."""

    def __init__(self) -> None:
        self._columns: dict[Key, int] = {}
        self._worth: list[float] = []
        self._upper: list[float] = []
        self._lower: list[float] = []
        self._whole: list[bool] = []
        self._rows: dict[Key, Row] = {}

    def variable(
        self, key: Key, worth: float = 0.0, *, lower: float = 0.0, upper: float = 1.0, whole: bool = True
    ) -> None:
        """Add a variable."""
        self._columns[key] = len(self._columns)
        self._worth.append(worth)
        self._lower.append(lower)
        self._upper.append(upper)
        self._whole.append(whole)

    def row(self, key: Key, terms: Iterable[tuple[Key, float]], lower: float, upper: float) -> None:
        """Add a condition: lower <= sum of factor times variable <= upper."""
        pairs = [(self._columns[name], factor) for name, factor in terms]
        self._rows[key] = ([index for index, _ in pairs], [factor for _, factor in pairs], lower, upper)

    def take(self, key: Key) -> Row:
        """Take a condition out, and return it."""
        return self._rows.pop(key)

    def put(self, key: Key, row: Row) -> None:
        """Put a condition back."""
        self._rows[key] = row

    def names(self, kind: str) -> Iterator[Key]:
        """Yield the variables whose name begins with a word."""
        return (key for key in self._columns if key[0] == kind)

    def rows(self, *kinds: str) -> Iterator[Key]:
        """Yield the conditions whose name begins with one of the words."""
        return (key for key in self._rows if key[0] in kinds)

    def set_worth(self, worth: Mapping[Key, float]) -> None:
        """Replace the objective; variables that are not named count nothing."""
        self._worth = [worth.get(key, 0.0) for key in self._columns]

    def upper(self, key: Key) -> float:
        """Return the upper bound of a condition."""
        return self._rows[key][3]

    def activity(self, key: Key, values: Mapping[Key, float]) -> tuple[float, float]:
        """Return how much of a condition is used, and its upper bound."""
        indices, factors, _lower, upper = self._rows[key]
        names = list(self._columns)
        used = sum(factor * values[names[index]] for index, factor in zip(indices, factors, strict=True))
        return used, upper

    def solve(
        self,
        control: JobControl,
        *,
        whole: bool = True,
        seconds: float = INFINITY,
        absolute_gap: float = 1e-6,
        relative_gap: float = 0.0,
        fixed: Mapping[Key, float] | None = None,
        start: Solution | None = None,
    ) -> Solution:
        """Solve it.

        Args:
            control: Cancel, asked by the solver while it works.
            whole: False: let every variable take broken values; then duals are there.
            seconds: Limit of time.
            absolute_gap: How far from the bound counts as optimal.
            relative_gap: Likewise, as a share.
            fixed: Variables that are not asked.
            start: A solution to begin with.

        Raises:
            JobCancelled: If the user stopped it.
        """
        import highspy

        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)  # the same answer on every machine
        solver.setOptionValue("mip_rel_gap", relative_gap)
        solver.setOptionValue("mip_abs_gap", absolute_gap)
        if seconds < INFINITY:
            solver.setOptionValue("time_limit", float(seconds))
        solver.passModel(self._model(fixed or {}, whole=whole))
        if start is not None and start.values:
            known = highspy.HighsSolution()
            known.col_value = list(start.values.values())
            solver.setSolution(known)
        _let_cancel(solver, control)
        solver.run()
        control.step(0, None, "")
        return self._solution(solver)

    def _model(self, fixed: Mapping[Key, float], *, whole: bool) -> "highspy.HighsLp":
        import highspy
        import numpy as np

        model = highspy.HighsLp()
        rows = list(self._rows.values())
        model.num_col_, model.num_row_ = len(self._columns), len(rows)
        model.sense_ = highspy.ObjSense.kMaximize
        model.col_cost_ = np.array(self._worth, float)
        lower, upper = np.array(self._lower, float), np.array(self._upper, float)
        for key, value in fixed.items():
            lower[self._columns[key]] = upper[self._columns[key]] = value
        model.col_lower_, model.col_upper_ = lower, upper
        model.row_lower_ = np.array([row[2] for row in rows], float)
        model.row_upper_ = np.array([row[3] for row in rows], float)
        matrix = model.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_ = np.cumsum([0, *(len(row[0]) for row in rows)])
        matrix.index_ = np.array([index for row in rows for index in row[0]], int)
        matrix.value_ = np.array([factor for row in rows for factor in row[1]], float)
        if whole:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            model.integrality_ = [kinds[is_whole] for is_whole in self._whole]
        return model

    def _solution(self, solver: "highspy.Highs") -> Solution:
        import highspy

        status, info = solver.getModelStatus(), solver.getInfo()
        statuses = highspy.HighsModelStatus
        if status in (statuses.kInfeasible, statuses.kUnboundedOrInfeasible):
            return Solution(is_infeasible=True)
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return Solution(bound=info.mip_dual_bound)
        found = solver.getSolution()
        is_mixed = bool(solver.getLp().integrality_)
        return Solution(
            dict(zip(self._columns, found.col_value, strict=True)),
            info.objective_function_value,
            info.mip_dual_bound if is_mixed else info.objective_function_value,
            status == statuses.kOptimal,
            duals={} if is_mixed else dict(zip(self._rows, found.row_dual, strict=True)),
            reduced={} if is_mixed else dict(zip(self._columns, found.col_dual, strict=True)),
        )


def is_on(value: float) -> bool:
    """Say whether a variable that is 0 or 1 is 1."""
    return value > 1 - 1e-3


def whole_floor(value: float) -> int:
    """Return the largest whole number that is not above a computed value."""
    return math.floor(value + _TOLERANCE)


def _let_cancel(solver: "highspy.Highs", control: JobControl) -> None:
    """Let the solver ask now and then whether it is still wanted."""

    def asked(event: "highspy.HighsCallbackEvent") -> None:
        if control.is_cancelled:
            event.interrupt()

    solver.cbMipInterrupt += asked
    solver.cbSimplexInterrupt += asked
