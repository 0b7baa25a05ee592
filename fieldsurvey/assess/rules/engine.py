"""Running the rules: all at first, and afterwards only what a change can have touched.

What the last run saw is kept beside the findings: version, place and part of
every row. A change is a row whose version differs; it touches the parts it
belongs to or belonged to, and those that a rule looks at it from.
"""

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fieldsurvey.assess.rules import decisions
from fieldsurvey.assess.rules.catalogue import RULES, Rule, rules_with
from fieldsurvey.assess.rules.inputs import Box, Inputs, Objects, part_names
from fieldsurvey.assess.rules.ruleset import RuleSet
from fieldsurvey.assess.rules.site import Site
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.finding import Finding, Tally
from fieldsurvey.store import Store

_LONG, _PIECES = frozenset({"R4", "R7", "R8", "R12"}), 6  # rules that take more than half a second on a city
_WIDEST = 0.25  # of all parts: when more are touched, everything is read at once
SEEN = np.dtype([("uid", "S32"), ("rev", "i8"), ("part", "S32"), ("box", "f8", 4)])
Seen = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did.

    Attributes:
        findings: Findings of the parts that were judged.
        tallies: (rule, part) -> count of its tests.
        judged: Rule -> the parts judged; None: all.
    """

    findings: Sequence[Finding]
    tallies: Mapping[tuple[str, str], Tally]
    judged: Mapping[str, frozenset[str] | None]


def judge(
    inputs: Inputs, rules: RuleSet, wanted: Iterable[Rule] = RULES, parts: frozenset[str] | None = None
) -> Outcome:
    """Run rules over layers; pure computing.

    Args:
        inputs: What they read.
        rules: The thresholds.
        wanted: The rules to run.
        parts: Parts to judge; None: all.
    """
    site = Site(inputs, rules, parts)
    judged: dict[str, frozenset[str] | None] = {}
    for rule in wanted:
        rule.check(site)
        judged[rule.id] = parts
    return Outcome(site.findings, site.tallies, judged)


def update(store: Store, control: JobControl | None = None) -> Outcome:
    """Bring the findings of a project up to date, and keep them in it.

    Runs in the thread that owns the store. The findings appear at once and
    whole, or, when the user stops, not at all.

    Raises:
        JobCancelled: If the user stopped it.
        StoreError: If the disk is full.
    """
    control = control or JobControl()
    rules, brought = decisions.rules_in_force(store), Inputs(store).brought
    catalogue = rules_with(brought)
    signature = f"{rules.version}:{_code_version()}:{sorted(brought.items())}"
    is_new = store.rule_state("signature") != signature.encode()
    prints = {table: store.row_print(table) for table in sorted({table for rule in catalogue for table in rule.reads})}
    changed = [table for table in prints if is_new or store.rule_state(f"print:{table}") != prints[table]]
    before, now = _Before(store), {table: _looked_at(store, table) for table in changed}
    run = _Run(store, rules, catalogue, control)
    outcome = _full(run) if is_new else _partial(run, before, now)
    states = {"signature": signature.encode(), **{f"print:{table}": prints[table] for table in changed}}
    for table, rows in now.items():
        states[f"seen:{table}"] = _packed(_with_boxes(store, table, rows, None if is_new else before[table]))
    store.put_findings(outcome.judged, outcome.findings, outcome.tallies, states)
    return outcome


def _code_version() -> str:
    """Return what changes when the rules are programmed differently: findings of older programs are not kept."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*")):
        if path.suffix in {".py", ".csv"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class _Run:
    """One run: the project, its rule set, the rules with what the project brings itself, and the way to stop."""

    store: Store
    rules: RuleSet
    catalogue: Sequence[Rule]
    control: JobControl


def _full(run: _Run) -> Outcome:
    inputs = Inputs(run.store)
    findings: list[Finding] = []
    tallies: dict[tuple[str, str], Tally] = {}
    pieces = [(rule, parts) for rule in run.catalogue for parts in _pieces(inputs, rule)]
    for rule, parts in run.control.steps(pieces, _("Checking the map rules")):
        done = judge(inputs, run.rules, [rule], parts)
        findings += done.findings
        tallies |= done.tallies
    return Outcome(findings, tallies, {rule.id: None for rule in run.catalogue})


def _pieces(inputs: Inputs, rule: Rule) -> list[frozenset[str] | None]:
    """Return the parts of a rule in pieces short enough that drafts need not wait for the whole; None: all at once."""
    if rule.id not in _LONG:
        return [None]
    parts = sorted({str(part) for table in rule.subjects for part in inputs[table].parts})
    return [frozenset(parts[first::_PIECES]) for first in range(_PIECES)]


def _partial(run: _Run, before: "_Before", now: Mapping[str, Seen]) -> Outcome:
    touched = {table: _changes(run.store, table, before[table], rows) for table, rows in now.items()}
    touched = {table: change for table, change in touched.items() if change.parts}
    findings: list[Finding] = []
    tallies: dict[tuple[str, str], Tally] = {}
    judged: dict[str, frozenset[str] | None] = {}
    due = [rule for rule in run.catalogue if any(table in touched for table in rule.reads)]
    shared: dict[Box | None, Inputs] = {}
    for rule in run.control.steps(due, _("Checking the map rules")):
        parts, box = _touched_parts(rule, touched, before)
        inputs = shared.setdefault(box, Inputs(run.store, box))
        done = judge(inputs, run.rules, [rule], parts)
        findings += done.findings
        tallies |= done.tallies
        judged[rule.id] = parts
    return Outcome(findings, tallies, judged)


# --- what changed ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """What changed in one table.

    Attributes:
        parts: Parts that rows left, entered or changed in.
        boxes: Where they were and are, m, shape (k, 4).
    """

    parts: frozenset[str]
    boxes: npt.NDArray[np.float64]


class _Before:
    """What the last run saw, table by table, read when it is asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Seen] = {}

    def __getitem__(self, table: str) -> Seen:
        if table not in self._known:
            packed = self._store.rule_state(f"seen:{table}")
            self._known[table] = np.frombuffer(zlib.decompress(packed) if packed else b"", dtype=SEEN)
        return self._known[table]


def _looked_at(store: Store, table: str) -> Seen:
    """Return uid, version and community of every row, in the order of uids; boxes are still unknown."""
    rows = store.row_versions(table)
    seen = np.zeros(len(rows), dtype=SEEN)
    if rows:
        seen["uid"], seen["rev"], seen["part"] = (np.array(column) for column in zip(*rows, strict=True))
    seen["box"] = np.nan
    return seen[np.argsort(seen["uid"])]


def _changes(store: Store, table: str, before: Seen, now: Seen) -> Change:
    gone = before[~_same(before, now)]
    come = now[~_same(now, before)]
    if not len(gone) and not len(come):
        return Change(frozenset(), np.zeros((0, 4)))
    come = _located(store, table, come)
    parts = {part.decode() for part in (*gone["part"], *come["part"])}
    boxes = np.concatenate([gone["box"], come["box"]])
    return Change(frozenset(parts), boxes[~np.isnan(boxes[:, 0])])


def _same(one: Seen, other: Seen) -> npt.NDArray[np.bool_]:
    """Return which rows of one are in the other with the same version."""
    if not len(other):
        return np.zeros(len(one), dtype=bool)
    at = np.minimum(np.searchsorted(other["uid"], one["uid"]), len(other) - 1)
    same: npt.NDArray[np.bool_] = (other["uid"][at] == one["uid"]) & (other["rev"][at] == one["rev"])
    return same


def _touched_parts(rule: Rule, touched: Mapping[str, Change], before: "_Before") -> tuple[frozenset[str], Box | None]:
    """Return the parts a rule must judge again, and the box that holds all it looks at for them; None: everywhere."""
    parts: set[str] = set()
    boxes = []
    for table in rule.reads:
        if table in touched:
            boxes.append(touched[table].boxes)
            parts |= touched[table].parts
    subjects = np.concatenate([before[table] for table in rule.subjects])  # new ones are among the touched
    around = np.concatenate(boxes) if boxes else np.zeros((0, 4))
    for box in around:
        near = (
            (subjects["box"][:, 0] <= box[2] + rule.reach) & (subjects["box"][:, 2] >= box[0] - rule.reach)
            & (subjects["box"][:, 1] <= box[3] + rule.reach) & (subjects["box"][:, 3] >= box[1] - rule.reach)
        )  # fmt: skip
        parts |= {part.decode() for part in np.unique(subjects["part"][near])}
    mine = subjects[np.isin(subjects["part"], np.array(sorted(parts), dtype="S32"))]
    known = np.concatenate([mine["box"][~np.isnan(mine["box"][:, 0])], around])
    if not np.isfinite(rule.reach) or not len(known) or len(parts) > _WIDEST * max(len(np.unique(subjects["part"])), 1):
        return frozenset(parts), None
    low, high = known[:, :2].min(axis=0) - rule.reach, known[:, 2:].max(axis=0) + rule.reach
    return frozenset(parts), (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _located(store: Store, table: str, rows: Seen) -> Seen:
    """Return rows with their boxes and, for the street side, their tiles."""
    rows = rows.copy()
    if len(rows):
        boxes = store.row_boxes(table, [uid.decode() for uid in rows["uid"]])
        for n, uid in enumerate(rows["uid"]):
            rows["box"][n] = boxes.get(uid.decode(), (np.nan,) * 4)
        _name_parts(table, rows)
    return rows


def _name_parts(table: str, rows: Seen) -> None:
    own = rows["uid"] if table == "community" else rows["part"]
    communities: Objects = np.array([part.decode() for part in own], dtype=object)
    rows["part"] = part_names(communities, rows["box"]).astype("S32") if len(rows) else rows["part"]


def _with_boxes(store: Store, table: str, now: Seen, before: Seen | None) -> Seen:
    """Return what is now, with boxes and parts: as known where the version is the same."""
    rows = now.copy()
    fresh = np.ones(len(rows), dtype=bool)
    if before is not None and len(before) and len(rows):
        kept = _same(rows, before)
        at = np.minimum(np.searchsorted(before["uid"], rows["uid"]), len(before) - 1)
        rows[kept] = before[at[kept]]
        fresh = ~kept
    rows[fresh] = _located(store, table, rows[fresh])
    return rows


def _packed(rows: Seen) -> bytes:
    return zlib.compress(rows.tobytes(), 1)
