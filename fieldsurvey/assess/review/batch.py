"""Many records accepted at once, after a sample of them was looked at."""

import math
from collections.abc import Collection, Sequence
from random import Random

from fieldsurvey.assess.review.queue import Item
from fieldsurvey.assess.review.steps import take
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _, labelled
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.review import Step
from fieldsurvey.model.role import Person
from fieldsurvey.store import Store

LEAST, SHARE = 3, 0.1  # records of a batch that must be looked at: at least so many, and this share of it


def sample(items: Sequence[Item], chance: Random) -> list[Item]:
    """Return the random records of a batch that a person must look at before it is accepted as a whole."""
    count = min(len(items), max(LEAST, math.ceil(SHARE * len(items))))
    return chance.sample(list(items), count)


def accept_all(
    store: Store,
    person: Person,
    items: Sequence[Item],
    drawn: Sequence[Item],
    looked_at: Collection[str],
    control: JobControl | None = None,
) -> tuple[int, list[str]]:
    """Accept a batch; return how many were accepted, and in one sentence each why others were not.

    Args:
        store: The project.
        person: Who accepts.
        items: The batch.
        drawn: The sample that was drawn of it.
        looked_at: Uids of the records that the person has looked at.
        control: Progress and cancel; what was accepted before stays so.

    Raises:
        InputRefused: If the sample has not been looked at.
        JobCancelled: If the user stopped it.
    """
    control = control or JobControl()
    left = [item for item in drawn if item.uid not in looked_at]
    if left:
        text = _("{n} records of the sample have not been looked at yet; the first is {form}, {community}.")
        raise InputRefused(text.format(n=len(left), form=left[0].form, community=left[0].community))
    told = f"{len(items)} / {len(drawn)}"
    done, refused = 0, list[str]()
    for item in control.steps(items, _("Accepting")):
        try:
            take(store, person, item.uid, Step.ACCEPT, batch=told)
            done += 1
        except InputRefused as error:
            refused.append(labelled(f"{item.community} · {item.form}", error))
    return done, refused
