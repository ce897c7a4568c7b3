"""Invalid requests as bytes, with the status and error code of their responses."""

from collections.abc import Mapping
from dataclasses import dataclass

CLOSE = b"Connection: close\r\n"
HOST = b"Host: 127.0.0.1\r\n"
JSON = b"application/json"
FORM = b"application/x-www-form-urlencoded"

ORDERS = b"/users/orders/"
OLD_ORDERS = b"/users/old-orders/"
REQUESTS = b"/users/orders/cancellation_requests/"
BULK = b"/users/orders/bulk_cancellation_requests/"
LOOK_UP = b"/users/orders/anonymous/"
LOGIN = b"/users/login/"
SELLER_ORDERS = b"/api/i1/orders/"
SELLER_ITEMS = b"/api/i1/order-items/"
PLANS = b"/api/i1/cancellation-plans/"
SELLER_ADDRESSES = b"/api/i1/customer-addresses/"
REJECT = b"/api/i1/order-items/<uuid>/reject/"

BARE = "bare"
"""In place of an error code: the response of the HTTP server itself, with an empty body."""
NO_RESPONSE = "silent"
"""The HTTP server closes the connection without a response."""
EMPTY = "empty"
"""The response to HEAD, which has no body."""


@dataclass(frozen=True)
class BadRequest:
    """An invalid request. ``text`` has placeholders in angle brackets, also for credentials.

    ``closes_sending``: the client closes its side before the end of the body.
    """

    text: bytes
    status: int
    code: str
    closes_sending: bool = False

    @property
    def name(self) -> str:
        """The start and the end of the text, to identify it."""
        start, _, rest = self.text.partition(b"\r\n")
        rest = rest.replace(HOST, b"").replace(CLOSE, b"")
        return f"{start[:90].decode('latin-1')} | {rest[-90:].decode('latin-1')!r}"

    def rendered(self, values: Mapping[bytes, bytes]) -> bytes:
        """The bytes to send."""
        head, gap, body = (_filled(part, values) for part in self.text.partition(b"\r\n\r\n"))
        return head.replace(b"<length>", str(len(body)).encode()) + gap + body


def _filled(text: bytes, values: Mapping[bytes, bytes]) -> bytes:
    for name, value in values.items():
        text = text.replace(b"<%b>" % name, value)
    return text


def get(
    target: bytes,
    status: int,
    code: str,
    *headers: bytes,
    credentials: bytes = b"<shopper>",
    method: bytes = b"GET",
) -> BadRequest:
    """A request without a body, with further header lines."""
    header_lines = b"".join(line + b"\r\n" for line in headers)
    start = b"%b %b HTTP/1.1\r\n" % (method, target)
    return BadRequest(start + HOST + CLOSE + credentials + header_lines + b"\r\n", status, code)


def seller_get(target: bytes, status: int, code: str, *headers: bytes) -> BadRequest:
    """A request of a seller's system."""
    return get(
        target, status, code, b"Content-Type: application/json", *headers, credentials=b"<seller>"
    )


def post(
    target: bytes,
    body: bytes,
    status: int,
    code: str,
    *headers: bytes,
    credentials: bytes = b"<shopper>",
    kind: bytes = JSON,
    length: bytes = b"Content-Length: <length>",
) -> BadRequest:
    """A request with a body of the media type ``kind``."""
    lines = (length, *([b"Content-Type: " + kind] if kind else []), *headers)
    head = get(target, status, code, *lines, credentials=credentials, method=b"POST")
    return BadRequest(head.text + body, status, code)


def raw(text: bytes, status: int, code: str, *, closes_sending: bool = False) -> BadRequest:
    """A request of exactly these bytes."""
    return BadRequest(text, status, code, closes_sending)
