"""Wall and CPU time of signing and verifying a sheet, and what signatures add to its size.

Design study (SHEETS.md, section 3), pyHanko on the same machine class: 27 ms to
sign with EC P-256 at level B-B, 4 to 8 ms to verify. CPU time is used: it does
not depend on what else runs.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.bench_sheet import make_project, with_photos

ROUNDS = 15


def main() -> None:
    try:
        from exports.signing.keys import KeyFile
        from exports.signing.sign import sign
        from exports.verify import verify
        from tests.unit.exports.signers import PASSWORD, Office
    except ImportError as error:
        print(f"skipped: {error}")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = make_project(folder)
        from exports.sheet.collect import collector
        from exports.sheet.document import render

        uid = str(store.select("community", ["code"], order="code")[0]["uid"])
        sheet, signed, again = (folder / f"{each}.pdf" for each in ("sheet", "one", "two"))
        render(with_photos(collector(store).sheet(uid), folder), sheet)
        store.close()
        office = Office()
        first, second = (KeyFile(office.person(each, folder), PASSWORD) for each in ("甲", "乙"))
        root = office.root(folder)
        size = sheet.stat().st_size
        print(f"sign, EC P-256, B-B:            {cpu_ms(lambda: sign(sheet, first, out=signed)):6.1f} ms CPU")
        print(
            f"  adds                          {(signed.stat().st_size - size) / 1000:6.1f} kB to {size / 1000:.0f} kB"
        )
        print(f"sign again, second line:        {cpu_ms(lambda: sign(signed, second, out=again)):6.1f} ms CPU")
        print(f"verify without a signature:     {cpu_ms(lambda: verify(sheet)):6.1f} ms CPU")
        print(f"verify one signature, trusted:  {cpu_ms(lambda: verify(signed, [root])):6.1f} ms CPU")
        print(f"verify two signatures, trusted: {cpu_ms(lambda: verify(again, [root])):6.1f} ms CPU")


def cpu_ms(work: Callable[[], object]) -> float:
    """Return the median CPU time in ms; the first call, which loads libraries, is not counted."""
    work()
    times = []
    for _round in range(ROUNDS):
        start = time.process_time()
        work()
        times.append((time.process_time() - start) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
