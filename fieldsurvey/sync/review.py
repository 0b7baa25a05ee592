"""The office's quarantine as a reviewer's laptop sees it: what is held back, and what is decided about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldsurvey.errors import SyncError, UsageError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from fieldsurvey.sync.enrolment import credentials
from fieldsurvey.sync.http import HttpCarrier
from fieldsurvey.sync.peers import Hello
from fieldsurvey.sync.quarantine import places

_BROKEN = (KeyError, ValueError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class AtOffice:
    """An edit that the office holds back.

    Attributes:
        rid: Its number.
        table: Table of the record.
        where: Community and layer, as people call them.
        kind: What it does, as in Kind.
        fields: What it writes; geometry as None.
        author: Who made it.
        at_ms: When, by the author's clock.
        why: Why it is held, in words.
    """

    rid: int
    table: str
    where: str
    kind: str
    fields: Mapping[str, Value]
    author: str
    at_ms: int
    why: str


def held_at(store: Store, target: str, *, token: str = "", control: JobControl | None = None) -> list[AtOffice]:
    """Return what a hub holds back; nothing is changed on either side.

    Raises:
        UsageError: If the target is no address of a hub.
        SyncError: If it is out of reach, holds another project, or the account may not look.
    """
    carrier = _carrier(target, token, control)
    try:
        theirs = carrier.hello(Hello("", "", "", "", "", {}, [], []))
        if theirs.project and theirs.project != store.project:
            raise SyncError(_("The hub holds another project: {name}.").format(name=theirs.name))
        found = carrier.held()
    finally:
        carrier.close()
    where, names = places(store), {number: name or login for number, login, name in store.actors()}
    try:
        return [_read(raw, where(str(raw["table"]), str(raw["uid"]), int(raw["scope"])), names) for raw in found]
    except _BROKEN as error:
        raise SyncError(_("The hub is older than this program. Update it first.")) from error


def _read(raw: Mapping[str, Any], where: str, names: Mapping[int, str]) -> AtOffice:
    author = names.get(int(raw["actor"]), "") or _("laptop {n}").format(n=int(raw["origin"]))
    fields = {str(name): value for name, value in raw["fields"].items()}
    at, why = int(raw["at_ms"]), str(raw["why"])
    return AtOffice(int(raw["rid"]), str(raw["table"]), where, str(raw["kind"]), fields, author, at, why)


def decide(
    target: str, rids: Sequence[int], *, let_go: bool, token: str = "", control: JobControl | None = None
) -> int:
    """Let held edits take effect, or keep them without effect; return how many it was done with.

    Raises:
        UsageError: If the target is no address of a hub.
        SyncError: If it is out of reach, or the account may not do this.
    """
    carrier = _carrier(target, token, control)
    try:
        return carrier.decide(rids, let_go=let_go)
    finally:
        carrier.close()


def _carrier(target: str, token: str, control: JobControl | None) -> HttpCarrier:
    if not target.startswith(("http://", "https://")):
        raise UsageError(_("Only a hub with an address holds edits back. Enter its address first."))
    known = credentials(target)
    return HttpCarrier(target, token or (known.token if known else ""), known.pin if known else "", control)
