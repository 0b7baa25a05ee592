"""What the finder lists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the list.

    Attributes:
        title: What it is.
        detail: Where it is, or why it fits.
        keys: Keys that do the same, as people write them.
        run: What happens when it is chosen.
    """

    title: str
    detail: str
    keys: str
    run: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under one heading."""

    heading: str
    entries: Sequence[Found]
