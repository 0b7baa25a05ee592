"""Processor time of other processes: what a rate on a quiet machine would be, measured on a busy one."""

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def seconds(pid: int) -> float:
    """Return the processor time of a process and of all that it started, finished ones included (Linux)."""
    parents, used = {}, {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        number = int(place.parent.name)
        parents[number], used[number] = int(fields[1]), sum(map(int, fields[11:15]))
    family, before = {pid}, 0
    while len(family) > before:
        before = len(family)
        family |= {number for number, parent in parents.items() if parent in family}
    return sum(used.get(number, 0) for number in family) / _TICK
