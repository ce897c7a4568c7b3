"""Messages that are not valid HTTP/1.1 or have a wrong length; most never reach Python."""

from tests.edge.bad_requests import BARE, CLOSE, HOST, LOGIN, NO_RESPONSE, ORDERS, get, post, raw

_GET = b"GET /users/orders/ HTTP/1.1\r\n"


def _login(*lines: bytes, body: bytes = b"{}", kind: bytes = b"application/json") -> bytes:
    header_lines = b"".join(line + b"\r\n" for line in lines)
    kinds = b"Content-Type: " + kind + b"\r\n"
    return b"POST /users/login/ HTTP/1.1\r\n" + HOST + CLOSE + kinds + header_lines + b"\r\n" + body


_CHUNKED = b"Transfer-Encoding: chunked"

# The HTTP server refuses these itself, before any of our code; it has no option to pass them on.
SERVER_S_OWN = [
    *(
        raw(text, 400, BARE)
        for text in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,  # TLS
            b"\x00\x01\x02\x03\r\n\r\n",
            b"EHLO shop.example\r\n\r\n",
            b"GET /users/orders/\r\n\r\n",  # HTTP/0.9
            b"GET /users/orders/ HTTP/1.2\r\n" + HOST + b"\r\n",
            b"GET /users/orders/ HTTP/2.0\r\n" + HOST + b"\r\n",
            b"GET /users/orders/ HTTP/x\r\n" + HOST + b"\r\n",
            b"GET users/orders/ HTTP/1.1\r\n" + HOST + b"\r\n",
            b"GET /users/ orders/ HTTP/1.1\r\n" + HOST + b"\r\n",
            b"GET /users/\x00/ HTTP/1.1\r\n" + HOST + b"\r\n",
            b"GET /users/\x01/ HTTP/1.1\r\n" + HOST + b"\r\n",
            b"GET /users/\x7f/ HTTP/1.1\r\n" + HOST + b"\r\n",
            b"GET /users/\xff/ HTTP/1.1\r\n" + HOST + b"\r\n",
            b"G(T /users/orders/ HTTP/1.1\r\n" + HOST + b"\r\n",
            b"G\xc3\x8bT /users/orders/ HTTP/1.1\r\n" + HOST + b"\r\n",
            _GET + HOST + b"X-Folded: a\r\n b\r\n\r\n",
            _GET + HOST + b" X-Folded: a\r\n\r\n",
            _GET + HOST + b"X-Spaced : a\r\n\r\n",
            _GET + HOST + b"X-Alone\r\n\r\n",
            _GET + HOST + b": nameless\r\n\r\n",
            _GET + HOST + b"X Y: a\r\n\r\n",
            _GET + HOST + b"X-Nul: a\x00b\r\n\r\n",
            _GET + HOST + b"X-Bell: a\x07b\r\n\r\n",
            _GET + HOST + b"X-Return: a\rb\r\n\r\n",
            _GET + HOST + b"X-\xc3\xbc: a\r\n\r\n",
            _login(b"Content-Length: 2", b"Content-Length: 3"),
            _login(b"Content-Length: 2, 2"),
            _login(b"Content-Length: -2"),
            _login(b"Content-Length: +2"),
            _login(b"Content-Length: 0x2"),
            _login(b"Content-Length: 2.0"),
            _login(b"Content-Length: two"),
            _login(b"Content-Length:"),
            _login(b"Content-Length: 99999999999999999999"),
            _login(b"Transfer-Encoding: gzip"),
            _login(b"Transfer-Encoding: identity"),
            _login(b"Transfer-Encoding: xchunked"),
            _login(b"Transfer-Encoding: chunked, gzip"),
            _login(_CHUNKED, body=b"2\r\n{}\r\n0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"),
        )
    ),
    raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, NO_RESPONSE),
    get(b"/" + b"x" * 65_535, 414, BARE),
    get(ORDERS, 431, BARE, *(b"X-%d: 1" % number for number in range(100))),
    get(ORDERS, 431, BARE, *(b"X-%d: 1" % number for number in range(5000))),
]

BODIES = [
    *(
        raw(_login(*lines, body=body), 400, "malformed_message")
        for lines, body in (
            ([_CHUNKED], b"zz\r\n{}\r\n0\r\n\r\n"),
            ([_CHUNKED], b"-2\r\n{}\r\n0\r\n\r\n"),
            ([_CHUNKED], b"0x2\r\n{}\r\n0\r\n\r\n"),
            ([_CHUNKED], b"2 2\r\n{}\r\n0\r\n\r\n"),
            ([_CHUNKED], b"\r\n{}\r\n0\r\n\r\n"),
            ([_CHUNKED], b"2\r\n{}xx0\r\n\r\n"),
            ([_CHUNKED], b"fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
            ([_CHUNKED, _CHUNKED], b"2\r\n{}\r\n0\r\n\r\n"),
            ([b"Transfer-Encoding: gzip, chunked"], b"2\r\n{}\r\n0\r\n\r\n"),
        )
    ),
    *(
        raw(_login(line, body=body), 400, "malformed_message", closes_sending=True)
        for line, body in (
            (_CHUNKED, b"2\r\n{}"),
            (_CHUNKED, b"2\r\n{}\r\n"),
            (_CHUNKED, b"2\r\n{"),
            (_CHUNKED, b""),
            (b"Content-Length: 20", b"{}"),
            (b"Content-Length: 1", b""),
        )
    ),
    # Of two lengths, the chunks count (RFC 9112, section 6.1).
    raw(_login(_CHUNKED, b"Content-Length: 50", body=b"2\r\n[]\r\n0\r\n\r\n"), 400, "invalid"),
    raw(_login(_CHUNKED, body=b"2;a=b\r\n[]\r\n0\r\nX: y\r\n\r\n"), 400, "invalid"),
    post(LOGIN, b"", 413, "content_too_large", credentials=b"", length=b"Content-Length: 262145"),
    post(
        LOGIN,
        b"",
        413,
        "content_too_large",
        credentials=b"",
        length=b"Content-Length: 999999999999",
    ),
    post(LOGIN, b"x" * 262_145, 413, "content_too_large", credentials=b""),
    post(
        LOGIN,
        b"10000\r\n%b\r\n" % (b"x" * 65_536) * 5 + b"0\r\n\r\n",
        413,
        "content_too_large",
        credentials=b"",
        length=_CHUNKED,
    ),
    post(ORDERS, b"x" * 300_000, 413, "content_too_large"),
    get(ORDERS, 413, "content_too_large", b"Content-Length: 300000"),
]

WIRE = [*SERVER_S_OWN, *BODIES]
