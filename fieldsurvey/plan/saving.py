"""The plan in the project: versions, and the four numbers that are locked with an approval (domain page 1.5)."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fieldsurvey.clock import now_millis
from fieldsurvey.i18n import _
from fieldsurvey.model.revision import dump
from fieldsurvey.model.schema import Value
from fieldsurvey.plan.build import Question
from fieldsurvey.plan.explain import as_json, reasons
from fieldsurvey.plan.problem import Plan

if TYPE_CHECKING:
    from fieldsurvey.store import Store


def save(store: "Store", question: Question, plan: Plan, greedy_objective: int, name: str = "") -> str:
    """Write a plan as a new draft version, one durable step; return its uid. Locked choices stay locked."""
    made = datetime.fromtimestamp(now_millis() / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told, locks = reasons(question, plan), question.problem.locks
    with store.transaction():
        version = store.create_record(
            "plan_version",
            {
                "name": name or _("Plan of {when}").format(when=made[:16].replace("T", " ")),
                "state": "draft",
                "made_at": made,
                "result": dump({k: v for k, v in as_json(question, plan, greedy_objective).items() if k != "reasons"}),
            },
        )
        for choice in plan.choices:
            row: dict[str, Value] = {
                "version_uid": version,
                "community_uid": choice.uid,
                "year": choice.year,
                "level": choice.level,
                "locked": int(choice.uid in locks),
                "reason": told[choice.uid],
            }
            store.create_record("plan_choice", row)
    return version
