"""Invalid media types, codings, JSON and forms."""

from tests.edge.bad_requests import BULK, FORM, LOGIN, LOOK_UP, REJECT, REQUESTS, BadRequest, post

_DRAFT = b'{"order_item": <item>, "reason": <reason>, "cancellation_type": "cancel"}'
_UNSUPPORTED = "unsupported_media_type"

MEDIA_TYPES = [
    *(
        post(REQUESTS, _DRAFT, 415, _UNSUPPORTED, kind=kind)
        for kind in (
            b"",
            b"text/plain",
            b"text/json",
            b"application/xml",
            b"application/jsonx",
            b"application/json5",
            b"application/problem+json",
            b"application/json, text/html",
            b"*/*",
            b";charset=utf-8",
            b"application/json; charset=latin-1",
            b"application/json; charset=utf-16",
            b'APPLICATION/JSON; Charset="ISO-8859-9"',
            b"multipart/form-data; boundary=border",
            FORM,
            b"\xff\xfe",
        )
    ),
    *(
        post(REQUESTS, _DRAFT, 415, _UNSUPPORTED, b"Content-Encoding: " + coding)
        for coding in (b"gzip", b"br", b"deflate", b"zstd", b"identity, gzip", b"x")
    ),
    post(REQUESTS, _DRAFT, 415, _UNSUPPORTED, b"Content-Type: application/json"),
    post(LOGIN, b"<login/>", 415, _UNSUPPORTED, kind=b"application/xml", credentials=b""),
    post(LOGIN, b"{}", 415, _UNSUPPORTED, kind=FORM + b"; charset=latin-5", credentials=b""),
    post(REJECT, b"", 415, _UNSUPPORTED, kind=b"", credentials=b"<seller>"),
    post(REJECT, b"{}", 415, _UNSUPPORTED, kind=b"text/plain", credentials=b"<seller>"),
    post(REJECT, b"{}", 415, _UNSUPPORTED, b"Content-Encoding: gzip", credentials=b"<seller>"),
]

# Invalid texts in place of a whole document.
_NOT_JSON = (
    b"{",
    b" ",
    b"\x00",
    b"null null",
    b"{'order_item': 1}",
    b'{"order_item": 1,}',
    b'{"order_item": 01}',
    b'{"order_item": +1}',
    b'{"order_item": 0x10}',
    b'{"order_item": NaN}',
    b'{"order_item": Infinity}',
    b'{"order_item": -Infinity}',
    b'{"order_item": 1e400}',
    b'{"order_item": 10000000000000000000}',
    b'{"order_item": 18446744073709551616}',
    b'{"order_item": -10000000000000000000}',
    b'{"order_item": %b}' % (b"9" * 5000),
    b'{"order_item": 1, "order_item": 2}',
    b'{"order_item": 1, "order\\u005fitem": 2}',
    b'{"other": {"key": 1, "key": 1}}',
    b'{"description": "\\u0000"}',
    b'{"other": ["before\\u0000after"]}',
    b'{"\\u0000": 1}',
    b'{"description": "\\ud800"}',
    b'{"description": "\\udc00\\ud800"}',
    b'{"\\udfff": 1}',
    b'{"description": "\xff"}',
    b'{"description": "\xc0\xaf"}',
    b'{"description": "\xed\xa0\x80"}',
    b'{"description": "first\nsecond"}',
    b"\xef\xbb\xbf{}",
    b"{\x00}\x00",
    b"[" * 33 + b"]" * 33,
    b'{"deep":' * 33 + b"1" + b"}" * 33,
    b"[" * 100_000,
    b"[" + b"0," * 10_000 + b"0]",
    b"[" + b"{}," * 80_000 + b"{}]",
    b"{%b}" % b",".join(b'"%d":0' % number for number in range(10_001)),
    b"<xml/>",
    b"order_item=1",
)

MALFORMED = [
    *(post(REQUESTS, text, 400, "malformed_body") for text in _NOT_JSON),
    *(post(REJECT, text, 400, "malformed_body", credentials=b"<seller>") for text in _NOT_JSON),
    *(post(LOGIN, text, 400, "malformed_body", credentials=b"") for text in _NOT_JSON[:32]),
    *(post(BULK, text, 400, "malformed_body") for text in _NOT_JSON[32:38]),
]


def _form(body: bytes, target: bytes = LOOK_UP) -> BadRequest:
    return post(target, body, 400, "malformed_body", kind=FORM, credentials=b"")


FORMS = [
    _form(b"email=%FF&order=1"),
    _form(b"email=\xff&order=1"),
    _form("email=ş&order=1".encode()),
    _form(b"email=a%00b&order=1"),
    _form(b"email=a&order=%ED%A0%80"),
    _form(b"email=a&email=b&order=1"),
    _form(b"e%6Dail=a&email=b&order=1"),
    _form(b"&".join([b"field=1"] * 1001)),
    post(LOOK_UP, b"{}", 400, "invalid", kind=FORM, credentials=b""),
    post(LOOK_UP, b"order=1", 400, "invalid", kind=FORM, credentials=b""),
    post(LOOK_UP, b"", 400, "body_required", kind=FORM, credentials=b""),
    post(LOOK_UP, b"", 400, "body_required", credentials=b""),
    post(REQUESTS, b"", 400, "body_required"),
    *(
        post(target, text, 400, "invalid", credentials=credentials)
        for target, credentials in ((REQUESTS, b"<shopper>"), (LOGIN, b""), (REJECT, b"<seller>"))
        for text in (b"[]", b"null", b"true", b"1", b'"text"')
    ),
]

CONTENTS = [*MEDIA_TYPES, *MALFORMED, *FORMS]
