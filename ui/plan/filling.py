"""The board worked out, ready to be shown: cards, sums and who pays. Runs in the store thread, not in the window's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fieldsurvey.plan.board import YearSum, choices_of, year_sums
from fieldsurvey.plan.money import Money, paid
from fieldsurvey.plan.versions import Placement
from ui.plan import words
from ui.plan.cards import Card
from ui.plan.loading import Desk


@dataclass(frozen=True, slots=True)
class Filled:
    """A version, ready to be shown.

    Attributes:
        desk: What it is made of.
        money: Who pays for what.
        sums: Of every year, then of all together.
        cards: By year (None: not in the plan), urgent ones and high priorities first.
    """

    desk: Desk
    money: Money
    sums: Sequence[YearSum]
    cards: Mapping[int | None, Sequence[Card]]


def fill(desk: Desk) -> Filled:
    """Work the board of a version out."""
    everybody = desk.question.everybody
    problem = replace(desk.question.problem, years=desk.years)
    choices = choices_of(desk.placed)
    money = paid(replace(problem, candidates=tuple(everybody.values())), choices)
    cards: dict[int | None, list[Card]] = {year: [] for year in (None, *desk.years)}
    for one in sorted(everybody.values(), key=lambda one: (not one.is_urgent, -one.priority, one.uid)):
        placed = desk.placed.get(one.uid)
        cards[year_of(placed)].append(words.card(desk, one, placed, money))
    return Filled(desk, money, year_sums(problem, everybody, choices), cards)


def year_of(placed: Placement | None) -> int | None:
    """Return the year of a placement; None where it is not in the plan."""
    return placed.year if placed is not None and placed.is_in else None
