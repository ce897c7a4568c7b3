"""The current request, its state and its application: the objects behind Flask's proxies.

Code that runs in every request uses them. An attribute of a proxy takes six times as long, and a
list page read forty of them. Elsewhere the proxies are as good. Flask's documentation names
`_get_current_object` for this; its types do not have it.
"""

from flask import Flask, Request, current_app, g, request
from flask.ctx import _AppCtxGlobals as State


def current_request() -> Request:
    """The request that this thread answers."""
    current: Request = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    return current


def request_state() -> State:
    """Flask's `g`: what the stages of the current request leave for later ones."""
    state: State = g._get_current_object()  # noqa: SLF001
    return state


def current_application() -> Flask:
    """The Flask application that answers the current request."""
    current: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    return current
