from typing import Any

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder

from domain.shared.errors import Forbidden, InvalidInput, NotAuthenticated
from handlers.contract.document.contract import ContractError
from handlers.contract.operations.operations import Operation
from handlers.contract.operations.security import Authentication, Credential, challenges, identity
from tests.support.small_contracts import compile_operations, make_contract, make_spec

OF_HEADER = {"type": "apiKey", "in": "header", "name": "X-Key"}
SCHEMES: dict[str, dict[str, Any]] = {
    "header": OF_HEADER,
    "underscored": OF_HEADER | {"name": "api_key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "key"},
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "Bearer"},
    "digest": {"type": "http", "scheme": "digest"},
    "oauth": {"type": "oauth2", "flows": {}},
    "openid": {"type": "openIdConnect", "openIdConnectUrl": "/"},
    "tls": {"type": "mutualTLS"},
}
BASIC = "Basic bmFtZTpzZWNyZXQ="  # name:secret


def make(*alternatives: dict[str, list[str]]) -> tuple[Any, Operation]:
    spec = make_spec(security=list(alternatives))
    contract = make_contract({"/things/": {"get": spec}}, securitySchemes=SCHEMES)
    [operation] = compile_operations(contract)
    return contract, operation


def authenticated(*alternatives: dict[str, list[str]], **request: Any) -> Any:
    """The credential that identifies the caller."""
    contract, operation = make(*alternatives)
    authenticate = Authentication(
        contract, [operation], dict.fromkeys(SCHEMES, lambda credential: credential)
    )
    builder = EnvironBuilder("/", **request)
    scope = {"headers": [(n.encode().lower(), v.encode()) for n, v in builder.headers.items()]}
    with Flask("things").request_context(builder.get_environ() | {"asgi.scope": scope}):
        authenticate(operation)
        return identity()


@pytest.mark.parametrize(
    ("scheme", "request_", "value"),
    [
        ("header", {"headers": {"x-key": "a"}}, "a"),
        ("underscored", {"headers": {"api_key": "a"}}, "a"),
        ("query", {"query_string": "key=a"}, "a"),
        ("cookie", {"headers": {"Cookie": "key=a"}}, "a"),
        ("basic", {"headers": {"Authorization": BASIC}}, "name:secret"),
        ("bearer", {"headers": {"Authorization": "bearer a"}}, "a"),
        ("digest", {"headers": {"Authorization": "Digest a=b"}}, "a=b"),
        ("oauth", {"headers": {"Authorization": "Bearer a"}}, "a"),
        ("openid", {"headers": {"Authorization": "Bearer a"}}, "a"),
    ],
)
def test_a_credential_is_found_at_the_place_of_its_scheme(
    scheme: str, request_: dict[str, Any], value: str
) -> None:
    credential = authenticated({scheme: ["read"]}, **request_)

    assert credential == Credential(scheme, value, frozenset({"read"}))
    with pytest.raises(NotAuthenticated):
        authenticated({scheme: []}, headers={"Authorization": "Other x"})


def test_one_alternative_suffices() -> None:
    assert authenticated({"header": []}, {"query": []}, query_string="key=a").scheme == "query"
    assert authenticated({"header": []}, {}) is None
    assert authenticated() is None


def test_schemes_need_a_check_and_a_supported_type() -> None:
    contract, operation = make({"header": []})
    with pytest.raises(ContractError, match="nothing checks the security scheme header"):
        Authentication(contract, [operation], {})

    contract, operation = make({"other": []})
    with pytest.raises(ContractError, match="there is no security scheme other"):
        Authentication(contract, [operation], {"other": lambda credential: credential})

    contract, operation = make({"tls": []})
    with pytest.raises(ContractError, match="securitySchemes/tls/type: mutualTLS is not supported"):
        Authentication(contract, [operation], {"tls": lambda credential: credential})


def test_callers_without_a_credential_get_a_challenge() -> None:
    contract, operation = make({"basic": []}, {"bearer": []}, {"oauth": []}, {"header": []})

    headers = challenges(contract, operation, NotAuthenticated())

    assert headers == {"WWW-Authenticate": 'Basic realm="api", Bearer'}
    for refusal in (Forbidden(), InvalidInput()):
        assert challenges(contract, operation, refusal) == {}
    assert challenges(*make({"header": []}), NotAuthenticated()) == {}
