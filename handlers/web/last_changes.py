"""Which requests may read a standby, and what each client has seen of its own changes."""

from flask import Response, after_this_request, g, request

from domain.shared.positions import ORIGIN, Position, StandbyReader
from handlers.auth.last_changes import last_change, set_last_change
from handlers.auth.session_cookies import is_safe, session_value
from handlers.auth.session_keys import is_by_key
from handlers.auth.shared_positions import SharedPositions
from handlers.settings import Settings


class LastChanges:
    """The last changes of the clients of a server that reads standbys.

    The position is in a cookie for a session with a cookie, and in Redis for a key or a token. If
    commits wait until the standbys have applied them, no position is needed.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._shared = SharedPositions(settings)

    def reader(self, credential: str, *, is_cookie: bool) -> StandbyReader | None:
        """The client of the current request; None if only the primary can serve it.

        Requests that may change something are authenticated by the primary: a session that ended
        there must not authorize a change.
        """
        if not is_safe(request) or g.operation.acts_on_get:
            return None
        if self._settings.reads_applied:
            return StandbyReader(ORIGIN, credential)
        if is_cookie:
            seen = last_change(request, credential, self._settings)
        else:
            seen = self._shared.get(credential)
        return None if seen is None else StandbyReader(seen, credential)

    def note(self, position: Position) -> None:
        """Note the position after the changes of the current request, before they are committed.

        Raises Unavailable if it can't be noted; nothing must be committed then.
        """
        if self._settings.reads_applied:
            return
        credential = g.get("client")
        if credential is not None and not g.is_client_by_cookie:
            self._shared.put(credential, position)
            return
        if "last_change" not in g:
            after_this_request(self._set_cookie)
        g.last_change = position

    def _set_cookie(self, response: Response) -> Response:
        """Set the cookie of the session that the client has from now on."""
        session = g.get("opened_session") or session_value(request, self._settings)
        if session is not None and not is_by_key(request):
            set_last_change(response, g.last_change, session, request, self._settings)
        return response
