"""The complete document that an application publishes, as Schemathesis uses it."""

from typing import Any

import schemathesis
from schemathesis import BaseSchema, Config
from starlette.testclient import TestClient

from handlers.contract.asgi.routing import ContractApp


def published_schema(app: ContractApp, config: dict[str, Any]) -> BaseSchema:
    """The document of `/openapi.full.json`, with the bodies of its links."""
    document = TestClient(app).get("/openapi.full.json").json()
    schema = schemathesis.openapi.from_dict(
        with_link_bodies(document), config=Config.from_dict(config)
    )
    schema.app = app
    return schema


def with_link_bodies(node: Any) -> Any:
    """A copy in which every `x-link-body` is the `requestBody` of its link.

    The published documents do not use `requestBody` there: generators take it for text.
    """
    if isinstance(node, list):
        return [with_link_bodies(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        "requestBody" if name == "x-link-body" else name: with_link_bodies(value)
        for name, value in node.items()
    }
