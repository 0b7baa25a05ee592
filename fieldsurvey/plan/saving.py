"""The answer of the optimiser as a version of the plan in the project."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fieldsurvey.model.revision import dump
from fieldsurvey.model.schema import Value
from fieldsurvey.plan.build import Question
from fieldsurvey.plan.explain import as_json, reasons
from fieldsurvey.plan.problem import Plan
from fieldsurvey.plan.versions import new_version, write_choice

if TYPE_CHECKING:
    from fieldsurvey.store import Store


def save(
    store: "Store",
    question: Question,
    plan: Plan,
    greedy_objective: int,
    name: str = "",
    cost_of_locks: Mapping[str, int] | None = None,
) -> str:
    """Write a plan as a new draft version, one durable step; return its uid. Locked choices stay locked.

    Args:
        store: The project.
        question: What was asked.
        plan: The answer.
        greedy_objective: What going down the list by score would serve.
        name: Name of the version; empty: by the time.
        cost_of_locks: By community, what its lock costs.
    """
    told, locks = reasons(question, plan), question.problem.locks
    result = {k: v for k, v in as_json(question, plan, greedy_objective).items() if k != "reasons"}
    chosen = {choice.uid: choice for choice in plan.choices}
    result["cost_of_locks"] = dict(cost_of_locks or {})
    result["out"] = {uid: reason for uid, reason in told.items() if uid not in chosen}
    with store.transaction():
        version = new_version(store, name)
        store.save(version, {"result": dump(result)})
        for uid in sorted({*chosen, *(uid for uid, lock in locks.items() if lock.level == 0)}):
            choice = chosen.get(uid)
            row: dict[str, Value] = {
                "year": choice.year if choice else None,
                "level": choice.level if choice else 0,
                "locked": int(uid in locks),
                "reason": told[uid],
                "pool_state": "reserve" if choice else None,
            }
            write_choice(store, version, uid, row)
    return version
