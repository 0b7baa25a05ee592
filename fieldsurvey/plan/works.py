"""The works of a plan in time: when each is planned, and where the surface would be closed before the ground below.

Source: domain page 2.5, 先地下后地上, judged as rule R16 judges it.
"""

from collections import defaultdict
from dataclasses import dataclass

from fieldsurvey.assess.items import items
from fieldsurvey.assess.records import Record, standing
from fieldsurvey.assess.rules.records import SURFACE, UNDERGROUND
from fieldsurvey.i18n import _
from fieldsurvey.store import Store


@dataclass(frozen=True, slots=True)
class Work:
    """One item with its dates.

    Attributes:
        uid: The record.
        community: uid.
        code: Item code.
        label: What it is.
        start, finish: ISO dates; empty: not planned.
        kind: "below" the ground, "above" it (what closes the surface), or "" for the rest.
        problem: What is wrong with its dates, one sentence; empty: nothing.
    """

    uid: str
    community: str
    code: str
    label: str
    start: str
    finish: str
    kind: str = ""
    problem: str = ""


def works(store: Store) -> dict[str, list[Work]]:
    """Return the dated works of every community that has plan items, by their start."""
    found: dict[str, list[Work]] = defaultdict(list)
    for community, rows in standing(store, "f23_plan_item", ["item_code", "start_plan", "finish_plan"]).items():
        below = (row for row in rows if _code(row) in UNDERGROUND)
        latest_below = max((str(row.get("finish_plan") or row.get("start_plan") or "") for row in below), default="")
        for row in rows:
            found[community].append(_work(community, row, latest_below))
        found[community].sort(key=lambda work: (work.start or "9999", work.code))
    return dict(found)


def _work(community: str, row: Record, latest_below: str) -> Work:
    code, start, finish = _code(row), str(row.get("start_plan") or ""), str(row.get("finish_plan") or "")
    item = items().get(code)
    kind = "below" if code in UNDERGROUND else "above" if code in SURFACE else ""
    problem = ""
    if start and finish and finish < start:
        problem = _("It ends on {finish}, before it starts on {start}.").format(finish=finish, start=start)
    elif kind == "above" and start and start < latest_below:
        text = _("The surface is worked on from {start}, before the works below the ground end on {below}.")
        problem = text.format(start=start, below=latest_below)
    return Work(str(row["uid"]), community, code, item.label if item else code, start, finish, kind, problem)


def _code(row: Record) -> str:
    return str(row.get("item_code") or "").strip().upper()
