"""What is usual in similar communities, and how far from it an answer lies.

Similar are communities built within ten years of one another with between half and double the households; where
fewer than five of them have an answer, all communities of the project stand in for them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from fieldsurvey.assess.records import number
from fieldsurvey.model.schema import Value

YEARS, TIMES, LEAST = 10, 2.0, 5
_SHARE = 0.25  # of the median, where more than half of the others agree
LIMIT = 3.5  # modified z-score beyond which a value is far from the others


@dataclass(frozen=True, slots=True)
class Usual:
    """What others answered to one question.

    Attributes:
        count: How many answered.
        middle: Median of the numbers; None for a question of choices.
        commonest: The choice named most often; None for numbers.
        share: Share of those who named it, 0 to 1.
        score: Modified z-score of the answer looked at; 0 where there is none.
    """

    count: int
    middle: float | None = None
    commonest: str | None = None
    share: float = 0.0
    score: float = 0.0

    @property
    def is_far(self) -> bool:
        """True for a number far from those of the others."""
        return abs(self.score) > LIMIT


def similar_to(community: Mapping[str, Value], others: Sequence[Mapping[str, Value]]) -> frozenset[str]:
    """Return the uids of the communities that are like one, itself left out."""
    year, households = number(community.get("built_year")), number(community.get("household_count"))
    return frozenset(
        str(other["uid"])
        for other in others
        if other["uid"] != community["uid"]
        and _near(year, number(other.get("built_year")))
        and _alike(households, number(other.get("household_count")))
    )


def _near(one: float | None, other: float | None) -> bool:
    return one is None or other is None or abs(one - other) <= YEARS


def _alike(one: float | None, other: float | None) -> bool:
    return not one or not other or 1 / TIMES <= one / other <= TIMES


def usual(answer: Value, others: Sequence[Value]) -> Usual | None:
    """Return what others answered and how far an answer lies from it; None where too few answered to say.

    The distance is the modified z-score, 0.6745 (x - median) / MAD, with MAD the median absolute deviation from the
    median. Where more than half of the others agree MAD is 0, and it is (x - median) / (1.2533 MeanAD) with the mean
    absolute deviation, from a quarter of the median on: where nearly all have six storeys, seven are no mistake.
    Beyond 3.5 a value counts as far (Iglewicz and Hoaglin, How to detect and handle outliers, 1993). A single wrong
    value among the others moves neither, unlike mean and standard deviation.
    """
    known = [value for value in others if value is not None and value != ""]
    if len(known) < LEAST:
        return None
    numbers = [found for value in known if (found := number(value)) is not None]
    if len(numbers) == len(known):
        own = number(answer)
        middle = float(median(numbers))
        return Usual(len(numbers), middle, score=0.0 if own is None else _score(own, middle, numbers))
    commonest, times = Counter(map(str, known)).most_common(1)[0]
    return Usual(len(known), commonest=commonest, share=times / len(known))


def _score(own: float, middle: float, numbers: Sequence[float]) -> float:
    distances = [abs(each - middle) for each in numbers]
    if spread := float(median(distances)):
        return 0.6745 * (own - middle) / spread
    mean = sum(distances) / len(distances)
    if mean and abs(own - middle) >= _SHARE * abs(middle):
        return (own - middle) / (1.2533 * mean)
    return 0.0  # or all others agree to the last digit: such numbers are codes or defaults, not measures
