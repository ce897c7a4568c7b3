"""Sources of the reasons to cancel or return."""

from domain.orders.cancellations import CancellationReason
from handlers.contract.operations.marshmallow_schemas import Rendering, Sources
from handlers.rendering.values import attribute


def _subject(reason: CancellationReason, rendering: Rendering) -> str:
    """The subject in the reader's language, else in the first language that has one."""
    texts = {
        language: translation.get("subject")
        for language, translation in reason.translations.items()
    }
    return texts.get(rendering.language) or next(filter(None, texts.values()), "")


CANCELLATION_REASON_SOURCES = [
    Sources(
        "CancellationReason",
        CancellationReason,
        {"id": attribute("pk"), "subject": _subject},
    )
]
