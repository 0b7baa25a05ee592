"""Who is believed: the hub whose key this project knows, and devices that are not revoked."""

import json
from dataclasses import replace

from fieldsurvey.errors import SyncError
from fieldsurvey.i18n import _
from fieldsurvey.store import Peer, Store
from fieldsurvey.sync import quarantine
from fieldsurvey.sync.folder import FolderCarrier
from fieldsurvey.sync.keys import device_signer
from fieldsurvey.sync.peers import Hello
from fieldsurvey.sync.wire import Parcel

_HUB_KEY = "hub.key"  # setting: public key of the hub that this copy of the project knows


def known_hub(store: Store) -> str:
    """Return the key of the hub that this copy of the project knows, empty if it has met none."""
    return store.setting(_HUB_KEY)


def trust_hub(store: Store, key: str) -> None:
    """Let this copy of the project know a hub, in place of the one before."""
    store.set_setting(_HUB_KEY, key)


def check_identity(store: Store, theirs: Hello) -> None:
    """Compare whoever answers with what is known of him; a hub met for the first time is remembered.

    Raises:
        SyncError: If the answer is not signed as it should be.
    """
    pinned = known_hub(store)
    if theirs.signature.alg != "none" and not theirs.is_signed:
        raise SyncError(_("The answer of the hub is not signed by the key that it names."))
    if theirs.kind == "hub" and pinned and theirs.signature.key != pinned:
        raise SyncError(
            _("This is not the hub that this project knows: it shows another key. Ask the office before you go on.")
        )
    if not theirs.is_signed:
        return
    if theirs.kind == "hub" and not pinned:
        trust_hub(store, theirs.signature.key)
    if theirs.kind == "hub" and list(theirs.devices) != store.devices():
        store.note_devices(theirs.devices)
    store.keep_statement(theirs.signature.key, theirs.kind, json.dumps(theirs.as_json()), theirs.at_ms)


def acknowledged(store: Store, said: Hello) -> dict[int, int]:
    """Return, per origin, how far a signed statement of a hub covers the log that is here, hash for hash."""
    mine = store.version_vector()
    places = [(o, min(upto, mine[o][0])) for o, (upto, _chain) in sorted(said.heads.items()) if o in mine]
    ours = dict(zip(places, store.chains(places), strict=True))
    return {
        origin: seq
        for origin, seq in places
        if seq and (said.heads[origin][0] > seq or ours[origin, seq] == said.heads[origin][1])
    }


def check_sender(parcel: Parcel, theirs: Hello) -> None:
    """Refuse a batch that a signing hub did not sign.

    Raises:
        SyncError: If it comes from somebody else.
    """
    if theirs.kind == "hub" and theirs.is_signed and parcel.key != theirs.signature.key:
        raise SyncError(_("A batch is signed by somebody else than the hub; nothing of it was taken."))


def believed(store: Store, carrier: FolderCarrier) -> list[str]:
    """Leave out packages of writers who are not to be believed; take over what hubs acknowledge in the others.

    A copy that knows which devices its hub has enrolled takes packages of these
    and of the hub only; one that knows none takes any that is whole.

    Returns:
        What was left out and why, each a sentence.
    """
    devices = {key: revoked for key, _alg, _name, revoked in store.devices()}
    told: list[str] = []
    for name, key in carrier.writers():
        is_known = key in devices or key == known_hub(store) or (key and key == own_key())
        if devices.get(key) or (devices and not is_known):
            carrier.leave_out(name)
            told.append(_("The package {file} is signed by a device that the hub does not know.").format(file=name))
    for said in carrier.statements():
        if said.signature.key == known_hub(store) and said.project == store.project:
            peer = store.peer(said.hub_id) or Peer(said.hub_id, said.epoch, 0, {})
            store.save_peer(replace(peer, acked={**peer.acked, **acknowledged(store, said)}))
            store.keep_statement(said.signature.key, said.kind, json.dumps(said.as_json()), said.at_ms)
            quarantine.remember(store, said.held)
    return told


def own_key() -> str:
    """Return the public key of this computer."""
    return device_signer().key
