"""Mounts a document: the one way from an OpenAPI 3.1 document to an application that serves it."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Response
from werkzeug.exceptions import HTTPException

from domain.shared.errors import Refusal
from handlers.contract.asgi.operation_view import OperationView
from handlers.contract.asgi.problems import problem, unrouted
from handlers.contract.asgi.routing import ContractApp, Handlers, Middleware, find_handler
from handlers.contract.document.bundle import load_contract
from handlers.contract.document.contract import Contract, ContractError
from handlers.contract.document.keywords import check_keywords, leave_out
from handlers.contract.document.self_contained import read_document
from handlers.contract.operations.deprecations import announcing, compile_deprecations
from handlers.contract.operations.operations import Compiler, Operation, Rules
from handlers.contract.operations.responses import Reply
from handlers.contract.operations.security import Admission, Check, challenges
from handlers.contract.operations.violations import Violations
from handlers.edge.guard import Guard

Admit = Callable[[Operation], None]
Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]
Refuse = Callable[[Operation, Refusal], Response | Reply]


@asynccontextmanager
async def _no_lifespan(_app: Any) -> AsyncIterator[None]:
    yield


@dataclass(frozen=True, kw_only=True)
class Application:
    """What an application is besides its document and its handlers.

    ``checks``: says of each security scheme who a credential is of.
    ``admission``: in place of ``checks``, makes what lets callers in; it raises a refusal for
    others.
    ``refuse``, ``unrouted``: answer refused requests, of an operation and of none.
    ``rules``: what is asked of the document beyond OpenAPI.
    ``without``: what is left out of the document before it is served: keywords, media types, and
    JSON pointers.
    ``base_path``: where the paths are mounted; without one, the path of the first server.
    ``edge``: wraps the application and takes in requests; it has to be a Guard, or pass on to one.
    ``threads``: so many requests are worked on at once.
    """

    name: str = "contract"
    checks: Mapping[str, Check] = field(default_factory=dict)
    admission: Callable[[Contract, Iterable[Operation]], Admit] | None = None
    refuse: Refuse = problem
    unrouted: Callable[[HTTPException], Response] = unrouted
    violations: Violations = field(default_factory=Violations)
    rules: Rules = field(default_factory=lambda: Rules(adds_refusals=True))
    without: Collection[str] = frozenset()
    base_path: str | None = None
    edge: Middleware = Guard
    lifespan: Lifespan = _no_lifespan
    threads: int = 8


def mount(
    document: Path | Mapping[str, Any] | Contract,
    handlers: Handlers,
    application: Application | None = None,
) -> ContractApp:
    """The ASGI application of a document.

    ``document``: a YAML or JSON file, a directory as `bundle` reads it, or what was read from one.
    ``handlers``: see `routing.find_handler`.

    Raises ContractError, naming file and JSON pointer, for a document that can't be served whole.
    """
    application = application or Application()
    contract = leave_out(_read(document), frozenset(application.without))
    check_keywords(contract)
    rules = application.rules
    operations = list(Compiler(contract, application.violations, rules).operations())
    admit = _admission(application, contract, operations)
    refuse = _refusing(application, contract)
    views = {
        each.operation_id: announcing(
            OperationView(each, find_handler(contract, each, handlers), admit, refuse),
            compile_deprecations(contract, each),
        )
        for each in operations
    }
    app = ContractApp(
        application.name,
        lifespan=application.lifespan,
        edge=application.edge,
        threads=application.threads,
    )
    app.contract, app.operations = contract, operations
    app.app.url_map.merge_slashes = False  # a redirect is a route that the contract does not have
    app.app.register_error_handler(HTTPException, application.unrouted)
    app.route(operations, views, _base_path(application, contract))
    return app


def _read(document: Path | Mapping[str, Any] | Contract) -> Contract:
    if isinstance(document, Contract):
        return document
    if isinstance(document, Path) and document.is_dir():
        return load_contract(document)
    return read_document(document)


def _admission(application: Application, contract: Contract, operations: list[Operation]) -> Admit:
    if application.admission is not None:
        return application.admission(contract, operations)
    return Admission(contract, operations, application.checks)


def _refusing(application: Application, contract: Contract) -> Refuse:
    """Answers refusals as the application does, and says how to authenticate."""

    def refuse(operation: Operation, refusal: Refusal) -> Response | Reply:
        answer = application.refuse(operation, refusal)
        for name, value in challenges(contract, operation, refusal).items():
            if isinstance(answer, Response):
                answer.headers.setdefault(name, value)
            else:
                answer = Reply(
                    answer.status, answer.body, {name: value, **answer.headers}, answer.media_type
                )
        return answer

    return application.refuse if application.admission else refuse


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
