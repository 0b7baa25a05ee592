"""What a hub holds back of the edits made here: known to the one who made them, with a sentence."""

import json
from collections.abc import Callable, Sequence

from fieldsurvey.i18n import N_, _
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.revision import SEQ_BITS, dump
from fieldsurvey.store import Store

_SETTING = "sync.held"
REASONS = {
    "approve": N_("approves, which only an approver may do"),
    "review": N_("takes a step of the review for which the account lacks the role"),
    "locked": N_("changes what was approved; an approver opens it for revision first"),
    "scope": N_("edits a record outside the areas of this account"),
    "import": N_("imports a dataset, which an account with limited areas may not do"),
    "unsigned": N_("approves, but no device that the office knows has signed it"),
    "revoked": N_("was made on a device that the office has revoked"),
    "rejected": N_("was rejected by the office"),
}
Held = Sequence[tuple[int, str]]


def remember(store: Store, held: Held) -> None:
    """Keep what a hub says it holds back of this copy's edits; what it holds no more is forgotten."""
    own = store.owned()
    mine = sorted((int(rid), reason) for rid, reason in held if rid >> SEQ_BITS in own)
    if mine != _kept(store):
        store.set_setting(_SETTING, dump([list(entry) for entry in mine]))


def held_here(store: Store) -> list[tuple[str, str]]:
    """Return what the hub holds back of this copy's edits: which record, and why, in words."""
    kept = dict(_kept(store))
    found = store.revisions(kept)
    where = places(store)
    held = [(found[rid], reason) for rid, reason in kept.items() if rid in found]
    return [(where(r.table, r.uid, r.scope), sentence(reason)) for r, reason in held]


def places(store: Store) -> Callable[[str, str, int], str]:
    """Return what names a record to people: (table, uid, area) -> its community and layer."""
    tables = store.tables()
    rows = store.select("community", ["uid", "name"]) if "community" in tables else []
    names = {scope_of(str(row["uid"])): str(row["name"] or "") for row in rows}

    def where(table: str, uid: str, scope: int) -> str:
        label = tables[table].label if table in tables else table
        return f"{names.get(scope_of(uid) if table == 'community' else scope, '')} {label}".strip()

    return where


def sentence(reason: str) -> str:
    """Return why a revision is held, in words."""
    return _(REASONS.get(reason, reason))


def _kept(store: Store) -> list[tuple[int, str]]:
    return [(int(rid), str(reason)) for rid, reason in json.loads(store.setting(_SETTING, "[]"))]
