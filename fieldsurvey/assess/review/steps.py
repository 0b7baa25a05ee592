"""The steps of the review as revisions: each is one durable transaction that travels by sync and has a history."""

import json
from collections.abc import Sequence

from fieldsurvey.assess.progress import community_progress
from fieldsurvey.assess.records import standing
from fieldsurvey.assess.review.people import denial
from fieldsurvey.assess.review.remarks import Pin, install, pin
from fieldsurvey.clock import iso_utc, now_millis
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import N_, _
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.review import LOCKED, STEPS, ReviewState, Step, state_of
from fieldsurvey.model.review_tables import COMMUNITY_REVIEW, MONEY, REVIEW_STEP, review_uid
from fieldsurvey.model.role import Person
from fieldsurvey.model.schema import TableKind, Value
from fieldsurvey.store import Row, Store, Token

_KINDS = {"i": N_("import"), "c": N_("entry"), "u": N_("edit"), "r": N_("decision of a conflict")}
_DECIDING = frozenset({Step.ACCEPT, Step.APPROVE})


def take(
    store: Store,
    person: Person,
    uid: str,
    step: Step,
    *,
    remarks: Sequence[Pin] = (),
    seen: Token | None = None,
    batch: str = "",
) -> ReviewState:
    """Take a step with a form record; return the state it is in now.

    Args:
        store: The project.
        person: Who takes it.
        uid: The record.
        step: The step.
        remarks: What is said to it; needed to return or supersede.
        seen: What was on the screen when the person decided; None: what is there now.
        batch: How it was taken with others, such as "120 accepted, 6 looked at"; empty if alone.

    Raises:
        InputRefused: In one sentence, if the person may not, the step does not fit the state, the record has an open
            conflict, or it has changed since it was seen.
    """
    with store.transaction():
        row = _existing(store, uid)
        community = str(row.values.get("community_uid") or "")
        before = state_of(row.values["status"])
        said = " · ".join(remark.text.strip() for remark in remarks if remark.text.strip())
        _refuse(denial(store, person, before, step, area=scope_of(community), reason=said))
        _refuse_stale(row, seen)
        if step in _DECIDING and row.conflicts:
            raise InputRefused(_("This record has an open conflict. Decide it first, then go on with the review."))
        after = STEPS[before, step]
        store.save(uid, {"status": str(after)}, row.token)
        for remark in remarks:
            pin(store, person, community, uid, row.table, remark)
        _note(store, person, (community, uid, row.table), (step, before, after), said, batch)
        if step is Step.APPROVE:
            _approve(store, row.table, uid)
    return after


def take_community(
    store: Store, person: Person, community: str, step: Step, *, remarks: Sequence[Pin] = ()
) -> ReviewState:
    """Take a step with a community as a whole; return the state it is in now.

    Accepting it accepts its submitted records; approving it approves its reviewed records, and locks the four numbers
    that decide the money.

    Args:
        store: The project.
        person: Who takes it.
        community: The community.
        step: The step.
        remarks: What is said to it; needed to return or supersede.

    Raises:
        InputRefused: As for `take`; and if it is to be approved while a record of it is not reviewed.
    """
    install(store)
    with store.transaction():
        row = store.get(review_uid(community))
        found = community_progress(store, [community]).get(community)
        before = state_of(found.state if found else None)
        said = " · ".join(remark.text.strip() for remark in remarks if remark.text.strip())
        _refuse(denial(store, person, before, step, area=scope_of(community), reason=said))
        if row is not None and row.conflicts:
            raise InputRefused(_("This record has an open conflict. Decide it first, then go on with the review."))
        after = STEPS[before, step]
        values: dict[str, Value] = {"community_uid": community, "status": str(after)}
        if step is Step.ACCEPT:
            _accept_records(store, person, community)
        if step is Step.APPROVE:
            _approve_records(store, person, community)
            values |= _locked_numbers(store, person, community)
        _write_review(store, row, community, values)
        for remark in remarks:
            pin(store, person, community, community, "", remark)
        _note(store, person, (community, community, ""), (step, before, after), said, "")
        if step is Step.APPROVE:
            store.approve(review_uid(community))
    return after


def community_status(store: Store, community: str) -> ReviewState | None:
    """Return the step that a community itself stands at; None if none was taken."""
    row = store.get(review_uid(community)) if COMMUNITY_REVIEW.name in store.tables() else None
    return None if row is None or not row.values["status"] else state_of(row.values["status"])


def locked_numbers(store: Store) -> dict[str, dict[str, Value]]:
    """Return the locked numbers of approved communities, with their provenance as JSON."""
    if COMMUNITY_REVIEW.name not in store.tables():
        return {}
    rows = store.select(COMMUNITY_REVIEW.name, where={"status": str(LOCKED)})
    names = ("communities", *MONEY, "provenance")
    return {str(row["community_uid"]): {name: row[name] for name in names} for row in rows}


# --- parts -----------------------------------------------------------------------------------------------------------


def _existing(store: Store, uid: str) -> Row:
    row = store.get(uid)
    if row is None or store.tables()[row.table].kind is not TableKind.FORM:
        raise InputRefused(_("This record is not in the project (any more): {uid}").format(uid=uid))
    return row


def _refuse(sentence: str) -> None:
    if sentence:
        raise InputRefused(sentence)


def _refuse_stale(row: Row, seen: Token | None) -> None:
    """Refuse to decide on what nobody saw: an edit may have arrived while the record was being read."""
    if seen is not None and seen.state.live() != row.token.state.live():
        raise InputRefused(_("This record has changed since you opened it. Look at it again, then decide."))


def _note(
    store: Store,
    person: Person,
    about: tuple[str, str, str],
    change: tuple[Step, ReviewState, ReviewState],
    note: str,
    batch: str,
) -> None:
    install(store)
    values: dict[str, Value] = dict(zip(("community_uid", "record_uid", "form_id"), about, strict=True))
    values |= {name: str(value) for name, value in zip(("step", "before", "after"), change, strict=True)}
    values |= {"note": note, "batch": batch, "person": person.name, "role": str(person.role)}
    store.create_record(REVIEW_STEP.name, {**values, "at": iso_utc(now_millis())})


def _approve(store: Store, table: str, uid: str) -> None:
    """Approve a record and the rows of its repeats, as they are."""
    for child in [t.name for t in store.tables().values() if t.parent == table]:
        for row in store.select(child, [], where={"parent_uid": uid}):
            _approve(store, child, str(row["uid"]))
    store.approve(uid)


def _records(store: Store, community: str) -> list[tuple[str, str, ReviewState]]:
    """Return table, uid and state of the records of a community that stand."""
    forms = [table.name for table in store.tables().values() if table.kind is TableKind.FORM]
    rows = [(form, row) for form in forms for row in standing(store, form, ["status"]).get(community, ())]
    return [(form, str(row["uid"]), state_of(row["status"])) for form, row in rows]


def _accept_records(store: Store, person: Person, community: str) -> None:
    for _form, uid, state in _records(store, community):
        if state is ReviewState.SUBMITTED:
            take(store, person, uid, Step.ACCEPT)


def _approve_records(store: Store, person: Person, community: str) -> None:
    for form, uid, state in _records(store, community):
        if state is ReviewState.REVIEWED:
            take(store, person, uid, Step.APPROVE)
        elif state is not LOCKED:
            text = _("The community cannot be approved: a record of “{form}” is not reviewed yet.")
            raise InputRefused(text.format(form=store.tables()[form].label))


def _write_review(store: Store, row: Row | None, community: str, values: dict[str, Value]) -> None:
    if row is None:
        store.create_record(COMMUNITY_REVIEW.name, values, uid=review_uid(community))
    else:
        store.save(row.uid, values, row.token)


def _locked_numbers(store: Store, person: Person, community: str) -> dict[str, Value]:
    """Return the four numbers of a community and where each comes from."""
    row = store.get(community)
    if row is None:
        raise InputRefused(_("This record is not in the project (any more): {uid}").format(uid=community))
    missing = [store.tables()["community"].column(c).label for c in MONEY.values() if row.values.get(c) is None]
    if missing:
        raise InputRefused(
            _("The community cannot be approved while {names} is blank: these numbers decide the money.").format(
                names="、".join(missing)
            )
        )
    sources = sources_of(store, community)
    told = {name: sources.get(column, "") for name, column in MONEY.items()}
    provenance = {"by": person.name, "role": str(person.role), "at": iso_utc(now_millis()), "from": told}
    numbers: dict[str, Value] = {name: row.values[column] for name, column in MONEY.items()}
    return {"communities": 1, **numbers, "provenance": json.dumps(provenance, ensure_ascii=False)}


def sources_of(store: Store, community: str) -> dict[str, str]:
    """Return, per column of a community, which edit or import its value comes from: kind, person and day."""
    found: dict[str, str] = {}
    for entry in store.history(community):
        told = f"{_(_KINDS.get(entry.kind, ''))} {entry.actor} {iso_utc(entry.at_ms)[:10]}".strip()
        names = MONEY.values() if entry.kind == "i" else entry.values
        found |= dict.fromkeys(names, told)
    return found
