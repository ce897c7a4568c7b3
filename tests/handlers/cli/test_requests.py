import re
from datetime import date, time, timedelta

import pytest

from domain.orders.cancellations import CancellationStatus, CancellationType
from domain.outbox import OutboxKind
from tests.handlers.cli.conftest import Run
from tests.support.builders import NOW, make_easy_return
from tests.support.cancellation_fakes import GOOD_IBAN
from tests.support.operator_commands import DELIVERED, StoredOrders

REFUND = CancellationType.REFUND
IBAN = GOOD_IBAN.replace(" ", "")


class TestList:
    def test_is_a_table_newest_first(self, waybill: Run, stored_orders: StoredOrders) -> None:
        first = stored_orders.request()
        second = stored_orders.request(quantity=None, created_date=NOW + timedelta(hours=1))

        titles, newer, older, _, total = waybill("requests", "list").output.splitlines()

        assert titles.split() == ["PK", "ORDER", "TYPE", "QUANTITY", "STATUS", "CREATED"]
        assert newer.split()[::2] == [str(second.pk), "cancel", "open", "13:00"]
        assert re.fullmatch(rf"{first.pk} +\d+ +cancel +1 +open +2026-03-01 12:00", older)
        assert "all" in newer.split()
        assert total == "2 in all, page 1 of 1."

    def test_shows_one_status(self, waybill: Run, stored_orders: StoredOrders) -> None:
        stored_orders.request()
        rejected = stored_orders.request(status=CancellationStatus.REJECTED)

        _, line, *_ = waybill("requests", "list", "--status", "rejected").output.splitlines()

        assert line.split()[0] == str(rejected.pk)

    def test_has_pages(self, waybill: Run, stored_orders: StoredOrders) -> None:
        first, _ = (
            stored_orders.request(),
            stored_orders.request(created_date=NOW + timedelta(hours=1)),
        )

        result = waybill("requests", "list", "--page", "2", "--limit", "1")

        assert result.output.splitlines()[1].split()[0] == str(first.pk)
        assert "2 in all, page 2 of 2." in result.output

    def test_has_a_last_page(self, waybill: Run, stored_orders: StoredOrders) -> None:
        result = waybill("requests", "list", "--page", "2")

        assert (result.exit_code, result.output) == (1, "Error: Invalid page.\n")

    def test_may_be_empty(self, waybill: Run, stored_orders: StoredOrders) -> None:
        assert "0 in all, page 1 of 1." in waybill("requests", "list").output


class TestShow:
    def test_has_what_a_refund_needs(self, waybill: Run, stored_orders: StoredOrders) -> None:
        request = stored_orders.request(
            cancellation_type=REFUND, description="Kutusu ezik", iban=IBAN, holder_name="Ayşe Öz"
        )

        output = waybill("requests", "show", str(request.pk)).output

        assert f"Request         {request.pk} ({request.uuid})" in output
        assert re.search(r"Order +\d+ \(pk \d+\), waiting", output)
        assert re.search(r"Item +Room Spray \(pk \d+\), waiting", output)
        for line in ("Quantity        1 of 2", "Reason          I changed my mind"):
            assert line in output
        assert "Description     Kutusu ezik" in output
        assert f"Account holder  Ayşe Öz\nIBAN            {IBAN}\n" in output
        assert "Refund          unknown until it is decided" in output

    def test_has_plan_amounts_and_trail_after_a_decision(
        self, waybill: Run, stored_orders: StoredOrders
    ) -> None:
        request = stored_orders.request(cancellation_type=REFUND, item=DELIVERED)
        waybill("requests", "approve", str(request.pk), "--operator", "mehmet")

        output = waybill("requests", "show", str(request.pk)).output

        assert re.search(r"Plan +\d+, approved", output)
        assert "Refund          50.00 TRY" in output
        assert re.search(r"shipping +0\.00 TRY", output)
        assert re.search(r"Order refunded +0.00 TRY", output)
        assert re.search(r"operator:mehmet +open +approved", output)

    def test_has_the_parcel(self, waybill: Run, stored_orders: StoredOrders) -> None:
        parcel = make_easy_return(
            pickup_date=date(2026, 3, 4), pickup_start=time(9), pickup_end=time(12)
        )
        request = stored_orders.request(cancellation_type=REFUND, easy_return=parcel)

        output = waybill("requests", "show", str(request.pk)).output

        assert "Easy return     14223 with Yurtiçi Kargo, active" in output
        assert "Pickup          2026-03-04 09:00-12:00" in output

    @pytest.mark.parametrize(
        ("day", "expected"), [(None, None), (date(2026, 3, 4), "Pickup          2026-03-04")]
    )
    def test_shows_only_the_parts_of_a_pickup_that_exist(
        self, waybill: Run, stored_orders: StoredOrders, day: date | None, expected: str | None
    ) -> None:
        parcel = make_easy_return(pickup_date=day)
        request = stored_orders.request(cancellation_type=REFUND, easy_return=parcel)

        lines = waybill("requests", "show", str(request.pk)).output.splitlines()

        assert next((line for line in lines if line.startswith("Pickup")), None) == expected

    def test_removes_control_characters(self, waybill: Run, stored_orders: StoredOrders) -> None:
        request = stored_orders.request(description="\x1b[2Jfine\nStatus: approved")

        output = waybill("requests", "show", str(request.pk)).output

        assert "Description     [2Jfine Status: approved" in output

    @pytest.mark.parametrize("pk", ["404", "0", str(2**63)])
    def test_fails_for_a_missing_request(
        self, waybill: Run, stored_orders: StoredOrders, pk: str
    ) -> None:
        result = waybill("requests", "show", pk)

        assert (result.exit_code, result.output) == (1, "Error: Not found.\n")


class TestDecisions:
    def test_complete_a_request(self, waybill: Run, stored_orders: StoredOrders) -> None:
        request = stored_orders.request()

        approved = waybill("requests", "approve", str(request.pk), "--operator", "ayse").output
        completed = waybill("requests", "complete", str(request.pk), "--operator", "can").output

        assert f"Request {request.pk} is approved: Room Spray, order" in approved
        assert "Refund: 50.00 TRY." in approved
        assert re.search(r"Plan \d+ is approved\.", approved)
        assert "The item is waiting, the order waiting." in approved
        assert f"Request {request.pk} is completed" in completed
        assert stored_orders.status(request) is CancellationStatus.COMPLETED
        assert stored_orders.actors(request) == ["operator:ayse", "operator:can"]
        assert [event.kind for event in stored_orders.emails()] == [
            OutboxKind.CANCELLATION_COMPLETED,
            OutboxKind.CANCELLATION_APPROVED,
        ]

    def test_reject_a_request(self, waybill: Run, stored_orders: StoredOrders) -> None:
        request = stored_orders.request()

        result = waybill("requests", "reject", str(request.pk))

        assert result.exit_code == 0
        assert "Refund: 0.00 TRY." in result.output
        assert stored_orders.status(request) is CancellationStatus.REJECTED

    def test_report_a_refund_in_loyalty_money(
        self, waybill: Run, stored_orders: StoredOrders
    ) -> None:
        request = stored_orders.request(fully_refund_as_loyalty_money=True)

        output = waybill("requests", "approve", str(request.pk)).output

        assert "Refund: 50.00 TRY as loyalty money." in output

    @pytest.mark.parametrize(
        ("status", "decision", "reason"),
        [
            ("open", "complete", "A request that is open can not become completed."),
            ("rejected", "approve", "A request that is rejected can not become approved."),
            ("completed", "reject", "A request that is completed can not become rejected."),
        ],
    )
    def test_can_not_be_made_out_of_order(
        self, waybill: Run, stored_orders: StoredOrders, status: str, decision: str, reason: str
    ) -> None:
        request = stored_orders.request(status=CancellationStatus(status))

        result = waybill("requests", decision, str(request.pk))

        assert (result.exit_code, result.output) == (1, f"Error: {reason}\n")
        assert (stored_orders.status(request), stored_orders.emails()) == (status, [])

    def test_need_an_existing_request(self, waybill: Run, stored_orders: StoredOrders) -> None:
        assert waybill("requests", "approve", "404").exit_code == 1
