"""Renders what changes too often to be kept; the response that carries it is judged as a whole."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from marshmallow.experimental.context import Context

from handlers.contract.bundle import Contract
from handlers.contract.schemas import Rendering, Schemas, Sources
from handlers.rendering.cancellation_reasons import CANCELLATION_REASON_SOURCES
from handlers.rendering.cancellation_requests import CANCELLATION_REQUEST_SOURCES
from handlers.rendering.trade_ins import TRADE_IN_SOURCES

_SOURCES: dict[str, Sequence[Sources]] = {
    "CancellationReason": CANCELLATION_REASON_SOURCES,
    "CancellationRequestRecord": CANCELLATION_REQUEST_SOURCES,
    "TradeInOffer": TRADE_IN_SOURCES,
}


class Records:
    """Renders entities as the components of one contract that are not kept."""

    def __init__(self, contract: Contract, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._schemas = {
            component: Schemas(contract, sources).for_rendering(component)
            for component, sources in _SOURCES.items()
        }

    def __call__(self, component: str, entity: Any, language: str) -> dict[str, Any]:
        """The JSON object of ``entity`` as ``component``."""
        with Context(Rendering(entity, language, self._clock())):
            record: dict[str, Any] = self._schemas[component].dump(entity)
        return record
