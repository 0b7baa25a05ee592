"""Who surveys which community until when: set by the engineer, travelling like every record.

An account whose area is written `@login` at the hub (`fieldsurvey hub user add
li --scope @li`) receives the communities assigned to it, and no others.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.office import ASSIGNMENT
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store


@dataclass(frozen=True, slots=True)
class Assignment:
    """One community given to one person.

    Attributes:
        uid: The record.
        community: The community.
        login: Account of the person.
        person: Name of the person.
        since: First day, ISO 8601; empty if none was said.
        until: Last day; empty if none was said.
        note: What the engineer wants to say.
    """

    uid: str
    community: str
    login: str
    person: str
    since: str = ""
    until: str = ""
    note: str = ""

    def is_for(self, login: str, name: str) -> bool:
        """Say whether it is the work of a person; people are known by account or by name."""
        mine = {text for text in (login, name) if text}
        return bool(mine & {self.login, self.person})

    def is_late(self, today: date) -> bool:
        """Say whether its last day is over."""
        return bool(self.until) and self.until < today.isoformat()


def assignments(store: Store) -> list[Assignment]:
    """Return what is assigned now, what must be done first at the top."""
    if ASSIGNMENT.name not in store.tables():
        return []
    found = [
        Assignment(str(row["uid"]), *(str(row[name] or "") for name in _FIELDS))
        for row in store.select(ASSIGNMENT.name, [*_FIELDS, "withdrawn"])
        if not row["withdrawn"]
    ]
    return sorted(found, key=lambda one: (one.until or "9", one.person))


_FIELDS = ("community_uid", "login", "person", "since", "until", "note")


def assign(
    store: Store,
    communities: Iterable[str],
    login: str,
    person: str,
    *,
    since: str = "",
    until: str = "",
    note: str = "",
) -> int:
    """Give communities to a person; return how many that is. One durable step.

    What was given to the same person before gets the new dates.

    Raises:
        InputRefused: If nobody is named, or the dates are in the wrong order.
    """
    login, person = login.strip() or person.strip(), person.strip() or login.strip()
    if not person:
        raise InputRefused(_("Please say who is to survey these communities."))
    if since and until and until < since:
        raise InputRefused(_("The last day lies before the first one."))
    values: dict[str, Value] = {"login": login, "person": person, "since": since or None, "until": until or None}
    values |= {"note": note.strip() or None, "withdrawn": None}
    given = 0
    with store.transaction():
        install(store)
        for community in dict.fromkeys(communities):
            _write(store, community, login, values)
            given += 1
    return given


def withdraw(store: Store, uids: Iterable[str]) -> None:
    """Take communities back. One durable step."""
    with store.transaction():
        for uid in uids:
            store.save(uid, {"withdrawn": 1})


def install(store: Store) -> None:
    """Make the table in a project that has none."""
    if ASSIGNMENT.name not in store.tables():
        store.add_table(ASSIGNMENT)


def _write(store: Store, community: str, login: str, values: dict[str, Value]) -> None:
    uid = hashlib.sha256(f"assignment|{community}|{login}".encode()).hexdigest()[:32]  # the same on every computer
    now = store.get(uid)
    if now is None:
        store.create_record(ASSIGNMENT.name, {**values, "community_uid": community}, uid=uid)
        return
    changed = {name: value for name, value in values.items() if now.values.get(name) != value}
    if changed:
        store.save(uid, changes=changed, seen=now.token)
