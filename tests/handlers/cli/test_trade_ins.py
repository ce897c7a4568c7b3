import re
from datetime import UTC, datetime, timedelta

import pytest

from domain.outbox import OutboxKind
from tests.handlers.cli.conftest import Run
from tests.support.application import Clients
from tests.support.operator_commands import DELIVERED, StoredOrders


class TestOffer:
    def test_is_open_and_queues_an_email(self, waybill: Run, stored_orders: StoredOrders) -> None:
        item = stored_orders.order(**DELIVERED).items[0]

        result = waybill("trade-ins", "offer", str(item.pk), "--days", "3")

        [event] = stored_orders.emails()
        expires = datetime.fromisoformat(event.payload["expires_date"])
        assert result.exit_code == 0
        assert (
            f"for order item {item.pk} stands until {expires:%Y-%m-%d %H:%M} UTC" in result.output
        )
        assert (event.kind, event.payload["order_item"]) == (OutboxKind.TRADE_IN_OFFERED, item.pk)
        assert abs(expires - datetime.now(UTC) - timedelta(days=3)) < timedelta(minutes=1)

    def test_shows_its_links_with_an_option(
        self, waybill: Run, stored_orders: StoredOrders, clients: Clients
    ) -> None:
        item = stored_orders.order(**DELIVERED).items[0]

        result = waybill("trade-ins", "offer", str(item.pk), "--links")

        links = dict(
            re.findall(
                r"^(Page|Accept|Reject) +http://127.0.0.1:8000(/\S+)$", result.output, re.MULTILINE
            )
        )
        client = clients.new()
        assert client.get(links["Page"]).json()["state"] == "open"
        assert client.get(links["Accept"]).json() == "Your approval has been sent."
        assert client.get(links["Reject"]).status_code == 409

    @pytest.mark.parametrize(
        ("item", "reason"),
        [({}, "Only a delivered item can be traded in."), (DELIVERED, "Another offer")],
    )
    def test_is_refused_with_the_reason(
        self, waybill: Run, stored_orders: StoredOrders, item: dict[str, object], reason: str
    ) -> None:
        pk = str(stored_orders.order(**item).items[0].pk)
        waybill("trade-ins", "offer", pk)

        result = waybill("trade-ins", "offer", pk)

        assert result.exit_code == 1
        assert result.output.startswith(f"Error: {reason}")

    def test_needs_an_existing_item(self, waybill: Run, stored_orders: StoredOrders) -> None:
        assert waybill("trade-ins", "offer", "404").output == "Error: Not found.\n"
        assert waybill("trade-ins", "offer", "404", "--days", "0").exit_code == 2
