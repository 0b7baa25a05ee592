"""A small client for S3-compatible stores (MinIO, Ceph, Garage, OSS gateways): put, get, size.

Requests are signed as AWS Signature Version 4 says ("Authenticating Requests:
Using the Authorization Header", docs.aws.amazon.com/AmazonS3/latest/API). The
two keys come from the environment and are written nowhere.
"""

import hashlib
import hmac
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx

from fieldsurvey.errors import StoreError, UsageError
from fieldsurvey.i18n import _
from fieldsurvey.store.media import pieces

ID_VARIABLE, KEY_VARIABLE = "FIELDSURVEY_S3_ACCESS_KEY_ID", "FIELDSURVEY_S3_SECRET_ACCESS_KEY"
EMPTY = hashlib.sha256(b"").hexdigest()
_TIMEOUT = httpx.Timeout(60.0, connect=8.0)
_PIECE = 1 << 20
_TRIES = 3


def signature(
    method: str, url: str, headers: Mapping[str, str], payload: str, secret: str, region: str
) -> tuple[str, str]:
    """Return the list of signed headers and the signature of a request.

    Args:
        method: GET, PUT, HEAD.
        url: Full address, path percent-encoded.
        headers: Headers to sign, lower case; x-amz-date among them.
        payload: SHA-256 of the body in hex.
        secret: The secret key.
        region: Region of the store.
    """
    parts = urlsplit(url)
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    canonical = f"{method}\n{parts.path}\n{parts.query}\n{lines}\n{names}\n{payload}"
    moment = headers["x-amz-date"]
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in (moment[:8], region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return names, hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class S3Store:
    """One bucket, and a prefix in it (blobs.ObjectStore)."""

    def __init__(self, endpoint: str, bucket: str, prefix: str = "", region: str = "us-east-1") -> None:
        """Prepare the client.

        Raises:
            UsageError: If the keys are not in the environment.
        """
        self._id, self._secret = os.environ.get(ID_VARIABLE, ""), os.environ.get(KEY_VARIABLE, "")
        if not self._id or not self._secret:
            raise UsageError(_("Set {id} and {key} for the S3 store.").format(id=ID_VARIABLE, key=KEY_VARIABLE))
        base = (endpoint or f"https://s3.{region}.amazonaws.com").rstrip("/")
        self._base = f"{base}/{quote(bucket)}/{quote(prefix.strip('/') + '/' if prefix.strip('/') else '')}"
        self._region = region
        self._client = httpx.Client(timeout=_TIMEOUT, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def size(self, key: str) -> int | None:
        """Return the size of an object, None if there is none."""
        answer = self._send("HEAD", key)
        return None if answer.status_code == 404 else int(answer.headers["Content-Length"])

    def put(self, key: str, path: Path, sha256: str) -> None:
        """Upload a file; the store checks its hash."""
        self._send("PUT", key, path, sha256)

    def get(self, key: str, start: int) -> Iterator[bytes]:
        """Yield the bytes of an object from a place on."""
        url = self._base + quote(key)
        headers = self._signed("GET", url, EMPTY, {"range": f"bytes={start}-"})
        try:
            with self._client.stream("GET", url, headers=headers) as answer:
                _check(answer)
                yield from answer.iter_bytes(_PIECE)
        except httpx.HTTPError as error:
            raise _unreachable() from error

    def _send(self, method: str, key: str, path: Path | None = None, sha256: str = EMPTY) -> httpx.Response:
        url = self._base + quote(key)
        for left in reversed(range(_TRIES)):
            headers = self._signed(method, url, sha256, {})
            if path is not None:
                headers["Content-Length"] = str(path.stat().st_size)
            try:
                answer = self._client.request(
                    method, url, headers=headers, content=pieces(path) if path is not None else None
                )
            except httpx.HTTPError as error:
                if not left:
                    raise _unreachable() from error
                continue
            if answer.status_code < 500 or not left:
                break
        if answer.status_code != 404 or method != "HEAD":
            _check(answer)
        return answer

    def _signed(self, method: str, url: str, payload: str, more: Mapping[str, str]) -> dict[str, str]:
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": urlsplit(url).netloc, "x-amz-content-sha256": payload, "x-amz-date": moment, **more}
        names, mark = signature(method, url, headers, payload, self._secret, self._region)
        scope = f"{moment[:8]}/{self._region}/s3/aws4_request"
        credential = f"AWS4-HMAC-SHA256 Credential={self._id}/{scope}, SignedHeaders={names}, Signature={mark}"
        return {**headers, "Authorization": credential}


def _check(answer: httpx.Response) -> None:
    if answer.status_code >= 400:
        text = _("The S3 store refused with error {code}. Check bucket and keys.")
        raise StoreError(text.format(code=answer.status_code))


def _unreachable() -> StoreError:
    return StoreError(_("The S3 store is out of reach."))
