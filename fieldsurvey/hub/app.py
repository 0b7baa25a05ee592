"""The hub over HTTP (SYNC section 5)."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from fieldsurvey.errors import FieldSurveyError, InputRefused, SyncError
from fieldsurvey.hub.admin import account_of
from fieldsurvey.hub.service import Service
from fieldsurvey.i18n import _
from fieldsurvey.store import Fork
from fieldsurvey.store.media import pieces
from fieldsurvey.sync.http import PULL_LIMIT
from fieldsurvey.sync.wire import MAX_BATCH

_SHA = re.compile(r"[0-9a-f]{64}")
_MAX_BODY = MAX_BATCH + (1 << 20)
_CODES = ((Fork, 409), (InputRefused, 409), (SyncError, 422), (FieldSurveyError, 503))
Handler = Callable[[Request, Service], Awaitable[Response]]


def make_app(folder: Path) -> Starlette:
    """Return the application of a hub's folder."""
    holder: dict[str, Service] = {}

    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        holder["service"] = Service(folder)
        yield
        holder["service"].close()

    def route(path: str, method: str, handler: Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            return await _answered(request, folder, holder["service"], handler)

        return Route(path, endpoint, methods=[method])

    routes = [
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
    ]
    return Starlette(routes=routes, lifespan=life)


async def _answered(request: Request, folder: Path, service: Service, handler: Handler) -> Response:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if account_of(folder, token) is None:
        return JSONResponse({"error": _("The hub does not know this token. Ask the office for a new one.")}, 401)
    try:
        return await handler(request, service)
    except FieldSurveyError as error:
        code = next(code for kind, code in _CODES if isinstance(error, kind))
        fork = {"fork": error.origin} if isinstance(error, Fork) else {}
        return JSONResponse({"error": str(error), **fork}, code)
    except (ValueError, KeyError, TypeError):
        return JSONResponse({"error": _("The request is not of the form that this hub understands.")}, 400)


async def _body(request: Request) -> bytes:
    """Return the body, refusing one beyond the limit before it fills the memory."""
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > _MAX_BODY:
            raise SyncError(_("The package is larger than the hub accepts."))
    return bytes(found)


async def _hello(request: Request, service: Service) -> Response:
    raw: dict[str, Any] = json.loads(await _body(request))
    return JSONResponse(await asyncio.wrap_future(service.hello(raw)))


async def _push(request: Request, service: Service) -> Response:
    return JSONResponse(await asyncio.wrap_future(service.push(await _body(request))))


async def _pull(request: Request, service: Service) -> Response:
    cursor, limit = int(request.query_params["cursor"]), int(request.query_params["limit"])
    areas = (
        [int(area) for area in request.query_params["scopes"].split(",")] if "scopes" in request.query_params else None
    )
    return JSONResponse(await asyncio.wrap_future(service.pull(cursor, min(max(limit, 1), PULL_LIMIT), areas)))


async def _chains(request: Request, service: Service) -> Response:
    raw: dict[str, Any] = json.loads(await _body(request))
    return JSONResponse(await asyncio.wrap_future(service.chains(raw)))


async def _announce(request: Request, service: Service) -> Response:
    rows: list[list[Any]] = json.loads(await _body(request))
    for row in rows:
        _checked(str(row[0]))
    return JSONResponse({"missing": await asyncio.wrap_future(service.announce(rows))})


async def _list(_request: Request, service: Service) -> Response:
    found = await asyncio.wrap_future(service.blobs())
    return JSONResponse({"blobs": [[blob.sha256, blob.size, blob.name, blob.mime] for blob in found]})


async def _have(request: Request, service: Service) -> Response:
    have = await asyncio.wrap_future(service.have(_checked(request.path_params["sha"])))
    return Response(headers={"X-Have": str(have)})


async def _append(request: Request, service: Service) -> Response:
    sha, at = _checked(request.path_params["sha"]), int(request.query_params["at"])
    have = await asyncio.wrap_future(service.append(sha, at, await _body(request)))
    return JSONResponse({"have": have})


async def _fetch(request: Request, service: Service) -> Response:
    path = await asyncio.wrap_future(service.place(_checked(request.path_params["sha"])))
    if path is None:
        raise InputRefused(_("The hub does not have this file yet."))
    match = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", "bytes=0-"))
    start = int(match[1]) if match else 0
    return StreamingResponse(pieces(path, start), 206 if start else 200, media_type="application/octet-stream")


async def _status(_request: Request, service: Service) -> Response:
    found = await asyncio.wrap_future(service.blobs())
    return JSONResponse({"files": len(found)})


def _checked(sha: str) -> str:
    if not _SHA.fullmatch(sha):
        raise ValueError(sha)
    return sha
