"""Changes that a client may ask for twice, by an `Idempotency-Key`, and that happen once."""

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
from handlers.web.request_context import acting, credential, operation, write

Work = Callable[[UnitOfWork], Reply]

# A refusal of the rules is an answer like any other; what is wrong with a body may be put right.
_KEPT_REFUSALS = {HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.CONFLICT}


@dataclass(frozen=True, slots=True)
class _Key:
    scope: str
    value: str
    fingerprint: bytes


def answer_once(work: Work) -> Response:
    """The answer of ``work``, which leaves the commit to this; or the one that its key got before.

    It is judged before the commit: an answer that the contract does not allow undoes the work.
    Key and work are one transaction. Raises what ``work`` raises, KeyReused for a key that came
    with another request, and Conflict while that request is still at work.
    """
    key = _key()
    return write(lambda uow: _answer(work, uow) if key is None else _answer_to(key, work, uow))


def _answer(work: Work, uow: UnitOfWork) -> Response:
    response = operation().responses.reply(work(uow))
    uow.commit()
    return response


def _answer_to(key: _Key, work: Work, uow: UnitOfWork) -> Response:
    stored = uow.idempotency_keys.claim(key.scope, key.value, key.fingerprint, uow.now)
    if stored is not None:
        headers = {"Idempotent-Replay": "true"}
        return Response(stored.body, stored.status, headers, content_type=stored.content_type)
    response = _answer_or_refusal(work, uow)
    stored = StoredResponse(response.status_code, response.content_type, response.get_data())
    uow.idempotency_keys.store(key.scope, key.value, stored)
    uow.commit()
    return response


def _answer_or_refusal(work: Work, uow: UnitOfWork) -> Response:
    try:
        reply: Response | Reply = work(uow)
    except Refusal as refusal:
        if status_of(refusal) not in _KEPT_REFUSALS:
            raise
        reply = refuse(operation(), refusal)
    return reply if isinstance(reply, Response) else operation().responses.reply(reply)


def _key() -> _Key | None:
    """The key of the current request; who has shown nothing has none, and shares none."""
    value = request.headers.get("Idempotency-Key")
    if value is None or acting() is ANONYMOUS:
        return None
    return _Key(_scope(), value, _fingerprint())


def _scope() -> str:
    """Whose key it is: a shopper's own, a seller's, or that of one grant."""
    who = acting()
    if isinstance(who, Caller) and who.order_pk is not None:
        return f"grant:{id_hash(credential()).hex()}"
    return who.actor


def _fingerprint() -> bytes:
    """Of the operation, its path and the JSON; white space and the order of keys make no
    difference."""
    content = content_of(request.environ)
    body = b"" if content.is_empty else orjson.dumps(content.read(), option=orjson.OPT_SORT_KEYS)
    asked = "/".join([operation().operation_id, *(request.view_args or {}).values()])
    return sha256(b"%b\n%b" % (asked.encode(), body)).digest()
