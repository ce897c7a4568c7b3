"""Opens the database of the settings, for the server and for commands."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from domain.shared.documents import Renderer
from handlers.settings import DatabasePooler, Settings
from persistence.database import Database, utc_now
from persistence.engine.engines import Pool, StandbyOptions

_NONE: Mapping[str, Renderer[Any]] = MappingProxyType({})


def open_database(
    settings: Settings,
    renderers: Mapping[str, Renderer[Any]] = _NONE,
    clock: Callable[[], datetime] = utc_now,
) -> Database:
    """The database of these settings, with the documents that ``renderers`` render.

    Commands that show no documents pass none: renderers are made from the contract, and reading it
    takes longer than most commands run.
    """
    return Database(
        settings.database_url,
        renderers=renderers,
        clock=clock,
        pool=Pool(
            settings.database_pool_size,
            settings.database_timeout,
            is_shared=settings.database_pooler is DatabasePooler.TRANSACTION,
            connect_timeout=settings.database_connect_timeout,
            standbys=_standbys(settings),
        ),
        document_memory_bytes=settings.document_memory_mib * 1024 * 1024,
        stores_later=True,
    )


def _standbys(settings: Settings) -> StandbyOptions | None:
    if not settings.database_read_url:
        return None
    return StandbyOptions(
        settings.database_read_url, settings.database_read_lag, settings.reads_applied
    )
