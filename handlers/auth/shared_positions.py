"""The positions after the last changes by keys and tokens, in Redis, for all servers.

Programs that send a key or a token have no cookies. Their positions are stored before each commit,
where WAYBILL_LIMITS_STORAGE is. With `memory://`, other workers would not see them, so then these
programs read the primary only.
"""

import hmac
from typing import Any

import structlog
from limits.storage import MemoryStorage, storage_from_string

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
        self._secrets = [secret.encode() for secret in settings.secrets]

    def get(self, credential: str) -> Position | None:
        """The position after the last change of the client; None if it is unknown.

        Without a change in the last ten minutes, all standbys that are read include it. While the
        secret is changed, other servers may have stored it by the other secret.
        """
        if self._redis is None:
            return None
        try:
            found = [self._redis.get(key) for key in self._keys(credential)]
        except self._errors:
            _log.warning("last_changes_unavailable", exc_info=True)
            return None
        texts = [text.decode() for text in found if text is not None]
        return parse_position(max(texts)) if texts else ORIGIN

    def put(self, credential: str, position: Position) -> None:
        """Store a position; a later one stays. Raises Unavailable without the storage."""
        if self._redis is None:
            return
        try:
            text = write_position(position)
            self._redis.eval(_RAISE, 1, self._keys(credential)[-1], text, LIFETIME_SECONDS)
        except self._errors as error:
            _log.exception("last_changes_unavailable")
            raise Unavailable from error

    def _keys(self, credential: str) -> list[str]:
        """The keys by each secret; the last one is that of this server's own changes."""
        subject = f"last-change:{credential}".encode()
        digests = [hmac.digest(secret, subject, "sha256") for secret in self._secrets]
        return [f"waybill:last-change:{digest.hex()}" for digest in digests]
