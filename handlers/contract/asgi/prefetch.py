"""Handlers that only read: they may run before authentication, to record their queries."""

from collections.abc import Callable
from typing import Any, TypeVar

from handlers.http.current import request_state

Handler = TypeVar("Handler", bound=Callable[..., Any])

Run = Callable[[], Any]
"""A handler with the values of the current request."""

_MARK = "is_prefetched"


def prefetched(handler: Handler) -> Handler:
    """Mark a handler that changes nothing.

    Its parameters are read before authentication, which may run it on a unit of work that records
    queries and returns nothing. Afterwards it runs again, for the caller.
    """
    setattr(handler, _MARK, True)
    return handler


def is_prefetched(handler: Callable[..., Any]) -> bool:
    """Whether the handler is marked."""
    return getattr(handler, _MARK, False)


def set_pending_read(run: Run) -> None:
    """Set the read that runs once the caller of the current request is authenticated."""
    request_state().contract_pending_read = run


def pending_read() -> Run | None:
    """That read; None where the handler is not marked, or its parameters are invalid."""
    run: Run | None = request_state().get("contract_pending_read")
    return run
