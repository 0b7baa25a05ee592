"""Filled-in forms in the project: found, opened with what was prefilled, saved as one durable step."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fieldsurvey.clock import iso_utc, now_millis
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.model.districts import district_code
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.merge import state_from_json, state_to_json
from fieldsurvey.model.review import ReviewState, Step, locked_sentence, next_state, state_of
from fieldsurvey.model.revision import dump, unwrap, version_number, wrap
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Row, Store, Token
from survey_forms import entity_lists, keeping, shapes, shelf
from survey_forms.definitions import names
from survey_forms.form import Form
from survey_forms.instance import Context
from survey_forms.layout import layout_of
from survey_forms.session import Session

DRAFT, COMPLETE = "draft", "complete"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a form is about.

    Attributes:
        form_id: The form.
        community_uid: The community it belongs to.
        subject_uid: The community, building or stairwell itself.
        record_uid: The record, of a form of which a subject may have several; empty: the one there is.
    """

    form_id: str
    community_uid: str
    subject_uid: str
    record_uid: str = ""

    @property
    def draft_key(self) -> str:
        """Key of the journal entry."""
        return ":".join(filter(None, (self.form_id, self.subject_uid, self.record_uid)))


@dataclass(slots=True)
class Opened:
    """A form opened for a subject.

    Attributes:
        subject: What it is about.
        session: The filling-in.
        title: Name of the subject for people.
        record: The stored record as it was seen; None if there is none yet.
        restored_ms: When the restored draft was kept; None if none was restored.
        children: Repeat -> its stored rows as they were seen.
        newer: The newest version of the form, where the record was made with an older one; else None.
    """

    subject: Subject
    session: Session
    title: str
    record: Row | None = None
    restored_ms: int | None = None
    children: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    newer: Form | None = None


def open_form(store: Store, subject: Subject, context: Context | None = None) -> Opened:
    """Open a form for a subject: the kept draft first, else the newest record, else prefilled.

    Raises:
        FormError: If the form is unknown or wrong.
        InputRefused: If a kept draft is damaged.
    """
    context = context or Context(username=store.actor[2])
    title, facts = _subject_facts(store, subject)
    row = _newest(store, subject)
    kept = store.draft(subject.draft_key)
    if kept is not None:
        snapshot, row, children = _from_journal(kept[0])
        form = shelf.form_at(store, subject.form_id, keeping.version_in(snapshot))
        session = Session.restore(form, snapshot, _with_lists(store, form, context))
    elif row is not None:
        form = shelf.form_at(store, subject.form_id, str(row.values.get("form_version") or ""))
        children = stored_repeats(store, form, row.uid)
        session = _loaded(form, row, children, _with_lists(store, form, context))
    else:
        form, children = shelf.form_of(store, subject.form_id), {}
        session = Session(form, context=_with_lists(store, form, context))
        _prefill(session, facts, context)
    session.prepare()
    latest = shelf.form_of(store, subject.form_id)
    newer = latest if latest.version != form.version else None
    return Opened(subject, session, title, row, kept[1] if kept else None, children, newer)


def _with_lists(store: Store, form: Form, context: Context) -> Context:
    return replace(context, lists={**context.lists, **entity_lists.lists_for(store, form)})


def _newest(store: Store, subject: Subject) -> Row | None:
    """Return the stored record of a subject, or None if there is none yet."""
    if subject.record_uid:
        return store.get(subject.record_uid)
    rows = store.select(subject.form_id, [], where={"subject_uid": subject.subject_uid})
    return store.get(str(rows[-1]["uid"])) if rows else None


def _loaded(form: Form, row: Row, children: Mapping[str, tuple[Row, ...]], context: Context) -> Session:
    repeats = {name: [{**child.values, "uid": child.uid} for child in found] for name, found in children.items()}
    return Session(form, row.values, repeats, context)


def stored_repeats(store: Store, form: Form, record: str) -> dict[str, tuple[Row, ...]]:
    """Return the stored rows of every repeat of a record by its key, those of inner repeats after their outer ones."""
    layout, tables = layout_of(form), store.tables()
    found: dict[str, tuple[Row, ...]] = {}
    for repeat, key in layout.keys.items():
        table, outer = layout.table_of(repeat), layout.outer[repeat]
        if table in tables:
            parents = [row.uid for row in found.get(layout.keys[outer], ())] if outer else [record]
            uids = [
                str(r["uid"])
                for parent in parents
                for r in store.select(table, [], where={"parent_uid": parent}, order="ordinal")
            ]
            found[key] = tuple(row for uid in uids if (row := store.get(uid)) is not None)
    return found


def _subject_facts(store: Store, subject: Subject) -> tuple[str, dict[str, Value]]:
    """Return the name of the subject and what is known of it, by question name."""
    community = store.get(subject.community_uid)
    facts: dict[str, Value] = dict(community.values) if community else {}
    facts |= {"community_id": facts.get("code"), "community_name": facts.get("name"), "gfa_res": facts.get("gfa")}
    facts |= {"built_year_first": facts.get("built_year"), "district": district_code(str(facts.get("district") or ""))}
    title = str(facts.get("name") or _("unnamed"))
    if subject.subject_uid == subject.community_uid:
        return title, facts
    stairwell = store.get(subject.subject_uid)
    building = store.get(str(stairwell.values.get("building_uid"))) if stairwell else None
    number = building.values.get("name") if building else None
    unit = stairwell.values.get("unit") if stairwell else None
    facts |= {"building_no": number, "unit_no": unit, "floors": building.values.get("floors") if building else None}
    return f"{title} · {_plain(number) or '—'} {_plain(unit)}".strip(), facts


# Facts that answer a question of the same name. Households of a stairwell are not those of its community.
PREFILLED = (
    "community_id", "community_name", "district", "subdistrict", "neighbourhood", "address", "site_area",
    "built_year_first", "building_count", "unit_count", "household_count", "resident_count", "gfa_res", "building_no",
    "unit_no", "floors", "est_investment",
)  # fmt: skip


def _prefill(session: Session, facts: Mapping[str, Value], context: Context) -> None:
    known = {name: facts[name] for name in PREFILLED if facts.get(name) is not None}
    known |= {"survey_round": "baseline", "survey_date": context.now.date().isoformat(), "surveyor": context.username}
    for leaf in session.leaves():
        value = known.get(leaf.rpartition("/")[2])
        if value not in {None, ""}:
            session.answer(leaf, _plain(value))


def _plain(value: Value) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def keep_draft(store: Store, opened: Opened, snapshot: str) -> int:
    """Keep the unsaved state of a form; return when, in ms, after it is on the disk.

    With it goes what was on the screen when the form was opened: an edit that
    arrives by sync in between must meet it as a conflict, not be overwritten.
    """
    record = None if opened.record is None else _row_to_json(opened.record)
    children = {name: [_row_to_json(row) for row in rows] for name, rows in opened.children.items()}
    payload = dump({"session": snapshot, "record": record, "children": children})
    store.put_draft(opened.subject.draft_key, payload)
    return now_millis()


def _from_journal(payload: str) -> tuple[str, Row | None, dict[str, tuple[Row, ...]]]:
    try:
        raw = json.loads(payload)
        record = None if raw["record"] is None else _row_from_json(raw["record"])
        children = {str(name): tuple(_row_from_json(row) for row in rows) for name, rows in raw["children"].items()}
        return str(raw["session"]), record, children
    except (ValueError, KeyError, TypeError) as error:
        raise InputRefused(_("The kept draft is damaged and was not opened.")) from error


def _row_to_json(row: Row) -> dict[str, object]:
    values = {name: wrap(value) for name, value in row.values.items()}
    state = row.token.state
    return {
        "uid": row.uid, "table": row.table, "values": values, "scope": state.scope, "state": state_to_json(state),
        "era": row.token.era,
    }  # fmt: skip


def _row_from_json(raw: Mapping[str, Any]) -> Row:
    state = state_from_json(raw["table"], int(raw["scope"]), *raw["state"])
    values = {name: unwrap(value) for name, value in raw["values"].items()}
    return Row(str(raw["uid"]), str(raw["table"]), values, Token(state, raw.get("era")))


def save_record(store: Store, opened: Opened, status: str) -> str:
    """Save a form with its repeats as one durable step, and forget its draft; return the record's uid.

    To complete a form is to submit it to the review; what came back keeps that
    state as a draft. A field that somebody else changed meanwhile is not
    overwritten: the store keeps both and shows a conflict. A draft keeps its journal entry while it
    holds what no column can take: malformed texts, and marks on answers that
    were carried over.

    Raises:
        InputRefused: If the record was approved, or is gone.
    """
    session = opened.session
    keeping.name_rows(session)
    values, repeats = session.answers()
    shapes.put_in(store, session.form, values, repeats)
    head: dict[str, Value] = {
        "community_uid": opened.subject.community_uid,
        "subject_uid": opened.subject.subject_uid,
        "form_version": session.form.version,
        "status": str(_state_after(opened.record, status)),
        "saved_at": iso_utc(now_millis()),
    }
    with store.transaction():
        uid = _save_main(store, opened, head | values)
        changed = [_save_children(store, opened, uid, name, rows) for name, rows in repeats.items()]
        if opened.record is not None and any(changed):
            _say_state(store, opened.record, str(head["status"]))
        scope = scope_of(opened.subject.community_uid)
        shapes.save_layers(store, session.form, shapes.rows_saved(session.form, uid, values, repeats), scope)
        if status == COMPLETE:
            entity_lists.save_entities(store, session, uid)
        if any(problem.kind in {"type", "carried"} for problem in session.problems()):
            saved = replace(opened, record=store.get(uid), children=stored_repeats(store, session.form, uid))
            keep_draft(store, saved, session.snapshot())
        else:
            store.drop_draft(opened.subject.draft_key)
    return uid


def _save_main(store: Store, opened: Opened, values: dict[str, Value]) -> str:
    record = opened.record
    if record is None:
        scope = scope_of(opened.subject.community_uid)
        uid = opened.subject.record_uid or None
        return store.create_record(opened.subject.form_id, values, uid=uid, scope=scope, fv=_fv(opened))
    changed = _changed(record, values)
    if changed:
        store.save(record.uid, changed, record.token, fv=_fv(opened))
    return record.uid


def _state_after(record: Row | None, wanted: str) -> ReviewState:
    before = state_of(record.values["status"]) if record is not None else ReviewState.DRAFT
    after = next_state(before, Step.SUBMIT if wanted == COMPLETE else Step.KEEP)
    if after is None:
        raise InputRefused(locked_sentence())
    return after


def _say_state(store: Store, seen: Row, status: str) -> None:
    """Write the state with a change of a repeat too: a reviewer who did not see the change must meet it."""
    if status in {DRAFT, COMPLETE} and status == seen.values["status"]:
        store.save(seen.uid, {"status": status}, seen.token)


def _fv(opened: Opened) -> int:
    return version_number(opened.session.form.version)


def _changed(seen: Row, values: Mapping[str, Value]) -> dict[str, Value]:
    """Return what differs from what was on the screen; what others changed meanwhile is not ours to write."""
    return {name: value for name, value in values.items() if name in seen.values and seen.values[name] != value}


def _save_children(store: Store, opened: Opened, parent: str, key: str, rows: list[dict[str, Value]]) -> bool:
    """Write the rows of a repeat; say whether anything of them changed."""
    table = f"{layout_of(opened.session.form).table}__{key}"
    if table not in store.tables():
        return False
    scope = scope_of(opened.subject.community_uid)
    seen = {row.uid: row for row in opened.children.get(key, ())}
    kept = {str(row["uid"]) for row in rows if row.get("uid")}
    is_changed = bool(seen.keys() - kept)
    for uid in seen.keys() - kept:
        if store.get(uid) is not None:  # it may have gone with the row around it
            shapes.drop_layers(store, opened.session.form, table, uid)
            store.delete(uid, seen[uid].token)
    ordinals: dict[Value, int] = {}
    for row in rows:
        around = row.get("parent_uid") or parent
        ordinals[around] = ordinals.get(around, 0) + 1
        values = {**{name: value for name, value in row.items() if name != "uid"}, "ordinal": ordinals[around]}
        before = seen.get(str(row.get("uid")))
        if before is None:
            made = {**values, "parent_uid": around}
            store.create_record(table, made, uid=_text(row.get("uid")), scope=scope, fv=_fv(opened))
            is_changed = True
        elif changed := _changed(before, values):
            store.save(before.uid, changed, before.token, fv=_fv(opened))
            is_changed = True
    return is_changed


def _text(value: Value) -> str | None:
    return str(value) if value else None


def moment(millis: int) -> str:
    """Return a moment as hours, minutes and seconds of the local clock."""
    return datetime.fromtimestamp(millis / 1000).astimezone().strftime("%H:%M:%S")


def installed(store: Store) -> list[str]:
    """Return the default forms whose tables are in a project, in their order."""
    return [name for name in names() if name in store.tables()]
