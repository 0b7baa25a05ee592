"""What waits for the review: records and whole communities, with what the list is filtered by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldsurvey.assess.progress import State, community_progress
from fieldsurvey.model.schema import TableKind, Value
from fieldsurvey.store import Store

WAITING = frozenset({State.COMPLETE, State.REVIEWED})


@dataclass(frozen=True, slots=True)
class Item:
    """One record or community in the review.

    Attributes:
        uid: The record; for a community its own uid.
        form_id: Its form; empty for a community.
        form: Title of the form, in the language of the moment.
        community_uid: The community.
        community: Its name.
        district: Its district.
        subject_uid: What the form is about.
        state: Where it stands.
        person: Who surveyed.
        saved_at: When it was saved last, ISO 8601 in UTC.
        is_disputed: Whether it has an open conflict.
    """

    uid: str
    form_id: str
    form: str
    community_uid: str
    community: str
    district: str
    subject_uid: str
    state: State
    person: str = ""
    saved_at: str = ""
    is_disputed: bool = False


def queue(store: Store, states: Iterable[State] = WAITING) -> list[Item]:
    """Return what stands in the named states, oldest submission first; a community after its records."""
    wanted = frozenset(states)
    communities = {str(row["uid"]): row for row in store.select("community", ["name", "code", "district"])}
    disputed = store.disputed()
    found: list[Item] = []
    for table in store.tables().values():
        if table.kind is TableKind.FORM:
            names = {column.name for column in table.columns}
            columns = ["community_uid", "subject_uid", "status", "saved_at", *(["surveyor"] * ("surveyor" in names))]
            for row in store.select(table.name, columns):
                state = _state(row, disputed)
                if state in wanted and str(row["community_uid"]) in communities:
                    found.append(_item(table.name, table.label, row, communities, state, disputed))
    found.sort(key=lambda item: (item.saved_at, item.uid))
    return found + _communities(store, wanted, communities)


def _state(row: Mapping[str, Value], disputed: frozenset[str]) -> State:
    state = State(str(row["status"])) if row["status"] in set(State) else State.DRAFT
    is_decided = state in {State.REVIEWED, State.APPROVED}
    return State.COMPLETE if is_decided and row["uid"] in disputed else state


def _item(
    form_id: str,
    title: str,
    row: Mapping[str, Value],
    communities: Mapping[str, Mapping[str, Value]],
    state: State,
    disputed: frozenset[str],
) -> Item:
    community = communities[str(row["community_uid"])]
    return Item(
        str(row["uid"]),
        form_id,
        title,
        str(row["community_uid"]),
        _name(community),
        str(community["district"] or ""),
        str(row["subject_uid"] or row["community_uid"]),
        state,
        str(row.get("surveyor") or ""),
        str(row["saved_at"] or ""),
        row["uid"] in disputed,
    )


def _communities(store: Store, wanted: frozenset[State], communities: Mapping[str, Mapping[str, Value]]) -> list[Item]:
    found = []
    for uid, progress in community_progress(store).items():
        if progress.state in wanted:
            community = communities[uid]
            district = str(community["district"] or "")
            found.append(Item(uid, "", "", uid, _name(community), district, uid, progress.state))
    return sorted(found, key=lambda item: item.community)


def _name(community: Mapping[str, Value]) -> str:
    return str(community["name"] or community["code"] or "")
