"""Security schemes: where their credentials are, and who may call an operation.

The check of a scheme decides whether a credential is valid, and for which scopes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from flask import Request, g, request

from domain.shared.errors import NotAuthenticated, Refusal
from handlers.contract.document.contract import Contract, ContractError
from handlers.contract.operations.operations import Operation
from handlers.contract.operations.requirements import first_satisfied
from handlers.http.body_presence import raw_headers


@dataclass(frozen=True)
class Credential:
    """What a caller sends for one security scheme, and the scopes that the operation needs.

    ``value``: an API key, a token, or `name:password` of HTTP Basic.
    """

    scheme: str
    value: str
    scopes: frozenset[str]


Check = Callable[[Credential], Any]
"""Returns the caller. Raises NotAuthenticated for an invalid credential, and Forbidden for one that
lacks a scope."""

_Find = Callable[[Request], str | None]


def identity() -> Any:
    """What the check of the current request returned; None where the operation is public."""
    return g.get("contract_identity")


class Authentication:
    """Authenticates callers by the security requirements of operations.

    Raises ContractError where an operation needs a scheme without a check, or of a type that can't
    be read from a request.
    """

    def __init__(
        self, contract: Contract, operations: Iterable[Operation], checks: Mapping[str, Check]
    ) -> None:
        self._checks = checks
        self._finders: dict[str, _Find] = {}
        schemes = contract.document.get("components", {}).get("securitySchemes", {})
        for operation in operations:
            place = contract.origin(f"{operation.pointer}/security")
            for scheme in chain.from_iterable(operation.security):
                if scheme not in checks:
                    raise ContractError(f"{place}: nothing checks the security scheme {scheme}")
                if scheme not in schemes:
                    raise ContractError(f"{place}: there is no security scheme {scheme}")
                self._finders[scheme] = _finder(contract, scheme, schemes[scheme])

    def __call__(self, operation: Operation) -> None:
        """Raises NotAuthenticated where no alternative is satisfied, and what the checks raise."""
        if operation.security:
            g.contract_identity = first_satisfied(
                operation.security, lambda scheme: self._identity(scheme, operation)
            )

    def _identity(self, scheme: str, operation: Operation) -> Any:
        value = self._finders[scheme](request)
        if value is None:
            raise NotAuthenticated
        return self._checks[scheme](Credential(scheme, value, operation.scopes_by_scheme[scheme]))


def challenges(contract: Contract, operation: Operation, refusal: Refusal) -> dict[str, str]:
    """The header that says how to authenticate, where HTTP has a scheme for it (RFC 9110, 11.6)."""
    if not isinstance(refusal, NotAuthenticated):
        return {}
    schemes = contract.document.get("components", {}).get("securitySchemes", {})
    names = chain.from_iterable(operation.security)
    offered = sorted({_http_scheme(schemes[name]) for name in names} - {""})
    return {"WWW-Authenticate": ", ".join(offered)} if offered else {}


def _http_scheme(scheme: Mapping[str, Any]) -> str:
    if scheme["type"] in {"oauth2", "openIdConnect"}:
        return "Bearer"
    if scheme["type"] != "http":
        return ""
    name = str(scheme["scheme"]).capitalize()
    return f'{name} realm="api"' if name == "Basic" else name


def _finder(contract: Contract, name: str, scheme: Mapping[str, Any]) -> _Find:
    match scheme:
        case {"type": "apiKey", "in": "header", "name": key}:
            return partial(_header, key)
        case {"type": "apiKey", "in": "query", "name": key}:
            return lambda received: received.args.get(key)
        case {"type": "apiKey", "in": "cookie", "name": key}:
            return lambda received: received.cookies.get(key)
        case {"type": "http", "scheme": kind} if kind.lower() == "basic":
            return _basic
        case {"type": "http", "scheme": kind}:
            return lambda received: _authorization(received, kind)
        case {"type": "oauth2" | "openIdConnect"}:
            return lambda received: _authorization(received, "bearer")
    place = contract.origin(f"/components/securitySchemes/{name}/type")
    raise ContractError(f"{place}: {scheme['type']} is not supported")


def _header(name: str, received: Request) -> str | None:
    headers = raw_headers(received.environ) if "_" in name else received.headers
    return headers.get(name)


def _authorization(received: Request, kind: str) -> str | None:
    scheme, _, value = received.headers.get("Authorization", "").strip().partition(" ")
    return value.strip() if scheme.lower() == kind.lower() and value.strip() else None


def _basic(received: Request) -> str | None:
    login = received.authorization
    if login is None or login.type != "basic" or login.username is None:
        return None
    return f"{login.username}:{login.password}"
