"""Need, readiness and priority of every community, with the parts they are made of.

Source: domain page 4.2 (our own proposal; every weight is a parameter and
every indicator a row of scoring.csv). What was not surveyed is missing: it
lowers the completeness and leaves the score to what is known.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from fieldsurvey.assess.needed import FORMS, NeededForm, subjects
from fieldsurvey.assess.parameters import parameters
from fieldsurvey.assess.readiness import readiness
from fieldsurvey.assess.records import Record, codes, rows_in, standing
from fieldsurvey.assess.scoring import CONDITION_PREFIX, Indicator, indicators
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Table, Value
from fieldsurvey.store import Store

NEED_PARTS: tuple[str, ...] = tuple(dict.fromkeys(indicator.part for indicator in indicators()))
READY_PARTS = ("consent", "longterm", "committee", "money", "removal")
_FORMS = {form.form_id: form for form in FORMS}


@dataclass(frozen=True, slots=True)
class Score:
    """One community.

    Attributes:
        need: Need index, 0-100; None if nothing of it is known.
        readiness: Readiness index, 0-100; None if nothing of it is known.
        priority: Both together; where one is unknown, the other alone.
        parts: Points by part, NEED_PARTS and READY_PARTS; None: not known, or not there to be surveyed.
        completeness: Share of the weights for which there are answers, 0-1.
        urgent: Why it is on the urgent list, in sentences; empty if it is not.
    """

    need: float | None
    readiness: float | None
    priority: float | None
    parts: Mapping[str, float | None]
    completeness: float
    urgent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Swing:
    """What happens to the order when one weight changes.

    Attributes:
        part: The part whose weight changes.
        factor: By what it is multiplied.
        moved: Communities whose rank changes.
        largest: The greatest change of a rank.
        ranks: Rank before and after, of those that move, by community.
    """

    part: str
    factor: float
    moved: int
    largest: int
    ranks: Mapping[str, tuple[int, int]]


def scores(
    store: Store, breathe: Callable[[], None] = lambda: None, only: Collection[str] | None = None
) -> dict[str, Score]:
    """Return the score of every community.

    Args:
        store: The project.
        only: A few communities; None: all. The score of one does not depend on the others.
        breathe: Called between the forms: a large project takes seconds, and saves may come in.

    Raises:
        InputRefused: If a parameter of the project makes no sense.
    """
    numbers = parameters(store)
    asked = _Asked(store, only)
    need = _Need(asked, numbers)
    for form_id in dict.fromkeys(indicator.form for indicator in indicators()):
        if form_id in asked.tables:
            need.take(form_id, store)
            breathe()
    ready = readiness(store, numbers)
    return {uid: _score(need, uid, ready[uid], numbers) for uid in asked.communities}


def indices(
    parts: Mapping[str, float | None], numbers: Mapping[str, float]
) -> tuple[float | None, float | None, float | None]:
    """Return need, readiness and priority from the parts, given the parameters."""
    need = _mean([(parts.get(part), numbers[f"weight.{part}"]) for part in NEED_PARTS])
    ready = _mean([(parts.get(part), numbers[f"weight.{part}"]) for part in READY_PARTS])
    if need is None:  # without any need known, readiness alone would put a community forward
        return None, ready, None
    return need, ready, _mean([(need, numbers["priority.need"]), (ready, numbers["priority.readiness"])])


def sensitivity(scores: Mapping[str, Score], weights: Mapping[str, float]) -> list[Swing]:
    """Return how ranks change when each weight moves up and down by the step of the parameters (20 %).

    Args:
        scores: By community.
        weights: The parameters in force.
    """
    step, before = weights["sensitivity.step"], ranks(scores, weights)
    found = []
    for part in (*NEED_PARTS, *READY_PARTS):
        for factor in (1 - step, 1 + step):
            after = ranks(scores, {**weights, f"weight.{part}": weights[f"weight.{part}"] * factor})
            moves = {uid: (rank, after[uid]) for uid, rank in before.items() if after[uid] != rank}
            largest = max((abs(now - was) for was, now in moves.values()), default=0)
            found.append(Swing(part, factor, len(moves), largest, moves))
    return found


def ranks(scores: Mapping[str, Score], weights: Mapping[str, float]) -> dict[str, int]:
    """Return the rank of every community with a priority, 1 first; equal priorities share a rank."""
    values = {uid: value for uid, score in scores.items() if (value := indices(score.parts, weights)[2]) is not None}
    first: dict[float, int] = {}
    for place, value in enumerate(sorted((round(v, 9) for v in values.values()), reverse=True), start=1):
        first.setdefault(value, place)
    return {uid: first[round(value, 9)] for uid, value in values.items()}


class _Asked:
    """Who is asked what: the communities and how many records each form needs."""

    def __init__(self, store: Store, only: Collection[str] | None) -> None:
        self.tables: Mapping[str, Table] = store.tables()
        rules = sorted({form.column for form in FORMS if form.column})
        self.communities: dict[str, Record] = {str(row["uid"]): row for row in store.select("community", rules)}
        if only is not None:
            self.communities = {uid: self.communities[uid] for uid in only}
        rows = rows_in(store, "building", ["community_uid", "floors", "name"], only)
        self.names: dict[Value, str] = {row["uid"]: str(row["name"] or "") for row in rows}
        self._floors: dict[Value, int] = {row["uid"]: int(row["floors"] or 0) for row in rows}
        self._buildings = _grouped(rows)
        self._stairwells = _grouped(rows_in(store, "stairwell", ["community_uid", "building_uid"], only))

    def count(self, form_id: str, uid: str) -> int:
        """Return how many subjects of a community call for the form."""
        form: NeededForm = _FORMS[form_id]
        community, stairs, buildings = self.communities[uid], self._stairwells[uid], self._buildings[uid]
        return len(subjects(form, community, stairs, self._floors, buildings))


class _Need:
    """Collects points, answers and dangers of the need index, community by community."""

    def __init__(self, asked: _Asked, numbers: Mapping[str, float]) -> None:
        self._asked, self._numbers = asked, numbers
        prefix = len(CONDITION_PREFIX)
        self._conditions = {k[prefix:]: v for k, v in numbers.items() if k.startswith(CONDITION_PREFIX)}
        self._points: dict[str, dict[str, list[tuple[float | None, float]]]] = defaultdict(lambda: defaultdict(list))
        self._shares: dict[str, dict[str, list[tuple[float | None, float]]]] = defaultdict(lambda: defaultdict(list))
        self.urgent: dict[str, list[str]] = defaultdict(list)

    def take(self, form_id: str, store: Store) -> None:
        """Add what the records of a form say."""
        wanted = [indicator for indicator in indicators() if indicator.form == form_id]
        records = standing(store, form_id, {name for indicator in wanted for name in indicator.columns})
        weights: dict[str, float] = defaultdict(float)  # of all the questions of a part
        for indicator in wanted:
            weights[indicator.part] += indicator.weight
        for uid in self._asked.communities:
            rows, subjects_asked = records.get(uid, []), self._asked.count(form_id, uid)
            if not rows and subjects_asked:  # none of the questions is answered
                for part, weight in weights.items():
                    self._shares[uid][part].append((0.0, weight))
            for indicator in wanted if rows else ():
                self._add(uid, indicator, rows, subjects_asked)
                self._warn(uid, indicator, rows)

    def _add(self, uid: str, indicator: Indicator, rows: Sequence[Record], subjects_asked: int) -> None:
        judged = [indicator.judge(row, self._conditions) for row in rows]
        answers = [points for _arises, points in judged if points is not None]
        not_asked = sum(not arises for arises, _points in judged)
        asked = max(subjects_asked, len(rows)) - not_asked
        if asked > 0:
            self._shares[uid][indicator.part].append((len(answers) / asked, indicator.weight))
        if answers:
            self._points[uid][indicator.part].append((sum(answers) / len(answers), indicator.weight))

    def _warn(self, uid: str, indicator: Indicator, rows: Sequence[Record]) -> None:
        if not indicator.urgent:
            return
        where = [row for row in rows if not indicator.urgent.isdisjoint(codes(row.get(indicator.field)))]
        if not where:
            return
        table = self._asked.tables[indicator.form]
        places = "、".join(filter(None, dict.fromkeys(self._asked.names.get(row["subject_uid"], "") for row in where)))
        text = (
            _("{form}: “{field}” is graded dangerous at {places} ({count} records).")
            if places
            else _("{form}: “{field}” is graded dangerous ({count} records).")
        )
        field = table.column(indicator.field).label
        self.urgent[uid].append(text.format(form=table.label, field=field, places=places, count=len(where)))

    def points(self, uid: str, part: str) -> float | None:
        """Return the points of a part of the need index; None if nothing is known."""
        return _mean(self._points[uid][part])

    def share(self, uid: str, part: str) -> float | None:
        """Return the share of a part's questions that are answered; None if none arises."""
        return _mean(self._shares[uid][part])


def _score(need: _Need, uid: str, ready: Mapping[str, float | None], numbers: Mapping[str, float]) -> Score:
    parts: dict[str, float | None] = {part: need.points(uid, part) for part in NEED_PARTS}
    parts.update(ready)
    weights = {part: numbers[f"weight.{part}"] for part in parts}
    known = _mean([(need.share(uid, part), weights[part]) for part in NEED_PARTS])
    known_ready = _mean([(float(ready[part] is not None), weights[part]) for part in READY_PARTS])
    complete = _mean([(known, numbers["priority.need"]), (known_ready, numbers["priority.readiness"])])
    return Score(*indices(parts, numbers), parts, complete or 0.0, tuple(need.urgent[uid]))


def _mean(values: Sequence[tuple[float | None, float]]) -> float | None:
    """Return the weighted mean of what is known; None if nothing is, or all of it weighs nothing."""
    known = [(value, weight) for value, weight in values if value is not None]
    total = sum(weight for _value, weight in known)
    return sum(value * weight for value, weight in known) / total if total > 0 else None


def _grouped(rows: Sequence[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for row in rows:
        found[str(row["community_uid"])].append(row)
    return found
