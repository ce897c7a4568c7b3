"""Requests that nobody should send, written down as bytes, and how each is answered."""

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
"""In place of an error code: the HTTP server answers itself, with an empty body."""
SILENT = "silent"
"""The HTTP server closes the connection without an answer."""
EMPTY = "empty"
"""The answer to HEAD, which has no body."""


@dataclass(frozen=True)
class Bad:
    """``text`` holds placeholders in angle brackets: who asks, what is theirs, and `<length>`.

    ``ends``: its body would go on, and does not.
    """

    text: bytes
    status: int
    code: str
    ends: bool = False

    @property
    def name(self) -> str:
        """Enough of it to find it by."""
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
    who: bytes = b"<shopper>",
    method: bytes = b"GET",
) -> Bad:
    """A request without a body, and with these further header lines."""
    given = b"".join(line + b"\r\n" for line in headers)
    start = b"%b %b HTTP/1.1\r\n" % (method, target)
    return Bad(start + HOST + CLOSE + who + given + b"\r\n", status, code)


def seller_get(target: bytes, status: int, code: str, *headers: bytes) -> Bad:
    """What a seller's system asks for."""
    return get(target, status, code, b"Content-Type: application/json", *headers, who=b"<seller>")


def post(
    target: bytes,
    body: bytes,
    status: int,
    code: str,
    *headers: bytes,
    who: bytes = b"<shopper>",
    kind: bytes = JSON,
    length: bytes = b"Content-Length: <length>",
) -> Bad:
    """A request with a body of a media type."""
    lines = (length, *([b"Content-Type: " + kind] if kind else []), *headers)
    asked = get(target, status, code, *lines, who=who, method=b"POST")
    return Bad(asked.text + body, status, code)


def raw(text: bytes, status: int, code: str, *, ends: bool = False) -> Bad:
    """Bytes as they are."""
    return Bad(text, status, code, ends)
