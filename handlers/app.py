"""The composition root: the one place that knows all rooms."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from starlette.types import ASGIApp
from werkzeug.middleware.proxy_fix import ProxyFix

from domain.cancellations.drafts import CancellationPolicy
from domain.orders.return_policy import ReturnPolicy
from domain.shared.documents import Renderer
from handlers.adapters.ibans import compact_iban
from handlers.auth.cookie_names import name_cookies
from handlers.auth.cookies import session_cookie
from handlers.auth.passwords import Argon2Passwords
from handlers.auth.rate_limits import LoginRateLimits, LookupRateLimits, ResetRateLimits
from handlers.authentication import authenticate, check_schemes
from handlers.contract.asgi.routing import ContractApp, Middleware
from handlers.contract.document.bundle import Contract, load_contract
from handlers.contract.engine import Application, Authenticate, Lifespan, mount
from handlers.contract.operations.bodies import ContentType
from handlers.contract.operations.marshmallow_schemas import Schemas
from handlers.contract.operations.operations import Operation, Rules
from handlers.contract.operations.violations import Violations
from handlers.database import open_database
from handlers.documentation import remove_documentation
from handlers.metrics.catalogue import Metrics
from handlers.rendering.old_orders import OLD_ORDER_SOURCES
from handlers.rendering.orders import order_sources
from handlers.rendering.records import Records
from handlers.rendering.renderer import ContractRenderer, edition_of, never
from handlers.rendering.sellers import SELLER_SOURCES
from handlers.settings import Settings
from handlers.tracing import Tracing, configured_tracing
from handlers.violations import counted_violations
from handlers.web import error_responses as errors
from handlers.web.forwarding import UntrustedProxies
from handlers.web.front import make_guard
from handlers.web.last_changes import LastChanges
from handlers.web.probes import PROBES
from handlers.web.request_context import PARTS, Parts
from handlers.web.seller_filters import Filters
from persistence.database import Database, utc_now
from persistence.engine.engines import pool_names
from persistence.engine.hosts import host_urls
from persistence.engine.measures import Measures
from persistence.engine.standbys import POOL as STANDBY_POOL
from persistence.seller_center.list_definitions import LIST_DEFINITIONS
from persistence.seller_center.lists import SellerList
from persistence.sql.compiled_query import observe

if TYPE_CHECKING:
    from handlers.sandbox.state import Sandbox

_ORDER, _OLD_ORDER = "UserOrder", "UserOldOrder"
# The guard adds them to every response.
_OUTER_HEADERS = frozenset({"cache-control", "content-language", "vary", "x-request-id"})


def create_app(settings: Settings, sandbox: "Sandbox | None" = None) -> ContractApp:
    """The ASGI application; with ``sandbox``, it has the sandbox's operations and clock.

    Raises ContractError, naming file and JSON pointer, for a contract that can't be served fully.
    """
    contract = _contract(settings, () if sandbox is None else sandbox.contract_files)
    clock = utc_now if sandbox is None else sandbox.clock
    metrics = _metrics(settings, contract)
    violations = counted_violations(settings.response_validation, metrics)
    renderers = _renderers(settings, contract, violations)
    database = open_database(settings, renderers, clock)
    database.report_to(_measures(metrics))

    def edge(next_app: ASGIApp) -> ASGIApp:
        if sandbox is not None:
            next_app = sandbox.with_failures(next_app, lambda: app.app.url_map)
        guard = make_guard(next_app, settings, metrics.count_request)
        return guard if tracing is None else tracing.middleware(guard)

    tracing = configured_tracing()
    if tracing is not None:
        observer = tracing.observer(database.kind)
        database.observe_engines(observer)
        tracing.observe_by(partial(observe, observer))
    lifespan = _lifespan(database, tracing)
    application = _application(settings, contract, lifespan, edge, violations, metrics)
    app = mount(contract, __package__, application)
    _configure(app, settings, metrics)
    _sample(app, database, metrics)
    if sandbox is not None:
        app.app.extensions[sandbox.EXTENSION] = sandbox
    app.app.extensions[PARTS] = Parts(
        settings=settings,
        contract=contract,
        database=database,
        passwords=Argon2Passwords(),
        **rate_limits(settings, metrics),
        cancellation_policy=_cancellation_policy(settings),
        records=Records(contract, clock),
        filters=Filters(contract, app.operations, _listings()),
        clients=LastChanges(settings) if settings.database_read_url else None,
        metrics=metrics,
        tracing=tracing,
    )
    return app


def database_of(app: ContractApp) -> Database:
    """The database that ``create_app`` opened for ``app``."""
    parts: Any = app.app.extensions[PARTS]
    return cast(Database, parts.database)


def metrics_of(app: ContractApp) -> Metrics:
    """The metrics of ``app``."""
    parts: Any = app.app.extensions[PARTS]
    return cast(Metrics, parts.metrics)


def tracing_of(app: ContractApp) -> Tracing | None:
    """The traces of ``app``; None where none are configured."""
    parts: Any = app.app.extensions[PARTS]
    return cast(Tracing | None, parts.tracing)


def _metrics(settings: Settings, contract: Contract) -> Metrics:
    rendered = [_ORDER, _OLD_ORDER, *(sources.component for sources in SELLER_SOURCES.values())]
    pools = [*pool_names(settings.database_url)]
    replicas: Iterable[str] = ()
    if settings.database_read_url:
        pools.append(STANDBY_POOL)
        replicas = host_urls(settings.database_read_url)
    return Metrics(contract.resources, rendered, pools, replicas)


def _measures(metrics: Metrics) -> Measures:
    count = metrics.documents.adder
    return Measures(
        from_memory=count("memory"),
        from_database=count("database"),
        rendered=count("rendered"),
        pool_wait=lambda pool, seconds: metrics.pool_wait.observe(seconds, pool),
        standby_read=metrics.replica_reads.inc,
        standby_refusal=metrics.replica_fallbacks.inc,
    )


def _sample(app: ContractApp, database: Database, metrics: Metrics) -> None:
    """Read the gauges of the process from ``app``, and figures from ``database``."""
    bridge = app.bridge
    metrics.sample_by(lambda: (bridge.size, bridge.busy, bridge.queued, database.pool_use()))
    metrics.read_figures_by(database.figures)


def rate_limits(settings: Settings, metrics: Metrics) -> dict[str, Any]:
    """The rate limits of an application, without any attempt yet, by their names in ``Parts``."""
    limited = metrics.rate_limited.inc
    return {
        "login_limits": LoginRateLimits(
            settings, lambda _purpose: metrics.login_failures.inc(), limited
        ),
        "lookup_limits": LookupRateLimits(
            settings, lambda _purpose: metrics.lookup_failures.inc(), limited
        ),
        "reset_limits": ResetRateLimits(settings, limited),
    }


def _listings() -> Mapping[str, SellerList[Any]]:
    """The seller lists by resource: `seller_orders` is openapi/seller_center/orders.yaml."""
    return {
        f"seller_center.{name.removeprefix('seller_')}": listing
        for name, listing in LIST_DEFINITIONS.items()
    }


def _renderers(
    settings: Settings, contract: Contract, violations: Violations
) -> Mapping[str, Renderer[Any]]:
    """The renderers of the documents in the database, by name."""
    policy = _return_policy(settings)
    edition = edition_of(contract, policy)
    renderer = partial(ContractRenderer, contract, violations=violations, edition=edition)
    return {
        "orders": renderer(
            _ORDER,
            order_sources(policy),
            lambda order, now: order.flags_valid_until(now, policy),
        ),
        "old_orders": renderer(_OLD_ORDER, OLD_ORDER_SOURCES, never),
        **{
            name: renderer(sources.component, [sources], never)
            for name, sources in SELLER_SOURCES.items()
        },
    }


def _contract(settings: Settings, more: Iterable[str] = ()) -> Contract:
    """The contract, with the cookie names and the operations of this server."""

    def adapt(document: dict[str, Any]) -> None:
        name_cookies(document, session_cookie(settings), settings.cookie_prefix)
        if not settings.docs:
            remove_documentation(document)

    return load_contract(more=more, adapt=adapt)


def _return_policy(settings: Settings) -> ReturnPolicy:
    return ReturnPolicy(timedelta(days=settings.return_window_days))


def _cancellation_policy(settings: Settings) -> CancellationPolicy:
    return CancellationPolicy(
        returns=_return_policy(settings),
        compact_iban=compact_iban,
        pickup_horizon_days=settings.pickup_horizon_days,
    )


def _lifespan(database: Database, tracing: Tracing | None) -> Lifespan:
    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        yield
        database.close()
        if tracing is not None:
            tracing.shutdown()

    return lifespan


def _application(
    settings: Settings,
    contract: Contract,
    lifespan: Lifespan,
    edge: Middleware,
    violations: Violations,
    metrics: Metrics,
) -> Application:
    return Application(
        name=__package__,
        authentication=_authentication,
        refuse=errors.refuse,
        unrouted=errors.unrouted,
        violations=violations,
        rules=rules_of(settings, contract),
        base_path="/",
        edge=edge,
        lifespan=lifespan,
        # More threads than connections would only wait for connections, where no metric shows it.
        threads=min(settings.threads, settings.database_pool_size),
        on_wait=metrics.thread_wait.observe,
        probes=PROBES,
    )


def rules_of(settings: Settings, contract: Contract) -> Rules:
    """The rules by which the contract's operations are compiled."""
    is_strict = settings.require_content_type
    return Rules(
        content_type=ContentType.JSON if is_strict else ContentType.JSON_OR_NONE,
        schema_for=Schemas(contract).for_loading,
        # Every unexpected failure gets this response.
        statuses=[HTTPStatus.INTERNAL_SERVER_ERROR],
        outer_headers=_OUTER_HEADERS,
        # A page past the last is not found, however large its number.
        bounds_integers=False,
        # The document itself, serialized at start.
        unread=["application/yaml"],
    )


def _authentication(contract: Contract, operations: Iterable[Operation]) -> Authenticate:
    check_schemes(contract, operations)
    return authenticate


def _configure(app: ContractApp, settings: Settings, metrics: Metrics) -> None:
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.add_wsgi_middleware(ProxyFix, x_for=count, x_proto=count, x_host=count)
    else:
        app.add_wsgi_middleware(UntrustedProxies, count=metrics.untrusted_forwarded.inc)
