"""A process that draws sheets from a private copy of a project: the live file has one owner, which is not here.

    python -m exports.sheet_worker

The first line on standard input is the order, each further line a sheet, the
last one is empty. One answer per line on standard output (JSON). An input that
ends without the empty line means that whoever asked is gone: the private copy
holds personal data and is removed.
"""

import json
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from exports.heap import seldom_collected
from fieldsurvey.i18n import set_language


def main() -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)  # whatever a library prints does not mix with the answers
    from exports.sheet_writer import Order, SheetWriter, Wanted
    from fieldsurvey.store import Store

    order = Order(**json.loads(sys.stdin.readline()))
    set_language(order.language)
    with Store.open(Path(order.project), read_only=True) as store, seldom_collected():
        store.media.folder = Path(order.media)
        writer = SheetWriter(store, order)
        for line in sys.stdin:
            if line == "\n":
                return
            answers.write(json.dumps(asdict(writer.write(Wanted(**json.loads(line)))), ensure_ascii=False) + "\n")
            answers.flush()
    shutil.rmtree(order.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
