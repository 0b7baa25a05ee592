"""The order of base maps and their groups: a group lies together, and moves together. The lowest comes first."""

from collections.abc import Sequence
from dataclasses import replace

from layers.basemap.source import Basemap

SCALES = (500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 25_000.0, 50_000.0, 100_000.0, 500_000.0)  # limits on offer
NO_LIMIT = 1e12


def together(maps: Sequence[Basemap]) -> list[Basemap]:
    """Return base maps with each group in one piece, where its highest member lies."""
    found: list[Basemap] = []
    for block in _blocks(list(reversed(maps))):
        found += block
    return found[::-1]


def _blocks(top_first: list[Basemap]) -> list[list[Basemap]]:
    blocks: list[list[Basemap]] = []
    by_group: dict[str, list[Basemap]] = {}
    for one in top_first:
        if one.group and one.group in by_group:
            by_group[one.group].append(one)
            continue
        blocks.append([one])
        if one.group:
            by_group[one.group] = blocks[-1]
    return blocks


def groups(maps: Sequence[Basemap]) -> list[str]:
    """Return the names of the groups, the highest first."""
    return list(dict.fromkeys(one.group for one in reversed(maps) if one.group))


def moved(maps: Sequence[Basemap], index: int, step: int) -> list[Basemap]:
    """Return the maps with one moved: inside its group, or, without a group, past its neighbour, group or not.

    Args:
        maps: The lowest first, groups together.
        index: Which.
        step: 1 up, -1 down.
    """
    if maps[index].group:
        to = index + step
        if not 0 <= to < len(maps) or maps[to].group != maps[index].group:
            return list(maps)
        made = list(maps)
        made[index], made[to] = made[to], made[index]
        return made
    return _past_neighbour(maps, [maps[index]], step)


def moved_group(maps: Sequence[Basemap], group: str, step: int) -> list[Basemap]:
    """Return the maps with a whole group moved past its neighbour; step 1 is up."""
    return _past_neighbour(maps, [one for one in reversed(maps) if one.group == group], step)


def _past_neighbour(maps: Sequence[Basemap], block: list[Basemap], step: int) -> list[Basemap]:
    blocks = _blocks(list(reversed(maps)))
    at = next(n for n, one in enumerate(blocks) if one[0] is block[0])
    to = at - step  # the highest comes first here
    if 0 <= to < len(blocks):
        blocks[at], blocks[to] = blocks[to], blocks[at]
    return [one for each in blocks for one in each][::-1]


def switched(maps: Sequence[Basemap], group: str, *, visible: bool) -> list[Basemap]:
    """Return the maps with a whole group switched on or off."""
    return [replace(one, visible=visible) if one.group == group else one for one in maps]
