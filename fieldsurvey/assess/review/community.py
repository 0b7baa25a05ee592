"""A whole community as a reviewer reads it: its four numbers with where they come from, and how far its forms are."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fieldsurvey.assess.progress import CommunityProgress, State, community_progress
from fieldsurvey.assess.review.checks import Check, Kind
from fieldsurvey.assess.review.look import steps_of
from fieldsurvey.assess.review.queue import Item
from fieldsurvey.assess.review.remarks import Thread, threads_of
from fieldsurvey.assess.review.steps import locked_numbers, sources_of
from fieldsurvey.assess.rules.catalogue import BY_ID
from fieldsurvey.assess.rules.decisions import decisions
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.finding import Result
from fieldsurvey.model.review_tables import MONEY
from fieldsurvey.model.schema import Column, Value
from fieldsurvey.store import Row, Store


@dataclass(frozen=True, slots=True)
class Number:
    """One of the numbers that decide the money.

    Attributes:
        column: Its column in the table of communities.
        value: As the project has it now.
        locked: As it was approved; None while nothing is locked.
        source: The edit or import it comes from, in words.
    """

    column: Column
    value: Value
    locked: Value
    source: str


@dataclass(frozen=True, slots=True)
class CommunityLook:
    """A community on the reviewer's screen.

    Attributes:
        item: Its place in the queue.
        row: The community as it was read.
        numbers: Buildings, households and area; the community itself counts one.
        progress: How far its forms are.
        checks: What should be looked at.
        threads: Remarks on it as a whole.
        steps: Steps taken with it, oldest first.
        locked_by: Who locked the numbers, and when; empty while nothing is locked.
    """

    item: Item
    row: Row
    numbers: Sequence[Number]
    progress: CommunityProgress
    checks: Sequence[Check]
    threads: Sequence[Thread]
    steps: Sequence[Mapping[str, Value]]
    locked_by: str = ""


def look_at(store: Store, item: Item) -> CommunityLook:
    """Read a community with everything that its review rests on.

    Raises:
        InputRefused: If it is gone.
    """
    row = store.get(item.uid)
    if row is None:
        raise InputRefused(_("This record is not in the project (any more): {uid}").format(uid=item.uid))
    progress = community_progress(store, [item.uid])[item.uid]
    locked = locked_numbers(store).get(item.uid, {})
    told = json.loads(str(locked["provenance"])) if locked else {}
    sources = sources_of(store, item.uid)
    table = store.tables()["community"]
    numbers = [
        Number(table.column(column), row.values.get(column), locked.get(name), sources.get(column, ""))
        for name, column in MONEY.items()
    ]
    found = _checks(store, row, numbers, progress)
    by = f"{told.get('by', '')} {told.get('at', '')[:10]}".strip()
    return CommunityLook(
        item, row, numbers, progress, found, threads_of(store, item.uid), steps_of(store, item.uid), by
    )


def _checks(store: Store, row: Row, numbers: Sequence[Number], progress: CommunityProgress) -> list[Check]:
    found = [
        Check(Kind.MISSING, _("{field} is blank, and it decides the money.").format(field=n.column.label))
        for n in numbers
        if n.value is None
    ]
    labels = store.tables()
    for form in progress.forms.values():
        if form.needed and form.state not in {State.COMPLETE, State.REVIEWED, State.APPROVED}:
            text = _("“{form}”: {done} of {total} submitted.")
            told = text.format(form=labels[form.form_id].label, done=form.done, total=len(form.needed))
            found.append(Check(Kind.MISSING, told))
    decided = decisions(store)
    failed = [
        f for f in store.findings(row.uid)
        if f.result is Result.FAIL and f.rule in BY_ID and not (f.key in decided and decided[f.key].holds(f))
    ]  # fmt: skip
    if failed:
        found.append(Check(Kind.FINDING, _("{n} findings of the rules are still open.").format(n=len(failed))))
    return found
