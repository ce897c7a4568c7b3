"""An application of a third-party document: its handlers return the described responses."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import orjson
from flask import Response

from domain.shared.errors import NotAuthenticated, Refusal
from handlers.contract.asgi.operation_view import Handler
from handlers.contract.asgi.problems import problem
from handlers.contract.asgi.routing import ContractApp
from handlers.contract.document.contract import Contract
from handlers.contract.document.keywords import leave_out
from handlers.contract.document.methods import METHODS
from handlers.contract.document.self_contained import read_document
from handlers.contract.engine import Application, mount
from handlers.contract.operations.operations import Operation
from handlers.contract.operations.responses import Reply
from handlers.contract.operations.security import Credential
from tests.handlers.contract.foreign.samples import Samples

DOCUMENTS = Path(__file__).with_name("documents")
KEY = "valid"
"""The only valid credential, for every security scheme."""


def read(name: str, without: Collection[str] = ()) -> Contract:
    """A document of this folder without its unsupported parts."""
    return leave_out(read_document(DOCUMENTS / name), frozenset(without))


def mount_dummies(contract: Contract, handlers: Mapping[str, Handler] | None = None) -> ContractApp:
    """The application of a document; ``handlers`` replace dummies."""
    dummies = Dummies(contract)
    schemes = contract.document.get("components", {}).get("securitySchemes", {})
    application = Application(
        checks=dict.fromkeys(schemes, _identify), refuse=dummies.refuse, threads=2
    )
    return mount(contract, dummies.handlers() | dict(handlers or {}), application)


def _identify(credential: Credential) -> str:
    if credential.value != KEY:
        raise NotAuthenticated
    return credential.value


class Dummies:
    """Handlers and refusals of one document."""

    def __init__(self, contract: Contract) -> None:
        self._document = contract.document
        self._samples = Samples(contract.document)
        self._specs = {
            item[method]["operationId"]: item[method]
            for item in contract.document["paths"].values()
            for method in METHODS
            if method in item
        }

    def handlers(self) -> dict[str, Handler]:
        """A handler for each operation that accepts anything and returns the first success."""
        return {name: self._handler(spec) for name, spec in self._specs.items()}

    def refuse(self, operation: Operation, refusal: Refusal) -> Response | Reply:
        """The described body for the status of a refusal, if there is one."""
        reply = problem(operation, refusal)
        responses = self._specs[operation.operation_id].get("responses", {})
        found = next(
            (responses[entry] for entry in _entries(reply.status) if entry in responses), None
        )
        if found is None:
            return reply
        return Reply(reply.status, self._body(self._resolved(found)), self._headers(found))

    def _handler(self, spec: Mapping[str, Any]) -> Handler:
        described = spec.get("responses", {})
        status = next((status for status in described if status.startswith("2")), "default")
        found = self._resolved(described.get(status, {}))
        body, headers = self._body(found), self._headers(found)
        return lambda **_: Reply(int(status) if status.isdigit() else 200, body, headers)

    def _body(self, response: Mapping[str, Any]) -> Any:
        described = response.get("content", {}).get("application/json")
        return self._samples.of(described.get("schema", {})) if described else None

    def _headers(self, response: Mapping[str, Any]) -> dict[str, str]:
        found = self._resolved(response).get("headers", {})
        return {
            name: _text(self._samples.of(self._resolved(header).get("schema", {})))
            for name, header in found.items()
        }

    def _resolved(self, found: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._samples.resolved(found["$ref"]) if "$ref" in found else found


def _entries(status: int) -> tuple[str, ...]:
    return str(status), f"{status // 100}XX", "default"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
