"""Waybill's guard: languages, error bodies, origins and proxies."""

import logging
import sys

import orjson
from starlette.types import ASGIApp, Scope

from domain.shared.errors import Refusal
from handlers.edge.cors import Cors
from handlers.edge.guard import Guard
from handlers.http.exchange import OnExchange
from handlers.http.headers import HeaderList, Headers
from handlers.i18n.translations import choose_language
from handlers.settings import Settings
from handlers.web.access_log import AccessLog
from handlers.web.error_responses import error_body, status_of

_METHODS = "GET, HEAD, POST"
_REQUEST_HEADERS = (
    "accept-language, authentication, authorization, content-type, idempotency-key, x-csrftoken,"
    " x-request-id"
)
_LANGUAGE = b"accept-language"
_DEFAULT_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"vary", b"Accept, Accept-Language, Authorization, Cookie"),
)
_RESPONSE_HEADERS = "content-language, idempotent-replay, retry-after, x-request-id"


def make_guard(app: ASGIApp, settings: Settings, *observers: OnExchange) -> Guard:
    """The guard in front of ``app``; the access log and ``observers`` get each exchange."""

    def answer(refusal: Refusal, headers: Headers) -> tuple[int, HeaderList, bytes]:
        accepted = headers.get(_LANGUAGE, b"").decode("latin-1")
        language = choose_language(accepted, settings.default_language)
        own = [(b"content-type", b"application/json"), (b"content-language", language.encode())]
        return status_of(refusal), own, orjson.dumps(error_body(refusal, language))

    def default_headers(scope: Scope, headers: Headers) -> HeaderList:
        """Responses are private and in the reader's language, unless a handler sets others."""
        accepted = headers.get(_LANGUAGE, b"")
        if len(headers) < len(scope["headers"]):
            # Repeated headers count as one (RFC 9110, section 5.3).
            accepted = b",".join(value for name, value in scope["headers"] if name == _LANGUAGE)
        language = choose_language(accepted.decode("latin-1"), settings.default_language)
        return [(b"content-language", language.encode()), *_DEFAULT_HEADERS]

    cors = Cors(
        settings.allowed_origins,
        methods=_METHODS,
        request_headers=_REQUEST_HEADERS,
        response_headers=_RESPONSE_HEADERS,
    )
    if settings.log_level <= logging.INFO and sys.__stderr__ is not None:
        observers = (AccessLog(settings), *observers)
    return Guard(
        app,
        answer,
        default_headers=default_headers,
        cors=cors,
        proxies=settings.trusted_proxies,
        observers=observers,
    )
