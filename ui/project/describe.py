"""Assets in the words that the window shows."""

from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from layers.style import CONDITIONS, STATES
from ui.project.overview import Overview


def stairwell_names(store: Store, community: str) -> dict[str, str]:
    """Return uid -> "3栋" and "3栋 2单元" for buildings and stairwells of a community. Runs in the store thread."""
    inside: dict[str, Value] = {"community_uid": community}
    buildings = {row["uid"]: str(row["name"] or "") for row in store.select("building", ["name"], where=inside)}
    found = {str(uid): name for uid, name in buildings.items()}
    for row in store.select("stairwell", ["building_uid", "unit"], where=inside):
        found[str(row["uid"])] = f"{buildings.get(row['building_uid'], '')} {row['unit'] or ''!s}".strip()
    return found


def tip(now: Overview, uid: str) -> str:
    """Return what the map shows while the pointer rests on a community, as rich text."""
    progress, values = now.progress[uid], now.communities[uid]
    _colour, mark, word = STATES[str(progress.state)]
    lines = [f"<b>{values['name']!s}</b>", f"{mark} {_(word)} {progress.done}/{progress.total}"]
    if values["household_count"] is not None:
        lines.append(_("{n} households").format(n=values["household_count"]))
    if progress.condition:
        lines.append(_(CONDITIONS[progress.condition][1]))
    return "<br>".join(lines)
