import getpass

import pytest

from tests.handlers.cli.conftest import Run
from tests.support.operator_commands import StoredOrders


class TestOperator:
    def test_is_the_logged_in_user(
        self, waybill: Run, stored_orders: StoredOrders, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LOGNAME", "zeynep")
        request = stored_orders.request()

        waybill("requests", "approve", str(request.pk))

        assert stored_orders.actors(request) == ["operator:zeynep"]

    @pytest.mark.parametrize("name", ["", "ayse@example.com", "a b", "x" * 65, "a\nb"])
    def test_has_a_plain_name(self, waybill: Run, stored_orders: StoredOrders, name: str) -> None:
        request = stored_orders.request()

        result = waybill("requests", "approve", str(request.pk), "--operator", name)

        assert result.exit_code == 2
        assert stored_orders.actors(request) == []

    @pytest.mark.parametrize("error", [KeyError, OSError])
    def test_is_required_if_the_user_has_no_name(
        self, waybill: Run, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
    ) -> None:
        def fail() -> str:
            raise error

        monkeypatch.setattr(getpass, "getuser", fail)

        result = waybill("requests", "approve", "404")

        assert result.exit_code == 2
        assert "--operator" in result.output
