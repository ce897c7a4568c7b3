"""The output of load generators is parsed completely."""

from collections import Counter

import pytest

from benchmarks.load import parse_wrk
from benchmarks.loader import Requests, body_length, percentile
from benchmarks.pgbench import parse_log
from benchmarks.workloads import (
    COLD_DETAIL,
    CREATE,
    DETAIL,
    LIST,
    MIXED,
    SELLER_ORDERS,
    Mix,
    Request,
    Workload,
)

WRK = """Running 2s test @ http://127.0.0.1:8000/
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    39.98ms    8.07ms  76.91ms   79.12%
  Latency Distribution
     50%   36.40ms
     75%   40.00ms
     90%   51.00ms
     99%    1.05s
  400 requests in 2.01s, 49.50MB read
Requests/sec:    199.00
Transfer/sec:     24.60MB
"""


def test_output_of_wrk_is_parsed() -> None:
    load = parse_wrk(WRK)

    assert (load.requests, load.seconds, load.errors) == (400, 2.01, 0)
    assert (load.p50, load.p99) == (36.4, 1050.0)
    assert load.bytes == round(49.5 * 2**20)
    assert load.rate == pytest.approx(199, abs=0.01)


def test_errors_of_wrk_are_summed_and_not_counted_as_successes() -> None:
    failed = "  Socket errors: connect 1, read 2, write 0, timeout 3\n"
    refused = "  Non-2xx or 3xx responses: 100\n"

    load = parse_wrk(WRK + failed + refused)

    assert load.errors == 106
    assert load.rate == pytest.approx(294 / 2.01)


def test_other_output_of_wrk_is_refused() -> None:
    with pytest.raises(ValueError, match="unable to connect"):
        parse_wrk("unable to connect to 127.0.0.1:8000 Connection refused")


def test_a_log_of_pgbench_is_parsed() -> None:
    load = parse_log(["0 1 3000 0 1700000000 5", "1 1 1000 0 1700000000 6"], seconds=2)

    assert (load.requests, load.p50, load.p99, load.rate) == (2, 1.0, 3.0, 1.0)


@pytest.mark.parametrize(("share", "value"), [(1, 1), (50, 5), (90, 9), (99, 10), (100, 10)])
def test_percentiles_are_values_that_were_measured(share: int, value: int) -> None:
    assert percentile(range(1, 11), share) == value


def test_the_percentile_of_no_values_is_zero() -> None:
    assert percentile([], 50) == 0


def test_requests_that_are_sent_once_end() -> None:
    request = {"path": "/w", "headers": {"A": "b"}, "body": '{"ı":1}'}
    write = {"name": "w", "requests": [request], "is_once": True}
    read = {
        "name": "r",
        "requests": [{"path": "/r", "headers": {}, "body": None}],
        "is_once": False,
    }
    requests = Requests([write, read], "host")

    sent = [requests.take(0), requests.take(0), requests.take(1)]

    start = b"POST /w HTTP/1.1\r\nHost: host\r\nA: b\r\nContent-Length: 8\r\n\r\n"
    assert sent[:2] == [start + '{"ı":1}'.encode(), None]
    assert sent[2] == requests.take(1) == b"GET /r HTTP/1.1\r\nHost: host\r\n\r\n"


def make_workload(name: str, count: int, *, is_once: bool = False) -> Workload:
    requests = [Request(f"/{name}/{at}", {}) for at in range(count)]
    return Workload(name, requests, is_once=is_once)


def test_portions_share_requests_that_are_sent_once() -> None:
    mix = Mix("mix", [make_workload("r", 2), make_workload("w", 7, is_once=True)], [0, 1])

    first, second = mix.portions(2)

    paths = [[request.path for request in part.workloads[1].requests] for part in (first, second)]
    assert paths == [["/w/0", "/w/1", "/w/2"], ["/w/3", "/w/4", "/w/5"]]
    assert first.workloads[0] == second.workloads[0] == mix.workloads[0]


@pytest.mark.parametrize(
    ("head", "length"),
    [(b"http/1.1 200 ok\r\ncontent-length: 12\r\n", 12), (b"http/1.1 204 no content\r\n", 0)],
)
def test_a_head_has_the_length_of_the_body(head: bytes, length: int) -> None:
    assert body_length(head) == length


def test_of_twenty_requests_of_the_mix_a_third_of_the_details_is_cold() -> None:
    assert Counter(MIXED) == {DETAIL: 8, COLD_DETAIL: 4, LIST: 5, SELLER_ORDERS: 2, CREATE: 1}
