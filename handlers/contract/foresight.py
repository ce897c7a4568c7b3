"""Handlers that an admission may run to see what they are going to ask for."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import g

Handler = TypeVar("Handler", bound=Callable[..., Any])

Run = Callable[[], Any]
"""A handler with the values of the current request."""

_MARK = "is_foreseen"


def foreseen(handler: Handler) -> Handler:
    """Mark a handler that changes nothing: its parameters are read before the caller is let in.

    The admission has it with its values, and may run it on nothing that counts. It is run once
    more after that, for the caller.
    """
    setattr(handler, _MARK, True)
    return handler


def is_foreseen(handler: Callable[..., Any]) -> bool:
    """Whether the handler is marked so."""
    return getattr(handler, _MARK, False)


def set_upcoming(run: Run) -> None:
    """Say what is going to run once the caller of the current request is let in."""
    g.contract_upcoming = run


def upcoming() -> Run | None:
    """What is going to run then, where it is foreseen and its parameters are good."""
    run: Run | None = g.get("contract_upcoming")
    return run
