"""Talking to the person at the terminal: data to standard output, messages and progress to standard error."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from fieldsurvey.jobs import JobControl, Progress

ProjectFile = Annotated[Path, typer.Argument(metavar="PROJECT", help="项目文件 .gpkg / project file")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON 输出 / print JSON")]


def say(text: str) -> None:
    """Print a message for the person at the terminal."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is the terminal's voice


def put(text: str) -> None:
    """Print data."""
    print(text, flush=True)  # noqa: T201 - this is the terminal's voice


def put_json(value: object) -> None:
    """Print data as JSON."""
    put(json.dumps(value, ensure_ascii=False, indent=1))


def terminal_control() -> JobControl:
    """Return a control that reports to a terminal, at most one line per percent; silent in a pipe."""
    last = [-1]

    def report(progress: Progress) -> None:
        percent = progress.done * 100 // progress.total if progress.total else 0
        if percent != last[0]:
            last[0] = percent
            print(f"\r{percent:3d} % {progress.note}\x1b[K", end="", file=sys.stderr)  # noqa: T201

    return JobControl(report) if sys.stderr.isatty() else JobControl()
