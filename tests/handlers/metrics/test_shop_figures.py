from collections.abc import Callable, Iterable

import pytest
from prometheus_client import Metric

from domain.shared.errors import Unavailable
from domain.shared.monitoring import AGES, DatabaseFigures, ShopFigures, StandbyFigures
from handlers.metrics.shop_figures import CACHE_SECONDS, CachedFigures, collect_figures

SHOP = ShopFigures(
    outbox_pending=3,
    outbox_oldest=61.5,
    outbox_dead=1,
    open_requests=(1, 2, 3, 4),
    oldest_open_request=700_000.0,
    mail_worker_seen=1_800_000_000.0,
)
FIGURES = DatabaseFigures(
    revision="0013",
    needed_revision="0012",
    shop=SHOP,
    standbys=(StandbyFigures("near", True, 0.5), StandbyFigures("away", False, None)),
)


def values(metrics: Iterable[Metric]) -> dict[str, float]:
    return {
        f"{sample.name}{','.join(sample.labels.values())}": sample.value
        for metric in metrics
        for sample in metric.samples
    }


class TestMetrics:
    def test_have_all_figures(self) -> None:
        assert values(collect_figures(FIGURES)) == {
            "waybill_database_up": 1,
            "waybill_schema_revision": 13,
            "waybill_schema_revision_needed": 12,
            "waybill_schema_compatible": 1,
            "waybill_replica_readnear": 1,
            "waybill_replica_readaway": 0,
            "waybill_replica_lag_secondsnear": 0.5,
            "waybill_outbox_pending": 3,
            "waybill_outbox_oldest_seconds": 61.5,
            "waybill_outbox_dead": 1,
            "waybill_mail_worker_last_seen_timestamp_seconds": 1_800_000_000,
            "waybill_cancellation_requests_oldest_seconds": 700_000,
            "waybill_cancellation_requests_open0-24h": 1,
            "waybill_cancellation_requests_open24-48h": 2,
            "waybill_cancellation_requests_open48-168h": 3,
            "waybill_cancellation_requests_open168h+": 4,
        }
        assert len(SHOP.open_requests) == len(AGES) + 1

    def test_show_that_the_database_is_away(self) -> None:
        assert values(collect_figures(None)) == {"waybill_database_up": 0}

    def test_have_the_revision_of_tables_of_another_release(self) -> None:
        figures = DatabaseFigures(revision=None, needed_revision="0013", shop=None)

        assert values(collect_figures(figures)) == {
            "waybill_database_up": 1,
            "waybill_schema_revision": 0,
            "waybill_schema_revision_needed": 13,
            "waybill_schema_compatible": 0,
        }


class Source:
    def __init__(self) -> None:
        self.reads = 0
        self.is_away = False
        self.now = 100.0

    def read(self) -> DatabaseFigures:
        self.reads += 1
        if self.is_away:
            raise Unavailable
        return FIGURES

    def clock(self) -> float:
        return self.now


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def get(source: Source) -> Callable[[], DatabaseFigures | None]:
    return CachedFigures(source.read, source.clock).get


class TestCachedFigures:
    def test_are_read_once_in_some_seconds(
        self, source: Source, get: Callable[[], DatabaseFigures | None]
    ) -> None:
        assert (get(), get(), source.reads) == (FIGURES, FIGURES, 1)

        source.now += CACHE_SECONDS

        assert (get(), source.reads) == (FIGURES, 2)

    def test_are_none_while_the_database_is_away(
        self, source: Source, get: Callable[[], DatabaseFigures | None]
    ) -> None:
        get()
        source.is_away = True
        source.now += CACHE_SECONDS

        # Not tried again at each scrape: a database that hangs would delay all of them.
        assert (get(), get(), source.reads) == (None, None, 2)

        source.is_away = False
        source.now += CACHE_SECONDS

        assert get() == FIGURES
