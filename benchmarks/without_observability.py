"""Waybill without metrics and access log; the difference in CPU is their cost.

No setting turns metrics off, so this process replaces the functions that count.
"""

from typing import Any

from handlers import app
from handlers.contract.asgi import operation_view
from handlers.edge.guard import Guard
from handlers.serving import server
from persistence.engine.measures import NO_MEASURES


def remove() -> None:
    """Replace what counts and logs in this process and its workers."""

    def guard(next_app: Any, settings: Any, *_observers: Any) -> Guard:
        made: Guard = whole_guard(next_app, settings)
        made._observers = ()  # noqa: SLF001
        return made

    whole_guard = vars(app)["make_guard"]
    vars(app)["make_guard"] = guard
    vars(app)["_measures"] = lambda _metrics: NO_MEASURES
    vars(operation_view)["exchange_of"] = lambda _environ: None
    vars(server)["start_sampler"] = lambda _sample: None
