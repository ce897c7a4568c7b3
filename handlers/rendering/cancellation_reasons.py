"""Sources of the reasons to cancel or return."""

from domain.orders.cancellations import CancellationReason
from handlers.contract.operations.marshmallow_schemas import Rendering, Sources
from handlers.rendering.values import attribute


def _subject(reason: CancellationReason, rendering: Rendering) -> str:
    """In the reader's language; a shop that has it in others only has it in its first."""
    texts = {language: told.get("subject") for language, told in reason.translations.items()}
    return texts.get(rendering.language) or next(filter(None, texts.values()), "")


CANCELLATION_REASON_SOURCES = [
    Sources(
        "CancellationReason",
        CancellationReason,
        {"id": attribute("pk"), "subject": _subject},
    )
]
