"""Runs many histories and counts what went wrong."""

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from fieldsurvey.errors import UsageError
from fieldsurvey.sync.simulate.engines import Engine, engine_named
from fieldsurvey.sync.simulate.faults import FAULTS
from fieldsurvey.sync.simulate.world import Failure, World

KINDS = ("lost", "diverged", "unsettled")


@dataclass
class Outcome:
    """What became of a number of histories.

    Attributes:
        histories: How many were run.
        failures: Seed -> kind and text.
        stats: What happened in them.
    """

    histories: int = 0
    failures: dict[int, tuple[str, str]] = field(default_factory=dict)
    stats: Counter[str] = field(default_factory=Counter)

    def sentence(self) -> str:
        """Return the last line of the report."""
        found = Counter(kind for kind, _text in self.failures.values())
        return f"{self.histories} histories, " + ", ".join(f"{found[kind]} {kind}" for kind in KINDS)


def run(seeds: Sequence[int], *, stop_at: int | None = None, engine: Engine | None = None) -> Outcome:
    """Run one history per seed.

    Args:
        seeds: The histories.
        stop_at: Stop after so many failures.
        engine: Makes the hub, if it is another than the one on SQLite.
    """
    outcome = Outcome()
    for seed in seeds:
        outcome.histories += 1
        failure, stats = history(seed, engine)
        outcome.stats += stats
        if failure is not None:
            outcome.failures[seed] = failure
            if stop_at is not None and len(outcome.failures) >= stop_at:
                break
    return outcome


def history(seed: int, engine: Engine | None = None) -> tuple[tuple[str, str] | None, Counter[str]]:
    """Run one history; return what went wrong, if anything, and what happened."""
    with World(seed, engine) as world:
        try:
            world.run()
        except Failure as failure:
            return (failure.kind, str(failure)), world.stats
        except Exception:  # noqa: BLE001 - whatever a history raises is its outcome, and the next one follows
            return ("unsettled", traceback.format_exc(limit=-6)), world.stats
        return None, world.stats


def first_caught(fault: str, seeds: Sequence[int]) -> int | None:
    """Return the first seed in which a planted fault is caught, or None."""
    with FAULTS[fault]():
        outcome = run(seeds, stop_at=1)
    return next(iter(outcome.failures), None)


def main(arguments: Sequence[str]) -> int:
    """Run histories as the command line says; return 0 only if all went well."""
    options = _parser().parse_args(arguments)
    try:
        engine = engine_named(options.engine)
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return UsageError.exit_code
    begun = time.process_time()
    with FAULTS[options.fault]() if options.fault else nullcontext():
        outcome = run(range(options.seed, options.seed + options.histories), engine=engine)
    for line in _report(outcome, time.process_time() - begun):
        sys.stdout.write(line + "\n")
    return 1 if outcome.failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("fieldsurvey.sync.simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="first seed")
    parser.add_argument("--histories", type=int, default=100)
    parser.add_argument("--engine", default="sqlite", help="what keeps the hub's data: sqlite or postgresql")
    parser.add_argument("--fault", choices=sorted(FAULTS), help="plant a fault, to see it caught")
    return parser


def _report(outcome: Outcome, seconds: float) -> Iterator[str]:
    for seed, (kind, text) in list(outcome.failures.items())[:5]:
        yield f"seed {seed} {kind}: {text}"
    yield ", ".join(f"{count} {name}" for name, count in sorted(outcome.stats.items()))
    yield f"{outcome.histories / max(seconds, 1e-6):.1f} histories a second of processor time"
    yield outcome.sentence()
