import pytest

from domain.outbox import OutboxEvent, OutboxKind, OutboxStatus
from tests.handlers.cli.conftest import Run
from tests.support.operator_commands import StoredOrders
from tests.support.outbox_events import make_event


def dead_event(stored_orders: StoredOrders) -> OutboxEvent:
    event = make_event()
    event.status, event.attempts, event.last_error = OutboxStatus.DEAD, 8, "550 SMTPDataError"
    return stored_orders.add_email(event)


class TestList:
    def test_shows_dead_e_mails_by_default(self, waybill: Run, stored_orders: StoredOrders) -> None:
        stored_orders.add_email(make_event())
        dead = dead_event(stored_orders)

        titles, line, _, total = waybill("outbox", "list").output.splitlines()

        assert titles.split()[:3] == ["PK", "KIND", "ORDER"]
        assert line.split() == [
            *(str(dead.pk), "cancellation_received", "1001", "dead", "8"),
            *("2026-03-01", "12:00", "550", "SMTPDataError"),
        ]
        assert total == "1 in all, page 1 of 1."

    @pytest.mark.parametrize("status", ["pending", "delivered"])
    def test_shows_other_statuses(
        self, waybill: Run, stored_orders: StoredOrders, status: str
    ) -> None:
        event = make_event()
        event.status = OutboxStatus(status)
        stored_orders.add_email(event)
        dead_event(stored_orders)

        _, line, *_ = waybill("outbox", "list", "--status", status).output.splitlines()

        assert line.split()[:4] == [str(event.pk), "cancellation_received", "1001", status]

    def test_shows_e_mails_about_no_order(self, waybill: Run, stored_orders: StoredOrders) -> None:
        event = stored_orders.add_email(make_event(OutboxKind.PASSWORD_CHANGED))

        _, line, *_ = waybill("outbox", "list", "--status", "pending").output.splitlines()

        assert line.split()[:3] == [str(event.pk), "password_changed", "pending"]

    def test_shows_no_address(self, waybill: Run, stored_orders: StoredOrders) -> None:
        dead_event(stored_orders)

        assert "ayse" not in waybill("outbox", "list").output


class TestRetry:
    def test_makes_a_dead_e_mail_pending(self, waybill: Run, stored_orders: StoredOrders) -> None:
        pk = dead_event(stored_orders).pk

        result = waybill("outbox", "retry", str(pk))

        [event] = stored_orders.emails()
        assert (result.exit_code, result.output) == (0, f"E-mail {pk} is pending.\n")
        assert (event.status, event.attempts) == (OutboxStatus.PENDING, 0)

    def test_refuses_other_e_mails(self, waybill: Run, stored_orders: StoredOrders) -> None:
        result = waybill("outbox", "retry", str(stored_orders.add_email(make_event()).pk))

        assert result.exit_code == 1
        assert result.output == "Error: Only a dead letter can be sent again.\n"

    @pytest.mark.parametrize("pk", ["404", str(2**63)])
    def test_needs_an_existing_event(
        self, waybill: Run, stored_orders: StoredOrders, pk: str
    ) -> None:
        assert waybill("outbox", "retry", pk).output == "Error: Not found.\n"
