import re
import shlex

import pytest

from domain.accounts.users import User, UserType
from tests.handlers.cli.conftest import Run
from tests.support.application import Clients, Shop

CREATE = ("sessions", "create", "--email", "ayse@example.com")


@pytest.fixture
def shopper(shop: Shop) -> User:
    return shop.user(email="ayse@example.com")


class TestCreate:
    @pytest.mark.usefixtures("shopper")
    def test_prints_a_curl_line_that_lists_the_orders(self, waybill: Run, clients: Clients) -> None:
        *_, line = waybill(*CREATE).output.splitlines()

        curl, _, header, url = shlex.split(line)

        headers = dict([header.split(": ")])
        assert (curl, url) == ("curl", "http://127.0.0.1:8000/users/orders/")
        assert clients.new().get("/users/orders/", headers=headers).status_code == 200

    @pytest.mark.usefixtures("shopper")
    def test_prints_a_curl_line_that_changes_something(
        self, waybill: Run, clients: Clients
    ) -> None:
        output = waybill(*CREATE[:3], "AYSE@example.com").output

        cookies, header = re.findall(r"^(?:Cookies|Header) +(.*?)(?:  |$)", output, re.MULTILINE)

        headers = {"Cookie": cookies, **dict([header.split(": ")])}
        [key] = re.findall(r"^Key +Authorization: (Session \w+)", output, re.MULTILINE)
        by_key = {"Authorization": key}
        assert clients.new().get("/users/orders/", headers=by_key).status_code == 200
        assert clients.new().post("/users/logout/", headers=headers).status_code == 204
        assert clients.new().get("/users/orders/", headers=by_key).status_code == 401

    def test_finds_a_guest_by_an_option(self, waybill: Run, shop: Shop) -> None:
        shop.user(email="ayse@example.com", user_type=UserType.GUEST)

        assert waybill(*CREATE).exit_code == 1
        assert waybill(*CREATE, "--guest").exit_code == 0

    def test_refuses_an_inactive_user(self, waybill: Run, shop: Shop) -> None:
        shop.user(email="ayse@example.com", is_active=False)

        result = waybill(*CREATE)

        assert result.exit_code == 1
        assert "There is no active registered user ayse@example.com." in result.output
