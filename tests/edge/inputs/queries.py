"""Ids in paths, and invalid filters, pages and orderings."""

from base64 import urlsafe_b64encode

from tests.edge.bad_requests import (
    OLD_ORDERS,
    ORDERS,
    PLANS,
    REJECT,
    REQUESTS,
    SELLER_ADDRESSES,
    SELLER_ITEMS,
    SELLER_ORDERS,
    BadRequest,
    get,
    post,
    seller_get,
)

_PKS = (
    b"0",
    b"-1",
    b"9223372036854775807",
    b"9223372036854775808",
    b"18446744073709551616",
    b"9" * 5000,
    b"-" + b"9" * 30,
    b"1.5",
    b"1e3",
    b"0x10",
    b"abc",
    b"NaN",
    b"%20<order>",
    b"<order>%20",
    b"%D9%A1",
    b"<order>%2C1",
    b"<order>;DROP%20TABLE%20orders",
    b"'%20OR%20'1'='1",
    b"null",
)
_UUIDS = (
    b"0",
    b"x",
    b"33a11761",
    b"00000000-0000-0000-0000-000000000000",
    b"33a11761-43bc-41d4-8f7f-1e860028367g",
    b"%7B33a11761-43bc-41d4-8f7f-1e860028367b%7D",
    b"urn:uuid:33a11761-43bc-41d4-8f7f-1e860028367b",
    b"'%20OR%20'1'='1",
    b"9" * 5000,
)

IDS = [
    *(get(ORDERS + pk + b"/", 404, "not_found") for pk in _PKS),
    *(get(ORDERS + pk + b"/cancellation/", 404, "not_found") for pk in _PKS),
    *(get(OLD_ORDERS + pk + b"/", 404, "not_found") for pk in _PKS),
    *(get(b"/users/order_item/%b/tradein_approved/" % pk, 404, "not_found") for pk in _PKS),
    *(
        post(
            REJECT.replace(b"<uuid>", identifier), b"{}", 404, "not_found", credentials=b"<seller>"
        )
        for identifier in _UUIDS
    ),
    get(
        b"/users/order_item/<item>/tradein_approved/?token=forged",
        404,
        "not_found",
        credentials=b"",
    ),
    get(b"/users/order_item/<item>/tradein_rejected/?token=" + b"x" * 4000, 404, "not_found"),
    get(b"/users/order_item/<item>/tradein_rejected/?token=%00", 404, "not_found"),
]


def _refused(path: bytes, *queries: bytes) -> list[BadRequest]:
    return [get(path + b"?" + query, 400, "invalid") for query in queries]


_SHOPPERS = [
    *_refused(
        ORDERS,
        b"page=abc",
        b"page=",
        b"page=1.0",
        b"page=1e2",
        b"page=%2B1",
        b"page=+",
        b"page=1+2",
        b"page=%C2%A01",
        b"page=%D9%A1",
        b"page=NaN",
        b"page=1&page=2",
        b"limit=0",
        b"limit=-1",
        b"limit=101",
        b"limit=9223372036854775808",
        b"limit=" + b"9" * 5000,
        b"limit=ten",
        b"search=%00",
        b"search=before%00after",
        b"search=%ff",
        b"search=%ed%a0%80",
        b"search=%c0%af",
        b"search=" + b"x" * 65,
        b"search=one&search=two",
        b"last_month=maybe",
        b"last_month=1",
        b"created_date__gte=yesterday",
        b"created_date__gte=2026-02-30",
        b"created_date__gte=9999-12-31T23:59-12:00",
        b"created_date__gte=0001-01-01T00:00:00%2B12:00",
        b"created_date__lte=10000-01-01",
        b"created_date__lte=0000-01-01",
        b"created_date__lte=2026-03-01T25:00:00Z",
        b"created_date__lte=1772366400",
        b"created_date__lte=2026-03-01T09:30:00+3",
        b"created_date__lte=2026-03-01++09:30",
        b"created_date__lte=2026-03-01Z",
        b"created_date__lte=2026-03-01+03:00+03:00+03:00",
        b"created_date__lte=" + b"9" * 5000,
        b"created_date__lte=%00",
    ),
    *_refused(OLD_ORDERS, b"sort=password", b"sort=--amount", b"sort=", b"currency=xyz", b"page=x"),
    *_refused(OLD_ORDERS, b"sort=amount%00", b"sort=amount;DROP", b"currency=%ff", b"limit=1000"),
    *_refused(REQUESTS, b"page=x", b"limit=0", b"page=1&page=1"),
    *(
        get(path + b"?page=" + page, 404, "invalid_page")
        for path in (ORDERS, OLD_ORDERS, REQUESTS)
        for page in (
            b"0",
            b"-1",
            b"1000000",
            b"461168601842738791",
            b"9223372036854775807",
            b"9223372036854775808",
            b"9" * 5000,
        )
    ),
]


def _cursor(text: bytes) -> bytes:
    return b"cursor=" + urlsafe_b64encode(text).rstrip(b"=")


_SELLERS = [
    *(
        seller_get(path + b"?" + query, 400, "invalid")
        for path, queries in {
            SELLER_ORDERS: (
                b"status=x",
                b"status=NaN",
                b"status=1.0",
                b"number=",
                b"number=%00",
                b"number=%ff",
                b"number=%ed%a0%80",
                b"number__contains=" + b"x" * 1001,
                b"number__icontains=a%00b",
                b"amount__gte=NaN",
                b"amount__gte=Infinity",
                b"amount__lt=1e400",
                b"amount__lt=1E5",
                b"amount__lte=" + b"9" * 41,
                b"amount__gt=--1",
                b"date_placed__gte=9999-12-31T23:59-12:00",
                b"date_placed__gte=9999-12-31T23:59:59-12:00",
                b"date_placed__lt=0001-01-01T00:00:00%2B12:00",
                b"created_at__gt=10000-01-01T00:00:00Z",
                b"created_at__lte=2026-02-30T00:00:00Z",
                b"has_gift_box=perhaps",
                b"currency=%00",
                b"ordering=password",
                b"ordering=number,status",
                b"limit=501",
                b"limit=0",
                b"limit=9223372036854775808",
                b"number=one&number=two",
                b"cursor=%00",
                b"cursor=!",
                b"cursor=" + b"x" * 4001,
            ),
            SELLER_ITEMS: (b"order__number=%00", b"status=all", b"price__gte=NaN"),
            PLANS: (
                b"payment_plan={",
                b"payment_plan=NaN",
                b"payment_plan=1e400",
                b"payment_plan=%22%5Cu0000%22",
                b"payment_plan=%22%5Cud800%22",
                b"payment_plan=" + b"[" * 1000,
            ),
            SELLER_ADDRESSES: (b"email=", b"email=%00", b"email=%ff"),
        }.items()
        for query in queries
    ),
    *(
        seller_get(path + query, 400, "unknown_parameter")
        for path in (SELLER_ORDERS, SELLER_ITEMS, PLANS, SELLER_ADDRESSES)
        for query in (b"?unknown=1", b"?%00=1", b"?%ff", b"?format=json")
    ),
    *(
        seller_get(SELLER_ORDERS + b"?" + _cursor(text), 400, "invalid_cursor")
        for text in (
            b"null",
            b"[]",
            b"{",
            b'["",false,null,9223372036854775808]',
            b'["",false,null,-1]',
            b'["",false,null,1.5]',
            b'["",false,null,NaN]',
            b'["",false,"\\u0000",1]',
            b'["",false,"\\ud800",1]',
            b'["",true,"9999-12-31T23:59-12:00",1]',
            b'["",true,"0001-01-01T00:00+12:00",1]',
            b'["",false,%b,1]' % (b"9" * 30),
            b'["",false,%b,1]' % (b"[" * 1000),
            b'["elsewhere",false,null,1]',
            b"\xff\xfe",
        )
    ),
    *(
        seller_get(path + b"?page=" + page, 404, "invalid_page")
        for path in (SELLER_ORDERS, SELLER_ITEMS, PLANS, SELLER_ADDRESSES)
        for page in (b"0", b"-1", b"9223372036854775807", b"9" * 500)
    ),
]

QUERIES = [*IDS, *_SHOPPERS, *_SELLERS]
