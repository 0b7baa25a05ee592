"""Why a community is in the plan or not, in one sentence; and the answer as data."""

from collections import defaultdict
from collections.abc import Mapping

from fieldsurvey.i18n import _
from fieldsurvey.plan.build import Question
from fieldsurvey.plan.problem import Candidate, Choice, Plan, Status

MILLION = 100.0  # 万元


def reasons(question: Question, plan: Plan) -> dict[str, str]:
    """Return by uid the sentence that explains why a community is in or out."""
    chosen = {choice.uid: choice for choice in plan.choices}
    found = dict(question.excluded)
    for candidate in question.problem.candidates:
        found[candidate.uid] = _reason(question, plan, candidate, chosen.get(candidate.uid))
    return found


def _reason(question: Question, plan: Plan, candidate: Candidate, choice: Choice | None) -> str:
    lock = question.problem.locks.get(candidate.uid)
    if lock is not None:
        return _("Locked by hand.")
    worth = candidate.value(1) / candidate.cost(1) if candidate.cost(1) else 0.0
    rate = _("{rate:.2f} need-weighted households per 10,000 yuan of basic works").format(rate=worth)
    if choice is not None and candidate.is_urgent:
        return _("In: on the urgent list, which comes first.")
    if choice is not None:
        return _("In, {year}: {rate}, enough for the money there is.").format(year=choice.year, rate=rate)
    short = -plan.surplus.get(candidate.uid, 0.0)
    if short > 0:
        text = _("Out: {rate}; its money serves {short:.0f} more need-weighted households elsewhere.")
        return text.format(rate=rate, short=short)
    return _("Out: {rate}, at the threshold; what is left of the money does not reach for it.").format(rate=rate)


def as_json(question: Question, plan: Plan, greedy_objective: int) -> dict[str, object]:
    """Return the answer of `fieldsurvey plan optimise --json` (ARCHITECTURE section 8)."""
    problem = question.problem
    by_uid = {candidate.uid: candidate for candidate in problem.candidates}
    told = reasons(question, plan) if plan.status is not Status.INFEASIBLE else dict(question.excluded)
    return {
        "status": str(plan.status),
        "gap": plan.gap,
        "objective": plan.objective,
        "bound": plan.bound,
        "greedy_objective": greedy_objective,
        "communities": len(plan.choices),
        "households": sum(by_uid[choice.uid].households for choice in plan.choices),
        "total_wan": round(sum(by_uid[c.uid].cost(c.level) for c in plan.choices), 2),
        "years": _years(by_uid, plan, problem.years),
        "schedule_gap": plan.schedule_gap,
        "candidates": len(problem.candidates),
        "excluded": len(question.excluded),
        "need_not_surveyed": len(question.without_need),
        "problems": list(question.problems),
        "warnings": [sentence for uid in sorted(question.warnings) for sentence in question.warnings[uid]],
        "per_million": {fund.name: round(plan.worth.get(fund.key, 0.0) * MILLION, 2) for fund in problem.funds},
        "binding": list(plan.binding),
        "conflicts": list(plan.conflicts),
        "choices": [
            {"uid": c.uid, "year": c.year, "level": c.level, "cost_wan": round(by_uid[c.uid].cost(c.level), 2)}
            for c in sorted(plan.choices, key=lambda c: (c.year, by_uid[c.uid].name))
        ],
        "reasons": told,
    }


def _years(by_uid: Mapping[str, Candidate], plan: Plan, years: tuple[int, ...]) -> dict[str, dict[str, object]]:
    paid: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for (key, year, _purpose), amount in plan.payments.items():
        paid[year][key.split("|")[0]] += amount
    found: dict[str, dict[str, object]] = {}
    for year in years:
        here = [choice for choice in plan.choices if choice.year == year]
        found[str(year)] = {
            "communities": len(here),
            "households": sum(by_uid[choice.uid].households for choice in here),
            "total_wan": round(sum(by_uid[choice.uid].cost(choice.level) for choice in here), 2),
            "funds": {name: round(amount, 2) for name, amount in sorted(paid[year].items())},
        }
    return found
