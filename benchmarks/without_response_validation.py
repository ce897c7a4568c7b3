"""Waybill without response validation; the difference in CPU is the cost of validation.

No setting turns validation off, so this process replaces the two functions that do it.
"""

from types import SimpleNamespace
from typing import Any

from handlers.contract.asgi.routing import ContractApp
from handlers.contract.operations import responses
from handlers.rendering import renderer
from handlers.serving.server import application as judged_application


class _Content:
    """A validator that accepts everything."""

    def compile(self, _pointer: str) -> Any:
        return SimpleNamespace(is_valid=lambda _document: True)


def application() -> ContractApp:
    """The application of the settings in the environment, without response validation."""
    vars(renderer)["SchemaValidators"] = lambda _document: _Content()
    responses.Responses._validate = lambda *_: None  # type: ignore[method-assign]  # noqa: SLF001
    return judged_application()
