"""Exchange with a hub, a folder or a file: the calls that window and command line make."""

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from fieldsurvey.clock import now_millis
from fieldsurvey.errors import FieldSurveyError, InputRefused, JobCancelled, StoreError, SyncError, UsageError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.paths import media_folder
from fieldsurvey.store import Store
from fieldsurvey.sync import diary
from fieldsurvey.sync.enrolment import Credentials, accept, credentials, new_request, request_as_json
from fieldsurvey.sync.exchange import Exchange, SyncResult, areas_of, known_peer, present
from fieldsurvey.sync.folder import FileCarrier, FolderCarrier
from fieldsurvey.sync.http import HttpCarrier
from fieldsurvey.sync.keys import device_signer
from fieldsurvey.sync.listing import Listing, Tally
from fieldsurvey.sync.package import SUFFIX
from fieldsurvey.sync.peers import Carrier, Hello, hello_of

_LOOKED = 20_000  # revisions that a preview counts one by one


@dataclass(frozen=True, slots=True)
class Preview:
    """What an exchange would do.

    Attributes:
        to_send, to_receive: Revisions.
        going, coming: The same in records and files, as people count them.
    """

    to_send: int
    to_receive: int
    going: Listing
    coming: Listing


def carrier_for(target: str, token: str | None, control: JobControl | None = None) -> Carrier:
    """Return the way to a target: http(s) URL, folder, or .fsx file.

    Args:
        target: Where to.
        token: For a hub that does not know this computer; None: what was kept when it was enrolled.
        control: Whoever may cancel while the hub is waited for.

    Raises:
        UsageError: If the target is empty.
        SyncError: If it does not exist.
    """
    if not target:
        raise UsageError(_("Name a hub: an address, a folder, or a file ending in .fsx."))
    if target.startswith(("http://", "https://")):
        known = credentials(target)
        if known is not None:
            return HttpCarrier(target, token or known.token, known.pin, control)
        return HttpCarrier(target, token or "", "", control)
    path, signer = Path(target), device_signer()
    return FileCarrier(path, signer) if path.suffix == SUFFIX else FolderCarrier(path, signer)


def sync(store: Store, target: str, *, token: str | None = None, control: JobControl | None = None) -> SyncResult:
    """Exchange with a hub, a folder or a file.

    Raises:
        SyncError: If it broke off or was refused; what was confirmed stays.
        JobCancelled: If the user stopped it; likewise.
    """
    control = control or JobControl()
    try:
        found = _exchanged(store, target, token, control)
    except FieldSurveyError as error:
        _note_failure(store, target, str(error))
        raise
    except JobCancelled:
        _note_failure(store, target, _("Stopped by hand."))
        raise
    counts = (found.sent, found.received, found.blobs_sent, found.blobs_received)
    diary.note(store, diary.Entry(now_millis(), target, True, *counts, text="\n".join(found.damaged)))
    return found


def _exchanged(store: Store, target: str, token: str | None, control: JobControl) -> SyncResult:
    carrier = carrier_for(target, token, control)
    try:
        return Exchange(store, carrier, control, device_signer()).run()
    finally:
        carrier.close()


def _note_failure(store: Store, target: str, text: str) -> None:
    with contextlib.suppress(StoreError):  # the disk may be what failed
        diary.failed(store, target, text)


def enrol(hub: str, code: str, *, pin: str = "", name: str = "", control: JobControl | None = None) -> Credentials:
    """Become known to a hub with a one-time code.

    Args:
        hub: Its address.
        code: As the office gave it.
        pin: SHA-256 of the certificate that a person has confirmed; empty where an authority vouches for it.
        name: What people call this computer.
        control: Whoever may cancel.

    Raises:
        SyncError: If nobody answers, the certificate is another one, or the code is not good.
    """
    carrier = HttpCarrier(hub, "", pin, control)
    try:
        return accept(carrier.enrol(request_as_json(new_request(name)), code), hub, pin)
    finally:
        carrier.close()


def preview(store: Store, target: str, *, token: str | None = None, control: JobControl | None = None) -> Preview:
    """Return what an exchange would do; nothing is changed on either side.

    Raises:
        SyncError: If the other side is out of reach or refuses.
        JobCancelled: If the user stopped it.
    """
    control = control or JobControl()
    carrier = carrier_for(target, token, control)
    try:
        theirs = carrier.hello(hello_of(store))
        mine = store.version_vector()
        to_receive = sum(max(0, upto - mine.get(o, (0, b""))[0]) for o, (upto, _chain) in theirs.heads.items())
        going, coming = Tally(), Tally()
        to_send = _look_out(store, theirs, going, control)
        _look_in(store, carrier, theirs, coming, control)
        for blob in carrier.missing_blobs(present(store)):
            going.file(blob)
        have = {blob.sha256 for blob in present(store)}
        for blob in carrier.blobs():
            if blob.sha256 not in have:
                coming.file(blob)
        unseen = max(0, to_receive - coming.revisions) if coming.revisions >= _LOOKED else 0
        return Preview(
            to_send,
            max(to_receive, coming.revisions),
            going.listing(store, to_send - going.revisions),
            coming.listing(store, unseen),
        )
    finally:
        carrier.close()


def _look_out(store: Store, theirs: Hello, tally: Tally, control: JobControl) -> int:
    """Count what we have beyond the other side's heads; return how much that is, looked at or not."""
    total = 0
    for origin, upto in sorted(store.held().items()):
        after = theirs.heads.get(origin, (0, b""))[0]
        total += max(0, upto - after)
        while tally.revisions < _LOOKED and (page := store.revisions_after(origin, after)):
            control.step(tally.revisions, None, _("Looking what will go"))
            tally.add(page)
            after = page[-1].seq
    return total


def _look_in(store: Store, carrier: Carrier, theirs: Hello, tally: Tally, control: JobControl) -> None:
    """Count what the other side has and we lack."""
    cursor = known_peer(store, theirs).cursor
    for parcels, _cursor in carrier.pull(cursor, store.version_vector(), areas_of(store)):
        control.step(tally.revisions, None, _("Looking what will come"))
        with contextlib.suppress(*([SyncError] if theirs.kind == "files" else [])):  # a damaged package is told at sync
            for parcel in parcels:
                new = store.unknown(revision.rid for revision in parcel.revisions)
                tally.add(revision for revision in parcel.revisions if revision.rid in new)
        if tally.revisions >= _LOOKED:
            return


def clone(target: str, path: Path, *, token: str | None = None, control: JobControl | None = None) -> None:
    """Make a new project file from a hub, folder or file.

    What came before a break is kept beside it, and the next try goes on from there.

    Raises:
        InputRefused: If the file is there already.
        SyncError: If the other side has no project yet, or breaks off.
        JobCancelled: If the user stopped it.
    """
    if path.exists():
        raise InputRefused(_("{file} exists already. Choose another name, or open it.").format(file=path.name))
    carrier = carrier_for(target, token, control)
    try:
        theirs = carrier.hello(Hello("", "", "", "", "", {}, [], []))
    finally:
        carrier.close()
    if not theirs.project:
        raise SyncError(_("The hub has no project yet. Sync from the laptop that has it first."))
    part = path.with_name(f"{path.stem}.part{path.suffix}")
    with _begun(part, theirs) as store:
        sync(store, target, token=token, control=control)
    _move_media(media_folder(part), media_folder(path))
    part.replace(path)


def _move_media(source: Path, target: Path) -> None:
    """Move photos into a folder that an earlier project of the same name may have left; a name is a hash."""
    if not source.exists():
        return
    for file in [found for found in source.rglob("*") if found.is_file()]:
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        file.replace(place)
    shutil.rmtree(source)


def _begun(part: Path, theirs: Hello) -> Store:
    """Return what an earlier try received of a project, or a new file for it."""
    if part.exists():
        store = Store.open(part)
        if store.project == theirs.project:
            return store
        store.close()
        part.unlink()
    return Store.create(part, crs=theirs.crs, name=theirs.name, project=theirs.project)


__all__ = ["Preview", "SyncResult", "carrier_for", "clone", "preview", "sync"]
