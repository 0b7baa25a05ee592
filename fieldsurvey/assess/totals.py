"""The four figures an official asks first, beside those of the city's plan."""

from dataclasses import dataclass

from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts and money of a set of communities.

    Attributes:
        communities: Number of communities.
        households: Number of households.
        investment_wan: Planned investment in 万元 (10,000 CNY).
        buildings: Residential buildings as the ledger counts them.
    """

    communities: int
    households: int
    investment_wan: float
    buildings: int = 0


# Source: reply of the Huangshi housing bureau to proposal no. 135 of the 6th session of the 14th
# municipal people's congress (2021-10-12): 214 communities, 105,056 households, CNY 2.839 billion.
PLAN = Totals(214, 105_056, 283_900.0)


def totals(store: Store) -> Totals:
    """Return the totals over the communities of the project; unknown figures count as 0."""
    rows = store.select("community", ["household_count", "est_investment", "building_count"])
    return Totals(
        len(rows),
        int(sum(_number(row["household_count"]) for row in rows)),
        round(sum(_number(row["est_investment"]) for row in rows), 2),
        int(sum(_number(row["building_count"]) for row in rows)),
    )


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
