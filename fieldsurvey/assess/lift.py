"""Whether a lift can be added at a stairwell: space, policy and votes, a first judgement (初判) with its reasons.

The city decides by a joint opinion of its departments; this prepares it. Free
space comes from the map (`assess/rules/lift.py`) unless it was measured on
site. What is not recorded is never good: it needs study.
Source: domain page 3.9 (T-L1 to T-L13), 1.9 (policy) and form f11.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely

from fieldsurvey.assess.lift_checks import CHECKS, FORM_COLUMNS, Case, LiftCheck, Outcome, measured_width_depth
from fieldsurvey.assess.parameters import parameters
from fieldsurvey.assess.records import Record, codes, standing
from fieldsurvey.assess.rules.decisions import rules_in_force
from fieldsurvey.assess.rules.inputs import COLUMNS, Box, Indices, Inputs, Objects, make_layer
from fieldsurvey.assess.rules.lift import Boxes, lift_boxes
from fieldsurvey.assess.rules.pipes import PIPES
from fieldsurvey.assess.rules.ruleset import RuleSet
from fieldsurvey.i18n import N_, _
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store

_REACH = 60.0  # m around a community: farther things do not reach a stairwell
_TOUCH = 0.001  # m: a pipe exactly at the limit is far enough
_PIECE = 1000  # stairwells judged between two reports of progress
_FORM_FLOORS = 4  # form f11 is not used below
_FORBIDDEN = frozenset({"expropriation", "rebuild"})


class LiftResult(StrEnum):
    """The four classes of the list lift_result."""

    FEASIBLE = "feasible"
    CONDITIONAL = "cond"
    NOT_FEASIBLE = "no"
    NEEDS_STUDY = "special"


RESULT_WORDS: Mapping[LiftResult, str] = {
    LiftResult.FEASIBLE: N_("feasible"),
    LiftResult.CONDITIONAL: N_("feasible on conditions"),
    LiftResult.NOT_FEASIBLE: N_("not feasible"),
    LiftResult.NEEDS_STUDY: N_("needs study"),
}


@dataclass(frozen=True, slots=True)
class LiftJudgement:
    """The first judgement on one stairwell.

    Attributes:
        stairwell, community: uids.
        building, unit: As people call them.
        floors: Storeys; None: not known.
        result: The class.
        checks: What was looked at, in the order of the sheet; each with its outcome and reason.
        width_m, depth_m: Free space along and away from the wall, m; None: not known.
        pipes: Classes of the pipes that are to be diverted.
        subsidy_wan: What the policy pays if it is built, 万元; 0 where it is not feasible.
        stage: Code of the list lift_stage; empty: not recorded.
        box: The free space in the project CRS as WKB; empty without any.
        record: uid of the f11 record it rests on; empty without one.
    """

    stairwell: str
    community: str
    building: str
    unit: str
    floors: int | None
    result: LiftResult
    checks: tuple[LiftCheck, ...]
    width_m: float | None = None
    depth_m: float | None = None
    pipes: tuple[str, ...] = ()
    subsidy_wan: float = 0.0
    stage: str = ""
    box: bytes = b""
    record: str = ""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not simply feasible, one sentence each; the deciding ones first."""
        order = (Outcome.NO, Outcome.OPEN, Outcome.CONDITION)
        return tuple(check.text for outcome in order for check in self.checks if check.outcome is outcome)


def lifts(store: Store, community: str = "", control: JobControl | None = None) -> list[LiftJudgement]:
    """Return the judgement on every stairwell of four storeys and more, of one community or of all.

    Runs in the thread that owns the store.

    Args:
        store: The project.
        community: uid; empty: all.
        control: Progress and cancel.

    Raises:
        InputRefused: If a parameter or a rule of the project makes no sense.
        JobCancelled: If the user stopped it.
    """
    control = control or JobControl()
    rules, numbers = rules_in_force(store), parameters(store)
    inputs = _inputs(store, community)
    stairs, houses = inputs["stairwell"], inputs["building"]
    rows: Indices = np.arange(len(stairs))
    owner = np.array([houses.find(str(stairs.values["building_uid"][n] or "")) for n in rows], dtype=np.intp)
    storeys = np.append(houses.number("floors"), np.nan)  # the last one stands for a house that is not known
    floors = storeys[owner]
    high = ~(floors < _FORM_FLOORS)
    facts = _Facts(store, rules, numbers["lift.subsidy"])
    found: list[LiftJudgement] = []
    chosen = np.flatnonzero(high)
    for part in control.steps(np.array_split(chosen, len(chosen) // _PIECE + 1), _("Judging where lifts can be added")):
        found += _judged(facts, inputs, rows[part], owner[part], floors[part])
    return sorted(found, key=lambda one: (one.community, one.building, one.unit))


def lift_totals(judgements: Iterable[LiftJudgement]) -> tuple[dict[LiftResult, int], float]:
    """Return how many stairwells are in each class, and the subsidy of those that can be built, 万元."""
    counts, subsidy = dict.fromkeys(LiftResult, 0), 0.0
    for one in judgements:
        counts[one.result] += 1
        subsidy += one.subsidy_wan
    return counts, round(subsidy, 2)


def result_of(checks: Iterable[LiftCheck]) -> LiftResult:
    """Return the class: one no decides; then what is open; then conditions."""
    outcomes = {check.outcome for check in checks}
    if Outcome.NO in outcomes:
        return LiftResult.NOT_FEASIBLE
    if Outcome.OPEN in outcomes:
        return LiftResult.NEEDS_STUDY
    return LiftResult.CONDITIONAL if Outcome.CONDITION in outcomes else LiftResult.FEASIBLE


class _Facts:
    """What the records say, read once."""

    def __init__(self, store: Store, rules: RuleSet, subsidy_wan: float) -> None:
        self.rules, self.subsidy_wan = rules, subsidy_wan
        self.forms = _by_subject(standing(store, "f11_elevator", FORM_COLUMNS))
        self.houses = _by_subject(standing(store, "f02_building", ["safety_grade", "struct_alter"]))
        profiles = standing(store, "f01_community", ["elig_block"])
        self.condemned = {uid for uid, rows in profiles.items() if _FORBIDDEN & set(codes(rows[-1].get("elig_block")))}
        self.names = {row["uid"]: str(row["name"] or "") for row in store.select("building", ["name"])}
        self.units = {row["uid"]: str(row["unit"] or "") for row in store.select("stairwell", ["unit"])}


def _by_subject(records: Mapping[str, Sequence[Record]]) -> dict[str, Record]:
    return {str(row["subject_uid"] or ""): row for rows in records.values() for row in rows}


def _inputs(store: Store, community: str) -> Inputs:
    """Return all layers, or those around a community; with every stairwell and house of it, drawn or not."""
    if not community:
        return Inputs(store)
    box, where = _around(store, community), {"community_uid": community}
    stairs = store.select("stairwell", COLUMNS["stairwell"], where=where)
    houses = {row["uid"]: row for row in store.select("building", COLUMNS["building"], where=where)}
    houses |= {row["uid"]: row for row in store.select("building", COLUMNS["building"], bbox=box)}
    own = {"stairwell": make_layer("stairwell", stairs), "building": make_layer("building", list(houses.values()))}
    return Inputs(store, box, own)


def _around(store: Store, community: str) -> Box | None:
    box = store.row_boxes("community", [community]).get(community)
    return None if box is None else (box[0] - _REACH, box[1] - _REACH, box[2] + _REACH, box[3] + _REACH)


def _judged(facts: _Facts, inputs: Inputs, rows: Indices, owner: Indices, floors: np.ndarray) -> list[LiftJudgement]:
    drawn = np.where(inputs["stairwell"].drawn[rows], owner, -1)  # without its own place a stairwell has no wall
    boxes = lift_boxes(inputs, facts.rules, rows, drawn)
    lacking = np.flatnonzero(boxes.walls.found & ~_fits(boxes, facts.rules))
    diverted = _without_gas(inputs, facts.rules, rows[lacking], drawn[lacking])
    sizes = {int(n): _size(diverted, k) for k, n in enumerate(lacking.tolist())}
    shafts = _shafts(boxes, facts.rules)
    shafts[lacking] = _shafts(diverted, facts.rules)
    crossed = _pipes_under(inputs, facts.rules, shafts)
    stairs, houses = inputs["stairwell"], inputs["building"]
    shapes = boxes.shapes()
    drawings = np.where(shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON, shapely.to_wkb(shapes), b"")
    found = []
    for n, row in enumerate(rows.tolist()):
        uid, house = str(stairs.uids[row]), str(houses.uids[owner[n]]) if owner[n] >= 0 else ""
        community = str(stairs.communities[row])
        case = Case(
            facts.rules,
            None if np.isnan(floors[n]) else int(floors[n]),
            facts.forms.get(uid, {}),
            facts.houses.get(house, {}),
            community in facts.condemned,
            _size(boxes, n),
            sizes.get(n),
            crossed[n],
        )
        found.append(_judgement(facts, case, uid, community, house, bytes(drawings[n])))
    return found


def _judgement(facts: _Facts, case: Case, uid: str, community: str, house: str, box: bytes) -> LiftJudgement:
    checks = tuple(made for check in CHECKS if (made := check(case)) is not None)
    result = result_of(checks)
    can_be = result in {LiftResult.FEASIBLE, LiftResult.CONDITIONAL}
    width, depth = measured_width_depth(case)
    return LiftJudgement(
        uid,
        community,
        facts.names.get(house, ""),
        facts.units.get(uid, ""),
        case.floors,
        result,
        checks,
        width,
        depth,
        case.pipes,
        facts.subsidy_wan if can_be else 0.0,
        str(case.form.get("stage") or ""),
        box,
        str(case.form.get("uid") or ""),
    )


def _size(boxes: Boxes, n: int) -> tuple[float, float] | None:
    return (float(boxes.width[n]), float(boxes.depth[n])) if boxes.walls.found[n] else None


def _fits(boxes: Boxes, rules: RuleSet) -> np.ndarray:
    return (boxes.width >= rules.value("T-L11.width")) & (boxes.depth >= rules.value("T-L11.depth"))


def _without_gas(inputs: Inputs, rules: RuleSet, rows: Indices, houses: Indices) -> Boxes:
    """Return the boxes there would be if the gas pipes were diverted."""
    layers = {table: inputs[table] for table in ("stairwell", "building", "internal_road", "pole")}
    return lift_boxes(Inputs(layers={**layers, "gas_line": make_layer("gas_line", [])}), rules, rows, houses)


def _pipes_under(inputs: Inputs, rules: RuleSet, shafts: Objects) -> list[tuple[str, ...]]:
    """Return the tables of the pipes nearer to each shaft than they may be; none where there is no room for one."""
    usable = np.flatnonzero(~shapely.is_missing(shafts))
    found: list[list[str]] = [[] for _shaft in shafts]
    if not len(usable):
        return [()] * len(shafts)
    zones = shapely.buffer(shafts[usable], rules.value("T-L7") - _TOUCH)
    for table in PIPES:
        if len(inputs[table]):
            for shaft in np.unique(inputs[table].tree.query(zones, predicate="intersects")[0]).tolist():
                found[usable[shaft]].append(table)
    return [tuple(tables) for tables in found]


def _shafts(boxes: Boxes, rules: RuleSet) -> Objects:
    """Return shafts of the least size in the free boxes, as near to the stair axis as they can stand; None: no room."""
    width, depth = rules.value("T-L11.width"), rules.value("T-L11.depth")
    made = np.full(len(boxes.width), None, dtype=object)
    room = np.flatnonzero((boxes.width >= width) & (boxes.depth >= depth))
    start = boxes.start[room]
    left = np.minimum(np.maximum(-width / 2, start), start + boxes.width[room] - width)
    least = np.full(len(room), width), np.full(len(room), depth)
    made[room] = boxes.walls.rectangles(room, left, *least)
    return made
