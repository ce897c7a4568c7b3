from collections.abc import Mapping

import flask
import pytest

from domain.shared.errors import Forbidden, InvalidInput, NotAuthenticated, Refusal
from handlers.auth.bearer_tokens import bearer_value, challenge
from handlers.contract.operations.operations import Operation
from tests.support.small_contracts import make_operation

BOTH = [{"SellerToken": ["plans:read"]}, {"SellerAuthentication": ["plans:read"]}]
REALM = 'Bearer realm="seller center"'


def value_of(headers: Mapping[str, str], header: str = "Authorization") -> str:
    with flask.Flask("handlers").test_request_context("/", headers=dict(headers)):
        return bearer_value(header)


def challenged(refusal: Refusal, operation: Operation, **headers: str) -> str | None:
    with flask.Flask("handlers").test_request_context("/", headers=headers):
        return challenge(operation, refusal).get("WWW-Authenticate")


class TestValue:
    @pytest.mark.parametrize("header", ["Authorization", "Authentication"])
    @pytest.mark.parametrize("text", ["Bearer wbs_a-b", "bearer  wbs_a-b", " BEARER wbs_a-b "])
    def test_comes_in_either_header(self, header: str, text: str) -> None:
        assert value_of({header: text}, header) == "wbs_a-b"

    @pytest.mark.parametrize(
        "text",
        ["", "Bearer", "Bearer ", "wbs_a", "Basic wbs_a", "Bearer a b", "Bearera", "Bearer ş"],
    )
    def test_is_nothing_else(self, text: str) -> None:
        with pytest.raises(NotAuthenticated):
            value_of({"Authorization": text})

    @pytest.mark.parametrize("text", ["wbs_a-b", " wbs_a-b ", "wbs_a-b=="])
    def test_may_stand_alone_in_one_of_them(self, text: str) -> None:
        """SDKs send API keys without a scheme."""
        assert value_of({"Authentication": text}, "Authentication") == text.strip()

    @pytest.mark.parametrize("text", ["", "Basic a", "a b", "a, a", "a,a", "ş", "Bearer a, a"])
    def test_is_nothing_else_in_that_one(self, text: str) -> None:
        with pytest.raises(NotAuthenticated):
            value_of({"Authentication": text}, "Authentication")

    @pytest.mark.parametrize("other", ["bearer a", "a"])
    def test_may_come_in_both_headers(self, other: str) -> None:
        both = {"Authorization": "Bearer a", "Authentication": other}

        assert value_of(both) == value_of(both, "Authentication") == "a"

    @pytest.mark.parametrize("other", ["Bearer b", "b", "Basic a", ""])
    @pytest.mark.parametrize("header", ["Authorization", "Authentication"])
    def test_is_none_beside_another_one(self, header: str, other: str) -> None:
        both = {"Authorization": "Bearer a", "Authentication": other}

        with pytest.raises(NotAuthenticated):
            value_of(both, header)

    def test_is_none_where_a_header_came_twice(self) -> None:
        with pytest.raises(NotAuthenticated):
            value_of({"Authorization": "Bearer a, Bearer a"})


class TestChallenge:
    def test_asks_for_a_token(self) -> None:
        assert challenged(NotAuthenticated(), make_operation(security=BOTH)) == REALM

    @pytest.mark.parametrize("header", ["Authorization", "Authentication"])
    def test_tells_of_a_token_that_is_not_good(self, header: str) -> None:
        header_value = challenged(
            NotAuthenticated(), make_operation(security=BOTH), **{header: "Bearer a"}
        )

        assert header_value == f'{REALM}, error="invalid_token"'

    def test_names_the_scope_that_is_missing(self) -> None:
        header_value = challenged(
            Forbidden(), make_operation(security=BOTH), Authorization="Bearer a"
        )

        assert header_value == f'{REALM}, error="insufficient_scope", scope="plans:read"'

    def test_is_not_for_other_refusals_nor_for_other_callers(self) -> None:
        shoppers = make_operation(security=[{"SessionCookie": []}])

        assert challenged(InvalidInput(), make_operation(security=BOTH)) is None
        assert challenged(NotAuthenticated(), shoppers) is None
