"""A hub without a network: it reads what laptops wrote, and writes what they lack with its signed confirmation."""

from pathlib import Path

from fieldsurvey.errors import InputRefused
from fieldsurvey.hub.accounts import Accounts
from fieldsurvey.hub.admin import PROJECT
from fieldsurvey.hub.devices import Devices
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from fieldsurvey.sync.exchange import Exchange, SyncResult
from fieldsurvey.sync.folder import FileCarrier, FolderCarrier
from fieldsurvey.sync.package import SUFFIX
from fieldsurvey.sync.session import clone


def exchange(folder: Path, target: str) -> SyncResult:
    """Exchange with a folder or a package.

    Raises:
        InputRefused: If the hub keeps its data in PostgreSQL.
        SyncError: If the target cannot be read or written.
    """
    accounts = Accounts(folder)
    if accounts.settings.database:
        raise InputRefused(
            _("This hub keeps its data in PostgreSQL: sync the stick with a laptop, and it with the hub.")
        )
    devices = Devices(folder, accounts)
    path = folder / PROJECT
    if not path.exists():
        clone(target, path)
    with Store.open(path) as store:
        store.note_devices((d.key, d.alg, d.name, d.revoked) for d in devices.all())
        carrier = _carrier(Path(target), devices)
        try:
            return Exchange(store, carrier, JobControl(), devices.signer, "hub").run()
        finally:
            carrier.close()


def _carrier(target: Path, devices: Devices) -> FolderCarrier:
    return (FileCarrier if target.suffix == SUFFIX else FolderCarrier)(target, devices.signer)
