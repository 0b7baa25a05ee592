"""A hub without a network: it reads what laptops wrote, and writes what they lack with its signed confirmation.

Whatever keeps the data, and judged as over the network: by the devices that signed.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from fieldsurvey.errors import SyncError
from fieldsurvey.hub import admin
from fieldsurvey.hub.accounts import Account, Accounts
from fieldsurvey.hub.audit import Audit
from fieldsurvey.hub.devices import Devices
from fieldsurvey.hub.restored import FeedMark
from fieldsurvey.hub.service import Service
from fieldsurvey.hub.storage import REJECTED
from fieldsurvey.i18n import _
from fieldsurvey.model.revision import Revision
from fieldsurvey.model.role import Role
from fieldsurvey.store import Blob
from fieldsurvey.sync.exchange import SyncResult
from fieldsurvey.sync.folder import FileCarrier, FolderCarrier
from fieldsurvey.sync.package import SUFFIX, Package
from fieldsurvey.sync.peers import Hello, hello_from_json, signed
from fieldsurvey.sync.wire import encode, runs

_PIECE = 4 << 20
_PAGE = 2000  # revisions
_NOBODY = Account("", "", Role.SURVEYOR)


def exchange(folder: Path, target: str) -> SyncResult:
    """Exchange with a folder or a package.

    Raises:
        SyncError: If the target cannot be read or written.
        StoreError: If the hub's data cannot be opened.
    """
    accounts = Accounts(folder)
    devices = Devices(folder, accounts)
    settings = accounts.settings
    blobs = admin.open_blobs(folder, settings)
    audit = Audit(folder)
    service = Service(
        lambda: admin.open_storage(folder, settings, blobs), blobs, 1, devices, devices.signer, FeedMark(folder)
    )
    try:
        carrier = (FileCarrier if Path(target).suffix == SUFFIX else FolderCarrier)(Path(target), devices.signer)
        try:
            return _Stick(service, devices, audit, carrier).run()
        finally:
            carrier.close()
    finally:
        service.close()
        audit.close()


class _Stick:
    def __init__(self, service: Service, devices: Devices, audit: Audit, carrier: FolderCarrier) -> None:
        self._service, self._devices, self._audit, self._carrier = service, devices, audit, carrier
        self._told: list[str] = []
        self._received = self._files = 0

    def run(self) -> SyncResult:
        """Take in every package, then write one with what they lack."""
        for package in self._carrier.packages():
            try:
                self._take(package)
            except SyncError as error:
                self._told.append(str(error))
        sent, files = self._give()
        if held := [entry for entry in self._service.held().result() if entry.reason != REJECTED]:
            self._told.append(_("{n} edits are held back: fieldsurvey hub quarantine list").format(n=len(held)))
        conflicts = self._service.counts().result().conflicts
        told = (*self._carrier.damaged, *self._told)
        return SyncResult(sent, self._received, files, self._files, conflicts, told)

    # --- in ----------------------------------------------------------------------------------------------------------

    def _take(self, package: Package) -> None:
        if package.key == self._devices.signer.key:
            return  # our own, of an earlier exchange
        account = self._devices.account_of_key(package.key) if package.key else None
        if account is None and self._devices.all():
            text = _("The package {file} is signed by a device that the hub does not know.")
            raise SyncError(text.format(file=package.path.name))
        self._service.hello(replace(package.hello, at_ms=0).as_json()).result()  # when it was written is not now
        self._fetch(package, datasets=True)
        for parcel in package.batches():
            if self._service.is_built_elsewhere(parcel).result():
                text = _(
                    "{file} holds edits made on another line of a copied laptop. Sync that laptop with the hub first."
                )
                raise SyncError(text.format(file=package.path.name))
            done = self._service.push(parcel, account or _NOBODY).result()
            self._received += done.new
        self._fetch(package, datasets=False)
        login = account.login if account else ""
        self._audit.note("package", login=login, address="stick", file=package.path.name)

    def _fetch(self, package: Package, *, datasets: bool) -> None:
        blobs = [blob for blob in package.blobs() if blob.is_dataset == datasets]
        lacking = set(self._service.announce(blobs).result())
        for blob in blobs:
            if blob.sha256 in lacking:
                self._append(package, blob)

    def _append(self, package: Package, blob: Blob) -> None:
        have = self._service.have(blob.sha256).result()
        with package.open_blob(blob) as source:
            source.seek(have)
            while have < blob.size and (piece := source.read(_PIECE)):
                before, have = have, self._service.append(blob.sha256, have, piece).result()
                if have <= before:
                    text = _("A photo in {file} is damaged and was left out.")
                    raise SyncError(text.format(file=package.path.name))
        self._files += 1

    # --- out ---------------------------------------------------------------------------------------------------------

    def _give(self) -> tuple[int, int]:
        """Write what no package holds, with the signed state of the hub; return revisions and files."""
        mine = hello_from_json(self._service.hello(_asking().as_json()).result())
        if not mine.project:
            raise SyncError(_("The hub has no project yet. Sync from the laptop that has it first."))
        known = sorted((d.key, d.alg, d.name, d.revoked) for d in self._devices.all())
        held = [(entry.revision.rid, entry.reason) for entry in self._service.held().result()]
        mine = signed(replace(mine, devices=known, held=held[:1000]), self._devices.signer)
        theirs = self._carrier.hello(mine)
        sent = 0
        for run in self._lacking(theirs):
            link = self._service.link_before(run[0].rid).result()
            if link is not None:
                self._carrier.push(encode(run, link, self._devices.signer), run[0].origin, run[0].seq, run[-1].seq)
                sent += len(run)
        files = self._carrier.missing_blobs(self._service.blobs().result())
        for blob in files:
            if (path := self._service.local(blob.sha256).result()) is not None:
                self._carrier.send_blob(blob, path)
        self._carrier.finish_push()
        return sent, len(files)

    def _lacking(self, theirs: Hello) -> Iterator[list[Revision]]:
        """Yield what took effect at the hub and is in no package."""
        cursor = 0
        seen: set[int] = set()
        while True:
            page, reached = self._service.feed(cursor, _PAGE).result()
            if reached == cursor:
                return
            cursor = reached
            new = [r for r in page if r.seq > theirs.heads.get(r.origin, (0, b""))[0] and r.rid not in seen]
            seen |= {revision.rid for revision in new}
            yield from runs(sorted(new, key=lambda revision: revision.rid))


def _asking() -> Hello:
    return Hello("", "", "", "", "", {}, [], [])
