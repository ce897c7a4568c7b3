from typing import Any

import pytest

from handlers.authentication import check_schemes
from handlers.contract.document.bundle import ContractError
from tests.support.small_contracts import compile_operations, make_contract, make_spec


def check(security: Any) -> None:
    contract = make_contract({"/things/": {"get": make_spec(security=security)}})
    check_schemes(contract, compile_operations(contract))


@pytest.mark.parametrize(
    "security",
    [
        [],
        [{}],
        [{"SessionCookie": []}, {"OrderGrant": []}],
        [{"OrderGrant": []}, {"SessionKey": []}],
        [{"SellerToken": ["plans:read"]}],
    ],
    ids=str,
)
def test_known_schemes_and_scopes_are_accepted(security: Any) -> None:
    check(security)


@pytest.mark.parametrize(
    ("security", "fault"),
    [
        ([{"Cookie": []}], "nothing checks the security scheme Cookie"),
        ([{"TradeInToken": []}, {"SessionKey": []}], "no cookie has the value of a key"),
        ([{"SellerToken": ["plans:write"]}], "no token has the scopes ['plans:write']"),
    ],
    ids=str,
)
def test_others_stop_the_start_and_are_named(security: Any, fault: str) -> None:
    with pytest.raises(ContractError) as error:
        check(security)

    assert str(error.value) == f"things.yaml#/paths/~1things~1/get/security: {fault}"
