"""The way to a hub over HTTP."""

import json
import ssl
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from fieldsurvey.errors import SyncError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Blob, Fork
from fieldsurvey.sync import certificates
from fieldsurvey.sync.answering import chains_of, parcels_of
from fieldsurvey.sync.patience import PatientTransport
from fieldsurvey.sync.peers import Heads, Hello, hello_from_json
from fieldsurvey.sync.wire import Parcel

_TIMEOUT = httpx.Timeout(30.0, connect=8.0)
_PIECE = 1 << 20
_LONGEST_WAIT = 60.0  # seconds that a busy hub may ask us to wait
_MEGA = 1e6
_BEGINNINGS = 3  # a file whose hash is wrong at the hub begins anew; one that is wrong here does so for ever
PULL_LIMIT = 2000


class HttpCarrier:
    """Talks to a hub. Every request may be repeated without harm."""

    def __init__(self, url: str, token: str, pin: str = "", control: JobControl | None = None) -> None:
        """Prepare to talk; nothing is sent yet.

        Args:
            url: Address of the hub.
            token: For every request; empty for an enrolment.
            pin: SHA-256 of the only certificate that the hub may show; empty: any that an authority vouches for.
            control: Whoever may cancel while the hub is waited for, and hears how far a file is.

        Raises:
            SyncError: If it is no address.
        """
        self._url, self._control = url.rstrip("/"), control or JobControl()
        self._has_heard = False
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            place = urlsplit(self._url)
            if not place.hostname or place.port == 0:
                raise _no_address()
            self._client = httpx.Client(
                base_url=self._url,
                timeout=_TIMEOUT,
                headers=headers,
                trust_env=False,
                transport=PatientTransport(certificates.context(pin), self._control),
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise _no_address() from error

    def enrol(self, request: Mapping[str, Any], code: str) -> Mapping[str, Any]:
        """Ask to be known to the hub, with a one-time code."""
        return self._json("POST", "/v1/enroll", json={**request, "code": code})

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def hello(self, mine: Hello) -> Hello:
        """Exchange states.

        Raises:
            SyncError: If the hub refuses, or is out of reach.
        """
        answer = self._json("POST", "/v1/hello", json=mine.as_json())
        try:
            return hello_from_json(answer)
        except (KeyError, ValueError, TypeError) as error:
            raise _no_hub() from error

    def missing_blobs(self, blobs: Sequence[Blob]) -> list[Blob]:
        """Return which files the hub lacks."""
        rows = [[blob.sha256, blob.size, blob.name, blob.mime] for blob in blobs]
        lacking = set(self._json("POST", "/v1/blobs", json=rows)["missing"])
        return [blob for blob in blobs if blob.sha256 in lacking]

    def send_blob(self, blob: Blob, path: Path) -> None:
        """Send a file from where the hub's copy ends."""
        head = self._request("HEAD", f"/v1/blob/{blob.sha256}")
        done = int(head.headers.get("X-Have", "0"))
        begun = 0
        with path.open("rb") as source:
            while done < blob.size:
                self._tell(_("Sending photos"), blob, done)
                source.seek(done)
                answer = self._json(
                    "PATCH", f"/v1/blob/{blob.sha256}", params={"at": done}, content=source.read(_PIECE)
                )
                before, done = done, int(answer["have"])
                begun += done <= before
                if begun > _BEGINNINGS:
                    raise SyncError(_("The photo {name} is damaged on this computer.").format(name=blob.name))

    def push(self, batch: bytes, origin: int, first: int, upto: int) -> int:
        """Send a batch; the hub answers after its commit."""
        del origin, first, upto
        return int(self._json("POST", "/v1/push", content=batch)["upto"])

    def finish_push(self) -> None:
        """Nothing: each push was answered after its commit."""

    def pull(self, cursor: int, heads: Heads, areas: Sequence[int] | None) -> Iterator[tuple[Collection[Parcel], int]]:
        """Yield what stands in the hub's feed after a place."""
        del heads
        scopes = {} if areas is None else {"scopes": ",".join(map(str, areas))}
        while True:
            answer = self._json("GET", "/v1/pull", params={"cursor": cursor, "limit": PULL_LIMIT, **scopes})
            parcels, reached = parcels_of(answer)
            if reached == cursor:
                return
            cursor = reached
            yield parcels, cursor

    def chains(self, origin: int, seqs: Sequence[int]) -> list[bytes | None]:
        """Return the hub's hashes at these numbers of an origin."""
        return chains_of(self._json("POST", "/v1/chains", json={"origin": origin, "seqs": list(seqs)}))

    def held(self) -> list[Mapping[str, Any]]:
        """Return what the hub holds back, as it tells it to a reviewer."""
        try:
            return list(self._json("GET", "/v1/quarantine")["held"])
        except (KeyError, TypeError) as error:
            raise _no_hub() from error

    def decide(self, rids: Sequence[int], *, let_go: bool) -> int:
        """Let held edits take effect, or keep them without effect; return how many it was done with."""
        answer = self._json("POST", "/v1/quarantine", json={"rids": list(rids), "reject": not let_go})
        try:
            return len(answer["let_go" if let_go else "rejected"])
        except (KeyError, TypeError) as error:
            raise _no_hub() from error

    def blobs(self) -> list[Blob]:
        """Return every file the hub has."""
        return [
            Blob(str(s), int(n), str(name), str(mime)) for s, n, name, mime in self._json("GET", "/v1/blobs")["blobs"]
        ]

    def fetch_blob(self, blob: Blob, part: Path) -> None:
        """Append to a partial file what is still lacking."""
        done = part.stat().st_size if part.exists() else 0
        if done >= blob.size:
            return
        try:
            with (
                self._client.stream("GET", f"/v1/blob/{blob.sha256}", headers={"Range": f"bytes={done}-"}) as answer,
                part.open("ab") as out,
            ):
                _raise_for(answer)
                for piece in answer.iter_bytes(_PIECE):
                    out.write(piece)
                    done += len(piece)
                    self._tell(_("Receiving photos"), blob, done)
        except httpx.HTTPError as error:
            raise self._failure(error) from error

    def _tell(self, what: str, blob: Blob, done: int) -> None:
        self._control.step(done, blob.size, f"{what}: {blob.name} {done / _MEGA:.1f} / {blob.size / _MEGA:.1f} MB")

    def _failure(self, error: httpx.HTTPError) -> SyncError:
        """Return what happened, in a sentence."""
        found: BaseException | None = error
        while found is not None:
            if isinstance(found, certificates.OtherCertificate):
                text = _(
                    "The hub at {hub} shows another certificate than the one that was confirmed. "
                    "Nothing was sent. Ask the office before you go on."
                )
                return SyncError(text.format(hub=self._url))
            if isinstance(found, ssl.SSLCertVerificationError):
                text = _("No authority vouches for the certificate of {hub}. Enrol this computer and confirm its mark.")
                return SyncError(text.format(hub=self._url))
            if isinstance(found, ssl.SSLError):
                return SyncError(_("The hub at {hub} does not speak https. Try http:// instead.").format(hub=self._url))
            found = found.__cause__ or found.__context__
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return certificates.unreachable(self._url)
        if isinstance(error, httpx.RemoteProtocolError) and not self._has_heard and self._url.startswith("http:"):
            return SyncError(_("The hub at {hub} does not speak http. Try https:// instead.").format(hub=self._url))
        return _broken()

    def _json(self, method: str, path: str, **options: Any) -> Mapping[str, Any]:  # noqa: ANN401 - httpx's own options
        answer = self._request(method, path, **options)
        try:
            found: Mapping[str, Any] = answer.json()
        except json.JSONDecodeError as error:
            raise _no_hub() from error
        return found

    def _request(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own options
        try:
            answer = self._client.request(method, path, **options)
            while answer.status_code == 429 and (wait := float(answer.headers.get("Retry-After", 1))) <= _LONGEST_WAIT:
                self._control.pause(wait)
                answer = self._client.request(method, path, **options)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError) as error:
            raise _no_address() from error
        except httpx.HTTPError as error:
            raise self._failure(error) from error
        self._has_heard = True
        _raise_for(answer)
        return answer


def _raise_for(answer: httpx.Response) -> None:
    if answer.status_code == 401 and "Authorization" not in answer.request.headers:
        raise SyncError(_("The hub does not know this computer. Enrol it with a code of the office, or type a token."))
    if answer.status_code == 401:
        raise SyncError(_("The hub does not know this token. Ask the office for a new one."))
    if answer.status_code == 404:
        raise _no_hub()
    if answer.status_code >= 400 and (origin := _fork(answer)):
        raise Fork(_sentence(answer), origin)
    if answer.status_code >= 400:
        raise SyncError(_sentence(answer), retryable=answer.status_code >= 500)


def _sentence(answer: httpx.Response) -> str:
    """Return the hub's own sentence."""
    try:
        answer.read()
        return str(answer.json()["error"])
    except (json.JSONDecodeError, KeyError, TypeError, httpx.HTTPError):
        return _("The hub answered with error {code}.").format(code=answer.status_code)


def _fork(answer: httpx.Response) -> int:
    """Return the origin that the hub knows another line of, 0 if that is not what it says."""
    try:
        answer.read()
        return int(answer.json().get("fork", 0))
    except (ValueError, TypeError, AttributeError, httpx.HTTPError):
        return 0


def _broken() -> SyncError:
    return SyncError(_("The connection to the hub broke off. Sync again: it goes on where it stopped."), retryable=True)


def _no_address() -> SyncError:
    return SyncError(_("This is no address of a hub. Example: http://192.168.1.10:8765"))


def _no_hub() -> SyncError:
    return SyncError(_("There is no hub of this program at this address."))
