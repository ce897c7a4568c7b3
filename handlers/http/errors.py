"""The refusals of HTTP, independent of operations; `statuses` has their statuses."""

from domain.shared.errors import Forbidden, InvalidInput, NotFound, Refusal, Unavailable
from handlers.http.messages import UNKNOWN_PATH


class NotAcceptable(Refusal):
    """The client accepts none of the media types that the operation offers."""

    message = "None of the accepted media types can be served."
    code = "not_acceptable"


class UnsupportedMediaType(Refusal):
    """The body is of a type that the operation does not accept."""

    message = "The media type of the body is not supported."
    code = "unsupported_media_type"


class UnknownPath(NotFound):
    """The contract has no such path, or only one that differs by a slash; ``nearest`` is that path
    in the contract, such as `/users/orders/{pk}/`, and has nothing of the request.
    """

    def __init__(self, nearest: str | None) -> None:
        if nearest is None:
            super().__init__()
        else:
            super().__init__(UNKNOWN_PATH, params={"nearest": nearest})


class UnknownMethod(Refusal):
    """The path is in the contract, with other methods."""

    message = "This method is not allowed here."
    code = "method_not_allowed"


class Prefetched(Forbidden):
    """The link acts, and the browser only prefetched it."""

    message = "This link must not be fetched in advance."
    code = "prefetch_refused"


class Embedded(Forbidden):
    """The link acts, and a page loaded it as an image, a frame or the like."""

    message = "This link must be opened as a page."
    code = "embedding_refused"


class UndecodableUrl(InvalidInput):
    """The URL has bytes that are not allowed, or a path that is not UTF-8."""

    message = "The URL is not valid."
    code = "invalid_url"


class InvalidHost(InvalidInput):
    """The Host header is missing, repeated or invalid."""

    message = "The Host header is not valid."
    code = "invalid_host"


class MalformedMessage(InvalidInput):
    """The end of the body is ambiguous, or the body is incomplete."""

    message = "The request is malformed."
    code = "malformed_message"


class UriTooLong(Refusal):
    """Path and query together exceed 8 KiB."""

    message = "The URL is too long."
    code = "uri_too_long"


class HeadersTooLarge(Refusal):
    """There are more than 64 headers, or together they exceed 16 KiB."""

    message = "The request headers are too large."
    code = "headers_too_large"


class ContentTooLarge(Refusal):
    """The body exceeds 256 KiB, or a form has too many parts."""

    message = "The request body is too large."
    code = "content_too_large"


class RequestTimeout(Refusal):
    """The body did not arrive within ten seconds."""

    message = "The request took too long to arrive."
    code = "request_timeout"


class InternalError(Refusal):
    """A failure of the server; only the log has the reason."""

    message = "Internal server error."
    code = "internal_error"


class TooManyRequests(Unavailable):
    """The process serves as many requests as it may."""

    cause = "requests"


class TooManyBodies(Unavailable):
    """The process receives as many bodies as it may."""

    cause = "bodies"


class ThreadsBusy(Unavailable):
    """No thread was free in time."""

    cause = "threads"
