"""Changes that happen once, however often a client sends a request with an `Idempotency-Key`."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus

import orjson
from flask import Response, request

from domain.accounts.callers import ANONYMOUS, Caller
from domain.accounts.sessions import id_hash
from domain.idempotency import StoredResponse
from domain.shared.errors import Refusal
from domain.unit_of_work import UnitOfWork
from handlers.contract.operations.responses import Reply
from handlers.http.request_body import content_of
from handlers.web.error_responses import refuse, status_of
from handlers.web.request_context import credential, operation, principal, write

Work = Callable[[UnitOfWork], Reply]

# Refusals of the rules are stored as responses; a client may correct an invalid body and retry.
_STORED_REFUSALS = {HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.CONFLICT}


@dataclass(frozen=True, slots=True)
class _Key:
    scope: str
    value: str
    fingerprint: bytes


def run_idempotent(work: Work) -> Response:
    """The response of ``work``, which does not commit; or the stored response of its key.

    The response is validated before the commit here: if it breaks the contract, the work is undone.
    Key and work are one transaction. Raises what ``work`` raises, KeyReused for a key that came
    with another request, and Conflict while that request is in progress.
    """
    key = _key()
    return write(lambda uow: _run(work, uow) if key is None else _run_once(key, work, uow))


def _run(work: Work, uow: UnitOfWork) -> Response:
    response = operation().responses.reply(work(uow))
    uow.commit()
    return response


def _run_once(key: _Key, work: Work, uow: UnitOfWork) -> Response:
    stored = uow.idempotency_keys.claim(key.scope, key.value, key.fingerprint, uow.now)
    if stored is not None:
        headers = {"Idempotent-Replay": "true"}
        return Response(stored.body, stored.status, headers, content_type=stored.content_type)
    response = _response(work, uow)
    stored = StoredResponse(response.status_code, response.content_type, response.get_data())
    uow.idempotency_keys.store(key.scope, key.value, stored)
    uow.commit()
    return response


def _response(work: Work, uow: UnitOfWork) -> Response:
    try:
        reply: Response | Reply = work(uow)
    except Refusal as refusal:
        if status_of(refusal) not in _STORED_REFUSALS:
            raise
        reply = refuse(operation(), refusal)
    return reply if isinstance(reply, Response) else operation().responses.reply(reply)


def _key() -> _Key | None:
    """The key of the current request; anonymous callers have none, since they would share it."""
    value = request.headers.get("Idempotency-Key")
    if value is None or principal() is ANONYMOUS:
        return None
    return _Key(_scope(), value, _fingerprint())


def _scope() -> str:
    """The owner of the key: a shopper, a seller, or one grant."""
    caller = principal()
    if isinstance(caller, Caller) and caller.order_pk is not None:
        return f"grant:{id_hash(credential()).hex()}"
    return caller.actor


def _fingerprint() -> bytes:
    """The hash of the operation, its path and the JSON, regardless of white space and key order."""
    content = content_of(request.environ)
    body = b"" if content.is_empty else orjson.dumps(content.read(), option=orjson.OPT_SORT_KEYS)
    target = "/".join([operation().operation_id, *(request.view_args or {}).values()])
    return sha256(b"%b\n%b" % (target.encode(), body)).digest()
