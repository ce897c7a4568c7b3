"""The operations of the contract, and a request to each about things of an owner."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from faults.asking import request
from faults.identities import KEY, LINK, Identity, Owner
from handlers.contract.document.bundle import load_contract

_METHODS = ("get", "post", "put", "patch", "delete")
# It asks for a header of everybody and says nothing about who they are.
_SENT_BY_ALL = "JsonContentType"
_ABSENT = 2**40
_ABSENT_UUID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Target:
    """What a request names: pks, an uuid and a look-up; of somebody, or of nobody."""

    order: int = _ABSENT
    old_order: int = _ABSENT
    item: int = _ABSENT
    delivered: int = _ABSENT
    uuid: str = _ABSENT_UUID
    number: str = "0"

    @classmethod
    def of(cls, owner: Owner) -> "Target":
        """What is the owner's."""
        return cls(**{name: getattr(owner, name) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Operation:
    """An operation, as the contract has it."""

    name: str
    method: str
    path: str
    security: tuple[Mapping[str, list[str]], ...]

    def admits(self, identity: Identity) -> bool:
        """Whether the contract lets them in."""
        return not self.security or any(self._is_met(each, identity) for each in self.security)

    def _is_met(self, requirement: Mapping[str, list[str]], identity: Identity) -> bool:
        return all(
            scheme == identity.scheme
            and self._has_key_for(identity)
            and identity.scopes >= set(scopes)
            and (scheme != LINK or self.name in identity.links)
            for scheme, scopes in requirement.items()
            if scheme != _SENT_BY_ALL
        )

    def _has_key_for(self, identity: Identity) -> bool:
        """Whether a key, where that is what they have, is of a cookie that the operation takes."""
        return identity.scheme != KEY or {identity.key_of: []} in self.security

    @property
    def is_unsafe(self) -> bool:
        """Whether cookies do not suffice."""
        return self.method != "GET"

    def needs_token(self, identity: Identity) -> bool:
        """Whether the request may be forged, so that whoever sends it is turned away."""
        has_cookie = "Cookie" in identity.headers and "x-csrftoken" not in identity.headers
        has_key = identity.headers.get("Authorization", "").startswith("Session")
        return self.is_unsafe and has_cookie and not has_key

    def names_something(self, identity: Identity) -> bool:
        """Whether a request names a thing that is somebody's."""
        about = (Target(), Target.of(identity.owner))
        return len({self.request(identity, each, 0) for each in about}) > 1

    def request(self, identity: Identity, target: Target, reason: int) -> bytes:
        """What the identity sends about the target."""
        path = self.path
        if "{" in path:
            start, rest = path.split("{")
            path = start + str(_PATHS[self.name](target)) + rest.partition("}")[2]
        if link := identity.links.get(self.name):
            path += f"?token={link}"
        body = _BODIES[self.name](target, reason) if self.method == "POST" else None
        # Sellers' systems send a Content-Type with whatever they ask.
        headers = {"Content-Type": "application/json", "Accept": "*/*", **identity.headers}
        return request(self.method, path, headers, body)


def operations() -> Iterator[Operation]:
    """All of them; those that end the session come last."""
    document = load_contract().document
    usual = document.get("security", [])
    found = [
        Operation(each["operationId"], method.upper(), path, tuple(each.get("security", usual)))
        for path, item in document["paths"].items()
        for method, each in item.items()
        if method in _METHODS
    ]
    yield from sorted(found, key=lambda each: each.name in {"logOut", "logOutByForm"})


def _row(target: Target, reason: int) -> dict[str, Any]:
    return {
        "order_item": target.item,
        "reason": reason,
        "cancellation_type": "cancel",
        "quantity": 1,
    }


def _rows(target: Target, reason: int) -> dict[str, Any]:
    return {"cancel_order_items": [_row(target, reason)]}


# By operation, what it names. Whoever adds an operation that is not here is told so: the check
# ends with its name.
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
        "email": "somebody@example.com",
        "number": target.number,
    },
    "createCancellationRequest": _row,
    "createAnonymousCancellationRequest": _row,
    "createBulkCancellationRequests": _rows,
    "createAnonymousBulkCancellationRequests": _rows,
    "cancelOrder": _rows,
    "rejectSellerOrderItem": lambda _target, _reason: {},
    "answerTradeInOffer": lambda _target, _reason: {"answer": "approve"},
    "logIn": lambda _target, _reason: {"email": "somebody@example.com", "password": "wrong"},
    "requestPasswordReset": lambda _target, _reason: {"email": "somebody@example.com"},
    "setPassword": lambda _target, _reason: {"token": "made-up", "password": "a new password"},
    "createHandover": lambda _target, _reason: {"email": "somebody@example.com"},
    "logOut": lambda _target, _reason: None,
    "logOutByForm": lambda _target, _reason: None,
}
