"""The operations of the contract, and a request to each for objects of an owner."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from faults.identities import KEY, LINK, Identity, Owner
from faults.raw_client import request
from handlers.contract.document.bundle import load_contract

_METHODS = ("get", "post", "put", "patch", "delete")
_LOG_OUTS = {"logOut", "logOutByForm"}
# This scheme requires a header of all callers and identifies none.
_NOT_IDENTIFYING = "JsonContentType"
_ABSENT = 2**40
_ABSENT_UUID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Target:
    """The objects that a request names: pks, a UUID and an order number; absent by default."""

    order: int = _ABSENT
    old_order: int = _ABSENT
    item: int = _ABSENT
    delivered: int = _ABSENT
    uuid: str = _ABSENT_UUID
    number: str = "0"

    @classmethod
    def of(cls, owner: Owner) -> "Target":
        """The objects of an owner."""
        return cls(**{name: getattr(owner, name) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Operation:
    """An operation of the contract."""

    name: str
    method: str
    path: str
    security: tuple[Mapping[str, list[str]], ...]

    def admits(self, identity: Identity) -> bool:
        """Whether the contract admits the caller."""
        return not self.security or any(
            self._is_met(requirement, identity) for requirement in self.security
        )

    def _is_met(self, requirement: Mapping[str, list[str]], identity: Identity) -> bool:
        return all(
            scheme == identity.scheme
            and self._has_key_for(identity)
            and identity.scopes >= set(scopes)
            and (scheme != LINK or self.name in identity.links)
            for scheme, scopes in requirement.items()
            if scheme != _NOT_IDENTIFYING
        )

    def _has_key_for(self, identity: Identity) -> bool:
        """False for a session key whose cookie the operation does not accept."""
        return identity.scheme != KEY or {identity.key_of: []} in self.security

    @property
    def is_unsafe(self) -> bool:
        """Whether cookies need a CSRF token."""
        return self.method != "GET"

    def needs_token(self, identity: Identity) -> bool:
        """Whether the request lacks a CSRF token that it needs."""
        has_cookie = "Cookie" in identity.headers and "x-csrftoken" not in identity.headers
        has_key = identity.headers.get("Authorization", "").startswith("Session")
        return self.is_unsafe and has_cookie and not has_key

    def names_object(self, identity: Identity) -> bool:
        """Whether a request to the operation names an object with an owner."""
        targets = (Target(), Target.of(identity.owner))
        return len({self.request(identity, target, 0) for target in targets}) > 1

    def request(self, identity: Identity, target: Target, reason: int) -> bytes:
        """The bytes of the identity's request for the target."""
        path = self.path
        if "{" in path:
            start, rest = path.split("{")
            path = start + str(_PATHS[self.name](target)) + rest.partition("}")[2]
        if link := identity.links.get(self.name):
            path += f"?token={link}"
        body = _BODIES[self.name](target, reason) if self.method == "POST" else None
        # Sellers' systems send a Content-Type with every request.
        headers = {"Content-Type": "application/json", "Accept": "*/*", **identity.headers}
        return request(self.method, path, headers, body)


def contract_operations() -> Iterator[Operation]:
    """All operations; those that end the session come last."""
    document = load_contract().document
    default = document.get("security", [])
    operations = [
        Operation(
            operation["operationId"],
            method.upper(),
            path,
            tuple(operation.get("security", default)),
        )
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    ]
    yield from sorted(operations, key=lambda operation: operation.name in _LOG_OUTS)


def _row(target: Target, reason: int) -> dict[str, Any]:
    return {
        "order_item": target.item,
        "reason": reason,
        "cancellation_type": "cancel",
        "quantity": 1,
    }


def _rows(target: Target, reason: int) -> dict[str, Any]:
    return {"cancel_order_items": [_row(target, reason)]}


# The object that each operation names. A KeyError with the operation's name means that a new
# operation has no entry here.
_PATHS: dict[str, Callable[[Target], object]] = {
    "getUserOrder": lambda target: target.order,
    "getOrderCancellation": lambda target: target.order,
    "cancelOrder": lambda target: target.order,
    "getOldOrder": lambda target: target.old_order,
    "showTradeInOffer": lambda target: target.delivered,
    "answerTradeInOffer": lambda target: target.delivered,
    "approveTradeIn": lambda target: target.delivered,
    "rejectTradeIn": lambda target: target.delivered,
    "rejectSellerOrderItem": lambda target: target.uuid,
    "getDocumentationAsset": lambda _target: "nothing.js",
}
_BODIES: dict[str, Callable[[Target, int], object]] = {
    "lookUpAnonymousOrder": lambda target, _reason: {
        "email": "unknown@example.com",
        "number": target.number,
    },
    "createCancellationRequest": _row,
    "createAnonymousCancellationRequest": _row,
    "createBulkCancellationRequests": _rows,
    "createAnonymousBulkCancellationRequests": _rows,
    "cancelOrder": _rows,
    "rejectSellerOrderItem": lambda _target, _reason: {},
    "answerTradeInOffer": lambda _target, _reason: {"answer": "approve"},
    "logIn": lambda _target, _reason: {"email": "unknown@example.com", "password": "wrong"},
    "requestPasswordReset": lambda _target, _reason: {"email": "unknown@example.com"},
    "setPassword": lambda _target, _reason: {"token": "made-up", "password": "a new password"},
    "createHandover": lambda _target, _reason: {"email": "unknown@example.com"},
    "logOut": lambda _target, _reason: None,
    "logOutByForm": lambda _target, _reason: None,
}
