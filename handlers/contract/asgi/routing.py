"""connexion dispatches: it registers the OperationView of every operationId of a routing view.

connexion 3 reads OpenAPI 3.0 and builds validators for every request. So it gets a view of the
document that only routes (3.0.3, no schemas), without its middleware for requests, responses and
security: the operation views do that work, compiled once.
"""

import importlib
import inspect
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from types import ModuleType
from typing import Any

from flask import Response

from handlers.contract.asgi.deferred import clients_deferred

with clients_deferred():
    from connexion import FlaskApp
    from connexion.apps.abstract import AbstractApp
    from connexion.apps.flask import FlaskApi, FlaskASGIApp
    from connexion.middleware.lifespan import Lifespan, LifespanMiddleware
    from connexion.operations import AbstractOperation
    from connexion.resolver import Resolver

from starlette.types import ASGIApp, Receive, Scope, Send

from handlers.contract.asgi.dispatch import ContractFlask, static_rules
from handlers.contract.asgi.operation_view import Handler
from handlers.contract.asgi.wsgi_bridge import OnWait, WsgiBridge, ignore_wait
from handlers.contract.document.bundle import Contract, ContractError
from handlers.contract.operations.operations import Operation
from handlers.contract.operations.parameters import key_of

View = Callable[..., Response]
Middleware = Callable[[ASGIApp], ASGIApp]
Handlers = str | ModuleType | Mapping[str, Handler]

_PROBE_THREADS = 2


def routing_view(operations: Iterable[Operation], base_path: str = "/") -> dict[str, Any]:
    """The OpenAPI 3.0.3 document from which connexion routes; all paths are below ``base_path``.

    Path parameters are plain strings here: a converter of numbers answers 500 for 5,000 digits.
    """
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(_template(operation), {})[operation.method] = {
            "operationId": operation.operation_id,
            "parameters": [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in map(key_of, operation.path_names)
            ],
            "responses": {"default": {"description": "see the contract"}},
        }
    info = {"title": "routing view", "version": "0"}
    return {"openapi": "3.0.3", "info": info, "servers": [{"url": base_path}], "paths": paths}


def _template(operation: Operation) -> str:
    """The path, with the parameters named as in handlers."""
    return re.sub(r"{([^}]*)}", lambda match: f"{{{key_of(match[1])}}}", operation.path)


def find_handler(contract: Contract, operation: Operation, handlers: Handlers) -> Handler:
    """The function of an operation.

    ``handlers``: a package, by its name, with a module for each resource file of the contract; a
    module; or functions by operationId. In a module, a function has the operationId as its name,
    in snake case: `listThings` is handled by `list_things`.

    Raises ContractError where it is missing, or its parameters differ from the contract.
    """
    place = contract.origin(operation.pointer)
    handler: Handler | None
    if isinstance(handlers, Mapping):
        handler, name = handlers.get(operation.operation_id), operation.operation_id
    else:
        module = handlers
        if isinstance(module, str):
            module = _module(f"{handlers}.{operation.resource}", place)
        handler = getattr(module, operation.function_name, None)
        name = f"{module.__name__}.{operation.function_name}"
    if handler is None:
        raise ContractError(f"{place}: operationId {operation.operation_id} has no handler {name}")
    expected = set(operation.parameters.names) | ({"body"} if operation.body else set())
    accepted = _check_signature(handler, expected, operation.parameters.header_names, place)
    operation.parameters.pass_on(accepted)
    return handler


def _module(name: str, place: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ContractError(f"{place}: there is no module {name}") from error


def _check_signature(
    handler: Handler, expected: set[str], headers: Collection[str], place: str
) -> Collection[str]:
    """The headers and cookies that the handler takes, all of them optional."""
    parameters = inspect.signature(handler).parameters.values()
    named = {
        parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD
    }
    accepts_any = len(named) < len(parameters)
    if named - expected - set(headers) or (expected - named and not accepts_any):
        raise ContractError(
            f"{place}: {_name(handler)} takes {sorted(named)}, not {sorted(expected)}"
        )
    return named.intersection(headers)


def _name(handler: Handler) -> str:
    return getattr(handler, "__name__", type(handler).__name__)


class _OperationApi(FlaskApi):
    """Registers the views as they are: connexion rebuilds its own decorators for every request."""

    def make_operation(self, operation: AbstractOperation) -> View:
        view: View = operation.function
        return view


class _ContractASGIApp(FlaskASGIApp):
    unsafe_gets: frozenset[str] = frozenset()
    """The operationIds that act on GET; they must not act on HEAD."""

    def __init__(
        self,
        import_name: str,
        server_args: dict[str, Any],
        threads: int,
        on_wait: OnWait,
        probes: Collection[str],
    ) -> None:
        super().__init__(import_name, server_args)
        # connexion has no option for another Flask class.
        self.app.__class__ = ContractFlask
        self.asgi_app = WsgiBridge(self.app.wsgi_app, threads, on_wait)
        self._probe_bridge = WsgiBridge(self._run_probe, _PROBE_THREADS)
        self._probes = probes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_probe = scope["path"] in self._probes
        await (self._probe_bridge if is_probe else self.asgi_app)(scope, receive, send)

    def _run_probe(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # WSGI middleware is added to the application of the other bridge.
        return self.asgi_app.app(environ, start_response)

    def add_api(self, specification: Any, *, name: str | None = None, **options: Any) -> FlaskApi:
        api = _OperationApi(specification, **options)
        self.app.register_blueprint(api.blueprint, name=name or api.blueprint.name)
        for rule in self.app.url_map.iter_rules():
            if rule.endpoint.rpartition(".")[2] in self.unsafe_gets and rule.methods:
                rule.methods.discard("HEAD")
        self.app.static_rules = static_rules(self.app.url_map.iter_rules())
        return api


class ContractApp(FlaskApp):
    """A connexion FlaskApp whose views are OperationViews; ``contract`` is what it serves."""

    contract: Contract
    operations: list[Operation]

    def __init__(
        self,
        import_name: str,
        *,
        lifespan: Lifespan,
        edge: Middleware,
        threads: int,
        on_wait: OnWait = ignore_wait,
        probes: Collection[str] = (),
    ) -> None:
        """``edge`` wraps the whole application, without other middleware in between.

        ``threads`` is the number of requests that run at once; ``on_wait`` learns how long the
        others wait. Requests for the paths ``probes`` have threads of their own.
        """
        middlewares = [edge, LifespanMiddleware]
        # FlaskApp has no option for another API class, so its constructor is skipped. A static
        # folder would be a route that the contract does not have.
        self._middleware_app = _ContractASGIApp(
            import_name, {"static_folder": None}, threads, on_wait, probes
        )
        AbstractApp.__init__(self, import_name, lifespan=lifespan, middlewares=middlewares)
        self.app = self._middleware_app.app

    @property
    def bridge(self) -> WsgiBridge:
        """What runs handlers in threads."""
        return self._middleware_app.asgi_app

    def route(
        self, operations: Iterable[Operation], views: Mapping[str, View], base_path: str = "/"
    ) -> None:
        """Dispatch every operation to its view, below ``base_path``; ``views`` is keyed by
        operationId."""
        operations = list(operations)
        self._middleware_app.unsafe_gets = frozenset(
            operation.operation_id for operation in operations if operation.acts_on_get
        )
        self.add_api(routing_view(operations, base_path), resolver=Resolver(views.__getitem__))
