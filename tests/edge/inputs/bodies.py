"""JSON bodies that break the contract in one point."""

from tests.edge.bad_requests import (
    BULK,
    LOGIN,
    LOOK_UP,
    REJECT,
    REQUESTS,
    SELLER_ITEMS,
    BadRequest,
    post,
)

_RIGHT = {
    b"order_item": b"<item>",
    b"reason": b"<reason>",
    b"cancellation_type": b'"cancel"',
}


def _object(members: dict[bytes, bytes]) -> bytes:
    return b"{%b}" % b", ".join(b'"%b": %b' % member for member in members.items())


def _draft(name: bytes, value: bytes, code: str = "invalid") -> BadRequest:
    return post(REQUESTS, _object(_RIGHT | {name: value}), 400, code)


_IDS = (
    b"0",
    b"-1",
    b"9223372036854775808",
    b"9999999999999999999",
    b"-9223372036854775809",
    b"1e300",
    b"1.5",
    b"true",
    b"null",
    b'""',
    b'"x"',
    b'"1.0"',
    b'"%b"' % (b"9" * 5000),
    b'"99999999999999999999"',
    b"[]",
    b"{}",
)
_TEXTS = (b"5", b"true", b"[]", b"{}")

DRAFTS = [
    *(_draft(name, value) for name in (b"order_item", b"reason") for value in _IDS),
    *(_draft(b"cancellation_type", value) for value in (b"1", b"null", b'"Cancel"', b'"other"')),
    *(
        _draft(b"quantity", value)
        for value in (b"0", b"-1", b"1000001", b"1e300", b"1.5", b'"1"', b"9223372036854775808")
    ),
    *(_draft(b"description", value) for value in (*_TEXTS, b'"%b"' % (b"x" * 1001))),
    *(_draft(b"iban", value) for value in (*_TEXTS, b'"%b"' % (b"T" * 43))),
    *(_draft(b"holder_name", value) for value in (*_TEXTS, b'"%b"' % (b"x" * 101))),
    *(_draft(b"fully_refund_as_loyalty_money", value) for value in (b"1", b'"true"', b"[]")),
    *(_draft(b"shipping_company", value) for value in (b"0", b"1e300", b'"x"', b"1.5")),
    *(_draft(b"pickup_address", value) for value in (b"0", b"9223372036854775808", b"[]")),
    *(
        _draft(b"pickup_date", value)
        for value in (
            b'"2027-01-01"',
            b"{}",
            b'{"date": "2027-02-29", "hour_range": {"start": "09:00", "end": "12:00"}}',
            b'{"date": "0000-01-01", "hour_range": {"start": "09:00", "end": "12:00"}}',
            b'{"date": "10000-01-01", "hour_range": {"start": "09:00", "end": "12:00"}}',
            b'{"date": "2027-01-01", "hour_range": {"start": "9:00", "end": "24:00"}}',
            b'{"date": "2027-01-01", "hour_range": null}',
        )
    ),
    _draft(b"order_item", b"9223372036854775807", "cancellation_request_100_1"),
    _draft(b"reason", b"9223372036854775807", "cancellation_request_100_2"),
    post(REQUESTS, b"{}", 400, "invalid"),
]


def _bulk(rows: bytes, code: str = "invalid") -> BadRequest:
    return post(BULK, b'{"cancel_order_items": %b}' % rows, 400, code)


_ROW = _object(_RIGHT)

BULKS = [
    *(_bulk(rows) for rows in (b"[]", b"{}", b"null", b"1", b"[1]", b"[null]", b"[[]]", b"[{}]")),
    _bulk(b"[%b]" % b",".join([_ROW] * 500)),
    _bulk(b"[%b]" % _object(_RIGHT | {b"order_item": b"9223372036854775808"})),
    _bulk(b"[%b]" % _object(_RIGHT | {b"quantity": b"1e300"})),
    post(BULK, b"{}", 400, "invalid"),
]

OTHERS = [
    *(
        post(LOGIN, body, 400, "invalid", credentials=b"")
        for body in (
            b'{"email": "someone@elsewhere.example"}',
            b'{"email": 1, "password": "correct horse"}',
            b'{"email": null, "password": "correct horse"}',
            b'{"email": "", "password": "correct horse"}',
            b'{"email": "%b", "password": "correct horse"}' % (b"x" * 255),
            b'{"email": "someone@elsewhere.example", "password": "%b"}' % (b"x" * 1025),
            b'{"email": "someone@elsewhere.example", "password": ["correct horse"]}',
            b'{"email": "a@b.example", "password": "horse", "next": "//elsewhere.example"}',
            b'{"email": "a@b.example", "password": "horse", "next": "/\\\\elsewhere.example"}',
            b'{"email": "a@b.example", "password": "horse", "next": "/docs\\r\\nSet-Cookie: a=b"}',
        )
    ),
    post(
        LOGIN,
        b'{"email": "a@b.example", "password": "horse"}',
        400,
        "login_failed",
        credentials=b"",
    ),
    *(
        post(LOOK_UP, body, 400, "invalid", credentials=b"")
        for body in (
            b'{"order": "2745403029312170"}',
            b'{"email": "someone@elsewhere.example"}',
            b'{"email": 5, "order": "2745403029312170"}',
            b'{"email": "someone@elsewhere.example", "order": 2745403029312170}',
            b'{"email": "someone@elsewhere.example", "order": "%b"}' % (b"1" * 65),
            b'{"email": "%b", "order": "2745403029312170"}' % (b"x" * 255),
        )
    ),
    *(
        post(LOOK_UP, b'{"email": "someone@elsewhere.example", "order": "%b"}' % number, 404, code)
        for number in (b"%", b"\\\\", b"_", b"' OR '1'='1")
        for code in ("not_found",)
    ),
    *(
        post(REJECT, body, 400, "invalid", credentials=b"<seller>")
        for body in (
            b'{"reason": 5}',
            b'{"reason": ["elsewhere"]}',
            b'{"reason": "%b"}' % (b"x" * 1001),
        )
    ),
    post(REJECT + b"?unknown=1", b"{}", 400, "unknown_parameter", credentials=b"<seller>"),
    post(SELLER_ITEMS, b"{}", 405, "method_not_allowed", credentials=b"<seller>"),
    *(
        post(target, body, 400, "invalid", line, credentials=credentials)
        for target, body, credentials in (
            (REQUESTS, _ROW, b"<shopper>"),
            (REJECT, b"{}", b"<seller>"),
        )
        for line in (
            b"Idempotency-Key:",
            b"Idempotency-Key: one,two",
            b"Idempotency-Key: one\r\nIdempotency-Key: two",
            b"Idempotency-Key: " + b"x" * 256,
            b"Idempotency-Key: \xc5\x9fapka",
            b"Idempotency-Key: a\tb",
        )
    ),
]

BODIES = [*DRAFTS, *BULKS, *OTHERS]
