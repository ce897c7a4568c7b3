"""Renders entities that change too often to be stored; each response is validated as a whole."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from handlers.contract.document.bundle import Contract
from handlers.contract.operations.marshmallow_schemas import Rendering, Schemas, Sources
from handlers.rendering.cancellation_reasons import CANCELLATION_REASON_SOURCES
from handlers.rendering.cancellation_requests import CANCELLATION_REQUEST_SOURCES
from handlers.rendering.compiled import compile_rendering
from handlers.rendering.current_user import CURRENT_USER_SOURCES
from handlers.rendering.trade_ins import TRADE_IN_SOURCES

RECORD_SOURCES: dict[str, Sequence[Sources]] = {
    "CancellationReason": CANCELLATION_REASON_SOURCES,
    "CurrentUser": CURRENT_USER_SOURCES,
    "UserCancellationRequest": CANCELLATION_REQUEST_SOURCES,
    "TradeInOffer": TRADE_IN_SOURCES,
}


class Records:
    """Renders entities as the components of one contract that are not stored."""

    def __init__(self, contract: Contract, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._renderers = {
            component: compile_rendering(Schemas(contract, sources).for_rendering(component))
            for component, sources in RECORD_SOURCES.items()
        }

    def __call__(self, component: str, entity: Any, language: str) -> dict[str, Any]:
        """The JSON object of ``entity`` as ``component``."""
        return self._renderers[component](entity, Rendering(entity, language, self._clock()))
