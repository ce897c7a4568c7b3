"""Metrics from the database, read for a scrape, at most once in CACHE_SECONDS."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from threading import Lock
from time import monotonic

import structlog
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from domain.shared.errors import Unavailable
from domain.shared.monitoring import AGES, DatabaseFigures, ShopFigures, StandbyFigures

CACHE_SECONDS = 5.0

Read = Callable[[], DatabaseFigures]

_log = structlog.get_logger(__name__)
_HOUR = 3600


class CachedFigures:
    """The figures of the database, and None while it does not answer; both for some seconds."""

    def __init__(self, read: Read, clock: Callable[[], float] = monotonic) -> None:
        self._read = read
        self._clock = clock
        self._lock = Lock()
        self._until = float("-inf")
        self._figures: DatabaseFigures | None = None

    def get(self) -> DatabaseFigures | None:
        """The figures. Concurrent callers wait for one reading."""
        with self._lock:
            if self._clock() >= self._until:
                self._figures = self._fresh()
                self._until = self._clock() + CACHE_SECONDS
            return self._figures

    def _fresh(self) -> DatabaseFigures | None:
        try:
            return self._read()
        except Unavailable:
            _log.warning("figures_unavailable", hint="/metrics lacks those of the database")
            return None


def collect_figures(figures: DatabaseFigures | None) -> Iterator[Metric]:
    """The metrics; without figures, only that the database does not answer."""
    yield GaugeMetricFamily(
        "waybill_database_up",
        "Whether the database answered the statement for these metrics.",
        0 if figures is None else 1,
    )
    if figures is None:
        return
    yield GaugeMetricFamily(
        "waybill_schema_revision",
        "The schema revision of the tables; 0 without tables.",
        int(figures.revision or 0),
    )
    yield GaugeMetricFamily(
        "waybill_schema_revision_needed",
        "The schema revision that this release needs.",
        int(figures.needed_revision),
    )
    yield GaugeMetricFamily(
        "waybill_schema_compatible",
        "Whether this release works with the tables.",
        0 if figures.shop is None else 1,
    )
    if figures.standbys:
        yield from _collect_standbys(figures.standbys)
    if figures.shop is not None:
        yield from _collect_shop(figures.shop)


def _collect_standbys(standbys: Iterable[StandbyFigures]) -> Iterator[Metric]:
    read = GaugeMetricFamily(
        "waybill_replica_read", "Whether a standby is read.", labels=["replica"]
    )
    lag = GaugeMetricFamily(
        "waybill_replica_lag_seconds",
        "Seconds by which a standby is behind the primary, if that is known.",
        labels=["replica"],
    )
    for standby in standbys:
        read.add_metric([standby.name], standby.is_read)
        if standby.seconds_behind is not None:
            lag.add_metric([standby.name], standby.seconds_behind)
    yield read
    yield lag


def _collect_shop(shop: ShopFigures) -> Iterator[Metric]:
    for name, text, value in (
        ("waybill_outbox_pending", "E-mails that wait for their delivery.", shop.outbox_pending),
        (
            "waybill_outbox_oldest_seconds",
            "Age of the oldest e-mail that waits; 0 if none waits.",
            shop.outbox_oldest,
        ),
        ("waybill_outbox_dead", "E-mails that are not tried again.", shop.outbox_dead),
        (
            "waybill_mail_worker_last_seen_timestamp_seconds",
            "When a mail worker last reported, in seconds since 1970; 0 if none did.",
            shop.mail_worker_seen,
        ),
        (
            "waybill_cancellation_requests_oldest_seconds",
            "Age of the oldest open cancellation request; 0 if none is open.",
            shop.oldest_open_request,
        ),
    ):
        yield GaugeMetricFamily(name, text, value)
    requests = GaugeMetricFamily(
        "waybill_cancellation_requests_open",
        "Open cancellation requests, by their age.",
        labels=["age"],
    )
    for age, count in zip(_ages(), shop.open_requests, strict=True):
        requests.add_metric([age], count)
    yield requests


def _ages() -> list[str]:
    """The groups of ages: `0-24h`, `24-48h` and so on."""
    hours = [0, *(int(age.total_seconds()) // _HOUR for age in AGES)]
    return [*(f"{low}-{high}h" for low, high in pairwise(hours)), f"{hours[-1]}h+"]
