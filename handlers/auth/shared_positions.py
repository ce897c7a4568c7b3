"""The positions after the last changes by keys and tokens, in Redis, for all servers.

Programs that send a key or a token have no cookies. Their positions are stored before each commit,
where WAYBILL_LIMITS_STORAGE is. With `memory://`, other workers would not see them, so then these
programs read the primary only.
"""

from typing import Any

import structlog
from limits.storage import MemoryStorage, storage_from_string

from domain.accounts.sessions import id_hash
from domain.shared.errors import Unavailable
from domain.shared.positions import ORIGIN, Position
from handlers.auth.last_changes import parse_position, write_position
from handlers.settings import Settings

_log = structlog.get_logger(__name__)

# Longer than any standby that is read may be behind (WAYBILL_DATABASE_READ_LAG).
LIFETIME_SECONDS = 600
# Of two changes at once, the later one counts. Texts of positions have the order of positions.
_RAISE = """
local stored = redis.call('GET', KEYS[1])
if not stored or stored < ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
else
    redis.call('EXPIRE', KEYS[1], ARGV[2])
end
"""


class SharedPositions:
    """Positions by the credential of the client; keys in the storage are hashed."""

    def __init__(self, settings: Settings) -> None:
        storage: Any = storage_from_string(settings.limits_storage, wrap_exceptions=True)
        self._redis = None if isinstance(storage, MemoryStorage) else storage.storage
        self._errors = storage.base_exceptions

    def get(self, credential: str) -> Position | None:
        """The position after the last change of the client; None if it is unknown.

        Without a change in the last ten minutes, all standbys that are read include it.
        """
        if self._redis is None:
            return None
        try:
            stored = self._redis.get(self._key(credential))
        except self._errors:
            _log.warning("last_changes_unavailable", exc_info=True)
            return None
        return ORIGIN if stored is None else parse_position(stored.decode())

    def put(self, credential: str, position: Position) -> None:
        """Store a position; a later one stays. Raises Unavailable without the storage."""
        if self._redis is None:
            return
        try:
            text = write_position(position)
            self._redis.eval(_RAISE, 1, self._key(credential), text, LIFETIME_SECONDS)
        except self._errors as error:
            _log.exception("last_changes_unavailable")
            raise Unavailable from error

    @staticmethod
    def _key(credential: str) -> str:
        """Without WAYBILL_SECRET: servers may have different ones while it is replaced."""
        return f"waybill:last-change:{id_hash(credential).hex()}"
