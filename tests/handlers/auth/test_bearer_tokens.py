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


class TestBearerValue:
    @pytest.mark.parametrize("header", ["Authorization", "Authentication"])
    @pytest.mark.parametrize("text", ["Bearer wbs_a-b", "bearer  wbs_a-b", " BEARER wbs_a-b "])
    def test_is_read_from_either_header(self, header: str, text: str) -> None:
        assert value_of({header: text}, header) == "wbs_a-b"

    @pytest.mark.parametrize(
        "text",
        ["", "Bearer", "Bearer ", "wbs_a", "Basic wbs_a", "Bearer a b", "Bearera", "Bearer ş"],
    )
    def test_refuses_other_values(self, text: str) -> None:
        with pytest.raises(NotAuthenticated):
            value_of({"Authorization": text})

    @pytest.mark.parametrize("text", ["wbs_a-b", " wbs_a-b ", "wbs_a-b=="])
    def test_may_have_no_scheme_in_authentication(self, text: str) -> None:
        """SDKs send API keys without a scheme."""
        assert value_of({"Authentication": text}, "Authentication") == text.strip()

    @pytest.mark.parametrize("text", ["", "Basic a", "a b", "a, a", "a,a", "ş", "Bearer a, a"])
    def test_refuses_other_values_of_authentication(self, text: str) -> None:
        with pytest.raises(NotAuthenticated):
            value_of({"Authentication": text}, "Authentication")

    @pytest.mark.parametrize("other", ["bearer a", "a"])
    def test_may_be_in_both_headers(self, other: str) -> None:
        both = {"Authorization": "Bearer a", "Authentication": other}

        assert value_of(both) == value_of(both, "Authentication") == "a"

    @pytest.mark.parametrize("other", ["Bearer b", "b", "Basic a", ""])
    @pytest.mark.parametrize("header", ["Authorization", "Authentication"])
    def test_refuses_headers_that_differ(self, header: str, other: str) -> None:
        both = {"Authorization": "Bearer a", "Authentication": other}

        with pytest.raises(NotAuthenticated):
            value_of(both, header)

    def test_refuses_a_repeated_header(self) -> None:
        with pytest.raises(NotAuthenticated):
            value_of({"Authorization": "Bearer a, Bearer a"})


class TestChallenge:
    def test_requests_a_token(self) -> None:
        assert challenged(NotAuthenticated(), make_operation(security=BOTH)) == REALM

    @pytest.mark.parametrize("header", ["Authorization", "Authentication"])
    def test_reports_an_invalid_token(self, header: str) -> None:
        header_value = challenged(
            NotAuthenticated(), make_operation(security=BOTH), **{header: "Bearer a"}
        )

        assert header_value == f'{REALM}, error="invalid_token"'

    def test_names_the_missing_scope(self) -> None:
        header_value = challenged(
            Forbidden(), make_operation(security=BOTH), Authorization="Bearer a"
        )

        assert header_value == f'{REALM}, error="insufficient_scope", scope="plans:read"'

    def test_is_absent_for_other_refusals_and_callers(self) -> None:
        shoppers = make_operation(security=[{"SessionCookie": []}])

        assert challenged(InvalidInput(), make_operation(security=BOTH)) is None
        assert challenged(NotAuthenticated(), shoppers) is None
