"""Exchange with a hub, a folder or a file: the calls that window and command line make."""

from dataclasses import dataclass
from pathlib import Path

from fieldsurvey.errors import SyncError, UsageError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from fieldsurvey.sync.enrolment import credentials
from fieldsurvey.sync.exchange import Exchange, SyncResult, present
from fieldsurvey.sync.folder import FileCarrier, FolderCarrier
from fieldsurvey.sync.http import HttpCarrier
from fieldsurvey.sync.keys import device_signer
from fieldsurvey.sync.package import SUFFIX
from fieldsurvey.sync.peers import Carrier, Hello, hello_of


@dataclass(frozen=True, slots=True)
class Preview:
    """What an exchange would do: revisions and files that will go, and origins that will come."""

    to_send: int
    to_receive: int
    blobs_to_send: int
    blobs_to_receive: int


def carrier_for(target: str, token: str | None) -> Carrier:
    """Return the way to a target: http(s) URL, folder, or .fsx file.

    Raises:
        UsageError: If the target is empty.
        SyncError: If it does not exist.
    """
    if not target:
        raise UsageError(_("Name a hub: an address, a folder, or a file ending in .fsx."))
    if target.startswith(("http://", "https://")):
        known = None if token else credentials(target)
        if known is not None:
            return HttpCarrier(target, known.token, known.certificate)
        return HttpCarrier(target, token or "")
    path, signer = Path(target), device_signer()
    return FileCarrier(path, signer) if path.suffix == SUFFIX else FolderCarrier(path, signer)


def sync(store: Store, target: str, *, token: str | None = None, control: JobControl | None = None) -> SyncResult:
    """Exchange with a hub, a folder or a file.

    Raises:
        SyncError: If it broke off or was refused; what was confirmed stays.
        JobCancelled: If the user stopped it; likewise.
    """
    carrier = carrier_for(target, token)
    try:
        return Exchange(store, carrier, control or JobControl(), device_signer()).run()
    finally:
        carrier.close()


def preview(store: Store, target: str, *, token: str | None = None) -> Preview:
    """Return what an exchange would do.

    Raises:
        SyncError: If the other side is out of reach or refuses.
    """
    carrier = carrier_for(target, token)
    try:
        theirs = carrier.hello(hello_of(store))
        mine = store.version_vector()
        to_send = sum(max(0, upto - theirs.heads.get(o, (0, b""))[0]) for o, (upto, _chain) in mine.items())
        to_receive = sum(max(0, upto - mine.get(o, (0, b""))[0]) for o, (upto, _chain) in theirs.heads.items())
        out = carrier.missing_blobs(present(store))
        have = {blob.sha256 for blob in present(store)}
        back = [blob for blob in carrier.blobs() if blob.sha256 not in have]
        return Preview(to_send, to_receive, len(out), len(back))
    finally:
        carrier.close()


def clone(target: str, path: Path, *, token: str | None = None, control: JobControl | None = None) -> None:
    """Make a new project file from a hub, folder or file.

    Raises:
        SyncError: If the other side has no project yet, or breaks off; no file is left then.
    """
    carrier = carrier_for(target, token)
    try:
        theirs = carrier.hello(Hello("", "", "", "", "", {}, [], []))
    finally:
        carrier.close()
    if not theirs.project:
        raise SyncError(_("The hub has no project yet. Sync from the laptop that has it first."))
    store = Store.create(path, crs=theirs.crs, name=theirs.name, project=theirs.project)
    with store:
        sync(store, target, token=token, control=control)


__all__ = ["Preview", "SyncResult", "carrier_for", "clone", "preview", "sync"]
