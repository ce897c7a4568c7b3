"""URLs, hosts, headers and methods."""

from tests.edge.bad_requests import (
    CLOSE,
    EMPTY,
    FORM,
    HOST,
    LOGIN,
    ORDERS,
    REQUESTS,
    SELLER_ORDERS,
    BadRequest,
    get,
    post,
    raw,
    seller_get,
)

_APPROVE = b"/users/order_item/<item>/tradein_approved/"
_DECLINE = b"/users/order_item/<item>/tradein_rejected/"
_START = b"GET /users/orders/ HTTP/1.1\r\n"


def _hosted(*lines: bytes) -> BadRequest:
    return raw(_START + CLOSE + b"".join(lines) + b"\r\n", 400, "invalid_host")


HOSTS = [
    _hosted(),
    raw(b"GET /users/orders/ HTTP/1.0\r\n\r\n", 400, "invalid_host"),
    _hosted(b"Host:\r\n"),
    _hosted(HOST, HOST),
    _hosted(HOST, b"Host: elsewhere.example\r\n"),
    *(
        _hosted(b"Host: %b\r\n" % host)
        for host in (
            b"a b",
            b"someone@shop.example",
            b"shop.example/path",
            b"shop.example?query",
            b"shop.example,elsewhere.example",
            b"shop.example;elsewhere",
            b"http://shop.example",
            b"\xc5\x9fop.example",
            b"%73hop.example",
            b'"><script>alert(1)</script>',
            b"shop.example\\elsewhere",
            b"$(shop)",
            b":80",
            b"shop.example:",
            b"shop.example:99999",
            b"shop.example:http",
            b"shop.example:-1",
            b"shop:8000:8000",
            b"shop..example",
            b".shop.example",
            b"...",
            b"x" * 300,
            b".".join([b"x" * 60] * 5),
            b"[]",
            b"[::1",
            b"::1",
            b"[::1]8000",
            b"[::1]:99999",
            b"[1::2::3]",
            b"[127.0.0.1]",
            b"[fe80::1%25eth0]",
            b"[shop.example]",
        )
    ),
]

URLS = [
    *(
        get(target, 400, "invalid_url")
        for target in (
            b"/users/orders/%00/",
            b"/users/%00orders/",
            b"/users/orders/1%00/cancellation/",
            b"/users/orders/?search=\xc5\x9fapka",
            b"/docs/assets/%00.js",
        )
    ),
    *(
        get(target, 404, "not_found")
        for target in (
            b"*",
            b"//users/orders/",
            b"///elsewhere.example/users/orders/",
            b"/users/orders/%ff/",
            b"/users/orders/%ed%a0%80/",
            b"/users/orders/%c0%af/",
            b"/users/orders/..%2f..%2fetc%2fpasswd/",
            b"/users/orders/../../etc/passwd",
            b"/docs/assets/..%2Fswagger.html",
            b"/docs/assets/%2e%2e/settings.py",
            b"/docs/assets/....//reference.js",
            b"/users/orders",
            b"/users/orders/;id=1",
            b"/users/orders/%zz/",
            b"/users/%6frders/1/2/",
            b"/USERS/ORDERS/",
            b"/.git/config",
            b"/.env",
            b"/admin/",
            b"/users/\xc5\x9fapka/",
        )
    ),
    get(ORDERS + b"?search=" + b"x" * 8192, 414, "uri_too_long"),
    get(b"/" + b"x" * 8192, 414, "uri_too_long"),
    get(ORDERS + b"?" + b"&".join([b"page=1"] * 1200), 414, "uri_too_long"),
    seller_get(SELLER_ORDERS + b"?number=" + b"%41" * 2800, 414, "uri_too_long"),
    get(b"/users/orders/" + b"9" * 9000 + b"/", 414, "uri_too_long"),
]

HEADERS = [
    get(ORDERS, 431, "headers_too_large", *(b"X-%d: 1" % number for number in range(70))),
    get(ORDERS, 431, "headers_too_large", *([b"Cookie: a=b"] * 70)),
    get(ORDERS, 431, "headers_too_large", b"Cookie: sessionid=" + b"x" * 20_000),
    get(ORDERS, 431, "headers_too_large", b"X-Long: " + b"x" * 300_000),
    get(ORDERS, 431, "headers_too_large", *([b"Cookie: " + b"x" * 1000] * 17)),
    get(ORDERS, 431, "headers_too_large", b"X-Long: " + b"x" * 17_000, credentials=b""),
    get(ORDERS, 406, "not_acceptable", b"Accept: image/png"),
    get(ORDERS, 406, "not_acceptable", b"Accept: application/json;q=0"),
    get(ORDERS, 406, "not_acceptable", b"Accept: garbled"),
    seller_get(SELLER_ORDERS, 406, "not_acceptable", b"Accept: text/html"),
    get(_APPROVE, 403, "prefetch_refused", b"Purpose: prefetch"),
    get(
        _DECLINE,
        403,
        "prefetch_refused",
        b"Sec-Purpose: prefetch;prerender",
    ),
]

METHODS = [
    *(
        get(target, 405, "method_not_allowed", method=method)
        for target, methods in {
            ORDERS: (b"POST", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"FOO", b"get", b"Get"),
            b"/users/orders/<order>/": (b"POST", b"PUT", b"DELETE", b"PATCH", b"PROPFIND"),
            b"/users/orders/bulk_cancellation_requests/": (b"GET", b"PUT", b"post"),
            b"/orders/<order>/cancel/": (b"GET", b"DELETE"),
            LOGIN: (b"PUT", b"DELETE", b"QUERY", b"M-SEARCH", b"1"),
            b"/healthz": (b"POST", b"DELETE", b"X" * 200),
        }.items()
        for method in methods
    ),
    get(_APPROVE, 405, EMPTY, method=b"HEAD"),
    get(_DECLINE, 405, EMPTY, method=b"HEAD"),
    get(LOGIN, 405, "method_not_allowed", b"X-HTTP-Method-Override: GET", method=b"DELETE"),
    post(ORDERS, b"_method=GET", 405, "method_not_allowed", kind=FORM),
    get(b"127.0.0.1:80", 404, "not_found", method=b"CONNECT"),
    post(REQUESTS, b"{}", 400, "invalid", b"X-HTTP-Method-Override: GET"),
]

HEADS = [*HOSTS, *URLS, *HEADERS, *METHODS]
