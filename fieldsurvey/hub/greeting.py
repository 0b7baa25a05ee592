"""The first word of an exchange: what the hub has, what it knows of others, and what it learns of the asker."""

from dataclasses import replace
from typing import Any

from fieldsurvey.clock import now_millis
from fieldsurvey.errors import InputRefused
from fieldsurvey.hub.storage import Storage
from fieldsurvey.i18n import _
from fieldsurvey.model.revision import SEQ_BITS
from fieldsurvey.store.witness import ClockOffset, newer
from fieldsurvey.sync.clocks import RIGHT_MS
from fieldsurvey.sync.heads import beyond, valid
from fieldsurvey.sync.peers import Hello

_NOTHING = Hello("", "", "", "", "", {}, [], [], "hub")
_MOST_HELD = 1000  # told to one laptop


def greeted(storage: Storage, theirs: Hello) -> dict[str, Any]:
    """Exchange states; the first replica that says hello brings the project."""
    project = storage.project_id()
    if project is None:
        if not theirs.project:
            return _NOTHING.as_json()
        storage.found(theirs)
        project = storage.project_id()
    if theirs.project and theirs.project != project:
        mine = storage.hello() or _NOTHING
        raise InputRefused(_("The hub holds another project: {name}.").format(name=mine.name))
    storage.take_definitions(theirs.tables, theirs.actors)
    witnessed(storage, theirs)
    storage.retry_waiting()  # a machine that stopped between file and rows goes on here
    mine, heads = storage.hello() or _NOTHING, storage.signed_heads()
    own = {_asker(theirs), *(o for o, head in heads.items() if head.key == theirs.signature.key)}
    held = [(entry.revision.rid, entry.reason) for entry in storage.held() if entry.revision.origin in own]
    return replace(
        mine,
        forks=_differing(storage, theirs),
        signed_heads=beyond(heads, theirs.heads),
        held=held[:_MOST_HELD],
        clocks=storage.clock_offsets(),
    ).as_json()


def witnessed(storage: Storage, theirs: Hello) -> list[int]:
    """Keep what devices signed of their own logs, and how far the asker's clock is off.

    Returns:
        The origins that were newly signed for.
    """
    _measure(storage, theirs)
    return storage.keep_heads(valid(theirs.project, newer(theirs.signed_heads, storage.signed_heads())))


def _asker(theirs: Hello) -> int:
    number = theirs.hub_id.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0


def _measure(storage: Storage, theirs: Hello) -> None:
    """Note a clock that is off, or right again; edits that are here already came with the offset before."""
    origin = _asker(theirs)
    upto = theirs.heads.get(origin, (0, b""))[0]
    if not theirs.is_signed or not upto:
        return
    offset = theirs.at_ms - now_millis()
    last = max((o for o in storage.clock_offsets() if o.origin == origin), key=lambda o: o.seq, default=None)
    if abs(offset - (last.offset_ms if last else 0)) < RIGHT_MS:
        return
    before = storage.known_upto([origin])[origin]
    rows = [ClockOffset(origin, before, last.offset_ms if last else 0)] if before else []
    storage.keep_offsets([*rows, ClockOffset(origin, upto, offset)] if upto > before else rows)


def _differing(storage: Storage, theirs: Hello) -> list[int]:
    """Return the origins whose hash at the other side's end is another one here."""
    heads = [(origin, upto, chain) for origin, (upto, chain) in sorted(theirs.heads.items()) if upto and any(chain)]
    mine = storage.chains([origin << SEQ_BITS | upto for origin, upto, _chain in heads])
    pairs = zip(heads, mine, strict=True)
    return [origin for (origin, _upto, chain), own in pairs if own is not None and own != chain]
