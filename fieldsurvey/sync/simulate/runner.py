"""Runs many histories and counts what went wrong."""

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context

from fieldsurvey.errors import UsageError
from fieldsurvey.sync.simulate.engines import Engine, engine_named
from fieldsurvey.sync.simulate.faults import FAULTS
from fieldsurvey.sync.simulate.world import Failure, World

_PORTION = 50  # histories, at most
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

    def add(self, other: "Outcome") -> None:
        """Add what became of others."""
        self.histories += other.histories
        self.failures |= other.failures
        self.stats += other.stats

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
        engine_named(options.engine)
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return UsageError.exit_code
    begun = time.monotonic()
    outcome = Outcome()
    for part in _shared(range(options.seed, options.seed + options.histories), options):
        outcome.add(part)
        for seed, (kind, text) in part.failures.items():
            sys.stdout.write(f"seed {seed} {kind}: {text}\n")
            sys.stdout.flush()
    for line in _report(outcome, time.monotonic() - begun):
        sys.stdout.write(line + "\n")
    return 1 if outcome.failures else 0


def _shared(seeds: range, options: argparse.Namespace) -> Iterator[Outcome]:
    """Run histories in portions, in as many processes as wanted."""
    size = min(_PORTION, -(-len(seeds) // options.jobs))
    portions = [seeds[start : start + size] for start in range(0, len(seeds), size)]
    work = partial(_portion, engine=options.engine, fault=options.fault)
    if options.jobs == 1:
        yield from map(work, portions)
        return
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, portions)


def _portion(seeds: Sequence[int], engine: str, fault: str | None) -> Outcome:
    with FAULTS[fault]() if fault else nullcontext():
        return run(seeds, engine=engine_named(engine))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("fieldsurvey.sync.simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="first seed")
    parser.add_argument("--histories", type=int, default=100)
    parser.add_argument("--engine", default="sqlite", help="what keeps the hub's data: sqlite or postgresql")
    parser.add_argument("--fault", choices=sorted(FAULTS), help="plant a fault, to see it caught")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share the work")
    return parser


def _report(outcome: Outcome, seconds: float) -> Iterator[str]:
    yield ", ".join(f"{count} {name}" for name, count in sorted(outcome.stats.items()))
    yield f"{outcome.histories / max(seconds, 1e-6):.1f} histories a second"
    yield outcome.sentence()
