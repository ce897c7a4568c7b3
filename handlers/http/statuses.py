"""The statuses of refusals (RFC 9110, section 15)."""

from collections.abc import Mapping
from http import HTTPStatus

from domain.shared.errors import (
    Conflict,
    Forbidden,
    Gone,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    Refusal,
    TooManyAttempts,
    Unavailable,
)
from handlers.http.errors import (
    ContentTooLarge,
    HeadersTooLarge,
    InternalError,
    NotAcceptable,
    RequestTimeout,
    UnknownMethod,
    UnsupportedMediaType,
    UriTooLong,
)

STATUSES: Mapping[type[Refusal], HTTPStatus] = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    UnknownMethod: HTTPStatus.METHOD_NOT_ALLOWED,
    NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    RequestTimeout: HTTPStatus.REQUEST_TIMEOUT,
    Conflict: HTTPStatus.CONFLICT,
    Gone: HTTPStatus.GONE,
    ContentTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UriTooLong: HTTPStatus.REQUEST_URI_TOO_LONG,
    HeadersTooLarge: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    InternalError: HTTPStatus.INTERNAL_SERVER_ERROR,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


def find_status(refusal: Refusal, statuses: Mapping[type[Refusal], HTTPStatus]) -> HTTPStatus:
    """The status of the nearest class of a refusal that has one; 400 where none has."""
    known = (statuses[base] for base in type(refusal).__mro__ if base in statuses)
    return next(known, HTTPStatus.BAD_REQUEST)
