"""Logging: structlog for our own lines and for those of the libraries."""

import logging
import re
import sys
from typing import TextIO

import structlog

from handlers.settings import LogFormat, Settings
from handlers.standard_error import STANDARD_ERROR

# For a refused row, PostgreSQL's DETAIL contains the row or its key: a person's data. It may have
# many lines; the fields after it are known.
_DETAIL = re.compile(
    r"^DETAIL: .*?(?=^(?:HINT|CONTEXT|QUERY|LOCATION): |^\[SQL: |^\(Background on"
    r"|^The above exception was|^During handling of|\Z)",
    re.DOTALL | re.MULTILINE,
)


def configure_logs(settings: Settings) -> None:
    """Log to standard error, as text for a person or as one JSON object a line."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _leave_details_out,
            renderer,
        ],
    )
    handler = _InOrder(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    # At each start it tells which plug-ins it has.
    logging.getLogger("alembic").setLevel(max(settings.log_level, logging.WARNING))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # What is below the level costs nothing: the line of each request is, on a quiet server.
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        cache_logger_on_first_use=True,
    )


class _InOrder(logging.StreamHandler[TextIO]):
    """Writes a line after those that happened before it."""

    def emit(self, record: logging.LogRecord) -> None:
        STANDARD_ERROR.flush()
        super().emit(record)


def _leave_details_out(
    _logger: object, _name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    if "exception" in event:
        event["exception"] = _DETAIL.sub("DETAIL: left out\n", event["exception"])
    return event
