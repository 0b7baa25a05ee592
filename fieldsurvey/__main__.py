"""Starting point: `fieldsurvey` opens the window, `fieldsurvey COMMAND …` works without one."""

import sys
from pathlib import Path


def main() -> None:
    """Run the program with the arguments of this process."""
    arguments = sys.argv[1:]
    sys.exit(_window(arguments) if _wants_window(arguments) else _command(arguments))


def _wants_window(arguments: list[str]) -> bool:
    if not arguments:
        return True
    if len(arguments) > 1 or arguments[0].startswith("-"):
        return False
    return arguments[0].endswith(".gpkg") or Path(arguments[0]).is_file()


def _window(arguments: list[str]) -> int:
    from ui.app import run

    return run(Path(arguments[0]) if arguments else None)


def _command(arguments: list[str]) -> int:
    from fieldsurvey.cli import run

    return run(arguments)


if __name__ == "__main__":
    main()
