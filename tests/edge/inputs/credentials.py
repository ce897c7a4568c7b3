"""Missing, unknown and forged credentials."""

from tests.edge.bad_requests import (
    BULK,
    LOGIN,
    LOOK_UP,
    ORDERS,
    REJECT,
    REQUESTS,
    SELLER_ORDERS,
    get,
    post,
)

_DRAFT = b'{"order_item": <item>, "reason": <reason>, "cancellation_type": "cancel"}'
_ANONYMOUS = b"/users/orders/anonymous/cancellation_requests/"
_NOT_AUTHENTICATED = "not_authenticated"
_SESSION = b"Cookie: sessionid=<session>%b\r\n"
_GRANT = b"Cookie: ordergrant=forged\r\n"
_JSON = b"Content-Type: application/json"

COOKIES = [
    *(
        get(target, 401, _NOT_AUTHENTICATED, b"Cookie: sessionid=" + value, credentials=b"")
        for target in (ORDERS, b"/users/orders/<order>/")
        for value in (
            b"",
            b"unknown-session",
            b"x" * 43,
            b"x" * 4000,
            b"\xfc" * 43,
            b"\xc5\x9f" * 20,
            b"%00",
            b"'; DROP TABLE sessions; --",
            b'"quoted-session"',
            b"../../../etc/passwd",
        )
    ),
    get(ORDERS, 401, _NOT_AUTHENTICATED, credentials=b""),
    get(ORDERS, 401, _NOT_AUTHENTICATED, b"Authorization: Bearer <token>", credentials=b""),
    *(
        get(ORDERS, 401, _NOT_AUTHENTICATED, b"Authorization: " + value, credentials=credentials)
        for credentials in (b"", _SESSION % b"")
        for value in (
            b"Session",
            b"Session " + b"x" * 43,
            b"Session " + b"x" * 4000,
            b"session \xfc\xff",
            b"Session <session>, Session <session>",
            b"Session <session> x",
            b"Session sessionid=<session>",
        )
    ),
    post(
        _ANONYMOUS,
        _DRAFT,
        400,
        "cancellation_request_100_1",
        b"Authorization: Session x",
        credentials=b"",
    ),
    post(REQUESTS, _DRAFT, 401, _NOT_AUTHENTICATED, credentials=b""),
    post(BULK, b"{", 401, _NOT_AUTHENTICATED, credentials=b""),
    post(_ANONYMOUS, _DRAFT, 400, "cancellation_request_100_1", credentials=b""),
]

FORGED = [
    *(
        post(target, _DRAFT, 403, "csrf_failed", *lines, credentials=_SESSION % also)
        for target in (REQUESTS, BULK, b"/users/logout/")
        for also, lines in (
            (b"", ()),
            (b"", (b"x-csrftoken: forged-token",)),
            (b"", (b"x-csrftoken: <csrf>",)),
            (b"; csrftoken=forged-token", (b"x-csrftoken: forged-token",)),
            (b"; csrftoken=<csrf>", ()),
            (b"; csrftoken=<csrf>", (b"x-csrftoken: \xff",)),
            (b"; csrftoken=<csrf>", (b"x-csrftoken: " + b"x" * 5000,)),
        )
    ),
    *(
        post(LOGIN, b'{"email": "a@b.example", "password": "horse"}', 403, "origin_mismatch", line)
        for line in (
            b"Origin: https://elsewhere.example",
            b"Origin: null",
            b"Origin: http://127.0.0.1.elsewhere.example",
            b"Origin: ://",
            b"Origin: http://[",
        )
    ),
    post(
        LOOK_UP,
        b'{"email": "a@b.example", "order": "1"}',
        403,
        "csrf_failed",
        credentials=_GRANT,
    ),
]

TOKENS = [
    *(
        get(SELLER_ORDERS, 401, _NOT_AUTHENTICATED, _JSON, *lines, credentials=b"")
        for lines in (
            (),
            (b"Authorization:",),
            (b"Authorization: Bearer",),
            (b"Authorization: Bearer unknown-token",),
            (b"Authorization: Bearer " + b"x" * 10_000,),
            (b"Authorization: Bearer \xff\xfe",),
            (b"Authorization: Bearer <token> <token>",),
            (b"Authorization: Basic c29tZW9uZTpzZWNyZXQ=",),
            (b"Authorization: <token>",),
            (b"Authorization: Bearer <token>", b"Authorization: Bearer <token>"),
            (b"Authorization: Bearer <token>", b"Authentication: Bearer unknown-token"),
            (b"Authentication: Bearer %00",),
            (b"Cookie: sessionid=<session>",),
        )
    ),
    get(SELLER_ORDERS, 415, "unsupported_media_type", credentials=b"<seller>"),
    post(REJECT, b"{}", 401, _NOT_AUTHENTICATED, credentials=b""),
    post(REJECT, b"{}", 401, _NOT_AUTHENTICATED),
    post(REJECT, b"{", 401, _NOT_AUTHENTICATED, credentials=b"", kind=b"text/plain"),
]

CREDENTIALS = [*COOKIES, *FORGED, *TOKENS]
