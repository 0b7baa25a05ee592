"""The hub over HTTP (SYNC section 5): who asks, may he, and what goes back."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from fieldsurvey.errors import FieldSurveyError, InputRefused, SyncError
from fieldsurvey.hub import admin, devices
from fieldsurvey.hub.accounts import Account, Accounts
from fieldsurvey.hub.audit import Audit
from fieldsurvey.hub.devices import Devices
from fieldsurvey.hub.limits import Rate, Throttle
from fieldsurvey.hub.metrics import Metrics
from fieldsurvey.hub.openapi import document
from fieldsurvey.hub.restored import FeedMark
from fieldsurvey.hub.service import Service
from fieldsurvey.hub.sessions import PREFIX, Sessions
from fieldsurvey.i18n import _
from fieldsurvey.model.role import Role
from fieldsurvey.store import Blob, Fork, Tampered
from fieldsurvey.sync.answering import understood
from fieldsurvey.sync.enrolment import answer_as_json, request_from_json
from fieldsurvey.sync.http import PULL_LIMIT
from fieldsurvey.sync.peers import hello_from_json, signed
from fieldsurvey.sync.wire import MAX_BATCH

_SHA = re.compile(r"[0-9a-f]{64}")
_MAX_BODY = MAX_BATCH + (1 << 20)
_MAX_ROWS = 200_000  # of one announcement of files
_MAX_CURSOR = (1 << 63) - 1
_REQUESTS_PER_SECOND, _REQUEST_BURST = 100.0, 500.0  # per account
_BYTES_PER_SECOND, _BYTE_BURST = 32e6, 256e6
_LOGINS_PER_SECOND, _LOGIN_BURST = 2.0, 20.0  # per address: each costs a hash
_CODES = ((Tampered, 422), (InputRefused, 409), (SyncError, 422), (FieldSurveyError, 503))


class TooLarge(SyncError):
    """A request is beyond the limit."""


@dataclass(frozen=True, slots=True)
class Hub:
    """What one process of a hub works with."""

    service: Service
    accounts: Accounts
    devices: Devices
    sessions: Sessions
    audit: Audit
    metrics: Metrics
    throttle: Throttle
    requests: Rate
    bytes: Rate
    logins: Rate


Handler = Callable[[Request, Hub, Account], Awaitable[Response]]
Open = Callable[[Request, Hub], Awaitable[Response]]


def make_app(folder: Path) -> Starlette:
    """Return the application of a hub's folder."""
    holder: dict[str, Hub] = {}

    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        holder["hub"] = hub = open_hub(folder)
        yield
        await asyncio.to_thread(hub.service.close)
        hub.audit.close()

    def route(path: str, method: str, handler: Handler, role: Role = Role.SURVEYOR) -> Route:
        async def endpoint(request: Request) -> Response:
            return await _timed(request, holder["hub"], path, partial(_known, handler=handler, role=role))

        return Route(path, endpoint, methods=[method])

    def open_route(path: str, method: str, handler: Open) -> Route:
        async def endpoint(request: Request) -> Response:
            return await _timed(request, holder["hub"], path, handler)

        return Route(path, endpoint, methods=[method])

    routes = [
        open_route("/health", "GET", _health),
        open_route("/openapi.json", "GET", _openapi),
        open_route("/v1/login", "POST", _login),
        open_route("/v1/enroll", "POST", _enroll),
        route("/metrics", "GET", _metrics),
        route("/v1/hello", "POST", _hello),
        route("/v1/push", "POST", _push),
        route("/v1/pull", "GET", _pull),
        route("/v1/chains", "POST", _chains),
        route("/v1/blobs", "POST", _announce),
        route("/v1/blobs", "GET", _list),
        route("/v1/blob/{sha}", "HEAD", _have),
        route("/v1/blob/{sha}", "PATCH", _append),
        route("/v1/blob/{sha}", "GET", _fetch),
        route("/v1/status", "GET", _status),
        route("/v1/quarantine", "GET", _quarantine, Role.REVIEWER),
        route("/v1/quarantine", "POST", _let_go, Role.REVIEWER),
    ]
    return Starlette(routes=routes, lifespan=life)


def open_hub(folder: Path) -> Hub:
    """Open the parts of a hub's folder.

    Raises:
        FieldSurveyError: If the folder is no hub, or its data cannot be opened.
    """
    accounts = Accounts(folder)
    settings = accounts.settings
    blobs = admin.open_blobs(folder, settings)
    workers = admin.WORKERS if settings.database else 1
    known = Devices(folder, accounts)
    service = Service(
        lambda: admin.open_storage(folder, settings, blobs), blobs, workers, known, known.signer, FeedMark(folder)
    )
    return Hub(
        service, accounts, known, Sessions(folder, accounts), Audit(folder), Metrics(), Throttle(),
        Rate(_REQUESTS_PER_SECOND, _REQUEST_BURST), Rate(_BYTES_PER_SECOND, _BYTE_BURST),
        Rate(_LOGINS_PER_SECOND, _LOGIN_BURST),
    )  # fmt: skip


# --- around every request ------------------------------------------------------------------------------------------


async def _timed(request: Request, hub: Hub, path: str, handler: Open) -> Response:
    begin = time.perf_counter()
    answer = await _answered(request, hub, handler)
    hub.metrics.request(f"{request.method} {path}", answer.status_code, time.perf_counter() - begin)
    return answer


async def _answered(request: Request, hub: Hub, handler: Open) -> Response:
    try:
        return await handler(request, hub)
    except TooLarge as error:
        return _refusal(413, str(error))
    except Fork as error:
        return JSONResponse({"error": str(error), "fork": error.origin}, 409)
    except FieldSurveyError as error:
        return _refusal(next(code for kind, code in _CODES if isinstance(error, kind)), str(error))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, ClientDisconnect):
        return _refusal(400, _("The request is not of the form that this hub understands."))


def _refusal(code: int, sentence: str, wait_ms: int = 0) -> Response:
    headers = {"Retry-After": str(-(-wait_ms // 1000))} if wait_ms else {}
    if code == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": sentence}, code, headers)


async def _known(request: Request, hub: Hub, *, handler: Handler, role: Role) -> Response:
    """Let somebody with an account through, at a pace that leaves room for others."""
    address = _address(request)
    if wait := hub.throttle.wait_ms(address):
        return _too_fast(wait)
    account = await _account(request, hub)
    if account is None:
        return _unknown(request, hub)
    if not account.role.covers(role):
        hub.audit.note("forbidden", login=account.login, address=address, path=request.url.path)
        return _refusal(403, _("Your account may not do this."))
    size = int(request.headers.get("Content-Length") or 0)
    if size > _MAX_BODY:
        return _refusal(413, _("The package is larger than the hub accepts."))
    if wait := hub.requests.wait_ms(account.login) or (hub.bytes.wait_ms(account.login, size) if size else 0):
        return _too_fast(wait)
    return await handler(request, hub, account)


def _unknown(request: Request, hub: Hub) -> Response:
    """Refuse somebody without an account; a device that was revoked hears so."""
    address, path = _address(request), request.url.path
    if hub.devices.is_revoked_token(request.headers.get("Authorization", "").partition(" ")[2]):
        hub.audit.note("revoked device", address=address, path=path)
        return _refusal(403, _("This device was revoked. Ask the office."))
    hub.throttle.failed(address)
    hub.audit.note("refused", address=address, path=path)
    return _refusal(401, _("The hub does not know this token. Ask the office for a new one."))


def _too_fast(wait_ms: int) -> Response:
    text = _("Too many requests. Try again in {n} seconds.").format(n=-(-wait_ms // 1000))
    return _refusal(429, text, wait_ms)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


async def _account(request: Request, hub: Hub) -> Account | None:
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not token:
        return None
    if token.startswith(PREFIX):
        return hub.sessions.account_of(token)
    if token.startswith(devices.PREFIX):
        return hub.devices.account_of(token)
    found = hub.accounts.remembered(token)
    return found or await asyncio.to_thread(hub.accounts.of_token, token)


async def _body(request: Request) -> bytes:
    """Return the body, refusing one beyond the limit before it fills the memory."""
    found, is_whole = await _as_much_as_came(request)
    if not is_whole:
        raise ClientDisconnect
    return found


async def _as_much_as_came(request: Request) -> tuple[bytes, bool]:
    """Return a body, and whether the client stayed to its end."""
    found = bytearray()
    try:
        async for piece in request.stream():
            found += piece
            if len(found) > _MAX_BODY:
                raise TooLarge(_("The package is larger than the hub accepts."))
    except ClientDisconnect:
        return bytes(found), False
    return bytes(found), True


async def _json(request: Request) -> Any:  # noqa: ANN401 - whatever was sent
    return json.loads(await _body(request))


# --- without an account --------------------------------------------------------------------------------------------


async def _health(_request: Request, hub: Hub) -> Response:
    """Say whether the data can be read: what a load balancer asks."""
    await asyncio.wait_for(asyncio.wrap_future(hub.service.held()), 10)
    return JSONResponse({"ok": True})


async def _openapi(_request: Request, _hub: Hub) -> Response:
    return JSONResponse(document())


async def _login(request: Request, hub: Hub) -> Response:
    raw = await _json(request)
    login, password = str(raw["login"])[:200], str(raw["password"])[:1000]
    address = _address(request)
    names = (address, f"login {login}")
    if wait := hub.throttle.wait_ms(*names) or hub.logins.wait_ms(address):
        return _too_fast(wait)
    account = await asyncio.to_thread(hub.accounts.of_password, login, password)
    if account is None:
        hub.throttle.failed(*names)
        hub.audit.note("login failed", login=login, address=address)
        return _refusal(401, _("Login or password is wrong."))
    hub.throttle.succeeded(*names)
    hub.audit.note("login", login=login, address=address)
    session, until = hub.sessions.begin(account)
    return JSONResponse({"session": session, "until_ms": until, "role": str(account.role)})


async def _enroll(request: Request, hub: Hub) -> Response:
    """Let a device in with a one-time code."""
    raw = await _json(request)
    asked, code, address = request_from_json(raw), str(raw["code"])[:100], _address(request)
    if wait := hub.throttle.wait_ms(address):
        return _too_fast(wait)
    try:
        answer = hub.devices.enrol(asked, code)
    except InputRefused as error:
        hub.throttle.failed(address)
        hub.audit.note("enrolment failed", address=address, device=asked.name)
        return _refusal(403, str(error))
    hub.throttle.succeeded(address)
    hub.audit.note("enrolled", login=answer.login, address=address, device=asked.name)
    return JSONResponse(answer_as_json(answer))


# --- exchange ------------------------------------------------------------------------------------------------------


async def _hello(request: Request, hub: Hub, account: Account) -> Response:
    raw: dict[str, Any] = await _json(request)
    theirs = understood(raw)
    if hub.devices.is_revoked(theirs.signature.key):
        hub.audit.note("revoked device", login=account.login, address=_address(request))
        return _refusal(403, _("This device was revoked. Ask the office."))
    answer = await asyncio.wrap_future(hub.service.hello(raw))
    known = [(d.key, d.alg, d.name, d.revoked) for d in hub.devices.all()]
    view = await asyncio.wrap_future(hub.service.view(account))
    rights = await asyncio.wrap_future(hub.service.rights(account))
    told = replace(hello_from_json(answer), devices=sorted(known), view=view, role=str(account.role), rights=rights)
    answer = signed(told, hub.devices.signer).as_json()
    hub.audit.note("hello", login=account.login, address=_address(request), replica=str(raw.get("hub", "")))
    return JSONResponse(answer)


async def _push(request: Request, hub: Hub, account: Account) -> Response:
    if wait := hub.service.busy_ms():
        hub.metrics.add("pushes_put_off")
        return _refusal(429, _("The hub is busy. Try again in {n} seconds.").format(n=-(-wait // 1000)), wait)
    done = await asyncio.wrap_future(hub.service.push(await _body(request), account))
    hub.metrics.add("pushes")
    if done.held:
        hub.metrics.add("revisions_held", len(done.held))
        reasons = {str(rid): why for rid, why in done.held.items()}
        hub.audit.note("held", login=account.login, address=_address(request), revisions=reasons)
    held = [[rid, why] for rid, why in done.held.items()]
    return JSONResponse({"upto": done.upto, "new": done.new, "held": held, "conflicts": done.conflicts})


async def _pull(request: Request, hub: Hub, account: Account) -> Response:
    cursor, limit = int(request.query_params["cursor"]), int(request.query_params["limit"])
    limit = min(max(limit, 1), PULL_LIMIT)
    cursor = min(max(cursor, 0), _MAX_CURSOR)
    named = request.query_params.get("scopes")
    areas = None if named is None else [int(area) & _MAX_CURSOR for area in named.split(",") if area]
    return JSONResponse(await asyncio.wrap_future(hub.service.pull(cursor, limit, areas, account)))


async def _chains(request: Request, hub: Hub, _account: Account) -> Response:
    return JSONResponse(await asyncio.wrap_future(hub.service.chains(await _json(request))))


async def _status(_request: Request, hub: Hub, _account: Account) -> Response:
    counts = await asyncio.wrap_future(hub.service.counts())
    files = await asyncio.wrap_future(hub.service.blobs())
    found = {"files": len(files), "revisions": counts.revisions, "waiting": counts.waiting, "held": counts.held}
    return JSONResponse({**found, "conflicts": counts.conflicts, "records": dict(counts.records)})


async def _metrics(_request: Request, hub: Hub, _account: Account) -> Response:
    counts = await asyncio.wrap_future(hub.service.counts())
    gauges = {
        "revisions": counts.revisions, "waiting_revisions": counts.waiting, "held_revisions": counts.held,
        "open_conflicts": counts.conflicts, "feed_place": counts.feed,
    }  # fmt: skip
    return Response(hub.metrics.text(gauges), media_type="text/plain; version=0.0.4; charset=utf-8")


# --- quarantine ----------------------------------------------------------------------------------------------------


async def _quarantine(_request: Request, hub: Hub, _account: Account) -> Response:
    held = await asyncio.wrap_future(hub.service.held())
    return JSONResponse({"held": [admin.held_as_json(entry.revision, entry.reason) for entry in held]})


async def _let_go(request: Request, hub: Hub, account: Account) -> Response:
    asked = await _json(request)
    rids = [int(rid) for rid in asked["rids"]]
    if asked.get("reject"):
        if not account.role.covers(Role.ADMINISTRATOR):
            return _refusal(403, _("Your account may not do this."))
        refused = await asyncio.wrap_future(hub.service.reject(rids))
        hub.audit.note("rejected", login=account.login, address=_address(request), revisions=refused)
        return JSONResponse({"rejected": refused})
    free = await asyncio.wrap_future(hub.service.let_go(rids, account))
    hub.audit.note("let go", login=account.login, address=_address(request), revisions=free)
    return JSONResponse({"let_go": free})


# --- files ---------------------------------------------------------------------------------------------------------


async def _announce(request: Request, hub: Hub, _account: Account) -> Response:
    rows = await _json(request)
    if not isinstance(rows, list) or len(rows) > _MAX_ROWS:
        raise ValueError(rows)
    blobs = [Blob(_checked(sha), int(size), str(name)[:255], str(mime)[:127]) for sha, size, name, mime in rows]
    return JSONResponse({"missing": await asyncio.wrap_future(hub.service.announce(blobs))})


async def _list(_request: Request, hub: Hub, _account: Account) -> Response:
    found = await asyncio.wrap_future(hub.service.blobs())
    return JSONResponse({"blobs": [[blob.sha256, blob.size, blob.name, blob.mime] for blob in found]})


async def _have(request: Request, hub: Hub, _account: Account) -> Response:
    have = await asyncio.wrap_future(hub.service.have(_checked(request.path_params["sha"])))
    return Response(headers={"X-Have": str(have)})


async def _append(request: Request, hub: Hub, _account: Account) -> Response:
    sha, at = _checked(request.path_params["sha"]), int(request.query_params["at"])
    body, is_whole = await _as_much_as_came(request)
    have = await asyncio.wrap_future(hub.service.append(sha, at, body))
    if not is_whole:  # nobody hears it; the next try asks how much is here
        raise ClientDisconnect
    return JSONResponse({"have": have})


async def _fetch(request: Request, hub: Hub, _account: Account) -> Response:
    match = re.fullmatch(r"bytes=(\d{1,15})-", request.headers.get("Range", "bytes=0-"))
    start = int(match[1]) if match else 0
    found = await asyncio.wrap_future(hub.service.read(_checked(request.path_params["sha"]), start))
    if found is None:
        raise InputRefused(_("The hub does not have this file yet."))
    return StreamingResponse(found, 206 if start else 200, media_type="application/octet-stream")


def _checked(sha: object) -> str:
    if not isinstance(sha, str) or not _SHA.fullmatch(sha):
        raise ValueError(sha)
    return sha
