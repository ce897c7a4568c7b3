import re

import pytest

from tests.handlers.cli.conftest import Run
from tests.support.operator_commands import StoredOrders


@pytest.fixture
def request_pk(waybill: Run, stored_orders: StoredOrders) -> str:
    """An approved request, which has a plan."""
    pk = str(stored_orders.request().pk)
    waybill("requests", "approve", pk)
    return pk


def plan_pk(waybill: Run, request_pk: str) -> str:
    [pk] = re.findall(r"Plan +(\d+),", waybill("requests", "show", request_pk).output)
    return str(pk)


class TestMark:
    def test_is_shown_with_its_note(self, waybill: Run, request_pk: str) -> None:
        pk = plan_pk(waybill, request_pk)

        result = waybill("plans", "mark", pk, "manuel_refund_need", "--note", "IBAN kapalı")

        assert (result.exit_code, result.output) == (0, f"Plan {pk} is manuel_refund_need.\n")
        shown = waybill("requests", "show", request_pk).output
        assert f"{pk}, manuel_refund_need: IBAN kapalı" in shown

    def test_is_one_of_the_documented_states(self, waybill: Run) -> None:
        assert waybill("plans", "mark", "1", "lost").exit_code == 2

    def test_limits_the_length_of_the_note(self, waybill: Run) -> None:
        result = waybill("plans", "mark", "1", "failed", "--note", "x" * 1001)

        assert result.exit_code == 2
        assert "Must be at most 1000 characters long." in result.output

    @pytest.mark.parametrize("pk", ["404", str(2**63)])
    def test_needs_an_existing_plan(self, waybill: Run, pk: str) -> None:
        result = waybill("plans", "mark", pk, "failed")

        assert (result.exit_code, result.output) == (1, "Error: Not found.\n")
