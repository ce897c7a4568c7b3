"""The state of a sandbox, besides the parts of every application."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, cast

from flask import current_app
from starlette.types import ASGIApp
from werkzeug.routing import Map

from handlers.sandbox.clock import Clock
from handlers.sandbox.emails import Emails
from handlers.sandbox.failure_middleware import FailureMiddleware
from handlers.sandbox.failures import Failures
from handlers.sandbox.shop import Row, Shop
from handlers.web.request_context import Database, parts

_RESOURCE = "sandbox"


class SandboxDatabase(Database, Protocol):
    """The methods of the database that a sandbox uses."""

    def replace_rows(self, rows: Mapping[str, list[Row]]) -> None:
        """Delete all rows, and store these in their place."""

    def expire_documents(self) -> None:
        """Invalidate all stored documents, so that they are rendered again."""


@dataclass(frozen=True)
class Sandbox:
    """A sandbox. Its clock starts at the time of its shop.

    ``contract_files`` describe the operations that only a sandbox has.
    """

    EXTENSION: ClassVar = "waybill-sandbox"

    shop: Shop
    clock: Clock
    failures: Failures = field(default_factory=Failures)
    emails: Emails = field(default_factory=Emails)
    contract_files: tuple[str, ...] = (f"{_RESOURCE}.yaml",)

    @classmethod
    def of(cls, shop: Shop) -> "Sandbox":
        """A sandbox with this shop."""
        return cls(shop, Clock(shop.now))

    def with_failures(self, app: ASGIApp, routes: Callable[[], Map]) -> ASGIApp:
        """``app`` behind the middleware that makes requests fail."""
        return FailureMiddleware(app, self.failures, routes)


def sandbox() -> Sandbox:
    """The sandbox of the current application; its operations are routed in a sandbox only."""
    current: Sandbox = current_app.extensions[Sandbox.EXTENSION]
    return current


def sandbox_database() -> SandboxDatabase:
    """The database of the current application, which is a sandbox."""
    return cast(SandboxDatabase, parts().database)


def known_operations() -> set[str]:
    """The operationIds of the current application that can fail."""
    resources = parts().contract.resources
    return {name for name, resource in resources.items() if resource != _RESOURCE}
