"""The plan optimiser against greedy-by-score, and how its time grows: 200, 2,000 and 20,000 communities.

Budget (ARCHITECTURE.md): 2,000 communities x 3 years x 5 funds proven optimal in 30 s on two cores.
"""

import random
import statistics
import time

from fieldsurvey.plan.greedy import greedy
from fieldsurvey.plan.optimise import optimise
from fieldsurvey.plan.problem import CLASS_ORDER, Candidate, Fund, Problem, Purpose, YearLimit

YEARS = (2026, 2027, 2028)
DISTRICTS = ("黄石港区", "西塞山区", "下陆区", "铁山区", "阳新县", "大冶市")
SEEDS = (1, 2, 3)
SHARES = (0.65, 0.25, 0.1)


def main() -> None:
    for size in (214, 2000):
        rows = [measure(made_up(size, seed)) for seed in SEEDS]
        wall, cpu, gap, better, schedule = (statistics.median(column) for column in zip(*rows, strict=True))
        print(
            f"{size:6d} communities: {wall:6.1f} s ({cpu:.1f} s CPU), gap {max(row[2] for row in rows):.2e} "
            f"(median {gap:.1e}), {better:+.1f} % over greedy, order of years within {schedule:.1e}"
        )


def measure(problem: Problem) -> tuple[float, float, float, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    plan = optimise(problem)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    by_score = greedy(problem)
    return wall, cpu, plan.gap, 100 * (plan.objective / by_score.objective - 1), plan.schedule_gap


def made_up(size: int, seed: int) -> Problem:
    """Return a city with households, needs and costs spread as in the sample city, and money for under half."""
    rng = random.Random(seed)
    candidates = tuple(community(index, rng) for index in range(size))
    cost = sum(candidate.cost(3) for candidate in candidates)
    households = sum(candidate.households for candidate in candidates)
    conditions = (("central_inv", {"base"}), ("central_fin", {"base", "improve"}), ("city", set()), ("bond", set()))
    funds = [
        Fund(source, source, source, dict.fromkeys(YEARS, 0.45 * cost * share / 3), frozenset(classes))
        for (source, classes), share in zip(conditions, (0.3, 0.25, 0.25, 0.2), strict=True)
    ]
    funds.append(Fund("lift", "lift", "city", dict.fromkeys(YEARS, 500.0), items=frozenset({"I14"})))
    limits = {year: YearLimit(households=round(households * 0.2)) for year in YEARS}
    return Problem(YEARS, candidates, tuple(funds), limits, floor=0.5, cluster_bonus=0.05)


def community(index: int, rng: random.Random) -> Candidate:
    households = round(min(3000.0, max(40.0, rng.lognormvariate(6, 0.6))))
    need = rng.uniform(20, 90)
    cost = households * rng.uniform(1.5, 4)
    costs = {
        Purpose(name): cost * share * rng.uniform(0.7, 1.3) for name, share in zip(CLASS_ORDER, SHARES, strict=True)
    }
    lifts = rng.randint(0, 6)
    if lifts:
        costs[Purpose("improve", "I14")] = lifts * 50.0
    values = tuple(round(households * need / 100 * share) for share in SHARES)
    district = rng.choice(DISTRICTS)
    cluster = f"{district}{index // 4}" if rng.random() < 0.5 else ""
    return Candidate(
        f"c{index:05d}", f"c{index:05d}", district, cluster, households, values, costs, need, rng.random() < 0.03
    )


if __name__ == "__main__":
    main()
