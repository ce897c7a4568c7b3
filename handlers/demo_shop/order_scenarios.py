"""Scenarios: the histories that an order of the demo shop can have."""

from dataclasses import dataclass
from enum import StrEnum


class Extent(StrEnum):
    """How much of an order a request concerns."""

    ORDER = "order"
    LINE = "line"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class RequestScenario:
    """A request to cancel or return: its type, status and extent.

    ``by_shop``: the shop created it, because the seller could not deliver.
    """

    cancellation_type: str
    status: str
    extent: Extent
    by_shop: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """An order's state, its age in days (from, to), and its request, if any.

    Orders are drawn by ``weight``. ``has_trade_in``: the demo shopper has an open trade-in offer
    for the first line.
    """

    state: str
    days: tuple[int, int]
    request: RequestScenario | None = None
    is_unpaid: bool = False
    has_trade_in: bool = False
    weight: int = 1

    @property
    def was_shipped(self) -> bool:
        return self.state in {"shipped", "delivered", "refunded"}

    @property
    def was_delivered(self) -> bool:
        return self.state in {"delivered", "refunded"}


# Orders are shipped within a day and delivered within three more: those that are 5 to 13 days old
# were delivered less than two weeks ago, so they can be returned.
SCENARIOS = (
    Scenario("waiting", (0, 1), is_unpaid=True, weight=2),
    Scenario("waiting", (0, 2), weight=3),
    Scenario("approved", (0, 3), weight=3),
    Scenario("package_waiting", (1, 3), weight=2),
    Scenario("packaged", (1, 4), weight=2),
    Scenario("shipped", (2, 6), weight=4),
    Scenario("delivered", (5, 13), has_trade_in=True, weight=8),
    Scenario("delivered", (30, 700), weight=20),
    Scenario(
        "cancellation_waiting", (0, 3), RequestScenario("cancel", "open", Extent.ORDER), weight=2
    ),
    Scenario("cancelled", (3, 400), RequestScenario("cancel", "completed", Extent.ORDER), weight=3),
    Scenario(
        "rejected",
        (3, 400),
        RequestScenario("cancel", "completed", Extent.ORDER, by_shop=True),
        weight=2,
    ),
    Scenario("refunded", (20, 400), RequestScenario("refund", "completed", Extent.ORDER), weight=2),
    Scenario("delivered", (6, 12), RequestScenario("refund", "open", Extent.LINE), weight=2),
    Scenario("delivered", (9, 13), RequestScenario("refund", "approved", Extent.LINE)),
    Scenario("delivered", (20, 200), RequestScenario("refund", "rejected", Extent.LINE)),
    Scenario("delivered", (15, 300), RequestScenario("cancel", "completed", Extent.UNIT), weight=2),
    Scenario("delivered", (30, 300), RequestScenario("refund", "completed", Extent.UNIT), weight=2),
    Scenario("shipped", (2, 6), RequestScenario("cancel", "completed", Extent.LINE), weight=2),
)
