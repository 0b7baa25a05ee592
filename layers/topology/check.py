"""All checks of a dataset, and the repairs that are safe."""

from collections.abc import Callable, Iterable, Iterator

from fieldsurvey.clock import today
from fieldsurvey.i18n import N_, _
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from layers.topology import belonging, pipes, shapes, values
from layers.topology.data import Dataset
from layers.topology.findings import Finding

_Check = Callable[[Dataset], Iterator[Finding]]


def check(data: Dataset, control: JobControl | None = None, *, year: int | None = None) -> list[Finding]:
    """Return everything that is wrong.

    Args:
        data: The layers; geometry in m.
        control: Progress and cancel.
        year: Years after this one cannot be; None: the current one.

    Raises:
        JobCancelled: If the user stopped it.
    """
    control = control or JobControl()
    this_year = year or today().year
    steps: list[tuple[str, _Check]] = [
        (N_("Shapes"), shapes.check),
        (N_("What belongs to what"), belonging.check),
        (N_("Pipes"), pipes.check),
        (N_("Values"), lambda data: values.check(data, this_year)),
    ]
    found: list[Finding] = []
    for done, (name, step) in enumerate(steps):
        control.step(done, len(steps), _(name))
        found += step(data)
    return found


def mend(store: Store, findings: Iterable[Finding]) -> int:
    """Apply the repairs that findings carry as one step of history; return how many records changed.

    A record that several findings would change is changed by the first; check
    again for the rest. Undo takes the whole step back.
    """
    done: set[str] = set()
    with store.transaction():
        for finding in findings:
            if finding.fix is None or finding.uid in done:
                continue
            done.add(finding.uid)
            if finding.fix.delete:
                store.delete(finding.uid)
            else:
                store.save(finding.uid, finding.fix.changes)
    return len(done)
