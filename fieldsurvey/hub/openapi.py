"""The description of the hub's HTTP interface (OpenAPI 3.1), served at /openapi.json and used to fuzz it."""

from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SHA: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_SHA_IN_PATH: Schema = {"name": "sha", "in": "path", "required": True, "schema": _SHA}


def _object(required: str = "", **properties: Schema) -> Schema:
    return {"type": "object", "required": required.split(), "properties": properties}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


_ERROR = _object("error", error=_TEXT, fork=_COUNT)
_HELLO = _object(
    "project name crs hub epoch heads tables actors",
    project=_TEXT, name=_TEXT, crs=_TEXT, hub=_TEXT, epoch=_TEXT,
    heads={"type": "object", "additionalProperties": _list({})}, tables=_list(_TEXT), actors=_list(_list({})),
)  # fmt: skip
_HELD = _object(
    "rid reason why", rid=_COUNT, origin=_COUNT, seq=_COUNT, table=_TEXT, uid=_TEXT, kind=_TEXT, at=_TEXT,
    at_ms=_COUNT, reason=_TEXT, why=_TEXT, actor=_COUNT, scope=_COUNT, fields={"type": "object"},
)  # fmt: skip
_COUNTS = _object("files revisions waiting held conflicts", files=_COUNT, revisions=_COUNT, waiting=_COUNT, held=_COUNT)
_PUSHED = _object("upto new held conflicts", upto=_COUNT, new=_COUNT, held=_list(_list({})), conflicts=_COUNT)
_BLOB_ROW: Schema = {
    "type": "array", "prefixItems": [_SHA, {"type": "integer"}, _TEXT, _TEXT], "minItems": 4, "maxItems": 4,
}  # fmt: skip
_BLOB_SHOWN: Schema = _list({"type": ["string", "integer"]}) | {"minItems": 4, "maxItems": 4}
_BINARY: Schema = {"type": "string", "format": "binary"}


def _query(name: str) -> Schema:
    return {"name": name, "in": "query", "required": True, "schema": _COUNT}


def _operation(
    summary: str,
    answer: Schema | str,
    *,
    body: Schema | None = None,
    kind: str = "application/json",
    parameters: list[Schema] | None = None,
    is_open: bool = False,
) -> Schema:
    """Return one operation; every one may also answer with a sentence that says why not."""
    failures = ("400", "401", "403", "404", "409", "413", "422", "429", "503")
    refused = {"description": "why not", "content": {"application/json": {"schema": _ERROR}}}
    good: Schema = {"description": "done"}
    if isinstance(answer, str):
        good |= {"content": {answer: {"schema": _TEXT}}} if answer else {}
    else:
        good |= {"content": {"application/json": {"schema": answer}}}
    found: Schema = {"summary": summary, "responses": {"200": good, **dict.fromkeys(failures, refused)}}
    if body is not None:
        found["requestBody"] = {"required": True, "content": {kind: {"schema": body}}}
    if parameters:
        found["parameters"] = parameters
    return found | ({"security": []} if is_open else {})


def document() -> Schema:
    """Return the description."""
    octets = "application/octet-stream"
    return {
        "openapi": "3.1.0",
        "info": {"title": "FieldSurvey hub", "version": "1"},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
        "paths": {
            "/health": {"get": _operation("Is the hub well?", _object("ok", ok={"type": "boolean"}), is_open=True)},
            "/openapi.json": {"get": _operation("This document", {"type": "object"}, is_open=True)},
            "/metrics": {"get": _operation("Numbers for Prometheus", "text/plain")},
            "/v1/login": {
                "post": _operation(
                    "Begin a session", _object("session until_ms role", session=_TEXT, until_ms=_COUNT, role=_TEXT),
                    body=_object("login password", login=_TEXT, password=_TEXT), is_open=True,
                )
            },
            "/v1/enroll": {
                "post": _operation(
                    "Make a device known, with a one-time code",
                    _object(
                        "token login device certificate alg key sig", token=_TEXT, login=_TEXT, device=_TEXT,
                        certificate=_TEXT, alg=_TEXT, key=_TEXT, sig=_TEXT,
                    ),
                    body=_object("name alg key sig code", name=_TEXT, alg=_TEXT, key=_TEXT, sig=_TEXT, code=_TEXT),
                    is_open=True,
                )
            },
            "/v1/hello": {"post": _operation("Exchange states", _HELLO, body=_HELLO)},
            "/v1/push": {"post": _operation("Take a batch", _PUSHED, body=_BINARY, kind=octets)},
            "/v1/pull": {
                "get": _operation(
                    "What took effect after a place in the feed",
                    _object("cursor batches", cursor=_COUNT, batches=_list(_TEXT)),
                    parameters=[_query("cursor"), _query("limit")],
                )
            },
            "/v1/chains": {
                "post": _operation(
                    "Hashes at numbers of an origin", _object("chains", chains=_list({"type": ["string", "null"]})),
                    body=_object("origin seqs", origin=_COUNT, seqs=_list(_COUNT)),
                )
            },
            "/v1/blobs": {
                "get": _operation("Files that are here", _object("blobs", blobs=_list(_BLOB_SHOWN))),
                "post": _operation("Announce files", _object("missing", missing=_list(_SHA)), body=_list(_BLOB_ROW)),
            },
            "/v1/blob/{sha}": {
                "parameters": [_SHA_IN_PATH],
                "head": _operation("How many bytes are here (X-Have)", ""),
                "get": _operation("The bytes, from a place on with Range", octets) | _partial(octets),
                "patch": _operation(
                    "Append bytes where the file ends", _object("have", have=_COUNT), body=_BINARY, kind=octets,
                    parameters=[_query("at")],
                ),
            },
            "/v1/status": {"get": _operation("How much is here", _COUNTS)},
            "/v1/quarantine": {
                "get": _operation("Revisions that were not allowed", _object("held", held=_list(_HELD))),
                "post": _operation(
                    "Let revisions out, or with reject keep them without effect for good",
                    _object(let_go=_list(_COUNT), rejected=_list(_COUNT)),
                    body=_object("rids", rids=_list(_COUNT), reject={"type": "boolean"}),
                ),
            },
        },
    }  # fmt: skip


def _partial(kind: str) -> Schema:
    """Return the answers of a download, which may be a part."""
    found = _operation("", kind)["responses"]
    return {"responses": {**found, "206": found["200"]}}
