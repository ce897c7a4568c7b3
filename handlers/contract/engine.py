"""Makes the application that serves an OpenAPI 3.1 document."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Response
from werkzeug.exceptions import HTTPException

from domain.shared.errors import Refusal
from handlers.contract.asgi.operation_view import OperationView
from handlers.contract.asgi.problems import problem, unrouted
from handlers.contract.asgi.routing import ContractApp, Handlers, Middleware, find_handler
from handlers.contract.asgi.wsgi_bridge import OnWait, ignore_wait
from handlers.contract.document.bundle import load_contract
from handlers.contract.document.contract import Contract, ContractError
from handlers.contract.document.keywords import check_keywords, leave_out
from handlers.contract.document.self_contained import read_document
from handlers.contract.operations.deprecations import announcing, compile_deprecations
from handlers.contract.operations.operations import Compiler, Operation, Rules
from handlers.contract.operations.responses import Reply
from handlers.contract.operations.security import Authentication, Check, challenges
from handlers.contract.operations.violations import Violations
from handlers.edge.guard import Guard

Authenticate = Callable[[Operation], None]
Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]
Refuse = Callable[[Operation, Refusal], Response | Reply]


@asynccontextmanager
async def _no_lifespan(_app: Any) -> AsyncIterator[None]:
    yield


@dataclass(frozen=True, kw_only=True)
class Application:
    """The parts of an application besides its document and its handlers.

    ``checks``: by security scheme, the function that returns the caller of a credential.
    ``authentication``: in place of ``checks``, makes a function that raises a refusal for callers
    who may not use an operation.
    ``refuse``, ``unrouted``: render the responses to refused requests, of an operation and of none.
    ``rules``: what the document needs beyond OpenAPI.
    ``without``: keywords, media types and JSON pointers that are removed from the document first.
    ``base_path``: where the paths are mounted; by default the path of the first server.
    ``edge``: wraps the application and receives requests; a Guard, or a middleware around one.
    ``threads``: how many requests run at once; ``on_wait`` learns how long the others wait.
    ``probes``: paths with threads of their own, answered even if all others are busy.
    """

    name: str = "contract"
    checks: Mapping[str, Check] = field(default_factory=dict)
    authentication: Callable[[Contract, Iterable[Operation]], Authenticate] | None = None
    refuse: Refuse = problem
    unrouted: Callable[[HTTPException], Response] = unrouted
    violations: Violations = field(default_factory=Violations)
    rules: Rules = field(default_factory=lambda: Rules(adds_refusals=True))
    without: Collection[str] = frozenset()
    base_path: str | None = None
    edge: Middleware = Guard
    lifespan: Lifespan = _no_lifespan
    threads: int = 8
    on_wait: OnWait = ignore_wait
    probes: Collection[str] = ()


def mount(
    document: Path | Mapping[str, Any] | Contract,
    handlers: Handlers,
    application: Application | None = None,
) -> ContractApp:
    """The ASGI application of a document.

    ``document``: a YAML or JSON file, a directory as `bundle` reads it, or what was read from one.
    ``handlers``: see `routing.find_handler`.

    Raises ContractError, naming file and JSON pointer, for a document that can't be served fully.
    """
    application = application or Application()
    contract = leave_out(_read(document), frozenset(application.without))
    check_keywords(contract)
    rules = application.rules
    operations = list(Compiler(contract, application.violations, rules).operations())
    authenticate = _authentication(application, contract, operations)
    refuse = _refusing(application, contract)
    views = {
        operation.operation_id: announcing(
            OperationView(
                operation, find_handler(contract, operation, handlers), authenticate, refuse
            ),
            compile_deprecations(contract, operation),
        )
        for operation in operations
    }
    app = ContractApp(
        application.name,
        lifespan=application.lifespan,
        edge=application.edge,
        threads=application.threads,
        on_wait=application.on_wait,
        probes=application.probes,
    )
    app.contract, app.operations = contract, operations
    app.app.url_map.merge_slashes = (
        False  # a redirect would be a route that the contract does not have
    )
    app.app.register_error_handler(HTTPException, application.unrouted)
    app.route(operations, views, _base_path(application, contract))
    return app


def _read(document: Path | Mapping[str, Any] | Contract) -> Contract:
    if isinstance(document, Contract):
        return document
    if isinstance(document, Path) and document.is_dir():
        return load_contract(document)
    return read_document(document)


def _authentication(
    application: Application, contract: Contract, operations: list[Operation]
) -> Authenticate:
    if application.authentication is not None:
        return application.authentication(contract, operations)
    return Authentication(contract, operations, application.checks)


def _refusing(application: Application, contract: Contract) -> Refuse:
    """The application's ``refuse``, with a WWW-Authenticate header added."""

    def refuse(operation: Operation, refusal: Refusal) -> Response | Reply:
        response = application.refuse(operation, refusal)
        for name, value in challenges(contract, operation, refusal).items():
            if isinstance(response, Response):
                response.headers.setdefault(name, value)
            else:
                response = replace(response, headers={name: value, **response.headers})
        return response

    return application.refuse if application.authentication else refuse


def _base_path(application: Application, contract: Contract) -> str:
    if application.base_path is not None:
        return application.base_path
    servers: list[Any] = contract.document.get("servers", [])
    server: dict[str, Any] = servers[0] if servers else {"url": "/"}
    url: str = server["url"]
    for name, variable in server.get("variables", {}).items():
        url = url.replace(f"{{{name}}}", variable["default"])
    if "{" in url:
        raise ContractError(f"{contract.origin('/servers/0/url')}: has a variable of no value")
    return urlsplit(url).path.rstrip("/") or "/"
